//! A PostgreSQL of a test's own: in a folder that goes with it, reached by a socket in that folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cellhouse::config::PostgresConfig;
use cellhouse::history::Place;
use tempfile::TempDir;
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Config, NoTls};

use crate::support::until;

/// How the database is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// It says goodbye to its clients.
    Fast,
    /// As if it had crashed: it recovers from its log when it is started.
    Immediate,
}

/// A database cluster; stopped and removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    folder: TempDir,
    process: Option<Child>,
    /// More arguments, such as those of TLS.
    pub(crate) arguments: Vec<String>,
    /// Part of the socket's name, if nothing else.
    pub(crate) port: u16,
}

impl Postgres {
    /// Makes a cluster and starts it. It has the database `cellhouse` and its owner, the user `cellhouse`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("cellhouse-postgres").tempdir().unwrap();
        if let Some(user) = other_user() {
            run(Command::new("chown").arg(user).arg(folder.path()));
        }
        let mut initdb = program("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync", "--locale=C"]);
        run(initdb.args(["--encoding=UTF8", "--pgdata"]).arg(folder.path().join("data")));
        let mut postgres = Self { folder, process: None, arguments: Vec::new(), port: 5432 };
        postgres.run();
        postgres.admin("postgres", "CREATE ROLE cellhouse LOGIN");
        postgres.admin("postgres", "CREATE DATABASE cellhouse OWNER cellhouse");
        postgres
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server and waits until it lets someone in.
    pub(crate) fn run(&mut self) {
        assert!(self.try_run(), "PostgreSQL has ended: {}", self.log());
    }

    /// As [`Postgres::run`]; returns false if the server has ended instead.
    pub(crate) fn try_run(&mut self) -> bool {
        let folder = self.folder.path();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut postgres = program("postgres");
        postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
        postgres.args(["-c", "listen_addresses=", "-c", "log_min_messages=fatal"]);
        postgres.args(&self.arguments).stdout(Stdio::null()).stderr(log);
        self.process = Some(postgres.spawn().unwrap());
        let mut has_ended = false;
        until("PostgreSQL lets someone in", || {
            let process = self.process.as_mut().unwrap();
            has_ended = process.try_wait().unwrap().is_some();
            has_ended || self.execute("postgres", "postgres", "SELECT 1").is_ok()
        });
        !has_ended
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops the server and waits until it is gone.
    pub(crate) fn stop(&mut self, how: Stop) {
        let signal = match how {
            Stop::Fast => "-INT",
            Stop::Immediate => "-QUIT",
        };
        if let Some(mut process) = self.process.take() {
            Command::new("kill").arg(signal).arg(process.id().to_string()).status().ok();
            process.wait().ok();
        }
    }

    /// How the forwarder gets in.
    pub(crate) fn config(&self) -> PostgresConfig {
        let host = self.folder.path().to_str().unwrap().to_owned();
        PostgresConfig { host, ..PostgresConfig::default() }
    }

    fn execute(
        &self,
        database: &str,
        user: &str,
        statements: &str,
    ) -> Result<(), tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut settings = Config::new();
            settings.host_path(self.folder.path()).port(self.port).user(user).dbname(database);
            let (client, connection) = settings.connect(NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(statements).await
        })
    }

    /// Executes statements as the superuser.
    pub(crate) fn admin(&self, database: &str, statements: &str) {
        self.execute(database, "postgres", statements).unwrap();
    }

    /// Up to where the database has the samples of a store, if it can say.
    pub(crate) fn place(&self, store: &str) -> Option<Place> {
        let query = "SELECT generation || ' ' || byte_offset || ' ' || samples
                     FROM cellhouse.cellhouse_position WHERE store = $1";
        let row: String = self.try_column(query, &[&store]).ok()?.pop()?;
        let mut numbers = row.split(' ').map(|it| it.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Some(Place { generation: next(), offset: next(), samples: next() })
    }

    /// The first column of what the superuser gets for a query.
    pub(crate) fn column<T: FromSqlOwned>(
        &self,
        query: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Vec<T> {
        self.try_column(query, values).unwrap()
    }

    fn try_column<T: FromSqlOwned>(
        &self,
        query: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<T>, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut settings = Config::new();
            settings
                .host_path(self.folder.path())
                .port(self.port)
                .user("postgres")
                .dbname("cellhouse");
            let (client, connection) = settings.connect(NoTls).await?;
            tokio::spawn(connection);
            let rows = client.query(query, values).await?;
            rows.iter().map(|it| it.try_get(0)).collect()
        })
    }

    /// The only value of a query.
    pub(crate) fn one<T: FromSqlOwned>(&self, query: &str) -> T {
        self.column(query, &[]).pop().unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop(Stop::Immediate);
    }
}

/// PostgreSQL refuses to run as root: who it runs as instead.
fn other_user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    if id != b"0\n" {
        return None;
    }
    let is_there =
        |user: &&str| Command::new("id").arg(user).output().is_ok_and(|it| it.status.success());
    Some(["postgres", "nobody"].into_iter().find(is_there).expect("a user postgres or nobody"))
}

/// Makes a file the database's own, that nobody else can read.
pub(crate) fn own(path: &Path) {
    run(Command::new("chmod").arg("600").arg(path));
    if let Some(user) = other_user() {
        run(Command::new("chown").arg(user).arg(path));
    }
}

/// A program of PostgreSQL, run as someone who may; it ends with this process, however that ends.
fn program(name: &str) -> Command {
    let path = find(name);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = other_user() {
        command.args(["--reuid", user, "--init-groups", "--regid"]).arg(group(user));
    }
    command.arg(path);
    command
}

fn group(user: &str) -> String {
    let id = Command::new("id").args(["-g", user]).output().unwrap().stdout;
    String::from_utf8(id).unwrap().trim().to_owned()
}

/// On the PATH, or where Debian has it: the newest.
fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file());
    let debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs = versions.flatten().map(|it| it.path().join("bin").join(name));
        programs.filter(|it| it.is_file()).max()
    };
    on_path
        .or_else(debian)
        .unwrap_or_else(|| panic!("{name} is missing: install PostgreSQL (Debian: postgresql)"))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

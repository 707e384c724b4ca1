//! The real program, started for one test.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::raw::{Raw, eventually};

/// A running server; it goes when this goes.
pub(crate) struct Server {
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
    pub(crate) address: String,
    /// Its data folder.
    pub(crate) data: PathBuf,
    start: Start,
    folder: TempDir,
}

/// How it is started.
#[derive(Clone, Default)]
pub(crate) struct Start {
    /// Of `cellhouse run`.
    pub(crate) arguments: Vec<String>,
    /// The program that starts it, with its arguments; none if it is started by itself.
    pub(crate) under: Vec<String>,
    /// Variables of the environment.
    pub(crate) environment: Vec<(String, String)>,
}

/// What starting gives: the process, its log, and where it answers.
type Started = (Child, Arc<Mutex<Vec<String>>>, String);

fn start(folder: &Path, start: &Start) -> Started {
    let words = start.under.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_cellhouse")]);
    let words: Vec<&str> = words.collect();
    let mut process = Command::new(words[0])
        .args(&words[1..])
        .envs(start.environment.iter().cloned())
        .args(["run", "--backfill", "0", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .arg("--server")
        .arg(folder.join("server.toml"))
        .args(&start.arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let url = lines
        .find_map(|line| line.unwrap().trim().strip_prefix("opc.tcp://").map(str::to_owned))
        .expect("the server says where it answers");
    // Whoever does not read the rest of the greeting must not block the server.
    std::thread::spawn(move || lines.count());
    let log = Arc::new(Mutex::new(Vec::new()));
    let errors = BufReader::new(process.stderr.take().unwrap()).lines();
    let into = Arc::clone(&log);
    std::thread::spawn(move || {
        errors.map_while(Result::ok).for_each(|it| into.lock().unwrap().push(it));
    });
    (process, log, url)
}

impl Server {
    /// The default plant, with these lines in `server.toml`.
    pub(crate) fn with(config: &str) -> Self {
        Self::with_arguments(config, &[])
    }

    /// The default plant with the conformance fixture.
    pub(crate) fn with_fixture() -> Self {
        Self::with_arguments("", &["--fixture"])
    }

    /// With these lines in `server.toml` and these arguments.
    pub(crate) fn with_arguments(config: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
        Self::with_start(config, Start { arguments, ..Start::default() })
    }

    /// With these lines in `server.toml`, started in this way.
    pub(crate) fn with_start(config: &str, how: Start) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("server.toml"), config).unwrap();
        let (process, log, address) = start(folder.path(), &how);
        let data = folder.path().join("data");
        Self { process, log, address, data, start: how, folder }
    }

    /// Ends it as a power cut would, and starts it again on what is on disk.
    pub(crate) fn cut_and_start(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        (self.process, self.log, self.address) = start(self.folder.path(), &self.start);
    }

    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Adds a local user with these roles, separated by commas.
    pub(crate) fn add_user(&self, name: &str, password: &str, roles: &str) {
        let mut adding = Command::new(env!("CARGO_BIN_EXE_cellhouse"))
            .args(["user", "add", name])
            .args(roles.split(',').flat_map(|it| ["--role", it]))
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(adding.stdin.take().unwrap(), "{password}").unwrap();
        assert!(adding.wait().unwrap().success());
    }

    /// Gives a local user a certificate.
    pub(crate) fn give_certificate(&self, name: &str, certificate: &Path) {
        let given = Command::new(env!("CARGO_BIN_EXE_cellhouse"))
            .args(["user", "certificate", name])
            .arg(certificate)
            .arg("--data")
            .arg(&self.data)
            .output()
            .unwrap();
        assert!(given.status.success(), "{given:?}");
    }

    /// How many lines of the log have this text in them.
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|it| it.contains(text)).count()
    }

    /// Asks it to stop, as a service supervisor does.
    pub(crate) fn signal(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended; its exit code.
    pub(crate) fn ended(&mut self) -> i32 {
        let mut found = None;
        eventually("the server ends", || {
            found = self.process.try_wait().unwrap();
            found.is_some()
        });
        found.and_then(|it| it.code()).expect("an exit code")
    }

    /// Resident memory, KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS")
    }

    /// Resident memory at most so far, KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM")
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find(|it| it.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// A connection that has said nothing.
    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(&self.address)
    }

    /// A connection with an open channel.
    pub(crate) fn open(&self) -> Raw {
        let mut raw = self.connect();
        raw.hello();
        raw.open_channel();
        raw
    }

    /// A connection with an activated anonymous session.
    pub(crate) fn session(&self) -> Raw {
        let mut raw = self.open();
        raw.create_session();
        raw.activate();
        raw
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

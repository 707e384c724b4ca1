//! The command line: what a person types, turned into calls of `app`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::access::Role;
use crate::time::Pace;

/// OPC UA server, control engine and simulator of a rare-earth electrolysis plant.
#[derive(Debug, Parser)]
#[command(name = "cellhouse", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do; `run` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
Start here:
  cellhouse                                serves the default plant on opc.tcp://127.0.0.1:4840, anonymous reading
  cellhouse user add olga --role Operator  adds a user who may write setpoints (asks for a password)
  cellhouse check                          says what is wrong in config/plant.toml and config/server.toml
  cellhouse simulate --hours 48 --out DIR  runs the plant without a server and writes CSV files
  cellhouse audit verify                   says whether the log of who did what is whole
  cellhouse history export --tags '*.Voltage' --from -24h --format csv  writes samples for other programs
  cellhouse nodes                          prints the address space as clients see it
  cellhouse conformance opc.tcp://HOST:PORT  tests any OPC UA server, case by case";

/// Everything the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the plant until it is interrupted.
    Run(RunArgs),
    /// Checks the configuration and prints every mistake; exit status 1 if there is one.
    Check(FileArgs),
    /// Runs the plant without a server, as fast as it can.
    Simulate(SimulateArgs),
    /// Prints the address space as clients see it.
    Nodes(NodesArgs),
    /// Runs the conformance cases against any OPC UA server; exit status 1 if one failed.
    Conformance(ConformanceArgs),
    /// Looks after certificates. No restart is needed.
    #[command(subcommand)]
    Cert(CertCommand),
    /// Looks after local users. No restart is needed.
    #[command(subcommand)]
    User(UserCommand),
    /// Looks at the log of who did what. The server may be running.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Looks at the history of samples. The server may be running.
    #[command(subcommand)]
    History(HistoryCommand),
}

/// Configuration files.
#[derive(Clone, Debug, Default, Args)]
pub struct FileArgs {
    /// The plant; config/plant.toml, or the built-in default plant if there is no such file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The server; config/server.toml, or the built-in defaults if there is no such file.
    #[arg(long, value_name = "FILE")]
    pub server: Option<PathBuf>,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArgs {
    /// Configuration files.
    #[command(flatten)]
    pub files: FileArgs,
    /// Address to listen on instead of the configured one; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder for certificates, users and the journal.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Plant time: `real`, a factor such as `60`, or `max`.
    #[arg(long, value_name = "real|N|max", default_value = "real")]
    pub speed: Pace,
    /// Seed of every random stream instead of the configured one.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Adds nodes of every type that conformance tools read and write; not for a plant.
    #[arg(long)]
    pub fixture: bool,
    /// Hours of plant time that are simulated before the first start, instead of the configured ones; 0 for none.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub backfill: Option<f64>,
}

/// Hours from 0 to a year.
fn hours(text: &str) -> Result<f64, String> {
    let hours: f64 = text.parse().map_err(|_| "not a number of hours".to_owned())?;
    if (0.0..=8784.0).contains(&hours) { Ok(hours) } else { Err("0 to 8784 hours".to_owned()) }
}

/// Arguments of `simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Configuration files.
    #[command(flatten)]
    pub files: FileArgs,
    /// Plant hours to run, above 0, up to 87,600 (ten years).
    #[arg(long)]
    pub hours: f64,
    /// Folder for CSV files; no files without it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seconds of plant time between rows.
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub every: u32,
    /// Seed instead of the configured one.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Timed commands and faults.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Journal of a run, to be replayed.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Records the run into the history of this data folder; it ends now, unless a journal says when it began.
    #[arg(long, value_name = "DATA")]
    pub into: Option<PathBuf>,
}

/// Arguments of `nodes`.
#[derive(Clone, Debug, Default, Args)]
pub struct NodesArgs {
    /// Configuration files.
    #[command(flatten)]
    pub files: FileArgs,
    /// One line per node, comma separated.
    #[arg(long, conflicts_with = "nodeset")]
    pub csv: bool,
    /// NodeSet2 XML.
    #[arg(long)]
    pub nodeset: bool,
}

/// Arguments of `conformance`.
#[derive(Clone, Debug, Args)]
pub struct ConformanceArgs {
    /// The server, `opc.tcp://host:port`.
    #[arg(required_unless_present = "list")]
    pub url: Option<String>,
    /// Writes the results as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Writes the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Runs only cases whose id contains this, such as `RD-` or `SUB-03`.
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Also writes variables outside the fixture, and changes roles and users; all is put back.
    #[arg(long)]
    pub write: bool,
    /// Keeps the runner's keys and certificates here. Give the server the files in DIR/trusted and DIR/issuers,
    /// and the cases of secured channels run.
    #[arg(long, value_name = "DIR")]
    pub pki: Option<PathBuf>,
    /// A user of the server's, for the cases that log in.
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub user: Option<String>,
    /// The user's password: the first line of this file.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Prints the cases and runs none.
    #[arg(long)]
    pub list: bool,
}

/// Where the server keeps its data.
#[derive(Clone, Debug, Default, Args)]
pub struct DataArgs {
    /// The server's data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration files.
    #[command(flatten)]
    pub files: FileArgs,
}

/// What can be done with certificates.
#[derive(Debug, Subcommand)]
pub enum CertCommand {
    /// Lists our own, trusted and rejected certificates.
    List(DataArgs),
    /// Trusts a rejected certificate, by thumbprint, or a file.
    Trust(CertArgs),
    /// Takes a certificate out of the trust list, by thumbprint.
    Reject(CertArgs),
    /// Makes our own certificate if there is none that is valid.
    Create(DataArgs),
    /// Writes a signing request for our own certificate, for a certificate authority.
    Csr(CsrArgs),
    /// Installs our own certificate that an authority has issued. The server takes it at its next start.
    Install(InstallArgs),
    /// Checks a certificate as the server would, and says in words what is wrong with it.
    Check(CertArgs),
}

/// A signing request.
#[derive(Clone, Debug, Args)]
pub struct CsrArgs {
    /// PEM file to write; without it, the request is printed.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// For a new key, which is kept until its certificate is installed; else for the key there is.
    #[arg(long)]
    pub new_key: bool,
    /// Type of the key: RSA, nistP256 or nistP384.
    #[arg(long, default_value = "RSA")]
    pub key_type: String,
    /// Subject such as CN=Cellhouse/O=Plant; without it that of the certificate there is.
    #[arg(long, default_value = "")]
    pub subject: String,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// An issued certificate.
#[derive(Clone, Debug, Args)]
pub struct InstallArgs {
    /// DER or PEM file.
    pub certificate: PathBuf,
    /// Its key, PKCS #8 in PEM; without it, the key there is or that of the signing request.
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// DER or PEM files of those that issued it, as far as the server does not know them.
    #[arg(long)]
    pub issuer: Vec<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// One certificate.
#[derive(Clone, Debug, Args)]
pub struct CertArgs {
    /// Thumbprint (SHA-1, hex; its beginning is enough), or for `trust` a DER or PEM file.
    pub certificate: String,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Checks that no line has been changed, moved or taken out; exit status 1 and the place if one has.
    Verify(AuditVerifyArgs),
    /// Prints the last lines for a person.
    Show(AuditShowArgs),
}

/// Arguments of `audit verify`.
#[derive(Clone, Debug, Args)]
pub struct AuditVerifyArgs {
    /// A head hash that was noted before: it must be in the log.
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `audit show`.
#[derive(Clone, Debug, Args)]
pub struct AuditShowArgs {
    /// So many lines.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub last: usize,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What can be done with the history.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Writes samples as CSV or Parquet, as they are at this moment, in order of tag and time.
    Export(HistoryExportArgs),
    /// Says how much there is, from when to when, and what is damaged.
    Info(DataArgs),
}

/// Arguments of `history export`.
#[derive(Clone, Debug, Args)]
pub struct HistoryExportArgs {
    /// Tags by their paths; `*` stands for any characters.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', required = true)]
    pub tags: Vec<String>,
    /// The first instant, such as 2026-01-31T06:00:00Z, or -24h (s, m, h, d, w before now); from the oldest without.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The last instant; to the newest without.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// What to write.
    #[arg(long)]
    pub format: HistoryFormat,
    /// File to write; to the standard output without. It appears under its name when it is whole.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// Forms of an exported history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// Lines of time, tag, value, quality.
    Csv,
    /// Columns tag, time, value, text, quality, compressed.
    Parquet,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a user. The password is read from standard input.
    Add(UserArgs),
    /// Changes a password, read from standard input.
    Passwd(UserArgs),
    /// Sets a user's roles.
    Roles(UserArgs),
    /// Removes a user.
    Remove(UserArgs),
    /// Gives a user a certificate to log in with, in place of the one before.
    Certificate(UserCertificateArgs),
    /// Lists users and roles.
    List(DataArgs),
}

/// A user's certificate.
#[derive(Clone, Debug, Args)]
pub struct UserCertificateArgs {
    /// User name.
    pub name: String,
    /// DER or PEM file; none takes the certificate away.
    pub certificate: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// One user.
#[derive(Clone, Debug, Args)]
pub struct UserArgs {
    /// User name.
    pub name: String,
    /// Role; may be given more than once.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<RoleName>,
    /// Where.
    #[command(flatten)]
    pub data: DataArgs,
}

/// Roles that a user can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum RoleName {
    /// Reads.
    Observer,
    /// Writes operating setpoints.
    Operator,
    /// Writes the full range, commands lines.
    Supervisor,
    /// Changes parameters.
    Engineer,
    /// Changes the server's configuration.
    ConfigureAdmin,
    /// Manages users and certificates.
    SecurityAdmin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Observer => Self::Observer,
            RoleName::Operator => Self::Operator,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::Engineer => Self::Engineer,
            RoleName::ConfigureAdmin => Self::ConfigureAdmin,
            RoleName::SecurityAdmin => Self::SecurityAdmin,
        }
    }
}

//! The journal: every accepted command in the order it was admitted, so that a run can be repeated.
//!
//! A text file of lines; fields are parted by tabs, and text is escaped (`\t`, `\n`, `\r`, `\\`).
//!
//! ```text
//! cellhouse-journal  1
//! version  0.1.0
//! seed     42
//! config   9d3c52a0e1f4b7a6
//! start    134000000000000000  2025-08-17T06:13:20.000Z
//! 120  command  maria  Operator  electrolyzer 3  write  BaseFeedRate  164.5
//! 120  command  maria  Engineer  electrolyzer 3  write-all  BaseFeedRate:164.5  OverfeedFactor:1.2
//! 121  command  scenario  Engineer  plant  call  InjectFault  text:FeederJam  text:Line1.EL101  number:600
//! 300  time     134000003120000000
//! ```
//!
//! The first field of an entry is the number of the scan before which it is applied. A `time` entry gives
//! that scan's plant time where it does not follow the one before by a period (see [`crate::time::Clock`]).

use std::fmt::Write as _;
use std::io;

use crate::access::Role;
use crate::config::PlantConfig;
use crate::control::{Command, Order, Scalar, Target};
use crate::engine::names;
use crate::time::Timestamp;

/// Version of the format.
pub(super) const FORMAT: &str = "1";
/// First word of every journal.
pub(super) const MAGIC: &str = "cellhouse-journal";

/// What a run must agree on before its journal means anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the program.
    pub version: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Checksum of the whole configuration.
    pub config: u64,
    /// Plant time of scan 0.
    pub start: Timestamp,
}

impl Header {
    /// Of a run of `config` that starts at `start`.
    pub fn new(config: &PlantConfig, start: Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { version, seed: config.seed, config: config_checksum(config), start }
    }
}

/// FNV-1a over the configuration as it prints, seed and start apart: tells files apart, proves nothing.
pub fn config_checksum(config: &PlantConfig) -> u64 {
    let neutral = PlantConfig { seed: 0, start: Timestamp::default(), ..config.clone() };
    format!("{neutral:?}").bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One entry: what happened before scan `scan`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Number of the scan that follows.
    pub scan: u64,
    /// What happened.
    pub kind: EntryKind,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryKind {
    /// A command was accepted.
    Command(Command),
    /// The scan has this plant time.
    Time(Timestamp),
}

/// A journal being written. Lines gather in memory until the end of a batch.
pub struct Journal {
    sink: Box<dyn io::Write + Send>,
    batch: String,
    failed: Option<io::Error>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl Journal {
    /// Begins a journal in `sink`: writes the header at once, so that a full disk is seen at the start.
    pub fn new(mut sink: Box<dyn io::Write + Send>, header: &Header) -> io::Result<Self> {
        let Header { version, seed, config, start } = header;
        writeln!(sink, "{MAGIC}\t{FORMAT}")?;
        writeln!(sink, "version\t{version}\nseed\t{seed}\nconfig\t{config:016x}")?;
        writeln!(sink, "start\t{}\t{start}", start.ticks())?;
        sink.flush()?;
        Ok(Self { sink, batch: String::new(), failed: None })
    }

    /// Notes an accepted command.
    pub(super) fn command(&mut self, scan: u64, command: &Command) {
        write_command(&mut self.batch, scan, command);
    }

    /// Notes a plant time that does not follow from the one before.
    pub(super) fn time(&mut self, scan: u64, time: Timestamp) {
        let _ = writeln!(self.batch, "{scan}\ttime\t{}", time.ticks());
    }

    /// Hands what has gathered to the operating system. After a failure the journal stays silent: a
    /// journal with a hole must not look whole. The plant goes on.
    pub(super) fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        if self.failed.is_none() {
            let written = self.sink.write_all(self.batch.as_bytes());
            if let Err(error) = written.and_then(|()| self.sink.flush()) {
                tracing::error!(%error, "the journal cannot be written; it ends here");
                self.failed = Some(error);
            }
        }
        self.batch.clear();
    }

    /// Why writing ended, if it did.
    pub fn failed(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }
}

/// One line. Writing to a `String` cannot fail.
fn write_command(line: &mut String, scan: u64, command: &Command) {
    let roles = Role::ALL.into_iter().filter(|it| command.actor.roles.has(*it));
    let roles = roles.map(Role::name).collect::<Vec<_>>().join(",");
    let _ = write!(line, "{scan}\tcommand\t");
    escape(line, &command.actor.name);
    let _ = match command.target {
        Target::Plant => write!(line, "\t{roles}\tplant"),
        Target::Line(index) => write!(line, "\t{roles}\tline {index}"),
        Target::Electrolyzer(index) => write!(line, "\t{roles}\telectrolyzer {index}"),
        Target::Anode { electrolyzer, position } => {
            write!(line, "\t{roles}\tanode {electrolyzer} {position}")
        }
        Target::Feeder(index) => write!(line, "\t{roles}\tfeeder {index}"),
        Target::Rectifier(index) => write!(line, "\t{roles}\trectifier {index}"),
        Target::AlarmFixture => write!(line, "\t{roles}\tfixture"),
    };
    match &command.order {
        Order::Write { setpoint, value } => {
            let _ = write!(line, "\twrite\t{}\t{value}", names::setpoint_name(*setpoint));
        }
        Order::WriteAll { values } => {
            line.push_str("\twrite-all");
            for (setpoint, value) in values {
                let _ = write!(line, "\t{}:{value}", names::setpoint_name(*setpoint));
            }
        }
        Order::Call { method, arguments } => {
            let _ = write!(line, "\tcall\t{}", names::method_name(*method));
            for argument in arguments {
                write_scalar(line, argument);
            }
        }
    }
    line.push('\n');
}

fn write_scalar(line: &mut String, scalar: &Scalar) {
    match scalar {
        Scalar::Number(number) => {
            let _ = write!(line, "\tnumber:{number}");
        }
        Scalar::Text(text) => {
            line.push_str("\ttext:");
            escape(line, text);
        }
        Scalar::Ticks(ticks) => {
            let _ = write!(line, "\tticks:{ticks}");
        }
    }
}

fn escape(line: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
}

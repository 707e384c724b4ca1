//! Reads a journal back, entry by entry, and says exactly where it is wrong.

use std::io::BufRead;
use std::sync::Arc;

use crate::access::{Actor, Role, Roles};
use crate::control::{Command, Order, Scalar, Setpoint, Target};
use crate::engine::journal::{Entry, EntryKind, FORMAT, Header, MAGIC};
use crate::engine::names;
use crate::time::Timestamp;

/// Longest line that is read, bytes. No command that was accepted comes near.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("line {line}: cannot be read")]
    Read {
        /// From 1.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("line {line}: {wrong}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong.
        wrong: String,
    },
    /// It belongs to another run.
    #[error("the journal has {what} {journal}, this run has {run}")]
    OtherRun {
        /// Seed or configuration.
        what: &'static str,
        /// In the journal.
        journal: String,
        /// Here.
        run: String,
    },
}

/// A journal being read: one entry in memory at a time.
pub struct Replay {
    source: Box<dyn BufRead + Send>,
    header: Header,
    line: u64,
    next: Option<Entry>,
    truncated: bool,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Replay");
        shown.field("header", &self.header).field("line", &self.line).finish_non_exhaustive()
    }
}

impl Replay {
    /// Reads the header and the first entry.
    pub fn new(source: Box<dyn BufRead + Send>) -> Result<Self, ReplayError> {
        let header =
            Header { version: String::new(), seed: 0, config: 0, start: Timestamp::default() };
        let mut replay = Self { source, header, line: 0, next: None, truncated: false };
        let format = replay.header_line(MAGIC)?;
        if format != FORMAT {
            return Err(replay.wrong(format!("format {format} is not known, {FORMAT} is")));
        }
        replay.header.version = replay.header_line("version")?;
        let seed = replay.header_line("seed")?;
        replay.header.seed = seed.parse().map_err(|_| replay.wrong(format!("seed {seed:?}")))?;
        let config = replay.header_line("config")?;
        replay.header.config = u64::from_str_radix(&config, 16)
            .map_err(|_| replay.wrong(format!("checksum {config:?}")))?;
        let start = replay.header_line("start")?;
        let ticks = start.parse().map_err(|_| replay.wrong(format!("start {start:?}")))?;
        replay.header.start = Timestamp::from_ticks(ticks);
        replay.read_entry()?;
        Ok(replay)
    }

    /// Of which run it is.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Refuses a journal of another seed or configuration. Another version only may behave differently.
    pub fn check(&self, run: &Header) -> Result<(), ReplayError> {
        if self.header.seed != run.seed {
            let (journal, run) = (self.header.seed.to_string(), run.seed.to_string());
            return Err(ReplayError::OtherRun { what: "seed", journal, run });
        }
        if self.header.config != run.config {
            let journal = format!("{:016x}", self.header.config);
            let run = format!("{:016x}", run.config);
            return Err(ReplayError::OtherRun { what: "configuration checksum", journal, run });
        }
        Ok(())
    }

    /// The next entry if it comes before scan `scan`.
    pub fn due(&mut self, scan: u64) -> Result<Option<EntryKind>, ReplayError> {
        let Some(entry) = self.next.take_if(|it| it.scan <= scan) else { return Ok(None) };
        self.read_entry()?;
        Ok(Some(entry.kind))
    }

    /// Number of the last line if it had no end: it was being written when the run was cut off, and is ignored.
    pub fn truncated(&self) -> Option<u64> {
        self.truncated.then_some(self.line)
    }

    fn read_entry(&mut self) -> Result<(), ReplayError> {
        let Some(text) = self.read_line()? else { return Ok(()) };
        let entry = parse_entry(&text).map_err(|wrong| self.wrong(wrong))?;
        self.next = Some(entry);
        Ok(())
    }

    fn header_line(&mut self, key: &str) -> Result<String, ReplayError> {
        let line = self.read_line()?;
        let line = line.ok_or_else(|| self.wrong(format!("{key} expected, the file ends")))?;
        let mut fields = line.split('\t');
        match (fields.next(), fields.next()) {
            (Some(found), Some(value)) if found == key => Ok(value.to_owned()),
            _ => Err(self.wrong(format!("{key} expected, found {:?}", shorten(&line)))),
        }
    }

    fn read_line(&mut self) -> Result<Option<String>, ReplayError> {
        let mut bytes = Vec::new();
        let mut limited = std::io::Read::take(&mut self.source, LINE_BYTES_MAX);
        let read = limited.read_until(b'\n', &mut bytes);
        let line = self.line + 1;
        let count = read.map_err(|source| ReplayError::Read { line, source })?;
        if count == 0 {
            return Ok(None);
        }
        self.line = line;
        if bytes.pop_if(|it| *it == b'\n').is_none() {
            if count as u64 == LINE_BYTES_MAX {
                return Err(self.wrong(format!("longer than {LINE_BYTES_MAX} bytes")));
            }
            self.truncated = true;
            return Ok(None);
        }
        let text = String::from_utf8(bytes).map_err(|_| self.wrong("not UTF-8"))?;
        Ok(Some(text))
    }

    fn wrong(&self, wrong: impl Into<String>) -> ReplayError {
        ReplayError::Line { line: self.line.max(1), wrong: wrong.into() }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

fn parse_entry(line: &str) -> Result<Entry, String> {
    let mut fields = line.split('\t');
    let scan = number(fields.next(), "scan number")?;
    let kind = match fields.next() {
        Some("command") => EntryKind::Command(parse_command(&mut fields)?),
        Some("time") => {
            EntryKind::Time(Timestamp::from_ticks(number(fields.next(), "plant time")?))
        }
        other => return Err(format!("`command` or `time` expected, found {other:?}")),
    };
    match fields.next() {
        Some(extra) => Err(format!("nothing more expected, found {:?}", shorten(extra))),
        None => Ok(Entry { scan, kind }),
    }
}

fn parse_parameter(field: &str) -> Result<(Setpoint, f64), String> {
    let wrong = || format!("`setpoint:value` expected, found {:?}", shorten(field));
    let (name, value) = field.split_once(':').ok_or_else(wrong)?;
    let setpoint = names::parse_setpoint(name).ok_or_else(|| format!("no setpoint {name:?}"))?;
    Ok((setpoint, number(Some(value), "value")?))
}

fn parse_command<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Result<Command, String> {
    let name = unescape(fields.next().ok_or("actor expected, the line ends")?)?;
    let roles = parse_roles(fields.next().ok_or("roles expected, the line ends")?)?;
    let target = parse_target(fields.next().ok_or("device expected, the line ends")?)?;
    let order = match fields.next() {
        Some("write") => {
            let given = fields.next().unwrap_or_default();
            let setpoint =
                names::parse_setpoint(given).ok_or_else(|| format!("no setpoint {given:?}"))?;
            Order::Write { setpoint, value: number(fields.next(), "value")? }
        }
        Some("write-all") => {
            Order::WriteAll { values: fields.map(parse_parameter).collect::<Result<_, _>>()? }
        }
        Some("call") => {
            let given = fields.next().unwrap_or_default();
            let method =
                names::parse_method(given).ok_or_else(|| format!("no method {given:?}"))?;
            Order::Call { method, arguments: fields.map(parse_scalar).collect::<Result<_, _>>()? }
        }
        other => return Err(format!("`write`, `write-all` or `call` expected, found {other:?}")),
    };
    Ok(Command { actor: Actor { name: name.into(), roles }, target, order })
}

fn parse_roles(text: &str) -> Result<Roles, String> {
    let named = text.split(',').filter(|it| !it.is_empty());
    named
        .map(|name| {
            let role = Role::ALL.into_iter().find(|it| it.name() == name);
            role.ok_or_else(|| format!("no role {name:?}"))
        })
        .collect()
}

fn parse_target(text: &str) -> Result<Target, String> {
    let words: Vec<&str> = text.split(' ').collect();
    let index = |position: usize| number(words.get(position).copied(), "device index");
    match words[0] {
        "plant" => Ok(Target::Plant),
        "fixture" => Ok(Target::AlarmFixture),
        "line" => Ok(Target::Line(index(1)?)),
        "electrolyzer" => Ok(Target::Electrolyzer(index(1)?)),
        "anode" => Ok(Target::Anode { electrolyzer: index(1)?, position: index(2)? }),
        "feeder" => Ok(Target::Feeder(index(1)?)),
        "rectifier" => Ok(Target::Rectifier(index(1)?)),
        other => Err(format!("no kind of device {other:?}")),
    }
}

fn parse_scalar(text: &str) -> Result<Scalar, String> {
    match text.split_once(':') {
        Some(("number", value)) => Ok(Scalar::Number(number(Some(value), "argument")?)),
        Some(("ticks", value)) => Ok(Scalar::Ticks(number(Some(value), "argument")?)),
        Some(("text", value)) => Ok(Scalar::Text(Arc::from(unescape(value)?))),
        _ => Err(format!("argument {:?} has no known kind", shorten(text))),
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>, what: &str) -> Result<T, String> {
    let text = text.ok_or_else(|| format!("{what} expected, the line ends"))?;
    text.parse().map_err(|_| format!("{what} {:?} is not a number", shorten(text)))
}

fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        plain.push(match characters.next() {
            Some('\\') => '\\',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            other => return Err(format!("unknown escape {other:?}")),
        });
    }
    Ok(plain)
}

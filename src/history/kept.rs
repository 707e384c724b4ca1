//! Logs that a segment has taken the place of, kept until what they hold is forwarded. The name of such a file is its
//! generation and how many samples it holds that stand in no earlier log.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::history::cursor::Cursor;
use crate::history::seal::remove_if_there;
use crate::history::view::{Shared, View};
use crate::history::{Disk, HistoryError, Place, Span, log, record};
use crate::time::Timestamp;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeptLog {
    pub(super) generation: u64,
    pub(super) bytes: u64,
    /// Samples that stand in no earlier log.
    pub(super) samples: u64,
}

/// What a view knows of forwarding.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The oldest first.
    pub(super) logs: Vec<KeptLog>,
    /// Where this process began to write.
    pub(super) opened: Place,
    /// Everything before it is forwarded, as far as this process was told.
    pub(super) forwarded: Place,
    /// What nobody was told of yet.
    pub(super) given_up: Option<GivenUp>,
}

/// Samples that will not be forwarded: there was no room to keep their logs any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// How many; some of them may have been forwarded by an earlier process.
    pub samples: u64,
    /// Of what source times, about; `None` if the log cannot be read.
    pub span: Option<Span>,
    /// The generation of the last log that is gone.
    pub generation: u64,
}

impl GivenUp {
    fn joined(self, later: Self) -> Self {
        let span = match (self.span, later.span) {
            (Some(a), Some(b)) => Some(Span { from: a.from.min(b.from), to: a.to.max(b.to) }),
            (a, b) => a.or(b),
        };
        Self { samples: self.samples + later.samples, span, generation: later.generation }
    }
}

/// Where the log is: a rename that failed is made up for when the store is opened next.
pub(super) fn path(folder: &Path, it: &KeptLog) -> PathBuf {
    let named = name(folder, it.generation, it.samples);
    if named.exists() { named } else { log::path(folder, it.generation) }
}

fn name(folder: &Path, generation: u64, samples: u64) -> PathBuf {
    folder.join(format!("{generation:010}-{samples}.kept"))
}

/// Gives the log at `path`, whose name is its generation, the name of a kept one.
pub(super) fn rename(disk: &dyn Disk, path: &Path, samples: u64) -> Result<(), HistoryError> {
    let number = path.file_stem().and_then(OsStr::to_str).and_then(|it| it.parse().ok());
    let folder = path.parent().unwrap_or(Path::new(""));
    let to = name(folder, number.unwrap_or_default(), samples);
    disk.rename(path, &to).map_err(|source| HistoryError::disk(path, source))
}

/// Every kept log in `folder`.
pub(super) fn find(folder: &Path) -> Result<Vec<KeptLog>, HistoryError> {
    let wrong = |source| HistoryError::disk(folder, source);
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let path = entry.path();
        if path.extension() == Some(OsStr::new("kept"))
            && let Some((generation, samples)) = numbers(&path)
        {
            let bytes = entry.metadata().map_err(wrong)?.len();
            logs.push(KeptLog { generation, bytes, samples });
        }
    }
    logs.sort_by_key(|it| it.generation);
    Ok(logs)
}

fn numbers(path: &Path) -> Option<(u64, u64)> {
    let (generation, samples) = path.file_stem()?.to_str()?.split_once('-')?;
    Some((generation.parse().ok()?, samples.parse().ok()?))
}

/// Removes logs that are forwarded, and the oldest while all take more than `room` bytes, or one if the disk is full
/// (`is_cramped`). Returns whether any is gone.
pub(super) fn tidy(
    disk: &dyn Disk,
    folder: &Path,
    shared: &Shared,
    room: u64,
    mut is_cramped: bool,
) -> Result<bool, HistoryError> {
    let mut any = false;
    loop {
        let Some((oldest, forwarded)) = surplus(&shared.read(), room, is_cramped) else {
            return Ok(any);
        };
        let path = path(folder, &oldest);
        let lost = given_up(&path, &oldest, forwarded);
        {
            let kept = &mut shared.write().kept;
            kept.logs.retain(|it| it.generation != oldest.generation);
            kept.given_up = match (kept.given_up, lost) {
                (Some(before), Some(lost)) => Some(before.joined(lost)),
                (before, lost) => lost.or(before),
            };
        }
        remove_if_there(disk, &path)?;
        (any, is_cramped) = (true, false);
    }
}

/// The log that is to go.
fn surplus(view: &View, room: u64, is_cramped: bool) -> Option<(KeptLog, Place)> {
    let forwarded = view.kept.forwarded;
    let oldest = *view.kept.logs.first()?;
    // The last one that is forwarded stays, for a database that comes back a little older: a standby that takes over.
    let is_done = oldest.generation.saturating_add(1) < forwarded.generation;
    let bytes: u64 = view.kept.logs.iter().map(|it| it.bytes).sum();
    (is_done || is_cramped || bytes > room).then_some((oldest, forwarded))
}

/// What goes with a log that was not forwarded as a whole.
fn given_up(path: &Path, it: &KeptLog, forwarded: Place) -> Option<GivenUp> {
    let before = if forwarded.generation == it.generation { forwarded.samples } else { 0 };
    let samples = it.samples.saturating_sub(before);
    if samples == 0 || forwarded.generation > it.generation {
        return None;
    }
    Some(GivenUp { samples, span: span(path), generation: it.generation })
}

/// Source times in the first and the last record of a log that are not carried over.
fn span(path: &Path) -> Option<Span> {
    let bytes = fs::read(path).ok()?;
    let mut cursor = Cursor(&bytes);
    let mut records = Vec::new();
    while let Ok(record) = record::take(&mut cursor) {
        records.push(record);
    }
    records.retain(|it| !log::is_carried(it));
    let mut times: Option<(Timestamp, Timestamp)> = None;
    for record in [records.first()?, records.last()?] {
        let each = &mut |_, sample: crate::history::Sample| {
            let (from, to) = times.unwrap_or((sample.time, sample.time));
            times = Some((from.min(sample.time), to.max(sample.time)));
        };
        log::read_record(record, each).ok()?;
    }
    times.map(|(from, to)| Span { from, to })
}

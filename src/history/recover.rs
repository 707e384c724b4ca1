//! Finds a store as the last process left it, however that ended.
//!
//! A segment of generation g takes the place of all logs up to g. It appears under its name only when it and the log
//! of g + 1, which begins with what it left out, are on the medium; so the lowest log above the last segment is the
//! one that goes on, and every other log is left over from a seal that was cut short.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::history::catalogue::{Catalogue, Names};
use crate::history::edit::{self, EditLog};
use crate::history::log::{self, Log};
use crate::history::segment::Segment;
use crate::history::view::{Head, View};
use crate::history::{Disk, HistoryError};

/// What was found when a store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Segments.
    pub segments: usize,
    /// Samples that were in the log alone.
    pub replayed: u64,
    /// Bytes at the end of the log that were not written whole; never acknowledged.
    pub cut_bytes: u64,
    /// Files that are no whole segments, or logs that do not fit, renamed to `.bad`: the medium has lost something.
    pub set_aside: Vec<PathBuf>,
    /// Changes by clients.
    pub edits: usize,
    /// Bytes at the end of the edits that were not written whole; never acknowledged.
    pub edits_cut_bytes: u64,
    /// Edits that are lost, as their bytes are not those that were written: the medium has lost something.
    pub edits_damaged: u64,
    /// Samples of series that the catalogue does not know: the medium has lost something.
    pub unknown: u64,
}

/// A store that is ready to go on.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) view: View,
    pub(super) catalogue: Catalogue,
    pub(super) log: Log,
    pub(super) edit_log: EditLog,
    pub(super) recovered: Recovered,
}

/// Reads what is in `folder`.
pub(super) fn recover(folder: &Path, disk: &dyn Disk) -> Result<Found, HistoryError> {
    let mut recovered = Recovered::default();
    let (catalogue, names) = Catalogue::read(&folder.join("series.catalogue"))?;
    let files = files(folder)?;
    for path in files.iter().filter(|it| it.extension() == Some(OsStr::new("new"))) {
        disk.remove(path).map_err(|source| HistoryError::disk(path, source))?;
    }
    let mut numbers = Vec::new();
    let mut segments: Vec<Arc<Segment>> = Vec::new();
    for (path, number) in numbered(&files, "segment") {
        match Segment::open(path).map_err(|source| HistoryError::disk(path, source))? {
            Some(segment) if segment.generation == number => segments.push(Arc::new(segment)),
            _ => recovered.set_aside.push(set_aside(path, disk)?),
        }
        numbers.push(number);
    }
    recovered.segments = segments.len();
    let sealed = segments.last().map_or(0, |it| it.generation);
    let mut current = None;
    for (path, number) in numbered(&files, "log") {
        if number > sealed && current.is_some() && !recovered.set_aside.is_empty() {
            // Beside a segment that is lost this log may be more than a leftover.
            recovered.set_aside.push(set_aside(path, disk)?);
        } else if number <= sealed || current.is_some() {
            disk.remove(path).map_err(|source| HistoryError::disk(path, source))?;
        } else {
            current = Some(number);
        }
    }
    let next = numbers.into_iter().max().unwrap_or(0) + 1;
    let mut view =
        View { heads: empty_heads(&names), names, segments: Arc::new(segments), ..View::default() };
    let generation = current.unwrap_or(next);
    let good = match current {
        Some(_) => replay(folder, generation, &mut view, &mut recovered)?,
        None => 0,
    };
    view.log_bytes = good;
    let edit_log = replay_edits(folder, &mut view, &mut recovered)?;
    Ok(Found { view, catalogue, log: Log::new(folder, generation, good), edit_log, recovered })
}

fn empty_heads(names: &Names) -> Vec<Head> {
    names.iter().map(|_| Head::default()).collect()
}

fn replay(
    folder: &Path,
    generation: u64,
    view: &mut View,
    recovered: &mut Recovered,
) -> Result<u64, HistoryError> {
    let path = log::path(folder, generation);
    let good = log::replay(&path, |series, sample| match view.heads.get_mut(series.0 as usize) {
        Some(head) => {
            head.batch.push(sample);
            view.head_samples += 1;
            recovered.replayed += 1;
        }
        None => recovered.unknown += 1,
    })?;
    let length = fs::metadata(&path).map_err(|source| HistoryError::disk(&path, source))?.len();
    recovered.cut_bytes = length - good;
    Ok(good)
}

fn replay_edits(
    folder: &Path,
    view: &mut View,
    recovered: &mut Recovered,
) -> Result<EditLog, HistoryError> {
    let replayed = edit::replay(folder, true)?;
    recovered.edits = replayed.edits.count;
    recovered.edits_cut_bytes = replayed.cut_bytes;
    recovered.edits_damaged = replayed.damaged;
    view.edits = replayed.edits;
    Ok(EditLog::new(folder, replayed.length))
}

fn set_aside(path: &Path, disk: &dyn Disk) -> Result<PathBuf, HistoryError> {
    let aside = path.with_extension("bad");
    disk.rename(path, &aside).map_err(|source| HistoryError::disk(path, source))?;
    Ok(aside)
}

/// Files in order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, HistoryError> {
    let wrong = |source| HistoryError::disk(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        files.push(entry.map_err(wrong)?.path());
    }
    files.sort();
    Ok(files)
}

/// Files of a kind with the numbers that are their names.
fn numbered<'a>(files: &'a [PathBuf], extension: &'a str) -> impl Iterator<Item = (&'a Path, u64)> {
    files.iter().filter(move |it| it.extension() == Some(OsStr::new(extension))).filter_map(|it| {
        let number = it.file_stem()?.to_str()?.parse().ok()?;
        Some((it.as_path(), number))
    })
}

//! Finds a store as the last process left it, however that ended.
//!
//! A segment of generation g takes the place of all logs up to g. It appears under its name only when it and the log
//! of g + 1, which begins with what it left out, are on the medium; so the lowest log above the last segment is the
//! one that goes on, and every other log is left over from a seal that was cut short.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::history::catalogue::{Catalogue, Names};
use crate::history::edit::{self, EditLog};
use crate::history::files::{self, SegmentFile, numbered};
use crate::history::kept;
use crate::history::log::{self, Log};
use crate::history::segment::Segment;
use crate::history::view::{Head, View};
use crate::history::{Disk, HistoryError, Place};

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
    /// Samples of the log whose series the catalogue does not know: the medium has lost something. They are kept for
    /// tags named `lost.` and a number.
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
pub(super) fn recover(
    folder: &Path,
    disk: &dyn Disk,
    keep_logs: bool,
) -> Result<Found, HistoryError> {
    let mut recovered = Recovered::default();
    let (mut catalogue, mut names) = Catalogue::read(&folder.join("series.catalogue"))?;
    let files = files::files(folder)?;
    for path in files.iter().filter(|it| it.extension() == Some(OsStr::new("new"))) {
        disk.remove(path).map_err(|source| HistoryError::disk(path, source))?;
    }
    let mut numbers = Vec::new();
    let segments = open_segments(&files, disk, &mut numbers, &mut recovered)?;
    let sealed = segments.last().map_or(0, |it| it.generation);
    let mut current = None;
    for (path, number) in numbered(&files, "log") {
        if number > sealed && current.is_some() && !recovered.set_aside.is_empty() {
            // Beside a segment that is lost this log may be more than a leftover.
            recovered.set_aside.push(set_aside(path, disk)?);
        } else if number <= sealed && keep_logs {
            kept::rename(disk, path, log::replay(path, |_, _| ())?.own_samples)?;
        } else if number <= sealed || current.is_some() {
            disk.remove(path).map_err(|source| HistoryError::disk(path, source))?;
        } else {
            current = Some(number);
        }
    }
    let next = numbers.into_iter().max().unwrap_or(0) + 1;
    restore(&mut catalogue, &mut names, &segments)?;
    let mut view =
        View { heads: empty_heads(&names), names, segments: Arc::new(segments), ..View::default() };
    let generation = current.unwrap_or(next);
    let good = match current {
        Some(_) => {
            replay(&log::path(folder, generation), &mut catalogue, &mut view, &mut recovered)?
        }
        None => 0,
    };
    view.log_bytes = good;
    view.generation = generation;
    view.kept.logs = kept::find(folder)?;
    view.kept.opened = Place { generation, offset: good, samples: view.log_samples };
    let edit_log = replay_edits(folder, &mut view, &mut recovered)?;
    Ok(Found { view, catalogue, log: Log::new(folder, generation, good), edit_log, recovered })
}

/// Opens the segments; `numbers` gets their generations, also of those that are not sound.
fn open_segments(
    files: &[PathBuf],
    disk: &dyn Disk,
    numbers: &mut Vec<u64>,
    recovered: &mut Recovered,
) -> Result<Vec<Arc<Segment>>, HistoryError> {
    let mut segments: Vec<Arc<Segment>> = Vec::new();
    let mut found = files::segments(files);
    // A merged segment has its name once it is whole; should the medium lose it, what it replaced may still be there.
    let mut left = std::mem::take(&mut found.replaced);
    for file in found.kept {
        let path = &file.path;
        numbers.push(file.range.1);
        match Segment::open(path).map_err(|source| HistoryError::disk(path, source))? {
            Some(segment) if segment.range() == file.range => {
                segments.push(Arc::new(segment));
                let is_held =
                    |it: &SegmentFile| file.range.0 <= it.range.0 && it.range.1 <= file.range.1;
                for old in left.extract_if(.., |it| is_held(it)) {
                    let removed = disk.remove(&old.path);
                    removed.map_err(|source| HistoryError::disk(&old.path, source))?;
                }
            }
            _ => recovered.set_aside.push(set_aside(path, disk)?),
        }
    }
    let paths: Vec<PathBuf> = left.into_iter().map(|it| it.path).collect();
    if !paths.is_empty() {
        segments.extend(open_segments(&paths, disk, numbers, recovered)?);
        segments.sort_by_key(|it| it.generation);
    }
    recovered.segments = segments.len();
    Ok(segments)
}

/// Gives the numbers that the catalogue has lost the paths that segments say they had, so that none is given twice.
fn restore(
    catalogue: &mut Catalogue,
    names: &mut Names,
    segments: &[Arc<Segment>],
) -> Result<(), HistoryError> {
    let numbers = segments.iter().map(|it| it.numbers).max().unwrap_or_default();
    if names.len() >= numbers {
        return Ok(());
    }
    let mut known = BTreeMap::new();
    for segment in segments {
        known.extend(segment.paths()?);
    }
    while names.len() < numbers {
        let number = names.len();
        let known = known.remove(&(number as u32)).filter(|it| !names.contains(it));
        let name = known.unwrap_or_else(|| lost(names));
        catalogue.add(&name);
        names.insert(name);
    }
    Ok(())
}

/// What a series is called whose path nobody knows.
fn lost(names: &Names) -> String {
    let mut number = names.len();
    while names.contains(&format!("lost.{number}")) {
        number += 1;
    }
    format!("lost.{number}")
}

fn empty_heads(names: &Names) -> Vec<Head> {
    names.iter().map(|_| Head::default()).collect()
}

fn replay(
    path: &Path,
    catalogue: &mut Catalogue,
    view: &mut View,
    recovered: &mut Recovered,
) -> Result<u64, HistoryError> {
    let named = view.heads.len();
    let log::Replayed { bytes: good, own_samples } = log::replay(path, |series, sample| {
        let index = series.0 as usize;
        while view.heads.len() <= index {
            let name = lost(&view.names);
            catalogue.add(&name);
            view.names.insert(name);
            view.heads.push(Head::default());
        }
        view.heads[index].batch.push(sample);
        view.head_samples += 1;
        if index < named {
            recovered.replayed += 1;
        } else {
            recovered.unknown += 1;
        }
    })?;
    let length = fs::metadata(path).map_err(|source| HistoryError::disk(path, source))?.len();
    recovered.cut_bytes = length - good;
    view.log_samples = own_samples;
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

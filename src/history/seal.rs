//! Moves heads from memory into a segment.
//!
//! ```text
//! segment g written beside ─► log g+1 with what is carried over ─► segment g gets its name ─► log g removed,
//!                 (synced)                            (synced)            (the moment it counts)      or kept to forward
//! ```

use std::path::Path;
use std::sync::Arc;

use crate::history::kept::{self, KeptLog};
use crate::history::log::{Log, LogDraft};
use crate::history::segment::{Segment, SegmentDraft};
use crate::history::view::{Shared, View};
use crate::history::{Batch, Disk, HistoryError, SeriesId};

/// Shorter heads are carried over into the next log: a block costs 44 bytes before its first sample.
const CARRY_SAMPLES: usize = 256;
/// A head is carried over so often at the most, so that no segment spans a year.
const CARRIED_MAX: u32 = 64;

/// How to seal.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) folder: &'a Path,
    pub(super) disk: &'a dyn Disk,
    /// Samples that may be carried over in all.
    pub(super) carry_max: usize,
    /// The log is kept for whoever forwards it.
    pub(super) keep_log: bool,
}

/// Writes a segment of the heads that are worth it, and goes on with a new log. Returns how many samples it took.
pub(super) fn seal(
    order: &Order<'_>,
    log: &mut Log,
    shared: &Shared,
) -> Result<usize, HistoryError> {
    let generation = log.generation;
    let (bytes, carried, chosen, log_samples) = {
        let view = shared.read();
        let chosen = choose(&view, order.carry_max);
        let draft = draft(&view, &chosen);
        if draft.is_empty() {
            return Ok(0);
        }
        let bytes = draft.finish((generation, generation), &view.names);
        (bytes, carried(&view, &chosen)?, chosen, view.log_samples)
    };
    if order.keep_log {
        // What a commit that failed has left at its end will be written again, into the next log.
        log.write(order.disk, &[])?;
    }
    let path = order.folder.join(format!("{generation:010}.segment"));
    let beside = path.with_extension("new");
    write_anew(order.disk, &beside, &bytes)?;
    let mut next = Log::new(order.folder, generation + 1, 0);
    remove_if_there(order.disk, next.path())?;
    next.write(order.disk, &carried)?;
    let segment = Segment::open(&beside).map_err(|source| HistoryError::disk(&beside, source))?;
    let damaged = || HistoryError::Damaged { path: beside.clone(), offset: 0 };
    let segment = segment.ok_or_else(damaged)?.named(&path);
    let samples = segment.samples as usize;
    let named = order.disk.rename(&beside, &path);
    named.map_err(|source| HistoryError::disk(&path, source))?;
    let synced = order.disk.sync_folder(order.folder);
    if synced.is_err() {
        // The segment counts already. No commit is to succeed before the folder is synced: the log opens anew.
        next = Log::new(order.folder, generation + 1, next.bytes());
    }
    if order.keep_log && synced.is_ok() {
        kept::rename(order.disk, log.path(), log_samples).ok();
    }
    {
        let mut view = shared.write();
        if order.keep_log {
            let (generation, bytes) = (log.generation, log.bytes());
            view.kept.logs.push(KeptLog { generation, bytes, samples: log_samples });
        }
        (view.generation, view.log_samples) = (next.generation, 0);
        for (head, chosen) in view.heads.iter_mut().zip(&chosen) {
            if *chosen {
                head.batch = Batch::default();
                head.carried = 0;
            } else {
                head.carried += u32::from(!head.batch.is_empty());
            }
        }
        view.head_samples -= samples;
        view.log_bytes = next.bytes();
        Arc::make_mut(&mut view.segments).push(Arc::new(segment));
    }
    let old = std::mem::replace(log, next);
    synced.map_err(|source| HistoryError::disk(order.folder, source))?;
    // A log that stays is removed when the store is opened next.
    if !order.keep_log {
        order.disk.remove(old.path()).ok();
    }
    Ok(samples)
}

/// Which heads go into the segment: all but the shortest.
fn choose(view: &View, carry_max: usize) -> Vec<bool> {
    let mut short: Vec<usize> = (0..view.heads.len())
        .filter(|&it| {
            let head = &view.heads[it];
            head.batch.len() < CARRY_SAMPLES && head.carried < CARRIED_MAX
        })
        .collect();
    short.sort_by_key(|&it| view.heads[it].batch.len());
    let mut chosen = vec![true; view.heads.len()];
    let mut carried = 0;
    for index in short {
        carried += view.heads[index].batch.len();
        if carried > carry_max {
            break;
        }
        chosen[index] = false;
    }
    chosen
}

fn draft(view: &View, chosen: &[bool]) -> SegmentDraft {
    let mut draft = SegmentDraft::default();
    for (index, head) in view.heads.iter().enumerate().filter(|it| chosen[it.0]) {
        if head.batch.is_empty() {
            continue;
        }
        if head.batch.times.is_sorted() {
            draft.add(SeriesId(index as u32), &head.batch);
        } else {
            let mut batch = head.batch.clone();
            batch.sort();
            draft.add(SeriesId(index as u32), &batch);
        }
    }
    draft
}

fn carried(view: &View, chosen: &[bool]) -> Result<Vec<u8>, HistoryError> {
    let mut draft = LogDraft::carried();
    for (index, head) in view.heads.iter().enumerate().filter(|it| !chosen[it.0]) {
        for sample in head.batch.iter() {
            draft.add(SeriesId(index as u32), &sample)?;
        }
    }
    Ok(draft.records().to_vec())
}

fn write_anew(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), HistoryError> {
    let write = || {
        let mut file = disk.open(path)?;
        file.truncate(0)?;
        file.append(bytes)?;
        file.sync()
    };
    let written = write();
    if written.is_err() {
        // What there is of it takes room that is short.
        disk.remove(path).ok();
    }
    written.map_err(|source| HistoryError::disk(path, source))
}

pub(super) fn remove_if_there(disk: &dyn Disk, path: &Path) -> Result<(), HistoryError> {
    match disk.remove(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(HistoryError::disk(path, error))
        }
        _ => Ok(()),
    }
}

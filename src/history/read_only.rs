//! Opens a store to read it, beside the server that writes to it or without one, and changes no byte of it.
//!
//! The server puts new files in the place of old ones while we look: segments appear by a rename, logs and merged
//! segments go. So we look until the same files are there before and behind; what we have opened stays readable.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::history::catalogue::Catalogue;
use crate::history::files::{files, numbered, segments};
use crate::history::segment::Segment;
use crate::history::view::{Head, Shared, View};
use crate::history::{HistoryError, Reader, Recovered, edit, log};

/// A server seals every few minutes; one that changes its files at each look is none that we know.
const LOOKS_MAX: usize = 1000;

/// The store in `folder` as it is at this moment.
pub(super) fn read_only(folder: &Path) -> Result<(Reader, Recovered), HistoryError> {
    for _ in 0..LOOKS_MAX {
        if let Some((view, found)) = look(folder)? {
            return Ok((Reader::new(Shared::new(view)), found));
        }
    }
    Err(HistoryError::Restless { folder: folder.to_owned() })
}

/// One look; `None` if the files have changed meanwhile.
fn look(folder: &Path) -> Result<Option<(View, Recovered)>, HistoryError> {
    let before = files(folder)?;
    let mut found = Recovered::default();
    let mut opened: Vec<Arc<Segment>> = Vec::new();
    for file in segments(&before).kept {
        match Segment::open_pinned(&file.path) {
            Ok(Some(segment)) if segment.range() == file.range => {
                opened.push(Arc::new(segment));
            }
            Ok(_) => found.set_aside.push(file.path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(HistoryError::disk(&file.path, source)),
        }
    }
    let sealed = opened.last().map_or(0, |it| it.generation);
    let mut view = View { segments: Arc::new(opened), ..View::default() };
    if let Some((path, _)) = numbered(&before, "log").find(|it| it.1 > sealed) {
        let mut heads: Vec<Head> = Vec::new();
        let read = log::read(path, |series, sample| {
            let index = series.0 as usize;
            if heads.len() <= index {
                heads.resize_with(index + 1, Head::default);
            }
            heads[index].batch.push(sample);
        });
        match read {
            Ok(replayed) => view.log_bytes = replayed.bytes,
            Err(HistoryError::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        view.heads = heads;
    }
    let edits = edit::replay(folder, false)?;
    (found.edits, found.edits_damaged) = (edits.edits.count, edits.damaged);
    view.edits = edits.edits;
    // Behind the samples: every series of theirs is in it.
    view.names = Catalogue::read(&folder.join("series.catalogue"))?.1;
    let named = view.names.len();
    let unknown = view.heads.drain(named.min(view.heads.len())..).map(|it| it.batch.len() as u64);
    found.unknown = unknown.sum();
    view.heads.resize_with(named, Head::default);
    view.head_samples = view.heads.iter().map(|it| it.batch.len()).sum();
    found.segments = view.segments.len();
    found.replayed = view.head_samples as u64;
    Ok((files(folder)? == before).then_some((view, found)))
}

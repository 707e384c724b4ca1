//! The files of a store by their names.
//!
//! `0000000007.segment` takes the place of the log of generation 7 and all before it. `0000000001-0000000007.segment`
//! holds what the segments from 1 to 7 held, and takes their place.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::history::HistoryError;

/// Files in order of their names.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, HistoryError> {
    let wrong = |source| HistoryError::disk(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        files.push(entry.map_err(wrong)?.path());
    }
    files.sort();
    Ok(files)
}

/// Files of a kind with the numbers that are their names.
pub(super) fn numbered<'a>(
    files: &'a [PathBuf],
    extension: &'a str,
) -> impl Iterator<Item = (&'a Path, u64)> {
    let own = files.iter().filter(move |it| it.extension() == Some(OsStr::new(extension)));
    own.filter_map(|it| Some((it.as_path(), it.file_stem()?.to_str()?.parse().ok()?)))
}

/// A file that has the name of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentFile {
    pub(super) path: PathBuf,
    /// Its first and its last generation.
    pub(super) range: (u64, u64),
}

/// Segments in the order of their generations, and those of which another holds all.
#[derive(Debug, Default)]
pub(super) struct SegmentFiles {
    pub(super) kept: Vec<SegmentFile>,
    pub(super) replaced: Vec<SegmentFile>,
}

/// The segments among the files.
pub(super) fn segments(files: &[PathBuf]) -> SegmentFiles {
    let own = files.iter().filter(|it| it.extension() == Some(OsStr::new("segment")));
    let mut all: Vec<SegmentFile> =
        own.filter_map(|it| Some(SegmentFile { path: it.clone(), range: range(it)? })).collect();
    // One that holds others comes before them.
    all.sort_by_key(|it| (it.range.0, std::cmp::Reverse(it.range.1)));
    let mut found = SegmentFiles::default();
    for file in all {
        match found.kept.last() {
            Some(last) if file.range.1 <= last.range.1 => found.replaced.push(file),
            _ => found.kept.push(file),
        }
    }
    found
}

/// Where the segment of these generations is.
pub(super) fn segment_path(folder: &Path, (from, to): (u64, u64)) -> PathBuf {
    if from == to {
        folder.join(format!("{to:010}.segment"))
    } else {
        folder.join(format!("{from:010}-{to:010}.segment"))
    }
}

fn range(path: &Path) -> Option<(u64, u64)> {
    let stem = path.file_stem()?.to_str()?;
    let (from, to) = stem.split_once('-').unwrap_or((stem, stem));
    let range = (from.parse().ok()?, to.parse().ok()?);
    (range.0 <= range.1).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_segment_takes_the_place_of_those_it_holds_and_of_no_other() {
        let ranges = [(1, 1), (1, 8), (2, 2), (8, 8), (9, 9), (9, 16), (17, 17)];
        let files: Vec<PathBuf> =
            ranges.iter().map(|it| segment_path(Path::new("x"), *it)).collect();
        let found = segments(&files);
        let of = |all: &[SegmentFile]| all.iter().map(|it| it.range).collect::<Vec<_>>();
        assert_eq!(of(&found.kept), [(1, 8), (9, 16), (17, 17)]);
        assert_eq!(of(&found.replaced), [(1, 1), (2, 2), (8, 8), (9, 9)]);
    }
}

//! Merges neighbouring segments into one, so that blocks are long, which reads faster, and files are few, which makes a
//! search for a tag that has been silent for long a short one.
//!
//! ```text
//! written beside, a piece for each call ─► gets its name ─► in place of the others ─► they are removed, once no reader
//!                              (synced)   (from-to.segment)  (for new readers)         holds them
//! ```
//!
//! The name says which segments it holds; those that are still there when a store is opened are left over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::history::block::BLOCK_SAMPLES_MAX;
use crate::history::files::segment_path;
use crate::history::scan::BaseScan;
use crate::history::segment::{Segment, SegmentDraft};
use crate::history::view::{Shared, Source};
use crate::history::{
    Batch, Direction, Disk, DiskFile, HistoryConfig, HistoryError, SeriesId, Span,
};

/// Segments that are merged into one. A sample is written once more for each power of it: three times in all.
const FANOUT: usize = 8;
/// Seals that a merged segment may hold. With seals of 4 million samples that is two billion.
const SEALS_MAX: u64 = 512;
/// Samples that one call merges: about 50 ms.
const STEP_SAMPLES: usize = 1 << 18;
/// Bytes that are written at once.
const WRITE_BYTES: usize = 1 << 20;
/// A merged segment is at most this part of what the history may hold, as retention takes whole segments.
const PART: u8 = 8;

/// What merges, if something does.
#[derive(Debug, Default)]
pub(super) struct Merger {
    current: Option<Merge>,
    /// After a failure nothing is begun before this generation is sealed.
    rest_until: u64,
    /// Replaced segments whose files are still there.
    retired: Vec<Arc<Segment>>,
}

/// A merge that has begun.
#[derive(Debug)]
struct Merge {
    /// As they are in the view.
    sources: Vec<Arc<Segment>>,
    /// The same, with their files open.
    reading: Arc<Vec<Arc<Segment>>>,
    range: (u64, u64),
    /// The next one is the last of the vector.
    series: Vec<u32>,
    current: Option<(u32, BaseScan)>,
    batch: Batch,
    draft: SegmentDraft,
    beside: PathBuf,
    file: Box<dyn DiskFile>,
}

/// Where to merge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) folder: &'a Path,
    pub(super) disk: &'a dyn Disk,
    pub(super) shared: &'a Shared,
}

impl Merger {
    /// Goes on with a merge, or begins one if it is worth it. Returns how many segments were replaced by one.
    pub(super) fn step(
        &mut self,
        place: Place<'_>,
        config: &HistoryConfig,
    ) -> Result<usize, HistoryError> {
        self.clear(place);
        if self.current.is_none() {
            let Some(sources) = self.choose(place.shared, config) else { return Ok(0) };
            match Merge::begin(place, sources) {
                Ok(merge) => self.current = Some(merge),
                Err(error) => return self.give_up(place, error),
            }
        }
        let Some(merge) = &mut self.current else { return Ok(0) };
        match merge.advance() {
            Ok(false) => Ok(0),
            Ok(true) => match merge.finish(place) {
                Ok(()) => {
                    let merged = self.current.take().map(|it| it.sources).unwrap_or_default();
                    let count = merged.len();
                    self.retired.extend(merged);
                    self.clear(place);
                    Ok(count)
                }
                Err(error) => self.give_up(place, error),
            },
            Err(error) => self.give_up(place, error),
        }
    }

    /// Whether one has begun that is to go on.
    pub(super) fn is_merging(&self) -> bool {
        self.current.is_some()
    }

    /// Makes room: a merge needs as much again as what it merges. Returns whether there was one.
    pub(super) fn stop(&mut self, place: Place<'_>) -> bool {
        let Some(merge) = self.current.take() else { return false };
        place.disk.remove(&merge.beside).ok();
        let view = place.shared.read();
        self.rest_until = view.segments.last().map_or(0, |it| it.generation) + FANOUT as u64;
        true
    }

    /// A segment is about to be removed: nothing of it may be left that a later start could find.
    pub(super) fn forget(&mut self, place: Place<'_>, segment: &Arc<Segment>) {
        if self
            .current
            .as_ref()
            .is_some_and(|it| it.sources.iter().any(|it| Arc::ptr_eq(it, segment)))
        {
            self.stop(place);
        }
        let (from, to) = segment.range();
        for old in &self.retired {
            if from <= old.range().0 && old.range().1 <= to {
                old.mark_removed();
                place.disk.remove(&old.path).ok();
            }
        }
    }

    fn give_up(&mut self, place: Place<'_>, error: HistoryError) -> Result<usize, HistoryError> {
        if let (Some(merge), HistoryError::Damaged { path, .. } | HistoryError::Disk { path, .. }) =
            (&self.current, &error)
        {
            // What is damaged is not copied without what it has lost.
            merge.sources.iter().filter(|it| it.path == *path).for_each(|it| it.mark_damaged());
        }
        self.stop(place);
        Err(error)
    }

    /// Removes the files of replaced segments that nobody holds.
    fn clear(&mut self, place: Place<'_>) {
        // Nobody but us has them: no new reader can come to them.
        self.retired.retain(|it| {
            Arc::strong_count(it) > 1 || place.disk.remove(&it.path).is_err() && it.path.exists()
        });
    }

    /// Neighbours of about one size, the oldest first.
    fn choose(&self, shared: &Shared, config: &HistoryConfig) -> Option<Vec<Arc<Segment>>> {
        let segments = Arc::clone(&shared.read().segments);
        if segments.last()?.generation < self.rest_until {
            return None;
        }
        let fits = |run: &&[Arc<Segment>]| {
            let tier = tier(&run[0]);
            run.iter().all(|it| self::tier(it) == tier && !it.is_damaged()) && is_small(run, config)
        };
        segments.windows(FANOUT).find(fits).map(<[_]>::to_vec)
    }
}

/// How often its samples were merged; those of the last tier no more.
fn tier(segment: &Segment) -> u32 {
    let (from, to) = segment.range();
    (to - from + 1).ilog(FANOUT as u64)
}

/// Whether what these would become is small beside what is kept.
fn is_small(run: &[Arc<Segment>], config: &HistoryConfig) -> bool {
    let bytes: u64 = run.iter().map(|it| it.bytes).sum();
    let first = run.iter().map(|it| it.first).min().unwrap_or_default();
    let last = run.iter().map(|it| it.last).max().unwrap_or_default();
    let part_s = last.saturating_sub(first) as f64 / crate::time::TICKS_PER_S as f64;
    run.last().is_some_and(|it| it.generation - run[0].range().0 < SEALS_MAX)
        && config.bytes_max.is_none_or(|it| bytes <= it / u64::from(PART))
        && config.keep_s.is_none_or(|it| part_s <= it / f64::from(PART))
}

impl Merge {
    fn begin(place: Place<'_>, sources: Vec<Arc<Segment>>) -> Result<Self, HistoryError> {
        let mut reading = Vec::new();
        let mut series = BTreeSet::new();
        for source in &sources {
            let wrong = |source_error| HistoryError::disk(&source.path, source_error);
            let damaged = || HistoryError::Damaged { path: source.path.clone(), offset: 0 };
            let opened = Segment::open_pinned(&source.path).map_err(wrong)?.ok_or_else(damaged);
            let opened = opened.inspect_err(|_| source.mark_damaged())?;
            if let Some(file) = opened.file()? {
                let own = opened.series(&file).inspect_err(|_| source.mark_damaged())?;
                series.extend(own);
            }
            reading.push(Arc::new(opened));
        }
        let range = (sources[0].range().0, sources[sources.len() - 1].generation);
        let beside = segment_path(place.folder, range).with_extension("new");
        let opened = place.disk.open(&beside).and_then(|mut it| it.truncate(0).map(|()| it));
        let file = opened.map_err(|source| HistoryError::disk(&beside, source))?;
        let series = series.into_iter().rev().collect();
        let (reading, batch) = (Arc::new(reading), Batch::default());
        let draft = SegmentDraft::default();
        Ok(Self { sources, reading, range, series, current: None, batch, draft, beside, file })
    }

    /// Merges some samples; true when there are no more.
    fn advance(&mut self) -> Result<bool, HistoryError> {
        let mut left = STEP_SAMPLES;
        while left > 0 {
            let Some((series, scan)) = &mut self.current else {
                let Some(series) = self.series.pop() else { return Ok(true) };
                let source = Source {
                    series: SeriesId(series),
                    segments: Arc::clone(&self.reading),
                    head: Arc::default(),
                    edits: None,
                };
                self.current =
                    Some((series, BaseScan::new(&source, Span::ALL, Direction::Forward)));
                continue;
            };
            let series = SeriesId(*series);
            if let Some(batch) = scan.next() {
                let batch = batch?;
                left = left.saturating_sub(batch.len());
                self.batch.append(&batch);
                let whole = self.batch.len() / BLOCK_SAMPLES_MAX * BLOCK_SAMPLES_MAX;
                if whole > 0 {
                    self.draft.add(series, &self.batch.cut(0, whole));
                    self.batch = self.batch.cut(whole, self.batch.len());
                }
            } else {
                self.draft.add(series, &std::mem::take(&mut self.batch));
                self.current = None;
            }
            if self.draft.waiting() > WRITE_BYTES {
                self.write()?;
            }
        }
        Ok(false)
    }

    fn write(&mut self) -> Result<(), HistoryError> {
        let written = self.file.append(&self.draft.take());
        written.map_err(|source| HistoryError::disk(&self.beside, source))
    }

    /// Puts what was written in place of what was merged.
    fn finish(&mut self, place: Place<'_>) -> Result<(), HistoryError> {
        let path = segment_path(place.folder, self.range);
        self.write()?;
        let last = std::mem::take(&mut self.draft).finish(self.range, &place.shared.read().names);
        let written = self.file.append(&last).and_then(|()| self.file.sync());
        let wrong = |source| HistoryError::disk(&self.beside, source);
        written.map_err(wrong)?;
        let damaged = || HistoryError::Damaged { path: self.beside.clone(), offset: 0 };
        let segment = Segment::open(&self.beside).map_err(wrong)?.ok_or_else(damaged)?;
        let samples: u64 = self.sources.iter().map(|it| it.samples).sum();
        if segment.samples != samples {
            return Err(damaged());
        }
        place.disk.rename(&self.beside, &path).map_err(wrong)?;
        let segment = Arc::new(segment.named(&path));
        let synced = place.disk.sync_folder(place.folder);
        if synced.is_err() {
            // Without its name on the medium the others must stay; a later merge is tried under the same name.
            place.disk.remove(&path).ok();
        }
        synced.map_err(|source| HistoryError::disk(place.folder, source))?;
        let mut view = place.shared.write();
        let segments = Arc::make_mut(&mut view.segments);
        if let Some(at) = segments.iter().position(|it| Arc::ptr_eq(it, &self.sources[0])) {
            segments.splice(at..at + self.sources.len(), [segment]);
        }
        Ok(())
    }
}

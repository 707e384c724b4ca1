//! Those who read, on any thread, while the writer writes.

use crate::history::edit::{ModifiedPage, ModifiedScan, Scan};
use crate::history::view::Shared;
use crate::history::{Batch, HistoryError, Sample, SeriesId, Statistics};
use crate::time::Timestamp;

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    Reverse,
}

impl Direction {
    /// A number that rises along the scan.
    pub(super) fn key(self, ticks: i64) -> i64 {
        match self {
            Self::Forward => ticks,
            Self::Reverse => !ticks,
        }
    }

    /// The key at which a source begins.
    pub(super) fn bound(self, first: i64, last: i64) -> i64 {
        match self {
            Self::Forward => first,
            Self::Reverse => !last,
        }
    }
}

/// From one instant to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The earlier one.
    pub from: Timestamp,
    /// The later one.
    pub to: Timestamp,
}

impl Span {
    /// All of time.
    pub const ALL: Self =
        Self { from: Timestamp::from_ticks(i64::MIN), to: Timestamp::from_ticks(i64::MAX) };

    pub(super) fn ticks(self) -> (i64, i64) {
        (self.from.ticks(), self.to.ticks())
    }
}

/// Where the next page of a read begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// At the samples of this time.
    pub time: Timestamp,
    /// So many of which have been given.
    pub given: usize,
}

/// A read that is answered in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Of what time.
    pub span: Span,
    /// Which way.
    pub direction: Direction,
    /// Samples of a page at the most.
    pub limit: usize,
    /// Where to go on; `None` at the beginning.
    pub start: Option<Position>,
}

/// Some samples of a read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order of the read.
    pub samples: Vec<Sample>,
    /// Where the next page begins; `None` behind the last.
    pub next: Option<Position>,
}

/// Reads a history. Sees what was committed when a read begins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    shared: Shared,
}

impl Reader {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// The series of the tag at `path`, if it has one.
    pub fn series(&self, path: &str) -> Option<SeriesId> {
        self.shared.read().names.get_index_of(path).map(|it| SeriesId(it as u32))
    }

    /// Paths of all tags that have a series.
    pub fn paths(&self) -> Vec<String> {
        self.shared.read().names.iter().cloned().collect()
    }

    /// The samples of a series within a span, as batches.
    pub fn scan(&self, series: SeriesId, span: Span, direction: Direction) -> Scan {
        let source = self.shared.read().source(series);
        Scan::new(&source, span, direction)
    }

    /// One page of a read.
    pub fn page(&self, series: SeriesId, request: &Request) -> Result<Page, HistoryError> {
        let Request { mut span, direction, limit, start } = *request;
        let mut skip = 0;
        if let Some(Position { time, given }) = start {
            skip = given;
            match direction {
                Direction::Forward => span.from = time,
                Direction::Reverse => span.to = time,
            }
        }
        let mut page = Page::default();
        let mut at = start;
        for batch in self.scan(series, span, direction) {
            let batch = batch?;
            for index in skip.min(batch.len())..batch.len() {
                if page.samples.len() == limit {
                    page.next = at.or_else(|| Some(first_of(&batch, index)));
                    return Ok(page);
                }
                let sample = batch.get(index);
                let given = at.filter(|it| it.time == sample.time).map_or(0, |it| it.given);
                at = Some(Position { time: sample.time, given: given + 1 });
                page.samples.push(sample);
            }
            skip = skip.saturating_sub(batch.len());
        }
        Ok(page)
    }

    /// The last sample before `time`: the bound of a read that begins there.
    pub fn last_before(
        &self,
        series: SeriesId,
        time: Timestamp,
    ) -> Result<Option<Sample>, HistoryError> {
        let span = Span { to: time.plus_ticks(-1), ..Span::ALL };
        first(self.scan(series, span, Direction::Reverse))
    }

    /// The first sample after `time`: the bound of a read that ends there.
    pub fn first_after(
        &self,
        series: SeriesId,
        time: Timestamp,
    ) -> Result<Option<Sample>, HistoryError> {
        let span = Span { from: time.plus_ticks(1), ..Span::ALL };
        first(self.scan(series, span, Direction::Forward))
    }

    /// The values of a series within a span that clients have put in, replaced or deleted (Part 11, 6.5.3.3), in order of
    /// source time, then of the modification; backwards the last modification of the latest time first.
    pub fn modified(&self, series: SeriesId, span: Span, direction: Direction) -> ModifiedScan {
        let source = self.shared.read().source(series);
        ModifiedScan::new(source, span, direction)
    }

    /// One page of a read of modified values.
    pub fn modified_page(
        &self,
        series: SeriesId,
        request: &Request,
    ) -> Result<ModifiedPage, HistoryError> {
        ModifiedPage::read(|span| self.modified(series, span, request.direction), request)
    }

    /// What the history holds.
    pub fn statistics(&self) -> Statistics {
        let view = self.shared.read();
        let heads = view.heads.iter().flat_map(|it| &it.batch.times);
        let oldest = view.segments.iter().map(|it| it.first).chain(heads.clone().copied()).min();
        let newest = view.segments.iter().map(|it| it.last).chain(heads.copied()).max();
        Statistics {
            series: view.names.len(),
            segments: view.segments.len(),
            segment_bytes: view.segments.iter().map(|it| it.bytes).sum(),
            log_bytes: view.log_bytes,
            segment_samples: view.segments.iter().map(|it| it.samples).sum(),
            head_samples: view.head_samples,
            edits: view.edits.count,
            oldest: oldest.map(Timestamp::from_ticks),
            newest: newest.map(Timestamp::from_ticks),
        }
    }
}

fn first(mut scan: Scan) -> Result<Option<Sample>, HistoryError> {
    scan.next().map(|batch| batch.map(|it| it.get(0))).transpose()
}

fn first_of(batch: &Batch, index: usize) -> Position {
    Position { time: Timestamp::from_ticks(batch.times[index]), given: 0 }
}

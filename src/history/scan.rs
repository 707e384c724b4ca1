//! Goes through the samples of one series as they were recorded, in order of time, block by block, forwards or backwards.
//!
//! Sources (blocks, and the head) may overlap where the source time went back. A source is opened when the scan comes
//! to its first sample and dropped behind its last, so that memory holds what overlaps and no more.

use std::fs::File;
use std::sync::Arc;

use crate::history::segment::{Entry, Segment};
use crate::history::view::Source;
use crate::history::{Batch, Direction, HistoryError, SeriesId, Span};
use crate::time::Timestamp;

/// Which of two samples of one time came first: generation and place in it.
type Arrival = (u64, u64);

/// A block that is not read yet.
#[derive(Debug)]
struct Waiting {
    segment: Arc<Segment>,
    file: Arc<File>,
    entry: Entry,
}

/// A source that is read, in the direction of the scan.
#[derive(Debug)]
struct Open {
    batch: Batch,
    at: usize,
    arrival: Arrival,
}

/// The samples of a series, as batches in order of time; those of one time in the order of their arrival (backwards:
/// the last first). A block that cannot be read is an error in its place; the scan goes on behind it.
#[derive(Debug)]
pub(super) struct BaseScan {
    series: SeriesId,
    span: Span,
    direction: Direction,
    /// The next one is the last of the vector.
    segments: Vec<Arc<Segment>>,
    /// As `segments`.
    waiting: Vec<Waiting>,
    open: Vec<Open>,
}

impl BaseScan {
    pub(super) fn new(source: &Source, span: Span, direction: Direction) -> Self {
        let (from, to) = span.ticks();
        let meets = |it: &&Arc<Segment>| it.first <= to && it.last >= from;
        let mut segments: Vec<_> = source.segments.iter().filter(meets).cloned().collect();
        segments.sort_by_key(|it| std::cmp::Reverse(direction.bound(it.first, it.last)));
        let series = source.series;
        let mut scan =
            Self { series, span, direction, segments, waiting: Vec::new(), open: Vec::new() };
        let mut head = Batch::clone(&source.head);
        head.sort();
        scan.open_batch(head, (u64::MAX, 0));
        scan
    }

    /// Goes on at this time; what is left of the samples before it is not read.
    pub(super) fn skip_to(&mut self, ticks: i64) {
        let direction = self.direction;
        let key = direction.key(ticks);
        match direction {
            Direction::Forward => self.span.from = self.span.from.max(Timestamp::from_ticks(ticks)),
            Direction::Reverse => self.span.to = self.span.to.min(Timestamp::from_ticks(ticks)),
        }
        let end = |first, last| direction.bound(last, first);
        self.segments.retain(|it| end(it.first, it.last) >= key);
        self.waiting.retain(|it| end(it.entry.first, it.entry.last) >= key);
        for open in &mut self.open {
            let before = |it: &i64| direction.key(*it) < key;
            open.at += open.batch.times[open.at..].partition_point(before);
        }
        self.open.retain(|it| it.at < it.batch.len());
    }

    /// Opens what of a batch is in the span.
    fn open_batch(&mut self, mut batch: Batch, mut arrival: Arrival) {
        let (from, to) = self.span.ticks();
        let start = batch.times.partition_point(|&it| it < from);
        let end = batch.times.partition_point(|&it| it <= to);
        if start >= end {
            return;
        }
        if end - start < batch.len() {
            batch = batch.cut(start, end);
        }
        if self.direction == Direction::Reverse {
            batch.reverse();
            arrival = (!arrival.0, !arrival.1);
        }
        self.open.push(Open { batch, at: 0, arrival });
    }

    /// Where the first sample of what is not open can be.
    fn waiting_from(&self) -> Option<i64> {
        let bound = |first, last| self.direction.bound(first, last);
        let segment = self.segments.last().map(|it| bound(it.first, it.last));
        let block = self.waiting.last().map(|it| bound(it.entry.first, it.entry.last));
        segment.into_iter().chain(block).min()
    }

    /// Opens the segment or block that comes next.
    fn open_next(&mut self) -> Result<(), HistoryError> {
        let direction = self.direction;
        let bound = |it: &Waiting| direction.bound(it.entry.first, it.entry.last);
        let block = self.waiting.last().map(bound);
        let segment = self.segments.last().map(|it| direction.bound(it.first, it.last));
        if segment.is_some_and(|segment| block.is_none_or(|block| segment <= block))
            && let Some(segment) = self.segments.pop()
        {
            let Some(file) = segment.file()? else { return Ok(()) };
            for entry in segment.find(&file, self.series, self.span.ticks())? {
                let (segment, file) = (Arc::clone(&segment), Arc::clone(&file));
                self.waiting.push(Waiting { segment, file, entry });
            }
            self.waiting.sort_by_key(|it| std::cmp::Reverse(bound(it)));
        } else if let Some(Waiting { segment, file, entry }) = self.waiting.pop() {
            let batch = segment.block(&file, &entry)?;
            self.open_batch(batch, (segment.generation, entry.offset));
        }
        Ok(())
    }

    /// The samples of the source that comes first, as far as no other comes between.
    fn take_run(&mut self, first: usize, waiting_from: Option<i64>) -> Batch {
        let direction = self.direction;
        let others = self.open.iter().enumerate().filter(|it| it.0 != first);
        let limit = others.map(|(_, it)| it.head(direction)).min();
        let open = &mut self.open[first];
        let arrival = open.arrival;
        let before = |&ticks: &i64| {
            let key = direction.key(ticks);
            limit.is_none_or(|limit| (key, arrival) < limit)
                && waiting_from.is_none_or(|from| key < from)
        };
        let end = open.at + open.batch.times[open.at..].partition_point(before);
        if open.at == 0 && end == open.batch.len() {
            return self.open.swap_remove(first).batch;
        }
        let run = open.batch.cut(open.at, end);
        open.at = end;
        if end == open.batch.len() {
            self.open.swap_remove(first);
        }
        run
    }
}

impl Open {
    /// When its next sample comes.
    fn head(&self, direction: Direction) -> (i64, Arrival) {
        (direction.key(self.batch.times[self.at]), self.arrival)
    }
}

impl Iterator for BaseScan {
    type Item = Result<Batch, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let waiting_from = self.waiting_from();
            let heads = self.open.iter().map(|it| it.head(self.direction));
            let first = heads.enumerate().min_by_key(|it| it.1);
            match (first, waiting_from) {
                (None, None) => return None,
                (Some((index, (key, _))), _) if waiting_from.is_none_or(|from| key < from) => {
                    return Some(Ok(self.take_run(index, waiting_from)));
                }
                _ => {
                    if let Err(error) = self.open_next() {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

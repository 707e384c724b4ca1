//! The history as clients have edited it: the base without what is hidden, and what edits show.

use std::sync::Arc;

use crate::history::edit::SeriesEdits;
use crate::history::scan::BaseScan;
use crate::history::view::Source;
use crate::history::{Batch, Direction, HistoryError, Span};

/// Samples of a batch that is put together, about.
const BATCH_SAMPLES: usize = 4096;

/// The samples of a series, as batches in order of time; those of one time in the order of their arrival (backwards:
/// the last first). A block that cannot be read is an error in its place; the scan goes on behind it.
#[derive(Debug)]
pub struct Scan {
    base: BaseScan,
    /// Boxed, as most series have none.
    edited: Option<Box<Edited>>,
}

/// What there is to do for a series that has edits.
#[derive(Debug)]
struct Edited {
    edits: Arc<SeriesEdits>,
    direction: Direction,
    /// When the next sample comes that an edit shows.
    shown: Option<i64>,
    /// Such samples end here.
    end: i64,
    /// What the base has given, and how much of it is used.
    batch: Batch,
    at: usize,
    /// Samples of one time of which only some are hidden, in the direction of the scan.
    group: Batch,
    base_ended: bool,
}

impl Scan {
    pub(in crate::history) fn new(source: &Source, span: Span, direction: Direction) -> Self {
        let edited =
            source.edits.as_ref().map(|edits| Box::new(Edited::new(edits, span, direction)));
        Self { base: BaseScan::new(source, span, direction), edited }
    }
}

impl Iterator for Scan {
    type Item = Result<Batch, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.edited {
            Some(edited) => edited.next(&mut self.base),
            None => self.base.next(),
        }
    }
}

impl Edited {
    fn new(edits: &Arc<SeriesEdits>, span: Span, direction: Direction) -> Self {
        let (from, to) = span.ticks();
        let (start, end) = match direction {
            Direction::Forward => (from, to),
            Direction::Reverse => (to, from),
        };
        let mut edited = Self {
            edits: Arc::clone(edits),
            direction,
            shown: None,
            end,
            batch: Batch::default(),
            at: 0,
            group: Batch::default(),
            base_ended: false,
        };
        edited.shown = edited.shown_from(start);
        edited
    }

    fn next(&mut self, base: &mut BaseScan) -> Option<Result<Batch, HistoryError>> {
        let mut out = Batch::default();
        loop {
            let is_used = self.at == self.batch.len();
            if out.len() >= BATCH_SAMPLES || is_used && !self.base_ended && !out.is_empty() {
                return Some(Ok(out));
            }
            if is_used && !self.base_ended {
                match base.next() {
                    Some(Ok(batch)) if self.is_untouched(&batch) => return Some(Ok(batch)),
                    Some(Ok(batch)) => (self.batch, self.at) = (batch, 0),
                    Some(Err(error)) => return Some(Err(error)),
                    None => self.base_ended = true,
                }
                continue;
            }
            let next = self.batch.times.get(self.at).copied();
            if !self.group.is_empty() && self.group.times.first() != next.as_ref() {
                self.end_group(&mut out);
                continue;
            }
            match (next, self.shown) {
                (None, None) => return (!out.is_empty()).then_some(Ok(out)),
                (Some(next), shown) if shown.is_none_or(|it| self.is_before(next, it)) => {
                    self.take_base(next, &mut out, base);
                }
                (_, Some(shown)) => self.take_shown(shown, &mut out),
                (Some(_), None) => {}
            }
        }
    }

    /// Whether samples of the base at a time come before one that is shown: at the same time it is the first.
    fn is_before(&self, base: i64, shown: i64) -> bool {
        match self.direction {
            Direction::Forward => base < shown,
            Direction::Reverse => base >= shown,
        }
    }

    /// Whether no edit has to do with a batch, or with what comes before it.
    fn is_untouched(&self, batch: &Batch) -> bool {
        let (Some(&first), Some(&last)) = (batch.times.first(), batch.times.last()) else {
            return true;
        };
        let (low, high) = (first.min(last), first.max(last));
        self.group.is_empty()
            && self.shown.is_none_or(|it| self.direction.key(it) > self.direction.key(last))
            && self.edits.steps.range(low..=high).next().is_none()
            && self.edits.piece_from(low).is_none_or(|it| it.first > high)
    }

    /// When the next sample comes that an edit shows, at a time or behind it.
    fn shown_from(&self, ticks: i64) -> Option<i64> {
        let shown = &self.edits.shown;
        let next = match self.direction {
            Direction::Forward => shown.range(ticks..).next(),
            Direction::Reverse => shown.range(..=ticks).next_back(),
        };
        let is_within = |it: &i64| self.direction.key(*it) <= self.direction.key(self.end);
        next.map(|it| *it.0).filter(is_within)
    }

    fn take_shown(&mut self, ticks: i64, out: &mut Batch) {
        out.push(self.edits.shown[&ticks].clone());
        let behind = match self.direction {
            Direction::Forward => ticks.checked_add(1),
            Direction::Reverse => ticks.checked_sub(1),
        };
        self.shown = behind.and_then(|it| self.shown_from(it));
    }

    /// Takes or passes over samples of the base, as far as they are treated alike.
    fn take_base(&mut self, ticks: i64, out: &mut Batch, base: &mut BaseScan) {
        if self.edits.steps.contains_key(&ticks) {
            let end = self.at + self.batch.times[self.at..].partition_point(|it| *it == ticks);
            self.group.append(&self.batch.cut(self.at, end));
            self.at = end;
        } else if let Some(piece) = self.edits.piece(ticks) {
            let behind = match self.direction {
                Direction::Forward => piece.last.saturating_add(1),
                Direction::Reverse => piece.first.saturating_sub(1),
            };
            let step = self
                .step_from(ticks)
                .filter(|it| self.direction.key(*it) < self.direction.key(behind));
            let target = step.unwrap_or(behind);
            self.at = self.position(target);
            if self.at == self.batch.len() {
                base.skip_to(target);
            }
        } else {
            let piece = match self.direction {
                Direction::Forward => self.edits.piece_from(ticks).map(|it| it.first),
                Direction::Reverse => self.edits.piece_until(ticks).map(|it| it.last),
            };
            let changes = [piece, self.step_from(ticks)].into_iter().flatten();
            let limit = changes.min_by_key(|it| self.direction.key(*it));
            let mut end = limit.map_or(self.batch.len(), |it| self.position(it));
            if let Some(shown) = self.shown {
                end = end.min(self.position_of_shown(shown));
            }
            out.append(&self.batch.cut(self.at, end));
            self.at = end;
        }
    }

    /// The next time of which only some samples are hidden.
    fn step_from(&self, ticks: i64) -> Option<i64> {
        let steps = &self.edits.steps;
        let next = match self.direction {
            Direction::Forward => steps.range(ticks..).next(),
            Direction::Reverse => steps.range(..=ticks).next_back(),
        };
        next.map(|it| *it.0)
    }

    /// The first sample in the batch that is not before a time.
    fn position(&self, ticks: i64) -> usize {
        let key = self.direction.key(ticks);
        let before = |it: &i64| self.direction.key(*it) < key;
        self.at + self.batch.times[self.at..].partition_point(before)
    }

    fn position_of_shown(&self, shown: i64) -> usize {
        self.at + self.batch.times[self.at..].partition_point(|it| self.is_before(*it, shown))
    }

    /// Gives what is not hidden of the samples of one time.
    fn end_group(&mut self, out: &mut Batch) {
        let mut group = std::mem::take(&mut self.group);
        let hidden = self.edits.hidden(group.times[0], group.len());
        if self.direction == Direction::Reverse {
            group.reverse();
        }
        let mut left = group.cut(hidden, group.len());
        if self.direction == Direction::Reverse {
            left.reverse();
        }
        out.append(&left);
    }
}

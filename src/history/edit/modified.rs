//! What clients have changed, to be read: the new value of what was put in, the old value of everything else.

use std::sync::Arc;

use crate::history::edit::{Modified, SeriesEdits};
use crate::history::scan::BaseScan;
use crate::history::view::Source;
use crate::history::{Batch, Direction, HistoryError, Position, Request, Sample, Span};
use crate::time::Timestamp;

/// The modified values of a series. A block that cannot be read is an error in its place; the scan goes on behind it.
#[derive(Debug)]
pub struct ModifiedScan {
    edits: Arc<SeriesEdits>,
    direction: Direction,
    /// Where the records of edits go on, and where they end.
    from: i64,
    to: i64,
    base: BaseScan,
    batch: Batch,
    at: usize,
    base_ended: bool,
    /// Hidden samples of the base at one time.
    group: Vec<Sample>,
    /// Modified values of one time; the next one is the last of the vector.
    ready: Vec<Modified>,
}

impl ModifiedScan {
    pub(in crate::history) fn new(source: Source, span: Span, direction: Direction) -> Self {
        let (from, to) = span.ticks();
        let base = BaseScan::new(&source, span, direction);
        let base_ended = source.edits.is_none();
        let mut scan = Self {
            edits: source.edits.unwrap_or_default(),
            direction,
            from,
            to,
            base,
            batch: Batch::default(),
            at: 0,
            base_ended,
            group: Vec::new(),
            ready: Vec::new(),
        };
        scan.pass_to(match direction {
            Direction::Forward => from,
            Direction::Reverse => to,
        });
        scan
    }

    /// Goes to the next time, from this one on, at which something of the base is hidden.
    fn pass_to(&mut self, ticks: i64) {
        let key = |it: &i64| self.direction.key(*it);
        let (piece, step) = match self.direction {
            Direction::Forward => (
                self.edits.piece_from(ticks).map(|it| it.first.max(ticks)),
                self.edits.steps.range(ticks..).next().map(|it| *it.0),
            ),
            Direction::Reverse => (
                self.edits.piece_until(ticks).map(|it| it.last.min(ticks)),
                self.edits.steps.range(..=ticks).next_back().map(|it| *it.0),
            ),
        };
        let Some(target) = piece.into_iter().chain(step).min_by_key(key) else {
            self.base_ended = true;
            return;
        };
        let before = |it: &i64| self.direction.key(*it) < self.direction.key(target);
        self.at += self.batch.times[self.at..].partition_point(before);
        if self.at == self.batch.len() {
            self.base.skip_to(target);
        }
    }

    /// Reads the hidden samples of the next time that has some, all of them.
    fn fill_group(&mut self) -> Result<(), HistoryError> {
        loop {
            if self.at == self.batch.len() {
                if self.base_ended {
                    return Ok(());
                }
                match self.base.next() {
                    Some(batch) => (self.batch, self.at) = (batch?, 0),
                    None => self.base_ended = true,
                }
                continue;
            }
            let ticks = self.batch.times[self.at];
            match self.group.first() {
                Some(first) if first.time.ticks() != ticks => return Ok(()),
                None if !self.edits.steps.contains_key(&ticks)
                    && self.edits.piece(ticks).is_none() =>
                {
                    self.pass_to(ticks);
                    if self.base_ended {
                        self.at = self.batch.len();
                    }
                }
                _ => {
                    self.group.push(self.batch.get(self.at));
                    self.at += 1;
                }
            }
        }
    }

    /// The next time at which an edit has put something in, or taken what one had put in.
    fn next_record(&self) -> Option<i64> {
        if self.from > self.to {
            return None;
        }
        let mut range = self.edits.records.range((self.from, 0)..=(self.to, u64::MAX));
        let record = match self.direction {
            Direction::Forward => range.next(),
            Direction::Reverse => range.next_back(),
        };
        record.map(|it| it.0.0)
    }

    /// Makes the modified values of the next time ready; false behind the last.
    fn fill(&mut self) -> Result<bool, HistoryError> {
        self.fill_group()?;
        let base = self.group.first().map(|it| it.time.ticks());
        let key = |it: &i64| self.direction.key(*it);
        let Some(ticks) = base.into_iter().chain(self.next_record()).min_by_key(key) else {
            return Ok(false);
        };
        let mut found = Vec::new();
        for ((_, number), record) in self.edits.records.range((ticks, 0)..=(ticks, u64::MAX)) {
            let by = Arc::clone(&record.by);
            let (sample, change) = (record.sample.clone(), record.change);
            found.push((*number, Modified { sample, change, by }));
        }
        if base == Some(ticks) {
            let mut group = std::mem::take(&mut self.group);
            if self.direction == Direction::Reverse {
                group.reverse();
            }
            for (place, sample) in group.into_iter().enumerate() {
                if let Some((origin, change)) = self.edits.hidden_by(ticks, place) {
                    let by = Arc::clone(&origin.by);
                    found.push((origin.number, Modified { sample, change, by }));
                }
            }
        }
        found.sort_by_key(|it| it.0);
        self.ready = found.into_iter().map(|it| it.1).collect();
        match self.direction {
            Direction::Forward => {
                self.ready.reverse();
                (self.from, self.to) = ticks.checked_add(1).map_or((1, 0), |it| (it, self.to));
            }
            Direction::Reverse => {
                (self.from, self.to) = ticks.checked_sub(1).map_or((1, 0), |it| (self.from, it));
            }
        }
        Ok(true)
    }
}

impl Iterator for ModifiedScan {
    type Item = Result<Modified, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop().map(Ok)
    }
}

/// Some values of a read of modified ones.
#[derive(Clone, Debug, Default)]
pub struct ModifiedPage {
    /// In order of the read.
    pub values: Vec<Modified>,
    /// Where the next page begins; `None` behind the last.
    pub next: Option<Position>,
}

impl ModifiedPage {
    pub(in crate::history) fn read(
        scan: impl FnOnce(Span) -> ModifiedScan,
        request: &Request,
    ) -> Result<Self, HistoryError> {
        let mut span = request.span;
        if let Some(Position { time, .. }) = request.start {
            match request.direction {
                Direction::Forward => span.from = time,
                Direction::Reverse => span.to = time,
            }
        }
        let mut at = request.start;
        let mut page = Self::default();
        for value in scan(span).skip(at.map_or(0, |it| it.given)) {
            let value = value?;
            let time: Timestamp = value.sample.time;
            if page.values.len() == request.limit {
                page.next = at.or(Some(Position { time, given: 0 }));
                break;
            }
            let given = at.filter(|it| it.time == time).map_or(0, |it| it.given);
            at = Some(Position { time, given: given + 1 });
            page.values.push(value);
        }
        Ok(page)
    }
}

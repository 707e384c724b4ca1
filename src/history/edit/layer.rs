//! All edits of a store in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::edit::{By, Change, Effect};
use crate::history::{Sample, SeriesId};

/// The edits of every series that has some.
#[derive(Clone, Debug, Default)]
pub(in crate::history) struct Edits {
    series: BTreeMap<SeriesId, Arc<SeriesEdits>>,
    /// Effects of all edits, the most of which is configured.
    pub(in crate::history) count: usize,
    /// The number of the next effect: edits in the order in which they were made.
    next: u64,
}

impl Edits {
    pub(in crate::history) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(in crate::history) fn of(&self, series: SeriesId) -> Option<&Arc<SeriesEdits>> {
        self.series.get(&series)
    }

    /// Lets effects take hold. What readers hold of the series stays as it was.
    pub(in crate::history) fn apply(
        &mut self,
        series: SeriesId,
        by: &Arc<By>,
        effects: Vec<Effect>,
    ) {
        let edits = Arc::make_mut(self.series.entry(series).or_default());
        for effect in effects {
            self.count += 1;
            edits.apply(Origin { number: self.next, by: Arc::clone(by) }, effect);
            self.next += 1;
        }
    }
}

/// Which edit something is of.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) number: u64,
    pub(super) by: Arc<By>,
}

/// From one edit on so many of the first samples of a time are hidden.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) hidden: usize,
    pub(super) change: Change,
    pub(super) origin: Origin,
}

/// A span that is hidden but for the times that have steps.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) origin: Origin,
}

/// A value that an edit has put in, or taken of those that edits had put in.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) sample: Sample,
    pub(super) change: Change,
    pub(super) by: Arc<By>,
}

/// The edits of one series.
#[derive(Clone, Debug, Default)]
pub(in crate::history) struct SeriesEdits {
    /// Samples that edits have put in and that are there, by time. They come before those of the base.
    pub(super) shown: BTreeMap<i64, Sample>,
    /// Times at which only some of the base's samples are hidden, whatever the pieces say.
    pub(super) steps: BTreeMap<i64, Vec<Step>>,
    /// What deletions of spans hide, by its beginning. No two meet: each belongs to the first deletion of it.
    pieces: BTreeMap<i64, Piece>,
    /// By time and number of the edit.
    pub(super) records: BTreeMap<(i64, u64), Record>,
}

impl SeriesEdits {
    /// The deleted span in which a time is.
    pub(super) fn piece(&self, ticks: i64) -> Option<&Piece> {
        let piece = self.pieces.range(..=ticks).next_back()?.1;
        (ticks <= piece.last).then_some(piece)
    }

    /// The first piece that ends at `ticks` or later.
    pub(super) fn piece_from(&self, ticks: i64) -> Option<&Piece> {
        self.piece(ticks).or_else(|| self.pieces.range(ticks..).next().map(|it| it.1))
    }

    /// The last piece that begins at `ticks` or before.
    pub(super) fn piece_until(&self, ticks: i64) -> Option<&Piece> {
        self.pieces.range(..=ticks).next_back().map(|it| it.1)
    }

    /// How many of `count` samples that the base has at a time are hidden.
    pub(super) fn hidden(&self, ticks: i64, count: usize) -> usize {
        match self.steps.get(&ticks).and_then(|it| it.last()) {
            Some(step) => step.hidden.min(count),
            None if self.piece(ticks).is_some() => count,
            None => 0,
        }
    }

    /// Which edit has hidden the base's sample at a place among those of its time.
    pub(super) fn hidden_by(&self, ticks: i64, place: usize) -> Option<(&Origin, Change)> {
        let piece = self.piece(ticks).map(|it| (&it.origin, Change::Delete));
        let Some(steps) = self.steps.get(&ticks) else { return piece };
        let is_earlier = |it: &(&Origin, Change)| {
            let first = steps.first();
            first.is_some_and(|step| it.0.number < step.origin.number && place < step.hidden)
        };
        piece.filter(is_earlier).or_else(|| {
            let step = steps.iter().find(|it| place < it.hidden)?;
            Some((&step.origin, step.change))
        })
    }

    fn apply(&mut self, origin: Origin, effect: Effect) {
        match effect {
            Effect::Put { change, hidden, sample } => {
                let ticks = sample.time.ticks();
                self.hide(ticks, Step { hidden, change, origin: origin.clone() });
                if change == Change::Insert {
                    self.record(&origin, change, sample.clone());
                }
                if let Some(old) = self.shown.insert(ticks, sample) {
                    self.record(&origin, change, old);
                }
            }
            Effect::Remove { ticks, hidden } => {
                self.hide(ticks, Step { hidden, change: Change::Delete, origin: origin.clone() });
                if let Some(old) = self.shown.remove(&ticks) {
                    self.record(&origin, Change::Delete, old);
                }
            }
            Effect::RemoveSpan { first, last, hidden_last } => {
                let taken: Vec<i64> = if first <= last {
                    self.shown.range(first..=last).map(|it| *it.0).collect()
                } else {
                    Vec::new()
                };
                for ticks in taken {
                    if let Some(old) = self.shown.remove(&ticks) {
                        self.record(&origin, Change::Delete, old);
                    }
                }
                self.cover(first, hidden_last, &origin);
            }
            Effect::Spare { ticks, hidden } => {
                let step = Step { hidden, change: Change::Delete, origin };
                self.steps.entry(ticks).or_default().push(step);
            }
        }
    }

    /// Hides more of a time's samples, or no more than before.
    fn hide(&mut self, ticks: i64, step: Step) {
        if step.hidden > 0 {
            self.steps.entry(ticks).or_default().push(step);
        }
    }

    fn record(&mut self, origin: &Origin, change: Change, sample: Sample) {
        let record = Record { change, by: Arc::clone(&origin.by), sample };
        self.records.insert((record.sample.time.ticks(), origin.number), record);
    }

    /// Hides what is not hidden yet of a span.
    fn cover(&mut self, mut first: i64, last: i64, origin: &Origin) {
        while first <= last {
            let next = self.piece_from(first).map(|it| (it.first, it.last));
            let end = next.map_or(last, |it| last.min(it.0.saturating_sub(1)));
            if next.is_none_or(|it| it.0 > first) {
                self.pieces.insert(first, Piece { first, last: end, origin: origin.clone() });
            }
            match next.and_then(|it| it.1.checked_add(1)) {
                Some(behind) => first = behind,
                None => return,
            }
        }
    }
}

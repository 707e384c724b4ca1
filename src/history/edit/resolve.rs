//! From what a client asks for to what it does, given what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::edit::{Change, Edit, Edited, Effect, Scan};
use crate::history::scan::BaseScan;
use crate::history::view::{Shared, Source};
use crate::history::{Batch, Direction, HistoryError, Sample, SeriesId, Span};
use crate::time::Timestamp;

/// What comes of an edit, for each of its samples or times, and what it does.
pub(in crate::history) fn resolve(
    source: &Source,
    edit: &Edit,
) -> Result<(Vec<Edited>, Vec<Effect>), HistoryError> {
    let mut resolver = Resolver { counter: Counter::new(source), touched: BTreeMap::new() };
    let mut effects = Vec::new();
    let mut edited = Vec::new();
    let mut add = |(outcome, effect): (Edited, Option<Effect>)| {
        edited.push(outcome);
        effects.extend(effect);
    };
    match edit {
        Edit::Insert(samples) => {
            for sample in samples {
                add(resolver.put(sample, Change::Insert)?);
            }
        }
        Edit::Replace(samples) => {
            for sample in samples {
                add(resolver.put(sample, Change::Replace)?);
            }
        }
        Edit::Update(samples) => {
            for sample in samples {
                add(resolver.put(sample, Change::Update)?);
            }
        }
        Edit::DeleteAt(times) => {
            for time in times {
                add(resolver.remove(time.ticks())?);
            }
        }
        Edit::DeleteRaw { from, to } => {
            effects = remove_span(source, from.ticks(), to.ticks())?;
            let is_there = !effects.is_empty();
            edited.push(if is_there { Edited::Deleted } else { Edited::NoEntry });
        }
    }
    Ok((edited, effects))
}

/// What keeps samples that are about to be recorded from being hidden by spans that were deleted before.
pub(in crate::history) fn spare(
    shared: &Shared,
    waiting: &[(SeriesId, Sample)],
) -> Vec<(SeriesId, Vec<Effect>)> {
    let view = shared.read();
    if view.edits.is_empty() {
        return Vec::new();
    }
    let mut late: BTreeMap<SeriesId, BTreeSet<i64>> = BTreeMap::new();
    for (series, sample) in waiting {
        let ticks = sample.time.ticks();
        let hides = |it: &_| hides_more(it, ticks);
        if view.edits.of(*series).is_some_and(|it| hides(it)) {
            late.entry(*series).or_default().insert(ticks);
        }
    }
    let sources: Vec<Source> = late.keys().map(|it| view.source(*it)).collect();
    drop(view);
    let mut spared = Vec::new();
    for (source, times) in sources.into_iter().zip(late.into_values()) {
        let mut counter = Counter::new(&source);
        let mut effects = Vec::new();
        for ticks in times {
            // What cannot be read is not counted: it is hidden as well.
            let count = counter.count(ticks).unwrap_or_default();
            let step = source.edits.as_ref().and_then(|it| it.steps.get(&ticks)?.last());
            if step.is_none_or(|it| it.hidden > count) {
                effects.push(Effect::Spare { ticks, hidden: count });
            }
        }
        if !effects.is_empty() {
            spared.push((source.series, effects));
        }
    }
    spared
}

/// Whether a sample that is recorded at this time could be hidden.
fn hides_more(edits: &crate::history::edit::SeriesEdits, ticks: i64) -> bool {
    edits.steps.contains_key(&ticks) || edits.piece(ticks).is_some()
}

fn remove_span(source: &Source, first: i64, to: i64) -> Result<Vec<Effect>, HistoryError> {
    let Some(last) = to.checked_sub(1).filter(|it| *it >= first) else { return Ok(Vec::new()) };
    let at = Timestamp::from_ticks;
    let span = Span { from: at(first), to: at(last) };
    if Scan::new(source, span, Direction::Forward).next().transpose()?.is_none() {
        return Ok(Vec::new());
    }
    // What is recorded later is mostly newer: so the span is no longer than the base, and need not be looked at then.
    let newest = BaseScan::new(source, Span::ALL, Direction::Reverse).next().transpose()?;
    let hidden_last = newest.map_or(first.saturating_sub(1), |it| last.min(it.times[0]));
    let mut effects = Vec::new();
    let mut counter = Counter::new(source);
    if let Some(edits) = source.edits.as_ref() {
        for (&ticks, steps) in edits.steps.range(first..=last) {
            let count = counter.count(ticks)?;
            if steps.last().is_some_and(|it| it.hidden < count) {
                effects.push(Effect::Remove { ticks, hidden: count });
            }
        }
    }
    effects.push(Effect::RemoveSpan { first, last, hidden_last });
    Ok(effects)
}

struct Resolver<'a> {
    counter: Counter<'a>,
    /// Whether there is a sample at the times that this edit has to do with.
    touched: BTreeMap<i64, bool>,
}

impl Resolver<'_> {
    fn put(
        &mut self,
        sample: &Sample,
        change: Change,
    ) -> Result<(Edited, Option<Effect>), HistoryError> {
        let ticks = sample.time.ticks();
        let (is_there, hidden) = self.look(ticks)?;
        let (outcome, change) = match (change, is_there) {
            (Change::Insert, true) => return Ok((Edited::Exists, None)),
            (Change::Replace, false) => return Ok((Edited::NoEntry, None)),
            // Nothing was replaced: the value to be told of is the new one.
            (Change::Insert | Change::Update | Change::Delete, false) => {
                (Edited::Inserted, Change::Insert)
            }
            (change, true) => (Edited::Replaced, change),
        };
        self.touched.insert(ticks, true);
        Ok((outcome, Some(Effect::Put { change, hidden, sample: sample.clone() })))
    }

    fn remove(&mut self, ticks: i64) -> Result<(Edited, Option<Effect>), HistoryError> {
        let (is_there, hidden) = self.look(ticks)?;
        if !is_there {
            return Ok((Edited::NoEntry, None));
        }
        self.touched.insert(ticks, false);
        Ok((Edited::Deleted, Some(Effect::Remove { ticks, hidden })))
    }

    /// Whether there is a sample at a time, and how many of the base are to be hidden that are not yet.
    fn look(&mut self, ticks: i64) -> Result<(bool, usize), HistoryError> {
        if let Some(is_there) = self.touched.get(&ticks) {
            return Ok((*is_there, 0));
        }
        let count = self.counter.count(ticks)?;
        let edits = self.counter.source.edits.as_ref();
        let hidden = edits.map_or(0, |it| it.hidden(ticks, count));
        let is_shown = edits.is_some_and(|it| it.shown.contains_key(&ticks));
        Ok((is_shown || count > hidden, if count > hidden { count } else { 0 }))
    }
}

/// Counts the samples that the base has at a time; keeps the batch it has found, as the next time is mostly near.
struct Counter<'a> {
    source: &'a Source,
    batch: Batch,
}

impl<'a> Counter<'a> {
    fn new(source: &'a Source) -> Self {
        Self { source, batch: Batch::default() }
    }

    fn count(&mut self, ticks: i64) -> Result<usize, HistoryError> {
        // A batch is all there is between its ends, but not at them.
        if let (Some(&first), Some(&last)) = (self.batch.times.first(), self.batch.times.last())
            && (first < ticks && ticks < last)
        {
            return Ok(self.count_in_batch(ticks));
        }
        let span = Span { from: Timestamp::from_ticks(ticks), ..Span::ALL };
        let mut count = 0;
        for batch in BaseScan::new(self.source, span, Direction::Forward) {
            self.batch = batch?;
            count += self.count_in_batch(ticks);
            if self.batch.times.last().is_some_and(|it| *it > ticks) {
                break;
            }
        }
        Ok(count)
    }

    fn count_in_batch(&self, ticks: i64) -> usize {
        let times = &self.batch.times;
        times.partition_point(|it| *it <= ticks) - times.partition_point(|it| *it < ticks)
    }
}

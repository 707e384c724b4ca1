//! Goes once through the samples of adjoining intervals.

use crate::time::Timestamp;
use crate::ua::aggregate::bound::{Ahead, Past};
use crate::ua::aggregate::function::Bounds;
use crate::ua::aggregate::interval::{Interval, Processed};
use crate::ua::aggregate::query::Intervals;
use crate::ua::aggregate::rules::{Class, Rules, is_no_data};
use crate::ua::aggregate::{Columns, Function, Point, Source, Wanted};

/// A look-up in the source that may serve for several intervals.
#[derive(Clone, Copy, Debug)]
enum Found {
    Not,
    Yes(Option<Point>),
}

/// A sweep on its way, earliest interval first.
pub(super) struct Sweep<'a, S: Source> {
    rules: Rules,
    source: &'a S,
    past: Past,
    /// Where all intervals end, and the first sample from there on.
    end: i64,
    behind: Found,
    /// The next sample that is not bad, for times up to its own.
    usable: Found,
    done: Vec<Processed>,
}

impl<'a, S: Source> Sweep<'a, S> {
    pub(super) fn new(rules: Rules, source: &'a S) -> Self {
        let past = Past::default();
        Self {
            rules,
            source,
            past,
            end: i64::MAX,
            behind: Found::Not,
            usable: Found::Not,
            done: Vec::new(),
        }
    }

    /// The values of intervals whose numbers rise with time.
    pub(super) fn run(
        mut self,
        mut numbers: impl DoubleEndedIterator<Item = u64> + Clone,
        intervals: &Intervals,
    ) -> Result<Vec<Processed>, S::Error> {
        let rules = self.rules;
        let (Some(first), Some(last)) = (numbers.clone().next(), numbers.clone().next_back())
        else {
            return Ok(self.done);
        };
        let from = intervals.edges(first).first(rules);
        let to = intervals.edges(last).end(rules);
        if rules.function != Function::AnnotationCount {
            self.past = self.past_of(from)?;
        }
        self.end = to;
        let source = self.source;
        let mut current: Option<Interval> = None;
        if self.has_samples_from(from, to)? {
            let (from, to) = (Timestamp::from_ticks(from), Timestamp::from_ticks(to));
            source.scan(from, to, &mut |columns| {
                self.take(columns, &mut current, &mut numbers, intervals)
            })?;
        }
        // No samples are left.
        loop {
            let interval = if let Some(interval) = current.take() {
                interval
            } else {
                let Some(number) = numbers.next() else { return Ok(self.done) };
                let edges = intervals.edges(number);
                let ahead = self.ahead(edges.first(rules), None)?;
                Interval::open(rules, edges, &self.past, &ahead)
            };
            let ahead = self.ahead(interval.edges.end(rules), None)?;
            self.done.push(interval.close(&self.past, &ahead));
        }
    }

    /// What lies before `from`.
    fn past_of(&self, from: i64) -> Result<Past, S::Error> {
        let source = self.source;
        let before = |tick: i64, wanted| source.last_before(Timestamp::from_ticks(tick), wanted);
        let last = before(from, Wanted::Any)?;
        let Some(point) = last else { return Ok(Past::default()) };
        let mut has_begun = !is_no_data(point.status);
        let mut earlier = point;
        while let Some(it) =
            if has_begun { None } else { before(earlier.time.ticks(), Wanted::Any)? }
        {
            has_begun = !is_no_data(it.status);
            earlier = it;
        }
        let is_usable = |it: Point| self.rules.class(it.value, it.status) != Class::Bad;
        let mut past = Past { last, has_begun, ..Past::default() };
        let needs_usable = self.rules.function.bounds() == Bounds::Interpolated
            || self.rules.function == Function::NumberOfTransitions;
        if is_usable(point) {
            past.usable = last;
        } else if needs_usable {
            past.usable = self.usable_before(from)?;
        }
        if let Some(usable) = past.usable
            && self.rules.configuration.use_sloped_extrapolation
        {
            past.second = self.usable_before(usable.time.ticks())?;
        }
        Ok(past)
    }

    /// The last sample before that is not bad. One without a number does not count, whatever its status says.
    fn usable_before(&self, mut tick: i64) -> Result<Option<Point>, S::Error> {
        loop {
            let wanted = self.rules.usable();
            let found = self.source.last_before(Timestamp::from_ticks(tick), wanted)?;
            match found {
                Some(point) if self.rules.class(point.value, point.status) == Class::Bad => {
                    tick = point.time.ticks();
                }
                _ => return Ok(found),
            }
        }
    }

    fn has_samples_from(&self, from: i64, to: i64) -> Result<bool, S::Error> {
        if self.rules.function == Function::AnnotationCount {
            return Ok(false);
        }
        let next = self.source.first_from(Timestamp::from_ticks(from), Wanted::Any)?;
        Ok(next.is_some_and(|it| it.time.ticks() < to))
    }

    /// Takes samples: intervals that end before one of them are done.
    fn take(
        &mut self,
        mut columns: Columns<'_>,
        current: &mut Option<Interval>,
        numbers: &mut impl Iterator<Item = u64>,
        intervals: &Intervals,
    ) -> Result<(), S::Error> {
        let rules = self.rules;
        while !columns.is_empty() {
            let next = Some(columns.get(0));
            let mut interval = if let Some(interval) = current.take() {
                interval
            } else {
                let Some(number) = numbers.next() else { return Ok(()) };
                let edges = intervals.edges(number);
                let ahead = self.ahead(edges.first(rules), next)?;
                Interval::open(rules, edges, &self.past, &ahead)
            };
            let end = interval.edges.end(rules);
            let count = columns.ticks.partition_point(|it| *it < end);
            let (own, later) = columns.split(count);
            interval.take(&own);
            self.past.take(rules, &own);
            columns = later;
            if columns.is_empty() {
                *current = Some(interval);
            } else {
                let ahead = self.ahead(end, Some(columns.get(0)))?;
                self.done.push(interval.close(&self.past, &ahead));
            }
        }
        Ok(())
    }

    /// What lies at a tick and behind it, with the next sample if it is at hand; otherwise it is behind all
    /// intervals.
    fn ahead(&mut self, tick: i64, next: Option<Point>) -> Result<Ahead, S::Error> {
        if self.rules.function == Function::AnnotationCount {
            return Ok(Ahead::default());
        }
        let next = match (next, self.behind) {
            (Some(_), _) => next,
            (None, Found::Yes(found)) => found,
            (None, Found::Not) => {
                let found = self.source.first_from(Timestamp::from_ticks(self.end), Wanted::Any)?;
                self.behind = Found::Yes(found);
                found
            }
        };
        if self.rules.function.bounds() != Bounds::Interpolated {
            return Ok(Ahead { next, usable: None });
        }
        let is_usable = |it: &Point| self.rules.class(it.value, it.status) != Class::Bad;
        let usable = match (next, self.usable) {
            (Some(point), _) if is_usable(&point) => next,
            (None, _) | (Some(_), Found::Yes(None)) => None,
            (Some(_), Found::Yes(Some(point))) if point.time.ticks() >= tick => Some(point),
            (Some(point), _) => {
                let found = self.usable_from(point.time.ticks())?;
                self.usable = Found::Yes(found);
                found
            }
        };
        Ok(Ahead { next, usable })
    }

    fn usable_from(&self, mut tick: i64) -> Result<Option<Point>, S::Error> {
        loop {
            let wanted = self.rules.usable();
            let found = self.source.first_from(Timestamp::from_ticks(tick), wanted)?;
            match found {
                Some(point) if self.rules.class(point.value, point.status) == Class::Bad => {
                    tick = point.time.ticks() + 1;
                }
                _ => return Ok(found),
            }
        }
    }
}

//! A read of processed history (Part 11, 6.5.4; Part 13, 5.4.2.2), checked and answered in pages.

use crate::time::Timestamp;
use crate::ua::aggregate::interval::{Edges, Processed};
use crate::ua::aggregate::rules::{Configuration, PercentError, Rules};
use crate::ua::aggregate::sweep::Sweep;
use crate::ua::aggregate::{Function, Kind, Source, TICKS_PER_MS};

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// What is calculated.
    pub function: Function,
    /// Where the first interval begins.
    pub start: Timestamp,
    /// Where the last one ends. Before `start`: intervals go back in time and begin at their later end.
    pub end: Timestamp,
    /// Length of an interval, ms; 0 is all of the time.
    pub interval_ms: f64,
    /// What counts as good.
    pub configuration: Configuration,
    /// A value holds up to the next one (Stepped of the history's configuration).
    pub is_stepped: bool,
    /// Data type of the source.
    pub kind: Kind,
}

/// A query that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// Start and end are one (HA-30).
    #[error("start and end are the same")]
    NoTime,
    /// The interval is negative or not a number (HA-33).
    #[error("an interval of {ms} ms")]
    Interval {
        /// What was asked for.
        ms: f64,
    },
    /// Percentages that cannot be (HA-32).
    #[error(transparent)]
    Percent(#[from] PercentError),
}

impl Query {
    /// The intervals of the query.
    pub fn check(self) -> Result<Intervals, QueryError> {
        self.configuration.check()?;
        if self.start == self.end {
            return Err(QueryError::NoTime);
        }
        let ms = self.interval_ms;
        if ms.is_nan() || ms < 0.0 {
            return Err(QueryError::Interval { ms });
        }
        let (start, end) = (self.start.ticks(), self.end.ticks());
        let range = start.abs_diff(end);
        let asked = (ms * TICKS_PER_MS).round() as u64;
        let step = if ms > 0.0 { asked.max(1) } else { range };
        let rules = Rules {
            function: self.function,
            configuration: self.configuration,
            kind: self.kind,
            is_stepped: self.is_stepped,
            is_backward: end < start,
        };
        Ok(Intervals { rules, start, range, step })
    }
}

/// The intervals of a query, numbered from 0 in the order of the request.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    rules: Rules,
    start: i64,
    /// Ticks from start to end, either way.
    range: u64,
    /// Ticks of an interval.
    step: u64,
}

impl Intervals {
    /// How many there are, at least one.
    pub fn count(&self) -> u64 {
        self.range.div_ceil(self.step)
    }

    /// What the query calculates.
    pub fn function(&self) -> Function {
        self.rules.function
    }

    /// The values of the intervals from number `first` on, `most` at the most. Whatever the pages, the values are the
    /// same. Memory does not depend on how many samples they have.
    pub fn read<S: Source>(
        &self,
        source: &S,
        first: u64,
        most: usize,
    ) -> Result<Vec<Processed>, S::Error> {
        let end = self.count().min(first.saturating_add(most as u64));
        if first >= end {
            return Ok(Vec::new());
        }
        let mut read = if self.rules.is_backward {
            let mut read = Sweep::new(self.rules, source).run((first..end).rev(), self)?;
            read.reverse();
            read
        } else {
            Sweep::new(self.rules, source).run(first..end, self)?
        };
        if self.rules.function == Function::AnnotationCount {
            for (number, processed) in (first..end).zip(&mut read) {
                let edges = self.edges(number);
                let from = Timestamp::from_ticks(edges.first(self.rules));
                let to = Timestamp::from_ticks(edges.end(self.rules));
                let annotations = source.count_annotations(from, to)?;
                processed.value = i32::try_from(annotations).unwrap_or(i32::MAX).into();
            }
        }
        Ok(read)
    }

    /// Where an interval lies.
    pub(super) fn edges(&self, number: u64) -> Edges {
        let from = number.saturating_mul(self.step).min(self.range);
        let to = from.saturating_add(self.step).min(self.range);
        let is_cut = to - from < self.step;
        let at = |ticks: u64| {
            if self.rules.is_backward {
                self.start.saturating_sub_unsigned(ticks)
            } else {
                self.start.saturating_add_unsigned(ticks)
            }
        };
        let (one, other) = (at(from), at(to));
        Edges { low: one.min(other), high: one.max(other), is_cut }
    }
}

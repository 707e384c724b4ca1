//! One interval: what it takes of its samples, and the value that it gives.

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::bound::{self, Ahead, Bound, Past};
use crate::ua::aggregate::function::{Bounds, Measure};
use crate::ua::aggregate::regions::Regions;
use crate::ua::aggregate::rules::{Class, Rules, is_no_data};
use crate::ua::aggregate::values::Values;
use crate::ua::aggregate::{Columns, Function, PARTIAL, RESOLUTION_TICKS};

/// The value of one interval, or at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Processed {
    /// Start of the interval, or when the value was sampled.
    pub time: Timestamp,
    /// Value; null if there is none.
    pub value: Variant,
    /// Status code with the historian's bits.
    pub status: u32,
}

/// From one tick to another, and what the interval is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edges {
    /// The earlier one.
    pub(super) low: i64,
    /// The later one.
    pub(super) high: i64,
    /// It is shorter than the others, or was not seen whole.
    pub(super) is_cut: bool,
}

impl Edges {
    /// The first tick whose samples belong to it; a sample at the edge belongs to the interval that begins there.
    pub(super) fn first(self, rules: Rules) -> i64 {
        self.low + i64::from(rules.is_backward)
    }

    /// The tick behind the last whose samples belong to it.
    pub(super) fn end(self, rules: Rules) -> i64 {
        self.high + i64::from(rules.is_backward)
    }
}

/// An interval at work.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    pub(super) rules: Rules,
    pub(super) edges: Edges,
    /// The values at its earlier and at its later edge.
    pub(super) low: Bound,
    pub(super) high: Bound,
    pub(super) values: Values,
    pub(super) regions: Regions,
    /// When data began, if within it.
    began: Option<i64>,
    has_begun: bool,
    /// What is known at its end is less than history will know (4.3.2).
    is_foreseen: bool,
}

impl Interval {
    pub(super) fn open(rules: Rules, edges: Edges, past: &Past, ahead: &Ahead) -> Self {
        let low = bound_at(rules, edges.low, past, ahead);
        let previous = past.usable.map(|it| it.value);
        Self {
            rules,
            edges,
            low,
            high: Bound::NONE,
            values: Values::behind(previous),
            regions: Regions::new(rules, (edges.low, edges.high), &low),
            began: None,
            has_begun: past.has_begun,
            is_foreseen: false,
        }
    }

    /// Counts samples that belong to it.
    pub(super) fn take(&mut self, columns: &Columns<'_>) {
        if !self.has_begun
            && let Some(index) = columns.statuses.iter().position(|it| !is_no_data(*it))
        {
            self.has_begun = true;
            self.began = Some(columns.ticks[index]);
        }
        self.values.take(self.rules, columns);
        if matches!(self.rules.function.measure(), Measure::Time | Measure::ExtremesOverTime) {
            self.regions.take(self.rules, columns, &mut self.values);
        }
    }

    /// It is to be calculated before a sample that is not bad has come: an interpolated bound is only estimated then.
    pub(super) fn foresee(&mut self, ahead: &Ahead) {
        let is_estimated = self.rules.function.bounds() == Bounds::Interpolated;
        self.is_foreseen |= is_estimated && ahead.usable.is_none();
    }

    /// Its value, now that all its samples are counted.
    pub(super) fn close(mut self, past: &Past, ahead: &Ahead) -> Processed {
        let rules = self.rules;
        let last = past.last.map(|it| it.time.ticks());
        let is_over = ahead.next.is_none() && last.is_some_and(|it| it < self.edges.high);
        let is_behind = is_over && last.is_some_and(|it| it < self.edges.first(rules));
        let goes_on = rules.function.bounds() == Bounds::Interpolated;
        if rules.function != Function::AnnotationCount && (!self.has_begun || is_behind && !goes_on)
        {
            return self.no_data(0);
        }
        self.high = bound_at(rules, self.edges.high, past, ahead);
        let end = match last {
            // What happens behind the last sample is not known: the time of it ends one step of the clock later.
            Some(last) if is_over && !goes_on => self.edges.high.min(last + RESOLUTION_TICKS),
            _ => self.edges.high,
        };
        let high = self.high;
        self.regions.close(end, &high);
        let is_late = self.began.is_some_and(|it| it > self.edges.low);
        let is_partial = self.edges.is_cut || is_late || is_over && !goes_on || self.is_foreseen;
        self.value(if is_partial { PARTIAL } else { 0 })
    }

    /// Its start as the request counts time.
    pub(super) fn start(&self) -> i64 {
        if self.rules.is_backward { self.edges.high } else { self.edges.low }
    }

    /// The values at its start and at its end as the request counts time.
    pub(super) fn bounds(&self) -> (Bound, Bound) {
        if self.rules.is_backward { (self.high, self.low) } else { (self.low, self.high) }
    }

    /// There is none.
    pub(super) fn no_data(&self, partial: u32) -> Processed {
        self.bad(StatusCode::BadNoData, partial)
    }

    /// There is none, and why. Partial is the only bit of a bad value.
    pub(super) fn bad(&self, status: StatusCode, partial: u32) -> Processed {
        let time = Timestamp::from_ticks(self.start());
        Processed { time, value: Variant::Empty, status: status.bits() | partial }
    }

    /// Good, uncertain or bad by the parts of all samples (5.4.3.2.1).
    pub(super) fn by_values(&self) -> StatusCode {
        let Values { good, bad, .. } = self.values;
        self.by_parts(good as f64, bad as f64, self.values.total() as f64)
    }

    /// Good, uncertain or bad by the parts of the time (5.4.3.2.1).
    pub(super) fn by_time(&self) -> StatusCode {
        let Regions { good, bad, .. } = self.regions;
        self.by_parts(good as f64, bad as f64, self.regions.total() as f64)
    }

    /// Uncertain parts that are not treated as bad are not bad, but do not make a result good either (4.2.1.2).
    fn by_parts(&self, good: f64, bad: f64, all: f64) -> StatusCode {
        let configuration = self.rules.configuration;
        if all <= 0.0 {
            StatusCode::Good
        } else if bad > 0.0 && 100.0 * bad / all >= f64::from(configuration.percent_bad) {
            StatusCode::Bad
        } else if 100.0 * good / all >= f64::from(configuration.percent_good) {
            StatusCode::Good
        } else {
            StatusCode::UncertainDataSubNormal
        }
    }

    /// Good, or uncertain because something was left out.
    pub(super) fn unless(is_doubtful: bool) -> StatusCode {
        if is_doubtful { StatusCode::UncertainDataSubNormal } else { StatusCode::Good }
    }

    /// Whether a value at its end may be the smallest or the largest: a held value does not reach it (5.4.3.15).
    pub(super) fn reaches_its_end(&self) -> bool {
        self.rules.is_sloped() && self.bounds().1.class != Class::Bad
    }
}

/// The value at an edge, as the function wants it.
fn bound_at(rules: Rules, tick: i64, past: &Past, ahead: &Ahead) -> Bound {
    match rules.function.bounds() {
        Bounds::None => Bound::NONE,
        Bounds::Interpolated => bound::interpolated(rules, tick, past, ahead),
        Bounds::Simple => bound::simple(rules, tick, past, ahead),
    }
}

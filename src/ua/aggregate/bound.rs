//! Values at a time between samples (Part 13, 3.1.7 to 3.1.9).

use opcua_types::StatusCode;

use crate::ua::aggregate::rules::{Class, NO_DATA, Rules, code, is_no_data};
use crate::ua::aggregate::{Columns, Point};

/// What lies before a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// The last sample.
    pub(super) last: Option<Point>,
    /// The last that is not bad.
    pub(super) usable: Option<Point>,
    /// The last before `usable` that is not bad; known for sloped extrapolation only.
    pub(super) second: Option<Point>,
    /// There has been a sample.
    pub(super) has_begun: bool,
}

impl Past {
    /// Goes on behind these samples.
    pub(super) fn take(&mut self, rules: Rules, columns: &Columns<'_>) {
        if columns.is_empty() {
            return;
        }
        let mut usable = (0..columns.len())
            .rev()
            .map(|index| columns.get(index))
            .filter(|it| rules.class(it.value, it.status) != Class::Bad);
        if let Some(point) = usable.next() {
            if rules.configuration.use_sloped_extrapolation {
                let is_earlier = |it: &Point| it.time < point.time;
                self.second = usable.find(is_earlier).or(self.usable.filter(is_earlier));
            }
            self.usable = Some(point);
        }
        self.last = Some(columns.get(columns.len() - 1));
        self.has_begun = self.has_begun || columns.statuses.iter().any(|it| !is_no_data(*it));
    }
}

/// What lies at a time and behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    /// The first sample.
    pub(super) next: Option<Point>,
    /// The first that is not bad; known for interpolated bounds only.
    pub(super) usable: Option<Point>,
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) value: f64,
    pub(super) class: Class,
    /// A sample has this time.
    pub(super) is_raw: bool,
    /// Status code without bits.
    pub(super) status: u32,
}

impl Bound {
    /// There is none.
    pub(super) const NONE: Self =
        Self { value: f64::NAN, class: Class::Bad, is_raw: false, status: NO_DATA };

    fn raw(rules: Rules, point: Point) -> Self {
        match rules.class(point.value, point.status) {
            Class::Bad => Self { is_raw: true, ..Self::NONE },
            class => Self { value: point.value, class, is_raw: true, status: code(point.status) },
        }
    }

    fn between(value: f64, is_good: bool) -> Self {
        let (class, status) = if is_good {
            (Class::Good, StatusCode::Good)
        } else {
            (Class::Uncertain, StatusCode::UncertainDataSubNormal)
        };
        Self { value, class, is_raw: false, status: status.bits() }
    }
}

/// The value at `tick` from the samples next to it, whatever they are (3.1.9).
pub(super) fn simple(rules: Rules, tick: i64, past: &Past, ahead: &Ahead) -> Bound {
    if let Some(point) = at(tick, past.last).or(at(tick, ahead.next)) {
        return Bound::raw(rules, point);
    }
    let (Some(before), Some(after)) = (past.last, ahead.next) else { return Bound::NONE };
    let class = rules.class(before.value, before.status);
    if class == Class::Bad {
        return Bound::NONE;
    }
    if !rules.is_sloped() {
        return Bound::between(before.value, class == Class::Good);
    }
    match rules.class(after.value, after.status) {
        Class::Bad => Bound::between(before.value, false),
        end => Bound::between(line(before, after, tick), class.max(end) == Class::Good),
    }
}

/// The value at `tick` from the nearest samples that are not bad, or beyond the last of them (3.1.8).
pub(super) fn interpolated(rules: Rules, tick: i64, past: &Past, ahead: &Ahead) -> Bound {
    if let Some(point) = at(tick, past.usable).or(at(tick, ahead.usable)) {
        return Bound::raw(rules, point);
    }
    let Some(before) = past.usable else { return Bound::NONE };
    let is_good = |point: Point| Class::of(point.value, point.status) == Class::Good;
    let is_behind_bad = past.last.is_some_and(|it| rules.class(it.value, it.status) == Class::Bad);
    if !rules.is_sloped() {
        // What is at the time itself is bad here. Without a sample behind it, the value is extrapolated.
        let is_bad_now = at(tick, ahead.next).is_some();
        let is_inside = ahead.next.is_some() && !is_bad_now;
        return Bound::between(before.value, is_good(before) && !is_behind_bad && is_inside);
    }
    if let Some(after) = ahead.usable {
        let is_before_bad = ahead.next.is_some_and(|it| it.time < after.time);
        let is_sound = is_good(before) && is_good(after) && !is_behind_bad && !is_before_bad;
        return Bound::between(line(before, after, tick), is_sound);
    }
    let value = match past.second.filter(|_| rules.configuration.use_sloped_extrapolation) {
        Some(second) => line(second, before, tick),
        None => before.value,
    };
    Bound::between(value, false)
}

/// The sample if it has this time.
fn at(tick: i64, point: Option<Point>) -> Option<Point> {
    point.filter(|it| it.time.ticks() == tick)
}

/// The straight line through two samples, at `tick`.
fn line(from: Point, to: Point, tick: i64) -> f64 {
    let span = (to.time.ticks() - from.time.ticks()) as f64;
    if span <= 0.0 {
        return from.value;
    }
    let part = (tick - from.time.ticks()) as f64 / span;
    from.value + part * (to.value - from.value)
}

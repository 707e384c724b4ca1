//! What an aggregate has seen of one interval.

use opcua_types::Variant;

use crate::time::Timestamp;
use crate::ua::aggregate::{CALCULATED, Function, Point, RAW, TICKS_PER_MS};

/// What has been seen of one interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    count: u32,
    mean: f64,
    /// Sum of squared deviations from the mean (Welford, 1962).
    squares: f64,
    least: Option<Point>,
    most: Option<Point>,
    first: Option<Point>,
    last: Option<Point>,
    first_good: Option<f64>,
    last_good: Option<f64>,
    transitions: u32,
    /// Integral over good time, unit times ticks.
    pub(super) area: f64,
    pub(super) good_ticks: i64,
    pub(super) bad_ticks: i64,
}

impl Tally {
    /// That of the interval behind it: a transition may have begun before it.
    pub(super) fn next(&self) -> Self {
        Self { last_good: self.last_good, ..Self::default() }
    }

    /// Counts a sample.
    pub(super) fn take(&mut self, point: Point, is_good: bool) {
        self.first.get_or_insert(point);
        self.last = Some(point);
        let Some(value) = point.value.filter(|_| is_good) else { return };
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (value - self.mean);
        if self.least.and_then(|it| it.value).is_none_or(|it| value < it) {
            self.least = Some(point);
        }
        if self.most.and_then(|it| it.value).is_none_or(|it| value > it) {
            self.most = Some(point);
        }
        if self.last_good.is_some_and(|it| it.to_bits() != value.to_bits()) {
            self.transitions += 1;
        }
        self.first_good.get_or_insert(value);
        self.last_good = Some(value);
    }

    /// Time, value and historian's bits; `None` without data.
    pub(super) fn value(
        &self,
        function: Function,
        start: i64,
    ) -> Option<(Timestamp, Variant, u32)> {
        use Function as F;
        let start = Timestamp::from_ticks(start);
        let calculated = |value: f64| Some((start, Variant::from(value), CALCULATED));
        let sampled = |point: Option<Point>| {
            point.and_then(|it| Some((it.time, Variant::from(it.value?), RAW)))
        };
        let at_start = |point: Option<Point>| {
            let point = point?;
            let bits = if point.time == start { RAW } else { CALCULATED };
            Some((start, Variant::from(point.value?), bits))
        };
        let good = self.good_ticks as f64;
        let seen = good + self.bad_ticks as f64;
        match function {
            F::Average if self.count > 0 => calculated(self.mean),
            F::TimeAverage if good > 0.0 => calculated(self.area / good),
            F::Total if good > 0.0 => calculated(self.area / (1000.0 * TICKS_PER_MS)),
            F::Minimum => at_start(self.least),
            F::Maximum => at_start(self.most),
            F::MinimumActualTime => sampled(self.least),
            F::MaximumActualTime => sampled(self.most),
            F::Range => calculated(self.most?.value? - self.least?.value?),
            F::Count => Some((start, Variant::from(self.count as i32), CALCULATED)),
            F::NumberOfTransitions => {
                Some((start, Variant::from(self.transitions as i32), CALCULATED))
            }
            F::Start => sampled(self.first),
            F::End => sampled(self.last),
            F::Delta => {
                self.first.and(self.last_good).and_then(|it| calculated(it - self.first_good?))
            }
            F::DurationGood if seen > 0.0 => calculated(good / TICKS_PER_MS),
            F::DurationBad if seen > 0.0 => calculated(self.bad_ticks as f64 / TICKS_PER_MS),
            F::PercentGood if seen > 0.0 => calculated(100.0 * good / seen),
            F::PercentBad if seen > 0.0 => calculated(100.0 * self.bad_ticks as f64 / seen),
            F::StandardDeviationSample => self.variance(1).and_then(|it| calculated(it.sqrt())),
            F::StandardDeviationPopulation => self.variance(0).and_then(|it| calculated(it.sqrt())),
            F::VarianceSample => self.variance(1).and_then(calculated),
            F::VariancePopulation => self.variance(0).and_then(calculated),
            _ => None,
        }
    }

    /// Variance over the number of samples less `less`; one sample has none to speak of, so 0.
    fn variance(&self, less: u32) -> Option<f64> {
        match self.count {
            0 => None,
            1 => Some(0.0),
            count => Some(self.squares / f64::from(count - less)),
        }
    }
}

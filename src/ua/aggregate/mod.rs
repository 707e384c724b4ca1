//! Aggregates of monitored items (Part 4, 7.22.4; Part 13): one value per processing interval, calculated
//! from the samples as they come.

mod function;
mod tally;

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::tally::Tally;

pub use function::Function;

/// A value that was calculated (Part 4, 7.39.1, Table 177): InfoType DataValue and the historian's bits.
const CALCULATED: u32 = 0x0401;
/// A value as sampled.
const RAW: u32 = 0x0400;
/// The interval was not seen whole.
const PARTIAL: u32 = 0x0404;
/// Intervals that one sample may finish; after a longer gap the oldest are not reported.
const MOST_FINISHED: i64 = 100;
/// Ticks of 100 ns in a millisecond.
const TICKS_PER_MS: f64 = 10_000.0;

/// AggregateConfiguration (Part 13, 4.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// An uncertain sample counts as bad.
    pub treat_uncertain_as_bad: bool,
    /// From so many percent of bad time on a result is bad.
    pub percent_bad: u8,
    /// From so many percent of good time on a result is good.
    pub percent_good: u8,
}

impl Default for Configuration {
    /// The standard's own defaults.
    fn default() -> Self {
        Self { treat_uncertain_as_bad: true, percent_bad: 100, percent_good: 100 }
    }
}

/// What a client asks for, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AggregateSettings {
    /// What.
    pub function: Function,
    /// Intervals begin here and at every whole number of intervals before and after.
    pub start: Timestamp,
    /// Length of an interval, ms, above 0.
    pub interval_ms: f64,
    /// What counts as good.
    pub configuration: Configuration,
}

/// A sample of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub time: Timestamp,
    /// The number; `None` if there is none.
    pub value: Option<f64>,
    /// Status code.
    pub status: u32,
}

/// The value of one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Start of the interval, or when the value was sampled.
    pub time: Timestamp,
    /// Value; null if there is none.
    pub value: Variant,
    /// Status code with the historian's bits.
    pub status: u32,
}

/// An aggregate at work.
#[derive(Clone, Debug)]
pub struct Aggregate {
    settings: AggregateSettings,
    ticks: i64,
    start: i64,
    last: Option<Point>,
    is_partial: bool,
    tally: Tally,
}

impl Aggregate {
    /// Starts at the interval that `now` lies in, or at its start if that is yet to come.
    pub fn new(settings: AggregateSettings, now: Timestamp) -> Self {
        let now = now.max(settings.start);
        let ticks = ((settings.interval_ms * TICKS_PER_MS) as i64).max(1);
        let phase = (now.ticks().saturating_sub(settings.start.ticks())).rem_euclid(ticks);
        Self {
            settings,
            ticks,
            start: now.ticks() - phase,
            last: None,
            is_partial: phase != 0,
            tally: Tally::default(),
        }
    }

    /// What was asked for.
    pub fn settings(&self) -> AggregateSettings {
        self.settings
    }

    /// Start of the interval that is being calculated.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_ticks(self.start)
    }

    /// Takes a sample: the intervals that it ends, oldest first.
    pub fn feed(&mut self, point: Point) -> Vec<Finished> {
        let mut finished = Vec::new();
        if self.last.is_some_and(|last| point.time < last.time) {
            return finished;
        }
        if point.time.ticks() < self.start {
            self.last = Some(point);
            return finished;
        }
        let behind = (point.time.ticks() - self.start) / self.ticks;
        if behind > MOST_FINISHED {
            self.start += (behind - MOST_FINISHED) * self.ticks;
            self.tally = Tally::default();
            self.is_partial = true;
        }
        while point.time.ticks() >= self.start + self.ticks {
            let end = Timestamp::from_ticks(self.start + self.ticks);
            self.pass(point, end);
            finished.push(self.result());
            self.start += self.ticks;
            self.tally = self.tally.next();
            self.is_partial = false;
        }
        self.pass(point, point.time);
        self.tally.take(point, self.is_good(point));
        self.last = Some(point);
        finished
    }

    fn is_good(&self, point: Point) -> bool {
        let severity = point.status >> 30;
        point.value.is_some_and(f64::is_finite)
            && (severity == 0
                || (severity == 1 && !self.settings.configuration.treat_uncertain_as_bad))
    }

    /// Accounts for the time from the last sample, or the start of the interval, up to `until`.
    fn pass(&mut self, next: Point, until: Timestamp) {
        let Some(last) = self.last else { return };
        let from = last.time.ticks().max(self.start);
        let span = until.ticks() - from;
        if span <= 0 {
            return;
        }
        if !self.is_good(last) {
            self.tally.bad_ticks += span;
            return;
        }
        self.tally.good_ticks += span;
        let line = |at: i64| {
            let first = last.value.unwrap_or_default();
            let whole = next.time.ticks() - last.time.ticks();
            if whole <= 0 || !self.is_good(next) {
                return first;
            }
            let part = (at - last.time.ticks()) as f64 / whole as f64;
            first + part * (next.value.unwrap_or_default() - first)
        };
        self.tally.area += f64::midpoint(line(from), line(until.ticks())) * span as f64;
    }

    fn result(&self) -> Finished {
        let partial = if self.is_partial { PARTIAL } else { 0 };
        let Some((time, value, bits)) = self.tally.value(self.settings.function, self.start) else {
            let time = Timestamp::from_ticks(self.start);
            return Finished { time, value: Variant::Empty, status: StatusCode::BadNoData.bits() };
        };
        let status = self.severity().bits() | bits | partial;
        let value = if status >> 30 == 2 { Variant::Empty } else { value };
        Finished { time, value, status }
    }

    /// Good, uncertain or bad by the parts of the time (Part 13, 4.2.1.2).
    fn severity(&self) -> StatusCode {
        use Function as F;
        let is_of_time = matches!(
            self.settings.function,
            F::DurationGood | F::DurationBad | F::PercentGood | F::PercentBad
        );
        let seen = (self.tally.good_ticks + self.tally.bad_ticks) as f64;
        if is_of_time || seen <= 0.0 {
            return StatusCode::Good;
        }
        let Configuration { percent_bad, percent_good, .. } = self.settings.configuration;
        let (good, bad) = (self.tally.good_ticks as f64, self.tally.bad_ticks as f64);
        if bad > 0.0 && 100.0 * bad / seen >= f64::from(percent_bad) {
            StatusCode::Bad
        } else if 100.0 * good / seen >= f64::from(percent_good) {
            StatusCode::Good
        } else {
            StatusCode::UncertainDataSubNormal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals of 10 s from 0.
    fn aggregate(function: Function) -> Aggregate {
        let settings = AggregateSettings {
            function,
            start: Timestamp::from_ticks(0),
            interval_ms: 10_000.0,
            configuration: Configuration::default(),
        };
        Aggregate::new(settings, at(0.0))
    }

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_ticks(0).plus_s(seconds)
    }

    fn point(seconds: f64, value: f64) -> Point {
        Point { time: at(seconds), value: Some(value), status: 0 }
    }

    /// A ramp from 0 by 1 per second, a sample each second, and the interval from 0 to 10 s.
    fn of_ramp(function: Function) -> Finished {
        let mut aggregate = aggregate(function);
        let mut all: Vec<Finished> = Vec::new();
        for second in 0..=10 {
            all.extend(aggregate.feed(point(f64::from(second), f64::from(second))));
        }
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn mon_26_each_function_of_a_ramp() {
        use Function as F;
        let number = |function| match of_ramp(function).value {
            Variant::Double(it) => it,
            Variant::Int32(it) => f64::from(it),
            other => panic!("{other:?}"),
        };
        let expected = [
            (F::Average, 4.5),
            (F::TimeAverage, 5.0),
            (F::Total, 50.0),
            (F::Minimum, 0.0),
            (F::Maximum, 9.0),
            (F::MinimumActualTime, 0.0),
            (F::MaximumActualTime, 9.0),
            (F::Range, 9.0),
            (F::Count, 10.0),
            (F::NumberOfTransitions, 9.0),
            (F::Start, 0.0),
            (F::End, 9.0),
            (F::Delta, 9.0),
            (F::DurationGood, 10_000.0),
            (F::DurationBad, 0.0),
            (F::PercentGood, 100.0),
            (F::PercentBad, 0.0),
            (F::VariancePopulation, 8.25),
            (F::VarianceSample, 82.5 / 9.0),
            (F::StandardDeviationPopulation, 8.25_f64.sqrt()),
            (F::StandardDeviationSample, (82.5_f64 / 9.0).sqrt()),
        ];
        assert_eq!(expected.len(), Function::ALL.len());
        for (function, value) in expected {
            assert!((number(function) - value).abs() < 1e-9, "{function:?}");
        }
    }

    #[test]
    fn mon_26_times_and_bits_say_what_was_calculated() {
        let average = of_ramp(Function::Average);
        assert_eq!((average.time, average.status), (at(0.0), CALCULATED));
        let most = of_ramp(Function::MaximumActualTime);
        assert_eq!((most.time, most.status), (at(9.0), RAW));
    }

    #[test]
    fn mon_26_one_value_per_interval_even_after_a_gap_and_none_without_data() {
        let mut aggregate = aggregate(Function::Average);
        assert!(aggregate.feed(point(1.0, 7.0)).is_empty());
        let all = aggregate.feed(point(35.0, 9.0));
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].value, Variant::from(7.0));
        assert_eq!(all[1].status, StatusCode::BadNoData.bits());
        assert!(aggregate.feed(point(1e9, 1.0)).len() <= 101, "a long gap is bounded");
    }

    #[test]
    fn mon_26_bad_time_makes_a_result_uncertain_and_then_bad() {
        let mut aggregate = aggregate(Function::Average);
        let bad = |seconds| Point {
            time: at(seconds),
            value: None,
            status: StatusCode::BadSensorFailure.bits(),
        };
        aggregate.feed(point(0.0, 1.0));
        aggregate.feed(bad(5.0));
        let half = aggregate.feed(bad(10.0)).remove(0);
        assert_eq!(half.status, StatusCode::UncertainDataSubNormal.bits() | CALCULATED);
        let none = aggregate.feed(bad(20.0)).remove(0);
        assert_eq!(none.status >> 30, 2);
        assert_eq!(none.value, Variant::Empty);
    }

    #[test]
    fn mon_26_an_interval_that_was_not_seen_whole_is_partial() {
        let settings = aggregate(Function::Count).settings;
        let mut late = Aggregate::new(settings, at(4.0));
        late.feed(point(4.0, 1.0));
        let first = late.feed(point(10.0, 1.0)).remove(0);
        assert_eq!((first.time, first.status & PARTIAL), (at(0.0), PARTIAL));
        let second = late.feed(point(20.0, 1.0)).remove(0);
        assert_eq!(second.status & 0x04, 0);
    }
}

//! Aggregates of monitored items.

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::tests::memory::number;
use crate::ua::aggregate::{
    Aggregate, AggregateSettings, CALCULATED, Configuration, Function, Kind, PARTIAL, Point,
    Processed, RAW,
};

/// Intervals of 10 s from 0.
fn aggregate(function: Function) -> Aggregate {
    let settings = AggregateSettings {
        function,
        start: Timestamp::from_ticks(0),
        interval_ms: 10_000.0,
        configuration: Configuration::default(),
        is_stepped: false,
        kind: Kind::F64,
    };
    Aggregate::new(settings, at(0.0))
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_ticks(0).plus_s(seconds)
}

fn point(seconds: f64, value: f64) -> Point {
    Point { time: at(seconds), value, status: 0 }
}

/// A ramp from 0 by 1 per second, a sample each second, and the interval from 0 to 10 s.
fn of_ramp(function: Function) -> Processed {
    let mut aggregate = aggregate(function);
    let mut all: Vec<Processed> = Vec::new();
    for second in 0..=10 {
        all.extend(aggregate.feed(point(f64::from(second), f64::from(second))));
    }
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The sample at 10 s ends the interval and is the value at its end.
#[test]
fn mon_26_each_function_of_a_ramp() {
    use Function as F;
    let expected = [
        (F::Interpolative, 0.0),
        (F::Average, 4.5),
        (F::TimeAverage, 5.0),
        (F::TimeAverage2, 5.0),
        (F::Total, 50.0),
        (F::Total2, 50.0),
        (F::Minimum, 0.0),
        (F::Maximum, 9.0),
        (F::MinimumActualTime, 0.0),
        (F::MaximumActualTime, 9.0),
        (F::Range, 9.0),
        (F::Minimum2, 0.0),
        (F::Maximum2, 10.0),
        (F::MinimumActualTime2, 0.0),
        (F::MaximumActualTime2, 10.0),
        (F::Range2, 10.0),
        (F::AnnotationCount, 0.0),
        (F::Count, 10.0),
        (F::DurationInStateZero, 1000.0),
        (F::DurationInStateNonZero, 9000.0),
        // 5.4.3.24: the first value of all is one too.
        (F::NumberOfTransitions, 10.0),
        (F::Start, 0.0),
        (F::End, 9.0),
        (F::Delta, 9.0),
        (F::StartBound, 0.0),
        (F::EndBound, 10.0),
        (F::DeltaBounds, 10.0),
        (F::DurationGood, 10_000.0),
        (F::DurationBad, 0.0),
        (F::PercentGood, 100.0),
        (F::PercentBad, 0.0),
        (F::WorstQuality, 0.0),
        (F::WorstQuality2, 0.0),
        (F::VariancePopulation, 8.25),
        (F::VarianceSample, 82.5 / 9.0),
        (F::StandardDeviationPopulation, 8.25_f64.sqrt()),
        (F::StandardDeviationSample, (82.5_f64 / 9.0).sqrt()),
    ];
    assert_eq!(expected.len(), Function::ALL.len());
    for (function, value) in expected {
        assert!((number(&of_ramp(function).value) - value).abs() < 1e-9, "{function:?}");
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
        value: f64::NAN,
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
    let settings = aggregate(Function::Count).settings();
    let mut late = Aggregate::new(settings, at(4.0));
    late.feed(point(4.0, 1.0));
    let first = late.feed(point(10.0, 1.0)).remove(0);
    assert_eq!((first.time, first.status & PARTIAL), (at(0.0), PARTIAL));
    let second = late.feed(point(20.0, 1.0)).remove(0);
    assert_eq!(second.status & 0x04, 0);
}

/// Part 13, 4.3.2: a bound that is not known yet makes the value partial; history will know better.
#[test]
fn mon_26_an_estimated_bound_makes_a_value_partial() {
    let mut aggregate = aggregate(Function::TimeAverage);
    aggregate.feed(point(0.0, 1.0));
    let bad =
        Point { time: at(10.0), value: f64::NAN, status: StatusCode::BadSensorFailure.bits() };
    let first = aggregate.feed(bad).remove(0);
    let expected = StatusCode::UncertainDataSubNormal.bits() | CALCULATED | PARTIAL;
    assert_eq!((first.value, first.status), (Variant::from(1.0), expected));
}

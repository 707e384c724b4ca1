//! What queries are refused, and how intervals lie.

use opcua_types::Variant;

use crate::ua::aggregate::tests::memory::{Historian, at, check, number, point};
use crate::ua::aggregate::{Configuration, Function as F, PercentError, Query, QueryError};

fn query() -> Query {
    let historian = Historian::new(1);
    historian.query(F::Count, 16.0)
}

/// Part 13, 5.4.2.2: no intervals, whether there is data or not.
#[test]
fn ha_30_start_and_end_at_once_are_refused() {
    let asked = Query { end: at(0.0), ..query() };
    assert_eq!(asked.check().unwrap_err(), QueryError::NoTime);
}

/// Part 13, 4.2.1.2.
#[test]
fn ha_32_percentages_that_cannot_be_are_refused() {
    for (good, bad) in [(101, 100), (100, 101), (49, 50), (0, 99), (255, 255)] {
        let configuration =
            Configuration { percent_good: good, percent_bad: bad, ..Configuration::default() };
        let asked = Query { configuration, ..query() };
        let refused = QueryError::Percent(PercentError { good, bad });
        assert_eq!(asked.check().unwrap_err(), refused);
    }
    for (good, bad) in [(100, 0), (50, 50), (0, 100), (100, 100)] {
        let configuration =
            Configuration { percent_good: good, percent_bad: bad, ..Configuration::default() };
        assert!(configuration.check().is_ok(), "{good} {bad}");
    }
}

#[test]
fn ha_33_a_negative_interval_is_refused() {
    for ms in [-1.0, -0.001, f64::NEG_INFINITY, f64::NAN] {
        let asked = Query { interval_ms: ms, ..query() };
        assert!(matches!(asked.check(), Err(QueryError::Interval { .. })), "{ms}");
    }
}

#[test]
fn ha_33_no_interval_is_the_whole_time_and_a_longer_one_is_partial() {
    let historian = Historian::new(1);
    let whole = Query { start: at(10.0), end: at(30.0), interval_ms: 0.0, ..query() };
    check("whole", &historian.read(whole), "0:10.000 2 Good, Calculated");
    for interval_ms in [60_000.0, f64::INFINITY] {
        let longer = Query { interval_ms, ..whole };
        check("longer", &historian.read(longer), "0:10.000 2 Good, Calculated, Partial");
    }
}

/// Part 13, 5.4.2.2: the last interval takes what remains.
#[test]
fn ha_33_the_last_interval_is_shorter_and_partial() {
    let historian = Historian::new(1);
    let asked = Query { start: at(50.0), end: at(70.0), interval_ms: 15_000.0, ..query() };
    let table = "0:50.000 2 Good, Calculated\n1:05.000 0 Good, Calculated, Partial";
    check("last", &historian.read(asked), table);
}

/// Part 13, 5.4.2.2, and the forum of the OPC Foundation in 2016: time runs backward, and still the start belongs to an
/// interval and the end does not.
#[test]
fn ha_29_backward_intervals_begin_at_their_later_end() {
    let historian = Historian::new(1);
    let asked = Query {
        function: F::Minimum,
        start: at(60.0),
        end: at(10.0),
        interval_ms: 20_000.0,
        ..query()
    };
    let table = "1:00.000 50 Good, Calculated
                 0:40.000 30 UncertainDataSubNormal, Calculated
                 0:20.000 20 Good, Partial";
    check("backward", &historian.read(asked), table);
}

/// StartBound is the value at the start of the request's interval, whichever way time runs.
#[test]
fn ha_29_backward_bounds_are_those_of_the_request() {
    let historian = Historian::new(1);
    let asked = Query {
        function: F::StartBound,
        start: at(25.0),
        end: at(15.0),
        interval_ms: 0.0,
        ..query()
    };
    check("start", &historian.read(asked), "0:25.000 25 Good, Interpolated");
    let asked = Query { function: F::DeltaBounds, ..asked };
    check("delta", &historian.read(asked), "0:25.000 -10 Good, Calculated");
}

/// Time itself is the same either way.
#[test]
fn ha_29_durations_and_means_are_the_same_backward() {
    let historian = Historian::new(2);
    for function in [F::TimeAverage, F::TimeAverage2, F::DurationGood, F::PercentBad, F::Total2] {
        let forward = Query { function, start: at(20.0), end: at(80.0), ..query() };
        let backward = Query { start: forward.end, end: forward.start, ..forward };
        let one = historian.read(Query { interval_ms: 20_000.0, ..forward });
        let other = historian.read(Query { interval_ms: 20_000.0, ..backward });
        let values = |it: &Variant| (number(it) * 1e9).round();
        let one: Vec<f64> = one.iter().map(|it| values(&it.value)).collect();
        let other: Vec<f64> = other.iter().rev().map(|it| values(&it.value)).collect();
        assert_eq!(one, other, "{function:?}");
    }
}

/// Ten million intervals are counted without being made.
#[test]
fn ha_36_many_intervals_are_answered_in_pages() {
    let historian = Historian::new(1);
    let asked = Query { end: at(1e7), interval_ms: 1000.0, ..query() };
    let intervals = asked.check().unwrap();
    assert_eq!(intervals.count(), 10_000_000);
    let page = intervals.read(&historian.memory, 5_000_000, 100).unwrap();
    assert_eq!((page.len(), page[0].time), (100, at(5e6)));
    assert!(intervals.read(&historian.memory, 10_000_000, 100).unwrap().is_empty());
}

/// Part 13, 3.1.8, SlopedExtrapolation: the line through the last two values goes on.
#[test]
fn ha_29_sloped_extrapolation_goes_on() {
    let mut historian = Historian::new(2);
    historian.configuration.use_sloped_extrapolation = true;
    let asked = historian.query(F::Interpolative, 5.0);
    let values = historian.read(asked);
    check("sloped", &values[19..], "1:35.000 102.5 UncertainDataSubNormal, Interpolated");
}

/// A page that begins behind samples that all say that there is no data knows that there has been some before.
#[test]
fn ha_36_a_page_knows_that_data_has_begun() {
    let mut historian = Historian::new(2);
    historian.memory.points.truncate(4);
    let status = opcua_types::StatusCode::BadNoData;
    historian.memory.points.extend([point(40.0, None, status), point(41.0, None, status)]);
    historian.memory.points.push(point(60.0, Some(1.0), opcua_types::StatusCode::Good));
    for function in [F::Count, F::TimeAverage, F::DurationBad] {
        let intervals = historian.query(function, 10.0).check().unwrap();
        let whole = intervals.read(&historian.memory, 0, 100).unwrap();
        let page = intervals.read(&historian.memory, 5, 1).unwrap();
        assert_eq!(whole[5..6], page, "{function:?}");
    }
}

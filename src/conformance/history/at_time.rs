//! Values at given times (Part 11, 6.5.5).

use opcua_types::{ReadAtTimeDetails, StatusCode, Variant};

use crate::conformance::expect::{code, equal};
use crate::conformance::history::annex::{lines_of, regular};
use crate::conformance::history::record::{Point, Record, point};
use crate::conformance::{Bench, Check};

/// A read at these times.
pub(super) fn at(record: &Record, seconds: &[f64], use_simple_bounds: bool) -> ReadAtTimeDetails {
    let times = seconds.iter().map(|it| record.at(*it)).collect();
    ReadAtTimeDetails { req_times: Some(times), use_simple_bounds }
}

pub(super) fn ha_18(bench: &Bench) -> Check {
    let mut record = Record::alone(bench, "Instants", 18)?;
    record.fill(&regular())?;
    // In the order of the request, a stored value as it is; a bad one without its number.
    let stored =
        ["1:30.000 90 Good", "0:10.000 10 Good", "0:40.000 - Bad", "1:10.000 70 Uncertain"];
    let between = [
        "0:05.000 - BadNoData",
        "0:15.000 15 Good, Interpolated",
        "0:35.000 35 UncertainDataSubNormal, Interpolated",
        "0:45.000 45 UncertainDataSubNormal, Interpolated",
        "1:05.000 65 UncertainDataSubNormal, Interpolated",
        "1:35.000 90 UncertainDataSubNormal, Interpolated",
    ];
    let simple = [
        "0:05.000 - BadNoData",
        "0:15.000 15 Good, Interpolated",
        "0:35.000 30 UncertainDataSubNormal, Interpolated",
        "0:45.000 - BadNoData",
        // The sample behind it is uncertain, which by default counts as bad.
        "1:05.000 60 UncertainDataSubNormal, Interpolated",
        "1:35.000 - BadNoData",
    ];
    let times = [5.0, 15.0, 35.0, 45.0, 65.0, 95.0];
    for (times, use_simple_bounds, wanted) in [
        (&[90.0, 10.0, 40.0, 70.0][..], false, &stored[..]),
        (&times, false, &between),
        (&times, true, &simple),
    ] {
        let details = at(&record, times, use_simple_bounds);
        let found = record.read(details)?;
        code(found.status, &[StatusCode::Good], "ReadAtTime")?;
        let of = format!("ReadAtTime with simple bounds {use_simple_bounds}");
        equal(
            lines_of(&record, &found.values),
            wanted.iter().map(|it| (*it).to_owned()).collect(),
            &of,
        )?;
    }
    held(bench, record)
}

/// What is no measured number holds up to the next sample.
fn held(bench: &Bench, mut record: Record) -> Check {
    record.turn_to(bench, "String")?;
    record.fill(&[point(0.0, "one"), point(10.0, "two")])?;
    let details = at(&record, &[5.0, 10.0], false);
    let found = record.read(details)?;
    let values = record.points(&found.values).into_iter();
    let values: Vec<(f64, Variant)> = values.map(|Point { at, value, .. }| (at, value)).collect();
    equal(values, vec![(5.0, "one".into()), (10.0, "two".into())], "ReadAtTime of texts")
}

pub(super) fn ha_19(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 19)?;
    let wanted = [StatusCode::BadNothingToDo, StatusCode::BadInvalidArgument];
    for times in [None, Some(Vec::new())] {
        let details = ReadAtTimeDetails { req_times: times, use_simple_bounds: false };
        code(record.refusal(details)?, &wanted, "ReadAtTime without times")?;
    }
    Ok(())
}

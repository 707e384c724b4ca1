//! Processed reads (Part 11, 6.5.4): what is wrong with the question.

use opcua_types::{
    AggregateConfiguration, HistoryReadRequest, HistoryReadResponse, NodeId, ObjectId,
    ReadProcessedDetails, StatusCode,
};

use crate::conformance::expect::{code, equal, good, refused, that};
use crate::conformance::history::record::{
    Answered, Record, going_on, line_of, read, read_request, reading, results,
};
use crate::conformance::{Bench, Check, Stop};

const AVERAGE: u32 = ObjectId::AggregateFunction_Average as u32;
const COUNT: u32 = ObjectId::AggregateFunction_Count as u32;
const INVALID: &[StatusCode] = &[StatusCode::BadInvalidArgument];
const FINE: &[StatusCode] = &[StatusCode::Good];
/// Bit Partial of a status.
const PARTIAL: u32 = 4;

/// Averages from here to there, with the server's defaults.
fn averages(record: &Record, from: f64, to: f64, interval_s: f64) -> ReadProcessedDetails {
    ReadProcessedDetails {
        start_time: record.at(from),
        end_time: record.at(to),
        processing_interval: interval_s * 1000.0,
        aggregate_type: Some(vec![NodeId::new(0, AVERAGE)]),
        aggregate_configuration: AggregateConfiguration {
            use_server_capabilities_defaults: true,
            ..AggregateConfiguration::default()
        },
    }
}

/// A history with a sample each ten seconds from 0 to 90, each with its number of seconds.
fn ten(bench: &Bench, number: i64) -> Result<Record, Stop> {
    let mut record = Record::of(bench, "Double", number)?;
    record.fill(&line_of((0..100).step_by(10)))?;
    Ok(record)
}

/// Times and values.
fn numbers(record: &Record, answered: &Answered) -> Vec<(f64, String)> {
    let points = record.points(&answered.values).into_iter();
    points.map(|it| (it.at, it.value.to_string())).collect()
}

pub(super) fn ha_30(bench: &Bench) -> Check {
    let mut record = ten(bench, 30)?;
    let details = averages(&record, 50.0, 50.0, 10.0);
    let found = record.read(details)?;
    code(found.status, INVALID, "a start that is the end")
}

pub(super) fn ha_31(bench: &Bench) -> Check {
    let mut record = ten(bench, 31)?;
    let unsupported = [StatusCode::BadAggregateNotSupported];
    for function in [NodeId::new(0, 85_u32), NodeId::new(60_000, "none"), NodeId::null()] {
        let details = ReadProcessedDetails {
            aggregate_type: Some(vec![function.clone()]),
            ..averages(&record, 0.0, 100.0, 10.0)
        };
        let status = record.refusal(details)?;
        code(status, &unsupported, &format!("the aggregate {function}"))?;
    }
    let average = NodeId::new(0, AVERAGE);
    for (functions, nodes) in [
        (Some(vec![average.clone(); 2]), 1),
        (Some(vec![average.clone()]), 2),
        (Some(Vec::new()), 1),
        (None, 1),
    ] {
        let of = format!("{:?} aggregates of {nodes} nodes", functions.as_ref().map(Vec::len));
        let details = ReadProcessedDetails {
            aggregate_type: functions,
            ..averages(&record, 0.0, 100.0, 10.0)
        };
        let nodes = vec![reading(&record.node); nodes];
        let request = read_request(&record.link, details, nodes);
        let answer = record.link.call::<HistoryReadResponse>(&request)?;
        refused(&answer, &[StatusCode::BadAggregateListMismatch], &of)?;
    }
    Ok(())
}

pub(super) fn ha_32(bench: &Bench) -> Check {
    let mut record = ten(bench, 32)?;
    for (bad, good) in [(101, 100), (100, 101), (255, 255), (50, 49), (0, 0)] {
        let details = ReadProcessedDetails {
            aggregate_configuration: AggregateConfiguration {
                percent_data_bad: bad,
                percent_data_good: good,
                ..AggregateConfiguration::default()
            },
            ..averages(&record, 0.0, 100.0, 10.0)
        };
        let wanted = [StatusCode::BadAggregateInvalidInputs];
        let of = format!("PercentDataBad {bad}, PercentDataGood {good}");
        code(record.refusal(details)?, &wanted, &of)?;
    }
    Ok(())
}

pub(super) fn ha_33(bench: &Bench) -> Check {
    let mut record = ten(bench, 33)?;
    let details = averages(&record, 0.0, 100.0, 0.0);
    let whole = record.read(details)?;
    code(whole.status, FINE, "an interval of 0")?;
    equal(numbers(&record, &whole), vec![(0.0, "45".to_owned())], "an interval of 0")?;
    for interval_s in [-1.0, f64::NAN] {
        let details = averages(&record, 0.0, 100.0, interval_s);
        let found = record.read(details)?;
        code(found.status, INVALID, &format!("an interval of {interval_s} s"))?;
    }
    // A count tells whether its interval is complete; an average does not (Part 13, A.3 and A.19).
    let details = ReadProcessedDetails {
        aggregate_type: Some(vec![NodeId::new(0, COUNT)]),
        ..averages(&record, 0.0, 50.0, 1000.0)
    };
    let long = record.read(details)?;
    equal(numbers(&record, &long), vec![(0.0, "5".to_owned())], "a long interval")?;
    let status = long.values[0].status.unwrap_or(StatusCode::Good);
    that(status.bits() & PARTIAL != 0, "an interval beyond the range is not Partial")?;
    // Backwards: intervals begin at their later end, to which no sample belongs but the one there.
    let details = averages(&record, 90.0, 0.0, 45.0);
    let back = record.read(details)?;
    let times: Vec<f64> = numbers(&record, &back).into_iter().map(|it| it.0).collect();
    equal(times, vec![90.0, 45.0], "intervals backwards")
}

pub(super) fn ha_34(bench: &Bench) -> Check {
    let mut record = ten(bench, 34)?;
    for name in ["String", "DateTime", "DoubleArray", "BooleanArray"] {
        record.turn_to(bench, name)?;
        let details = averages(&record, 0.0, 100.0, 10.0);
        let wanted = [
            StatusCode::BadAggregateInvalidInputs,
            StatusCode::BadTypeMismatch,
            StatusCode::BadAggregateNotSupported,
        ];
        code(record.refusal(details)?, &wanted, &format!("an average of {name}"))?;
    }
    Ok(())
}

pub(super) fn ha_35(bench: &Bench) -> Check {
    let mut record = ten(bench, 35)?;
    let plain = averages(&record, 0.0, 100.0, 20.0);
    let odd = ReadProcessedDetails {
        aggregate_configuration: AggregateConfiguration {
            use_server_capabilities_defaults: true,
            treat_uncertain_as_bad: false,
            percent_data_bad: 200,
            percent_data_good: 0,
            use_sloped_extrapolation: true,
        },
        ..plain.clone()
    };
    let (plain, odd) = (record.read(plain)?, record.read(odd)?);
    code(odd.status, FINE, "the server's defaults with odd flags")?;
    equal(numbers(&record, &plain).len(), 5, "number of intervals")?;
    equal(record.points(&odd.values), record.points(&plain.values), "the server's defaults")
}

pub(super) fn ha_36(bench: &Bench) -> Check {
    let mut record = ten(bench, 36)?;
    let details = averages(&record, 0.0, 10_000.0, 0.001);
    let node = reading(&record.node);
    let found = read(&mut record.link, details.clone(), vec![node])?.remove(0);
    if found.status == StatusCode::BadTooManyOperations {
        return Ok(());
    }
    code(found.status, FINE, "ten million intervals")?;
    that(found.has_more(), "ten million intervals come without a continuation point")?;
    that(found.values.len() < 2_000_000, format!("{} values at once", found.values.len()))?;
    let points = record.points(&found.values);
    let first = points.first().map(|it| (it.at, it.value.to_string()));
    equal(first, Some((0.0, "0".to_owned())), "the first of ten million intervals")?;
    let next = record.go_on(details.clone(), &found.more)?;
    let at = record.points(&next.values).first().map(|it| (it.at * 1000.0).round() as usize);
    equal(at, Some(points.len()), "the first interval of the second page, ms")?;
    let request = HistoryReadRequest {
        release_continuation_points: true,
        ..read_request(&record.link, details, vec![going_on(&record.node, &next.more)])
    };
    let answer = record.link.call::<HistoryReadResponse>(&request)?;
    let freed = results(Ok(good(answer, "the release")?))?;
    code(freed[0].status, FINE, "the release")
}

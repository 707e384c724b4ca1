//! Raw reads (Part 11, 6.5.3).

use opcua_types::{DateTime, ReadRawModifiedDetails, StatusCode};

use crate::conformance::expect::code;
use crate::conformance::history::record::{Record, line_of, nothing};
use crate::conformance::{Bench, Check};

/// Ten samples, one each ten seconds from 0 to 90.
fn ten() -> impl Iterator<Item = u32> {
    (0..100).step_by(10)
}

pub(super) fn ha_01(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 1)?;
    record.fill(&line_of(ten()))?;
    let range = record.raw(0.0, 90.0);
    // The end does not belong to the range.
    record.expect(range, &line_of((0..90).step_by(10)), "start and end")?;
    let counted = ReadRawModifiedDetails {
        end_time: DateTime::null(),
        num_values_per_node: 4,
        ..record.raw(20.0, 0.0)
    };
    record.expect(counted, &line_of([20, 30, 40, 50]), "start and number")?;
    let backward = ReadRawModifiedDetails {
        start_time: DateTime::null(),
        num_values_per_node: 3,
        ..record.raw(0.0, 70.0)
    };
    record.expect(backward, &line_of([70, 60, 50]), "number and end")
}

pub(super) fn ha_02(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 2)?;
    record.fill(&line_of(ten()))?;
    let range = record.raw(90.0, 20.0);
    record.expect(range, &line_of([90, 80, 70, 60, 50, 40, 30]), "backwards")?;
    let between = record.raw(85.0, 55.0);
    record.expect(between, &line_of([80, 70, 60]), "backwards between samples")
}

pub(super) fn ha_03(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 3)?;
    let (start, end) = (record.at(0.0), record.at(90.0));
    let none = DateTime::null();
    for (start, end, count, of) in [
        (start, none, 0, "a start alone"),
        (none, end, 0, "an end alone"),
        (none, none, 10, "a number alone"),
        (none, none, 0, "nothing"),
    ] {
        let details = ReadRawModifiedDetails {
            start_time: start,
            end_time: end,
            num_values_per_node: count,
            ..ReadRawModifiedDetails::default()
        };
        let wanted = [StatusCode::BadHistoryOperationInvalid, StatusCode::BadInvalidArgument];
        code(record.refusal(details)?, &wanted, of)?;
    }
    Ok(())
}

fn bounded(record: &Record, from: f64, to: f64) -> ReadRawModifiedDetails {
    ReadRawModifiedDetails { return_bounds: true, ..record.raw(from, to) }
}

pub(super) fn ha_07(bench: &Bench) -> Check {
    let mut record = Record::alone(bench, "Bounds", 7)?;
    let nowhere = |at| nothing(at, StatusCode::BadBoundNotFound);
    let range = bounded(&record, 0.0, 40.0);
    record.expect(range, &[nowhere(0.0), nowhere(40.0)], "bounds of an empty history")?;
    record.fill(&line_of([10, 20, 30]))?;
    for (from, to, wanted) in [
        (10.0, 30.0, [10, 20, 30]),
        (15.0, 25.0, [10, 20, 30]),
        (30.0, 10.0, [30, 20, 10]),
        (25.0, 15.0, [30, 20, 10]),
    ] {
        let range = bounded(&record, from, to);
        record.expect(range, &line_of(wanted), &format!("bounds from {from} s to {to} s"))?;
    }
    let mut all = line_of([10, 20, 30]);
    all.insert(0, nowhere(0.0));
    all.push(nowhere(40.0));
    let range = bounded(&record, 0.0, 40.0);
    record.expect(range, &all, "bounds where there is none")
}

pub(super) fn ha_08(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 8)?;
    let details = ReadRawModifiedDetails { is_read_modified: true, ..bounded(&record, 0.0, 90.0) };
    let status = record.refusal(details)?;
    code(status, &[StatusCode::BadInvalidArgument], "bounds of modified values")
}

pub(super) fn ha_09(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 9)?;
    record.fill(&line_of(ten()))?;
    let on = record.raw(20.0, 20.0);
    record.expect(on, &line_of([20]), "at a sample")?;
    let between = record.raw(25.0, 25.0);
    record.expect(between, &[], "between samples")?;
    let on = bounded(&record, 20.0, 20.0);
    record.expect(on, &line_of([20, 30]), "at a sample, with bounds")?;
    let between = bounded(&record, 25.0, 25.0);
    record.expect(between, &line_of([20, 30]), "between samples, with bounds")
}

pub(super) fn ha_10(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 10)?;
    record.fill(&line_of(ten()))?;
    for (from, to) in [(91.0, 500.0), (500.0, 91.0), (-500.0, 0.0), (21.0, 29.0)] {
        let range = record.raw(from, to);
        record.expect(range, &[], &format!("from {from} s to {to} s"))?;
    }
    Ok(())
}

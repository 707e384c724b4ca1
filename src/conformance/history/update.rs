//! HistoryUpdate of values (Part 11, 6.9).

use opcua_types::{
    DataValue, DateTime, DeleteAtTimeDetails, DeleteRawModifiedDetails, ExtensionObject,
    HistoryUpdateRequest, HistoryUpdateResponse, PerformUpdateType, StatusCode, UpdateDataDetails,
    VariableId, Variant,
};

use crate::conformance::expect::{code, codes, refused};
use crate::conformance::history::details::{TOO_MUCH, limit, too_much};
use crate::conformance::history::record::{Point, Record, line_of, point, updated};
use crate::conformance::read::in_chunks;
use crate::conformance::{Bench, Check, Stop};

const MOST_UPDATES: u32 =
    VariableId::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData as u32;
const FINE: &[StatusCode] = &[StatusCode::Good];
const INSERTED: &[StatusCode] = &[StatusCode::GoodEntryInserted];
const REPLACED: &[StatusCode] = &[StatusCode::GoodEntryReplaced];
const EXISTS: &[StatusCode] = &[StatusCode::BadEntryExists];
const MISSING: &[StatusCode] = &[StatusCode::BadNoEntryExists];

/// Performs, and checks the result of each value.
fn performed(
    record: &mut Record,
    how: PerformUpdateType,
    points: &[Point],
    wanted: &[&[StatusCode]],
) -> Check {
    let (status, each) = record.perform(how, points)?;
    code(status, FINE, &format!("{how:?}"))?;
    codes(&each, wanted, &format!("{how:?}"))
}

/// What is there afterwards.
fn left(record: &mut Record, wanted: &[Point], of: &str) -> Check {
    let all = record.raw(0.0, 1000.0);
    record.expect(all, wanted, of)
}

pub(super) fn ha_20(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 20)?;
    performed(
        &mut record,
        PerformUpdateType::Insert,
        &line_of([20, 10, 30]),
        &[INSERTED, INSERTED, INSERTED],
    )?;
    let mixed = [point(20.0, 99.0), point(25.0, 25.0)];
    performed(&mut record, PerformUpdateType::Insert, &mixed, &[EXISTS, INSERTED])?;
    left(&mut record, &line_of([10, 20, 25, 30]), "after Insert")
}

pub(super) fn ha_21(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 21)?;
    record.fill(&line_of([10, 20]))?;
    let mixed = [point(20.0, 99.0), point(25.0, 25.0)];
    performed(&mut record, PerformUpdateType::Replace, &mixed, &[REPLACED, MISSING])?;
    left(&mut record, &[point(10.0, 10.0), point(20.0, 99.0)], "after Replace")
}

pub(super) fn ha_22(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 22)?;
    record.fill(&line_of([10, 20]))?;
    let mixed = [point(20.0, 99.0), point(25.0, 25.0)];
    performed(&mut record, PerformUpdateType::Update, &mixed, &[REPLACED, INSERTED])?;
    let all = [point(10.0, 10.0), point(20.0, 99.0), point(25.0, 25.0)];
    left(&mut record, &all, "after Update")
}

/// DeleteRaw from here to there.
fn deleted(record: &mut Record, from: f64, to: f64) -> Result<StatusCode, Stop> {
    let details = DeleteRawModifiedDetails {
        node_id: record.node.clone(),
        is_delete_modified: false,
        start_time: record.at(from),
        end_time: record.at(to),
    };
    Ok(updated(&mut record.link, details)?.0)
}

pub(super) fn ha_23(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 23)?;
    record.fill(&line_of((0..100).step_by(10)))?;
    let invalid = [StatusCode::BadInvalidArgument];
    code(deleted(&mut record, 50.0, 50.0)?, &invalid, "DeleteRaw of no time")?;
    code(deleted(&mut record, 50.0, 20.0)?, &invalid, "DeleteRaw of a range that is backwards")?;
    code(deleted(&mut record, 20.0, 50.0)?, FINE, "DeleteRaw")?;
    left(&mut record, &line_of([0, 10, 50, 60, 70, 80, 90]), "after DeleteRaw")?;
    let nothing = [StatusCode::BadNoData, StatusCode::GoodNoData];
    code(deleted(&mut record, 20.0, 50.0)?, &nothing, "DeleteRaw of a range without data")?;
    let details = DeleteAtTimeDetails {
        node_id: record.node.clone(),
        req_times: Some([60.0, 65.0, 90.0].map(|it| record.at(it)).to_vec()),
    };
    let (status, each) = updated(&mut record.link, details)?;
    code(status, FINE, "DeleteAtTime")?;
    codes(&each, &[FINE, MISSING, FINE], "DeleteAtTime")?;
    left(&mut record, &line_of([0, 10, 50, 70, 80]), "after DeleteAtTime")
}

pub(super) fn ha_26(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 26)?;
    let mismatch: &[StatusCode] = &[StatusCode::BadTypeMismatch];
    let mixed = [
        point(0.0, "text"),
        point(1.0, Variant::Int32(1)),
        point(2.0, vec![1.0, 2.0]),
        point(3.0, Variant::Float(3.0)),
        point(4.0, Variant::Empty),
        point(5.0, 5.0),
    ];
    let wanted = [mismatch, mismatch, mismatch, mismatch, mismatch, INSERTED];
    performed(&mut record, PerformUpdateType::Insert, &mixed, &wanted)?;
    left(&mut record, &line_of([5]), "after values of another type")?;
    let untimed = UpdateDataDetails {
        node_id: record.node.clone(),
        perform_insert_replace: PerformUpdateType::Insert,
        update_values: Some(vec![DataValue {
            value: Some(1.0.into()),
            source_timestamp: Some(DateTime::null()),
            ..DataValue::default()
        }]),
    };
    let (_, each) = updated(&mut record.link, untimed)?;
    let wanted: &[StatusCode] = &[StatusCode::BadInvalidTimestamp];
    codes(&each, &[wanted], "a value without a time")
}

pub(super) fn ha_27(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 27)?;
    let nothing = UpdateDataDetails {
        node_id: record.node.clone(),
        perform_insert_replace: PerformUpdateType::Update,
        update_values: None,
    };
    let (status, _) = updated(&mut record.link, nothing.clone())?;
    code(status, &[StatusCode::BadNothingToDo], "an update of no values")?;
    let most = limit(&mut record.link, MOST_UPDATES)?
        .ok_or_else(|| Stop::skipped("MaxNodesPerHistoryUpdateData cannot be tried out"))?;
    let one = ExtensionObject::from_message(nothing.clone());
    let request = HistoryUpdateRequest {
        request_header: record.link.header(),
        history_update_details: Some(vec![one; most + 1]),
    };
    let of = "one operation more than MaxNodesPerHistoryUpdateData";
    too_much::<HistoryUpdateResponse>(&mut record.link, &request, of)?;
    let many = line_of(0..=most as u32);
    let details = UpdateDataDetails { update_values: Some(record.sent(&many)), ..nothing };
    let request = HistoryUpdateRequest {
        request_header: record.link.header(),
        history_update_details: Some(vec![ExtensionObject::from_message(details)]),
    };
    let whole = record.link.encode(&request);
    let status = match in_chunks::<HistoryUpdateResponse>(&mut record.link, &whole)? {
        Ok(response) => {
            let results = response.results.unwrap_or_default();
            results.first().map_or(StatusCode::Good, |it| it.status_code)
        }
        Err(status) => status,
    };
    code(status, TOO_MUCH, "too many values in one update")?;
    left(&mut record, &[], "after an update that was too much")?;
    let none = HistoryUpdateRequest { history_update_details: None, ..request };
    let answer = record.link.call::<HistoryUpdateResponse>(&none)?;
    refused(&answer, &[StatusCode::BadNothingToDo], "HistoryUpdate of nothing")
}

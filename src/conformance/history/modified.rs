//! What was changed, and who may change it.

use opcua_types::{
    DateTime, ExtensionObject, HistoryUpdateType, PerformUpdateType, ReadRawModifiedDetails,
    StatusCode, UpdateDataDetails, VariableId, Variant,
};

use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, equal, that};
use crate::conformance::history::record::{Record, line_of, point, update, updated};
use crate::conformance::{Bench, Check, Stop};

const CURRENT_TIME: u32 = VariableId::Server_ServerStatus_CurrentTime as u32;

/// The server's time.
fn now(record: &mut Record) -> Result<DateTime, Stop> {
    match read_one(&mut record.link, &standard(CURRENT_TIME))? {
        Variant::DateTime(time) => Ok(*time),
        other => Err(Stop::unexpected("CurrentTime", "a DateTime", format!("{other:?}"))),
    }
}

pub(super) fn ha_24(bench: &Bench) -> Check {
    use PerformUpdateType::{Insert, Replace, Update};
    let mut record = Record::of(bench, "Double", 24)?;
    // What earlier runs have changed stays on record.
    let before = now(&mut record)?;
    for (how, value) in [(Insert, 1.0), (Replace, 2.0), (Update, 3.0)] {
        record.perform(how, &[point(10.0, value)])?;
    }
    let deletion = opcua_types::DeleteAtTimeDetails {
        node_id: record.node.clone(),
        req_times: Some(vec![record.at(10.0)]),
    };
    updated(&mut record.link, deletion)?;
    let after = now(&mut record)?;
    let details = ReadRawModifiedDetails { is_read_modified: true, ..record.raw(0.0, 100.0) };
    let found = record.read(details)?;
    code(found.status, &[StatusCode::Good], "ReadModified")?;
    equal(found.values.len(), found.changes.len(), "values and their ModificationInfos")?;
    let values = record.points(&found.values).into_iter().zip(&found.changes);
    let mut own: Vec<(i32, f64, Variant)> = Vec::new();
    for (value, change) in values.filter(|(_, it)| it.modification_time >= before) {
        that(change.modification_time <= after, "a modification that is not over yet")?;
        let name = &bench.user()?.name;
        let user = change.user_name.as_ref();
        that(user.contains(name.as_str()), format!("a change by {name} is said to be by {user}"))?;
        own.push((change.update_type as i32, value.at, value.value));
    }
    own.sort_by_key(|it| it.0);
    // Of an insertion the new value is shown, of all others the old one.
    let wanted = [
        (HistoryUpdateType::Insert, 1.0),
        (HistoryUpdateType::Replace, 1.0),
        (HistoryUpdateType::Update, 2.0),
        (HistoryUpdateType::Delete, 3.0),
    ];
    let wanted: Vec<(i32, f64, Variant)> =
        wanted.into_iter().map(|(how, value)| (how as i32, 10.0, value.into())).collect();
    equal(own, wanted, "what was changed")?;
    let rest = record.raw(0.0, 100.0);
    record.expect(rest, &[], "after the deletion")
}

pub(super) fn ha_25(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 25)?;
    record.fill(&line_of([10]))?;
    let material = bench.material()?;
    let insertion = UpdateDataDetails {
        node_id: record.node.clone(),
        perform_insert_replace: PerformUpdateType::Update,
        update_values: Some(record.sent(&[point(10.0, 99.0)])),
    };
    let (status, each) = updated(&mut bench.session()?, insertion.clone())?;
    code(status, &[StatusCode::BadUserAccessDenied], "an update by nobody")?;
    that(each.iter().all(StatusCode::is_bad), "values of a refused update")?;
    let on = |node| {
        let details = UpdateDataDetails { node_id: node, ..insertion.clone() };
        ExtensionObject::from_message(details)
    };
    let operations = vec![
        on(material.need("History.ReadOnly")?),
        on(material.need("Scalar.Double")?),
        on(opcua_types::NodeId::new(60_000, "none")),
    ];
    let results = update(&mut record.link, operations)?;
    let unsupported = [StatusCode::BadHistoryOperationUnsupported, StatusCode::BadNotWritable];
    code(results[0].status_code, &unsupported, "a history that cannot be changed")?;
    code(results[1].status_code, &unsupported, "a variable without history")?;
    code(results[2].status_code, &[StatusCode::BadNodeIdUnknown], "an unknown node")?;
    let all = record.raw(0.0, 100.0);
    record.expect(all, &line_of([10]), "after refused updates")
}

//! What the alarm system tells of itself (Part 9, 5.11.2 AlarmMetricsType), and groups of alarms (5.8.3).

use std::collections::BTreeSet;

use opcua_types::{NodeId, StatusCode, Variant};

use crate::conformance::alarm::discrete::first_in_group;
use crate::conformance::alarm::ear::SOON;
use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::{Condition, forward, members};
use crate::conformance::alarm::stage::{Stage, on_stage};
use crate::conformance::alarm::types::Types;
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, good, some, that};
use crate::conformance::method::{call, request_of};
use crate::conformance::{Bench, Check, Stop};
use crate::time;

const AGGREGATES: u32 = 44;
const ALARM_METRICS: u32 = 17_279;
const ALARM_GROUP: u32 = 16_405;
const ALARM_GROUP_MEMBER: u32 = 16_362;
const HAS_SUPPRESSION_GROUP: u32 = 16_361;
const GET_GROUP_MEMBERSHIPS: u32 = 24_744;
const HAS_TYPE_DEFINITION: u32 = 40;

pub(super) fn ac_30(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let counters = counters(stage)?;
        let before = counts(stage, &counters)?;
        let alarm = stage.condition("ExclusiveLevel")?;
        stage.raise(alarm)?;
        first_in_group(stage)?;
        let is_ours = stage.is_ours();
        let came = stage.ear.since().iter().filter(|it| is_ours(it) && it.is("ActiveState.Id"));
        let came: BTreeSet<String> = came.map(|it: &Event| it.condition().to_string()).collect();
        counted(stage, &counters, &before, came.len() as u32)?;
        groups(stage, alarm)
    })
}

/// AlarmCount of every object of AlarmMetricsType, each of which is complete.
fn counters(stage: &mut Stage<'_>) -> Result<Vec<NodeId>, Stop> {
    let objects = &stage.bench.material()?.objects;
    let mut below = forward(&mut stage.hand, objects, AGGREGATES)?;
    below.retain(|(_, it)| it.type_definition.node_id == standard(ALARM_METRICS));
    let found: Vec<NodeId> = below.into_iter().map(|(_, it)| it.node_id.node_id).collect();
    if found.is_empty() {
        return Err(Stop::skipped("the server has no object of AlarmMetricsType"));
    }
    let kind = Types::default().of(&mut stage.hand, &standard(ALARM_METRICS))?;
    let mut counters = Vec::new();
    for (node, members) in found.iter().zip(members(&mut stage.hand, &found)?) {
        let missing: Vec<_> =
            kind.mandatory.iter().filter(|it| !members.contains_key(*it)).collect();
        that(missing.is_empty(), format!("{node} lacks {missing:?}"))?;
        counters.push(some(members.get("AlarmCount"), "AlarmCount")?.clone());
        for name in ["CurrentAlarmRate", "MaximumAlarmRate", "MaximumActiveState", "MaximumUnAck"] {
            let node = some(members.get(name), name)?;
            let value = read_one(&mut stage.hand, node)?;
            let is_number = matches!(value, Variant::Double(it) if it >= 0.0);
            that(is_number, format!("{node} is {value:?}"))?;
        }
    }
    Ok(counters)
}

fn counts(stage: &mut Stage<'_>, counters: &[NodeId]) -> Result<Vec<u32>, Stop> {
    let mut all = Vec::new();
    for node in counters {
        match read_one(&mut stage.hand, node)? {
            Variant::UInt32(count) => all.push(count),
            other => return Err(Stop::unexpected("AlarmCount", "a UInt32", format!("{other:?}"))),
        }
    }
    Ok(all)
}

/// Some AlarmCount goes up by the alarms that came.
fn counted(stage: &mut Stage<'_>, counters: &[NodeId], before: &[u32], came: u32) -> Check {
    let end = time::monotonic() + SOON;
    loop {
        let now = counts(stage, counters)?;
        let most = now.iter().zip(before).map(|(now, before)| now.wrapping_sub(*before)).max();
        if most.unwrap_or(0) >= came {
            return Ok(());
        }
        if time::monotonic() >= end {
            return Err(Stop::failed(format!("{came} alarms came, AlarmCount rose by {most:?}")));
        }
        stage.ear.pull()?;
    }
}

/// GetGroupMemberships names groups that the alarm is a member of.
fn groups(stage: &mut Stage<'_>, alarm: &Condition) -> Check {
    let request = request_of(alarm.node.clone(), standard(GET_GROUP_MEMBERSHIPS), Vec::new());
    let answer = good(call(&mut stage.hand, vec![request])?, "Call")?;
    let results = answer.results.unwrap_or_default();
    let result = some(results.first(), "the result of GetGroupMemberships")?;
    if result.status_code == StatusCode::BadMethodInvalid {
        return Err(Stop::skipped("the condition has no GetGroupMemberships; metrics are right"));
    }
    code(result.status_code, &[StatusCode::Good], "GetGroupMemberships")?;
    let outputs = result.output_arguments.clone().unwrap_or_default();
    let Some(Variant::Array(array)) = outputs.first() else {
        return Err(Stop::unexpected("GetGroupMemberships", "NodeIds", format!("{outputs:?}")));
    };
    let nodes: Vec<NodeId> = array
        .values
        .iter()
        .filter_map(|it| match it {
            Variant::NodeId(node) => Some((**node).clone()),
            _ => None,
        })
        .collect();
    that(!nodes.is_empty(), "the alarm is in no group")?;
    for node in nodes {
        let members = forward(&mut stage.hand, std::slice::from_ref(&node), ALARM_GROUP_MEMBER)?;
        let suppressed =
            forward(&mut stage.hand, std::slice::from_ref(&alarm.node), HAS_SUPPRESSION_GROUP)?;
        let is_member = members.iter().any(|(_, it)| it.node_id.node_id == alarm.node)
            || suppressed.iter().any(|(_, it)| it.node_id.node_id == node);
        that(is_member, format!("{} is no member of {node}", alarm.name))?;
        let kind = forward(&mut stage.hand, std::slice::from_ref(&node), HAS_TYPE_DEFINITION)?;
        let kind = some(kind.first(), "the type of a group")?.1.node_id.node_id.clone();
        let kind = Types::default().of(&mut stage.hand, &kind)?;
        that(kind.is(ALARM_GROUP), format!("{node} is no AlarmGroupType"))?;
    }
    Ok(())
}

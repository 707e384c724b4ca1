//! Discrete alarms (Part 9, 5.8.23), and what time does to alarms: delays, telling anew, who was first.

use std::time::Duration;

use opcua_types::{AttributeId, NodeClass, NodeId, Variant};

use crate::conformance::alarm::ear::SOON;
use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, about, method, on_stage};
use crate::conformance::bench::{attribute, read, read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

/// Judging comes with a scan, and a scan may be late: s.
const LATE_S: f64 = 4.0;
/// Delays are counted in whole scans: s.
const EARLY_S: f64 = 1.0;

pub(super) fn ac_03(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        stage.write("BooleanSource", true)?;
        for (name, kind) in [("OffNormal", 10_637), ("SystemOffNormal", 11_753), ("Trip", 10_751)] {
            let alarm = stage.condition(name)?;
            equal(&alarm.kind, &standard(kind), &format!("{name}: type"))?;
            let event = stage.until(alarm, "active", |it| it.is("ActiveState.Id"))?;
            that(event.is_a(kind), format!("{name}: EventType is not its type"))?;
            that(event.is("Retain") && event.severity() > 0, format!("{name}: {event:?}"))?;
            normal_state(stage, alarm)?;
        }
        stage.write("BooleanSource", false)?;
        for name in ["OffNormal", "SystemOffNormal", "Trip"] {
            let alarm = stage.condition(name)?;
            stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
        }
        Ok(())
    })
}

/// NormalState leads to a variable with the value that is normal (Part 9, 5.8.23.2).
fn normal_state(stage: &mut Stage<'_>, alarm: &Condition) -> Check {
    let node = node_of(read_one(&mut stage.hand, alarm.member("NormalState")?)?);
    that(!node.is_null(), format!("{}: NormalState leads nowhere", alarm.name))?;
    let class = read(&mut stage.hand, vec![attribute(node.clone(), AttributeId::NodeClass)])?;
    let class = class.into_iter().next().and_then(|it| it.value);
    equal(class, Some((NodeClass::Variable as i32).into()), "NodeClass of NormalState")?;
    let usual = stage.fixture.source("BooleanSource")?.usual.clone();
    equal(read_one(&mut stage.hand, &node)?, usual, "the value that NormalState leads to")
}

fn node_of(value: Variant) -> NodeId {
    match value {
        Variant::NodeId(node) => *node,
        _ => NodeId::null(),
    }
}

/// A Duration below a condition, s.
fn duration_s(stage: &mut Stage<'_>, alarm: &Condition, name: &str) -> Result<f64, Stop> {
    match read_one(&mut stage.hand, alarm.member(name)?)? {
        Variant::Double(ms) => Ok(ms / 1000.0),
        other => Err(Stop::unexpected(name, "a Double", format!("{other:?}"))),
    }
}

/// The second event follows the first after the delay.
fn after(first: &Event, second: &Event, delay_s: f64, of: &str) -> Check {
    let took_s = (second.ticks() - first.ticks()) as f64 / 1e7;
    that(
        (delay_s - EARLY_S..=delay_s + LATE_S).contains(&took_s),
        format!("{of}: {delay_s} s are due, it took {took_s} s"),
    )
}

pub(super) fn ac_22(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let prompt = stage.condition("OffNormal")?;
        let delayed = stage.condition("Delayed")?;
        let again = stage.condition("ReAlarming")?;
        let on_s = duration_s(stage, delayed, "OnDelay")?;
        let off_s = duration_s(stage, delayed, "OffDelay")?;
        let again_s = duration_s(stage, again, "ReAlarmTime")?;
        let longest_s = SOON.saturating_sub(Duration::from_secs(4)).as_secs_f64();
        if [on_s, off_s, again_s].iter().any(|it| !(1.0..=longest_s).contains(it)) {
            return Err(Stop::skipped("the delays of the fixture are not some seconds"));
        }
        stage.write("BooleanSource", true)?;
        let first = stage.until(prompt, "active", |it| it.is("ActiveState.Id"))?;
        first_in_group(stage)?;
        let late = stage.until(delayed, "active", |it| it.is("ActiveState.Id"))?;
        after(&first, &late, on_s, "OnDelay")?;
        if let Ok(escalating) = stage.condition("Escalating") {
            let first = stage.until(escalating, "active", |it| it.is("ActiveState.Id"))?;
            let least = first.severity();
            stage.until(escalating, "its severity rises", |it| it.severity() > least)?;
        }
        told_anew(stage, again, again_s)?;
        stage.write("BooleanSource", false)?;
        let first = stage.until(prompt, "inactive", |it| it.is_not("ActiveState.Id"))?;
        let late = stage.until(delayed, "inactive", |it| it.is_not("ActiveState.Id"))?;
        after(&first, &late, off_s, "OffDelay")
    })
}

/// An alarm that was acknowledged and stays active asks again.
fn told_anew(stage: &mut Stage<'_>, alarm: &Condition, after_s: f64) -> Check {
    let open = stage.ear.refreshed()?;
    let event = open.iter().find(|it| it.is_of(&alarm.node)).cloned();
    let event = event.ok_or_else(|| Stop::failed("an active alarm is not in the refresh"))?;
    stage.done(&alarm.node, method::ACKNOWLEDGE, about(&event.id()), "Acknowledge")?;
    let acked = stage.until(alarm, "acknowledged", |it| it.is("AckedState.Id"))?;
    let again = stage.until(alarm, "told anew", |it| {
        it.is_not("AckedState.Id") && it.is("ActiveState.Id") && it.id() != event.id()
    })?;
    after(&acked, &again, after_s, "ReAlarmTime")?;
    let count = again.field("ReAlarmRepeatCount");
    that(
        matches!(count, Variant::Int16(it) if *it > 0)
            || matches!(count, Variant::UInt32(it) if *it > 0),
        format!("ReAlarmRepeatCount is {count:?}"),
    )
}

/// Of the alarms that a source brings about at once, one was the first.
pub(super) fn first_in_group(stage: &mut Stage<'_>) -> Check {
    let is_ours = stage.is_ours();
    let active = |it: &&Event| is_ours(it) && it.is("ActiveState.Id");
    let all: Vec<&Event> = stage.ear.since().iter().filter(active).collect();
    let flags = all.iter().filter_map(|it| it.flag("FirstInGroupFlag"));
    let (firsts, others): (Vec<bool>, Vec<bool>) = flags.partition(|it| *it);
    if firsts.len() + others.len() == 0 {
        return Ok(());
    }
    equal(firsts.len(), 1, "alarms with FirstInGroupFlag of a group")
}

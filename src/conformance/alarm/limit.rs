//! Limit alarms: exclusive and not, of a level, a deviation and a rate (Part 9, 5.8.18 to 5.8.22), and bad values.

use opcua_types::{NodeId, Variant};

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::stage::{Stage, on_stage};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

/// States of ExclusiveLimitStateMachineType.
const HIGH_HIGH: u32 = 9329;
const HIGH: u32 = 9331;
const LOW_LOW: u32 = 9335;

/// DiscrepancyAlarmType.
const DISCREPANCY: u32 = 17_080;
/// InstrumentDiagnosticAlarmType.
const INSTRUMENT_DIAGNOSTIC: u32 = 18_347;

const LIMIT_STATE: &str = "LimitState.CurrentState.Id";

pub(super) fn ac_01(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let levels = stage.levels()?;
        let alarm = stage.condition("ExclusiveLevel")?;
        stage.write("AnalogSource", levels.high)?;
        let high = stage.until(alarm, "High", |it| it.is_node(LIMIT_STATE, HIGH))?;
        that(high.is("ActiveState.Id") && high.is("Retain"), "High is not active and retained")?;
        that(high.is_not("AckedState.Id"), "a new alarm is acknowledged")?;
        that(!high.text("Message").is_empty(), "a new alarm has no Message")?;
        that(high.text("ConditionName") == "ExclusiveLevel", "ConditionName is another")?;
        shown(stage, &high)?;
        stage.write("AnalogSource", levels.high_high)?;
        let worse = stage.until(alarm, "HighHigh", |it| it.is_node(LIMIT_STATE, HIGH_HIGH))?;
        that(worse.is("ActiveState.Id") && worse.is("Retain"), "HighHigh is not active")?;
        that(worse.ticks() > high.ticks(), "Time stands still")?;
        that(worse.id() != high.id(), "two events with one EventId")?;
        let severities = (worse.severity(), high.severity());
        that(severities.0 >= severities.1, format!("Severity falls: {severities:?}"))?;
        deadband(stage)?;
        stage.write("AnalogSource", levels.normal)?;
        let normal = stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
        that(
            normal.is("Retain"),
            "an inactive alarm that nobody has acknowledged is not retained",
        )?;
        let settled = stage.settle(alarm, &normal)?;
        that(settled.is_not("Retain"), "a settled alarm is still retained")
    })
}

/// What the nodes of an alarm that has become active show besides, where it has them.
fn shown(stage: &mut Stage<'_>, event: &Event) -> Check {
    let alarm = stage.condition("ExclusiveLevel")?;
    if let Some(node) = alarm.members.get("ActiveState.TransitionTime") {
        let since = read_one(&mut stage.hand, node)?;
        equal(&since, event.field("Time"), "TransitionTime of ActiveState")?;
    }
    if let Some(node) = alarm.members.get("ActiveState.EffectiveDisplayName") {
        let text = read_one(&mut stage.hand, node)?;
        let is_named =
            matches!(&text, Variant::LocalizedText(it) if it.text.as_ref().contains("High"));
        that(is_named, format!("EffectiveDisplayName of ActiveState is {text:?}"))?;
    }
    if let Some(node) = alarm.members.get("SeverityHigh") {
        let severity = read_one(&mut stage.hand, node)?;
        equal(severity, Variant::UInt16(event.severity()), "SeverityHigh and Severity")?;
    }
    Ok(())
}

/// A limit that is passed is left only by its deadband.
fn deadband(stage: &mut Stage<'_>) -> Check {
    let alarm = stage.condition("ExclusiveLevel")?;
    let Some(node) = alarm.members.get("HighDeadband") else { return Ok(()) };
    let limit = read_one(&mut stage.hand, alarm.member("HighLimit")?)?;
    let deadband = read_one(&mut stage.hand, node)?;
    let (Variant::Double(limit), Variant::Double(deadband)) = (limit, deadband) else {
        return Err(Stop::failed("HighLimit and HighDeadband are no Doubles"));
    };
    stage.write("AnalogSource", limit - deadband / 2.0)?;
    stage.until(alarm, "High", |it| it.is_node(LIMIT_STATE, HIGH))?;
    stage.ear.quiet(stage.is_ours())?;
    let active = read_one(&mut stage.hand, alarm.member("ActiveState.Id")?)?;
    equal(active, Variant::Boolean(true), "ActiveState within the deadband of High")
}

/// The condition has this type of namespace 0 and says so in its events.
fn typed(event: &Event, kind: &NodeId, number: u32, name: &str) -> Check {
    equal(kind, &standard(number), &format!("{name}: type"))?;
    that(event.is_a(number), format!("{name}: EventType is not its type"))
}

/// Only one of two kinds of states is in the events, and the outermost limit is.
fn outermost(event: &Event, name: &str, is_exclusive: bool) -> Check {
    let states = ["HighHighState.Id", "HighState.Id"];
    if is_exclusive {
        that(event.is_node(LIMIT_STATE, HIGH_HIGH), format!("{name}: LimitState is another"))?;
        return that(
            states.iter().all(|it| event.flag(it).is_none()),
            format!("{name}: an exclusive alarm has states of its own for each limit"),
        );
    }
    that(
        states.iter().all(|it| event.is(it)),
        format!("{name}: not both upper states are active"),
    )?;
    that(event.field(LIMIT_STATE).is_empty(), format!("{name}: it has a LimitState"))
}

pub(super) fn ac_02(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let levels = stage.levels()?;
        stage.write("AnalogSource", levels.high_high)?;
        let table = [
            ("ExclusiveLevel", 9482, true),
            ("ExclusiveLimit", 9341, true),
            ("NonExclusiveLevel", 10_060, false),
            ("NonExclusiveLimit", 9906, false),
            ("ExclusiveDeviation", 9764, true),
            ("NonExclusiveDeviation", 10_368, false),
            ("ExclusiveRateOfChange", 9623, true),
            ("NonExclusiveRateOfChange", 10_214, false),
        ];
        for (name, kind, is_exclusive) in table {
            let alarm = stage.condition(name)?;
            let event = stage.until(alarm, "active", |it| it.is("ActiveState.Id"))?;
            typed(&event, &alarm.kind, kind, name)?;
            outermost(&event, name, is_exclusive)?;
        }
        for name in ["ExclusiveRateOfChange", "NonExclusiveRateOfChange"] {
            let alarm = stage.condition(name)?;
            stage.until(alarm, "inactive once it stands", |it| it.is_not("ActiveState.Id"))?;
        }
        let level = stage.condition("ExclusiveLevel")?;
        stage.write("AnalogSource", levels.low_low)?;
        stage.until(level, "LowLow", |it| it.is_node(LIMIT_STATE, LOW_LOW))?;
        let each = stage.condition("NonExclusiveLevel")?;
        stage.until(each, "both lower states and no upper one", |it| {
            it.is("LowLowState.Id")
                && it.is("LowState.Id")
                && it.is_not("HighState.Id")
                && it.is_not("HighHighState.Id")
        })?;
        setpoint(stage, levels.low_low)
    })
}

/// A deviation ends when its setpoint goes where the value is, and the level's alarm stays.
fn setpoint(stage: &mut Stage<'_>, at: f64) -> Check {
    for name in ["ExclusiveDeviation", "NonExclusiveDeviation"] {
        let alarm = stage.condition(name)?;
        let node = alarm.member("SetpointNode")?;
        let source = stage.fixture.source("SetpointSource")?.node.clone();
        equal(read_one(&mut stage.hand, node)?, source.into(), "SetpointNode")?;
    }
    let level = stage.condition("ExclusiveLevel")?;
    let discrepancy = stage.condition("Discrepancy").ok();
    if let Some(alarm) = discrepancy {
        equal(&alarm.kind, &standard(DISCREPANCY), "type of the discrepancy")?;
        let source = stage.fixture.source("SetpointSource")?.node.clone();
        let target = read_one(&mut stage.hand, alarm.member("TargetValueNode")?)?;
        equal(target, source.into(), "TargetValueNode")?;
        stage.until(alarm, "active", |it| it.is("ActiveState.Id"))?;
    }
    stage.write("SetpointSource", at)?;
    for name in ["ExclusiveDeviation", "NonExclusiveDeviation"] {
        let alarm = stage.condition(name)?;
        stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
    }
    if let Some(alarm) = discrepancy {
        stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
    }
    let active = read_one(&mut stage.hand, level.member("ActiveState.Id")?)?;
    equal(active, Variant::Boolean(true), "ActiveState of the level while its setpoint moves")
}

pub(super) fn ac_24(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let quiet = stage.condition("NonExclusiveLevel")?;
        stage.fixture.source("SensorFailed")?;
        let active = stage.raise(alarm)?;
        that(!active.is_bad(), "Quality is bad while the source is good")?;
        stage.write("SensorFailed", true)?;
        let bad = stage.until(alarm, "Quality is bad", Event::is_bad)?;
        that(bad.is("ActiveState.Id"), "a bad value ends the alarm")?;
        that(bad.is("Retain"), "an active alarm whose value is bad is not retained")?;
        stage.until(quiet, "Quality is bad", Event::is_bad)?;
        if let Ok(sensor) = stage.condition("Sensor") {
            equal(&sensor.kind, &standard(INSTRUMENT_DIAGNOSTIC), "type of the sensor's alarm")?;
            stage.until(sensor, "active", |it| it.is("ActiveState.Id"))?;
        }
        stage.write("SensorFailed", false)?;
        let good = stage.until(alarm, "Quality is good", |it| !it.is_bad())?;
        that(good.is("ActiveState.Id"), "the alarm ends while its value is above the limit")?;
        Ok(())
    })
}

//! Limit alarms: exclusive and not, of a level, a deviation and a rate (Part 9, 5.8.18 to 5.8.22), and bad values.

use opcua_types::{NodeId, Variant};

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::stage::{Stage, on_stage};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check};

/// States of ExclusiveLimitStateMachineType.
const HIGH_HIGH: u32 = 9329;
const HIGH: u32 = 9331;
const LOW_LOW: u32 = 9335;

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
        stage.write("AnalogSource", levels.high_high)?;
        let worse = stage.until(alarm, "HighHigh", |it| it.is_node(LIMIT_STATE, HIGH_HIGH))?;
        that(worse.is("ActiveState.Id") && worse.is("Retain"), "HighHigh is not active")?;
        that(worse.ticks() > high.ticks(), "Time stands still")?;
        that(worse.id() != high.id(), "two events with one EventId")?;
        let severities = (worse.severity(), high.severity());
        that(severities.0 >= severities.1, format!("Severity falls: {severities:?}"))?;
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
    stage.write("SetpointSource", at)?;
    for name in ["ExclusiveDeviation", "NonExclusiveDeviation"] {
        let alarm = stage.condition(name)?;
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
            stage.until(sensor, "active", |it| it.is("ActiveState.Id"))?;
        }
        stage.write("SensorFailed", false)?;
        let good = stage.until(alarm, "Quality is good", |it| !it.is_bad())?;
        that(good.is("ActiveState.Id"), "the alarm ends while its value is above the limit")?;
        Ok(())
    })
}

//! Enable and Disable (Part 9, 5.5.4 and 5.5.5), and conditions that are disabled.

use opcua_types::{StatusCode, Variant};

use crate::conformance::alarm::ear::Ear;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, about, called, method, on_stage};
use crate::conformance::bench::standard;
use crate::conformance::expect::that;
use crate::conformance::{Bench, Check};

pub(super) fn ac_08(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        stage.done(&alarm.node, method::DISABLE, Vec::new(), "Disable")?;
        let shelving = alarm.members.get("ShelvingState");
        let id = active.id();
        let disabled = [StatusCode::BadConditionDisabled];
        for (name, method) in [
            ("Acknowledge", method::ACKNOWLEDGE),
            ("Confirm", method::CONFIRM),
            ("AddComment", method::ADD_COMMENT),
        ] {
            let of = format!("{name} of a disabled condition");
            stage.answers(&alarm.node, (method, about(&id)), &disabled, &of)?;
        }
        for (name, method) in [("Suppress", method::SUPPRESS), ("Silence", method::SILENCE)] {
            if alarm.members.contains_key(name) {
                let of = format!("{name} of a disabled condition");
                stage.answers(&alarm.node, (method, Vec::new()), &disabled, &of)?;
            }
        }
        let Some(shelving) = shelving else { return Ok(()) };
        for (name, method, arguments) in [
            ("TimedShelve", method::TIMED_SHELVE, vec![Variant::Double(60_000.0)]),
            ("OneShotShelve", method::ONE_SHOT_SHELVE, Vec::new()),
        ] {
            let of = format!("{name} of a disabled condition");
            stage.answers(shelving, (method, arguments), &disabled, &of)?;
        }
        Ok(())
    })
}

pub(super) fn ac_11(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let enabled = [StatusCode::BadConditionAlreadyEnabled];
        let disabled = [StatusCode::BadConditionAlreadyDisabled];
        let (enable, disable) = ((method::ENABLE, Vec::new()), (method::DISABLE, Vec::new()));
        stage.answers(&alarm.node, enable.clone(), &enabled, "Enable of the enabled")?;
        stage.done(&alarm.node, method::DISABLE, Vec::new(), "Disable")?;
        stage.until(alarm, "disabled", |it| it.is_not("EnabledState.Id"))?;
        stage.answers(&alarm.node, disable, &disabled, "Disable of the disabled")?;
        stage.done(&alarm.node, method::ENABLE, Vec::new(), "Enable")?;
        stage.until(alarm, "enabled", |it| it.is("EnabledState.Id"))?;
        stage.answers(&alarm.node, enable, &enabled, "Enable of what was enabled again")
    })
}

pub(super) fn ac_12(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let other = stage.condition("NonExclusiveLevel")?;
        let levels = stage.levels()?;
        stage.raise(alarm)?;
        stage.done(&alarm.node, method::DISABLE, Vec::new(), "Disable")?;
        let disabled = stage.until(alarm, "disabled", |it| it.is_not("EnabledState.Id"))?;
        that(disabled.is_not("Retain"), "a disabled condition is retained")?;
        let mut from = stage.ear.heard.len();
        for (value, upper) in
            [(levels.high_high, true), (levels.normal, false), (levels.high_high, true)]
        {
            stage.write("AnalogSource", value)?;
            stage.until(other, "another alarm of the source follows", |it| {
                it.flag("HighHighState.Id") == Some(upper)
            })?;
            silent(&stage.ear, alarm, &mut from)?;
        }
        let open = stage.ear.refreshed()?;
        let is_told = open.iter().any(|it| it.is_of(&alarm.node));
        that(!is_told, "a disabled condition is in the refresh")?;
        again(stage, alarm)
    })
}

/// Nothing was heard of it since.
fn silent(ear: &Ear, alarm: &Condition, from: &mut usize) -> Check {
    let told = ear.heard[*from..].iter().find(|it| it.is_of(&alarm.node));
    *from = ear.heard.len();
    that(told.is_none(), format!("a disabled condition says {told:?}"))
}

/// Once it is enabled it is judged anew.
fn again(stage: &mut Stage<'_>, alarm: &Condition) -> Check {
    stage.ear.mark();
    let status = called(&mut stage.hand, &alarm.node, &standard(method::ENABLE), Vec::new())?;
    that(status.is_good(), format!("Enable: {status}"))?;
    stage.until(alarm, "enabled", |it| it.is("EnabledState.Id"))?;
    stage.until(alarm, "active once it is enabled", |it| it.is("ActiveState.Id")).map(|_| ())
}

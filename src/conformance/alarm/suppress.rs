//! Suppression by a person and by a group, out of service, silence, and the latch (Part 9, 5.8.3 to 5.8.16).

use opcua_types::StatusCode;

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, called, method, on_stage};
use crate::conformance::bench::standard;
use crate::conformance::expect::{code, that};
use crate::conformance::{Bench, Check, Stop};

/// A state that makes no difference a second time.
const AGAIN: &[StatusCode] =
    &[StatusCode::BadInvalidState, StatusCode::Good, StatusCode::GoodNoData];

pub(super) fn ac_21(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        stage.raise(alarm)?;
        silenced(stage, alarm)?;
        let suppress = (method::SUPPRESS, method::UNSUPPRESS, "SuppressedState.Id");
        there_and_back(stage, alarm, suppress)?;
        let serve = (method::REMOVE_FROM_SERVICE, method::PLACE_IN_SERVICE, "OutOfServiceState.Id");
        there_and_back(stage, alarm, serve)?;
        for method in [
            method::SUPPRESS_2,
            method::UNSUPPRESS_2,
            method::REMOVE_FROM_SERVICE_2,
            method::PLACE_IN_SERVICE_2,
        ] {
            stage.with_comment(alarm, (&alarm.node, method), Vec::new())?;
        }
        if stage.condition("Safety").is_ok() {
            safety(stage)?;
        }
        // Before its source moves again: an occurrence that nobody has acknowledged would go on as a branch.
        latched(stage)?;
        if stage.condition("Suppressible").is_ok() { by_group(stage) } else { Ok(()) }
    })
}

fn silenced(stage: &mut Stage<'_>, alarm: &Condition) -> Check {
    if !alarm.members.contains_key("Silence") {
        return Ok(());
    }
    stage.done(&alarm.node, method::SILENCE, Vec::new(), "Silence")?;
    let event = stage.until(alarm, "silenced", |it| it.is("SilenceState.Id"))?;
    that(event.is("ActiveState.Id") && event.is_not("AckedState.Id"), "Silence does more")?;
    stage.answers(&alarm.node, (method::SILENCE, Vec::new()), AGAIN, "Silence of the silent")
}

/// Into a state, once more, out of it, and once more.
fn there_and_back(
    stage: &mut Stage<'_>,
    alarm: &Condition,
    (there, back, state): (u32, u32, &str),
) -> Check {
    if !alarm.members.contains_key(state) {
        return Ok(());
    }
    stage.done(&alarm.node, there, Vec::new(), state)?;
    let event = stage.until(alarm, state, |it| it.is(state))?;
    that(event.is("SuppressedOrShelved"), format!("{state}: SuppressedOrShelved is not true"))?;
    that(event.is("ActiveState.Id"), format!("{state} ends the alarm"))?;
    stage.answers(&alarm.node, (there, Vec::new()), AGAIN, &format!("{state}: a second time"))?;
    stage.done(&alarm.node, back, Vec::new(), state)?;
    let event = stage.until(alarm, state, |it| it.is_not(state))?;
    that(event.is_not("SuppressedOrShelved"), format!("{state}: SuppressedOrShelved stays"))?;
    stage.answers(&alarm.node, (back, Vec::new()), AGAIN, &format!("{state}: back once more"))
}

/// The source of a suppression group suppresses an alarm for as long as it is on (Part 9, 5.8.3).
fn by_group(stage: &mut Stage<'_>) -> Check {
    let alarm = stage.condition("Suppressible")?;
    stage.write("BooleanSource", true)?;
    stage.until(alarm, "active", |it| it.is("ActiveState.Id"))?;
    stage.write("Suppressed", true)?;
    let event = stage.until(alarm, "suppressed by its group", |it| it.is("SuppressedState.Id"))?;
    that(event.is("SuppressedOrShelved"), "SuppressedOrShelved of a suppressed alarm is false")?;
    stage.write("Suppressed", false)?;
    stage.until(alarm, "suppressed no more", |it| it.is_not("SuppressedState.Id"))?;
    stage.write("BooleanSource", false)?;
    stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id")).map(|_| ())
}

/// What guards people cannot be put aside.
fn safety(stage: &mut Stage<'_>) -> Check {
    let alarm = stage.condition("Safety")?;
    for method in [method::SUPPRESS, method::REMOVE_FROM_SERVICE, method::ONE_SHOT_SHELVE] {
        let status = called(&mut stage.hand, &alarm.node, &standard(method), Vec::new())?;
        let wanted = [
            StatusCode::BadMethodInvalid,
            StatusCode::BadNotSupported,
            StatusCode::BadNotExecutable,
            StatusCode::BadUserAccessDenied,
        ];
        code(status, &wanted, &format!("method i={method} of an alarm that guards people"))?;
    }
    Ok(())
}

/// A latched alarm stays until it is reset, which comes last.
fn latched(stage: &mut Stage<'_>) -> Check {
    let Ok(alarm) = stage.condition("Trip") else { return Ok(()) };
    if !alarm.members.contains_key("Reset") {
        return Err(Stop::skipped(
            "the fixture's Trip is not latched; all else is as it should be",
        ));
    }
    let invalid = [StatusCode::BadInvalidState];
    let reset = || (method::RESET, Vec::new());
    stage.answers(&alarm.node, reset(), &invalid, "Reset of what is not latched")?;
    stage.write("BooleanSource", true)?;
    stage.until(alarm, "active and latched", |it| {
        it.is("ActiveState.Id") && it.is("LatchedState.Id")
    })?;
    stage.answers(&alarm.node, reset(), &invalid, "Reset of what is active")?;
    stage.write("BooleanSource", false)?;
    let normal = stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
    that(normal.is("LatchedState.Id"), "the latch ends by itself")?;
    stage.answers(&alarm.node, reset(), &invalid, "Reset of what nobody has acknowledged")?;
    let settled = stage.settle(alarm, &normal)?;
    that(settled.is("Retain") && settled.is("LatchedState.Id"), "the latch ends unasked")?;
    stage.done(&alarm.node, method::RESET, Vec::new(), "Reset")?;
    let end: Event = stage.until(alarm, "reset", |it| it.is_not("LatchedState.Id"))?;
    that(end.is_not("Retain"), "an alarm that was reset is retained")
}

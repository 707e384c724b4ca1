//! Branches: an occurrence that nobody has acknowledged goes on beside the next one (Part 9, 4.4).

use opcua_types::{StatusCode, Variant};

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, about, method, on_stage};
use crate::conformance::bench::read_one;
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

/// Does to a branch what is due: its last event.
fn branch_settled(stage: &mut Stage<'_>, alarm: &Condition, branch: &Event) -> Result<Event, Stop> {
    let id = branch.branch();
    stage.done(&alarm.node, method::ACKNOWLEDGE, about(&branch.id()), "Acknowledge of a branch")?;
    let acked = stage.until(alarm, "the branch is acknowledged", |it| {
        it.branch() == id && it.is("AckedState.Id")
    })?;
    if !acked.is_not("ConfirmedState.Id") {
        return Ok(acked);
    }
    that(acked.is("Retain"), "a branch that waits to be confirmed is not retained")?;
    stage.done(&alarm.node, method::CONFIRM, about(&acked.id()), "Confirm of a branch")?;
    stage.until(alarm, "the branch is confirmed", |it| {
        it.branch() == id && it.is("ConfirmedState.Id")
    })
}

pub(super) fn ac_18(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let levels = stage.levels()?;
        let first = stage.raise(alarm)?;
        that(first.branch().is_null(), "the first occurrence is a branch already")?;
        stage.write("AnalogSource", levels.normal)?;
        stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
        stage.write("AnalogSource", levels.high)?;
        let again = stage
            .until(alarm, "active again", |it| it.branch().is_null() && it.is("ActiveState.Id"))?;
        let is_branch = |it: &&Event| it.is_of(&alarm.node) && !it.branch().is_null();
        let Some(branch) = stage.ear.since().iter().find(is_branch).cloned() else {
            return Err(Stop::skipped("the server makes no branches"));
        };
        that(branch.is("Retain"), "a new branch is not retained")?;
        that(branch.is_not("AckedState.Id"), "a new branch is acknowledged")?;
        that(branch.id() != again.id(), "branch and condition have one EventId")?;
        // The present occurrence is brought to its end; the branch keeps the condition of interest.
        stage.write("AnalogSource", levels.normal)?;
        let normal = stage.until(alarm, "inactive again", |it| {
            it.branch().is_null() && it.is_not("ActiveState.Id")
        })?;
        stage.settle(alarm, &normal)?;
        let retain = alarm.member("Retain")?;
        let now = read_one(&mut stage.hand, retain)?;
        equal(now, Variant::Boolean(true), "Retain while a branch is open")?;
        let refresh = stage.ear.refreshed()?;
        let in_it = refresh.iter().filter(|it| it.is_of(&alarm.node)).count();
        equal(in_it, 2, "events of a condition with a branch in a refresh")?;
        let done = branch_settled(stage, alarm, &branch)?;
        that(done.is_not("Retain"), "a branch that is done is retained")?;
        let unknown = [StatusCode::BadEventIdUnknown, StatusCode::BadConditionBranchAlreadyAcked];
        let late = (method::ACKNOWLEDGE, about(&branch.id()));
        stage.answers(&alarm.node, late, &unknown, "Acknowledge of a branch that has ended")?;
        let refresh = stage.ear.refreshed()?;
        let in_it = refresh.iter().filter(|it| it.is_of(&alarm.node)).count();
        equal(in_it, 0, "events of a condition that is done in a refresh")
    })
}

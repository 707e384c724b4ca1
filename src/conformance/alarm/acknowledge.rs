//! Acknowledge, Confirm and AddComment (Part 9, 5.5.6, 5.7.3, 5.7.4).

use opcua_types::{ByteString, LocalizedText, NodeId, StatusCode, Variant};

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, about, called, method, on_stage, said};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, equal, that};
use crate::conformance::user::user_session;
use crate::conformance::{Bench, Check, Stop};

const UNKNOWN: &[StatusCode] = &[StatusCode::BadEventIdUnknown];
const GOOD: &[StatusCode] = &[StatusCode::Good];

pub(super) fn ac_04(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        let arguments =
            vec![Variant::ByteString(active.id()), said("en", "seen, on the way to the bath")];
        stage.done(&alarm.node, method::ACKNOWLEDGE, arguments, "Acknowledge")?;
        let acked = stage.until(alarm, "acknowledged", |it| it.is("AckedState.Id"))?;
        equal(acked.text("Comment"), "seen, on the way to the bath", "Comment")?;
        let user = bench.user()?;
        that(
            acked.text("ClientUserId").contains(&user.name),
            format!("ClientUserId is {:?}", acked.field("ClientUserId")),
        )?;
        that(acked.is("ActiveState.Id") && acked.is("Retain"), "Acknowledge ends the alarm")?;
        that(!acked.is("ConfirmedState.Id"), "Acknowledge confirms what can be confirmed")?;
        that(acked.id() != active.id(), "two events with one EventId")?;
        let Some(node) = alarm.members.get("AckedState.TransitionTime") else { return Ok(()) };
        let since = read_one(&mut stage.hand, node)?;
        equal(&since, acked.field("Time"), "TransitionTime of AckedState")
    })
}

pub(super) fn ac_05(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        stage.raise(alarm)?;
        let unknown = [
            ByteString::from(vec![0x5a_u8; 16]),
            ByteString::from(vec![1_u8]),
            ByteString::from(Vec::new()),
            ByteString::null(),
        ];
        for id in unknown {
            for method in [method::ACKNOWLEDGE, method::CONFIRM, method::ADD_COMMENT] {
                let of = format!("method i={method} with the EventId {id:?}");
                let mut wanted = UNKNOWN.to_vec();
                // Part 9, 5.5.6: a comment without an EventId is one on the condition itself, where a server has that.
                if method == method::ADD_COMMENT && id.is_null() {
                    wanted.push(StatusCode::Good);
                }
                stage.answers(&alarm.node, (method, about(&id)), &wanted, &of)?;
            }
        }
        Ok(())
    })
}

pub(super) fn ac_06(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let mut other = user_session(bench)?;
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        let arguments = about(&active.id());
        stage.done(&alarm.node, method::ACKNOWLEDGE, arguments.clone(), "Acknowledge")?;
        let acked = stage.until(alarm, "acknowledged", |it| it.is("AckedState.Id"))?;
        let wanted = [StatusCode::BadConditionBranchAlreadyAcked];
        let again = (method::ACKNOWLEDGE, arguments.clone());
        stage.answers(&alarm.node, again, &wanted, "Acknowledge for the second time")?;
        let acknowledge = standard(method::ACKNOWLEDGE);
        let status = called(&mut other, &alarm.node, &acknowledge, arguments)?;
        code(status, &wanted, "Acknowledge for the second time, by another session")?;
        if acked.flag("ConfirmedState.Id").is_none() {
            return Ok(());
        }
        let arguments = about(&acked.id());
        stage.done(&alarm.node, method::CONFIRM, arguments.clone(), "Confirm")?;
        stage.until(alarm, "confirmed", |it| it.is("ConfirmedState.Id"))?;
        let wanted = [StatusCode::BadConditionBranchAlreadyConfirmed];
        let again = (method::CONFIRM, arguments.clone());
        stage.answers(&alarm.node, again, &wanted, "Confirm for the second time")?;
        let status = called(&mut other, &alarm.node, &standard(method::CONFIRM), arguments)?;
        code(status, &wanted, "Confirm for the second time, by another session")
    })
}

pub(super) fn ac_07(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        if active.flag("ConfirmedState.Id").is_none() {
            return Err(Stop::skipped("the condition has no ConfirmedState"));
        }
        // What is not due for it counts as confirmed in many servers.
        let wanted = [
            StatusCode::BadInvalidState,
            StatusCode::BadConditionBranchAlreadyConfirmed,
            StatusCode::Good,
        ];
        let confirm = (method::CONFIRM, about(&active.id()));
        stage.answers(&alarm.node, confirm, &wanted, "Confirm before Acknowledge")?;
        stage.done(&alarm.node, method::ACKNOWLEDGE, about(&active.id()), "Acknowledge after it")
    })
}

/// Comments on a condition, and what its Comment is after each.
fn comment(stage: &mut Stage<'_>, alarm: &Condition, table: &[(Variant, &str, &str)]) -> Check {
    let mut last = stage.raise(alarm)?;
    for (comment, wanted, of) in table {
        let arguments = vec![Variant::ByteString(last.id()), comment.clone()];
        stage.done(&alarm.node, method::ADD_COMMENT, arguments, of)?;
        let before = last.id();
        last = stage.until(alarm, of, |it| it.id() != before)?;
        equal(last.text("Comment"), *wanted, &format!("Comment after {of}"))?;
        that(last.is_not("AckedState.Id"), format!("{of} acknowledges"))?;
    }
    Ok(())
}

pub(super) fn ac_10(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let null = Variant::from(LocalizedText::null());
        comment(
            stage,
            alarm,
            &[
                (said("en", "first"), "first", "a comment"),
                (null.clone(), "first", "a null comment"),
                (said("de", "Bad zu heiß"), "Bad zu heiß", "a comment in another language"),
                (said("en", ""), "", "an empty comment with a locale"),
                (said("", "no locale"), "no locale", "a comment without a locale"),
                (null, "no locale", "a null comment again"),
            ],
        )
    })
}

pub(super) fn ac_13(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        let of_type = standard(method::ACKNOWLEDGE);
        // A type is no condition (Part 9, 5.5.4).
        let kind = standard(2881);
        let status = called(&mut stage.hand, &kind, &of_type, about(&active.id()))?;
        let wanted = [
            StatusCode::BadNodeIdInvalid,
            StatusCode::BadNodeIdUnknown,
            StatusCode::BadMethodInvalid,
            StatusCode::BadNotSupported,
        ];
        code(status, &wanted, "Acknowledge of the type")?;
        stage.done(&alarm.node, method::ACKNOWLEDGE, about(&active.id()), "by the type's id")?;
        stage.until(alarm, "acknowledged", |it| it.is("AckedState.Id"))?;
        let other = stage.condition("NonExclusiveLevel")?;
        let own: &NodeId = other.member("Acknowledge")?;
        let open = stage.ear.refreshed()?;
        let event = open.iter().find(|it| it.is_of(&other.node)).map(Event::id);
        let event = event.ok_or_else(|| Stop::failed("an active alarm is not in the refresh"))?;
        stage.ear.mark();
        let status = called(&mut stage.hand, &other.node, own, about(&event))?;
        code(status, GOOD, "Acknowledge by the instance's own id")?;
        stage.until(other, "acknowledged", |it| it.is("AckedState.Id")).map(|_| ())
    })
}

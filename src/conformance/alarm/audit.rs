//! Audit events of what people do with conditions (Part 9, 5.10).

use std::time::Duration;

use opcua_types::{
    AttributeId, ContentFilter, ContentFilterElement, EventFilter, EventNotificationList,
    ExtensionObject, FilterOperator, LiteralOperand, NumericRange, QualifiedName,
    SimpleAttributeOperand, Variant,
};

use crate::conformance::alarm::stage::{Stage, on_stage, said};
use crate::conformance::alarm::stage::{about, method};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::item::{item, made};
use crate::conformance::link::Link;
use crate::conformance::subscription::{publish, subscribe};
use crate::conformance::user::user_session;
use crate::conformance::{Bench, Check, Stop};
use crate::time;

/// Auditing of the Server object.
const AUDITING: u32 = 2994;
const SERVER: u32 = 2253;
/// AuditConditionEventType, and below it those of the methods.
const AUDIT: u32 = 2790;
const ENABLE: u32 = 2803;
const COMMENT: u32 = 2829;
const ACKNOWLEDGE: u32 = 8944;
const CONFIRM: u32 = 8961;
const SHELVE: u32 = 11_093;
const SUPPRESSION: u32 = 17_225;
const OUT_OF_SERVICE: u32 = 17_259;
const SILENCE: u32 = 17_242;
const RESET: u32 = 15_013;
const RESPOND: u32 = 8927;
/// Fields, and the type that has each.
const FIELDS: &[(u32, &str)] = &[
    (2041, "EventType"),
    (2052, "ClientUserId"),
    (COMMENT, "ConditionEventId"),
    (COMMENT, "Comment"),
    (ACKNOWLEDGE, "ConditionEventId"),
    (ACKNOWLEDGE, "Comment"),
    (CONFIRM, "ConditionEventId"),
];
const SOON: Duration = Duration::from_secs(6);

/// Listens to audit events of conditions.
fn listen(link: &mut Link) -> Check {
    let select = FIELDS.iter().map(|(kind, name)| SimpleAttributeOperand {
        type_definition_id: standard(*kind),
        browse_path: Some(vec![QualifiedName::new(0, *name)]),
        attribute_id: AttributeId::Value as u32,
        index_range: NumericRange::None,
    });
    let of_type = ContentFilterElement {
        filter_operator: FilterOperator::OfType,
        filter_operands: Some(vec![ExtensionObject::from_message(LiteralOperand {
            value: standard(AUDIT).into(),
        })]),
    };
    let filter = EventFilter {
        select_clauses: Some(select.collect()),
        where_clause: ContentFilter { elements: Some(vec![of_type]) },
    };
    let mut item = item(standard(SERVER), 5);
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    item.requested_parameters.filter = ExtensionObject::from_message(filter);
    item.requested_parameters.queue_size = 100;
    let subscription = subscribe(link, 100.0)?;
    made(link, subscription, item).map(|_| ())
}

/// The next audit event of this type; `None` if none comes.
fn audited(link: &mut Link, kind: u32) -> Result<Option<Vec<Variant>>, Stop> {
    let end = time::monotonic() + SOON;
    let kind: Variant = standard(kind).into();
    while time::monotonic() < end {
        let response = publish(link, &[])?;
        let data = response.notification_message.notification_data.iter().flatten();
        let events = data
            .filter_map(|it| it.inner_as::<EventNotificationList>())
            .flat_map(|it| it.events.iter().flatten())
            .filter_map(|it| it.event_fields.clone());
        let found = events.into_iter().find(|it| it.first() == Some(&kind));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// An audit event that must come, with the user's name.
fn needed(link: &mut Link, kind: u32, user: &str, of: &str) -> Result<Vec<Variant>, Stop> {
    let found = audited(link, kind)?;
    let found = found.ok_or_else(|| Stop::failed(format!("{of} is not audited")))?;
    let is_his = matches!(found.get(1), Some(Variant::String(it)) if it.as_ref().contains(user));
    that(is_his, format!("{of}: ClientUserId is {:?}", found.get(1)))?;
    Ok(found)
}

pub(super) fn ac_26(bench: &Bench) -> Check {
    match read_one(&mut bench.session()?, &standard(AUDITING)) {
        Ok(Variant::Boolean(true)) => {}
        Ok(Variant::Boolean(false)) => return Err(Stop::skipped("Auditing is false")),
        _ => return Err(Stop::skipped("the server has no Auditing variable")),
    }
    let mut link = user_session(bench)?;
    on_stage(bench, |stage| {
        listen(&mut link)?;
        let alarm = stage.condition("ExclusiveLevel")?;
        stage.done(&alarm.node, method::DISABLE, Vec::new(), "Disable")?;
        if audited(&mut link, ENABLE)?.is_none() {
            return Err(Stop::skipped(
                "no audit event of Disable reaches the runner's user: it may need a SecurityAdmin \
                 on an encrypted channel (--pki)",
            ));
        }
        stage.done(&alarm.node, method::ENABLE, Vec::new(), "Enable")?;
        every_act(stage, &mut link, &bench.user()?.name)
    })
}

fn every_act(stage: &mut Stage<'_>, link: &mut Link, user: &str) -> Check {
    needed(link, ENABLE, user, "Enable")?;
    let alarm = stage.condition("ExclusiveLevel")?;
    let active = stage.raise(alarm)?;
    let id = Variant::ByteString(active.id());
    for (method, kind, at, of) in [
        (method::ADD_COMMENT, COMMENT, 2, "AddComment"),
        (method::ACKNOWLEDGE, ACKNOWLEDGE, 4, "Acknowledge"),
    ] {
        stage.done(&alarm.node, method, vec![id.clone(), said("en", of)], of)?;
        let event = needed(link, kind, user, of)?;
        equal(event.get(at), Some(&id), &format!("{of}: ConditionEventId"))?;
        let comment = Some(said("en", of));
        equal(event.get(at + 1).cloned(), comment, &format!("{of}: Comment"))?;
    }
    let acked = stage.until(alarm, "acknowledged", |it| it.is("AckedState.Id"))?;
    stage.done(&alarm.node, method::CONFIRM, about(&acked.id()), "Confirm")?;
    let event = needed(link, CONFIRM, user, "Confirm")?;
    let id = Variant::ByteString(acked.id());
    equal(event.get(6), Some(&id), "Confirm: ConditionEventId")?;
    if let Some(shelving) = alarm.members.get("ShelvingState") {
        stage.done(shelving, method::ONE_SHOT_SHELVE, Vec::new(), "OneShotShelve")?;
        needed(link, SHELVE, user, "OneShotShelve")?;
    }
    for (name, method, kind) in [
        ("Suppress", method::SUPPRESS, SUPPRESSION),
        ("Unsuppress", method::UNSUPPRESS, SUPPRESSION),
        ("RemoveFromService", method::REMOVE_FROM_SERVICE, OUT_OF_SERVICE),
        ("PlaceInService", method::PLACE_IN_SERVICE, OUT_OF_SERVICE),
    ] {
        if alarm.members.contains_key(name) {
            stage.done(&alarm.node, method, Vec::new(), name)?;
            needed(link, kind, user, name)?;
        }
    }
    latch(stage, link, user)?;
    dialog(stage, link, user)
}

/// Silence and Reset of what stays latched.
fn latch(stage: &mut Stage<'_>, link: &mut Link, user: &str) -> Check {
    let Ok(alarm) = stage.condition("Trip") else { return Ok(()) };
    if !alarm.members.contains_key("Reset") || !alarm.members.contains_key("Silence") {
        return Ok(());
    }
    stage.write("BooleanSource", true)?;
    stage.until(alarm, "active", |it| it.is("ActiveState.Id"))?;
    stage.done(&alarm.node, method::SILENCE, Vec::new(), "Silence")?;
    needed(link, SILENCE, user, "Silence")?;
    stage.write("BooleanSource", false)?;
    let normal = stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
    stage.settle(alarm, &normal)?;
    stage.done(&alarm.node, method::RESET, Vec::new(), "Reset")?;
    needed(link, RESET, user, "Reset").map(|_| ())
}

/// Respond.
fn dialog(stage: &mut Stage<'_>, link: &mut Link, user: &str) -> Check {
    let Ok(dialog) = stage.condition("Dialog") else { return Ok(()) };
    stage.write("DialogSource", true)?;
    stage.until(dialog, "asks", |it| it.is("DialogState.Id"))?;
    stage.done(&dialog.node, method::RESPOND, vec![Variant::Int32(0)], "Respond")?;
    needed(link, RESPOND, user, "Respond").map(|_| ())
}

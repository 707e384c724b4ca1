//! Methods of conditions (Part 9, 5.5 to 5.8): what is called becomes an order to the alarm.

use std::rc::Rc;

use opcua_types::{
    CallMethodRequest, CallMethodResult, LocalizedText, MethodId, ObjectTypeId, StatusCode, Variant,
};
use tokio::sync::oneshot;

use crate::access::{Access, Actor};
use crate::alarm::{
    AlarmCommand, AlarmIndex, AlarmOrder, AlarmRefusal, Remark, Setting, access_of,
};
use crate::engine::Request as EngineRequest;
use crate::ua::approval::Form;
use crate::ua::event::condition::event_number;
use crate::ua::server::Server;
use crate::ua::service::approval::{self, Asker, Asking, Holding};
use crate::ua::service::method::{answered, failed};
use crate::ua::space::{NodeIdRef, NodeRef};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// A call that has been taken.
pub(super) enum Called {
    /// Answered when the engine has done it and it is on disk.
    Asked(oneshot::Receiver<Result<(), AlarmRefusal>>),
    /// Hazardous, and about to wait until it is approved.
    Held(Holding),
    /// Answered with these outputs.
    Now(Vec<Variant>),
}

/// Kinds of arguments.
#[derive(Clone, Copy)]
enum Kind {
    Event,
    Comment,
    Duration,
    Option,
}

/// Arguments of a method by its name; `None` if conditions have none of that name.
fn arguments_of(name: &str) -> Option<&'static [Kind]> {
    Some(match name {
        "AddComment" | "Acknowledge" | "Confirm" => &[Kind::Event, Kind::Comment],
        "TimedShelve" => &[Kind::Duration],
        "TimedShelve2" => &[Kind::Duration, Kind::Comment],
        "Respond" => &[Kind::Option],
        "Respond2" => &[Kind::Option, Kind::Comment],
        "Enable"
        | "Disable"
        | "OneShotShelve"
        | "Unshelve"
        | "Suppress"
        | "Unsuppress"
        | "RemoveFromService"
        | "PlaceInService"
        | "Silence"
        | "Reset"
        | "GetGroupMemberships" => &[],
        "OneShotShelve2" | "Unshelve2" | "Suppress2" | "Unsuppress2" | "RemoveFromService2"
        | "PlaceInService2" | "Reset2" => &[Kind::Comment],
        _ => return None,
    })
}

/// What the arguments say.
#[derive(Default)]
struct Said {
    /// Number of the event; 0 for an EventId that is no condition's.
    event: u64,
    remark: Remark,
    seconds: f64,
    option: i32,
}

/// The call of a condition's method; `None` if the object is no condition.
pub(super) fn call(
    server: &Rc<Server>,
    asker: &Asker<'_>,
    call: &CallMethodRequest,
) -> Option<Result<Called, CallMethodResult>> {
    let space = &server.space;
    let object = space.resolve(&NodeIdRef::from(&call.object_id))?;
    let method = space.resolve(&NodeIdRef::from(&call.method_id))?;
    if let Some(scope) = space.metrics_reset(object, method) {
        return Some(reset_metrics(server, asker.actor, scope, call));
    }
    if let NodeRef::Static(index) = object {
        // Part 9, 5.5.4: no condition is called by its type.
        let name = space.browse_name(method).1;
        let is_one = space.is_condition_type(index) && arguments_of(&name).is_some();
        return is_one.then(|| Err(failed(StatusCode::BadNodeIdInvalid)));
    }
    let (alarm, name) = match space.alarm_method(object, method)? {
        Ok(found) => found,
        Err(status) => return Some(Err(failed(status))),
    };
    Some(ask(server, asker, (alarm, &name), call))
}

/// The name of the method of a condition that a call is for.
pub(super) fn name_of(server: &Server, call: &CallMethodRequest) -> Option<String> {
    let object = server.space.resolve(&NodeIdRef::from(&call.object_id))?;
    let method = server.space.resolve(&NodeIdRef::from(&call.method_id))?;
    let (_, name) = server.space.alarm_method(object, method)?.ok()?;
    Some(name.into_owned())
}

fn ask(
    server: &Rc<Server>,
    asker: &Asker<'_>,
    (alarm, name): (AlarmIndex, &str),
    call: &CallMethodRequest,
) -> Result<Called, CallMethodResult> {
    let kinds = arguments_of(name).ok_or_else(|| failed(StatusCode::BadMethodInvalid))?;
    let said = read(server, kinds, call)?;
    if name == "GetGroupMemberships" {
        let groups = [server.space.first_up(alarm), server.space.suppression_group(alarm)];
        let groups = groups.into_iter().flatten().map(|it| server.space.node_id(it));
        return Ok(Called::Now(vec![groups.collect::<Vec<_>>().into()]));
    }
    let order = order(name, &said).ok_or_else(|| failed(StatusCode::BadMethodInvalid))?;
    if !asker.actor.roles.may_write(access_of(&order)) {
        return Err(failed(StatusCode::BadUserAccessDenied));
    }
    let command = AlarmCommand { actor: asker.actor.clone(), alarm, order, remark: said.remark };
    let asking = Asking::Alarm(&command);
    if let Some(holding) = approval::hold(server, asker, asking, || Form::Call(call.clone())) {
        return Ok(Called::Held(holding));
    }
    let asked = server.port.ask_alarm(command);
    asked.map(Called::Asked).map_err(|it| failed(status::of_alarm_refusal(&it)))
}

fn order(name: &str, said: &Said) -> Option<AlarmOrder> {
    Some(match name.strip_suffix('2').unwrap_or(name) {
        "AddComment" => AlarmOrder::AddComment(said.event),
        "Acknowledge" => AlarmOrder::Acknowledge(said.event),
        "Confirm" => AlarmOrder::Confirm(said.event),
        "TimedShelve" => AlarmOrder::TimedShelve(said.seconds),
        "OneShotShelve" => AlarmOrder::OneShotShelve,
        "Unshelve" => AlarmOrder::Unshelve,
        "Suppress" => AlarmOrder::Suppress,
        "Unsuppress" => AlarmOrder::Unsuppress,
        "RemoveFromService" => AlarmOrder::RemoveFromService,
        "PlaceInService" => AlarmOrder::PlaceInService,
        "Silence" => AlarmOrder::Silence,
        "Reset" => AlarmOrder::Reset,
        "Enable" => AlarmOrder::Enable,
        "Disable" => AlarmOrder::Disable,
        "Respond" => AlarmOrder::Respond(said.option),
        _ => return None,
    })
}

/// Number and types of the arguments (AC-09).
fn read(
    server: &Server,
    kinds: &[Kind],
    call: &CallMethodRequest,
) -> Result<Said, CallMethodResult> {
    let given = call.input_arguments.as_deref().unwrap_or_default();
    if given.len() < kinds.len() {
        return Err(failed(StatusCode::BadArgumentsMissing));
    }
    if given.len() > kinds.len() {
        return Err(failed(StatusCode::BadTooManyArguments));
    }
    let mut said = Said::default();
    let mut codes = Vec::with_capacity(given.len());
    for (value, kind) in given.iter().zip(kinds) {
        codes.push(match (kind, value) {
            (Kind::Event, Variant::ByteString(id)) => {
                let bytes = id.value.as_deref().unwrap_or_default();
                said.event = event_number(server.alarm_epoch, bytes).unwrap_or(0);
                StatusCode::Good
            }
            (Kind::Comment, Variant::LocalizedText(text)) => {
                said.remark = remark(text);
                StatusCode::Good
            }
            (Kind::Duration, Variant::Double(ms)) => {
                said.seconds = ms / 1000.0;
                StatusCode::Good
            }
            (Kind::Option, Variant::Int32(option)) => {
                said.option = *option;
                StatusCode::Good
            }
            // A client without a comment sends nothing.
            (Kind::Comment, Variant::Empty) => StatusCode::Good,
            _ => StatusCode::BadTypeMismatch,
        });
    }
    if codes.iter().all(StatusCode::is_good) {
        return Ok(said);
    }
    Err(CallMethodResult {
        input_argument_results: Some(codes),
        ..failed(StatusCode::BadInvalidArgument)
    })
}

fn remark(text: &LocalizedText) -> Remark {
    Remark { text: text.text.as_ref().to_owned(), locale: text.locale.as_ref().to_owned() }
}

/// Reset of AlarmMetricsType.
fn reset_metrics(
    server: &Server,
    actor: &Actor,
    scope: usize,
    call: &CallMethodRequest,
) -> Result<Called, CallMethodResult> {
    read(server, &[], call)?;
    if !actor.roles.may_write(Access::Supervisor) {
        return Err(failed(StatusCode::BadUserAccessDenied));
    }
    let (reply, outcome) = oneshot::channel();
    let request = EngineRequest::ResetAlarmFigures(scope, actor.clone(), reply);
    server
        .port
        .commands
        .try_send(request)
        .map(|()| Called::Asked(outcome))
        .map_err(|_| failed(status::of_alarm_refusal(&AlarmRefusal::Busy)))
}

/// ConditionRefresh and ConditionRefresh2 of ConditionType (Part 9, 5.5.7 and 5.5.8).
pub(super) fn refresh(
    server: &Server,
    session: SessionKey,
    call: &CallMethodRequest,
) -> Option<CallMethodResult> {
    let of_all = call.method_id == (0, MethodId::ConditionType_ConditionRefresh as u32);
    let of_one = call.method_id == (0, MethodId::ConditionType_ConditionRefresh2 as u32);
    if call.object_id != ObjectTypeId::ConditionType || !(of_all || of_one) {
        return None;
    }
    let given = call.input_arguments.as_deref().unwrap_or_default();
    let wanted = if of_all { 1 } else { 2 };
    if given.len() != wanted {
        let few = given.len() < wanted;
        let status =
            if few { StatusCode::BadArgumentsMissing } else { StatusCode::BadTooManyArguments };
        return Some(failed(status));
    }
    let of = match given {
        [Variant::UInt32(subscription)] => (*subscription, None),
        [Variant::UInt32(subscription), Variant::UInt32(item)] => (*subscription, Some(*item)),
        _ => {
            let code = |it: &Variant| match it {
                Variant::UInt32(_) => StatusCode::Good,
                _ => StatusCode::BadTypeMismatch,
            };
            return Some(CallMethodResult {
                input_argument_results: Some(given.iter().map(code).collect()),
                ..failed(StatusCode::BadInvalidArgument)
            });
        }
    };
    let done = server.refresh_conditions(session, of);
    Some(done.map_or_else(failed, |()| answered(call, Vec::new())))
}

/// The setting that a node below a condition stands for, and the number in its unit that is written.
pub(super) fn setting(path: &str, value: &Variant) -> Result<(Setting, f64), StatusCode> {
    let Variant::Double(number) = value else { return Err(StatusCode::BadTypeMismatch) };
    let of_limit = crate::alarm::Limit::ALL.into_iter().find_map(|limit| {
        Some(match path.strip_prefix(limit.name())? {
            "Limit" => Setting::Limit(limit),
            "Deadband" => Setting::Deadband(limit),
            _ => return None,
        })
    });
    Ok(match (of_limit, path) {
        (Some(setting), _) => (setting, *number),
        (None, "OnDelay") => (Setting::OnDelay, number / 1000.0),
        (None, "OffDelay") => (Setting::OffDelay, number / 1000.0),
        (None, "ReAlarmTime") => (Setting::ReAlarmTime, number / 1000.0),
        (None, _) => return Err(StatusCode::BadNotWritable),
    })
}

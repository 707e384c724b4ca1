//! Call (Part 4, 5.12): the plant's methods are commands to the engine, in the order of the request;
//! the server's own two are answered here.

use std::rc::Rc;
use std::time::Duration;

use opcua_types::{
    CallMethodRequest, CallMethodResult, CallResponse, MethodId, ObjectId, ObjectTypeId,
    ResponseHeader, StatusCode, Variant,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::info;

use crate::access::Actor;
use crate::alarm::AlarmRefusal;
use crate::control::{self, Command, Order, Refusal, Scalar};
use crate::engine::Request as EngineRequest;
use crate::tag::MethodRow;
use crate::ua::approval::{Form, HoldProblem};
use crate::ua::audit::{AuditedMethod, Origin, audited_condition};
use crate::ua::permission::bits::CALL;
use crate::ua::permission::{Denied, Rights};
use crate::ua::server::Server;
use crate::ua::service::approval::{self, Asker, Asking, Holding};
use crate::ua::service::condition::{self, Called};
use crate::ua::service::fixture::{self, Done};
use crate::ua::service::{
    Answer, Outcome, Request, encode, kpi, push, role, state_change, user, variant, write,
};
use crate::ua::space::NodeIdRef;
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// A request of calls without a TimeoutHint takes no longer.
const LONGEST_CALL: Duration = Duration::from_mins(1);
/// Smallest encoded CallMethodRequest: two two-byte NodeIds and a null array.
const SMALLEST_CALL: usize = 2 + 2 + 4;

/// One call: answered already, or on its way.
enum Operation {
    Done(CallMethodResult),
    /// Answered after a while.
    Slow(Duration),
    Asked(&'static MethodRow, oneshot::Receiver<control::Outcome>),
    /// Asked of an alarm, with so many arguments.
    Alarm(usize, oneshot::Receiver<Result<(), AlarmRefusal>>),
    /// Hazardous, and about to wait until it is approved.
    Held(Option<&'static MethodRow>, Holding),
    /// By a task or a thread of its own: figures from the history, certificates, what is changed on the disk.
    Read(JoinHandle<CallMethodResult>),
}

/// Call.
pub(super) fn call(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let count = request.body.array(SMALLEST_CALL)?;
    request.check_count(count)?;
    let mut calls = Vec::with_capacity(count);
    for _ in 0..count {
        calls.push(request.body.typed::<CallMethodRequest>(&request.context)?);
    }
    let actor = write::begin(&request, session)?;
    let rights = request.rights(session);
    let origin = request.server.origin(request.connection, &request.header, Some(session));
    let operations: Vec<Operation> =
        calls.iter().map(|it| start(&request, session, (&actor, &rights, &origin), it)).collect();
    let server = Rc::clone(request.server);
    let connection = Rc::clone(request.connection);
    let (id, header) = (request.id, request.header.clone());
    tokio::task::spawn_local(async move {
        let hint = match header.timeout_hint {
            0 => LONGEST_CALL,
            ms => Duration::from_millis(ms.into()),
        };
        let results = async {
            let mut results = Vec::with_capacity(operations.len());
            for operation in operations {
                results.push(finish(operation).await);
            }
            results
        };
        // Part 4, 7.33: the client waits no longer than its hint (SES-29).
        let results = tokio::time::timeout(hint, results).await;
        audit(&server, &origin, &calls, results.as_deref().ok());
        let handle = header.request_handle;
        let body = || {
            let response = CallResponse {
                response_header: ResponseHeader::new_good(&header),
                results: Some(results.map_err(|_| StatusCode::BadTimeout)?),
                diagnostic_infos: None,
            };
            encode(&response, &server.context())
        };
        write::reply(
            &server,
            session,
            body,
            |body| {
                connection.send(id, handle, &body);
            },
            handle,
        );
        // The answer is on its way: channels that it was the last for may end (Part 12, 7.10.9).
        server.settle_changes(connection.id);
    });
    Ok(Answer::Later)
}

/// Audits each call that changes something; without results the client waits no longer.
fn audit(
    server: &Server,
    origin: &Origin,
    calls: &[CallMethodRequest],
    results: Option<&[CallMethodResult]>,
) {
    let late = failed(StatusCode::BadTimeout);
    for (at, call) in calls.iter().enumerate() {
        let result = results.and_then(|it| it.get(at)).unwrap_or(&late);
        let audited = match condition::name_of(server, call) {
            Some(name) => audited_condition(&name, call),
            None if kpi::device_of(server, call).is_some() => None,
            None if role::is_about_roles(server, call) => Some(AuditedMethod {
                kind: ObjectTypeId::RoleMappingRuleChangedAuditEventType,
                ..AuditedMethod::default()
            }),
            None => push::audited(call),
        };
        if let Some(audited) = audited {
            server.audit_method(origin, call, result, audited);
        }
    }
}

fn start(
    request: &Request<'_>,
    session: SessionKey,
    (actor, rights, origin): (&Actor, &Rights, &Origin),
    call: &CallMethodRequest,
) -> Operation {
    let server = request.server;
    if let Err(denied) = check_permission(server, rights, call) {
        return Operation::Done(failed(status::of_denial(denied)));
    }
    if let Some(result) = push::call(server, session, request.connection, origin, call) {
        return Operation::Read(result);
    }
    if let Some(result) = state_change::call(server, actor, call) {
        return Operation::Done(result);
    }
    let own = own_method(server, session, call);
    if let Some(result) = own.or_else(|| condition::refresh(server, session, call)) {
        return Operation::Done(result);
    }
    let asker = Asker { session, actor, origin };
    if let Some(called) = approval::call(server, &asker, call) {
        return called.map_or_else(Operation::Done, Operation::Read);
    }
    if let Some(called) = condition::call(server, &asker, call) {
        let given = call.input_arguments.as_ref().map_or(0, Vec::len);
        return match called {
            Ok(Called::Asked(outcome)) => Operation::Alarm(given, outcome),
            Ok(Called::Held(holding)) => Operation::Held(None, holding),
            Ok(Called::Now(outputs)) => Operation::Done(answered(call, outputs)),
            Err(result) => Operation::Done(result),
        };
    }
    let managed = role::call(server, session, actor, call);
    if let Some(called) = managed.or_else(|| user::call(server, session, actor, call)) {
        return called.map_or_else(Operation::Done, Operation::Read);
    }
    if let Some(called) = kpi::call(server, call) {
        return called.map_or_else(Operation::Done, Operation::Read);
    }
    if let Some(result) = fixture::call(server, call) {
        return match result {
            Ok(Done::Now(outputs)) => Operation::Done(answered(call, outputs)),
            Ok(Done::After(time)) => Operation::Slow(time),
            Err(result) => Operation::Done(result),
        };
    }
    match prepare(server, actor, call) {
        Ok((row, command)) => {
            let asking = Asking::Plant(&command);
            let form = || Form::Call(call.clone());
            if let Some(holding) = approval::hold(server, &asker, asking, form) {
                return Operation::Held(Some(row), holding);
            }
            info!(%actor, target = ?command.target, method = row.name, "call");
            let (reply, outcome) = oneshot::channel();
            match server.port.commands.try_send(EngineRequest::Plant(command, reply)) {
                Ok(()) => Operation::Asked(row, outcome),
                Err(_) => Operation::Done(failed(status::of_refusal(&Refusal::Busy))),
            }
        }
        Err(result) => Operation::Done(result),
    }
}

/// Whether this session may call methods of the object, and this one (Part 3, 8.55). What is no method of the object is
/// left to those who answer the call.
fn check_permission(
    server: &Server,
    rights: &Rights,
    call: &CallMethodRequest,
) -> Result<(), Denied> {
    let space = &server.space;
    let object = space.resolve(&NodeIdRef::from(&call.object_id));
    let method = space.resolve(&NodeIdRef::from(&call.method_id));
    let Some((object, method)) = object.zip(method) else { return Ok(()) };
    let Some(method) = space.method_of(object, method) else { return Ok(()) };
    rights.check(space.class_of(object), CALL)?;
    rights.check(space.class_of(method), CALL)
}

/// A call that went well, with what came of it.
pub(super) fn answered(call: &CallMethodRequest, outputs: Vec<Variant>) -> CallMethodResult {
    let given = call.input_arguments.as_ref().map_or(0, Vec::len);
    CallMethodResult {
        status_code: StatusCode::Good,
        input_argument_results: Some(vec![StatusCode::Good; given]),
        input_argument_diagnostic_infos: None,
        output_arguments: Some(outputs),
    }
}

pub(super) fn failed(status_code: StatusCode) -> CallMethodResult {
    CallMethodResult { status_code, ..CallMethodResult::default() }
}

/// Object, method, right, number and types of arguments (MTH-02, MTH-03, MTH-05 to MTH-07).
fn prepare(
    server: &Server,
    actor: &Actor,
    call: &CallMethodRequest,
) -> Result<(&'static MethodRow, Command), CallMethodResult> {
    let space = &server.space;
    let object = space
        .resolve(&NodeIdRef::from(&call.object_id))
        .ok_or_else(|| failed(StatusCode::BadNodeIdUnknown))?;
    let method = space
        .resolve(&NodeIdRef::from(&call.method_id))
        .ok_or_else(|| failed(StatusCode::BadMethodInvalid))?;
    let found = space.method(object, method).map_err(failed)?;
    let row = found.row;
    if !actor.roles.may_write(row.access) {
        return Err(failed(StatusCode::BadUserAccessDenied));
    }
    let given = call.input_arguments.as_deref().unwrap_or_default();
    if given.len() < row.inputs.len() {
        return Err(failed(StatusCode::BadArgumentsMissing));
    }
    if given.len() > row.inputs.len() {
        return Err(failed(StatusCode::BadTooManyArguments));
    }
    let arguments = read_arguments(row, given)?;
    let device = space.table().device(found.device);
    let target = device.target().ok_or_else(|| failed(StatusCode::BadMethodInvalid))?;
    let order = Order::Call { method: row.method, arguments };
    Ok((row, Command { actor: actor.clone(), target, order }))
}

fn read_arguments(row: &MethodRow, given: &[Variant]) -> Result<Vec<Scalar>, CallMethodResult> {
    let read: Vec<Result<Scalar, StatusCode>> = given
        .iter()
        .zip(row.inputs)
        .map(|(value, declared)| variant::argument(value, declared.value_type))
        .collect();
    if read.iter().any(Result::is_err) {
        let codes = read.iter().map(|it| it.as_ref().err().copied().unwrap_or(StatusCode::Good));
        return Err(CallMethodResult {
            input_argument_results: Some(codes.collect()),
            ..failed(StatusCode::BadInvalidArgument)
        });
    }
    Ok(read.into_iter().flatten().collect())
}

async fn finish(operation: Operation) -> CallMethodResult {
    match operation {
        Operation::Done(result) => result,
        Operation::Slow(time) => {
            tokio::time::sleep(time).await;
            CallMethodResult { status_code: StatusCode::Good, ..CallMethodResult::default() }
        }
        Operation::Read(result) => {
            result.await.unwrap_or_else(|_| failed(StatusCode::BadInternalError))
        }
        Operation::Held(row, holding) => match (row, holding.await) {
            (_, Ok(Ok(()))) => failed(status::WAITS),
            (Some(row), Ok(Err(HoldProblem::Plant(refusal)))) => refused(row, &refusal),
            (_, Ok(Err(problem))) => failed(status::of_hold_problem(&problem)),
            (_, Err(_)) => failed(StatusCode::BadInternalError),
        },
        Operation::Asked(row, outcome) => match outcome.await {
            Ok(Ok(outputs)) => good(row, &outputs),
            Ok(Err(refusal)) => refused(row, &refusal),
            Err(_) => failed(crate::ua::server::ENGINE_GONE),
        },
        Operation::Alarm(given, outcome) => match outcome.await {
            Ok(Ok(())) => CallMethodResult {
                input_argument_results: Some(vec![StatusCode::Good; given]),
                ..CallMethodResult::default()
            },
            Ok(Err(refusal)) => failed(status::of_alarm_refusal(&refusal)),
            Err(_) => failed(crate::ua::server::ENGINE_GONE),
        },
    }
}

fn good(row: &MethodRow, outputs: &[Scalar]) -> CallMethodResult {
    let declared = row.outputs.iter().map(|it| Some(it.value_type)).chain(std::iter::repeat(None));
    let outputs = outputs.iter().zip(declared).map(|(it, kind)| variant::from_scalar(it, kind));
    CallMethodResult {
        status_code: StatusCode::Good,
        input_argument_results: Some(vec![StatusCode::Good; row.inputs.len()]),
        input_argument_diagnostic_infos: None,
        output_arguments: Some(outputs.collect()),
    }
}

/// A refusal about one argument names it (MTH-04).
fn refused(row: &MethodRow, refusal: &Refusal) -> CallMethodResult {
    info!(method = row.name, %refusal, "call refused");
    let mut result = failed(status::of_refusal(refusal));
    if let Refusal::ArgumentOutOfRange { index, .. } = refusal {
        let mut codes = vec![StatusCode::Good; row.inputs.len()];
        if let Some(code) = codes.get_mut(*index) {
            *code = StatusCode::BadOutOfRange;
        }
        result.input_argument_results = Some(codes);
    }
    result
}

/// GetMonitoredItems and ResendData of the Server object (Part 5, 9.1 and 9.2).
fn own_method(
    server: &Server,
    session: SessionKey,
    call: &CallMethodRequest,
) -> Option<CallMethodResult> {
    let is_server = call.object_id == ObjectId::Server;
    let get_items = call.method_id == (0, MethodId::Server_GetMonitoredItems as u32);
    let resend = call.method_id == (0, MethodId::Server_ResendData as u32);
    if !is_server || !(get_items || resend) {
        return None;
    }
    let given = call.input_arguments.as_deref().unwrap_or_default();
    let id = match given {
        [] => return Some(failed(StatusCode::BadArgumentsMissing)),
        [Variant::UInt32(id)] => *id,
        [_] => {
            return Some(CallMethodResult {
                input_argument_results: Some(vec![StatusCode::BadTypeMismatch]),
                ..failed(StatusCode::BadInvalidArgument)
            });
        }
        _ => return Some(failed(StatusCode::BadTooManyArguments)),
    };
    let mut subscriptions = server.subscriptions.borrow_mut();
    let outputs = if get_items {
        let items = subscriptions.monitored_items(session, id);
        items.map(|(servers, clients)| vec![servers.into(), clients.into()])
    } else {
        server.replan.notify_one();
        subscriptions.resend_data(session, id).map(|()| Vec::new())
    };
    Some(match outputs {
        Ok(outputs) => answered(call, outputs),
        Err(status) => failed(status),
    })
}

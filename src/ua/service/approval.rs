//! Hazardous commands are put aside, and approved or withdrawn by the methods of PendingApprovals.

use std::rc::Rc;

use opcua_types::{
    CallMethodRequest, CallMethodResult, Identifier, NodeId, NumericRange, StatusCode, Variant,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::access::Actor;
use crate::alarm::{AlarmCommand, AlarmOrder, AlarmRefusal, Class, access_of};
use crate::config::{ApprovalRule, Hazard};
use crate::control::{self, Danger, Hazards, Refusal};
use crate::engine::Request as EngineRequest;
use crate::tag::DeviceKind;
use crate::time;
use crate::ua::approval::{
    ApprovalProblem, Asked, Form, Held, HoldProblem, Person, Request as Pending, Step,
};
use crate::ua::audit::{Origin, Said};
use crate::ua::server::Server;
use crate::ua::service::method::failed;
use crate::ua::space::{ApprovalNode, NodeIdRef};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// Longest argument in what people read of a command, characters.
const SHOWN_CHARS: usize = 40;

/// Whose operation it is.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) session: SessionKey,
    pub(super) actor: &'a Actor,
    pub(super) origin: &'a Origin,
}

impl Asker<'_> {
    fn person(&self, server: &Server) -> Person {
        let sessions = server.sessions.borrow();
        let identity = sessions.get(self.session).and_then(|it| it.identity.as_ref());
        Person {
            name: self.actor.name.as_ref().to_owned(),
            is_anonymous: identity.is_none_or(|it| it.is_anonymous),
            session: self.session,
        }
    }
}

/// A command that may have to wait.
#[derive(Clone, Copy)]
pub(super) enum Asking<'a> {
    Plant(&'a control::Command),
    Alarm(&'a AlarmCommand),
}

impl Asking<'_> {
    fn held(self) -> Held {
        match self {
            Self::Plant(command) => Held::Plant(command.clone()),
            Self::Alarm(command) => Held::Alarm(command.clone()),
        }
    }
}

/// A hazardous command on its way to wait; a problem if it is refused instead.
pub(super) type Holding = JoinHandle<Result<(), HoldProblem>>;

/// What the engine says of a command that it does not carry out yet.
enum Judgement {
    Plant(oneshot::Receiver<control::Outcome>),
    Alarm(oneshot::Receiver<Result<(), AlarmRefusal>>),
}

/// Puts a command aside. `None` if it is not hazardous or waits for nothing: then it is given to the engine as any other.
pub(super) fn hold(
    server: &Rc<Server>,
    asker: &Asker<'_>,
    asking: Asking<'_>,
    form: impl FnOnce() -> Form,
) -> Option<Holding> {
    let danger = match asking {
        Asking::Plant(command) => server.hazards.of(command)?,
        Asking::Alarm(command) => danger_of_alarm(server, command)?,
    };
    let rule = server.config.approval.rule(danger.hazard);
    if rule == ApprovalRule::None {
        return None;
    }
    let (form, by) = (form(), asker.person(server));
    let (path, text) = words(server, &form);
    let device = server.space.table().split(&path).map(|it| it.0);
    let (held, origin) = (asking.held(), asker.origin.clone());
    let asked = Asked { held, danger, rule, form, by, origin, text, device };
    let judgement = judge(server, &asked);
    let server = Rc::clone(server);
    // A task of its own: a client that waits no longer must not leave a place taken.
    Some(tokio::task::spawn_local(async move {
        let Some(judgement) = judgement? else { return Ok(()) };
        let judged = match judgement {
            Judgement::Plant(outcome) => {
                outcome.await.map(|it| it.map(|_| ()).map_err(HoldProblem::Plant))
            }
            Judgement::Alarm(outcome) => outcome.await.map(|it| it.map_err(HoldProblem::Alarm)),
        };
        server.approvals.borrow_mut().judged(&asked.by);
        judged.unwrap_or(Err(HoldProblem::Gone))?;
        if server.sessions.borrow().get(asked.by.session).is_none() {
            return Err(HoldProblem::Gone);
        }
        let now = (time::monotonic(), time::now());
        let request = server.approvals.borrow_mut().add(asked, now);
        server.tell_approval(&request, Step::Requested, None);
        Ok(())
    }))
}

/// Has the engine look whether it would refuse the command now: then nobody needs to approve it. `None` if it waits already.
fn judge(server: &Server, asked: &Asked) -> Result<Option<Judgement>, HoldProblem> {
    if asked.rule == ApprovalRule::TwoPersons && asked.by.is_anonymous {
        return Err(HoldProblem::Nobody);
    }
    let mut approvals = server.approvals.borrow_mut();
    if approvals.same(asked).is_some() {
        return Ok(None);
    }
    approvals.begin(&asked.by)?;
    let (request, judgement) = match asked.held.clone() {
        Held::Plant(command) => {
            let (reply, outcome) = oneshot::channel();
            (EngineRequest::Check(command, reply), Judgement::Plant(outcome))
        }
        Held::Alarm(command) => {
            let (reply, outcome) = oneshot::channel();
            (EngineRequest::CheckAlarm(command, reply), Judgement::Alarm(outcome))
        }
    };
    if server.port.commands.try_send(request).is_err() {
        approvals.judged(&asked.by);
        return Err(HoldProblem::Plant(Refusal::Busy));
    }
    Ok(Some(judgement))
}

/// What is hazardous about an order to an alarm: one that guards people would be blind, or judge by another limit; or the
/// answer to a dialog is a hazardous method. The fixture's alarm of class Safety guards nobody.
fn danger_of_alarm(server: &Server, command: &AlarmCommand) -> Option<Danger> {
    let row = server.space.alarm_row(command.alarm);
    match command.order {
        AlarmOrder::Disable | AlarmOrder::Set(..)
            if row.class == Class::Safety && row.device != DeviceKind::AlarmFixture =>
        {
            Some(Danger { hazard: Hazard::SafetyAlarm, access: access_of(&command.order) })
        }
        AlarmOrder::Respond(option) => {
            let answer = usize::try_from(option).ok().and_then(|it| row.answers.get(it))?;
            Hazards::of_answer(answer.method?)
        }
        _ => None,
    }
}

/// The object's path, and the command in words such as `Line1.RF11.ResetTrip()`.
fn words(server: &Server, form: &Form) -> (String, String) {
    match form {
        Form::Call(call) => {
            let path = path_of(&call.object_id);
            let method = server.space.resolve(&NodeIdRef::from(&call.method_id));
            let name = method.map(|it| server.space.browse_name(it).1.into_owned());
            let given = call.input_arguments.as_deref().unwrap_or_default();
            let given: Vec<String> = given.iter().map(shown).collect();
            let text = format!("{path}.{}({})", name.unwrap_or_default(), given.join(", "));
            (path, text)
        }
        Form::Write(written) => {
            let path = path_of(&written.id(&server.space));
            let text = format!("{path} = {}", shown(&written.new));
            (path, text)
        }
    }
}

fn path_of(node: &NodeId) -> String {
    match &node.identifier {
        Identifier::String(path) => path.as_ref().to_owned(),
        _ => node.to_string(),
    }
}

/// A value as people read it: short, and on one line.
fn shown(value: &Variant) -> String {
    let text = match value {
        Variant::String(it) => format!("{:?}", it.as_ref()),
        Variant::LocalizedText(it) => format!("{:?}", it.text.as_ref()),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN_CHARS {
        return text;
    }
    text.chars().take(SHOWN_CHARS).chain(['…']).collect()
}

/// The call of Approve or Withdraw; `None` if it is another one.
pub(super) fn call(
    server: &Rc<Server>,
    asker: &Asker<'_>,
    call: &CallMethodRequest,
) -> Option<Result<JoinHandle<CallMethodResult>, CallMethodResult>> {
    let object = server.space.resolve(&NodeIdRef::from(&call.object_id))?;
    let method = server.space.resolve(&NodeIdRef::from(&call.method_id))?;
    let node = server.space.approval_method(object, method)?;
    let id = match call.input_arguments.as_deref().unwrap_or_default() {
        [Variant::UInt32(id)] => *id,
        [] => return Some(Err(failed(StatusCode::BadArgumentsMissing))),
        [_] => {
            return Some(Err(CallMethodResult {
                input_argument_results: Some(vec![StatusCode::BadTypeMismatch]),
                ..failed(StatusCode::BadInvalidArgument)
            }));
        }
        _ => return Some(Err(failed(StatusCode::BadTooManyArguments))),
    };
    let done = match node {
        ApprovalNode::Approve => approve(server, asker, id).map(Ok),
        _ => withdraw(server, asker, id).map(|()| Err(result_of(StatusCode::Good))),
    };
    Some(done.unwrap_or_else(|problem| Err(result_of(status::of_approval_problem(problem)))))
}

fn result_of(status_code: StatusCode) -> CallMethodResult {
    let input_argument_results = status_code.is_good().then(|| vec![StatusCode::Good]);
    CallMethodResult { input_argument_results, ..failed(status_code) }
}

/// Gives the command of a request to the engine, which judges it anew.
fn approve(
    server: &Rc<Server>,
    asker: &Asker<'_>,
    id: u32,
) -> Result<JoinHandle<CallMethodResult>, ApprovalProblem> {
    let (by, now) = (asker.person(server), (time::monotonic(), time::now()));
    let taken = server.approvals.borrow_mut().approve(id, (&by, asker.actor.roles), now);
    let mut request = match taken {
        Ok(request) => request,
        Err(problem) => {
            let tried = server.approvals.borrow().get(id).cloned();
            if let Some(tried) = tried {
                let step = Step::NotApproved(status::of_approval_problem(problem));
                server.tell_approval(&tried, step, Some(asker.origin));
            }
            return Err(problem);
        }
    };
    if !server.is_still_there(&request) {
        server.tell_approval(&request, Step::SessionEnded, None);
        return Err(ApprovalProblem::Unknown);
    }
    if let Form::Write(written) = &mut request.asked.form {
        let node = match written.node {
            Said::Ours(node) => Some(node),
            Said::Unknown(_) => None,
        };
        let (snapshot, whole) = (server.snapshot(), &NumericRange::None);
        written.old = server.value_before(&snapshot, node, written.attribute, whole);
    }
    let sent = send(server, server.approved_command(request.clone(), &by.name));
    let (server, origin) = (Rc::clone(server), asker.origin.clone());
    Ok(tokio::task::spawn_local(async move {
        let status = match sent {
            Err(status) => status,
            Ok(judgement) => outcome_of(judgement).await,
        };
        server.tell_approval(&request, Step::Approved(status), Some(&origin));
        result_of(status)
    }))
}

fn send(server: &Server, held: Held) -> Result<Judgement, StatusCode> {
    match held {
        Held::Plant(command) => {
            let (reply, outcome) = oneshot::channel();
            let sent = server.port.commands.try_send(EngineRequest::Plant(command, reply));
            sent.map_err(|_| status::of_refusal(&Refusal::Busy))?;
            Ok(Judgement::Plant(outcome))
        }
        Held::Alarm(command) => {
            let asked = server.port.ask_alarm(command);
            asked.map(Judgement::Alarm).map_err(|it| status::of_alarm_refusal(&it))
        }
    }
}

async fn outcome_of(judgement: Judgement) -> StatusCode {
    let problem = match judgement {
        Judgement::Plant(outcome) => {
            outcome.await.map(|it| it.err().map(|it| status::of_refusal(&it)))
        }
        Judgement::Alarm(outcome) => {
            outcome.await.map(|it| it.err().map(|it| status::of_alarm_refusal(&it)))
        }
    };
    problem.map_or(crate::ua::server::ENGINE_GONE, |it| it.unwrap_or(StatusCode::Good))
}

fn withdraw(server: &Server, asker: &Asker<'_>, id: u32) -> Result<(), ApprovalProblem> {
    let (by, now) = (asker.person(server), (time::monotonic(), time::now()));
    let taken = server.approvals.borrow_mut().withdraw(id, (&by, asker.actor.roles), now);
    let (request, by_other): (Pending, bool) = taken?;
    let step = if by_other { Step::Refused } else { Step::Withdrawn };
    server.tell_approval(&request, step, Some(asker.origin));
    Ok(())
}

//! What happens to a request is told as an event and audited, with both persons.

use opcua_types::{StatusCode, Variant};
use tracing::info;

use crate::access::Actor;
use crate::time;
use crate::ua::approval::{Held, Request};
use crate::ua::audit::Origin;
use crate::ua::event::{Event, MEDIUM, RECORD};
use crate::ua::server::Server;
use crate::ua::session::Session;
use crate::ua::space::{NodeRef, TYPES};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// ApprovalEventType in our NodeSet.
const EVENT_TYPE: u32 = 9160;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It waits.
    Requested,
    /// It was approved, and this came of its command.
    Approved(StatusCode),
    /// Somebody tried to approve it and may not. It waits on.
    NotApproved(StatusCode),
    /// Whoever asked has taken it back.
    Withdrawn,
    /// Another has refused it.
    Refused,
    /// Nobody approved it in time.
    Expired,
    /// Whoever asked has gone.
    SessionEnded,
}

impl Step {
    /// As events and the audit log call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "Requested",
            Self::Approved(_) => "Approved",
            Self::NotApproved(_) => "NotApproved",
            Self::Withdrawn => "Withdrawn",
            Self::Refused => "Refused",
            Self::Expired => "Expired",
            Self::SessionEnded => "SessionEnded",
        }
    }
}

impl Server {
    /// Tells of a step of a request, taken by `by`; none if nobody did anything.
    pub fn tell_approval(&self, request: &Request, step: Step, by: Option<&Origin>) {
        let (id, asked) = (request.id, &request.asked);
        let requester = asked.by.name.as_str();
        // Whoever asks has said nothing yet to being asked.
        let by = by.filter(|_| step != Step::Requested);
        let approver = by.map_or("", |it| it.who.name());
        let status = status::of_step(step);
        info!(request = id, requester, approver, command = asked.text, step = step.name(), %status, "approval");
        self.audit_approval(by.unwrap_or(&asked.origin), request, step, approver);
        if matches!(step, Step::NotApproved(_)) {
            // A try is for the audit log; it must not flood those who watch the plant.
            return;
        }
        let Some(kind) = self.space.own_event_type(EVENT_TYPE) else { return };
        let fields = [
            ("RequestId", Variant::from(id)),
            ("Step", step.name().into()),
            ("Command", asked.text.as_str().into()),
            ("Requester", requester.into()),
            ("Approver", approver.into()),
            ("Outcome", Variant::StatusCode(status)),
        ];
        let source = asked.device.map_or_else(|| self.space.server(), NodeRef::Device);
        let source_name = self.space.browse_name(source).1.into_owned();
        let path = asked.device.map(|it| self.space.table().device(it).path.clone());
        let now = time::now();
        self.raise(Some(Event {
            id: self.event_ids.next(),
            kind,
            source: self.space.node_id(source),
            source_name: path.unwrap_or(source_name),
            notifiers: self.space.notifiers(asked.device),
            time: now,
            received: now,
            message: message(request, step, approver),
            severity: if step == Step::Requested { MEDIUM } else { RECORD },
            fields: fields.map(|(name, value)| (format!("{TYPES}:{name}"), value)).into(),
            condition: None,
        }));
    }

    /// Ends the requests whose time is over.
    pub fn expire_approvals(&self) {
        let expired = self.approvals.borrow_mut().expired((time::monotonic(), time::now()));
        for request in expired {
            self.tell_approval(&request, Step::Expired, None);
        }
    }

    /// Ends what a session asked for while it acted for another user.
    pub fn end_approvals_of_former_user(&self, session: SessionKey) {
        let of_other = |it: &Request| it.asked.by.session == session && !self.is_still_there(it);
        let is_over = self.approvals.borrow().iter().any(of_other);
        if is_over {
            self.end_approvals_of(session);
        }
    }

    /// Ends the requests of a session that is over.
    pub fn end_approvals_of(&self, session: SessionKey) {
        let over = self.approvals.borrow_mut().of_session(session, time::now());
        for request in over {
            self.tell_approval(&request, Step::SessionEnded, None);
        }
    }

    /// Whether the session that made a request is there and acts for the same user.
    pub fn is_still_there(&self, request: &Request) -> bool {
        let (sessions, by) = (self.sessions.borrow(), &request.asked.by);
        let identity = sessions.get(by.session).and_then(|it| it.identity.as_ref());
        identity.is_some_and(|it| it.user == by.name && it.is_anonymous == by.is_anonymous)
    }

    /// The command of a request as it is given to the engine: with the roles that whoever asked has now.
    pub fn approved_command(&self, request: Request, approver: &str) -> Held {
        let asked = request.asked;
        let sessions = self.sessions.borrow();
        let roles = sessions.get(asked.by.session).map(Session::roles).unwrap_or_default();
        let name = if approver == asked.by.name {
            asked.by.name
        } else {
            format!("{} (approved by {approver})", asked.by.name)
        };
        asked.held.by(Actor { name: name.into(), roles })
    }
}

/// What a person reads of it.
fn message(request: &Request, step: Step, approver: &str) -> String {
    let Request { id, asked, until, .. } = request;
    let (text, by) = (&asked.text, &asked.by.name);
    match step {
        Step::Requested => format!("{by} asks for {text}: request {id}, until {until}"),
        Step::Approved(status) if status.is_good() => {
            format!("{text} asked for by {by} was approved by {approver}: request {id}")
        }
        Step::Approved(status) => {
            format!(
                "{text} asked for by {by}, approved by {approver}, failed: {status}, request {id}"
            )
        }
        Step::NotApproved(_) => format!("{approver} may not approve request {id}"),
        Step::Withdrawn => format!("{by} has withdrawn request {id}: {text}"),
        Step::Refused => format!("{approver} has refused request {id} of {by}: {text}"),
        Step::Expired => format!("nobody approved request {id} of {by} in time: {text}"),
        Step::SessionEnded => format!("{by} has gone, and with him request {id}: {text}"),
    }
}

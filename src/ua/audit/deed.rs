//! What is audited: a deed, and on whose behalf.

use std::borrow::Cow;
use std::net::SocketAddr;

use opcua_types::{NodeId, ObjectTypeId, RequestHeader, StatusCode, UAString, Variant};
use tracing::warn;

use crate::time::{self, Timestamp};
use crate::ua::audit::Draft;
use crate::ua::audit::chain::Heading;
use crate::ua::audit::gate::{Allowance, Attempt};
use crate::ua::audit::json::Object;
use crate::ua::connection::Connection;
use crate::ua::event::Event;
use crate::ua::permission::ClassIndex;
use crate::ua::permission::bits::RECEIVE_EVENTS;
use crate::ua::server::Server;
use crate::ua::session::Session;
use crate::ua::subscription::{SessionKey, Stage};
use crate::ua::value::date_time;

/// Severity of what went well, and of what was refused. Part 3 leaves both to the server.
const DONE: u16 = 100;
const REFUSED: u16 = 400;
/// Fields that a line of the log says in a place of its own, or that are too long for it.
const SAID_ELSEWHERE: [&str; 4] =
    ["SessionId", "StatusCodeId", "ClientCertificate", "UserIdentityToken"];

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody has said yet who he is: the service that is used.
    Unknown(&'static str),
    /// An anonymous session.
    Anonymous,
    /// A user who has proven it; in a login, who says so.
    User(String),
}

impl Who {
    /// ClientUserId (Part 5, 6.4.3).
    fn client_user_id(&self) -> UAString {
        match self {
            Self::Unknown(service) => format!("System/{service}").into(),
            Self::Anonymous => UAString::null(),
            Self::User(name) => name.as_str().into(),
        }
    }

    /// User name, `anonymous`, or nothing.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(_) => "",
            Self::Anonymous => "anonymous",
            Self::User(name) => name,
        }
    }
}

/// On whose behalf something is done.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who.
    pub who: Who,
    /// From where; none if his connection has gone.
    pub address: Option<SocketAddr>,
    /// SecureChannelId; 0 without one.
    pub channel: u32,
    /// SessionId; null without one.
    pub session: NodeId,
    /// The client's own name for the action: AuditEntryId of its request.
    pub entry: UAString,
    /// When the action began: ActionTimeStamp.
    pub time: Timestamp,
}

impl Origin {
    /// A request that comes over `connection`; `session` once there is one.
    pub fn new(connection: &Connection, header: &RequestHeader, session: Option<&Session>) -> Self {
        let who = match session.and_then(|it| it.identity.as_ref()) {
            None => Who::Unknown("Session"),
            Some(it) if it.is_anonymous => Who::Anonymous,
            Some(it) => Who::User(it.user.clone()),
        };
        Self {
            who,
            address: Some(connection.peer),
            channel: connection.id,
            session: session.map_or_else(NodeId::null, |it| it.id.clone()),
            entry: header.audit_entry_id.clone(),
            time: time::now(),
        }
    }

    /// This origin, with another actor.
    #[must_use]
    pub fn acting(self, who: Who) -> Self {
        Self { who, ..self }
    }
}

/// What was done, or refused.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Event type.
    pub kind: ObjectTypeId,
    /// SourceNode.
    pub source: NodeId,
    /// SourceName, such as `Attribute/Write`.
    pub source_name: Cow<'static, str>,
    /// For people: what, and if it was refused why.
    pub message: Cow<'static, str>,
    /// What came of it.
    pub status: StatusCode,
    /// Fields of its type beyond AuditEventType, all of namespace 0: name, and value.
    pub fields: Vec<(&'static str, Variant)>,
    /// What the log says besides: no fields of the event's type.
    pub notes: Vec<(&'static str, Variant)>,
}

impl Deed {
    /// A deed without further fields.
    pub fn new(
        kind: ObjectTypeId,
        source: NodeId,
        source_name: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
        status: StatusCode,
    ) -> Self {
        let (source_name, message) = (source_name.into(), message.into());
        let (fields, notes) = (Vec::new(), Vec::new());
        Self { kind, source, source_name, message, status, fields, notes }
    }

    /// With one field more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Variant>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Whether it is about coming in, staying or leaving: what anybody may try without a password.
    fn is_entrance(&self) -> bool {
        use ObjectTypeId as T;
        matches!(
            self.kind,
            T::AuditOpenSecureChannelEventType
                | T::AuditChannelEventType
                | T::AuditSessionEventType
                | T::AuditCreateSessionEventType
                | T::AuditActivateSessionEventType
                | T::AuditUrlMismatchEventType
                | T::AuditCancelEventType
                | T::AuditCertificateDataMismatchEventType
                | T::AuditCertificateExpiredEventType
                | T::AuditCertificateInvalidEventType
                | T::AuditCertificateUntrustedEventType
                | T::AuditCertificateRevokedEventType
                | T::AuditCertificateMismatchEventType
        )
    }

    /// How much of this is written one by one (AUD-06): all that users do, the first few of what is refused, and a
    /// limited number of what anybody may do without a password.
    fn allowance(&self, who: &Who) -> Allowance {
        match (self.status.is_bad(), self.is_entrance(), who) {
            (true, true, _) => Allowance::User,
            (true, false, _) | (false, true, Who::Unknown(_) | Who::Anonymous) => {
                Allowance::Address
            }
            (false, _, _) => Allowance::All,
        }
    }

    /// The line of the log.
    fn line(&self, origin: &Origin, now: Timestamp, server: &NodeId) -> Draft {
        line(origin, now, (self.kind, self.status, &self.source_name), |it| {
            let said = self.fields.iter().filter(|(it, _)| !SAID_ELSEWHERE.contains(it));
            for (name, value) in said.chain(&self.notes) {
                // What is empty is left out, but for the values of a Write: there it says something.
                if name.ends_with("Value") {
                    it.value(name, value);
                } else {
                    it.value_if_any(name, value);
                }
            }
            if self.status.is_bad() {
                it.text("message", &self.message);
            }
            if self.source != *server {
                it.node("node", &self.source);
            }
        })
    }
}

/// A line of the log about something of this type, with this outcome and SourceName.
pub(super) fn line(
    origin: &Origin,
    time: Timestamp,
    (kind, status, source): (ObjectTypeId, StatusCode, &str),
    put: impl FnOnce(&mut Object<'_>),
) -> Draft {
    let address = origin.address.map_or_else(String::new, |it| it.to_string());
    let session = if origin.session.is_null() { String::new() } else { origin.session.to_string() };
    let heading = Heading {
        time,
        kind: &format!("{kind:?}"),
        outcome: &status.to_string(),
        user: origin.who.name(),
        address: &address,
        session: &session,
        source,
        entry: origin.entry.as_ref(),
    };
    Draft::new(&heading, put)
}

/// Who is told of a deed.
pub(super) struct Audience {
    /// The history of events.
    is_recorded: bool,
    /// Sessions that hear audit events.
    hearing: Vec<SessionKey>,
}

impl Server {
    /// Who asks over `connection`, in a session or before there is one.
    pub fn origin(
        &self,
        connection: &Connection,
        header: &RequestHeader,
        session: Option<SessionKey>,
    ) -> Origin {
        let sessions = self.sessions.borrow();
        Origin::new(connection, header, session.and_then(|it| sessions.get(it)))
    }

    /// Audits a deed: an event for those who may hear it, a line of the log. The event's id, for events that refer to it.
    pub fn audit(&self, origin: &Origin, deed: Deed) -> [u8; 16] {
        let id = self.event_ids.next();
        let now = time::now();
        let attempt = Attempt {
            what: deed.kind,
            outcome: deed.status,
            source: &deed.source_name,
            address: origin.address.map(|it| it.ip()),
            user: origin.who.name(),
            time: now,
            allowance: deed.allowance(&origin.who),
        };
        let is_single = self.trail.admits(&attempt, time::monotonic());
        if is_single {
            self.trail.push(deed.line(origin, now, &self.own_id()));
        }
        // Refused commands have said so already.
        if is_single && deed.status.is_bad() && deed.is_entrance() {
            let (user, source, status) = (origin.who.name(), &deed.source_name, deed.status);
            warn!(user, address = ?origin.address, %source, %status, "{}", deed.message);
        }
        if let Some(audience) = self.audience(is_single) {
            self.tell(origin, deed, id, &audience);
        }
        id
    }

    /// Who is told of a deed, if anybody: only a SecurityAdmin over an encrypted channel hears it (Part 4, 6.5; AUD-02).
    /// It is recorded if the log has a line of its own for it: a flood of refusals must not push everything else out of
    /// the history.
    pub(super) fn audience(&self, is_single: bool) -> Option<Audience> {
        let is_recorded = is_single && self.events.is_some();
        let mut hearing = Vec::new();
        if self.subscriptions.borrow().has_listeners() {
            let sessions = self.sessions.borrow();
            hearing.extend(sessions.iter().filter(|it| it.hears_audit).map(|it| it.key));
        }
        (is_recorded || !hearing.is_empty()).then_some(Audience { is_recorded, hearing })
    }

    /// Tells of a deed.
    pub(super) fn tell(&self, origin: &Origin, deed: Deed, id: [u8; 16], audience: &Audience) {
        let Some(kind) = self.space.standard_event_type(deed.kind as u32) else { return };
        let mut fields = vec![
            ("0:ActionTimeStamp".to_owned(), date_time(origin.time).into()),
            ("0:Status".to_owned(), (!deed.status.is_bad()).into()),
            ("0:ServerId".to_owned(), self.endpoints.application_uri.as_str().into()),
            ("0:ClientAuditEntryId".to_owned(), origin.entry.clone().into()),
            ("0:ClientUserId".to_owned(), origin.who.client_user_id().into()),
            ("0:StatusCodeId".to_owned(), Variant::StatusCode(deed.status)),
        ];
        fields.extend(deed.fields.into_iter().map(|(name, value)| (format!("0:{name}"), value)));
        let now = time::now();
        let event = Event {
            id,
            kind,
            source: deed.source,
            source_name: deed.source_name.into_owned(),
            notifiers: vec![self.space.server()],
            time: now,
            received: now,
            message: deed.message.into_owned(),
            severity: if deed.status.is_bad() { REFUSED } else { DONE },
            fields,
            condition: None,
        };
        if audience.is_recorded {
            self.record(&event);
        }
        if audience.hearing.is_empty() {
            return;
        }
        let context = self.context();
        let stage = Stage { space: &self.space, ids: &self.event_ids, context: &context };
        self.subscriptions.borrow_mut().raise_audit(&event, &audience.hearing, &stage);
    }

    /// Looks again whether the user of a session hears audit events: user, channel or subscriptions have changed.
    pub fn check_hearing(&self, key: SessionKey) {
        let mut sessions = self.sessions.borrow_mut();
        let Some(session) = sessions.get_mut(key) else { return };
        session.hears_audit = session.rights.may(ClassIndex::AUDIT, RECEIVE_EVENTS);
        if !session.hears_audit {
            self.subscriptions.borrow_mut().withhold_audit(key);
        }
    }

    /// The Server object, source of most audit events.
    pub(super) fn own_id(&self) -> NodeId {
        self.space.node_id(self.space.server())
    }
}

//! The services, one file per service set (Part 4, 5.5–5.14): decode, check, ask the right module, encode.

mod approval;
mod attribute;
mod batch;
mod cancel;
mod condition;
mod create_session;
mod discovery;
mod ephemeral;
mod event_draft;
mod filter;
mod fixture;
mod history_data;
mod history_events;
mod history_read;
mod history_update;
mod history_update_events;
mod issued;
mod kpi;
mod method;
mod monitored;
mod push;
mod read_list;
mod reader;
mod role;
mod session;
mod state_change;
mod subscription;
mod user;
mod variant;
mod view;
mod write;

use std::rc::Rc;

pub use filter::MOST_CLAUSES;
use opcua_types::{
    BinaryDecodable, BinaryEncodable, Context, MessageInfo, ObjectId, RequestHeader,
    ResponseHeader, StatusCode,
};
pub use read_list::ReadLists;
pub use role::RoleProblem;
use tracing::debug;

use crate::access::Roles;
use crate::time;
use crate::ua::channel::Channel;
use crate::ua::connection::Connection;
use crate::ua::envelope::{fault, response_header, type_id};
use crate::ua::permission::Rights;
use crate::ua::server::Server;
use crate::ua::service::reader::{Malformed, Reader};
use crate::ua::session::Session;
use crate::ua::space::IdRef;
use crate::ua::subscription::SessionKey;

/// What a service gives back.
enum Answer {
    /// The response, encoded.
    Now(Vec<u8>),
    /// The response follows by itself: a Publish that waits, a command on its way.
    Later,
}

/// The service's own result; `Err` becomes a ServiceFault.
type Outcome = Result<Answer, StatusCode>;

impl From<Malformed> for StatusCode {
    fn from(_: Malformed) -> Self {
        Self::BadDecodingError
    }
}

/// One request on its way through a service.
struct Request<'a> {
    server: &'a Rc<Server>,
    connection: &'a Rc<Connection>,
    id: u32,
    header: RequestHeader,
    body: Reader<'a>,
    context: Context<'a>,
}

impl Request<'_> {
    /// The rest of the body as the library's type, whose header has been read already.
    fn typed<T: BinaryDecodable>(&mut self) -> Result<T, StatusCode> {
        Ok(self.body.typed(&self.context)?)
    }

    /// A Good response header.
    fn good(&self) -> ResponseHeader {
        ResponseHeader::new_good(&self.header)
    }

    /// The activated session of this request, on its own channel, its timeout renewed (Part 4, 5.7.3).
    fn session(&self) -> Result<SessionKey, StatusCode> {
        let mut sessions = self.server.sessions.borrow_mut();
        let token = &self.header.authentication_token;
        let session = sessions.by_token(token).ok_or(StatusCode::BadSessionIdInvalid)?;
        if session.channel != self.connection.id {
            return Err(StatusCode::BadSecureChannelIdInvalid);
        }
        session.last_used = time::monotonic();
        let key = session.key;
        if session.identity.is_none() {
            drop(sessions);
            // Part 4, 5.7.2.1: a session used before its activation is closed.
            self.server.counters.aborted_sessions.bump();
            self.server.break_session(key, true, "Session/Terminated");
            return Err(StatusCode::BadSessionNotActivated);
        }
        Ok(key)
    }

    fn roles(&self, session: SessionKey) -> Roles {
        self.server.sessions.borrow().get(session).map_or(Roles::NONE, Session::roles)
    }

    fn rights(&self, session: SessionKey) -> Rights {
        self.server.sessions.borrow().get(session).map(|it| it.rights.clone()).unwrap_or_default()
    }

    fn answer<T: BinaryEncodable + MessageInfo>(&self, response: &T) -> Outcome {
        Ok(Answer::Now(encode(response, &self.server.context())?))
    }

    /// Type and header of a Good response that is encoded by hand.
    fn head(&self, id: ObjectId) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let handle = self.header.request_handle;
        response_header(&mut out, id, handle, StatusCode::Good, time::now());
        out
    }

    /// Longest answer that the channel takes, bytes; a session may have asked for less.
    fn longest_answer(&self) -> usize {
        self.connection.channel.borrow().as_ref().map_or(0, Channel::longest_body)
    }

    /// Refuses an empty or too long list of operations.
    fn check_count(&self, count: usize) -> Result<(), StatusCode> {
        if count == 0 {
            return Err(StatusCode::BadNothingToDo);
        }
        if count > self.server.config.limits.operations {
            return Err(StatusCode::BadTooManyOperations);
        }
        Ok(())
    }
}

/// A message with its type id in front.
fn encode<T: BinaryEncodable + MessageInfo>(
    message: &T,
    context: &Context<'_>,
) -> Result<Vec<u8>, StatusCode> {
    let mut body = Vec::with_capacity(message.byte_len(context) + 4);
    type_id(&mut body, message.type_id());
    message.encode(&mut body, context).map_err(|_| StatusCode::BadEncodingError)?;
    Ok(body)
}

/// Serves one message.
pub fn dispatch(server: &Rc<Server>, connection: &Rc<Connection>, id: u32, message: &[u8]) {
    let mut body = Reader::new(message);
    let context = server.decoding(message);
    let parsed = body.node_id().and_then(|kind| Ok((kind, body.typed::<RequestHeader>(&context)?)));
    let Ok((kind, header)) = parsed else {
        let fault = fault(0, StatusCode::BadDecodingError, time::now());
        connection.send(id, 0, &fault);
        return;
    };
    let handle = header.request_handle;
    let kind = match kind.identifier {
        IdRef::Numeric(number) if kind.namespace == 0 => number,
        _ => 0,
    };
    let token = header.authentication_token.clone();
    let request = Request { server, connection, id, header, body, context };
    let outcome = serve(request, kind);
    if let Some(session) = server.sessions.borrow_mut().by_token(&token) {
        let error = outcome.as_ref().err();
        let is_unauthorized = error == Some(&StatusCode::BadUserAccessDenied);
        session.counts.add(kind, error.is_some(), is_unauthorized);
    }
    match outcome {
        Ok(Answer::Now(out)) => connection.send(id, handle, &out),
        Ok(Answer::Later) => {}
        Err(status) => {
            debug!(channel = connection.id, service = kind, %status, "service fault");
            server.counters.rejected_requests.bump();
            connection.send(id, handle, &fault(handle, status, time::now()));
        }
    }
}

/// Numeric id of a request's binary encoding.
macro_rules! requests {
    ($($name:ident = $object:ident),+ $(,)?) => {
        $(const $name: u32 = ObjectId::$object as u32;)+
    };
}

requests! {
    FIND_SERVERS = FindServersRequest_Encoding_DefaultBinary,
    GET_ENDPOINTS = GetEndpointsRequest_Encoding_DefaultBinary,
    CREATE_SESSION = CreateSessionRequest_Encoding_DefaultBinary,
    ACTIVATE_SESSION = ActivateSessionRequest_Encoding_DefaultBinary,
    CLOSE_SESSION = CloseSessionRequest_Encoding_DefaultBinary,
    CANCEL = CancelRequest_Encoding_DefaultBinary,
    BROWSE = BrowseRequest_Encoding_DefaultBinary,
    BROWSE_NEXT = BrowseNextRequest_Encoding_DefaultBinary,
    TRANSLATE = TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary,
    REGISTER_NODES = RegisterNodesRequest_Encoding_DefaultBinary,
    UNREGISTER_NODES = UnregisterNodesRequest_Encoding_DefaultBinary,
    READ = ReadRequest_Encoding_DefaultBinary,
    HISTORY_READ = HistoryReadRequest_Encoding_DefaultBinary,
    HISTORY_UPDATE = HistoryUpdateRequest_Encoding_DefaultBinary,
    WRITE = WriteRequest_Encoding_DefaultBinary,
    CALL = CallRequest_Encoding_DefaultBinary,
    CREATE_ITEMS = CreateMonitoredItemsRequest_Encoding_DefaultBinary,
    MODIFY_ITEMS = ModifyMonitoredItemsRequest_Encoding_DefaultBinary,
    SET_MONITORING_MODE = SetMonitoringModeRequest_Encoding_DefaultBinary,
    SET_TRIGGERING = SetTriggeringRequest_Encoding_DefaultBinary,
    DELETE_ITEMS = DeleteMonitoredItemsRequest_Encoding_DefaultBinary,
    CREATE_SUBSCRIPTION = CreateSubscriptionRequest_Encoding_DefaultBinary,
    MODIFY_SUBSCRIPTION = ModifySubscriptionRequest_Encoding_DefaultBinary,
    SET_PUBLISHING_MODE = SetPublishingModeRequest_Encoding_DefaultBinary,
    PUBLISH = PublishRequest_Encoding_DefaultBinary,
    REPUBLISH = RepublishRequest_Encoding_DefaultBinary,
    TRANSFER = TransferSubscriptionsRequest_Encoding_DefaultBinary,
    DELETE_SUBSCRIPTIONS = DeleteSubscriptionsRequest_Encoding_DefaultBinary,
}

fn serve(request: Request<'_>, kind: u32) -> Outcome {
    let discovery = matches!(kind, FIND_SERVERS | GET_ENDPOINTS);
    if !discovery && !request.server.allows_sessions(request.connection) {
        // Part 4, 5.4: an unsecured channel of a server without a None endpoint is for discovery only.
        return Err(StatusCode::BadServiceUnsupported);
    }
    match kind {
        FIND_SERVERS => discovery::find_servers(request),
        GET_ENDPOINTS => discovery::get_endpoints(request),
        CREATE_SESSION => create_session::create(request),
        ACTIVATE_SESSION => session::activate(request),
        CLOSE_SESSION => session::close(request),
        CANCEL => cancel::cancel(request),
        BROWSE => view::browse(request),
        BROWSE_NEXT => view::browse_next(request),
        TRANSLATE => view::translate(request),
        REGISTER_NODES => view::register(request),
        UNREGISTER_NODES => view::unregister(request),
        READ => attribute::read(request),
        HISTORY_READ => history_read::history_read(request),
        HISTORY_UPDATE => history_update::history_update(request),
        WRITE => write::write(request),
        CALL => method::call(request),
        CREATE_ITEMS => monitored::create(request),
        MODIFY_ITEMS => monitored::modify(request),
        SET_MONITORING_MODE => monitored::set_mode(request),
        SET_TRIGGERING => monitored::set_triggering(request),
        DELETE_ITEMS => monitored::delete(request),
        CREATE_SUBSCRIPTION => subscription::create(request),
        MODIFY_SUBSCRIPTION => subscription::modify(request),
        SET_PUBLISHING_MODE => subscription::set_publishing(request),
        PUBLISH => subscription::publish(request),
        REPUBLISH => subscription::republish(request),
        TRANSFER => subscription::transfer(request),
        DELETE_SUBSCRIPTIONS => subscription::delete(request),
        _ => Err(StatusCode::BadServiceUnsupported),
    }
}

//! `request`: bodies of requests, one after the other, of a client that has logged in.
//!
//! The first byte of the input says who the client is; then come its requests as parts: the number of the request's
//! type (two bytes, little endian) and what stands behind its header. A type of zero: a whole message follows.
//!
//! ```text
//! bit 0  over an encrypted channel, elliptic; otherwise without security
//! bit 1  with every role; otherwise those of an anonymous client
//! bit 2  without a session
//! ```
//! Each body is also read and written by itself, through the types of the library.

use std::rc::Rc;
use std::time::Duration;

use cellhouse::access::Role;
use cellhouse::config::{EndpointConfig, SecurityPolicy};
use cellhouse::time;
use cellhouse::ua::channel::{Channel, Opening, Received};
use cellhouse::ua::session::{Identity, NewSession};
use cellhouse::ua::wire::{self, HEADER_BYTES, Shallow, TransportLimits};
use opcua_types::{
    ApplicationDescription, BinaryDecodable, BinaryEncodable, Context, ExtensionObject, NodeId,
    ObjectId, RequestHeader, ResponseHeader, UAString,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::parts::parts;
use super::served::{Served, served};

/// A request that has not been answered for so long never will be.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two scans of the plant, while an answer is waited for.
const STEP: Duration = Duration::from_millis(1);
/// Requests of an input that are sent.
const REQUESTS: usize = 32;
/// Where the client says that it goes.
const URL: &str = "opc.tcp://localhost:4840";
const FAULT: u32 = ObjectId::ServiceFault_Encoding_DefaultBinary as u32;
const PUBLISH: u16 = ObjectId::PublishRequest_Encoding_DefaultBinary as u16;

/// Sends the requests and reads the answers.
///
/// # Panics
/// If the server panics or leaves a request without an answer, or if an answer cannot be read or is another's.
pub fn run(input: &[u8]) {
    let served = served();
    let (first, rest) = input.split_first().unwrap_or((&0, &[]));
    let requests: Vec<&[u8]> = parts(rest).into_iter().take(REQUESTS).collect();
    for request in &requests {
        if let Some((kind, body)) = request.split_first_chunk::<2>() {
            round_trip(&served, u16::from_le_bytes(*kind), body);
        }
    }
    served.block_on(async {
        let (stream, serving) = served.connect();
        let mut client = Client::open(&served, stream, first & 1 == 1).await;
        if first & 4 == 0 {
            client.log_in(&served, first & 2 != 0);
        }
        for request in requests {
            if !client.ask(&served, request).await {
                break;
            }
        }
        drop(client);
        let ended = tokio::time::timeout(PATIENCE, serving).await.expect("the connection ends");
        ended.expect("the connection ends without a panic");
    });
    served.reset();
}

/// A client on a channel.
struct Client {
    stream: UnixStream,
    channel: Channel,
    token: NodeId,
    request: u32,
    input: Vec<u8>,
}

impl Client {
    async fn open(served: &Served, mut stream: UnixStream, secured: bool) -> Self {
        let limits = TransportLimits::new(&served.server.config.limits);
        let mut hello = Vec::new();
        wire::write_hello(&mut hello, &limits, URL);
        stream.write_all(&hello).await.expect("a server that reads");
        let acknowledge = frame(&mut stream).await;
        let limits = wire::parse_acknowledge(&acknowledge, &limits).expect("an Acknowledge");
        let policy = if secured { SecurityPolicy::EccNistP256 } else { SecurityPolicy::None };
        let endpoint = EndpointConfig { policy, sign: secured, encrypt: secured };
        let certificate =
            if secured { served.server.channels.certificate(policy) } else { Vec::new() };
        let opening = Opening::new(Rc::clone(&served.client), limits, endpoint, certificate);
        let opening = opening.expect("a policy that is offered");
        let mut ask = Vec::new();
        opening.ask(time::now(), &mut ask).expect("a request");
        stream.write_all(&ask).await.expect("a server that reads");
        let answer = frame(&mut stream).await;
        let channel = opening.finish(&answer, time::monotonic()).expect("an open channel");
        Self { stream, channel, token: NodeId::null(), request: 1, input: Vec::new() }
    }

    /// As CreateSession and ActivateSession do it, without them.
    fn log_in(&mut self, served: &Served, is_admin: bool) {
        let server = &served.server;
        let connection = server.connections.borrow().get(&self.channel.id()).cloned();
        let connection = connection.expect("ours");
        let channel = connection.channel.borrow();
        let certificate = channel.as_ref().and_then(|it| it.client_certificate());
        let client = NewSession {
            name: "fuzz".to_owned(),
            description: ApplicationDescription::default(),
            endpoint_url: URL.to_owned(),
            created: time::now(),
            address: connection.peer.ip(),
            channel: connection.id,
            client_certificate: certificate.unwrap_or_default().to_vec(),
            timeout: Duration::from_mins(1),
            max_response_bytes: 0,
        };
        let key = {
            let mut sessions = server.sessions.borrow_mut();
            let session = sessions.create(client, time::monotonic()).expect("randomness");
            session.identify(Identity {
                user: if is_admin { "admin" } else { "anonymous" }.to_owned(),
                is_anonymous: !is_admin,
                roles: Role::ALL.into_iter().filter(|_| is_admin).collect(),
                ..Identity::default()
            });
            self.token = session.token();
            session.key
        };
        server.renew_rights(key);
        connection.has_session.set(true);
        connection.is_known.set(true);
    }

    /// Sends a request and waits for its answer; false if the server has hung up.
    async fn ask(&mut self, served: &Served, request: &[u8]) -> bool {
        let Some((kind, body)) = request.split_first_chunk::<2>() else { return true };
        let kind = u16::from_le_bytes(*kind);
        self.request += 1;
        let message = if kind == 0 { body.to_vec() } else { self.message(served, kind, body) };
        let mut out = Vec::new();
        if message.is_empty() || self.channel.send(self.request, &message, &mut out).is_err() {
            // There is no chunk of nothing, and none that is longer than the server takes.
            return true;
        }
        if self.stream.write_all(&out).await.is_err() {
            return false;
        }
        let called = called(&message);
        let answer = async {
            while !self.take_answer(served, called) {
                tokio::select! {
                    more = self.stream.read_buf(&mut self.input) => {
                        if more.map_or(true, |it| it == 0) {
                            return false;
                        }
                    }
                    () = tokio::time::sleep(STEP) => {
                        assert!(served.engine.advance(1).await, "the engine goes on");
                        if called == Some(PUBLISH) {
                            // Its answer comes when there is something to tell.
                            return true;
                        }
                    }
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, answer).await.expect("an answer")
    }

    fn message(&self, served: &Served, kind: u16, body: &[u8]) -> Vec<u8> {
        let header = RequestHeader {
            authentication_token: self.token.clone(),
            request_handle: self.request,
            timeout_hint: 10_000,
            audit_entry_id: UAString::null(),
            additional_header: ExtensionObject::null(),
            ..RequestHeader::default()
        };
        let [low, high] = kind.to_le_bytes();
        let mut message = vec![1, 0, low, high];
        header.encode(&mut message, &served.server.context()).expect("memory takes everything");
        message.extend_from_slice(body);
        message
    }

    /// Takes what has come; whether the answer to the last request is in it.
    fn take_answer(&mut self, served: &Served, called: Option<u16>) -> bool {
        let mut is_answered = false;
        while let Some(length) = wire::announced(&self.input).filter(|it| *it <= self.input.len()) {
            let mut chunk: Vec<u8> = self.input.drain(..length).collect();
            if chunk.starts_with(b"ERR") {
                return true;
            }
            let (now, utc) = (time::monotonic(), time::now());
            let received = self.channel.receive(&mut chunk, now, utc, &mut Vec::new());
            let (id, body) = match received.expect("a chunk as it should be") {
                Received::Message { request_id, body } => (request_id, chunk[body].to_vec()),
                Received::Assembled { request_id, body } => (request_id, body),
                Received::Partial => continue,
                other => panic!("{other:?} is no answer"),
            };
            let answered = id == self.request;
            check(served, &body, called.filter(|_| answered));
            is_answered |= answered;
        }
        is_answered
    }
}

/// Numeric type of a message, if its NodeId has four bytes.
fn called(message: &[u8]) -> Option<u16> {
    match message {
        [1, 0, low, high, ..] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

/// An answer has a header that can be read, and its type is the request's or a fault.
fn check(served: &Served, body: &[u8], called: Option<u16>) {
    let context = served.client.decoding(body.len());
    let mut rest = body;
    let kind = NodeId::decode(&mut rest, &context).expect("a type");
    let header = ResponseHeader::decode(&mut rest, &context).expect("a header");
    let kind = kind.as_u32().expect("a type of the standard");
    if kind == FAULT {
        assert!(!header.service_result.is_good(), "a fault that is none");
    } else if let Some(called) = called {
        assert_eq!(kind, u32::from(called) + 3, "the answer to another request");
    }
}

/// The next frame.
async fn frame(stream: &mut UnixStream) -> Vec<u8> {
    let mut frame = vec![0; HEADER_BYTES];
    stream.read_exact(&mut frame).await.expect("a header");
    let length = wire::announced(&frame).expect("a header");
    assert!((HEADER_BYTES..1 << 16).contains(&length), "{length} bytes");
    frame.resize(length, 0);
    stream.read_exact(&mut frame[HEADER_BYTES..]).await.expect("a whole frame");
    frame
}

/// Reads a body as its type, writes it, and reads that. What comes of it is the library's: here it must not panic.
fn round_trip(served: &Served, kind: u16, body: &[u8]) {
    macro_rules! each {
        ($($type:ident: $object:ident),+ $(,)?) => {
            match kind {
                $(it if it == ObjectId::$object as u16 => again::<opcua_types::$type>(served, body),)+
                _ => {}
            }
        };
    }
    each! {
        FindServersRequest: FindServersRequest_Encoding_DefaultBinary,
        GetEndpointsRequest: GetEndpointsRequest_Encoding_DefaultBinary,
        CreateSessionRequest: CreateSessionRequest_Encoding_DefaultBinary,
        ActivateSessionRequest: ActivateSessionRequest_Encoding_DefaultBinary,
        CloseSessionRequest: CloseSessionRequest_Encoding_DefaultBinary,
        CancelRequest: CancelRequest_Encoding_DefaultBinary,
        BrowseRequest: BrowseRequest_Encoding_DefaultBinary,
        BrowseNextRequest: BrowseNextRequest_Encoding_DefaultBinary,
        TranslateBrowsePathsToNodeIdsRequest:
            TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary,
        RegisterNodesRequest: RegisterNodesRequest_Encoding_DefaultBinary,
        UnregisterNodesRequest: UnregisterNodesRequest_Encoding_DefaultBinary,
        ReadRequest: ReadRequest_Encoding_DefaultBinary,
        HistoryReadRequest: HistoryReadRequest_Encoding_DefaultBinary,
        HistoryUpdateRequest: HistoryUpdateRequest_Encoding_DefaultBinary,
        WriteRequest: WriteRequest_Encoding_DefaultBinary,
        CallRequest: CallRequest_Encoding_DefaultBinary,
        CreateMonitoredItemsRequest: CreateMonitoredItemsRequest_Encoding_DefaultBinary,
        ModifyMonitoredItemsRequest: ModifyMonitoredItemsRequest_Encoding_DefaultBinary,
        SetMonitoringModeRequest: SetMonitoringModeRequest_Encoding_DefaultBinary,
        SetTriggeringRequest: SetTriggeringRequest_Encoding_DefaultBinary,
        DeleteMonitoredItemsRequest: DeleteMonitoredItemsRequest_Encoding_DefaultBinary,
        CreateSubscriptionRequest: CreateSubscriptionRequest_Encoding_DefaultBinary,
        ModifySubscriptionRequest: ModifySubscriptionRequest_Encoding_DefaultBinary,
        SetPublishingModeRequest: SetPublishingModeRequest_Encoding_DefaultBinary,
        PublishRequest: PublishRequest_Encoding_DefaultBinary,
        RepublishRequest: RepublishRequest_Encoding_DefaultBinary,
        TransferSubscriptionsRequest: TransferSubscriptionsRequest_Encoding_DefaultBinary,
        DeleteSubscriptionsRequest: DeleteSubscriptionsRequest_Encoding_DefaultBinary,
    }
}

fn again<T: BinaryDecodable + BinaryEncodable>(served: &Served, body: &[u8]) {
    let mut whole = Vec::new();
    let encoding = served.server.context();
    RequestHeader::default().encode(&mut whole, &encoding).expect("memory takes everything");
    whole.extend_from_slice(body);
    let Some(value) = read::<T>(&whole, &served.server.decoding(&whole)) else { return };
    if let Some(again) = written(&value, &encoding) {
        // Not always the same: the library writes an empty array as one without dimensions, and takes those for what follows.
        let _ = read::<T>(&again, &served.server.decoding(&again));
    }
}

fn read<T: BinaryDecodable>(mut bytes: &[u8], context: &Context<'_>) -> Option<T> {
    T::decode(&mut Shallow::new(&mut bytes), context).ok()
}

fn written<T: BinaryEncodable>(value: &T, context: &Context<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes, context).ok()?;
    // The library says how long it will be before it writes: not always right, but we reserve memory by it.
    assert!(value.byte_len(context) <= 2 * bytes.len() + 64, "far longer than was said");
    Some(bytes)
}

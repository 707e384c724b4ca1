//! A client that sends whatever it is told to: one connection, security None, byte by byte if need be.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use opcua_types::{
    BinaryDecodable, BinaryEncodable, CloseSessionRequest, ContextOwned, DateTime, MessageInfo,
    NodeId, ObjectId, RequestHeader, ServiceFault, StatusCode, UAString,
};

use crate::conformance::Stop;
use crate::conformance::secure::Secured;
use crate::time;

/// An answer is waited for so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Security policy None.
pub(super) const NONE: &str = "http://opcfoundation.org/UA/SecurityPolicy#None";
/// Frames longer than this are not read.
const LONGEST_FRAME: usize = 64 << 20;

/// What a service answered: a response, or the status of its fault.
pub(super) type Answer<R> = Result<R, StatusCode>;

/// One frame from the server.
#[derive(Debug)]
pub(super) struct Frame {
    /// Message type and chunk type, such as `MSGF`.
    pub(super) kind: String,
    /// What follows the size.
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// Four bytes of the body as a number; 0 beyond its end.
    pub(super) fn number(&self, at: usize) -> u32 {
        let bytes = self.body.get(at..at + 4).and_then(|it| it.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes)
    }

    /// The status code of an ERR frame.
    pub(super) fn error(&self) -> Option<StatusCode> {
        (self.kind == "ERRF").then(|| StatusCode::from(self.number(0)))
    }
}

/// A connection.
pub(super) struct Link {
    stream: TcpStream,
    /// As the user gave it.
    pub(super) url: String,
    /// SecureChannelId.
    pub(super) channel: u32,
    /// TokenId.
    pub(super) token: u32,
    /// Sequence number sent last.
    pub(super) sequence: u32,
    /// Request id sent last.
    pub(super) request: u32,
    /// Authentication token of the session.
    pub(super) session: NodeId,
    /// Nonce that the next ActivateSession signs and a password is encrypted with.
    pub(super) server_nonce: Vec<u8>,
    /// The server's ephemeral key, for which the next secret is encrypted on an elliptic channel.
    pub(super) ephemeral: Vec<u8>,
    /// AuditEntryId of its requests; empty is none.
    pub(super) entry: String,
    /// Keys and certificates of a secured channel.
    pub(super) secured: Option<Box<Secured>>,
    context: ContextOwned,
}

/// Of what a server sends arrays may be as long as its frames allow.
fn context() -> ContextOwned {
    let mut context = ContextOwned::default();
    context.options_mut().max_array_length = LONGEST_FRAME;
    context
}

/// Host and port of an `opc.tcp` URL.
fn address(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("opc.tcp://")?;
    Some(rest.split('/').next().unwrap_or(rest))
}

impl Link {
    /// A connection that has said nothing.
    pub(super) fn connect(url: &str) -> Result<Self, Stop> {
        let place = address(url).ok_or_else(|| {
            Stop::failed(format!("{url} is no URL of the form opc.tcp://host:port"))
        })?;
        let with_port =
            if place.contains(':') { place.to_owned() } else { format!("{place}:4840") };
        let mut addresses = with_port
            .to_socket_addrs()
            .map_err(|error| Stop::failed(format!("{with_port}: {error}")))?;
        let address =
            addresses.next().ok_or_else(|| Stop::failed(format!("{with_port} has no address")))?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .and_then(|stream| {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                Ok(stream)
            })
            .map_err(|error| Stop::failed(format!("cannot connect to {address}: {error}")))?;
        Ok(Self {
            stream,
            url: url.to_owned(),
            channel: 0,
            token: 0,
            sequence: 0,
            request: 0,
            session: NodeId::null(),
            server_nonce: Vec::new(),
            ephemeral: Vec::new(),
            entry: String::new(),
            secured: None,
            context: context(),
        })
    }

    /// A connection with an open channel.
    pub(super) fn open(url: &str) -> Result<Self, Stop> {
        let mut link = Self::connect(url)?;
        link.hello()?;
        link.open_channel(0, 60_000)?;
        Ok(link)
    }

    /// A connection with an activated anonymous session.
    pub(super) fn session(url: &str) -> Result<Self, Stop> {
        let mut link = Self::open(url)?;
        link.create_session(60_000.0)?
            .map_err(|it| Stop::unexpected("CreateSession", "Good", it))?;
        link.activate()?.map_err(|it| Stop::unexpected("ActivateSession", "Good", it))?;
        Ok(link)
    }

    /// Answers are waited for so long.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        // A timeout of zero is the only one that is refused.
        let _ = self.stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))));
    }

    /// Sends bytes as they are. A server that has hung up already is found out when its answer is read.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a frame of this kind.
    pub(super) fn send_frame(&mut self, kind: &str, body: &[u8]) {
        let length = (8 + body.len()) as u32;
        self.send(&[kind.as_bytes(), &length.to_le_bytes(), body].concat());
    }

    /// The next frame; `None` once the server has hung up.
    pub(super) fn receive(&mut self) -> Result<Option<Frame>, Stop> {
        let mut header = [0; 8];
        if !self.read(&mut header)? {
            return Ok(None);
        }
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if !(8..=LONGEST_FRAME).contains(&length) {
            return Err(Stop::failed(format!("the server announces a frame of {length} bytes")));
        }
        let mut body = vec![0; length - 8];
        if !self.read(&mut body)? {
            return Err(Stop::failed("the server hung up inside a frame".to_owned()));
        }
        Ok(Some(Frame { kind: String::from_utf8_lossy(&header[..4]).into_owned(), body }))
    }

    fn read(&mut self, into: &mut [u8]) -> Result<bool, Stop> {
        match self.stream.read_exact(into) {
            Ok(()) => Ok(true),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    Err(Stop::failed("no answer in time".to_owned()))
                }
                _ => Ok(false),
            },
        }
    }

    /// Whether the server hangs up within `patience`, whatever it says before; its ERR code if it says one.
    pub(super) fn hangs_up(&mut self, patience: Duration) -> Result<Option<StatusCode>, Stop> {
        self.set_patience(patience);
        let end = time::monotonic() + patience;
        let mut said = None;
        while time::monotonic() < end {
            match self.receive() {
                Ok(None) => return Ok(said),
                Ok(Some(frame)) => said = frame.error().or(said),
                Err(_) => break,
            }
        }
        Err(Stop::failed("the connection stays open".to_owned()))
    }

    /// The code of the ERR with which the server refuses and hangs up; `None` if it hangs up in silence.
    pub(super) fn refusal(&mut self) -> Result<Option<StatusCode>, Stop> {
        self.hangs_up(PATIENCE)
    }

    /// Hello with this version, buffer size and URL.
    pub(super) fn hello_with(&mut self, version: u32, buffer: u32, url: &str) {
        let mut body = Vec::new();
        for number in [version, buffer, buffer, 0, 0, url.len() as u32] {
            body.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(url.as_bytes());
        self.send_frame("HELF", &body);
    }

    /// Hello as it should be, and the Acknowledge.
    pub(super) fn hello(&mut self) -> Result<Frame, Stop> {
        let url = self.url.clone();
        self.hello_with(0, 65_536, &url);
        self.frame("ACKF")
    }

    /// The next frame, which must be of this kind.
    pub(super) fn frame(&mut self, kind: &str) -> Result<Frame, Stop> {
        match self.receive()? {
            Some(frame) if frame.kind == kind => Ok(frame),
            Some(frame) => {
                let said = frame.error().map_or(frame.kind.clone(), |it| format!("ERR {it}"));
                Err(Stop::failed(format!("expected {kind}, got {said}")))
            }
            None => Err(Stop::failed(format!("expected {kind}, the connection was closed"))),
        }
    }

    /// The body of an OPN chunk on security None.
    pub(super) fn open_body(
        &mut self,
        policy: &str,
        kind: u32,
        mode: u32,
        lifetime: u32,
    ) -> Vec<u8> {
        let mut body = self.channel.to_le_bytes().to_vec();
        body.extend_from_slice(&(policy.len() as i32).to_le_bytes());
        body.extend_from_slice(policy.as_bytes());
        body.extend_from_slice(&[0xff; 8]);
        self.sequence = self.sequence.wrapping_add(1);
        self.request += 1;
        body.extend_from_slice(&self.sequence.to_le_bytes());
        body.extend_from_slice(&self.request.to_le_bytes());
        type_id(&mut body, ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary);
        put(&mut body, &self.header(), &self.context);
        for number in [0, kind, mode] {
            body.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(&[0xff; 4]);
        body.extend_from_slice(&lifetime.to_le_bytes());
        body
    }

    /// Opens (0) or renews (1) a channel on security None: the revised lifetime, ms.
    pub(super) fn open_channel(&mut self, kind: u32, lifetime: u32) -> Result<u32, Stop> {
        let body = self.open_body(NONE, kind, 1, lifetime);
        self.send_frame("OPNF", &body);
        let frame = self.frame("OPNF")?;
        let Some(end) = frame.body.len().checked_sub(24) else {
            return Err(Stop::failed("the OpenSecureChannel response is too short".to_owned()));
        };
        // From the back: channel, token, created at, lifetime, nonce. An empty nonce may be null or of length 0.
        self.channel = frame.number(0);
        self.token = frame.number(end + 4);
        Ok(frame.number(end + 16))
    }

    /// A request header of this session.
    pub(super) fn header(&self) -> RequestHeader {
        RequestHeader {
            authentication_token: self.session.clone(),
            timestamp: DateTime::from(time::now().ticks()),
            request_handle: 1000 + self.request,
            timeout_hint: PATIENCE.as_millis() as u32,
            audit_entry_id: match self.entry.as_str() {
                "" => UAString::null(),
                entry => entry.into(),
            },
            ..RequestHeader::default()
        }
    }

    /// A message with its type in front.
    pub(super) fn encode<T: BinaryEncodable + MessageInfo>(&self, message: &T) -> Vec<u8> {
        let mut body = Vec::new();
        type_id(&mut body, message.type_id());
        put(&mut body, message, &self.context);
        body
    }

    /// Appends any value.
    pub(super) fn put<T: BinaryEncodable>(&self, body: &mut Vec<u8>, value: &T) {
        put(body, value, &self.context);
    }

    /// Sends a message in one chunk of this kind; its request id.
    pub(super) fn post(&mut self, kind: &str, message: &[u8]) -> u32 {
        let chunk = self.sealed(kind, message);
        self.send(&chunk);
        self.request
    }

    /// Sends a request and does not wait; its request id.
    pub(super) fn ask<T: BinaryEncodable + MessageInfo>(&mut self, request: &T) -> u32 {
        let message = self.encode(request);
        self.post("MSGF", &message)
    }

    /// The next message: request id, type and body behind the type.
    pub(super) fn message(&mut self) -> Result<(u32, u32, Vec<u8>), Stop> {
        let mut whole = Vec::new();
        loop {
            let mut frame = match self.receive()? {
                Some(frame) if frame.kind.starts_with("MSG") && frame.body.len() >= 16 => frame,
                Some(frame) => {
                    let said = frame.error().map_or(frame.kind.clone(), |it| format!("ERR {it}"));
                    return Err(Stop::failed(format!("expected a response, got {said}")));
                }
                None => return Err(Stop::failed("the connection was closed".to_owned())),
            };
            if let Some(secured) = &self.secured {
                secured.unseal(&mut frame)?;
            }
            whole.extend_from_slice(frame.body.get(16..).unwrap_or_default());
            if whole.len() > LONGEST_FRAME {
                return Err(Stop::failed("the response has no end".to_owned()));
            }
            if frame.kind == "MSGF" {
                let kind = match whole.get(..4) {
                    Some([1, 0, low, high]) => u32::from(u16::from_le_bytes([*low, *high])),
                    _ => return Err(Stop::failed("a response without a type".to_owned())),
                };
                return Ok((frame.number(12), kind, whole.split_off(4)));
            }
        }
    }

    /// The answer as `R`, or the status of a ServiceFault.
    pub(super) fn answer<R>(&mut self) -> Result<Answer<R>, Stop>
    where
        R: BinaryDecodable + MessageInfo + Default,
    {
        let (_, kind, body) = self.message()?;
        self.decode(kind, &body)
    }

    /// A message as `R`, or the status of a ServiceFault.
    pub(super) fn decode<R>(&self, kind: u32, body: &[u8]) -> Result<Answer<R>, Stop>
    where
        R: BinaryDecodable + MessageInfo + Default,
    {
        let mut bytes = body;
        let wrong =
            |error: opcua_types::Error| Stop::failed(format!("the answer cannot be read: {error}"));
        if kind == ObjectId::ServiceFault_Encoding_DefaultBinary as u32 {
            let fault = ServiceFault::decode(&mut bytes, &self.context.context()).map_err(wrong)?;
            return Ok(Err(fault.response_header.service_result));
        }
        let wanted = R::default().type_id() as u32;
        if kind != wanted {
            return Err(Stop::failed(format!("expected a response of type {wanted}, got {kind}")));
        }
        let answer = R::decode(&mut bytes, &self.context.context()).map_err(wrong)?;
        if bytes.is_empty() {
            Ok(Ok(answer))
        } else {
            Err(Stop::failed(format!("{} bytes behind the answer", bytes.len())))
        }
    }

    /// Asks and waits for the answer.
    pub(super) fn call<R>(
        &mut self,
        request: &(impl BinaryEncodable + MessageInfo),
    ) -> Result<Answer<R>, Stop>
    where
        R: BinaryDecodable + MessageInfo + Default,
    {
        self.ask(request);
        self.answer()
    }
}

impl Drop for Link {
    /// Ends its session, so that a case leaves nothing behind.
    fn drop(&mut self) {
        if !self.session.is_null() {
            let request =
                CloseSessionRequest { request_header: self.header(), delete_subscriptions: true };
            self.ask(&request);
        }
        // A server that has hung up already has nothing to be told.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }
}

/// Appends a message's type.
pub(super) fn type_id(body: &mut Vec<u8>, id: ObjectId) {
    body.extend_from_slice(&[1, 0]);
    body.extend_from_slice(&(id as u32 as u16).to_le_bytes());
}

fn put<T: BinaryEncodable>(body: &mut Vec<u8>, value: &T, context: &ContextOwned) {
    // Writing to memory fails only for what the standard cannot carry, which then is cut short and refused.
    let _ = value.encode(body, &context.context());
}

//! A client that sends whatever it is told to.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cellhouse::time;
use opcua_types::{
    ActivateSessionRequest, ActivateSessionResponse, ApplicationDescription, BinaryDecodable,
    BinaryEncodable, ContextOwned, CreateSessionRequest, CreateSessionResponse, DateTime,
    ExtensionObject, MessageInfo, NodeId, ObjectId, RequestHeader, ServiceFault, SignatureData,
    StatusCode, UAString,
};

pub(crate) use crate::program::Server;

/// An answer is waited for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `check` is true, as long as any answer is waited for.
pub(crate) fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let end = time::monotonic() + PATIENCE;
    while !check() {
        assert!(time::monotonic() < end, "not in time: {what}");
        time::wait(Duration::from_millis(20));
    }
}

/// One frame from the server.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    /// The status code of an ERR frame.
    pub(crate) fn error(&self) -> StatusCode {
        assert_eq!(self.kind, "ERRF", "{self:?}");
        StatusCode::from(u32::from_le_bytes(self.body[..4].try_into().unwrap()))
    }
}

/// A client without manners.
pub(crate) struct Raw {
    stream: TcpStream,
    pub(crate) url: String,
    pub(crate) channel: u32,
    pub(crate) token: u32,
    pub(crate) sequence: u32,
    pub(crate) request: u32,
    pub(crate) session: NodeId,
    context: ContextOwned,
}

impl Raw {
    pub(crate) fn connect(address: &str) -> Self {
        Self::on(TcpStream::connect(address).unwrap(), format!("opc.tcp://{address}"))
    }

    /// On a connection that is there already.
    pub(crate) fn on(stream: TcpStream, url: String) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut context = ContextOwned::default();
        context.options_mut().max_array_length = 1 << 20;
        Self {
            stream,
            url,
            channel: 0,
            token: 0,
            sequence: 0,
            request: 0,
            session: NodeId::null(),
            context,
        }
    }

    /// Sends bytes as they are. A server that has hung up already is no matter here.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a frame of this kind.
    pub(crate) fn send_frame(&mut self, kind: &str, body: &[u8]) {
        let length = (8 + body.len()) as u32;
        self.send(&[kind.as_bytes(), &length.to_le_bytes(), body].concat());
    }

    /// The next frame; `None` once the server has hung up.
    pub(crate) fn receive(&mut self) -> Option<Frame> {
        let mut header = [0; 8];
        if !self.read(&mut header) {
            return None;
        }
        let length = u32::from_le_bytes(header[4..].try_into().unwrap()) as usize;
        let mut body = vec![0; length - 8];
        assert!(self.read(&mut body), "hung up inside a frame");
        Some(Frame { kind: String::from_utf8_lossy(&header[..4]).into_owned(), body })
    }

    fn read(&mut self, into: &mut [u8]) -> bool {
        match self.stream.read_exact(into) {
            Ok(()) => true,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ) =>
            {
                false
            }
            Err(error) => panic!("no answer: {error}"),
        }
    }

    /// What the server says before it hangs up.
    pub(crate) fn refusal(&mut self) -> StatusCode {
        let status = self.receive().expect("an ERR frame").error();
        assert!(self.receive().is_none(), "the connection is closed");
        status
    }

    /// Hello with these buffer sizes.
    pub(crate) fn hello_with(&mut self, version: u32, buffer: u32, url: &str) {
        let mut body = Vec::new();
        for number in [version, buffer, buffer, 0, 0, url.len() as u32] {
            body.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(url.as_bytes());
        self.send_frame("HELF", &body);
    }

    /// Hello as it should be, and the Acknowledge.
    pub(crate) fn hello(&mut self) -> Frame {
        let url = self.url.clone();
        self.hello_with(0, 65_536, &url);
        let frame = self.receive().expect("an answer");
        assert_eq!(frame.kind, "ACKF");
        frame
    }

    /// The body of an OPN chunk on security None.
    pub(crate) fn open_body(
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
        self.sequence += 1;
        self.request += 1;
        body.extend_from_slice(&self.sequence.to_le_bytes());
        body.extend_from_slice(&self.request.to_le_bytes());
        let id = ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary as u32 as u16;
        body.extend_from_slice(&[1, 0]);
        body.extend_from_slice(&id.to_le_bytes());
        self.header().encode(&mut body, &self.context.context()).unwrap();
        for number in [0, kind, mode] {
            body.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(&[0xff; 4]);
        body.extend_from_slice(&lifetime.to_le_bytes());
        body
    }

    /// Opens or renews a channel on security None: the revised lifetime, ms.
    pub(crate) fn open_with(&mut self, kind: u32, lifetime: u32) -> u32 {
        let body = self.open_body(NONE, kind, 1, lifetime);
        self.send_frame("OPNF", &body);
        let frame = self.receive().expect("an answer");
        assert_eq!(frame.kind, "OPNF", "{frame:?}");
        // Behind the response: server nonce, lifetime, created at, token, channel from the back.
        let body = &frame.body;
        let end = body.len();
        let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap());
        let lifetime = number(end - 8);
        self.channel = number(0);
        self.token = number(end - 20);
        lifetime
    }

    pub(crate) fn open_channel(&mut self) {
        self.open_with(0, 60_000);
    }

    pub(crate) fn header(&self) -> RequestHeader {
        RequestHeader {
            authentication_token: self.session.clone(),
            timestamp: DateTime::now(),
            request_handle: 1000 + self.request,
            ..RequestHeader::default()
        }
    }

    /// A message with its type in front.
    pub(crate) fn encode<T: BinaryEncodable + MessageInfo>(&self, message: &T) -> Vec<u8> {
        let mut body = vec![1, 0];
        body.extend_from_slice(&(message.type_id() as u32 as u16).to_le_bytes());
        message.encode(&mut body, &self.context.context()).unwrap();
        body
    }

    /// Sends a message in one chunk of this kind; its request id.
    pub(crate) fn post(&mut self, kind: &str, message: &[u8]) -> u32 {
        self.request += 1;
        self.post_part(kind, message);
        self.request
    }

    /// Sends a chunk of the message that has the request id of now.
    pub(crate) fn post_part(&mut self, kind: &str, part: &[u8]) {
        self.sequence += 1;
        let numbers = [self.channel, self.token, self.sequence, self.request];
        let head: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.send_frame(kind, &[head.as_slice(), part].concat());
    }

    /// Sends a request and does not wait.
    pub(crate) fn ask<T: BinaryEncodable + MessageInfo>(&mut self, request: &T) -> u32 {
        let message = self.encode(request);
        self.post("MSGF", &message)
    }

    /// The next message: its request id and body behind the type, and the type.
    pub(crate) fn message(&mut self) -> (u32, u32, Vec<u8>) {
        let mut whole = Vec::new();
        loop {
            let frame = self.receive().expect("an answer");
            assert!(frame.kind.starts_with("MSG"), "{frame:?}");
            let request = u32::from_le_bytes(frame.body[12..16].try_into().unwrap());
            whole.extend_from_slice(&frame.body[16..]);
            if frame.kind == "MSGF" {
                let kind = u32::from(u16::from_le_bytes(whole[2..4].try_into().unwrap()));
                return (request, kind, whole.split_off(4));
            }
        }
    }

    /// The answer as `R`, or the status of a ServiceFault.
    pub(crate) fn answer<R: BinaryDecodable + MessageInfo + Default>(
        &mut self,
    ) -> Result<R, StatusCode> {
        let (_, kind, body) = self.message();
        let mut bytes = body.as_slice();
        if kind == ObjectId::ServiceFault_Encoding_DefaultBinary as u32 {
            let fault = ServiceFault::decode(&mut bytes, &self.context.context()).unwrap();
            return Err(fault.response_header.service_result);
        }
        assert_eq!(kind, R::default().type_id() as u32, "an answer of the right type");
        let answer = R::decode(&mut bytes, &self.context.context()).unwrap();
        assert!(bytes.is_empty(), "{} bytes behind the answer", bytes.len());
        Ok(answer)
    }

    /// The body of an answer that must be `R`.
    pub(crate) fn decode<R: BinaryDecodable>(&self, mut body: &[u8]) -> R {
        R::decode(&mut body, &self.context.context()).unwrap()
    }

    /// Asks and waits for the answer.
    pub(crate) fn call<R: BinaryDecodable + MessageInfo + Default>(
        &mut self,
        request: &(impl BinaryEncodable + MessageInfo),
    ) -> Result<R, StatusCode> {
        self.ask(request);
        self.answer()
    }

    pub(crate) fn create_session(&mut self) -> CreateSessionResponse {
        self.try_create_session(60_000.0).unwrap()
    }

    pub(crate) fn try_create_session(
        &mut self,
        timeout_ms: f64,
    ) -> Result<CreateSessionResponse, StatusCode> {
        let request = CreateSessionRequest {
            request_header: self.header(),
            client_description: ApplicationDescription {
                application_uri: "urn:test".into(),
                ..ApplicationDescription::default()
            },
            endpoint_url: self.url.as_str().into(),
            session_name: "raw".into(),
            requested_session_timeout: timeout_ms,
            ..CreateSessionRequest::default()
        };
        let response: CreateSessionResponse = self.call(&request)?;
        self.session = response.authentication_token.clone();
        Ok(response)
    }

    pub(crate) fn try_activate(&mut self) -> Result<ActivateSessionResponse, StatusCode> {
        let request = ActivateSessionRequest {
            request_header: self.header(),
            client_signature: SignatureData::default(),
            user_identity_token: ExtensionObject::null(),
            ..ActivateSessionRequest::default()
        };
        self.call(&request)
    }

    pub(crate) fn activate(&mut self) {
        self.try_activate().unwrap();
    }
}

/// Security policy None.
pub(crate) const NONE: &str = "http://opcfoundation.org/UA/SecurityPolicy#None";

/// An instance of the default plant.
pub(crate) fn tag(path: &str) -> NodeId {
    NodeId::new(2, UAString::from(path))
}

/// A node of namespace 0.
pub(crate) fn standard(number: u32) -> NodeId {
    NodeId::new(0, number)
}

//! One connection to another server, with a channel, without a session. The caller sets a time limit to each call.

use std::io;
use std::rc::Rc;

use opcua_types::{
    BinaryDecodable, BinaryEncodable, DateTime, MessageInfo, NodeId, ObjectId, RequestHeader,
    ServiceFault, StatusCode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::{EndpointConfig, TargetUrl};
use crate::time;
use crate::ua::channel::{Channel, ChannelError, ChannelShared, Opening, Received};
use crate::ua::envelope;
use crate::ua::wire::{self, HEADER_BYTES, Shallow, TransportLimits, WireError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection cannot be made, or is lost.
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// What comes is not what the protocol allows.
    #[error("the answer breaks the protocol: {0}")]
    Wire(#[from] WireError),
    /// What comes is not secured as it should be, or cannot be decoded.
    #[error("{0}")]
    Channel(#[from] ChannelError),
    /// The server ends the connection with this code.
    #[error("the server refuses: {0}")]
    Refused(StatusCode),
    /// The service is refused with this code.
    #[error("the service is refused: {0}")]
    Fault(StatusCode),
    /// Another message than the answer.
    #[error("the answer is of another type")]
    Unexpected,
    /// Our own request cannot be encoded.
    #[error("the request cannot be encoded")]
    Encoding,
}

/// Where to, and how.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Host and port.
    pub place: TargetUrl,
    /// The URL that the server knows itself by.
    pub url: String,
    /// Policy and mode.
    pub endpoint: EndpointConfig,
    /// The server's certificate in DER; empty on security None.
    pub certificate: Vec<u8>,
}

/// A connection with an open channel.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    channel: Channel,
    shared: Rc<ChannelShared>,
    limits: TransportLimits,
    request: u32,
}

impl Link {
    /// Connects and opens a channel.
    pub async fn open(
        shared: &Rc<ChannelShared>,
        limits: TransportLimits,
        to: Destination,
    ) -> Result<Self, ClientError> {
        let mut stream = TcpStream::connect((to.place.host(), to.place.port())).await?;
        stream.set_nodelay(true)?;
        let mut hello = Vec::new();
        wire::write_hello(&mut hello, &limits, &to.url);
        stream.write_all(&hello).await?;
        let acknowledge = read_frame(&mut stream, *b"ACK", &limits).await?;
        let limits = wire::parse_acknowledge(&acknowledge, &limits)?;
        let opening = Opening::new(Rc::clone(shared), limits, to.endpoint, to.certificate)?;
        let mut ask = Vec::new();
        opening.ask(time::now(), &mut ask)?;
        stream.write_all(&ask).await?;
        let answer = read_frame(&mut stream, *b"OPN", &limits).await?;
        let channel = opening.finish(&answer, time::monotonic())?;
        Ok(Self { stream, channel, shared: Rc::clone(shared), limits, request: 1 })
    }

    /// Asks a service that needs no session, and waits for its answer. `make` puts the header into the request.
    pub async fn call<T, R>(
        &mut self,
        make: impl FnOnce(RequestHeader) -> T,
    ) -> Result<R, ClientError>
    where
        T: BinaryEncodable + MessageInfo,
        R: BinaryDecodable + MessageInfo + Default,
    {
        self.request += 1;
        let request = make(RequestHeader {
            timestamp: DateTime::from(time::now().ticks()),
            request_handle: self.request,
            ..RequestHeader::default()
        });
        let mut body = Vec::new();
        envelope::type_id(&mut body, request.type_id());
        let encoded = request.encode(&mut body, &self.shared.encoding());
        encoded.map_err(|_| ClientError::Encoding)?;
        let mut out = Vec::new();
        self.channel.send(self.request, &body, &mut out)?;
        self.stream.write_all(&out).await?;
        let answer = self.receive().await?;
        self.decode(&answer)
    }

    /// The next message; its size is bounded by what the channel takes.
    async fn receive(&mut self) -> Result<Vec<u8>, ClientError> {
        loop {
            let mut chunk = read_frame(&mut self.stream, *b"MSG", &self.limits).await?;
            let (now, utc) = (time::monotonic(), time::now());
            let (id, body) = match self.channel.receive(&mut chunk, now, utc, &mut Vec::new())? {
                Received::Partial => continue,
                Received::Message { request_id, body } => {
                    (request_id, chunk.get(body).unwrap_or_default().to_vec())
                }
                Received::Assembled { request_id, body } => (request_id, body),
                Received::Aborted | Received::Opened | Received::Closed => {
                    return Err(ClientError::Unexpected);
                }
            };
            return if id == self.request { Ok(body) } else { Err(ClientError::Unexpected) };
        }
    }

    fn decode<R: BinaryDecodable + MessageInfo + Default>(
        &self,
        body: &[u8],
    ) -> Result<R, ClientError> {
        let context = self.shared.decoding(body.len());
        let malformed = |_| ClientError::Channel(ChannelError::Malformed);
        let mut rest = body;
        let kind = NodeId::decode(&mut rest, &context).map_err(malformed)?;
        if kind == ObjectId::ServiceFault_Encoding_DefaultBinary {
            let fault = ServiceFault::decode(&mut Shallow::new(&mut rest), &context);
            let status = fault.map_err(malformed)?.response_header.service_result;
            return Err(ClientError::Fault(status));
        }
        if kind != R::default().type_id() {
            return Err(ClientError::Unexpected);
        }
        R::decode(&mut Shallow::new(&mut rest), &context).map_err(malformed)
    }
}

/// The next frame, which must be of this kind; its size is judged before memory is spent.
async fn read_frame(
    stream: &mut TcpStream,
    kind: [u8; 3],
    limits: &TransportLimits,
) -> Result<Vec<u8>, ClientError> {
    let mut frame = vec![0; HEADER_BYTES];
    stream.read_exact(&mut frame).await?;
    let length = wire::answer_bytes(&frame, kind, limits)?;
    frame.resize(length, 0);
    stream.read_exact(frame.get_mut(HEADER_BYTES..).unwrap_or_default()).await?;
    match wire::refusal(&frame) {
        Some(status) => Err(ClientError::Refused(status)),
        None => Ok(frame),
    }
}

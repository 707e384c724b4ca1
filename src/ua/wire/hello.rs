//! Hello, Acknowledge, Error and ReverseHello (Part 6, 7.1.2.3 to 7.1.2.6).

use opcua_types::StatusCode;

use crate::ua::wire::frame::{HEADER_BYTES, TransportLimits, WireError};

/// Our protocol version; a newer client is not refused (TCP-02).
const PROTOCOL_VERSION: u32 = 0;
/// Longest endpoint URL, bytes.
const URL_BYTES: usize = 4096;

/// What a client says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Largest chunk that it takes.
    pub receive_bytes: u32,
    /// Largest chunk that it sends.
    pub send_bytes: u32,
    /// Largest message that it takes; 0 for no bound.
    pub message_bytes: u32,
    /// Most chunks of a message that it takes; 0 for no bound.
    pub chunks: u32,
    /// The URL it used.
    pub endpoint_url: String,
}

/// Reads a whole HEL frame.
pub fn parse_hello(frame: &[u8]) -> Result<Hello, WireError> {
    let body = frame.get(HEADER_BYTES..).ok_or(WireError::Malformed)?;
    let number = |at: usize| -> Result<u32, WireError> {
        let bytes = body.get(at * 4..).and_then(<[u8]>::first_chunk::<4>);
        bytes.map(|it| u32::from_le_bytes(*it)).ok_or(WireError::Malformed)
    };
    let length = number(5)?.cast_signed();
    let url = body.get(24..).unwrap_or_default();
    let endpoint_url = match usize::try_from(length) {
        Err(_) if length == -1 => String::new(),
        Err(_) => return Err(WireError::Malformed),
        Ok(length) if length > URL_BYTES => return Err(WireError::EndpointUrl),
        Ok(length) => {
            let bytes = url.get(..length).ok_or(WireError::Malformed)?;
            String::from_utf8(bytes.to_vec()).map_err(|_| WireError::EndpointUrl)?
        }
    };
    Ok(Hello {
        receive_bytes: number(1)?,
        send_bytes: number(2)?,
        message_bytes: number(3)?,
        chunks: number(4)?,
        endpoint_url,
    })
}

/// Answers a Hello with what both sides can do, and returns it.
pub fn acknowledge(
    hello: &Hello,
    own: &TransportLimits,
    out: &mut Vec<u8>,
) -> Result<TransportLimits, WireError> {
    let agreed =
        own.narrowed(hello.receive_bytes, hello.send_bytes, hello.message_bytes, hello.chunks)?;
    let fields = [
        PROTOCOL_VERSION,
        agreed.receive_chunk as u32,
        agreed.send_chunk as u32,
        agreed.receive_message as u32,
        agreed.receive_chunks as u32,
    ];
    out.extend_from_slice(b"ACKF");
    out.extend_from_slice(&(HEADER_BYTES as u32 + 20).to_le_bytes());
    out.extend(fields.iter().flat_map(|it| it.to_le_bytes()));
    Ok(agreed)
}

/// What a server says first on a connection that it made itself (Part 6, 7.1.2.6): who it is, and where.
pub fn write_reverse_hello(out: &mut Vec<u8>, server_uri: &str, endpoint_url: &str) {
    let texts = [server_uri, endpoint_url];
    let length: usize = texts.iter().map(|it| 4 + it.len()).sum();
    out.extend_from_slice(b"RHEF");
    out.extend_from_slice(&((HEADER_BYTES + length) as u32).to_le_bytes());
    for text in texts {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// The last frame of a connection that ends in error.
pub fn write_error(out: &mut Vec<u8>, status: StatusCode, reason: &str) {
    out.extend_from_slice(b"ERRF");
    out.extend_from_slice(&((HEADER_BYTES + 8 + reason.len()) as u32).to_le_bytes());
    out.extend_from_slice(&status.bits().to_le_bytes());
    out.extend_from_slice(&(reason.len() as u32).to_le_bytes());
    out.extend_from_slice(reason.as_bytes());
}

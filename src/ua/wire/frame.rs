//! The header that every frame starts with (Part 6, 7.1.2.2), checked against the bounds at sight.

use opcua_types::StatusCode;

use crate::config::Limits;

/// Type, chunk flag and length.
pub const HEADER_BYTES: usize = 8;
/// Smallest buffer that a peer may offer (Part 6, 7.1.2.3).
const SMALLEST_BUFFER: usize = 8192;
/// A Hello is its fixed part and a URL of at most 4096 bytes.
const HELLO_BYTES: usize = 32 + 4096;

/// Bounds of the transport in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportLimits {
    /// Largest chunk that we take, bytes.
    pub receive_chunk: usize,
    /// Largest chunk that the peer takes, bytes.
    pub send_chunk: usize,
    /// Largest message that we take, bytes.
    pub receive_message: usize,
    /// Largest message that the peer takes, bytes.
    pub send_message: usize,
    /// Most chunks of a message that we take.
    pub receive_chunks: usize,
    /// Most chunks of a message that the peer takes.
    pub send_chunks: usize,
    /// A Hello has been exchanged.
    pub greeted: bool,
}

impl TransportLimits {
    /// Our own bounds, before a Hello.
    pub fn new(limits: &Limits) -> Self {
        let chunk = limits.chunk_bytes.max(SMALLEST_BUFFER);
        Self {
            receive_chunk: chunk,
            send_chunk: chunk,
            receive_message: limits.message_bytes,
            send_message: limits.message_bytes,
            receive_chunks: limits.chunks,
            send_chunks: limits.chunks,
            greeted: false,
        }
    }

    /// Ours narrowed by what the peer says; 0 means that the peer has no bound.
    pub(super) fn narrowed(
        mut self,
        receive: u32,
        send: u32,
        message: u32,
        chunks: u32,
    ) -> Result<Self, WireError> {
        if (receive as usize) < SMALLEST_BUFFER || (send as usize) < SMALLEST_BUFFER {
            return Err(WireError::BufferTooSmall);
        }
        self.receive_chunk = self.receive_chunk.min(send as usize);
        self.send_chunk = self.send_chunk.min(receive as usize);
        if message != 0 {
            self.send_message = self.send_message.min(message as usize);
        }
        if chunks != 0 {
            self.send_chunks = self.send_chunks.min(chunks as usize);
        }
        self.greeted = true;
        Ok(self)
    }
}

/// Kinds of frame that a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// HEL
    Hello,
    /// OPN
    Open,
    /// MSG
    Message,
    /// CLO
    Close,
}

/// A whole frame at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Kind.
    pub kind: FrameKind,
    /// Bytes, header included.
    pub len: usize,
}

/// What is wrong with the bytes of a connection. The connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not a frame that may come now.
    #[error("unexpected message type")]
    MessageType,
    /// Longer than agreed, or shorter than a header.
    #[error("message size is out of bounds")]
    TooLarge,
    /// A buffer below 8192 bytes.
    #[error("buffers below 8192 bytes are not supported")]
    BufferTooSmall,
    /// Endpoint URL over 4096 bytes.
    #[error("endpoint URL is longer than 4096 bytes or not UTF-8")]
    EndpointUrl,
    /// Cannot be decoded.
    #[error("message cannot be decoded")]
    Malformed,
}

impl WireError {
    /// The code in the ERR frame.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MessageType => StatusCode::BadTcpMessageTypeInvalid,
            Self::TooLarge => StatusCode::BadTcpMessageTooLarge,
            Self::BufferTooSmall => StatusCode::BadConnectionRejected,
            Self::EndpointUrl => StatusCode::BadTcpEndpointUrlInvalid,
            Self::Malformed => StatusCode::BadDecodingError,
        }
    }
}

/// The length that the frame at the front of the input announces, true or not; none before its header is there.
pub fn announced(input: &[u8]) -> Option<usize> {
    let [_, _, _, _, length @ ..] = *input.first_chunk::<HEADER_BYTES>()?;
    Some(u32::from_le_bytes(length) as usize)
}

/// Looks at the front of the input: `None` until a whole frame is there. Type and length are judged
/// from the first eight bytes, so that an announcement of 4 GiB costs nothing.
pub fn next_frame(input: &[u8], limits: &TransportLimits) -> Result<Option<Frame>, WireError> {
    let Some(header) = input.first_chunk::<HEADER_BYTES>() else {
        return check_type(input).map(|()| None);
    };
    let [a, b, c, flag, length @ ..] = *header;
    let kind = match &[a, b, c] {
        b"HEL" => FrameKind::Hello,
        b"OPN" => FrameKind::Open,
        b"MSG" => FrameKind::Message,
        b"CLO" => FrameKind::Close,
        _ => return Err(WireError::MessageType),
    };
    if !limits.greeted && kind != FrameKind::Hello {
        return Err(WireError::MessageType);
    }
    let flag_fits = match kind {
        FrameKind::Message => matches!(flag, b'F' | b'C' | b'A'),
        FrameKind::Hello | FrameKind::Open | FrameKind::Close => flag == b'F',
    };
    if !flag_fits {
        return Err(WireError::MessageType);
    }
    let len = u32::from_le_bytes(length) as usize;
    let bound = if kind == FrameKind::Hello { HELLO_BYTES } else { limits.receive_chunk };
    if kind == FrameKind::Hello && len > bound && len <= limits.receive_chunk {
        return Err(WireError::EndpointUrl);
    }
    if len <= HEADER_BYTES || len > bound {
        return Err(WireError::TooLarge);
    }
    Ok((input.len() >= len).then_some(Frame { kind, len }))
}

/// The first bytes alone may already show that this is no OPC UA client.
fn check_type(input: &[u8]) -> Result<(), WireError> {
    let known = [b"HEL", b"OPN", b"MSG", b"CLO"];
    let seen = &input[..input.len().min(3)];
    if known.iter().any(|it| it.starts_with(seen)) { Ok(()) } else { Err(WireError::MessageType) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: TransportLimits = TransportLimits {
        receive_chunk: 65_536,
        send_chunk: 65_536,
        receive_message: 1 << 20,
        send_message: 1 << 20,
        receive_chunks: 16,
        send_chunks: 16,
        greeted: true,
    };

    fn header(kind: [u8; 4], length: u32) -> Vec<u8> {
        [kind.as_slice(), &length.to_le_bytes()].concat()
    }

    #[test]
    fn tcp_11_absurd_sizes_are_refused_from_the_header_alone() {
        for length in [0, 7, 8, u32::MAX] {
            assert_eq!(next_frame(&header(*b"MSGF", length), &LIMITS), Err(WireError::TooLarge));
        }
    }

    #[test]
    fn tcp_07_nothing_but_hello_comes_first() {
        let fresh = TransportLimits { greeted: false, ..LIMITS };
        assert_eq!(next_frame(&header(*b"OPNF", 100), &fresh), Err(WireError::MessageType));
        assert_eq!(next_frame(&header(*b"HELF", 100), &fresh), Ok(None));
    }

    #[test]
    fn tcp_08_an_unknown_type_is_refused_at_its_first_byte() {
        assert_eq!(next_frame(b"X", &LIMITS), Err(WireError::MessageType));
        assert_eq!(next_frame(&header(*b"MSGX", 100), &LIMITS), Err(WireError::MessageType));
    }
}

//! MSG and CLO chunks under a token's keys (Part 6, 6.7.2.5, 6.7.7).
//!
//! ```text
//! type flag size channel | token | sequence request | body | padding | signature
//! 0                   12        16                24          encrypted from 16 on
//! ```

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::config::EndpointConfig;
use crate::ua::channel::ChannelError;
use crate::ua::crypto::{BLOCK_BYTES, DirectionKeys, signature_bytes};

/// Bytes in front of what is encrypted.
const CLEAR_BYTES: usize = 16;
/// Bytes in front of the body.
const HEADER_BYTES: usize = 24;

/// Keys with an end.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: u32,
    pub(super) made: Instant,
    pub(super) lifetime: Duration,
    /// Client to server; none on security None.
    pub(super) inbound: Option<DirectionKeys>,
    /// Server to client.
    pub(super) outbound: Option<DirectionKeys>,
}

impl Token {
    /// A quarter beyond its life (Part 6, 6.7.4): the renewal may be on its way.
    pub(super) fn end(&self) -> Instant {
        self.made + self.lifetime + self.lifetime / 4
    }
}

/// What stands in front of a chunk's body.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkHeader {
    pub(super) flag: u8,
    pub(super) channel: u32,
    pub(super) sequence: u32,
    pub(super) request_id: u32,
}

/// Body bytes that fit into a chunk.
pub(super) fn body_room(endpoint: EndpointConfig, chunk: usize) -> usize {
    let signature = signature_bytes(endpoint.policy);
    if endpoint.encrypt {
        let plain = (chunk - CLEAR_BYTES) / BLOCK_BYTES * BLOCK_BYTES;
        plain - (HEADER_BYTES - CLEAR_BYTES) - 1 - signature
    } else if endpoint.sign {
        chunk - HEADER_BYTES - signature
    } else {
        chunk - HEADER_BYTES
    }
}

/// Verifies and decrypts in place; the place of the body. Every failure is the same failure.
pub(super) fn open(
    token: &Token,
    endpoint: EndpointConfig,
    chunk: &mut [u8],
) -> Result<Range<usize>, ChannelError> {
    if chunk.len() < HEADER_BYTES {
        return Err(ChannelError::Malformed);
    }
    if !endpoint.sign && !endpoint.encrypt {
        return Ok(HEADER_BYTES..chunk.len());
    }
    let keys = token.inbound.as_ref().ok_or(ChannelError::SecurityChecks)?;
    let signature = signature_bytes(endpoint.policy);
    let smallest = HEADER_BYTES + signature + usize::from(endpoint.encrypt);
    if endpoint.encrypt {
        let cipher = &mut chunk[CLEAR_BYTES..];
        if !cipher.len().is_multiple_of(BLOCK_BYTES) {
            return Err(ChannelError::SecurityChecks);
        }
        keys.decrypt(cipher)?;
    }
    if chunk.len() < smallest {
        return Err(ChannelError::SecurityChecks);
    }
    let (signed, signature) = chunk.split_at(chunk.len() - signature);
    if !keys.verify(signed, signature) {
        return Err(ChannelError::SecurityChecks);
    }
    let mut end = signed.len();
    if endpoint.encrypt {
        let padding = usize::from(signed[end - 1]);
        end = end.checked_sub(padding + 1).ok_or(ChannelError::SecurityChecks)?;
    }
    if end < HEADER_BYTES { Err(ChannelError::SecurityChecks) } else { Ok(HEADER_BYTES..end) }
}

/// Appends one chunk.
pub(super) fn seal(
    token: &Token,
    endpoint: EndpointConfig,
    header: ChunkHeader,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ChannelError> {
    let start = out.len();
    let secured = endpoint.sign || endpoint.encrypt;
    let signature = signature_bytes(endpoint.policy);
    let plain = HEADER_BYTES - CLEAR_BYTES + body.len() + signature;
    let padding = if endpoint.encrypt { BLOCK_BYTES - 1 - plain % BLOCK_BYTES } else { 0 };
    let tail = if secured { signature } else { 0 };
    let tail = if endpoint.encrypt { tail + padding + 1 } else { tail };
    let size = HEADER_BYTES + body.len() + tail;
    out.reserve(size);
    out.extend_from_slice(b"MSG");
    out.push(header.flag);
    for field in [size as u32, header.channel, token.id, header.sequence, header.request_id] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(body);
    if !secured {
        return Ok(());
    }
    let keys = token.outbound.as_ref().ok_or(ChannelError::SecurityChecks)?;
    if endpoint.encrypt {
        out.extend(std::iter::repeat_n(padding as u8, padding + 1));
    }
    let signature = keys.sign(&out[start..]);
    out.extend_from_slice(signature.as_ref());
    if endpoint.encrypt {
        keys.encrypt(&mut out[start + CLEAR_BYTES..])?;
    }
    Ok(())
}

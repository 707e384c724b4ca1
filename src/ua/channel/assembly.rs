//! Chunks of one message, put together within bounds.

use crate::ua::channel::ChannelError;
use crate::ua::wire::TransportLimits;

/// Room that a message begins with: those of newcomers fit, and no buffer grows for them.
const SMALL: usize = 50 << 10;

/// The chunks of a message so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    request_id: Option<u32>,
    body: Vec<u8>,
    chunks: usize,
}

impl Assembly {
    /// Whether a message has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.request_id.is_some()
    }

    /// Bytes of the message so far.
    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Adds a chunk. All chunks of a message carry one request id (Part 6, 6.7.2.4).
    pub(super) fn add(
        &mut self,
        request_id: u32,
        part: &[u8],
        limits: &TransportLimits,
    ) -> Result<(), ChannelError> {
        if *self.request_id.get_or_insert(request_id) != request_id {
            return Err(ChannelError::SecurityChecks);
        }
        self.chunks += 1;
        if self.chunks > limits.receive_chunks
            || self.body.len() + part.len() > limits.receive_message
        {
            return Err(ChannelError::TooLarge);
        }
        if self.body.capacity() == 0 {
            self.body.reserve_exact(SMALL.max(part.len()));
        }
        self.body.extend_from_slice(part);
        Ok(())
    }

    /// Takes the message out and starts afresh.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self).body
    }
}

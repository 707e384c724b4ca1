//! A channel's state, and what it does with each chunk.

use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::channel::assembly::Assembly;
use crate::ua::channel::attempt::Attempt;
use crate::ua::channel::open::Opener;
use crate::ua::channel::symmetric::{self, Token};
use crate::ua::channel::{ChannelError, ChannelShared};
use crate::ua::wire::TransportLimits;

/// Legacy sequence numbers wrap from within this distance of the end to below it (Part 6, 6.7.2.4).
const WRAP: u32 = 1024;

/// What came of a chunk.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// More chunks follow.
    Partial,
    /// The client gave a message up.
    Aborted,
    /// A message in one chunk: its body's place in the chunk.
    Message {
        /// For the response.
        request_id: u32,
        /// Place in the chunk.
        body: Range<usize>,
    },
    /// A message of several chunks.
    Assembled {
        /// For the response.
        request_id: u32,
        /// Type id and message.
        body: Vec<u8>,
    },
    /// Opened or renewed; the response is in the output.
    Opened,
    /// The client closed the channel.
    Closed,
}

/// One secure channel.
#[derive(Debug)]
pub struct Channel {
    pub(super) id: u32,
    pub(super) shared: Rc<ChannelShared>,
    pub(super) limits: TransportLimits,
    pub(super) endpoint: EndpointConfig,
    pub(super) client_certificate: Vec<u8>,
    pub(super) last_nonce: Vec<u8>,
    pub(super) active: Option<Token>,
    pub(super) next: Option<Token>,
    pub(super) next_token_id: u32,
    received: Option<u32>,
    sent: Option<u32>,
    assembly: Assembly,
    /// The last OPN, until somebody has looked at it.
    pub(super) attempt: Option<Attempt>,
}

impl Channel {
    /// A channel before its first OPN.
    pub fn new(id: u32, shared: Rc<ChannelShared>, limits: TransportLimits) -> Self {
        Self {
            id,
            shared,
            limits,
            endpoint: EndpointConfig { policy: SecurityPolicy::None, sign: false, encrypt: false },
            client_certificate: Vec::new(),
            last_nonce: Vec::new(),
            active: None,
            next: None,
            next_token_id: 1,
            received: None,
            sent: None,
            assembly: Assembly::default(),
            attempt: None,
        }
    }

    /// SecureChannelId.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Policy and mode.
    pub fn endpoint(&self) -> EndpointConfig {
        self.endpoint
    }

    /// Policy.
    pub fn policy(&self) -> SecurityPolicy {
        self.endpoint.policy
    }

    /// The client's certificate (chain) in DER, on a secured channel.
    pub fn client_certificate(&self) -> Option<&[u8]> {
        (!self.client_certificate.is_empty()).then_some(&self.client_certificate)
    }

    /// When the channel ends unless it is renewed; `None` before it is open.
    pub fn deadline(&self) -> Option<Instant> {
        self.next.as_ref().or(self.active.as_ref()).map(Token::end)
    }

    /// Bytes of a message whose last chunk has not come yet.
    pub fn assembled_bytes(&self) -> usize {
        self.assembly.bytes()
    }

    /// What the client asked in the OPN that has just been received; none if it was no OPN.
    pub fn take_attempt(&mut self) -> Option<Attempt> {
        self.attempt.take()
    }

    /// Takes one whole OPN, MSG or CLO chunk; what must be answered at once is appended to `out`.
    pub fn receive(
        &mut self,
        chunk: &mut [u8],
        now: Instant,
        utc: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<Received, ChannelError> {
        let (kind, flag) = match chunk.first_chunk::<4>() {
            Some([a, b, c, flag]) => ([*a, *b, *c], *flag),
            None => return Err(ChannelError::Malformed),
        };
        if number(chunk, 8)? != self.id && !(kind == *b"OPN" && self.active.is_none()) {
            return Err(ChannelError::ChannelUnknown);
        }
        if kind == *b"OPN" {
            self.attempt = Some(Attempt::of(chunk));
            let opener = Opener::read(self, chunk)?;
            self.check_sequence(opener.sequence)?;
            opener.answer(self, now, utc, out)?;
            return Ok(Received::Opened);
        }
        let body = self.open_symmetric(chunk, now)?;
        let sequence = number(chunk, 16)?;
        let request_id = number(chunk, 20)?;
        self.check_sequence(sequence)?;
        if kind == *b"CLO" {
            return Ok(Received::Closed);
        }
        match flag {
            b'A' => {
                self.assembly.take();
                Ok(Received::Aborted)
            }
            b'C' => {
                self.assembly.add(request_id, &chunk[body], &self.limits)?;
                Ok(Received::Partial)
            }
            _ if self.assembly.has_begun() => {
                self.assembly.add(request_id, &chunk[body], &self.limits)?;
                Ok(Received::Assembled { request_id, body: self.assembly.take() })
            }
            _ => Ok(Received::Message { request_id, body }),
        }
    }

    /// Verifies and decrypts a MSG or CLO chunk in place; the place of its body.
    fn open_symmetric(
        &mut self,
        chunk: &mut [u8],
        now: Instant,
    ) -> Result<Range<usize>, ChannelError> {
        let id = number(chunk, 12)?;
        if self.next.as_ref().is_some_and(|it| it.id == id) {
            // Part 6, 6.7.4: the client has begun to use the new token; the old one is done.
            self.active = self.next.take();
        }
        let token = self.active.as_ref().filter(|it| it.id == id && it.end() > now);
        let token = token.ok_or(ChannelError::TokenUnknown)?;
        symmetric::open(token, self.endpoint, chunk)
    }

    /// Every chunk carries the number after the one before: nothing is replayed, nothing is lost.
    fn check_sequence(&mut self, number: u32) -> Result<(), ChannelError> {
        if let Some(last) = self.received {
            let follows = last.checked_add(1) == Some(number);
            let wraps = if self.is_legacy() {
                last > u32::MAX - WRAP && number < WRAP
            } else {
                last == u32::MAX && number == 0
            };
            if !follows && !wraps {
                return Err(ChannelError::SecurityChecks);
            }
        }
        self.received = Some(number);
        Ok(())
    }

    /// As a client: the server has answered our opening with this token, under this sequence number.
    pub(super) fn opened(&mut self, endpoint: EndpointConfig, token: Token, sequence: u32) {
        self.endpoint = endpoint;
        self.active = Some(token);
        self.received = Some(sequence);
        self.sent = Some(first_sequence(endpoint.policy));
    }

    /// Whether the policy numbers chunks by the legacy rule (LegacySequenceNumbers, Part 6, 6.7.2.4).
    fn is_legacy(&self) -> bool {
        !self.endpoint.policy.is_elliptic()
    }

    /// The next number of our own, wrapped as the policy's rule has it: early, or just behind the last (SC-17).
    pub(super) fn next_sequence(&mut self) -> u32 {
        let next = match self.sent {
            None => first_sequence(self.endpoint.policy),
            Some(last) if self.is_legacy() && last >= u32::MAX - WRAP => 1,
            Some(last) => last.wrapping_add(1),
        };
        self.sent = Some(next);
        next
    }

    /// Longest body that [`Channel::send`] takes, bytes.
    pub fn longest_body(&self) -> usize {
        let room = symmetric::body_room(self.endpoint, self.limits.send_chunk);
        self.limits.send_message.min(room.saturating_mul(self.limits.send_chunks))
    }

    /// Appends a message, cut into chunks that the client takes. On error `out` is as it was.
    pub fn send(
        &mut self,
        request_id: u32,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let room = symmetric::body_room(self.endpoint, self.limits.send_chunk);
        let count = body.len().div_ceil(room).max(1);
        if body.len() > self.limits.send_message || count > self.limits.send_chunks {
            return Err(ChannelError::TooLarge);
        }
        let mut parts = body.chunks(room).peekable();
        while let Some(part) = parts.next() {
            let flag = if parts.peek().is_some() { b'C' } else { b'F' };
            let header = symmetric::ChunkHeader {
                flag,
                channel: self.id,
                sequence: self.next_sequence(),
                request_id,
            };
            let token = self.active.as_ref().ok_or(ChannelError::TokenUnknown)?;
            symmetric::seal(token, self.endpoint, header, part, out)?;
        }
        Ok(())
    }
}

/// The number of a sender's first chunk. From a client any is taken: many have kept to the legacy rule.
pub(super) fn first_sequence(policy: SecurityPolicy) -> u32 {
    u32::from(!policy.is_elliptic())
}

/// The UInt32 at `at`.
pub(super) fn number(bytes: &[u8], at: usize) -> Result<u32, ChannelError> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    found.map(|it| u32::from_le_bytes(*it)).ok_or(ChannelError::Malformed)
}

//! OpenSecureChannel: the asymmetric chunk, its request and its response (Part 4, 5.6.2; Part 6, 6.7.2.4).

use std::time::Instant;

use opcua_types::{
    BinaryDecodable, BinaryEncodable, ByteString, ChannelSecurityToken, DateTime,
    MessageSecurityMode, NodeId, ObjectId, OpenSecureChannelRequest, OpenSecureChannelResponse,
    ResponseHeader, SecurityTokenRequestType,
};
use tracing::warn;

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::channel::state::number;
use crate::ua::channel::symmetric::Token;
use crate::ua::channel::{Channel, ChannelError};
use crate::ua::crypto::{self, NONCE_BYTES, PublicKey};
use crate::ua::pki;
use crate::ua::wire::Shallow;

/// Type, size, channel id.
const MESSAGE_HEADER_BYTES: usize = 12;
/// Sequence number and request id.
const SEQUENCE_BYTES: usize = 8;
/// Longest certificate chain taken, bytes.
const CHAIN_BYTES: usize = 32 * 1024;
/// A key above this size has a second padding byte (Part 6, 6.7.2.5).
const EXTRA_PADDING_KEY_BYTES: usize = 256;

/// An OPN chunk, verified.
pub(super) struct Opener {
    pub(super) sequence: u32,
    request_id: u32,
    policy: SecurityPolicy,
    certificate: Vec<u8>,
    client_key: Option<PublicKey>,
    request: OpenSecureChannelRequest,
}

/// The security header in front of the encrypted part.
struct Header<'a> {
    policy: SecurityPolicy,
    certificate: &'a [u8],
    thumbprint: &'a [u8],
    end: usize,
}

impl<'a> Header<'a> {
    fn read(chunk: &'a [u8]) -> Result<Self, ChannelError> {
        let mut end = MESSAGE_HEADER_BYTES;
        let mut field = |bound: usize| -> Result<&'a [u8], ChannelError> {
            let length = number(chunk, end)?.cast_signed();
            if length < -1 {
                return Err(ChannelError::Malformed);
            }
            let length = length.max(0) as usize;
            if length > bound {
                return Err(ChannelError::Malformed);
            }
            let bytes = chunk.get(end + 4..end + 4 + length).ok_or(ChannelError::Malformed)?;
            end += 4 + length;
            Ok(bytes)
        };
        let uri = field(256)?;
        let certificate = field(CHAIN_BYTES)?;
        let thumbprint = field(64)?;
        let uri = std::str::from_utf8(uri).map_err(|_| ChannelError::PolicyRejected)?;
        let policy = crypto::policy_of(uri).ok_or(ChannelError::PolicyRejected)?;
        Ok(Self { policy, certificate, thumbprint, end })
    }
}

impl Opener {
    /// Decrypts, verifies and decodes.
    pub(super) fn read(channel: &Channel, chunk: &[u8]) -> Result<Self, ChannelError> {
        let header = Header::read(chunk)?;
        if !channel.shared.offers_policy(header.policy) {
            return Err(ChannelError::PolicyRejected);
        }
        let (plain, client_key) = if header.policy == SecurityPolicy::None {
            (chunk[header.end..].to_vec(), None)
        } else {
            let (plain, key) = unseal(channel, chunk, &header)?;
            (plain, Some(key))
        };
        let sequence = number(&plain, 0)?;
        let request_id = number(&plain, 4)?;
        let body = plain.get(SEQUENCE_BYTES..).ok_or(ChannelError::Malformed)?;
        let context = channel.shared.types.decoding(&channel.shared.limits, body.len());
        let mut rest = body;
        let kind = NodeId::decode(&mut rest, &context).map_err(|_| ChannelError::Malformed)?;
        if kind != ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary {
            return Err(ChannelError::Malformed);
        }
        let request = OpenSecureChannelRequest::decode(&mut Shallow::new(&mut rest), &context)
            .map_err(|_| ChannelError::Malformed)?;
        let secured = header.policy != SecurityPolicy::None;
        let certificate = if secured { header.certificate.to_vec() } else { Vec::new() };
        Ok(Self { sequence, request_id, policy: header.policy, certificate, client_key, request })
    }

    /// Issues or renews a token and appends the response.
    pub(super) fn answer(
        self,
        channel: &mut Channel,
        now: Instant,
        utc: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let endpoint = self.endpoint(channel)?;
        match self.request.request_type {
            SecurityTokenRequestType::Issue if channel.active.is_some() => {
                return Err(ChannelError::SecurityChecks);
            }
            SecurityTokenRequestType::Issue => self.admit(channel, utc)?,
            SecurityTokenRequestType::Renew if channel.active.is_none() => {
                return Err(ChannelError::ChannelUnknown);
            }
            SecurityTokenRequestType::Renew => {
                if endpoint != channel.endpoint || self.certificate != channel.client_certificate {
                    return Err(ChannelError::SecurityChecks);
                }
                self.admit(channel, utc)?;
            }
        }
        let client_nonce = self.check_nonce(channel)?;
        let mut server_nonce = Vec::new();
        if self.policy != SecurityPolicy::None {
            server_nonce = vec![0; NONCE_BYTES];
            crypto::fill_random(&mut server_nonce)?;
        }
        let lifetime = channel.shared.lifetime(self.request.requested_lifetime);
        let keys = |secret: &[u8], seed: &[u8]| {
            let secured = self.policy != SecurityPolicy::None;
            secured.then(|| crypto::derive(self.policy, secret, seed)).transpose()
        };
        let token = Token {
            id: channel.next_token_id,
            made: now,
            lifetime,
            inbound: keys(&server_nonce, &client_nonce)?,
            outbound: keys(&client_nonce, &server_nonce)?,
        };
        channel.next_token_id = channel.next_token_id.wrapping_add(1).max(1);
        let response = self.response(channel.id, &token, server_nonce, utc);
        channel.endpoint = endpoint;
        channel.client_certificate.clone_from(&self.certificate);
        channel.last_nonce = client_nonce;
        let sequence = channel.next_sequence();
        self.seal(channel, sequence, &response, out)?;
        if channel.active.is_none() {
            channel.active = Some(token);
        } else {
            channel.next = Some(token);
        }
        Ok(())
    }

    /// Policy and mode, if offered together.
    fn endpoint(&self, channel: &Channel) -> Result<EndpointConfig, ChannelError> {
        let (sign, encrypt) = match self.request.security_mode {
            MessageSecurityMode::None => (false, false),
            MessageSecurityMode::Sign => (true, false),
            MessageSecurityMode::SignAndEncrypt => (true, true),
            MessageSecurityMode::Invalid => return Err(ChannelError::ModeRejected),
        };
        let endpoint = EndpointConfig { policy: self.policy, sign, encrypt };
        if (self.policy == SecurityPolicy::None) == sign || !channel.shared.offers(endpoint) {
            return Err(ChannelError::ModeRejected);
        }
        Ok(endpoint)
    }

    /// Whether the client's certificate is one we trust. The reason is for the log only (CRT rows).
    fn admit(&self, channel: &Channel, utc: Timestamp) -> Result<(), ChannelError> {
        if self.policy == SecurityPolicy::None {
            return Ok(());
        }
        let accepted = channel.shared.trust.check(&self.certificate, utc);
        accepted.map_err(|problem| {
            warn!(channel = channel.id, %problem, "client certificate refused");
            ChannelError::SecurityChecks
        })
    }

    /// Long enough, not all zero, not the one before (SC-08).
    fn check_nonce(&self, channel: &Channel) -> Result<Vec<u8>, ChannelError> {
        let nonce = self.request.client_nonce.value.as_deref().unwrap_or_default();
        if self.policy == SecurityPolicy::None {
            return Ok(Vec::new());
        }
        let fits = nonce.len() == NONCE_BYTES
            && nonce.iter().any(|it| *it != 0)
            && nonce != channel.last_nonce;
        if fits { Ok(nonce.to_vec()) } else { Err(ChannelError::Nonce) }
    }

    fn response(
        &self,
        channel: u32,
        token: &Token,
        nonce: Vec<u8>,
        utc: Timestamp,
    ) -> OpenSecureChannelResponse {
        OpenSecureChannelResponse {
            response_header: ResponseHeader::new_good(&self.request.request_header),
            server_protocol_version: 0,
            security_token: ChannelSecurityToken {
                channel_id: channel,
                token_id: token.id,
                created_at: DateTime::from(utc.ticks()),
                revised_lifetime: token.lifetime.as_millis() as u32,
            },
            server_nonce: if nonce.is_empty() { ByteString::null() } else { nonce.into() },
        }
    }

    /// Appends the response as one OPN chunk: signed by us, encrypted for the client.
    fn seal(
        &self,
        channel: &Channel,
        sequence: u32,
        response: &OpenSecureChannelResponse,
        out: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let shared = &channel.shared;
        let mut plain = [sequence.to_le_bytes(), self.request_id.to_le_bytes()].concat();
        let context = shared.types.encoding();
        let kind = NodeId::from(ObjectId::OpenSecureChannelResponse_Encoding_DefaultBinary);
        kind.encode(&mut plain, &context).map_err(|_| ChannelError::Malformed)?;
        response.encode(&mut plain, &context).map_err(|_| ChannelError::Malformed)?;
        let mut head = b"OPNF\0\0\0\0".to_vec();
        head.extend_from_slice(&channel.id.to_le_bytes());
        let uri = crypto::policy_uri(self.policy);
        field(&mut head, Some(uri.as_bytes()));
        let Some(client_key) = &self.client_key else {
            field(&mut head, None);
            field(&mut head, None);
            let size = (head.len() + plain.len()) as u32;
            head[4..8].copy_from_slice(&size.to_le_bytes());
            out.extend_from_slice(&head);
            out.extend_from_slice(&plain);
            return Ok(());
        };
        let own_key = shared.private_key().ok_or(ChannelError::SecurityChecks)?;
        field(&mut head, Some(&shared.certificate()));
        field(&mut head, Some(&pki::thumbprint(pki::leaf(&self.certificate))));
        let block = client_key.plain_bytes(self.policy)?;
        pad(&mut plain, own_key.bytes(), block, client_key.bytes());
        let blocks = (plain.len() + own_key.bytes()) / block;
        let size = (head.len() + blocks * client_key.bytes()) as u32;
        head[4..8].copy_from_slice(&size.to_le_bytes());
        let signature = crypto::sign(self.policy, own_key, &[head.as_slice(), &plain].concat())?;
        plain.extend_from_slice(&signature);
        out.extend_from_slice(&head);
        out.extend_from_slice(&client_key.encrypt(self.policy, &plain)?);
        Ok(())
    }
}

/// A byte string; `None` is null.
fn field(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let length = bytes.map_or(-1, |it| it.len() as i32);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// Pads so that message and signature fill whole blocks.
fn pad(plain: &mut Vec<u8>, signature: usize, block: usize, key: usize) {
    let counters = if key > EXTRA_PADDING_KEY_BYTES { 2 } else { 1 };
    let used = plain.len() + counters + signature;
    let padding = (block - used % block) % block;
    plain.push(padding as u8);
    plain.extend(std::iter::repeat_n(padding as u8, padding));
    if counters == 2 {
        plain.push((padding >> 8) as u8);
    }
}

/// Decrypts and verifies an OPN chunk. Whatever is wrong, the answer is the same, after the same work.
fn unseal(
    channel: &Channel,
    chunk: &[u8],
    header: &Header<'_>,
) -> Result<(Vec<u8>, PublicKey), ChannelError> {
    let shared = &channel.shared;
    let own_key = shared.private_key().ok_or(ChannelError::PolicyRejected)?;
    if header.thumbprint != shared.thumbprint() {
        return Err(ChannelError::SecurityChecks);
    }
    let client_key = PublicKey::of_certificate(pki::leaf(header.certificate))?;
    let plain = own_key.decrypt(header.policy, &chunk[header.end..])?;
    let at = plain.len().checked_sub(client_key.bytes()).ok_or(ChannelError::SecurityChecks)?;
    let (message, signature) = plain.split_at(at);
    let signed = [&chunk[..header.end], message].concat();
    if !client_key.verify(header.policy, &signed, signature) {
        return Err(ChannelError::SecurityChecks);
    }
    let counters = if own_key.bytes() > EXTRA_PADDING_KEY_BYTES { 2 } else { 1 };
    let last = |back: usize| -> Result<usize, ChannelError> {
        let at = message.len().checked_sub(back).ok_or(ChannelError::SecurityChecks)?;
        Ok(usize::from(message[at]))
    };
    let padding = if counters == 2 { last(1)? << 8 | last(2)? } else { last(1)? };
    let end = message.len().checked_sub(padding + counters).ok_or(ChannelError::SecurityChecks)?;
    Ok((message[..end].to_vec(), client_key))
}

//! The chunk of OpenSecureChannel in either direction: signed by its sender, and with RSA encrypted for its receiver
//! (Part 6, 6.7.2.3 to 6.7.2.5, 6.8.1).

use opcua_types::{BinaryEncodable, Context, NodeId, ObjectId};

use crate::config::SecurityPolicy;
use crate::ua::channel::state::number;
use crate::ua::channel::{ChannelError, ChannelShared};
use crate::ua::crypto::{self, PublicKey};
use crate::ua::pki;

/// Type, size, channel id.
const MESSAGE_HEADER_BYTES: usize = 12;
/// Sequence number and request id.
const SEQUENCE_BYTES: usize = 8;
/// Longest certificate chain taken, bytes.
const CHAIN_BYTES: usize = 32 * 1024;
/// A key above this size has a second padding byte (Part 6, 6.7.2.5).
const EXTRA_PADDING_KEY_BYTES: usize = 256;

/// The security header in front of the encrypted part.
pub(super) struct Header<'a> {
    pub(super) policy: SecurityPolicy,
    pub(super) certificate: &'a [u8],
    thumbprint: &'a [u8],
    end: usize,
}

impl<'a> Header<'a> {
    pub(super) fn read(chunk: &'a [u8]) -> Result<Self, ChannelError> {
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

/// What was inside an OPN chunk, verified.
pub(super) struct Unsealed {
    pub(super) sequence: u32,
    pub(super) request_id: u32,
    /// Type id and message.
    pub(super) body: Vec<u8>,
    /// The sender's key, on a secured channel.
    pub(super) key: Option<PublicKey>,
}

impl Unsealed {
    fn new(plain: &[u8], key: Option<PublicKey>) -> Result<Self, ChannelError> {
        let body = plain.get(SEQUENCE_BYTES..).ok_or(ChannelError::Malformed)?.to_vec();
        Ok(Self { sequence: number(plain, 0)?, request_id: number(plain, 4)?, body, key })
    }
}

/// For whom a chunk is encrypted.
#[derive(Clone, Copy)]
pub(super) struct Peer<'a> {
    /// Certificate or chain in DER.
    pub(super) certificate: &'a [u8],
    /// The key in it.
    pub(super) key: &'a PublicKey,
}

/// Sequence number, request id and message, before padding and signature.
pub(super) fn plain<T: BinaryEncodable>(
    sequence: u32,
    request_id: u32,
    kind: ObjectId,
    message: &T,
    context: &Context<'_>,
) -> Result<Vec<u8>, ChannelError> {
    let mut plain = [sequence.to_le_bytes(), request_id.to_le_bytes()].concat();
    NodeId::from(kind).encode(&mut plain, context).map_err(|_| ChannelError::Malformed)?;
    message.encode(&mut plain, context).map_err(|_| ChannelError::Malformed)?;
    Ok(plain)
}

/// Under which policy a chunk goes on which channel to whom; nobody in particular on security None.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) policy: SecurityPolicy,
    pub(super) channel: u32,
    pub(super) peer: Option<Peer<'a>>,
}

impl Address<'_> {
    /// Appends `plain` as one OPN chunk: signed by us and encrypted for the peer, or as it is on security None.
    pub(super) fn seal(
        self,
        shared: &ChannelShared,
        mut plain: Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let mut head = b"OPNF\0\0\0\0".to_vec();
        head.extend_from_slice(&self.channel.to_le_bytes());
        field(&mut head, Some(crypto::policy_uri(self.policy).as_bytes()));
        let Some(peer) = self.peer else {
            field(&mut head, None);
            field(&mut head, None);
            let size = (head.len() + plain.len()) as u32;
            head[4..8].copy_from_slice(&size.to_le_bytes());
            out.extend_from_slice(&head);
            out.extend_from_slice(&plain);
            return Ok(());
        };
        let own = shared.identity(self.policy).ok_or(ChannelError::SecurityChecks)?;
        let own_key = &own.key;
        field(&mut head, Some(&own.certificate));
        field(&mut head, Some(&pki::thumbprint(pki::leaf(peer.certificate))));
        if self.policy.is_elliptic() {
            // Part 6, 6.8.1: signed in either mode, and never encrypted, so nothing is padded.
            let size = (head.len() + plain.len() + own_key.bytes()) as u32;
            head[4..8].copy_from_slice(&size.to_le_bytes());
            head.append(&mut plain);
            let signature = crypto::sign(self.policy, own_key, &head)?;
            out.append(&mut head);
            out.extend_from_slice(&signature);
            return Ok(());
        }
        let block = peer.key.plain_bytes(self.policy)?;
        pad(&mut plain, own_key.bytes(), block, peer.key.bytes());
        let blocks = (plain.len() + own_key.bytes()) / block;
        let size = (head.len() + blocks * peer.key.bytes()) as u32;
        head[4..8].copy_from_slice(&size.to_le_bytes());
        let signature = crypto::sign(self.policy, own_key, &[head.as_slice(), &plain].concat())?;
        plain.extend_from_slice(&signature);
        out.extend_from_slice(&head);
        out.extend_from_slice(&peer.key.encrypt(self.policy, &plain)?);
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
pub(super) fn unseal(
    shared: &ChannelShared,
    chunk: &[u8],
    header: &Header<'_>,
) -> Result<Unsealed, ChannelError> {
    if header.policy == SecurityPolicy::None {
        return Unsealed::new(&chunk[header.end..], None);
    }
    let own = shared.identity(header.policy).ok_or(ChannelError::PolicyRejected)?;
    let own_key = &own.key;
    // Without encryption there may be no thumbprint (Part 6, 6.7.2.3).
    let is_for_nobody = header.policy.is_elliptic() && header.thumbprint.is_empty();
    if header.thumbprint != pki::thumbprint(&own.certificate) && !is_for_nobody {
        return Err(ChannelError::SecurityChecks);
    }
    let peer_key = PublicKey::of_certificate(pki::leaf(header.certificate))?;
    if header.policy.is_elliptic() {
        return unseal_signed(chunk, header, peer_key);
    }
    let plain = own_key.decrypt(header.policy, &chunk[header.end..])?;
    let at = plain.len().checked_sub(peer_key.bytes()).ok_or(ChannelError::SecurityChecks)?;
    let (message, signature) = plain.split_at(at);
    let signed = [&chunk[..header.end], message].concat();
    if !peer_key.verify(header.policy, &signed, signature) {
        return Err(ChannelError::SecurityChecks);
    }
    let counters = if own_key.bytes() > EXTRA_PADDING_KEY_BYTES { 2 } else { 1 };
    let last = |back: usize| -> Result<usize, ChannelError> {
        let at = message.len().checked_sub(back).ok_or(ChannelError::SecurityChecks)?;
        Ok(usize::from(message[at]))
    };
    let padding = if counters == 2 { last(1)? << 8 | last(2)? } else { last(1)? };
    let end = message.len().checked_sub(padding + counters).ok_or(ChannelError::SecurityChecks)?;
    Unsealed::new(&message[..end], Some(peer_key))
}

/// Verifies an OPN chunk of an elliptic policy.
fn unseal_signed(
    chunk: &[u8],
    header: &Header<'_>,
    peer_key: PublicKey,
) -> Result<Unsealed, ChannelError> {
    let at = chunk.len().checked_sub(peer_key.bytes()).filter(|it| *it >= header.end);
    let (signed, signature) = chunk.split_at(at.ok_or(ChannelError::SecurityChecks)?);
    if !peer_key.verify(header.policy, signed, signature) {
        return Err(ChannelError::SecurityChecks);
    }
    Unsealed::new(&signed[header.end..], Some(peer_key))
}

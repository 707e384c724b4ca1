//! A secured channel from the client's side (Part 6, 6.7): the runner's own, so that it can also do it wrong.

use opcua_types::{
    BinaryDecodable, ContextOwned, EndpointDescription, MessageSecurityMode, NodeId, ObjectId,
    OpenSecureChannelResponse,
};

use crate::config::SecurityPolicy;
use crate::conformance::Stop;
use crate::conformance::expect::that;
use crate::conformance::link::{Frame, Link, type_id};
use crate::conformance::wallet::Identity;
use crate::ua::crypto::{self, BLOCK_BYTES, Contribution, DirectionKeys, PublicKey};
use crate::ua::pki;

/// Bytes in front of the encrypted part of a MSG chunk.
const CLEAR_BYTES: usize = 16;
/// Above this size of key, in bytes, padding has a second byte (Part 6, 6.7.2.5).
const ONE_PADDING_BYTE: usize = 256;

/// A policy and mode that the server offers.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// As the server says.
    pub(super) endpoint: EndpointDescription,
    /// Its policy.
    pub(super) policy: SecurityPolicy,
}

impl Offer {
    /// The offer of an endpoint, if the runner speaks its policy.
    pub(super) fn of(endpoint: EndpointDescription) -> Option<Self> {
        let policy = crypto::policy_of(endpoint.security_policy_uri.as_ref())?;
        (policy != SecurityPolicy::None).then_some(Self { endpoint, policy })
    }

    /// Whether its messages are encrypted.
    pub(super) fn encrypts(&self) -> bool {
        self.endpoint.security_mode == MessageSecurityMode::SignAndEncrypt
    }

    /// The server's certificate.
    pub(super) fn certificate(&self) -> &[u8] {
        pki::leaf(self.endpoint.server_certificate.value.as_deref().unwrap_or_default())
    }

    /// For a message.
    pub(super) fn name(&self) -> String {
        let uri = self.endpoint.security_policy_uri.as_ref();
        let policy = uri.rsplit('#').next().unwrap_or(uri);
        format!("{policy} {:?}", self.endpoint.security_mode)
    }
}

/// What an OPN says and how; the default is as it should be.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// 0 issues, 1 renews.
    pub(super) kind: u32,
    /// Mode asked for; that of the offer if nothing is said.
    pub(super) mode: Option<u32>,
    /// Lifetime asked for, ms.
    pub(super) lifetime: u32,
    /// ClientNonce; random if nothing is said.
    pub(super) nonce: Option<Vec<u8>>,
    /// ReceiverCertificateThumbprint; that of the server's certificate if nothing is said.
    pub(super) thumbprint: Option<Vec<u8>>,
    /// What is broken before it is sent.
    pub(super) broken: Broken,
}

/// A part of an OPN that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// None.
    Nothing,
    /// One bit of the signature.
    Signature,
    /// More padding than there are bytes, under a good signature.
    Padding,
    /// One bit of what is encrypted.
    Cipher,
}

impl Default for Opening {
    fn default() -> Self {
        let broken = Broken::Nothing;
        Self { kind: 0, mode: None, lifetime: 60_000, nonce: None, thumbprint: None, broken }
    }
}

/// Keys of a token.
struct TokenKeys {
    token: u32,
    own: DirectionKeys,
    peer: DirectionKeys,
}

/// The security of a link.
pub(super) struct Secured {
    /// What was agreed.
    pub(super) offer: Offer,
    /// Who the runner is on this channel.
    pub(super) identity: Identity,
    /// ClientNonce of the OPN sent last.
    pub(super) nonce: Vec<u8>,
    /// The number of the server's first chunk, once it has sent one.
    pub(super) first_sequence: Option<u32>,
    own: Contribution,
    server_key: PublicKey,
    keys: Vec<TokenKeys>,
}

impl Secured {
    /// Before the channel is open.
    pub(super) fn new(offer: Offer, identity: Identity) -> Result<Self, Stop> {
        let server_key = PublicKey::of_certificate(offer.certificate())
            .map_err(|_| Stop::failed("the server's certificate has no usable key"))?;
        let wanted = offer.policy.key();
        that(
            wanted == Some(server_key.key_type()),
            format!("{}: the server's key is {}", offer.name(), server_key.key_type().name()),
        )?;
        Ok(Self {
            own: Contribution::new(offer.policy).map_err(internal)?,
            identity: identity.under(offer.policy),
            offer,
            nonce: Vec::new(),
            first_sequence: None,
            server_key,
            keys: Vec::new(),
        })
    }

    /// Bytes of a message's signature.
    pub(super) fn signature_bytes(&self) -> usize {
        crypto::signature_bytes(self.offer.policy)
    }

    /// A signature of the runner's.
    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Stop> {
        crypto::sign(self.offer.policy, &self.identity.key, data).map_err(internal)
    }

    /// Whether the server signed `data`.
    pub(super) fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        self.server_key.verify(self.offer.policy, data, signature)
    }

    /// A whole OPN chunk.
    fn seal_open(&self, channel: u32, mut plain: Vec<u8>, how: &Opening) -> Result<Vec<u8>, Stop> {
        let policy = self.offer.policy;
        let mut head = b"OPNF\0\0\0\0".to_vec();
        head.extend_from_slice(&channel.to_le_bytes());
        let server = pki::thumbprint(self.offer.certificate());
        bytes(&mut head, crypto::policy_uri(policy).as_bytes());
        bytes(&mut head, &self.identity.chain);
        bytes(&mut head, how.thumbprint.as_deref().unwrap_or(&server));
        if policy.is_elliptic() {
            let size = (head.len() + plain.len() + self.identity.key.bytes()) as u32;
            head[4..8].copy_from_slice(&size.to_le_bytes());
            head.append(&mut plain);
            // With a key of another kind it is signed by nobody.
            let signature = crypto::sign(policy, &self.identity.key, &head);
            let mut signature = signature.unwrap_or_else(|_| vec![0; self.identity.key.bytes()]);
            if how.broken != Broken::Nothing {
                flip(&mut signature, 9);
            }
            head.extend_from_slice(&signature);
            return Ok(head);
        }
        let block = self.server_key.plain_bytes(policy).map_err(internal)?;
        let cipher = self.server_key.bytes();
        let signature = self.identity.key.bytes();
        let counters = if cipher > ONE_PADDING_BYTE { 2 } else { 1 };
        let padding = (block - (plain.len() + counters + signature) % block) % block;
        let said = if how.broken == Broken::Padding { 0xff } else { padding as u8 };
        plain.push(said);
        plain.extend(std::iter::repeat_n(said, padding));
        if counters == 2 {
            plain.push(if how.broken == Broken::Padding { 0xff } else { (padding >> 8) as u8 });
        }
        let size = head.len() + (plain.len() + signature) / block * cipher;
        head[4..8].copy_from_slice(&(size as u32).to_le_bytes());
        let mut signature = self.sign(&[head.as_slice(), &plain].concat())?;
        if how.broken == Broken::Signature {
            flip(&mut signature, 9);
        }
        plain.extend_from_slice(&signature);
        let mut cipher = self.server_key.encrypt(policy, &plain).map_err(internal)?;
        if how.broken == Broken::Cipher {
            flip(&mut cipher, 100);
        }
        head.extend_from_slice(&cipher);
        Ok(head)
    }

    /// The server's answer to an OPN: sequence header and message.
    fn unseal_open(&self, frame: &Frame) -> Result<Vec<u8>, Stop> {
        let mut chunk = frame.kind.clone().into_bytes();
        chunk.extend_from_slice(&(frame.body.len() as u32 + 8).to_le_bytes());
        chunk.extend_from_slice(&frame.body);
        let mut at = 12;
        for of in ["policy", "certificate", "thumbprint"] {
            let length = chunk.get(at..at + 4).and_then(|it| it.try_into().ok());
            let length = i32::from_le_bytes(length.unwrap_or_default()).max(0) as usize;
            let field = chunk.get(at + 4..at + 4 + length).ok_or_else(short)?;
            let wanted: &[u8] = match of {
                "policy" => crypto::policy_uri(self.offer.policy).as_bytes(),
                "certificate" => self.offer.certificate(),
                _ => &pki::thumbprint(pki::leaf(&self.identity.chain)),
            };
            if pki::leaf(field) != wanted {
                return Err(Stop::failed(format!("the OPN response has another {of}")));
            }
            at += 4 + length;
        }
        if self.offer.policy.is_elliptic() {
            let end = chunk.len().checked_sub(self.server_key.bytes()).ok_or_else(short)?;
            let signature = chunk.split_off(end);
            if !self.verify(&chunk, &signature) {
                return Err(Stop::failed("the OPN response has a wrong signature"));
            }
            return chunk.get(at..).map(<[u8]>::to_vec).ok_or_else(short);
        }
        let cipher = chunk.get(at..).ok_or_else(short)?;
        let mut plain = self.identity.key.decrypt(self.offer.policy, cipher).map_err(|_| {
            Stop::failed("the OPN response is not encrypted for the runner's certificate")
        })?;
        let end = plain.len().checked_sub(self.server_key.bytes()).ok_or_else(short)?;
        let signature = plain.split_off(end);
        if !self.verify(&[&chunk[..at], plain.as_slice()].concat(), &signature) {
            return Err(Stop::failed("the OPN response has a wrong signature"));
        }
        let last = |back: usize| plain.len().checked_sub(back).map(|at| usize::from(plain[at]));
        let counters = if self.identity.key.bytes() > ONE_PADDING_BYTE { 2 } else { 1 };
        let high = if counters == 2 { last(1) } else { Some(0) };
        let padding = high.zip(last(counters)).map(|(high, low)| high << 8 | low);
        let end = padding.and_then(|it| plain.len().checked_sub(it + counters));
        plain.get(..end.unwrap_or_default()).map(<[u8]>::to_vec).ok_or_else(short)
    }

    fn derive(&mut self, token: u32, server_nonce: &[u8]) -> Result<(), Stop> {
        let keys = self.own.as_client(server_nonce).map_err(|_| {
            Stop::failed(format!("a server nonce of {} bytes is not one", server_nonce.len()))
        })?;
        self.keys.push(TokenKeys { token, own: keys.client, peer: keys.server });
        Ok(())
    }

    fn keys(&self, token: u32) -> Option<&TokenKeys> {
        self.keys.iter().find(|it| it.token == token).or(self.keys.last())
    }

    /// A MSG or CLO chunk from its header, sequence header and body.
    pub(super) fn seal(&self, mut chunk: Vec<u8>, token: u32) -> Vec<u8> {
        let Some(keys) = self.keys(token) else { return chunk };
        let encrypts = self.offer.encrypts();
        if encrypts {
            let used = chunk.len() - CLEAR_BYTES + 1 + self.signature_bytes();
            let padding = (BLOCK_BYTES - used % BLOCK_BYTES) % BLOCK_BYTES;
            chunk.extend(std::iter::repeat_n(padding as u8, padding + 1));
        }
        let size = (chunk.len() + self.signature_bytes()) as u32;
        chunk[4..8].copy_from_slice(&size.to_le_bytes());
        let signature = keys.own.sign(&chunk);
        chunk.extend_from_slice(signature.as_ref());
        if encrypts {
            // Whole blocks: that is what the padding is for.
            let _ = keys.own.encrypt(&mut chunk[CLEAR_BYTES..]);
        }
        chunk
    }

    /// Decrypts a frame's body in place and cuts off what is behind the message.
    pub(super) fn unseal(&self, frame: &mut Frame) -> Result<(), Stop> {
        let token = frame.number(4);
        let keys = self.keys(token).ok_or_else(|| Stop::failed("a message before its keys"))?;
        let mut chunk = frame.kind.clone().into_bytes();
        chunk.extend_from_slice(&(frame.body.len() as u32 + 8).to_le_bytes());
        chunk.append(&mut frame.body);
        if self.offer.encrypts() {
            let cipher = chunk.get_mut(CLEAR_BYTES..).ok_or_else(short)?;
            keys.peer
                .decrypt(cipher)
                .map_err(|_| Stop::failed("a message that cannot be decrypted"))?;
        }
        let end = chunk.len().checked_sub(self.signature_bytes()).ok_or_else(short)?;
        let signature = chunk.split_off(end);
        if !keys.peer.verify(&chunk, &signature) {
            return Err(Stop::failed("a message with a wrong signature"));
        }
        if self.offer.encrypts() {
            let padding = chunk.last().map_or(0, |it| usize::from(*it)) + 1;
            chunk.truncate(chunk.len().saturating_sub(padding));
        }
        frame.body = chunk.get(8..).ok_or_else(short)?.to_vec();
        Ok(())
    }
}

impl Link {
    /// A connection with a secured channel.
    pub(super) fn open_secured(url: &str, offer: &Offer, who: &Identity) -> Result<Self, Stop> {
        let mut link = Self::greeted(url, offer, who)?;
        link.open_with(&Opening::default())?;
        Ok(link)
    }

    /// A connection that has said Hello and is about to open a secured channel.
    pub(super) fn greeted(url: &str, offer: &Offer, who: &Identity) -> Result<Self, Stop> {
        let mut link = Self::connect(url)?;
        link.hello()?;
        link.secured = Some(Box::new(Secured::new(offer.clone(), who.clone())?));
        if offer.policy.is_elliptic() {
            // The first number is 0 (Part 6, 6.7.2.4).
            link.sequence = u32::MAX;
        }
        Ok(link)
    }

    /// Sends an OPN and does not wait.
    pub(super) fn send_opening(&mut self, how: &Opening) -> Result<(), Stop> {
        let Some(mode) = self.secured.as_ref().map(|it| it.offer.endpoint.security_mode) else {
            return Err(Stop::failed("the channel is not a secured one"));
        };
        if let Some(secured) = &mut self.secured {
            secured.own = Contribution::new(secured.offer.policy).map_err(internal)?;
            secured.nonce.clone_from(how.nonce.as_ref().unwrap_or(&secured.own.nonce().to_vec()));
        }
        let nonce = self.secured.as_ref().map(|it| it.nonce.clone()).unwrap_or_default();
        self.sequence = self.sequence.wrapping_add(1);
        self.request += 1;
        let mut plain = [self.sequence.to_le_bytes(), self.request.to_le_bytes()].concat();
        type_id(&mut plain, ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary);
        let header = self.header();
        self.put(&mut plain, &header);
        for number in [0, how.kind, how.mode.unwrap_or(mode as u32)] {
            plain.extend_from_slice(&number.to_le_bytes());
        }
        bytes(&mut plain, &nonce);
        plain.extend_from_slice(&how.lifetime.to_le_bytes());
        let channel = self.channel;
        if let Some(secured) = &self.secured {
            let chunk = secured.seal_open(channel, plain, how)?;
            self.send(&chunk);
        }
        Ok(())
    }

    /// Opens or renews, and takes the new token: the revised lifetime, ms.
    pub(super) fn open_with(&mut self, how: &Opening) -> Result<u32, Stop> {
        self.send_opening(how)?;
        let frame = self.frame("OPNF")?;
        let Some(secured) = &mut self.secured else { return Err(short()) };
        let plain = secured.unseal_open(&frame)?;
        let (head, mut rest) = plain.split_first_chunk::<8>().ok_or_else(short)?;
        let sequence = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        secured.first_sequence.get_or_insert(sequence);
        let context = ContextOwned::default();
        let wrong = |error: opcua_types::Error| {
            Stop::failed(format!("the OPN response cannot be read: {error}"))
        };
        let kind = NodeId::decode(&mut rest, &context.context()).map_err(wrong)?;
        if kind != ObjectId::OpenSecureChannelResponse_Encoding_DefaultBinary {
            return Err(Stop::unexpected("OPN", "an OpenSecureChannel response", kind));
        }
        let response =
            OpenSecureChannelResponse::decode(&mut rest, &context.context()).map_err(wrong)?;
        let nonce = response.server_nonce.value.unwrap_or_default();
        self.channel = response.security_token.channel_id;
        self.token = response.security_token.token_id;
        secured.derive(self.token, &nonce)?;
        Ok(response.security_token.revised_lifetime)
    }

    /// A message as one sealed chunk of this kind, to be sent as it is or broken before.
    pub(super) fn sealed(&mut self, kind: &str, message: &[u8]) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.request += 1;
        let mut chunk = kind.as_bytes().to_vec();
        let size = (24 + message.len()) as u32;
        for number in [size, self.channel, self.token, self.sequence, self.request] {
            chunk.extend_from_slice(&number.to_le_bytes());
        }
        chunk.extend_from_slice(message);
        match &self.secured {
            Some(secured) => secured.seal(chunk, self.token),
            None => chunk,
        }
    }
}

/// A fresh nonce of CreateSession.
pub(super) fn random() -> Result<Vec<u8>, Stop> {
    let mut nonce = vec![0; 32];
    crypto::fill_random(&mut nonce).map_err(internal)?;
    Ok(nonce)
}

/// Turns one bit over.
pub(super) fn flip(bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x10;
    }
}

/// A byte string.
fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as i32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn short() -> Stop {
    Stop::failed("a secured message that is too short")
}

fn internal(error: crypto::CryptoError) -> Stop {
    Stop::failed(format!("the runner's cryptography: {error}"))
}

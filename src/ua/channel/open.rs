//! OpenSecureChannel: the asymmetric chunk, its request and its response (Part 4, 5.6.2; Part 6, 6.7.2.4).

use std::time::Instant;

use opcua_types::{
    BinaryDecodable, ByteString, ChannelSecurityToken, DateTime, MessageSecurityMode, NodeId,
    ObjectId, OpenSecureChannelRequest, OpenSecureChannelResponse, ResponseHeader,
    SecurityTokenRequestType,
};
use tracing::debug;

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::channel::asymmetric::{self, Address, Header, Peer, Unsealed};
use crate::ua::channel::symmetric::Token;
use crate::ua::channel::{Channel, ChannelError};
use crate::ua::crypto::{self, Contribution, PublicKey};
use crate::ua::pki::{self, CertificateProblem};
use crate::ua::wire::Shallow;

/// An OPN chunk, verified.
pub(super) struct Opener {
    pub(super) sequence: u32,
    request_id: u32,
    policy: SecurityPolicy,
    certificate: Vec<u8>,
    client_key: Option<PublicKey>,
    request: OpenSecureChannelRequest,
}

impl Opener {
    /// Decrypts, verifies and decodes.
    pub(super) fn read(channel: &mut Channel, chunk: &[u8]) -> Result<Self, ChannelError> {
        let header = Header::read(chunk)?;
        if !channel.shared.offers_policy(header.policy) {
            return Err(ChannelError::PolicyRejected);
        }
        let secured = header.policy != SecurityPolicy::None;
        let fits = if secured {
            pki::check_key(pki::leaf(header.certificate), header.policy)
        } else {
            Ok(())
        };
        if let Err(problem) = fits {
            return Err(refused(channel, problem));
        }
        let Unsealed { sequence, request_id, body, key } =
            asymmetric::unseal(&channel.shared, chunk, &header)?;
        let context = channel.shared.types.decoding(&channel.shared.limits, body.len());
        let mut rest = body.as_slice();
        let kind = NodeId::decode(&mut rest, &context).map_err(|_| ChannelError::Malformed)?;
        if kind != ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary {
            return Err(ChannelError::Malformed);
        }
        let request = OpenSecureChannelRequest::decode(&mut Shallow::new(&mut rest), &context)
            .map_err(|_| ChannelError::Malformed)?;
        if let Some(attempt) = &mut channel.attempt {
            attempt.request_type = Some(request.request_type);
            attempt.mode = Some(request.security_mode);
            attempt.lifetime_ms = request.requested_lifetime;
            attempt.entry = request.request_header.audit_entry_id.clone();
        }
        let certificate = if secured { header.certificate.to_vec() } else { Vec::new() };
        Ok(Self {
            sequence,
            request_id,
            policy: header.policy,
            certificate,
            client_key: key,
            request,
        })
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
        let own = Contribution::new(self.policy)?;
        let lifetime = channel.shared.lifetime(self.request.requested_lifetime);
        let secured = self.policy != SecurityPolicy::None;
        let keys = secured.then(|| own.as_server(&client_nonce)).transpose();
        // An elliptic nonce that is no point of the curve.
        let keys = keys.map_err(|_| ChannelError::Nonce)?;
        let (inbound, outbound) = keys.map(|it| (it.client, it.server)).unzip();
        let id = channel.next_token_id;
        let token = Token { id, made: now, lifetime, inbound, outbound };
        channel.next_token_id = channel.next_token_id.wrapping_add(1).max(1);
        let response = self.response(channel.id, &token, own.nonce(), utc);
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
    fn admit(&self, channel: &mut Channel, utc: Timestamp) -> Result<(), ChannelError> {
        if self.policy == SecurityPolicy::None {
            return Ok(());
        }
        let accepted = channel.shared.trust.check(&self.certificate, utc);
        accepted.map_err(|problem| refused(channel, problem))
    }

    /// Long enough, not all zero, not the one before (SC-08).
    fn check_nonce(&self, channel: &Channel) -> Result<Vec<u8>, ChannelError> {
        let nonce = self.request.client_nonce.value.as_deref().unwrap_or_default();
        if self.policy == SecurityPolicy::None {
            return Ok(Vec::new());
        }
        let fits = nonce.len() == crypto::nonce_bytes(self.policy)
            && nonce.iter().any(|it| *it != 0)
            && nonce != channel.last_nonce;
        if fits { Ok(nonce.to_vec()) } else { Err(ChannelError::Nonce) }
    }

    fn response(
        &self,
        channel: u32,
        token: &Token,
        nonce: &[u8],
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

    /// Appends the response as one OPN chunk.
    fn seal(
        &self,
        channel: &Channel,
        sequence: u32,
        response: &OpenSecureChannelResponse,
        out: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let kind = ObjectId::OpenSecureChannelResponse_Encoding_DefaultBinary;
        let context = channel.shared.types.encoding();
        let plain = asymmetric::plain(sequence, self.request_id, kind, response, &context)?;
        let peer = self.client_key.as_ref();
        let peer = peer.map(|key| Peer { certificate: &self.certificate, key });
        let address = Address { policy: self.policy, channel: channel.id, peer };
        address.seal(&channel.shared, plain, out)
    }
}

/// The client is told nothing but that it is refused; the reason is for the log and the audit trail.
fn refused(channel: &mut Channel, problem: CertificateProblem) -> ChannelError {
    debug!(channel = channel.id, %problem, "client certificate refused");
    if let Some(attempt) = &mut channel.attempt {
        attempt.problem = Some(problem);
    }
    ChannelError::SecurityChecks
}

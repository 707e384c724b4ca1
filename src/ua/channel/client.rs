//! The client's side of OpenSecureChannel: our request, the server's response, and the channel that comes of them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use opcua_types::{
    BinaryDecodable, ByteString, DateTime, MessageSecurityMode, NodeId, ObjectId,
    OpenSecureChannelRequest, OpenSecureChannelResponse, RequestHeader, SecurityTokenRequestType,
};

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::channel::asymmetric::{self, Address, Header, Peer, Unsealed};
use crate::ua::channel::state::first_sequence;
use crate::ua::channel::symmetric::Token;
use crate::ua::channel::{Channel, ChannelError, ChannelShared};
use crate::ua::crypto::{Contribution, PublicKey};
use crate::ua::pki;
use crate::ua::wire::{Shallow, TransportLimits};

/// Life that we ask for; a channel of ours is closed long before.
const LIFETIME_MS: u32 = 60_000;
/// Request id of the opening.
const REQUEST: u32 = 1;

/// A channel that we are about to open. It is never renewed.
#[derive(Debug)]
pub struct Opening {
    shared: Rc<ChannelShared>,
    limits: TransportLimits,
    endpoint: EndpointConfig,
    server_certificate: Vec<u8>,
    own: Contribution,
}

impl Opening {
    /// To a server with this certificate (DER), empty on security None. The caller has found it trusted.
    pub fn new(
        shared: Rc<ChannelShared>,
        limits: TransportLimits,
        endpoint: EndpointConfig,
        server_certificate: Vec<u8>,
    ) -> Result<Self, ChannelError> {
        let own = Contribution::new(endpoint.policy)?;
        Ok(Self { shared, limits, endpoint, server_certificate, own })
    }

    /// Appends the request as one OPN chunk.
    pub fn ask(&self, utc: Timestamp, out: &mut Vec<u8>) -> Result<(), ChannelError> {
        let request = OpenSecureChannelRequest {
            request_header: RequestHeader {
                timestamp: DateTime::from(utc.ticks()),
                request_handle: REQUEST,
                ..RequestHeader::default()
            },
            client_protocol_version: 0,
            request_type: SecurityTokenRequestType::Issue,
            security_mode: match (self.endpoint.sign, self.endpoint.encrypt) {
                (_, true) => MessageSecurityMode::SignAndEncrypt,
                (true, false) => MessageSecurityMode::Sign,
                (false, false) => MessageSecurityMode::None,
            },
            client_nonce: match self.own.nonce() {
                [] => ByteString::null(),
                nonce => nonce.into(),
            },
            requested_lifetime: LIFETIME_MS,
        };
        let kind = ObjectId::OpenSecureChannelRequest_Encoding_DefaultBinary;
        let context = self.shared.types.encoding();
        let policy = self.endpoint.policy;
        let sequence = first_sequence(policy);
        let plain = asymmetric::plain(sequence, REQUEST, kind, &request, &context)?;
        if policy == SecurityPolicy::None {
            return Address { policy, channel: 0, peer: None }.seal(&self.shared, plain, out);
        }
        let key = PublicKey::of_certificate(pki::leaf(&self.server_certificate))?;
        let peer = Peer { certificate: &self.server_certificate, key: &key };
        Address { policy, channel: 0, peer: Some(peer) }.seal(&self.shared, plain, out)
    }

    /// The open channel, from the chunk that answers [`Opening::ask`].
    pub fn finish(self, chunk: &[u8], now: Instant) -> Result<Channel, ChannelError> {
        let policy = self.endpoint.policy;
        let header = Header::read(chunk)?;
        let secured = policy != SecurityPolicy::None;
        let same_server =
            !secured || pki::leaf(header.certificate) == pki::leaf(&self.server_certificate);
        if header.policy != policy || !same_server {
            return Err(ChannelError::SecurityChecks);
        }
        let Unsealed { sequence, request_id, body, .. } =
            asymmetric::unseal(&self.shared, chunk, &header)?;
        let response = self.decode(&body)?;
        let token = &response.security_token;
        let nonce = response.server_nonce.value.as_deref().unwrap_or_default();
        if request_id != REQUEST || token.revised_lifetime == 0 {
            return Err(ChannelError::SecurityChecks);
        }
        if secured && nonce == self.own.nonce() {
            return Err(ChannelError::Nonce);
        }
        let keys = secured.then(|| self.own.as_client(nonce)).transpose();
        let keys = keys.map_err(|_| ChannelError::Nonce)?;
        let (inbound, outbound) = keys.map(|it| (it.server, it.client)).unzip();
        let token = Token {
            id: token.token_id,
            made: now,
            lifetime: Duration::from_millis(token.revised_lifetime.into()),
            inbound,
            outbound,
        };
        let mut channel =
            Channel::new(response.security_token.channel_id, self.shared, self.limits);
        channel.opened(self.endpoint, token, sequence);
        Ok(channel)
    }

    fn decode(&self, body: &[u8]) -> Result<OpenSecureChannelResponse, ChannelError> {
        let context = self.shared.types.decoding(&self.shared.limits, body.len());
        let mut rest = body;
        let kind = NodeId::decode(&mut rest, &context).map_err(|_| ChannelError::Malformed)?;
        if kind != ObjectId::OpenSecureChannelResponse_Encoding_DefaultBinary {
            return Err(ChannelError::Malformed);
        }
        OpenSecureChannelResponse::decode(&mut Shallow::new(&mut rest), &context)
            .map_err(|_| ChannelError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::time;
    use crate::ua::channel::Received;
    use crate::ua::pki::{CertificateProblem, Identity, TrustStore};

    fn side(folder: &std::path::Path) -> Rc<ChannelShared> {
        let hosts = ["localhost".to_owned()];
        let offered = EndpointConfig::all();
        let keys = EndpointConfig::keys(&offered);
        let own =
            Identity::load_or_create_all(folder, &keys, "urn:x", &hosts, time::now()).unwrap();
        let trust = TrustStore::new(folder, true);
        Rc::new(ChannelShared::new(own, offered, &Limits::default(), trust))
    }

    #[test]
    fn dis_10_our_client_opens_each_kind_of_channel_of_our_server_and_both_speak() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [client, server] = folders.each_ref().map(|it| side(it.path()));
        let limits = TransportLimits::new(&Limits::default());
        for endpoint in EndpointConfig::all() {
            let secured = endpoint.policy != SecurityPolicy::None;
            let certificate =
                if secured { server.certificate(endpoint.policy) } else { Vec::new() };
            let opening = Opening::new(Rc::clone(&client), limits, endpoint, certificate).unwrap();
            let (now, utc) = (time::monotonic(), time::now());
            let (mut asked, mut answered) = (Vec::new(), Vec::new());
            opening.ask(utc, &mut asked).unwrap();
            let mut theirs = Channel::new(7, Rc::clone(&server), limits);
            assert_eq!(theirs.receive(&mut asked, now, utc, &mut answered), Ok(Received::Opened));
            let mut ours = opening.finish(&answered, now).unwrap();
            assert_eq!((ours.id(), ours.endpoint()), (7, endpoint));
            for (from, to) in [(true, "there"), (false, "and back")] {
                let mut chunk = Vec::new();
                let (sender, receiver) =
                    if from { (&mut ours, &mut theirs) } else { (&mut theirs, &mut ours) };
                sender.send(2, to.as_bytes(), &mut chunk).unwrap();
                match receiver.receive(&mut chunk, now, utc, &mut Vec::new()) {
                    Ok(Received::Message { body, .. }) => assert_eq!(&chunk[body], to.as_bytes()),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn an_answer_of_another_server_opens_nothing() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [client, server, other] = folders.each_ref().map(|it| side(it.path()));
        let limits = TransportLimits::new(&Limits::default());
        let endpoint =
            EndpointConfig { policy: SecurityPolicy::Basic256Sha256, sign: true, encrypt: true };
        let opening = |to: &Rc<ChannelShared>| {
            let certificate = to.certificate(endpoint.policy);
            Opening::new(Rc::clone(&client), limits, endpoint, certificate).unwrap()
        };
        let (now, utc) = (time::monotonic(), time::now());
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        opening(&server).ask(utc, &mut asked).unwrap();
        let mut theirs = Channel::new(7, Rc::clone(&server), limits);
        theirs.receive(&mut asked, now, utc, &mut answered).unwrap();
        let refused = opening(&other).finish(&answered, now);
        assert_eq!(refused.unwrap_err(), ChannelError::SecurityChecks);
        let last = answered.len() - 1;
        answered[last] ^= 1;
        assert!(opening(&server).finish(&answered, now).is_err());
        assert!(opening(&server).finish(b"OPNF", now).is_err());
    }

    #[test]
    fn crt_14_a_key_that_is_not_of_the_policys_type_is_told_from_other_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let server = side(folder.path());
        let limits = TransportLimits::new(&Limits::default());
        let (now, utc) = (time::monotonic(), time::now());
        let problem = |policy: SecurityPolicy, certificate: &[u8]| {
            let mut chunk = b"OPNF\0\0\0\0\0\0\0\0".to_vec();
            for field in [crate::ua::crypto::policy_uri(policy).as_bytes(), certificate, &[0; 20]] {
                chunk.extend_from_slice(&(field.len() as u32).to_le_bytes());
                chunk.extend_from_slice(field);
            }
            chunk.extend_from_slice(&[0; 256]);
            let mut channel = Channel::new(7, Rc::clone(&server), limits);
            let refused = channel.receive(&mut chunk, now, utc, &mut Vec::new());
            assert_eq!(refused, Err(ChannelError::SecurityChecks));
            channel.take_attempt().unwrap().problem
        };
        let secured = || SecurityPolicy::ALL.into_iter().filter(|it| *it != SecurityPolicy::None);
        for policy in secured() {
            for other in secured() {
                let found = problem(policy, &server.certificate(other));
                let wrong = matches!(found, Some(CertificateProblem::PolicyCheckFailed(_)));
                assert_eq!(wrong, policy.key() != other.key(), "{other:?} under {policy:?}");
            }
            assert_eq!(problem(policy, b"no certificate"), Some(CertificateProblem::Invalid));
        }
    }
}

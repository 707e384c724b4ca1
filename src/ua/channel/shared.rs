//! What all channels of a server share.

use std::rc::Rc;
use std::time::Duration;

use opcua_types::{Context, NamespaceMap};

use crate::config::{EndpointConfig, Limits, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::crypto::PrivateKey;
use crate::ua::pki::{self, CertificateProblem, Identity, TrustStore};
use crate::ua::wire::Types;

/// Our identity, what we offer, and whom we trust.
pub struct ChannelShared {
    certificate: Rc<Vec<u8>>,
    key: Option<PrivateKey>,
    thumbprint: [u8; 20],
    offered: Vec<EndpointConfig>,
    lifetime_ms: (u32, u32),
    pub(super) limits: Limits,
    /// Whom we trust.
    pub trust: TrustStore,
    pub(super) types: Types,
}

impl std::fmt::Debug for ChannelShared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelShared").field("offered", &self.offered).finish_non_exhaustive()
    }
}

impl ChannelShared {
    /// With an identity where a secured policy is offered.
    pub fn new(
        identity: Option<Identity>,
        offered: Vec<EndpointConfig>,
        limits: &Limits,
        trust: TrustStore,
    ) -> Self {
        let (certificate, key) = match identity {
            Some(identity) => (identity.certificate, Some(identity.key)),
            None => (Vec::new(), None),
        };
        Self {
            thumbprint: pki::thumbprint(&certificate),
            certificate: Rc::new(certificate),
            key,
            offered,
            lifetime_ms: limits.channel_lifetime_ms,
            limits: limits.clone(),
            trust,
            types: Types::new(NamespaceMap::new()),
        }
    }

    /// Our certificate in DER; empty without one.
    pub fn certificate(&self) -> Rc<Vec<u8>> {
        Rc::clone(&self.certificate)
    }

    /// Our private key.
    pub fn private_key(&self) -> Option<&PrivateKey> {
        self.key.as_ref()
    }

    /// For encoding a message that we send as a client.
    pub fn encoding(&self) -> Context<'_> {
        self.types.encoding()
    }

    /// For decoding an answer of so many bytes that we have got as a client.
    pub fn decoding(&self, body: usize) -> Context<'_> {
        self.types.decoding(&self.limits, body)
    }

    /// Whether we trust a server that we are about to speak to; the reason for the log if we do not.
    pub fn check_server(&self, chain: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
        self.trust.check(chain, utc)
    }

    /// SHA-1 of our certificate, by which a client says whom it means.
    pub(super) fn thumbprint(&self) -> &[u8; 20] {
        &self.thumbprint
    }

    /// Whether a policy is offered in any mode. None is always there: for discovery (Part 4, 5.4).
    pub(super) fn offers_policy(&self, policy: SecurityPolicy) -> bool {
        policy == SecurityPolicy::None || self.offered.iter().any(|it| it.policy == policy)
    }

    /// Whether a policy is offered in just this mode.
    pub(super) fn offers(&self, endpoint: EndpointConfig) -> bool {
        endpoint.policy == SecurityPolicy::None || self.offered.contains(&endpoint)
    }

    /// The life of a token: the wish between its bounds; 0 is no wish.
    pub(super) fn lifetime(&self, wish_ms: u32) -> Duration {
        let (shortest, longest) = self.lifetime_ms;
        let revised = if wish_ms == 0 { longest } else { wish_ms.clamp(shortest, longest) };
        Duration::from_millis(u64::from(revised))
    }
}

//! What all channels of a server share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use opcua_types::{Context, NamespaceMap};

use crate::config::{EndpointConfig, Limits, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::pki::{CertificateProblem, Identity, TrustStore};
use crate::ua::wire::Types;

/// Our identity, what we offer, and whom we trust.
pub struct ChannelShared {
    identities: RefCell<Vec<Rc<Identity>>>,
    changes: Cell<u64>,
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
    /// With an identity for each type of key that an offered policy needs.
    pub fn new(
        identities: Vec<Identity>,
        offered: Vec<EndpointConfig>,
        limits: &Limits,
        trust: TrustStore,
    ) -> Self {
        Self {
            identities: RefCell::new(identities.into_iter().map(Rc::new).collect()),
            changes: Cell::new(0),
            offered,
            lifetime_ms: limits.channel_lifetime_ms,
            limits: limits.clone(),
            trust,
            types: Types::new(NamespaceMap::new()),
        }
    }

    /// Who we are under a policy: the certificate with the key that it needs; on security None the first that we have.
    pub fn identity(&self, policy: SecurityPolicy) -> Option<Rc<Identity>> {
        let fits = |it: &&Rc<Identity>| policy.key().is_none_or(|key| it.key.key_type() == key);
        self.identities.borrow().iter().find(fits).cloned()
    }

    /// All that we are.
    pub fn identities(&self) -> Vec<Rc<Identity>> {
        self.identities.borrow().clone()
    }

    /// From now on we are this under policies with its type of key. Channels that are open already stay as they are.
    pub fn replace(&self, identity: Identity) {
        let mut identities = self.identities.borrow_mut();
        identities.retain(|it| it.key.key_type() != identity.key.key_type());
        identities.push(Rc::new(identity));
        // The order that a policy looks for them in.
        identities.sort_by_key(|it| it.key.key_type());
        self.changes.set(self.changes.get() + 1);
    }

    /// How often we have become somebody else: what was made of our certificates holds as long as this does.
    pub fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// Our certificate under a policy, in DER; empty without one.
    pub fn certificate(&self, policy: SecurityPolicy) -> Vec<u8> {
        self.identity(policy).map(|it| it.certificate.clone()).unwrap_or_default()
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

//! The sessions of the server, bounded, found by their authentication token.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use opcua_types::{ApplicationDescription, ByteString, Identifier, NodeId, StatusCode};

use crate::access::Roles;
use crate::config::SecurityPolicy;
use crate::time::Timestamp;
use crate::ua::crypto::{self, EphemeralKey};
use crate::ua::history::Work;
use crate::ua::permission::Rights;
use crate::ua::session::{Continuations, Identity, ServiceCounts};
use crate::ua::space::{BrowsePosition, session_id};
use crate::ua::subscription::SessionKey;

/// Random bytes of an authentication token and of a nonce.
const SECRET_BYTES: usize = 32;

/// Users of one session that are remembered.
const USERS: usize = 16;

/// Where a Browse goes on.
#[derive(Clone, Debug)]
pub struct BrowseRest {
    /// What was asked, and how far the answer came.
    pub position: BrowsePosition,
    /// References per answer that the client asked for.
    pub max_references: usize,
}

/// What CreateSession knows of a client.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// As the client calls it; the server's choice if empty.
    pub name: String,
    /// What the client says of itself.
    pub description: ApplicationDescription,
    /// The URL that it says it has come to.
    pub endpoint_url: String,
    /// When.
    pub created: Timestamp,
    /// Where the client was.
    pub address: IpAddr,
    /// The channel it was created on.
    pub channel: u32,
    /// The client's certificate on that channel; empty on security None.
    pub client_certificate: Vec<u8>,
    /// Revised timeout.
    pub timeout: Duration,
    /// Largest response that the client takes, bytes; 0 is no bound.
    pub max_response_bytes: u32,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    /// Key inside the server.
    pub key: SessionKey,
    /// What CreateSession knew.
    pub client: NewSession,
    /// SessionId, which others may see.
    pub id: NodeId,
    secret: [u8; SECRET_BYTES],
    /// Nonce that the next ActivateSession must sign.
    pub server_nonce: Vec<u8>,
    /// The key for which the client's next secret is encrypted under an elliptic policy; none if it asked for none.
    pub ephemeral: Option<(SecurityPolicy, EphemeralKey)>,
    /// Channel that it is bound to.
    pub channel: u32,
    /// Who, once activated.
    pub identity: Option<Identity>,
    /// Its roles at the moment.
    pub roles: Roles,
    /// What its user may do on its channel.
    pub rights: Rights,
    /// Its user is told of audit events: a SecurityAdmin over an encrypted channel.
    pub hears_audit: bool,
    /// Users that it has acted for, oldest first.
    pub users: VecDeque<String>,
    /// How often it has used each service.
    pub counts: ServiceCounts,
    /// Locales in the client's order.
    pub locales: Vec<String>,
    /// Where Browses go on.
    pub browses: Continuations<BrowseRest>,
    /// Where reads of history go on.
    pub reads: Continuations<Work>,
    /// Requests that wait for the engine.
    pub pending: usize,
    /// Created, or last used.
    pub last_used: Instant,
}

impl Session {
    /// The token that every request carries: key and secret, opaque to the client.
    pub fn token(&self) -> NodeId {
        let mut bytes = self.key.0.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        NodeId::new(0, ByteString::from(bytes))
    }

    /// What its user may do; nothing before activation.
    pub fn roles(&self) -> Roles {
        self.roles
    }

    /// Acts for another user from now on.
    pub fn identify(&mut self, identity: Identity) {
        if self.users.back() != Some(&identity.user) {
            // What one user began to read is no other's to go on with.
            self.browses.clear();
            self.reads.clear();
            while self.users.len() >= USERS {
                self.users.pop_front();
            }
            self.users.push_back(identity.user.clone());
        }
        self.identity = Some(identity);
    }

    fn expires(&self) -> Instant {
        self.last_used + self.client.timeout
    }
}

/// Every session.
#[derive(Debug)]
pub struct Sessions {
    all: BTreeMap<u32, Session>,
    next_key: u32,
    bound: usize,
    bound_of_address: usize,
}

impl Sessions {
    /// At most `bound` at a time, and `bound_of_address` of one address.
    pub fn new(bound: usize, bound_of_address: usize) -> Self {
        Self { all: BTreeMap::new(), next_key: 1, bound, bound_of_address }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Every session, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    /// Whether there is room for one more from `address`, once the oldest that was never activated has gone, or else
    /// the oldest of that address whose connection has: no address takes sessions from another. Returns the one to
    /// close first.
    pub fn make_room(
        &self,
        address: IpAddr,
        is_connected: impl Fn(u32) -> bool,
    ) -> Result<Option<SessionKey>, StatusCode> {
        let is_from_there = |it: &&Session| it.client.address == address;
        let from_there = self.all.values().filter(is_from_there).count();
        if self.all.len() < self.bound && from_there < self.bound_of_address {
            return Ok(None);
        }
        let own_only = from_there >= self.bound_of_address;
        let idle = self
            .all
            .values()
            .find(|it| it.identity.is_none() && (!own_only || it.client.address == address));
        let left = || self.all.values().filter(is_from_there).find(|it| !is_connected(it.channel));
        let first = idle.or_else(left);
        first.map(|it| Some(it.key)).ok_or(StatusCode::BadTooManySessions)
    }

    /// Adds a session. Fails only if the system has no randomness.
    pub fn create(&mut self, client: NewSession, now: Instant) -> Result<&mut Session, StatusCode> {
        let key = SessionKey(self.next_key);
        self.next_key = self.next_key.wrapping_add(1).max(1);
        let secret = random()?;
        let session = Session {
            key,
            id: session_id(key.0),
            secret,
            server_nonce: random()?.to_vec(),
            ephemeral: None,
            channel: client.channel,
            identity: None,
            roles: Roles::NONE,
            rights: Rights::default(),
            hears_audit: false,
            users: VecDeque::new(),
            counts: ServiceCounts::default(),
            locales: Vec::new(),
            browses: Continuations::default(),
            reads: Continuations::default(),
            pending: 0,
            last_used: now,
            client,
        };
        Ok(self.all.entry(key.0).or_insert(session))
    }

    /// The session of an authentication token.
    pub fn by_token(&mut self, token: &NodeId) -> Option<&mut Session> {
        let Identifier::ByteString(bytes) = &token.identifier else { return None };
        let bytes = bytes.value.as_deref()?;
        let (key, secret) = bytes.split_first_chunk::<4>()?;
        let session = self.all.get_mut(&u32::from_le_bytes(*key))?;
        crypto::equal(secret, &session.secret).then_some(session)
    }

    /// The session with this key.
    pub fn get(&self, key: SessionKey) -> Option<&Session> {
        self.all.get(&key.0)
    }

    /// The session with this key, to change it.
    pub fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.all.get_mut(&key.0)
    }

    /// Removes a session.
    pub fn remove(&mut self, key: SessionKey) -> Option<Session> {
        self.all.remove(&key.0)
    }

    /// Sessions whose timeout has passed.
    pub fn expired(&self, now: Instant) -> Vec<SessionKey> {
        self.all.values().filter(|it| it.expires() <= now).map(|it| it.key).collect()
    }
}

/// Fresh random bytes.
fn random() -> Result<[u8; SECRET_BYTES], StatusCode> {
    let mut bytes = [0; SECRET_BYTES];
    crypto::fill_random(&mut bytes).map_err(|_| StatusCode::BadInternalError)?;
    Ok(bytes)
}

impl Session {
    /// A new server nonce for the next activation.
    pub fn renew_nonce(&mut self) -> Result<(), StatusCode> {
        self.server_nonce = random()?.to_vec();
        Ok(())
    }
}

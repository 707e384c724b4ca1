//! The server: endpoints, users, limits.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::access::Role;

/// Everything about the OPC UA server that is not the plant.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Host names and addresses in endpoint URLs and in the certificate, beside those found.
    pub advertise: Vec<String>,
    /// ApplicationUri; `urn:<host>:cellhouse` when absent.
    pub application_uri: Option<String>,
    /// ProductUri.
    pub product_uri: String,
    /// ApplicationName.
    pub application_name: String,
    /// What is offered.
    pub endpoints: Vec<EndpointConfig>,
    /// Anonymous sessions are allowed.
    pub anonymous: bool,
    /// Roles of an anonymous session.
    pub anonymous_roles: Vec<Role>,
    /// Passwords may be sent in clear text on security None.
    pub clear_text_passwords: bool,
    /// Unknown client certificates are trusted at first sight.
    pub trust_unknown_clients: bool,
    /// Local users.
    pub users: Vec<UserConfig>,
    /// Folder for certificates, keys and the journal.
    pub data: PathBuf,
    /// Extra NodeSet2 files, loaded in this order after our own.
    pub nodesets: Vec<PathBuf>,
    /// Every bound.
    pub limits: Limits,
}

/// One combination of policy and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointConfig {
    /// Security policy.
    pub policy: SecurityPolicy,
    /// Messages are signed.
    pub sign: bool,
    /// Messages are encrypted; implies `sign`.
    pub encrypt: bool,
}

/// A security policy we speak (Part 7, 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityPolicy {
    /// No security.
    None,
    /// RSA-OAEP-SHA1, AES-128-CBC, SHA-256.
    Aes128Sha256RsaOaep,
    /// RSA-OAEP-SHA1, AES-256-CBC, SHA-256.
    Basic256Sha256,
    /// RSA-OAEP-SHA256, RSA-PSS, AES-256-CBC, SHA-256.
    Aes256Sha256RsaPss,
}

/// A local user.
#[derive(Clone, PartialEq)]
pub struct UserConfig {
    /// Name.
    pub name: String,
    /// Password hash in PHC form (argon2id).
    pub password_hash: String,
    /// Roles.
    pub roles: Vec<Role>,
}

impl std::fmt::Debug for UserConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserConfig")
            .field("name", &self.name)
            .field("password_hash", &"***")
            .field("roles", &self.roles)
            .finish()
    }
}

/// Every bound of the server. Counts and bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// TCP connections and secure channels.
    pub connections: usize,
    /// Sessions.
    pub sessions: usize,
    /// Subscriptions, all sessions.
    pub subscriptions: usize,
    /// Subscriptions of one session.
    pub subscriptions_per_session: usize,
    /// Monitored items, all subscriptions.
    pub monitored_items: usize,
    /// Monitored items of one subscription.
    pub monitored_items_per_subscription: usize,
    /// Publish requests waiting in one session.
    pub publish_requests: usize,
    /// Notification messages kept for Republish, per subscription.
    pub retransmission_queue: usize,
    /// Values in one monitored item's queue.
    pub queue_size: u32,
    /// Notifications in one Publish response.
    pub notifications_per_publish: usize,
    /// Operations in one Read, Write, Browse, Call … request.
    pub operations: usize,
    /// Continuation points of one session.
    pub continuation_points: usize,
    /// References in one browse result when the client asks for no maximum.
    pub references_per_node: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes of one chunk.
    pub chunk_bytes: usize,
    /// Chunks of one message.
    pub chunks: usize,
    /// Elements of one array.
    pub array_length: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// From connect to Hello, and from Hello to OpenSecureChannel, ms.
    pub hello_ms: u64,
    /// Shortest and longest life of a channel token, ms.
    pub channel_lifetime_ms: (u32, u32),
    /// Shortest and longest session timeout, ms.
    pub session_timeout_ms: (f64, f64),
    /// Shortest and longest publishing interval, ms.
    pub publishing_interval_ms: (f64, f64),
}

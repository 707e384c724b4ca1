//! The server: endpoints, users, limits.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::access::Role;
use crate::config::approval::ApprovalConfig;
use crate::config::discovery::{DiscoveryConfig, ReverseConnect};
use crate::config::history::HistorySettings;
use crate::config::issuer::IssuerConfig;
use crate::config::policy::EndpointConfig;
use crate::config::postgres::PostgresConfig;

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
    /// Who may issue tokens that log users in.
    pub issuers: Vec<IssuerConfig>,
    /// Unknown client certificates are trusted at first sight.
    pub trust_unknown_clients: bool,
    /// Which checks of clients' certificates count.
    pub certificates: CertificateChecks,
    /// Folder for certificates, keys and the journal.
    pub data: PathBuf,
    /// Extra NodeSet2 files, loaded in this order after our own.
    pub nodesets: Vec<PathBuf>,
    /// From a signal to stop to the end, s: clients are told meanwhile.
    pub shutdown_s: f64,
    /// Clients that the server connects to.
    pub reverse_connect: Vec<ReverseConnect>,
    /// Where the server makes itself known.
    pub discovery: DiscoveryConfig,
    /// Which commands wait until they are approved.
    pub approval: ApprovalConfig,
    /// The audit log.
    pub audit: AuditConfig,
    /// The history.
    pub history: HistorySettings,
    /// Where samples are forwarded to; `None` keeps them on this machine.
    pub postgres: Option<PostgresConfig>,
    /// Every bound.
    pub limits: Limits,
}

/// Which checks of a client's application certificate count (Part 4, 6.1.3): a plant may have to live with certificates
/// that lack what the standard asks for. Time, signature, key and trust always count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateChecks {
    /// A valid revocation list of every issuer has to be there.
    pub revocation_list: bool,
    /// KeyUsage has to allow signing and, for RSA, key encipherment.
    pub key_usage: bool,
    /// ExtendedKeyUsage has to allow client authentication.
    pub client_auth: bool,
}

impl Default for CertificateChecks {
    fn default() -> Self {
        Self { revocation_list: true, key_usage: true, client_auth: true }
    }
}

impl CertificateChecks {
    /// Names in `server.toml` of those that do not count.
    pub fn suppressed(self) -> Vec<&'static str> {
        let all = [
            ("revocation_list", self.revocation_list),
            ("key_usage", self.key_usage),
            ("client_auth", self.client_auth),
        ];
        all.into_iter().filter(|(_, counts)| !counts).map(|(name, _)| name).collect()
    }
}

/// How much of the audit log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// A file that has reached so many bytes is followed by another.
    pub file_bytes: u64,
    /// Files kept; the oldest goes first.
    pub files: usize,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { file_bytes: 16 << 20, files: 50 }
    }
}

impl Default for ServerConfig {
    /// As `config/server.toml` is shipped: this machine only, anybody reads, every security policy.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4840)),
            advertise: Vec::new(),
            application_uri: None,
            product_uri: "urn:cellhouse".to_owned(),
            application_name: "Cellhouse".to_owned(),
            endpoints: EndpointConfig::all(),
            anonymous: true,
            anonymous_roles: vec![Role::Observer],
            clear_text_passwords: false,
            issuers: Vec::new(),
            trust_unknown_clients: false,
            certificates: CertificateChecks::default(),
            data: PathBuf::from("data"),
            nodesets: Vec::new(),
            shutdown_s: 1.0,
            reverse_connect: Vec::new(),
            discovery: DiscoveryConfig::default(),
            approval: ApprovalConfig::default(),
            audit: AuditConfig::default(),
            history: HistorySettings::default(),
            postgres: None,
            limits: Limits::default(),
        }
    }
}

/// Every bound of the server. Counts and bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// TCP connections and secure channels.
    pub connections: usize,
    /// TCP connections from one address.
    pub connections_per_address: usize,
    /// Sessions.
    pub sessions: usize,
    /// Sessions from one address.
    pub sessions_per_address: usize,
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
    /// Continuation points of one session's reads of history.
    pub history_continuation_points: usize,
    /// Values of one node in one answer to a read of history.
    pub history_values: usize,
    /// References in one browse result when the client asks for no maximum.
    pub references_per_node: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes of one message on a connection on which no session has been activated yet.
    pub message_bytes_before_login: usize,
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

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 200,
            connections_per_address: 160,
            sessions: 100,
            sessions_per_address: 80,
            subscriptions: 1000,
            subscriptions_per_session: 200,
            monitored_items: 250_000,
            monitored_items_per_subscription: 100_000,
            publish_requests: 100,
            retransmission_queue: 20,
            queue_size: 10_000,
            notifications_per_publish: 25_000,
            operations: 10_000,
            continuation_points: 20,
            history_continuation_points: 100,
            history_values: 100_000,
            references_per_node: 10_000,
            message_bytes: 16 << 20,
            message_bytes_before_login: 50 << 10,
            chunk_bytes: 65_536,
            chunks: 256,
            array_length: 100_000,
            string_bytes: 1 << 20,
            hello_ms: 5000,
            channel_lifetime_ms: (10_000, 3_600_000),
            session_timeout_ms: (5000.0, 3_600_000.0),
            publishing_interval_ms: (50.0, 3_600_000.0),
        }
    }
}

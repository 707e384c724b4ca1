//! Reads `server.toml`. Every key may be left out.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::access::Role;
use crate::config::approval_file;
use crate::config::discovery_file;
use crate::config::history_file;
use crate::config::issuer_file;
use crate::config::plant_file::{is_title, is_uri};
use crate::config::policy::{EndpointConfig, NOT_OFFERED, SecurityPolicy};
use crate::config::postgres_file;
use crate::config::section::{Section, listed, shown, which};
use crate::config::server::{AuditConfig, CertificateChecks, Limits, ServerConfig};

/// Roles that nobody in particular may have.
const ANONYMOUS: [Role; 4] = [Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer];
const MODES: [&str; 3] = ["None", "Sign", "SignAndEncrypt"];

/// A number of things as `usize`, with the usual number if it is left out.
macro_rules! count {
    ($section:ident, $usual:ident, $field:ident, $bounds:expr) => {
        $section.count(stringify!($field), $bounds, Some($usual.$field as u64)) as usize
    };
}

/// The whole file.
pub(super) fn server(file: &Section<'_>) -> ServerConfig {
    let usual = ServerConfig::default();
    let host = "a list of host names and addresses without port";
    let uri = "a URI such as urn:example:cellhouse";
    ServerConfig {
        listen: listen(file, usual.listen),
        advertise: file.texts("advertise", host, is_host),
        application_uri: file
            .has("application_uri")
            .then(|| file.text("application_uri", uri, None, is_uri)),
        product_uri: file.text("product_uri", uri, Some(&usual.product_uri), is_uri),
        application_name: file.text(
            "application_name",
            "a text of 1 to 100 characters",
            Some(&usual.application_name),
            is_title,
        ),
        endpoints: endpoints(file, usual.endpoints),
        anonymous: file.flag("anonymous", Some(usual.anonymous)),
        anonymous_roles: anonymous_roles(file),
        clear_text_passwords: file.flag("clear_text_passwords", Some(usual.clear_text_passwords)),
        issuers: issuer_file::issuers(file),
        trust_unknown_clients: file
            .flag("trust_unknown_clients", Some(usual.trust_unknown_clients)),
        certificates: file.table("certificates", certificates),
        data: path(file, usual.data),
        nodesets: nodesets(file),
        shutdown_s: file.number("shutdown_s", 0.0..=60.0, Some(usual.shutdown_s)),
        reverse_connect: discovery_file::reverse_connect(file),
        discovery: file.table("discovery", discovery_file::discovery),
        approval: file.table("approval", approval_file::approval),
        audit: file.table("audit", audit),
        history: file.table("history", history_file::history),
        postgres: postgres_file::postgres(file),
        limits: file.table("limits", limits),
    }
}

fn certificates(s: &Section<'_>) -> CertificateChecks {
    let usual = CertificateChecks::default();
    CertificateChecks {
        revocation_list: s.flag("revocation_list", Some(usual.revocation_list)),
        key_usage: s.flag("key_usage", Some(usual.key_usage)),
        client_auth: s.flag("client_auth", Some(usual.client_auth)),
    }
}

fn audit(s: &Section<'_>) -> AuditConfig {
    let usual = AuditConfig::default();
    AuditConfig {
        file_bytes: s.count("file_bytes", 65_536..=1_073_741_824, Some(usual.file_bytes)),
        files: count!(s, usual, files, 2..=10_000),
    }
}

fn listen(file: &Section<'_>, usual: SocketAddr) -> SocketAddr {
    let allowed = "address:port such as 127.0.0.1:4840, or 0.0.0.0:4840 for every network";
    file.parsed("listen", allowed, Some(usual), |text| text.parse().ok()).unwrap_or(usual)
}

fn path(file: &Section<'_>, usual: PathBuf) -> PathBuf {
    let path = |text: &str| (!text.trim().is_empty()).then(|| PathBuf::from(text));
    file.parsed("data", "a folder", Some(usual), path).unwrap_or_default()
}

fn nodesets(file: &Section<'_>) -> Vec<PathBuf> {
    let named = |text: &str| !text.trim().is_empty();
    let paths = file.texts("nodesets", "a list of NodeSet2 files", named);
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    for path in paths.iter().filter(|it| !it.is_file()) {
        file.mistake("nodesets", format!("there is no file {}", path.display()), "existing files");
    }
    paths
}

fn is_host(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
    let is_name = !text.is_empty() && text.len() <= 253 && text.chars().all(fits);
    is_name || text.parse::<std::net::IpAddr>().is_ok()
}

fn anonymous_roles(file: &Section<'_>) -> Vec<Role> {
    let names = ANONYMOUS.map(Role::name);
    let roles = file.some_of("anonymous_roles", &names, Some(vec![0]));
    roles.into_iter().map(|it| ANONYMOUS[it]).collect()
}

fn endpoints(file: &Section<'_>, usual: Vec<EndpointConfig>) -> Vec<EndpointConfig> {
    if !file.has("endpoint") {
        return usual;
    }
    let policies = SecurityPolicy::ALL.map(SecurityPolicy::name);
    let mut endpoints: Vec<EndpointConfig> = Vec::new();
    file.tables("endpoint", 1, |s| {
        let Some(policy) = policy(s, &policies) else {
            s.some_of("modes", &MODES, Some(Vec::new()));
            return;
        };
        // Security None has no other mode than None.
        let usual = if policy == SecurityPolicy::None { vec![0] } else { vec![1, 2] };
        let modes = s.some_of("modes", &MODES, Some(usual.clone()));
        if let Some(wrong) = modes.iter().find(|it| !usual.contains(it)) {
            let allowed: Vec<&str> = usual.iter().map(|it| MODES[*it]).collect();
            let what = format!("{} does not go with policy {}", MODES[*wrong], policy.name());
            s.mistake("modes", what, allowed.join(", "));
        }
        for mode in modes {
            let endpoint = EndpointConfig { policy, sign: mode > 0, encrypt: mode > 1 };
            if endpoints.contains(&endpoint) {
                let what = format!("{} with {} is there already", policy.name(), MODES[mode]);
                s.mistake("modes", what, "each combination once");
            }
            endpoints.push(endpoint);
        }
    });
    endpoints
}

/// The policy of an endpoint; one that is not offered says why.
fn policy(s: &Section<'_>, names: &[&str]) -> Option<SecurityPolicy> {
    let text = s.text("policy", &listed(names), None, |_| true);
    if text.is_empty() {
        return None;
    }
    let refused = NOT_OFFERED.iter().find(|(name, _)| *name == text);
    let refused = refused.map(|(name, why)| format!("{name} {why}"));
    match refused.map_or_else(|| which(&text, names), Err) {
        Ok(found) => Some(SecurityPolicy::ALL[found]),
        Err(what) => {
            s.mistake("policy", what, listed(names));
            None
        }
    }
}

fn limits(s: &Section<'_>) -> Limits {
    let usual = Limits::default();
    let (life_low, life_high) = usual.channel_lifetime_ms;
    let life = (f64::from(life_low), f64::from(life_high));
    let life = s.pair("channel_lifetime_ms", &(1000.0..=86_400_000.0), Some(life));
    let connections = count!(s, usual, connections, 1..=10_000);
    let per_address = usual.connections_per_address.min(connections) as u64;
    let sessions = count!(s, usual, sessions, 1..=10_000);
    let sessions_there = usual.sessions_per_address.min(sessions) as u64;
    let limits = Limits {
        connections,
        connections_per_address: s.count("connections_per_address", 1..=10_000, Some(per_address))
            as usize,
        sessions,
        sessions_per_address: s.count("sessions_per_address", 1..=10_000, Some(sessions_there))
            as usize,
        subscriptions: count!(s, usual, subscriptions, 1..=100_000),
        subscriptions_per_session: count!(s, usual, subscriptions_per_session, 1..=10_000),
        monitored_items: count!(s, usual, monitored_items, 1..=10_000_000),
        monitored_items_per_subscription: count!(
            s,
            usual,
            monitored_items_per_subscription,
            1..=1_000_000
        ),
        publish_requests: count!(s, usual, publish_requests, 20..=1000),
        retransmission_queue: count!(s, usual, retransmission_queue, 2..=1000),
        queue_size: s.count("queue_size", 1..=1_000_000, Some(usual.queue_size.into())) as u32,
        notifications_per_publish: count!(s, usual, notifications_per_publish, 1..=1_000_000),
        operations: count!(s, usual, operations, 1..=1_000_000),
        continuation_points: count!(s, usual, continuation_points, 1..=1000),
        history_continuation_points: count!(s, usual, history_continuation_points, 1..=10_000),
        history_values: count!(s, usual, history_values, 100..=10_000_000),
        references_per_node: count!(s, usual, references_per_node, 10..=1_000_000),
        message_bytes: count!(s, usual, message_bytes, 65_536..=1_073_741_824),
        message_bytes_before_login: count!(s, usual, message_bytes_before_login, 8192..=16_777_216),
        // Part 6, 7.1.2.3: no buffer below 8192 bytes.
        chunk_bytes: count!(s, usual, chunk_bytes, 8192..=16_777_216),
        chunks: count!(s, usual, chunks, 1..=100_000),
        array_length: count!(s, usual, array_length, 1000..=10_000_000),
        string_bytes: count!(s, usual, string_bytes, 4096..=1_073_741_824),
        hello_ms: s.count("hello_ms", 100..=60_000, Some(usual.hello_ms)),
        channel_lifetime_ms: (life.0 as u32, life.1 as u32),
        session_timeout_ms: s.pair(
            "session_timeout_ms",
            &(1000.0..=86_400_000.0),
            Some(usual.session_timeout_ms),
        ),
        publishing_interval_ms: s.pair(
            "publishing_interval_ms",
            &(10.0..=86_400_000.0),
            Some(usual.publishing_interval_ms),
        ),
    };
    contradictions(s, &limits);
    limits
}

/// Bounds that make each other pointless.
fn contradictions(s: &Section<'_>, limits: &Limits) {
    let parts = [
        (
            "connections_per_address",
            limits.connections_per_address,
            "connections",
            limits.connections,
        ),
        ("sessions_per_address", limits.sessions_per_address, "sessions", limits.sessions),
        (
            "message_bytes_before_login",
            limits.message_bytes_before_login,
            "message_bytes",
            limits.message_bytes,
        ),
        (
            "subscriptions_per_session",
            limits.subscriptions_per_session,
            "subscriptions",
            limits.subscriptions,
        ),
        (
            "monitored_items_per_subscription",
            limits.monitored_items_per_subscription,
            "monitored_items",
            limits.monitored_items,
        ),
        ("chunk_bytes", limits.chunk_bytes, "message_bytes", limits.message_bytes),
        ("string_bytes", limits.string_bytes, "message_bytes", limits.message_bytes),
    ];
    for (part, value, whole, bound) in parts {
        if value > bound {
            let what = format!("{value} is more than {whole}");
            s.mistake(part, what, format!("up to {}", shown(bound as f64)));
        }
    }
    let reach = limits.chunks.saturating_mul(limits.chunk_bytes);
    if reach < limits.message_bytes {
        let what = format!("{} chunks hold {reach} bytes, less than message_bytes", limits.chunks);
        let needed = limits.message_bytes.div_ceil(limits.chunk_bytes.max(1));
        s.mistake("chunks", what, format!("at least {needed}"));
    }
}

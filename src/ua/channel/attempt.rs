//! What a client asked when it opened a channel: for the audit trail, whatever came of it.

use opcua_types::{MessageSecurityMode, SecurityTokenRequestType, UAString};

use crate::ua::channel::state::number;
use crate::ua::pki::CertificateProblem;

/// Longest policy URI and certificate chain that are kept, bytes.
const URI: usize = 256;
const CHAIN: usize = 32 * 1024;

/// An OPN, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// SecurityPolicyUri as the client says it.
    pub policy_uri: String,
    /// Certificate chain in DER as the client sends it; nothing on security None.
    pub certificate: Vec<u8>,
    /// RequestType, once decoded.
    pub request_type: Option<SecurityTokenRequestType>,
    /// SecurityMode, once decoded.
    pub mode: Option<MessageSecurityMode>,
    /// RequestedLifetime, ms.
    pub lifetime_ms: u32,
    /// AuditEntryId.
    pub entry: UAString,
    /// Why the certificate is not taken.
    pub problem: Option<CertificateProblem>,
}

impl Attempt {
    /// What stands in the clear in front of an OPN chunk. Nothing of it has been proven.
    pub(super) fn of(chunk: &[u8]) -> Self {
        let mut at = 12;
        let mut field = |bound: usize| {
            let length = number(chunk, at).map_or(0, |it| it.cast_signed().max(0) as usize);
            let found = chunk.get(at + 4..at + 4 + length.min(bound)).unwrap_or_default();
            at += 4 + length;
            found
        };
        let policy_uri = String::from_utf8_lossy(field(URI)).into_owned();
        Self { policy_uri, certificate: field(CHAIN).to_vec(), ..Self::default() }
    }
}

//! Secure channels and certificates as deeds (Part 5, 6.4.5, 6.4.6, 6.4.12 to 6.4.18).

use opcua_types::{
    ByteString, MessageSecurityMode, ObjectTypeId, SecurityTokenRequestType, StatusCode, UAString,
    Variant,
};

use crate::time;
use crate::ua::audit::{Deed, Origin, Who};
use crate::ua::channel::Attempt;
use crate::ua::connection::Connection;
use crate::ua::pki::{self, CertificateProblem};
use crate::ua::server::Server;
use crate::ua::status;

/// The event type of a certificate that is not taken (Part 4, 6.1.3, Table 100).
fn kind_of(problem: &CertificateProblem) -> ObjectTypeId {
    use CertificateProblem as P;
    match problem {
        P::TimeInvalid(_) | P::IssuerTimeInvalid(_) => {
            ObjectTypeId::AuditCertificateExpiredEventType
        }
        P::Invalid | P::PolicyCheckFailed(_) => ObjectTypeId::AuditCertificateInvalidEventType,
        P::Untrusted(_) | P::UserUnknown(_) | P::ChainIncomplete(_) => {
            ObjectTypeId::AuditCertificateUntrustedEventType
        }
        P::Revoked(_)
        | P::IssuerRevoked(_)
        | P::RevocationUnknown(_)
        | P::IssuerRevocationUnknown(_) => ObjectTypeId::AuditCertificateRevokedEventType,
        P::UseNotAllowed(_) | P::IssuerUseNotAllowed(_) => {
            ObjectTypeId::AuditCertificateMismatchEventType
        }
    }
}

fn origin(connection: &Connection, entry: UAString, service: &'static str) -> Origin {
    Origin {
        who: Who::Unknown(service),
        address: Some(connection.peer),
        channel: connection.id,
        session: opcua_types::NodeId::null(),
        entry,
        time: time::now(),
    }
}

impl Server {
    /// Audits a certificate that is not taken, of a client or of a user; the event's id.
    pub fn audit_certificate(
        &self,
        origin: &Origin,
        der: &[u8],
        problem: &CertificateProblem,
    ) -> [u8; 16] {
        let status = status::of_certificate(problem);
        let (source, message) = (self.own_id(), problem.to_string());
        let deed = Deed::new(kind_of(problem), source, "Security/Certificate", message, status);
        self.audit(origin, deed.with("Certificate", ByteString::from(pki::leaf(der))))
    }

    /// Audits that a client's certificate names another application than the client does (CRT-15).
    pub fn audit_certificate_uri(&self, origin: &Origin, der: &[u8], said: &str) {
        let kind = ObjectTypeId::AuditCertificateDataMismatchEventType;
        let status = StatusCode::BadCertificateUriInvalid;
        let message = "the application's URI is not the one in its certificate";
        let deed = Deed::new(kind, self.own_id(), "Security/Certificate", message, status)
            .with("Certificate", ByteString::from(pki::leaf(der)))
            .with("InvalidUri", said)
            .with("InvalidHostname", Variant::from(UAString::null()));
        self.audit(origin, deed);
    }

    /// Audits OpenSecureChannel, done or refused; a certificate that is not taken is a deed of its own before.
    pub fn audit_open(&self, connection: &Connection, attempt: &Attempt, status: StatusCode) {
        let origin = origin(connection, attempt.entry.clone(), "OpenSecureChannel");
        let der = attempt.certificate.as_slice();
        let problem = attempt.problem.as_ref();
        let error = problem.map(|it| self.audit_certificate(&origin, der, it));
        // The reason stands in the trail, though the client is not told (CRT rows).
        let status = problem.map_or(status, status::of_certificate);
        let message = match (status.is_bad(), attempt.request_type) {
            (true, _) => format!("secure channel refused: {status}"),
            (false, Some(SecurityTokenRequestType::Renew)) => "secure channel renewed".to_owned(),
            (false, _) => "secure channel opened".to_owned(),
        };
        let (kind, source) = (ObjectTypeId::AuditOpenSecureChannelEventType, self.own_id());
        let request_type = attempt.request_type.unwrap_or(SecurityTokenRequestType::Issue);
        let mode = attempt.mode.unwrap_or(MessageSecurityMode::Invalid);
        let thumbprint = (!der.is_empty()).then(|| pki::thumbprint_hex(pki::leaf(der)));
        let deed = Deed::new(kind, source, "SecureChannel/OpenSecureChannel", message, status)
            .with("SecureChannelId", connection.id.to_string().as_str())
            .with("ClientCertificate", bytes(der))
            .with("ClientCertificateThumbprint", UAString::from(thumbprint))
            .with("RequestType", request_type as i32)
            .with("SecurityPolicyUri", attempt.policy_uri.as_str())
            .with("SecurityMode", mode as i32)
            .with("RequestedLifetime", f64::from(attempt.lifetime_ms))
            .with("CertificateErrorEventId", bytes(&error.map_or_else(Vec::new, Vec::from)));
        self.audit(&origin, deed);
    }

    /// Audits the end of a channel that was open; why, if it was broken.
    pub fn audit_close(&self, connection: &Connection, status: StatusCode) {
        let origin = origin(connection, UAString::null(), "CloseSecureChannel");
        let word = if status.is_bad() {
            format!("secure channel broken: {status}")
        } else {
            "secure channel closed".to_owned()
        };
        let (kind, source) = (ObjectTypeId::AuditChannelEventType, self.own_id());
        let deed = Deed::new(kind, source, "SecureChannel/CloseSecureChannel", word, status)
            .with("SecureChannelId", connection.id.to_string().as_str());
        self.audit(&origin, deed);
    }
}

fn bytes(all: &[u8]) -> ByteString {
    if all.is_empty() { ByteString::null() } else { all.into() }
}

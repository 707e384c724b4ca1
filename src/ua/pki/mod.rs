//! Certificates: our own, and those of clients that we trust.
//!
//! ```text
//! <data>/pki/own/certs/cellhouse.der       <data>/pki/own/private/cellhouse.pem (mode 0600)
//! <data>/pki/trusted/certs, trusted/crl    whom we trust, and whose issued certificates; revocation lists
//! <data>/pki/issuers/certs, issuers/crl    issuers that only complete a chain
//! <data>/pki/users/certs                   NAME.der is the certificate of the local user NAME
//! <data>/pki/rejected/certs                refused, kept for review
//! ```

mod certificate;
mod chain;
mod identity;
mod subject;
mod trust;

pub use certificate::{
    CertificateProblem, application_uri, expires, from_file, host_names, leaf, subject, summary,
    thumbprint, thumbprint_hex,
};
pub use identity::{Identity, IdentityError};
pub use subject::subject_names;
pub use trust::{Listed, Place, TrustStore};

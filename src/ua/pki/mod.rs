//! Certificates: our own, and those of clients that we trust.
//!
//! ```text
//! <data>/pki/own/certs/cellhouse.der       <data>/pki/own/private/cellhouse.pem (mode 0600); of an elliptic key
//!                                          -nistP256 or -nistP384 stands behind cellhouse
//! <data>/pki/trusted/certs, trusted/crl    whom we trust, and whose issued certificates; revocation lists
//! <data>/pki/issuers/certs, issuers/crl    issuers that only complete a chain
//! <data>/pki/users/certs                   NAME.der is the certificate of the local user NAME
//! <data>/pki/own/requested                 keys that a signing request was made with, until the certificate comes
//! <data>/pki/update                        what has been decided and is being carried out
//! <data>/pki/rejected/certs                refused, kept for review
//! ```

mod certificate;
mod chain;
mod file;
mod identity;
mod request;
mod subject;
mod trust;
mod update;

pub use certificate::{
    CertificateProblem, application_uri, check_key, check_listed, expires, from_file, host_names,
    key_type, leaf, subject, summary, thumbprint, thumbprint_hex,
};
pub use identity::{Identity, IdentityError};
pub use request::{InstallProblem, Offered, SigningRequest, Wish, accept, signing_request};
pub use subject::subject_names;
pub use trust::{Listed, Place, TrustStore};
pub use update::{LISTS, OwnFiles, TrustLists, Update, carry_out};

//! Certificates: our own, and those of clients that we trust.
//!
//! ```text
//! <data>/pki/own/certs/cellhouse.der       <data>/pki/own/private/cellhouse.pem (mode 0600)
//! <data>/pki/trusted/certs                 <data>/pki/rejected/certs
//! ```

mod certificate;
mod identity;
mod trust;

pub use certificate::{
    CertificateProblem, application_uri, from_file, leaf, summary, thumbprint, thumbprint_hex,
};
pub use identity::{Identity, IdentityError};
pub use trust::{Listed, Place, TrustStore};

//! What we read from a certificate, and the checks of Part 4, 6.1.3 that need nothing but itself.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use x509_parser::asn1_rs::Any;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::{CertificateChecks, KeyType, SecurityPolicy};
use crate::time::Timestamp;
use crate::ua::crypto::PublicKey;

/// Why a certificate is not taken. The client sees `BadSecurityChecksFailed` for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// Not a certificate.
    #[error("certificate cannot be read")]
    Invalid,
    /// Not in the trust list.
    #[error("certificate {0} is not trusted: `cellhouse cert trust {0}` trusts it")]
    Untrusted(String),
    /// No user has it.
    #[error("certificate {0} is no user's: `cellhouse user certificate NAME FILE` gives it to one")]
    UserUnknown(String),
    /// Before its begin or after its end.
    #[error("certificate {0} is not valid at this time")]
    TimeInvalid(String),
    /// Key usage does not allow signing and key encipherment.
    #[error("certificate {0} may not be used by an application")]
    UseNotAllowed(String),
    /// Key type or length, or a signature by a broken hash.
    #[error("certificate {0} has a key or signature that the policy does not allow")]
    PolicyCheckFailed(String),
    /// An issuer is not known.
    #[error(
        "certificate {0} has an issuer that is not known: put the issuer's certificate into \
         pki/issuers/certs, or into pki/trusted/certs to trust all that it issues"
    )]
    ChainIncomplete(String),
    /// An issuer's certificate has expired or is not valid yet.
    #[error("issuer {0} is not valid at this time")]
    IssuerTimeInvalid(String),
    /// An issuer may not issue.
    #[error("issuer {0} may not issue this certificate")]
    IssuerUseNotAllowed(String),
    /// Its issuer has revoked it.
    #[error("certificate {0} has been revoked")]
    Revoked(String),
    /// An issuer of it has been revoked.
    #[error("certificate {0} has an issuer that has been revoked")]
    IssuerRevoked(String),
    /// No valid revocation list of the issuer.
    #[error(
        "certificate {0} may have been revoked: its issuer has no valid revocation list in \
         pki/trusted/crl or pki/issuers/crl"
    )]
    RevocationUnknown(String),
    /// No valid revocation list for an issuer.
    #[error(
        "certificate {0} has an issuer that may have been revoked: a revocation list is missing"
    )]
    IssuerRevocationUnknown(String),
}

/// SHA-1 of the DER form, as Part 6 names certificates.
pub fn thumbprint(der: &[u8]) -> [u8; 20] {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der);
    let mut out = [0; 20];
    out.copy_from_slice(hash.as_ref());
    out
}

/// The thumbprint in hex: safe as a file name, whatever the subject says.
pub fn thumbprint_hex(der: &[u8]) -> String {
    let mut hex = String::with_capacity(40);
    for byte in thumbprint(der) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The certificate in a file, DER or PEM.
pub fn from_file(bytes: &[u8]) -> Option<Vec<u8>> {
    if let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(bytes) {
        return Some(pem.contents);
    }
    summary(bytes).map(|_| bytes.to_vec())
}

/// A SEQUENCE, of the universal class and constructed (X.690, 8.9).
const SEQUENCE: u8 = 0x30;

/// The first certificate of a chain, by its length alone: whether it is one is not looked at. All of it if it has no
/// length, or one that it is too short for.
pub fn leaf(chain: &[u8]) -> &[u8] {
    match Any::from_der(chain) {
        Ok((rest, _)) if chain.first() == Some(&SEQUENCE) => &chain[..chain.len() - rest.len()],
        _ => chain,
    }
}

/// The ApplicationUri in the subject alternative name; `None` unless there is exactly one (CRT-16).
pub fn application_uri(chain: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(chain).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let mut uris = names.value.general_names.iter().filter_map(|it| match it {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    });
    uris.next().filter(|_| uris.next().is_none())
}

/// The subject's distinguished name.
pub fn subject(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.subject().to_string())
}

/// Subject and end of validity, for a person.
pub fn summary(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let until = certificate.validity().not_after;
    let uri = application_uri(der).unwrap_or_default();
    Some(format!("{}  {uri}  valid to {until}", certificate.subject()))
}

/// When a certificate ends.
pub fn expires(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let seconds = certificate.validity().not_after.timestamp();
    Some(Timestamp::from_unix_us(seconds.saturating_mul(1_000_000)))
}

/// Names in the subject alternative name: hosts and addresses.
pub fn host_names(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    names
        .value
        .general_names
        .iter()
        .filter_map(|it| match it {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

/// Seconds since 1970 within which a certificate is valid.
pub(super) fn is_valid_at(der: &[u8], utc: Timestamp) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        let seconds = utc.unix_us() / 1_000_000;
        let validity = certificate.validity();
        (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&seconds)
    })
}

/// Signatures with SHA-1 and older hashes, by RSA and ECDSA (CRT-12).
const BROKEN_SIGNATURES: [&str; 5] = [
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.3.14.3.2.29",
    "1.2.840.10045.4.1",
];

/// Time, usage, key and signature algorithm of a user's certificate.
pub(super) fn check_user(der: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateProblem::Invalid)?;
    if !is_valid_at(der, utc) {
        return Err(CertificateProblem::TimeInvalid(thumbprint_hex(der)));
    }
    let usage = certificate.key_usage().ok().flatten();
    if certificate.is_ca() || usage.is_some_and(|it| !it.value.digital_signature()) {
        return Err(CertificateProblem::UseNotAllowed(thumbprint_hex(der)));
    }
    check_strength(&certificate)
}

/// Type of a certificate's key, if our policies allow it.
pub fn key_type(der: &[u8]) -> Option<KeyType> {
    PublicKey::of_certificate(der).ok().map(|it| it.key_type())
}

/// Whether a certificate's key is one that the policy works with (CRT-14).
pub fn check_key(der: &[u8], policy: SecurityPolicy) -> Result<(), CertificateProblem> {
    let key = PublicKey::of_certificate(der).ok();
    if key.is_some_and(|it| policy.key() == Some(it.key_type())) {
        return Ok(());
    }
    Err(match X509Certificate::from_der(der) {
        Ok(_) => CertificateProblem::PolicyCheckFailed(thumbprint_hex(der)),
        Err(_) => CertificateProblem::Invalid,
    })
}

/// Key and signature as our policies allow them.
fn check_strength(certificate: &X509Certificate<'_>) -> Result<(), CertificateProblem> {
    let der = certificate.as_raw();
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    if BROKEN_SIGNATURES.contains(&signature.as_str()) || PublicKey::of_certificate(der).is_err() {
        return Err(CertificateProblem::PolicyCheckFailed(thumbprint_hex(der)));
    }
    Ok(())
}

/// Time, usage, key and signature algorithm of a client's application certificate.
pub(super) fn check(
    der: &[u8],
    checks: CertificateChecks,
    utc: Timestamp,
) -> Result<(), CertificateProblem> {
    let certificate = check_usage(der, checks.key_usage, utc)?;
    let usage = certificate.extended_key_usage().ok().flatten();
    if checks.client_auth && usage.is_some_and(|it| !it.value.client_auth && !it.value.any) {
        return Err(CertificateProblem::UseNotAllowed(thumbprint_hex(der)));
    }
    check_strength(&certificate)
}

/// The same of a certificate of our own, whoever may use it.
pub(super) fn check_own(der: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
    check_strength(&check_usage(der, true, utc)?)
}

/// Whether somebody may be trusted by this certificate: one certificate in DER, valid, with a key and signature that our
/// policies allow.
pub fn check_listed(der: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateProblem::Invalid)?;
    if !rest.is_empty() {
        return Err(CertificateProblem::Invalid);
    }
    if !is_valid_at(der, utc) {
        return Err(CertificateProblem::TimeInvalid(thumbprint_hex(der)));
    }
    check_strength(&certificate)
}

/// Time and usage.
fn check_usage(
    der: &[u8],
    key_usage_counts: bool,
    utc: Timestamp,
) -> Result<X509Certificate<'_>, CertificateProblem> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateProblem::Invalid)?;
    if !is_valid_at(der, utc) {
        return Err(CertificateProblem::TimeInvalid(thumbprint_hex(der)));
    }
    // Nothing is encrypted for an elliptic key (Part 6, 6.2.2).
    let encrypts = PublicKey::of_certificate(der).is_ok_and(|it| it.key_type() == KeyType::Rsa);
    let lacks_usage = certificate.extensions().iter().any(|it| match it.parsed_extension() {
        ParsedExtension::KeyUsage(usage) => {
            !(usage.digital_signature() && (usage.key_encipherment() || !encrypts))
        }
        _ => false,
    });
    if key_usage_counts && lacks_usage {
        return Err(CertificateProblem::UseNotAllowed(thumbprint_hex(der)));
    }
    Ok(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaf_is_the_first_element_of_a_chain_and_ends_within_it() {
        let short = [0x30, 2, 7, 8];
        let long = [[0x30, 0x82, 1, 0].as_slice(), &[5; 256]].concat();
        for first in [short.as_slice(), &long] {
            assert_eq!(leaf(first), first);
            assert_eq!(leaf(&[first, &short, &[1]].concat()), first);
            let cut = &first[..first.len() - 1];
            assert_eq!(leaf(cut), cut, "too short for its length");
        }
        for other in [&[][..], &[0x30], &[0x31, 0, 9], &[0x30, 0x80, 9], &[0x30, 0x85, 9, 9]] {
            assert_eq!(leaf(other), other);
        }
        let huge = [0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(leaf(&huge), huge);
    }
}

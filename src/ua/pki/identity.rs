//! Our own certificates and keys: made at the first start, kept as long as they fit (CRT-27). There is one for each
//! type of key that our policies need.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData, SanType,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use tracing::warn;

use crate::config::KeyType;
use crate::time::Timestamp;
use crate::ua::crypto::PrivateKey;
use crate::ua::pki::certificate::{self, application_uri};
use crate::ua::pki::file::{self, PRIVATE, PUBLIC};
use crate::ua::pki::update;

/// How long our certificate is valid, days.
const VALID_DAYS: i64 = 5 * 365;
/// A certificate is made anew when less than this is left of it, days.
const RENEW_DAYS: f64 = 30.0;

/// Our certificate and key.
#[derive(Debug)]
pub struct Identity {
    /// Certificate in DER.
    pub certificate: Vec<u8>,
    /// Key.
    pub key: PrivateKey,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key file holds no key.
    #[error("{path}: not a private key in PKCS#8; remove it to have a new one made")]
    Key {
        /// Which.
        path: PathBuf,
    },
    /// A certificate cannot be made.
    #[error("certificate cannot be made: {0}")]
    Make(String),
}

impl Identity {
    /// The identity in `data` with a key of this type, or a new one for these names. The key stays when only
    /// names changed.
    pub fn load_or_create(
        data: &Path,
        key_type: KeyType,
        uri: &str,
        hosts: &[String],
        utc: Timestamp,
    ) -> Result<Self, IdentityError> {
        let pki = data.join("pki");
        update::carry_out(data).map_err(at(&pki))?;
        let name = name(key_type);
        let certificate_path = data.join(format!("pki/own/certs/{name}.der"));
        let key_path = data.join(format!("pki/own/private/{name}.pem"));
        let key = if key_path.exists() {
            let text = fs::read_to_string(&key_path).map_err(at(&key_path))?;
            KeyPair::from_pem(&text).map_err(|_| IdentityError::Key { path: key_path.clone() })?
        } else {
            let key = new_key(key_type)?;
            file::write(&key_path, key.serialize_pem().as_bytes(), PRIVATE)
                .map_err(at(&key_path))?;
            key
        };
        let found = fs::read(&certificate_path).ok();
        let found = found.filter(|it| still_fits(it, &key, uri, hosts, utc));
        let certificate = if let Some(found) = found {
            found
        } else {
            let made = make_certificate(&key, key_type, uri, hosts, utc)?;
            file::write(&certificate_path, &made, PUBLIC).map_err(at(&certificate_path))?;
            made
        };
        let key = PrivateKey::from_pkcs8(&key.serialize_der()).ok();
        let key = key.filter(|it| it.key_type() == key_type);
        let key = key.ok_or(IdentityError::Key { path: key_path })?;
        Ok(Self { certificate, key })
    }

    /// One identity for each of these types.
    pub fn load_or_create_all(
        data: &Path,
        keys: &[KeyType],
        uri: &str,
        hosts: &[String],
        utc: Timestamp,
    ) -> Result<Vec<Self>, IdentityError> {
        keys.iter().map(|key| Self::load_or_create(data, *key, uri, hosts, utc)).collect()
    }
}

/// What the files are called.
pub(super) fn name(key: KeyType) -> &'static str {
    match key {
        KeyType::Rsa => "cellhouse",
        KeyType::NistP256 => "cellhouse-nistP256",
        KeyType::NistP384 => "cellhouse-nistP384",
    }
}

pub(super) fn new_key(key: KeyType) -> Result<KeyPair, IdentityError> {
    let algorithm = match key {
        KeyType::Rsa => &PKCS_RSA_SHA256,
        KeyType::NistP256 => &PKCS_ECDSA_P256_SHA256,
        KeyType::NistP384 => &PKCS_ECDSA_P384_SHA384,
    };
    let der = PrivateKey::generate_of(key).map_err(make)?;
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der), algorithm).map_err(make)
}

fn still_fits(der: &[u8], key: &KeyPair, uri: &str, hosts: &[String], utc: Timestamp) -> bool {
    let names = certificate::host_names(der);
    let same_key = x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, it)| it.tbs_certificate.subject_pki.raw == key.subject_public_key_info());
    if same_key && is_issued(der) {
        // Whoever issued it decides on its names and its end; we only say what does not fit.
        warn_of(der, uri, hosts, utc);
        return true;
    }
    same_key
        && application_uri(der).as_deref() == Some(uri)
        && hosts.iter().all(|it| names.contains(it))
        && certificate::is_valid_at(der, utc)
        && certificate::is_valid_at(der, utc.plus_s(RENEW_DAYS * 86_400.0))
}

/// Whether somebody else has issued it.
fn is_issued(der: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, it)| it.subject().as_raw() != it.issuer().as_raw())
}

fn warn_of(der: &[u8], uri: &str, hosts: &[String], utc: Timestamp) {
    let name = certificate::thumbprint_hex(der);
    if application_uri(der).as_deref() != Some(uri) {
        warn!(certificate = name, uri, "our certificate is for another ApplicationUri");
    }
    let names = certificate::host_names(der);
    let missing: Vec<&String> = hosts.iter().filter(|it| !names.contains(it)).collect();
    if !missing.is_empty() {
        warn!(certificate = name, ?missing, "our certificate lacks names of this machine");
    }
    if !certificate::is_valid_at(der, utc) {
        warn!(certificate = name, "our certificate is not valid at this time");
    } else if !certificate::is_valid_at(der, utc.plus_s(RENEW_DAYS * 86_400.0)) {
        warn!(certificate = name, "our certificate ends soon: have it issued anew");
    }
}

fn make_certificate(
    key: &KeyPair,
    key_type: KeyType,
    uri: &str,
    hosts: &[String],
    utc: Timestamp,
) -> Result<Vec<u8>, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Cellhouse");
    params.distinguished_name.push(DnType::OrganizationName, "Cellhouse");
    params.subject_alt_names.push(SanType::URI(uri.try_into().map_err(make)?));
    for host in hosts {
        params.subject_alt_names.push(match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.as_str().try_into().map_err(make)?),
        });
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    if key_type == KeyType::Rsa {
        // Nothing is encrypted for an elliptic key (Part 6, 6.2.2).
        let encrypts = [KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
        params.key_usages.extend(encrypts);
    }
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let begin = ::time::OffsetDateTime::from_unix_timestamp(utc.unix_us() / 1_000_000)
        .map_err(|it| IdentityError::Make(it.to_string()))?;
    // A client's clock may be behind ours.
    params.not_before = begin - ::time::Duration::days(1);
    params.not_after = begin + ::time::Duration::days(VALID_DAYS);
    let certificate = params.self_signed(key).map_err(make)?;
    Ok(certificate.der().to_vec())
}

pub(super) fn make(error: impl std::fmt::Display) -> IdentityError {
    IdentityError::Make(error.to_string())
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> IdentityError {
    let path = path.to_owned();
    |source| IdentityError::File { path, source }
}

//! Our own certificates and keys: made at the first start, kept as long as they fit (CRT-27). There is one for each
//! type of key that our policies need.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData, SanType,
};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::config::KeyType;
use crate::time::Timestamp;
use crate::ua::crypto::PrivateKey;
use crate::ua::pki::certificate::{self, application_uri};

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
        let name = name(key_type);
        let certificate_path = data.join(format!("pki/own/certs/{name}.der"));
        let key_path = data.join(format!("pki/own/private/{name}.pem"));
        let key = if key_path.exists() {
            let text = fs::read_to_string(&key_path).map_err(file(&key_path))?;
            KeyPair::from_pem(&text).map_err(|_| IdentityError::Key { path: key_path.clone() })?
        } else {
            let key = new_key(key_type)?;
            write_private(&key_path, key.serialize_pem().as_bytes())?;
            key
        };
        let found = fs::read(&certificate_path).ok();
        let found = found.filter(|it| still_fits(it, &key, uri, hosts, utc));
        let certificate = if let Some(found) = found {
            found
        } else {
            let made = make_certificate(&key, key_type, uri, hosts, utc)?;
            write(&certificate_path, &made)?;
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
fn name(key: KeyType) -> &'static str {
    match key {
        KeyType::Rsa => "cellhouse",
        KeyType::NistP256 => "cellhouse-nistP256",
        KeyType::NistP384 => "cellhouse-nistP384",
    }
}

fn new_key(key: KeyType) -> Result<KeyPair, IdentityError> {
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
    same_key
        && application_uri(der).as_deref() == Some(uri)
        && hosts.iter().all(|it| names.contains(it))
        && certificate::is_valid_at(der, utc)
        && certificate::is_valid_at(der, utc.plus_s(RENEW_DAYS * 86_400.0))
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

fn make(error: impl std::fmt::Display) -> IdentityError {
    IdentityError::Make(error.to_string())
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> IdentityError {
    let path = path.to_owned();
    |source| IdentityError::File { path, source }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    write_with_mode(path, bytes, 0o644)
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    write_with_mode(path, bytes, 0o600)
}

/// Writes beside and renames, so that a power cut leaves the old file or the new one.
fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<(), IdentityError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file(folder))?;
    }
    let beside = path.with_extension("new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)
        .map_err(file(&beside))?;
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(file(&beside))?;
    fs::rename(&beside, path).map_err(file(path))
}

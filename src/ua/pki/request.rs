//! What a certificate authority needs to issue our certificate (PKCS #10), and whether we take what it issued
//! (Part 12, 7.10.4 and 7.10.8).

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::KeyType;
use crate::time::Timestamp;
use crate::ua::crypto::PrivateKey;
use crate::ua::pki::certificate::{self, CertificateProblem, application_uri};
use crate::ua::pki::chain::{self, Lists};
use crate::ua::pki::file::{self, PRIVATE};
use crate::ua::pki::identity::{Identity, IdentityError, at, make, name, new_key};
use crate::ua::pki::trust::TrustStore;
use crate::ua::pki::update::OwnFiles;

/// Domain components have no name of their own in the library.
const DOMAIN_COMPONENT: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 25];

/// Why a certificate does not become ours.
#[derive(Debug, thiserror::Error)]
pub enum InstallProblem {
    /// One of the usual checks.
    #[error(transparent)]
    Certificate(#[from] CertificateProblem),
    /// It may not be used by a server.
    #[error("certificate may not be used by an application, or not by a server")]
    Use,
    /// Another ApplicationUri, none or several.
    #[error("certificate is for {found}, but our ApplicationUri is {wanted}")]
    Uri {
        /// What it says.
        found: String,
        /// Ours.
        wanted: String,
    },
    /// Another kind of key than asked for.
    #[error("certificate has no key of type {0}")]
    KeyType(&'static str),
    /// Nobody has its key.
    #[error("certificate is not for our key, nor for one that a signing request was made with")]
    Key,
    /// The key that came with it is none.
    #[error("private key cannot be read: it has to be PKCS #8 in PEM, without a password")]
    KeyFormat,
    /// A subject that is no list of names.
    #[error("subject {0:?} is not of the form CN=name/O=organization")]
    Subject(String),
    /// Disk, or the making of a key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// What our certificate is to say.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Type of its key.
    pub key: KeyType,
    /// Subject such as `CN=Cellhouse/O=Plant`; empty is that of the certificate we have.
    pub subject: String,
    /// ApplicationUri.
    pub uri: String,
    /// Host names and addresses.
    pub hosts: Vec<String>,
}

/// A signing request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// DER.
    pub der: Vec<u8>,
    /// PEM.
    pub pem: String,
}

/// A signing request for the key that we have, or for a new one, which is kept until its certificate comes.
pub fn signing_request(
    data: &Path,
    wish: &Wish,
    new: bool,
) -> Result<SigningRequest, InstallProblem> {
    let key = if new {
        let key = new_key(wish.key)?;
        let path = requested_path(data, wish.key);
        file::write(&path, key.serialize_pem().as_bytes(), PRIVATE).map_err(at(&path))?;
        key
    } else {
        read_key(&own_path(data, wish.key))?.ok_or(InstallProblem::Key)?
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(data, wish)?;
    params.subject_alt_names.push(SanType::URI(wish.uri.as_str().try_into().map_err(make)?));
    for host in &wish.hosts {
        params.subject_alt_names.push(match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.as_str().try_into().map_err(make)?),
        });
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    if wish.key == KeyType::Rsa {
        let encrypts = [KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
        params.key_usages.extend(encrypts);
    }
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let request = params.serialize_request(&key).map_err(make)?;
    Ok(SigningRequest { der: request.der().to_vec(), pem: request.pem().map_err(make)? })
}

/// The subject wished for, or that of the certificate we have.
fn subject(data: &Path, wish: &Wish) -> Result<DistinguishedName, InstallProblem> {
    if !wish.subject.trim().is_empty() {
        let wrong = || InstallProblem::Subject(wish.subject.clone());
        return parse_subject(&wish.subject).ok_or_else(wrong);
    }
    let mut names = DistinguishedName::new();
    let own = fs::read(data.join(format!("pki/own/certs/{}.der", name(wish.key)))).ok();
    let own = own.as_deref().and_then(|it| X509Certificate::from_der(it).ok());
    for attribute in own.iter().flat_map(|(_, it)| it.subject().iter_attributes()) {
        let id: Option<Vec<u64>> = attribute.attr_type().iter().map(Iterator::collect);
        if let (Some(id), Ok(text)) = (id, attribute.as_str()) {
            names.push(DnType::from_oid(&id), text);
        }
    }
    if names.iter().next().is_none() {
        names.push(DnType::CommonName, "Cellhouse");
    }
    Ok(names)
}

/// `CN=name/O=organization`, or with commas; a value with either in it stands in quotes (Part 12, 7.9.3).
fn parse_subject(text: &str) -> Option<DistinguishedName> {
    let mut names = DistinguishedName::new();
    let mut is_quoted = false;
    let separates = |it: char| {
        is_quoted ^= it == '"';
        !is_quoted && matches!(it, '/' | ',')
    };
    for part in text.split(separates).map(str::trim).filter(|it| !it.is_empty()) {
        let (kind, value) = part.split_once('=')?;
        let kind = match kind.trim() {
            "CN" => DnType::CommonName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "L" => DnType::LocalityName,
            "S" | "ST" => DnType::StateOrProvinceName,
            "C" => DnType::CountryName,
            "DC" => DnType::CustomDnType(DOMAIN_COMPONENT.to_vec()),
            _ => return None,
        };
        let value = value.trim().trim_matches('"');
        if value.is_empty() {
            return None;
        }
        names.push(kind, value);
    }
    names.iter().next().is_some().then_some(names)
}

/// A certificate that is to become ours.
#[derive(Clone, Debug)]
pub struct Offered<'a> {
    /// DER, without anything behind it.
    pub certificate: &'a [u8],
    /// Certificates above it, in DER.
    pub issuers: &'a [Vec<u8>],
    /// Its key, if it comes with it: PKCS #8 in PEM.
    pub key: Option<&'a str>,
    /// Type of key that it has to have.
    pub key_type: KeyType,
    /// Our ApplicationUri.
    pub uri: &'a str,
}

/// Checks everything about a certificate that is to become ours; what is to be written, and our new identity.
pub fn accept(
    data: &Path,
    store: &TrustStore,
    offered: &Offered<'_>,
    utc: Timestamp,
) -> Result<(OwnFiles, Identity), InstallProblem> {
    let der = offered.certificate;
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateProblem::Invalid)?;
    if !rest.is_empty() {
        return Err(CertificateProblem::Invalid.into());
    }
    certificate::check_own(der, utc)?;
    let is_server = parsed.extended_key_usage().ok().flatten();
    if parsed.is_ca() || is_server.is_some_and(|it| !it.value.server_auth && !it.value.any) {
        return Err(InstallProblem::Use);
    }
    let found = application_uri(der);
    if found.as_deref() != Some(offered.uri) {
        let found = found.unwrap_or_else(|| "no or several ApplicationUris".to_owned());
        return Err(InstallProblem::Uri { found, wanted: offered.uri.to_owned() });
    }
    check_chain(der, store, offered.issuers, utc)?;
    let key = if let Some(pem) = offered.key {
        KeyPair::from_pem(pem).map_err(|_| InstallProblem::KeyFormat)?
    } else {
        let requested = read_key(&requested_path(data, offered.key_type))?;
        let own = read_key(&own_path(data, offered.key_type))?;
        let mut known = requested.into_iter().chain(own);
        known.find(|it| is_for(&parsed, it)).ok_or(InstallProblem::Key)?
    };
    if !is_for(&parsed, &key) {
        return Err(InstallProblem::Key);
    }
    let private = PrivateKey::from_pkcs8(key.serialized_der());
    let private = private.map_err(|_| InstallProblem::KeyFormat)?;
    if private.key_type() != offered.key_type {
        return Err(InstallProblem::KeyType(offered.key_type.name()));
    }
    let files = OwnFiles {
        name: name(offered.key_type),
        certificate: der.to_vec(),
        key: key.serialize_pem(),
    };
    Ok((files, Identity { certificate: der.to_vec(), key: private }))
}

/// Up to a root that came with it or that we know. Nobody has to trust it, and revocation lists need not be there; but
/// what is revoked is refused.
fn check_chain(
    der: &[u8],
    store: &TrustStore,
    issuers: &[Vec<u8>],
    utc: Timestamp,
) -> Result<(), CertificateProblem> {
    let [trusted, trusted_lists, known, known_lists] = store.contents();
    let mut roots: Vec<Vec<u8>> = issuers.iter().cloned().chain(trusted).chain(known).collect();
    let is_self_signed = X509Certificate::from_der(der)
        .is_ok_and(|(_, it)| it.subject().as_raw() == it.issuer().as_raw());
    if is_self_signed {
        roots.push(der.to_vec());
    }
    let revocations = trusted_lists.into_iter().chain(known_lists).collect();
    let lists = Lists { trusted: roots, issuers: Vec::new(), revocations };
    chain::check(der, &lists, false, utc)
}

fn is_for(certificate: &X509Certificate<'_>, key: &KeyPair) -> bool {
    certificate.tbs_certificate.subject_pki.raw == key.subject_public_key_info()
}

fn own_path(data: &Path, key: KeyType) -> PathBuf {
    data.join(format!("pki/own/private/{}.pem", name(key)))
}

/// A key that a signing request was made with, until its certificate comes.
fn requested_path(data: &Path, key: KeyType) -> PathBuf {
    data.join(format!("pki/own/requested/{}.pem", name(key)))
}

fn read_key(path: &Path) -> Result<Option<KeyPair>, IdentityError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(at(path))?;
    let key = KeyPair::from_pem(&text);
    key.map(Some).map_err(|_| IdentityError::Key { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<String>> {
        let value = |it: &rcgen::DnValue| match it {
            rcgen::DnValue::Utf8String(it) => it.clone(),
            other => format!("{other:?}"),
        };
        parse_subject(text).map(|it| it.iter().map(|(_, it)| value(it)).collect())
    }

    #[test]
    fn gds_03_a_subject_is_a_list_of_names_with_slashes_or_commas() {
        assert_eq!(
            parsed("CN=Cell house/O=Plant"),
            Some(vec!["Cell house".into(), "Plant".into()])
        );
        assert_eq!(parsed("CN=\"a/b, c\", DC=x"), Some(vec!["a/b, c".into(), "x".into()]));
        for wrong in ["Cellhouse", "CN=", "XX=1", "/", "CN=a/b"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}

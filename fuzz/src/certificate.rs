//! `certificate`: what comes as a certificate or a revocation list, and what is asked of a signing request.
//!
//! The input has up to six parts: the chain that a client sends, a trusted certificate, an issuer's, a revocation list, a
//! private key in PEM, and the subject that a signing request is to have. The server reads no signing requests: it makes
//! them.

use std::fs;

use cellhouse::config::{KeyType, SecurityPolicy};
use cellhouse::time::{self, Timestamp};
use cellhouse::ua::crypto;
use cellhouse::ua::pki::{self, Identity, Offered, TrustStore, Wish};

use super::parts::parts;

/// Folders of the trust list, and which part of the input is in them.
const FOLDERS: [(&str, usize); 4] =
    [("trusted/certs", 1), ("issuers/certs", 2), ("trusted/crl", 3), ("issuers/crl", 3)];
/// The certificates of the corpus are valid at this time, Unix time in s.
const NOW: i64 = 1_800_000_000;
/// ApplicationUri of the certificates of the corpus, which the conformance runner made.
const URI: &str = "urn:cellhouse:conformance:client";

/// A data folder with a key of ours, and one in which nobody is trusted.
struct Folders {
    data: tempfile::TempDir,
    nobody: tempfile::TempDir,
}

thread_local! {
    static FOLDERS_OF_THREAD: Folders = {
        let folder = || tempfile::tempdir().expect("a folder");
        let folders = Folders { data: folder(), nobody: folder() };
        let hosts = ["localhost".to_owned()];
        let own = KeyType::NistP256;
        Identity::load_or_create(folders.data.path(), own, URI, &hosts, time::now()).expect("a key");
        for (folder, _) in FOLDERS {
            fs::create_dir_all(folders.data.path().join("pki").join(folder)).expect("a folder");
        }
        fs::create_dir_all(folders.data.path().join("pki/users/certs")).expect("a folder");
        folders
    };
}

/// Reads and judges the input.
///
/// # Panics
/// If the server panics, or somebody is trusted whom nobody trusts.
pub fn run(input: &[u8]) {
    let mut parts = parts(input);
    parts.resize(6, &[]);
    let utc = Timestamp::from_unix_us(NOW * 1_000_000);
    for der in &parts[..3] {
        describe(der, utc);
    }
    FOLDERS_OF_THREAD.with(|folders| {
        judge(folders, &parts, utc);
        install(folders, &parts, utc);
        ask(folders, parts[5]);
    });
}

/// Everything that is read from a certificate by itself.
fn describe(der: &[u8], utc: Timestamp) {
    let leaf = pki::leaf(der);
    assert!(leaf.len() <= der.len());
    let summary = pki::summary(der);
    assert!(pki::from_file(der).is_some() || summary.is_none());
    let _ = (pki::application_uri(der), pki::subject(der), pki::expires(der));
    let _ = (pki::host_names(der), pki::subject_names(der), pki::key_type(der));
    assert_eq!(pki::thumbprint_hex(der).len(), 40);
    for policy in SecurityPolicy::ALL {
        let _ = pki::check_key(der, policy).map_err(|it| it.to_string());
        if policy != SecurityPolicy::None {
            assert!(!crypto::verify(policy, der, b"data", &[1; 256]), "nobody has signed this");
        }
    }
    let _ = pki::check_listed(der, utc).map_err(|it| it.to_string());
}

/// A client's and a user's certificate.
fn judge(folders: &Folders, parts: &[&[u8]], utc: Timestamp) {
    let chain = parts[0];
    let nobody = TrustStore::new(folders.nobody.path(), false);
    assert!(nobody.still_good(chain, utc).is_err(), "nobody is trusted");
    let pki = folders.data.path().join("pki");
    for (folder, part) in FOLDERS {
        fs::write(pki.join(folder).join("of-input"), parts[part]).expect("a folder of ours");
    }
    fs::write(pki.join("users/certs/olga.der"), chain).expect("a folder of ours");
    let store = TrustStore::new(folders.data.path(), false);
    let checked = store.still_good(chain, utc).map_err(|it| it.to_string());
    if parts[1].is_empty() {
        assert!(checked.is_err(), "nobody is trusted");
    }
    let _ = TrustStore::new(folders.data.path(), true).still_good(chain, utc);
    let _ = store.user_of(chain, utc).map_err(|it| it.to_string());
    let _ = (store.contents(), store.trusted(), store.stamp());
}

/// A certificate that is to become ours.
fn install(folders: &Folders, parts: &[&[u8]], utc: Timestamp) {
    let data = folders.data.path();
    let store = TrustStore::new(data, false);
    let issuers = [parts[1].to_vec(), parts[2].to_vec()];
    for key in [None, std::str::from_utf8(parts[4]).ok()] {
        let key_type = pki::key_type(parts[0]).unwrap_or(KeyType::Rsa);
        let offered = Offered { certificate: parts[0], issuers: &issuers, key, key_type, uri: URI };
        let _ = pki::accept(data, &store, &offered, utc).map_err(|it| it.to_string());
    }
}

/// A signing request with this subject.
fn ask(folders: &Folders, subject: &[u8]) {
    let Ok(subject) = std::str::from_utf8(subject) else { return };
    let wish = Wish {
        key: KeyType::NistP256,
        subject: subject.to_owned(),
        uri: URI.to_owned(),
        hosts: vec!["localhost".to_owned(), "::1".to_owned()],
    };
    if let Ok(request) = pki::signing_request(folders.data.path(), &wish, false) {
        assert!(!request.der.is_empty() && request.pem.contains("REQUEST"));
    }
}

//! The runner's keys and certificates, kept in a folder between runs so that a server can be told to trust them.
//!
//! ```text
//! DIR/own/*.pem                           keys (mode 0600)
//! DIR/trusted/certs, DIR/trusted/crl      for the server's trust list
//! DIR/issuers/certs, DIR/issuers/crl      for the server's list of issuers
//! DIR/users/certs                         the user's, for the server's list of users
//! DIR/sent/certs                          what comes with the channel, or must stay unknown
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::config::SecurityPolicy;
use crate::conformance::Stop;
use crate::conformance::recipe::{self, Key, Keys, Place, RECIPES};
use crate::ua::crypto::PrivateKey;

/// What an application shows, and what it signs with.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// Certificate, and those above it, in DER.
    pub(super) chain: Vec<u8>,
    /// Its key.
    pub(super) key: Arc<PrivateKey>,
    /// The same application with keys of other types.
    others: Vec<Identity>,
}

impl Identity {
    /// The application with the key that a policy needs; as it is if it has none.
    pub(super) fn under(self, policy: SecurityPolicy) -> Self {
        let fits = |it: &Self| policy.key() == Some(it.key.key_type());
        if fits(&self) {
            return self;
        }
        match self.others.iter().position(fits) {
            Some(at) => self.others[at].clone(),
            None => self,
        }
    }

    /// The same application, whatever the policy: with this key alone.
    pub(super) fn alone(self) -> Self {
        Self { others: Vec::new(), ..self }
    }
}

/// Everything the runner has.
#[derive(Debug)]
pub(super) struct Wallet {
    keys: Keys,
    runner: Arc<PrivateKey>,
    other: Arc<PrivateKey>,
    authority: Arc<PrivateKey>,
    p256: Arc<PrivateKey>,
    p384: Arc<PrivateKey>,
    certificates: BTreeMap<&'static str, Vec<u8>>,
}

impl Wallet {
    /// What `folder` holds; what is missing there is made. Without a folder all is made and nothing kept.
    pub(super) fn open(folder: Option<&Path>) -> Result<Self, Stop> {
        let keys = Keys {
            runner: key(folder, "runner", rsa)?,
            other: key(folder, "other", rsa)?,
            authority: key(folder, "authority", rsa)?,
            elliptic: key(folder, "elliptic", elliptic)?,
            runner_p256: key(folder, "runner_p256", elliptic)?,
            runner_p384: key(folder, "runner_p384", long_elliptic)?,
        };
        let mut certificates = BTreeMap::new();
        for recipe in RECIPES {
            let make = || recipe::certificate(recipe, &keys).map_err(failed);
            let path = format!("{}/certs/{}.der", place(recipe.place), recipe.name);
            certificates.insert(recipe.name, kept(folder, &path, make)?);
        }
        if let Some(folder) = folder {
            for (name, of, list) in recipe::lists(&keys).map_err(failed)? {
                kept(Some(folder), &format!("{}/crl/{name}.crl", place(of)), || Ok(list))?;
            }
        }
        let private = |key: &KeyPair| {
            PrivateKey::from_pkcs8(key.serialized_der()).map(Arc::new).map_err(failed)
        };
        Ok(Self {
            runner: private(&keys.runner)?,
            other: private(&keys.other)?,
            authority: private(&keys.authority)?,
            p256: private(&keys.runner_p256)?,
            p384: private(&keys.runner_p384)?,
            keys,
            certificates,
        })
    }

    /// The application with this certificate. The runner itself has one for each type of key.
    pub(super) fn identity(&self, name: &str) -> Identity {
        let mut who = self.with_chain(name, &[]);
        if name == "runner" {
            who.others = ["runner_p256", "runner_p384"].map(|it| self.with_chain(it, &[])).to_vec();
        }
        who
    }

    /// The same, with further certificates behind its own.
    pub(super) fn with_chain(&self, name: &str, above: &[&str]) -> Identity {
        let chain = [&[name], above].concat();
        let chain = chain.iter().filter_map(|it| self.certificates.get(it)).flatten();
        let key = RECIPES.iter().find(|it| it.name == name).map(|it| it.key);
        let key = match key {
            Some(Key::Other) => &self.other,
            Some(Key::RunnerP256) => &self.p256,
            Some(Key::RunnerP384) => &self.p384,
            // A certificate with another elliptic key is signed for with the runner's.
            Some(Key::Runner | Key::Authority | Key::Elliptic) | None => &self.runner,
        };
        Identity { chain: chain.copied().collect(), key: Arc::clone(key), others: Vec::new() }
    }

    /// The owner of an authority's key, as if it were an application.
    pub(super) fn as_authority(&self, name: &str) -> Identity {
        Identity { key: Arc::clone(&self.authority), ..self.identity(name) }
    }

    /// Any bytes as the runner's certificate.
    pub(super) fn with_bytes(&self, chain: Vec<u8>) -> Identity {
        Identity { chain, key: Arc::clone(&self.runner), others: Vec::new() }
    }

    /// An application that no server knows.
    pub(super) fn unknown(&self, number: usize) -> Result<Identity, Stop> {
        Ok(self.with_bytes(recipe::unknown(number, &self.keys.runner).map_err(failed)?))
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Trusted => "trusted",
        Place::Issuers => "issuers",
        Place::Users => "users",
        Place::Nowhere => "sent",
    }
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::failed(format!("the runner's certificates: {error}"))
}

fn rsa() -> Result<KeyPair, Stop> {
    let der = PrivatePkcs8KeyDer::from(PrivateKey::generate().map_err(failed)?);
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).map_err(failed)
}

fn long_elliptic() -> Result<KeyPair, Stop> {
    KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).map_err(failed)
}

fn elliptic() -> Result<KeyPair, Stop> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)
}

fn key(
    folder: Option<&Path>,
    name: &str,
    make: fn() -> Result<KeyPair, Stop>,
) -> Result<KeyPair, Stop> {
    let made = || Ok(make()?.serialize_pem().into_bytes());
    let text = kept(folder, &format!("own/{name}.pem"), made)?;
    KeyPair::from_pem(&String::from_utf8_lossy(&text)).map_err(failed)
}

/// The file's content; what `make` makes, and from then on the file's content.
fn kept(
    folder: Option<&Path>,
    name: &str,
    make: impl FnOnce() -> Result<Vec<u8>, Stop>,
) -> Result<Vec<u8>, Stop> {
    let Some(path) = folder.map(|it| it.join(name)) else { return make() };
    if let Ok(bytes) = fs::read(&path) {
        return Ok(bytes);
    }
    let bytes = make()?;
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        if name.starts_with("own/") {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options.open(&path)?.write_all(&bytes)
    };
    write().map_err(|error: std::io::Error| failed(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

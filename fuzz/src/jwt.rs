//! `jwt`: tokens that somebody else issued, and the issuers' keys. The first byte says what follows:
//!
//! ```text
//! 0  a whole token: nobody has signed it, so nobody may be logged in by it
//! 1  a header and claims, two parts: signed by a key that the server knows
//! 2  a key file of an issuer
//! ```

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cellhouse::access::Role;
use cellhouse::config::{IssuerConfig, IssuerKey, TokenAlgorithm};
use cellhouse::time::Timestamp;
use cellhouse::ua::session::Issuers;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};

use super::parts::parts;

/// The tokens of the corpus are valid at this time, Unix time in s.
const NOW: i64 = 1_800_000_000;
const URI: &str = "urn:example:cellhouse";
const ISSUER: &str = "https://login.example.com";
/// Longest name of a user that is shown, characters: the user's own, and the issuer's.
const NAME_CHARACTERS: usize = 100 + 3 + ISSUER.len();

struct Setup {
    folder: tempfile::TempDir,
    issuers: Issuers,
    elliptic: EncodingKey,
    edwards: EncodingKey,
}

thread_local! {
    static SETUP: Setup = Setup::new();
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let edwards = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let key = |name: &str, pair: &KeyPair, algorithm: TokenAlgorithm| {
            let file = folder.path().join(name);
            fs::write(&file, pair.public_key_pem()).expect("a folder of ours");
            IssuerKey { file, algorithm, id: Some(name.to_owned()) }
        };
        let keys = vec![
            key("first", &elliptic, TokenAlgorithm::Es256),
            key("second", &edwards, TokenAlgorithm::EdDsa),
        ];
        let issuers = Issuers::open(&[config(keys)], URI).expect("keys of ours");
        let elliptic = EncodingKey::from_ec_pem(elliptic.serialize_pem().as_bytes());
        let edwards = EncodingKey::from_ed_pem(edwards.serialize_pem().as_bytes());
        let (elliptic, edwards) =
            (elliptic.expect("a key of ours"), edwards.expect("a key of ours"));
        Self { folder, issuers, elliptic, edwards }
    }

    fn sign(&self, header: &[u8], claims: &[u8]) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let is_edwards = header.windows(5).any(|it| it == b"EdDSA");
        let (key, algorithm) = if is_edwards {
            (&self.edwards, Algorithm::EdDSA)
        } else {
            (&self.elliptic, Algorithm::ES256)
        };
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm);
        format!("{message}.{}", signature.expect("a key of the algorithm"))
    }
}

fn config(keys: Vec<IssuerKey>) -> IssuerConfig {
    IssuerConfig {
        name: ISSUER.to_owned(),
        audience: None,
        token_endpoint: None,
        user_claim: "sub".to_owned(),
        roles_claim: "roles".to_owned(),
        roles: vec![("crew".to_owned(), Role::Operator)],
        keys,
        leeway_s: 30,
    }
}

/// Judges the input.
///
/// # Panics
/// If the server panics, takes what nobody has signed, or gives more than the configuration does.
pub fn run(input: &[u8]) {
    let (kind, rest) = input.split_first().unwrap_or((&0, &[]));
    SETUP.with(|setup| match kind % 3 {
        0 => forged(setup, rest),
        1 => signed(setup, rest),
        _ => key(setup, rest),
    });
}

fn forged(setup: &Setup, token: &[u8]) {
    let utc = Timestamp::from_unix_us(NOW * 1_000_000);
    let found = setup.issuers.identify(0, token, utc);
    let problem = found.expect_err("nobody has signed it");
    assert!(!problem.to_string().is_empty());
    assert!(setup.issuers.identify(1, token, utc).is_err(), "there is no such issuer");
}

fn signed(setup: &Setup, rest: &[u8]) {
    let mut parts = parts(rest);
    parts.resize(2, &[]);
    let token = setup.sign(parts[0], parts[1]);
    let utc = Timestamp::from_unix_us(NOW * 1_000_000);
    let Ok(identity) = setup.issuers.identify(0, token.as_bytes(), utc) else { return };
    assert!(!identity.is_anonymous && !identity.is_local);
    assert!(!identity.user.contains(char::is_control));
    assert!(identity.user.chars().count() <= NAME_CHARACTERS, "{}", identity.user);
    let given = [Role::Operator, Role::AuthenticatedUser];
    assert!(Role::ALL.into_iter().all(|it| given.contains(&it) == identity.roles.has(it)));
}

fn key(setup: &Setup, text: &[u8]) {
    let file = setup.folder.path().join("of-input");
    fs::write(&file, text).expect("a folder of ours");
    for algorithm in TokenAlgorithm::ALL {
        let key = IssuerKey { file: file.clone(), algorithm, id: None };
        if let Err(error) = Issuers::open(&[config(vec![key])], URI) {
            assert!(!error.to_string().is_empty());
        }
    }
}

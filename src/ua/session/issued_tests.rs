//! USR-19: what an issuer says is believed, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
};
use serde_json::{Value, json};

use crate::access::Role;
use crate::config::{IssuerConfig, IssuerKey, TokenAlgorithm};
use crate::time::Timestamp;
use crate::ua::session::{Identity, Issuers, TokenProblem};

const NAME: &str = "https://login.example.com";
const URI: &str = "urn:example:cellhouse";
/// The moment of every test, Unix time in s.
const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_unix_us(NOW * 1_000_000)
}

/// A folder with an issuer's key in it, and the configuration that names it.
fn issuer(pair: &KeyPair, algorithm: TokenAlgorithm) -> (tempfile::TempDir, IssuerConfig) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuer.pem");
    std::fs::write(&file, pair.public_key_pem()).unwrap();
    let config = IssuerConfig {
        name: NAME.to_owned(),
        audience: None,
        token_endpoint: None,
        user_claim: "sub".to_owned(),
        roles_claim: "roles".to_owned(),
        roles: vec![("crew".to_owned(), Role::Operator), ("boss".to_owned(), Role::Engineer)],
        keys: vec![IssuerKey { file, algorithm, id: Some("first".to_owned()) }],
        leeway_s: 30,
    };
    (folder, config)
}

/// What a good token says.
fn claims() -> Value {
    json!({
        "iss": NAME, "aud": URI, "sub": "olga", "roles": ["crew", "guest"],
        "nbf": NOW - 10, "exp": NOW + 300,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn header(algorithm: Algorithm) -> Header {
    Header { kid: Some("first".to_owned()), ..Header::new(algorithm) }
}

fn elliptic() -> (KeyPair, EncodingKey) {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
    (pair, key)
}

/// An issuer that signs with ES256.
struct Usual {
    key: EncodingKey,
    pair: KeyPair,
    issuers: Issuers,
}

impl Usual {
    fn new() -> Self {
        let (pair, key) = elliptic();
        let (_folder, config) = issuer(&pair, TokenAlgorithm::Es256);
        let issuers = Issuers::open(&[config], URI).unwrap();
        Self { key, pair, issuers }
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&header(Algorithm::ES256), claims, &self.key).unwrap()
    }

    fn identify(&self, token: &str) -> Result<Identity, TokenProblem> {
        self.issuers.identify(0, token.as_bytes(), now())
    }

    fn refuses(&self, claims: &Value) -> TokenProblem {
        self.identify(&self.sign(claims)).unwrap_err()
    }
}

#[test]
fn usr_19_a_good_token_names_its_user_and_gives_the_roles_that_we_know() {
    let usual = Usual::new();
    let identity = usual.identify(&usual.sign(&claims())).unwrap();
    assert_eq!(identity.user, "olga (https://login.example.com)");
    assert!(!identity.is_anonymous);
    assert_eq!(identity.roles, [Role::Operator, Role::AuthenticatedUser].into_iter().collect());
    let both = usual.identify(&usual.sign(&with("roles", json!(["boss", "crew"])))).unwrap();
    assert!(both.roles.has(Role::Engineer) && both.roles.has(Role::Operator));
    let one = usual.identify(&usual.sign(&with("roles", json!("boss")))).unwrap();
    assert!(one.roles.has(Role::Engineer) && !one.roles.has(Role::Operator));
    assert!(usual.identify(&usual.sign(&with("aud", json!(["urn:other", URI])))).is_ok());
    assert!(usual.identify(&usual.sign(&without("nbf"))).is_ok());
}

#[test]
fn usr_19_each_algorithm_of_the_list_is_taken_with_its_own_key() {
    let rsa = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let of = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let all = [
        (rsa(), TokenAlgorithm::Rs256, Algorithm::RS256),
        (rsa(), TokenAlgorithm::Ps256, Algorithm::PS256),
        (of(&PKCS_ECDSA_P256_SHA256), TokenAlgorithm::Es256, Algorithm::ES256),
        (of(&PKCS_ECDSA_P384_SHA384), TokenAlgorithm::Es384, Algorithm::ES384),
        (of(&PKCS_ED25519), TokenAlgorithm::EdDsa, Algorithm::EdDSA),
    ];
    for (pair, ours, theirs) in all {
        let (_folder, config) = issuer(&pair, ours);
        let pem = pair.serialize_pem();
        let key = match theirs {
            Algorithm::RS256 | Algorithm::PS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
            Algorithm::EdDSA => Ok(EncodingKey::from_ed_der(pair.serialized_der())),
            _ => EncodingKey::from_ec_pem(pem.as_bytes()),
        };
        let token = encode(&header(theirs), &claims(), &key.unwrap()).unwrap();
        let issuers = Issuers::open(std::slice::from_ref(&config), URI).unwrap();
        assert!(issuers.identify(0, token.as_bytes(), now()).is_ok(), "{theirs:?}");
        // The same key, meant for another algorithm.
        for other in TokenAlgorithm::ALL.into_iter().filter(|it| *it != ours) {
            let mut config = config.clone();
            config.keys[0].algorithm = other;
            let refused = Issuers::open(&[config], URI)
                .map_or(Err(TokenProblem::NoKey), |it| it.identify(0, token.as_bytes(), now()));
            assert_eq!(refused, Err(TokenProblem::NoKey), "{theirs:?} as {other:?}");
        }
    }
}

#[test]
fn usr_19_expired_and_early_tokens_are_refused_beyond_the_leeway() {
    let usual = Usual::new();
    assert!(usual.identify(&usual.sign(&with("exp", json!(NOW - 29)))).is_ok());
    assert!(usual.identify(&usual.sign(&with("nbf", json!(NOW + 29)))).is_ok());
    for (name, value) in [
        ("exp", json!(NOW - 31)),
        ("exp", json!(0)),
        ("nbf", json!(NOW + 31)),
        ("nbf", json!("soon")),
    ] {
        let problem = usual.refuses(&with(name, value.clone()));
        assert_eq!(problem, TokenProblem::Time, "{name}: {value}");
        assert!(!problem.is_suspicious());
    }
}

#[test]
fn usr_19_tokens_of_others_for_others_and_without_what_they_need_are_refused() {
    let usual = Usual::new();
    for claims in [
        with("iss", json!("https://login.example.org")),
        with("aud", json!("urn:example:cellhouse2")),
        with("aud", json!(["urn:other"])),
        with("aud", json!([])),
        without("iss"),
        without("aud"),
        without("exp"),
        with("exp", json!(-1e300)),
        with("exp", json!("never")),
    ] {
        let problem = usual.refuses(&claims);
        assert!(matches!(problem, TokenProblem::Refused(_)), "{claims}: {problem}");
        assert!(problem.is_suspicious());
    }
    for (claims, problem) in [
        (without("sub"), TokenProblem::NoUser),
        (with("sub", json!("")), TokenProblem::NoUser),
        (with("sub", json!(7)), TokenProblem::NoUser),
        (with("sub", json!("a\nb")), TokenProblem::NoUser),
        (with("sub", json!("x".repeat(101))), TokenProblem::NoUser),
        (without("roles"), TokenProblem::NoRole),
        (with("roles", json!(["Engineer", "guest"])), TokenProblem::NoRole),
        (with("roles", json!({ "crew": true })), TokenProblem::NoRole),
    ] {
        assert_eq!(usual.refuses(&claims), problem, "{claims}");
    }
}

/// A token put together by hand: nobody's library would.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |it: &Value| URL_SAFE_NO_PAD.encode(it.to_string().as_bytes());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[test]
fn usr_19_no_algorithm_and_the_public_key_as_a_secret_are_refused() {
    let usual = Usual::new();
    for none in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": none, "typ": "JWT", "kid": "first" });
        for signature in ["", "AAAA"] {
            let problem = usual.identify(&forged(&header, &claims(), signature)).unwrap_err();
            assert!(matches!(problem, TokenProblem::Unreadable(_)), "{none}: {problem}");
        }
    }
    let (pem, der) = (usual.pair.public_key_pem(), usual.pair.public_key_raw().to_vec());
    for secret in [pem.as_bytes(), pem.trim().as_bytes(), &der] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let key = EncodingKey::from_secret(secret);
            let token = encode(&header(algorithm), &claims(), &key).unwrap();
            assert_eq!(usual.identify(&token), Err(TokenProblem::NoKey), "{algorithm:?}");
        }
    }
}

#[test]
fn usr_19_a_key_id_chooses_among_our_keys_and_opens_no_file() {
    let usual = Usual::new();
    for id in ["../../../../etc/passwd", "/dev/zero", "second", "", "first\0"] {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
        let token = encode(&header, &claims(), &usual.key).unwrap();
        assert_eq!(usual.identify(&token), Err(TokenProblem::NoKey), "{id}");
    }
    let without = encode(&Header::new(Algorithm::ES256), &claims(), &usual.key).unwrap();
    assert!(usual.identify(&without).is_ok());
    // A key that the token brings itself, by value or by address, counts for nothing.
    let (_, theirs) = elliptic();
    let address = Some("https://login.example.com/keys".to_owned());
    let header = Header { jku: address.clone(), x5u: address, ..header(Algorithm::ES256) };
    let token = encode(&header, &claims(), &theirs).unwrap();
    assert!(matches!(usual.identify(&token), Err(TokenProblem::Refused(_))));
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..header };
    let token = encode(&header, &claims(), &usual.key).unwrap();
    assert_eq!(usual.identify(&token), Err(TokenProblem::Critical));
}

#[test]
fn usr_19_altered_and_broken_tokens_are_refused() {
    let usual = Usual::new();
    let good = usual.sign(&claims());
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let raised = URL_SAFE_NO_PAD.encode(with("roles", json!(["boss"])).to_string().as_bytes());
    let altered = format!("{head}.{raised}.{signature}");
    assert!(matches!(usual.identify(&altered), Err(TokenProblem::Refused(_))));
    for broken in ["", ".", "..", "...", "a.b.c", &good[1..], &good[..good.len() - 4], head] {
        assert!(usual.identify(broken).is_err(), "{broken}");
    }
    assert!(usual.issuers.identify(0, &[0xff; 100], now()).is_err());
    assert_eq!(usual.issuers.identify(1, good.as_bytes(), now()), Err(TokenProblem::NoKey));
}

#[test]
fn a_key_file_that_is_none_is_found_at_the_start() {
    let (pair, _) = elliptic();
    let (folder, config) = issuer(&pair, TokenAlgorithm::Es256);
    let file = folder.path().join("issuer.pem");
    let open = || Issuers::open(std::slice::from_ref(&config), URI);
    assert!(open().is_ok());
    for text in [String::new(), "no key".to_owned(), pair.serialize_pem()] {
        std::fs::write(&file, &text).unwrap();
        let problem = open().unwrap_err().to_string();
        assert!(problem.contains("issuer.pem is no public key for ES256"), "{problem}");
    }
    std::fs::remove_file(&file).unwrap();
    let problem = open().unwrap_err().to_string();
    assert!(problem.contains(NAME) && problem.contains("issuer.pem"), "{problem}");
}

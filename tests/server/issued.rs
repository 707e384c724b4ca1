//! Tokens of an issuer that `server.toml` names: how they are offered, and what becomes of a login.

use std::path::Path;

use cellhouse::config::SecurityPolicy;
use cellhouse::time;
use cellhouse::ua::crypto::{PublicKey, encryption_uri, policy_of};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use opcua_types::{
    ActivateSessionRequest, ActivateSessionResponse, ByteString, ExtensionObject,
    GetEndpointsRequest, GetEndpointsResponse, IssuedIdentityToken, StatusCode, UserTokenPolicy,
    UserTokenType,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};

use crate::raw::{Raw, Server, eventually};

const NAME: &str = "https://login.example.com";

struct Issuer {
    key: EncodingKey,
    _folder: tempfile::TempDir,
    /// For `server.toml`.
    config: String,
}

impl Issuer {
    fn new() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.pem");
        std::fs::write(&file, pair.public_key_pem()).unwrap();
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
        Self { key, config: config(&file), _folder: folder }
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let now = time::now().unix_us() / 1_000_000;
        let mut claims = json!({
            "iss": NAME, "aud": "urn:test:cellhouse", "sub": "olga", "roles": ["crew"],
            "exp": now + 600,
        });
        change(&mut claims);
        encode(&Header::new(Algorithm::ES256), &claims, &self.key).unwrap().into_bytes()
    }
}

fn config(file: &Path) -> String {
    format!(
        "application_uri = \"urn:test:cellhouse\"\n\
         [[issuer]]\n\
         name = \"{NAME}\"\n\
         token_endpoint = \"/token\"\n\
         [[issuer.key]]\n\
         file = \"{}\"\n\
         algorithm = \"ES256\"\n\
         [[issuer.role]]\n\
         claim = \"crew\"\n\
         role = \"Operator\"\n",
        file.display()
    )
}

fn offered(raw: &mut Raw) -> Vec<UserTokenPolicy> {
    let request = GetEndpointsRequest {
        request_header: raw.header(),
        endpoint_url: raw.url.as_str().into(),
        ..GetEndpointsRequest::default()
    };
    let response: GetEndpointsResponse = raw.call(&request).unwrap();
    let tokens = response.endpoints.unwrap().into_iter();
    let tokens = tokens.flat_map(|it| it.user_identity_tokens.unwrap_or_default());
    tokens.filter(|it| it.token_type == UserTokenType::IssuedToken).collect()
}

/// ActivateSession with a token, encrypted as the policy says; `spoil` is done to what is sent.
fn log_in(
    raw: &mut Raw,
    policy: &UserTokenPolicy,
    token: &[u8],
    spoil: impl FnOnce(&mut Vec<u8>),
) -> Result<ActivateSessionResponse, StatusCode> {
    let created = raw.create_session();
    let nonce = created.server_nonce.value.unwrap();
    let certificate = created.server_certificate.value.unwrap();
    let security = policy_of(policy.security_policy_uri.as_ref()).unwrap();
    assert_ne!(security, SecurityPolicy::None, "a token is never sent in clear text");
    let length = (token.len() + nonce.len()) as u32;
    let plain = [&length.to_le_bytes(), token, &nonce].concat();
    let key = PublicKey::of_certificate(&certificate).unwrap();
    let mut sealed = key.encrypt(security, &plain).unwrap();
    spoil(&mut sealed);
    let token = IssuedIdentityToken {
        policy_id: policy.policy_id.clone(),
        token_data: ByteString::from(sealed),
        encryption_algorithm: encryption_uri(security).unwrap().into(),
    };
    let request = ActivateSessionRequest {
        request_header: raw.header(),
        user_identity_token: ExtensionObject::from_message(token),
        ..ActivateSessionRequest::default()
    };
    raw.call(&request)
}

#[test]
fn usr_19_a_token_of_our_issuer_logs_in_and_every_other_is_rejected() {
    let issuer = Issuer::new();
    let server = Server::with(&issuer.config);
    let mut raw = server.open();
    let policies = offered(&mut raw);
    assert_eq!(policies.len(), 11, "each endpoint takes it");
    let policy = &policies[0];
    assert_eq!(policy.issued_token_type.as_ref(), "http://opcfoundation.org/UA/UserToken#JWT");
    let url: Value = serde_json::from_str(policy.issuer_endpoint_url.as_ref()).unwrap();
    assert_eq!(url["ua:authorityUrl"], NAME);
    assert_eq!(url["ua:resourceId"], "urn:test:cellhouse");
    assert_eq!(url["ua:tokenEndpoint"], "/token");

    let good = issuer.token(|_| {});
    log_in(&mut raw, policy, &good, |_| {}).unwrap();
    eventually("the user is logged", || server.logged("olga (https://login.example.com)") > 0);
    let refused = |token: &[u8], what: &str| {
        let answer = log_in(&mut server.open(), policy, token, |_| {});
        assert_eq!(answer.unwrap_err(), StatusCode::BadIdentityTokenRejected, "{what}");
    };
    // Tokens that are over are no attempts to guess: the lock-out does not count them.
    for _ in 0..6 {
        refused(&issuer.token(|it| it["exp"] = json!(1)), "expired");
    }
    refused(&issuer.token(|it| it["aud"] = json!("urn:test:other")), "another audience");
    refused(&issuer.token(|it| it["roles"] = json!(["guest"])), "no role");
    refused(&Issuer::new().token(|_| {}), "another issuer's key");
    let mut again = server.open();
    log_in(&mut again, policy, &good, |_| {}).unwrap();
    let spoilt = log_in(&mut server.open(), policy, &good, |it| it[100] ^= 1);
    assert_eq!(spoilt.unwrap_err(), StatusCode::BadIdentityTokenRejected);
    let long = log_in(&mut server.open(), policy, &[b'x'; 9000], |_| {});
    assert_eq!(long.unwrap_err(), StatusCode::BadIdentityTokenInvalid);
    refused(b"a.b.c", "no token");
    // Five that were made up: now even the good one has to wait.
    refused(&good, "the lock-out");
}

#[test]
fn usr_19_without_an_issuer_no_token_is_offered_or_taken() {
    let server = Server::start();
    let mut raw = server.open();
    assert!(offered(&mut raw).is_empty());
    let policy = UserTokenPolicy {
        policy_id: "issued_1_None".into(),
        security_policy_uri: "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256".into(),
        ..UserTokenPolicy::default()
    };
    let answer = log_in(&mut raw, &policy, b"a.b.c", |_| {});
    assert_eq!(answer.unwrap_err(), StatusCode::BadIdentityTokenInvalid);
}

#[test]
fn usr_19_the_runner_finds_no_token_of_its_own_that_is_taken() {
    let server = Server::with(&Issuer::new().config);
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_cellhouse"))
        .args(["conformance", &format!("opc.tcp://{}", server.address), "--only", "USR-19"])
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && said.contains("USR-19 passed"), "{said}");
}

//! Tokens that nobody issued (Part 6, 6.5.3): the runner has no issuer's key, so each of its tokens must be refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use opcua_types::{
    ByteString, ExtensionObject, IssuedIdentityToken, UAString, UserTokenPolicy, UserTokenType,
};
use serde_json::{Value, json};

use crate::config::SecurityPolicy;
use crate::conformance::client::{Login, policy_of};
use crate::conformance::expect::refused;
use crate::conformance::link::Link;
use crate::conformance::user::{TOKEN, unsecured, waiting};
use crate::conformance::user_certificate::takes;
use crate::conformance::{Bench, Check, Stop};
use crate::time;
use crate::ua::crypto;
use crate::ua::pki;

/// Which issued tokens are JSON Web Tokens.
const JSON_WEB_TOKEN: &str = "http://opcfoundation.org/UA/UserToken#JWT";
/// What stands in front of the signature: a header with this algorithm and key id, and claims as the server wants them.
fn unsigned(policy: &UserTokenPolicy, algorithm: &str, key: &str) -> String {
    let url = serde_json::from_str(policy.issuer_endpoint_url.as_ref());
    let url: Value = url.unwrap_or_default();
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": key });
    let claims = json!({
        "iss": url["ua:authorityUrl"], "aud": url["ua:resourceId"], "sub": "conformance",
        "roles": ["SecurityAdmin"], "exp": time::now().unix_us() / 1_000_000 + 600,
    });
    [header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string().as_bytes())).join(".")
}

/// The policy for JSON Web Tokens on the link's endpoint, that of its channel, and the server's certificate.
fn door(bench: &Bench, link: &Link) -> Result<(UserTokenPolicy, SecurityPolicy, Vec<u8>), Stop> {
    let (endpoint, channel) = match &link.secured {
        Some(secured) => (secured.offer.endpoint.clone(), secured.offer.policy),
        None => (unsecured(bench)?, SecurityPolicy::None),
    };
    let tokens = endpoint.user_identity_tokens.unwrap_or_default();
    let policy = policy_of(&tokens, UserTokenType::IssuedToken)
        .filter(|it| it.issued_token_type.as_ref() == JSON_WEB_TOKEN)
        .ok_or_else(|| Stop::skipped("the endpoint takes no JSON Web Tokens"))?;
    let chain = endpoint.server_certificate.value.unwrap_or_default();
    Ok((policy.clone(), channel, pki::leaf(&chain).to_vec()))
}

/// ActivateSession with this token, encrypted as the server's policy says, is refused.
fn refuses(
    link: &mut Link,
    (policy, channel, certificate): &(UserTokenPolicy, SecurityPolicy, Vec<u8>),
    token: &str,
    of: &str,
) -> Check {
    let mut login = Login::new(policy, *channel, certificate, &link.server_nonce)?;
    login.sender = link.secured.as_ref().map(|it| (&it.identity, link.ephemeral.as_slice()));
    let in_clear = login.policy == SecurityPolicy::None;
    let data = if in_clear { token.as_bytes().to_vec() } else { login.secret(token.as_bytes())? };
    let algorithm = crypto::encryption_uri(login.policy);
    let token = IssuedIdentityToken {
        policy_id: policy.policy_id.clone(),
        token_data: ByteString::from(data),
        encryption_algorithm: algorithm.map_or_else(UAString::null, UAString::from),
    };
    let answer = link.activate_as(ExtensionObject::from_message(token))?;
    refused(&answer, TOKEN, &format!("a token with {of}"))
}

/// USR-19. That a good token is taken only the server's own tests show.
pub(super) fn usr_19(bench: &Bench) -> Check {
    takes(bench, UserTokenType::IssuedToken, "no endpoint takes issued tokens")?;
    let own = bench.wallet()?.identity("runner").under(SecurityPolicy::EccNistP256);
    for (of, algorithm, key) in [
        ("no algorithm", "none", "1"),
        ("the server's certificate as a shared secret", "HS256", "1"),
        ("an unknown issuer's key", "ES256", "1"),
        ("a key id that climbs", "ES256", "../../../../../../etc/passwd"),
    ] {
        let mut link = waiting(bench)?;
        let door = door(bench, &link)?;
        let unsigned = unsigned(&door.0, algorithm, key);
        let signature = match algorithm {
            "none" => Vec::new(),
            "HS256" => crypto::hmac_sha256(&door.2, unsigned.as_bytes()),
            _ => crypto::sign(SecurityPolicy::EccNistP256, &own.key, unsigned.as_bytes())
                .map_err(|_| Stop::failed("the runner cannot sign"))?,
        };
        refuses(
            &mut link,
            &door,
            &format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(&signature)),
            of,
        )?;
    }
    Ok(())
}

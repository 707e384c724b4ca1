//! 4.6, second part: users who show a certificate (Part 4, 7.41.5).

use opcua_types::{
    ActivateSessionRequest, ByteString, ExtensionObject, SignatureData, StatusCode,
    UserTokenPolicy, UserTokenType, X509IdentityToken,
};

use crate::config::SecurityPolicy;
use crate::conformance::bench::{read, standard, value};
use crate::conformance::client::policy_of;
use crate::conformance::expect::{code, good, refused, that};
use crate::conformance::link::Link;
use crate::conformance::user::{TOKEN, created, unsecured};
use crate::conformance::{Bench, Case, Check, Stop, case};
use crate::ua::crypto;

/// Cases of user certificates.
pub(super) const CASES: &[Case] = &[
    case("USR-13", "a trusted user certificate logs in", usr_13),
    case("USR-14", "an unknown user certificate is refused", usr_14),
    case("USR-15", "a user certificate without its signature is refused", usr_15),
    case("USR-16", "a user's signature over an old nonce is refused", usr_16),
    case("USR-17", "user certificates are not offered without a signature policy", usr_17),
    case("USR-18", "an application's certificate is no user's", usr_18),
];

/// The first endpoint that takes this kind of token.
pub(super) fn takes(
    bench: &Bench,
    kind: UserTokenType,
    why: &str,
) -> Result<UserTokenPolicy, Stop> {
    let found = bench
        .endpoints()?
        .into_iter()
        .find_map(|it| policy_of(&it.user_identity_tokens.unwrap_or_default(), kind).cloned());
    found.ok_or_else(|| Stop::skipped(why))
}

const NO_X509: &str = "no endpoint takes a user's certificate";

/// A session on a secured channel that waits for a user's certificate, and the request that brings it:
/// `name` shows the certificate, and the owner of `key` signs.
fn with_certificate(
    bench: &Bench,
    name: &str,
    key: &str,
) -> Result<(Link, ActivateSessionRequest), Stop> {
    takes(bench, UserTokenType::Certificate, NO_X509)?;
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    let request = certificate_request(bench, &link, name, key)?;
    Ok((link, request))
}

fn certificate_request(
    bench: &Bench,
    link: &Link,
    name: &str,
    key: &str,
) -> Result<ActivateSessionRequest, Stop> {
    let Some(secured) = &link.secured else { return Err(Stop::skipped(NO_X509)) };
    let tokens = secured.offer.endpoint.user_identity_tokens.clone().unwrap_or_default();
    let policy = policy_of(&tokens, UserTokenType::Certificate);
    let policy = policy.ok_or_else(|| Stop::skipped(NO_X509))?;
    let own = policy.security_policy_uri.as_ref();
    let signing = if own.is_empty() { Some(secured.offer.policy) } else { crypto::policy_of(own) };
    let signing = signing.ok_or_else(|| Stop::skipped("an unknown policy signs for users"))?;
    let token = X509IdentityToken {
        policy_id: policy.policy_id.clone(),
        certificate_data: ByteString::from(bench.wallet()?.identity(name).chain),
    };
    let data = [secured.offer.certificate(), link.server_nonce.as_slice()].concat();
    let signature = crypto::sign(signing, &bench.wallet()?.identity(key).key, &data)
        .map_err(|_| Stop::failed("the runner cannot sign"))?;
    let mut request = link.activate_request(ExtensionObject::from_message(token))?;
    request.user_token_signature = SignatureData {
        algorithm: crypto::signature_uri(signing).unwrap_or_default().into(),
        signature: ByteString::from(signature),
    };
    Ok(request)
}

/// A session of the runner's user, who logged in by certificate.
fn by_certificate(bench: &Bench) -> Result<Link, Stop> {
    let (mut link, request) = with_certificate(bench, "user", "user")?;
    match link.activate_with(&request)? {
        Ok(_) => Ok(link),
        Err(status) => {
            code(status, TOKEN, "a user's certificate")?;
            Err(Stop::skipped(
                "the server knows no user by the runner's users/certs/user.der: run with --pki DIR and give it that",
            ))
        }
    }
}

fn usr_13(bench: &Bench) -> Check {
    read(&mut by_certificate(bench)?, vec![value(standard(2259))]).map(|_| ())
}

fn usr_14(bench: &Bench) -> Check {
    let strange = [TOKEN, &[StatusCode::BadUserSignatureInvalid]].concat();
    for (name, key) in [("stranger", "stranger"), ("expired", "runner"), ("authority", "runner")] {
        let (mut link, request) = with_certificate(bench, name, key)?;
        refused(&link.activate_with(&request)?, &strange, &format!("the certificate {name}"))?;
    }
    Ok(())
}

fn usr_15(bench: &Bench) -> Check {
    by_certificate(bench)?;
    let wanted = [StatusCode::BadUserSignatureInvalid];
    let (mut link, mut request) = with_certificate(bench, "user", "user")?;
    request.user_token_signature = SignatureData::default();
    refused(&link.activate_with(&request)?, &wanted, "a user's certificate without a signature")?;
    let (mut link, request) = with_certificate(bench, "user", "runner")?;
    refused(&link.activate_with(&request)?, &wanted, "a user's certificate signed with another key")
}

fn usr_16(bench: &Bench) -> Check {
    let mut link = by_certificate(bench)?;
    let wanted = [StatusCode::BadUserSignatureInvalid];
    let old = certificate_request(bench, &link, "user", "user")?.user_token_signature;
    good(link.activate()?, "ActivateSession, anonymous")?;
    let mut request = certificate_request(bench, &link, "user", "user")?;
    request.user_token_signature = old;
    refused(
        &link.activate_with(&request)?,
        &wanted,
        "a user's signature over the nonce of before",
    )?;
    let (mut link, mut request) = with_certificate(bench, "user", "user")?;
    // As if another server had asked for the signature and passed it on.
    let data = [&bench.wallet()?.identity("stranger").chain, link.server_nonce.as_slice()].concat();
    let policy = link.secured.as_ref().map_or(SecurityPolicy::None, |it| it.offer.policy);
    let signature = crypto::sign(policy, &bench.wallet()?.identity("user").key, &data)
        .map_err(|_| Stop::failed("the runner cannot sign"))?;
    request.user_token_signature.signature = ByteString::from(signature);
    refused(&link.activate_with(&request)?, &wanted, "a user's signature for another server")
}

fn usr_17(bench: &Bench) -> Check {
    let tokens = unsecured(bench)?.user_identity_tokens.unwrap_or_default();
    let mut bare = tokens.iter().filter(|it| it.token_type == UserTokenType::Certificate);
    let unsigned = |it: &UserTokenPolicy| {
        let uri = it.security_policy_uri.as_ref();
        uri.is_empty() || uri.ends_with("#None")
    };
    that(!bare.any(unsigned), "a user certificate is offered without a signature")?;
    let mut link = created(bench)?;
    let token = X509IdentityToken {
        policy_id: tokens.first().map(|it| it.policy_id.clone()).unwrap_or_default(),
        certificate_data: ByteString::from(bench.wallet()?.identity("stranger").chain),
    };
    let answer = link.activate_as(ExtensionObject::from_message(token))?;
    let wanted = [TOKEN, &[StatusCode::BadUserSignatureInvalid]].concat();
    refused(&answer, &wanted, "a user certificate without a signature")
}

fn usr_18(bench: &Bench) -> Check {
    bench.runner()?;
    let (mut link, request) = with_certificate(bench, "runner", "runner")?;
    refused(&link.activate_with(&request)?, TOKEN, "an application's certificate as a user's")
}

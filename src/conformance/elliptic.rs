//! What is peculiar to elliptic policies: sequence numbers, and secrets for an ephemeral key (Part 6, 6.7.2.4, 6.8).

use opcua_types::{StatusCode, UAString, Variant};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::client::{ask_key, told_key};
use crate::conformance::expect::{equal, good, refused, that};
use crate::conformance::link::Link;
use crate::conformance::secure::{Offer, Opening};
use crate::conformance::user::{DENIED, Door, TOKEN, log_in, log_in_well};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of elliptic policies.
pub(super) const CASES: &[Case] = &[
    case("SC-17", "new sequence numbers begin with 0 and wrap behind the last", sc_17),
    alone("USR-20", "secrets of elliptic policies use a fresh key", usr_20),
];

/// The elliptic endpoints, or why there is nothing to show.
fn offers(bench: &Bench) -> Result<Vec<&Offer>, Stop> {
    let all: Vec<&Offer> = bench.offers()?.iter().filter(|it| it.policy.is_elliptic()).collect();
    if !all.is_empty() {
        return Ok(all);
    }
    let is_new = |uri: &UAString| ["#ECC_", "#RSA_DH_"].iter().any(|it| uri.as_ref().contains(it));
    let has_new = bench.endpoints()?.iter().any(|it| is_new(&it.security_policy_uri));
    Err(Stop::skipped(if has_new {
        "the runner speaks ECC_nistP256 and ECC_nistP384 of the new policies"
    } else {
        "the server offers no elliptic policy"
    }))
}

/// A session as the runner on this endpoint.
fn session(bench: &Bench, offer: &Offer, first: u32) -> Result<Option<Link>, Stop> {
    let mut link = Link::greeted(&bench.options.url, offer, &bench.runner()?)?;
    link.sequence = first.wrapping_sub(1);
    if link.open_with(&Opening::default()).is_err() && first != 0 {
        // The first number must be 0, and this server sees to it.
        return Ok(None);
    }
    good(link.create_session(60_000.0)?, "CreateSession")?;
    Ok(Some(link))
}

fn sc_17(bench: &Bench) -> Check {
    for offer in offers(bench)? {
        let Some(mut link) = session(bench, offer, 0)? else { continue };
        let first = link.secured.as_ref().and_then(|it| it.first_sequence);
        equal(first, Some(0), "the number of the server's first chunk")?;
        good(link.activate()?, "ActivateSession")?;
        // Open, create, activate, read: the last of them is the number behind the wrap.
        let Some(mut link) = session(bench, offer, u32::MAX - 2)? else { continue };
        good(link.activate()?, "ActivateSession under the last number")?;
        equal(link.sequence, u32::MAX, "the number sent last")?;
        read(&mut link, vec![value(standard(2259))])
            .map_err(|it| Stop::failed(format!("behind the wrap to 0: {it:?}")))?;
        let Some(mut link) = session(bench, offer, u32::MAX - 100)? else { continue };
        link.sequence = u32::MAX;
        let request = link.activate_request(opcua_types::ExtensionObject::null())?;
        link.ask(&request);
        let said = link.refusal()?.unwrap_or(StatusCode::BadSecurityChecksFailed);
        that(
            [StatusCode::BadSecurityChecksFailed, StatusCode::BadSequenceNumberInvalid]
                .contains(&said),
            format!("a wrap before the last number: {said}"),
        )?;
    }
    Ok(())
}

fn usr_20(bench: &Bench) -> Check {
    let user = bench.user()?;
    for (at, offer) in offers(bench)?.into_iter().enumerate() {
        let named = |of: &str| format!("{}: {of}", offer.name());
        let Some(mut link) = session(bench, offer, 0)? else { continue };
        let first = link.ephemeral.clone();
        that(!first.is_empty(), named("CreateSession gives no ECDHKey"))?;
        log_in_well(bench, &mut link)?;
        that(!link.ephemeral.is_empty(), named("ActivateSession gives no ECDHKey"))?;
        good(log_in(bench, &mut link, &user.name, &user.password)?, &named("a second login"))?;
        rsa_style(bench, &mut link)?;
        if at > 0 {
            // Refused logins bring a lock-out about: one is enough.
            continue;
        }
        // A secret for a key that was used already, with everything else as it should be.
        let fresh = std::mem::replace(&mut link.ephemeral, first);
        let answer = log_in(bench, &mut link, &user.name, &user.password)?;
        refused(&answer, DENIED, &named("a secret for a key that was used before"))?;
        link.ephemeral = fresh;
        log_in_well(bench, &mut link)?;
    }
    unknown_policy(bench)
}

/// A password as RSA policies encrypt it is refused on an elliptic channel.
fn rsa_style(bench: &Bench, link: &mut Link) -> Check {
    let user = bench.user()?;
    let door = Door::of(bench, link)?;
    for algorithm in [
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep",
        "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256",
    ] {
        let login = door.login(link)?;
        let secret = login.secret(user.password.as_bytes())?;
        let token = login.raw(&user.name, secret, algorithm.into());
        let answer = link.activate_as(token)?;
        refused(&answer, &[TOKEN, DENIED].concat(), &format!("a secret of {algorithm}"))?;
    }
    Ok(())
}

/// A key of a policy that is not the endpoint's is not given; the session is created all the same.
fn unknown_policy(bench: &Bench) -> Check {
    for offer in offers(bench)? {
        let mut link = Link::open_secured(&bench.options.url, offer, &bench.runner()?)?;
        let mut request = link.session_request(60_000.0);
        let rsa = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256";
        request.request_header.additional_header = ask_key(rsa);
        let response: opcua_types::CreateSessionResponse =
            good(link.call(&request)?, "CreateSession that asks for a key of an RSA policy")?;
        link.session = response.authentication_token;
        if let Some(told) = told_key(&response.response_header) {
            let is_status = matches!(told, Variant::StatusCode(it) if it.is_bad());
            that(is_status, format!("a key of an RSA policy: {told}"))?;
        }
    }
    Ok(())
}

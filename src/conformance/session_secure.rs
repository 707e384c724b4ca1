//! 4.5, second part: sessions under signatures, their bounds, and users that change.

use std::time::Duration;

use opcua_types::{
    AttributeId, ByteString, CallMethodRequest, CallRequest, CallResponse, ExtensionObject, NodeId,
    StatusCode, Variant,
};

use crate::conformance::audit::entry_comes_back;
use crate::conformance::bench::{attribute, read, standard, value};
use crate::conformance::expect::{code, equal, good, refused, some, that};
use crate::conformance::item::{create, item};
use crate::conformance::link::Link;
use crate::conformance::method::fixture_method;
use crate::conformance::subscription::{data, publish_request, subscribe};
use crate::conformance::transfer::transfer;
use crate::conformance::user::{Door, log_in, log_in_well, waiting};
use crate::conformance::view::limit;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of secured sessions and of users that change.
pub(super) const CASES: &[Case] = &[
    case("SES-05", "a client nonce that is too short is refused", ses_05),
    case("SES-06", "a certificate that is not the channel's is refused", ses_06),
    alone("SES-10", "one session too many is refused", ses_10),
    case("SES-15", "every service keeps its session alive", ses_15),
    case("SES-16", "activation with no signature or another key is refused", ses_16),
    case("SES-17", "a signature over an older nonce is refused", ses_17),
    alone("SES-21", "a session does not move to another certificate or user", ses_21),
    case("SES-25", "subscriptions outlive their session if it says so", ses_25),
    case("SES-29", "a request that runs out of time is given up", ses_29),
    case("SES-31", "the audit entry id comes back in audit events", ses_31),
    case("SES-33", "a slow method of one session holds no other up", ses_33),
    alone("SES-35", "two activations at once leave one user, and that user's rights", ses_35),
    alone("SES-36", "a new user's rights apply at once", ses_36),
    alone("SES-37", "a failed change of user changes nothing", ses_37),
];

/// Sessions opened at most to find the server's bound.
const CROWD: usize = 300;

fn alive(link: &mut Link) -> Check {
    read(link, vec![value(standard(2259))]).map(|_| ())
}

fn ses_05(bench: &Bench) -> Check {
    for length in [0, 1, 31] {
        let mut link = bench.open_secured()?;
        let mut request = link.session_request(60_000.0);
        request.client_nonce = ByteString::from(vec![7; length]);
        let of = format!("CreateSession with a nonce of {length} bytes");
        refused(&link.create_with(&request)?, &[StatusCode::BadNonceInvalid], &of)?;
    }
    Ok(())
}

fn ses_06(bench: &Bench) -> Check {
    let mut link = bench.open_secured()?;
    let mut request = link.session_request(60_000.0);
    request.client_certificate = bench.wallet()?.identity("stranger").chain.into();
    let wanted = [StatusCode::BadSecurityChecksFailed, StatusCode::BadCertificateInvalid];
    refused(&link.create_with(&request)?, &wanted, "CreateSession with another certificate")
}

fn ses_10(bench: &Bench) -> Check {
    let mut all = vec![bench.session()?];
    let bound = limit(&mut all[0], 24095)?;
    while all.len() < CROWD {
        let mut link = bench.open()?;
        match link.create_session(60_000.0)? {
            Ok(_) => good(link.activate()?, "ActivateSession")?,
            Err(status) => {
                code(status, &[StatusCode::BadTooManySessions], "one session too many")?;
                return alive(&mut all[0]);
            }
        };
        all.push(link);
    }
    match bound {
        Some(bound) if bound < CROWD => {
            Err(Stop::failed(format!("{CROWD} sessions where MaxSessions is {bound}")))
        }
        _ => Err(Stop::skipped(format!("the server holds more than {CROWD} sessions"))),
    }
}

fn ses_15(bench: &Bench) -> Check {
    let mut links = Vec::new();
    for _ in 0..2 {
        let mut link = bench.open()?;
        let timeout = good(link.create_session(1000.0)?, "CreateSession")?.revised_session_timeout;
        if timeout > 8000.0 {
            return Err(Stop::skipped(format!("the shortest session timeout is {timeout} ms")));
        }
        good(link.activate()?, "ActivateSession")?;
        links.push((link, timeout));
    }
    let (publishing, timeout) = &mut links[1];
    let pause = Duration::from_secs_f64(*timeout / 3000.0);
    subscribe(publishing, 60_000.0)?;
    // Five thirds of the timeout: without the requests both would be gone.
    for _ in 0..5 {
        time::wait(pause);
        alive(&mut links[0].0)?;
        let request = publish_request(&links[1].0, &[]);
        links[1].0.ask(&request);
    }
    // Answers to the Publish requests may stand in front of that to the Read.
    let (link, _) = &mut links[1];
    let request = crate::conformance::bench::read_request(link, vec![value(standard(2259))]);
    let asked = link.ask(&request);
    for _ in 0..10 {
        let (id, kind, body) = link.message()?;
        if id == asked {
            let answer = link.decode::<opcua_types::ReadResponse>(kind, &body)?;
            return good(answer, "Read of a session that only published").map(|_| ());
        }
    }
    Err(Stop::failed("no answer to the Read"))
}

fn ses_16(bench: &Bench) -> Check {
    let wanted = [StatusCode::BadApplicationSignatureInvalid];
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    let mut request = link.activate_request(ExtensionObject::null())?;
    request.client_signature.signature = ByteString::null();
    refused(&link.activate_with(&request)?, &wanted, "ActivateSession without a signature")?;
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    let own = link.secured.as_ref().map(|it| it.identity.clone());
    if let Some(secured) = &mut link.secured {
        secured.identity.key = bench.wallet()?.identity("other").key;
    }
    let request = link.activate_request(ExtensionObject::null())?;
    if let Some((secured, own)) = link.secured.as_mut().zip(own) {
        secured.identity = own;
    }
    refused(&link.activate_with(&request)?, &wanted, "ActivateSession signed with another key")
}

fn ses_17(bench: &Bench) -> Check {
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    let old = link.server_nonce.clone();
    good(link.activate()?, "ActivateSession")?;
    link.server_nonce = old;
    let wanted = [StatusCode::BadApplicationSignatureInvalid];
    refused(&link.activate()?, &wanted, "ActivateSession signed over the nonce of before")
}

/// Another link takes the session over, or tries to.
fn seize(link: &Link, by: &mut Link) {
    by.session = link.session.clone();
    by.server_nonce.clone_from(&link.server_nonce);
}

fn ses_21(bench: &Bench) -> Check {
    let wanted = [StatusCode::BadSecurityChecksFailed, StatusCode::BadUserAccessDenied];
    let mut own = bench.secured_session()?;
    let other = bench.trusted_wallet()?.identity("other");
    let mut thief = Link::open_secured(&bench.options.url, bench.offer()?, &other)?;
    seize(&own, &mut thief);
    refused(&thief.activate()?, &wanted, "ActivateSession with another certificate")?;
    thief.session = NodeId::null();
    let mut unsecured = bench.open()?;
    seize(&own, &mut unsecured);
    refused(&unsecured.activate()?, &wanted, "ActivateSession on an unsecured channel")?;
    unsecured.session = NodeId::null();
    alive(&mut own)?;
    let Ok(user) = bench.user() else { return Ok(()) };
    log_in_well(bench, &mut waiting(bench)?)?;
    let mut moved = bench.open_secured()?;
    seize(&own, &mut moved);
    let answer = log_in(bench, &mut moved, &user.name, &user.password)?;
    refused(&answer, &wanted, "ActivateSession with another user on another channel")?;
    moved.session = NodeId::null();
    alive(&mut own)
}

fn ses_25(bench: &Bench) -> Check {
    let (mut old, mut new) = (bench.session()?, bench.session()?);
    let id = subscribe(&mut old, 100.0)?;
    create(&mut old, id, vec![item(standard(2255), 1)])?;
    data(&mut old)?;
    good(old.close_session(false)?, "CloseSession without its subscriptions")?;
    old.session = NodeId::null();
    let answer = transfer(&mut new, vec![id], true)?;
    if answer.as_ref().is_err_and(|it| *it == StatusCode::BadServiceUnsupported) {
        return Err(Stop::skipped("the server has no TransferSubscriptions"));
    }
    let results = good(answer, "TransferSubscriptions")?.results.unwrap_or_default();
    let status = some(results.first(), "the result of TransferSubscriptions")?.status_code;
    if status == StatusCode::BadUserAccessDenied {
        return Err(Stop::skipped("the server moves no subscriptions of anonymous users"));
    }
    that(status.is_good(), format!("the subscription of a closed session: {status}"))?;
    equal(data(&mut new)?.subscription_id, id, "the subscription in its new session")
}

/// A method of the fixture that takes so long.
fn slow(bench: &Bench, seconds: f64) -> Result<CallMethodRequest, Stop> {
    if bench.material()?.fixture.is_none() {
        return Err(Stop::skipped("needs a method that takes seconds: the fixture has one"));
    }
    fixture_method(bench, "Slow", vec![Variant::Double(seconds)])
}

fn ses_29(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let method = slow(bench, 3.0)?;
    let mut header = link.header();
    header.timeout_hint = 1;
    let request = CallRequest { request_header: header, methods_to_call: Some(vec![method]) };
    let start = time::monotonic();
    let answer = link.call::<CallResponse>(&request)?;
    let wanted = [StatusCode::BadTimeout, StatusCode::BadRequestTimeout];
    refused(&answer, &wanted, "a method of 3 s under a TimeoutHint of 1 ms")?;
    let took = time::monotonic() - start;
    that(took < Duration::from_secs(2), format!("the timeout is told after {took:?}"))
}

fn ses_31(bench: &Bench) -> Check {
    entry_comes_back(bench)
}

fn ses_33(bench: &Bench) -> Check {
    let (mut blocked, mut free) = (bench.session()?, bench.session()?);
    let request = CallRequest {
        request_header: blocked.header(),
        methods_to_call: Some(vec![slow(bench, 3.0)?]),
    };
    let begin = time::monotonic();
    blocked.ask(&request);
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let start = time::monotonic();
        alive(&mut free)?;
        slowest = slowest.max(time::monotonic() - start);
    }
    that(slowest < Duration::from_millis(500), format!("a Read beside it took {slowest:?}"))?;
    good(blocked.answer::<CallResponse>()?, "the slow method")?;
    let took = time::monotonic() - begin;
    that(took >= Duration::from_secs(2), format!("the slow method took {took:?} only"))
}

/// UserAccessLevel of each, as this session's user sees it.
fn rights(link: &mut Link, nodes: &[NodeId]) -> Result<Vec<bool>, Stop> {
    let wanted = nodes.iter().map(|it| attribute(it.clone(), AttributeId::UserAccessLevel));
    let results = read(link, wanted.collect())?;
    Ok(results
        .iter()
        .map(|it| matches!(it.value, Some(Variant::Byte(level)) if level & 2 != 0))
        .collect())
}

/// Variables that the user may write and nobody else may; at most twenty.
pub(super) fn gained(bench: &Bench) -> Result<Vec<NodeId>, Stop> {
    bench.user()?;
    let candidates: Vec<NodeId> = bench
        .material()?
        .variables
        .iter()
        .filter(|it| it.access & 2 != 0 && it.user_access & 2 == 0)
        .map(|it| it.node.clone())
        .take(200)
        .collect();
    let none = || Stop::skipped("the user may write no more than anonymous users");
    if candidates.is_empty() {
        return Err(none());
    }
    let mut link = waiting(bench)?;
    log_in_well(bench, &mut link)?;
    let may = rights(&mut link, &candidates)?;
    let found: Vec<NodeId> = candidates
        .into_iter()
        .zip(may)
        .filter_map(|(it, may)| may.then_some(it))
        .take(20)
        .collect();
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

fn ses_35(bench: &Bench) -> Check {
    let nodes = gained(bench)?;
    let user = bench.user()?;
    for user_first in [true, false] {
        let mut link = waiting(bench)?;
        good(link.activate()?, "ActivateSession")?;
        let token =
            Door::of(bench, &link)?.login(&link)?.token(&user.name, user.password.as_bytes())?;
        let mut both =
            vec![link.activate_request(token)?, link.activate_request(ExtensionObject::null())?];
        if !user_first {
            both.reverse();
        }
        for request in &both {
            link.ask(request);
        }
        let mut won = 0;
        for _ in 0..2 {
            won += usize::from(link.answer::<opcua_types::ActivateSessionResponse>()?.is_ok());
        }
        that(won > 0, "two activations at once, and neither succeeds")?;
        let may = rights(&mut link, &nodes)?;
        let is_one = may.iter().all(|it| *it == may[0]);
        that(is_one, format!("rights of two users in one session: {may:?}"))?;
    }
    Ok(())
}

fn ses_36(bench: &Bench) -> Check {
    let nodes = gained(bench)?;
    let mut link = waiting(bench)?;
    good(link.activate()?, "ActivateSession")?;
    that(!rights(&mut link, &nodes)?.contains(&true), "an anonymous user may write already")?;
    let id = subscribe(&mut link, 100.0)?;
    create(&mut link, id, vec![item(standard(2258), 1)])?;
    log_in_well(bench, &mut link)?;
    that(!rights(&mut link, &nodes)?.contains(&false), "the new user has not all rights at once")?;
    data(&mut link).map_err(|it| Stop::failed(format!("Publish after the change: {it:?}")))?;
    good(link.activate()?, "ActivateSession, anonymous again")?;
    that(!rights(&mut link, &nodes)?.contains(&true), "the user of before has left rights behind")
}

fn ses_37(bench: &Bench) -> Check {
    let nodes = gained(bench)?;
    let user = bench.user()?;
    let mut link = waiting(bench)?;
    log_in_well(bench, &mut link)?;
    let answer = log_in(bench, &mut link, &user.name, "not the password")?;
    let wanted = [StatusCode::BadUserAccessDenied, StatusCode::BadIdentityTokenRejected];
    refused(&answer, &wanted, "a change of user with a wrong password")?;
    that(!rights(&mut link, &nodes)?.contains(&false), "the user of before has lost rights")
}

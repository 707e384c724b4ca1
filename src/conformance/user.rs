//! 4.6: user tokens (Part 4, 7.41) but certificates. Cases that fail logins run by themselves, the lock-out last of all.

use std::time::Duration;

use opcua_types::{
    ActivateSessionResponse, AnonymousIdentityToken, EndpointDescription, ExtensionObject,
    StatusCode, UAString, UserTokenPolicy, UserTokenType, Variant,
};

use crate::config::SecurityPolicy;
use crate::conformance::bench::{read, read_one, standard, value};
use crate::conformance::client::{Login, policy_of};
use crate::conformance::expect::{code, good, refused, that};
use crate::conformance::issued::usr_19;
use crate::conformance::link::{Answer, Link};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;
use crate::ua::crypto;
use crate::ua::pki;

/// Cases of user tokens.
pub(super) const CASES: &[Case] = &[
    case("USR-01", "the anonymous token is taken", usr_01),
    case("USR-02", "no token is the anonymous token", usr_02),
    case("USR-03", "unknown policy ids and those of another kind are refused", usr_03),
    alone("USR-04", "the right password logs in on every endpoint", usr_04),
    alone("USR-05", "an unknown user and a wrong password look the same", usr_05),
    // In front of those that fail logins and measure nothing: a lock-out would be waited for.
    alone("USR-10", "broken padding, wrong nonce and wrong password look the same", usr_10),
    alone("USR-06", "empty and huge names and passwords are refused", usr_06),
    alone("USR-07", "a password encrypted in another way is refused", usr_07),
    alone("USR-08", "a password in clear text is refused", usr_08),
    alone("USR-09", "a password of an earlier session is refused", usr_09),
    case("USR-11", "Basic128Rsa15 is off", usr_11),
    alone("USR-19", "issued tokens with anything wrong are refused", usr_19),
    alone("USR-12", "who guesses passwords is slowed down, and nobody else", usr_12),
];

/// Codes for a token that does not fit.
pub(super) const TOKEN: &[StatusCode] =
    &[StatusCode::BadIdentityTokenInvalid, StatusCode::BadIdentityTokenRejected];
/// Codes for a login that is refused.
pub(super) const DENIED: &[StatusCode] = &[
    StatusCode::BadUserAccessDenied,
    StatusCode::BadIdentityTokenInvalid,
    StatusCode::BadIdentityTokenRejected,
];
/// A good login that meets a lock-out is tried again for so long.
const LOCKED: Duration = Duration::from_secs(45);

/// Where a link logs in: the endpoint's token policy, and what encrypts the password.
pub(super) struct Door {
    policy: UserTokenPolicy,
    channel: SecurityPolicy,
    certificate: Vec<u8>,
}

impl Door {
    /// The endpoint that this link is on.
    pub(super) fn of(bench: &Bench, link: &Link) -> Result<Self, Stop> {
        let (endpoint, channel) = match &link.secured {
            Some(secured) => (secured.offer.endpoint.clone(), secured.offer.policy),
            None => (unsecured(bench)?, SecurityPolicy::None),
        };
        let tokens = endpoint.user_identity_tokens.unwrap_or_default();
        let policy = policy_of(&tokens, UserTokenType::UserName)
            .ok_or_else(|| Stop::skipped("the endpoint takes no user names"))?
            .clone();
        let chain = endpoint.server_certificate.value.unwrap_or_default();
        Ok(Self { policy, channel, certificate: pki::leaf(&chain).to_vec() })
    }

    /// With the nonce that the server gave last.
    pub(super) fn login<'a>(&'a self, link: &'a Link) -> Result<Login<'a>, Stop> {
        let mut login =
            Login::new(&self.policy, self.channel, &self.certificate, &link.server_nonce)?;
        login.sender = link.secured.as_ref().map(|it| (&it.identity, link.ephemeral.as_slice()));
        Ok(login)
    }
}

/// The endpoint without security.
pub(super) fn unsecured(bench: &Bench) -> Result<EndpointDescription, Stop> {
    let mut all = bench.endpoints()?.into_iter();
    all.find(|it| it.security_policy_uri.as_ref().ends_with("#None"))
        .ok_or_else(|| Stop::skipped("the server has no endpoint without security"))
}

/// A session that waits for its activation: on a secured channel where there is one.
pub(super) fn waiting(bench: &Bench) -> Result<Link, Stop> {
    let mut link = match bench.open_secured() {
        Ok(link) => link,
        Err(Stop::Skipped(_)) => bench.open()?,
        Err(failed) => return Err(failed),
    };
    good(link.create_session(60_000.0)?, "CreateSession")?;
    Ok(link)
}

/// ActivateSession with this name and password.
pub(super) fn log_in(
    bench: &Bench,
    link: &mut Link,
    name: &str,
    password: &str,
) -> Result<Answer<ActivateSessionResponse>, Stop> {
    let door = Door::of(bench, link)?;
    let token = door.login(link)?.token(name, password.as_bytes())?;
    link.activate_as(token)
}

/// The user logs in, once a lock-out that other cases brought about has passed.
pub(super) fn log_in_well(bench: &Bench, link: &mut Link) -> Check {
    let user = bench.user()?;
    let end = time::monotonic() + LOCKED;
    loop {
        match log_in(bench, link, &user.name, &user.password)? {
            Ok(_) => return Ok(()),
            Err(status) if time::monotonic() < end => {
                code(status, DENIED, "the login of the good user")?;
                time::wait(Duration::from_millis(500));
            }
            Err(status) => return Err(Stop::unexpected("the good user's login", "Good", status)),
        }
    }
}

/// A session of the runner's user.
pub(super) fn user_session(bench: &Bench) -> Result<Link, Stop> {
    bench.user()?;
    let mut link = waiting(bench)?;
    log_in_well(bench, &mut link)?;
    Ok(link)
}

fn anonymous(bench: &Bench) -> Result<UserTokenPolicy, Stop> {
    let tokens = unsecured(bench)?.user_identity_tokens.unwrap_or_default();
    let policy = policy_of(&tokens, UserTokenType::Anonymous).cloned();
    policy.ok_or_else(|| Stop::skipped("the endpoint without security takes nobody anonymous"))
}

fn anonymous_token(policy_id: UAString) -> ExtensionObject {
    ExtensionObject::from_message(AnonymousIdentityToken { policy_id })
}

/// A session that waits for its activation on an unsecured channel.
pub(super) fn created(bench: &Bench) -> Result<Link, Stop> {
    let mut link = bench.open()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    Ok(link)
}

fn usr_01(bench: &Bench) -> Check {
    let token = anonymous_token(anonymous(bench)?.policy_id);
    good(created(bench)?.activate_as(token)?, "ActivateSession, anonymous").map(|_| ())
}

fn usr_02(bench: &Bench) -> Check {
    anonymous(bench)?;
    good(created(bench)?.activate_as(ExtensionObject::null())?, "ActivateSession without a token")
        .map(|_| ())
}

fn usr_03(bench: &Bench) -> Check {
    let mut link = created(bench)?;
    let answer = link.activate_as(anonymous_token("no-such-policy".into()))?;
    refused(&answer, TOKEN, "an anonymous token with an unknown policy id")?;
    let mut link = created(bench)?;
    let door = Door::of(bench, &link)?;
    let answer = link.activate_as(anonymous_token(door.policy.policy_id.clone()))?;
    refused(&answer, TOKEN, "an anonymous token with the policy id of user names")?;
    let mut link = created(bench)?;
    let mut login = door.login(&link)?;
    login.policy_id = anonymous(bench)?.policy_id;
    let secret = login.secret(b"password")?;
    let token = login.raw("nobody", secret, UAString::null());
    refused(&link.activate_as(token)?, TOKEN, "a user name with the policy id of nobody")
}

fn usr_04(bench: &Bench) -> Check {
    bench.user()?;
    log_in_well(bench, &mut created(bench)?)?;
    let who = match bench.runner() {
        Ok(who) => who,
        // Shown without security at least.
        Err(Stop::Skipped(_)) => return Ok(()),
        Err(failed) => return Err(failed),
    };
    for offer in bench.offers()? {
        let mut link = Link::open_secured(&bench.options.url, offer, &who)?;
        good(link.create_session(60_000.0)?, &offer.name())?;
        log_in_well(bench, &mut link)?;
        read(&mut link, vec![value(standard(2259))])?;
    }
    Ok(())
}

/// How the server refuses, and how long it takes.
fn timed(
    link: &mut Link,
    token: ExtensionObject,
) -> Result<(Answer<ActivateSessionResponse>, Duration), Stop> {
    let start = time::monotonic();
    let answer = link.activate_as(token)?;
    Ok((answer, time::monotonic() - start))
}

/// Refusals that must not differ, in code or in the class of time they take.
fn alike(all: &[(Answer<ActivateSessionResponse>, Duration)], of: &str) -> Check {
    let mut statuses: Vec<StatusCode> = Vec::new();
    for (answer, _) in all {
        refused(answer, DENIED, of)?;
        statuses.extend(answer.as_ref().err());
    }
    that(statuses.iter().all(|it| *it == statuses[0]), format!("{of}: {statuses:?}"))?;
    let times: Vec<Duration> = all.iter().map(|(_, took)| *took).collect();
    let slowest = times.iter().max().copied().unwrap_or_default();
    let fastest = times.iter().min().copied().unwrap_or_default();
    // A password check takes tens of milliseconds; one that is left out shows.
    that(
        slowest <= fastest * 4 + Duration::from_millis(10),
        format!("{of}: the times tell them apart: {times:?}"),
    )
}

fn usr_05(bench: &Bench) -> Check {
    let user = bench.user()?;
    let mut all = Vec::new();
    for (name, password) in [("nobody-of-this-name", "wrong"), (&user.name, "not the password")] {
        log_in_well(bench, &mut waiting(bench)?)?;
        let mut link = waiting(bench)?;
        let token = Door::of(bench, &link)?.login(&link)?.token(name, password.as_bytes())?;
        all.push(timed(&mut link, token)?);
    }
    alike(&all, "unknown user, wrong password")
}

fn usr_06(bench: &Bench) -> Check {
    let user = bench.user()?;
    // As long as fits into one chunk once it is encrypted.
    let huge = "x".repeat(40 << 10);
    let fits = [DENIED, &[StatusCode::BadRequestTooLarge, StatusCode::BadEncodingLimitsExceeded]];
    for (name, password) in [("", "password"), (&user.name, ""), (&user.name, &huge)] {
        let mut link = waiting(bench)?;
        let of = format!("a name of {} and a password of {} bytes", name.len(), password.len());
        refused(&log_in(bench, &mut link, name, password)?, &fits.concat(), &of)?;
    }
    read(&mut bench.session()?, vec![value(standard(2259))]).map(|_| ())
}

fn usr_07(bench: &Bench) -> Check {
    let user = bench.user()?;
    for algorithm in ["http://www.w3.org/2001/04/xmlenc#rsa-1_5", ""] {
        let mut link = waiting(bench)?;
        let door = Door::of(bench, &link)?;
        let login = door.login(&link)?;
        if login.policy == SecurityPolicy::None {
            return Err(Stop::skipped("the server takes passwords in clear text"));
        }
        let secret = match algorithm {
            "" => user.password.as_bytes().to_vec(),
            _ => login.secret(user.password.as_bytes())?,
        };
        let token = login.raw(&user.name, secret, algorithm.into());
        let of = format!("a password with the algorithm {algorithm:?}");
        refused(&link.activate_as(token)?, TOKEN, &of)?;
    }
    Ok(())
}

fn usr_08(bench: &Bench) -> Check {
    let mut link = created(bench)?;
    let door = Door::of(bench, &link)?;
    let login = door.login(&link)?;
    if login.policy == SecurityPolicy::None {
        return Err(Stop::skipped(
            "the server offers passwords in clear text: right only if its administrator chose that",
        ));
    }
    let user = bench.user()?;
    let token = login.raw(&user.name, user.password.as_bytes().to_vec(), UAString::null());
    refused(&link.activate_as(token)?, TOKEN, "a password in clear text")
}

fn usr_09(bench: &Bench) -> Check {
    let user = bench.user()?;
    let first = waiting(bench)?;
    let token =
        Door::of(bench, &first)?.login(&first)?.token(&user.name, user.password.as_bytes())?;
    let mut later = waiting(bench)?;
    refused(&later.activate_as(token)?, DENIED, "a secret made for another session")
}

fn usr_10(bench: &Bench) -> Check {
    let user = bench.user()?;
    let mut all = Vec::new();
    for kind in ["padding", "nonce", "password"] {
        log_in_well(bench, &mut waiting(bench)?)?;
        let mut link = waiting(bench)?;
        let door = Door::of(bench, &link)?;
        let mut login = door.login(&link)?;
        if login.policy == SecurityPolicy::None {
            return Err(Stop::skipped("the server takes passwords in clear text"));
        }
        let algorithm = crypto::encryption_uri(login.policy).unwrap_or_default();
        let other = [0x33; 32];
        let secret = match kind {
            "padding" => {
                let mut secret = login.secret(user.password.as_bytes())?;
                crate::conformance::secure::flip(&mut secret, 100);
                secret
            }
            "nonce" => {
                login.nonce = &other;
                login.secret(user.password.as_bytes())?
            }
            _ => login.secret(b"not the password")?,
        };
        let token = login.raw(&user.name, secret, algorithm.into());
        all.push(timed(&mut link, token)?);
    }
    alike(&all, "broken padding, wrong nonce, wrong password")
}

fn usr_11(bench: &Bench) -> Check {
    let weak = |uri: &UAString| uri.as_ref().ends_with("#Basic128Rsa15");
    for endpoint in bench.endpoints()? {
        let tokens = endpoint.user_identity_tokens.unwrap_or_default();
        if weak(&endpoint.security_policy_uri)
            || tokens.iter().any(|it| weak(&it.security_policy_uri))
        {
            return Err(Stop::failed("Basic128Rsa15 is on"));
        }
    }
    Ok(())
}

/// SecurityRejectedSessionCount, if the server tells it.
fn rejected(bench: &Bench) -> Result<Option<u32>, Stop> {
    let count = read_one(&mut bench.session()?, &standard(2279));
    Ok(match count {
        Ok(Variant::UInt32(count)) => Some(count),
        _ => None,
    })
}

fn usr_12(bench: &Bench) -> Check {
    let user = bench.user()?;
    let before = rejected(bench)?;
    let mut times = Vec::new();
    for attempt in 0..6 {
        let mut link = waiting(bench)?;
        let password = format!("not the password {attempt}");
        let token = Door::of(bench, &link)?.login(&link)?.token(&user.name, password.as_bytes())?;
        let (answer, took) = timed(&mut link, token)?;
        refused(&answer, DENIED, "a wrong password")?;
        times.push(took);
    }
    let mut link = waiting(bench)?;
    let is_locked = log_in(bench, &mut link, &user.name, &user.password)?.is_err();
    let grows = times
        .last()
        .zip(times.first())
        .is_some_and(|(last, first)| *last > *first * 3 + Duration::from_secs(1));
    that(
        is_locked || grows,
        format!("six wrong passwords bring neither lock nor delay: {times:?}"),
    )?;
    read(&mut bench.session()?, vec![value(standard(2259))])
        .map_err(|_| Stop::failed("nobody else gets in while a user is locked out"))?;
    match before.zip(rejected(bench)?) {
        Some((before, after)) => that(after > before, "SecurityRejectedSessionCount stands still"),
        None => Ok(()),
    }
}

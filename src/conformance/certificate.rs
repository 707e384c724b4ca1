//! 4.4: certificates of clients (Part 4, 6.1.3). What is wrong inside shows outside as a refused channel.
//!
//! A certificate that is not trusted is refused whatever else is wrong with it. So most cases need a
//! server that has been given the runner's files; then each certificate has one thing wrong, and only one.

use opcua_types::{CreateSessionResponse, StatusCode};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::channel_open::refused_opening;
use crate::conformance::expect::{code, equal, good, refused, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::recipe::URI;
use crate::conformance::secure::{Opening, flip};
use crate::conformance::wallet::Identity;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;
use crate::ua::pki;

/// Cases of certificates.
pub(super) const CASES: &[Case] = &[
    case("CRT-01", "a trusted self-signed certificate is taken", crt_01),
    case("CRT-02", "an unknown self-signed certificate is refused", crt_02),
    case("CRT-03", "a certificate of a trusted authority is taken", crt_03),
    case("CRT-04", "an issuer that only completes chains makes nobody trusted", crt_04),
    case("CRT-05", "a certificate of an unknown issuer is refused", crt_05),
    case("CRT-06", "expired and not yet valid certificates are refused", crt_06),
    case("CRT-07", "a certificate of an expired issuer is refused", crt_07),
    case("CRT-08", "revoked certificates, and those of revoked issuers, are refused", crt_08),
    case("CRT-09", "without a revocation list a certificate is refused", crt_09),
    case("CRT-10", "expired and forged revocation lists count for nothing", crt_10),
    case("CRT-11", "a certificate with an altered signature is refused", crt_11),
    case("CRT-12", "SHA-1 signatures are refused", crt_12),
    case("CRT-13", "keys outside 2048 to 4096 bits are refused", crt_13),
    case("CRT-14", "a key that is not of the policy's type is refused", crt_14),
    case("CRT-15", "an ApplicationUri that is not the certificate's is refused", crt_15),
    case("CRT-16", "certificates with no URI or two are refused", crt_16),
    case("CRT-17", "a certificate that may not sign is refused", crt_17),
    case("CRT-18", "a certificate that is not for clients is refused", crt_18),
    case("CRT-19", "an authority's certificate is no application's", crt_19),
    case("CRT-20", "issuers that may not issue are found out", crt_20),
    case("CRT-21", "a self-signed certificate that says cA=true does no harm", crt_21),
    case("CRT-22", "bytes that are no certificate are refused", crt_22),
    case("CRT-23", "odd subjects do no harm", crt_23),
    case("CRT-24", "a certificate trusted while the server runs counts at once", crt_24),
    case("CRT-25", "a certificate that is no longer trusted ends its channels", crt_25),
    alone("CRT-26", "a hundred unknown certificates do no harm", crt_26),
    case("CRT-27", "the server's own certificate is in order", crt_27),
    case("CRT-28", "a server near the end of its certificate says so", crt_28),
];

/// All that a client may learn where trust is missing.
const HIDDEN: &[StatusCode] = &[StatusCode::BadSecurityChecksFailed];

/// The server's own tests show what needs a hand on its files.
const BY_HAND: &str = "needs a hand on the server's trust list while it runs";

/// Opens a channel as `who` and reads with a session.
fn taken(bench: &Bench, who: &Identity) -> Check {
    let mut link = Link::open_secured(&bench.options.url, bench.offer()?, who)?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    good(link.activate()?, "ActivateSession")?;
    read(&mut link, vec![value(standard(2259))]).map(|_| ())
}

/// The server refuses a channel of this application's, with nothing said or one of these codes.
fn no_channel(bench: &Bench, who: &Identity, wanted: &[StatusCode], of: &str) -> Check {
    let mut link = Link::greeted(&bench.options.url, bench.offer()?, who)?;
    link.send_opening(&Opening::default())?;
    refused_opening(&mut link, wanted, of)
}

/// The same where a setting of the server may rightly suppress the check.
fn suppressible(bench: &Bench, name: &str, wanted: StatusCode) -> Check {
    let who = bench.trusted_wallet()?.identity(name);
    let mut link = Link::greeted(&bench.options.url, bench.offer()?, &who)?;
    link.send_opening(&Opening::default())?;
    match link.receive()? {
        Some(frame) if frame.kind == "OPNF" => Err(Stop::skipped(
            "the server takes the certificate: right only where a setting suppresses the check",
        )),
        Some(frame) => {
            let status = frame.error().unwrap_or(StatusCode::Good);
            code(status, &[StatusCode::BadSecurityChecksFailed, wanted], name)
        }
        None => Ok(()),
    }
}

/// Refused by name, with the code of the row or with the one that hides it.
fn wrong(bench: &Bench, name: &str, reason: StatusCode) -> Check {
    let who = bench.trusted_wallet()?.identity(name);
    no_channel(bench, &who, &[StatusCode::BadSecurityChecksFailed, reason], name)
}

/// Nobody else has suffered.
fn well(bench: &Bench) -> Check {
    read(&mut bench.session()?, vec![value(standard(2259))]).map(|_| ())
}

fn crt_01(bench: &Bench) -> Check {
    taken(bench, &bench.runner()?)
}

fn crt_02(bench: &Bench) -> Check {
    no_channel(bench, &bench.wallet()?.identity("stranger"), HIDDEN, "an unknown certificate")
}

fn crt_03(bench: &Bench) -> Check {
    let wallet = bench.trusted_wallet()?;
    taken(bench, &wallet.identity("issued"))?;
    taken(bench, &wallet.with_chain("issued", &["authority"]))
}

fn crt_04(bench: &Bench) -> Check {
    let who = bench.trusted_wallet()?.identity("issued_by_issuer");
    no_channel(bench, &who, HIDDEN, "a certificate whose issuer is known but not trusted")
}

fn crt_05(bench: &Bench) -> Check {
    let wallet = bench.wallet()?;
    let alone = wallet.identity("issued_by_nobody");
    no_channel(bench, &alone, HIDDEN, "a certificate of an unknown issuer")?;
    let chain = wallet.with_chain("issued_by_nobody", &["nobody"]);
    no_channel(bench, &chain, HIDDEN, "the same with its issuer behind it")
}

fn crt_06(bench: &Bench) -> Check {
    wrong(bench, "expired", StatusCode::BadCertificateTimeInvalid)?;
    wrong(bench, "early", StatusCode::BadCertificateTimeInvalid)
}

fn crt_07(bench: &Bench) -> Check {
    wrong(bench, "issued_by_old", StatusCode::BadCertificateIssuerTimeInvalid)
}

fn crt_08(bench: &Bench) -> Check {
    wrong(bench, "revoked", StatusCode::BadCertificateRevoked)?;
    wrong(bench, "issued_by_revoked_branch", StatusCode::BadCertificateIssuerRevoked)
}

fn crt_09(bench: &Bench) -> Check {
    suppressible(bench, "issued_by_silent", StatusCode::BadCertificateRevocationUnknown)
}

fn crt_10(bench: &Bench) -> Check {
    suppressible(bench, "issued_by_late", StatusCode::BadCertificateRevocationUnknown)?;
    suppressible(bench, "issued_by_forged", StatusCode::BadCertificateRevocationUnknown)
}

fn crt_11(bench: &Bench) -> Check {
    let mut chain = bench.runner()?.chain;
    let last = chain.len() - 1;
    flip(&mut chain, last);
    let who = bench.wallet()?.with_bytes(chain);
    let wanted = [StatusCode::BadSecurityChecksFailed, StatusCode::BadCertificateInvalid];
    no_channel(bench, &who, &wanted, "the runner's certificate with another signature")
}

fn crt_12(_: &Bench) -> Check {
    Err(Stop::skipped("the runner signs nothing with SHA-1; shown by tests/server/certificates.rs"))
}

fn crt_13(_: &Bench) -> Check {
    Err(Stop::skipped(
        "the runner makes keys of 2048 bits only; shown by tests/server/certificates.rs",
    ))
}

fn crt_14(bench: &Bench) -> Check {
    let reason = StatusCode::BadCertificatePolicyCheckFailed;
    wrong(bench, "elliptic", reason)?;
    for offer in bench.offers()?.iter().filter(|it| it.policy.is_elliptic()) {
        // Not P-384 under the policy of P-256: Part 7 lets a server take that.
        for name in ["runner", "runner_p256"] {
            let who = bench.trusted_wallet()?.identity(name).alone();
            if offer.policy.key() == Some(who.key.key_type()) {
                continue;
            }
            let mut link = Link::greeted(&bench.options.url, offer, &who)?;
            link.send_opening(&Opening::default())?;
            let of = format!("{} with the certificate {name}", offer.name());
            refused_opening(&mut link, &[StatusCode::BadSecurityChecksFailed, reason], &of)?;
        }
    }
    well(bench)
}

/// CreateSession as `who` with this ApplicationUri.
fn session_as(
    bench: &Bench,
    who: &Identity,
    uri: &str,
) -> Result<Answer<CreateSessionResponse>, Stop> {
    let mut link = Link::open_secured(&bench.options.url, bench.offer()?, who)?;
    let mut request = link.session_request(60_000.0);
    request.client_description.application_uri = uri.into();
    link.create_with(&request)
}

fn crt_15(bench: &Bench) -> Check {
    let who = bench.runner()?;
    let shorter = &URI[..URI.len() - 1];
    let longer = format!("{URI}x");
    for uri in ["urn:somebody:else", shorter, &longer, &URI.to_uppercase(), ""] {
        let answer = session_as(bench, &who, uri)?;
        let of = format!("CreateSession with the ApplicationUri {uri:?}");
        refused(&answer, &[StatusCode::BadCertificateUriInvalid], &of)?;
    }
    Ok(())
}

fn crt_16(bench: &Bench) -> Check {
    for name in ["no_uri", "two_uris"] {
        let who = bench.trusted_wallet()?.identity(name);
        let mut link = Link::greeted(&bench.options.url, bench.offer()?, &who)?;
        let wanted = [StatusCode::BadCertificateUriInvalid];
        if link.open_with(&Opening::default()).is_ok() {
            refused(&link.create_session(60_000.0)?, &wanted, name)?;
        } else {
            // Refused even earlier: when the channel is opened.
            wrong(bench, name, wanted[0])?;
        }
    }
    Ok(())
}

fn crt_17(bench: &Bench) -> Check {
    suppressible(bench, "no_signing", StatusCode::BadCertificateUseNotAllowed)
}

fn crt_18(bench: &Bench) -> Check {
    suppressible(bench, "no_client", StatusCode::BadCertificateUseNotAllowed)
}

fn crt_19(bench: &Bench) -> Check {
    let wallet = bench.trusted_wallet()?;
    let who = wallet.as_authority("authority");
    let wanted = [StatusCode::BadSecurityChecksFailed, StatusCode::BadCertificateUseNotAllowed];
    no_channel(bench, &who, &wanted, "the certificate of a trusted authority")
}

fn crt_20(bench: &Bench) -> Check {
    wrong(bench, "issued_by_clerk", StatusCode::BadCertificateIssuerUseNotAllowed)?;
    wrong(bench, "issued_by_deputy", StatusCode::BadCertificateIssuerUseNotAllowed)
}

fn crt_21(bench: &Bench) -> Check {
    let who = bench.trusted_wallet()?.identity("controller");
    let mut link = Link::greeted(&bench.options.url, bench.offer()?, &who)?;
    if link.open_with(&Opening::default()).is_err() {
        // To refuse it is in order, if the server goes on afterwards.
        wrong(bench, "controller", StatusCode::BadCertificateUseNotAllowed)?;
    }
    well(bench)
}

fn crt_22(bench: &Bench) -> Check {
    let wallet = bench.wallet()?;
    let whole = wallet.identity("stranger").chain;
    let wanted = [
        StatusCode::BadSecurityChecksFailed,
        StatusCode::BadCertificateInvalid,
        StatusCode::BadDecodingError,
        StatusCode::BadTcpMessageTooLarge,
    ];
    let mut inside = whole.clone();
    // The length of the first thing in the certificate says more than there is.
    inside[6] = 0xff;
    let half = whole[..whole.len() / 2].to_vec();
    let long = vec![0x30; 1 << 20];
    for bytes in [vec![0x30, 3, 1, 2, 3], vec![0; 300], half, inside, long] {
        let of = format!("{} bytes that are no certificate", bytes.len());
        no_channel(bench, &wallet.with_bytes(bytes), &wanted, &of)?;
    }
    well(bench)
}

fn crt_23(bench: &Bench) -> Check {
    for name in ["climbing", "long"] {
        no_channel(bench, &bench.wallet()?.identity(name), HIDDEN, name)?;
    }
    well(bench)
}

fn crt_24(_: &Bench) -> Check {
    Err(Stop::skipped(format!("{BY_HAND}; shown by tests/clients/python/test_security.py")))
}

fn crt_25(_: &Bench) -> Check {
    Err(Stop::skipped(format!("{BY_HAND}; shown by tests/clients/python/test_security.py")))
}

fn crt_26(bench: &Bench) -> Check {
    for number in 0..100 {
        let who = bench.wallet()?.unknown(number)?;
        no_channel(bench, &who, HIDDEN, &format!("unknown certificate {number}"))?;
    }
    well(bench)
}

fn crt_27(bench: &Bench) -> Check {
    let offer = bench.offer()?;
    let der = offer.certificate();
    let broken = |_| Stop::failed("the server's certificate cannot be read");
    let (_, certificate) = X509Certificate::from_der(der).map_err(broken)?;
    equal(
        pki::application_uri(der).as_deref(),
        Some(offer.endpoint.server.application_uri.as_ref()),
        "the ApplicationUri in the server's certificate",
    )?;
    let names = pki::host_names(der);
    let host = crate::ua::endpoint::host_of(offer.endpoint.endpoint_url.as_ref());
    that(
        host.is_some_and(|host| names.iter().any(|it| it.eq_ignore_ascii_case(host))),
        format!("the host of {} is not among {names:?}", offer.endpoint.endpoint_url),
    )?;
    let bits = crate::ua::crypto::PublicKey::of_certificate(der).map_or(0, |it| it.bytes() * 8);
    that((2048..=4096).contains(&bits), format!("a key of {bits} bits"))?;
    let usage = certificate.key_usage().ok().flatten();
    let is_right =
        usage.is_some_and(|it| it.value.digital_signature() && it.value.key_encipherment());
    that(is_right, "the key usage lacks digitalSignature or keyEncipherment")
}

fn crt_28(bench: &Bench) -> Check {
    let offer = bench.offer()?;
    let (_, certificate) = X509Certificate::from_der(offer.certificate())
        .map_err(|_| Stop::failed("the server's certificate cannot be read"))?;
    let left = certificate.validity().not_after.timestamp() - time::now().unix_us() / 1_000_000;
    Err(Stop::skipped(format!("the server's certificate is valid for {} days more", left / 86_400)))
}

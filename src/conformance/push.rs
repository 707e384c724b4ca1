//! 4.18: certificates managed from outside, by push (Part 12, 7.10). Most rows need a SecurityAdmin and an encrypted
//! channel. The runner gives everything back: it never applies a certificate of the server's, for it could not put the
//! old key back.

use opcua_types::{
    BinaryDecodable, ByteString, CallMethodResult, ContextOwned, StatusCode, TrustListDataType,
    Variant,
};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::conformance::audit::Auditor;
use crate::conformance::bench::{attribute, read, read_one, standard};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::link::Link;
use crate::conformance::method::{call, request_of};
use crate::conformance::user::log_in_well;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::ua::pki;

/// Cases of push management.
pub(super) const CASES: &[Case] = &[
    case("GDS-01", "ServerConfiguration tells what the server takes", gds_01),
    case("GDS-02", "nobody without right or encryption manages certificates", gds_02),
    alone("GDS-03", "a signing request is made for the server's own names", gds_03),
    alone("GDS-04", "a certificate that cannot be the server's is refused", gds_04),
    alone("GDS-05", "changes are applied behind the response", gds_05),
    alone("GDS-06", "the trust list is a file with one writer", gds_06),
    alone("GDS-07", "no certificate is added while the trust list is written", gds_07),
    alone("GDS-08", "the trust list tells how old it is", gds_08),
    alone("GDS-09", "rejected certificates are told", gds_09),
    case("GDS-10", "a power cut leaves one certificate whole", gds_10),
    alone("GDS-11", "changes of certificates are audited", gds_11),
];

/// ServerConfiguration.
const CONFIGURATION: u32 = 12637;
const APPLY: u32 = 12740;
const CREATE_REQUEST: u32 = 12737;
const UPDATE: u32 = 13737;
/// Its GetRejectedList.
const GET_REJECTED: u32 = 12777;
/// Its group of application certificates, and the type of RSA certificates.
const GROUP: u32 = 14156;
const RSA: u32 = 12560;
/// The group's trust list, its methods and LastUpdateTime.
const LIST: u32 = 12642;
const OPEN: u32 = 12647;
const CLOSE: u32 = 12650;
const READ: u32 = 12652;
const WRITE: u32 = 12655;
const CLOSE_AND_UPDATE: u32 = 12666;
const ADD: u32 = 12668;
const REMOVE: u32 = 12670;
const LAST_UPDATE: u32 = 12662;
/// Bits of an Open.
const TO_READ: u8 = 1;
const TO_WRITE: u8 = 6;

/// The object is there.
fn present(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let class = attribute(standard(CONFIGURATION), opcua_types::AttributeId::NodeClass);
    let result = read(&mut link, vec![class])?.pop();
    match some(result, "the NodeClass of ServerConfiguration")?.value {
        Some(Variant::Int32(1)) => Ok(()),
        _ => Err(Stop::skipped("the server has no ServerConfiguration")),
    }
}

/// A session that may manage certificates.
fn administrator(bench: &Bench) -> Result<Link, Stop> {
    present(bench)?;
    if !bench.offer()?.encrypts() {
        return Err(Stop::skipped("the server encrypts no channel"));
    }
    bench.user()?;
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    log_in_well(bench, &mut link)?;
    let result = ask(&mut link, CONFIGURATION, GET_REJECTED, Vec::new())?;
    if result.status_code == StatusCode::BadUserAccessDenied {
        return Err(Stop::skipped("needs a user with the role SecurityAdmin: --user NAME"));
    }
    code(result.status_code, &[StatusCode::Good], "GetRejectedList")?;
    Ok(link)
}

fn ask(
    link: &mut Link,
    object: u32,
    method: u32,
    arguments: Vec<Variant>,
) -> Result<CallMethodResult, Stop> {
    let request = request_of(standard(object), standard(method), arguments);
    let results = good(call(link, vec![request])?, "Call")?.results.unwrap_or_default();
    some(results.into_iter().next(), "the result of Call")
}

/// The first output of a call that has to succeed.
fn done(link: &mut Link, object: u32, method: u32, given: Vec<Variant>) -> Result<Variant, Stop> {
    let result = ask(link, object, method, given)?;
    code(result.status_code, &[StatusCode::Good], &format!("method {method}"))?;
    Ok(result.output_arguments.unwrap_or_default().into_iter().next().unwrap_or_default())
}

fn bytes(value: &[u8]) -> Variant {
    ByteString::from(value.to_vec()).into()
}

fn bytes_of(value: Variant, of: &str) -> Result<Vec<u8>, Stop> {
    match value {
        Variant::ByteString(it) => Ok(it.value.unwrap_or_default()),
        other => Err(Stop::unexpected(of, "a ByteString", format!("{other:?}"))),
    }
}

fn gds_01(bench: &Bench) -> Check {
    present(bench)?;
    let mut link = bench.session()?;
    // SupportedPrivateKeyFormats, MaxTrustListSize, MulticastDnsEnabled, ServerCapabilities.
    let formats = read_one(&mut link, &standard(12639))?;
    that(matches!(formats, Variant::Array(_)), format!("SupportedPrivateKeyFormats: {formats:?}"))?;
    let size = read_one(&mut link, &standard(12640))?;
    that(matches!(size, Variant::UInt32(_)), format!("MaxTrustListSize: {size:?}"))?;
    let mdns = read_one(&mut link, &standard(12641))?;
    that(matches!(mdns, Variant::Boolean(_)), format!("MulticastDnsEnabled: {mdns:?}"))?;
    let told = read_one(&mut link, &standard(12710))?;
    that(matches!(told, Variant::Array(_)), format!("ServerCapabilities: {told:?}"))
}

fn gds_02(bench: &Bench) -> Check {
    present(bench)?;
    let mut link = bench.session()?;
    let result = ask(&mut link, CONFIGURATION, GET_REJECTED, Vec::new())?;
    let wanted = [StatusCode::BadUserAccessDenied, StatusCode::BadSecurityModeInsufficient];
    code(result.status_code, &wanted, "GetRejectedList by nobody over an unsecured channel")
}

/// Arguments of CreateSigningRequest.
fn request(new_key: bool, nonce: usize) -> Vec<Variant> {
    let nonce: Vec<u8> = (0..nonce).map(|it| it as u8).collect();
    vec![
        standard(GROUP).into(),
        standard(RSA).into(),
        Variant::from(""),
        new_key.into(),
        bytes(&nonce),
    ]
}

fn gds_03(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let der = done(&mut link, CONFIGURATION, CREATE_REQUEST, request(false, 0))?;
    let der = bytes_of(der, "CertificateRequest")?;
    let parsed = X509CertificationRequest::from_der(&der);
    let (_, asked) =
        parsed.map_err(|it| Stop::failed(format!("the signing request is none: {it}")))?;
    that(asked.verify_signature().is_ok(), "the signing request is not signed with its key")?;
    let info = &asked.certification_request_info;
    that(info.subject.iter_common_name().next().is_some(), "the subject has no common name")?;
    let server = some(bench.endpoints()?.into_iter().next(), "an endpoint")?;
    let uri = server.server.application_uri;
    let names = asked.requested_extensions().into_iter().flatten();
    let has_uri = names.into_iter().any(|it| match it {
        ParsedExtension::SubjectAlternativeName(names) => {
            names.general_names.contains(&GeneralName::URI(uri.as_ref()))
        }
        _ => false,
    });
    that(has_uri, format!("the signing request does not name {uri}"))?;
    let result = ask(&mut link, CONFIGURATION, CREATE_REQUEST, request(true, 31))?;
    code(result.status_code, &[StatusCode::BadInvalidArgument], "a nonce of 31 bytes")
}

fn gds_04(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let own = bench.runner()?.chain;
    let update = |certificate: &[u8], kind: u32, format: &str, key: &[u8]| {
        vec![
            standard(GROUP).into(),
            standard(kind).into(),
            bytes(certificate),
            Variant::from(Vec::<ByteString>::new()),
            Variant::from(format),
            bytes(key),
        ]
    };
    let wrong = [
        ("no certificate", update(b"none", RSA, "", b"")),
        ("the runner's own certificate", update(&own, RSA, "", b"")),
        ("a certificate of no known type", update(&own, CONFIGURATION, "", b"")),
        ("a key of no known format", update(&own, RSA, "none", b"none")),
    ];
    let refusals = [
        StatusCode::BadCertificateInvalid,
        StatusCode::BadSecurityChecksFailed,
        StatusCode::BadInvalidArgument,
        StatusCode::BadNotSupported,
        StatusCode::BadCertificateUriInvalid,
    ];
    for (what, arguments) in wrong {
        let result = ask(&mut link, CONFIGURATION, UPDATE, arguments)?;
        code(result.status_code, &refusals, what)?;
    }
    Ok(())
}

fn open(link: &mut Link, mode: u8) -> Result<CallMethodResult, Stop> {
    ask(link, LIST, OPEN, vec![mode.into()])
}

fn opened(link: &mut Link, mode: u8) -> Result<Variant, Stop> {
    done(link, LIST, OPEN, vec![mode.into()])
}

/// All that the trust list's file holds.
fn content(link: &mut Link) -> Result<Vec<u8>, Stop> {
    let handle = opened(link, TO_READ)?;
    let mut all = Vec::new();
    loop {
        let part = done(link, LIST, READ, vec![handle.clone(), 4096_i32.into()])?;
        let part = bytes_of(part, "Read")?;
        if part.is_empty() {
            break;
        }
        all.extend(part);
    }
    done(link, LIST, CLOSE, vec![handle])?;
    Ok(all)
}

fn gds_05(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let result = ask(&mut link, CONFIGURATION, APPLY, Vec::new())?;
    let nothing = [StatusCode::BadNothingToDo];
    code(result.status_code, &nothing, "ApplyChanges without changes")?;
    // The very list that is there: applied, it changes nothing.
    let before = content(&mut link)?;
    let handle = opened(&mut link, TO_WRITE)?;
    done(&mut link, LIST, WRITE, vec![handle.clone(), bytes(&before)])?;
    if done(&mut link, LIST, CLOSE_AND_UPDATE, vec![handle])? == Variant::Boolean(true) {
        done(&mut link, CONFIGURATION, APPLY, Vec::new())?;
    }
    let mut link = administrator(bench)?;
    let result = ask(&mut link, CONFIGURATION, APPLY, Vec::new())?;
    code(result.status_code, &nothing, "ApplyChanges once more")?;
    let after = content(&mut link)?;
    equal(decoded(&after)?.trusted_certificates, decoded(&before)?.trusted_certificates, "the list")
}

fn decoded(content: &[u8]) -> Result<TrustListDataType, Stop> {
    let context = ContextOwned::default();
    let mut rest = content;
    let list = TrustListDataType::decode(&mut rest, &context.context());
    list.map_err(|it| Stop::failed(format!("no TrustListDataType: {it}")))
}

fn gds_06(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let before = content(&mut link)?;
    decoded(&before)?;
    let reading = opened(&mut link, TO_READ)?;
    let length = |it: i32| vec![reading.clone(), it.into()];
    let result = ask(&mut link, LIST, READ, length(-1))?;
    code(result.status_code, &[StatusCode::BadInvalidArgument], "a negative length")?;
    let all = bytes_of(done(&mut link, LIST, READ, length(16_777_216))?, "Read")?;
    equal(all.len(), before.len(), "bytes read at once")?;
    let rest = bytes_of(done(&mut link, LIST, READ, length(1))?, "Read")?;
    that(rest.is_empty(), "there is something behind the end")?;
    done(&mut link, LIST, CLOSE, vec![reading.clone()])?;
    let result = ask(&mut link, LIST, READ, length(1))?;
    code(result.status_code, &[StatusCode::BadInvalidArgument], "a handle that is closed")?;
    let writing = opened(&mut link, TO_WRITE)?;
    let locked = [StatusCode::BadInvalidState, StatusCode::BadNotWritable];
    let mut other = administrator(bench)?;
    code(open(&mut other, TO_WRITE)?.status_code, &locked, "a second writer")?;
    let Variant::UInt32(most) = read_one(&mut link, &standard(12640))? else {
        return Err(Stop::failed("MaxTrustListSize is no UInt32"));
    };
    let chunk = vec![0; 32 * 1024];
    let mut written = 0;
    while most > 0 && written <= most as usize && most <= 4 << 20 {
        written += chunk.len();
        let given = vec![writing.clone(), bytes(&chunk)];
        let status = ask(&mut link, LIST, WRITE, given)?.status_code;
        if written > most as usize {
            code(status, &[StatusCode::BadEncodingLimitsExceeded], "more than MaxTrustListSize")?;
        }
    }
    done(&mut link, LIST, CLOSE, vec![writing])?;
    equal(content(&mut link)?, before, "the list after a Close without CloseAndUpdate")
}

fn gds_07(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let newcomer = bench.wallet()?.unknown(1)?.chain;
    let handle = opened(&mut link, TO_WRITE)?;
    let locked = [StatusCode::BadInvalidState];
    let result = ask(&mut link, LIST, ADD, vec![bytes(&newcomer), true.into()])?;
    code(result.status_code, &locked, "AddCertificate while the list is written")?;
    let name = Variant::from(pki::thumbprint_hex(&newcomer).as_str());
    let result = ask(&mut link, LIST, REMOVE, vec![name, true.into()])?;
    code(result.status_code, &locked, "RemoveCertificate while the list is written")?;
    done(&mut link, LIST, CLOSE, vec![handle]).map(drop)
}

fn gds_08(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let before = read_one(&mut link, &standard(LAST_UPDATE))?;
    let newcomer = bench.wallet()?.unknown(2)?.chain;
    done(&mut link, LIST, ADD, vec![bytes(&newcomer), true.into()])?;
    let after = read_one(&mut link, &standard(LAST_UPDATE))?;
    let name = Variant::from(pki::thumbprint_hex(&newcomer).as_str());
    done(&mut link, LIST, REMOVE, vec![name, true.into()])?;
    match (before, after) {
        (Variant::DateTime(before), Variant::DateTime(after)) => {
            that(after > before, format!("LastUpdateTime {after}, before the change {before}"))
        }
        other => Err(Stop::unexpected("LastUpdateTime", "a DateTime", format!("{other:?}"))),
    }
}

fn gds_09(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let stranger = bench.wallet()?.unknown(3)?;
    let refused = Link::open_secured(&bench.options.url, bench.offer()?, &stranger);
    that(refused.is_err(), "a certificate that nobody knows opens a channel")?;
    let list = done(&mut link, CONFIGURATION, GET_REJECTED, Vec::new())?;
    let Variant::Array(list) = list else {
        return Err(Stop::unexpected("GetRejectedList", "an array", format!("{list:?}")));
    };
    let first = some(list.values.into_iter().next(), "a rejected certificate")?;
    let first = bytes_of(first, "a rejected certificate")?;
    that(X509Certificate::from_der(&first).is_ok(), "the first of the list is no certificate")?;
    equal(first, stranger.chain, "the first of the list")
}

fn gds_10(_: &Bench) -> Check {
    Err(Stop::skipped("nobody cuts the power from outside"))
}

fn gds_11(bench: &Bench) -> Check {
    let mut link = administrator(bench)?;
    let mut auditor = Auditor::new(bench, "GDS-11", &[])?;
    auditor.lend(&mut link);
    let newcomer = bench.wallet()?.unknown(4)?.chain;
    done(&mut link, LIST, ADD, vec![bytes(&newcomer), true.into()])?;
    let name = Variant::from(pki::thumbprint_hex(&newcomer).as_str());
    done(&mut link, LIST, REMOVE, vec![name, true.into()])?;
    let own = bench.runner()?.chain;
    let arguments = vec![
        standard(GROUP).into(),
        standard(RSA).into(),
        bytes(&own),
        Variant::from(Vec::<ByteString>::new()),
        Variant::from(""),
        bytes(b""),
    ];
    ask(&mut link, CONFIGURATION, UPDATE, arguments)?;
    // TrustListUpdateRequested, TrustListUpdated, CertificateUpdateRequested.
    let kinds = [32_260, 12_561, 32_306].map(standard);
    let mut missing = kinds.to_vec();
    auditor.heard_all(|kind| {
        missing.retain(|it| it != kind);
        missing.is_empty()
    })
}

//! 4.5: sessions (Part 4, 5.7).

use std::collections::BTreeSet;
use std::time::Duration;

use opcua_types::{
    ActivateSessionResponse, CancelRequest, CancelResponse, CreateSessionResponse, DiagnosticBits,
    ExtensionObject, Identifier, NodeId, ReadResponse, RequestHeader, StatusCode, Variant,
};

use crate::conformance::bench::{read, read_one, read_request, standard, value};
use crate::conformance::expect::{code, equal, good, refused, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::subscription::{publish_request, subscribe};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of sessions.
pub(super) const CASES: &[Case] = &[
    case("SES-01", "a session's id is not its token", ses_01),
    case("SES-02", "timeouts are revised into bounds", ses_02),
    case("SES-03", "a session without a name is given one", ses_03),
    case("SES-04", "a token in the header of CreateSession is ignored", ses_04),
    case("SES-07", "an untrusted certificate matters not on an unsecured channel", ses_07),
    case("SES-08", "an endpoint URL with a strange host is no error", ses_08),
    case("SES-09", "CreateSession and GetEndpoints tell the same endpoints", ses_09),
    alone("SES-11", "sessions that were never activated make room", ses_11),
    alone("SES-12", "fifty sessions opened and closed leave none behind", ses_12),
    case("SES-13", "a session used before its activation is refused", ses_13),
    case("SES-14", "an idle session ends", ses_14),
    case("SES-18", "activation on security None needs no signature", ses_18),
    case("SES-19", "every activation gives a new nonce", ses_19),
    case("SES-20", "a session moves to another channel, and the old one is refused", ses_20),
    case("SES-22", "a session's token is refused on another channel", ses_22),
    case("SES-23", "a session is not closed from another channel", ses_23),
    case("SES-24", "a closed session cannot be closed again", ses_24),
    case("SES-26", "null and forged tokens are refused", ses_26),
    case("SES-27", "an old time in the header is no error", ses_27),
    case("SES-28", "the request handle comes back, also in a fault", ses_28),
    case("SES-30", "diagnostics asked for are well formed", ses_30),
    case("SES-32", "Cancel counts what it cancels", ses_32),
    case("SES-34", "two sessions on one channel both work", ses_34),
    case("SES-38", "locales are taken in the client's order", ses_38),
    case("SES-39", "a thousand locales and a very long name are bounded", ses_39),
];

const INVALID: &[StatusCode] = &[
    StatusCode::BadSessionIdInvalid,
    StatusCode::BadSessionClosed,
    StatusCode::BadSecureChannelIdInvalid,
    StatusCode::BadSecurityChecksFailed,
];

fn state(link: &mut Link) -> Result<Answer<ReadResponse>, Stop> {
    let request = read_request(link, vec![value(standard(2259))]);
    link.call(&request)
}

fn created(link: &mut Link, timeout_ms: f64) -> Result<CreateSessionResponse, Stop> {
    good(link.create_session(timeout_ms)?, "CreateSession")
}

fn activated(link: &mut Link) -> Result<ActivateSessionResponse, Stop> {
    good(link.activate()?, "ActivateSession")
}

fn ses_01(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let response = created(&mut link, 60_000.0)?;
    that(response.session_id != response.authentication_token, "the SessionId is the token")?;
    let random = match &response.authentication_token.identifier {
        Identifier::ByteString(bytes) => bytes.len() >= 16,
        Identifier::Guid(_) => true,
        Identifier::String(text) => text.len() >= 16,
        Identifier::Numeric(_) => false,
    };
    that(random, format!("the token {} can be guessed", response.authentication_token))?;
    activated(&mut link)?;
    good(link.close_session(true)?, "CloseSession").map(|_| ())
}

fn ses_02(bench: &Bench) -> Check {
    for asked in [0.0, 1.0, 1e12, f64::NAN, -1.0] {
        let mut link = bench.open()?;
        let revised = created(&mut link, asked)?.revised_session_timeout;
        that(
            revised.is_finite() && revised > 0.0 && revised < 1e12,
            format!("{asked} became {revised}"),
        )?;
    }
    Ok(())
}

fn ses_03(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let mut request = link.session_request(60_000.0);
    request.session_name = opcua_types::UAString::null();
    good(link.call::<CreateSessionResponse>(&request)?, "CreateSession without a name").map(|_| ())
}

fn ses_04(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    link.session = NodeId::new(0, opcua_types::ByteString::from(vec![7; 32]));
    created(&mut link, 60_000.0).map(|_| ())
}

fn ses_07(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let mut request = link.session_request(60_000.0);
    request.client_certificate = opcua_types::ByteString::from(vec![0x30, 0x03, 1, 2, 3]);
    request.client_nonce = opcua_types::ByteString::from(vec![1; 32]);
    good(link.call::<CreateSessionResponse>(&request)?, "CreateSession with a certificate")
        .map(|_| ())
}

fn ses_08(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let mut request = link.session_request(60_000.0);
    request.endpoint_url = "opc.tcp://no-such-host.invalid:4840".into();
    good(link.call::<CreateSessionResponse>(&request)?, "CreateSession for another host")
        .map(|_| ())
}

fn ses_09(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let told = created(&mut link, 60_000.0)?.server_endpoints.unwrap_or_default();
    let brief = |all: &[opcua_types::EndpointDescription]| -> BTreeSet<String> {
        all.iter()
            .map(|it| {
                format!("{} {} {:?}", it.endpoint_url, it.security_policy_uri, it.security_mode)
            })
            .collect()
    };
    equal(brief(&told), brief(&bench.endpoints()?), "endpoints of CreateSession")
}

fn ses_11(bench: &Bench) -> Check {
    let mut idle = Vec::new();
    for _ in 0..120 {
        let mut link = bench.open()?;
        if let Err(status) = link.create_session(60_000.0)? {
            code(status, &[StatusCode::BadTooManySessions], "one session too many")?;
            return Err(Stop::failed("sessions that were never activated keep a good client out"));
        }
        idle.push(link);
    }
    let mut good_client = bench.session()?;
    state(&mut good_client)?.map(|_| ()).map_err(|it| Stop::unexpected("Read", "Good", it))
}

fn ses_12(bench: &Bench) -> Check {
    let mut watcher = bench.session()?;
    let count = standard(2277);
    let before = read_one(&mut watcher, &count)?;
    for _ in 0..50 {
        let mut link = bench.session()?;
        good(link.close_session(true)?, "CloseSession")?;
    }
    equal(read_one(&mut watcher, &count)?, before, "CurrentSessionCount")
}

fn ses_13(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    created(&mut link, 60_000.0)?;
    let wanted = [StatusCode::BadSessionNotActivated, StatusCode::BadSessionIdInvalid];
    refused(&state(&mut link)?, &wanted, "Read before ActivateSession")
}

fn ses_14(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let timeout = created(&mut link, 1000.0)?.revised_session_timeout;
    activated(&mut link)?;
    if timeout > 12_000.0 {
        return Err(Stop::skipped(format!("the shortest session timeout is {timeout} ms")));
    }
    time::wait(Duration::from_secs_f64(timeout / 1000.0 + 1.5));
    refused(&state(&mut link)?, INVALID, "Read after the session's timeout")
}

fn ses_18(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    created(&mut link, 60_000.0)?;
    activated(&mut link).map(|_| ())
}

fn ses_19(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let mut nonces = vec![created(&mut link, 60_000.0)?.server_nonce];
    for _ in 0..3 {
        nonces.push(activated(&mut link)?.server_nonce);
    }
    nonces.retain(|it| !it.is_null());
    let different: BTreeSet<Vec<u8>> =
        nonces.iter().map(|it| it.value.clone().unwrap_or_default()).collect();
    equal(different.len(), nonces.len(), "different nonces")
}

fn ses_20(bench: &Bench) -> Check {
    let mut old = bench.session()?;
    let mut new = bench.open()?;
    new.session = old.session.clone();
    activated(&mut new)?;
    good(state(&mut new)?, "Read on the new channel")?;
    refused(&state(&mut old)?, INVALID, "Read on the old channel")
}

fn ses_22(bench: &Bench) -> Check {
    let mut own = bench.session()?;
    let mut other = bench.open()?;
    other.session = own.session.clone();
    refused(&state(&mut other)?, INVALID, "Read with another channel's token")?;
    good(state(&mut own)?, "Read on its own channel").map(|_| ())
}

fn ses_23(bench: &Bench) -> Check {
    let mut own = bench.session()?;
    let mut other = bench.open()?;
    other.session = own.session.clone();
    refused(&other.close_session(true)?, INVALID, "CloseSession from another channel")?;
    good(state(&mut own)?, "Read on its own channel").map(|_| ())
}

fn ses_24(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    good(link.close_session(true)?, "CloseSession")?;
    refused(&link.close_session(true)?, INVALID, "CloseSession once more")
}

fn ses_26(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let forged = NodeId::new(0, opcua_types::ByteString::from(vec![0x5a; 36]));
    for token in [NodeId::null(), forged, standard(2253)] {
        link.session = token;
        refused(&state(&mut link)?, INVALID, "Read with a token that is nobody's")?;
    }
    Ok(())
}

fn ses_27(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut request = read_request(&link, vec![value(standard(2259))]);
    request.request_header.timestamp = opcua_types::DateTime::null();
    match link.call::<ReadResponse>(&request)? {
        Ok(_) => Ok(()),
        Err(status) => code(status, &[StatusCode::BadInvalidTimestamp], "Read with time 0"),
    }
}

fn ses_28(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for handle in [0, 1, u32::MAX] {
        let mut request = read_request(&link, vec![value(standard(2259))]);
        request.request_header.request_handle = handle;
        let response: ReadResponse = good(link.call(&request)?, "Read")?;
        equal(response.response_header.request_handle, handle, "request handle")?;
        request.nodes_to_read = None;
        link.ask(&request);
        let (_, _, body) = link.message()?;
        // A response header: time, then handle.
        let got = body.get(8..12).and_then(|it| it.try_into().ok()).map(u32::from_le_bytes);
        equal(got, Some(handle), "request handle of a fault")?;
    }
    Ok(())
}

fn ses_30(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut request =
        read_request(&link, vec![value(NodeId::new(0, 999_999)), value(standard(2259))]);
    request.request_header.return_diagnostics = DiagnosticBits::from_bits_truncate(0x3ff);
    let response: ReadResponse = good(link.call(&request)?, "Read with diagnostics")?;
    let length = response.diagnostic_infos.map_or(0, |it| it.len());
    that(length == 0 || length == 2, format!("{length} diagnostic infos for 2 operations"))?;
    let texts = response.response_header.string_table.unwrap_or_default();
    that(
        texts.iter().all(|it| !it.as_ref().contains("/src/") && !it.as_ref().contains("panicked")),
        "diagnostics tell where the server's source stands",
    )
}

fn ses_32(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let cancel = |link: &mut Link, handle: u32| -> Result<u32, Stop> {
        let request = CancelRequest { request_header: link.header(), request_handle: handle };
        let response: CancelResponse = good(link.call(&request)?, "Cancel")?;
        Ok(response.cancel_count)
    };
    equal(cancel(&mut link, 77)?, 0, "CancelCount of an unknown handle")?;
    subscribe(&mut link, 60_000.0)?;
    // The first keep-alive is due at the first interval: until then a Publish waits.
    let mut request = publish_request(&link, &[]);
    request.request_header = RequestHeader { request_handle: 4711, ..request.request_header };
    link.ask(&request);
    let cancel = CancelRequest { request_header: link.header(), request_handle: 4711 };
    link.ask(&cancel);
    let mut statuses = Vec::new();
    let mut count = None;
    for _ in 0..2 {
        let (_, kind, body) = link.message()?;
        match link.decode::<CancelResponse>(kind, &body)? {
            Ok(response) => count = Some(response.cancel_count),
            Err(status) => statuses.push(status),
        }
    }
    equal(count, Some(1), "CancelCount of a waiting Publish")?;
    let status = statuses.first().copied().unwrap_or(StatusCode::Good);
    code(
        status,
        &[StatusCode::BadRequestCancelledByClient, StatusCode::BadRequestCancelledByRequest],
        "the cancelled Publish",
    )
}

fn ses_34(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let first = link.session.clone();
    created(&mut link, 60_000.0)?;
    activated(&mut link)?;
    let second = link.session.clone();
    for token in [&first, &second, &first] {
        link.session = token.clone();
        good(state(&mut link)?, "Read of one of two sessions on a channel")?;
    }
    Ok(())
}

fn activate_with(
    link: &mut Link,
    locales: Vec<opcua_types::UAString>,
) -> Result<Answer<ActivateSessionResponse>, Stop> {
    let request = opcua_types::ActivateSessionRequest {
        request_header: link.header(),
        locale_ids: Some(locales),
        user_identity_token: ExtensionObject::null(),
        ..opcua_types::ActivateSessionRequest::default()
    };
    link.call(&request)
}

fn ses_38(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    created(&mut link, 60_000.0)?;
    let locales = ["xx-YY", "en", "de"].map(opcua_types::UAString::from).to_vec();
    good(activate_with(&mut link, locales)?, "ActivateSession with locales")?;
    let name = opcua_types::AttributeId::DisplayName;
    let request = vec![crate::conformance::bench::attribute(standard(2253), name)];
    let found = read(&mut link, request)?.pop().and_then(|it| it.value);
    match found {
        Some(Variant::LocalizedText(text)) => {
            that(!text.text.as_ref().is_empty(), "DisplayName of the Server object is empty")
        }
        other => Err(Stop::unexpected("DisplayName", "a LocalizedText", format!("{other:?}"))),
    }
}

fn ses_39(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    created(&mut link, 60_000.0)?;
    let many = vec![opcua_types::UAString::from("en"); 1000];
    let bounded = [
        StatusCode::BadEncodingLimitsExceeded,
        StatusCode::BadRequestTooLarge,
        StatusCode::BadTooManyOperations,
    ];
    if let Err(status) = activate_with(&mut link, many)? {
        code(status, &bounded, "a thousand locales")?;
    }
    let mut other = bench.open()?;
    let mut request = other.session_request(60_000.0);
    request.session_name = "n".repeat(50_000).as_str().into();
    match other.call::<CreateSessionResponse>(&request)? {
        Ok(_) => Ok(()),
        Err(status) => code(status, &bounded, "a session name of 50,000 characters"),
    }
}

//! 4.3: GetEndpoints and FindServers (Part 4, 5.5).

use std::collections::{BTreeMap, BTreeSet};

use opcua_types::{
    EndpointDescription, FindServersRequest, FindServersResponse, GetEndpointsRequest,
    GetEndpointsResponse, MessageSecurityMode, ReadResponse, RegisterServerRequest,
    RegisterServerResponse, StatusCode, UAString,
};

use crate::conformance::bench::{read_request, standard, value};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::link::Link;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of discovery.
pub(super) const CASES: &[Case] = &[
    case("DIS-01", "endpoints are complete", dis_01),
    case("DIS-02", "transport profiles filter", dis_02),
    case("DIS-03", "any endpoint URL is answered", dis_03),
    case("DIS-04", "unknown locales are no error", dis_04),
    case("DIS-05", "FindServers filters by URI", dis_05),
    case("DIS-06", "a hundred FindServers on one channel", dis_06),
    case("DIS-07", "discovery works without a session", dis_07),
    case("DIS-08", "PolicyIds are unique and stay the same", dis_08),
    case("DIS-09", "the security level follows security", dis_09),
    case("DIS-10", "registration at a discovery server", dis_10),
    case("DIS-11", "a discovery server that is down", dis_11),
    case("DIS-12", "RegisterServer is refused or checked", dis_12),
    case("DIS-13", "mDNS", dis_13),
];

const TRANSPORT: &str = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary";

fn request(link: &Link) -> GetEndpointsRequest {
    GetEndpointsRequest {
        request_header: link.header(),
        endpoint_url: link.url.as_str().into(),
        ..GetEndpointsRequest::default()
    }
}

fn endpoints(
    link: &mut Link,
    request: &GetEndpointsRequest,
) -> Result<Vec<EndpointDescription>, Stop> {
    let response: GetEndpointsResponse = good(link.call(request)?, "GetEndpoints")?;
    Ok(response.endpoints.unwrap_or_default())
}

fn dis_01(bench: &Bench) -> Check {
    let found = bench.endpoints()?;
    that(!found.is_empty(), "no endpoint")?;
    for one in &found {
        let name = format!("{} {:?}", one.security_policy_uri, one.security_mode);
        that(
            one.endpoint_url.as_ref().starts_with("opc.tcp://"),
            format!("{name}: URL {}", one.endpoint_url),
        )?;
        that(!one.transport_profile_uri.is_empty(), format!("{name}: no TransportProfileUri"))?;
        that(
            one.user_identity_tokens.as_ref().is_some_and(|it| !it.is_empty()),
            format!("{name}: no user tokens"),
        )?;
        that(!one.server.application_uri.is_empty(), format!("{name}: no ApplicationUri"))?;
        let is_secured = one.security_mode != MessageSecurityMode::None;
        that(!is_secured || one.server_certificate.len() > 100, format!("{name}: no certificate"))?;
    }
    Ok(())
}

fn dis_02(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let of = |link: &Link, uri: &str| GetEndpointsRequest {
        profile_uris: Some(vec![uri.into()]),
        ..request(link)
    };
    let asked = of(&link, TRANSPORT);
    let binary = endpoints(&mut link, &asked)?;
    that(!binary.is_empty(), "no endpoint for UA TCP binary")?;
    that(
        binary.iter().all(|it| it.transport_profile_uri.as_ref() == TRANSPORT),
        "another transport",
    )?;
    let asked = of(&link, "urn:no-such-profile");
    equal(endpoints(&mut link, &asked)?.len(), 0, "endpoints of an unknown profile")
}

fn dis_03(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    for url in ["opc.tcp://no-such-host.invalid:4840", "opc.tcp://127.0.0.1:9", "", "nonsense"] {
        let asked = GetEndpointsRequest { endpoint_url: url.into(), ..request(&link) };
        that(!endpoints(&mut link, &asked)?.is_empty(), format!("no endpoint for URL {url:?}"))?;
    }
    Ok(())
}

fn dis_04(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let asked = GetEndpointsRequest { locale_ids: Some(vec!["xx-YY".into()]), ..request(&link) };
    that(!endpoints(&mut link, &asked)?.is_empty(), "no endpoint for locale xx-YY")
}

fn servers(link: &mut Link, uris: Vec<UAString>) -> Result<usize, Stop> {
    let asked = FindServersRequest {
        request_header: link.header(),
        endpoint_url: link.url.as_str().into(),
        server_uris: Some(uris),
        ..FindServersRequest::default()
    };
    let response: FindServersResponse = good(link.call(&asked)?, "FindServers")?;
    Ok(response.servers.map_or(0, |it| it.len()))
}

fn dis_05(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let own = some(bench.endpoints()?.into_iter().next(), "an endpoint")?.server.application_uri;
    that(servers(&mut link, Vec::new())? >= 1, "FindServers finds nobody")?;
    equal(servers(&mut link, vec![own])?, 1, "servers of its own URI")?;
    equal(servers(&mut link, vec!["urn:nobody".into()])?, 0, "servers of a foreign URI")
}

fn dis_06(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    for _ in 0..100 {
        servers(&mut link, Vec::new())?;
    }
    Ok(())
}

fn dis_07(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let asked = request(&link);
    endpoints(&mut link, &asked)?;
    let read = read_request(&link, vec![value(standard(2259))]);
    match link.call::<ReadResponse>(&read)? {
        Ok(_) => Err(Stop::failed("Read without a session")),
        Err(status) => code(
            status,
            &[
                StatusCode::BadSessionIdInvalid,
                StatusCode::BadServiceUnsupported,
                StatusCode::BadSecurityPolicyRejected,
                StatusCode::BadSecurityChecksFailed,
            ],
            "Read without a session",
        ),
    }
}

/// PolicyIds of each endpoint.
fn policies(all: &[EndpointDescription]) -> Vec<Vec<String>> {
    let of = |it: &EndpointDescription| -> Vec<String> {
        let tokens = it.user_identity_tokens.as_deref().unwrap_or_default();
        tokens.iter().map(|it| it.policy_id.as_ref().to_owned()).collect()
    };
    all.iter().map(of).collect()
}

fn dis_08(bench: &Bench) -> Check {
    let first = policies(&bench.endpoints()?);
    for ids in &first {
        let unique: BTreeSet<&String> = ids.iter().collect();
        equal(unique.len(), ids.len(), "different PolicyIds of an endpoint")?;
    }
    equal(policies(&bench.endpoints()?), first, "PolicyIds asked for again")
}

fn dis_09(bench: &Bench) -> Check {
    let mut levels: BTreeMap<i32, Vec<u8>> = BTreeMap::new();
    for one in bench.endpoints()? {
        levels.entry(one.security_mode as i32).or_default().push(one.security_level);
    }
    let none = levels.get(&1).and_then(|it| it.iter().max()).copied();
    let encrypted = levels.get(&3).and_then(|it| it.iter().min()).copied();
    match (none, encrypted) {
        (Some(none), Some(encrypted)) => that(
            encrypted > none,
            format!("SecurityLevel {encrypted} with encryption, {none} without"),
        ),
        _ => Err(Stop::skipped("the server does not offer both None and SignAndEncrypt")),
    }
}

fn dis_10(_: &Bench) -> Check {
    Err(Stop::skipped("needs a discovery server and the server's configuration"))
}

fn dis_11(_: &Bench) -> Check {
    Err(Stop::skipped("needs a discovery server and the server's configuration"))
}

fn dis_12(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    let asked =
        RegisterServerRequest { request_header: link.header(), ..RegisterServerRequest::default() };
    match link.call::<RegisterServerResponse>(&asked)? {
        Ok(_) => Err(Stop::failed("RegisterServer without a URI is Good")),
        Err(status) => code(
            status,
            &[
                StatusCode::BadServiceUnsupported,
                StatusCode::BadServerUriInvalid,
                StatusCode::BadServerNameMissing,
                StatusCode::BadSecurityChecksFailed,
                StatusCode::BadSecurityModeInsufficient,
                StatusCode::BadNotImplemented,
            ],
            "RegisterServer without a URI",
        ),
    }
}

fn dis_13(_: &Bench) -> Check {
    Err(Stop::skipped("needs the server's configuration and a network"))
}

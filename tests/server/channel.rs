//! Secure conversation on security None (Part 6, 6.7): numbers, tokens, lifetimes.

use opcua_types::{GetEndpointsRequest, GetEndpointsResponse, StatusCode};

use crate::raw::{NONE, Raw, Server};

fn endpoints(raw: &mut Raw) -> Result<GetEndpointsResponse, StatusCode> {
    let request = GetEndpointsRequest {
        request_header: raw.header(),
        endpoint_url: raw.url.as_str().into(),
        ..GetEndpointsRequest::default()
    };
    raw.call(&request)
}

#[test]
fn sc_02_an_unknown_policy_is_refused() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello();
    let body = raw.open_body("http://example.org/none-such", 0, 1, 60_000);
    raw.send_frame("OPNF", &body);
    assert_eq!(raw.refusal(), StatusCode::BadSecurityPolicyRejected);
}

#[test]
fn sc_04_policy_none_does_not_sign() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello();
    let body = raw.open_body(NONE, 0, 2, 60_000);
    raw.send_frame("OPNF", &body);
    assert!(raw.refusal().is_bad());
}

#[test]
fn sc_09_a_renewed_token_works_and_so_does_the_old_one_until_then() {
    let server = Server::start();
    let mut raw = server.open();
    let old = raw.token;
    raw.open_with(1, 60_000);
    assert_ne!(raw.token, old);
    let new = std::mem::replace(&mut raw.token, old);
    endpoints(&mut raw).unwrap();
    raw.token = new;
    endpoints(&mut raw).unwrap();
}

#[test]
fn sc_10_and_13_another_channels_number_is_refused() {
    let server = Server::start();
    let other = server.open();
    let mut raw = server.open();
    raw.channel = other.channel;
    raw.post("MSGF", &[0; 40]);
    assert!(raw.refusal().is_bad());
    let mut raw = server.open();
    raw.channel = 77_777;
    let body = raw.open_body(NONE, 1, 1, 60_000);
    raw.send_frame("OPNF", &body);
    assert!(raw.refusal().is_bad());
}

#[test]
fn sc_12_an_unknown_token_is_refused() {
    let server = Server::start();
    let mut raw = server.open();
    raw.token += 1000;
    raw.post("MSGF", &[0; 40]);
    assert_eq!(raw.refusal(), StatusCode::BadSecureChannelTokenUnknown);
}

#[test]
fn sc_14_and_15_numbers_neither_repeat_nor_skip() {
    let server = Server::start();
    for step in [-1_i64, 1000] {
        let mut raw = server.open();
        endpoints(&mut raw).unwrap();
        raw.sequence = u32::try_from(i64::from(raw.sequence) + step).unwrap();
        raw.post("MSGF", &[0; 40]);
        assert_eq!(raw.refusal(), StatusCode::BadSecurityChecksFailed, "step {step}");
    }
}

#[test]
fn sc_20_lifetimes_are_revised_into_their_bounds() {
    let server = Server::start();
    for asked in [0, 1, u32::MAX] {
        let mut raw = server.connect();
        raw.hello();
        let revised = raw.open_with(0, asked);
        assert!((10_000..=3_600_000).contains(&revised), "{asked} became {revised}");
    }
}

#[test]
fn sc_21_a_channel_ends_with_its_token() {
    let server = Server::with("limits.channel_lifetime_ms = [1000, 2000]");
    let mut raw = server.connect();
    raw.hello();
    assert_eq!(raw.open_with(0, 1), 1000);
    assert!(raw.receive().is_none(), "closed by the server");
}

#[test]
fn sc_22_closing_ends_the_connection() {
    let server = Server::start();
    let mut raw = server.open();
    raw.post("CLOF", &[]);
    assert!(raw.receive().is_none());
}

#[test]
fn sc_23_the_oldest_channel_without_a_session_makes_room() {
    let server = Server::with("limits.connections = 3");
    let kept = server.session();
    let mut oldest = server.open();
    let _second = server.open();
    let mut good = server.session();
    assert!(oldest.receive().is_none(), "the oldest without a session is closed");
    assert!(good.try_activate().is_ok());
    drop(kept);
}

#[test]
fn sc_28_lengths_that_cannot_be_are_refused() {
    let server = Server::start();
    for length in [-2_i32, i32::MAX] {
        let mut raw = server.connect();
        raw.hello();
        let mut body = 0_u32.to_le_bytes().to_vec();
        body.extend_from_slice(&(NONE.len() as i32).to_le_bytes());
        body.extend_from_slice(NONE.as_bytes());
        body.extend_from_slice(&length.to_le_bytes());
        body.extend_from_slice(&[0xff; 32]);
        raw.send_frame("OPNF", &body);
        assert!(raw.refusal().is_bad(), "{length}");
    }
}

#[test]
fn dis_01_and_08_endpoints_are_complete_and_their_policies_unique() {
    let server = Server::start();
    let all = endpoints(&mut server.open()).unwrap().endpoints.unwrap();
    assert_eq!(all.len(), 11);
    let mut ids = Vec::new();
    for endpoint in &all {
        assert!(!endpoint.endpoint_url.is_empty() && !endpoint.transport_profile_uri.is_empty());
        assert!(!endpoint.server_certificate.is_null());
        for token in endpoint.user_identity_tokens.iter().flatten() {
            ids.push(token.policy_id.as_ref().to_owned());
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn dis_03_the_host_that_the_client_used_comes_back_where_it_is_ours() {
    let server = Server::start();
    let mut raw = server.open();
    let port = raw.url.rsplit(':').next().unwrap().to_owned();
    for (asked, host) in [("localhost", "localhost"), ("stranger", "127.0.0.1")] {
        raw.url = format!("opc.tcp://{asked}:{port}");
        let all = endpoints(&mut raw).unwrap().endpoints.unwrap();
        assert_eq!(all[0].endpoint_url.as_ref(), format!("opc.tcp://{host}:{port}"));
    }
}

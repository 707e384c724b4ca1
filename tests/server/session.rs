//! Sessions (Part 4, 5.7): whose they are, how long they live, how many there may be.

use opcua_types::{
    CancelRequest, CancelResponse, CloseSessionRequest, CloseSessionResponse, NodeId, ReadRequest,
    ReadResponse, ReadValueId, StatusCode, TimestampsToReturn,
};

use crate::raw::{Raw, Server, standard};

fn read_time(raw: &mut Raw) -> Result<ReadResponse, StatusCode> {
    let request = ReadRequest {
        request_header: raw.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(vec![ReadValueId::from(standard(2258))]),
    };
    raw.call(&request)
}

fn close(raw: &mut Raw) -> Result<CloseSessionResponse, StatusCode> {
    let request = CloseSessionRequest { request_header: raw.header(), delete_subscriptions: true };
    raw.call(&request)
}

#[test]
fn ses_01_the_id_is_not_the_token() {
    let server = Server::start();
    let created = server.open().create_session();
    assert_ne!(created.session_id, created.authentication_token);
    assert!(created.server_nonce.len() >= 32);
}

#[test]
fn ses_02_timeouts_are_revised_into_their_bounds() {
    let server = Server::start();
    for asked in [0.0, 1.0, 1e12, f64::NAN, -1.0] {
        let created = server.open().try_create_session(asked).unwrap();
        let revised = created.revised_session_timeout;
        assert!((5000.0..=3_600_000.0).contains(&revised), "{asked} became {revised}");
    }
}

#[test]
fn ses_10_and_11_sessions_are_bounded_and_idle_ones_make_room() {
    let server = Server::with("limits.sessions = 2");
    let _one = server.session();
    let mut idle = server.open();
    idle.create_session();
    let _two = server.session();
    assert_eq!(idle.try_activate().unwrap_err(), StatusCode::BadSessionIdInvalid);
    let refused = server.open().try_create_session(60_000.0);
    assert_eq!(refused.unwrap_err(), StatusCode::BadTooManySessions);
}

#[test]
fn ses_12_ended_sessions_leave_nothing() {
    let server = Server::with("limits.sessions = 3");
    for _ in 0..50 {
        close(&mut server.session()).unwrap();
    }
}

#[test]
fn ses_13_a_session_used_before_its_activation_is_closed() {
    let server = Server::start();
    let mut raw = server.open();
    raw.create_session();
    assert_eq!(read_time(&mut raw).unwrap_err(), StatusCode::BadSessionNotActivated);
    assert_eq!(raw.try_activate().unwrap_err(), StatusCode::BadSessionIdInvalid);
}

#[test]
fn ses_14_an_idle_session_ends() {
    let server = Server::with("limits.session_timeout_ms = [1000, 2000]");
    let mut raw = server.open();
    raw.try_create_session(1000.0).unwrap();
    raw.activate();
    read_time(&mut raw).unwrap();
    // Longer than the timeout; nothing else can be waited for from outside.
    std::thread::park_timeout(std::time::Duration::from_millis(1800));
    assert_eq!(read_time(&mut raw).unwrap_err(), StatusCode::BadSessionIdInvalid);
}

#[test]
fn ses_19_every_activation_gives_a_new_nonce() {
    let server = Server::start();
    let mut raw = server.session();
    let one = raw.try_activate().unwrap().server_nonce;
    assert_ne!(one, raw.try_activate().unwrap().server_nonce);
}

#[test]
fn ses_22_and_23_a_token_counts_on_its_own_channel_only() {
    let server = Server::start();
    let mut owner = server.session();
    let mut thief = server.open();
    thief.session = owner.session.clone();
    assert_eq!(read_time(&mut thief).unwrap_err(), StatusCode::BadSecureChannelIdInvalid);
    assert!(close(&mut thief).is_err());
    read_time(&mut owner).unwrap();
}

#[test]
fn ses_24_and_26_closed_and_forged_sessions_are_invalid() {
    let server = Server::start();
    let mut raw = server.session();
    close(&mut raw).unwrap();
    assert_eq!(close(&mut raw).unwrap_err(), StatusCode::BadSessionIdInvalid);
    raw.session = NodeId::new(0, opcua_types::ByteString::from(vec![7_u8; 36]));
    assert_eq!(read_time(&mut raw).unwrap_err(), StatusCode::BadSessionIdInvalid);
}

#[test]
fn ses_28_the_request_handle_comes_back() {
    let server = Server::start();
    let mut raw = server.session();
    let mut request = ReadRequest {
        request_header: raw.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(vec![ReadValueId::from(standard(2258))]),
    };
    request.request_header.request_handle = 4711;
    let response: ReadResponse = raw.call(&request).unwrap();
    assert_eq!(response.response_header.request_handle, 4711);
}

#[test]
fn ses_32_cancelling_nothing_cancels_nothing() {
    let server = Server::start();
    let mut raw = server.session();
    let request = CancelRequest { request_header: raw.header(), request_handle: 999 };
    let response: CancelResponse = raw.call(&request).unwrap();
    assert_eq!(response.cancel_count, 0);
}

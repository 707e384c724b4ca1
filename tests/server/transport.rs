//! UA TCP (Part 6, 7.1): what is refused, and that it costs nothing.

use std::time::Duration;

use opcua_types::StatusCode;

use crate::audit::logged;
use crate::raw::Server;

fn number(body: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(body[at..at + 4].try_into().unwrap())
}

#[test]
fn tcp_01_hello_is_acknowledged_within_what_was_asked() {
    let server = Server::start();
    let frame = server.connect().hello();
    for at in [4, 8] {
        assert!((8192..=65_536).contains(&number(&frame.body, at)));
    }
    assert!(number(&frame.body, 12) > 0 && number(&frame.body, 16) > 0);
}

#[test]
fn tcp_02_a_newer_client_is_not_refused() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello_with(u32::MAX, 65_536, "opc.tcp://anywhere");
    let frame = raw.receive().unwrap();
    assert_eq!((frame.kind.as_str(), number(&frame.body, 0)), ("ACKF", 0));
}

#[test]
fn tcp_03_too_small_buffers_are_refused() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello_with(0, 1024, "opc.tcp://here");
    assert!(raw.refusal().is_bad());
}

#[test]
fn tcp_04_a_url_of_more_than_4096_bytes_is_refused() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello_with(0, 65_536, &"u".repeat(4097));
    assert_eq!(raw.refusal(), StatusCode::BadTcpEndpointUrlInvalid);
}

#[test]
fn tcp_06_a_second_hello_is_refused() {
    let server = Server::start();
    let mut raw = server.connect();
    raw.hello();
    raw.hello_with(0, 65_536, "opc.tcp://here");
    assert_eq!(raw.refusal(), StatusCode::BadTcpMessageTypeInvalid);
}

#[test]
fn tcp_07_and_08_nothing_but_hello_comes_first() {
    let server = Server::start();
    for kind in ["OPNF", "MSGF", "XYZF"] {
        let mut raw = server.connect();
        raw.send_frame(kind, &[0; 32]);
        assert_eq!(raw.refusal(), StatusCode::BadTcpMessageTypeInvalid, "{kind}");
    }
}

#[test]
fn tcp_09_who_stays_silent_is_hung_up_on() {
    let server = Server::with("limits.hello_ms = 200");
    assert!(server.connect().receive().is_none());
}

#[test]
fn tcp_11_absurd_sizes_close_that_connection_only_and_cost_nothing() {
    // What is recorded takes memory meanwhile.
    let server = Server::with("history.enabled = false");
    let mut good = server.session();
    let before = server.resident_kib();
    for size in [0_u32, 7, u32::MAX] {
        for kind in ["HELF", "MSGF"] {
            let mut raw = server.connect();
            if kind == "MSGF" {
                raw.hello();
                raw.open_channel();
            }
            raw.send(&[kind.as_bytes(), &size.to_le_bytes(), &[0; 4]].concat());
            assert!(raw.refusal().is_bad(), "{kind} {size}");
        }
    }
    let cost = server.resident_kib().saturating_sub(before);
    assert!(cost < 512, "{cost} KiB");
    assert!(good.try_activate().is_ok(), "another client is not disturbed");
}

/// A frame of 4 GiB is announced and never sent: nothing may be set aside for it.
#[test]
fn tcp_11_an_announced_frame_of_4_gib_costs_less_than_64_kib() {
    let server = Server::with("history.enabled = false\nlimits.hello_ms = 60000");
    // What the first connections of a process cost apart.
    let mut warm: Vec<_> = (0..20).map(|_| server.open()).collect();
    warm[0].send(&[b"MSGF".as_slice(), &7_u32.to_le_bytes()].concat());
    assert!(warm[0].refusal().is_bad());
    // Their lines in the audit log are written meanwhile, by another thread.
    logged(&server, "SecureChannel/CloseSecureChannel", 1);
    let before = server.resident_kib();
    let mut raw = server.connect();
    raw.hello();
    raw.open_channel();
    raw.send(&[b"MSGF".as_slice(), &u32::MAX.to_le_bytes()].concat());
    assert!(raw.refusal().is_bad());
    let cost = server.resident_kib().saturating_sub(before);
    assert!(cost < 64, "{cost} KiB");
}

#[test]
fn tcp_12_a_chunk_longer_than_agreed_is_refused() {
    let server = Server::start();
    let mut raw = server.open();
    raw.send(&[b"MSGF".as_slice(), &70_000_u32.to_le_bytes(), &[0; 64]].concat());
    assert_eq!(raw.refusal(), StatusCode::BadTcpMessageTooLarge);
}

#[test]
fn tcp_13_chunks_without_end_are_refused() {
    let server = Server::with(
        "limits.chunks = 8\nlimits.message_bytes = 500000\nlimits.string_bytes = 100000",
    );
    let mut raw = server.open();
    for _ in 0..9 {
        raw.post("MSGC", &[0; 100]);
        raw.request -= 1;
    }
    assert!(raw.refusal().is_bad());
}

#[test]
fn tcp_15_an_aborted_message_leaves_the_channel_usable() {
    let server = Server::start();
    let mut raw = server.open();
    raw.post("MSGC", &[0; 100]);
    raw.request -= 1;
    let mut reason = StatusCode::BadTcpInternalError.bits().to_le_bytes().to_vec();
    reason.extend_from_slice(&[0xff; 4]);
    raw.post("MSGA", &reason);
    raw.create_session();
}

#[test]
fn tcp_10_a_slow_hello_is_taken_and_holds_nobody_up() {
    let server = Server::start();
    let mut slow = server.connect();
    let mut frame = b"HELF".to_vec();
    frame.extend_from_slice(&32_u32.to_le_bytes());
    for number in [0, 65_536, 65_536, 0, 0, u32::MAX] {
        frame.extend_from_slice(&u32::to_le_bytes(number));
    }
    for (index, byte) in frame.iter().enumerate() {
        slow.send(&[*byte]);
        if index == 16 {
            server.session();
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert_eq!(slow.receive().unwrap().kind, "ACKF");
}

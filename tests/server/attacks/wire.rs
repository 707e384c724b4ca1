//! Frames, chunks and connections: what needs no session.

use std::time::Duration;

use cellhouse::time;
use opcua_types::{FindServersRequest, StatusCode};

use crate::attacks::{goes_on, withstands};
use crate::raw::Raw;

/// Connections that one attacker tries to keep.
const CONNECTIONS: usize = 400;

#[test]
fn attack_chunks_without_end() {
    withstands("", |ground| {
        let (begun, mut messages, mut chunks) = (time::monotonic(), 0, 0);
        while goes_on(begun) {
            let mut raw = ground.open();
            raw.request += 1;
            // More than a newcomer's message may be, and never the last chunk; then in the smallest pieces.
            for size in [8000, 1] {
                for _ in 0..100 {
                    raw.post_part("MSGC", &vec![0; size]);
                    chunks += 1;
                }
            }
            assert!(raw.is_hung_up());
            messages += 1;
        }
        format!("{chunks} chunks of {messages} messages without an end")
    });
}

#[test]
fn attack_messages_that_are_begun_and_kept() {
    withstands("", |ground| {
        let before = ground.server.resident_kib();
        let kept: Vec<Raw> = (0..150)
            .map(|_| {
                let mut raw = ground.open();
                raw.request += 1;
                for _ in 0..5 {
                    raw.post_part("MSGC", &[0; 8192]);
                }
                // A chunk of which the last byte never comes.
                raw.send(&[b"MSGC".as_slice(), &10_000_u32.to_le_bytes(), &[0; 9_991]].concat());
                raw
            })
            .collect();
        time::wait(Duration::from_millis(500));
        let each = ground.server.resident_kib().saturating_sub(before) / kept.len() as u64;
        assert!(each < 64, "{each} KiB for each");
        format!("{} messages of 50 KiB begun and kept, {each} KiB each", kept.len())
    });
}

#[test]
fn attack_answers_that_nobody_takes() {
    withstands("", |ground| {
        let before = ground.server.resident_kib();
        let kept: Vec<Raw> = (0..150)
            .map(|_| {
                let mut raw = ground.open();
                let request = opcua_types::GetEndpointsRequest {
                    request_header: raw.header(),
                    endpoint_url: "opc.tcp://here".into(),
                    ..Default::default()
                };
                // Some fifteen kilobytes each, together more than the sockets hold.
                for _ in 0..300 {
                    raw.ask(&request);
                }
                raw
            })
            .collect();
        time::wait(Duration::from_millis(500));
        let each = ground.server.resident_kib().saturating_sub(before) / kept.len() as u64;
        assert!(each < 64, "{each} KiB for each");
        format!("answers to {} clients that never read, {each} KiB each", kept.len())
    });
}

#[test]
fn attack_broken_frames() {
    withstands("", |ground| {
        let (begun, mut frames) = (time::monotonic(), 0);
        let sizes = [0_u32, 1, 7, 8, 9, 23, 24, u32::MAX, 1 << 31];
        while goes_on(begun) {
            for kind in ["HELF", "OPNF", "MSGF", "MSGC", "MSGA", "CLOF", "ERRF", "XXXX", "\0\0\0\0"]
            {
                for size in sizes {
                    let mut raw = if frames % 2 == 0 { ground.open() } else { ground.connect() };
                    raw.send(&[kind.as_bytes(), &size.to_le_bytes(), &[0xff; 16]].concat());
                    frames += 1;
                }
            }
        }
        format!("{frames} frames that are cut, empty or endless")
    });
}

#[test]
fn attack_connections_that_say_nothing() {
    withstands("limits.hello_ms = 500", |ground| {
        let mut kept: Vec<Raw> = (0..CONNECTIONS).filter_map(|_| ground.try_connect()).collect();
        // Half-open: the server hears no more of them, and gives up each by itself.
        let ended = kept.iter_mut().filter_map(|it| it.is_hung_up().then_some(())).count();
        assert_eq!(ended, kept.len());
        format!("{ended} connections that say nothing, all ended by the server")
    });
}

#[test]
fn attack_a_hello_byte_by_byte() {
    withstands("limits.hello_ms = 1000", |ground| {
        let mut kept: Vec<Raw> = (0..100).map(|_| ground.connect()).collect();
        let (begun, mut bytes) = (time::monotonic(), 0);
        let hello = [b"HELF".as_slice(), &100_u32.to_le_bytes(), &[0; 92]].concat();
        for byte in &hello {
            if !goes_on(begun) {
                break;
            }
            for raw in &mut kept {
                raw.send(&[*byte]);
            }
            bytes += kept.len();
            time::wait(Duration::from_millis(50));
        }
        let ended = kept.iter_mut().filter_map(|it| it.is_hung_up().then_some(())).count();
        assert_eq!(ended, kept.len(), "who is too slow is hung up on");
        format!("{bytes} bytes of {ended} Hellos, one by one")
    });
}

#[test]
fn attack_more_channels_than_there_are() {
    withstands("", |ground| {
        let (begun, mut opened, mut kept) = (time::monotonic(), 0, Vec::new());
        while goes_on(begun) {
            kept.push(ground.open());
            opened += 1;
            if kept.len() > CONNECTIONS {
                kept.clear();
            }
        }
        // The operator comes in while the attacker holds all that one address may have.
        let mut late = ground.server.session();
        assert!(late.try_activate().is_ok());
        format!("{opened} channels, {} kept at a time", CONNECTIONS.min(opened))
    });
}

#[test]
fn attack_openings_that_cost_a_decryption() {
    withstands("", |ground| {
        let mut asking = ground.open();
        let request = opcua_types::GetEndpointsRequest {
            request_header: asking.header(),
            ..Default::default()
        };
        let response: opcua_types::GetEndpointsResponse = asking.call(&request).unwrap();
        let endpoints = response.endpoints.unwrap();
        let secured =
            endpoints.iter().find(|it| it.security_policy_uri.as_ref().contains("Basic256"));
        let certificate = secured.unwrap().server_certificate.value.clone().unwrap();
        let (begun, mut openings) = (time::monotonic(), 0);
        while goes_on(begun) {
            let mut raw = ground.connect();
            raw.hello();
            raw.send_frame("OPNF", &opening(&certificate, &vec![0x5a; 512]));
            assert_eq!(raw.refusal(), StatusCode::BadSecurityChecksFailed);
            openings += 1;
        }
        format!("{openings} openings with nonsense inside")
    });
}

/// The body of an OPN chunk to a server with this certificate, from one with the same, with this cipher text.
fn opening(certificate: &[u8], cipher: &[u8]) -> Vec<u8> {
    let policy = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256";
    let mut body = 0_u32.to_le_bytes().to_vec();
    let thumbprint = cellhouse::ua::pki::thumbprint(certificate);
    for part in [policy.as_bytes(), certificate, &thumbprint] {
        body.extend_from_slice(&(part.len() as u32).to_le_bytes());
        body.extend_from_slice(part);
    }
    body.extend_from_slice(cipher);
    body
}

#[test]
fn attack_text_that_is_no_text() {
    withstands("", |ground| {
        let (begun, mut requests) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let request = FindServersRequest {
                request_header: raw.header(),
                endpoint_url: "opc.tcp://aaaaaaaaaaaaaaaa".into(),
                ..Default::default()
            };
            let message = raw.encode(&request);
            let at = message.windows(4).position(|it| it == b"aaaa").unwrap();
            for broken in
                [[0xc3, 0x28, 0xa0, 0xa1], [0xed, 0xa0, 0x80, 0xff], [0xf8, 0x88, 0, 0xfe]]
            {
                let mut message = message.clone();
                message[at..at + 4].copy_from_slice(&broken);
                raw.post("MSGF", &message);
                let status = raw.answer::<opcua_types::FindServersResponse>().unwrap_err();
                assert_eq!(status, StatusCode::BadDecodingError);
                requests += 1;
            }
        }
        format!("{requests} requests with text that is not UTF-8")
    });
}

//! 4.1, first part: UA TCP (Part 6, 7.1).

use std::time::Duration;

use opcua_types::{ReadRequest, ReadResponse, StatusCode};

use crate::conformance::bench::{read, read_request, standard, value};
use crate::conformance::expect::{code, equal, good, refused, that};
use crate::conformance::link::{Link, NONE};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of UA TCP.
pub(super) const CASES: &[Case] = &[
    case("TCP-01", "hello is acknowledged within what was asked", tcp_01),
    case("TCP-02", "a newer protocol version is no reason to refuse", tcp_02),
    case("TCP-03", "too small buffers are refused", tcp_03),
    case("TCP-04", "an endpoint URL of more than 4096 bytes is refused", tcp_04),
    case("TCP-05", "a host name that is not the server's is no error", tcp_05),
    case("TCP-06", "a second hello is refused", tcp_06),
    case("TCP-07", "nothing comes before hello", tcp_07),
    case("TCP-08", "an unknown message type is refused", tcp_08),
    case("TCP-09", "who stays silent is hung up on", tcp_09),
    case("TCP-10", "a slow hello is taken or refused, and holds nobody up", tcp_10),
    case("TCP-11", "absurd sizes close the connection", tcp_11),
    case("TCP-12", "a chunk longer than agreed is refused", tcp_12),
    alone("TCP-13", "chunks without end are refused", tcp_13),
    alone("TCP-14", "a message beyond its bound in small chunks is refused", tcp_14),
    case("TCP-15", "an aborted message leaves the channel usable", tcp_15),
    case(
        "TCP-16",
        "a response longer than the client takes is a fault, and the channel stays",
        tcp_16,
    ),
    case("TCP-17", "reverse hello", tcp_17),
    case("TCP-18", "a reverse target that refuses is tried again in good time", tcp_18),
];

/// Codes with which a server may refuse what breaks the transport.
const ANY_TCP: &[StatusCode] = &[
    StatusCode::BadTcpMessageTypeInvalid,
    StatusCode::BadTcpMessageTooLarge,
    StatusCode::BadTcpNotEnoughResources,
    StatusCode::BadTcpInternalError,
    StatusCode::BadConnectionRejected,
    StatusCode::BadDecodingError,
    StatusCode::BadCommunicationError,
];

/// The server hangs up; if it says why, with one of these codes.
pub(super) fn hung_up(link: &mut Link, wanted: &[StatusCode], of: &str) -> Check {
    match link.refusal()? {
        Some(status) => code(status, wanted, of),
        None => Ok(()),
    }
}

/// A Read that shows the channel and session to be alive.
fn is_alive(link: &mut Link) -> Check {
    read(link, vec![value(standard(2258))]).map(|_| ())
}

fn tcp_01(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    let frame = link.hello()?;
    equal(frame.body.len(), 20, "length of the Acknowledge")?;
    for (at, name) in [(4, "receive buffer"), (8, "send buffer")] {
        let size = frame.number(at);
        that((8192..=65_536).contains(&size), format!("{name} is {size}, not 8192 to 65536"))?;
    }
    Ok(())
}

fn tcp_02(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    let url = link.url.clone();
    link.hello_with(u32::MAX, 65_536, &url);
    equal(link.frame("ACKF")?.number(0), 0, "protocol version")
}

fn tcp_03(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    let url = link.url.clone();
    link.hello_with(0, 1024, &url);
    hung_up(&mut link, ANY_TCP, "hello with buffers of 1024 bytes")
}

fn tcp_04(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    let url = format!("opc.tcp://{}", "a".repeat(4090));
    link.hello_with(0, 65_536, &url);
    hung_up(
        &mut link,
        &[StatusCode::BadTcpEndpointUrlInvalid, StatusCode::BadTcpMessageTooLarge],
        "hello with a URL of 4100 bytes",
    )
}

fn tcp_05(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    link.hello_with(0, 65_536, "opc.tcp://no-such-host.invalid:4840/path");
    link.frame("ACKF").map(|_| ())
}

fn tcp_06(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    link.hello()?;
    let url = link.url.clone();
    link.hello_with(0, 65_536, &url);
    hung_up(&mut link, ANY_TCP, "a second hello")
}

fn tcp_07(bench: &Bench) -> Check {
    for kind in ["OPNF", "MSGF"] {
        let mut link = bench.connect()?;
        let body = link.open_body(NONE, 0, 1, 60_000);
        link.send_frame(kind, &body);
        hung_up(&mut link, ANY_TCP, &format!("{kind} before hello"))?;
    }
    Ok(())
}

fn tcp_08(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    link.send_frame("XYZF", &[0; 24]);
    hung_up(&mut link, ANY_TCP, "message type XYZ")
}

fn tcp_09(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    match link.hangs_up(Duration::from_secs(35)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Stop::failed("a silent connection is still open after 35 s")),
    }
}

fn tcp_10(bench: &Bench) -> Check {
    let mut slow = bench.connect()?;
    let mut other = bench.session()?;
    let url = slow.url.clone();
    let mut hello = Vec::new();
    for number in [0, 65_536, 65_536, 0, 0, url.len() as u32] {
        hello.extend_from_slice(&u32::to_le_bytes(number));
    }
    hello.extend_from_slice(url.as_bytes());
    let mut frame = b"HELF".to_vec();
    frame.extend_from_slice(&((8 + hello.len()) as u32).to_le_bytes());
    frame.extend_from_slice(&hello);
    for byte in &frame {
        slow.send(&[*byte]);
        // Between the bytes another client is served: that is what makes the hello slow.
        let pause = time::monotonic() + Duration::from_millis(20);
        while time::monotonic() < pause {
            is_alive(&mut other)?;
        }
    }
    match slow.receive()? {
        Some(frame) if frame.kind == "ACKF" || frame.kind == "ERRF" => Ok(()),
        None => Ok(()),
        Some(frame) => Err(Stop::unexpected("a slow hello", "ACK or ERR", frame.kind)),
    }
}

fn tcp_11(bench: &Bench) -> Check {
    for size in [0_u32, 7, u32::MAX] {
        let mut link = bench.connect()?;
        link.send(&[b"HELF".as_slice(), &size.to_le_bytes(), &[0; 24]].concat());
        hung_up(&mut link, ANY_TCP, &format!("a frame of {size} bytes"))?;
    }
    Ok(())
}

fn tcp_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let size = 70_000_u32;
    link.send(&[b"MSGF".as_slice(), &size.to_le_bytes(), &vec![0; size as usize - 8]].concat());
    hung_up(&mut link, ANY_TCP, "a chunk of 70,000 bytes where 65,536 were agreed")
}

/// Sends chunks of this size until the server hangs up or so many bytes have gone.
fn flood(bench: &Bench, size: usize, most: usize) -> Check {
    let mut link = bench.session()?;
    let request = link.request + 1;
    let mut body = vec![0; 16 + size];
    body[..4].copy_from_slice(&link.channel.to_le_bytes());
    body[4..8].copy_from_slice(&link.token.to_le_bytes());
    body[12..16].copy_from_slice(&request.to_le_bytes());
    let chunks = most / size;
    for _ in 0..chunks {
        link.sequence += 1;
        body[8..12].copy_from_slice(&link.sequence.to_le_bytes());
        link.send_frame("MSGC", &body);
    }
    let wanted = [ANY_TCP, &[StatusCode::BadRequestTooLarge]].concat();
    hung_up(&mut link, &wanted, &format!("{chunks} chunks of {size} bytes without an end"))
}

fn tcp_13(bench: &Bench) -> Check {
    flood(bench, 60_000, 256 << 20)
}

fn tcp_14(bench: &Bench) -> Check {
    flood(bench, 1_000, 64 << 20)
}

fn tcp_15(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = link.request;
    link.post("MSGC", &[1, 0, 0x77, 0x02, 0, 0]);
    link.request = request;
    let mut reason = StatusCode::BadRequestTooLarge.bits().to_le_bytes().to_vec();
    reason.extend_from_slice(&(-1_i32).to_le_bytes());
    link.post("MSGA", &reason);
    is_alive(&mut link)
}

fn tcp_16(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    let url = link.url.clone();
    let mut body = Vec::new();
    // Largest message that the client takes: 8192 bytes in one chunk.
    for number in [0, 8192, 8192, 8192, 1, url.len() as u32] {
        body.extend_from_slice(&u32::to_le_bytes(number));
    }
    body.extend_from_slice(url.as_bytes());
    link.send_frame("HELF", &body);
    link.frame("ACKF")?;
    link.open_channel(0, 60_000)?;
    let created = link.create_session(60_000.0)?;
    if let Err(status) = created {
        // A list of endpoints with certificates may be too long itself.
        code(status, &[StatusCode::BadResponseTooLarge], "CreateSession with 8192 bytes")?;
        let again = link.create_session(60_000.0)?;
        return refused(&again, &[StatusCode::BadResponseTooLarge], "the channel afterwards");
    }
    good(link.activate()?, "ActivateSession")?;
    let request: ReadRequest = read_request(&link, vec![value(standard(2256)); 200]);
    let answer = link.call::<ReadResponse>(&request)?;
    let wanted = [
        StatusCode::BadResponseTooLarge,
        StatusCode::BadEncodingLimitsExceeded,
        StatusCode::BadTcpMessageTooLarge,
    ];
    refused(&answer, &wanted, "a response of 50 KB")?;
    is_alive(&mut link)
}

fn tcp_17(_: &Bench) -> Check {
    Err(Stop::skipped("needs the server's configuration; shown by tests/server/reverse.rs"))
}

fn tcp_18(_: &Bench) -> Check {
    Err(Stop::skipped("needs the server's configuration; shown by tests/server/reverse.rs"))
}

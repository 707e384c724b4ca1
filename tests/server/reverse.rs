//! Reverse connect (Part 6, 7.1.2.6): the server dials; the test is the client that listens.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use cellhouse::time;
use opcua_types::{
    AttributeId, ReadRequest, ReadResponse, ReadValueId, StatusCode, TimestampsToReturn, Variant,
};

use crate::raw::{Raw, Server, standard};

/// A connection is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// ServerStatus.State.
const STATE: u32 = 2259;

/// A client that listens; what comes arrives with the moment it came.
struct Listener {
    port: u16,
    came: Receiver<(Instant, TcpStream)>,
}

impl Listener {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (send, came) = mpsc::channel();
        std::thread::spawn(move || {
            // Ends with the process, or once nobody listens to it.
            while let Ok((stream, _)) = listener.accept() {
                if send.send((time::monotonic(), stream)).is_err() {
                    return;
                }
            }
        });
        Self { port, came }
    }

    /// A server that dials here.
    fn server(&self, more: &str) -> Server {
        let port = self.port;
        Server::with(&format!(
            "[[reverse_connect]]\nurl = \"opc.tcp://127.0.0.1:{port}\"\nretry_s = [0.1, 0.8]\n{more}"
        ))
    }

    fn next(&self) -> (Instant, TcpStream) {
        self.came.recv_timeout(PATIENCE).expect("the server dials")
    }

    /// The next connection behind its ReverseHello: the client's view of it, and ServerUri and EndpointUrl.
    fn greeted(&self) -> (Raw, String, String) {
        let mut raw = Raw::on(self.next().1, String::new());
        let frame = raw.receive().expect("a ReverseHello");
        assert_eq!(frame.kind, "RHEF");
        let (uri, rest) = text(&frame.body);
        let (url, rest) = text(rest);
        assert!(rest.is_empty(), "{rest:?}");
        raw.url.clone_from(&url);
        (raw, uri, url)
    }
}

fn text(bytes: &[u8]) -> (String, &[u8]) {
    let (length, rest) = bytes.split_at(4);
    let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
    (String::from_utf8(rest[..length].to_vec()).unwrap(), &rest[length..])
}

fn state(raw: &mut Raw) -> Result<i32, StatusCode> {
    let request = ReadRequest {
        request_header: raw.header(),
        timestamps_to_return: TimestampsToReturn::Neither,
        nodes_to_read: Some(vec![ReadValueId {
            node_id: standard(STATE),
            attribute_id: AttributeId::Value as u32,
            ..ReadValueId::default()
        }]),
        ..ReadRequest::default()
    };
    let response: ReadResponse = raw.call(&request)?;
    match response.results.unwrap()[0].value {
        Some(Variant::Int32(state)) => Ok(state),
        ref other => panic!("no state: {other:?}"),
    }
}

#[test]
fn tcp_17_a_listening_client_is_told_who_calls_and_goes_on_as_usual() {
    let listener = Listener::new();
    let server = listener.server("");
    let (mut raw, uri, url) = listener.greeted();
    assert!(uri.starts_with("urn:") && uri.ends_with(":cellhouse"), "{uri}");
    assert_eq!(url, format!("opc.tcp://{}", server.address));
    raw.hello();
    raw.open_channel();
    raw.create_session();
    raw.activate();
    assert_eq!(state(&mut raw), Ok(0));
}

#[test]
fn tcp_17_another_connection_waits_once_one_is_in_use() {
    let listener = Listener::new();
    let _server = listener.server("connections = 2\n");
    let (mut first, ..) = listener.greeted();
    // One that waits is not joined by a second.
    assert!(listener.came.recv_timeout(Duration::from_secs(1)).is_err());
    first.hello();
    first.open_channel();
    let (mut second, ..) = listener.greeted();
    second.hello();
    second.open_channel();
    // Two are in use: no third one is offered until one of them ends.
    assert!(listener.came.recv_timeout(Duration::from_secs(1)).is_err());
    drop(first);
    let (mut third, ..) = listener.greeted();
    third.hello();
    third.open_channel();
    for raw in [&mut second, &mut third] {
        raw.create_session();
        raw.activate();
        assert_eq!(state(raw), Ok(0));
    }
}

#[test]
fn tcp_17_a_client_may_let_the_connection_wait_longer_than_a_hello_may_take() {
    let listener = Listener::new();
    let _server = listener.server("[limits]\nhello_ms = 100\n");
    let (mut raw, ..) = listener.greeted();
    assert!(listener.came.recv_timeout(Duration::from_secs(1)).is_err(), "dialled anew");
    raw.hello();
    raw.open_channel();
}

/// What a client does to the connection that the server offers.
type Rudeness = fn(TcpStream);

#[test]
fn tcp_18_a_client_that_refuses_is_dialled_ever_less_often() {
    let error = |stream: TcpStream| {
        let mut raw = Raw::on(stream, String::new());
        assert_eq!(raw.receive().unwrap().kind, "RHEF");
        let mut body = 0x800B_0000_u32.to_le_bytes().to_vec();
        body.extend_from_slice(&[0xff; 4]);
        raw.send_frame("ERRF", &body);
        assert!(raw.receive().is_none(), "an error is not answered");
    };
    let garbage = |stream: TcpStream| {
        let mut raw = Raw::on(stream, String::new());
        assert_eq!(raw.receive().unwrap().kind, "RHEF");
        raw.send(b"GET / HTTP/1.1\r\n\r\n");
        assert_eq!(raw.refusal(), StatusCode::BadTcpMessageTypeInvalid);
    };
    let refusals: [(&str, Rudeness); 3] = [("close", drop), ("ERR", error), ("garbage", garbage)];
    for (name, refuse) in refusals {
        let listener = Listener::new();
        let server = listener.server("");
        let mut last: Option<Instant> = None;
        for dial in 0..6 {
            let (came, stream) = listener.next();
            if let Some(last) = last {
                // 0.1 s, doubled at each failure up to 0.8 s; chance takes at most half of it away.
                let least = Duration::from_millis(50 << (dial - 1).min(3));
                let pause = came - last;
                assert!(pause >= least, "{name}, dial {dial}: only {pause:?} of {least:?}");
            }
            refuse(stream);
            last = Some(came);
        }
        // It has hurt nobody, and the client may change its mind.
        assert_eq!(state(&mut server.session()), Ok(0));
        let (mut raw, ..) = listener.greeted();
        raw.hello();
        raw.open_channel();
    }
}

#[test]
fn tcp_18_a_client_that_is_not_there_is_found_once_it_is() {
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let server = Server::with(&format!(
        "[[reverse_connect]]\nurl = \"opc.tcp://127.0.0.1:{port}\"\nretry_s = [0.1, 0.8]\n"
    ));
    assert_eq!(state(&mut server.session()), Ok(0));
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut raw = Raw::on(listener.accept().unwrap().0, String::new());
    assert_eq!(raw.receive().unwrap().kind, "RHEF");
    raw.hello();
}

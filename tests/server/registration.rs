//! Registration with a discovery server (Part 4, 5.5.5 and 5.5.6): the test is the discovery server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use cellhouse::config::{EndpointConfig, Limits, SecurityPolicy};
use cellhouse::time;
use cellhouse::ua::channel::{Channel, ChannelShared, Received};
use cellhouse::ua::envelope;
use cellhouse::ua::pki::{Identity, TrustStore};
use cellhouse::ua::wire::{self, TransportLimits};
use opcua_types::{
    ApplicationDescription, ApplicationType, BinaryDecodable, BinaryEncodable, EndpointDescription,
    GetEndpointsRequest, GetEndpointsResponse, MdnsDiscoveryConfiguration, MessageInfo,
    MessageSecurityMode, NodeId, ObjectId, RegisterServer2Request, RegisterServer2Response,
    RegisterServerRequest, RegisterServerResponse, RegisteredServer, ResponseHeader, StatusCode,
};

use crate::raw::{Server, eventually};

/// A registration is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
const URI: &str = "urn:test:lds";
const TRANSPORT: &str = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary";

/// What the discovery server was asked to write down.
#[derive(Debug)]
struct Registration {
    /// 1 for RegisterServer, 2 for RegisterServer2.
    service: u8,
    endpoint: EndpointConfig,
    server: RegisteredServer,
    capabilities: Vec<String>,
}

/// A discovery server; whoever is not `up` hangs up on everybody.
struct Lds {
    port: u16,
    up: Arc<AtomicBool>,
    came: Receiver<Registration>,
}

impl Lds {
    /// One that has RegisterServer2, or only the older service.
    fn new(has_second: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (send, came) = mpsc::channel();
        let up = Arc::new(AtomicBool::new(true));
        let is_up = Arc::clone(&up);
        std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let hosts = ["127.0.0.1".to_owned()];
            let offered = EndpointConfig::all();
            let (keys, now) = (EndpointConfig::keys(&offered), time::now());
            let own = Identity::load_or_create_all(folder.path(), &keys, URI, &hosts, now).unwrap();
            let trust = TrustStore::new(folder.path(), true);
            let shared = ChannelShared::new(own, offered, &Limits::default(), trust);
            let shared = Rc::new(shared);
            while let Ok((stream, _)) = listener.accept() {
                if is_up.load(Ordering::SeqCst) {
                    let visit = Visit {
                        stream,
                        shared: Rc::clone(&shared),
                        send: send.clone(),
                        has_second,
                    };
                    visit.serve(port);
                }
            }
        });
        Self { port, up, came }
    }

    /// A server that registers here.
    fn server(&self, more: &str) -> Server {
        let port = self.port;
        Server::with(&format!(
            "trust_unknown_clients = true\n{more}[discovery]\nregister = \"opc.tcp://127.0.0.1:{port}\"\n\
             register_every_s = 1\n"
        ))
    }

    fn next(&self) -> Registration {
        self.came.recv_timeout(PATIENCE).expect("a registration")
    }
}

/// One connection to the discovery server.
struct Visit {
    stream: TcpStream,
    shared: Rc<ChannelShared>,
    send: Sender<Registration>,
    has_second: bool,
}

impl Visit {
    fn frame(&mut self) -> Option<Vec<u8>> {
        let mut frame = vec![0; 8];
        self.stream.read_exact(&mut frame).ok()?;
        let length = u32::from_le_bytes(frame[4..8].try_into().unwrap()) as usize;
        frame.resize(length, 0);
        self.stream.read_exact(&mut frame[8..]).ok()?;
        Some(frame)
    }

    fn serve(mut self, port: u16) {
        let own = TransportLimits::new(&Limits::default());
        let Some(hello) = self.frame() else { return };
        let hello = wire::parse_hello(&hello).unwrap();
        let mut out = Vec::new();
        let limits = wire::acknowledge(&hello, &own, &mut out).unwrap();
        self.stream.write_all(&out).unwrap();
        let mut channel = Channel::new(1, Rc::clone(&self.shared), limits);
        while let Some(mut chunk) = self.frame() {
            let mut out = Vec::new();
            let (now, utc) = (time::monotonic(), time::now());
            match channel.receive(&mut chunk, now, utc, &mut out).unwrap() {
                Received::Opened => {}
                Received::Message { request_id, body } => {
                    let answer = self.answer(&chunk[body], channel.endpoint(), port);
                    channel.send(request_id, &answer, &mut out).unwrap();
                }
                other => panic!("{other:?}"),
            }
            if self.stream.write_all(&out).is_err() {
                return;
            }
        }
    }

    fn answer(&self, message: &[u8], endpoint: EndpointConfig, port: u16) -> Vec<u8> {
        let context = self.shared.decoding(message.len());
        let mut rest = message;
        let kind = NodeId::decode(&mut rest, &context).unwrap();
        if kind == ObjectId::GetEndpointsRequest_Encoding_DefaultBinary {
            let request = GetEndpointsRequest::decode(&mut rest, &context).unwrap();
            return self.encode(&GetEndpointsResponse {
                response_header: ResponseHeader::new_good(&request.request_header),
                endpoints: Some(self.endpoints(port)),
            });
        }
        let mut registration = Registration {
            service: 1,
            endpoint,
            server: RegisteredServer::default(),
            capabilities: Vec::new(),
        };
        if kind == ObjectId::RegisterServer2Request_Encoding_DefaultBinary {
            let request = RegisterServer2Request::decode(&mut rest, &context).unwrap();
            if !self.has_second {
                let handle = request.request_header.request_handle;
                return envelope::fault(handle, StatusCode::BadServiceUnsupported, time::now());
            }
            registration.service = 2;
            registration.server = request.server;
            let configuration = request.discovery_configuration.unwrap().remove(0);
            let mdns = configuration.inner_as::<MdnsDiscoveryConfiguration>().unwrap();
            let capabilities = mdns.server_capabilities.iter().flatten();
            registration.capabilities = capabilities.map(ToString::to_string).collect();
            self.send.send(registration).unwrap();
            return self.encode(&RegisterServer2Response {
                response_header: ResponseHeader::new_good(&request.request_header),
                ..RegisterServer2Response::default()
            });
        }
        assert_eq!(kind, ObjectId::RegisterServerRequest_Encoding_DefaultBinary);
        let request = RegisterServerRequest::decode(&mut rest, &context).unwrap();
        registration.server = request.server;
        self.send.send(registration).unwrap();
        self.encode(&RegisterServerResponse {
            response_header: ResponseHeader::new_good(&request.request_header),
        })
    }

    /// Every policy, the best one in the middle: it must be chosen, not found first.
    fn endpoints(&self, port: u16) -> Vec<EndpointDescription> {
        let mut all = EndpointConfig::all();
        all.rotate_left(5);
        let describe = |it: EndpointConfig| EndpointDescription {
            // A host name that means nothing to anybody else.
            endpoint_url: format!("opc.tcp://nowhere.invalid:{port}").into(),
            server: ApplicationDescription {
                application_uri: URI.into(),
                application_type: ApplicationType::DiscoveryServer,
                ..ApplicationDescription::default()
            },
            server_certificate: self.shared.certificate(it.policy).into(),
            security_mode: match (it.sign, it.encrypt) {
                (_, true) => MessageSecurityMode::SignAndEncrypt,
                (true, false) => MessageSecurityMode::Sign,
                (false, false) => MessageSecurityMode::None,
            },
            security_policy_uri: cellhouse::ua::crypto::policy_uri(it.policy).into(),
            transport_profile_uri: TRANSPORT.into(),
            ..EndpointDescription::default()
        };
        all.into_iter().map(describe).collect()
    }

    fn encode<T: BinaryEncodable + MessageInfo>(&self, message: &T) -> Vec<u8> {
        let mut body = Vec::new();
        envelope::type_id(&mut body, message.type_id());
        message.encode(&mut body, &self.shared.encoding()).unwrap();
        body
    }
}

#[test]
fn dis_10_the_server_registers_over_the_best_channel_again_and_again_and_says_when_it_goes() {
    let lds = Lds::new(true);
    let mut server = lds.server("");
    for _ in 0..2 {
        let registration = lds.next();
        assert_eq!((registration.service, registration.server.is_online), (2, true));
        let best =
            EndpointConfig { policy: SecurityPolicy::EccNistP384, sign: true, encrypt: true };
        assert_eq!(registration.endpoint, best);
        assert!(registration.server.server_uri.as_ref().ends_with(":cellhouse"));
        assert_eq!(registration.server.server_type, ApplicationType::Server);
        let urls = registration.server.discovery_urls.unwrap();
        assert_eq!(urls[0].as_ref(), format!("opc.tcp://{}", server.address));
        assert_eq!(registration.server.server_names.unwrap()[0].text.as_ref(), "Cellhouse");
        assert_eq!(registration.capabilities, ["DA"]);
    }
    server.signal();
    while lds.next().server.is_online {}
    assert_eq!(server.ended(), 0);
    assert_eq!(server.logged(" registered with the discovery server"), 1);
}

#[test]
fn dis_10_a_discovery_server_with_the_older_service_only_is_asked_for_that() {
    let lds = Lds::new(false);
    let mut server = lds.server("");
    let registration = lds.next();
    assert_eq!((registration.service, registration.server.is_online), (1, true));
    server.signal();
    while lds.next().server.is_online {}
    assert_eq!(server.ended(), 0);
}

#[test]
fn dis_11_a_discovery_server_that_is_down_hurts_nobody_and_each_change_is_one_line() {
    let lds = Lds::new(true);
    lds.up.store(false, Ordering::SeqCst);
    let mut server = lds.server("");
    eventually("a failure is logged", || server.logged("not registered with the discovery") == 1);
    server.session();
    lds.up.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        lds.next();
    }
    lds.up.store(false, Ordering::SeqCst);
    eventually("a failure is logged", || server.logged("not registered with the discovery") == 2);
    server.session();
    assert_eq!(server.logged(" registered with the discovery server"), 3, "one line per change");
    server.signal();
    assert_eq!(server.ended(), 0);
}

#[test]
fn dis_11_a_discovery_server_that_says_nothing_does_not_hold_up_the_end() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut server =
        Server::with(&format!("[discovery]\nregister = \"opc.tcp://127.0.0.1:{port}\"\n"));
    let _waiting = silent.accept().unwrap();
    server.session();
    let begun = time::monotonic();
    server.signal();
    assert_eq!(server.ended(), 0);
    let took = time::monotonic() - begun;
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn dis_11_a_discovery_server_that_nobody_trusts_is_told_nothing() {
    let lds = Lds::new(true);
    let port = lds.port;
    let server = Server::with(&format!(
        "[discovery]\nregister = \"opc.tcp://127.0.0.1:{port}\"\nregister_every_s = 1\n"
    ));
    eventually("it is logged", || server.logged("is not trusted") == 1);
    assert!(lds.came.try_recv().is_err());
}

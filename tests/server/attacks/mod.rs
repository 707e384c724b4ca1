//! What an attacker on the network can do, and that an operator beside it notices nothing. Each test is one attack on a
//! real server, from another address, while an operator's client watches 500 values ten times a second.

mod credentials;
mod race;
mod request;
mod session;
mod wire;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use cellhouse::time;
use socket2::{Domain, Socket, Type};

use crate::bystander::{self, Bystander, PATIENCE};
use crate::raw::{Raw, Server, eventually};

/// Resident memory of the server at most, MiB.
const MOST_MIB: u64 = 256;
/// What may be left of an attack in memory, MiB: the allocator keeps room for two more checks of passwords.
const LEFT_MIB: u64 = 48;
/// An attack goes on for so long if nothing else ends it.
pub(super) const ATTACK: Duration = Duration::from_millis(1500);

/// Where attackers come from: not from where the operator is.
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));

/// A server under attack.
pub(super) struct Ground {
    pub(super) server: Server,
}

impl Ground {
    /// The default plant, so fast that it is scanned ten times a second, with these lines in `server.toml`.
    fn new(config: &str) -> Self {
        let speed = bystander::SPEED.to_string();
        Self { server: Server::with_arguments(config, &["--speed", &speed]) }
    }

    /// A connection of the attacker's; none if the server does not take it.
    pub(super) fn try_connect(&self) -> Option<Raw> {
        let to: SocketAddr = self.server.address.parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(THERE, 0).into()).unwrap();
        socket.connect(&to.into()).ok()?;
        Some(Raw::on(TcpStream::from(socket), format!("opc.tcp://{to}")))
    }

    /// A connection of the attacker's.
    pub(super) fn connect(&self) -> Raw {
        self.try_connect().expect("a connection")
    }

    /// A channel of the attacker's, without security.
    pub(super) fn open(&self) -> Raw {
        let mut raw = self.connect();
        raw.hello();
        raw.open_channel();
        raw
    }

    /// An anonymous session of the attacker's.
    pub(super) fn session(&self) -> Raw {
        let mut raw = self.open();
        raw.create_session();
        raw.activate();
        raw
    }
}

impl Raw {
    /// Sends a message in as many chunks as it takes; its request id.
    pub(super) fn post_long(&mut self, message: &[u8]) -> u32 {
        self.request += 1;
        let mut parts = message.chunks(65_000).peekable();
        while let Some(part) = parts.next() {
            let kind = if parts.peek().is_some() { "MSGC" } else { "MSGF" };
            self.post_part(kind, part);
        }
        self.request
    }

    /// Whether the server has hung up, now or before it would be too late.
    pub(super) fn is_hung_up(&mut self) -> bool {
        while self.receive().is_some() {}
        true
    }
}

/// Whether an attack that began at `since` goes on.
pub(super) fn goes_on(since: Instant) -> bool {
    time::monotonic() < since + ATTACK
}

/// Lets `attack` loose on a server with these lines in `server.toml`, and sees that the operator loses nothing, the
/// server stays small, and what the attack took is given back. `attack` says what it has tried.
#[expect(clippy::print_stdout, reason = "the figures of docs/security.md")]
pub(super) fn withstands(config: &str, attack: impl FnOnce(&Ground) -> String) {
    let ground = Ground::new(config);
    let bystander = Bystander::start(&ground.server);
    let before = ground.server.resident_kib();
    let tried = attack(&ground);
    let peak = ground.server.peak_kib();
    let seen = bystander.stop();
    let left = || ground.server.resident_kib().saturating_sub(before);
    eventually("memory is given back", || left() < LEFT_MIB << 10);
    println!("{tried}; beside it {seen}; {} MiB at most, {} KiB left", peak >> 10, left());
    assert_eq!(seen.lost, 0, "{seen}");
    assert!(seen.values > 1000, "{seen}");
    assert!(seen.late_p99 < PATIENCE && seen.read_p99 < PATIENCE, "{seen}");
    assert!(peak < MOST_MIB << 10, "{peak} KiB at most");
}

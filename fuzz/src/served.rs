//! A server in this process: the real one, with engine, history and listener, for a plant of four electrolyzers.
//!
//! It is made once, because that takes a second. [`Served::reset`] puts back what can be put back: sessions, subscriptions,
//! values of the fixture, roles, users, failed logins, approvals, a planned end. These live on from input to input: the plant and its
//! alarms, histories, the audit log, trust lists and certificates, names that clients have given to nodes.

use std::cell::RefCell;
use std::fs;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cellhouse::access::Role;
use cellhouse::chronicle::{Chronicle, Chronicler, Retention};
use cellhouse::config::{self, AuditConfig, EndpointConfig, RoleTable, ServerConfig, Users};
use cellhouse::control::Hazards;
use cellhouse::engine::{self, Engine, Handle, Snapshot};
use cellhouse::historian::{self, Historian, Recorder};
use cellhouse::kpi::KpiReader;
use cellhouse::store::Store;
use cellhouse::tag::TagTable;
use cellhouse::time::{self, Clock, Pace, Timestamp};
use cellhouse::ua::approval::PendingApprovals;
use cellhouse::ua::channel::ChannelShared;
use cellhouse::ua::connection;
use cellhouse::ua::endpoint::Endpoints;
use cellhouse::ua::event::EventIds;
use cellhouse::ua::pki::{Identity, TrustStore};
use cellhouse::ua::recording::EventHistory;
use cellhouse::ua::server::{self, Parts, Server};
use cellhouse::ua::session::{Issuers, LoginGuard};
use cellhouse::ua::shutdown::Stop;
use cellhouse::ua::space::{self, Space};
use cellhouse::ua::stored::StoredValues;
use cellhouse::ua::subscription::SubscriptionSet;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// The plant.
const PLANT: &str = include_str!("../../tests/config/small-plant.toml");
/// Scans before the first input: there is something to read in the histories.
const SCANS: u64 = 100;
/// Where clients come from, as far as the server knows.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4840);

/// The server and everything that it needs.
pub(super) struct Served {
    local: LocalSet,
    runtime: Runtime,
    pub(super) server: Rc<Server>,
    /// Steps the plant.
    pub(super) engine: Handle,
    /// What a client has: keys of its own.
    pub(super) client: Rc<ChannelShared>,
    _running: Running,
}

/// Held so that it goes on.
struct Running {
    _stop: watch::Sender<Stop>,
    _historian: Historian,
    _chronicler: Chronicler,
    _folder: tempfile::TempDir,
}

impl Served {
    /// Starts it. All of the client's keys are new ones, as are the server's.
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the operating system gives a runtime");
        let local = LocalSet::new();
        let folder = tempfile::tempdir().expect("a folder");
        let client = tempfile::tempdir().expect("a folder");
        let config = settings(folder.path());
        let client =
            Rc::new(channels(&ServerConfig { data: client.path().to_owned(), ..config.clone() }));
        let plant = config::parse_plant("small-plant.toml", PLANT).expect("its tests read it");
        let plant = config::PlantConfig { alarm_fixture: true, ..plant };
        let mut engine = Engine::new(plant, Timestamp::from_unix_us(1_780_000_000_000_000));
        let store = Store::open(&config.data.join("state.redb")).expect("a new store");
        let table = Arc::clone(engine.table());
        let plant = Arc::clone(engine.config());
        let (historian, chronicler) = recorders(&config, &table);
        let uri = "urn:localhost:cellhouse".to_owned();
        let space = Space::new(&plant, Arc::clone(&table), &uri, &[space::fixture()]);
        let space = space.expect("our NodeSets fit");
        space.set_recorded();
        let events = EventHistory::new(&space, chronicler.port());
        let mut listener = historian.listener(true);
        make_past(&mut engine, &mut listener, (&space, &events));
        let clock = Clock::new(Pace::Stepped, plant.scan_ms);
        let (port, handle) =
            engine::spawn_keeping(engine, clock, store, Box::new(listener)).expect("a thread");
        let channels = Rc::new(channels(&config));
        let hosts = vec!["localhost".to_owned()];
        let endpoints = Endpoints::new(&config, uri.clone(), hosts, 4840, Rc::clone(&channels));
        let hazards = Hazards::new(&plant, config.approval.current_above_pct);
        let kpis = KpiReader::new(historian.port().reader, plant, &table);
        let server = Rc::new(Server::new(Parts {
            users: Users::open(&config.data).expect("no users"),
            issuers: Issuers::open(&config.issuers, &uri).expect("no issuers"),
            config,
            endpoints,
            space,
            port,
            roles: None,
            channels,
            alarm_epoch: 1,
            hazards,
            history: Some(historian.port()),
            events: Some(events),
            kpis: Some(kpis),
        }));
        let (stop, stopping) = watch::channel(Stop::No);
        let serving = Rc::clone(&server);
        local.block_on(&runtime, async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            tokio::task::spawn_local(server::serve(serving, listener, stopping));
        });
        let running = Running {
            _stop: stop,
            _historian: historian,
            _chronicler: chronicler,
            _folder: folder,
        };
        Self { local, runtime, server, engine: handle, client, _running: running }
    }

    /// Runs `work` beside the server's tasks.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.local.block_on(&self.runtime, work)
    }

    /// A connection of a client with the server: the server's end is served.
    pub(super) fn connect(&self) -> (UnixStream, tokio::task::JoinHandle<()>) {
        let (ours, theirs) = Pair::pair().expect("two sockets");
        for end in [&ours, &theirs] {
            end.set_nonblocking(true).expect("a socket of ours");
        }
        let stream = std::net::TcpStream::from(OwnedFd::from(theirs));
        let stream = TcpStream::from_std(stream).expect("inside a runtime");
        let wait = Duration::from_mins(1);
        let connection = self.server.admit(&stream, PEER, wait).expect("the only one");
        let serving = connection::run(Rc::clone(&self.server), connection, stream);
        let serving = tokio::task::spawn_local(serving);
        (UnixStream::from_std(ours).expect("inside a runtime"), serving)
    }

    /// Puts back what can be put back.
    pub(super) fn reset(&self) {
        let server = &self.server;
        let sessions: Vec<_> = server.sessions.borrow().iter().map(|it| it.key).collect();
        for session in sessions {
            server.break_session(session, true, "Session/Terminated");
        }
        let limits = &server.config.limits;
        server.subscriptions.replace(SubscriptionSet::new(limits, server.port.scan_ms));
        server.stored.replace(StoredValues::new(&server.space, time::now()));
        server.guard.replace(LoginGuard::default());
        let none = PendingApprovals::new(&server.config.approval, time::now());
        server.approvals.replace(none);
        server.diagnostics_enabled.set(true);
        server.take_end_back();
        for file in ["users.toml", "roles.toml"] {
            // Most inputs make none.
            let _ = fs::remove_file(server.config.data.join(file));
        }
        let roles = RoleTable::new(&server.config.anonymous_roles);
        if *server.roles.borrow() != roles {
            server.roles.replace(roles);
            server.roles_changed();
        }
    }
}

thread_local! {
    static SERVED: RefCell<Option<Rc<Served>>> = const { RefCell::new(None) };
}

/// The server of this thread.
pub(super) fn served() -> Rc<Served> {
    SERVED.with_borrow_mut(|it| Rc::clone(it.get_or_insert_with(|| Rc::new(Served::start()))))
}

/// Who records samples, and who records events.
fn recorders(config: &ServerConfig, table: &TagTable) -> (Historian, Chronicler) {
    let folder = config.data.join("history");
    let (mut history, _) = historian::open(&folder, &config.history, None).expect("a new history");
    let recorder = Recorder::new(table, &config.history, &mut history);
    let retention = Retention { count_max: 100_000, keep_s: None };
    let chronicle = Chronicle::open(&config.data.join("events.redb"), retention);
    let chronicler = Chronicler::start(chronicle.expect("a new chronicle"));
    (Historian::start(history, recorder).expect("a thread"), chronicler.expect("a thread"))
}

fn make_past(
    engine: &mut Engine,
    listener: &mut impl FnMut(&Arc<Snapshot>),
    (space, events): (&Space, &EventHistory),
) {
    let ids = EventIds::new(time::now());
    for _ in 0..SCANS {
        let snapshot = Arc::clone(engine.scan_at(engine.next_time()));
        listener(&snapshot);
        events.take_past(space, &snapshot, &ids, 1);
    }
}

/// Offers everything, trusts everybody, and nobody in particular may do all that an Engineer may.
fn settings(data: &std::path::Path) -> ServerConfig {
    ServerConfig {
        data: data.to_owned(),
        endpoints: EndpointConfig::all(),
        trust_unknown_clients: true,
        anonymous: true,
        anonymous_roles: vec![Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer],
        audit: AuditConfig { file_bytes: 1 << 20, files: 2 },
        ..config::default_server()
    }
}

fn channels(config: &ServerConfig) -> ChannelShared {
    let hosts = ["localhost".to_owned()];
    let keys = EndpointConfig::keys(&config.endpoints);
    let uri = "urn:localhost:cellhouse";
    let identities = Identity::load_or_create_all(&config.data, &keys, uri, &hosts, time::now());
    let trust = TrustStore::new(&config.data, true);
    let identities = identities.expect("keys are made");
    ChannelShared::new(identities, config.endpoints.clone(), &config.limits, trust)
}

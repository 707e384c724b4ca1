//! The server alone, with a plant that changes every value at every scan: for load tests beside other
//! servers, where each tick of each variable is counted.
//!
//! `cargo bench --bench serve -- --port 4840 --cells 300 --update-ms 1000`; a cell stands for 60 variables.
#![expect(clippy::print_stdout, reason = "says where it answers")]

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cellhouse::access::Role;
use cellhouse::config::{
    self, ApprovalConfig, ApprovalRule, EndpointConfig, Hazard, Limits, PlantConfig, ServerConfig,
    Users,
};
use cellhouse::control::Hazards;
use cellhouse::engine::{CHUNK_TAGS, Chunk, EnginePort, Request, Snapshot};
use cellhouse::field::Quality;
use cellhouse::tag::{TagIndex, TagTable, Value, ValueType};
use cellhouse::time::{self, Timestamp};
use cellhouse::ua::channel::ChannelShared;
use cellhouse::ua::endpoint::Endpoints;
use cellhouse::ua::pki::{Identity, TrustStore};
use cellhouse::ua::server::{self, Parts, Server};
use cellhouse::ua::session::Issuers;
use cellhouse::ua::shutdown::Stop;
use cellhouse::ua::space::Space;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::LocalSet;

/// Variables that a cell stands for.
pub(crate) const PER_CELL: usize = 60;

/// Monitored items, all of them.
const ITEMS: usize = 2_000_000;
/// Sessions and connections, all from this machine.
const SESSIONS: usize = 400;

/// What is served.
#[derive(Parser)]
pub(crate) struct Args {
    /// 0 is a free one.
    #[arg(long, default_value_t = 4840)]
    port: u16,
    #[arg(long, default_value_t = 300)]
    cells: usize,
    #[arg(long, default_value_t = 1000)]
    update_ms: u64,
    /// Taken and ignored: this server makes its own.
    #[arg(long)]
    cert: Option<PathBuf>,
    /// Taken and ignored.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Folder with the server's keys, which are made if there are none; a new one for each run if left out.
    #[arg(long)]
    data: Option<PathBuf>,
    /// What `cargo bench` adds.
    #[arg(long)]
    bench: bool,
}

#[expect(
    clippy::allow_attributes,
    reason = "used where this is a program, not where it is a module"
)]
#[allow(dead_code, reason = "used where this is a program, not where it is a module")]
fn main() {
    run(&Args::parse());
}

/// Serves until it is killed.
pub(crate) fn run(args: &Args) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the operating system gives a runtime");
    LocalSet::new().block_on(&runtime, serve(args));
}

async fn serve(args: &Args) {
    let own = || std::env::temp_dir().join(format!("cellhouse-bench-{}", std::process::id()));
    let data = args.data.clone().unwrap_or_else(own);
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.expect("the port is free");
    let own_port = listener.local_addr().expect("it listens").port();
    let plant = plant(args.cells);
    let table = Arc::new(TagTable::new(&plant));
    let uri = "urn:localhost:cellhouse-bench".to_owned();
    let space = Space::new(&plant, Arc::clone(&table), &uri, &[]).expect("our NodeSet fits");
    let config = ServerConfig {
        anonymous_roles: vec![Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer],
        limits: Limits {
            connections: SESSIONS,
            connections_per_address: SESSIONS,
            sessions: SESSIONS,
            sessions_per_address: SESSIONS,
            monitored_items: ITEMS,
            ..config::default_server().limits
        },
        // The load writes whatever it likes.
        approval: ApprovalConfig::default().with(Hazard::RaiseCurrent, ApprovalRule::None),
        trust_unknown_clients: true,
        data: data.clone(),
        ..config::default_server()
    };
    let hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let keys = EndpointConfig::keys(&config.endpoints);
    let identities = Identity::load_or_create_all(&data, &keys, &uri, &hosts, time::now())
        .expect("keys are made");
    let trust = TrustStore::new(&data, true);
    let channels =
        Rc::new(ChannelShared::new(identities, config.endpoints.clone(), &config.limits, trust));
    let endpoints = Endpoints::new(&config, uri, hosts, own_port, Rc::clone(&channels));
    let users = Users::open(&data).expect("no users");
    let port = engine(table, Duration::from_millis(args.update_ms));
    println!("{}", endpoints.url(""));
    let server = Rc::new(Server::new(Parts {
        config,
        endpoints,
        space,
        port,
        users,
        issuers: Issuers::default(),
        roles: None,
        channels,
        alarm_epoch: 1,
        history: None,
        events: None,
        kpis: None,
        hazards: Hazards::new(&plant, 105.0),
    }));
    let (_stop, stopping) = watch::channel(Stop::No);
    server::serve(server, listener, stopping).await;
}

/// The default plant, its first line with so many electrolyzers that there are enough variables.
fn plant(cells: usize) -> PlantConfig {
    let mut plant = config::default_plant();
    let pattern = plant.electrolyzers[0].clone();
    let add = |plant: &mut PlantConfig, count: usize| {
        let first = plant.electrolyzers.len() + 1;
        let names = (first..first + count).map(|number| format!("EX{number:05}"));
        let more = names.map(|name| config::ElectrolyzerConfig { name, ..pattern.clone() });
        plant.electrolyzers.extend(more);
    };
    let before = TagTable::new(&plant).len();
    add(&mut plant, 1);
    let each = TagTable::new(&plant).len() - before;
    let missing = (cells * PER_CELL).saturating_sub(before + each);
    add(&mut plant, missing.div_ceil(each));
    plant
}

/// Paths of so many variables that change.
#[expect(
    clippy::allow_attributes,
    reason = "used where this is a module, not where it is a program"
)]
#[allow(dead_code, reason = "used where this is a module, not where it is a program")]
pub(crate) fn paths(count: usize) -> Vec<String> {
    let table = TagTable::new(&plant(count.div_ceil(PER_CELL)));
    (0..count as u32).map(|it| table.path(TagIndex(it))).collect()
}

/// Publishes a snapshot at every tick in which each value differs from the one before. Commands are accepted.
fn engine(table: Arc<TagTable>, period: Duration) -> EnginePort {
    let first = Arc::new(snapshot(&table, 0));
    let (latest, seen) = watch::channel(first);
    let (every, _) = broadcast::channel(16);
    let (commands, mut requests) = mpsc::channel::<Request>(1024);
    let sender = every.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async move {
            let mut ticks = tokio::time::interval(period);
            let mut scan = 0;
            loop {
                tokio::select! {
                    _ = ticks.tick() => {
                        scan += 1;
                        let next = Arc::new(snapshot(&table, scan));
                        latest.send_replace(Arc::clone(&next));
                        let _ = sender.send(next);
                    }
                    Some(request) = requests.recv() => {
                        // Nobody here judges: whatever is asked is done.
                        match request {
                            Request::PlantAll(all, reply) => {
                                drop(reply.send(all.iter().map(|_| Ok(Vec::new())).collect()));
                            }
                            Request::Plant(_, reply) | Request::Check(_, reply) => {
                                drop(reply.send(Ok(Vec::new())));
                            }
                            Request::Alarm(_, reply)
                            | Request::CheckAlarm(_, reply)
                            | Request::ResetAlarmFigures(_, _, reply) => drop(reply.send(Ok(()))),
                            Request::ShowKpis(_)
                            | Request::ShowRecording(_)
                            | Request::CertificateEnds(_) => {}
                        }
                    }
                }
            }
        });
    });
    EnginePort { latest: seen, every, commands, scan_ms: period.as_secs_f64() * 1000.0 }
}

fn snapshot(table: &TagTable, scan: u64) -> Snapshot {
    let now = time::now();
    let count = table.len();
    let chunks = (0..count).step_by(CHUNK_TAGS).map(|first| {
        let tags = first..count.min(first + CHUNK_TAGS);
        let values = tags.clone().map(|tag| value(table, tag, scan)).collect();
        let size = tags.len();
        let times: Vec<Timestamp> = vec![now; size];
        Arc::new(Chunk { values, qualities: vec![Quality::Good; size], times })
    });
    Snapshot { scan, revision: scan, time: now, chunks: chunks.collect(), ..Snapshot::default() }
}

fn value(table: &TagTable, tag: usize, scan: u64) -> Value {
    match table.row(TagIndex(tag as u32)).1.value_type {
        ValueType::Bool => Value::Bool(scan.is_multiple_of(2)),
        ValueType::U16 => Value::U16(scan as u16),
        ValueType::U32 => Value::U32((scan % 2) as u32),
        ValueType::F64 => Value::F64(tag as f64 + scan as f64 * 0.01),
        ValueType::Time => Value::Time(time::now()),
        ValueType::Text => Value::Text(Arc::new(scan.to_string())),
        ValueType::Bools => Value::Bools(Arc::new(vec![scan.is_multiple_of(2); 13])),
        ValueType::Numbers => Value::Numbers(Arc::new(vec![scan as f64; 6])),
    }
}

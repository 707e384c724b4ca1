//! `cellhouse run`: engine, server and a clean end.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tracing_subscriber::EnvFilter;

use crate::app::works::{self, Works};
use crate::app::{Failure, files, hosts};
use crate::cli::RunArgs;
use crate::config::{
    self, ApprovalConfig, EndpointConfig, PlantConfig, RoleTable, ServerConfig, Users,
};
use crate::control::Hazards;
use crate::engine::{self, Engine, Handle};
use crate::time::{self, Clock};
use crate::ua::channel::ChannelShared;
use crate::ua::endpoint::Endpoints;
use crate::ua::pki::{self, Identity, TrustStore};
use crate::ua::server::{self, Parts, Server};
use crate::ua::session::Issuers;
use crate::ua::shutdown::Stop;
use crate::ua::space::{self, NodeSetFile, Space};

/// Serves the plant until a signal comes or the engine ends.
pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let (mut plant, mut config) = files::both(&args.files)?;
    if let Some(seed) = args.seed {
        plant.seed = seed;
    }
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    // Everything of the server is on this one thread; the engine has its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(plant, config, args))
}

async fn serve(plant: PlantConfig, config: ServerConfig, args: &RunArgs) -> Result<(), Failure> {
    let listener = listen(config.listen).await?;
    let port = listener.local_addr()?.port();
    let hosts = hosts::find(&config);
    let uri = config
        .application_uri
        .clone()
        .unwrap_or_else(|| format!("urn:{}:cellhouse", hosts::machine()));
    // A new key takes a while to find: meanwhile the plant and the address space are built.
    let identities = tokio::task::spawn_blocking({
        let (data, uri, hosts) = (config.data.clone(), uri.clone(), hosts.clone());
        let keys = EndpointConfig::keys(&config.endpoints);
        move || Identity::load_or_create_all(&data, &keys, &uri, &hosts, time::now())
    });
    let users = Users::open(&config.data)?;
    let issuers = Issuers::open(&config.issuers, &uri)?;
    let roles = roles(&config)?;
    let mut plant = plant;
    plant.alarm_fixture = args.fixture;
    let mut works = works::open(plant, &config, args)?;
    let table = Arc::clone(works.engine.table());
    let nodesets = served_nodesets(&config, args.fixture)?;
    let space = Space::new(works.engine.config(), Arc::clone(&table), &uri, &nodesets)?;
    let events = works.begin(&space);
    let Works { mut engine, store, alarm_epoch, mut recording, .. } = works;
    let clock = Clock::new(args.speed, engine.config().scan_ms);
    let title = title(&engine);
    let identities = identities.await??;
    watch_expiry(&identities, &mut engine, &space);
    let plant = Arc::clone(engine.config());
    let snapshots = recording.listener(args.speed);
    let (port_of_engine, handle) = engine::spawn_keeping(engine, clock, store, snapshots)?;
    let channels = Rc::new(channels(&config, identities));
    let endpoints = Endpoints::new(&config, uri, hosts, port, Rc::clone(&channels));
    let greeting = greeting(&title, &config, &endpoints);
    let history = recording.history();
    if history.is_some() {
        space.set_recorded();
    }
    let hazards = hazards(&plant, &config.approval);
    let kpis = recording.watch(plant, &table, &port_of_engine)?;
    let parts = Parts {
        config,
        endpoints,
        space,
        port: port_of_engine,
        users,
        issuers,
        roles,
        channels,
        alarm_epoch,
        history,
        events,
        kpis,
        hazards,
    };
    println!("{greeting}");
    let stopped = until_stopped(Rc::new(Server::new(parts)), listener, handle).await;
    recording.finish();
    stopped
}

/// The alarm and its node tell of the certificate that ends first.
fn watch_expiry(identities: &[Identity], engine: &mut Engine, space: &Space) {
    let ends = identities.iter().filter_map(|it| Some((pki::expires(&it.certificate)?, it)));
    if let Some((expires, first)) = ends.min_by_key(|(expires, _)| *expires) {
        engine.alarms_mut().set_expiry(Some(expires));
        space.set_certificate(expires, first.certificate.clone());
    }
}

/// Who has which role, if an administrator has changed that.
fn roles(config: &ServerConfig) -> Result<Option<RoleTable>, Failure> {
    let roles = config::load_roles(&config.data)?;
    if roles.is_some() {
        tracing::info!("who has which role is as roles.toml says: anonymous_roles does not count");
    }
    Ok(roles)
}

/// Which commands are hazardous; says which of them wait for nothing.
fn hazards(plant: &PlantConfig, approval: &ApprovalConfig) -> Hazards {
    let unguarded = approval.unguarded();
    if !unguarded.is_empty() {
        tracing::warn!(?unguarded, "these hazardous commands act at once, without approval");
    }
    Hazards::new(plant, approval.current_above_pct)
}

/// What channels share.
fn channels(config: &ServerConfig, identities: Vec<Identity>) -> ChannelShared {
    let suppressed = config.certificates.suppressed();
    if !suppressed.is_empty() {
        tracing::warn!(?suppressed, "these checks of clients' certificates do not count");
    }
    let trust = TrustStore::new(&config.data, config.trust_unknown_clients)
        .with_checks(config.certificates);
    ChannelShared::new(identities, config.endpoints.clone(), &config.limits, trust)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listening = TcpListener::bind(address).await;
    Ok(listening.map_err(|error| {
        format!(
            "cannot listen on {address}: {error}; another server may be using the port: \
             try --listen 127.0.0.1:0"
        )
    })?)
}

/// Serves until a signal; the engine is stopped last, so that nothing asked is lost.
async fn until_stopped(
    server: Rc<Server>,
    listener: TcpListener,
    handle: Handle,
) -> Result<(), Failure> {
    let (stop, stopping) = watch::channel(Stop::No);
    let mut signals = Signals::new()?;
    {
        let serving = server::serve(server, listener, stopping);
        tokio::pin!(serving);
        let mut told = Stop::No;
        let mut has_ended = false;
        loop {
            tokio::select! {
                () = &mut serving => break,
                () = signals.next() => {
                    told = if told == Stop::No { Stop::Soon } else { Stop::Now };
                    tracing::info!(?told, "stopping on a signal");
                }
                () = handle.ended(), if !has_ended => {
                    tracing::error!("the engine has ended");
                    (told, has_ended) = (Stop::Now, true);
                }
            }
            // The receiver lives in `serving`.
            let _ = stop.send(told);
        }
    }
    handle.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The further NodeSets, and the conformance fixture if it is wanted.
fn served_nodesets(config: &ServerConfig, with_fixture: bool) -> Result<Vec<NodeSetFile>, Failure> {
    let mut nodesets = read_nodesets(config)?;
    if with_fixture {
        tracing::warn!(
            "the conformance fixture is served beside the plant: any client may write to it"
        );
        nodesets.push(space::fixture());
    }
    Ok(nodesets)
}

/// The further NodeSets that the configuration names.
pub(super) fn read_nodesets(config: &ServerConfig) -> Result<Vec<NodeSetFile>, Failure> {
    let read = |path: &std::path::PathBuf| {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(NodeSetFile { name, text })
    };
    config.nodesets.iter().map(read).collect()
}

fn title(engine: &Engine) -> String {
    let config = engine.config();
    format!(
        "{}: {} electrolyzers in {} lines, {} tags",
        config.name,
        config.electrolyzers.len(),
        config.lines.len(),
        engine.table().len()
    )
}

/// What a person at the terminal needs next.
fn greeting(title: &str, config: &ServerConfig, endpoints: &Endpoints) -> String {
    let mut text = format!("Cellhouse {}, {title}\n", env!("CARGO_PKG_VERSION"));
    for url in endpoints.urls() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "  {url}");
    }
    let anonymous = if config.anonymous {
        let roles: Vec<&str> = config.anonymous_roles.iter().map(|it| it.name()).collect();
        format!("anonymous clients are {}", roles.join(", "))
    } else {
        "no anonymous clients".to_owned()
    };
    let data = config.data.display();
    let _ = write!(
        text,
        "{} security endpoints; {anonymous}; certificates, users and journal in {data}\n\
         Next: connect UaExpert to one of the URLs; add a user who may write:\n  \
         cellhouse user add olga --role Operator --data {data}\n\
         Stop with Ctrl+C.",
        endpoints.offered.len()
    );
    text
}

//! The server: what all connections share, and the tasks that accept, sample, publish and clean up.
//!
//! Everything here runs on one thread. Nothing is locked: a service takes what it needs, answers, and
//! gives it back before the next await.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opcua_types::{Context, NamespaceMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, watch};
use tracing::{info, warn};

use crate::config::{RoleTable, ServerConfig, Users};
use crate::control::Hazards;
use crate::engine::{EnginePort, Snapshot};
use crate::historian::HistorianPort;
use crate::kpi::KpiReader;
use crate::time::{self, Timestamp};
use crate::ua::approval::PendingApprovals;
use crate::ua::audit::Trail;
use crate::ua::channel::ChannelShared;
use crate::ua::connection::Connection;
use crate::ua::crypto;
use crate::ua::diagnostics::Counters;
use crate::ua::endpoint::Endpoints;
use crate::ua::event::{Event, EventIds};
use crate::ua::outreach::Outreach;
use crate::ua::push::Push;
use crate::ua::recording::EventHistory;
use crate::ua::service::ReadLists;
use crate::ua::session::{Issuers, LoginGuard, LoginQueue, Session, Sessions};
use crate::ua::shutdown::{Shutdown, Stop};
use crate::ua::space::{LiveId, Space};
use crate::ua::stored::StoredValues;
use crate::ua::subscription::{
    LiveValues, Moment, Outgoing, Pass, SessionKey, Stage, SubscriptionSet,
};
use crate::ua::wire::{TransportLimits, Types};

/// How often timeouts of sessions are looked at.
const SWEEP: Duration = Duration::from_millis(200);
/// How often the trust list is looked at for changes.
const TRUST_LOOK: Duration = Duration::from_secs(1);
/// Clients are given so long to take their last bytes at shutdown.
const FAREWELL: Duration = Duration::from_millis(200);

/// What all connections share.
pub struct Server {
    /// Configuration.
    pub config: ServerConfig,
    /// What we offer.
    pub endpoints: Endpoints,
    /// The address space.
    pub space: Space,
    /// Values that clients write and the server keeps.
    pub stored: RefCell<StoredValues>,
    /// The engine.
    pub port: EnginePort,
    /// Local users, read anew when the file changes.
    pub users: RefCell<Users>,
    /// Who may issue tokens that log users in.
    pub issuers: Issuers,
    /// What channels share: our identities, policies, trust list.
    pub channels: Rc<ChannelShared>,
    /// Sessions.
    pub sessions: RefCell<Sessions>,
    /// Subscriptions of all sessions.
    pub subscriptions: RefCell<SubscriptionSet>,
    /// Connections by channel id.
    pub connections: RefCell<BTreeMap<u32, Rc<Connection>>>,
    /// Who has which role.
    pub roles: RefCell<RoleTable>,
    /// Held while users or roles are changed.
    pub administering: tokio::sync::Mutex<()>,
    /// Failed logins.
    pub guard: RefCell<LoginGuard>,
    /// Passwords that are being checked.
    pub logins: LoginQueue,
    /// The historian, if there is one.
    pub history: Option<HistorianPort>,
    /// The history of events, if there is one.
    pub events: Option<EventHistory>,
    /// Which commands are hazardous.
    pub hazards: Hazards,
    /// Hazardous commands that wait until they are approved.
    pub approvals: RefCell<PendingApprovals>,
    /// What is being changed about certificates.
    pub push: Push,
    /// Held while annotations are read, changed and written back.
    pub annotating: tokio::sync::Mutex<()>,
    /// Who reads key figures, if there is a historian.
    pub kpis: Option<KpiReader>,
    /// Lists of nodes that clients read again and again.
    pub read_lists: ReadLists,
    /// The audit log.
    pub trail: Trail,
    /// Ids of events.
    pub event_ids: EventIds,
    /// What EventIds of conditions begin with, over restarts.
    pub alarm_epoch: u64,
    /// The last snapshot whose events have been told.
    pub told: RefCell<Arc<Snapshot>>,
    /// Diagnostics.
    pub counters: Counters,
    /// Diagnostics are shown.
    pub diagnostics_enabled: Cell<bool>,
    /// When the server started.
    pub start_time: Timestamp,
    /// The planned end.
    pub shutdown: Shutdown,
    /// Wakes the publisher when a deadline may have moved.
    pub replan: Notify,
    types: Types,
    started: Instant,
    pub(super) next_channel: Cell<u32>,
}

/// What a server is made of.
pub struct Parts {
    /// Configuration.
    pub config: ServerConfig,
    /// What we offer.
    pub endpoints: Endpoints,
    /// The address space.
    pub space: Space,
    /// The engine.
    pub port: EnginePort,
    /// Local users.
    pub users: Users,
    /// Who may issue tokens.
    pub issuers: Issuers,
    /// Who has which role, if an administrator has changed that.
    pub roles: Option<RoleTable>,
    /// What channels share.
    pub channels: Rc<ChannelShared>,
    /// What EventIds of conditions begin with, over restarts.
    pub alarm_epoch: u64,
    /// The historian, if there is one.
    pub history: Option<HistorianPort>,
    /// The history of events, if there is one.
    pub events: Option<EventHistory>,
    /// Who reads key figures, if there is a historian.
    pub kpis: Option<KpiReader>,
    /// Which commands are hazardous.
    pub hazards: Hazards,
}

impl Server {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let limits = parts.config.limits.clone();
        let mut namespaces = NamespaceMap::new();
        for uri in parts.space.namespaces().iter().skip(1) {
            namespaces.add_namespace(uri);
        }
        let roles = parts.roles;
        let roles = roles.unwrap_or_else(|| RoleTable::new(&parts.config.anonymous_roles));
        parts.space.show_roles(
            roles.all_added().map(|(role, it)| (role, it.namespace.as_str(), it.name.as_str())),
        );
        let told = RefCell::new(Arc::clone(&parts.port.latest.borrow()));
        Self {
            subscriptions: RefCell::new(SubscriptionSet::new(&limits, parts.port.scan_ms)),
            sessions: RefCell::new(Sessions::new(limits.sessions, limits.sessions_per_address)),
            connections: RefCell::new(BTreeMap::new()),
            roles: RefCell::new(roles),
            administering: tokio::sync::Mutex::default(),
            guard: RefCell::new(LoginGuard::default()),
            logins: LoginQueue::default(),
            read_lists: ReadLists::default(),
            trail: Trail::start(&parts.config.data, parts.config.audit),
            event_ids: EventIds::new(time::now()),
            alarm_epoch: parts.alarm_epoch,
            history: parts.history,
            events: parts.events,
            hazards: parts.hazards,
            approvals: RefCell::new(PendingApprovals::new(&parts.config.approval, time::now())),
            push: Push::default(),
            annotating: tokio::sync::Mutex::default(),
            kpis: parts.kpis,
            told,
            counters: Counters::default(),
            diagnostics_enabled: Cell::new(true),
            start_time: time::now(),
            shutdown: Shutdown::default(),
            replan: Notify::new(),
            stored: RefCell::new(StoredValues::new(&parts.space, time::now())),
            users: RefCell::new(parts.users),
            issuers: parts.issuers,
            config: parts.config,
            endpoints: parts.endpoints,
            space: parts.space,
            port: parts.port,
            channels: parts.channels,
            types: Types::new(namespaces),
            started: time::monotonic(),
            next_channel: Cell::new(1),
        }
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.port.latest.borrow())
    }

    /// Milliseconds since the server started, monotonic: the time of subscriptions.
    pub fn now_ms(&self) -> f64 {
        time::monotonic().duration_since(self.started).as_secs_f64() * 1000.0
    }

    /// Bounds of the transport, before a client's Hello narrows them.
    pub fn transport_limits(&self) -> TransportLimits {
        TransportLimits::new(&self.config.limits)
    }

    /// For encoding.
    pub fn context(&self) -> Context<'_> {
        self.types.encoding()
    }

    /// For decoding a body: no array may claim more elements than the body has bytes.
    pub fn decoding(&self, body: &[u8]) -> Context<'_> {
        self.types.decoding(&self.config.limits, body.len())
    }

    /// Sends what the subscriptions have to say.
    pub fn deliver(&self, outgoing: Vec<Outgoing>) {
        for message in outgoing {
            let connection = self.connections.borrow().get(&message.channel).cloned();
            if let Some(connection) = connection {
                connection.send(message.request_id, message.request_handle, &message.body);
            }
        }
    }

    /// Lets `work` act on the subscriptions at this moment, and sends what comes of it.
    pub fn with_subscriptions<T>(
        &self,
        work: impl FnOnce(&mut SubscriptionSet, &Moment<'_>, &mut Vec<Outgoing>) -> T,
    ) -> T {
        let context = self.context();
        let moment = Moment { now_ms: self.now_ms(), utc: time::now(), context: &context };
        let mut outgoing = Vec::new();
        let result = work(&mut self.subscriptions.borrow_mut(), &moment, &mut outgoing);
        self.deliver(outgoing);
        result
    }

    /// Tells all who listen of an event, and records it.
    pub fn raise(&self, event: Option<Event>) {
        let Some(event) = event else { return };
        self.record(&event);
        if !self.subscriptions.borrow().has_listeners() {
            return;
        }
        let context = self.context();
        let stage = Stage { space: &self.space, ids: &self.event_ids, context: &context };
        self.subscriptions.borrow_mut().raise(&event, &stage);
    }

    /// Samples `snapshot` for every monitored item, and tells what has happened.
    fn sample(&self, snapshot: &Arc<Snapshot>) {
        self.tell_events(snapshot);
        *self.told.borrow_mut() = Arc::clone(snapshot);
        // Before the subscriptions are borrowed: some of these values count them.
        let watched = self.subscriptions.borrow().live();
        let live = self.live_values(&watched, snapshot);
        self.with_subscriptions(|subscriptions, moment, outgoing| {
            let pass = Pass { snapshot, live: &live, utc: moment.utc };
            subscriptions.sample(&pass, moment, outgoing);
        });
    }

    /// Values that the server knows at the moment.
    pub fn live_values(&self, ids: &[LiveId], snapshot: &Snapshot) -> LiveValues {
        ids.iter().filter_map(|it| Some((*it, self.live(*it, snapshot)?))).collect()
    }

    /// A channel has been opened or renewed.
    pub fn opened(&self, connection: &Connection) {
        info!(channel = connection.id, peer = %connection.peer, "channel open");
    }

    /// A connection has ended. Its sessions stay until their timeout: the client may come back.
    pub fn disconnected(&self, channel: u32) {
        self.connections.borrow_mut().remove(&channel);
        self.subscriptions.borrow_mut().channel_closed(channel);
    }

    /// Ends a session that its client did not close and, if asked, its subscriptions; `source_name` as in the audit trail.
    pub fn break_session(
        &self,
        key: SessionKey,
        delete_subscriptions: bool,
        source_name: &'static str,
    ) {
        if let Some(session) = self.end_session(key, delete_subscriptions) {
            self.audit_end(&session, source_name);
        }
    }

    /// Ends every session of a local user: he may not log in any more.
    pub fn end_sessions_of(&self, user: &str) {
        let sessions = self.sessions.borrow();
        let own = sessions
            .iter()
            .filter(|it| it.identity.as_ref().is_some_and(|it| it.is_local && it.user == user));
        let own: Vec<SessionKey> = own.map(|it| it.key).collect();
        drop(sessions);
        for session in own {
            self.break_session(session, true, "Session/Terminated");
        }
    }

    /// Ends a session and, if asked, its subscriptions.
    pub fn end_session(&self, key: SessionKey, delete_subscriptions: bool) -> Option<Session> {
        let session = self.sessions.borrow_mut().remove(key)?;
        self.push.session_closed(key);
        self.end_approvals_of(key);
        self.show_sessions();
        self.with_subscriptions(|subscriptions, moment, outgoing| {
            subscriptions.session_closed(key, delete_subscriptions, moment.utc, outgoing);
        });
        self.replan.notify_one();
        info!(session = %session.id, name = session.client.name, "session ended");
        Some(session)
    }
}

impl Server {
    /// Closes secured channels whose certificate is no longer trusted or has been revoked (CRT-25).
    pub(super) fn close_untrusted(&self) {
        for connection in self.connections.borrow().values() {
            let channel = connection.channel.borrow();
            let certificate = channel.as_ref().and_then(|it| it.client_certificate());
            let Some(certificate) = certificate else { continue };
            if let Err(problem) = self.channels.trust.still_good(certificate, time::now()) {
                warn!(channel = connection.id, %problem, "channel closed: trust withdrawn");
                connection.close();
            }
        }
    }
}

/// Serves `listener` until `stop` says so, or a client's planned end has come.
pub async fn serve(server: Rc<Server>, listener: TcpListener, mut stop: watch::Receiver<Stop>) {
    let publisher = tokio::task::spawn_local(publish(Rc::clone(&server)));
    let sweeper = tokio::task::spawn_local(sweep(Rc::clone(&server)));
    tokio::task::spawn_blocking(crypto::gather_randomness);
    let outreach = Outreach::start(&server);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => server.accept(stream, peer),
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be closed.
                    warn!(%error, "accept failed");
                    tokio::time::sleep(SWEEP).await;
                }
            },
            () = server.shutdown.over() => break,
            told = stop.changed() => match (told, *stop.borrow_and_update()) {
                (Ok(()), Stop::No) => {}
                (Ok(()), Stop::Soon) => {
                    server.hasten_end(Duration::from_secs_f64(server.config.shutdown_s));
                }
                (Err(_), _) | (_, Stop::Now) => break,
            },
        }
    }
    server.hasten_end(Duration::ZERO);
    server.with_subscriptions(SubscriptionSet::hurry);
    publisher.abort();
    sweeper.abort();
    for connection in server.connections.borrow().values() {
        connection.close();
    }
    tokio::join!(outreach.end(), tokio::time::sleep(FAREWELL));
    for session in server.sessions.borrow().iter() {
        server.audit_end(session, "Session/Terminated");
    }
    server.trail.finish();
}

/// Samples at every snapshot and publishes at every deadline.
async fn publish(server: Rc<Server>) {
    let mut snapshots = server.port.every.subscribe();
    // What happened at the first scan, which was published before anyone could receive it.
    let first = Arc::clone(&server.told.borrow());
    server.tell_events(&first);
    loop {
        let deadline = server.subscriptions.borrow().next_deadline();
        let wait = deadline.map_or(Duration::from_hours(1), |at| {
            Duration::from_secs_f64(((at - server.now_ms()) / 1000.0).clamp(0.0, 3600.0))
        });
        tokio::select! {
            snapshot = snapshots.recv() => match snapshot {
                Ok(snapshot) => server.sample(&snapshot),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    warn!(missed, "sampling fell behind the engine");
                    server.require_refresh();
                }
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = tokio::time::sleep(wait) => {
                server.with_subscriptions(|subscriptions, moment, outgoing| {
                    subscriptions.tick(moment, outgoing);
                });
            }
            () = server.replan.notified() => {}
        }
    }
}

/// Ends sessions whose timeout has passed, and channels whose certificate is no longer trusted.
async fn sweep(server: Rc<Server>) {
    server.look_at_trust_list();
    let mut stamp = server.channels.trust.stamp();
    let mut looked = time::monotonic();
    loop {
        tokio::time::sleep(SWEEP).await;
        let changes_wait = server.changes_wait(time::monotonic());
        if time::monotonic() >= looked + TRUST_LOOK && !changes_wait {
            looked = time::monotonic();
            let now = server.channels.trust.stamp();
            if now != stamp {
                stamp = now;
                server.close_untrusted();
                server.look_at_trust_list();
            }
        }
        server.push.files.borrow_mut().close_idle(time::monotonic());
        server.trail.sweep(time::monotonic());
        server.expire_approvals();
        let expired = server.sessions.borrow().expired(time::monotonic());
        for key in expired {
            server.counters.timed_out_sessions.bump();
            server.break_session(key, false, "Session/Timeout");
        }
    }
}

/// The status of an engine that is gone.
pub const ENGINE_GONE: StatusCode = StatusCode::BadShutdown;

//! Runs the engine on its own thread, on time, and serves the command queue between scans.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tracing::{info, warn};

use crate::alarm::{AlarmCommand, AlarmRefusal};
use crate::control::{Command, Outcome};
use crate::engine::keeper::Keeper;
use crate::engine::port::Reply;
use crate::engine::{Engine, EnginePort, Request, Snapshot};
use crate::store::Store;
use crate::time::{Clock, Pace, Step, Timestamp, monotonic};

/// Commands that may wait; one more is refused as busy.
pub const COMMANDS_MAX: usize = 256;
/// Snapshots that a receiver of every snapshot may lag behind.
const SNAPSHOTS_MAX: usize = 16;
/// Orders of the owner that may wait.
const ORDERS_MAX: usize = 16;

/// Why the engine ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineFailure {
    /// Its thread could not be started.
    #[error("the engine thread cannot be started: {reason}")]
    Start {
        /// What the operating system says.
        reason: String,
    },
    /// It panicked; the plant's state is lost.
    #[error("the engine stopped with a panic: {message}")]
    Panicked {
        /// Its message.
        message: String,
    },
}

/// How the engine keeps up. Read by anyone at any time; each number for itself.
#[derive(Debug, Default)]
pub struct Counters {
    scans: AtomicU64,
    late: AtomicU64,
    realigned: AtomicU64,
    longest_scan_us: AtomicU64,
    last_scan_us: AtomicU64,
    events: AtomicU64,
}

impl Counters {
    /// Scans made.
    pub fn scans(&self) -> u64 {
        self.scans.load(Ordering::Relaxed)
    }

    /// Scans whose deadline had passed before they could start.
    pub fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Times that missed scans were given up.
    pub fn realigned(&self) -> u64 {
        self.realigned.load(Ordering::Relaxed)
    }

    /// Longest scan, µs.
    pub fn longest_scan_us(&self) -> u64 {
        self.longest_scan_us.load(Ordering::Relaxed)
    }

    /// Last scan, µs.
    pub fn last_scan_us(&self) -> u64 {
        self.last_scan_us.load(Ordering::Relaxed)
    }

    /// Events since the start.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

/// What the owner of the engine asks of it.
#[derive(Debug)]
enum Direction {
    Advance(u64, oneshot::Sender<()>),
    Stop,
}

/// The running engine's owner: stops it, waits for it, and drives a stepped one.
#[derive(Debug)]
pub struct Handle {
    orders: mpsc::Sender<Direction>,
    ended: watch::Receiver<()>,
    counters: Arc<Counters>,
    thread: JoinHandle<Engine>,
}

impl Handle {
    /// How the engine keeps up.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Runs `count` scans of a stepped engine and returns once the last is published. Commands that wait
    /// are served before each. At any other pace nothing happens. False if the engine has ended.
    pub async fn advance(&self, count: u64) -> bool {
        let (reply, done) = oneshot::channel();
        self.orders.send(Direction::Advance(count, reply)).await.is_ok() && done.await.is_ok()
    }

    /// Returns when the engine has ended, by order or by itself.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// Stops the engine after the scan that is running, and gives it back.
    pub async fn stop(self) -> Result<Engine, EngineFailure> {
        // Closed means that it has ended already.
        let _ = self.orders.send(Direction::Stop).await;
        self.ended().await;
        self.thread.join().map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            EngineFailure::Panicked { message: text.unwrap_or("without a message").to_owned() }
        })
    }
}

/// Is called on the engine's thread with every snapshot, in order, before anyone else sees it.
pub type Listener = Box<dyn FnMut(&Arc<Snapshot>) + Send>;

/// Makes the first scan and starts the engine's thread. The port has a snapshot from the beginning. What has
/// changed of alarms ends with the process: see [`spawn_keeping`].
pub fn spawn(engine: Engine, clock: Clock) -> Result<(EnginePort, Handle), EngineFailure> {
    start(engine, clock, None, Box::new(|_| {}))
}

/// As [`spawn`], with what changes of alarms kept in `store`, and a listener.
pub fn spawn_keeping(
    engine: Engine,
    clock: Clock,
    store: Store,
    listener: Listener,
) -> Result<(EnginePort, Handle), EngineFailure> {
    let keeper =
        Keeper::start(store).map_err(|error| EngineFailure::Start { reason: error.to_string() })?;
    start(engine, clock, Some(keeper), listener)
}

fn start(
    mut engine: Engine,
    mut clock: Clock,
    keeper: Option<Keeper>,
    mut listener: Listener,
) -> Result<(EnginePort, Handle), EngineFailure> {
    let first = Arc::clone(engine.scan_at(clock.first(engine.next_time())));
    listener(&first);
    let (latest, latest_seen) = watch::channel(first);
    let (every, _) = broadcast::channel(SNAPSHOTS_MAX);
    let (commands, requests) = mpsc::channel(COMMANDS_MAX);
    let (orders, directions) = mpsc::channel(ORDERS_MAX);
    let (alive, ended) = watch::channel(());
    let counters = Arc::new(Counters::default());
    let scan_ms = clock.wall_period().as_secs_f64() * 1000.0;
    let port = EnginePort { latest: latest_seen, every: every.clone(), commands, scan_ms };
    let start = |error: std::io::Error| EngineFailure::Start { reason: error.to_string() };
    let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let waiting = waiting.map_err(start)?;
    let shared = Arc::clone(&counters);
    let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
        // Dropped last, also by a panic: everyone who waits for the engine learns of its end.
        let _alive = alive;
        let runner = Runner {
            engine,
            clock,
            step: None,
            requests,
            directions,
            latest,
            every,
            counters: shared,
            keeper,
            listener,
        };
        waiting.block_on(runner.run())
    });
    let thread = thread.map_err(start)?;
    Ok((port, Handle { orders, ended, counters, thread }))
}

/// What woke the engine.
enum Woken {
    Deadline,
    Request(Request),
    Direction(Option<Direction>),
}

/// The engine's thread.
struct Runner {
    engine: Engine,
    clock: Clock,
    /// How plant time has just gone, if not as it should.
    step: Option<Step>,
    requests: mpsc::Receiver<Request>,
    directions: mpsc::Receiver<Direction>,
    latest: watch::Sender<Arc<Snapshot>>,
    every: broadcast::Sender<Arc<Snapshot>>,
    counters: Arc<Counters>,
    keeper: Option<Keeper>,
    listener: Listener,
}

impl Runner {
    async fn run(mut self) -> Engine {
        loop {
            match self.wait().await {
                Woken::Deadline => self.scan(),
                Woken::Request(request) => self.serve(Some(request)),
                Woken::Direction(Some(Direction::Advance(count, reply))) => {
                    if self.clock.pace() == Pace::Stepped {
                        for _ in 0..count {
                            self.scan();
                        }
                    }
                    // The owner may have stopped waiting.
                    let _ = reply.send(());
                }
                // Without an owner there is nobody left to stop it.
                Woken::Direction(Some(Direction::Stop) | None) => return self.end(),
            }
        }
    }

    fn end(mut self) -> Engine {
        if let Some(mut keeper) = self.keeper {
            keeper.hand_over(self.engine.alarms_mut().take_unsaved(), Vec::new());
            keeper.finish();
        }
        self.engine
    }

    /// Sleeps until the deadline or until something is asked; no lock, no polling.
    async fn wait(&mut self) -> Woken {
        let Some(deadline) = self.clock.deadline() else {
            return tokio::select! {
                biased;
                direction = self.directions.recv() => Woken::Direction(direction),
                Some(request) = self.requests.recv() => Woken::Request(request),
            };
        };
        if deadline <= monotonic() {
            // Behind or free-running: no sleep, but orders are still heard. Commands are served by the scan.
            return match self.directions.try_recv() {
                Ok(direction) => Woken::Direction(Some(direction)),
                Err(mpsc::error::TryRecvError::Disconnected) => Woken::Direction(None),
                Err(mpsc::error::TryRecvError::Empty) => Woken::Deadline,
            };
        }
        tokio::select! {
            biased;
            direction = self.directions.recv() => Woken::Direction(direction),
            () = tokio::time::sleep_until(deadline.into()) => Woken::Deadline,
            Some(request) = self.requests.recv() => Woken::Request(request),
        }
    }

    fn scan(&mut self) {
        let begun = monotonic();
        // What came before the scan is answered after it: the scan's own snapshot shows the effect.
        let replies = self.admit(None);
        let last = self.engine.time();
        let time = self.clock.next(last);
        self.tell_step(last, time);
        let snapshot = Arc::clone(self.engine.scan_at(time));
        self.publish(snapshot);
        self.engine.flush_journal();
        self.answer(replies);
        self.clock.beat();
        let scan_us = begun.elapsed().as_micros() as u64;
        let Counters { scans, late, realigned, longest_scan_us, last_scan_us, events } =
            &*self.counters;
        scans.store(self.engine.scans(), Ordering::Relaxed);
        late.store(self.clock.late(), Ordering::Relaxed);
        realigned.store(self.clock.realigned(), Ordering::Relaxed);
        longest_scan_us.fetch_max(scan_us, Ordering::Relaxed);
        last_scan_us.store(scan_us, Ordering::Relaxed);
        events.store(self.engine.events().total(), Ordering::Relaxed);
    }

    /// Says when plant time begins to go otherwise than it should.
    fn tell_step(&mut self, last: Timestamp, time: Timestamp) {
        let step = self.clock.step(last, time);
        if let Some(step) = step
            && self.step != Some(step)
        {
            let seconds = time.seconds_since(last);
            warn!(seconds, %time, "{step}");
        }
        self.step = step;
    }

    /// Serves what waits in the queue between two scans: applies all, publishes once, then answers.
    fn serve(&mut self, first: Option<Request>) {
        let replies = self.admit(first);
        if let Some(snapshot) = self.engine.publish_commands().cloned() {
            self.publish(snapshot);
        }
        self.engine.flush_journal();
        self.answer(replies);
    }

    /// Applies every waiting command, at most one queue full, so that a flood cannot hold up the scan.
    fn admit(&mut self, first: Option<Request>) -> Vec<Reply> {
        let mut replies = Vec::new();
        let mut next = first.or_else(|| self.requests.try_recv().ok());
        let mut served = 0;
        while let Some(request) = next {
            served += match &request {
                Request::PlantAll(commands, _) => commands.len(),
                _ => 1,
            };
            replies.extend(self.apply(request));
            if served >= COMMANDS_MAX {
                break;
            }
            next = self.requests.try_recv().ok();
        }
        replies
    }

    /// Gives a command to the engine. Of writes that are accepted the audit log tells.
    fn carry_out(&mut self, command: &Command) -> Outcome {
        let outcome = self.engine.command(command);
        if let Err(refusal) = &outcome {
            let Command { actor, target, order } = command;
            info!(%actor, ?target, ?order, %refusal, "command refused");
        }
        outcome
    }

    fn apply(&mut self, request: Request) -> Option<Reply> {
        Some(match request {
            Request::Plant(command, reply) => {
                let outcome = self.carry_out(&command);
                if outcome.is_ok() {
                    let Command { actor, target, order } = &command;
                    info!(%actor, ?target, ?order, "command accepted");
                }
                Reply::Plant(reply, outcome)
            }
            Request::PlantAll(commands, reply) => {
                let outcomes = commands.iter().map(|it| self.carry_out(it)).collect();
                Reply::PlantAll(reply, outcomes)
            }
            Request::Alarm(_, reply) if self.keeper.as_ref().is_some_and(Keeper::is_full) => {
                Reply::Alarm(reply, Err(AlarmRefusal::Busy))
            }
            Request::Alarm(command, reply) => {
                let outcome = self.engine.alarm_command(&command);
                let alarms = self.engine.alarms().table();
                let alarm = alarms.path(self.engine.table(), command.alarm);
                let AlarmCommand { actor, order, .. } = &command;
                match &outcome {
                    Ok(()) => info!(%actor, alarm, ?order, "alarm command accepted"),
                    Err(refusal) => info!(%actor, alarm, ?order, %refusal, "alarm command refused"),
                }
                Reply::Alarm(reply, outcome)
            }
            Request::Check(command, reply) => {
                let outcome = self.engine.check(&command);
                Reply::Plant(reply, outcome.map(|()| Vec::new()))
            }
            Request::CheckAlarm(command, reply) => {
                Reply::Alarm(reply, self.engine.check_alarm(&command))
            }
            Request::ResetAlarmFigures(scope, actor, reply) => {
                self.engine.reset_alarm_figures(scope);
                info!(%actor, scope, "alarm metrics reset");
                Reply::Alarm(reply, Ok(()))
            }
            Request::ShowKpis(kpis) => {
                self.engine.set_kpis(kpis);
                return None;
            }
            Request::ShowRecording(figures) => {
                self.engine.set_recording(figures);
                return None;
            }
            Request::CertificateEnds(expires) => {
                self.engine.alarms_mut().set_expiry(Some(expires));
                return None;
            }
        })
    }

    /// Answers at once, or, if alarms are kept, when what has changed of them is on disk.
    fn answer(&mut self, replies: Vec<Reply>) {
        let Some(keeper) = &mut self.keeper else {
            // Nobody keeps them, so nobody asks what is to be kept.
            drop(self.engine.alarms_mut().take_unsaved());
            replies.into_iter().for_each(Reply::give);
            return;
        };
        let (alarms, plant): (Vec<Reply>, Vec<Reply>) =
            replies.into_iter().partition(|it| matches!(it, Reply::Alarm(..)));
        plant.into_iter().for_each(Reply::give);
        keeper.hand_over(self.engine.alarms_mut().take_unsaved(), alarms);
    }

    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        (self.listener)(&snapshot);
        self.latest.send_replace(Arc::clone(&snapshot));
        // No receiver is no error: nobody samples.
        let _ = self.every.send(snapshot);
    }
}

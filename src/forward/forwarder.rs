//! The thread that forwards: it connects, waits, connects again, and tells how it goes.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rand::Rng;
use tokio::sync::watch;

use crate::config::PostgresConfig;
use crate::forward::position::Position;
use crate::forward::{ForwardError, ForwardStatus, Monitor, Notes, session};
use crate::history::{Gap, Outbox, Place};
use crate::time::{self, Timestamp};

/// First pause after a failure, s.
const PAUSE_FIRST_S: f64 = 0.5;
/// Longest pause, s.
const PAUSE_MAX_S: f64 = 30.0;
/// The status is this old at most.
const LOOK: Duration = Duration::from_secs(1);

/// Who forwards; it ends when this is dropped.
#[derive(Debug)]
pub struct Handle {
    monitor: Monitor,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Forwards what comes into `outbox`, on a thread of its own, until the handle is dropped. Never fails for want of a
/// database: samples wait.
pub fn start(config: PostgresConfig, outbox: Outbox, notes: Notes) -> io::Result<Handle> {
    let (status, seen) = watch::channel(ForwardStatus::default());
    let (stop, stopping) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let forwarder = Forwarder {
        config,
        outbox,
        notes: Arc::new(notes),
        status,
        place: None,
        last_time: None,
        gap: None,
        told: None,
    };
    let thread = std::thread::Builder::new().name("forward".to_owned()).spawn(move || {
        runtime.block_on(forwarder.run(stopping));
        // A name that is being looked up is not waited for.
        runtime.shutdown_background();
    })?;
    Ok(Handle { monitor: Monitor(seen), stop, thread: Some(thread) })
}

impl Handle {
    /// How it goes.
    pub fn status(&self) -> ForwardStatus {
        self.monitor.status()
    }

    /// For those who show how it goes.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// Ends it, within a second; what is under way is forwarded anew the next time.
    pub fn stop(self) {}
}

impl Drop for Handle {
    fn drop(&mut self) {
        // If the thread has ended there is nobody to tell.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What outlives a connection.
#[derive(Debug)]
pub(super) struct Forwarder {
    pub(super) config: PostgresConfig,
    pub(super) outbox: Outbox,
    pub(super) notes: Arc<Notes>,
    status: watch::Sender<ForwardStatus>,
    /// What the database was last known to have, by this process.
    place: Option<Place>,
    /// Source time of the last sample that was forwarded.
    pub(super) last_time: Option<Timestamp>,
    /// Samples are missing behind `last_time`.
    gap: Option<Gap>,
    /// The failure that was last told of, by its kind.
    told: Option<std::mem::Discriminant<ForwardError>>,
}

impl Forwarder {
    async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        let mut pause_s = PAUSE_FIRST_S;
        loop {
            let failed = tokio::select! {
                _ = stopping.wait_for(|it| *it) => return,
                done = session::run(&mut self) => done,
            };
            if self.status.borrow().connected {
                pause_s = PAUSE_FIRST_S;
            }
            if let Err(error) = failed {
                self.broken(&error);
            }
            // Many servers that lost one database do not come back at the same moment.
            let chance = rand::rng().random_range(0.5..1.0);
            tokio::select! {
                _ = stopping.wait_for(|it| *it) => return,
                () = self.pause(Duration::from_secs_f64(pause_s * chance)) => {}
            }
            pause_s = (pause_s * 2.0).min(PAUSE_MAX_S);
        }
    }

    async fn pause(&mut self, all: Duration) {
        let mut left = all;
        while left > Duration::ZERO {
            self.look(self.place.unwrap_or_default());
            let part = left.min(LOOK);
            tokio::time::sleep(part).await;
            left -= part;
        }
    }

    /// Where to go on if the database has everything before `there`.
    pub(super) fn resume(&mut self, there: Option<Place>) -> Place {
        let reach = self.outbox.reach();
        let place = match (there, self.place) {
            (None, _) => self.outbox.oldest(),
            (Some(there), known) if there > reach => self.tell_ahead(there, known.unwrap_or(reach)),
            (Some(there), known) => {
                if known.is_some_and(|it| there < it) {
                    let store = self.outbox.store();
                    tracing::warn!(
                        store,
                        "the database has gone back: a backup or a standby; what is kept goes there again"
                    );
                }
                there
            }
        };
        self.place = Some(place);
        self.outbox.release(place);
        place
    }

    fn tell_ahead(&self, there: Place, place: Place) -> Place {
        let store = self.outbox.store();
        tracing::warn!(
            store,
            ?there,
            ?place,
            "the database is ahead of this history, which is an older copy; only what is new goes there"
        );
        place
    }

    /// The database is there.
    pub(super) fn connected(&mut self, here: Place) {
        let waiting = self.outbox.waiting(here);
        let was_broken = self.told.take().is_some();
        let (place, schema) = (self.config.place(), &self.config.schema);
        if was_broken {
            tracing::info!(place, samples = waiting.samples, "forwarding to PostgreSQL goes on");
        } else {
            tracing::info!(place, schema, samples = waiting.samples, "forwarding to PostgreSQL");
        }
        self.status.send_modify(|it| it.connected = true);
        self.look(here);
    }

    fn broken(&mut self, error: &ForwardError) {
        let text = error.chain();
        let kind = std::mem::discriminant(error);
        let waiting = self.outbox.waiting(self.place.unwrap_or_default());
        if self.told.replace(kind) == Some(kind) {
            tracing::debug!(reason = text, "still not forwarding to PostgreSQL");
        } else {
            tracing::warn!(
                reason = text,
                samples = waiting.samples,
                "not forwarding to PostgreSQL; samples wait"
            );
        }
        self.status.send_modify(|it| {
            it.connected = false;
            it.last_error = Some(text);
        });
    }

    /// Everything before `to` is in the database.
    pub(super) fn sent(&mut self, samples: u64, to: &Position) {
        self.place = Some(to.place);
        self.last_time = Some(to.time.0);
        self.outbox.release(to.place);
        self.status.send_modify(|it| {
            it.forwarded += samples;
            it.last_success = Some(time::now());
        });
    }

    /// Counts what waits behind `here`, and tells of what had to be given up.
    pub(super) fn look(&mut self, here: Place) {
        let waiting = self.outbox.waiting(here);
        let given_up = self.outbox.take_given_up();
        if let Some(lost) = given_up {
            let span = lost.span.map(|it| format!("{} to {}", it.from, it.to));
            let outbox_bytes = self.config.outbox_bytes;
            tracing::warn!(
                samples = lost.samples,
                span = span.unwrap_or_default(),
                outbox_bytes,
                "the oldest samples that waited for PostgreSQL are given up; they are in the local history"
            );
        }
        self.status.send_modify(|it| {
            it.waiting = waiting;
            it.given_up += given_up.map_or(0, |it| it.samples);
        });
    }

    /// Samples are missing behind what was read.
    pub(super) fn note_gap(&mut self, gap: Gap) {
        self.gap = Some(gap);
    }

    /// Tells of a gap that ends with a sample of this time.
    pub(super) fn tell_gap(&mut self, to: Timestamp) {
        if let Some(gap) = self.gap.take() {
            let from = self.last_time.map(|it| it.to_string()).unwrap_or_default();
            tracing::warn!(
                from,
                %to,
                ?gap,
                "samples between these times are not forwarded: their log is gone or damaged"
            );
        }
    }
}

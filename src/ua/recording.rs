//! What the server tells is also recorded, whether or not anyone listens.

use std::sync::Arc;

use crate::chronicle::{Port, Record};
use crate::engine::Snapshot;
use crate::time::{self, Timestamp};
use crate::ua::event::condition::of_notice;
use crate::ua::event::{self, Event, EventIds, EventRecorder, EventTypes};
use crate::ua::server::Server;
use crate::ua::space::Space;

/// The way of events into their history.
pub struct EventHistory {
    /// The chronicler.
    pub port: Port,
    /// The types that there are.
    pub types: Arc<EventTypes>,
    /// Makes records of events.
    pub recorder: EventRecorder,
}

impl EventHistory {
    /// For the types of `space`.
    pub fn new(space: &Space, port: Port) -> Self {
        let types = Arc::new(EventTypes::new(space));
        Self { port, types, recorder: EventRecorder::default() }
    }

    /// Records an event; never waits.
    pub fn take(&self, space: &Space, event: &Event) {
        self.port.record(self.recorder.record(space, event));
    }

    /// Records the events of a snapshot of a simulated past: told to nobody, received when they happened.
    pub fn take_past(&self, space: &Space, snapshot: &Snapshot, ids: &EventIds, epoch: u64) {
        for event in events_of(space, snapshot, ids, (epoch, snapshot.time)) {
            let record: Record = self.recorder.record(space, &event);
            self.port.record_patiently(record);
        }
    }
}

/// The events of a snapshot: those of the plant, then those of its alarms. `stamp`: what EventIds of conditions begin
/// with, and when the server learned of them.
pub fn events_of(
    space: &Space,
    snapshot: &Snapshot,
    ids: &EventIds,
    stamp: (u64, Timestamp),
) -> Vec<Event> {
    let (epoch, now) = stamp;
    let mut events = event::of_snapshot(space, snapshot, ids, now);
    let notices = snapshot.notices.iter();
    events.extend(notices.map(|it| of_notice(space, snapshot, it, epoch, now)));
    events
}

impl Server {
    /// Tells what has happened since the snapshot before.
    pub fn tell_events(&self, snapshot: &Snapshot) {
        if self.events.is_none() && !self.subscriptions.borrow().has_listeners() {
            return;
        }
        let stamp = (self.alarm_epoch, time::now());
        for event in events_of(&self.space, snapshot, &self.event_ids, stamp) {
            self.raise(Some(event));
        }
    }

    /// Records an event that is told.
    pub fn record(&self, event: &Event) {
        if let Some(events) = &self.events {
            events.take(&self.space, event);
        }
    }
}

//! The one owner of plant and controls: commands in by one queue, snapshots out by one watch.
//!
//! [`Engine`] makes scans; [`spawn`] runs it on a thread of its own behind an [`EnginePort`].
//! A [`Journal`] keeps what was asked of it, [`Replay`] reads that back, a [`Scenario`] is written by hand.

mod events;
mod fault;
mod journal;
mod keeper;
mod names;
mod port;
mod replay;
mod runtime;
mod sampler;
mod scan;
mod scenario;
mod snapshot;
mod touched;

pub use events::{EventLog, Logged};
pub use journal::{Entry, EntryKind, Header, Journal, config_checksum};
pub use keeper::kept_alarms;
pub use port::{AlarmReply, EnginePort, PlantReply, Request};
pub use replay::{Replay, ReplayError};
pub use runtime::{COMMANDS_MAX, Counters, EngineFailure, Handle, Listener, spawn, spawn_keeping};
pub use scan::Engine;
pub use scenario::{Scenario, ScenarioError, Step};
pub use snapshot::{CHUNK_TAGS, Chunk, Sample, Snapshot, Turn};

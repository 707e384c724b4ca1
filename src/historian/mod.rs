//! Records what the plant shows: a thread of its own takes every snapshot from the engine, chooses the samples that
//! are worth keeping, and writes them to the history. Nobody waits for it but who asks it something.
//!
//! ```text
//! engine ── snapshot ──►│ bounded │──► Recorder ── samples ──► History ── commit, synced
//! server ── order ─────►│  queue  │      which of them           │ tend: segments, retention
//!                                                               └──► Readers, on any thread
//! ```

mod exception;
mod minute;
mod order;
mod recorder;
mod report;
mod thread;

pub use order::{Changed, Order};
pub use recorder::Recorder;
pub use report::{Health, Report};
pub use thread::{Historian, HistorianError, HistorianPort, open};

//! How recording goes, as tags show it. Whoever knows the historian fills it in.

use std::sync::Arc;

use crate::tag::KpiBoard;
use crate::time::Timestamp;

/// How recording goes, by the states of the tag `Historian.Health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordingHealth {
    /// All that comes is on disk.
    Good,
    /// The disk is full.
    DiskFull,
    /// The history has taken all the room it may and keeps the oldest.
    RoomTaken,
    /// The disk refuses.
    Failing,
    /// More comes than can be written.
    Behind,
}

/// Figures of the historian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordingFigures {
    /// How it goes.
    pub health: RecordingHealth,
    /// Samples taken since the start.
    pub recorded: u64,
    /// Samples that came and were not kept.
    pub lost: u64,
    /// Snapshots that found the queue full.
    pub missed: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Source time of the oldest sample.
    pub oldest: Option<Timestamp>,
    /// Source time of the newest sample.
    pub newest: Option<Timestamp>,
}

/// What is known of the history: nothing before it was looked at, or where none is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// Key figures.
    pub kpis: Arc<KpiBoard>,
    /// How recording goes.
    pub recording: Option<RecordingFigures>,
}

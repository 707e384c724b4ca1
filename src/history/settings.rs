//! How a history keeps samples, and what it says about itself.

use crate::time::Timestamp;

/// What to do when the history has taken all the room it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// The oldest goes, the newest is kept.
    #[default]
    DropOldest,
    /// The oldest is kept, nothing new comes in.
    KeepOldest,
}

/// How a history keeps samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryConfig {
    /// Samples in memory that make it worth writing a segment: 17 bytes each, or up to 25.
    pub head_samples: usize,
    /// Samples that may wait for a commit that fails.
    pub waiting_max: usize,
    /// Older samples go, s; `None` keeps them.
    pub keep_s: Option<f64>,
    /// Bytes of all files; `None` takes the disk.
    pub bytes_max: Option<u64>,
    /// What happens then.
    pub when_full: WhenFull,
    /// Changes by clients at the most, one for each sample or span; about 150 bytes of memory each.
    pub edits_max: usize,
    /// Bytes of logs that are kept beside for an [`crate::history::Outbox`]; `None` keeps none. Beyond it the oldest
    /// is given up for forwarding; its samples are in a segment all the same.
    pub outbox_bytes: Option<u64>,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self {
            head_samples: 4 << 20,
            waiting_max: 1 << 20,
            keep_s: None,
            bytes_max: None,
            when_full: WhenFull::DropOldest,
            edits_max: 1_000_000,
            outbox_bytes: None,
        }
    }
}

/// What a history holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Series.
    pub series: usize,
    /// Segments.
    pub segments: usize,
    /// Bytes of segments.
    pub segment_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Samples in segments.
    pub segment_samples: u64,
    /// Samples in memory and in the log.
    pub head_samples: usize,
    /// Changes by clients.
    pub edits: usize,
    /// Source time of the oldest sample.
    pub oldest: Option<Timestamp>,
    /// Source time of the newest sample.
    pub newest: Option<Timestamp>,
}

/// What [`crate::history::History::tend`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Samples that went from memory into a segment.
    pub sealed: usize,
    /// Segments that retention has removed.
    pub removed: usize,
    /// Segments that were replaced by one that holds them all.
    pub merged: usize,
    /// A merge has begun that the next call goes on with.
    pub merging: bool,
}

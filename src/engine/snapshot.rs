//! What the plant was at one scan: immutable, shared, cheap to hold.

use std::sync::Arc;

use crate::alarm::{AlarmView, Notice};
use crate::engine::Logged;
use crate::field::Quality;
use crate::tag::{TagIndex, Value};
use crate::time::Timestamp;

/// Tags per chunk. A chunk that did not change is shared with the snapshot before.
pub const CHUNK_TAGS: usize = 256;

/// Some neighbouring tags, struct of arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Values.
    pub values: Vec<Value>,
    /// Qualities.
    pub qualities: Vec<Quality>,
    /// Source times: when the value or its quality last changed, or was last measured.
    pub times: Vec<Timestamp>,
}

/// One tag of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Value.
    pub value: &'a Value,
    /// Quality.
    pub quality: Quality,
    /// Source time.
    pub time: Timestamp,
}

/// The quality of a signal has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub tag: TagIndex,
    /// Before.
    pub from: Quality,
    /// Now.
    pub to: Quality,
}

/// The plant at one scan.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Number of the scan, from 0; counts up by one, except that a command may publish the same scan again.
    pub scan: u64,
    /// Counts up with every snapshot published, commands included.
    pub revision: u64,
    /// Plant time of the scan.
    pub time: Timestamp,
    /// What has happened since the snapshot before.
    pub events: Vec<Logged>,
    /// Signals whose quality is another than in the snapshot before; none that has got its first value.
    pub turns: Vec<Turn>,
    /// What alarms have told since the snapshot before, in the order of their numbers.
    pub notices: Vec<Notice>,
    /// States of all alarms after those notices.
    pub alarms: AlarmView,
    /// All tags, [`CHUNK_TAGS`] to a chunk.
    pub chunks: Vec<Arc<Chunk>>,
}

impl Snapshot {
    /// The sample of `tag`.
    pub fn sample(&self, tag: TagIndex) -> Sample<'_> {
        let chunk = &self.chunks[tag.0 as usize / CHUNK_TAGS];
        let offset = tag.0 as usize % CHUNK_TAGS;
        Sample {
            value: &chunk.values[offset],
            quality: chunk.qualities[offset],
            time: chunk.times[offset],
        }
    }
}

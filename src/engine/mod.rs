//! The one owner of plant and controls: commands in by one queue, snapshots out by one watch.

mod port;
mod snapshot;

pub use port::{EnginePort, Request};
pub use snapshot::{CHUNK_TAGS, Chunk, Sample, Snapshot};

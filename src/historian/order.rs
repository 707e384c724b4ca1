//! What is asked of the historian.

use std::sync::Arc;

use crate::engine::Snapshot;
use crate::history::Sample;

/// One thing to do, in the order of asking.
#[derive(Debug)]
pub enum Order {
    /// Record what the plant shows.
    Snapshot(Arc<Snapshot>),
    /// Record samples of something that is no tag, by path.
    Samples(Vec<(String, Sample)>),
    /// Write everything and end.
    Finish,
}

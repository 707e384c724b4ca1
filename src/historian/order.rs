//! What is asked of the historian.

use std::sync::Arc;

use crate::engine::Snapshot;
use crate::history::{By, Edit, Edited, HistoryError, Sample};

/// Takes the outcome of an edit.
pub type Changed = Box<dyn FnOnce(Result<Vec<Edited>, HistoryError>) + Send>;

/// One thing to do, in the order of asking.
pub enum Order {
    /// Record what the plant shows.
    Snapshot(Arc<Snapshot>),
    /// Record samples of something that is no tag, by path.
    Samples(Vec<(String, Sample)>),
    /// Change what was recorded.
    Edit {
        /// Of which series, by path; it is made if there is none.
        path: String,
        /// How.
        edit: Edit,
        /// Who, and when.
        by: By,
        /// Is told once the change is on disk, or why it is not.
        changed: Changed,
    },
    /// Write everything and end.
    Finish,
}

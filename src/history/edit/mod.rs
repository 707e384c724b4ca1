//! What clients change in a history (Part 11, HistoryUpdate). The base, which is log and segments, never changes: a
//! layer of edits lies above it, in memory and in a log of its own, and readers see both as one.
//!
//! An edit hides samples of the base and shows others in their place. What it hides is told by times: a deleted span,
//! or the first so many samples of one time, which is exact because samples of one time keep the order in which they
//! came. So nothing of the base is copied, and the values that a deletion took are read where they always were.

mod layer;
mod log;
mod modified;
mod resolve;
mod scan;

use std::sync::Arc;

use crate::history::Sample;
use crate::time::Timestamp;

pub(super) use layer::{Edits, SeriesEdits};
pub(super) use log::{EditLog, Effect, replay};
pub use modified::{ModifiedPage, ModifiedScan};
pub(super) use resolve::{resolve, spare};
pub use scan::Scan;

/// Who edits, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// User name; up to 64 KiB.
    pub user: String,
    /// When.
    pub time: Timestamp,
}

/// A change of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Samples at times that have none.
    Insert(Vec<Sample>),
    /// Samples in place of what there is at their times.
    Replace(Vec<Sample>),
    /// Samples, whether there are some at their times or not.
    Update(Vec<Sample>),
    /// Takes everything from an instant on and before another.
    DeleteRaw {
        /// The first instant that goes.
        from: Timestamp,
        /// The first instant that stays.
        to: Timestamp,
    },
    /// Takes everything at these times.
    DeleteAt(Vec<Timestamp>),
}

/// What came of an edit, for each sample or time, or for the whole span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The sample is there where none was.
    Inserted,
    /// The sample is there in place of another.
    Replaced,
    /// What was there is gone.
    Deleted,
    /// Nothing has changed: there is a sample at this time already.
    Exists,
    /// Nothing has changed: there is no sample at this time.
    NoEntry,
}

/// How a value came to be in the list of modified ones (Part 11, HistoryUpdateType).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was put in where none was; the value is the new one.
    Insert = 1,
    /// It was replaced; the value is the old one.
    Replace,
    /// It was replaced by an update; the value is the old one.
    Update,
    /// It was deleted; the value is the old one.
    Delete,
}

/// A value that was put in, replaced or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Modified {
    /// The value: with [`Change::Insert`] the new one, else the old one (Part 11, 6.5.3.3).
    pub sample: Sample,
    /// What was done.
    pub change: Change,
    /// By whom and when.
    pub by: Arc<By>,
}

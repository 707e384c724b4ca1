//! Reads of history (Part 11), away from the server's thread: what one node's read needs, how it goes on in pages, and
//! the answer, encoded.
//!
//! The services ([`crate::ua::service`]) take requests apart on the server's thread and hand [`Work`] to a thread that
//! may wait for a disk; what is left of it waits in the session behind a continuation point.

mod answer;
mod capability;
mod raw;

use opcua_types::{NumericRange, ObjectId, StatusCode, TimestampsToReturn};

use crate::history::{HistoryError, Reader};
use crate::ua::space::Kept;

pub use answer::Room;
pub use raw::{Raw, RawQuery};

/// Whose history, and how its values are shown.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The series.
    pub kept: Kept,
    /// Part of an array.
    pub range: NumericRange,
    /// Which timestamps.
    pub timestamps: TimestampsToReturn,
}

/// The read of one node, as far as it is.
#[derive(Clone, Debug)]
pub enum Work {
    /// Values as they were recorded.
    Raw(Box<Raw>),
}

/// The answer for one node.
#[derive(Debug)]
pub struct Answered {
    /// Its result.
    pub status: StatusCode,
    /// Encoding of its data; none with a bad status.
    pub kind: Option<ObjectId>,
    /// The data, encoded.
    pub body: Vec<u8>,
    /// What is left to read.
    pub rest: Option<Work>,
}

impl Answered {
    /// Nothing but a result.
    pub fn refused(status: StatusCode) -> Self {
        Self { status, kind: None, body: Vec::new(), rest: None }
    }
}

impl Work {
    /// Reads as much as `room` allows. May wait for a disk.
    pub fn go_on(self, reader: &Reader, room: Room) -> Answered {
        match self {
            Self::Raw(raw) => raw.go_on(reader, room),
        }
        .unwrap_or_else(|problem| {
            tracing::error!(%problem, "the history cannot be read");
            Answered::refused(status_of(&problem))
        })
    }
}

/// What an error of the store is to a client.
pub fn status_of(problem: &HistoryError) -> StatusCode {
    match problem {
        HistoryError::Damaged { .. } => StatusCode::BadDataLost,
        _ => StatusCode::BadResourceUnavailable,
    }
}

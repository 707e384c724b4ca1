//! Reads of history (Part 11), away from the server's thread: what one node's read needs, how it goes on in pages, and
//! the answer, encoded.
//!
//! The services ([`crate::ua::service`]) take requests apart on the server's thread and hand [`Work`] to a thread that
//! may wait for a disk; what is left of it waits in the session behind a continuation point.

pub mod annotation;
mod answer;
mod at_time;
mod capability;
mod change;
mod events;
mod modified;
mod processed;
mod raw;
mod source;

use std::io::ErrorKind;

use opcua_types::{NumericRange, ObjectId, StatusCode, TimestampsToReturn};

use crate::history::{HistoryError, Reader};
use crate::ua::space::Kept;

pub use answer::Room;
pub use at_time::AtTimeRead;
pub use events::{Events, Heard};
pub use modified::ModifiedRead;
pub use processed::{ProcessedQuery, ProcessedRead};
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
    /// Values that were changed.
    Modified(Box<ModifiedRead>),
    /// Values of intervals.
    Processed(Box<ProcessedRead>),
    /// Values at given times.
    AtTime(Box<AtTimeRead>),
    /// Events of a notifier.
    Events(Box<Events>),
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
    /// Whether the user who reads may hear audit events, at this moment.
    pub fn set_hears_audit(&mut self, hears_audit: bool) {
        match self {
            Self::Raw(_) | Self::Modified(_) | Self::Processed(_) | Self::AtTime(_) => {}
            Self::Events(events) => events.hears_audit = hears_audit,
        }
    }

    /// Reads as much as `room` allows. May wait for a disk.
    pub fn go_on(self, reader: &Reader, room: Room) -> Answered {
        let done = match self {
            Self::Raw(read) => read.go_on(reader, room),
            Self::Modified(read) => read.go_on(reader, room),
            Self::Processed(read) => read.go_on(reader, room),
            Self::AtTime(read) => read.go_on(reader, room),
            Self::Events(read) => {
                return read.go_on(room).unwrap_or_else(|problem| {
                    tracing::error!(%problem, "the history of events cannot be read");
                    Answered::refused(StatusCode::BadResourceUnavailable)
                });
            }
        };
        done.unwrap_or_else(|problem| {
            tracing::error!(%problem, "the history cannot be read");
            Answered::refused(status_of(&problem))
        })
    }
}

/// What an error of the store is to a client.
pub fn status_of(problem: &HistoryError) -> StatusCode {
    match problem {
        HistoryError::Damaged { .. } => StatusCode::BadDataLost,
        // A segment that somebody has removed.
        HistoryError::Disk { source, .. } if source.kind() == ErrorKind::NotFound => {
            StatusCode::BadDataLost
        }
        _ => StatusCode::BadResourceUnavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_that_is_gone_is_lost_data_and_one_that_cannot_be_read_now_is_not() {
        let of = |kind: ErrorKind| {
            let path = "0000000001.segment".into();
            status_of(&HistoryError::Disk { path, source: kind.into() })
        };
        assert_eq!(of(ErrorKind::NotFound), StatusCode::BadDataLost);
        assert_eq!(of(ErrorKind::PermissionDenied), StatusCode::BadResourceUnavailable);
    }
}

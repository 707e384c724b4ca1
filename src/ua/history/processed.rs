//! Processed reads (Part 11, 6.5.4): one value for each interval.

use opcua_types::{ObjectId, StatusCode};

use crate::history::{HistoryError, Reader};
use crate::time::Timestamp;
use crate::ua::aggregate::{Configuration, Function, Intervals, Query};
use crate::ua::history::answer::{BYTES_OF_A_NUMBER, DataValues};
use crate::ua::history::source::Numbers;
use crate::ua::history::{Answered, Room, Subject, Work};
use crate::ua::status;

/// What a client asks for, of all nodes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessedQuery {
    /// Where the first interval begins.
    pub start: Timestamp,
    /// Where the last one ends.
    pub end: Timestamp,
    /// Length of an interval, ms; 0 is all of the time.
    pub interval_ms: f64,
    /// What counts as good.
    pub configuration: Configuration,
}

/// A processed read.
#[derive(Clone, Debug)]
pub struct ProcessedRead {
    subject: Subject,
    intervals: Intervals,
    /// Number of the next interval.
    next: u64,
}

impl ProcessedRead {
    /// From its beginning; wrong parameters are the node's own errors (HA-30, HA-32 to HA-34).
    pub fn new(
        subject: Subject,
        function: Function,
        asked: ProcessedQuery,
    ) -> Result<Self, StatusCode> {
        let ProcessedQuery { start, end, interval_ms, configuration } = asked;
        let kind = subject.kept.kind().ok_or(StatusCode::BadAggregateInvalidInputs)?;
        if start.ticks() == 0 || end.ticks() == 0 {
            return Err(StatusCode::BadInvalidArgument);
        }
        let is_stepped = subject.kept.stepped;
        let query = Query { function, start, end, interval_ms, configuration, is_stepped, kind };
        let intervals = query.check().map_err(status::of_query)?;
        Ok(Self { subject, intervals, next: 0 })
    }

    /// The next answer.
    pub(super) fn go_on(mut self, reader: &Reader, room: Room) -> Result<Answered, HistoryError> {
        let source = Numbers::new(reader, &self.subject.kept);
        let most = room.values.min(room.bytes / BYTES_OF_A_NUMBER).max(1);
        let read = self.intervals.read(&source, self.next, most)?;
        let subject = self.subject.clone();
        let mut values = DataValues::new(&subject, room);
        for processed in &read {
            values.processed(processed);
        }
        self.next += read.len() as u64;
        let is_complete = self.next >= self.intervals.count();
        Ok(Answered {
            status: StatusCode::Good,
            kind: Some(ObjectId::HistoryData_Encoding_DefaultBinary),
            body: values.finish(),
            rest: (!is_complete).then(|| Work::Processed(Box::new(self))),
        })
    }
}

//! Reads of what was changed (Part 11, 6.5.3.3): old values, each with who changed it, when and how.

use opcua_types::{ObjectId, StatusCode};

use crate::history::{HistoryError, Position, Reader, Request};
use crate::ua::history::answer::DataValues;
use crate::ua::history::{Answered, RawQuery, Room, Subject, Work};

/// A read of modified values.
#[derive(Clone, Debug)]
pub struct ModifiedRead {
    subject: Subject,
    query: RawQuery,
    /// Behind what has been given.
    position: Option<Position>,
    /// Values that have been given.
    given: usize,
}

impl ModifiedRead {
    /// From its beginning. There are no bounds of what was changed (HA-08).
    pub fn new(subject: Subject, query: RawQuery) -> Result<Self, StatusCode> {
        if query.bounds {
            return Err(StatusCode::BadInvalidArgument);
        }
        Ok(Self { subject, query, position: None, given: 0 })
    }

    /// The next answer.
    pub(super) fn go_on(mut self, reader: &Reader, room: Room) -> Result<Answered, HistoryError> {
        let subject = self.subject.clone();
        let limit = room.values.min(self.query.left(self.given));
        let mut values = DataValues::new(&subject, Room { values: limit, ..room });
        let mut infos = Vec::new();
        let mut is_complete = true;
        if let Some(series) = reader.series(&subject.kept.path) {
            let request = Request {
                span: self.query.span(),
                direction: self.query.direction,
                limit: limit.min(room.bytes / BYTES_OF_ONE).max(1),
                start: self.position,
            };
            let page = reader.modified_page(series, &request)?;
            for modified in &page.values {
                values.sample(&modified.sample);
                infos.extend_from_slice(&modified.by.time.ticks().to_le_bytes());
                infos.extend_from_slice(&(modified.change as i32).to_le_bytes());
                infos.extend_from_slice(&(modified.by.user.len() as i32).to_le_bytes());
                infos.extend_from_slice(modified.by.user.as_bytes());
            }
            is_complete = page.next.is_none();
            self.position = page.next;
        }
        self.given += values.len();
        is_complete |= self.query.is_enough(self.given);
        let is_nothing = is_complete && self.given == 0;
        let count = values.len() as i32;
        let mut body = values.finish();
        body.extend_from_slice(&count.to_le_bytes());
        body.extend_from_slice(&infos);
        Ok(Answered {
            status: if is_nothing { StatusCode::GoodNoData } else { StatusCode::Good },
            kind: Some(ObjectId::HistoryModifiedData_Encoding_DefaultBinary),
            body,
            rest: (!is_complete).then(|| Work::Modified(Box::new(self))),
        })
    }
}

/// Bytes of a value with its ModificationInfo, about.
const BYTES_OF_ONE: usize = 80;

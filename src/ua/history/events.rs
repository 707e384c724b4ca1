//! Reads of events (Part 11, 6.5.2): those that a notifier has told, as a filter wants them, in either direction.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use opcua_types::{Context, ContextOwned, NodeId, ObjectId, ObjectTypeId, StatusCode};

use crate::chronicle::{ChronicleError, Key, Reader, Span, Stored};
use crate::history::Direction;
use crate::ua::event::{EventFilter, EventTypes, Recorded};
use crate::ua::history::{Answered, RawQuery, Room, Work};

/// Events that one answer looks at; what the filter leaves of more comes behind a continuation point.
const LOOKED_AT_MAX: usize = 200_000;

/// Which events a notifier hears: by whom they concern.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Paths of the devices at and below it; `None` for the Server object, which hears all.
    pub devices: Option<Arc<BTreeSet<String>>>,
    /// The types that there are.
    pub types: Arc<EventTypes>,
}

impl Heard {
    /// Whether it hears what concerns `origin`.
    pub fn hears(&self, origin: &str) -> bool {
        self.devices.as_ref().is_none_or(|it| it.contains(origin))
    }

    /// The type of a recorded event; that of all events if it has gone from the NodeSets since.
    pub fn kind(&self, encoded: &[u8]) -> Option<u32> {
        let base = || self.types.named(&NodeId::new(0, ObjectTypeId::BaseEventType as u32));
        self.types.encoded(encoded).or_else(base)
    }
}

/// A read of events.
#[derive(Clone, Debug)]
pub struct Events {
    /// Where they are.
    pub reader: Reader,
    /// Of whom.
    pub heard: Heard,
    /// Which of them, and what of each.
    pub filter: Arc<EventFilter>,
    /// The user may hear audit events.
    pub hears_audit: bool,
    /// From when to when.
    pub query: RawQuery,
    at: Option<Key>,
    given: usize,
}

impl Events {
    /// From its beginning.
    pub fn new(reader: Reader, heard: Heard, filter: EventFilter, query: RawQuery) -> Self {
        let filter = Arc::new(filter);
        Self { reader, heard, filter, hears_audit: false, query, at: None, given: 0 }
    }

    /// The next answer.
    pub(super) fn go_on(mut self, room: Room) -> Result<Answered, ChronicleError> {
        let left = self.query.limit.map_or(usize::MAX, |limit| match self.query.end {
            Some(_) => limit,
            None => limit.saturating_sub(self.given),
        });
        let most = room.values.min(left);
        let span = self.query.span();
        let span = Span { from: span.from, to: span.to };
        let is_reverse = self.query.direction == Direction::Reverse;
        let types = ContextOwned::default();
        let context = types.context();
        let (mut out, mut count, mut looked_at, mut at) = (vec![0; 4], 0, 0, self.at);
        let ended = self.reader.scan(span, is_reverse, self.at, |key, stored| {
            let is_full = count >= most || (count > 0 && out.len() >= room.bytes);
            if is_full || looked_at >= LOOKED_AT_MAX {
                return ControlFlow::Break(());
            }
            looked_at += 1;
            at = Some(key);
            count += usize::from(self.put(stored, &mut out, &context));
            ControlFlow::Continue(())
        })?;
        (self.at, self.given) = (at, self.given + count);
        let is_enough =
            self.query.end.is_none() && self.query.limit.is_some_and(|it| it <= self.given);
        let is_complete = ended || is_enough;
        out[..4].copy_from_slice(&i32::try_from(count).unwrap_or(i32::MAX).to_le_bytes());
        let is_nothing = is_complete && self.given == 0;
        Ok(Answered {
            status: if is_nothing { StatusCode::GoodNoData } else { StatusCode::Good },
            kind: Some(ObjectId::HistoryEvent_Encoding_DefaultBinary),
            body: out,
            rest: (!is_complete).then(|| Work::Events(Box::new(self))),
        })
    }

    /// Appends the selected fields of an event if it is wanted; whether it was.
    fn put(&self, stored: &Stored<'_>, out: &mut Vec<u8>, context: &Context<'_>) -> bool {
        if !self.heard.hears(stored.origin) {
            return false;
        }
        let types = &*self.heard.types;
        let Some(kind) = self.heard.kind(stored.kind) else { return false };
        if !self.hears_audit && types.is_audit(kind) {
            return false;
        }
        let event = Recorded { stored, kind, types, context };
        let is_wanted = self.filter.wants(&event);
        if is_wanted {
            self.filter.put(&event, out, context);
        }
        is_wanted
    }
}

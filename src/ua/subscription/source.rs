//! Where a monitored item looks (Part 4, 5.13.1).

use opcua_types::{NumericRange, StatusCode, Variant};

use crate::tag::TagIndex;
use crate::time::Timestamp;
use crate::ua::range;
use crate::ua::space::LiveId;
use crate::ua::status;
use crate::ua::subscription::held::{Entry, Held, Pass};
use crate::ua::value::{self, Stamp};

/// Where an item looks. What few items have is boxed: most look at a tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A tag.
    Tag(TagIndex),
    /// Part of a tag that is an array or text.
    Part(TagIndex, Box<NumericRange>),
    /// A value that the server knows at the moment, and the part of it.
    Live(Box<(LiveId, NumericRange)>),
    /// Anything that never changes: reported once.
    Fixed(Box<Variant>, StatusCode),
}

impl Source {
    /// What the server itself knows that this is.
    pub fn live(&self) -> Option<LiveId> {
        match self {
            Self::Live(live) => Some(live.0),
            _ => None,
        }
    }

    /// What is there. `None` if there is nothing to see, or if it has been seen and never changes.
    pub(super) fn look(&self, pass: &Pass<'_>, has_seen: bool) -> Option<Entry> {
        let (value, status, source) = match self {
            Self::Tag(tag) => {
                let sample = pass.snapshot.sample(*tag);
                let status = status::of_quality(sample.quality);
                (Held::Tag(sample.value.clone()), status, sample.time)
            }
            Self::Part(tag, range) => {
                let sample = pass.snapshot.sample(*tag);
                let (value, status) = part(&value::from_value(sample.value), range);
                let own = status::of_quality(sample.quality);
                (value, if status.is_good() { own } else { status }, sample.time)
            }
            Self::Live(live) => {
                let (id, range) = live.as_ref();
                let live = pass.live.get(id)?;
                let (value, status) = part(&live.value, range);
                (value, if status.is_good() { live.status } else { status }, live.source)
            }
            Self::Fixed(..) if has_seen => return None,
            Self::Fixed(value, status) => {
                (Held::Other(value.clone()), *status, Timestamp::default())
            }
        };
        Some(Entry { value, stamp: Stamp { status: status.bits(), source, server: pass.utc } })
    }
}

/// Part of a value, or why there is none.
fn part(whole: &Variant, range: &NumericRange) -> (Held, StatusCode) {
    if range.is_none() {
        return (Held::Other(Box::new(whole.clone())), StatusCode::Good);
    }
    match range::slice(whole, range) {
        Ok(part) => (Held::Other(Box::new(part)), StatusCode::Good),
        Err(status) => (Held::default(), status),
    }
}

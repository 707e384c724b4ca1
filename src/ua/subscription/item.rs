//! One monitored item (Part 4, 5.13.1): where it looks, what it keeps, what it reports.

use std::collections::VecDeque;

use opcua_types::{NumericRange, StatusCode, TimestampsToReturn, Variant};

use crate::tag::{TagIndex, Value};
use crate::time::Timestamp;
use crate::ua::aggregate::{Aggregate, Point, Processed};
use crate::ua::permission::bits::READ;
use crate::ua::permission::{ClassIndex, Rights};
use crate::ua::range;
use crate::ua::space::LiveId;
use crate::ua::status;
use crate::ua::subscription::filter::{DataFilter, Trigger};
use crate::ua::subscription::held::{Entry, Held, Pass};
use crate::ua::value::{self, Stamp};

/// InfoType DataValue with the overflow bit (Part 4, 7.38.1).
const OVERFLOW: u32 = 0x0480;
/// What describes the value has changed: its range or unit (Part 4, 7.38.1).
const SEMANTICS_CHANGED: u32 = 0x4000;

/// Where an item looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A tag.
    Tag(TagIndex),
    /// Part of a tag that is an array or text.
    Part(TagIndex, Box<NumericRange>),
    /// A value that the server knows at the moment, and the part of it.
    Live(LiveId, Box<NumericRange>),
    /// Anything that never changes: reported once.
    Fixed(Box<Variant>, StatusCode),
}

impl Source {
    /// What the server itself knows that this is.
    pub(super) fn live(&self) -> Option<LiveId> {
        match self {
            Self::Live(id, _) => Some(*id),
            _ => None,
        }
    }
}

/// Monitoring mode (Part 4, 7.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is looked at.
    Disabled,
    /// Values are queued, and reported when a trigger fires.
    Sampling,
    /// Values are queued and reported.
    Reporting,
}

impl Mode {
    /// From the number in a request.
    pub fn from_number(number: i32) -> Result<Self, StatusCode> {
        match number {
            0 => Ok(Self::Disabled),
            1 => Ok(Self::Sampling),
            2 => Ok(Self::Reporting),
            _ => Err(StatusCode::BadMonitoringModeInvalid),
        }
    }
}

/// What a client may change of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemSettings {
    /// The client's name for it.
    pub client_handle: u32,
    /// Timestamps in its notifications.
    pub timestamps: TimestampsToReturn,
    /// It looks at every so many scans, from 1.
    pub every: u32,
    /// What counts as a change.
    pub filter: DataFilter,
    /// Values kept, from 1.
    pub queue_size: u32,
    /// A full queue loses its oldest value, not its newest.
    pub discard_oldest: bool,
}

/// An item to be added.
#[derive(Debug)]
pub struct NewItem {
    /// Where it looks.
    pub source: Source,
    /// Who may read that.
    pub class: ClassIndex,
    /// Whether it looks and reports.
    pub mode: Mode,
    /// What a client may change.
    pub settings: ItemSettings,
    /// What is to be calculated, if anything.
    pub aggregate: Option<Box<Aggregate>>,
}

/// A monitored item.
#[derive(Debug)]
pub struct Item {
    pub(super) id: u32,
    pub(super) settings: ItemSettings,
    pub(super) mode: Mode,
    /// Values lost because the queue was full.
    pub(super) overflows: u32,
    /// Items that report when this one does; ids.
    pub(super) links: Vec<u32>,
    /// A trigger has fired, and what is queued is to go.
    pub(super) triggered: bool,
    source: Source,
    class: ClassIndex,
    /// Its user may not read it any more.
    pub(super) is_denied: bool,
    /// What is reported is calculated from the samples.
    aggregate: Option<Box<Aggregate>>,
    /// What describes its value has changed: the next notification says so.
    has_new_meaning: bool,
    /// Revision of the newest snapshot that it has seen.
    seen: u64,
    /// What passed the filter last.
    last: Option<Entry>,
    /// The oldest value that waits.
    first: Option<Entry>,
    /// Those behind it.
    rest: VecDeque<Entry>,
}

impl Item {
    /// An item that has not looked yet.
    pub(super) fn new(id: u32, item: NewItem) -> Self {
        Self {
            id,
            settings: item.settings,
            mode: item.mode,
            overflows: 0,
            links: Vec::new(),
            triggered: false,
            source: item.source,
            class: item.class,
            is_denied: false,
            aggregate: item.aggregate,
            has_new_meaning: false,
            seen: 0,
            last: None,
            first: None,
            rest: VecDeque::new(),
        }
    }

    /// Looks at its source; whether a value was queued. A snapshot older than one seen before is passed over.
    pub(super) fn sample(&mut self, pass: &Pass<'_>) -> bool {
        if self.mode == Mode::Disabled || pass.snapshot.revision < self.seen {
            return false;
        }
        self.seen = pass.snapshot.revision;
        if self.aggregate.is_some() {
            return self.sample_aggregate(pass);
        }
        if self.is_unchanged(pass) {
            return false;
        }
        let Some(entry) = self.read(pass) else { return false };
        let is_told = std::mem::take(&mut self.has_new_meaning);
        if let Some(last) = &self.last
            && !is_told
            && !self.settings.filter.passes(last, &entry)
        {
            return false;
        }
        let mut queued = entry.clone();
        if is_told {
            queued.stamp.status |= SEMANTICS_CHANGED;
        }
        self.push(queued);
        self.last = Some(entry);
        true
    }

    /// Feeds the aggregate; the intervals that this ends are queued.
    fn sample_aggregate(&mut self, pass: &Pass<'_>) -> bool {
        let Some(entry) = self.read(pass) else { return false };
        let Some(aggregate) = &mut self.aggregate else { return false };
        let value = entry.value.measure().unwrap_or(f64::NAN);
        let point = Point { time: pass.snapshot.time, value, status: entry.stamp.status };
        let finished = aggregate.feed(point);
        let any = !finished.is_empty();
        for Processed { time, value, status } in finished {
            let stamp = Stamp { status, source: time, server: pass.utc };
            let value = Held::Other(Box::new(value));
            self.push(Entry { value, stamp });
        }
        any
    }

    /// The short way for the usual item: a number that has not changed.
    fn is_unchanged(&self, pass: &Pass<'_>) -> bool {
        let Source::Tag(tag) = self.source else { return false };
        let Some(Entry { value: Held::Tag(Value::F64(old)), stamp }) = &self.last else {
            return false;
        };
        let sample = pass.snapshot.sample(tag);
        let Value::F64(new) = sample.value else { return false };
        old.to_bits() == new.to_bits()
            && stamp.status == status::of_quality(sample.quality).bits()
            && self.settings.filter.trigger != Trigger::StatusValueTimestamp
    }

    fn read(&self, pass: &Pass<'_>) -> Option<Entry> {
        match &self.source {
            Source::Tag(tag) => {
                let sample = pass.snapshot.sample(*tag);
                let status = status::of_quality(sample.quality).bits();
                let stamp = Stamp { status, source: sample.time, server: pass.utc };
                Some(Entry { value: Held::Tag(sample.value.clone()), stamp })
            }
            Source::Part(tag, range) => {
                let sample = pass.snapshot.sample(*tag);
                let (value, status) = part(&value::from_value(sample.value), range);
                let own = status::of_quality(sample.quality);
                let status = if status.is_good() { own } else { status };
                let stamp = Stamp { status: status.bits(), source: sample.time, server: pass.utc };
                Some(Entry { value, stamp })
            }
            Source::Live(id, range) => {
                let live = pass.live.get(id)?;
                let (value, status) = part(&live.value, range);
                let status = if status.is_good() { live.status } else { status };
                let stamp = Stamp { status: status.bits(), source: live.source, server: pass.utc };
                Some(Entry { value, stamp })
            }
            Source::Fixed(..) if self.last.is_some() => None,
            Source::Fixed(value, status) => {
                let no_time = Timestamp::default();
                let stamp = Stamp { status: status.bits(), source: no_time, server: pass.utc };
                Some(Entry { value: Held::Other(value.clone()), stamp })
            }
        }
    }

    /// The range or unit of its variable has changed (MON-20).
    pub(super) fn mean_anew(&mut self) {
        self.has_new_meaning = true;
    }

    /// Its user has these rights from now on: what he may not read is told once, what he may read again begins anew.
    pub(super) fn set_rights(&mut self, rights: &Rights, now: Timestamp) {
        let is_denied = !rights.may(self.class, READ);
        if std::mem::replace(&mut self.is_denied, is_denied) == is_denied {
            return;
        }
        if is_denied { self.deny(now) } else { self.forget() }
    }

    /// Its user may no longer read: what waits is dropped, and the client is told why nothing comes.
    pub(super) fn deny(&mut self, now: Timestamp) {
        if self.mode == Mode::Disabled {
            return;
        }
        self.forget();
        let status = StatusCode::BadUserAccessDenied.bits();
        let stamp = Stamp { status, source: now, server: now };
        self.push(Entry { value: Held::default(), stamp });
    }

    /// Drops what waits and what was reported: the next look reports again.
    pub(super) fn forget(&mut self) {
        self.first = None;
        self.rest = VecDeque::new();
        self.last = None;
        self.triggered = false;
    }

    /// Where it looks.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// What the server itself knows that it looks at.
    pub(super) fn live(&self) -> Option<LiveId> {
        self.source.live().filter(|_| self.mode != Mode::Disabled)
    }

    /// Values that wait.
    pub(super) fn queued(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Something waits and is to be reported.
    pub(super) fn is_ready(&self) -> bool {
        self.first.is_some() && (self.mode == Mode::Reporting || self.triggered)
    }

    /// The oldest value that waits.
    pub(super) fn front(&self) -> Option<&Entry> {
        self.first.as_ref()
    }

    /// Drops the oldest value that waits.
    pub(super) fn pop(&mut self) {
        self.first = self.rest.pop_front();
        if self.first.is_none() {
            self.triggered = false;
        }
    }

    fn push(&mut self, entry: Entry) {
        let size = self.settings.queue_size as usize;
        if self.first.is_none() {
            self.first = Some(entry);
        } else if size == 1 {
            // Part 4, 5.13.1.5: a queue of one keeps the newest and never overflows.
            self.first = Some(entry);
        } else if self.queued() < size {
            self.rest.push_back(entry);
        } else if self.settings.discard_oldest {
            self.overflows = self.overflows.wrapping_add(1);
            self.first = self.rest.pop_front();
            self.rest.push_back(entry);
            if let Some(first) = &mut self.first {
                first.stamp.status |= OVERFLOW;
            }
        } else if let Some(newest) = self.rest.back_mut() {
            self.overflows = self.overflows.wrapping_add(1);
            *newest = entry;
            newest.stamp.status |= OVERFLOW;
        }
    }

    /// Takes new settings; a queue that shrinks loses as it does when full.
    pub(super) fn modify(&mut self, settings: ItemSettings, aggregate: Option<Box<Aggregate>>) {
        self.settings = settings;
        self.aggregate = aggregate;
        let size = settings.queue_size as usize;
        while self.queued() > size {
            if settings.discard_oldest {
                self.first = self.rest.pop_front();
                if let Some(first) = self.first.as_mut().filter(|_| size > 1) {
                    first.stamp.status |= OVERFLOW;
                }
            } else {
                self.rest.pop_back();
            }
        }
    }

    /// Changes the mode. Disabling forgets; enabling starts with the value of the moment.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        if mode == Mode::Disabled {
            self.forget();
        }
        self.mode = mode;
    }

    /// Queues the last value again if none waits (Part 5, 9.2).
    pub(super) fn resend(&mut self) {
        if self.mode == Mode::Reporting && self.first.is_none() {
            self.first.clone_from(&self.last);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn item(queue_size: u32, discard_oldest: bool) -> Item {
        let settings = ItemSettings {
            client_handle: 1,
            timestamps: TimestampsToReturn::Both,
            every: 1,
            filter: DataFilter::default(),
            queue_size,
            discard_oldest,
        };
        let source = Source::Tag(TagIndex(0));
        Item::new(
            1,
            NewItem {
                source,
                class: ClassIndex::PROCESS,
                mode: Mode::Reporting,
                settings,
                aggregate: None,
            },
        )
    }

    fn entry(value: u32) -> Entry {
        let stamp = Stamp { status: 0, source: Timestamp::default(), server: Timestamp::default() };
        Entry { value: Held::Tag(Value::U32(value)), stamp }
    }

    fn drain(item: &mut Item) -> Vec<(u32, bool)> {
        let mut all = Vec::new();
        while let Some(entry) = item.front() {
            let Held::Tag(Value::U32(value)) = entry.value else { break };
            all.push((value, entry.stamp.status & OVERFLOW == OVERFLOW));
            item.pop();
        }
        all
    }

    #[test]
    fn mon_07_a_queue_of_one_keeps_the_newest_without_overflow() {
        let mut item = item(1, true);
        (1..=3).for_each(|it| item.push(entry(it)));
        assert_eq!(drain(&mut item), [(3, false)]);
    }

    #[test]
    fn mon_07_the_overflow_bit_stands_on_the_side_that_lost() {
        let mut oldest = item(3, true);
        (1..=5).for_each(|it| oldest.push(entry(it)));
        assert_eq!(drain(&mut oldest), [(3, true), (4, false), (5, false)]);
        let mut newest = item(3, false);
        (1..=5).for_each(|it| newest.push(entry(it)));
        assert_eq!(drain(&mut newest), [(1, false), (2, false), (5, true)]);
    }

    #[test]
    fn mon_10_a_queue_that_shrinks_keeps_its_newest_values() {
        let mut item = item(5, true);
        (1..=5).for_each(|it| item.push(entry(it)));
        let settings = ItemSettings { queue_size: 2, ..item.settings };
        item.modify(settings, None);
        assert_eq!(drain(&mut item), [(4, true), (5, false)]);
    }
}

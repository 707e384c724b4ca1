//! One monitored item (Part 4, 5.13.1): where it looks, what it keeps, what it reports.
//!
//! There may be a million, so an item is small: it has at hand what every item has. What it saw last is also its
//! newest value that waits, told apart by a flag, and what few have stands in `Extras`.

use std::collections::VecDeque;

use opcua_types::{StatusCode, TimestampsToReturn};

use crate::tag::TagIndex;
use crate::time::Timestamp;
use crate::ua::aggregate::{Aggregate, Point, Processed};
use crate::ua::permission::bits::READ;
use crate::ua::permission::{ClassIndex, Rights};
use crate::ua::space::LiveId;
use crate::ua::status;
use crate::ua::subscription::Source;
use crate::ua::subscription::filter::DataFilter;
use crate::ua::subscription::held::{Entry, Held, Pass};
use crate::ua::value::Stamp;

/// What describes the value has changed: its range or unit (Part 4, 7.38.1).
const SEMANTICS_CHANGED: u16 = 0x4000;

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
    pub(super) client_handle: u32,
    /// It looks at every so many scans.
    every: u32,
    pub(super) queue_size: u32,
    /// Revision of the newest snapshot that it has seen, without its upper half.
    seen: u32,
    class: ClassIndex,
    pub(super) mode: Mode,
    has_source_time: bool,
    has_server_time: bool,
    pub(super) discard_oldest: bool,
    /// A trigger has fired, and what is queued is to go.
    pub(super) triggered: bool,
    /// Its user may not read it any more.
    is_denied: bool,
    /// What describes its value has changed: the next notification says so.
    has_new_meaning: bool,
    /// `last` waits to be reported, behind those of the extras.
    pub(super) newest_waits: bool,
    /// Bits that it is told with besides its status.
    pub(super) marks: u16,
    source: Source,
    /// What passed the filter last.
    pub(super) last: Option<Entry>,
    pub(super) extras: Option<Box<Extras>>,
}

/// What few items have.
#[derive(Debug, Default)]
pub(super) struct Extras {
    filter: DataFilter,
    /// What is reported is calculated from the samples.
    aggregate: Option<Box<Aggregate>>,
    /// Values lost because the queue was full.
    pub(super) overflows: u32,
    /// Items that report when this one does; ids.
    links: Vec<u32>,
    /// Values that wait and are not `last`, oldest first.
    pub(super) older: VecDeque<Entry>,
}

impl Extras {
    /// An item may do without.
    fn is_plain(&self) -> bool {
        self.filter == DataFilter::default()
            && self.aggregate.is_none()
            && self.overflows == 0
            && self.links.is_empty()
            && self.older.is_empty()
    }
}

impl Item {
    /// An item that looks for the first time at the snapshot of this revision.
    pub(super) fn new(id: u32, item: NewItem, revision: u64) -> Self {
        let mut new = Self {
            id,
            client_handle: 0,
            every: 1,
            queue_size: 1,
            seen: revision as u32,
            class: item.class,
            mode: item.mode,
            has_source_time: false,
            has_server_time: false,
            discard_oldest: true,
            triggered: false,
            is_denied: false,
            has_new_meaning: false,
            newest_waits: false,
            marks: 0,
            source: item.source,
            last: None,
            extras: None,
        };
        new.set(&item.settings, item.aggregate);
        new
    }

    /// What a client may change.
    pub(super) fn settings(&self) -> ItemSettings {
        ItemSettings {
            client_handle: self.client_handle,
            timestamps: self.timestamps(),
            every: self.every,
            filter: self.extras.as_ref().map_or_else(DataFilter::default, |it| it.filter),
            queue_size: self.queue_size,
            discard_oldest: self.discard_oldest,
        }
    }

    /// Timestamps in its notifications.
    pub(super) fn timestamps(&self) -> TimestampsToReturn {
        match (self.has_source_time, self.has_server_time) {
            (true, true) => TimestampsToReturn::Both,
            (true, false) => TimestampsToReturn::Source,
            (false, true) => TimestampsToReturn::Server,
            (false, false) => TimestampsToReturn::Neither,
        }
    }

    fn set(&mut self, settings: &ItemSettings, aggregate: Option<Box<Aggregate>>) {
        use TimestampsToReturn::{Both, Server, Source};
        self.client_handle = settings.client_handle;
        self.has_source_time = matches!(settings.timestamps, Source | Both);
        self.has_server_time = matches!(settings.timestamps, Server | Both);
        self.every = settings.every;
        self.queue_size = settings.queue_size;
        self.discard_oldest = settings.discard_oldest;
        if self.extras.is_some() || aggregate.is_some() || settings.filter != DataFilter::default()
        {
            let extras = self.extras();
            extras.filter = settings.filter;
            extras.aggregate = aggregate;
            self.trim();
        }
    }

    pub(super) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// Gives back what it may do without.
    fn trim(&mut self) {
        if self.extras.as_ref().is_some_and(|it| it.is_plain()) {
            self.extras = None;
        }
    }

    /// Whether it looks at this scan. Items that look at every scan also look at the snapshots that commands make
    /// between scans.
    pub(super) fn is_its_turn(&self, scan: u64, is_new_scan: bool) -> bool {
        self.every == 1 || (is_new_scan && scan.is_multiple_of(self.every.into()))
    }

    /// Looks at its source; whether a value was queued. A snapshot older than one seen before is passed over.
    pub(super) fn sample(&mut self, pass: &Pass<'_>) -> bool {
        let revision = pass.snapshot.revision as u32;
        if is_before(revision, self.seen) {
            return false;
        }
        self.seen = revision;
        if self.mode == Mode::Disabled || self.is_denied {
            return false;
        }
        let filter = match &self.extras {
            None => DataFilter::default(),
            Some(extras) if extras.aggregate.is_some() => return self.sample_aggregate(pass),
            Some(extras) => extras.filter,
        };
        if let Source::Tag(tag) = self.source {
            return self.sample_tag(tag, &filter, pass);
        }
        let Some(entry) = self.source.look(pass, self.last.is_some()) else { return false };
        let is_told = std::mem::take(&mut self.has_new_meaning);
        if let Some(last) = &self.last
            && !is_told
            && !filter.passes(last, &entry)
        {
            return false;
        }
        self.push(entry, if is_told { SEMANTICS_CHANGED } else { 0 });
        true
    }

    /// The short way of the usual item: nothing is copied before it is sure that it has changed.
    fn sample_tag(&mut self, tag: TagIndex, filter: &DataFilter, pass: &Pass<'_>) -> bool {
        let sample = pass.snapshot.sample(tag);
        let status = status::of_quality(sample.quality).bits();
        let stamp = Stamp { status, source: sample.time, server: pass.utc };
        if let Some(last) = &self.last
            && !filter.passes_tag(last, sample.value, stamp)
        {
            return false;
        }
        self.push(Entry { value: Held::Tag(sample.value.clone()), stamp }, 0);
        true
    }

    /// Feeds the aggregate; the intervals that this ends are queued.
    fn sample_aggregate(&mut self, pass: &Pass<'_>) -> bool {
        let Some(entry) = self.source.look(pass, self.last.is_some()) else { return false };
        let Some(aggregate) = self.extras.as_mut().and_then(|it| it.aggregate.as_mut()) else {
            return false;
        };
        let value = entry.value.measure().unwrap_or(f64::NAN);
        let point = Point { time: pass.snapshot.time, value, status: entry.stamp.status };
        let finished = aggregate.feed(point);
        let any = !finished.is_empty();
        for Processed { time, value, status } in finished {
            let stamp = Stamp { status, source: time, server: pass.utc };
            let value = Held::Other(Box::new(value));
            self.push_apart(Entry { value, stamp });
        }
        any
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
    fn deny(&mut self, now: Timestamp) {
        if self.mode == Mode::Disabled {
            return;
        }
        self.forget();
        let status = StatusCode::BadUserAccessDenied.bits();
        let stamp = Stamp { status, source: now, server: now };
        self.push_apart(Entry { value: Held::default(), stamp });
    }

    /// Drops what waits and what was reported: the next look reports again.
    pub(super) fn forget(&mut self) {
        self.drop_waiting();
        self.last = None;
        self.triggered = false;
        self.trim();
    }

    /// Where it looks.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// What the server itself knows that it looks at.
    pub(super) fn live(&self) -> Option<LiveId> {
        self.source.live().filter(|_| self.mode != Mode::Disabled)
    }

    /// Something waits and is to be reported.
    pub(super) fn is_ready(&self) -> bool {
        (self.mode == Mode::Reporting || self.triggered) && self.waits()
    }

    /// Values lost because the queue was full.
    pub(super) fn overflows(&self) -> u32 {
        self.extras.as_ref().map_or(0, |it| it.overflows)
    }

    /// Items that report when this one does; ids.
    pub(super) fn links(&self) -> &[u32] {
        self.extras.as_ref().map_or(&[], |it| &it.links)
    }

    /// Lets `change` act on the links.
    pub(super) fn change_links<T>(&mut self, change: impl FnOnce(&mut Vec<u32>) -> T) -> T {
        let result = change(&mut self.extras().links);
        self.trim();
        result
    }

    /// Takes new settings; a queue that shrinks loses as it does when full.
    pub(super) fn modify(&mut self, settings: &ItemSettings, aggregate: Option<Box<Aggregate>>) {
        self.set(settings, aggregate);
        self.shrink();
        self.trim();
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
        if self.mode == Mode::Reporting && !self.waits() {
            self.newest_waits = self.last.is_some();
        }
    }
}

/// Whether one revision comes before another, both without their upper halves: half of all numbers are ahead of any
/// number, so this also holds where they begin again.
fn is_before(one: u32, other: u32) -> bool {
    (one.wrapping_sub(other) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_in_order_also_where_their_lower_halves_begin_again() {
        assert!(is_before(1, 2) && !is_before(2, 2) && !is_before(3, 2));
        assert!(is_before(u32::MAX, 0) && !is_before(0, u32::MAX));
        assert!(is_before(u32::MAX - 1, 5) && !is_before(5, u32::MAX - 1));
    }
}

//! The sampling pass: every item whose turn it is looks at its source.

use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::time::Timestamp;
use crate::ua::permission::bits::RECEIVE_EVENTS;
use crate::ua::permission::{ClassIndex, Rights};
use crate::ua::space::LiveId;
use crate::ua::subscription::event_item::Listener;
use crate::ua::subscription::held::Pass;
use crate::ua::subscription::set::{Moment, SubscriptionSet};
use crate::ua::subscription::state::Subscription;
use crate::ua::subscription::{Item, Outgoing, SessionKey};

impl SubscriptionSet {
    /// What the server itself knows that is being watched.
    pub fn live(&self) -> Vec<LiveId> {
        let items = self.all.values().filter(|it| it.has_live).flat_map(|it| &it.items);
        let mut all: Vec<LiveId> = items.filter_map(Item::live).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Looks at a new snapshot, and runs the cycles that follow the scans.
    pub fn sample(&mut self, pass: &Pass<'_>, moment: &Moment<'_>, outgoing: &mut Vec<Outgoing>) {
        let scan = pass.snapshot.scan;
        let is_new_scan = self.last_scan != Some(scan);
        self.last_scan = Some(scan);
        let mut all: Vec<&mut Subscription> = self.all.values_mut().collect();
        match self.workers.for_items(self.items) {
            Some(pool) => pool.install(|| {
                all.par_iter_mut().for_each(|it| it.sample(pass, is_new_scan, true));
            }),
            None => all.iter_mut().for_each(|it| it.sample(pass, is_new_scan, false)),
        }
        if is_new_scan {
            self.follow_scan(moment, outgoing);
        }
    }

    /// The range or unit of a variable has changed: each of its items reports once more, and says so (MON-20).
    pub fn mean_anew(&mut self, id: LiveId) {
        let items = self.all.values_mut().flat_map(|it| &mut it.items);
        items.filter(|it| it.live() == Some(id)).for_each(Item::mean_anew);
    }

    /// The user of `session`, or what he may do, has changed (MON-22).
    pub fn set_rights(&mut self, session: SessionKey, rights: &Rights, now: Timestamp) {
        for subscription in self.all.values_mut().filter(|it| it.session == Some(session)) {
            let may_hear = rights.may(ClassIndex::PROCESS, RECEIVE_EVENTS);
            if std::mem::replace(&mut subscription.may_hear, may_hear) && !may_hear {
                subscription.listeners.iter_mut().for_each(Listener::forget);
            }
            subscription.may_have = true;
            subscription.items.iter_mut().for_each(|it| it.set_rights(rights, now));
        }
    }

    /// Subscriptions whose interval fits the scans publish right behind them, so that values are as
    /// young as they can be. One that is new, or whose last cycle the timer ran since the scan was late,
    /// falls into step at once; after that a cycle comes early or late by half a period at most.
    fn follow_scan(&mut self, moment: &Moment<'_>, outgoing: &mut Vec<Outgoing>) {
        let tolerance = |interval: f64| self.scan_ms.min(interval) / 2.0;
        let due: Vec<u32> = self
            .all
            .values()
            .filter(|it| it.follows_scans)
            .filter(|it| {
                !it.in_step || moment.now_ms >= it.next_ms - tolerance(it.settings.interval_ms)
            })
            .map(|it| it.id)
            .collect();
        for id in &due {
            if let Some(subscription) = self.all.get_mut(id) {
                subscription.next_ms = moment.now_ms + subscription.settings.interval_ms;
                subscription.in_step = true;
            }
        }
        self.cycles(&due, moment, outgoing);
    }
}

/// Items that one thread looks at before it takes more.
const SLICE: usize = 4096;

/// What a slice of items saw.
#[derive(Debug, Default)]
struct Seen {
    /// Some item queued a value.
    any: bool,
    /// Those of them that others are linked to, by their places.
    fired: Vec<usize>,
}

impl Subscription {
    /// Every item whose turn it is looks, on several threads if there are any.
    fn sample(&mut self, pass: &Pass<'_>, is_new_scan: bool, has_threads: bool) {
        let look = |(number, slice): (usize, &mut [Item])| {
            let mut seen = Seen::default();
            for (at, item) in slice.iter_mut().enumerate() {
                if item.is_its_turn(pass.snapshot.scan, is_new_scan) && item.sample(pass) {
                    seen.any = true;
                    if !item.links().is_empty() {
                        seen.fired.push(number * SLICE + at);
                    }
                }
            }
            seen
        };
        let all: Vec<Seen> = if has_threads {
            self.items.par_chunks_mut(SLICE).enumerate().map(look).collect()
        } else {
            self.items.chunks_mut(SLICE).enumerate().map(look).collect()
        };
        self.may_have |= all.iter().any(|it| it.any);
        // Behind the pass: what is linked has looked at this snapshot too.
        for at in all.into_iter().flat_map(|it| it.fired) {
            self.fire(at);
        }
    }
}

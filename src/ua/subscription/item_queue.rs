//! The values of an item that wait (Part 4, 5.13.1.5): those of its extras, oldest first, and behind them what it
//! saw last, if that waits.

use std::collections::VecDeque;

use crate::ua::subscription::Item;
use crate::ua::subscription::held::{Entry, Held};
use crate::ua::value::Stamp;

/// InfoType DataValue with the overflow bit (Part 4, 7.38.1).
const OVERFLOW: u16 = 0x0480;

impl Item {
    fn older(&self) -> usize {
        self.extras.as_ref().map_or(0, |it| it.older.len())
    }

    /// Values that wait.
    pub(super) fn queued(&self) -> usize {
        usize::from(self.newest_waits) + self.older()
    }

    /// Whether any waits.
    pub(super) fn waits(&self) -> bool {
        self.newest_waits || self.older() > 0
    }

    /// The oldest value that waits.
    pub(super) fn front(&self) -> Option<(&Held, Stamp)> {
        if let Some(oldest) = self.extras.as_ref().and_then(|it| it.older.front()) {
            return Some((&oldest.value, oldest.stamp));
        }
        let last = self.last.as_ref().filter(|_| self.newest_waits)?;
        let status = last.stamp.status | u32::from(self.marks);
        Some((&last.value, Stamp { status, ..last.stamp }))
    }

    /// Drops the oldest value that waits.
    pub(super) fn pop(&mut self) {
        if self.extras.as_mut().and_then(|it| it.older.pop_front()).is_none() {
            self.drop_newest();
        }
        if !self.waits() {
            self.triggered = false;
        }
    }

    /// Queues what it has seen, told with these bits besides its status.
    pub(super) fn push(&mut self, entry: Entry, marks: u16) {
        let lost = if self.waits() { self.make_room() } else { 0 };
        self.last = Some(entry);
        self.marks = marks | lost;
        self.newest_waits = true;
    }

    /// Queues what is not what it has seen, and does not stand for it.
    pub(super) fn push_apart(&mut self, mut entry: Entry) {
        let lost = if self.waits() { self.make_room() } else { 0 };
        entry.stamp.status |= u32::from(lost);
        self.extras().older.push_back(entry);
    }

    /// Room for one more behind those that wait, which all stand in the extras then; the marks of the one that comes.
    fn make_room(&mut self) -> u16 {
        let size = self.queue_size as usize;
        if size == 1 {
            // Part 4, 5.13.1.5: a queue of one keeps the newest and never overflows.
            self.drop_waiting();
            return 0;
        }
        let is_full = self.queued() >= size;
        if is_full {
            let extras = self.extras();
            extras.overflows = extras.overflows.wrapping_add(1);
        }
        let is_newest_lost = is_full && !self.discard_oldest;
        if is_newest_lost {
            self.drop_back();
        }
        self.set_apart();
        if is_full && self.discard_oldest {
            self.drop_oldest();
        }
        if is_newest_lost { OVERFLOW } else { 0 }
    }

    /// Puts what it saw last among the older values.
    fn set_apart(&mut self) {
        let Some(last) = self.last.as_ref().filter(|_| self.newest_waits) else { return };
        let mut entry = last.clone();
        entry.stamp.status |= u32::from(self.marks);
        self.extras().older.push_back(entry);
        self.drop_newest();
    }

    /// Loses the oldest value, which stands in the extras; the one behind it says so.
    fn drop_oldest(&mut self) {
        let Some(extras) = &mut self.extras else { return };
        extras.older.pop_front();
        // Part 4, 5.13.1.5: a queue of one never overflows.
        if let Some(first) = extras.older.front_mut().filter(|_| self.queue_size > 1) {
            first.stamp.status |= u32::from(OVERFLOW);
        }
    }

    /// Loses the newest value.
    fn drop_back(&mut self) {
        if self.newest_waits {
            self.drop_newest();
        } else if let Some(extras) = &mut self.extras {
            extras.older.pop_back();
        }
    }

    fn drop_newest(&mut self) {
        self.newest_waits = false;
        self.marks = 0;
    }

    /// Drops all values that wait.
    pub(super) fn drop_waiting(&mut self) {
        self.drop_newest();
        if let Some(extras) = &mut self.extras {
            extras.older = VecDeque::new();
        }
    }

    /// Loses what is above the size of the queue.
    pub(super) fn shrink(&mut self) {
        let size = self.queue_size as usize;
        while self.queued() > size {
            if self.discard_oldest {
                self.drop_oldest();
            } else {
                self.drop_back();
            }
        }
    }
}

#[cfg(test)]
#[path = "item_queue_tests.rs"]
mod tests;

//! The last things that happened, for those who ask later.

use std::collections::VecDeque;

use crate::control::ControlEvent;
use crate::time::Timestamp;

/// Events kept; older ones are only counted.
const EVENTS_MAX: usize = 4096;

/// An event and when it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Counts up from 0 with every event.
    pub number: u64,
    /// Plant time of its scan.
    pub time: Timestamp,
    /// What happened.
    pub event: ControlEvent,
}

/// A bounded list of events.
#[derive(Debug, Default)]
pub struct EventLog {
    total: u64,
    kept: VecDeque<Logged>,
}

impl EventLog {
    /// Adds the events of one scan.
    pub(super) fn extend(
        &mut self,
        time: Timestamp,
        events: impl IntoIterator<Item = ControlEvent>,
    ) {
        for event in events {
            if self.kept.len() == EVENTS_MAX {
                self.kept.pop_front();
            }
            self.kept.push_back(Logged { number: self.total, time, event });
            self.total += 1;
        }
    }

    /// Events since the start.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Those still kept, from event number `number` on.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &Logged> {
        self.kept.iter().skip_while(move |it| it.number < number)
    }
}

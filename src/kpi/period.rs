//! A period of plant time.

use crate::time::{TICKS_PER_S, Timestamp};

/// From one instant up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// The first behind it.
    pub to: Timestamp,
}

impl Period {
    /// The `seconds` before `to`.
    pub fn before(to: Timestamp, seconds: f64) -> Self {
        Self { from: to.plus_s(-seconds), to }
    }

    /// Length, s.
    pub fn seconds(self) -> f64 {
        self.to.seconds_since(self.from).max(0.0)
    }

    /// What of a stretch of ticks lies in it; empty where nothing does.
    pub(super) fn cut(self, (from, to): Stretch) -> Stretch {
        (from.max(self.from.ticks()), to.min(self.to.ticks()))
    }

    /// Whether it has this tick.
    pub(super) fn has(self, ticks: i64) -> bool {
        (self.from.ticks()..self.to.ticks()).contains(&ticks)
    }
}

/// From one tick up to but without another.
pub(super) type Stretch = (i64, i64);

/// Length of a stretch, s; 0 if it is empty.
pub(super) fn seconds((from, to): Stretch) -> f64 {
    (to - from).max(0) as f64 / TICKS_PER_S as f64
}

//! Which of an alarm's states are active.

use serde::{Deserialize, Serialize};

/// A limit of a [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Limit {
    /// Far too high.
    HighHigh,
    /// Too high.
    High,
    /// Too low.
    Low,
    /// Far too low.
    LowLow,
}

impl Limit {
    /// Every limit, from the highest.
    pub const ALL: [Self; 4] = [Self::HighHigh, Self::High, Self::Low, Self::LowLow];

    /// Its name in BrowseNames.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HighHigh => "HighHigh",
            Self::High => "High",
            Self::Low => "Low",
            Self::LowLow => "LowLow",
        }
    }

    /// Whether it is passed upwards.
    pub const fn is_upper(self) -> bool {
        matches!(self, Self::HighHigh | Self::High)
    }
}

/// The active states of an alarm: none, some of its limits, or simply on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level(u8);

impl Level {
    /// Normal.
    pub const NONE: Self = Self(0);
    /// A discrete alarm is active.
    pub const ON: Self = Self(16);

    /// One limit.
    pub const fn of(limit: Limit) -> Self {
        Self(1 << limit as u8)
    }

    /// This level with that of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether anything is active.
    pub const fn is_active(self) -> bool {
        self.0 != 0
    }

    /// Whether a limit is passed.
    pub const fn has(self, limit: Limit) -> bool {
        self.0 & Self::of(limit).0 != 0
    }

    /// The limits that are passed, from the highest.
    pub fn limits(self) -> impl Iterator<Item = Limit> {
        Limit::ALL.into_iter().filter(move |it| self.has(*it))
    }

    /// Whether `next` is worse: something is active in it that is not implied by what is active now.
    pub fn rises_to(self, next: Self) -> bool {
        let outermost = |it: Self| {
            let upper = if it.has(Limit::HighHigh) { 2 } else { u8::from(it.has(Limit::High)) };
            let lower = if it.has(Limit::LowLow) { 2 } else { u8::from(it.has(Limit::Low)) };
            (upper, lower, it.0 & Self::ON.0)
        };
        let (now, then) = (outermost(self), outermost(next));
        then.0 > now.0 || then.1 > now.1 || then.2 > now.2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_rises_outwards_and_to_the_other_side_only() {
        let of = Level::of;
        assert!(Level::NONE.rises_to(of(Limit::High)));
        assert!(of(Limit::High).rises_to(of(Limit::HighHigh)));
        assert!(!of(Limit::HighHigh).rises_to(of(Limit::High)));
        assert!(of(Limit::High).rises_to(of(Limit::LowLow)));
        assert!(!Level::ON.rises_to(Level::NONE));
    }
}

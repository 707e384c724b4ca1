//! What counts as good, and how values between samples are found.

use crate::ua::aggregate::{Function, Kind, Wanted};

/// The part of a status code that says what it is; the rest are bits about it.
const CODE: u32 = 0xFFFF_0000;
/// BadNoData.
pub(super) const NO_DATA: u32 = 0x809B_0000;

/// AggregateConfiguration (Part 13, 4.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// An uncertain sample counts as bad.
    pub treat_uncertain_as_bad: bool,
    /// From so many percent of bad time or samples on a result is bad.
    pub percent_bad: u8,
    /// From so many percent of good time or samples on a result is good.
    pub percent_good: u8,
    /// Behind the last sample the slope of the last two goes on; otherwise the last value holds.
    pub use_sloped_extrapolation: bool,
}

impl Default for Configuration {
    /// The standard's own defaults.
    fn default() -> Self {
        Self {
            treat_uncertain_as_bad: true,
            percent_bad: 100,
            percent_good: 100,
            use_sloped_extrapolation: false,
        }
    }
}

/// Percentages that cannot be (Part 13, 4.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{good} % good and {bad} % bad: each is at most 100, and both together at least 100")]
pub struct PercentError {
    /// PercentDataGood.
    pub good: u8,
    /// PercentDataBad.
    pub bad: u8,
}

impl Configuration {
    /// PercentDataGood and PercentDataBad are at most 100, and PercentDataGood at least 100 less PercentDataBad.
    pub fn check(&self) -> Result<(), PercentError> {
        let (good, bad) = (self.percent_good, self.percent_bad);
        if good > 100 || bad > 100 || good < 100 - bad {
            return Err(PercentError { good, bad });
        }
        Ok(())
    }
}

/// How good a sample or a region of time is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Good,
    Uncertain,
    Bad,
}

impl Class {
    /// By severity alone; a good sample without a number is bad.
    pub(super) fn of(value: f64, status: u32) -> Self {
        match status >> 30 {
            0 if value.is_finite() => Self::Good,
            1 if value.is_finite() => Self::Uncertain,
            _ => Self::Bad,
        }
    }
}

/// What an interval is calculated by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rules {
    pub(super) function: Function,
    pub(super) configuration: Configuration,
    pub(super) kind: Kind,
    /// A value holds up to the next sample; otherwise a straight line leads there.
    pub(super) is_stepped: bool,
    /// Intervals begin at their later end.
    pub(super) is_backward: bool,
}

impl Rules {
    /// How good a sample is, uncertain ones by TreatUncertainAsBad.
    pub(super) fn class(self, value: f64, status: u32) -> Class {
        match Class::of(value, status) {
            Class::Uncertain if self.configuration.treat_uncertain_as_bad => Class::Bad,
            class => class,
        }
    }

    /// Samples that are not bad.
    pub(super) fn usable(self) -> Wanted {
        if self.configuration.treat_uncertain_as_bad { Wanted::Good } else { Wanted::NotBad }
    }

    /// Straight lines lead from sample to sample. TimeAverage and Total draw them always (5.4.3.6, 5.4.3.8), but for a
    /// Boolean.
    pub(super) fn is_sloped(self) -> bool {
        let is_always = matches!(self.function, Function::TimeAverage | Function::Total);
        self.kind != Kind::Boolean && (is_always || !self.is_stepped)
    }
}

/// Whether a sample says that there is none: the archive had not begun, or nothing was collected.
pub(super) fn is_no_data(status: u32) -> bool {
    status & CODE == NO_DATA
}

/// A status code without the bits about it.
pub(super) fn code(status: u32) -> u32 {
    status & CODE
}

//! Where the samples of a calculation come from.

use crate::time::Timestamp;

/// A sample of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub time: Timestamp,
    /// The number, a Boolean as 0 or 1; NaN if there is none.
    pub value: f64,
    /// Status code.
    pub status: u32,
}

/// Some samples in order of time, as columns of the same length.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Times in ticks, rising; several samples may have one time.
    pub ticks: &'a [i64],
    /// Numbers, a Boolean as 0 or 1; NaN where there is none.
    pub values: &'a [f64],
    /// Status codes.
    pub statuses: &'a [u32],
}

impl<'a> Columns<'a> {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.ticks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty()
    }

    /// The sample at `index`.
    pub fn get(&self, index: usize) -> Point {
        Point {
            time: Timestamp::from_ticks(self.ticks[index]),
            value: self.values[index],
            status: self.statuses[index],
        }
    }

    /// The first `count` samples, and the others.
    pub(super) fn split(self, count: usize) -> (Self, Self) {
        let (ticks, later_ticks) = self.ticks.split_at(count);
        let (values, later_values) = self.values.split_at(count);
        let (statuses, later_statuses) = self.statuses.split_at(count);
        let later = Columns { ticks: later_ticks, values: later_values, statuses: later_statuses };
        (Columns { ticks, values, statuses }, later)
    }

    /// Time, number and status of each.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, f64, u32)> + 'a {
        let numbers = self.values.iter().zip(self.statuses);
        self.ticks.iter().zip(numbers).map(|(&tick, (&value, &status))| (tick, value, status))
    }
}

/// Which samples are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any.
    Any,
    /// Those of good or uncertain quality.
    NotBad,
    /// Those of good quality.
    Good,
}

impl Wanted {
    /// Whether a sample of this status is looked for.
    pub fn takes(self, status: u32) -> bool {
        match self {
            Self::Any => true,
            Self::NotBad => status >> 30 < 2,
            Self::Good => status >> 30 == 0,
        }
    }
}

/// The history of one variable.
pub trait Source {
    /// Why it could not be read.
    type Error;

    /// Shows all samples from `from` up to but without `to` in order of time, in pieces as they come.
    fn scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Columns<'_>) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;

    /// The last sample before `time`. How far a source looks is its own affair, but at least one interval (3.1.8).
    fn last_before(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, Self::Error>;

    /// The first sample at `time` or after it; how far is as before.
    fn first_from(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, Self::Error>;

    /// The number of annotations from `from` up to but without `to`.
    fn count_annotations(&self, from: Timestamp, to: Timestamp) -> Result<u32, Self::Error>;
}

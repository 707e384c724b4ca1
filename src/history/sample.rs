//! One sample, many samples as columns, and the numbers that series go by.

use crate::field::Quality;
use crate::tag::Value;
use crate::time::Timestamp;

/// A series of this store: one tag. Its number is given once and never again; see [`crate::history::History::series`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub(super) u32);

impl SeriesId {
    /// Its number, from 0 in the order in which series were made.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// One value of a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Source time. Several samples may have the same; they keep the order in which they arrived.
    pub time: Timestamp,
    /// Value.
    pub value: Value,
    /// How far to believe it.
    pub quality: Quality,
}

/// Values of some samples. Numbers, which are most, lie close together.
#[derive(Clone, Debug)]
pub enum Column {
    /// Doubles only.
    Numbers(Vec<f64>),
    /// Anything.
    Any(Vec<Value>),
}

impl Default for Column {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Column {
    /// The value at `index`.
    pub fn get(&self, index: usize) -> Value {
        match self {
            Self::Numbers(numbers) => Value::F64(numbers[index]),
            Self::Any(values) => values[index].clone(),
        }
    }

    /// Puts a value behind the last.
    pub fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (Self::Numbers(numbers), Value::F64(number)) => numbers.push(number),
            (Self::Numbers(numbers), value) => {
                let mut values: Vec<Value> = numbers.iter().copied().map(Value::F64).collect();
                values.push(value);
                *self = Self::Any(values);
            }
            (Self::Any(values), value) => values.push(value),
        }
    }

    fn reverse(&mut self) {
        match self {
            Self::Numbers(numbers) => numbers.reverse(),
            Self::Any(values) => values.reverse(),
        }
    }

    fn cut(&self, from: usize, to: usize) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(numbers[from..to].to_vec()),
            Self::Any(values) => Self::Any(values[from..to].to_vec()),
        }
    }

    fn pick(&self, order: &[u32]) -> Self {
        match self {
            Self::Numbers(numbers) => {
                Self::Numbers(order.iter().map(|&it| numbers[it as usize]).collect())
            }
            Self::Any(values) => {
                Self::Any(order.iter().map(|&it| values[it as usize].clone()).collect())
            }
        }
    }
}

/// Some samples of one series, as columns of the same length.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(super) times: Vec<i64>,
    pub(super) values: Column,
    pub(super) qualities: Vec<Quality>,
}

impl Batch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Source times in ticks.
    pub fn ticks(&self) -> &[i64] {
        &self.times
    }

    /// Values.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Qualities.
    pub fn qualities(&self) -> &[Quality] {
        &self.qualities
    }

    /// The sample at `index`.
    pub fn get(&self, index: usize) -> Sample {
        Sample {
            time: Timestamp::from_ticks(self.times[index]),
            value: self.values.get(index),
            quality: self.qualities[index],
        }
    }

    /// All samples, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Sample> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Puts a sample behind the last.
    pub fn push(&mut self, sample: Sample) {
        self.times.push(sample.time.ticks());
        self.values.push(sample.value);
        self.qualities.push(sample.quality);
    }

    /// Puts the samples of another batch behind the last.
    pub(super) fn append(&mut self, other: &Self) {
        self.times.extend(&other.times);
        self.qualities.extend(&other.qualities);
        match (&mut self.values, &other.values) {
            (Column::Numbers(all), Column::Numbers(more)) => all.extend(more),
            (values, more) => (0..other.len()).for_each(|it| values.push(more.get(it))),
        }
    }

    /// The samples from index `from` up to but without `to`.
    pub(super) fn cut(&self, from: usize, to: usize) -> Self {
        Self {
            times: self.times[from..to].to_vec(),
            values: self.values.cut(from, to),
            qualities: self.qualities[from..to].to_vec(),
        }
    }

    pub(super) fn reverse(&mut self) {
        self.times.reverse();
        self.values.reverse();
        self.qualities.reverse();
    }

    /// In order of time; samples of one time stay in the order in which they came.
    pub(super) fn sort(&mut self) {
        if self.times.is_sorted() {
            return;
        }
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&it| self.times[it as usize]);
        self.values = self.values.pick(&order);
        self.qualities = order.iter().map(|&it| self.qualities[it as usize]).collect();
        self.times.sort_unstable();
    }
}

//! Aggregates (Part 13): values that are calculated for intervals of time, from history in pages or from the samples of
//! a monitored item as they come, by one set of rules. docs/aggregates.md tells what each of them is.
//!
//! An interval adds up its samples (`values`) and the time between them (`regions`); what lies before and behind it
//! gives the values at its ends (`bound`); `value` says what comes of it all. A `sweep` leads the samples of a
//! history through the intervals of a `query`, `live` those of a monitored item.

mod at_time;
mod bound;
mod function;
mod interval;
mod kind;
mod live;
mod query;
mod regions;
mod rules;
mod source;
mod sweep;
mod value;
mod values;
#[cfg(test)]
mod tests;

pub use at_time::AtTime;
pub use function::Function;
pub use interval::Processed;
pub use kind::Kind;
pub use live::{Aggregate, AggregateSettings};
pub use query::{Intervals, Query, QueryError};
pub use rules::{Configuration, PercentError};
pub use source::{Columns, Point, Source, Wanted};

/// A value as sampled (Part 4, 7.39.1): InfoType DataValue and the historian's bits.
pub const RAW: u32 = 0x0400;
/// A value that was calculated.
pub const CALCULATED: u32 = 0x0401;
/// A value from between samples.
pub const INTERPOLATED: u32 = 0x0402;
/// The interval is not complete.
const PARTIAL: u32 = 0x0404;
/// Several values are what was looked for.
const MULTIPLE: u32 = 0x0410;
/// Ticks of 100 ns in a millisecond.
const TICKS_PER_MS: f64 = 10_000.0;
/// The step of time that calculations know: 1 ms, as in the examples of Part 13, Annex A. It is between the end of an
/// interval and the time just before it (3.1.3), and between the last sample of all and the end of what is known.
const RESOLUTION_TICKS: i64 = 10_000;

//! A sample as a row of the database.

use std::error::Error;
use std::fmt::Write as _;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::field::Quality;
use crate::history::Sample;
use crate::tag::Value;
use crate::time::Timestamp;

/// Qualities in the order of their numbers.
pub(super) const QUALITIES: [Quality; 11] = [
    Quality::Good,
    Quality::LocalOverride,
    Quality::LastUsable,
    Quality::NotAccurate,
    Quality::RangeExceeded,
    Quality::SubNormal,
    Quality::WaitingForData,
    Quality::SensorFailure,
    Quality::DeviceFailure,
    Quality::NoCommunication,
    Quality::OutOfService,
];
/// 1970-01-01 to 2000-01-01, from which PostgreSQL counts, µs.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// 1601-01-01, µs from 1970: earlier times are none (Part 6, 5.2.2.5).
const FIRST_US: i64 = -11_644_473_600_000_000;
/// 9999-12-31T23:59:59, µs from 1970: later times are none.
const LAST_US: i64 = 253_402_300_799_000_000;

/// An instant as the database knows it: microseconds, so the seventh digit of a source time is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Timestamp);

impl Moment {
    /// At the ends of the range of an OPC UA DateTime if it is beyond.
    pub(super) fn of(time: Timestamp) -> Self {
        // `unix_us` would overflow, and rounds towards 1970 instead of down.
        let us = time.ticks().div_euclid(10) + FIRST_US;
        Self(Timestamp::from_unix_us(us.clamp(FIRST_US, LAST_US)))
    }
}

impl ToSql for Moment {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        (self.0.unix_us() - POSTGRES_EPOCH_US).to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

impl FromSql<'_> for Moment {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let us = i64::from_sql(kind, raw)?.saturating_add(POSTGRES_EPOCH_US);
        Ok(Self(Timestamp::from_unix_us(us.clamp(FIRST_US, LAST_US))))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// Types of the columns, in the order of [`Row`].
pub(super) const TYPES: [Type; 5] =
    [Type::INT4, Type::TIMESTAMPTZ, Type::FLOAT8, Type::TEXT, Type::INT2];

/// One row of `sample`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) tag: i32,
    pub(super) time: Moment,
    pub(super) value: Option<f64>,
    pub(super) text: Option<String>,
    pub(super) quality: i16,
}

impl Row {
    /// A sample of the tag with this number in the database.
    pub(super) fn new(tag: i32, sample: &Sample) -> Self {
        let (value, text) = columns(&sample.value);
        let quality = sample.quality as i16;
        Self { tag, time: Moment::of(sample.time), value, text, quality }
    }
}

/// Numbers are numbers, truths 1 and 0, times seconds from 1970 and a text; arrays are texts that PostgreSQL can make arrays of.
fn columns(value: &Value) -> (Option<f64>, Option<String>) {
    match value {
        Value::Null => (None, None),
        Value::Bool(it) => (Some(f64::from(u8::from(*it))), None),
        Value::U16(it) => (Some(f64::from(*it)), None),
        Value::U32(it) => (Some(f64::from(*it)), None),
        Value::F64(it) => (Some(*it), None),
        Value::Time(it) => (Some(it.unix_us() as f64 * 1e-6), Some(it.to_string())),
        Value::Text(it) => (None, Some(clean(it))),
        Value::Bools(all) => (None, Some(array(all.iter().map(|it| if *it { "t" } else { "f" })))),
        Value::Numbers(all) => (None, Some(array(all.iter()))),
    }
}

/// PostgreSQL has no character of the number 0.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn array<T: std::fmt::Display>(items: impl Iterator<Item = T>) -> String {
    let mut text = String::from("{");
    for (index, item) in items.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{item}");
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn qualities_are_in_the_order_of_their_numbers() {
        assert!(QUALITIES.iter().enumerate().all(|(index, it)| *it as usize == index));
    }

    #[test]
    fn times_are_cut_to_microseconds_and_to_the_range_of_a_date_time() {
        let us = |ticks| Moment::of(Timestamp::from_ticks(ticks)).0.unix_us();
        assert_eq!((us(19), us(0), us(-1)), (FIRST_US + 1, FIRST_US, FIRST_US));
        assert_eq!((us(i64::MIN), us(i64::MAX)), (FIRST_US, LAST_US));
    }

    #[test]
    fn values_without_a_number_are_texts() {
        let text = |value| columns(&value).1.unwrap();
        assert_eq!(text(Value::Numbers(Arc::new(vec![1.5, f64::NAN]))), "{1.5,NaN}");
        assert_eq!(text(Value::Bools(Arc::new(vec![true, false]))), "{t,f}");
        assert_eq!(text(Value::Text(Arc::new("a\0b".to_owned()))), "a\u{fffd}b");
    }
}

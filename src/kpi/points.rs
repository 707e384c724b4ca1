//! The recorded values of a tag around a period, as numbers in order of time.

use crate::field::Quality;
use crate::history::{Column, Direction, HistoryError, Reader, Sample, Span};
use crate::kpi::Period;
use crate::tag::Value;
use crate::time::{TICKS_PER_S, Timestamp};

/// One recorded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// When.
    pub(super) ticks: i64,
    /// A contact is 0 or 1; NaN where the tag showed nothing that can be used, or nobody recorded it.
    pub(super) value: f64,
}

/// Hands `take` the last value before the period, those in it, and those of `around_s` behind it.
pub(super) fn each(
    (reader, path): (&Reader, &str),
    period: Period,
    around_s: f64,
    mut take: impl FnMut(Point),
) -> Result<(), HistoryError> {
    let Some(series) = reader.series(path) else { return Ok(()) };
    let around = (around_s * TICKS_PER_S as f64) as i64;
    let from = period.from.plus_ticks(-around);
    let span = Span { from, to: period.to.plus_ticks(around - 1) };
    let mut before: Option<Point> = None;
    let mut is_begun = false;
    let mut put = |point: Point, before: &mut Option<Point>| -> Result<(), HistoryError> {
        if !is_begun && point.ticks <= period.from.ticks() {
            // Only the last one before the period counts, with what it says of being usable.
            *before = Some(point);
            return Ok(());
        }
        if !is_begun {
            is_begun = true;
            let first = match before.take() {
                Some(before) => Some(before),
                None => reader.last_before(series, from)?.map(|it| of_sample(&it)),
            };
            first.into_iter().for_each(&mut take);
        }
        take(point);
        Ok(())
    };
    for batch in reader.scan(series, span, Direction::Forward) {
        let batch = batch?;
        let (ticks, qualities) = (batch.ticks(), batch.qualities());
        for index in 0..batch.len() {
            let value = match batch.values() {
                Column::Numbers(numbers) => numbers[index],
                Column::Any(values) => number(&values[index]),
            };
            put(point(ticks[index], value, qualities[index]), &mut before)?;
        }
    }
    if !is_begun {
        // Nothing within the period: what was before it stands.
        let first = match before {
            Some(before) => Some(before),
            None => reader.last_before(series, from)?.map(|it| of_sample(&it)),
        };
        first.into_iter().for_each(&mut take);
    }
    Ok(())
}

fn of_sample(sample: &Sample) -> Point {
    let Sample { time, value, quality } = sample;
    point(Timestamp::ticks(*time), number(value), *quality)
}

fn point(ticks: i64, value: f64, quality: Quality) -> Point {
    let value = if quality.is_usable() { value } else { f64::NAN };
    Point { ticks, value }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::F64(it) => *it,
        Value::U32(it) => f64::from(*it),
        Value::U16(it) => f64::from(*it),
        Value::Bool(it) => f64::from(u8::from(*it)),
        Value::Null | Value::Time(_) | Value::Text(_) | Value::Bools(_) | Value::Numbers(_) => {
            f64::NAN
        }
    }
}

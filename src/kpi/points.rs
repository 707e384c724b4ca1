//! The recorded values of a tag around a period, as numbers in order of time.

use crate::field::Quality;
use crate::history::{Column, Direction, HistoryError, Reader, Sample, SeriesId, Span};
use crate::kpi::Period;
use crate::time::{TICKS_PER_S, Timestamp};

/// One recorded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// When.
    pub(super) ticks: i64,
    /// A contact is 0 or 1; NaN where the tag showed nothing that can be used, or nobody recorded it.
    pub(super) value: f64,
}

impl Point {
    fn is_usable(self) -> bool {
        !self.value.is_nan()
    }
}

/// Hands `take` the last usable value before the period, what says since then that there is none, the values in the
/// period, and those of `around_s` behind it.
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
    let mut before = Before::default();
    let mut is_begun = false;
    for batch in reader.scan(series, span, Direction::Forward) {
        let batch = batch?;
        let (ticks, qualities) = (batch.ticks(), batch.qualities());
        for index in 0..batch.len() {
            let value = match batch.values() {
                Column::Numbers(numbers) => numbers[index],
                Column::Any(values) => values[index].number(),
            };
            let point = point(ticks[index], value, qualities[index]);
            if !is_begun && point.ticks <= period.from.ticks() {
                before.put(point);
                continue;
            }
            if !is_begun {
                is_begun = true;
                before.give(reader, series, from, &mut take)?;
            }
            take(point);
        }
    }
    if !is_begun {
        // Nothing within the period: what was before it stands.
        before.give(reader, series, from, &mut take)?;
    }
    Ok(())
}

/// What was before a period.
#[derive(Default)]
struct Before {
    usable: Option<Point>,
    /// Behind it, nothing was usable.
    nothing: Option<Point>,
}

impl Before {
    fn put(&mut self, point: Point) {
        if point.is_usable() {
            *self = Self { usable: Some(point), nothing: None };
        } else {
            self.nothing = Some(point);
        }
    }

    /// Hands over what is known; what lies before `from` is looked for if it has to be.
    fn give(
        &mut self,
        reader: &Reader,
        series: SeriesId,
        from: Timestamp,
        take: &mut impl FnMut(Point),
    ) -> Result<(), HistoryError> {
        if self.usable.is_none() {
            let earlier = Span { to: from.plus_ticks(-1), ..Span::ALL };
            for batch in reader.scan(series, earlier, Direction::Reverse) {
                let points = batch?;
                let mut points = points.iter().map(|it| of_sample(&it)).peekable();
                self.nothing = self.nothing.or(points.peek().copied().filter(|it| !it.is_usable()));
                self.usable = points.find(|it| it.is_usable());
                if self.usable.is_some() {
                    break;
                }
            }
        }
        [self.usable, self.nothing].into_iter().flatten().for_each(take);
        Ok(())
    }
}

fn of_sample(sample: &Sample) -> Point {
    let Sample { time, value, quality } = sample;
    point(time.ticks(), value.number(), *quality)
}

fn point(ticks: i64, value: f64, quality: Quality) -> Point {
    let value = if quality.is_usable() { value } else { f64::NAN };
    Point { ticks, value }
}

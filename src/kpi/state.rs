//! How long a recorded state lasted within a period.

use crate::history::{HistoryError, Reader};
use crate::kpi::Period;
use crate::kpi::period::{Stretch, seconds};
use crate::kpi::points::{self, Point};

/// Hands `take` each value of the tag at `path` with the seconds for which it stood, within the stretches `recorded`:
/// a state is kept when it changes and stands until the next. What is unknown is left out.
pub(super) fn durations(
    reader: &Reader,
    path: &str,
    (period, recorded): (Period, &[Stretch]),
    mut take: impl FnMut(f64, f64),
) -> Result<(), HistoryError> {
    let mut last: Option<Point> = None;
    let mut at = 0;
    let mut stand = |from: Point, to: i64| {
        if from.value.is_nan() {
            return;
        }
        while recorded.get(at).is_some_and(|it| it.1 <= from.ticks) {
            at += 1;
        }
        let within = recorded[at.min(recorded.len())..].iter().take_while(|it| it.0 < to);
        let stood_s: f64 = within.map(|it| seconds((it.0.max(from.ticks), it.1.min(to)))).sum();
        if stood_s > 0.0 {
            take(from.value, stood_s);
        }
    };
    points::each((reader, path), period, 0.0, |point| {
        if let Some(last) = last.replace(point) {
            stand(last, point.ticks);
        }
    })?;
    if let Some(last) = last {
        stand(last, period.to.ticks());
    }
    Ok(())
}

/// How often the contact at `path` closed within `period`. One that is first seen closed has closed then.
pub(super) fn closings(reader: &Reader, path: &str, period: Period) -> Result<f64, HistoryError> {
    let (mut count, mut is_closed) = (0_u32, false);
    points::each((reader, path), period, 0.0, |point| {
        if point.value.is_nan() {
            return;
        }
        let closes = point.value > 0.5 && !is_closed;
        count += u32::from(closes && period.has(point.ticks));
        is_closed = point.value > 0.5;
    })?;
    Ok(f64::from(count))
}

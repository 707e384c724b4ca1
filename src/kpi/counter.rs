//! By how much a recorded counter rose within a period, and a recorded level changed.
//!
//! ```text
//! counter   ╱│  ╱      Between two samples a straight line. Over a gap it stands, and what it has risen by then
//!          ╱ │ ╱       counts where the record goes on. A counter that is lower than before has begun at zero
//!         ╱  │╱        again: what it shows is what it has risen.
//! ```

use crate::history::{HistoryError, Reader};
use crate::kpi::Period;
use crate::kpi::period::Stretch;
use crate::kpi::points::{self, Point};
use crate::time::TICKS_PER_S;

/// Two samples of a counter further apart are a gap, s: it is kept every minute.
const COUNTER_GAP_S: f64 = 180.0;
/// Two samples of a level further apart are a gap, s: a deadband keeps one at least every 10 min.
const LEVEL_GAP_S: f64 = 1300.0;

/// How a counter rose.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rise {
    /// By so much, in the counter's unit; NaN if nothing is known.
    pub(super) amount: f64,
    /// When it was recorded, within the period, in order.
    pub(super) recorded: Vec<Stretch>,
    /// Between which samples it began at zero again.
    pub(super) restarts: Vec<Stretch>,
}

/// The rise of the counter at `path` within `period`: of two periods side by side the rises add up.
pub(super) fn rise(reader: &Reader, path: &str, period: Period) -> Result<Rise, HistoryError> {
    let mut rise = Rise { amount: 0.0, recorded: Vec::new(), restarts: Vec::new() };
    let mut is_known = false;
    pairs((reader, path), period, COUNTER_GAP_S, |pair| {
        let Pair { a, b, .. } = pair;
        if b.value < a.value {
            rise.restarts.push((a.ticks, b.ticks));
        }
        let amount = if b.value < a.value { b.value.max(0.0) } else { b.value - a.value };
        let share = pair.share(period);
        rise.amount += share * amount;
        is_known |= share > 0.0;
        if !pair.is_gap {
            let stretch = period.cut((a.ticks, b.ticks));
            join(&mut rise.recorded, stretch);
        }
    })?;
    if !is_known {
        rise.amount = f64::NAN;
    }
    Ok(rise)
}

/// The change of the level at `path` within `period`, without what lies over a restart; NaN if nothing is known.
pub(super) fn change(
    reader: &Reader,
    path: &str,
    period: Period,
    restarts: &[Stretch],
) -> Result<f64, HistoryError> {
    let (mut change, mut is_known) = (0.0, false);
    pairs((reader, path), period, LEVEL_GAP_S, |pair| {
        let Pair { a, b, .. } = pair;
        let is_over = restarts.iter().any(|it| it.0 < b.ticks && it.1 > a.ticks);
        let share = pair.share(period);
        is_known |= share > 0.0;
        if !is_over {
            change += share * (b.value - a.value);
        }
    })?;
    Ok(if is_known { change } else { f64::NAN })
}

/// Two usable samples, one behind the other.
#[derive(Clone, Copy, Debug)]
struct Pair {
    a: Point,
    b: Point,
    /// Nobody knows what was between them.
    is_gap: bool,
}

impl Pair {
    /// The part of the way from one to the other that lies in a period.
    fn share(self, period: Period) -> f64 {
        let (from, to) = (self.a.ticks, self.b.ticks);
        if self.is_gap || to <= from {
            return f64::from(u8::from(period.has(to)));
        }
        let (first, last) = period.cut((from, to));
        (last - first).max(0) as f64 / (to - from) as f64
    }
}

fn pairs(
    (reader, path): (&Reader, &str),
    period: Period,
    gap_s: f64,
    mut take: impl FnMut(Pair),
) -> Result<(), HistoryError> {
    let longest = (gap_s * TICKS_PER_S as f64) as i64;
    let (mut last, mut is_broken) = (None::<Point>, false);
    points::each((reader, path), period, gap_s, |b| {
        if b.value.is_nan() {
            is_broken = true;
            return;
        }
        if let Some(a) = last {
            take(Pair { a, b, is_gap: is_broken || b.ticks - a.ticks > longest });
        }
        (last, is_broken) = (Some(b), false);
    })
}

/// Puts a stretch behind the others; two that touch are one.
fn join(all: &mut Vec<Stretch>, (from, to): Stretch) {
    if from >= to {
        return;
    }
    match all.last_mut() {
        Some(last) if last.1 >= from => last.1 = last.1.max(to),
        _ => all.push((from, to)),
    }
}

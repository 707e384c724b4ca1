//! Totals of a line, and of the plant as if it were one.

use std::sync::Arc;

use crate::production::window::Window;
use crate::production::{Added, LineTotals};
use crate::time::Timestamp;
use crate::units::HOUR_S;

/// Marks in 1 h, one per minute.
const HOUR_MARKS: usize = 60;
/// Marks in 15 min.
const DEMAND_MARKS: usize = 15;
/// Marks in 24 h, one per 15 min.
const DAY_MARKS: usize = 96;
/// Length of a shift where nobody opens one, h.
const SHIFT_H: f64 = 8.0;
/// Lines change shift one after the other; within this time it is one change for the plant, s.
const SHIFT_TURN_MIN_S: f64 = HOUR_S;

/// What turned over with this scan. All in UTC, as plant time is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) shift: bool,
    pub(super) day: bool,
    pub(super) month: bool,
    pub(super) year: bool,
}

/// Day, month, year and third of the day of the scan before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    day: i64,
    third: u8,
    month: u32,
    year: i32,
}

impl Calendar {
    /// Moves `last` to `time` and tells what turned over. A day before the last (a corrected clock) turns nothing.
    pub(super) fn turn(last: &mut Option<Self>, time: Timestamp) -> Turn {
        let (day, second) = time.day();
        let third = (second / (SHIFT_H * HOUR_S)) as u8;
        let Some(before) = last else {
            let (year, month) = time.year_month();
            *last = Some(Self { day, third, month, year });
            return Turn::default();
        };
        if (day, third) <= (before.day, before.third) {
            return Turn::default();
        }
        let mut turn = Turn { shift: true, day: day > before.day, ..Turn::default() };
        (before.day, before.third) = (day, third);
        if turn.day {
            let (year, month) = time.year_month();
            turn.year = year > before.year;
            turn.month = turn.year || month > before.month;
            (before.year, before.month) = (year, month);
        }
        turn
    }
}

/// Counters that the windows look back on.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    made_kg: f64,
    ac_energy_j: f64,
    seconds: f64,
}

impl Count {
    fn rate_since(self, then: Self, of: fn(&Self) -> f64) -> f64 {
        let seconds = self.seconds - then.seconds;
        if seconds > 0.0 { (of(&self) - of(&then)) / seconds } else { 0.0 }
    }
}

/// Counts of one line or of the plant.
#[derive(Debug)]
pub(super) struct LineBook {
    electrolyzers: usize,
    count: Count,
    anode_effects: u32,
    hour: Window<Count>,
    quarter: Window<Count>,
    day: Window<u32>,
    shift: Arc<str>,
    shift_s: f64,
}

impl LineBook {
    pub(super) fn new(electrolyzers: usize) -> Self {
        Self {
            electrolyzers,
            count: Count::default(),
            anode_effects: 0,
            hour: Window::new(HOUR_MARKS),
            quarter: Window::new(DEMAND_MARKS),
            day: Window::new(DAY_MARKS),
            shift: Arc::from(""),
            shift_s: f64::INFINITY,
        }
    }

    /// An open shift lasts until it is ended or followed by another; without one every 8 h is a shift.
    pub(super) fn turn_with_shift(&mut self, turn: Turn, shift: &Arc<str>) -> Turn {
        let changed = *shift != self.shift;
        if changed {
            self.shift = Arc::clone(shift);
        }
        Turn { shift: changed || turn.shift && shift.is_empty(), ..turn }
    }

    /// Whether the plant's shift may turn again.
    pub(super) fn may_turn_shift(&self, dt_s: f64) -> bool {
        self.shift_s + dt_s >= SHIFT_TURN_MIN_S
    }

    /// Adds one scan. `totals.ac_power_w` is already this scan's.
    pub(super) fn update(&mut self, totals: &mut LineTotals, added: Added, turn: Turn, dt_s: f64) {
        self.shift_s += dt_s;
        if turn.shift {
            totals.metal_shift_kg = 0.0;
            self.shift_s = 0.0;
        }
        if turn.day {
            totals.metal_today_kg = 0.0;
            totals.cf4_today_kg = 0.0;
            totals.energy_today_j = 0.0;
            totals.oxide_today_kg = 0.0;
        }
        if turn.month {
            totals.metal_month_kg = 0.0;
        }
        if turn.year {
            totals.metal_year_kg = 0.0;
        }
        totals.metal_today_kg += added.tapped_kg;
        totals.metal_shift_kg += added.tapped_kg;
        totals.metal_month_kg += added.tapped_kg;
        totals.metal_year_kg += added.tapped_kg;
        totals.cf4_today_kg += added.cf4_kg;
        totals.oxide_today_kg += added.fed_kg;
        totals.energy_today_j += totals.ac_power_w * dt_s;
        totals.dc_power_w = added.power_w;
        self.anode_effects += added.anode_effects;
        self.count.made_kg += added.made_kg;
        self.count.ac_energy_j += totals.ac_power_w * dt_s;
        self.count.seconds += dt_s;
    }

    /// The minute's mark: means over 15 min and over 1 h (or since the start).
    pub(super) fn mark_hour(&mut self, totals: &mut LineTotals) {
        self.hour.push(self.count);
        self.quarter.push(self.count);
        // At the very first mark the count itself is all that there is.
        let then = |window: &Window<Count>| match window.oldest() {
            Some((then, 1..)) => *then,
            _ => Count::default(),
        };
        totals.metal_rate_kg_s = self.count.rate_since(then(&self.hour), |it| it.made_kg);
        totals.demand_15min_w = self.count.rate_since(then(&self.quarter), |it| it.ac_energy_j);
    }

    /// The quarter-hour's mark: anode effects over 24 h. In the first day, those since the start.
    pub(super) fn mark_day(&mut self, totals: &mut LineTotals) {
        self.day.push(self.anode_effects);
        let then = self.day.oldest().map_or(
            0,
            |(then, intervals)| {
                if intervals < DAY_MARKS { 0 } else { *then }
            },
        );
        let count = f64::from(self.anode_effects - then);
        totals.anode_effects_per_day = count / (self.electrolyzers.max(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(from: &str, to: &str) -> Turn {
        let mut calendar = None;
        Calendar::turn(&mut calendar, Timestamp::parse_rfc3339(from).unwrap());
        Calendar::turn(&mut calendar, Timestamp::parse_rfc3339(to).unwrap())
    }

    #[test]
    fn new_year_turns_everything() {
        let all = Turn { shift: true, day: true, month: true, year: true };
        assert_eq!(turn("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"), all);
    }

    #[test]
    fn eight_oclock_turns_the_shift_only() {
        let shift = Turn { shift: true, ..Turn::default() };
        assert_eq!(turn("2026-03-01T07:59:59Z", "2026-03-01T08:00:00Z"), shift);
    }

    #[test]
    fn a_clock_set_back_over_midnight_does_not_start_the_day_twice() {
        assert_eq!(turn("2026-03-02T00:00:10Z", "2026-03-01T23:59:50Z"), Turn::default());
    }

    #[test]
    fn an_open_shift_is_not_ended_by_the_clock() {
        let mut book = LineBook::new(1);
        let eight = Turn { shift: true, ..Turn::default() };
        book.turn_with_shift(Turn::default(), &Arc::from("A-0301"));
        assert!(!book.turn_with_shift(eight, &Arc::from("A-0301")).shift);
    }
}

//! What an interval keeps of its samples.

use crate::ua::aggregate::function::Measure;
use crate::ua::aggregate::rules::{Class, Rules, code, is_no_data};
use crate::ua::aggregate::{Columns, Point};

/// The smallest or the largest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extreme {
    pub(super) value: f64,
    pub(super) tick: i64,
    /// Others have the same value.
    pub(super) is_shared: bool,
}

impl Extreme {
    /// That of all, the first of equals.
    pub(super) fn of(all: [Option<Self>; 3], is_beyond: fn(&f64, &f64) -> bool) -> Option<Self> {
        let mut chosen: Option<Self> = None;
        for one in all.into_iter().flatten() {
            match &mut chosen {
                Some(held) if is_equal(held.value, one.value) => held.is_shared = true,
                Some(held) if !is_beyond(&one.value, &held.value) => {}
                _ => chosen = Some(one),
            }
        }
        chosen
    }

    fn show(held: &mut Option<Self>, shown: Self, is_beyond: fn(&f64, &f64) -> bool) {
        match held {
            Some(held) if is_equal(held.value, shown.value) => held.is_shared = true,
            Some(held) if !is_beyond(&shown.value, &held.value) => {}
            _ => *held = Some(shown),
        }
    }
}

/// Whether two finite numbers are the same.
fn is_equal(one: f64, other: f64) -> bool {
    (one - other).abs() <= 0.0
}

/// The worst status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Worst {
    pub(super) class: Class,
    /// Status code without bits.
    pub(super) status: u32,
    /// Others are as bad.
    pub(super) is_shared: bool,
}

/// What has been seen of the samples of one interval, as far as its measure needs it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values {
    /// Good samples.
    pub(super) good: u64,
    /// Bad samples, with uncertain ones if they count as bad.
    pub(super) bad: u64,
    /// All others.
    pub(super) uncertain: u64,
    /// Of the good ones.
    pub(super) sum: f64,
    mean: f64,
    /// Sum of squared deviations from the mean (Welford, 1962).
    squares: f64,
    pub(super) least: Option<Extreme>,
    pub(super) most: Option<Extreme>,
    /// Of the uncertain ones.
    uncertain_range: Option<(f64, f64)>,
    pub(super) first: Option<Point>,
    pub(super) last: Option<Point>,
    pub(super) first_good: Option<f64>,
    pub(super) last_good: Option<f64>,
    /// Samples before the first good one, or behind the last, are not good.
    pub(super) is_ragged: bool,
    pub(super) transitions: u32,
    /// The last value that is not bad, also from before the interval.
    previous: Option<f64>,
    pub(super) worst: Option<Worst>,
}

impl Values {
    /// Nothing seen yet but the last value that is not bad before.
    pub(super) fn behind(previous: Option<f64>) -> Self {
        Self { previous, ..Self::default() }
    }

    /// Counts samples.
    pub(super) fn take(&mut self, rules: Rules, columns: &Columns<'_>) {
        match rules.function.measure() {
            Measure::Count => columns.iter().for_each(|(_, value, status)| {
                self.count(rules, value, status);
            }),
            Measure::Sum => self.sum(rules, columns),
            Measure::Spread => self.spread(rules, columns),
            Measure::Extremes => self.extremes(rules, columns),
            // Regions show the extremes between the bounds, one by one.
            Measure::Time | Measure::ExtremesOverTime => {}
            Measure::Ends => self.ends(rules, columns),
            Measure::Transitions => self.transitions(rules, columns),
            Measure::Worst => columns.iter().for_each(|(_, value, status)| {
                if !is_no_data(status) {
                    self.worsen(Class::of(value, status), status);
                }
            }),
        }
    }

    /// Counts a sample; whether it is good.
    fn count(&mut self, rules: Rules, value: f64, status: u32) -> bool {
        if Class::of(value, status) == Class::Good {
            self.good += 1;
            return true;
        }
        if !is_no_data(status) {
            match rules.class(value, status) {
                Class::Good | Class::Uncertain => self.uncertain += 1,
                Class::Bad => self.bad += 1,
            }
        }
        false
    }

    fn sum(&mut self, rules: Rules, columns: &Columns<'_>) {
        let (mut sum, mut good) = (self.sum, 0);
        for (_, value, status) in columns.iter() {
            // The usual sample takes the short way.
            if status >> 30 == 0 && value.is_finite() {
                sum += value;
                good += 1;
            } else {
                self.count(rules, value, status);
            }
        }
        self.sum = sum;
        self.good += good;
    }

    fn spread(&mut self, rules: Rules, columns: &Columns<'_>) {
        for (_, value, status) in columns.iter() {
            if self.count(rules, value, status) {
                let before = value - self.mean;
                self.mean += before / self.good as f64;
                self.squares += before * (value - self.mean);
            }
        }
    }

    fn extremes(&mut self, rules: Rules, columns: &Columns<'_>) {
        for (tick, value, status) in columns.iter() {
            if self.count(rules, value, status) {
                self.show(tick, value);
            } else if Class::of(value, status) == Class::Uncertain {
                let (least, most) = self.uncertain_range.unwrap_or((value, value));
                self.uncertain_range = Some((least.min(value), most.max(value)));
            }
        }
    }

    /// A value that may be the smallest or the largest.
    pub(super) fn show(&mut self, tick: i64, value: f64) {
        let shown = Extreme { value, tick, is_shared: false };
        Extreme::show(&mut self.least, shown, f64::lt);
        Extreme::show(&mut self.most, shown, f64::gt);
    }

    fn ends(&mut self, rules: Rules, columns: &Columns<'_>) {
        for index in 0..columns.len() {
            let point = columns.get(index);
            if is_no_data(point.status) {
                continue;
            }
            self.first.get_or_insert(point);
            self.last = Some(point);
            if self.count(rules, point.value, point.status) {
                self.first_good.get_or_insert(point.value);
                self.last_good = Some(point.value);
            }
        }
        let is_good =
            |it: Option<Point>| it.is_some_and(|it| Class::of(it.value, it.status) == Class::Good);
        self.is_ragged = !(is_good(self.first) && is_good(self.last));
    }

    fn transitions(&mut self, rules: Rules, columns: &Columns<'_>) {
        for (_, value, status) in columns.iter() {
            self.count(rules, value, status);
            if rules.class(value, status) == Class::Bad {
                continue;
            }
            // 5.4.3.24: the first value of all is a transition too.
            if !self.previous.is_some_and(|it| is_equal(it, value)) {
                self.transitions += 1;
            }
            self.previous = Some(value);
        }
    }

    /// A status that may be the worst; the first of the worst class stays.
    pub(super) fn worsen(&mut self, class: Class, status: u32) {
        match &mut self.worst {
            Some(worst) if class == worst.class => worst.is_shared = true,
            Some(worst) if class < worst.class => {}
            _ => self.worst = Some(Worst { class, status: code(status), is_shared: false }),
        }
    }

    /// Samples of any class.
    pub(super) fn total(&self) -> u64 {
        self.good + self.uncertain + self.bad
    }

    /// Uncertain samples lie beyond the smallest (the largest) good one.
    pub(super) fn is_surpassed(&self, is_least: bool, is_most: bool) -> bool {
        let (Some((low, high)), Some(least), Some(most)) =
            (self.uncertain_range, self.least, self.most)
        else {
            return false;
        };
        is_least && low < least.value || is_most && high > most.value
    }

    /// Variance over the number of good samples less `less`. For one sample 0 is returned (5.4.3.37).
    pub(super) fn variance(&self, less: u64) -> Option<f64> {
        match self.good {
            0 => None,
            1 => Some(0.0),
            good => Some(self.squares / (good - less) as f64),
        }
    }
}

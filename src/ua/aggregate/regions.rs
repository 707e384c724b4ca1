//! The time between the samples of an interval, divided into regions of one quality each (Part 13, 5.4.3.2).

use crate::ua::aggregate::Columns;
use crate::ua::aggregate::bound::Bound;
use crate::ua::aggregate::function::{Bounds, Measure};
use crate::ua::aggregate::rules::{Class, Rules};
use crate::ua::aggregate::values::Values;

/// How regions are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drawing {
    /// A region has the quality of its beginning: durations.
    Held,
    /// A region that leads to a value that is not good is uncertain.
    Sloped,
    /// Bad samples are passed over.
    Skipping,
}

/// What has been seen of the time of one interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regions {
    drawing: Drawing,
    /// Where the interval begins and ends.
    edges: (i64, i64),
    /// Where the region begins that is not drawn yet, and with what.
    tick: i64,
    value: f64,
    class: Class,
    /// Ticks of good, uncertain and bad regions.
    pub(super) good: i64,
    pub(super) uncertain: i64,
    pub(super) bad: i64,
    /// Ticks of good regions at zero, and not at zero.
    pub(super) zero: i64,
    pub(super) nonzero: i64,
    /// Integral over regions that are not bad, unit times ticks.
    pub(super) area: f64,
    /// Bad samples were passed over, or a value was uncertain.
    pub(super) is_doubtful: bool,
}

impl Regions {
    pub(super) fn new(rules: Rules, edges: (i64, i64), start: &Bound) -> Self {
        let drawing = match rules.function.bounds() {
            Bounds::Interpolated => Drawing::Skipping,
            Bounds::None | Bounds::Simple => {
                if rules.function.is_duration() || !rules.is_sloped() {
                    Drawing::Held
                } else {
                    Drawing::Sloped
                }
            }
        };
        Self {
            drawing,
            edges,
            tick: edges.0,
            value: start.value,
            class: start.class,
            good: 0,
            uncertain: 0,
            bad: 0,
            zero: 0,
            nonzero: 0,
            area: 0.0,
            is_doubtful: start.class != Class::Good,
        }
    }

    /// Draws the regions up to these samples. Extremes are shown to `values`, except at the bounds, which stand for
    /// themselves.
    pub(super) fn take(&mut self, rules: Rules, columns: &Columns<'_>, values: &mut Values) {
        let with_extremes = rules.function.measure() == Measure::ExtremesOverTime;
        if self.drawing == Drawing::Skipping {
            for (tick, value, status) in columns.iter() {
                self.skip_to(tick, value, rules.class(value, status));
            }
            return;
        }
        for (tick, value, status) in columns.iter() {
            let class = rules.class(value, status);
            self.draw_to(tick, value, class);
            if with_extremes && class != Class::Bad && tick != self.edges.0 && tick != self.edges.1
            {
                values.show(tick, value);
            }
        }
    }

    /// Draws the last region, up to `tick`.
    pub(super) fn close(&mut self, tick: i64, end: &Bound) {
        match self.drawing {
            Drawing::Skipping => self.skip_to(tick, end.value, end.class),
            Drawing::Held | Drawing::Sloped => self.draw_to(tick, end.value, end.class),
        }
    }

    /// All ticks.
    pub(super) fn total(&self) -> i64 {
        self.good + self.uncertain + self.bad
    }

    fn draw_to(&mut self, tick: i64, value: f64, class: Class) {
        let span = tick - self.tick;
        let is_sloped = self.drawing == Drawing::Sloped;
        match self.class {
            Class::Bad => self.bad += span,
            start => {
                let is_uncertain = start == Class::Uncertain || is_sloped && class != Class::Good;
                let end = if is_sloped && class != Class::Bad { value } else { self.value };
                self.area += f64::midpoint(self.value, end) * span as f64;
                if is_uncertain {
                    self.uncertain += span;
                } else {
                    self.good += span;
                    if self.value == 0.0 {
                        self.zero += span;
                    } else {
                        self.nonzero += span;
                    }
                }
            }
        }
        (self.tick, self.value, self.class) = (tick, value, class);
    }

    fn skip_to(&mut self, tick: i64, value: f64, class: Class) {
        if class == Class::Bad {
            self.is_doubtful = true;
            return;
        }
        if self.class != Class::Bad {
            let span = tick - self.tick;
            self.good += span;
            self.area += f64::midpoint(self.value, value) * span as f64;
        }
        self.is_doubtful |= class == Class::Uncertain;
        (self.tick, self.value, self.class) = (tick, value, class);
    }
}

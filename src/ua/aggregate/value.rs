//! The value and the status of an interval, function by function (Part 13, 5.4.3.4 to 5.4.3.40).

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::bound::Bound;
use crate::ua::aggregate::interval::{Interval, Processed};
use crate::ua::aggregate::rules::{Class, code};
use crate::ua::aggregate::values::Extreme;
use crate::ua::aggregate::{
    CALCULATED, Function, INTERPOLATED, MULTIPLE, Point, RAW, RESOLUTION_TICKS, TICKS_PER_MS,
};

/// Ticks in a second.
const TICKS_PER_S: f64 = 1000.0 * TICKS_PER_MS;

impl Interval {
    /// Its value; `partial` is the Partial bit if it is to be set.
    pub(super) fn value(&self, partial: u32) -> Processed {
        use Function as F;
        match self.rules.function {
            F::Interpolative => self.bound(self.bounds().0, None, 0),
            F::StartBound => self.bound(self.bounds().0, None, partial),
            F::EndBound => self.bound(self.bounds().1, Some(CALCULATED), partial),
            F::DeltaBounds => self.delta_bounds(partial),
            F::Start => self.sampled(self.values.first, partial),
            F::End => self.sampled(self.values.last, partial),
            F::Delta => self.delta(partial),
            F::Minimum | F::Maximum | F::MinimumActualTime | F::MaximumActualTime | F::Range => {
                self.extreme(partial)
            }
            F::Minimum2
            | F::Maximum2
            | F::MinimumActualTime2
            | F::MaximumActualTime2
            | F::Range2 => self.extreme_with_bounds(partial),
            // The annotations are counted by whoever has them (5.4.3.20).
            F::AnnotationCount => self.calculated(Some(Variant::Int32(0)), StatusCode::Good, 0),
            F::Count => self.calculated(Some(count(self.values.good)), self.by_values(), partial),
            F::NumberOfTransitions => {
                let transitions = count(u64::from(self.values.transitions));
                self.calculated(Some(transitions), self.by_values(), partial)
            }
            F::WorstQuality | F::WorstQuality2 => self.worst(partial),
            F::Average => {
                // 5.4.3.5: Partial is not set.
                let good = self.values.good;
                let mean = (good > 0).then(|| self.values.sum / good as f64);
                self.calculated(mean.map(Variant::Double), self.by_values(), 0)
            }
            F::StandardDeviationSample
            | F::StandardDeviationPopulation
            | F::VarianceSample
            | F::VariancePopulation => self.spread(partial),
            F::TimeAverage
            | F::Total
            | F::TimeAverage2
            | F::Total2
            | F::DurationInStateZero
            | F::DurationInStateNonZero
            | F::DurationGood
            | F::DurationBad
            | F::PercentGood
            | F::PercentBad => self.over_time(partial),
        }
    }

    /// A value that was calculated; without one, no data; if the status is bad, no value.
    fn calculated(&self, value: Option<Variant>, status: StatusCode, partial: u32) -> Processed {
        let Some(value) = value else { return self.no_data(partial) };
        if status.is_bad() {
            return self.bad(status, partial);
        }
        let time = Timestamp::from_ticks(self.start());
        Processed { time, value, status: status.bits() | CALCULATED | partial }
    }

    /// A number with the type of the source. One that the type cannot hold is an error of conversion (Table 8).
    fn same_as_source(&self, number: f64, time: i64, status: u32) -> Processed {
        match self.rules.kind.variant(number) {
            Some(value) => Processed { time: Timestamp::from_ticks(time), value, status },
            None => self.bad(StatusCode::BadAggregateInvalidInputs, 0),
        }
    }

    fn bound(&self, bound: Bound, bits: Option<u32>, partial: u32) -> Processed {
        if bound.class == Class::Bad {
            return self.no_data(partial);
        }
        let bits = bits.unwrap_or(if bound.is_raw { RAW } else { INTERPOLATED });
        self.same_as_source(bound.value, self.start(), bound.status | bits | partial)
    }

    fn delta_bounds(&self, partial: u32) -> Processed {
        let (start, end) = self.bounds();
        match start.class.max(end.class) {
            Class::Bad => self.no_data(partial),
            class => {
                let status = Self::unless(class == Class::Uncertain).bits();
                let delta = end.value - start.value;
                self.same_as_source(delta, self.start(), status | CALCULATED | partial)
            }
        }
    }

    fn sampled(&self, point: Option<Point>, partial: u32) -> Processed {
        let Some(Point { time, value, status }) = point else { return self.no_data(partial) };
        let status = code(status) | RAW | partial;
        if status >> 30 >= 2 {
            return Processed { time, value: Variant::Empty, status };
        }
        self.same_as_source(value, time.ticks(), status)
    }

    fn delta(&self, partial: u32) -> Processed {
        let (Some(first), Some(last)) = (self.values.first_good, self.values.last_good) else {
            return self.no_data(partial);
        };
        let status = Self::unless(self.values.is_ragged).bits() | CALCULATED | partial;
        self.same_as_source(last - first, self.start(), status)
    }

    /// 5.4.3.10 to 5.4.3.14: of good samples only.
    fn extreme(&self, partial: u32) -> Processed {
        use Function as F;
        let (Some(least), Some(most)) = (self.values.least, self.values.most) else {
            return self.no_data(partial);
        };
        let function = self.rules.function;
        let is_least = !matches!(function, F::Maximum | F::MaximumActualTime);
        let is_most = !matches!(function, F::Minimum | F::MinimumActualTime);
        let is_doubtful = self.values.bad > 0 || self.values.is_surpassed(is_least, is_most);
        let status = Self::unless(is_doubtful).bits() | partial;
        let chosen = if is_least { least } else { most };
        match function {
            F::Range => {
                self.same_as_source(most.value - least.value, self.start(), status | CALCULATED)
            }
            F::MinimumActualTime | F::MaximumActualTime => {
                self.same_as_source(chosen.value, chosen.tick, status | RAW | shared(chosen))
            }
            _ => {
                let is_raw = chosen.tick == self.start() && !is_doubtful;
                let bits = if is_raw { RAW } else { CALCULATED } | shared(chosen);
                self.same_as_source(chosen.value, self.start(), status | bits)
            }
        }
    }

    /// 5.4.3.15 to 5.4.3.19: with simple bounds.
    fn extreme_with_bounds(&self, partial: u32) -> Processed {
        use Function as F;
        let (start, end) = self.bounds();
        let at = |is_used: bool, tick: i64, value: f64| {
            is_used.then_some(Extreme { value, tick, is_shared: false })
        };
        let first = at(start.class != Class::Bad, self.start(), start.value);
        let last = at(self.reaches_its_end(), self.end(), end.value);
        let least = Extreme::of([first, self.values.least, last], f64::lt);
        let most = Extreme::of([first, self.values.most, last], f64::gt);
        let (Some(least), Some(most)) = (least, most) else {
            return self.no_data(partial);
        };
        let status = self.by_time();
        if status.is_bad() {
            return self.bad(status, partial);
        }
        let status = status.bits() | partial;
        let function = self.rules.function;
        let chosen =
            if matches!(function, F::Minimum2 | F::MinimumActualTime2) { least } else { most };
        let (mut bits, mut time) = (CALCULATED, self.start());
        let is_actual = matches!(function, F::MinimumActualTime2 | F::MaximumActualTime2);
        if is_actual {
            (bits, time) = (RAW, chosen.tick);
        }
        if chosen.tick == self.start() {
            bits = if start.is_raw { RAW } else { INTERPOLATED };
        } else if chosen.tick == self.end() && (is_actual || !end.is_raw) {
            bits = INTERPOLATED;
        }
        if is_actual && chosen.tick == self.end() {
            time = self.effective_end();
        }
        match function {
            F::Range2 => {
                self.same_as_source(most.value - least.value, self.start(), status | CALCULATED)
            }
            _ => self.same_as_source(chosen.value, time, status | bits | shared(chosen)),
        }
    }

    fn end(&self) -> i64 {
        if self.rules.is_backward { self.edges.low } else { self.edges.high }
    }

    /// The time immediately before the end (3.1.3).
    fn effective_end(&self) -> i64 {
        let step = RESOLUTION_TICKS.min(self.edges.high - self.edges.low - 1);
        if self.rules.is_backward { self.edges.low + step } else { self.edges.high - step }
    }

    /// 5.4.3.35 and 5.4.3.36: TreatUncertainAsBad does not matter.
    fn worst(&self, partial: u32) -> Processed {
        let mut values = self.values;
        let start = self.bounds().0;
        // A sample at the start has been counted, unless it says that there is no data.
        let is_counted = start.is_raw && values.worst.is_some_and(|it| it.class >= start.class);
        if self.rules.function == Function::WorstQuality2 && !is_counted {
            values.worsen(start.class, start.status);
        }
        let Some(worst) = values.worst else { return self.no_data(partial) };
        let bits = if worst.is_shared { MULTIPLE | partial } else { partial };
        let value = Variant::StatusCode(StatusCode::from(worst.status));
        self.calculated(Some(value), StatusCode::Good, bits)
    }

    /// 5.4.3.37 to 5.4.3.40.
    fn spread(&self, partial: u32) -> Processed {
        use Function as F;
        let function = self.rules.function;
        let is_sample = matches!(function, F::StandardDeviationSample | F::VarianceSample);
        let is_root =
            matches!(function, F::StandardDeviationSample | F::StandardDeviationPopulation);
        let variance = self.values.variance(u64::from(is_sample));
        let value = variance.map(|it| if is_root { it.sqrt() } else { it });
        let is_doubtful = self.values.total() > self.values.good;
        self.calculated(value.map(Variant::Double), Self::unless(is_doubtful), partial)
    }

    fn over_time(&self, partial: u32) -> Processed {
        use Function as F;
        let regions = &self.regions;
        let known = (regions.good + regions.uncertain) as f64;
        let all = regions.total().max(1) as f64;
        let ms = |ticks: i64| Some(ticks as f64 / TICKS_PER_MS);
        let percent = |ticks: i64| Some(100.0 * ticks as f64 / all);
        let good = StatusCode::Good;
        let (number, status) = match self.rules.function {
            F::TimeAverage => {
                ((known > 0.0).then(|| regions.area / known), Self::unless(regions.is_doubtful))
            }
            F::Total => (
                (known > 0.0).then(|| regions.area / TICKS_PER_S),
                Self::unless(regions.is_doubtful),
            ),
            F::TimeAverage2 => ((known > 0.0).then(|| regions.area / known), self.by_time()),
            F::Total2 => ((known > 0.0).then(|| regions.area / TICKS_PER_S), self.by_time()),
            F::DurationInStateZero => (ms(regions.zero), self.by_time()),
            F::DurationInStateNonZero => (ms(regions.nonzero), self.by_time()),
            F::DurationGood => (ms(regions.good), good),
            F::DurationBad => (ms(regions.bad), good),
            F::PercentGood => (percent(regions.good), good),
            F::PercentBad => (percent(regions.bad), good),
            _ => (None, good),
        };
        self.calculated(number.map(Variant::Double), status, partial)
    }
}

fn count(number: u64) -> Variant {
    Variant::Int32(i32::try_from(number).unwrap_or(i32::MAX))
}

fn shared(extreme: Extreme) -> u32 {
    if extreme.is_shared { MULTIPLE } else { 0 }
}

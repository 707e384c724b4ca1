//! One value for a minute, of signals that are too many or too slow to keep every sample of (domain B2, column H: 1m).

use crate::engine;
use crate::field::Quality;
use crate::history::Sample;
use crate::tag::Value;
use crate::time::{TICKS_PER_S, Timestamp};

/// Ticks of a minute.
const MINUTE: i64 = 60 * TICKS_PER_S;

/// What is kept of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The mean of a measured signal, at the start of the minute.
    Mean,
    /// The last value of a counter, a total or what is no number, at its own time.
    Last,
}

/// A signal in the minute that runs.
#[derive(Clone, Debug)]
pub(super) struct Minute {
    kind: Kind,
    start: i64,
    sum: f64,
    usable: u32,
    all: u32,
    last: Option<Sample>,
}

impl Minute {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, start: 0, sum: 0.0, usable: 0, all: 0, last: None }
    }

    /// Looks at the signal at one scan; a minute that has ended goes to `keep`.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        sample: engine::Sample<'_>,
        keep: &mut impl FnMut(Sample),
    ) {
        let start = now.ticks() - now.ticks().rem_euclid(MINUTE);
        if start != self.start {
            self.flush(keep);
            self.start = start;
        }
        self.all += 1;
        match sample.value {
            Value::F64(value) if sample.quality.is_usable() && value.is_finite() => {
                self.sum += value;
                self.usable += 1;
            }
            _ => {}
        }
        let (time, value, quality) = (sample.time, sample.value, sample.quality);
        match &mut self.last {
            // A text or an array is shared, a number copied: nothing is allocated.
            Some(last) => (last.time, last.quality) = (time, quality),
            None => self.last = Some(Sample { time, value: Value::Null, quality }),
        }
        if let Some(last) = &mut self.last {
            last.value.clone_from(value);
        }
    }

    /// Ends the minute early: at the end of a run.
    pub(super) fn flush(&mut self, keep: &mut impl FnMut(Sample)) {
        let time = Timestamp::from_ticks(self.start);
        let last = self.last.take();
        let (sum, usable, all) = (self.sum, self.usable, self.all);
        (self.sum, self.usable, self.all) = (0.0, 0, 0);
        let Some(last) = last else { return };
        if self.kind == Kind::Last {
            keep(last);
        } else if usable > 0 {
            // A mean of instruments in single precision has no more digits than they.
            let value = Value::F64(f64::from((sum / f64::from(usable)) as f32));
            let quality = if usable == all { last.quality } else { Quality::SubNormal };
            keep(Sample { time, value, quality });
        } else {
            keep(Sample { time, ..last });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(kind: Kind, samples: &[(i64, f64, Quality)]) -> Vec<Sample> {
        let mut minute = Minute::new(kind);
        let mut kept = Vec::new();
        for &(seconds, value, quality) in samples {
            let time = Timestamp::from_ticks(seconds * TICKS_PER_S);
            let value = Value::F64(value);
            let sample = engine::Sample { value: &value, quality, time };
            minute.take(time, sample, &mut |it| kept.push(it));
        }
        minute.flush(&mut |it| kept.push(it));
        kept
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ticks(seconds * TICKS_PER_S)
    }

    #[test]
    fn a_measured_signal_gives_the_mean_at_the_start_of_the_minute() {
        let good = Quality::Good;
        let all = kept(Kind::Mean, &[(60, 1.0, good), (90, 3.0, good), (120, 7.0, good)]);
        let first = Sample { time: at(60), value: Value::F64(2.0), quality: good };
        assert_eq!(all, [first, Sample { time: at(120), value: Value::F64(7.0), quality: good }]);
    }

    #[test]
    fn a_counter_gives_its_last_value_at_its_own_time() {
        let all = kept(Kind::Last, &[(60, 1.0, Quality::Good), (119, 3.0, Quality::Good)]);
        assert_eq!(all, [Sample { time: at(119), value: Value::F64(3.0), quality: Quality::Good }]);
    }

    #[test]
    fn a_minute_that_was_partly_bad_says_so() {
        let bad = Quality::SensorFailure;
        let all = kept(Kind::Mean, &[(0, 4.0, Quality::Good), (30, 9.0, bad)]);
        assert_eq!((&all[0].value, all[0].quality), (&Value::F64(4.0), Quality::SubNormal));
        let all = kept(Kind::Mean, &[(0, 4.0, bad), (30, 9.0, bad)]);
        assert_eq!(all[0].quality, bad);
    }
}

//! Which values of a signal are worth keeping: exception reporting by a deadband, then compression by a swinging door.
//!
//! A deadband drops what is close to the last value that passed; the one before a jump passes with it, so that a step
//! stays a step. A swinging door drops what a straight line between its neighbours would show within the door's width
//! (E. H. Bristol, "Swinging door trending", ISA 1990). Both are lossy and off unless configured.

use crate::field::Quality;
use crate::history::Sample;
use crate::tag::Value;
use crate::time::Timestamp;

/// How much of a signal may be lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tolerance {
    /// Difference from the last value that passed, in the tag's unit; 0 lets every one pass.
    pub(super) deadband: f64,
    /// Width of the door to each side, in the tag's unit; 0 lets every one pass.
    pub(super) swing: f64,
    /// One value is kept at least every so many seconds.
    pub(super) longest_s: f64,
}

/// A number with its time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    time: Timestamp,
    value: f64,
    quality: Quality,
}

impl Point {
    fn of(sample: &Sample) -> Option<Self> {
        match sample.value {
            Value::F64(value) if value.is_finite() => {
                Some(Self { time: sample.time, value, quality: sample.quality })
            }
            _ => None,
        }
    }

    fn sample(self) -> Sample {
        Sample { time: self.time, value: Value::F64(self.value), quality: self.quality }
    }

    fn slope_to(self, time: Timestamp, value: f64) -> f64 {
        (value - self.value) / time.seconds_since(self.time)
    }
}

/// The filter of one signal.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    tolerance: Tolerance,
    /// The last that the deadband let pass.
    passed: Option<Point>,
    /// The last that the deadband held back.
    held: Option<Point>,
    door: Door,
}

impl Exception {
    pub(super) fn new(tolerance: Tolerance) -> Self {
        Self { tolerance, passed: None, held: None, door: Door::default() }
    }

    /// Looks at the next sample of the signal; what is to be kept goes to `keep`, in order of time.
    pub(super) fn take(&mut self, sample: Sample, keep: &mut impl FnMut(Sample)) {
        let point = Point::of(&sample);
        let (Some(point), Some(passed)) = (point, self.passed) else {
            self.flush(keep);
            self.begin(point, sample, keep);
            return;
        };
        if point.quality != passed.quality || point.time <= passed.time {
            self.flush(keep);
            self.begin(Some(point), sample, keep);
            return;
        }
        let Tolerance { deadband, longest_s, .. } = self.tolerance;
        let is_close = (point.value - passed.value).abs() <= deadband && deadband > 0.0;
        if is_close && point.time.seconds_since(passed.time) < longest_s {
            self.held = Some(point);
            return;
        }
        if let Some(held) = self.held.take().filter(|_| !is_close) {
            self.door.take(held, self.tolerance, keep);
        }
        self.held = None;
        self.passed = Some(point);
        self.door.take(point, self.tolerance, keep);
    }

    /// Keeps what is on its way: at the end, and before a value that is no number or has another quality.
    pub(super) fn flush(&mut self, keep: &mut impl FnMut(Sample)) {
        if let Some(held) = self.held.take() {
            self.door.take(held, self.tolerance, keep);
        }
        self.door.flush(keep);
        self.passed = None;
    }

    fn begin(&mut self, point: Option<Point>, sample: Sample, keep: &mut impl FnMut(Sample)) {
        self.passed = point;
        self.door = Door { kept: point, ..Door::default() };
        keep(sample);
    }
}

/// A swinging door: the last point that was kept, the candidate behind it, and the slopes that all points since allow.
#[derive(Clone, Copy, Debug)]
struct Door {
    kept: Option<Point>,
    candidate: Option<Point>,
    /// Steepest fall and rise of a line from `kept` that misses none by more than the width, unit/s.
    slopes: (f64, f64),
}

impl Default for Door {
    fn default() -> Self {
        Self { kept: None, candidate: None, slopes: (f64::NEG_INFINITY, f64::INFINITY) }
    }
}

impl Door {
    fn take(&mut self, point: Point, tolerance: Tolerance, keep: &mut impl FnMut(Sample)) {
        let Some(kept) = self.kept.filter(|_| tolerance.swing > 0.0) else {
            self.kept = Some(point);
            keep(point.sample());
            return;
        };
        let (low, high) = self.slopes;
        let slope = kept.slope_to(point.time, point.value);
        let is_long = point.time.seconds_since(kept.time) >= tolerance.longest_s;
        let misses = slope < low || slope > high || is_long;
        if let Some(candidate) = self.candidate.filter(|_| misses) {
            keep(candidate.sample());
            *self = Self { kept: Some(candidate), ..Self::default() };
        }
        let Some(kept) = self.kept else { return };
        let (low, high) = self.slopes;
        self.slopes = (
            low.max(kept.slope_to(point.time, point.value - tolerance.swing)),
            high.min(kept.slope_to(point.time, point.value + tolerance.swing)),
        );
        self.candidate = Some(point);
    }

    fn flush(&mut self, keep: &mut impl FnMut(Sample)) {
        if let Some(candidate) = self.candidate.take() {
            keep(candidate.sample());
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64, value: f64) -> Sample {
        let time = Timestamp::from_ticks(0).plus_s(seconds);
        Sample { time, value: Value::F64(value), quality: Quality::Good }
    }

    fn kept(tolerance: Tolerance, samples: impl IntoIterator<Item = Sample>) -> Vec<(f64, f64)> {
        let mut filter = Exception::new(tolerance);
        let mut kept = Vec::new();
        let mut keep = |it: Sample| {
            let Value::F64(value) = it.value else { panic!("a number") };
            kept.push((it.time.seconds_since(Timestamp::from_ticks(0)), value));
        };
        for sample in samples {
            filter.take(sample, &mut keep);
        }
        filter.flush(&mut keep);
        kept
    }

    const OFF: Tolerance = Tolerance { deadband: 0.0, swing: 0.0, longest_s: 600.0 };

    #[test]
    fn without_tolerance_everything_is_kept() {
        let all: Vec<_> = (0..50).map(|it| sample(f64::from(it), f64::from(it % 7))).collect();
        assert_eq!(kept(OFF, all.clone()).len(), all.len());
    }

    #[test]
    fn a_step_behind_a_deadband_stays_a_step() {
        let values = [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 5.0];
        let samples = values.iter().enumerate().map(|(at, value)| sample(at as f64, *value));
        let band = Tolerance { deadband: 0.5, ..OFF };
        assert_eq!(kept(band, samples), [(0.0, 1.0), (3.0, 1.0), (4.0, 5.0), (6.0, 5.0)]);
    }

    #[test]
    fn a_value_is_kept_at_least_so_often() {
        let samples = (0..100).map(|it| sample(f64::from(it), 1.0));
        let band = Tolerance { deadband: 0.5, swing: 0.0, longest_s: 30.0 };
        let times: Vec<f64> = kept(band, samples).iter().map(|it| it.0).collect();
        assert_eq!(times, [0.0, 30.0, 60.0, 90.0, 99.0]);
    }

    #[test]
    fn a_swinging_door_keeps_the_corners_and_misses_nothing_by_more_than_its_width() {
        let shape = |it: f64| if it < 40.0 { it } else { 80.0 - it };
        let samples: Vec<_> =
            (0..80).map(|it| sample(f64::from(it), shape(f64::from(it)))).collect();
        let door = Tolerance { deadband: 0.0, swing: 0.25, longest_s: 600.0 };
        let corners = kept(door, samples);
        assert!(corners.len() <= 4, "{corners:?}");
        for at in 0..80 {
            let at = f64::from(at);
            let right = corners.iter().position(|it| it.0 >= at).unwrap();
            let (t1, v1) = corners[right];
            let (t0, v0) = corners[right.saturating_sub(1)];
            let line = if t1 > t0 { v0 + (v1 - v0) * (at - t0) / (t1 - t0) } else { v1 };
            assert!((line - shape(at)).abs() <= 0.25 + 1e-9, "{at}: {line}");
        }
    }

    #[test]
    fn a_bad_value_is_kept_and_so_is_the_last_good_one() {
        let bad = Sample { quality: Quality::SensorFailure, ..sample(3.0, 1.0) };
        let band = Tolerance { deadband: 0.5, ..OFF };
        let samples = [sample(0.0, 1.0), sample(1.0, 1.1), sample(2.0, 1.2), bad, sample(4.0, 1.0)];
        let times: Vec<f64> = kept(band, samples).iter().map(|it| it.0).collect();
        assert_eq!(times, [0.0, 2.0, 3.0, 4.0]);
    }
}

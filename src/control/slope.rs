//! Least-squares slope over a window of means (domain A5.2).

use std::collections::VecDeque;

/// Samples are averaged over this time before they enter the window, s.
const MEAN_S: f64 = 10.0;
/// Longest window in means; one hour.
const LONGEST: usize = 360;

/// A sliding window of means.
#[derive(Clone, Debug, Default)]
pub(super) struct SlopeWindow {
    means: VecDeque<f64>,
    sum: f64,
    time_s: f64,
    weight_s: f64,
}

impl SlopeWindow {
    /// Adds a sample that stands for `dt_s`; whether a mean was completed.
    pub(super) fn add(&mut self, value: f64, window_s: f64, dt_s: f64) -> bool {
        self.sum += value * dt_s;
        self.weight_s += dt_s;
        self.time_s += dt_s;
        if self.time_s < MEAN_S - 1e-9 {
            return false;
        }
        let most = ((window_s / MEAN_S).round() as usize).clamp(2, LONGEST);
        while self.means.len() >= most {
            self.means.pop_front();
        }
        self.means.push_back(self.sum / self.weight_s);
        self.sum = 0.0;
        self.weight_s = 0.0;
        self.time_s = 0.0;
        true
    }

    /// Forgets everything: what follows is not comparable with what was.
    pub(super) fn blank(&mut self) {
        self.means.clear();
        self.sum = 0.0;
        self.weight_s = 0.0;
        self.time_s = 0.0;
    }

    /// Whether the window is full.
    pub(super) fn is_full(&self, window_s: f64) -> bool {
        self.means.len() >= ((window_s / MEAN_S).round() as usize).clamp(2, LONGEST)
    }

    /// Slope per second; 0 with fewer than six means.
    pub(super) fn slope_per_s(&self) -> f64 {
        let count = self.means.len();
        if count < 6 {
            return 0.0;
        }
        let middle = (count - 1) as f64 / 2.0;
        let mean: f64 = self.means.iter().sum::<f64>() / count as f64;
        let (mut over, mut under) = (0.0, 0.0);
        for (index, value) in self.means.iter().enumerate() {
            let at = index as f64 - middle;
            over += at * (value - mean);
            under += at * at;
        }
        over / under / MEAN_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_ramp_is_its_rate() {
        let mut window = SlopeWindow::default();
        (0..900).for_each(|second| {
            window.add(0.002 * f64::from(second), 900.0, 1.0);
        });
        assert!(window.is_full(900.0));
        assert!((window.slope_per_s() - 0.002).abs() < 1e-9);
    }

    #[test]
    fn a_blanked_window_says_nothing() {
        let mut window = SlopeWindow::default();
        (0..900).for_each(|second| {
            window.add(f64::from(second), 900.0, 1.0);
        });
        window.blank();
        assert!(window.slope_per_s().abs() < 1e-12 && !window.is_full(900.0));
    }
}

//! Temperature loop: a slow PI on the current (domain A5.3). It lives with stale values: while nothing is known
//! it holds its output, and goes on from there without a bump when something is known again.

use crate::config::ControlConfig;
use crate::control::LoopMode;

/// The working setpoint follows the written one by so much, K/s: 1 K a minute (guess; the bath does not follow faster).
const SETPOINT_K_S: f64 = 1.0 / 60.0;

/// The loop of one electrolyzer.
#[derive(Clone, Debug)]
pub(super) struct TemperatureLoop {
    gain_frac_k: f64,
    integral_s: f64,
    period_s: f64,
    bounds: (f64, f64),
    since_s: f64,
    /// Nothing was known when it would have acted: what comes next does not make a bump.
    lost: bool,
    /// The setpoint that it works with: it follows the written one slowly.
    working_c: Option<f64>,
    integral: f64,
    /// Trim of the current, fraction.
    pub(super) trim: f64,
}

impl TemperatureLoop {
    pub(super) fn new(config: &ControlConfig) -> Self {
        Self {
            gain_frac_k: config.temp_gain_frac_k,
            integral_s: config.temp_integral_s,
            period_s: config.temp_period_s,
            bounds: config.temp_trim_frac,
            since_s: 0.0,
            lost: false,
            working_c: None,
            integral: 0.0,
            trim: 0.0,
        }
    }

    /// Acts every period; `temp_c` is `None` while nothing is known.
    pub(super) fn update(
        &mut self,
        mode: LoopMode,
        setpoint_c: f64,
        temp_c: Option<f64>,
        dt_s: f64,
    ) {
        self.since_s += dt_s;
        if self.since_s < self.period_s {
            return;
        }
        let elapsed = std::mem::take(&mut self.since_s);
        let (low, high) = self.bounds;
        let follow_k = SETPOINT_K_S * elapsed;
        let before_c = self.working_c.unwrap_or(setpoint_c);
        let working_c = before_c + (setpoint_c - before_c).clamp(-follow_k, follow_k);
        self.working_c = Some(working_c);
        match (mode, temp_c) {
            (LoopMode::Auto | LoopMode::Cascade, Some(temp_c)) => {
                if std::mem::take(&mut self.lost) {
                    self.align(temp_c);
                }
                let error = working_c - temp_c;
                let step = self.gain_frac_k * error * elapsed / self.integral_s;
                let wanted = self.gain_frac_k * error + self.integral + step;
                // No winding up: the integral grows only while the output can follow.
                if (low..=high).contains(&wanted) || wanted.signum() * step < 0.0 {
                    // Wider by the proportional part, which it may have to balance after a take-over.
                    let balance = self.gain_frac_k * error;
                    let (least, most) = (low.min(low - balance), high.max(high - balance));
                    self.integral = (self.integral + step).clamp(least, most);
                }
                self.trim = (self.gain_frac_k * error + self.integral).clamp(low, high);
            }
            (LoopMode::Auto | LoopMode::Cascade, None) => self.lost = true,
            (LoopMode::Off, _) => {
                // Back to no trim in small steps.
                self.trim -= self.trim.clamp(-0.005, 0.005);
                self.integral = self.trim;
            }
            (LoopMode::Manual, _) => {}
        }
    }

    /// Is to act again: it takes over at the present output, as soon as it knows the temperature.
    pub(super) fn take_over(&mut self) {
        self.lost = true;
    }

    fn align(&mut self, temp_c: f64) {
        let error = self.working_c.unwrap_or(temp_c) - temp_c;
        self.integral = self.trim - self.gain_frac_k * error;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(temp_loop: &mut TemperatureLoop, mode: LoopMode, temp_c: Option<f64>, seconds: u32) {
        (0..seconds).for_each(|_| temp_loop.update(mode, 1050.0, temp_c, 1.0));
    }

    #[test]
    fn a_cold_bath_gets_more_current_up_to_the_bound_and_comes_off_it_at_once() {
        let mut temp_loop = TemperatureLoop::new(&ControlConfig::default());
        run(&mut temp_loop, LoopMode::Auto, Some(1000.0), 20 * 3600);
        assert!((temp_loop.trim - 0.06).abs() < 1e-9, "{}", temp_loop.trim);
        run(&mut temp_loop, LoopMode::Auto, Some(1080.0), 600);
        assert!(temp_loop.trim < 0.03, "{}", temp_loop.trim);
    }

    #[test]
    fn without_a_reading_the_output_holds() {
        let mut temp_loop = TemperatureLoop::new(&ControlConfig::default());
        run(&mut temp_loop, LoopMode::Auto, Some(1040.0), 3600);
        let held = temp_loop.trim;
        run(&mut temp_loop, LoopMode::Auto, None, 3600);
        assert!((temp_loop.trim - held).abs() < 1e-12);
    }

    #[test]
    fn when_the_reading_comes_back_there_is_no_bump() {
        let mut temp_loop = TemperatureLoop::new(&ControlConfig::default());
        run(&mut temp_loop, LoopMode::Auto, Some(1040.0), 3600);
        let held = temp_loop.trim;
        run(&mut temp_loop, LoopMode::Auto, None, 3600);
        run(&mut temp_loop, LoopMode::Auto, Some(1080.0), 300);
        assert!((temp_loop.trim - held).abs() < 0.006, "{held} {}", temp_loop.trim);
    }

    #[test]
    fn coming_back_from_manual_there_is_no_bump() {
        let mut temp_loop = TemperatureLoop::new(&ControlConfig::default());
        run(&mut temp_loop, LoopMode::Auto, Some(1040.0), 7200);
        run(&mut temp_loop, LoopMode::Manual, Some(1010.0), 7200);
        let before = temp_loop.trim;
        temp_loop.take_over();
        run(&mut temp_loop, LoopMode::Auto, Some(1010.0), 300);
        assert!((temp_loop.trim - before).abs() < 0.01, "{before} {}", temp_loop.trim);
    }
}

//! Demand feed: under- and overfeeding on the slope of the resistance (domain A5.2, S19).

use crate::config::{CellModel, ControlConfig, FeedRecipe};
use crate::control::estimate::{Estimate, HUNGRY_PCT, SATED_PCT};
use crate::control::slope::SlopeWindow;
use crate::control::{ElectrolyzerStatus, FeedMode, FeedPhase};

/// After a disturbance the slope waits for so long, s.
const SETTLE_S: f64 = 120.0;
/// Underfeeding ends at this estimated risk of an anode effect, whatever the slope says.
const FEARED_RISK: f64 = 0.95;
/// A change of current by this part of nominal is a disturbance.
const STEP_FRAC: f64 = 0.03;

/// The recipe of one electrolyzer.
#[derive(Clone, Debug)]
pub(super) struct DemandFeed {
    recipe: FeedRecipe,
    metal_ohm_kg: f64,
    temp_ohm_k: f64,
    nominal_a: f64,
    temp_reference_c: f64,
    window: SlopeWindow,
    /// Time in the phase, s.
    time_s: f64,
    settle_s: f64,
    steady_a: f64,
    /// Phase to go on with after an interruption.
    phase: FeedPhase,
    /// After a disturbance, until the window is full again: the bath is not underfed unseen.
    blind: bool,
}

impl DemandFeed {
    /// `temp_reference_c` is what temperatures are compensated to; fixed, so that a new setpoint is no slope.
    pub(super) fn new(config: &ControlConfig, model: &CellModel, temp_reference_c: f64) -> Self {
        Self {
            recipe: config.feed_recipe,
            metal_ohm_kg: model.metal_ohm_kg,
            temp_ohm_k: model.temp_ohm_k,
            nominal_a: model.nominal_a,
            temp_reference_c,
            window: SlopeWindow::default(),
            time_s: 0.0,
            settle_s: SETTLE_S,
            steady_a: 0.0,
            phase: FeedPhase::Under,
            blind: false,
        }
    }

    /// Something other than oxide moves the resistance: what has been seen does not count.
    pub(super) fn disturb(&mut self) {
        self.window.blank();
        self.settle_s = SETTLE_S;
        self.blind = true;
    }

    /// One scan: the feed over the balanced one, and the phase shown.
    pub(super) fn update(
        &mut self,
        estimate: &mut Estimate,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
    ) -> f64 {
        self.observe(estimate, status, dt_s);
        match status.feed_mode {
            FeedMode::DemandFeed => {
                self.advance(estimate, status, dt_s);
                status.feed_phase = self.phase;
                match self.phase {
                    FeedPhase::Over => status.overfeed_factor,
                    _ if self.blind => 0.9,
                    _ => status.underfeed_factor,
                }
            }
            FeedMode::Base => {
                status.feed_phase = FeedPhase::Base;
                1.0
            }
            FeedMode::Manual | FeedMode::Off => {
                status.feed_phase = FeedPhase::Hold;
                1.0
            }
        }
    }

    /// Keeps the window, whatever the mode: the slope is shown always.
    fn observe(&mut self, estimate: &Estimate, status: &mut ElectrolyzerStatus, dt_s: f64) {
        let step = (estimate.current_a - self.steady_a).abs() > STEP_FRAC * self.nominal_a;
        // The usual trim is followed slowly; a step is not.
        self.steady_a += (estimate.current_a - self.steady_a) * (dt_s / 600.0).min(1.0);
        if step || !estimate.is_measuring() {
            if step {
                self.steady_a = estimate.current_a;
            }
            self.disturb();
            status.resistance_slope_uohm_min = 0.0;
            return;
        }
        if self.settle_s > 0.0 {
            self.settle_s -= dt_s;
            return;
        }
        let mut resistance = estimate.resistance_ohm(status.back_voltage_v);
        if self.recipe == FeedRecipe::Compensated {
            resistance += self.metal_ohm_kg * estimate.metal_since_tap_kg
                + self.temp_ohm_k * (estimate.temp_c - self.temp_reference_c);
        }
        if self.window.add(resistance, status.slope_window_s, dt_s) {
            status.resistance_slope_uohm_min = self.window.slope_per_s() * 60e6;
            self.blind &= !self.window.is_full(status.slope_window_s);
        }
    }

    fn advance(&mut self, estimate: &mut Estimate, status: &ElectrolyzerStatus, dt_s: f64) {
        self.time_s += dt_s;
        if self.phase == FeedPhase::Over {
            if self.time_s >= status.overfeed_min * 60.0 {
                self.change(FeedPhase::Under);
            }
            return;
        }
        let seeing = self.window.is_full(status.slope_window_s);
        let hungry = seeing && status.resistance_slope_uohm_min > status.slope_threshold_uohm_min;
        if hungry {
            estimate.correct_oxide(HUNGRY_PCT);
        }
        // Early warning (domain A5.6): while nothing is seen, what the estimate fears counts. A slope that
        // sees no hunger proves the estimate wrong.
        let feared = status.anode_effect_risk > FEARED_RISK;
        if feared && seeing && !hungry {
            estimate.correct_oxide(SATED_PCT);
        }
        let feared = feared && !seeing;
        if hungry || feared || self.time_s >= status.underfeed_max_min * 60.0 {
            self.change(FeedPhase::Over);
        }
    }

    fn change(&mut self, phase: FeedPhase) {
        self.phase = phase;
        self.time_s = 0.0;
        self.window.blank();
    }

    /// After an anode effect the bath is hungry: it is overfed first.
    pub(super) fn start_over(&mut self) {
        self.change(FeedPhase::Over);
        self.disturb();
    }
}

//! Anode effect: detection, handler, early warning (domain A5.5, A5.6).

use crate::control::ElectrolyzerStatus;
use crate::control::estimate::Estimate;

/// The voltage must be high for so long, s.
const HIGH_S: f64 = 3.0;
/// Or rise by so much per second, V/s, to a volt above the reference.
const RISE_V_S: f64 = 1.0;
const RISE_OVER_V: f64 = 1.0;
/// And to this part of the threshold, so that a step of the current is none.
const JUMP_FRAC: f64 = 0.5;
/// It has ended when the voltage was near the reference for so long, s and V.
const CALM_S: f64 = 60.0;
const CALM_V: f64 = 1.5;
/// Reduced current and stirring, s.
const REDUCED_S: f64 = 30.0;
const STIRRED_S: f64 = 60.0;
/// The floor is called after so long, s; then another dose falls.
const ESCALATE_S: f64 = 120.0;
/// The reference voltage follows with this time, s.
const REFERENCE_S: f64 = 4.0 * 3600.0;
/// Early warning: risk, part of the slope threshold, part of the usual noise.
const WARN_RISK: f64 = 0.85;
const WARN_SLOPE: f64 = 1.5;
const WARN_NOISE: f64 = 2.0;
/// Doses of one anode effect at most: more would lie on the bottom (guess).
const DOSES_MAX: u32 = 3;
/// The usual noise follows with this time, s.
const NOISE_S: f64 = 3600.0;

/// What the handler asks for in this scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Quench {
    /// Oxide to drop now, kg.
    pub(super) dose_kg: f64,
    /// The current is to be reduced.
    pub(super) reduce: bool,
    pub(super) stir: bool,
    pub(super) started: bool,
    pub(super) escalated: bool,
    /// No dose has quenched it.
    pub(super) given_up: bool,
    /// It has ended: how long it burnt, s, and the highest voltage, V.
    pub(super) ended: Option<(f64, f64)>,
}

/// The handler of one electrolyzer.
#[derive(Clone, Debug, Default)]
pub(super) struct AnodeEffectHandler {
    high_s: f64,
    calm_s: f64,
    time_s: f64,
    doses: u32,
    highest_v: f64,
    usual_noise_mv: f64,
    known: bool,
}

impl AnodeEffectHandler {
    /// One scan of an electrolyzer that is `watched`: energised and not starting.
    pub(super) fn update(
        &mut self,
        watched: bool,
        estimate: &Estimate,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
    ) -> Quench {
        let mut quench = Quench::default();
        if !watched {
            self.high_s = 0.0;
            if status.anode_effect_active {
                quench.ended = Some((self.time_s, self.highest_v));
                status.anode_effect_active = false;
            }
            status.anode_effect_warning = false;
            return quench;
        }
        if status.anode_effect_active {
            self.burn(estimate, status, dt_s, &mut quench);
        } else {
            self.look(estimate, status, dt_s, &mut quench);
        }
        quench
    }

    fn look(
        &mut self,
        estimate: &Estimate,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
        quench: &mut Quench,
    ) {
        let over_v = estimate.voltage_v - status.reference_voltage_v;
        if !self.known && estimate.is_measuring() {
            status.reference_voltage_v = estimate.voltage_v;
            self.known = true;
        }
        let high = over_v > status.anode_effect_rise_v && estimate.is_measuring();
        self.high_s = if high { self.high_s + dt_s } else { 0.0 };
        let jumps = estimate.is_measuring()
            && estimate.voltage_rate_v_s > RISE_V_S
            && over_v > RISE_OVER_V.max(JUMP_FRAC * status.anode_effect_rise_v)
            && self.known;
        if self.high_s >= HIGH_S || jumps {
            status.anode_effect_active = true;
            status.anode_effects += 1;
            self.time_s = 0.0;
            self.calm_s = 0.0;
            self.doses = 1;
            self.highest_v = estimate.voltage_v;
            quench.started = true;
            quench.dose_kg = status.anode_effect_dose_kg;
            return;
        }
        if estimate.is_measuring() && over_v.abs() < RISE_OVER_V {
            status.reference_voltage_v += over_v * (dt_s / REFERENCE_S).min(1.0);
            // A step up or down whichever side it is on ends at the median, which a burst does not move.
            let usual = self.usual_noise_mv.max(1.0);
            let up = status.voltage_noise_mv > self.usual_noise_mv;
            let step = if up { 3.0 } else { -3.0 } * usual * (dt_s / NOISE_S).min(0.1);
            self.usual_noise_mv = (self.usual_noise_mv + step).max(0.0);
        }
        let slope = status.resistance_slope_uohm_min;
        let noisy = self.usual_noise_mv > 5.0
            && status.voltage_noise_mv > WARN_NOISE * self.usual_noise_mv.max(30.0);
        status.anode_effect_warning = status.anode_effect_risk > WARN_RISK
            || slope > WARN_SLOPE * status.slope_threshold_uohm_min
            || noisy;
    }

    fn burn(
        &mut self,
        estimate: &Estimate,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
        quench: &mut Quench,
    ) {
        let over_v = estimate.voltage_v - status.reference_voltage_v;
        self.time_s += dt_s;
        status.anode_effect_s += dt_s;
        if estimate.voltage_known() {
            self.highest_v = self.highest_v.max(estimate.voltage_v);
        }
        quench.reduce = self.time_s % ESCALATE_S < REDUCED_S;
        quench.stir = self.time_s % ESCALATE_S < STIRRED_S;
        // A voltage that nobody sees is not calm.
        let calm = over_v < CALM_V && !quench.reduce && estimate.voltage_known();
        self.calm_s = if calm { self.calm_s + dt_s } else { 0.0 };
        if self.calm_s >= CALM_S {
            status.anode_effect_active = false;
            quench.ended = Some((self.time_s, self.highest_v));
        } else if self.time_s > ESCALATE_S * f64::from(self.doses) && self.calm_s <= 0.0 {
            quench.escalated = true;
            if self.doses < DOSES_MAX {
                quench.dose_kg = status.anode_effect_dose_kg;
            }
            quench.given_up = self.doses > DOSES_MAX;
            self.doses += 1;
        }
    }
}

//! Current of one rectifier and the electrolyzers in series on it (domain A5.4).
//!
//! Electrolyzers on one rectifier carry the same current: they have one setpoint, they start, hold and
//! stop together, and the strictest interlock of any of them counts for all. The current is the lowest that any
//! of them asks for. So a current written to one electrolyzer, its ramp, and a reference written to the
//! rectifier are one and the same setpoint, shown by all; it is refused if one of them cannot follow.

use crate::config::PlantConfig;
use crate::control::RectifierStatus;
use crate::field::{RectifierInputs, RectifierOutputs};

/// Ramp downwards where an interlock asks for less, part of nominal per second.
const DOWN_FRAC_S: f64 = 0.02;
/// Slowest and fastest ramp, part of nominal per second: 1 to 120 % a minute (domain A5.4: at most 2 %/s).
const RAMP_FRAC_S: (f64, f64) = (1.0 / 6000.0, 0.02);

/// State of a tripped rectifier.
pub(super) const TRIPPED: u32 = 5;

/// Control of one rectifier.
#[derive(Clone, Debug)]
pub(super) struct Supply {
    /// Its electrolyzers.
    pub(super) members: Vec<usize>,
    pub(super) nominal_a: f64,
    /// Ceiling of all its electrolyzers, V.
    pub(super) ceiling_v: f64,
    pub(super) ramp_frac_s: f64,
    reference_a: f64,
    pub(super) reset: bool,
}

/// What the members ask for together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Demand {
    /// Current, A.
    pub(super) current_a: f64,
    /// The breaker may be closed.
    pub(super) on: bool,
    pub(super) trip: bool,
    /// Down at once, without a ramp (emergency).
    pub(super) at_once: bool,
    /// Length of the scan, s.
    pub(super) dt_s: f64,
}

/// Nominal current of a rectifier, A: the smallest of its electrolyzers', or its own if it feeds none.
pub(super) fn nominal_a(config: &PlantConfig, rectifier: usize) -> f64 {
    let members = config.electrolyzers.iter().filter(|it| it.rectifier == rectifier);
    let nominal = members.map(|it| config.cell_models[it.model].nominal_a);
    let nominal = nominal.fold(f64::INFINITY, f64::min);
    if nominal.is_finite() { nominal } else { config.rectifiers[rectifier].nominal_a }
}

impl Supply {
    pub(super) fn new(config: &PlantConfig, index: usize) -> Self {
        let all = config.electrolyzers.iter().enumerate();
        let members: Vec<usize> =
            all.filter(|(_, it)| it.rectifier == index).map(|(member, _)| member).collect();
        let model = |it: &usize| &config.cell_models[config.electrolyzers[*it].model];
        let nominal_a = nominal_a(config, index);
        Self {
            ceiling_v: members.iter().map(|it| model(it).voltage_max_v).sum(),
            nominal_a,
            ramp_frac_s: config.control.current_ramp_frac_s,
            reference_a: if config.control.start_running { nominal_a } else { 0.0 },
            reset: false,
            members,
        }
    }

    /// One scan.
    pub(super) fn update(
        &mut self,
        demand: Demand,
        inputs: &RectifierInputs,
        status: &mut RectifierStatus,
        outputs: &mut RectifierOutputs,
    ) {
        let dt_s = demand.dt_s;
        let ready = inputs.ready && !inputs.tripped && demand.on && status.on && !demand.trip;
        if !ready || demand.at_once {
            self.reference_a = 0.0;
        } else {
            let (low, high) = RAMP_FRAC_S;
            let up = self.ramp_frac_s.clamp(low, high) * self.nominal_a * dt_s;
            let down = DOWN_FRAC_S.max(self.ramp_frac_s) * self.nominal_a * dt_s;
            self.reference_a += (demand.current_a - self.reference_a).clamp(-down, up);
        }
        *outputs = RectifierOutputs {
            on: ready && (demand.current_a > 0.0 || self.reference_a > 0.0),
            current_a: self.reference_a,
            voltage_max_v: status.voltage_limit_v,
            trip: demand.trip,
            reset: std::mem::take(&mut self.reset) && !demand.trip,
        };
        if demand.trip {
            // The last word, whatever stands above.
            outputs.on = false;
            outputs.current_a = 0.0;
        }
        let near = (demand.current_a - self.reference_a).abs() < 0.002 * self.nominal_a;
        status.state = if inputs.tripped {
            TRIPPED
        } else if !outputs.on {
            u32::from(status.on)
        } else if inputs.voltage_limited {
            4
        } else if near {
            3
        } else {
            2
        };
    }

    /// The reference, kA.
    pub(super) fn reference_ka(&self) -> f64 {
        self.reference_a / 1000.0
    }
}

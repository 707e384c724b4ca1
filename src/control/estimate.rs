//! What the controls make of the instruments: filtered values, and estimates of what nothing measures.
//!
//! A reading that is not usable never becomes a number of a loop. What stands for it:
//!
//! | Reading | While it is not usable |
//! | --- | --- |
//! | bath temperature | the last for half an hour, or a dip by hand; then it is unknown: the temperature loop holds its output, I4 looks at the power, I5 is quiet, the heater gives a fixed part, no phase is reached |
//! | cell current | the rectifier's, which is the same current; without it the last |
//! | cell voltage | nothing: no slope, no detection, no calm; the feed goes on without seeing |
//! | hopper weight | the screw's speed times the learned factor; no automatic refill |
//! | screw speed | no flow is claimed, and no bridge or stall is looked for |
//! | bath level | the last |
//! | metal level, tap weight | a tap ends by its time |
//! | anode thickness, lining | the others' |
//! | hall, earth leakage, heatsink | no cause: the rectifier trips itself, and a hall monitor's failure is an alarm |

use std::collections::VecDeque;

use crate::config::{CellModel, Product};
use crate::control::ElectrolyzerStatus;
use crate::field::{ElectrolyzerInputs, Reading, RectifierInputs};
use crate::units::{FARADAY_C_MOL, kg_s_from_g_min};

/// Filters: bath temperature, its rate, voltage noise, s.
const TEMP_S: f64 = 60.0;
const RATE_S: f64 = 120.0;
const NOISE_S: f64 = 10.0;
/// A temperature older than this is no longer used by interlocks, s.
const STALE_S: f64 = 1800.0;
/// Current efficiency is believed within these bounds (domain A5.1).
const EFFICIENCY: (f64, f64) = (0.65, 0.88);
/// Taps that count for the efficiency: those of a day, s.
const DAY_S: f64 = 86_400.0;
/// Fewest taps before the efficiency is taken from them.
const TAPS: usize = 6;
/// Most taps kept; the oldest goes first.
const TAPS_MAX: usize = 64;
/// A jump of the voltage is seen over this time, s: shorter ones are noise.
const JUMP_S: f64 = 1.0;
/// Oxide estimate is kept between these, wt%.
const OXIDE_PCT: (f64, f64) = (0.3, 5.0);
/// Oxide of a bath whose compensated resistance begins to rise, wt%.
pub(super) const HUNGRY_PCT: f64 = 1.5;
/// Oxide of a bath whose compensated resistance does not rise, wt%.
pub(super) const SATED_PCT: f64 = 2.0;
/// The crew takes a bath sample every shift, s.
const SHIFT_S: f64 = 8.0 * 3600.0;
/// Below this part of nominal current voltages mean nothing.
const LEAST_LOAD: f64 = 0.2;
/// Undissolved oxide goes into solution with this time, s.
const DISSOLVE_S: f64 = 220.0;
/// Active over geometric anode area.
const AREA_FACTOR: f64 = 1.25;

/// The number of a reading that may be used; also a number that is none does not count.
pub(super) fn believed(reading: Reading) -> Option<f64> {
    reading.usable().filter(|it| it.is_finite())
}

/// One tap: charge since the one before and metal weighed.
#[derive(Clone, Copy, Debug)]
struct Tap {
    at_s: f64,
    charge_c: f64,
    net_kg: f64,
}

/// Estimates of one electrolyzer.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    nominal_a: f64,
    metal_kg_c: f64,
    oxide_kg_c: f64,
    anode_area_cm2: f64,
    cathode_area_cm2: f64,
    heel_kg: f64,
    bath_temp_reference_c: f64,
    /// Filtered bath temperature, °C; kept while the instrument is bad.
    pub(super) temp_c: f64,
    /// Time since it was last usable, s.
    pub(super) temp_age_s: f64,
    /// Dipped by hand, and still counting.
    dip_c: Option<f64>,
    rate_k_s: f64,
    mean_v: f64,
    variance_v2: f64,
    /// Voltage at the beginning of the jump that is looked for, and how long ago that was, s.
    jump_from_v: Option<f64>,
    jump_s: f64,
    /// Last usable voltage and current.
    pub(super) voltage_v: f64,
    pub(super) current_a: f64,
    voltage_usable: bool,
    /// Rise of the voltage over the last second, V/s.
    pub(super) voltage_rate_v_s: f64,
    efficiency_frac: f64,
    charge_since_tap_c: f64,
    /// Metal made since the last tap, kg.
    pub(super) metal_since_tap_kg: f64,
    taps: VecDeque<Tap>,
    clock_s: f64,
    /// Since the last bath sample of a shift, s.
    shift_s: f64,
    oxide_kg: f64,
    undissolved_kg: f64,
    pub(super) bath_kg: f64,
}

impl Estimate {
    pub(super) fn new(model: &CellModel, product: &Product) -> Self {
        let mol_c = 1.0 / (3.0 * FARADAY_C_MOL);
        let around = std::f64::consts::TAU * model.cathodes as f64 * model.immersion_cm;
        Self {
            nominal_a: model.nominal_a,
            metal_kg_c: product.metal_kg_c(),
            oxide_kg_c: product.molar_mass_kg_mol * product.oxide_per_metal * mol_c,
            anode_area_cm2: around * model.anode_radius_cm * AREA_FACTOR,
            cathode_area_cm2: around * model.cathode_radius_cm,
            heel_kg: model.metal_kg,
            bath_temp_reference_c: product.bath_temp_c,
            temp_c: product.bath_temp_c,
            temp_age_s: STALE_S,
            dip_c: None,
            rate_k_s: 0.0,
            mean_v: 0.0,
            variance_v2: 0.0,
            jump_from_v: None,
            jump_s: 0.0,
            voltage_v: 0.0,
            current_a: 0.0,
            voltage_usable: false,
            voltage_rate_v_s: 0.0,
            efficiency_frac: model.efficiency_frac,
            charge_since_tap_c: 0.0,
            metal_since_tap_kg: 0.0,
            taps: VecDeque::new(),
            clock_s: 0.0,
            shift_s: 0.0,
            oxide_kg: 0.024 * model.bath_kg,
            // What a steady feed has on its way into solution.
            undissolved_kg: model.efficiency_frac
                * model.nominal_a
                * product.molar_mass_kg_mol
                * product.oxide_per_metal
                * mol_c
                * DISSOLVE_S,
            bath_kg: model.bath_kg,
        }
    }

    /// Takes in one scan, and shows what comes of it.
    pub(super) fn update(
        &mut self,
        (inputs, rectifier): (&ElectrolyzerInputs, &RectifierInputs),
        fed_g_min: f64,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
    ) {
        self.clock_s += dt_s;
        self.temperature(inputs, dt_s);
        self.current_a = believed(inputs.cell_current_a)
            .or_else(|| believed(rectifier.dc_current_a))
            .unwrap_or(self.current_a);
        self.voltage(inputs, dt_s);
        self.masses(kg_s_from_g_min(fed_g_min), dt_s);
        self.show(status);
    }

    fn temperature(&mut self, inputs: &ElectrolyzerInputs, dt_s: f64) {
        let Some(temp_c) = believed(inputs.bath_temp_c) else {
            self.temp_age_s += dt_s;
            if self.temp_age_s >= STALE_S {
                self.dip_c = None;
            }
            return;
        };
        self.dip_c = None;
        if self.temp_age_s >= STALE_S {
            self.temp_c = temp_c;
            self.rate_k_s = 0.0;
        }
        self.temp_age_s = 0.0;
        let before = self.temp_c;
        self.temp_c += (temp_c - self.temp_c) * (dt_s / TEMP_S).min(1.0);
        let rate = (self.temp_c - before) / dt_s;
        self.rate_k_s += (rate - self.rate_k_s) * (dt_s / RATE_S).min(1.0);
    }

    fn voltage(&mut self, inputs: &ElectrolyzerInputs, dt_s: f64) {
        let usable = believed(inputs.cell_voltage_v);
        self.voltage_usable = usable.is_some();
        let Some(voltage) = usable else {
            self.jump_from_v = None;
            self.voltage_rate_v_s = 0.0;
            return;
        };
        self.voltage_v = voltage;
        let Some(before_v) = self.jump_from_v else {
            // The first reading after none is no jump.
            self.jump_from_v = Some(voltage);
            self.jump_s = 0.0;
            self.mean_v = voltage;
            return;
        };
        self.jump_s += dt_s;
        if self.jump_s >= JUMP_S - 1e-9 {
            self.voltage_rate_v_s = (voltage - before_v) / self.jump_s;
            self.jump_from_v = Some(voltage);
            self.jump_s = 0.0;
        }
        let part = (dt_s / NOISE_S).min(1.0);
        let off = voltage - self.mean_v;
        self.mean_v += off * part;
        self.variance_v2 += (off * off - self.variance_v2) * part;
    }

    fn masses(&mut self, fed_kg_s: f64, dt_s: f64) {
        let charge = self.current_a.max(0.0) * dt_s;
        self.charge_since_tap_c += charge;
        self.metal_since_tap_kg += charge * self.efficiency_frac * self.metal_kg_c;
        let dissolved = self.undissolved_kg * (dt_s / DISSOLVE_S).min(1.0);
        self.undissolved_kg += fed_kg_s * dt_s - dissolved;
        self.oxide_kg += dissolved - charge * self.efficiency_frac * self.oxide_kg_c;
        let (low, high) = OXIDE_PCT;
        self.oxide_kg =
            self.oxide_kg.clamp(low / 100.0 * self.bath_kg, high / 100.0 * self.bath_kg);
    }

    fn show(&self, status: &mut ElectrolyzerStatus) {
        status.bath_temp_substitute_c = self.dip_c;
        status.bath_temp_rate_k_min = self.rate_k_s * 60.0;
        status.voltage_noise_mv = 1000.0 * self.variance_v2.max(0.0).sqrt();
        status.power_w = self.voltage_v * self.current_a;
        let loaded = self.current_a > LEAST_LOAD * self.nominal_a;
        status.pseudo_resistance_uohm =
            if loaded { self.resistance_ohm(status.back_voltage_v) * 1e6 } else { 0.0 };
        status.anodic_density_a_cm2 = self.current_a / self.anode_area_cm2;
        status.cathodic_density_a_cm2 = self.current_a / self.cathode_area_cm2;
        status.oxide_estimate_pct = self.oxide_pct();
        status.undissolved_estimate_kg = self.undissolved_kg;
        let warmth = 1.0 + 0.004 * (self.temp_c - self.bath_temp_reference_c);
        let critical = ((0.25 + 0.75 * self.oxide_pct()) * warmth).max(0.05);
        status.anode_effect_risk = status.anodic_density_a_cm2 / critical;
        status.bath_estimate_kg = self.bath_kg;
        status.metal_estimate_kg = self.heel_kg + self.metal_since_tap_kg;
        status.efficiency_estimate_pct = 100.0 * self.efficiency_frac;
    }

    /// Estimated dissolved oxide, wt%.
    pub(super) fn oxide_pct(&self) -> f64 {
        100.0 * self.oxide_kg / self.bath_kg
    }

    /// Pseudo-resistance, Ω.
    pub(super) fn resistance_ohm(&self, back_v: f64) -> f64 {
        (self.voltage_v - back_v) / self.current_a.max(1.0)
    }

    /// Whether the voltage is measured now.
    pub(super) fn voltage_known(&self) -> bool {
        self.voltage_usable
    }

    /// Whether voltage and current can be trusted for the slope now.
    pub(super) fn is_measuring(&self) -> bool {
        self.voltage_usable && self.current_a > 0.5 * self.nominal_a
    }

    /// Whether the temperature is young enough for interlocks.
    pub(super) fn temp_known(&self) -> bool {
        self.temp_age_s < STALE_S
    }

    /// Feed that keeps the oxide where it is, g/min: the coulomb count (domain A5.1).
    pub(super) fn balanced_feed_g_min(&self) -> f64 {
        self.efficiency_frac * self.current_a.max(0.0) * self.oxide_kg_c * 60_000.0
    }

    /// The resistance says how much oxide there is: half of the difference is believed.
    pub(super) fn correct_oxide(&mut self, oxide_pct: f64) {
        self.oxide_kg += 0.5 * (oxide_pct / 100.0 * self.bath_kg - self.oxide_kg);
    }

    /// Oxide has been dropped at once, kg.
    pub(super) fn dosed(&mut self, dose_kg: f64) {
        self.undissolved_kg += dose_kg;
    }

    /// A laboratory has found this much oxide.
    pub(super) fn assay_oxide(&mut self, oxide_pct: f64) {
        self.oxide_kg = oxide_pct / 100.0 * self.bath_kg;
    }

    /// The crew's sample of the shift, wt%, when it is due: the estimate starts from it again.
    pub(super) fn sample_shift(&mut self, inputs: &ElectrolyzerInputs, dt_s: f64) -> Option<f64> {
        self.shift_s += dt_s;
        if self.shift_s < SHIFT_S {
            return None;
        }
        let oxide_pct = believed(inputs.oxide_probe_pct)?;
        self.shift_s = 0.0;
        self.assay_oxide(oxide_pct);
        Some(oxide_pct)
    }

    /// A person has dipped a thermometer: counts until the instrument is back.
    pub(super) fn dip(&mut self, temp_c: f64) {
        self.temp_c = temp_c;
        self.temp_age_s = 0.0;
        self.dip_c = Some(temp_c);
    }

    /// A tap of `net_kg` has been weighed.
    pub(super) fn tapped(&mut self, net_kg: f64) {
        let tap = Tap { at_s: self.clock_s, charge_c: self.charge_since_tap_c, net_kg };
        self.taps.push_back(tap);
        let old = |it: &Tap| self.clock_s - it.at_s > DAY_S;
        while self.taps.len() > TAPS_MAX || self.taps.front().is_some_and(old) {
            self.taps.pop_front();
        }
        self.charge_since_tap_c = 0.0;
        self.metal_since_tap_kg = 0.0;
        let charge: f64 = self.taps.iter().map(|it| it.charge_c).sum();
        let metal: f64 = self.taps.iter().map(|it| it.net_kg).sum();
        // Taps without current between them say nothing.
        if self.taps.len() < TAPS || charge <= 0.0 {
            return;
        }
        let (low, high) = EFFICIENCY;
        self.efficiency_frac = (metal / (charge * self.metal_kg_c)).clamp(low, high);
    }
}

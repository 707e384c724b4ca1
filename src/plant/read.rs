//! The instruments of electrolyzers and feeders: true process in, readings out.

use crate::field::{AnodeInputs, ElectrolyzerInputs, FeederInputs, Quality, Reading};
use crate::plant::cell::Cell;
use crate::plant::electrolysis::smooth;
use crate::plant::fault::{FaultKind, Place};
use crate::plant::feeder::drift;
use crate::plant::instrument::{Noise, Thermocouple, in_range};
use crate::plant::parameters::Parameters;
use crate::plant::{Plant, surroundings};

/// Bubbles make the voltage noisy: time, and deviation at rest, V.
const BUBBLE_S: f64 = 8.0;
const BUBBLE_V: f64 = 0.030;
/// The meter's own noise, V, and of the current, part of the reading.
const METER_V: f64 = 0.010;
const METER_FRAC: f64 = 0.002;
/// Range of the voltage meter, V.
const METER_RANGE_V: (f64, f64) = (0.0, 40.0);
/// Load cells: noise, drift per root second, and shaking by the vibrator, kg.
const SCALE_KG: f64 = 0.006;
const SCALE_DRIFT_KG: f64 = 1e-5;
const SCALE_SHAKEN_KG: f64 = 0.05;
/// Bath depth below the electrodes, mm.
const BELOW_MM: f64 = 80.0;
/// Range of the lining thermocouples, °C (type K).
const LINING_RANGE_C: (f64, f64) = (0.0, 1200.0);
/// The four lining thermocouples over the mean, K.
const LINING_PLACES_K: [f64; 4] = [12.0, 4.0, -5.0, -11.0];
/// Density of the metal, kg/m³.
const METAL_KG_M3: f64 = 6700.0;
/// Metal collector area, part of the crucible's.
const COLLECTOR: f64 = 0.35;
/// Molar masses of the gases, kg/mol.
const CO2_KG_MOL: f64 = 0.044_010;
const CO_KG_MOL: f64 = 0.028_010;
/// An anode effect slows the probe down; its lag, s, and noise, wt%.
const PROBE_S: f64 = 120.0;
const PROBE_PCT: f64 = 0.05;
/// Draft of a closed hood at full duct suction, Pa.
const DRAFT_PA: f64 = -60.0;

/// Instruments of one electrolyzer and its feeder.
#[derive(Clone, Debug)]
pub(super) struct Instruments {
    thermocouple: Thermocouple,
    noise: Noise,
    bubbles_v: f64,
    probe_pct: f64,
    scale_drift_kg: f64,
    currents: Vec<f64>,
}

impl Instruments {
    pub(super) fn new(temp_c: f64, oxide_pct: f64, mut noise: Noise) -> Self {
        // Sheaths of all ages.
        let age_s = if noise.is_on() { noise.random().uniform() * 100.0 * 3600.0 } else { 0.0 };
        Self {
            thermocouple: Thermocouple::new(temp_c, age_s),
            noise,
            bubbles_v: 0.0,
            probe_pct: oxide_pct,
            scale_drift_kg: 0.0,
            currents: Vec::new(),
        }
    }
}

/// What the instruments of one electrolyzer look at.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    cell: &'a Cell,
    parameters: &'a Parameters,
    failed: bool,
    frozen: bool,
    voltage_lost: bool,
    hazards: bool,
    draft_pa: f64,
    dt_s: f64,
}

impl Instruments {
    fn temperatures(&mut self, seen: &Seen<'_>, into: &mut ElectrolyzerInputs) {
        let Seen { cell, parameters, failed, frozen, hazards, dt_s, .. } = *seen;
        let noise = &mut self.noise;
        let troubles = (failed, frozen, hazards);
        into.bath_temp_c = self.thermocouple.read(cell.temp_c, troubles, noise, dt_s);
        into.thermocouple_age_h = self.thermocouple.age_h();
        for (reading, place_k) in into.lining_temp_c.iter_mut().zip(LINING_PLACES_K) {
            let seen_c = noise.around(cell.lining_c + place_k, 0.5);
            *reading = in_range(seen_c, LINING_RANGE_C.0, LINING_RANGE_C.1);
        }
        let shell_c = parameters.ambient_c + 0.2 * (cell.lining_c - parameters.ambient_c);
        into.shell_temp_c = noise.reading(shell_c, 1.0);
    }

    fn electrical(&mut self, seen: &Seen<'_>, into: &mut ElectrolyzerInputs) {
        let rates = &seen.cell.rates;
        let noise = &mut self.noise;
        if noise.is_on() {
            let glow = 1.0 + 2.0 * smooth(0.8, 1.0, rates.risk);
            let deviation = BUBBLE_V * glow + 0.6 * seen.cell.passivated;
            drift(&mut self.bubbles_v, BUBBLE_S, deviation, noise.random(), seen.dt_s);
        }
        let voltage = if rates.current_a > 0.0 { rates.voltage_v + self.bubbles_v } else { 0.0 };
        let voltage = noise.around(voltage, METER_V).max(0.0);
        into.cell_voltage_v = if seen.voltage_lost {
            Reading { value: into.cell_voltage_v.value, quality: Quality::SensorFailure }
        } else {
            in_range(voltage, METER_RANGE_V.0, METER_RANGE_V.1)
        };
        let current = noise.around(rates.current_a, METER_FRAC * rates.current_a);
        into.cell_current_a = Reading::good(current.max(0.0));
    }

    fn electrodes(&mut self, seen: &Seen<'_>, into: &mut ElectrolyzerInputs) {
        let Seen { cell, parameters, .. } = *seen;
        let model = &parameters.model;
        let noise = &mut self.noise;
        into.anodes.resize(cell.anodes.len(), AnodeInputs::default());
        cell.anode_currents(parameters, &mut self.currents);
        let currents = self.currents.iter();
        for ((anode, into), current) in cell.anodes.iter().zip(&mut into.anodes).zip(currents) {
            into.current_a = noise.reading(*current, 0.005 * current);
            into.immersion_mm = Reading::good(10.0 * cell.immersion_cm(parameters, anode));
            into.thickness_mm = Reading::good(parameters.thickness_mm(anode.radius_cm).max(0.0));
            into.lift_mm = Reading::good(anode.lift_mm);
            into.age_h = anode.age_h;
        }
        let immersion_mm = 10.0 * (model.immersion_cm + cell.rise_cm(parameters));
        into.bath_level_mm = noise.reading(immersion_mm + BELOW_MM, 0.5);
        let metal_mm = cell.metal_kg / METAL_KG_M3 / (COLLECTOR * model.area_m2) * 1000.0;
        into.metal_level_mm = noise.reading(metal_mm, 0.5);
        let radii: f64 = cell.anodes.iter().map(|it| it.radius_cm).sum();
        let radius_cm = radii / cell.anodes.len().max(1) as f64;
        into.electrode_distance_mm = Reading::good(10.0 * (radius_cm - model.cathode_radius_cm));
        into.cathode_diameter_mm = Reading::good(20.0 * model.cathode_radius_cm);
        into.tap_weight_kg = Reading::good(cell.tap_kg);
    }

    fn gases(&mut self, seen: &Seen<'_>, into: &mut ElectrolyzerInputs) {
        let Seen { cell, parameters, .. } = *seen;
        let rates = &cell.rates;
        let noise = &mut self.noise;
        let load = rates.current_a / parameters.model.nominal_a;
        let over_k = cell.temp_c - parameters.ambient_c;
        into.hood_temp_c = noise.reading(parameters.ambient_c + 110.0 * load + 0.04 * over_k, 2.0);
        into.hood_draft_pa = noise.reading(seen.draft_pa, 0.5);
        let gas = |mol_s: f64, kg_mol: f64| (mol_s * kg_mol * 60_000.0).max(0.0);
        into.co2_g_min = noise.reading(gas(rates.co2_mol_s, CO2_KG_MOL), 0.2);
        into.co_g_min = noise.reading(gas(rates.co_mol_s, CO_KG_MOL), 0.2);
        into.cf4_g_min = Reading::good(surroundings::cf4_g_min(rates));
        self.probe_pct += (cell.oxide_pct() - self.probe_pct) * (seen.dt_s / PROBE_S).min(1.0);
        into.oxide_probe_pct = noise.reading(self.probe_pct, PROBE_PCT);
        for reading in [&mut into.co2_g_min, &mut into.co_g_min, &mut into.oxide_probe_pct] {
            reading.value = reading.value.max(0.0);
        }
    }
}

impl Plant {
    /// Fills the readings of electrolyzer `index`.
    pub(super) fn read_electrolyzer(
        &mut self,
        index: usize,
        into: &mut ElectrolyzerInputs,
        dt_s: f64,
    ) {
        let place = Place::Electrolyzer(index);
        into.hood_open = self.has_fault(FaultKind::HoodOpen, place);
        into.emergency_stop = self.has_fault(FaultKind::EmergencyStop, place);
        into.pit_water = self.has_fault(FaultKind::PitWater, place);
        let seen = Seen {
            failed: self.has_fault(FaultKind::ThermocoupleFailed, place),
            frozen: self.has_fault(FaultKind::ThermocoupleFrozen, place),
            voltage_lost: self.has_fault(FaultKind::VoltageLost, place),
            hazards: self.hazards,
            draft_pa: self.draft(into.hood_open),
            parameters: &self.parameters[self.kind[index]],
            cell: &self.cells[index],
            dt_s,
        };
        let instruments = &mut self.instruments[index];
        instruments.temperatures(&seen, into);
        instruments.electrical(&seen, into);
        instruments.electrodes(&seen, into);
        instruments.gases(&seen, into);
    }

    /// Suction at a hood, Pa.
    fn draft(&self, hood_open: bool) -> f64 {
        let suction = self.fume.fan_pct / 100.0;
        let closed = DRAFT_PA * suction * suction;
        if hood_open { 0.15 * closed } else { closed }
    }

    /// Fills the readings of feeder `index`.
    pub(super) fn read_feeder(&mut self, index: usize, into: &mut FeederInputs, dt_s: f64) {
        let place = Place::Feeder(index);
        into.load_cell_failed = self.has_fault(FaultKind::LoadCellFailed, place);
        into.drive_failed = self.has_fault(FaultKind::FeederDrive, place);
        into.door_closed = !self.has_fault(FaultKind::HopperDoor, place);
        let shaken = self.shaken[index];
        let feeder = &self.feeders[index];
        let Instruments { noise, scale_drift_kg, .. } = &mut self.instruments[index];
        let step = noise.around(0.0, SCALE_DRIFT_KG * dt_s.sqrt());
        *scale_drift_kg = (*scale_drift_kg + step).clamp(-0.02, 0.02);
        let deviation = if shaken { SCALE_SHAKEN_KG } else { SCALE_KG };
        let weight = noise.around(feeder.hopper_kg + *scale_drift_kg, deviation).max(0.0);
        into.hopper_weight_kg = if into.load_cell_failed {
            Reading { value: into.hopper_weight_kg.value, quality: Quality::SensorFailure }
        } else {
            Reading::good(weight)
        };
        into.speed_rpm = Reading::good(feeder.rpm);
        into.motor_current_a = noise.reading(feeder.motor_a, 0.02);
        into.motor_current_a.value = into.motor_current_a.value.max(0.0);
        into.motor_temp_c = Reading::good(feeder.motor_c);
        into.refilling = feeder.refilling;
        into.chute_open = feeder.chute_open;
        into.refilled_total_kg = feeder.refilled_kg;
    }
}

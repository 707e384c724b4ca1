//! The instruments of electrolyzers and feeders: true process in, readings out.

use crate::field::{AnodeInputs, ElectrolyzerInputs, FeederInputs, Quality, Reading};
use crate::plant::electrolysis::smooth;
use crate::plant::fault::{FaultKind, Place};
use crate::plant::feeder::drift;
use crate::plant::instrument::{Noise, Thermocouple, in_range};
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

impl Plant {
    /// Fills the readings of electrolyzer `index`.
    pub(super) fn read_electrolyzer(&mut self, index: usize, into: &mut ElectrolyzerInputs, dt_s: f64) {
        let place = Place::Electrolyzer(index);
        let failed = self.has_fault(FaultKind::ThermocoupleFailed, place);
        let frozen = self.has_fault(FaultKind::ThermocoupleFrozen, place);
        let voltage_lost = self.has_fault(FaultKind::VoltageLost, place);
        into.hood_open = self.has_fault(FaultKind::HoodOpen, place);
        into.emergency_stop = self.has_fault(FaultKind::EmergencyStop, place);
        into.pit_water = self.has_fault(FaultKind::PitWater, place);
        let draft = self.draft(into.hood_open);
        let hazards = self.hazards;
        let parameters = &self.parameters[self.kind[index]];
        let cell = &self.cells[index];
        let Instruments { thermocouple, noise, bubbles_v, probe_pct, currents, .. } =
            &mut self.instruments[index];
        let rates = &cell.rates;

        into.bath_temp_c = thermocouple.read(cell.temp_c, (failed, frozen), hazards, noise, dt_s);
        into.thermocouple_age_h = thermocouple.age_h();
        let lining = cell.lining_c;
        for (number, reading) in into.lining_temp_c.iter_mut().enumerate() {
            let place_k = [12.0, 4.0, -5.0, -11.0][number];
            *reading = noise.reading(lining + place_k, 0.5);
        }
        let shell_c = parameters.ambient_c + 0.2 * (lining - parameters.ambient_c);
        into.shell_temp_c = noise.reading(shell_c, 1.0);

        if noise.is_on() {
            let deviation = BUBBLE_V * (1.0 + 2.0 * smooth(0.8, 1.0, rates.risk)) + 0.6 * cell.passivated;
            drift(bubbles_v, BUBBLE_S, deviation, noise.random(), dt_s);
        }
        let seen = if rates.current_a > 0.0 { rates.voltage_v + *bubbles_v } else { 0.0 };
        let seen = noise.around(seen, METER_V).max(0.0);
        into.cell_voltage_v = if voltage_lost {
            Reading { value: into.cell_voltage_v.value, quality: Quality::SensorFailure }
        } else {
            in_range(seen, METER_RANGE_V.0, METER_RANGE_V.1)
        };
        let current = noise.around(rates.current_a, METER_FRAC * rates.current_a);
        into.cell_current_a = Reading::good(current.max(0.0));

        into.anodes.resize(cell.anodes.len(), AnodeInputs::default());
        cell.anode_currents(parameters, currents);
        for ((anode, seen), current) in cell.anodes.iter().zip(&mut into.anodes).zip(&*currents) {
            seen.current_a = noise.reading(*current, 0.005 * current);
            seen.immersion_mm = Reading::good(10.0 * cell.immersion_cm(parameters, anode));
            seen.thickness_mm = Reading::good(parameters.thickness_mm(anode.radius_cm).max(0.0));
            seen.lift_mm = Reading::good(anode.lift_mm);
            seen.age_h = anode.age_h;
        }
        let immersion_mm = 10.0 * (parameters.model.immersion_cm + cell.rise_cm(parameters));
        into.bath_level_mm = noise.reading(immersion_mm + BELOW_MM, 0.5);
        let metal_mm = cell.metal_kg / 6700.0 / (COLLECTOR * parameters.model.area_m2) * 1000.0;
        into.metal_level_mm = noise.reading(metal_mm, 0.5);
        let radius: f64 = cell.anodes.iter().map(|it| it.radius_cm).sum::<f64>()
            / cell.anodes.len().max(1) as f64;
        let distance_mm = 10.0 * (radius - parameters.model.cathode_radius_cm);
        into.electrode_distance_mm = Reading::good(distance_mm);
        into.cathode_diameter_mm = Reading::good(20.0 * parameters.model.cathode_radius_cm);

        let load = rates.current_a / parameters.model.nominal_a;
        let hood_c = parameters.ambient_c + 110.0 * load + 0.04 * (cell.temp_c - parameters.ambient_c);
        into.hood_temp_c = noise.reading(hood_c, 2.0);
        into.hood_draft_pa = noise.reading(draft, 0.5);
        let gas = |mol_s: f64, kg_mol: f64| (mol_s * kg_mol * 60_000.0).max(0.0);
        into.co2_g_min = noise.reading(gas(rates.co2_mol_s, CO2_KG_MOL), 0.2);
        into.co_g_min = noise.reading(gas(rates.co_mol_s, CO_KG_MOL), 0.2);
        into.cf4_g_min = Reading::good(surroundings::cf4_g_min(rates));
        *probe_pct += (cell.oxide_pct() - *probe_pct) * (dt_s / PROBE_S).min(1.0);
        into.oxide_probe_pct = noise.reading(*probe_pct, PROBE_PCT);
        into.tap_weight_kg = Reading::good(cell.tap_kg);
        for reading in [&mut into.co2_g_min, &mut into.co_g_min, &mut into.oxide_probe_pct] {
            reading.value = reading.value.max(0.0);
        }
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

//! The instruments of what electrolyzers share: rectifiers, halls, off-gas treatment, utilities.

use crate::field::{FumeInputs, HallInputs, Reading, RectifierInputs, UtilityInputs};
use crate::plant::Plant;
use crate::plant::fault::{FaultKind, Place};
use crate::plant::rectifier::WATER_L_MIN_KA;

/// Power factor with the thyristors fully open.
const OPEN_POWER_FACTOR: f64 = 0.96;
/// Heat capacity of water, J/(kg·K).
const WATER_J_KG_K: f64 = 4186.0;
/// Power of the site besides the rectifiers: fans, ovens, light (domain A2), part of the DC power.
const AUXILIARY: f64 = 0.12;

impl Plant {
    /// Fills the readings of rectifier `index`.
    pub(super) fn read_rectifier(
        &mut self,
        config: (f64, f64),
        index: usize,
        into: &mut RectifierInputs,
    ) {
        let (grid_v, water_c) = config;
        let place = Place::Rectifier(index);
        let earth = self.has_fault(FaultKind::EarthFault, place);
        let rectifier = &self.rectifiers[index];
        let noise = &mut self.rectifier_noise[index];
        let (current, voltage) = (rectifier.current_a, rectifier.voltage_v);
        let dc_w = current * voltage;
        let opening = (voltage / (1.05 * rectifier.ceiling_v)).clamp(0.0, 1.0);
        let power_factor = if dc_w > 0.0 { OPEN_POWER_FACTOR * opening.max(0.1) } else { 1.0 };
        let ac_w = dc_w / rectifier.efficiency();
        let losses_w = ac_w - dc_w;
        let water_kg_s = rectifier.water_l_min / 60.0;
        into.dc_current_a = noise.reading(current, 0.001 * current);
        into.dc_voltage_v = noise.reading(voltage, 0.01);
        into.ac_power_w = noise.reading(ac_w, 0.001 * ac_w);
        into.ac_voltage_v =
            [0.998, 1.001, 1.0].map(|it| noise.reading(grid_v * it, 0.001 * grid_v));
        into.power_factor = Reading::good(power_factor);
        let tangent = (1.0 / (power_factor * power_factor) - 1.0).max(0.0).sqrt();
        into.reactive_power_var = Reading::good(ac_w * tangent);
        into.ripple_pct = noise.reading(if dc_w > 0.0 { 2.5 } else { 0.0 }, 0.1);
        into.firing_angle_deg = Reading::good(opening.acos().to_degrees());
        into.heatsink_temp_c = noise.reading(rectifier.heatsink_c, 0.2);
        into.oil_temp_c = noise.reading(rectifier.oil_c, 0.2);
        let usual = WATER_L_MIN_KA * rectifier.nominal_a / 1000.0;
        into.water_flow_l_min = noise.reading(rectifier.water_l_min, 0.005 * usual);
        into.water_inlet_temp_c = noise.reading(water_c, 0.1);
        let warming = 0.7 * losses_w / (water_kg_s * WATER_J_KG_K);
        into.water_outlet_temp_c = noise.reading(water_c + warming.min(40.0), 0.1);
        into.water_conductivity_us_cm = noise.reading(2.0, 0.02);
        into.earth_leakage_ma = noise.reading(if earth { 480.0 } else { 12.0 }, 0.5);
        into.breaker_closed = rectifier.breaker;
        into.ready = !rectifier.tripped;
        into.voltage_limited = rectifier.limited;
        into.tripped = rectifier.tripped;
        into.trip_code = rectifier.trip_code;
        into.ripple_pct.value = into.ripple_pct.value.max(0.0);
    }

    /// Fills the readings of line `index`'s hall.
    pub(super) fn read_hall(&mut self, ambient_c: f64, index: usize, into: &mut HallInputs) {
        let place = Place::Hall(index);
        let hf = if self.has_fault(FaultKind::HallHf, place) { 2.6 } else { 0.0 };
        let co = if self.has_fault(FaultKind::HallCo, place) { 40.0 } else { 0.0 };
        into.emergency_stop = self.has_fault(FaultKind::EmergencyStop, place);
        into.pit_water = self.has_fault(FaultKind::PitWater, place);
        let hall = &self.halls[index];
        let noise = &mut self.hall_noise[index];
        into.ambient_temp_c = noise.reading(ambient_c, 0.1);
        into.hf_mg_m3 = noise.reading(hall.hf_mg_m3 + hf, 0.005);
        into.co_ppm = noise.reading(hall.co_ppm + co, 0.05);
        into.dust_mg_m3 = noise.reading(hall.dust_mg_m3, 0.02);
        into.crane_occupied = false;
    }

    /// Fills the readings of the off-gas treatment.
    pub(super) fn read_fume(&mut self, into: &mut FumeInputs) {
        let fume = &self.fume;
        let noise = &mut self.fume_noise;
        let part = fume.fan_pct / 100.0;
        into.fan_speed_pct = noise.reading(fume.fan_pct, 0.05);
        into.fan_current_a = noise.reading(320.0 * part * part * part, 0.5);
        into.fan_vibration_mm_s = noise.reading(2.2 * part, 0.03);
        into.flow_nm3_h = noise.reading(fume.flow_nm3_h, 0.003 * fume.flow_nm3_h);
        into.duct_pressure_pa = noise.reading(fume.duct_pa, 3.0);
        into.bag_pressure_pa = noise.reading(fume.bag_pa, 3.0);
        into.bag_inlet_temp_c = noise.reading(fume.inlet_c, 0.3);
        into.scrubber_ph = noise.reading(9.6, 0.02);
        into.scrubber_level_pct = noise.reading(62.0, 0.2);
        into.recirculation_m3_h = noise.reading(180.0 * part.min(1.0), 0.4);
        into.stack_hf_mg_m3 = noise.reading(1.1, 0.02);
        into.stack_particulate_mg_m3 = noise.reading(3.2, 0.05);
        into.stack_co_ppm = noise.reading(fume.co_ppm, 0.05 * fume.co_ppm);
        into.stack_cf4_ppm = Reading::good(fume.cf4_ppm);
        into.stack_c2f6_ppm = Reading::good(fume.c2f6_ppm);
        into.fan_running = fume.running;
        into.pulse_cleaning = fume.pulse;
        // Noise knows nothing of zero.
        for reading in
            [&mut into.fan_speed_pct, &mut into.fan_current_a, &mut into.fan_vibration_mm_s]
        {
            reading.value = reading.value.max(0.0);
        }
        into.fan_speed_pct.value = into.fan_speed_pct.value.min(100.0);
        into.duct_pressure_pa.value = into.duct_pressure_pa.value.min(0.0);
    }

    /// Fills the readings of the utilities.
    pub(super) fn read_utilities(&mut self, into: &mut UtilityInputs) {
        let utilities = &self.config.utilities;
        let dc_w: f64 = self.rectifiers.iter().map(|it| it.current_a * it.voltage_v).sum();
        let ac_w: f64 =
            self.rectifiers.iter().map(|it| it.current_a * it.voltage_v / it.efficiency()).sum();
        let flow_m3_h: f64 = self.rectifiers.iter().map(|it| it.water_l_min * 0.06).sum();
        let noise = &mut self.utility_noise;
        let warming = (ac_w - dc_w) / (flow_m3_h.max(1.0) / 3.6 * WATER_J_KG_K);
        into.water_pressure_bar = noise.reading(utilities.water_pressure_bar, 0.02);
        into.water_supply_temp_c = noise.reading(utilities.water_supply_temp_c, 0.05);
        into.water_return_temp_c =
            noise.reading(utilities.water_supply_temp_c + warming.min(40.0), 0.05);
        into.water_flow_m3_h = noise.reading(flow_m3_h, 0.003 * flow_m3_h);
        into.air_pressure_bar = noise.reading(utilities.air_pressure_bar, 0.02);
        into.argon_pressure_bar = noise.reading(utilities.argon_pressure_bar, 0.02);
        into.argon_flow_m3_h = noise.reading(24.0, 0.2);
        into.grid_voltage_v =
            noise.reading(utilities.grid_voltage_v, 0.001 * utilities.grid_voltage_v);
        into.grid_frequency_hz = noise.reading(utilities.grid_frequency_hz, 0.005);
        into.site_power_w = noise.reading(ac_w + AUXILIARY * dc_w, 0.001 * ac_w);
        into.dryer_temp_c = noise.reading(250.0, 0.5);
        into.ingot_water_temp_c = noise.reading(utilities.water_supply_temp_c + 6.0, 0.1);
    }
}

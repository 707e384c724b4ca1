//! What the instruments show at one scan.

use crate::field::Reading;

/// Every instrument of the plant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// One per electrolyzer, in configuration order.
    pub electrolyzers: Vec<ElectrolyzerInputs>,
    /// One per electrolyzer.
    pub feeders: Vec<FeederInputs>,
    /// One per rectifier.
    pub rectifiers: Vec<RectifierInputs>,
    /// One per line.
    pub halls: Vec<HallInputs>,
    /// The off-gas treatment.
    pub fume: FumeInputs,
    /// Water, air, argon, grid.
    pub utilities: UtilityInputs,
}

/// Instruments of one electrolyzer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectrolyzerInputs {
    /// Type B thermocouple in its sheath, °C.
    pub bath_temp_c: Reading,
    /// Hours since the sheath was changed.
    pub thermocouple_age_h: f64,
    /// Type K thermocouples in the lining, °C.
    pub lining_temp_c: [Reading; 4],
    /// Hottest spot of the shell, °C.
    pub shell_temp_c: Reading,
    /// Cell voltage, V.
    pub cell_voltage_v: Reading,
    /// Cell current, A.
    pub cell_current_a: Reading,
    /// One entry per anode.
    pub anodes: Vec<AnodeInputs>,
    /// Bath level over the crucible bottom, mm.
    pub bath_level_mm: Reading,
    /// Metal level, mm.
    pub metal_level_mm: Reading,
    /// Distance between anode face and cathode, mm.
    pub electrode_distance_mm: Reading,
    /// Cathode diameter as last measured, mm.
    pub cathode_diameter_mm: Reading,
    /// Hood off-gas, °C.
    pub hood_temp_c: Reading,
    /// Hood draft, Pa below hall (negative is suction).
    pub hood_draft_pa: Reading,
    /// Off-gas CO2, g/min.
    pub co2_g_min: Reading,
    /// Off-gas CO, g/min.
    pub co_g_min: Reading,
    /// Off-gas CF4, g/min.
    pub cf4_g_min: Reading,
    /// On-line oxide probe, wt%.
    pub oxide_probe_pct: Reading,
    /// Net weight of metal drawn in the running tap, kg.
    pub tap_weight_kg: Reading,
    /// Water seen in the pit under this electrolyzer.
    pub pit_water: bool,
    /// The hood door is open.
    pub hood_open: bool,
    /// The local emergency stop is pressed.
    pub emergency_stop: bool,
}

/// Instruments of one anode.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AnodeInputs {
    /// Current, A.
    pub current_a: Reading,
    /// Immersed length, mm.
    pub immersion_mm: Reading,
    /// Remaining thickness, mm.
    pub thickness_mm: Reading,
    /// Lift position, mm above the lowest.
    pub lift_mm: Reading,
    /// Hours since it was set.
    pub age_h: f64,
}

/// Instruments of one feeder.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeederInputs {
    /// Net hopper weight from three load cells, kg.
    pub hopper_weight_kg: Reading,
    /// Screw speed, r/min.
    pub speed_rpm: Reading,
    /// Motor current, A.
    pub motor_current_a: Reading,
    /// Motor winding, °C.
    pub motor_temp_c: Reading,
    /// Load cells report overload, underload or converter failure.
    pub load_cell_failed: bool,
    /// The drive reports a fault.
    pub drive_failed: bool,
    /// The refill valve is open.
    pub refilling: bool,
    /// The chute flap is open.
    pub chute_open: bool,
    /// The hopper door is closed.
    pub door_closed: bool,
    /// Oxide taken from the refill valve in total, kg.
    pub refilled_total_kg: f64,
}

/// Instruments of one rectifier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RectifierInputs {
    /// DC current, A.
    pub dc_current_a: Reading,
    /// DC voltage over all its electrolyzers, V.
    pub dc_voltage_v: Reading,
    /// AC active power, W.
    pub ac_power_w: Reading,
    /// AC line voltages L12, L23, L31, V.
    pub ac_voltage_v: [Reading; 3],
    /// Power factor.
    pub power_factor: Reading,
    /// Reactive power, var.
    pub reactive_power_var: Reading,
    /// Current ripple, %.
    pub ripple_pct: Reading,
    /// Firing angle, °.
    pub firing_angle_deg: Reading,
    /// Heatsink, °C.
    pub heatsink_temp_c: Reading,
    /// Transformer oil, °C.
    pub oil_temp_c: Reading,
    /// Cooling water, l/min.
    pub water_flow_l_min: Reading,
    /// Cooling water inlet, °C.
    pub water_inlet_temp_c: Reading,
    /// Cooling water outlet, °C.
    pub water_outlet_temp_c: Reading,
    /// Cooling water conductivity, µS/cm.
    pub water_conductivity_us_cm: Reading,
    /// Earth leakage, mA.
    pub earth_leakage_ma: Reading,
    /// Breaker auxiliary contact.
    pub breaker_closed: bool,
    /// Ready to run.
    pub ready: bool,
    /// Held at the voltage ceiling.
    pub voltage_limited: bool,
    /// Tripped; stays until reset.
    pub tripped: bool,
    /// Trip cause bits: 1 over-current, 2 over-temperature, 4 water flow, 8 earth fault, 16 emergency stop, 32 commanded.
    pub trip_code: u16,
}

/// Instruments of one line's hall.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HallInputs {
    /// Ambient, °C.
    pub ambient_temp_c: Reading,
    /// Hydrogen fluoride, mg/m³.
    pub hf_mg_m3: Reading,
    /// Carbon monoxide, ppm.
    pub co_ppm: Reading,
    /// Dust, mg/m³.
    pub dust_mg_m3: Reading,
    /// The crane is over the line.
    pub crane_occupied: bool,
    /// The line's emergency stop is pressed.
    pub emergency_stop: bool,
    /// Water in the pit.
    pub pit_water: bool,
}

/// Instruments of the off-gas treatment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FumeInputs {
    /// Fan speed, %.
    pub fan_speed_pct: Reading,
    /// Fan motor, A.
    pub fan_current_a: Reading,
    /// Fan bearing, mm/s.
    pub fan_vibration_mm_s: Reading,
    /// Total flow, Nm³/h.
    pub flow_nm3_h: Reading,
    /// Duct pressure, Pa (negative is suction).
    pub duct_pressure_pa: Reading,
    /// Pressure over the bags, Pa.
    pub bag_pressure_pa: Reading,
    /// Bag filter inlet, °C.
    pub bag_inlet_temp_c: Reading,
    /// Scrubber pH.
    pub scrubber_ph: Reading,
    /// Scrubber level, %.
    pub scrubber_level_pct: Reading,
    /// Recirculation, m³/h.
    pub recirculation_m3_h: Reading,
    /// Stack HF, mg/m³.
    pub stack_hf_mg_m3: Reading,
    /// Stack particulate, mg/m³.
    pub stack_particulate_mg_m3: Reading,
    /// Stack CO, ppm.
    pub stack_co_ppm: Reading,
    /// Stack CF4, ppm.
    pub stack_cf4_ppm: Reading,
    /// Stack C2F6, ppm.
    pub stack_c2f6_ppm: Reading,
    /// The fan contactor is closed.
    pub fan_running: bool,
    /// Pulse cleaning is on.
    pub pulse_cleaning: bool,
}

/// Instruments of the utilities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UtilityInputs {
    /// Cooling water supply, bar.
    pub water_pressure_bar: Reading,
    /// Cooling water supply, °C.
    pub water_supply_temp_c: Reading,
    /// Cooling water return, °C.
    pub water_return_temp_c: Reading,
    /// Cooling water, m³/h.
    pub water_flow_m3_h: Reading,
    /// Compressed air, bar.
    pub air_pressure_bar: Reading,
    /// Argon, bar.
    pub argon_pressure_bar: Reading,
    /// Argon, m³/h.
    pub argon_flow_m3_h: Reading,
    /// Grid voltage, V.
    pub grid_voltage_v: Reading,
    /// Grid frequency, Hz.
    pub grid_frequency_hz: Reading,
    /// Power of the whole site, W.
    pub site_power_w: Reading,
    /// Oxide dryer, °C.
    pub dryer_temp_c: Reading,
    /// Ingot cooling water, °C.
    pub ingot_water_temp_c: Reading,
}

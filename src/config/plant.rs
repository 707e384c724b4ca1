//! The plant: lines, electrolyzers, rectifiers, and the numbers of the model.

use crate::config::alarm::AlarmConfig;
use crate::time::Timestamp;
use crate::units::FARADAY_C_MOL;

/// The whole plant, checked and with names resolved to indexes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantConfig {
    /// Display name of the plant.
    pub name: String,
    /// Namespace URI of the instances (namespace 2); fixed for the life of the plant.
    pub namespace_uri: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Plant time of the first scan when the clock is not the wall clock.
    pub start: Timestamp,
    /// Scan period, ms, 50..=1000.
    pub scan_ms: u32,
    /// Hall temperature, °C.
    pub ambient_temp_c: f64,
    /// Cell models in use.
    pub cell_models: Vec<CellModel>,
    /// Products in use.
    pub products: Vec<Product>,
    /// Lines in the order of the file.
    pub lines: Vec<LineConfig>,
    /// Every rectifier, line by line.
    pub rectifiers: Vec<RectifierConfig>,
    /// Every electrolyzer, line by line.
    pub electrolyzers: Vec<ElectrolyzerConfig>,
    /// Controller settings.
    pub control: ControlConfig,
    /// Instrument settings and hazards.
    pub instruments: InstrumentConfig,
    /// Off-gas treatment of the whole plant.
    pub fume: FumeConfig,
    /// Water, air, argon, grid.
    pub utilities: UtilityConfig,
    /// Alarms that are to be judged otherwise than the catalogue says; the later counts where two say something.
    pub alarms: Vec<AlarmConfig>,
    /// The sources of the conformance fixture's alarms are served beside the plant; not in any file.
    pub alarm_fixture: bool,
}

/// One line of electrolyzers.
#[derive(Clone, Debug, PartialEq)]
pub struct LineConfig {
    /// First part of every NodeId below, such as `Line1`.
    pub name: String,
    /// What a person calls it, such as `PrNd line`.
    pub display_name: String,
    /// Index into [`PlantConfig::products`].
    pub product: usize,
}

/// One electrolyzer with its feeder.
#[derive(Clone, Debug, PartialEq)]
pub struct ElectrolyzerConfig {
    /// Second part of every NodeId below, such as `EL101`.
    pub name: String,
    /// Index into [`PlantConfig::lines`].
    pub line: usize,
    /// Index into [`PlantConfig::cell_models`].
    pub model: usize,
    /// Index into [`PlantConfig::rectifiers`].
    pub rectifier: usize,
}

/// One rectifier and what it feeds.
#[derive(Clone, Debug, PartialEq)]
pub struct RectifierConfig {
    /// Second part of its NodeIds, such as `RF11`.
    pub name: String,
    /// Index into [`PlantConfig::lines`].
    pub line: usize,
    /// Nominal current, A.
    pub nominal_a: f64,
    /// Conversion efficiency AC to DC, fraction.
    pub efficiency_frac: f64,
}

/// A product and its chemistry (domain A1).
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Code, such as `PrNd`.
    pub code: String,
    /// Molar mass of the rare earth, kg/mol.
    pub molar_mass_kg_mol: f64,
    /// kg of oxide per kg of rare earth.
    pub oxide_per_metal: f64,
    /// kg of iron taken from the consumable cathode per kg of alloy; 0 for pure metals.
    pub iron_per_alloy: f64,
    /// Molar mass of the fluoride, kg/mol.
    pub fluoride_molar_mass_kg_mol: f64,
    /// Bath temperature setpoint, °C; also the temperature that the model's terms are referred to (1050 in domain A7).
    pub bath_temp_c: f64,
    /// Lowest and highest setpoint of the bath temperature, °C.
    pub bath_temp_setpoint_c: (f64, f64),
    /// The feed stops below it, since oxide would not dissolve (interlock I5); first oxide at start-up above it, °C.
    pub feed_temp_min_c: f64,
    /// The current is halved above it (interlock I4), °C.
    pub bath_temp_max_c: f64,
}

impl Product {
    /// Electrochemical equivalent of the product, iron of an alloy included, kg/C: M / 3F.
    pub fn metal_kg_c(&self) -> f64 {
        self.molar_mass_kg_mol / (3.0 * FARADAY_C_MOL) / (1.0 - self.iron_per_alloy)
    }
}

/// Size and calibration of one kind of electrolyzer (domain A7, parameter table).
#[derive(Clone, Debug, PartialEq)]
pub struct CellModel {
    /// Name, such as `10 kA`.
    pub name: String,
    /// Nominal current, A.
    pub nominal_a: f64,
    /// Voltage ceiling per electrolyzer, V.
    pub voltage_max_v: f64,
    /// Number of cathodes.
    pub cathodes: usize,
    /// Cathode radius, cm.
    pub cathode_radius_cm: f64,
    /// Anode inner radius in the reference state, which is that of half-worn anodes, cm.
    pub anode_radius_cm: f64,
    /// Electrode immersion, cm.
    pub immersion_cm: f64,
    /// Shape factor of the bath resistance.
    pub shape_factor: f64,
    /// External resistance, Ω.
    pub external_ohm: f64,
    /// Bath salt, kg.
    pub bath_kg: f64,
    /// Metal heel, kg.
    pub metal_kg: f64,
    /// Crucible area, m².
    pub area_m2: f64,
    /// Current efficiency at the reference point, fraction.
    pub efficiency_frac: f64,
    /// Heat capacity of the inner graphite, J/K.
    pub inner_heat_j_k: f64,
    /// Heat capacity of the lining, J/K.
    pub lining_heat_j_k: f64,
    /// Graphite burnt in air, kg/s.
    pub air_burn_kg_s: f64,
    /// Number of anodes.
    pub anodes: usize,
    /// Usable anode wear, mm.
    pub anode_wear_mm: f64,
    /// Feeder screw, g per revolution.
    pub feeder_g_rev: f64,
    /// Feeder hopper, kg when full.
    pub hopper_kg: f64,
    /// Compensation of the resistance for metal, Ω/kg (domain A5.2).
    pub metal_ohm_kg: f64,
    /// Compensation of the resistance for temperature, Ω/K.
    pub temp_ohm_k: f64,
    /// Slope that ends underfeeding, Ω/s.
    pub slope_ohm_s: f64,
    /// Heat sink of one anode change, J.
    pub anode_change_j: f64,
}

/// How the demand feed reads the resistance (domain A5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedRecipe {
    /// Compensated for metal and temperature before the slope is fitted.
    Compensated,
    /// The raw resistance, as in aluminium practice.
    Uncompensated,
}

/// Settings of the controllers. Every time in seconds, every factor a fraction.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlConfig {
    /// Which slope the demand feed uses.
    pub feed_recipe: FeedRecipe,
    /// Back voltage of the pseudo-resistance, V.
    pub back_voltage_v: f64,
    /// Feed factor while underfeeding.
    pub underfeed_frac: f64,
    /// Feed factor while overfeeding.
    pub overfeed_frac: f64,
    /// How long overfeeding lasts, s.
    pub overfeed_s: f64,
    /// Longest underfeeding, s.
    pub underfeed_max_s: f64,
    /// Window of the slope fit, s.
    pub slope_window_s: f64,
    /// Temperature loop gain, fraction of the current per K.
    pub temp_gain_frac_k: f64,
    /// Temperature loop integral time, s.
    pub temp_integral_s: f64,
    /// Temperature loop period, s.
    pub temp_period_s: f64,
    /// Lowest and highest trim of the current, fraction.
    pub temp_trim_frac: (f64, f64),
    /// Current ramp, fraction of nominal per second.
    pub current_ramp_frac_s: f64,
    /// Rise over the reference voltage that is an anode effect, V.
    pub anode_effect_rise_v: f64,
    /// Oxide dose at an anode effect, fraction of the bath mass.
    pub anode_effect_dose_frac: f64,
    /// Current during the quench, fraction.
    pub anode_effect_current_frac: f64,
    /// Metal is tapped every so many seconds.
    pub tap_period_s: f64,
    /// The simulated crew taps, changes anodes and tops up the bath by itself.
    pub crew: bool,
    /// Start with every electrolyzer running at its steady state instead of cold.
    pub start_running: bool,
}

impl Default for ControlConfig {
    /// The practice of domain A5.
    fn default() -> Self {
        Self {
            feed_recipe: FeedRecipe::Compensated,
            back_voltage_v: 2.25,
            underfeed_frac: 0.75,
            overfeed_frac: 1.25,
            overfeed_s: 2400.0,
            underfeed_max_s: 7200.0,
            slope_window_s: 900.0,
            temp_gain_frac_k: 0.0015,
            temp_integral_s: 3000.0,
            temp_period_s: 300.0,
            temp_trim_frac: (-0.10, 0.06),
            current_ramp_frac_s: 0.02,
            anode_effect_rise_v: 3.0,
            anode_effect_dose_frac: 0.01,
            anode_effect_current_frac: 0.5,
            tap_period_s: 7200.0,
            crew: true,
            start_running: true,
        }
    }
}

/// Noise, drift and hazards of instruments and feeders (domain A7).
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentConfig {
    /// Noise and drift of instruments and cell voltage on or off.
    pub noise: bool,
    /// Random failures of sheaths, feeders, load cells on or off.
    pub hazards: bool,
    /// Anodes wear (domain: frozen for the 48 h feed test).
    pub anode_wear: bool,
}

impl Default for InstrumentConfig {
    /// As in a real plant: everything on.
    fn default() -> Self {
        Self { noise: true, hazards: true, anode_wear: true }
    }
}

/// The off-gas treatment as it was built, and when interlock I3 acts on it (domain A6).
#[derive(Clone, Debug, PartialEq)]
pub struct FumeConfig {
    /// Off-gas per electrolyzer at full fan speed, Nm³/h.
    pub flow_per_electrolyzer_nm3_h: f64,
    /// Fan speed in normal operation, %.
    pub fan_speed_pct: f64,
    /// Duct pressure at full fan speed, Pa; negative is suction.
    pub duct_pressure_pa: f64,
    /// Suction is lost when the duct pressure is above it, Pa.
    pub duct_pressure_max_pa: f64,
    /// Suction lost for longer than this stops every feed, s.
    pub feed_stop_s: f64,
    /// Suction lost for longer than this brings every electrolyzer to hold, s.
    pub hold_s: f64,
}

impl Default for FumeConfig {
    fn default() -> Self {
        Self {
            flow_per_electrolyzer_nm3_h: 1500.0,
            fan_speed_pct: 80.0,
            duct_pressure_pa: -1500.0,
            duct_pressure_max_pa: -500.0,
            feed_stop_s: 30.0,
            hold_s: 300.0,
        }
    }
}

/// Supplies of the plant in normal operation.
#[derive(Clone, Debug, PartialEq)]
pub struct UtilityConfig {
    /// Cooling water supply, bar.
    pub water_pressure_bar: f64,
    /// Cooling water supply, °C.
    pub water_supply_temp_c: f64,
    /// Compressed air, bar.
    pub air_pressure_bar: f64,
    /// Argon, bar.
    pub argon_pressure_bar: f64,
    /// Grid voltage at the rectifiers, V.
    pub grid_voltage_v: f64,
    /// Grid frequency, Hz.
    pub grid_frequency_hz: f64,
}

impl Default for UtilityConfig {
    fn default() -> Self {
        Self {
            water_pressure_bar: 4.0,
            water_supply_temp_c: 28.0,
            air_pressure_bar: 6.5,
            argon_pressure_bar: 4.0,
            grid_voltage_v: 400.0,
            grid_frequency_hz: 50.0,
        }
    }
}

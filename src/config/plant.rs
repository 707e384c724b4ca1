//! The plant: lines, electrolyzers, rectifiers, and the numbers of the model.

use crate::time::Timestamp;

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
    /// Bath temperature setpoint, °C.
    pub bath_temp_c: f64,
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
    /// Anode inner radius when new, cm.
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
    /// Radiation from the top, W/K⁴.
    pub top_loss_w_k4: f64,
    /// Bath to lining, W/K.
    pub bath_lining_w_k: f64,
    /// Lining to hall, W/K.
    pub lining_ambient_w_k: f64,
    /// Bath to hall along the electrodes, W/K.
    pub electrode_loss_w_k: f64,
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

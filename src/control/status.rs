//! What the controls show of themselves: the source of every tag that is not an instrument.

use std::sync::Arc;

use crate::control::{FeedMode, FeedPhase, LoopMode, Phase};

/// Controls of one electrolyzer as tags show them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectrolyzerStatus {
    /// Phase of the state machine (domain B8).
    pub phase: Phase,
    /// Seconds in this phase.
    pub phase_s: f64,
    /// What a person has dipped while the bath thermometer gives nothing, °C.
    pub bath_temp_substitute_c: Option<f64>,
    /// Temperature rate, K/min.
    pub bath_temp_rate_k_min: f64,
    /// Deviation of the voltage over 10 s, mV.
    pub voltage_noise_mv: f64,
    /// Cell power, W.
    pub power_w: f64,
    /// Pseudo-resistance, µΩ.
    pub pseudo_resistance_uohm: f64,
    /// Slope that the recipe uses, µΩ/min.
    pub resistance_slope_uohm_min: f64,
    /// Anodic current density, A/cm².
    pub anodic_density_a_cm2: f64,
    /// Cathodic current density, A/cm².
    pub cathodic_density_a_cm2: f64,
    /// Estimate of dissolved oxide, wt%.
    pub oxide_estimate_pct: f64,
    /// Estimate of undissolved oxide, kg.
    pub undissolved_estimate_kg: f64,
    /// i_a / i_cc of the estimate.
    pub anode_effect_risk: f64,
    /// An anode effect burns.
    pub anode_effect_active: bool,
    /// An anode effect burnt on after every dose, and the electrolyzer is brought to hold for it.
    pub anode_effect_unquenched: bool,
    /// Early warning (domain A5.6).
    pub anode_effect_warning: bool,
    /// Estimate of the bath, kg.
    pub bath_estimate_kg: f64,
    /// Estimate of the metal, kg.
    pub metal_estimate_kg: f64,
    /// LiF and REF3 of the last assay, wt%, and the lab's oxide, wt%; NaN before the first.
    pub assay_lif_pct: f64,
    /// REF3 of the last assay, wt%.
    pub assay_ref3_pct: f64,
    /// Oxide of the last assay, wt%.
    pub assay_oxide_pct: f64,
    /// Setpoint of the current, kA.
    pub current_setpoint_ka: f64,
    /// Demand after trim, ramp and interlocks, kA.
    pub current_demand_ka: f64,
    /// Trim of the temperature loop, %.
    pub current_trim_pct: f64,
    /// Ramp, %/min.
    pub current_ramp_pct_min: f64,
    /// Setpoint of the temperature, °C.
    pub temp_setpoint_c: f64,
    /// Mode of the temperature loop.
    pub temp_mode: LoopMode,
    /// Mode of the feed.
    pub feed_mode: FeedMode,
    /// Phase of the demand feed.
    pub feed_phase: FeedPhase,
    /// Base feed, g/min.
    pub base_feed_g_min: f64,
    /// Underfeed factor.
    pub underfeed_factor: f64,
    /// Overfeed factor.
    pub overfeed_factor: f64,
    /// Overfeed duration, min.
    pub overfeed_min: f64,
    /// Slope threshold, µΩ/min.
    pub slope_threshold_uohm_min: f64,
    /// Slope window, s.
    pub slope_window_s: f64,
    /// Longest underfeed, min.
    pub underfeed_max_min: f64,
    /// Current efficiency estimate, %.
    pub efficiency_estimate_pct: f64,
    /// Reference voltage, V.
    pub reference_voltage_v: f64,
    /// Back voltage, V.
    pub back_voltage_v: f64,
    /// Anode-effect threshold, V.
    pub anode_effect_rise_v: f64,
    /// Anode-effect dose, kg.
    pub anode_effect_dose_kg: f64,
    /// Anode-effect current, %.
    pub anode_effect_current_pct: f64,
    /// Cathode diameter, mm, as entered.
    pub cathode_diameter_mm: f64,
    /// Anode lift setpoints, mm, one per anode.
    pub anode_lift_setpoint_mm: Vec<f64>,
    /// One bit per interlock I1..I13, index 0 is I1.
    pub interlocks: [bool; 13],
    /// Name of the first interlock that acted since all were clear, or empty.
    pub first_out: Arc<str>,
    /// Nothing forbids a start.
    pub permissive_to_start: bool,
    /// Seconds since the last tap ended.
    pub since_tap_s: f64,
    /// Seconds until the next planned tap.
    pub to_tap_s: f64,
    /// Seconds until the next anode is due.
    pub to_anode_change_s: f64,
    /// Anode effects since the start.
    pub anode_effects: u32,
    /// Total duration of anode effects, s.
    pub anode_effect_s: f64,
    /// Last tap's identifier, or empty.
    pub last_tap_id: Arc<str>,
    /// Metal of the last tap, kg; 0 before the first.
    pub last_tap_net_kg: f64,
    /// Moulds of the last tap; 0 where nobody counted.
    pub last_tap_moulds: u32,
    /// Taps completed since the start.
    pub taps: u32,
    /// Metal of completed taps, kg.
    pub metal_tapped_kg: f64,
    /// Anodes changed since the start.
    pub anodes_changed: u32,
    /// Bath salt added, kg.
    pub electrolyte_added_kg: f64,
}

/// Controls of one feeder as tags show them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeederStatus {
    /// State: 0 Off, 1 Ready, 2 Gravimetric, 3 Volumetric, 4 Refilling, 5 Priming, 6 Calibrating, 7 Faulted.
    pub state: u32,
    /// Loss-in-weight flow, g/min.
    pub flow_g_min: f64,
    /// Target flow, g/min.
    pub target_g_min: f64,
    /// Speed setpoint, r/min.
    pub speed_setpoint_rpm: f64,
    /// Learned g per revolution.
    pub feed_factor_g_rev: f64,
    /// Fill level, %.
    pub fill_level_pct: f64,
    /// Volumetric (true) or gravimetric.
    pub volumetric: bool,
    /// Refilling.
    pub refilling: bool,
    /// Discharging.
    pub discharging: bool,
    /// Fault bits (domain B4): 1 Empty, 2 Bridging, 4 Jam, 8 ChuteBlocked, 16 OverDelivery, 32 LoadCell, 64 RefillTimeout, 128 Door, 256 Drive.
    pub faults: u16,
    /// Last shot, kg.
    pub shot_kg: f64,
    /// Shots since the start.
    pub shots: u32,
    /// Fed in total, kg.
    pub totalizer_kg: f64,
    /// Fed minus target over the last hour, kg.
    pub deviation_1h_kg: f64,
    /// Zero drift, g.
    pub zero_drift_g: f64,
    /// Tare, kg.
    pub tare_kg: f64,
    /// Vibrator order.
    pub vibrator: bool,
    /// Seconds of plant time at the last tare and calibration; NaN before.
    pub tared_at_s: f64,
    /// See `tared_at_s`.
    pub calibrated_at_s: f64,
    /// Lot in the hopper, or empty.
    pub lot: Arc<str>,
}

/// Controls of one rectifier as tags show them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RectifierStatus {
    /// State: 0 Off, 1 Ready, 2 Ramping, 3 ConstantCurrent, 4 VoltageLimited, 5 Tripped.
    pub state: u32,
    /// Reference, kA.
    pub current_reference_ka: f64,
    /// Ceiling, V.
    pub voltage_limit_v: f64,
    /// Switched on by order.
    pub on: bool,
}

/// Controls of one line as tags show them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineStatus {
    /// Electrolyzers in Running, Tapping, ChangingAnode or AnodeEffect.
    pub running: u32,
    /// Electrolyzers in an anode effect.
    pub in_anode_effect: u32,
    /// Shift identifier, or empty.
    pub shift: Arc<str>,
    /// Evacuation beacon (I12).
    pub beacon: bool,
}

/// Sources of the conformance fixture's alarms, as a client has written them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FixtureStatus {
    /// AnalogSource.
    pub analog: f64,
    /// SetpointSource.
    pub setpoint: f64,
    /// BooleanSource.
    pub boolean: bool,
    /// The sensor of AnalogSource has failed.
    pub failed: bool,
    /// The suppression group is active.
    pub suppressed: bool,
    /// The dialog asks.
    pub asks: bool,
}

/// Everything the controls show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// One per electrolyzer.
    pub electrolyzers: Vec<ElectrolyzerStatus>,
    /// One per electrolyzer.
    pub feeders: Vec<FeederStatus>,
    /// One per rectifier.
    pub rectifiers: Vec<RectifierStatus>,
    /// One per line.
    pub lines: Vec<LineStatus>,
    /// Of the conformance fixture.
    pub fixture: FixtureStatus,
}

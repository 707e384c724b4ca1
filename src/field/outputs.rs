//! What the controls command at one scan, after the interlocks have had the last word.

/// Every actuator of the plant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// One per electrolyzer, in configuration order.
    pub electrolyzers: Vec<ElectrolyzerOutputs>,
    /// One per electrolyzer.
    pub feeders: Vec<FeederOutputs>,
    /// One per rectifier.
    pub rectifiers: Vec<RectifierOutputs>,
    /// The off-gas treatment.
    pub fume: FumeOutputs,
}

/// Actuators and crew orders of one electrolyzer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectrolyzerOutputs {
    /// The siphon draws metal.
    pub tap_open: bool,
    /// An anode is being changed; the plant sets it once when this goes from `None` to `Some`.
    pub anode_change: Option<AnodeChange>,
    /// The bath is stirred (dissolution runs four times faster).
    pub stirring: bool,
    /// Oxide dropped at once in this scan, kg (anode-effect dose).
    pub oxide_dose_kg: f64,
    /// Bath salt added in this scan, kg.
    pub electrolyte_kg: f64,
    /// Anode lift target, mm above the lowest, one per anode.
    pub anode_lift_mm: Vec<f64>,
    /// AC heating of the bath while there is no line current, W (preheat, melt, hot hold).
    pub heater_w: f64,
}

/// Which anode is replaced, and by what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnodeChange {
    /// Position from 0.
    pub position: usize,
    /// Thickness of the new anode, mm.
    pub new_thickness_mm: f64,
}

/// Actuators of one feeder.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeederOutputs {
    /// Screw speed, r/min; 0 stops it.
    pub speed_rpm: f64,
    /// The vibrator runs.
    pub vibrator: bool,
    /// The screw turns backwards to break a bridge or a jam.
    pub reverse: bool,
    /// The refill valve opens.
    pub refill: bool,
    /// The chute flap opens.
    pub chute_open: bool,
    /// Clears a latched drive fault or jam (one scan).
    pub reset: bool,
}

/// Actuators of one rectifier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RectifierOutputs {
    /// Breaker close order.
    pub on: bool,
    /// Current reference, A; already ramped by the controls.
    pub current_a: f64,
    /// Voltage ceiling over all its electrolyzers, V.
    pub voltage_max_v: f64,
    /// Trip order of an interlock: breaker opens and the trip latches.
    pub trip: bool,
    /// Clears a latched trip (one scan).
    pub reset: bool,
}

/// Actuators of the off-gas treatment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FumeOutputs {
    /// Fan speed, %.
    pub fan_speed_pct: f64,
    /// Pulse cleaning of the bags.
    pub pulse_cleaning: bool,
}

//! Off-gas treatment, halls and utilities: what the electrolyzers share.

use crate::config::PlantConfig;
use crate::field::FumeOutputs;
use crate::plant::electrolysis::Rates;
use crate::plant::order::held;

/// The fan reaches its speed with this time, s.
const FAN_S: f64 = 8.0;
/// CF4 and C2F6, kg/mol.
const CF4_KG_MOL: f64 = 0.088_004;
/// Molar volume of a gas at 0 °C and 101,325 Pa, Nm³/mol.
const NM3_MOL: f64 = 0.022_414;
/// Share of the anode gas that escapes into the hall while the hoods draw.
const ESCAPES: f64 = 0.01;
/// The same while they do not.
const ESCAPES_WITHOUT_DRAFT: f64 = 0.5;
/// The hall's air changes with this time, s.
const HALL_S: f64 = 300.0;

/// The fan and what passes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fume {
    pub(super) fan_pct: f64,
    pub(super) flow_nm3_h: f64,
    pub(super) duct_pa: f64,
    pub(super) bag_pa: f64,
    pub(super) inlet_c: f64,
    pub(super) pulse: bool,
    pub(super) running: bool,
    pub(super) cf4_ppm: f64,
    pub(super) c2f6_ppm: f64,
    pub(super) co_ppm: f64,
    /// Dust on the bags, Pa.
    caked_pa: f64,
}

/// Sums over all electrolyzers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gases {
    pub(super) co_mol_s: f64,
    pub(super) co2_mol_s: f64,
    pub(super) cf4_mol_s: f64,
    pub(super) c2f6_mol_s: f64,
    pub(super) power_w: f64,
}

impl Gases {
    pub(super) fn add(&mut self, rates: &Rates) {
        self.co_mol_s += rates.co_mol_s;
        self.co2_mol_s += rates.co2_mol_s;
        self.cf4_mol_s += rates.cf4_mol_s;
        self.c2f6_mol_s += rates.c2f6_mol_s;
        self.power_w += rates.current_a * rates.voltage_v;
    }
}

impl Fume {
    /// Running at the usual speed for a long time.
    pub(super) fn new(config: &PlantConfig) -> Self {
        let mut fume =
            Self { fan_pct: config.fume.fan_speed_pct, caked_pa: 300.0, ..Self::default() };
        let usual = FumeOutputs { fan_speed_pct: fume.fan_pct, pulse_cleaning: false };
        fume.step(config, usual, &Gases::default(), 0.0);
        fume
    }

    /// One scan.
    pub(super) fn step(
        &mut self,
        config: &PlantConfig,
        outputs: FumeOutputs,
        gases: &Gases,
        dt_s: f64,
    ) {
        let wanted = held(outputs.fan_speed_pct, 0.0, 100.0);
        self.fan_pct += (wanted - self.fan_pct) * (1.0 - (-dt_s / FAN_S).exp());
        self.running = wanted > 0.0;
        let part = self.fan_pct / 100.0;
        let count = config.electrolyzers.len() as f64;
        self.flow_nm3_h = config.fume.flow_per_electrolyzer_nm3_h * count * part;
        self.duct_pa = config.fume.duct_pressure_pa * part * part;
        self.pulse = outputs.pulse_cleaning;
        let cleaning = if self.pulse { 3.0 } else { 0.0 };
        self.caked_pa = (self.caked_pa + dt_s * (0.01 * part - cleaning)).clamp(0.0, 1500.0);
        self.bag_pa = (900.0 + self.caked_pa) * part * part;
        // The hood burns CO; what reaches the duct is mostly false air.
        let flow_mol_s = (self.flow_nm3_h / 3600.0 / NM3_MOL).max(1.0);
        self.inlet_c =
            config.ambient_temp_c + (0.14 * gases.power_w / (flow_mol_s * 30.0)).min(250.0);
        self.cf4_ppm = 1e6 * gases.cf4_mol_s / flow_mol_s;
        self.c2f6_ppm = 1e6 * gases.c2f6_mol_s / flow_mol_s;
        self.co_ppm = 1e6 * 0.03 * gases.co_mol_s / flow_mol_s;
    }
}

/// The air of one line's hall.
#[derive(Clone, Debug)]
pub(super) struct Hall {
    pub(super) co_ppm: f64,
    pub(super) hf_mg_m3: f64,
    pub(super) dust_mg_m3: f64,
}

impl Hall {
    pub(super) fn new() -> Self {
        Self { co_ppm: 4.0, hf_mg_m3: 0.25, dust_mg_m3: 1.2 }
    }

    /// One scan; with `draft` the hoods catch nearly everything.
    pub(super) fn step(&mut self, draft: f64, dt_s: f64) {
        let escaping = ESCAPES + (ESCAPES_WITHOUT_DRAFT - ESCAPES) * (1.0 - draft.clamp(0.0, 1.0));
        let part = (dt_s / HALL_S).min(1.0);
        self.co_ppm += (escaping * 400.0 - self.co_ppm) * part;
        self.hf_mg_m3 += (escaping * 25.0 - self.hf_mg_m3) * part;
        self.dust_mg_m3 += (1.0 + escaping * 20.0 - self.dust_mg_m3) * part;
    }
}

/// kg of CF4 per s in g/min.
pub(super) fn cf4_g_min(rates: &Rates) -> f64 {
    rates.cf4_mol_s * CF4_KG_MOL * 60_000.0
}

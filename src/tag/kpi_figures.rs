//! Key figures of the last day and week, as tags show them. Whoever reads the history fills them in.

use crate::tag::{Device, DeviceKind};

/// Figures of the plant, of a line or of an electrolyzer over a period; NaN where one cannot be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KpiFigures {
    /// Share of the period that was recorded, %.
    pub coverage_pct: f64,
    /// Metal made, kg: tapped, and the change of what is in the cells.
    pub metal_kg: f64,
    /// Metal weighed at taps, kg.
    pub tapped_kg: f64,
    /// Current efficiency, %.
    pub efficiency_pct: f64,
    /// DC energy by metal, kWh/kg.
    pub dc_kwh_kg: f64,
    /// AC energy by metal, kWh/kg.
    pub ac_kwh_kg: f64,
    /// Oxide fed, kg.
    pub oxide_kg: f64,
    /// Oxide by metal, kg/kg.
    pub oxide_kg_kg: f64,
    /// Rare earth in the metal by rare earth in the oxide fed, %.
    pub oxide_yield_pct: f64,
    /// Graphite by metal, kg/kg.
    pub graphite_kg_kg: f64,
    /// Fluoride by metal, kg/kg.
    pub fluoride_kg_kg: f64,
    /// Anode effects.
    pub anode_effects: f64,
    /// Time in anode effects, min.
    pub anode_effect_min: f64,
    /// Anode effects per electrolyzer and day.
    pub anode_effects_per_day: f64,
    /// Minutes in anode effects per electrolyzer and day.
    pub anode_effect_min_per_day: f64,
    /// Availability (ISO 22400-2), %.
    pub availability_pct: f64,
    /// Oxide fed above what the feeders were told, %.
    pub feed_deviation_pct: f64,
    /// Share of time with the bath within 5 K of its setpoint, %.
    pub bath_near_pct: f64,
}

impl Default for KpiFigures {
    /// Nothing can be told.
    fn default() -> Self {
        Self {
            coverage_pct: f64::NAN,
            metal_kg: f64::NAN,
            tapped_kg: f64::NAN,
            efficiency_pct: f64::NAN,
            dc_kwh_kg: f64::NAN,
            ac_kwh_kg: f64::NAN,
            oxide_kg: f64::NAN,
            oxide_kg_kg: f64::NAN,
            oxide_yield_pct: f64::NAN,
            graphite_kg_kg: f64::NAN,
            fluoride_kg_kg: f64::NAN,
            anode_effects: f64::NAN,
            anode_effect_min: f64::NAN,
            anode_effects_per_day: f64::NAN,
            anode_effect_min_per_day: f64::NAN,
            availability_pct: f64::NAN,
            feed_deviation_pct: f64::NAN,
            bath_near_pct: f64::NAN,
        }
    }
}

/// Figures of every device that has some: of the plant, then of each line, then of each electrolyzer. Empty before
/// the history was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KpiBoard {
    /// Over the last 24 h.
    pub day: Vec<KpiFigures>,
    /// Over the last 7 d.
    pub week: Vec<KpiFigures>,
}

impl KpiBoard {
    /// Place of a device among the figures of a plant of so many lines.
    pub fn place(device: &Device, lines: usize) -> usize {
        match device.kind {
            DeviceKind::Line => 1 + device.index,
            DeviceKind::Electrolyzer => 1 + lines + device.index,
            DeviceKind::Plant
            | DeviceKind::Rectifier
            | DeviceKind::Anode
            | DeviceKind::Feeder
            | DeviceKind::FumeTreatment
            | DeviceKind::Utilities
            | DeviceKind::AlarmFixture => 0,
        }
    }
}

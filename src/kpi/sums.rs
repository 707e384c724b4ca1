//! What adds up, and the figures that are made of it.

use crate::tag::KpiFigures;
use crate::units::DAY_S;

/// What adds up over periods side by side and over electrolyzers. A sum that is not known is NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Length of the period, for each electrolyzer, s.
    pub period_s: f64,
    /// Of which was recorded, s.
    pub recorded_s: f64,
    /// Planned busy time (PBT of ISO 22400-2): recorded and not out of service, s.
    pub planned_s: f64,
    /// Actual production time (APT of ISO 22400-2): metal was made, s.
    pub producing_s: f64,
    /// Metal weighed at taps, kg.
    pub tapped_kg: f64,
    /// Change of the metal in the cells, by the controls' estimate, kg.
    pub inventory_kg: f64,
    /// Metal that the charge stands for at a current efficiency of 1, kg.
    pub theory_kg: f64,
    /// Oxide that the metal was made of, kg.
    pub oxide_needed_kg: f64,
    /// DC energy, kWh.
    pub dc_energy_kwh: f64,
    /// AC energy of rectifiers, kWh; NaN at an electrolyzer, which has no meter of its own.
    pub ac_energy_kwh: f64,
    /// Oxide fed, kg.
    pub oxide_kg: f64,
    /// Oxide that the feeders were told to feed, kg.
    pub oxide_target_kg: f64,
    /// Graphite used, kg.
    pub graphite_kg: f64,
    /// Fluoride added, kg.
    pub fluoride_kg: f64,
    /// Anode effects that began.
    pub anode_effects: f64,
    /// Time in anode effects, s.
    pub anode_effect_s: f64,
    /// Time with a known bath temperature and setpoint, s; 0 unless asked for.
    pub bath_s: f64,
    /// Of which within 5 K of the setpoint, s.
    pub bath_near_s: f64,
}

impl Sums {
    /// Adds another period or another electrolyzer.
    pub fn add(&mut self, other: &Self) {
        self.period_s += other.period_s;
        self.recorded_s += other.recorded_s;
        self.planned_s += other.planned_s;
        self.producing_s += other.producing_s;
        self.tapped_kg += other.tapped_kg;
        self.inventory_kg += other.inventory_kg;
        self.theory_kg += other.theory_kg;
        self.oxide_needed_kg += other.oxide_needed_kg;
        self.dc_energy_kwh += other.dc_energy_kwh;
        self.ac_energy_kwh += other.ac_energy_kwh;
        self.oxide_kg += other.oxide_kg;
        self.oxide_target_kg += other.oxide_target_kg;
        self.graphite_kg += other.graphite_kg;
        self.fluoride_kg += other.fluoride_kg;
        self.anode_effects += other.anode_effects;
        self.anode_effect_s += other.anode_effect_s;
        self.bath_s += other.bath_s;
        self.bath_near_s += other.bath_near_s;
    }

    /// Metal made, kg: `taps + Δ inventory` (domain B10).
    pub fn metal_kg(&self) -> f64 {
        self.tapped_kg + self.inventory_kg
    }

    /// The figures; NaN where one cannot be told.
    ///
    /// Of domain B10, with metal `m = taps + Δ inventory`:
    /// - current efficiency `m / (M/(3F) · ∫I dt)` (Faraday), energy `∫UI dt / m`, AC by the rectifiers' meters;
    /// - oxide, graphite and fluoride by `m`; oxide yield `RE in m / RE in the oxide fed`;
    /// - anode effects and their minutes by recorded electrolyzer days;
    /// - availability `APT / PBT` (ISO 22400-2);
    /// - feeder accuracy `(fed − target) / target`; share of time with the bath within 5 K of its setpoint.
    ///
    /// What is divided by metal waits for a tap: before it the figure could only repeat the controls' own estimate.
    pub fn figures(&self) -> KpiFigures {
        if self.recorded_s <= 0.0 {
            let coverage_pct = if self.period_s > 0.0 { 0.0 } else { f64::NAN };
            return KpiFigures { coverage_pct, ..KpiFigures::default() };
        }
        let metal_kg = self.metal_kg();
        let weighed_kg = if self.tapped_kg > 0.0 { metal_kg } else { f64::NAN };
        let days = self.recorded_s / DAY_S;
        let anode_effect_min = self.anode_effect_s / 60.0;
        KpiFigures {
            coverage_pct: 100.0 * ratio(self.recorded_s, self.period_s),
            metal_kg,
            tapped_kg: self.tapped_kg,
            efficiency_pct: 100.0 * ratio(weighed_kg, self.theory_kg),
            dc_kwh_kg: ratio(self.dc_energy_kwh, weighed_kg),
            ac_kwh_kg: ratio(self.ac_energy_kwh, weighed_kg),
            oxide_kg: self.oxide_kg,
            oxide_kg_kg: ratio(self.oxide_kg, weighed_kg),
            oxide_yield_pct: 100.0 * ratio(weighed_kg * self.oxide_share(), self.oxide_kg),
            graphite_kg_kg: ratio(self.graphite_kg, weighed_kg),
            fluoride_kg_kg: ratio(self.fluoride_kg, weighed_kg),
            anode_effects: self.anode_effects,
            anode_effect_min,
            anode_effects_per_day: ratio(self.anode_effects, days),
            anode_effect_min_per_day: ratio(anode_effect_min, days),
            availability_pct: 100.0 * ratio(self.producing_s, self.planned_s),
            feed_deviation_pct: 100.0 * (ratio(self.oxide_kg, self.oxide_target_kg) - 1.0),
            bath_near_pct: 100.0 * ratio(self.bath_near_s, self.bath_s),
        }
    }

    /// Oxide for one kg of the metal that was made; products of several lines are weighed by their metal.
    fn oxide_share(&self) -> f64 {
        ratio(self.oxide_needed_kg, self.metal_kg())
    }
}

/// NaN unless both are known and something is divided by more than nothing.
fn ratio(of: f64, by: f64) -> f64 {
    if by > 0.0 { of / by } else { f64::NAN }
}

//! Totals of one electrolyzer.

use crate::config::PlantConfig;
use crate::production::window::Window;
use crate::production::{Added, ElectrolyzerTotals, Observed};
use crate::units::{FARADAY_C_MOL, kg_s_from_g_min};

/// Molar mass of carbon, kg/mol (IUPAC 2021).
const CARBON_KG_MOL: f64 = 0.012_011;
/// Electrons per rare-earth ion.
const ELECTRONS: f64 = 3.0;
/// Below this fraction of nominal the electrolyzer counts as without current.
const OPERATING_FRAC: f64 = 0.02;
/// Marks in 24 h.
const DAY_MARKS: usize = 96;

/// What a counter showed at a mark.
#[derive(Clone, Copy, Debug)]
struct Mark {
    charge_c: f64,
    energy_j: f64,
    /// Tapped and still in the cell, kg.
    metal_kg: f64,
    tapped_kg: f64,
}

/// Counts of one electrolyzer, with what is needed to add the next scan.
#[derive(Debug)]
pub(super) struct ElectrolyzerBook {
    index: usize,
    pub(super) line: usize,
    rectifier: usize,
    nominal_a: f64,
    air_burn_kg_s: f64,
    /// Metal at 100 % current efficiency, kg/C.
    metal_kg_c: f64,
    last_voltage_v: f64,
    last_fed_kg: f64,
    last_tapped_kg: f64,
    last_electrolyte_kg: f64,
    last_anode_effects: u32,
    inventory_kg: f64,
    /// No tap in the window yet: the figures of 24 h are the controls' estimates of this moment.
    estimated: bool,
    marks: Window<Mark>,
}

impl ElectrolyzerBook {
    pub(super) fn new(config: &PlantConfig, index: usize) -> Self {
        let electrolyzer = &config.electrolyzers[index];
        let model = &config.cell_models[electrolyzer.model];
        let product = &config.products[config.lines[electrolyzer.line].product];
        Self {
            index,
            line: electrolyzer.line,
            rectifier: electrolyzer.rectifier,
            nominal_a: model.nominal_a,
            air_burn_kg_s: model.air_burn_kg_s,
            metal_kg_c: metal_kg_c(product.molar_mass_kg_mol, product.iron_per_alloy),
            last_voltage_v: 0.0,
            last_fed_kg: f64::NAN,
            last_tapped_kg: 0.0,
            last_electrolyte_kg: 0.0,
            last_anode_effects: 0,
            inventory_kg: 0.0,
            estimated: true,
            marks: Window::new(DAY_MARKS),
        }
    }

    /// Adds one scan.
    pub(super) fn update(
        &mut self,
        totals: &mut ElectrolyzerTotals,
        observed: &Observed<'_>,
        dt_s: f64,
    ) -> Added {
        let inputs = &observed.inputs.electrolyzers[self.index];
        let status = &observed.status.electrolyzers[self.index];
        // Cells of a rectifier are in series: its meter stands in for a failed shunt.
        let rectifier = observed.inputs.rectifiers[self.rectifier].dc_current_a;
        let current_a = inputs.cell_current_a.usable().or(rectifier.usable()).unwrap_or(0.0);
        let current_a = current_a.max(0.0);
        self.last_voltage_v = inputs.cell_voltage_v.usable().unwrap_or(self.last_voltage_v);
        let power_w = current_a * self.last_voltage_v.max(0.0);
        totals.age_s += dt_s;
        totals.charge_c += current_a * dt_s;
        totals.energy_j += power_w * dt_s;

        let efficiency = (status.efficiency_estimate_pct / 100.0).clamp(0.0, 1.0);
        if current_a > OPERATING_FRAC * self.nominal_a {
            totals.operating_s += dt_s;
            let carbon_kg_s = carbon_rate_kg_s(current_a, efficiency) + self.air_burn_kg_s;
            totals.graphite_kg += carbon_kg_s * dt_s;
        }
        let fed_kg = rise(&mut self.last_fed_kg, observed.status.feeders[self.index].totalizer_kg);
        let tapped_kg = rise(&mut self.last_tapped_kg, status.metal_tapped_kg);
        totals.oxide_fed_kg += fed_kg;
        totals.metal_tapped_kg += tapped_kg;
        totals.fluoride_kg += rise(&mut self.last_electrolyte_kg, status.electrolyte_added_kg);
        self.inventory_kg = status.metal_estimate_kg;
        let anode_effects = status.anode_effects.saturating_sub(self.last_anode_effects);
        self.last_anode_effects = status.anode_effects;
        if self.estimated {
            let made_kg_s = efficiency * current_a * self.metal_kg_c;
            totals.efficiency_24h_pct = if made_kg_s > 0.0 { 100.0 * efficiency } else { f64::NAN };
            totals.specific_energy_24h_kwh_kg =
                if made_kg_s > 0.0 { power_w / made_kg_s / 3.6e6 } else { f64::NAN };
        }
        let cf4_g_min = inputs.cf4_g_min.usable().unwrap_or(0.0).max(0.0);
        Added {
            made_kg: efficiency * current_a * self.metal_kg_c * dt_s,
            tapped_kg,
            fed_kg,
            cf4_kg: kg_s_from_g_min(cf4_g_min) * dt_s,
            power_w,
            anode_effects,
        }
    }

    /// Sets a mark, and the figures over the 24 h (or since the start) before it.
    pub(super) fn mark(&mut self, totals: &mut ElectrolyzerTotals) {
        let now = Mark {
            charge_c: totals.charge_c,
            energy_j: totals.energy_j,
            metal_kg: totals.metal_tapped_kg + self.inventory_kg,
            tapped_kg: totals.metal_tapped_kg,
        };
        self.marks.push(now);
        let Some((then, _)) = self.marks.oldest() else { return };
        let metal_kg = now.metal_kg - then.metal_kg;
        let theory_kg = (now.charge_c - then.charge_c) * self.metal_kg_c;
        // Without a tap in the window the figure could only repeat the controls' own estimate.
        let tapped = now.tapped_kg > then.tapped_kg && metal_kg > 0.0 && theory_kg > 0.0;
        self.estimated = !tapped;
        if tapped {
            totals.efficiency_24h_pct = 100.0 * metal_kg / theory_kg;
            let energy_kwh = (now.energy_j - then.energy_j) / 3.6e6;
            totals.specific_energy_24h_kwh_kg = energy_kwh / metal_kg;
        }
    }
}

/// Metal (with the iron of an alloy) per charge at 100 % current efficiency, kg/C.
///
/// Faraday: `M / (3F)`, divided by the rare earth's share of the alloy.
fn metal_kg_c(molar_mass_kg_mol: f64, iron_per_alloy: f64) -> f64 {
    molar_mass_kg_mol / (ELECTRONS * FARADAY_C_MOL) / (1.0 - iron_per_alloy)
}

/// Carbon burnt by the anode reaction, kg/s.
///
/// Domain A7 at an even mix of CO and CO2: `n_C = I_O/(3F)`, where of the lost efficiency half is the
/// back reaction and half a shuttle without net chemistry: `I_O = I·(1 − (1 − η)/2)`.
fn carbon_rate_kg_s(current_a: f64, efficiency_frac: f64) -> f64 {
    let oxide_current_a = current_a * (1.0 - (1.0 - efficiency_frac) / 2.0);
    oxide_current_a / (ELECTRONS * FARADAY_C_MOL) * CARBON_KG_MOL
}

/// By how much a counter rose since it was last seen. A counter that was reset has risen from zero;
/// one that is seen for the first time has not risen.
fn rise(last: &mut f64, now: f64) -> f64 {
    let before = std::mem::replace(last, now);
    if before.is_nan() || now.is_nan() {
        0.0
    } else if now < before {
        now.max(0.0)
    } else {
        now - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Domain A7, 6 kA: 8.346 kg/h at 78 %.
    #[test]
    fn metal_per_charge_is_faradays() {
        let kg_h = 0.78 * 6000.0 * metal_kg_c(0.143_39, 0.0) * 3600.0;
        assert!((kg_h - 8.346).abs() < 0.01, "{kg_h}");
    }

    // Domain A7, 6 kA: 0.137 kg carbon per kg metal with 0.35 kg/h burnt in air.
    #[test]
    fn carbon_per_metal_is_the_models() {
        let kg_h = carbon_rate_kg_s(6000.0, 0.78) * 3600.0 + 0.35;
        assert!((kg_h / 8.346 - 0.137).abs() < 0.002, "{kg_h}");
    }

    #[test]
    fn a_totalizer_that_was_reset_never_lowers_the_count() {
        let mut last = 50.0;
        assert!((rise(&mut last, 0.5) - 0.5).abs() < 1e-12);
    }
}

//! Voltage and reactions of one electrolyzer at one moment (domain A7; S4 and S5 for the anode effect).

use crate::plant::cell::Cell;
use crate::plant::parameters::{Parameters, REFERENCE_OXIDE_PCT};
use crate::units::{FARADAY_C_MOL, GAS_J_MOL_K, kelvin};

/// Electrons per rare-earth ion times the Faraday constant, C/mol.
pub(super) const CHARGE_C_MOL: f64 = 3.0 * FARADAY_C_MOL;
/// Share of CO among the primary anode gases.
const CO_SHARE: f64 = 0.50;
/// Re-oxidation by CO2 among the losses of current efficiency.
const BACK_SHARE: f64 = 0.5;
/// Oxide below which the oxide reaction gives way to fluoride discharge altogether, wt%.
const STARVED_PCT: f64 = 0.10;
/// Oxide taken for logarithms at least, wt%.
const LEAST_OXIDE_PCT: f64 = 0.02;
/// Solubility of the oxide at the reference temperature, wt% (S12).
const SOLUBILITY_PCT: f64 = 4.0;
/// Its activation energy, J/mol.
const SOLUBILITY_J_MOL: f64 = 45e3;
/// Conductivity at the reference temperature and oxide, S/cm (S16).
const CONDUCTIVITY_S_CM: f64 = 4.2;
/// Its activation energy, J/mol.
const CONDUCTIVITY_J_MOL: f64 = 22e3;
/// It falls by this fraction per wt% oxide.
const CONDUCTIVITY_PER_PCT: f64 = 0.03;
/// Anode overvoltage at 1 A/cm², V, and per decade of current density and of oxide.
const ANODE_OVERVOLTAGE_V: f64 = 0.80;
const ANODE_TAFEL_V: f64 = 0.30;
const ANODE_OXIDE_V: f64 = 0.25;
/// Cathode overvoltage, V.
const CATHODE_OVERVOLTAGE_V: f64 = 0.10;
/// Voltage of a whole anode effect at nominal current, V.
const ANODE_EFFECT_V: f64 = 14.0;
/// Active anode area over the geometric one.
const AREA_FACTOR: f64 = 1.25;

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn smooth(low: f64, high: f64, value: f64) -> f64 {
    let at = ((value - low) / (high - low)).clamp(0.0, 1.0);
    at * at * (3.0 - 2.0 * at)
}

/// What the voltage depends on besides the current.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// Reversible voltage and the parts of the overvoltages that do not change with the current, V.
    standing_v: f64,
    /// RT/2F, V.
    concentration_v: f64,
    /// Bath resistance without gas bubbles, Ω.
    bath_ohm: f64,
    external_ohm: f64,
    /// Active anode area, cm².
    area_cm2: f64,
    /// Critical current density, A/cm².
    critical_a_cm2: f64,
    passivated: f64,
    nominal_a: f64,
}

/// Voltage at a current, and what came up on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voltage {
    /// Cell voltage, V.
    pub(super) cell_v: f64,
    /// Anodic current density, A/cm².
    pub(super) density_a_cm2: f64,
    /// Density over the critical one.
    pub(super) risk: f64,
}

/// Solubility of the oxide, wt%.
pub(super) fn solubility_pct(parameters: &Parameters, temp_c: f64) -> f64 {
    let inverse = 1.0 / kelvin(temp_c) - 1.0 / parameters.reference_k;
    SOLUBILITY_PCT * (-SOLUBILITY_J_MOL / GAS_J_MOL_K * inverse).exp()
}

impl Cell {
    /// Everything the voltage depends on but the current.
    pub(super) fn conditions(&self, parameters: &Parameters) -> Conditions {
        let temp_k = kelvin(self.temp_c);
        let oxide_pct = self.oxide_pct().max(LEAST_OXIDE_PCT);
        let solubility = solubility_pct(parameters, self.temp_c);
        let inverse = 1.0 / temp_k - 1.0 / parameters.reference_k;
        let conductivity = CONDUCTIVITY_S_CM
            * (-CONDUCTIVITY_J_MOL / GAS_J_MOL_K * inverse).exp()
            * (1.0 - CONDUCTIVITY_PER_PCT * (oxide_pct - REFERENCE_OXIDE_PCT));
        let model = &parameters.model;
        let geometry = self.geometry(parameters);
        let reversible_v = CO_SHARE * (2.544 - 9.376e-4 * temp_k)
            + (1.0 - CO_SHARE) * (2.102 - 4.85e-4 * temp_k)
            - GAS_J_MOL_K * temp_k / (6.0 * FARADAY_C_MOL) * (oxide_pct / solubility).min(1.0).ln();
        let warmth = 1.0 + 0.004 * (self.temp_c - parameters.reference_c);
        Conditions {
            standing_v: reversible_v + ANODE_OVERVOLTAGE_V + CATHODE_OVERVOLTAGE_V
                - ANODE_OXIDE_V * (oxide_pct / REFERENCE_OXIDE_PCT).log10(),
            concentration_v: GAS_J_MOL_K * temp_k / (2.0 * FARADAY_C_MOL),
            bath_ohm: model.shape_factor * geometry.resistance_per_cm / conductivity,
            external_ohm: model.external_ohm,
            area_cm2: AREA_FACTOR * geometry.face_cm2,
            critical_a_cm2: ((0.25 + 0.75 * oxide_pct) * warmth).max(0.05),
            passivated: self.passivated,
            nominal_a: model.nominal_a,
        }
    }
}

impl Conditions {
    /// The voltage at `current_a` > 0.
    pub(super) fn voltage(&self, current_a: f64) -> Voltage {
        let density = (current_a / self.area_cm2).max(1e-4);
        let risk = density / self.critical_a_cm2;
        let bubbles = 1.0 - (0.06 * (density / 1.1).sqrt()).min(0.9);
        let bath_ohm = self.bath_ohm / (bubbles * bubbles.sqrt());
        let cell_v = self.standing_v + ANODE_TAFEL_V * density.log10()
            - self.concentration_v * (1.0 - risk.min(0.98)).ln()
            + current_a * (bath_ohm + self.external_ohm)
            + self.passivated * ANODE_EFFECT_V * (0.4 + 0.6 * current_a / self.nominal_a);
        Voltage { cell_v, density_a_cm2: density, risk }
    }
}

/// What happens per second at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub(super) current_a: f64,
    pub(super) voltage_v: f64,
    pub(super) risk: f64,
    pub(super) density_a_cm2: f64,
    /// Current that discharges fluoride, A.
    pub(super) fluoride_a: f64,
    /// Rare earth kept as metal, mol/s.
    pub(super) metal_mol_s: f64,
    /// Metal burnt back by CO2, mol/s.
    pub(super) back_mol_s: f64,
    /// Current that goes in circles, as rare earth, mol/s.
    pub(super) parasitic_mol_s: f64,
    /// Oxide taken from the bath, kg/s.
    pub(super) oxide_kg_s: f64,
    pub(super) co_mol_s: f64,
    pub(super) co2_mol_s: f64,
    pub(super) cf4_mol_s: f64,
    pub(super) c2f6_mol_s: f64,
    /// Carbon used, burning in air apart, mol/s.
    pub(super) carbon_mol_s: f64,
    /// Power that the reactions take, W.
    pub(super) chemical_w: f64,
    /// Loss outside the bath, W.
    pub(super) external_w: f64,
}

impl Rates {
    /// Heat left for the losses at a feed of `feed_kg_s`, W.
    pub(super) fn heat_w(&self, cell: &Cell, feed_kg_s: f64) -> f64 {
        self.current_a * self.voltage_v
            - self.external_w
            - self.chemical_w
            - feed_kg_s * FEED_J_KG_K * (cell.temp_c - FEED_C)
    }
}

/// Heat capacity of the fed oxide, J/(kg·K).
pub(super) const FEED_J_KG_K: f64 = 400.0;
/// Temperature of the fed oxide, °C.
pub(super) const FEED_C: f64 = 25.0;

impl Cell {
    /// Current efficiency without an anode effect, fraction.
    fn efficiency(&self, parameters: &Parameters) -> f64 {
        let above = self.temp_c - parameters.reference_c;
        let sludge_pct = 100.0 * self.settled_kg / self.bath_kg;
        let efficiency = parameters.model.efficiency_frac
            - 8e-4 * above.max(0.0)
            - 1.5e-3 * (-10.0 - above).max(0.0)
            - 0.02 * (sludge_pct - 0.5).max(0.0);
        efficiency.max(0.5)
    }

    /// Voltage and reactions at `current_a`.
    pub(super) fn rates(&self, parameters: &Parameters, current_a: f64) -> Rates {
        if current_a <= 0.0 {
            return Rates::default();
        }
        self.reactions(parameters, &self.conditions(parameters), current_a)
    }

    /// As [`Cell::rates`] under conditions that are known already.
    pub(super) fn reactions(
        &self,
        parameters: &Parameters,
        conditions: &Conditions,
        current_a: f64,
    ) -> Rates {
        let voltage = conditions.voltage(current_a);
        let gross = current_a / CHARGE_C_MOL;
        let clean = self.efficiency(parameters);
        let metal = clean * (1.0 - 0.7 * self.passivated) * gross;
        let back = BACK_SHARE * (1.0 - clean) * gross;
        let parasitic = gross - metal - back;
        let usual = 0.002 * smooth(0.85, 1.0, voltage.risk) + 0.12 * self.passivated;
        // Without oxide all that is left for the anode is fluoride.
        let starved = 1.0 - smooth(0.0, STARVED_PCT, self.oxide_pct());
        let share = usual + (metal / gross - usual).max(0.0) * starved;
        let fluoride_a = share * current_a;
        let oxide_a = current_a - fluoride_a - CHARGE_C_MOL * parasitic;
        let oxide_mol = oxide_a / CHARGE_C_MOL - back;
        let cf4 = fluoride_a / FARADAY_C_MOL * 0.92 / 4.0;
        let c2f6 = fluoride_a / FARADAY_C_MOL * 0.08 / 6.0;
        let carbon = oxide_a / (2.0 * FARADAY_C_MOL) / (2.0 - CO_SHARE);
        let co = CO_SHARE * carbon + 1.5 * back;
        let co2 = (1.0 - CO_SHARE) * carbon - 1.5 * back;
        let product = &parameters.product;
        let metal_kg_mol = product.molar_mass_kg_mol;
        Rates {
            current_a,
            voltage_v: voltage.cell_v,
            risk: voltage.risk,
            density_a_cm2: voltage.density_a_cm2,
            fluoride_a,
            metal_mol_s: metal,
            back_mol_s: back,
            parasitic_mol_s: parasitic,
            oxide_kg_s: oxide_mol * metal_kg_mol * product.oxide_per_metal,
            co_mol_s: co,
            co2_mol_s: co2,
            cf4_mol_s: cf4,
            c2f6_mol_s: c2f6,
            carbon_mol_s: carbon + cf4 + 2.0 * c2f6,
            chemical_w: oxide_mol * 904e3 + fluoride_a / CHARGE_C_MOL * 1657e3
                - co * 110.5e3
                - co2 * 393.5e3
                - cf4 * 933.2e3
                - c2f6 * 1344e3
                + metal * metal_kg_mol * 320e3
                + co * 32e3
                + co2 * 50e3,
            external_w: current_a * current_a * conditions.external_ohm,
        }
    }
}

//! What has gone in and out of one electrolyzer: the proof that nothing is lost (domain A7, checks 1 to 6).

use crate::plant::electrolysis::{CHARGE_C_MOL, Rates};
use crate::plant::parameters::Parameters;

/// Integrals since the start. kg, mol, C, J.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Charge through the electrolyzer, C.
    pub charge_c: f64,
    /// Oxide that fell into the bath, kg.
    pub fed_kg: f64,
    /// Oxide taken by the reactions, kg.
    pub oxide_used_kg: f64,
    /// Rare earth made and kept, kg (iron of an alloy apart).
    pub metal_kg: f64,
    /// Rare earth made and kept, mol.
    pub metal_mol: f64,
    /// Rare earth burnt back, mol.
    pub back_mol: f64,
    /// Rare earth that only went in circles, mol.
    pub parasitic_mol: f64,
    /// Oxide reacted, as rare earth, mol.
    pub oxide_mol: f64,
    /// Fluoride discharged, as REF3, mol.
    pub fluoride_mol: f64,
    /// Carbon used, mol; burning in air apart.
    pub carbon_mol: f64,
    /// CO, mol.
    pub co_mol: f64,
    /// CO2, mol.
    pub co2_mol: f64,
    /// CF4, mol.
    pub cf4_mol: f64,
    /// C2F6, mol.
    pub c2f6_mol: f64,
    /// Electric energy, heater included, J.
    pub energy_j: f64,
    /// Lost outside the bath, J.
    pub external_j: f64,
    /// Taken by the reactions, J.
    pub chemical_j: f64,
    /// Taken by what was fed, J.
    pub fed_heat_j: f64,
    /// Lost through top, wall, electrodes and into new anodes, J.
    pub lost_j: f64,
    /// Kept as heat, J.
    pub stored_j: f64,
    pub(super) heat_capacity_j_k: f64,
}

impl Account {
    pub(super) fn add(&mut self, rates: &Rates, parameters: &Parameters, dt_s: f64) {
        let product = &parameters.product;
        let oxide_kg_mol = product.molar_mass_kg_mol * product.oxide_per_metal;
        self.charge_c += dt_s * rates.current_a;
        self.oxide_used_kg += dt_s * rates.oxide_kg_s;
        self.metal_kg += dt_s * rates.metal_mol_s * product.molar_mass_kg_mol;
        self.metal_mol += dt_s * rates.metal_mol_s;
        self.back_mol += dt_s * rates.back_mol_s;
        self.parasitic_mol += dt_s * rates.parasitic_mol_s;
        self.oxide_mol += dt_s * rates.oxide_kg_s / oxide_kg_mol;
        self.fluoride_mol += dt_s * rates.fluoride_a / CHARGE_C_MOL;
        self.carbon_mol += dt_s * rates.carbon_mol_s;
        self.co_mol += dt_s * rates.co_mol_s;
        self.co2_mol += dt_s * rates.co2_mol_s;
        self.cf4_mol += dt_s * rates.cf4_mol_s;
        self.c2f6_mol += dt_s * rates.c2f6_mol_s;
        self.external_j += dt_s * rates.external_w;
        self.chemical_j += dt_s * rates.chemical_w;
    }

    /// Charge that is not accounted for, mol of electrons over three (check 2).
    pub fn charge_residual_mol(&self) -> f64 {
        self.charge_c / CHARGE_C_MOL - self.metal_mol - self.back_mol - self.parasitic_mol
    }

    /// Oxygen that is not accounted for, mol (check 3).
    pub fn oxygen_residual_mol(&self) -> f64 {
        1.5 * self.oxide_mol - self.co_mol - 2.0 * self.co2_mol
    }

    /// Carbon that is not accounted for, mol (check 4).
    pub fn carbon_residual_mol(&self) -> f64 {
        self.carbon_mol - self.co_mol - self.co2_mol - self.cf4_mol - 2.0 * self.c2f6_mol
    }

    /// Fluorine that is not accounted for, mol (check 5).
    pub fn fluorine_residual_mol(&self) -> f64 {
        3.0 * self.fluoride_mol - 4.0 * self.cf4_mol - 6.0 * self.c2f6_mol
    }

    /// Energy that is not accounted for, J (check 6).
    pub fn energy_residual_j(&self) -> f64 {
        self.energy_j
            - self.external_j
            - self.chemical_j
            - self.fed_heat_j
            - self.lost_j
            - self.stored_j
    }
}

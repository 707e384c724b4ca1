//! What has gone in and out of one electrolyzer: the proof that nothing is lost (domain A7, checks 1 to 6).

use crate::plant::Plant;
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
    /// Kept as heat: heat capacity times the change of the bath temperature, J.
    pub stored_j: f64,
    /// From the bath into the lining, J.
    pub wall_j: f64,
    /// From the lining into the hall, J.
    pub outside_j: f64,
    /// Bath salt added, kg.
    pub salt_added_kg: f64,
    /// Bath salt that evaporated, kg.
    pub salt_evaporated_kg: f64,
    /// Bath salt that left with tapped metal, kg.
    pub salt_carried_kg: f64,
}

/// What an electrolyzer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Holdings {
    /// Dissolved, suspended and settled oxide, kg.
    pub oxide_kg: f64,
    /// Bath salt, kg.
    pub salt_kg: f64,
    /// Metal, iron of an alloy included, kg.
    pub metal_kg: f64,
    /// Lining temperature, °C.
    pub lining_c: f64,
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

/// Balances between what went in and out of an electrolyzer and what it holds.
impl Plant {
    /// Oxide that is not accounted for, over what was fed.
    pub fn mass_error_frac(&self, index: usize) -> f64 {
        let account = self.account(index);
        let held = self.oxide_kg(index) - self.start[index].oxide_kg;
        (account.fed_kg - account.oxide_used_kg - held) / account.fed_kg.max(1.0)
    }

    /// Energy that is not accounted for, over what went in (check 6).
    pub fn energy_error_frac(&self, index: usize) -> f64 {
        let account = self.account(index);
        account.energy_residual_j() / account.energy_j.max(1.0)
    }

    /// Rare earth that is not accounted for, kg: oxide in, metal made, oxide held, fluoride used (check 1).
    pub fn rare_earth_residual_kg(&self, index: usize) -> f64 {
        let account = self.account(index);
        let product = &self.parameters[self.kind[index]].product;
        let held_kg = self.oxide_kg(index) - self.start[index].oxide_kg;
        (account.fed_kg - held_kg) / product.oxide_per_metal - account.metal_kg
            + account.fluoride_mol * product.molar_mass_kg_mol
    }

    /// Metal that is not accounted for, kg: made, with its iron, tapped and held.
    pub fn metal_residual_kg(&self, index: usize) -> f64 {
        let made_kg =
            self.account(index).metal_kg * self.parameters[self.kind[index]].alloy_per_metal();
        made_kg - self.metal_tapped_kg(index) - (self.metal_kg(index) - self.start[index].metal_kg)
    }

    /// Bath salt that is not accounted for, kg.
    pub fn salt_residual_kg(&self, index: usize) -> f64 {
        let account = self.account(index);
        let product = &self.parameters[self.kind[index]].product;
        account.salt_added_kg
            - account.fluoride_mol * product.fluoride_molar_mass_kg_mol
            - account.salt_evaporated_kg
            - account.salt_carried_kg
            - (self.bath_kg(index) - self.start[index].salt_kg)
    }

    /// Heat of the lining that is not accounted for, J.
    pub fn lining_residual_j(&self, index: usize) -> f64 {
        let account = self.account(index);
        let capacity_j_k = self.parameters[self.kind[index]].model.lining_heat_j_k;
        let warmer_k = self.lining_temp_c(index) - self.start[index].lining_c;
        account.wall_j - account.outside_j - capacity_j_k * warmer_k
    }

    /// Oxide that is not accounted for between the hopper and the bath, kg; `chute_start_kg` was on its way at
    /// the start ([`Plant::chute_kg`]).
    pub fn chute_residual_kg(&self, index: usize, chute_start_kg: f64) -> f64 {
        let (_, _, screwed_kg) = self.feeder_kg(index);
        chute_start_kg + screwed_kg - self.account(index).fed_kg - self.chute_kg(index)
    }

    /// Oxide on its way down the chute, kg.
    pub fn chute_kg(&self, index: usize) -> f64 {
        self.feeders[index].chute_kg()
    }
}

//! State of one electrolyzer and its change with time: masses, heat, anode effect, anodes (domain A7).

use crate::plant::account::{Account, Holdings};
use crate::plant::electrolysis::{CHARGE_C_MOL, FEED_C, FEED_J_KG_K, Rates, solubility_pct};
use crate::plant::order::held;
use crate::plant::parameters::{Parameters, REFERENCE_OXIDE_PCT, fourth_k};

/// Dissolution of suspended oxide, its settling, re-dissolution of what settled, precipitation, 1/s.
const DISSOLVE_PER_S: f64 = 1.0 / 90.0;
const SETTLE_PER_S: f64 = 1.0 / 9000.0;
const REDISSOLVE_PER_S: f64 = 1.0 / 7200.0;
const PRECIPITATE_PER_S: f64 = 1.0 / 600.0;
/// Stirring speeds dissolution up by this factor.
const STIRRED: f64 = 4.0;
/// An anode effect spreads and ends with these times, s; it ends below this risk.
const SPREAD_S: f64 = 4.0;
const RECOVER_S: f64 = 8.0;
const RECOVER_RISK: f64 = 0.75;
/// Densities of bath and metal, g/cm³, and of graphite, kg/m³.
const BATH_G_CM3: f64 = 4.7;
const METAL_G_CM3: f64 = 6.7;
const GRAPHITE_KG_M3: f64 = 1700.0;
/// Heat capacities of bath and metal, J/(kg·K).
const BATH_J_KG_K: f64 = 650.0;
const METAL_J_KG_K: f64 = 340.0;
/// kg carbon per mol as the reference has it.
const CARBON_KG_MOL: f64 = 0.012;
/// Bath salt that leaves with each kg of metal.
const CARRY_OUT: f64 = 0.03;
/// Metal that a siphon draws per A of nominal current, kg/s: a two-hour tap in three minutes.
const SIPHON_KG_S_A: f64 = 1.56e-5;
/// A siphon runs dry at this part of the usual metal heel.
const SIPHON_DRY: f64 = 0.5;
/// Time in which an anode takes up its heat, s.
const ANODE_HEATING_S: f64 = 600.0;
/// Lift of an anode in its usual position, mm above the lowest, and how fast it moves, mm/s.
pub(super) const USUAL_LIFT_MM: f64 = 100.0;
const LIFT_MM_S: f64 = 2.0;
/// Lift runs from 0 to this, mm (domain B3).
const HIGHEST_LIFT_MM: f64 = 400.0;
/// A new anode is at least so thick, mm, and leaves this gap to the cathode, cm.
const THINNEST_MM: f64 = 5.0;
const LEAST_GAP_CM: f64 = 2.0;
/// Least immersion of an anode, cm.
const LEAST_IMMERSION_CM: f64 = 1.0;

/// One anode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anode {
    /// Inner radius, cm.
    pub(super) radius_cm: f64,
    /// Hours since it was set.
    pub(super) age_h: f64,
    /// Lift, mm above the lowest.
    pub(super) lift_mm: f64,
}

impl Anode {
    /// Immersed length, cm, where one in its usual position has `usual_cm`.
    fn immersion_cm(&self, usual_cm: f64) -> f64 {
        let lift_cm = (self.lift_mm - USUAL_LIFT_MM) / 10.0;
        (usual_cm - lift_cm).max(LEAST_IMMERSION_CM)
    }
}

/// What the electrodes look like to the current.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    /// ln(r_a/r_c) / (2π h N_c), anodes in parallel, 1/cm.
    pub(super) resistance_per_cm: f64,
    /// Inner faces of all anodes, cm².
    pub(super) face_cm2: f64,
}

/// One electrolyzer. Masses in kg, times in s.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) bath_kg: f64,
    pub(super) dissolved_kg: f64,
    pub(super) suspended_kg: f64,
    pub(super) settled_kg: f64,
    pub(super) metal_kg: f64,
    pub(super) temp_c: f64,
    pub(super) lining_c: f64,
    /// Passivated part of the anodes, 0..1.
    pub(super) passivated: f64,
    pub(super) anodes: Vec<Anode>,
    /// Heat that new anodes will still take up, J.
    pub(super) anode_sink_j: f64,
    pub(super) tapped_kg: f64,
    /// Drawn in the running tap, kg.
    pub(super) tap_kg: f64,
    /// Bath and metal at the reference level, kg.
    level_bath_kg: f64,
    level_metal_kg: f64,
    pub(super) account: Account,
    pub(super) rates: Rates,
}

/// What acts on an electrolyzer during a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Action {
    /// Oxide that falls in, kg/s.
    pub(super) feed_kg_s: f64,
    pub(super) stirring: bool,
    pub(super) tap_open: bool,
    pub(super) heater_w: f64,
}

impl Cell {
    /// At the reference state: nominal feed, 2.4 wt% oxide, the product's temperature.
    ///
    /// `phase` from 0 to 1 is how far the next anode change is away, from just done to due: electrolyzers
    /// of different phases do not change their anodes at the same time. At 0.5 the set has the reference voltage.
    pub(super) fn reference(parameters: &Parameters, phase: f64) -> Self {
        let model = &parameters.model;
        let dissolved_kg = REFERENCE_OXIDE_PCT * model.bath_kg / (100.0 - REFERENCE_OXIDE_PCT);
        let count = model.anodes;
        let anode = |position: usize| {
            // Of all ages, evenly, so that changes follow each other at even times.
            let age = if parameters.wear { (position as f64 + phase) / count as f64 } else { 0.5 };
            let thickness_mm = parameters.new_thickness_mm() - age * model.anode_wear_mm;
            Anode {
                radius_cm: parameters.radius_cm(thickness_mm),
                age_h: age * parameters.anode_life_h,
                lift_mm: USUAL_LIFT_MM,
            }
        };
        let mut cell = Self {
            bath_kg: model.bath_kg,
            dissolved_kg,
            suspended_kg: 0.0,
            settled_kg: 0.0,
            metal_kg: model.metal_kg,
            temp_c: parameters.reference_c,
            lining_c: parameters.reference_lining_c(),
            passivated: 0.0,
            anodes: (0..count).map(anode).collect(),
            anode_sink_j: 0.0,
            tapped_kg: 0.0,
            tap_kg: 0.0,
            level_bath_kg: model.bath_kg + dissolved_kg,
            level_metal_kg: model.metal_kg,
            account: Account::default(),
            rates: Rates::default(),
        };
        cell.settle(parameters);
        cell
    }

    /// Undissolved oxide as it is at the reference feed.
    fn settle(&mut self, parameters: &Parameters) {
        let feed = self.rates(parameters, parameters.model.nominal_a).oxide_kg_s;
        let want = self.want(parameters);
        self.suspended_kg = feed / (DISSOLVE_PER_S * want + SETTLE_PER_S);
        self.settled_kg = SETTLE_PER_S * self.suspended_kg / (REDISSOLVE_PER_S * want);
    }

    /// Cold, with solid salt: before its first start.
    pub(super) fn make_cold(&mut self, ambient_c: f64) {
        self.temp_c = ambient_c;
        self.lining_c = ambient_c;
        self.suspended_kg = 0.0;
        self.settled_kg = 0.0;
    }

    /// What is in the electrolyzer now.
    pub(super) fn holdings(&self) -> Holdings {
        Holdings {
            oxide_kg: self.dissolved_kg + self.suspended_kg + self.settled_kg,
            salt_kg: self.bath_kg,
            metal_kg: self.metal_kg,
            lining_c: self.lining_c,
        }
    }

    /// Dissolved oxide, wt%.
    pub(super) fn oxide_pct(&self) -> f64 {
        100.0 * self.dissolved_kg / (self.bath_kg + self.dissolved_kg)
    }

    /// How far the bath is from saturation, 0..1.
    fn want(&self, parameters: &Parameters) -> f64 {
        let solubility = solubility_pct(parameters, self.temp_c);
        ((solubility - self.oxide_pct()) / solubility).max(0.0)
    }

    /// Rise of the bath over its reference level, cm.
    pub(super) fn rise_cm(&self, parameters: &Parameters) -> f64 {
        let bath = (self.bath_kg + self.dissolved_kg - self.level_bath_kg) / BATH_G_CM3;
        let metal = (self.metal_kg - self.level_metal_kg) / METAL_G_CM3;
        (bath + metal) / 10.0 / parameters.model.area_m2
    }

    /// Immersed length of an anode, cm.
    pub(super) fn immersion_cm(&self, parameters: &Parameters, anode: &Anode) -> f64 {
        anode.immersion_cm(parameters.model.immersion_cm + self.rise_cm(parameters))
    }

    /// Anodes in parallel.
    pub(super) fn geometry(&self, parameters: &Parameters) -> Geometry {
        let model = &parameters.model;
        let rise_cm = self.rise_cm(parameters);
        let count = self.anodes.len() as f64;
        let (mut conductance, mut face) = (0.0, 0.0);
        for anode in &self.anodes {
            let immersion = anode.immersion_cm(model.immersion_cm + rise_cm);
            conductance += immersion / (anode.radius_cm / model.cathode_radius_cm).ln();
            face += anode.radius_cm * immersion;
        }
        let around = std::f64::consts::TAU * model.cathodes as f64;
        Geometry {
            resistance_per_cm: count / (around * conductance),
            face_cm2: around * face / count,
        }
    }

    /// Current of each anode, A, written into `out`.
    pub(super) fn anode_currents(&self, parameters: &Parameters, out: &mut Vec<f64>) {
        let model = &parameters.model;
        let level_cm = model.immersion_cm + self.rise_cm(parameters);
        out.clear();
        // In parallel: each carries by its immersion over ln(r_a/r_c).
        out.extend(
            self.anodes.iter().map(|it| {
                it.immersion_cm(level_cm) / (it.radius_cm / model.cathode_radius_cm).ln()
            }),
        );
        let part = self.rates.current_a / out.iter().sum::<f64>();
        for current in out {
            *current *= part;
        }
    }

    /// Heat capacity of bath, metal and inner graphite, J/K.
    fn heat_capacity(&self, parameters: &Parameters) -> f64 {
        self.bath_kg * BATH_J_KG_K + self.metal_kg * METAL_J_KG_K + parameters.model.inner_heat_j_k
    }

    /// Oxide that falls in at once, kg.
    pub(super) fn dose(&mut self, parameters: &Parameters, oxide_kg: f64) {
        let heat_j = oxide_kg * FEED_J_KG_K * (self.temp_c - FEED_C);
        self.suspended_kg += oxide_kg;
        self.account.fed_kg += oxide_kg;
        self.cool(parameters, heat_j);
    }

    /// Bath salt added, kg.
    pub(super) fn add_salt(&mut self, parameters: &Parameters, salt_kg: f64) {
        let heat_j = salt_kg * BATH_J_KG_K * (self.temp_c - FEED_C);
        self.bath_kg += salt_kg;
        self.account.salt_added_kg += salt_kg;
        self.cool(parameters, heat_j);
    }

    fn cool(&mut self, parameters: &Parameters, heat_j: f64) {
        self.account.fed_heat_j += heat_j;
        self.warm(-heat_j, self.heat_capacity(parameters));
    }

    /// A worn anode is replaced: the new one takes its heat from the bath.
    pub(super) fn change_anode(
        &mut self,
        parameters: &Parameters,
        position: usize,
        thickness_mm: f64,
    ) {
        if let Some(anode) = self.anodes.get_mut(position) {
            // It hangs beside the cathode, however thick it is said to be.
            let thickest_mm =
                parameters.thickness_mm(parameters.model.cathode_radius_cm + LEAST_GAP_CM);
            let thickness_mm = held(thickness_mm, THINNEST_MM, thickest_mm.max(THINNEST_MM));
            anode.radius_cm = parameters.radius_cm(thickness_mm);
            anode.age_h = 0.0;
            self.anode_sink_j += parameters.model.anode_change_j;
        }
    }

    /// Moves the anodes towards their targets, mm.
    pub(super) fn lift(&mut self, targets_mm: &[f64], dt_s: f64) {
        let most = LIFT_MM_S * dt_s;
        for (anode, target) in self.anodes.iter_mut().zip(targets_mm) {
            // An order that is no number leaves the anode where it is.
            let target = if target.is_nan() { anode.lift_mm } else { *target };
            let way = held(target, 0.0, HIGHEST_LIFT_MM) - anode.lift_mm;
            anode.lift_mm += way.clamp(-most, most);
        }
    }

    /// One step under reactions that [`Cell::reactions`] gave for the state before it.
    pub(super) fn step(
        &mut self,
        parameters: &Parameters,
        rates: Rates,
        action: Action,
        dt_s: f64,
    ) {
        self.rates = rates;
        let capacity_j_k = self.heat_capacity(parameters);
        let net_w = self.heat(parameters, action, dt_s);
        self.masses(parameters, action, dt_s);
        self.warm(dt_s * net_w, capacity_j_k);
        self.passivate(dt_s);
        self.wear(parameters, dt_s);
        self.account.add(&self.rates, parameters, dt_s);
        if action.tap_open {
            self.tap(parameters, dt_s);
        }
    }

    /// Power that warms the bath, W; the lining follows at once.
    fn heat(&mut self, parameters: &Parameters, action: Action, dt_s: f64) -> f64 {
        let losses = &parameters.losses;
        let ambient_c = parameters.ambient_c;
        let top = losses.top_w_k4 * (fourth_k(self.temp_c) - fourth_k(ambient_c));
        let wall = losses.bath_lining_w_k * (self.temp_c - self.lining_c);
        let outside = losses.lining_ambient_w_k * (self.lining_c - ambient_c);
        let electrode = losses.electrode_w_k * (self.temp_c - ambient_c);
        let anodes = self.anode_sink_j / ANODE_HEATING_S;
        self.anode_sink_j -= anodes * dt_s;
        let feed = action.feed_kg_s * FEED_J_KG_K * (self.temp_c - FEED_C);
        let electric = self.rates.current_a * self.rates.voltage_v + action.heater_w;
        let lost = top + wall + electrode + anodes;
        let net = electric - self.rates.external_w - self.rates.chemical_w - feed - lost;
        self.lining_c += dt_s * (wall - outside) / parameters.model.lining_heat_j_k;
        let account = &mut self.account;
        account.energy_j += dt_s * electric;
        account.fed_heat_j += dt_s * feed;
        account.lost_j += dt_s * lost;
        account.wall_j += dt_s * wall;
        account.outside_j += dt_s * outside;
        net
    }

    /// Gives the bath this heat. The account takes what the thermometer says, not what was given.
    fn warm(&mut self, heat_j: f64, capacity_j_k: f64) {
        let before_c = self.temp_c;
        self.temp_c += heat_j / capacity_j_k;
        self.account.stored_j += capacity_j_k * (self.temp_c - before_c);
    }

    fn masses(&mut self, parameters: &Parameters, action: Action, dt_s: f64) {
        let total = self.bath_kg + self.dissolved_kg;
        let solubility = solubility_pct(parameters, self.temp_c);
        let oxide_pct = self.oxide_pct();
        let want = ((solubility - oxide_pct) / solubility).max(0.0);
        let mixing = if action.stirring { STIRRED } else { 1.0 };
        let dissolved = DISSOLVE_PER_S * mixing * self.suspended_kg * want;
        let settled = SETTLE_PER_S * self.suspended_kg;
        let redissolved = REDISSOLVE_PER_S * self.settled_kg * want;
        let precipitated = PRECIPITATE_PER_S * (oxide_pct - solubility).max(0.0) / 100.0 * total;
        let product = &parameters.product;
        self.suspended_kg += dt_s * (action.feed_kg_s - dissolved - settled);
        self.settled_kg += dt_s * (settled - redissolved + precipitated);
        self.dissolved_kg +=
            dt_s * (dissolved + redissolved - precipitated - self.rates.oxide_kg_s);
        self.account.fed_kg += dt_s * action.feed_kg_s;
        let fluoride = self.rates.fluoride_a / CHARGE_C_MOL * product.fluoride_molar_mass_kg_mol;
        let warmth = (0.01 * (self.temp_c - parameters.reference_c)).exp();
        let evaporated = parameters.evaporation_kg_s * warmth;
        self.account.salt_evaporated_kg += dt_s * evaporated;
        self.bath_kg -= dt_s * (fluoride + evaporated);
        let metal_kg_s = self.rates.metal_mol_s * product.molar_mass_kg_mol;
        self.metal_kg += dt_s * metal_kg_s * parameters.alloy_per_metal();
    }

    fn passivate(&mut self, dt_s: f64) {
        let risk = self.rates.risk;
        if risk > 1.0 {
            self.passivated += dt_s * (1.0 - self.passivated) / SPREAD_S;
        } else if risk < RECOVER_RISK {
            self.passivated -= dt_s * self.passivated / RECOVER_S;
        }
        self.passivated = self.passivated.clamp(0.0, 1.0);
        // What is left is no film any more.
        if self.passivated < 1e-6 {
            self.passivated = 0.0;
        }
    }

    /// Each anode loses graphite by its own share of the current.
    fn wear(&mut self, parameters: &Parameters, dt_s: f64) {
        let hours = dt_s / 3600.0;
        self.anodes.iter_mut().for_each(|it| it.age_h += hours);
        if !parameters.wear {
            return;
        }
        let volume_cm3 = self.rates.carbon_mol_s * CARBON_KG_MOL / GRAPHITE_KG_M3 * 1e6 * dt_s;
        // Its share of the volume over its face: in the quotient the immersion falls out. A thick anode is
        // nearer to the cathode, carries more and wears faster, so a set of anodes evens itself out.
        let even = volume_cm3 * self.geometry(parameters).resistance_per_cm;
        let cathode_cm = parameters.model.cathode_radius_cm;
        for anode in &mut self.anodes {
            anode.radius_cm += even / (anode.radius_cm * (anode.radius_cm / cathode_cm).ln());
        }
    }

    /// Growth of the inner radius of anodes that are all alike, cm/s, at the reactions of the last step.
    pub(super) fn wear_cm_s(&self, parameters: &Parameters, rates: &Rates) -> f64 {
        let volume_cm3_s = rates.carbon_mol_s * CARBON_KG_MOL / GRAPHITE_KG_M3 * 1e6;
        volume_cm3_s / self.geometry(parameters).face_cm2
    }

    fn tap(&mut self, parameters: &Parameters, dt_s: f64) {
        let dry = SIPHON_DRY * parameters.model.metal_kg;
        let drawn =
            (SIPHON_KG_S_A * parameters.model.nominal_a * dt_s).min(self.metal_kg - dry).max(0.0);
        self.metal_kg -= drawn;
        self.tapped_kg += drawn;
        self.tap_kg += drawn;
        self.bath_kg -= CARRY_OUT * drawn;
        self.account.salt_carried_kg += CARRY_OUT * drawn;
    }
}

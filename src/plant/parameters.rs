//! The numbers of one kind of electrolyzer with one product, and the heat losses that close its balance.

use crate::config::{CellModel, PlantConfig, Product};
use crate::plant::cell::Cell;
use crate::units::{HOUR_S, ZERO_CELSIUS_K, kelvin};

/// Dissolved oxide of the reference state, wt% (domain A7).
pub(super) const REFERENCE_OXIDE_PCT: f64 = 2.4;
/// The lining of the reference state is so much colder than the bath, K.
const LINING_DROP_K: f64 = 350.0;
/// Heat lost by the top, through the wall and along the electrodes in the reference state, fractions.
const LOSS_SPLIT: [f64; 3] = [0.55, 0.30, 0.15];
/// Bath salt that evaporates at the reference temperature per A of nominal current, kg/s: 0.05 kg/h at 10 kA.
const EVAPORATION_KG_S_A: f64 = 0.05 / 3600.0 / 10_000.0;
/// Graphite left when an anode is worn, mm (domain A3).
const ANODE_REST_MM: f64 = 25.0;

/// Heat losses (domain A7, energy balance).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// Radiation from the top, W/K⁴.
    pub top_w_k4: f64,
    /// Bath to lining, W/K.
    pub bath_lining_w_k: f64,
    /// Lining to hall, W/K.
    pub lining_ambient_w_k: f64,
    /// Bath to hall along the electrodes, W/K.
    pub electrode_w_k: f64,
}

/// Everything that does not change while an electrolyzer runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    pub(super) model: CellModel,
    pub(super) product: Product,
    /// Reference temperature of every correlation, °C: the product's own setpoint.
    pub(super) reference_c: f64,
    pub(super) reference_k: f64,
    pub(super) ambient_c: f64,
    pub(super) losses: Losses,
    /// Feed that keeps the reference state, kg/s.
    pub(super) reference_feed_kg_s: f64,
    /// Bath salt that evaporates at the reference temperature, kg/s.
    pub(super) evaporation_kg_s: f64,
    /// Hours from new to worn at the reference state.
    pub(super) anode_life_h: f64,
    /// Anodes wear, and are of staggered ages from the start.
    pub(super) wear: bool,
}

impl Parameters {
    /// Of `model` making `product`: the losses are such that the reference state is a steady state.
    pub(super) fn new(config: &PlantConfig, model: &CellModel, product: &Product) -> Self {
        let mut parameters = Self {
            model: model.clone(),
            product: product.clone(),
            reference_c: product.bath_temp_c,
            reference_k: kelvin(product.bath_temp_c),
            ambient_c: config.ambient_temp_c,
            losses: Losses::default(),
            reference_feed_kg_s: 0.0,
            evaporation_kg_s: EVAPORATION_KG_S_A * model.nominal_a,
            anode_life_h: 0.0,
            wear: config.instruments.anode_wear,
        };
        // All anodes alike: the reference does not know of ages.
        let even = Self { wear: false, ..parameters.clone() };
        let cell = Cell::reference(&even, 0.5);
        let rates = cell.rates(&even, model.nominal_a);
        let wear_mm_s = 10.0 * cell.wear_cm_s(&even, &rates);
        parameters.anode_life_h = model.anode_wear_mm / wear_mm_s / HOUR_S;
        parameters.reference_feed_kg_s = rates.oxide_kg_s;
        let heat_w = rates.heat_w(&cell, rates.oxide_kg_s);
        parameters.losses = parameters.closing(heat_w);
        parameters
    }

    /// Losses that take away `heat_w` at the reference temperature.
    fn closing(&self, heat_w: f64) -> Losses {
        let (bath_c, ambient_c) = (self.reference_c, self.ambient_c);
        let lining_c = self.reference_lining_c();
        let [top, wall, electrode] = LOSS_SPLIT.map(|it| it * heat_w);
        Losses {
            top_w_k4: top / (fourth_k(bath_c) - fourth_k(ambient_c)),
            bath_lining_w_k: wall / (bath_c - lining_c),
            lining_ambient_w_k: wall / (lining_c - ambient_c),
            electrode_w_k: electrode / (bath_c - ambient_c),
        }
    }

    /// Lining of the reference state, °C.
    pub(super) fn reference_lining_c(&self) -> f64 {
        self.reference_c - LINING_DROP_K
    }

    /// Thickness of a new anode, mm.
    pub(super) fn new_thickness_mm(&self) -> f64 {
        ANODE_REST_MM + self.model.anode_wear_mm
    }

    /// Inner radius of an anode of this thickness, cm. The model's radius is that of half-worn anodes, so
    /// that a set of all ages has the reference voltage.
    pub(super) fn radius_cm(&self, thickness_mm: f64) -> f64 {
        let half_worn_mm = ANODE_REST_MM + self.model.anode_wear_mm / 2.0;
        self.model.anode_radius_cm + (half_worn_mm - thickness_mm) / 10.0
    }

    /// Thickness of an anode of this inner radius, mm.
    pub(super) fn thickness_mm(&self, radius_cm: f64) -> f64 {
        let half_worn_mm = ANODE_REST_MM + self.model.anode_wear_mm / 2.0;
        half_worn_mm - (radius_cm - self.model.anode_radius_cm) * 10.0
    }

    /// Most that a heater of the bath gives, W: no more than the rectifier does.
    pub(super) fn heater_max_w(&self) -> f64 {
        self.model.nominal_a * self.model.voltage_max_v
    }

    /// kg of metal or alloy per kg of rare earth.
    pub(super) fn alloy_per_metal(&self) -> f64 {
        1.0 / (1.0 - self.product.iron_per_alloy)
    }
}

/// The fourth power of the absolute temperature, K⁴.
pub(super) fn fourth_k(temp_c: f64) -> f64 {
    let temp_k = temp_c + ZERO_CELSIUS_K;
    let square = temp_k * temp_k;
    square * square
}

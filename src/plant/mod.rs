//! The true process, which nobody sees but through instruments: electrolyzers, feeders, rectifiers,
//! off-gas, halls (domain A1 to A7; docs/physics.md).
//!
//! The state of each subsystem stands in an array of its own. A step is one scan; inside it the
//! electrochemistry goes by one second, or by half a second while any electrolyzer of a series is near
//! or in an anode effect.

mod account;
mod cell;
mod electrolysis;
mod fault;
mod feeder;
mod instrument;
mod order;
mod parameters;
mod read;
mod rectifier;
mod shared;
mod surroundings;

#[cfg(test)]
mod reference;

pub use account::{Account, Holdings};
pub use fault::{FaultKind, Place};
pub use parameters::Losses;

use crate::config::PlantConfig;
use crate::field::{Inputs, Outputs};
use crate::plant::cell::{Action, Cell};
use crate::plant::electrolysis::Conditions;
use crate::plant::feeder::{Circumstances, Feeder};
use crate::plant::instrument::Noise;
use crate::plant::order::held;
use crate::plant::parameters::Parameters;
use crate::plant::read::Instruments;
use crate::plant::rectifier::{Rectifier, Trouble};
use crate::plant::surroundings::{Fume, Gases, Hall};
use crate::rng::Stream;

/// Longest step of the electrochemistry, s, and while an anode effect is near.
const STEP_S: f64 = 1.0;
const NEAR_STEP_S: f64 = 0.5;
/// An anode effect is near above this risk.
const NEAR_RISK: f64 = 0.9;
/// Oxide at the start differs by this much from cell to cell, wt%.
const START_SPREAD_PCT: f64 = 0.3;
/// How near to their next anode change electrolyzers are at the start: the first is half-way, and each goes on
/// by the golden section, so that no two of a series change anodes together.
const FIRST_PHASE: f64 = 0.5;
const GOLDEN: f64 = 0.618_033_988_749_895;
/// Hoppers are between these levels at the start.
const START_LEVEL: (f64, f64) = (0.45, 0.85);

/// The plant.
#[derive(Debug)]
pub struct Plant {
    config: PlantConfig,
    parameters: Vec<Parameters>,
    /// Which parameters each electrolyzer has.
    kind: Vec<usize>,
    cells: Vec<Cell>,
    feeders: Vec<Feeder>,
    powder: Vec<Stream>,
    instruments: Vec<Instruments>,
    rectifiers: Vec<Rectifier>,
    halls: Vec<Hall>,
    fume: Fume,
    rectifier_noise: Vec<Noise>,
    hall_noise: Vec<Noise>,
    fume_noise: Noise,
    utility_noise: Noise,
    faults: Vec<fault::Active>,
    /// The vibrator runs at this feeder.
    shaken: Vec<bool>,
    hazards: bool,
    /// Which electrolyzer is having an anode changed.
    changing: Vec<bool>,
    conditions: Vec<Conditions>,
    feeds_kg_s: Vec<f64>,
    /// What each electrolyzer held at the start.
    start: Vec<Holdings>,
}

impl Plant {
    /// The plant of `config`, cold or at its steady state.
    pub fn new(config: &PlantConfig) -> Self {
        let (parameters, kind) = kinds(config);
        let count = config.electrolyzers.len();
        let noise = |name: &str| {
            let random = Stream::new(config.seed, &format!("{name}.instruments"));
            Noise::new(random, config.instruments.noise)
        };
        let cell = |(index, kind): (usize, &usize)| {
            Cell::reference(&parameters[*kind], (FIRST_PHASE + index as f64 * GOLDEN).fract())
        };
        let mut plant = Self {
            cells: kind.iter().enumerate().map(cell).collect(),
            feeders: Vec::with_capacity(count),
            powder: Vec::with_capacity(count),
            instruments: Vec::with_capacity(count),
            rectifiers: rectifiers(config),
            halls: config.lines.iter().map(|_| Hall::new()).collect(),
            fume: Fume::new(config),
            rectifier_noise: config.rectifiers.iter().map(|it| noise(&it.name)).collect(),
            hall_noise: config.lines.iter().map(|it| noise(&it.name)).collect(),
            fume_noise: noise("FumeTreatment"),
            utility_noise: noise("Utilities"),
            faults: Vec::new(),
            shaken: vec![false; count],
            hazards: config.instruments.hazards,
            changing: vec![false; count],
            conditions: Vec::new(),
            feeds_kg_s: vec![0.0; count],
            start: Vec::new(),
            parameters,
            kind,
            config: config.clone(),
        };
        for index in 0..count {
            plant.equip(index);
        }
        if config.control.start_running {
            plant.start_running();
        }
        plant.start = plant.cells.iter().map(Cell::holdings).collect();
        plant
    }

    /// Feeder, instruments and start state of one electrolyzer.
    fn equip(&mut self, index: usize) {
        let config = &self.config;
        let name = &config.electrolyzers[index].name;
        let parameters = &self.parameters[self.kind[index]];
        let noisy = config.instruments.noise;
        let mut powder = Stream::new(config.seed, &format!("{name}.feeder"));
        let cell = &mut self.cells[index];
        if !config.control.start_running {
            cell.make_cold(parameters.ambient_c);
        } else if noisy {
            let spread = START_SPREAD_PCT * (2.0 * powder.uniform() - 1.0);
            cell.dissolved_kg += spread / 100.0 * cell.bath_kg;
        }
        let (low, high) = START_LEVEL;
        let level = if noisy { low + (high - low) * powder.uniform() } else { high };
        let scan_s = f64::from(config.scan_ms) / 1000.0;
        let mut feeder = Feeder::new(&parameters.model, parameters.ambient_c, level, scan_s);
        if config.control.start_running {
            feeder.fill_chute(parameters.reference_feed_kg_s, scan_s);
        }
        let noise = Noise::new(Stream::new(config.seed, &format!("{name}.instruments")), noisy);
        self.instruments.push(Instruments::new(cell.temp_c, cell.oxide_pct(), noise));
        self.feeders.push(feeder);
        self.powder.push(powder);
    }

    /// Current as it has been flowing for a long time.
    fn start_running(&mut self) {
        let water_c = self.config.utilities.water_supply_temp_c;
        for rectifier in &mut self.rectifiers {
            let models = rectifier.cells.iter().map(|it| &self.parameters[self.kind[*it]].model);
            let current = models.map(|it| it.nominal_a).fold(f64::INFINITY, f64::min);
            let current = if current.is_finite() { current } else { 0.0 };
            rectifier.run_at(current, water_c, self.config.ambient_temp_c);
            for index in &rectifier.cells {
                let parameters = &self.parameters[self.kind[*index]];
                let cell = &mut self.cells[*index];
                cell.rates = cell.rates(parameters, current);
                rectifier.voltage_v += cell.rates.voltage_v;
            }
        }
    }

    /// Reads every instrument, `dt_s` after the last time.
    pub fn read(&mut self, into: &mut Inputs, dt_s: f64) {
        let count = self.cells.len();
        into.electrolyzers.resize_with(count, Default::default);
        into.feeders.resize_with(count, Default::default);
        into.rectifiers.resize_with(self.rectifiers.len(), Default::default);
        into.halls.resize_with(self.halls.len(), Default::default);
        for index in 0..count {
            self.read_electrolyzer(index, &mut into.electrolyzers[index], dt_s);
            self.read_feeder(index, &mut into.feeders[index], dt_s);
        }
        let ambient_c = self.config.ambient_temp_c;
        let utilities = &self.config.utilities;
        let supply = (utilities.grid_voltage_v, utilities.water_supply_temp_c);
        for (index, reading) in into.rectifiers.iter_mut().enumerate() {
            self.read_rectifier(supply, index, reading);
        }
        for (index, reading) in into.halls.iter_mut().enumerate() {
            self.read_hall(ambient_c, index, reading);
        }
        self.read_fume(&mut into.fume);
        self.read_utilities(&mut into.utilities);
    }

    /// Lets `dt_s` pass under these outputs.
    pub fn step(&mut self, outputs: &Outputs, dt_s: f64) {
        for index in 0..self.cells.len() {
            self.act(index, outputs, dt_s);
        }
        let mut gases = Gases::default();
        for index in 0..self.rectifiers.len() {
            self.step_series(index, outputs, dt_s);
        }
        for cell in &self.cells {
            gases.add(&cell.rates);
        }
        let mut fume = outputs.fume;
        if self.has_fault(FaultKind::FanStop, Place::Fume) {
            fume.fan_speed_pct = 0.0;
        }
        self.fume.step(&self.config, fume, &gases, dt_s);
        let draft = self.fume.fan_pct / self.config.fume.fan_speed_pct.max(1.0);
        self.halls.iter_mut().for_each(|it| it.step(draft, dt_s));
        self.age_faults(dt_s);
    }

    /// The feeder's scan, and what the crew does at the electrolyzer.
    fn act(&mut self, index: usize, outputs: &Outputs, dt_s: f64) {
        let place = Place::Feeder(index);
        let around = Circumstances {
            ambient_c: self.config.ambient_temp_c,
            noise: self.config.instruments.noise,
            hazards: self.hazards,
            stopped: self.has_fault(FaultKind::FeederDrive, place)
                || self.has_fault(FaultKind::HopperDoor, place),
            chute_blocked: self.has_fault(FaultKind::ChuteBlocked, place),
        };
        let is_stuck = self.has_fault(FaultKind::FeederJam, place);
        let parameters = &self.parameters[self.kind[index]];
        let (cell, feeder) = (&mut self.cells[index], &mut self.feeders[index]);
        feeder.jammed |= is_stuck;
        if let Some(outputs) = outputs.feeders.get(index) {
            let fed_kg = feeder.step(outputs, around, &mut self.powder[index], dt_s);
            self.feeds_kg_s[index] = fed_kg / dt_s;
            self.shaken[index] = outputs.vibrator;
        }
        let Some(outputs) = outputs.electrolyzers.get(index) else { return };
        if outputs.oxide_dose_kg > 0.0 {
            let dropped = feeder.drop(outputs.oxide_dose_kg);
            cell.dose(parameters, dropped);
        }
        if outputs.electrolyte_kg > 0.0 {
            // No more than a full bath at once.
            let salt_kg = held(outputs.electrolyte_kg, 0.0, parameters.model.bath_kg);
            cell.add_salt(parameters, salt_kg);
        }
        match outputs.anode_change {
            Some(change) if !self.changing[index] => {
                cell.change_anode(parameters, change.position, change.new_thickness_mm);
                self.changing[index] = true;
            }
            Some(_) => {}
            None => self.changing[index] = false,
        }
        cell.lift(&outputs.anode_lift_mm, dt_s);
        if !outputs.tap_open {
            cell.tap_kg = 0.0;
        }
    }

    /// One rectifier and its electrolyzers for one scan.
    fn step_series(&mut self, index: usize, outputs: &Outputs, dt_s: f64) {
        let trouble = self.trouble(index);
        let water_c = self.config.utilities.water_supply_temp_c;
        let around = (water_c, self.config.ambient_temp_c);
        let Some(order) = outputs.rectifiers.get(index) else { return };
        let rectifier = &mut self.rectifiers[index];
        rectifier.supervise(order, trouble, around, dt_s);
        let near = rectifier.cells.iter().any(|it| {
            let cell = &self.cells[*it];
            cell.passivated > 0.0 || cell.rates.risk > NEAR_RISK
        });
        let longest = if near { NEAR_STEP_S } else { STEP_S };
        let steps = (dt_s / longest - 1e-9).ceil().max(1.0);
        let step_s = dt_s / steps;
        for _ in 0..steps as u32 {
            self.conditions.clear();
            for cell in &rectifier.cells {
                let parameters = &self.parameters[self.kind[*cell]];
                self.conditions.push(self.cells[*cell].conditions(parameters));
            }
            rectifier.solve(order, &self.conditions, step_s);
            for (conditions, member) in self.conditions.iter().zip(&rectifier.cells) {
                let parameters = &self.parameters[self.kind[*member]];
                let cell = &mut self.cells[*member];
                let rates = if rectifier.current_a > 0.0 {
                    cell.reactions(parameters, conditions, rectifier.current_a)
                } else {
                    cell.rates(parameters, 0.0)
                };
                let order = outputs.electrolyzers.get(*member);
                let action = Action {
                    feed_kg_s: self.feeds_kg_s[*member],
                    stirring: order.is_some_and(|it| it.stirring),
                    tap_open: order.is_some_and(|it| it.tap_open),
                    heater_w: order
                        .map_or(0.0, |it| held(it.heater_w, 0.0, parameters.heater_max_w())),
                };
                cell.step(parameters, rates, action, step_s);
            }
        }
    }

    fn trouble(&self, index: usize) -> Trouble {
        if self.faults.is_empty() {
            return Trouble::default();
        }
        let place = Place::Rectifier(index);
        let line = self.config.rectifiers[index].line;
        let stopped =
            |it: &usize| self.has_fault(FaultKind::EmergencyStop, Place::Electrolyzer(*it));
        Trouble {
            emergency_stop: self.has_fault(FaultKind::EmergencyStop, Place::Hall(line))
                || self.rectifiers[index].cells.iter().any(stopped),
            earth_fault: self.has_fault(FaultKind::EarthFault, place),
            water_low: self.has_fault(FaultKind::WaterLow, place),
            trip: self.has_fault(FaultKind::RectifierTrip, place),
        }
    }
}

/// Every pair of model and product in use, and which one each electrolyzer is.
fn kinds(config: &PlantConfig) -> (Vec<Parameters>, Vec<usize>) {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut kind = Vec::with_capacity(config.electrolyzers.len());
    for electrolyzer in &config.electrolyzers {
        let pair = (electrolyzer.model, config.lines[electrolyzer.line].product);
        let known = pairs.iter().position(|it| *it == pair);
        kind.push(known.unwrap_or_else(|| {
            pairs.push(pair);
            pairs.len() - 1
        }));
    }
    let parameters = pairs.iter().map(|(model, product)| {
        Parameters::new(config, &config.cell_models[*model], &config.products[*product])
    });
    (parameters.collect(), kind)
}

fn rectifiers(config: &PlantConfig) -> Vec<Rectifier> {
    let one = |(index, row): (usize, &crate::config::RectifierConfig)| {
        let own = config.electrolyzers.iter().enumerate().filter(|(_, it)| it.rectifier == index);
        let cells: Vec<usize> = own.map(|(cell, _)| cell).collect();
        let ceiling = cells
            .iter()
            .map(|it| config.cell_models[config.electrolyzers[*it].model].voltage_max_v)
            .sum();
        Rectifier::new(row, cells, ceiling, config.ambient_temp_c)
    };
    config.rectifiers.iter().enumerate().map(one).collect()
}

/// What tests and the simulation look at past the instruments.
impl Plant {
    /// Dissolved oxide of electrolyzer `index`, wt%.
    pub fn oxide_pct(&self, index: usize) -> f64 {
        self.cells[index].oxide_pct()
    }

    /// Undissolved oxide, suspended and settled, kg.
    pub fn undissolved_kg(&self, index: usize) -> (f64, f64) {
        (self.cells[index].suspended_kg, self.cells[index].settled_kg)
    }

    /// Bath temperature, °C.
    pub fn bath_temp_c(&self, index: usize) -> f64 {
        self.cells[index].temp_c
    }

    /// Lining temperature, °C.
    pub fn lining_temp_c(&self, index: usize) -> f64 {
        self.cells[index].lining_c
    }

    /// Metal in the electrolyzer, kg.
    pub fn metal_kg(&self, index: usize) -> f64 {
        self.cells[index].metal_kg
    }

    /// Metal tapped since the start, kg.
    pub fn metal_tapped_kg(&self, index: usize) -> f64 {
        self.cells[index].tapped_kg
    }

    /// Bath salt, kg.
    pub fn bath_kg(&self, index: usize) -> f64 {
        self.cells[index].bath_kg
    }

    /// Dissolved, suspended and settled oxide, kg.
    pub fn oxide_kg(&self, index: usize) -> f64 {
        self.cells[index].holdings().oxide_kg
    }

    /// Inner radius and age of each anode, cm and h.
    pub fn anodes(&self, index: usize) -> impl Iterator<Item = (f64, f64)> {
        self.cells[index].anodes.iter().map(|it| (it.radius_cm, it.age_h))
    }

    /// Cell voltage of the last step, V.
    pub fn cell_voltage_v(&self, index: usize) -> f64 {
        self.cells[index].rates.voltage_v
    }

    /// Current of the last step, A.
    pub fn cell_current_a(&self, index: usize) -> f64 {
        self.cells[index].rates.current_a
    }

    /// Anodic current density over the critical one at the last step.
    pub fn anode_effect_risk(&self, index: usize) -> f64 {
        self.cells[index].rates.risk
    }

    /// Anodic current density at the last step, A/cm².
    pub fn anodic_density_a_cm2(&self, index: usize) -> f64 {
        self.cells[index].rates.density_a_cm2
    }

    /// Passivated part of the anodes, 0..1.
    pub fn passivated(&self, index: usize) -> f64 {
        self.cells[index].passivated
    }

    /// Feed that keeps the reference state, kg/s.
    pub fn reference_feed_kg_s(&self, index: usize) -> f64 {
        self.parameters[self.kind[index]].reference_feed_kg_s
    }

    /// Heat losses of the electrolyzer's kind.
    pub fn losses(&self, index: usize) -> Losses {
        self.parameters[self.kind[index]].losses
    }

    /// What has gone in and out of an electrolyzer.
    pub fn account(&self, index: usize) -> &Account {
        &self.cells[index].account
    }

    /// Hopper, and refilled and fed since the start, kg.
    pub fn feeder_kg(&self, index: usize) -> (f64, f64, f64) {
        let feeder = &self.feeders[index];
        (feeder.hopper_kg, feeder.refilled_kg, feeder.fed_kg)
    }
}

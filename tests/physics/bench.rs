//! One electrolyzer on the test bench: outputs by hand, true state to look at, no noise.

use cellhouse::config::{self, InstrumentConfig, PlantConfig};
use cellhouse::field::{Inputs, Outputs};
use cellhouse::plant::Plant;

/// Sizes of domain A7.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    Ka6,
    Ka10,
    Ka30,
}

impl Size {
    pub(crate) const ALL: [Self; 3] = [Self::Ka6, Self::Ka10, Self::Ka30];

    fn nominal_a(self) -> f64 {
        [6000.0, 10_000.0, 30_000.0][self as usize]
    }

    /// The value for this size of three in a table.
    pub(crate) fn of(self, table: [f64; 3]) -> f64 {
        table[self as usize]
    }
}

/// The default plant cut down to its first line with one electrolyzer of `size`, instruments silent.
pub(crate) fn config(size: Size) -> PlantConfig {
    let mut plant = config::default_plant();
    let found =
        plant.cell_models.iter().position(|it| (it.nominal_a - size.nominal_a()).abs() < 1.0);
    let model = found.unwrap_or_else(|| panic!("the default plant describes no {size:?}"));
    plant.lines.truncate(1);
    plant.electrolyzers.truncate(1);
    plant.electrolyzers[0].model = model;
    plant.electrolyzers[0].rectifier = 0;
    plant.rectifiers.truncate(1);
    plant.rectifiers[0].nominal_a = size.nominal_a();
    plant.instruments = InstrumentConfig { noise: false, hazards: false, anode_wear: false };
    plant.control.start_running = true;
    plant
}

/// The bench.
pub(crate) struct Bench {
    pub(crate) plant: Plant,
    pub(crate) outputs: Outputs,
    pub(crate) inputs: Inputs,
    pub(crate) nominal_a: f64,
    rpm: f64,
    metal_kg: f64,
    /// Metal is drawn as it is made.
    pub(crate) tapped: bool,
}

impl Bench {
    pub(crate) fn new(size: Size) -> Self {
        Self::of(&config(size))
    }

    pub(crate) fn of(config: &PlantConfig) -> Self {
        let plant = Plant::new(config);
        let model = &config.cell_models[config.electrolyzers[0].model];
        let mut outputs = Outputs::default();
        outputs.electrolyzers.resize_with(1, Default::default);
        outputs.feeders.resize_with(1, Default::default);
        outputs.rectifiers.resize_with(1, Default::default);
        outputs.rectifiers[0].on = true;
        outputs.rectifiers[0].current_a = model.nominal_a;
        outputs.feeders[0].chute_open = true;
        outputs.fume.fan_speed_pct = config.fume.fan_speed_pct;
        let rpm = plant.reference_feed_kg_s(0) / (model.feeder_g_rev / 1000.0) * 60.0;
        outputs.feeders[0].speed_rpm = rpm;
        let (nominal_a, metal_kg) = (model.nominal_a, model.metal_kg);
        Self { plant, outputs, inputs: Inputs::default(), nominal_a, rpm, metal_kg, tapped: true }
    }

    /// Feed over the one that keeps the steady state.
    pub(crate) fn feed(&mut self, factor: f64) {
        self.outputs.feeders[0].speed_rpm = self.rpm * factor;
    }

    /// Current over nominal.
    pub(crate) fn current(&mut self, factor: f64) {
        self.outputs.rectifiers[0].current_a = self.nominal_a * factor;
    }

    /// One second.
    pub(crate) fn second(&mut self) {
        // The hopper is kept full enough.
        self.outputs.feeders[0].refill = self.plant.feeder_kg(0).0 < 10.0;
        self.outputs.electrolyzers[0].tap_open =
            self.tapped && self.plant.metal_kg(0) > self.metal_kg;
        self.plant.read(&mut self.inputs, 1.0);
        self.plant.step(&self.outputs, 1.0);
    }

    pub(crate) fn run(&mut self, seconds: u32) {
        (0..seconds).for_each(|_| self.second());
    }

    /// Seconds until `done`; panics after `most`.
    pub(crate) fn until(&mut self, most: u32, done: impl Fn(&Plant) -> bool) -> f64 {
        for second in 1..=most {
            self.second();
            if done(&self.plant) {
                return f64::from(second);
            }
        }
        panic!("not within {most} s");
    }
}

/// Asserts that `seen` is within `percent` of `wanted`.
#[track_caller]
pub(crate) fn assert_near(what: &str, seen: f64, wanted: f64, percent: f64) {
    let off = 100.0 * (seen - wanted) / wanted;
    assert!(off.abs() <= percent, "{what}: {seen:.5}, wanted {wanted:.5}, off by {off:.2} %");
}

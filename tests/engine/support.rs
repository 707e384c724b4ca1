//! Small plants for the tests, with the numbers of domain A7.

use std::sync::{Arc, Mutex};

use cellhouse::access::{Actor, Role};
use cellhouse::config::{
    CellModel, ControlConfig, ElectrolyzerConfig, FeedRecipe, FumeConfig, InstrumentConfig,
    LineConfig, PlantConfig, Product, RectifierConfig, UtilityConfig,
};
use cellhouse::control::{Command, Order, Setpoint, Target};
use cellhouse::engine::{Engine, Sample};
use cellhouse::tag::TagIndex;
use cellhouse::time::Timestamp;

/// A size of electrolyzer, by its nominal current.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    Ka6,
    Ka10,
    Ka30,
}

/// `cells` electrolyzers of one size on one line, each with its rectifier; running, without hazards and wear.
pub(crate) fn plant(size: Size, cells: usize) -> PlantConfig {
    let model = cell_model(size);
    PlantConfig {
        name: "test plant".to_owned(),
        namespace_uri: "urn:cellhouse:test".to_owned(),
        seed: 1,
        start: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
        scan_ms: 1000,
        ambient_temp_c: 25.0,
        products: vec![pr_nd()],
        lines: vec![LineConfig {
            name: "Line1".to_owned(),
            display_name: "PrNd line".to_owned(),
            product: 0,
        }],
        rectifiers: (0..cells)
            .map(|index| RectifierConfig {
                name: format!("RF{}", 101 + index),
                line: 0,
                nominal_a: model.nominal_a,
                efficiency_frac: 0.93,
            })
            .collect(),
        electrolyzers: (0..cells)
            .map(|index| ElectrolyzerConfig {
                name: format!("EL{}", 101 + index),
                line: 0,
                model: 0,
                rectifier: index,
            })
            .collect(),
        cell_models: vec![model],
        control: control(),
        instruments: InstrumentConfig { noise: true, hazards: false, anode_wear: false },
        fume: FumeConfig::default(),
        utilities: UtilityConfig::default(),
        alarms: Vec::new(),
        alarm_fixture: false,
    }
}

fn pr_nd() -> Product {
    Product {
        code: "PrNd".to_owned(),
        molar_mass_kg_mol: 0.143_39,
        oxide_per_metal: 1.1769,
        iron_per_alloy: 0.0,
        fluoride_molar_mass_kg_mol: 0.2004,
        bath_temp_c: 1050.0,
        bath_temp_setpoint_c: (1030.0, 1070.0),
        feed_temp_min_c: 1030.0,
        bath_temp_max_c: 1110.0,
    }
}

fn control() -> ControlConfig {
    ControlConfig {
        feed_recipe: FeedRecipe::Compensated,
        back_voltage_v: 2.25,
        underfeed_frac: 0.75,
        overfeed_frac: 1.25,
        overfeed_s: 2400.0,
        underfeed_max_s: 7200.0,
        slope_window_s: 900.0,
        temp_gain_frac_k: 0.0015,
        temp_integral_s: 3000.0,
        temp_period_s: 300.0,
        temp_trim_frac: (-0.10, 0.06),
        current_ramp_frac_s: 0.02,
        anode_effect_rise_v: 3.0,
        anode_effect_dose_frac: 0.01,
        anode_effect_current_frac: 0.5,
        tap_period_s: 7200.0,
        crew: true,
        start_running: true,
    }
}

fn cell_model(size: Size) -> CellModel {
    let of = |values: [f64; 3]| values[size as usize];
    CellModel {
        name: format!("{} kA", of([6.0, 10.0, 30.0])),
        nominal_a: of([6000.0, 10_000.0, 30_000.0]),
        voltage_max_v: of([18.0, 16.0, 16.0]),
        cathodes: [1, 1, 6][size as usize],
        cathode_radius_cm: of([5.0, 6.0, 5.0]),
        anode_radius_cm: of([17.7, 21.5, 17.0]),
        immersion_cm: of([38.0, 50.0, 46.0]),
        shape_factor: of([0.72, 0.55, 0.85]),
        external_ohm: of([0.200e-3, 0.090e-3, 0.042e-3]),
        bath_kg: of([400.0, 650.0, 1800.0]),
        metal_kg: of([20.0, 30.0, 120.0]),
        area_m2: of([0.27, 0.40, 1.10]),
        efficiency_frac: of([0.78, 0.79, 0.80]),
        inner_heat_j_k: of([140e3, 230e3, 700e3]),
        lining_heat_j_k: of([1.5e6, 2.4e6, 6.0e6]),
        air_burn_kg_s: of([0.35, 0.55, 1.5]) / 3600.0,
        anodes: [5, 6, 24][size as usize],
        anode_wear_mm: of([55.0, 60.0, 65.0]),
        feeder_g_rev: of([4.1, 6.9, 21.0]),
        hopper_kg: of([80.0, 130.0, 300.0]),
        metal_ohm_kg: of([1.61e-6, 0.49e-6, 0.050e-6]),
        temp_ohm_k: of([1.63e-6, 0.96e-6, 0.26e-6]),
        slope_ohm_s: of([0.30e-6, 0.18e-6, 0.05e-6]) / 60.0,
        anode_change_j: of([9.8e6, 14e6, 14e6]),
    }
}

/// The engine of a plant before its first scan.
pub(crate) fn engine(config: PlantConfig) -> Engine {
    let start = config.start;
    Engine::new(config, start)
}

/// A person who may do everything on the floor.
pub(crate) fn engineer() -> Actor {
    let roles = [Role::Operator, Role::Supervisor, Role::Engineer];
    Actor { name: "test".into(), roles: roles.into_iter().collect() }
}

/// Writes the base feed rate of electrolyzer 0, g/min.
pub(crate) fn base_feed(value: f64) -> Command {
    let order = Order::Write { setpoint: Setpoint::BaseFeedRate, value };
    Command { actor: engineer(), target: Target::Electrolyzer(0), order }
}

/// The tag at `member` of the device at `path`.
pub(crate) fn tag(engine: &Engine, path: &str, setpoint: Setpoint) -> TagIndex {
    let table = engine.table();
    let device = table.device_by_path(path).expect("a device of the plant");
    let rows = table.rows(table.device(device).kind);
    let member = rows.iter().position(|it| it.setpoint == Some(setpoint));
    TagIndex(table.device(device).first_tag.0 + member.expect("a row of the catalogue") as u32)
}

/// The newest sample of `tag`.
pub(crate) fn sample(engine: &Engine, tag: TagIndex) -> Sample<'_> {
    engine.latest().sample(tag)
}

/// A sink that the test can look into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// What has been written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! Several electrolyzers on one rectifier, and scans of other lengths.

use cellhouse::config::{ElectrolyzerConfig, PlantConfig};
use cellhouse::field::{Inputs, Outputs};
use cellhouse::plant::{FaultKind, Place, Plant};

use crate::bench::{Bench, Size, assert_near, config};

fn three() -> (Plant, Outputs) {
    let mut plan = config(Size::Ka10);
    let first = plan.electrolyzers[0].clone();
    for name in ["EL102", "EL103"] {
        plan.electrolyzers.push(ElectrolyzerConfig { name: name.to_owned(), ..first.clone() });
    }
    let plant = Plant::new(&plan);
    let mut outputs = Outputs::default();
    outputs.electrolyzers.resize_with(3, Default::default);
    outputs.feeders.resize_with(3, Default::default);
    outputs.rectifiers.resize_with(1, Default::default);
    outputs.rectifiers[0].on = true;
    outputs.rectifiers[0].current_a = 10_000.0;
    (plant, outputs)
}

#[test]
fn electrolyzers_in_series_share_the_current_and_add_their_voltages() {
    let (mut plant, outputs) = three();
    let mut inputs = Inputs::default();
    for _ in 0..30 {
        plant.step(&outputs, 1.0);
    }
    plant.read(&mut inputs, 1.0);
    let sum: f64 = (0..3).map(|it| plant.cell_voltage_v(it)).sum();
    assert!((inputs.rectifiers[0].dc_voltage_v.value - sum).abs() < 1e-9);
    assert!((0..3).all(|it| (plant.cell_current_a(it) - 10_000.0).abs() < 1e-9));
    let dc_w = sum * 10_000.0;
    assert!((0.85..0.95).contains(&(dc_w / inputs.rectifiers[0].ac_power_w.value)));
}

/// One anode effect lifts its own voltage; the sum stays under the series' ceiling, and the current is common.
#[test]
fn the_ceiling_is_over_the_sum() {
    let (mut plant, mut outputs) = three();
    outputs.rectifiers[0].voltage_max_v = 36.0;
    assert!(plant.inject(FaultKind::AnodeEffect, Place::Electrolyzer(1), 0.0));
    plant.step(&outputs, 1.0);
    let mut inputs = Inputs::default();
    plant.read(&mut inputs, 1.0);
    let current_a = plant.cell_current_a(0);
    assert!(inputs.rectifiers[0].voltage_limited && current_a < 10_000.0);
    assert!((0..3).all(|it| (plant.cell_current_a(it) - current_a).abs() < 1e-9));
    let sum: f64 = (0..3).map(|it| plant.cell_voltage_v(it)).sum();
    assert!((sum - 36.0).abs() < 1e-6, "{sum}");
    assert!(plant.cell_voltage_v(1) > plant.cell_voltage_v(0) + 8.0);
    assert!(plant.passivated(0) == 0.0 && plant.passivated(1) > 0.5);
}

#[test]
fn a_ceiling_that_no_electrode_reaction_reaches_lets_no_current_through() {
    let mut bench = Bench::new(Size::Ka6);
    bench.outputs.rectifiers[0].voltage_max_v = 0.5;
    bench.run(5);
    assert!(bench.plant.cell_current_a(0) == 0.0 && bench.inputs.rectifiers[0].voltage_limited);
}

/// An hour and a half without feed, an anode effect in it, by scans of 0.1, 0.25 and 1 s.
#[test]
fn the_length_of_the_scan_does_not_matter() {
    let story = |scan_ms: u32| {
        let mut bench = Bench::of(&PlantConfig { scan_ms, ..config(Size::Ka10) });
        let dt_s = f64::from(scan_ms) / 1000.0;
        bench.feed(0.0);
        let mut seconds = 0.0;
        let before = bench.plant.cell_voltage_v(0);
        while bench.plant.cell_voltage_v(0) < before + 3.0 && seconds < 5400.0 {
            bench.plant.read(&mut bench.inputs, dt_s);
            bench.plant.step(&bench.outputs, dt_s);
            seconds += dt_s;
        }
        [
            seconds,
            bench.plant.bath_temp_c(0),
            bench.plant.oxide_pct(0),
            bench.plant.account(0).metal_kg,
        ]
    };
    let whole = story(1000);
    for scan_ms in [100, 250, 500] {
        for (seen, wanted) in story(scan_ms).into_iter().zip(whole) {
            assert_near(&format!("{scan_ms} ms"), seen, wanted, 0.3);
        }
    }
}

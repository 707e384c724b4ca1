//! The process stays possible: nothing negative, nothing above its ceiling, no NaN, and it repeats.

use cellhouse::config::{InstrumentConfig, PlantConfig};
use cellhouse::field::AnodeChange;
use proptest::prelude::*;

use crate::bench::{Bench, Size, assert_near, config};

#[track_caller]
fn assert_possible(bench: &Bench) {
    let plant = &bench.plant;
    for (what, value, high) in [
        ("oxide", plant.oxide_pct(0), 12.0),
        ("bath", plant.bath_kg(0), 5000.0),
        ("metal", plant.metal_kg(0), 5000.0),
        ("temperature", plant.bath_temp_c(0), 2500.0),
        ("lining", plant.lining_temp_c(0), 2000.0),
        ("voltage", plant.cell_voltage_v(0), 18.001),
        ("passivated", plant.passivated(0), 1.0),
        ("current", plant.cell_current_a(0), 1.21 * bench.nominal_a),
        ("hopper", plant.feeder_kg(0).0, 1000.0),
    ] {
        assert!((0.0..=high).contains(&value), "{what} is {value}");
    }
    let seen = &bench.inputs.electrolyzers[0];
    for reading in [seen.bath_temp_c, seen.cell_voltage_v, seen.cell_current_a, seen.co2_g_min] {
        assert!(reading.value.is_finite(), "{seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_impossible_happens_whatever_is_ordered(
        orders in prop::collection::vec(
            (-0.5..3.0_f64, -1.0..6.0_f64, any::<bool>(), any::<bool>(), 0.0..50.0_f64, 10_u32..600),
            1..12,
        ),
        size in 0_usize..3,
    ) {
        let noisy = InstrumentConfig { noise: true, hazards: true, anode_wear: true };
        let mut bench = Bench::of(&PlantConfig { instruments: noisy, ..config(Size::ALL[size]) });
        for (current, feed, on, reverse, dose, seconds) in orders {
            bench.current(current);
            bench.feed(feed);
            bench.outputs.rectifiers[0].on = on;
            bench.outputs.feeders[0].reverse = reverse;
            bench.outputs.electrolyzers[0].oxide_dose_kg = dose;
            for _ in 0..seconds {
                bench.second();
                assert_possible(&bench);
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_plant_and_another_seed_another() {
    let noisy = InstrumentConfig { noise: true, hazards: true, anode_wear: true };
    let run = |seed| {
        let mut bench =
            Bench::of(&PlantConfig { seed, instruments: noisy.clone(), ..config(Size::Ka10) });
        bench.run(1800);
        format!("{:?}", bench.inputs)
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

/// Halving the step moves the way to an anode effect by less than half a percent.
#[test]
fn half_the_step_gives_the_same_answer() {
    let time = |dt_s: f64| {
        let mut bench = Bench::new(Size::Ka10);
        bench.feed(0.0);
        let before = bench.plant.cell_voltage_v(0);
        let mut seconds = 0.0;
        while bench.plant.cell_voltage_v(0) < before + 3.0 && seconds < 7200.0 {
            bench.plant.step(&bench.outputs, dt_s);
            seconds += dt_s;
        }
        seconds
    };
    assert_near("time to the anode effect", time(0.5), time(1.0), 0.5);
}

/// Orders that make no sense at all: the actuators do what they can, and the process stays possible.
#[test]
fn senseless_orders_leave_the_process_possible() {
    for order in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e9, 1e9] {
        let noisy = InstrumentConfig { noise: true, hazards: true, anode_wear: true };
        let mut bench = Bench::of(&PlantConfig { instruments: noisy, ..config(Size::Ka10) });
        bench.run(10);
        bench.outputs.rectifiers[0].current_a = order;
        bench.outputs.rectifiers[0].voltage_max_v = order;
        bench.outputs.feeders[0].speed_rpm = order;
        bench.outputs.fume.fan_speed_pct = order;
        let outputs = &mut bench.outputs.electrolyzers[0];
        outputs.oxide_dose_kg = order;
        outputs.heater_w = order;
        outputs.anode_lift_mm = vec![order; 6];
        outputs.anode_change = Some(AnodeChange { position: 0, new_thickness_mm: order });
        for _ in 0..120 {
            bench.second();
            assert_possible(&bench);
        }
        let rectifier = bench.inputs.rectifiers[0];
        assert!(rectifier.ac_power_w.value.is_finite(), "{order}: {rectifier:?}");
        assert!(bench.inputs.fume.flow_nm3_h.value.is_finite(), "{order}");
        assert!(bench.plant.anodes(0).all(|it| it.0 > 6.0 && it.0 < 30.0), "{order}");
    }
}

//! Step responses (domain A7): times and steps as published.

use crate::bench::{Bench, Size, assert_near};

/// The feed stops: glow, then the anode effect (V + 3 V).
#[test]
fn a_feed_stop_ends_in_an_anode_effect_on_time() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.run(60);
        bench.feed(0.0);
        // What is in the chute still falls: the published time counts from the last oxide.
        bench.run(3);
        let before = bench.plant.cell_voltage_v(0);
        let glow = bench.until(3 * 3600, |it| it.anode_effect_risk(0) > 0.85);
        let rest = bench.until(3600, |it| it.cell_voltage_v(0) > before + 3.0);
        assert_near(&format!("{size:?} glow"), glow / 60.0, size.of([28.9, 26.1, 37.4]), 2.0);
        assert_near(
            &format!("{size:?} anode effect"),
            (glow + rest) / 60.0,
            size.of([35.9, 33.2, 41.8]),
            2.0,
        );
        let oxide = bench.plant.oxide_pct(0);
        assert_near(&format!("{size:?} oxide"), oxide, size.of([1.17, 1.23, 0.74]), 2.0);
        bench.run(5);
        assert_near(
            &format!("{size:?} ceiling"),
            bench.plant.cell_voltage_v(0),
            size.of([18.0, 16.0, 16.0]),
            1.0,
        );
    }
}

#[test]
fn the_current_up_by_a_tenth_warms_the_bath_as_published() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.run(60);
        let (voltage, temp) = (bench.plant.cell_voltage_v(0), bench.plant.bath_temp_c(0));
        bench.current(1.1);
        bench.run(2);
        let rise = bench.plant.cell_voltage_v(0) - voltage;
        assert_near(&format!("{size:?} volts at once"), rise, size.of([0.77, 0.73, 0.63]), 2.0);
        let minutes = [(10, [10.4, 10.5, 8.7]), (30, [25.0, 25.0, 22.0]), (60, [38.0, 38.0, 35.0])];
        let mut done = 0;
        for (minute, wanted) in minutes {
            bench.run((minute - done) * 60 - if done == 0 { 2 } else { 0 });
            done = minute;
            let warmer = bench.plant.bath_temp_c(0) - temp;
            // The published figures are rounded to a kelvin.
            let percent = 2.0 + 100.0 * 0.5 / size.of(wanted);
            assert_near(&format!("{size:?} at {minute} min"), warmer, size.of(wanted), percent);
        }
    }
}

#[test]
fn the_current_down_by_a_tenth_cools_the_bath_as_published() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.run(60);
        let temp = bench.plant.bath_temp_c(0);
        bench.current(0.9);
        bench.run(3600);
        let colder = bench.plant.bath_temp_c(0) - temp;
        assert_near(&format!("{size:?}"), colder, size.of([-34.0, -34.0, -31.0]), 4.0);
    }
}

#[test]
fn feed_cuts_end_in_anode_effects_as_published() {
    for size in Size::ALL {
        for (factor, minutes) in [(0.8, [178.0, 163.0, 212.0]), (0.7, [117.0, 108.0, 140.0])] {
            let mut bench = Bench::new(size);
            bench.run(60);
            let before = bench.plant.cell_voltage_v(0);
            bench.feed(factor);
            let time = bench.until(8 * 3600, |it| it.cell_voltage_v(0) > before + 3.0);
            assert_near(&format!("{size:?} x{factor}"), time / 60.0, size.of(minutes), 5.0);
        }
    }
}

#[test]
fn overfeed_saturates_the_bath_and_makes_sludge() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.feed(1.2);
        bench.run(4 * 3600);
        let wanted = size.of([3.55, 3.57, 3.60]);
        assert_near(&format!("{size:?} oxide at 4 h"), bench.plant.oxide_pct(0), wanted, 2.0);
        bench.run(4 * 3600);
        let (suspended, settled) = bench.plant.undissolved_kg(0);
        assert_near(
            &format!("{size:?} sludge"),
            suspended + settled,
            size.of([12.0, 21.0, 67.0]),
            10.0,
        );
    }
}

#[test]
fn a_tap_of_two_hours_of_metal_raises_the_voltage() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.tapped = false;
        bench.run(2 * 3600);
        let full = bench.plant.cell_voltage_v(0);
        let metal = bench.plant.metal_kg(0);
        bench.tapped = true;
        bench.run(240);
        let drawn = metal - bench.plant.metal_kg(0);
        assert_near(&format!("{size:?} drawn"), drawn, size.of([16.7, 28.2, 85.6]), 3.0);
        let rise_mv = 1000.0 * (bench.plant.cell_voltage_v(0) - full);
        assert_near(&format!("{size:?} rise"), rise_mv, size.of([161.0, 137.0, 129.0]), 10.0);
    }
}

#[test]
fn without_power_the_bath_freezes_within_the_hour() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.feed(0.0);
        bench.outputs.rectifiers[0].on = false;
        bench.run(600);
        assert_near(
            &format!("{size:?} 10 min"),
            bench.plant.bath_temp_c(0),
            size.of([1000.0, 1000.0, 1009.0]),
            1.0,
        );
        bench.run(3000);
        assert_near(
            &format!("{size:?} 60 min"),
            bench.plant.bath_temp_c(0),
            size.of([824.0, 824.0, 856.0]),
            1.5,
        );
    }
}

/// Dose, half the current for half a minute, stirring: the anode effect ends and does not return.
#[test]
fn a_quench_ends_the_anode_effect() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        bench.feed(0.0);
        let before = bench.plant.cell_voltage_v(0);
        bench.until(3 * 3600, |it| it.cell_voltage_v(0) > before + 3.0);
        bench.run(5);
        bench.feed(1.3);
        bench.outputs.electrolyzers[0].oxide_dose_kg = 0.01 * bench.plant.bath_kg(0);
        bench.outputs.electrolyzers[0].stirring = true;
        bench.current(0.5);
        bench.second();
        bench.outputs.electrolyzers[0].oxide_dose_kg = 0.0;
        bench.run(29);
        bench.current(1.0);
        assert!(bench.plant.passivated(0) < 0.05, "{size:?} {}", bench.plant.passivated(0));
        bench.run(30);
        bench.outputs.electrolyzers[0].stirring = false;
        for _ in 0..20 * 60 {
            bench.second();
            assert!(bench.plant.passivated(0) < 0.05, "{size:?}: it came back");
        }
    }
}

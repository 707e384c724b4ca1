//! Nothing is lost (domain A7, conservation checks 1 to 7), whatever is done to the electrolyzer.

use cellhouse::config::{InstrumentConfig, PlantConfig};
use cellhouse::field::AnodeChange;
use proptest::prelude::*;

use crate::bench::{Bench, Size, config};

#[track_caller]
fn assert_closed(bench: &Bench) {
    let account = bench.plant.account(0);
    let scale = (account.charge_c / 289_455.0).max(1.0);
    assert!(account.charge_residual_mol().abs() < 1e-9 * scale, "charge {account:?}");
    assert!(account.oxygen_residual_mol().abs() < 1e-9 * scale, "oxygen {account:?}");
    assert!(account.carbon_residual_mol().abs() < 1e-9 * scale, "carbon {account:?}");
    assert!(account.fluorine_residual_mol().abs() < 1e-9 * scale, "fluorine {account:?}");
    assert!(
        account.energy_residual_j().abs() < 1e-9 * account.energy_j.max(1e6),
        "energy {account:?}"
    );
    let plant = &bench.plant;
    assert!(plant.rare_earth_residual_kg(0).abs() < 1e-9 * scale, "rare earth {account:?}");
    assert!(plant.metal_residual_kg(0).abs() < 1e-9 * scale, "metal {account:?}");
    assert!(plant.salt_residual_kg(0).abs() < 1e-9 * scale, "salt {account:?}");
    let lining_j = plant.lining_residual_j(0);
    assert!(lining_j.abs() < 1e-9 * account.energy_j.max(1e6), "lining {account:?}");
    assert!(
        bench.plant.mass_error_frac(0).abs() < 1e-9,
        "oxide {}",
        bench.plant.mass_error_frac(0)
    );
}

/// The hopper's book: start + refills − rest = fed, to the gram and less.
#[track_caller]
fn assert_hopper_closed(bench: &Bench, (start_kg, chute_kg): (f64, f64)) {
    let (rest, refilled, fed) = bench.plant.feeder_kg(0);
    assert!((start_kg + refilled - rest - fed).abs() < 1e-9 * (fed + 1.0));
    // And what left the hopper is in the bath or still on the chute.
    assert!(bench.plant.chute_residual_kg(0, chute_kg).abs() < 1e-9 * (fed + 1.0));
}

/// The story of the reference: feed stop, anode effect, quench, a step of the current.
#[test]
fn all_balances_close_over_a_bad_day() {
    for size in Size::ALL {
        let mut bench = Bench::new(size);
        let start_kg = (bench.plant.feeder_kg(0).0, bench.plant.chute_kg(0));
        bench.run(3600);
        bench.feed(0.0);
        bench.run(2700);
        bench.feed(1.3);
        bench.outputs.electrolyzers[0].oxide_dose_kg = 0.01 * bench.plant.bath_kg(0);
        bench.outputs.electrolyzers[0].stirring = true;
        bench.current(0.5);
        bench.second();
        bench.outputs.electrolyzers[0].oxide_dose_kg = 0.0;
        bench.run(60);
        bench.outputs.electrolyzers[0].stirring = false;
        bench.current(1.05);
        bench.run(4 * 3600);
        assert_closed(&bench);
        assert_hopper_closed(&bench, start_kg);
        assert!(bench.plant.account(0).cf4_mol > 0.0, "there was an anode effect");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn all_balances_close_whatever_is_done(
        orders in prop::collection::vec((0.0..1.2_f64, 0.0..2.0_f64, any::<bool>(), 0.0..3.0_f64, 30_u32..900), 1..12),
        size in 0_usize..3,
    ) {
        let instruments = InstrumentConfig { noise: true, hazards: true, anode_wear: true };
        let mut bench = Bench::of(&PlantConfig { instruments, ..config(Size::ALL[size]) });
        let start_kg = (bench.plant.feeder_kg(0).0, bench.plant.chute_kg(0));
        for (current, feed, stirring, dose, seconds) in orders {
            bench.current(current);
            bench.feed(feed);
            bench.outputs.electrolyzers[0].stirring = stirring;
            let outputs = &mut bench.outputs.electrolyzers[0];
            outputs.oxide_dose_kg = dose;
            outputs.electrolyte_kg = 2.0 * dose;
            let change = AnodeChange { position: 0, new_thickness_mm: 40.0 + 10.0 * dose };
            outputs.anode_change = stirring.then_some(change);
            outputs.heater_w = 10_000.0 * feed;
            bench.tapped = !stirring;
            bench.second();
            bench.outputs.electrolyzers[0].oxide_dose_kg = 0.0;
            bench.outputs.electrolyzers[0].electrolyte_kg = 0.0;
            bench.run(seconds);
            assert_closed(&bench);
        }
        assert_hopper_closed(&bench, start_kg);
    }
}

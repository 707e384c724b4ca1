//! Steady states (domain A7, "Steady-state targets"), within 1 %.

use cellhouse::units::HOUR_S;

use crate::bench::{Bench, Size, assert_near};

fn steady(size: Size) -> Bench {
    let mut bench = Bench::new(size);
    bench.run(3600);
    bench
}

#[test]
fn voltage_power_and_temperatures_of_all_sizes() {
    for size in Size::ALL {
        let bench = steady(size);
        let plant = &bench.plant;
        let name = |what: &str| format!("{size:?} {what}");
        let voltage = plant.cell_voltage_v(0);
        assert_near(&name("voltage"), voltage, size.of([9.539, 9.121, 8.193]), 1.0);
        let power = voltage * plant.cell_current_a(0) / 1000.0;
        assert_near(&name("power"), power, size.of([57.23, 91.21, 245.8]), 1.0);
        assert!((plant.bath_temp_c(0) - 1050.0).abs() < 3.0, "{size:?} {}", plant.bath_temp_c(0));
        assert!(
            (plant.lining_temp_c(0) - 700.0).abs() < 3.0,
            "{size:?} {}",
            plant.lining_temp_c(0)
        );
        assert_near(&name("oxide"), plant.oxide_pct(0), 2.4, 1.0);
    }
}

#[test]
fn current_densities_of_all_sizes() {
    for size in Size::ALL {
        let plant = steady(size).plant;
        let name = |what: &str| format!("{size:?} {what}");
        assert_near(
            &name("density"),
            plant.anodic_density_a_cm2(0),
            size.of([1.136, 1.184, 0.814]),
            1.0,
        );
        assert_near(&name("risk"), plant.anode_effect_risk(0), size.of([0.554, 0.578, 0.397]), 1.0);
    }
}

#[test]
fn metal_feed_energy_and_carbon_of_all_sizes() {
    for size in Size::ALL {
        let plant = steady(size).plant;
        let name = |what: &str| format!("{size:?} {what}");
        let account = plant.account(0);
        assert_near(&name("metal"), account.metal_kg, size.of([8.346, 14.089, 42.80]), 1.0);
        let feed = plant.reference_feed_kg_s(0) * HOUR_S;
        assert_near(&name("feed"), feed, size.of([9.822, 16.58, 50.37]), 1.0);
        let energy = account.energy_j / 3.6e6 / account.metal_kg;
        assert_near(&name("energy"), energy, size.of([6.857, 6.474, 5.742]), 1.0);
        let carbon = account.carbon_mol * 0.012 / account.metal_kg;
        let burnt = size.of([0.35, 0.55, 1.5]) / account.metal_kg;
        assert_near(&name("carbon"), carbon + burnt, size.of([0.137, 0.134, 0.129]), 2.0);
        let (suspended, settled) = plant.undissolved_kg(0);
        assert_near(&name("suspended"), suspended, size.of([0.60, 1.01, 3.07]), 2.0);
        assert_near(&name("settled"), settled, size.of([1.20, 2.02, 6.14]), 2.0);
    }
}

#[test]
fn the_losses_close_the_balance_as_published() {
    for size in Size::ALL {
        let losses = Bench::new(size).plant.losses(0);
        assert_near("top", losses.top_w_k4, size.of([6.5755e-9, 1.0703e-8, 2.5020e-8]), 1.0);
        assert_near("bath to lining", losses.bath_lining_w_k, size.of([31.32, 50.99, 119.18]), 1.0);
        assert_near("lining", losses.lining_ambient_w_k, size.of([16.36, 26.63, 62.26]), 1.0);
        assert_near("electrodes", losses.electrode_w_k, size.of([5.374, 8.747, 20.448]), 1.0);
    }
}

/// Faraday by hand: 1 A for an hour is 1.7834 g of PrNd at 100 % (domain A1).
#[test]
fn faradays_law_by_hand() {
    let mut bench = Bench::new(Size::Ka6);
    bench.run(3600);
    let account = bench.plant.account(0);
    let wanted_kg = 0.78 * 6.0 * 1.7834;
    assert_near("metal", account.metal_kg, wanted_kg, 0.5);
}

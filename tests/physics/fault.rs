//! What is put in shows where it should, for as long as it should, and nowhere else.

use cellhouse::config::PlantConfig;
use cellhouse::field::{Outputs, Quality};
use cellhouse::plant::{FaultKind, Place, Plant};

use crate::bench::{Bench, Size, config};

fn bench() -> Bench {
    let mut bench = Bench::new(Size::Ka10);
    bench.run(10);
    bench
}

#[test]
fn an_open_thermocouple_is_bad_and_good_again_with_its_own_number() {
    let mut bench = bench();
    assert!(bench.plant.inject(FaultKind::ThermocoupleFailed, Place::Electrolyzer(0), 5.0));
    for _ in 0..5 {
        bench.second();
        assert_eq!(bench.inputs.electrolyzers[0].bath_temp_c.quality, Quality::SensorFailure);
    }
    bench.second();
    let seen = bench.inputs.electrolyzers[0].bath_temp_c;
    assert_eq!(seen.quality, Quality::Good);
    assert!((seen.value - bench.plant.bath_temp_c(0)).abs() < 1.0, "{seen:?}");
}

#[test]
fn a_frozen_thermocouple_keeps_its_number_while_the_bath_cools() {
    let mut bench = bench();
    let before = bench.inputs.electrolyzers[0].bath_temp_c.value;
    assert!(bench.plant.inject(FaultKind::ThermocoupleFrozen, Place::Electrolyzer(0), 600.0));
    bench.outputs.rectifiers[0].on = false;
    bench.run(600);
    let seen = bench.inputs.electrolyzers[0].bath_temp_c;
    assert_eq!(seen.quality, Quality::LastUsable);
    assert!((seen.value - before).abs() < 1e-9, "{seen:?}");
    assert!(bench.plant.bath_temp_c(0) < before - 30.0);
}

/// However short it is, a fault is felt once; the trip latches until it is reset.
#[test]
fn a_trip_of_no_length_still_trips_and_stays_until_reset() {
    for seconds in [0.0, 0.2, 1.0, 60.0] {
        let mut bench = bench();
        assert!(bench.plant.inject(FaultKind::RectifierTrip, Place::Rectifier(0), seconds));
        bench.run(2);
        let seen = bench.inputs.rectifiers[0];
        assert!(seen.tripped && !seen.breaker_closed, "{seconds} s: {seen:?}");
        assert_eq!(seen.trip_code, 32);
        bench.run(90);
        assert!(bench.inputs.rectifiers[0].tripped, "{seconds} s");
        assert!(bench.plant.cell_current_a(0) == 0.0);
        bench.outputs.rectifiers[0].reset = true;
        bench.run(2);
        bench.outputs.rectifiers[0].reset = false;
        bench.run(3);
        assert!(!bench.inputs.rectifiers[0].tripped && bench.plant.cell_current_a(0) > 9000.0);
    }
}

#[test]
fn each_cause_of_a_trip_has_its_own_bit() {
    let causes = [
        (FaultKind::WaterLow, Place::Rectifier(0), 4),
        (FaultKind::EarthFault, Place::Rectifier(0), 8),
        (FaultKind::EmergencyStop, Place::Electrolyzer(0), 16),
        (FaultKind::EmergencyStop, Place::Hall(0), 16),
    ];
    for (kind, place, code) in causes {
        let mut bench = bench();
        assert!(bench.plant.inject(kind, place, 5.0), "{kind:?}");
        bench.run(2);
        assert_eq!(bench.inputs.rectifiers[0].trip_code, code, "{kind:?}");
    }
}

/// A bridge starves the bath though the screw turns; vibration breaks it: 0.7 of them in five seconds.
#[test]
fn a_bridge_stops_the_flow_until_it_is_shaken() {
    let mut broken = 0;
    for seed in 0..200 {
        let mut bench = Bench::of(&PlantConfig { seed, ..config(Size::Ka6) });
        assert!(bench.plant.inject(FaultKind::FeederBridge, Place::Feeder(0), 60.0));
        let (_, _, before) = bench.plant.feeder_kg(0);
        bench.run(5);
        assert!(bench.inputs.feeders[0].speed_rpm.value > 30.0);
        assert!((bench.plant.feeder_kg(0).2 - before).abs() < 1e-12, "it flows");
        bench.outputs.feeders[0].vibrator = true;
        bench.run(5);
        bench.outputs.feeders[0].vibrator = false;
        let shaken = bench.plant.feeder_kg(0).2;
        bench.second();
        broken += u32::from(bench.plant.feeder_kg(0).2 > shaken);
    }
    assert!((120..=160).contains(&broken), "{broken} of 200 broke");
}

#[test]
fn a_jam_stalls_the_motor_and_a_reset_clears_it() {
    let mut bench = bench();
    assert!(bench.plant.inject(FaultKind::FeederJam, Place::Feeder(0), 0.0));
    bench.run(10);
    let seen = bench.inputs.feeders[0];
    assert!(seen.speed_rpm.value < 1.0 && seen.motor_current_a.value > 7.0, "{seen:?}");
    bench.outputs.feeders[0].reset = true;
    bench.second();
    bench.outputs.feeders[0].reset = false;
    bench.run(5);
    assert!(bench.inputs.feeders[0].speed_rpm.value > 30.0);
}

#[test]
fn an_empty_hopper_feeds_nothing_and_is_never_below_nothing() {
    let mut bench = bench();
    bench.outputs.feeders[0].speed_rpm = 200.0;
    for _ in 0..3 * 3600 {
        // Without the bench's refill.
        bench.plant.read(&mut bench.inputs, 1.0);
        bench.plant.step(&bench.outputs, 1.0);
    }
    let (rest_kg, _, fed_kg) = bench.plant.feeder_kg(0);
    assert!(rest_kg.abs() < 1e-9 && fed_kg > 10.0, "{rest_kg} {fed_kg}");
    assert!(bench.inputs.feeders[0].hopper_weight_kg.value < 0.1);
}

#[test]
fn a_stopped_fan_takes_the_draft_and_fills_the_hall() {
    let mut bench = bench();
    let before =
        (bench.inputs.halls[0].co_ppm.value, bench.inputs.electrolyzers[0].hood_draft_pa.value);
    assert!(bench.plant.inject(FaultKind::FanStop, Place::Fume, 900.0));
    bench.run(600);
    assert!(!bench.inputs.fume.fan_running && bench.inputs.fume.duct_pressure_pa.value > -10.0);
    assert!(bench.inputs.halls[0].co_ppm.value > before.0 + 16.0, "{:?}", bench.inputs.halls[0]);
    assert!(before.1 < -20.0 && bench.inputs.electrolyzers[0].hood_draft_pa.value > -1.0);
}

#[test]
fn contacts_and_hall_instruments_show_what_was_put_in() {
    let mut bench = bench();
    for (kind, place) in [
        (FaultKind::HoodOpen, Place::Electrolyzer(0)),
        (FaultKind::PitWater, Place::Electrolyzer(0)),
        (FaultKind::VoltageLost, Place::Electrolyzer(0)),
        (FaultKind::LoadCellFailed, Place::Feeder(0)),
        (FaultKind::HopperDoor, Place::Feeder(0)),
        (FaultKind::HallHf, Place::Hall(0)),
        (FaultKind::HallCo, Place::Hall(0)),
    ] {
        assert!(bench.plant.inject(kind, place, 3.0), "{kind:?}");
    }
    bench.second();
    let (cell, feeder, hall) =
        (&bench.inputs.electrolyzers[0], bench.inputs.feeders[0], bench.inputs.halls[0]);
    assert!(cell.hood_open && cell.pit_water);
    assert_eq!(cell.cell_voltage_v.quality, Quality::SensorFailure);
    assert!(feeder.load_cell_failed && !feeder.door_closed);
    assert_eq!(feeder.hopper_weight_kg.quality, Quality::SensorFailure);
    assert!(hall.hf_mg_m3.value > 2.0 && hall.co_ppm.value > 24.0, "{hall:?}");
    bench.run(4);
    let (cell, feeder, hall) =
        (&bench.inputs.electrolyzers[0], bench.inputs.feeders[0], bench.inputs.halls[0]);
    assert!(!cell.hood_open && !cell.pit_water && feeder.door_closed && !feeder.load_cell_failed);
    assert!(hall.hf_mg_m3.value < 1.0 && hall.co_ppm.value < 16.0, "{hall:?}");
}

#[test]
fn a_fault_does_not_happen_where_it_cannot() {
    let mut plant = Plant::new(&config(Size::Ka6));
    assert!(!plant.inject(FaultKind::FeederJam, Place::Electrolyzer(0), 10.0));
    assert!(!plant.inject(FaultKind::FanStop, Place::Hall(0), 10.0));
    assert!(!plant.inject(FaultKind::ThermocoupleFailed, Place::Feeder(0), 10.0));
    plant.step(&Outputs::default(), 1.0);
}

#[test]
fn an_anode_effect_that_is_put_in_shows_and_passes() {
    let mut bench = bench();
    assert!(bench.plant.inject(FaultKind::AnodeEffect, Place::Electrolyzer(0), 0.0));
    bench.run(2);
    assert!(bench.inputs.electrolyzers[0].cell_voltage_v.value > 15.0);
    assert!(bench.inputs.electrolyzers[0].cf4_g_min.value > 5.0);
    bench.run(60);
    assert!(bench.plant.passivated(0) < 0.01, "{}", bench.plant.passivated(0));
}

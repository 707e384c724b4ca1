//! Trips and lost instruments: nothing stays energised, and nothing is made up (domain A6, B8).

use cellhouse::control::{EventKind, Method, Phase, Scalar, Setpoint};
use cellhouse::field::{Quality, Reading};

use crate::strip::{Strip, text};

fn number(value: f64) -> Scalar {
    Scalar::Number(value)
}

fn lost() -> Reading {
    Reading { value: 1050.0, quality: Quality::SensorFailure }
}

fn phase(strip: &Strip) -> Phase {
    strip.controls.status().electrolyzers[0].phase
}

/// Stopped with the bath kept warm.
fn standing_by() -> Strip {
    let mut strip = Strip::new();
    strip.run(5);
    strip.call(Method::Stop, vec![number(1.0), text("test")]).unwrap();
    strip.inputs.electrolyzers[0].cell_current_a = Reading::good(0.0);
    strip.run(5);
    assert_eq!(phase(&strip), Phase::HotStandby);
    strip
}

#[test]
fn a_trip_in_hot_standby_takes_the_heater_too() {
    let mut strip = standing_by();
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(1000.0);
    strip.run(600);
    assert!(strip.outputs.electrolyzers[0].heater_w > 0.0);
    strip.inputs.electrolyzers[0].pit_water = true;
    strip.run(1);
    assert!(strip.outputs.electrolyzers[0].heater_w <= 0.0);
    assert_eq!(phase(&strip), Phase::Faulted);
}

#[test]
fn a_trip_while_stopping_is_a_fault() {
    let mut strip = Strip::new();
    strip.run(5);
    strip.call(Method::Stop, vec![number(0.0), text("test")]).unwrap();
    strip.inputs.electrolyzers[0].emergency_stop = true;
    strip.run(1);
    assert_eq!(phase(&strip), Phase::Faulted);
    assert!(!strip.outputs.rectifiers[0].on && strip.outputs.rectifiers[0].trip);
}

#[test]
fn oxide_ordered_by_hand_does_not_fall_while_the_feed_is_stopped() {
    let mut strip = Strip::new();
    strip.run(5);
    strip.call(Method::RequestOxideDose, vec![number(2.0)]).unwrap();
    strip.inputs.electrolyzers[0].emergency_stop = true;
    strip.run(1);
    assert!(strip.outputs.electrolyzers[0].oxide_dose_kg <= 0.0);
}

#[test]
fn a_lining_without_a_thermometer_is_not_baked() {
    let mut strip = standing_by();
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(300.0);
    strip.run(1200);
    strip.inputs.electrolyzers[0].lining_temp_c = [lost(); 4];
    strip.call(Method::Start, vec![number(10.0), number(60.0)]).unwrap();
    strip.run(60);
    assert_eq!(phase(&strip), Phase::Preheating);
}

#[test]
fn a_bath_without_a_thermometer_has_not_melted() {
    let mut strip = standing_by();
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(1000.0);
    strip.run(600);
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(300.0);
    strip.run(1200);
    strip.call(Method::Start, vec![number(10.0), number(60.0)]).unwrap();
    strip.run(5);
    strip.inputs.electrolyzers[0].bath_temp_c = lost();
    strip.run(7200);
    assert_eq!(phase(&strip), Phase::Melting);
}

/// A tap by hand is told like one by the crew.
#[test]
fn every_change_of_phase_is_told() {
    let mut strip = Strip::new();
    strip.run(5);
    strip.controls.take_events();
    strip.call(Method::BeginTap, vec![number(10.0), text("crucible")]).unwrap();
    strip.run(1);
    let told = strip.controls.take_events();
    let change = EventKind::PhaseChanged { from: Phase::Running, to: Phase::Tapping };
    assert!(told.iter().any(|it| it.kind == change), "{told:?}");
}

#[test]
fn shots_do_not_teach_the_feeder_a_wrong_factor() {
    let mut strip = Strip::new();
    strip.write(cellhouse::access::Role::Engineer, Setpoint::FeedControlMode, 2.0).unwrap();
    let mut weight_kg = 80.0;
    for second in 0..1200 {
        if second == 600 {
            strip.call(Method::RequestOxideDose, vec![number(6.0)]).unwrap();
        }
        strip.inputs.feeders[0].hopper_weight_kg = Reading::good(weight_kg);
        strip.run(1);
        let rpm = strip.outputs.feeders[0].speed_rpm;
        strip.inputs.feeders[0].speed_rpm = Reading::good(rpm);
        weight_kg -= rpm * 6.9 / 60_000.0 + strip.outputs.electrolyzers[0].oxide_dose_kg;
    }
    let status = &strip.controls.status().feeders[0];
    assert!((status.feed_factor_g_rev - 6.9).abs() < 0.2, "{}", status.feed_factor_g_rev);
    assert_eq!(status.faults, 0);
}

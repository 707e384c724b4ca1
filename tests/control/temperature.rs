//! The temperature loop with instruments that come and go (domain A5.3).

use cellhouse::access::Role;
use cellhouse::control::{Method, Scalar, Setpoint};
use cellhouse::field::{Quality, Reading};

use crate::strip::Strip;

fn trim_pct(strip: &Strip) -> f64 {
    strip.controls.status().electrolyzers[0].current_trim_pct
}

fn at(strip: &mut Strip, temp_c: f64, quality: Quality, seconds: u32) {
    strip.inputs.electrolyzers[0].bath_temp_c = Reading { value: temp_c, quality };
    strip.run(seconds);
}

fn strip() -> Strip {
    let mut plant = crate::strip::config();
    plant.control.crew = false;
    let mut strip = Strip::with(&plant);
    // The hopper of the strip does not empty, which is a bridge to a feeder that feeds.
    strip.write(Role::Operator, Setpoint::FeedControlMode, 0.0).unwrap();
    strip
}

#[test]
fn a_lost_sensor_holds_the_current_and_its_number_means_nothing() {
    let mut strip = strip();
    at(&mut strip, 1040.0, Quality::Good, 3600);
    let held = trim_pct(&strip);
    assert!(held > 0.5);
    // A broken sheath reads low; nobody believes it, at first nor after hours.
    for quality in [Quality::SensorFailure, Quality::NoCommunication, Quality::LastUsable] {
        at(&mut strip, 300.0, quality, 1700);
        at(&mut strip, f64::NAN, quality, 1700);
    }
    // The last good reading counts for half an hour: the integral moves on it, and then stands.
    let blind = trim_pct(&strip);
    assert!((blind - held).abs() < 1.5 && blind.is_finite(), "{held} {blind}");
    at(&mut strip, 300.0, Quality::SensorFailure, 7200);
    assert!((trim_pct(&strip) - blind).abs() < 1e-9);
    let demand = strip.controls.status().electrolyzers[0].current_demand_ka;
    assert!((demand - 10.0 * (1.0 + blind / 100.0)).abs() < 1e-6);
}

#[test]
fn a_sensor_that_comes_back_makes_no_bump() {
    let mut strip = strip();
    at(&mut strip, 1050.0, Quality::Good, 3600);
    at(&mut strip, 1050.0, Quality::SensorFailure, 7200);
    let before = trim_pct(&strip);
    at(&mut strip, 1075.0, Quality::Good, 600);
    // 25 K would be 3.75 % at once; the integral takes 0.375 % per period.
    assert!((trim_pct(&strip) - before).abs() < 1.2, "{before} {}", trim_pct(&strip));
    at(&mut strip, 1075.0, Quality::Good, 6 * 3600);
    assert!(trim_pct(&strip) < -9.5, "and then it acts: {}", trim_pct(&strip));
}

#[test]
fn a_number_that_is_none_is_no_reading() {
    let mut strip = strip();
    at(&mut strip, f64::NAN, Quality::Good, 3600);
    assert!(trim_pct(&strip).abs() < 1e-9);
    assert!(strip.outputs.rectifiers[0].current_a.is_finite());
}

#[test]
fn a_dip_by_hand_stands_for_the_sensor() {
    let mut strip = strip();
    at(&mut strip, 1050.0, Quality::SensorFailure, 3600);
    strip.call(Method::RecordTemperatureDip, vec![Scalar::Number(1030.5)]).unwrap();
    at(&mut strip, 1050.0, Quality::SensorFailure, 1200);
    assert!(trim_pct(&strip) > 0.2, "{}", trim_pct(&strip));
}

#[test]
fn a_new_setpoint_is_followed_slowly() {
    let mut strip = strip();
    at(&mut strip, 1050.0, Quality::Good, 600);
    strip.write(Role::Engineer, Setpoint::Temperature, 1070.0).unwrap();
    at(&mut strip, 1050.0, Quality::Good, 300);
    assert!(trim_pct(&strip) < 1.0, "5 K of the 20: {}", trim_pct(&strip));
    at(&mut strip, 1050.0, Quality::Good, 1500);
    assert!(trim_pct(&strip) > 3.0, "{}", trim_pct(&strip));
}

#[test]
fn manual_holds_and_coming_back_makes_no_bump() {
    let mut strip = strip();
    at(&mut strip, 1045.0, Quality::Good, 3600);
    strip.write(Role::Operator, Setpoint::TemperatureControlMode, 1.0).unwrap();
    let held = trim_pct(&strip);
    at(&mut strip, 1070.0, Quality::Good, 3600);
    assert!((trim_pct(&strip) - held).abs() < 1e-9);
    strip.write(Role::Operator, Setpoint::TemperatureControlMode, 2.0).unwrap();
    at(&mut strip, 1070.0, Quality::Good, 301);
    assert!((trim_pct(&strip) - held).abs() < 0.5, "{held} {}", trim_pct(&strip));
}

#[test]
fn the_current_ramps_no_faster_than_it_may() {
    let mut strip = strip();
    strip.run(5);
    strip.write(Role::Supervisor, Setpoint::Current, 5.0).unwrap();
    strip.run(60);
    strip.write(Role::Engineer, Setpoint::CurrentRampRate, 6.0).unwrap();
    strip.write(Role::Supervisor, Setpoint::Current, 10.0).unwrap();
    let mut before = strip.outputs.rectifiers[0].current_a;
    for _ in 0..300 {
        strip.run(1);
        let now = strip.outputs.rectifiers[0].current_a;
        assert!(now - before <= 10.0 + 1e-6, "6 % of 10 kA a minute: {before} {now}");
        before = now;
    }
    assert!(before > 7900.0);
}

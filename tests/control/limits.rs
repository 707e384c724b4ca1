//! Who may write what, and that a refused command changes nothing.

use cellhouse::access::Role;
use cellhouse::control::{Refusal, Setpoint};
use proptest::prelude::*;

use crate::strip::Strip;

#[test]
fn an_operator_moves_the_current_by_a_twentieth_a_supervisor_in_full() {
    let mut strip = Strip::new();
    strip.run(5);
    strip.write(Role::Operator, Setpoint::Current, 10.4).unwrap();
    let refused = strip.write(Role::Operator, Setpoint::Current, 10.6).unwrap_err();
    assert_eq!(refused, Refusal::OutOfRange { value: 10.6, min: 9.5, max: 10.5 });
    strip.write(Role::Supervisor, Setpoint::Current, 7.0).unwrap();
    let denied = strip.write(Role::Observer, Setpoint::Current, 10.0).unwrap_err();
    assert_eq!(denied, Refusal::AccessDenied { needed: "Operator" });
}

#[test]
fn parameters_are_an_engineers() {
    let mut strip = Strip::new();
    let denied = strip.write(Role::Supervisor, Setpoint::SlopeThreshold, 0.2).unwrap_err();
    assert_eq!(denied, Refusal::AccessDenied { needed: "Engineer" });
    strip.write(Role::Engineer, Setpoint::SlopeThreshold, 0.2).unwrap();
}

#[test]
fn a_flow_is_written_in_manual_only() {
    let mut strip = Strip::new();
    strip.run(5);
    let refused = strip.write(Role::Operator, Setpoint::TargetFlowRate, 200.0);
    assert!(matches!(refused, Err(Refusal::InvalidState { .. })));
    strip.write(Role::Operator, Setpoint::FeedControlMode, 1.0).unwrap();
    strip.write(Role::Operator, Setpoint::TargetFlowRate, 200.0).unwrap();
    strip.run(2);
    assert!((strip.controls.status().feeders[0].target_g_min - 200.0).abs() < 1e-9);
}

#[test]
fn going_to_manual_the_flow_stays() {
    let mut strip = Strip::new();
    strip.run(60);
    let before = strip.controls.status().feeders[0].target_g_min;
    strip.write(Role::Operator, Setpoint::FeedControlMode, 1.0).unwrap();
    strip.run(1);
    let after = strip.controls.status().feeders[0].target_g_min;
    assert!(before > 100.0 && (after - before).abs() < 1e-9, "{before} {after}");
}

proptest! {
    #[test]
    fn what_is_refused_changes_nothing(index in 0_usize..6, value in prop::num::f64::ANY) {
        let setpoints = [
            Setpoint::Current,
            Setpoint::Temperature,
            Setpoint::TemperatureControlMode,
            Setpoint::FeedControlMode,
            Setpoint::UnderfeedFactor,
            Setpoint::VoltageLimit,
        ];
        let mut strip = Strip::new();
        strip.run(5);
        let before = format!("{:?}", strip.controls.status());
        if strip.write(Role::Operator, setpoints[index], value).is_err() {
            prop_assert_eq!(before, format!("{:?}", strip.controls.status()));
        }
    }
}

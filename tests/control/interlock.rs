//! Interlocks always win: a cause and what it forbids never meet at the outputs (domain A6).

use cellhouse::access::Role;
use cellhouse::control::{Phase, Refusal, Setpoint};
use cellhouse::field::{Quality, Reading};
use proptest::prelude::*;

use crate::strip::Strip;

/// What can be the matter in one scan.
#[derive(Clone, Debug)]
struct Matter {
    emergency_stop: bool,
    pit_water: bool,
    leakage_ma: f64,
    temp_c: f64,
    temp_bad: bool,
    current_a: f64,
    voltage_v: f64,
    level_mm: f64,
    command: (usize, f64),
    seconds: u32,
}

fn matter() -> impl Strategy<Value = Matter> {
    let odd = prop::bool::weighted(0.1);
    (
        (
            odd,
            prop::bool::weighted(0.1),
            0.0..600.0_f64,
            900.0..1200.0_f64,
            prop::bool::weighted(0.2),
        ),
        (
            0.0..12_000.0_f64,
            2.0..16.0_f64,
            100.0..600.0_f64,
            (0_usize..8, -10.0..2000.0_f64),
            1_u32..90,
        ),
    )
        .prop_map(|(first, second)| Matter {
            emergency_stop: first.0,
            pit_water: first.1,
            leakage_ma: first.2,
            temp_c: first.3,
            temp_bad: first.4,
            current_a: second.0,
            voltage_v: second.1,
            level_mm: second.2,
            command: second.3,
            seconds: second.4,
        })
}

const SETPOINTS: [Setpoint; 8] = [
    Setpoint::Current,
    Setpoint::Temperature,
    Setpoint::FeedControlMode,
    Setpoint::TargetFlowRate,
    Setpoint::SpeedSetpoint,
    Setpoint::CurrentReference,
    Setpoint::BaseFeedRate,
    Setpoint::AnodeEffectDose,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_cause_and_what_it_forbids_never_meet(matters in prop::collection::vec(matter(), 1..20)) {
        let mut strip = Strip::new();
        strip.run(5);
        for matter in matters {
            let cell = &mut strip.inputs.electrolyzers[0];
            cell.emergency_stop = matter.emergency_stop;
            cell.pit_water = matter.pit_water;
            let quality = if matter.temp_bad { Quality::SensorFailure } else { Quality::Good };
            cell.bath_temp_c = Reading { value: matter.temp_c, quality };
            cell.cell_current_a = Reading::good(matter.current_a);
            cell.cell_voltage_v = Reading::good(matter.voltage_v);
            cell.bath_level_mm = Reading::good(matter.level_mm);
            strip.inputs.rectifiers[0].earth_leakage_ma = Reading::good(matter.leakage_ma);
            let (setpoint, value) = matter.command;
            // Refused or not: what counts is what comes out.
            let _ = strip.write(Role::Engineer, SETPOINTS[setpoint], value);
            for _ in 0..matter.seconds {
                strip.run(1);
                let status = &strip.controls.status().electrolyzers[0];
                let (rectifier, feeder) = (strip.outputs.rectifiers[0], strip.outputs.feeders[0]);
                let trips = matter.emergency_stop || matter.pit_water || matter.leakage_ma > 400.0;
                if trips {
                    prop_assert!(rectifier.trip && !rectifier.on);
                    prop_assert!(feeder.speed_rpm <= 0.0);
                    prop_assert!(!strip.outputs.electrolyzers[0].tap_open);
                }
                if status.interlocks.iter().zip([1, 1, 1, 0, 1, 1, 0, 1]).any(|(on, stops)| *on && stops == 1) {
                    prop_assert!(feeder.speed_rpm <= 0.0, "{:?}", status.interlocks);
                }
                if !matches!(
                    status.phase,
                    Phase::Running | Phase::Starting | Phase::AnodeEffect | Phase::Holding | Phase::Held
                        | Phase::Tapping | Phase::ChangingAnode
                ) {
                    prop_assert!(feeder.speed_rpm <= 0.0);
                }
                prop_assert!(rectifier.current_a >= 0.0 && rectifier.current_a <= 11_001.0);
            }
        }
    }
}

#[test]
fn a_write_against_an_interlock_names_it() {
    let mut strip = Strip::new();
    strip.write(Role::Operator, Setpoint::FeedControlMode, 1.0).unwrap();
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(1000.0);
    strip.run(600);
    let refused = strip.write(Role::Operator, Setpoint::TargetFlowRate, 200.0).unwrap_err();
    assert_eq!(refused, Refusal::Interlocked { name: "I5 bath too cold for oxide" });
    assert_eq!(&*strip.controls.status().electrolyzers[0].first_out, "I5 bath too cold for oxide");
}

#[test]
fn a_hot_bath_halves_the_current() {
    let mut strip = Strip::new();
    strip.run(10);
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(1150.0);
    strip.run(900);
    assert!(strip.outputs.rectifiers[0].current_a <= 5001.0);
}

#[test]
fn a_fan_that_stops_stops_the_feed_and_then_brings_hold() {
    let mut strip = Strip::new();
    strip.run(10);
    strip.inputs.fume.fan_running = false;
    strip.run(40);
    assert!(strip.outputs.feeders[0].speed_rpm <= 0.0);
    strip.run(300);
    assert!(matches!(strip.controls.status().electrolyzers[0].phase, Phase::Holding | Phase::Held));
}

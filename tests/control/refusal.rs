//! Whatever is ordered, by whomever, with whatever arguments: refused means that nothing has changed, and
//! whatever is accepted, no cause meets what it forbids at an actuator.

use cellhouse::access::{Access, Role};
use cellhouse::control::{LoopMode, Method, Order, Phase, Refusal, Scalar, Setpoint, Target};
use cellhouse::field::{Quality, Reading};
use proptest::prelude::*;

use crate::strip::{Strip, text};

const METHODS: [Method; 35] = [
    Method::Start,
    Method::Stop,
    Method::Hold,
    Method::Resume,
    Method::BeginTap,
    Method::CompleteTap,
    Method::AbortTap,
    Method::BeginAnodeChange,
    Method::CompleteAnodeChange,
    Method::AddElectrolyte,
    Method::RecordBathAssay,
    Method::RecordTemperatureDip,
    Method::QuenchAnodeEffect,
    Method::RequestOxideDose,
    Method::ResetFault,
    Method::TakeOutOfService,
    Method::ReturnToService,
    Method::DischargeStart,
    Method::DischargeStop,
    Method::RefillStart,
    Method::RefillStop,
    Method::Refill,
    Method::FeedShot,
    Method::Calibrate,
    Method::SetZero,
    Method::SetTare,
    Method::ClearTare,
    Method::ResetTotalizer,
    Method::SwitchOn,
    Method::SwitchOff,
    Method::SetCurrent,
    Method::ResetTrip,
    Method::EmergencyReduce,
    Method::StartShift,
    Method::EndShift,
];

const SETPOINTS: [Setpoint; 23] = [
    Setpoint::Current,
    Setpoint::CurrentRampRate,
    Setpoint::Temperature,
    Setpoint::TemperatureControlMode,
    Setpoint::FeedControlMode,
    Setpoint::BaseFeedRate,
    Setpoint::UnderfeedFactor,
    Setpoint::OverfeedFactor,
    Setpoint::OverfeedDuration,
    Setpoint::SlopeThreshold,
    Setpoint::SlopeWindow,
    Setpoint::UnderfeedMax,
    Setpoint::ReferenceVoltage,
    Setpoint::BackVoltage,
    Setpoint::AnodeEffectVoltageThreshold,
    Setpoint::AnodeEffectDose,
    Setpoint::AnodeEffectCurrentReduction,
    Setpoint::CathodeDiameter,
    Setpoint::AnodeLift,
    Setpoint::TargetFlowRate,
    Setpoint::SpeedSetpoint,
    Setpoint::CurrentReference,
    Setpoint::VoltageLimit,
];

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        8 => Just(Target::Electrolyzer(0)),
        4 => Just(Target::Feeder(0)),
        4 => Just(Target::Rectifier(0)),
        2 => Just(Target::Line(0)),
        1 => Just(Target::Plant),
        1 => Just(Target::Electrolyzer(7)),
        1 => Just(Target::Feeder(7)),
        1 => Just(Target::Rectifier(7)),
        1 => Just(Target::Line(7)),
        1 => (0_usize..9).prop_map(|position| Target::Anode { electrolyzer: 0, position }),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (0_u32..13).prop_map(f64::from),
        0.0..100.0_f64,
        900.0..1100.0_f64,
        prop::num::f64::ANY,
    ]
}

fn argument() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        4 => number().prop_map(Scalar::Number),
        2 => Just(text("LOT-1")),
        1 => Just(text("EL101-00001")),
        1 => Just(text(&"x".repeat(300))),
        1 => any::<i64>().prop_map(Scalar::Ticks),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let methods = prop::sample::select(METHODS.to_vec());
    let setpoints = prop::sample::select(SETPOINTS.to_vec());
    let several = prop::collection::vec((setpoints.clone(), number()), 0..5);
    prop_oneof![
        several.prop_map(|values| Order::WriteAll { values }),
        (methods, prop::collection::vec(argument(), 0..6))
            .prop_map(|(method, arguments)| Order::Call { method, arguments }),
        (setpoints, number()).prop_map(|(setpoint, value)| Order::Write { setpoint, value }),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn reading(low: f64, high: f64) -> impl Strategy<Value = Reading> {
    let good = (low..high).prop_map(Reading::good);
    let odd = (prop::num::f64::ANY, any::<bool>()).prop_map(|(value, bad)| {
        let quality = if bad { Quality::SensorFailure } else { Quality::Good };
        Reading { value, quality }
    });
    prop_oneof![5 => good, 1 => odd]
}

/// What the instruments show for some seconds.
#[derive(Clone, Debug)]
struct Show {
    readings: [Reading; 6],
    emergency_stop: bool,
    pit_water: bool,
    leakage_ma: Reading,
    door_closed: bool,
    load_cell_failed: bool,
    seconds: u32,
}

fn show() -> impl Strategy<Value = Show> {
    let readings = (
        reading(20.0, 1200.0),
        reading(0.0, 12_000.0),
        reading(2.0, 18.0),
        reading(100.0, 700.0),
        reading(0.0, 130.0),
        reading(0.0, 60.0),
    );
    let odd = || prop::bool::weighted(0.1);
    (readings, odd(), odd(), reading(0.0, 450.0), prop::bool::weighted(0.9), odd(), 1_u32..200)
        .prop_map(
            |(
                readings,
                emergency_stop,
                pit_water,
                leakage_ma,
                door_closed,
                load_cell_failed,
                seconds,
            )| {
                let (temp, current, voltage, level, weight, rpm) = readings;
                let readings = [temp, current, voltage, level, weight, rpm];
                Show {
                    readings,
                    emergency_stop,
                    pit_water,
                    leakage_ma,
                    door_closed,
                    load_cell_failed,
                    seconds,
                }
            },
        )
}

fn apply(strip: &mut Strip, show: &Show) {
    let cell = &mut strip.inputs.electrolyzers[0];
    [cell.bath_temp_c, cell.cell_current_a, cell.cell_voltage_v, cell.bath_level_mm] =
        [show.readings[0], show.readings[1], show.readings[2], show.readings[3]];
    cell.emergency_stop = show.emergency_stop;
    cell.pit_water = show.pit_water;
    strip.inputs.rectifiers[0].earth_leakage_ma = show.leakage_ma;
    let feeder = &mut strip.inputs.feeders[0];
    feeder.hopper_weight_kg = show.readings[4];
    feeder.speed_rpm = show.readings[5];
    feeder.door_closed = show.door_closed;
    feeder.load_cell_failed = show.load_cell_failed;
}

/// Causes and what they forbid, written down a second time: not what the controls say, but domain A6.
fn forbidden(strip: &Strip, show: &Show) -> Option<&'static str> {
    let status = &strip.controls.status().electrolyzers[0];
    let cell = &strip.outputs.electrolyzers[0];
    let (feeder, rectifier) = (&strip.outputs.feeders[0], &strip.outputs.rectifiers[0]);
    let leaks = show.leakage_ma.usable().is_some_and(|it| it > 400.0 && it.is_finite());
    let trip = show.emergency_stop || show.pit_water || leaks;
    let feeds = feeder.speed_rpm > 0.0 || cell.oxide_dose_kg > 0.0;
    let works = matches!(status.phase, Phase::Tapping | Phase::ChangingAnode);
    let little = show.readings[1].usable().is_some_and(|it| it < 3000.0 && it.is_finite());
    let finite = [rectifier.current_a, feeder.speed_rpm, cell.oxide_dose_kg, cell.heater_w];
    let rules = [
        (
            trip && (rectifier.on || rectifier.current_a > 0.0 || !rectifier.trip),
            "energised in a trip",
        ),
        (
            trip && (cell.heater_w > 0.0 || cell.tap_open || feeder.refill),
            "heater, tap or refill in a trip",
        ),
        (trip && feeds, "feed in a trip"),
        (works && feeds, "feed at the open hood"),
        (little && (feeds || cell.tap_open), "feed or tap without current"),
        (status.anode_effect_active && cell.tap_open, "tap in an anode effect"),
        (
            !show.door_closed && (feeder.speed_rpm > 0.0 || feeder.refill),
            "screw or refill at the open door",
        ),
        (
            !status.phase.can_trip() && (rectifier.current_a > 0.0 || cell.heater_w > 0.0),
            "energised in rest",
        ),
        (rectifier.current_a > 11_000.1 || feeder.speed_rpm > 200.0, "more than the device can"),
        (finite.iter().any(|it| !it.is_finite() || *it < 0.0), "no number"),
        (cell.oxide_dose_kg > 0.05 * 650.0 + 1e-9, "a dose that drowns the bath"),
    ];
    rules.into_iter().find(|it| it.0).map(|it| it.1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn nothing_forbidden_reaches_an_actuator_and_refusals_change_nothing(
        steps in prop::collection::vec((show(), prop::collection::vec((role(), target(), order()), 0..4)), 1..12),
        running in prop::bool::weighted(0.8),
    ) {
        let mut plant = crate::strip::config();
        plant.control.start_running = running;
        let mut strip = Strip::with(&plant);
        strip.run(2);
        for (show, orders) in steps {
            for (role, target, order) in orders {
                let before = format!("{:?}", strip.controls);
                let outcome = strip.order(role, target, order.clone());
                if let Err(refusal) = outcome {
                    prop_assert_eq!(before, format!("{:?}", strip.controls), "{:?} {:?}", order, refusal);
                } else {
                    let roles = [Role::Operator, Role::Supervisor, Role::Engineer];
                    prop_assert!(roles.contains(&role), "{role:?} {order:?}");
                }
            }
            apply(&mut strip, &show);
            for _ in 0..show.seconds {
                strip.run(1);
                let found = forbidden(&strip, &show);
                let status = &strip.controls.status().electrolyzers[0];
                prop_assert!(found.is_none(), "{} in {:?}, {:?}", found.unwrap(), status.phase, show);
            }
        }
    }
}

#[test]
fn roles_reach_as_far_as_the_list_says() {
    let mut strip = Strip::new();
    strip.run(2);
    let mut refusal = |role, setpoint, value| strip.write(role, setpoint, value).err();
    let denied = |access: Access| Some(Refusal::AccessDenied { needed: access.name() });
    assert_eq!(refusal(Role::Observer, Setpoint::Temperature, 1050.0), denied(Access::Operator));
    assert_eq!(refusal(Role::Operator, Setpoint::Temperature, 1059.0), None);
    let near = Refusal::OutOfRange { value: 1061.0, min: 1040.0, max: 1060.0 };
    assert_eq!(refusal(Role::Operator, Setpoint::Temperature, 1061.0), Some(near));
    assert_eq!(refusal(Role::Engineer, Setpoint::Temperature, 1061.0), None);
    assert_eq!(refusal(Role::Operator, Setpoint::CurrentRampRate, 60.0), denied(Access::Engineer));
    assert_eq!(refusal(Role::Operator, Setpoint::VoltageLimit, 15.0), denied(Access::Engineer));
    assert_eq!(refusal(Role::Operator, Setpoint::AnodeLift, 120.0), None);
    assert!(refusal(Role::Operator, Setpoint::AnodeLift, 401.0).is_some());
    assert!(refusal(Role::Operator, Setpoint::FeedControlMode, 1.5).is_some());
}

#[test]
fn an_anode_moves_as_fast_as_its_drive() {
    let mut strip = Strip::new();
    strip.run(2);
    strip.write(Role::Operator, Setpoint::AnodeLift, 120.0).unwrap();
    strip.run(3);
    assert!((strip.outputs.electrolyzers[0].anode_lift_mm[0] - 106.0).abs() < 1e-9);
    strip.run(60);
    assert!((strip.outputs.electrolyzers[0].anode_lift_mm[0] - 120.0).abs() < 1e-9);
}

#[test]
fn doses_do_not_add_up_beyond_what_the_bath_dissolves() {
    let mut strip = Strip::new();
    strip.run(2);
    strip.call(Method::RequestOxideDose, vec![Scalar::Number(10.0)]).unwrap();
    let again = strip.call(Method::RequestOxideDose, vec![Scalar::Number(10.0)]);
    assert!(matches!(again, Err(Refusal::InvalidState { .. })));
    strip.run(1);
    assert!((strip.outputs.electrolyzers[0].oxide_dose_kg - 10.0).abs() < 1e-9);
}

/// Electrolyzers in series: one setpoint for all, and the lowest demand of any counts.
#[test]
fn electrolyzers_of_one_rectifier_share_one_current() {
    let mut plant = crate::strip::config();
    let mut second = plant.electrolyzers[0].clone();
    second.name = "EL199".to_owned();
    plant.electrolyzers.push(second);
    let mut strip = Strip::with(&plant);
    strip.run(5);
    strip.write(Role::Operator, Setpoint::Current, 10.4).unwrap();
    let shown =
        |strip: &Strip, it: usize| strip.controls.status().electrolyzers[it].current_setpoint_ka;
    assert!((shown(&strip, 0) - 10.4).abs() < 1e-9 && (shown(&strip, 1) - 10.4).abs() < 1e-9);
    // The second is too hot: half the current for both, and no more on request, wherever it is asked.
    strip.inputs.electrolyzers[1].bath_temp_c = Reading::good(1150.0);
    strip.run(300);
    assert!(strip.outputs.rectifiers[0].current_a <= 5201.0);
    let refused = strip.write(Role::Supervisor, Setpoint::Current, 10.5).unwrap_err();
    assert_eq!(refused, Refusal::Interlocked { name: "I4 bath too hot" });
    assert!(strip.write(Role::Supervisor, Setpoint::CurrentReference, 10.5).is_err());
    // A trip of the first takes both.
    strip.inputs.electrolyzers[0].emergency_stop = true;
    strip.run(1);
    let phases = [0, 1].map(|it| strip.controls.status().electrolyzers[it].phase);
    assert_eq!(phases, [Phase::Faulted; 2]);
    assert!(!strip.outputs.rectifiers[0].on);
}

#[test]
fn a_fault_is_reset_when_its_cause_is_gone() {
    let mut strip = Strip::new();
    strip.run(2);
    strip.inputs.electrolyzers[0].emergency_stop = true;
    strip.inputs.rectifiers[0].tripped = true;
    strip.run(2);
    let name = "I1 emergency stop, earth fault or over-temperature";
    let refused = strip.call(Method::ResetFault, vec![]).unwrap_err();
    assert_eq!(refused, Refusal::Interlocked { name });
    strip.inputs.electrolyzers[0].emergency_stop = false;
    strip.run(1);
    strip.call(Method::ResetFault, vec![]).unwrap();
    strip.run(1);
    assert!(strip.outputs.rectifiers[0].reset);
    strip.inputs.rectifiers[0].tripped = false;
    strip.run(30);
    let status = &strip.controls.status().electrolyzers[0];
    assert!(status.phase == Phase::HotStandby && status.temp_mode == LoopMode::Auto);
}

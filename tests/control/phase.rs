//! The phase machine (domain B8): whatever is ordered, only the drawn ways are gone.

use cellhouse::control::{EventKind, Method, Phase, Scalar};
use cellhouse::field::Reading;
use proptest::prelude::*;

use crate::strip::{Strip, text};

/// The arrows of domain B8, trips and interlocks included.
fn is_drawn(from: Phase, to: Phase) -> bool {
    use Phase::{
        AnodeEffect, ChangingAnode, Cold, CoolingDown, Faulted, Held, Holding, HotStandby, Melting,
        OutOfService, Preheating, Running, Starting, Stopping, Tapping,
    };
    let energised = matches!(
        from,
        Preheating
            | Melting
            | Starting
            | Running
            | Tapping
            | ChangingAnode
            | AnodeEffect
            | Holding
            | Held
    );
    match to {
        // "any - trip - Faulted": whatever has current or a heater to lose.
        Faulted => energised || matches!(from, Stopping | HotStandby),
        Stopping => energised,
        Holding => matches!(from, Starting | Running | Tapping | ChangingAnode | AnodeEffect),
        OutOfService => from == Cold,
        Cold => matches!(from, OutOfService | CoolingDown),
        Preheating => matches!(from, Cold | CoolingDown | HotStandby),
        Melting => from == Preheating,
        Starting => matches!(from, Melting | Held | HotStandby),
        Running => matches!(from, Starting | Tapping | ChangingAnode | AnodeEffect),
        Tapping | AnodeEffect => from == Running,
        ChangingAnode => matches!(from, Running | Held),
        Held => matches!(from, Holding | ChangingAnode),
        HotStandby => matches!(from, Stopping | Faulted),
        CoolingDown => from == HotStandby,
    }
}

fn number(value: f64) -> Scalar {
    Scalar::Number(value)
}

fn call(strip: &mut Strip, which: usize) {
    let (method, arguments) = match which {
        0 => (Method::Start, vec![number(10.0), number(60.0)]),
        1 => (Method::Stop, vec![number(0.0), text("test")]),
        2 => (Method::Stop, vec![number(1.0), text("test")]),
        3 => (Method::Hold, vec![text("test")]),
        4 => (Method::Resume, vec![]),
        5 => (Method::BeginTap, vec![number(10.0), text("crucible")]),
        6 => (Method::BeginAnodeChange, vec![number(1.0)]),
        7 => (Method::ResetFault, vec![]),
        8 => (Method::TakeOutOfService, vec![text("test")]),
        _ => (Method::ReturnToService, vec![]),
    };
    // A refusal is as good an answer as any.
    let _ = strip.call(method, arguments);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn only_drawn_ways_are_gone(
        steps in prop::collection::vec((0_usize..10, 0.0..11_000.0_f64, 20.0..1100.0_f64, 3.0..16.0_f64, any::<bool>(), 1_u32..800), 1..25),
    ) {
        let mut strip = Strip::new();
        for (which, current_a, temp_c, voltage_v, tripped, seconds) in steps {
            call(&mut strip, which);
            let cell = &mut strip.inputs.electrolyzers[0];
            cell.cell_current_a = Reading::good(current_a);
            cell.bath_temp_c = Reading::good(temp_c);
            cell.cell_voltage_v = Reading::good(voltage_v);
            strip.inputs.rectifiers[0].tripped = tripped && which == 7;
            strip.run(seconds);
            for event in strip.controls.take_events() {
                if let EventKind::PhaseChanged { from, to } = event.kind {
                    prop_assert!(is_drawn(from, to), "{from:?} to {to:?}");
                }
            }
        }
    }
}

#[test]
fn a_tap_by_hand_goes_from_begin_to_complete() {
    let mut strip = Strip::new();
    strip.run(5);
    let id = strip.call(Method::BeginTap, vec![number(10.0), text("crucible 7")]).unwrap();
    let [Scalar::Text(id)] = id.as_slice() else { panic!("a tap identifier") };
    strip.run(5);
    assert!(strip.outputs.electrolyzers[0].tap_open);
    let weighed = vec![text(id), number(38.0), number(10.0), number(2.0), text("fine")];
    strip.call(Method::CompleteTap, weighed).unwrap();
    strip.run(1);
    let status = &strip.controls.status().electrolyzers[0];
    assert!(!strip.outputs.electrolyzers[0].tap_open && status.phase == Phase::Running);
    assert!((status.metal_tapped_kg - 28.0).abs() < 1e-9 && *status.last_tap_id == **id);
}

/// Detection, dose, half the current for half a minute, all clear (domain A5.5).
#[test]
fn an_anode_effect_is_quenched_step_by_step() {
    let mut strip = Strip::new();
    strip.run(30);
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(15.5);
    strip.run(3);
    let status = &strip.controls.status().electrolyzers[0];
    assert!(status.anode_effect_active && status.anode_effects == 1);
    strip.run(10);
    assert!(strip.outputs.rectifiers[0].current_a < 9000.0, "on its way to half");
    assert!(strip.outputs.electrolyzers[0].stirring);
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(9.2);
    strip.run(120);
    let status = &strip.controls.status().electrolyzers[0];
    assert!(!status.anode_effect_active && status.phase == Phase::Running);
}

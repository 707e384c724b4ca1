//! The feeder: weight loop, refill, and powder that will not flow (domain A4).

use cellhouse::access::Role;
use cellhouse::control::{EventKind, FeederStatus, Method, Order, Scalar, Setpoint, Target};
use cellhouse::field::{Quality, Reading};

use crate::hopper::{Hopper, Powder};
use crate::strip::{Strip, text};

const BRIDGING: u16 = 2;
const JAM: u16 = 4;
const OVER_DELIVERY: u16 = 16;
const LOAD_CELL: u16 = 32;
const REFILL_TIMEOUT: u16 = 64;
const DOOR: u16 = 128;

fn strip() -> Strip {
    let mut strip = Strip::new();
    // The coulomb count: 276 g/min, and nothing that changes it.
    strip.write(Role::Engineer, Setpoint::FeedControlMode, 2.0).unwrap();
    strip
}

fn status(strip: &Strip) -> &FeederStatus {
    &strip.controls.status().feeders[0]
}

fn target_g_min(strip: &Strip) -> f64 {
    status(strip).target_g_min
}

fn call(strip: &mut Strip, method: Method, arguments: Vec<Scalar>) -> cellhouse::control::Outcome {
    strip.order(Role::Engineer, Target::Feeder(0), Order::Call { method, arguments })
}

#[test]
fn the_weight_loop_corrects_a_screw_that_gives_too_little() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(120.0));
    hopper.powder = Powder::Flows(0.9 * 6.9);
    let first = hopper.run(&mut strip, 60);
    assert!(first < 0.93 * target_g_min(&strip), "it begins with the nominal factor");
    hopper.run(&mut strip, 3540);
    let minute = hopper.run(&mut strip, 60);
    let off = minute / target_g_min(&strip) - 1.0;
    assert!(off.abs() < 0.01, "{off}");
    assert!((status(&strip).feed_factor_g_rev / (0.9 * 6.9) - 1.0).abs() < 0.03);
}

#[test]
fn a_low_hopper_is_refilled_to_its_usual_level_by_volume() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(26.5));
    hopper.run(&mut strip, 65);
    assert!(!status(&strip).volumetric && status(&strip).state == 2);
    strip.controls.take_events();
    let mut seconds = 0;
    while !strip.outputs.feeders[0].refill && seconds < 600 {
        hopper.run(&mut strip, 1);
        seconds += 1;
    }
    // The first second of the refill has brought 1.5 kg already.
    assert!(hopper.weight_kg - 1.5 < 0.2 * 130.0, "{}", hopper.weight_kg);
    let fed = hopper.run(&mut strip, 60);
    assert!((fed / target_g_min(&strip) - 1.0).abs() < 0.03, "it goes on feeding: {fed}");
    assert!((hopper.weight_kg / 130.0 - 0.85).abs() < 0.02, "{}", hopper.weight_kg);
    let told = strip.controls.take_events();
    assert!(told.iter().any(|it| matches!(it.kind, EventKind::RefillCompleted(kg) if kg > 80.0)));
    assert!(status(&strip).volumetric, "the scale rests for half a minute");
    hopper.run(&mut strip, 40);
    assert!(!status(&strip).volumetric && status(&strip).faults == 0);
}

#[test]
fn a_silo_that_gives_nothing_is_a_timeout_and_is_not_asked_again() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(25.0));
    hopper.silo_empty = true;
    hopper.run(&mut strip, 119);
    assert_eq!(status(&strip).faults, 0);
    hopper.run(&mut strip, 5);
    assert_eq!(status(&strip).faults, REFILL_TIMEOUT);
    assert!(!strip.outputs.feeders[0].refill && strip.outputs.feeders[0].speed_rpm > 0.0);
}

#[test]
fn a_bridge_is_vibrated_and_turned_three_times_and_then_is_a_fault() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(100.0));
    hopper.run(&mut strip, 120);
    hopper.powder = Powder::Bridges;
    let mut seconds = 0;
    while status(&strip).faults == 0 && seconds < 1200 {
        hopper.run(&mut strip, 1);
        seconds += 1;
    }
    assert_eq!(status(&strip).faults, BRIDGING);
    assert_eq!((hopper.vibrated_s, hopper.reversed_s), (3 * 4, 3 * 4));
    assert!(strip.outputs.feeders[0].speed_rpm <= 0.0 && status(&strip).state == 7);
}

#[test]
fn a_bridge_that_falls_is_no_fault() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(100.0));
    hopper.run(&mut strip, 120);
    hopper.powder = Powder::Bridges;
    while hopper.vibrated_s == 0 {
        hopper.run(&mut strip, 1);
    }
    hopper.powder = Powder::Flows(6.9);
    hopper.run(&mut strip, 900);
    assert!(status(&strip).faults == 0 && hopper.vibrated_s == 4);
}

#[test]
fn a_jam_is_turned_back_three_times_and_then_stays_until_it_is_reset() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(100.0));
    hopper.run(&mut strip, 120);
    hopper.powder = Powder::Jams;
    hopper.run(&mut strip, 60);
    assert_eq!(status(&strip).faults, JAM);
    assert_eq!(hopper.reversed_s, 3 * 4);
    hopper.powder = Powder::Flows(6.9);
    hopper.run(&mut strip, 60);
    assert_eq!(status(&strip).faults, JAM);
    call(&mut strip, Method::ResetFault, vec![]).unwrap();
    hopper.run(&mut strip, 5);
    assert!(status(&strip).faults == 0 && strip.outputs.feeders[0].speed_rpm > 30.0);
}

#[test]
fn a_feeder_that_is_down_takes_the_current_down_and_then_brings_hold() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(100.0));
    hopper.run(&mut strip, 120);
    strip.inputs.feeders[0].drive_failed = true;
    hopper.run(&mut strip, 700);
    let current_a = strip.outputs.rectifiers[0].current_a;
    assert!((current_a - 8500.0).abs() < 100.0, "{current_a}");
    hopper.run(&mut strip, 900);
    let phase = strip.controls.status().electrolyzers[0].phase as u32;
    assert!([10, 11].contains(&phase), "{phase}");
}

#[test]
fn over_delivery_is_found_and_a_new_target_is_none() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(110.0));
    strip.write(Role::Engineer, Setpoint::FeedControlMode, 1.0).unwrap();
    strip.write(Role::Operator, Setpoint::TargetFlowRate, 350.0).unwrap();
    hopper.run(&mut strip, 300);
    strip.write(Role::Operator, Setpoint::TargetFlowRate, 150.0).unwrap();
    hopper.run(&mut strip, 300);
    assert_eq!(status(&strip).faults, 0);
    hopper.powder = Powder::Flows(1.6 * 6.9);
    hopper.run(&mut strip, 180);
    assert_eq!(status(&strip).faults, OVER_DELIVERY);
}

#[test]
fn without_its_scale_the_feeder_goes_on_by_volume() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(100.0));
    hopper.run(&mut strip, 120);
    strip.inputs.feeders[0].load_cell_failed = true;
    // What a broken scale says must not count: not as empty, and not as flow.
    strip.inputs.feeders[0].hopper_weight_kg =
        Reading { value: 0.0, quality: Quality::DeviceFailure };
    let fed = hopper.run(&mut strip, 600);
    assert!((fed / 10.0 / target_g_min(&strip) - 1.0).abs() < 0.03, "{fed}");
    assert!(status(&strip).volumetric && status(&strip).faults == LOAD_CELL);
    assert!(!strip.outputs.feeders[0].refill);
}

#[test]
fn an_open_door_stops_screw_and_refill() {
    let (mut strip, mut hopper) = (strip(), Hopper::new(20.0));
    strip.inputs.feeders[0].door_closed = false;
    hopper.run(&mut strip, 5);
    let outputs = strip.outputs.feeders[0];
    assert!(outputs.speed_rpm <= 0.0 && !outputs.refill && status(&strip).faults == DOOR);
    assert!(call(&mut strip, Method::RefillStart, vec![]).is_err());
    strip.inputs.feeders[0].door_closed = true;
    hopper.run(&mut strip, 2);
    assert!(strip.outputs.feeders[0].refill);
}

/// Interlock I13: a cold plant has no lot, so nothing is refilled before one is named.
#[test]
fn without_a_released_lot_nothing_is_refilled() {
    let mut plant = crate::strip::config();
    plant.control.start_running = false;
    let mut strip = Strip::with(&plant);
    let mut hopper = Hopper::new(10.0);
    hopper.run(&mut strip, 10);
    assert!(!strip.outputs.feeders[0].refill);
    assert!(call(&mut strip, Method::RefillStart, vec![]).is_err());
    call(&mut strip, Method::Refill, vec![text("LOT-7"), Scalar::Number(30.0)]).unwrap();
    hopper.run(&mut strip, 40);
    assert!((hopper.weight_kg - 40.0).abs() < 3.0, "{}", hopper.weight_kg);
}

//! Commands: an accepted one shows at once, a refused one changes nothing.

use std::sync::Arc;

use cellhouse::control::{Command, Order, Setpoint, Target};
use cellhouse::engine::CHUNK_TAGS;
use cellhouse::tag::Value;

use crate::support::{Size, base_feed, engine, engineer, plant, sample, tag};

#[test]
fn an_accepted_write_is_in_the_next_snapshot() {
    let mut engine = engine(plant(Size::Ka6, 2));
    engine.scan();
    engine.command(&base_feed(150.0)).unwrap();
    engine.publish_commands().expect("a new snapshot");
    let tag = tag(&engine, "Line1.EL101", Setpoint::BaseFeedRate);
    assert_eq!(*sample(&engine, tag).value, Value::F64(150.0));
}

#[test]
fn a_write_just_before_a_scan_is_in_that_scan() {
    let mut engine = engine(plant(Size::Ka6, 2));
    engine.scan();
    engine.command(&base_feed(150.0)).unwrap();
    engine.scan();
    let tag = tag(&engine, "Line1.EL101", Setpoint::BaseFeedRate);
    assert_eq!(*sample(&engine, tag).value, Value::F64(150.0));
}

#[test]
fn an_accepted_write_publishes_the_same_scan_with_the_next_revision() {
    let mut engine = engine(plant(Size::Ka6, 1));
    let before = Arc::clone(engine.scan());
    engine.command(&base_feed(150.0)).unwrap();
    let after = engine.publish_commands().expect("a new snapshot");
    assert_eq!((after.scan, after.revision), (before.scan, before.revision + 1));
}

// Two values of a tag at one source time could not be told apart by a historian.
#[test]
fn a_written_value_has_a_later_source_time_than_the_one_before() {
    let mut engine = engine(plant(Size::Ka6, 1));
    engine.scan();
    let tag = tag(&engine, "Line1.EL101", Setpoint::BaseFeedRate);
    engine.command(&base_feed(150.0)).unwrap();
    engine.publish_commands();
    let first = sample(&engine, tag).time;
    engine.command(&base_feed(151.0)).unwrap();
    engine.publish_commands();
    assert!(sample(&engine, tag).time > first);
}

#[test]
fn chunks_that_a_write_does_not_touch_are_shared_with_the_snapshot_before() {
    let mut engine = engine(plant(Size::Ka6, 12));
    let before = Arc::clone(engine.scan());
    engine.command(&base_feed(150.0)).unwrap();
    let after = engine.publish_commands().expect("a new snapshot");
    let last = before.chunks.len() - 2;
    assert!(last * CHUNK_TAGS > 512 && Arc::ptr_eq(&before.chunks[last], &after.chunks[last]));
}

#[test]
fn of_parameters_written_together_one_wrong_refuses_all() {
    let mut engine = engine(plant(Size::Ka6, 1));
    let before = Arc::clone(engine.scan());
    let values = vec![(Setpoint::OverfeedFactor, 1.25), (Setpoint::SlopeWindow, 1e9)];
    let order = Order::WriteAll { values };
    let command = Command { actor: engineer(), target: Target::Electrolyzer(0), order };
    engine.command(&command).unwrap_err();
    assert!(engine.publish_commands().is_none());
    assert!(Arc::ptr_eq(&before, engine.latest()));
}

#[test]
fn a_refused_write_leaves_the_snapshot_alone() {
    let mut engine = engine(plant(Size::Ka6, 1));
    let before = Arc::clone(engine.scan());
    assert!(engine.command(&base_feed(1e9)).is_err() && engine.publish_commands().is_none());
    assert!(Arc::ptr_eq(&before, engine.latest()));
}

// A refused write that moved something would show in the scans after it.
#[test]
fn a_refused_write_leaves_the_run_alone() {
    let run = |write: bool| {
        let mut engine = engine(plant(Size::Ka6, 1));
        for second in 0..120 {
            if write && second == 60 {
                engine.command(&base_feed(1e9)).unwrap_err();
            }
            engine.scan();
        }
        engine.latest().chunks.clone()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_device_that_does_not_exist_is_refused() {
    let mut engine = engine(plant(Size::Ka6, 1));
    engine.scan();
    let order = Order::Write { setpoint: Setpoint::BaseFeedRate, value: 150.0 };
    let command = Command { actor: engineer(), target: Target::Electrolyzer(77), order };
    engine.command(&command).unwrap_err();
}

#[test]
fn a_snapshot_that_a_reader_holds_does_not_change() {
    let mut engine = engine(plant(Size::Ka6, 1));
    let held = Arc::clone(engine.scan());
    let copy = held.chunks.iter().map(|it| (**it).clone()).collect::<Vec<_>>();
    for _ in 0..10 {
        engine.scan();
    }
    let now = held.chunks.iter().map(|it| (**it).clone()).collect::<Vec<_>>();
    assert_eq!(now, copy);
}

// What is asked of a hazardous command before it waits: the plant must not feel it.
#[test]
fn a_check_says_what_a_command_would_meet_and_leaves_the_run_alone() {
    let run = |check: bool| {
        let mut engine = engine(plant(Size::Ka6, 1));
        for second in 0..120 {
            if check && second == 60 {
                assert_eq!(engine.check(&base_feed(150.0)), Ok(()));
                assert_eq!(
                    engine.check(&base_feed(1e9)),
                    engine.command(&base_feed(1e9)).map(|_| ())
                );
                assert!(engine.publish_commands().is_none());
            }
            engine.scan();
        }
        engine.latest().chunks.clone()
    };
    assert_eq!(run(true), run(false));
}

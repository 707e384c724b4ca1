//! States of one alarm and what people do with it (AC-01 to AC-24 of the conformance list).

use cellhouse::access::Role;
use cellhouse::alarm::{AlarmOrder, AlarmRefusal, Level, Limit, Said, Setting, Shelving};
use cellhouse::control::Setpoint;

use crate::alarm::rig::Rig;

#[test]
fn ac_01_an_alarm_is_retained_until_it_is_inactive_acknowledged_and_confirmed() {
    let mut rig = Rig::new();
    rig.switch(true);
    let event = rig.event("OffNormal");
    rig.order("OffNormal", AlarmOrder::Acknowledge(event)).unwrap();
    assert!(rig.state("OffNormal").is_retained());
    rig.switch(false);
    assert!(rig.state("OffNormal").is_retained());
    rig.order("OffNormal", AlarmOrder::Confirm(event)).unwrap();
    assert!(!rig.state("OffNormal").is_retained());
    let retain: Vec<bool> = rig.of("OffNormal").iter().map(|it| it.retain).collect();
    assert_eq!(retain, [true, true, true, false]);
}

#[test]
fn ac_01_a_worse_limit_asks_again_and_a_better_one_does_not() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureAnalog, 85.0);
    rig.run(1);
    rig.settle("ExclusiveLevel");
    rig.write(Setpoint::FixtureAnalog, 95.0);
    rig.run(1);
    assert!(!rig.state("ExclusiveLevel").acked.on);
    assert_eq!(
        (rig.state("ExclusiveLevel").severity, rig.state("ExclusiveLevel").last_severity),
        (900, 500)
    );
    rig.settle("ExclusiveLevel");
    rig.write(Setpoint::FixtureAnalog, 85.0);
    rig.run(1);
    assert!(rig.state("ExclusiveLevel").acked.on);
    assert_eq!(rig.state("ExclusiveLevel").level, Level::of(Limit::High));
}

#[test]
fn ac_02_an_exclusive_alarm_has_one_state_and_a_non_exclusive_one_all_that_are_passed() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureAnalog, 5.0);
    rig.run(1);
    assert_eq!(rig.state("ExclusiveLevel").level, Level::of(Limit::LowLow));
    let both = Level::of(Limit::Low).with(Level::of(Limit::LowLow));
    assert_eq!(rig.state("NonExclusiveLevel").level, both);
}

#[test]
fn ac_02_deviations_are_from_the_setpoint_and_rates_are_per_second() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureSetpoint, 35.0);
    rig.run(1);
    assert_eq!(rig.state("ExclusiveDeviation").level, Level::of(Limit::High));
    assert!(!rig.state("ExclusiveLevel").active.on);
    rig.write(Setpoint::FixtureAnalog, 35.0);
    rig.run(1);
    assert_eq!(rig.state("ExclusiveRateOfChange").level, Level::of(Limit::Low));
    rig.run(1);
    assert!(!rig.state("ExclusiveRateOfChange").active.on);
}

#[test]
fn a_limit_is_left_only_by_its_deadband() {
    let mut rig = Rig::new();
    for (value, is_active) in [(80.5, true), (79.5, true), (78.9, false), (79.5, false)] {
        rig.write(Setpoint::FixtureAnalog, value);
        rig.run(1);
        assert_eq!(rig.state("ExclusiveLevel").active.on, is_active, "at {value}");
    }
}

#[test]
fn ac_05_an_event_of_another_alarm_or_of_none_acknowledges_nothing() {
    let mut rig = Rig::new();
    rig.switch(true);
    let other = rig.event("SystemOffNormal");
    for event in [0, other, u64::MAX] {
        let refused = rig.order("OffNormal", AlarmOrder::Acknowledge(event));
        assert_eq!(refused, Err(AlarmRefusal::UnknownEvent));
    }
    assert!(!rig.state("OffNormal").acked.on);
}

#[test]
fn ac_06_ac_07_what_is_done_is_not_done_twice_and_not_in_the_wrong_order() {
    let mut rig = Rig::new();
    rig.switch(true);
    let event = rig.event("OffNormal");
    let confirm = AlarmOrder::Confirm(event);
    let acknowledge = AlarmOrder::Acknowledge(event);
    assert!(matches!(rig.order("OffNormal", confirm.clone()), Err(AlarmRefusal::InvalidState(_))));
    rig.order("OffNormal", acknowledge.clone()).unwrap();
    assert_eq!(rig.order("OffNormal", acknowledge), Err(AlarmRefusal::AlreadyAcked));
    rig.order("OffNormal", confirm.clone()).unwrap();
    assert_eq!(rig.order("OffNormal", confirm), Err(AlarmRefusal::AlreadyConfirmed));
}

#[test]
fn ac_08_ac_11_ac_12_a_disabled_alarm_tells_its_end_and_nothing_more() {
    let mut rig = Rig::new();
    rig.switch(true);
    let event = rig.event("OffNormal");
    rig.order("OffNormal", AlarmOrder::Disable).unwrap();
    assert_eq!(rig.order("OffNormal", AlarmOrder::Disable), Err(AlarmRefusal::AlreadyDisabled));
    for order in
        [AlarmOrder::Acknowledge(event), AlarmOrder::AddComment(event), AlarmOrder::Silence]
    {
        assert_eq!(rig.order("OffNormal", order), Err(AlarmRefusal::Disabled));
    }
    let before = rig.of("OffNormal").len();
    rig.switch(false);
    rig.switch(true);
    assert_eq!(rig.of("OffNormal").len(), before);
    assert!(!rig.of("OffNormal")[before - 1].retain);
    rig.order("OffNormal", AlarmOrder::Enable).unwrap();
    assert_eq!(rig.order("OffNormal", AlarmOrder::Enable), Err(AlarmRefusal::AlreadyEnabled));
    rig.run(1);
    assert!(rig.state("OffNormal").active.on, "it is judged again");
}

#[test]
fn ac_18_what_was_not_acknowledged_goes_on_as_a_branch() {
    let mut rig = Rig::new();
    rig.switch(true);
    let first = rig.event("OffNormal");
    rig.switch(false);
    rig.switch(true);
    let (id, said) = {
        let state = rig.state("OffNormal");
        assert_eq!(state.branches.len(), 1);
        (state.branches[0].id, state.branches[0].state.said)
    };
    assert_eq!(said, Said::Branched);
    rig.settle("OffNormal");
    rig.switch(false);
    assert!(rig.state("OffNormal").is_retained(), "its branch is open");
    rig.order("OffNormal", AlarmOrder::Acknowledge(first)).unwrap();
    assert!(rig.state("OffNormal").branches[0].state.acked.on);
    rig.order("OffNormal", AlarmOrder::Confirm(first)).unwrap();
    assert!(rig.state("OffNormal").branches.is_empty() && !rig.state("OffNormal").is_retained());
    let last: Vec<_> =
        rig.of("OffNormal").iter().rev().take(2).map(|it| (it.branch, it.retain)).collect();
    assert_eq!(last, [(None, false), (Some(id), false)]);
}

#[test]
fn ac_18_branches_are_bounded_and_the_oldest_goes_first() {
    let mut rig = Rig::new();
    for _ in 0..12 {
        rig.switch(true);
        rig.switch(false);
    }
    assert_eq!(rig.state("OffNormal").branches.len(), 8);
    let ids: Vec<u64> = rig.state("OffNormal").branches.iter().map(|it| it.id).collect();
    assert!(ids.is_sorted());
}

#[test]
fn ac_20_shelving_has_its_bounds_and_its_order() {
    let mut rig = Rig::new();
    for seconds in [0.0, -1.0, 8.0 * 3600.0 + 1.0, f64::NAN] {
        let refused = rig.order("OffNormal", AlarmOrder::TimedShelve(seconds));
        assert!(matches!(refused, Err(AlarmRefusal::ShelvingTime { .. })), "{seconds}");
    }
    assert_eq!(rig.order("OffNormal", AlarmOrder::Unshelve), Err(AlarmRefusal::NotShelved));
    rig.order("OffNormal", AlarmOrder::TimedShelve(60.0)).unwrap();
    let again = rig.order("OffNormal", AlarmOrder::TimedShelve(60.0));
    assert_eq!(again, Err(AlarmRefusal::AlreadyShelved));
    rig.order("OffNormal", AlarmOrder::OneShotShelve).unwrap();
    assert!(matches!(rig.state("OffNormal").shelving, Shelving::OneShot(_)));
}

// What guards people is never put aside.
#[test]
fn a_safety_alarm_is_neither_shelved_nor_suppressed_nor_taken_out_of_service() {
    let mut rig = Rig::new();
    let orders = [
        AlarmOrder::TimedShelve(60.0),
        AlarmOrder::OneShotShelve,
        AlarmOrder::Suppress,
        AlarmOrder::RemoveFromService,
    ];
    for order in orders {
        assert_eq!(rig.order("Safety", order), Err(AlarmRefusal::NotSupported));
    }
}

#[test]
fn ac_21_a_latched_alarm_waits_for_its_reset_and_a_reset_for_the_operator() {
    let mut rig = Rig::new();
    rig.switch(true);
    let is_refused = |rig: &mut Rig| {
        matches!(rig.order("Trip", AlarmOrder::Reset), Err(AlarmRefusal::InvalidState(_)))
    };
    assert!(is_refused(&mut rig), "active");
    rig.switch(false);
    assert!(is_refused(&mut rig), "not acknowledged");
    rig.settle("Trip");
    assert!(rig.state("Trip").is_retained());
    rig.order("Trip", AlarmOrder::Reset).unwrap();
    assert!(!rig.state("Trip").is_retained());
    assert!(is_refused(&mut rig), "not latched");
}

#[test]
fn ac_21_suppressed_by_a_person_it_is_judged_and_marked() {
    let mut rig = Rig::new();
    rig.order("OffNormal", AlarmOrder::Suppress).unwrap();
    rig.switch(true);
    let state = rig.state("OffNormal");
    assert!(state.active.on && state.is_suppressed_or_shelved());
    rig.order("OffNormal", AlarmOrder::Unsuppress).unwrap();
    assert!(!rig.state("OffNormal").is_suppressed_or_shelved());
}

#[test]
fn suppressed_by_its_group_it_is_not_judged() {
    let mut rig = Rig::new();
    rig.switch(true);
    assert!(rig.state("Suppressible").active.on);
    rig.write(Setpoint::FixtureSuppressed, 1.0);
    rig.run(1);
    let state = rig.state("Suppressible");
    assert!(!state.active.on && state.suppressed.on);
    rig.write(Setpoint::FixtureSuppressed, 0.0);
    rig.run(1);
    assert!(rig.state("Suppressible").active.on);
}

#[test]
fn ac_23_a_dialog_is_answered_once_and_asks_again_when_its_cause_comes_again() {
    let mut rig = Rig::new();
    assert_eq!(rig.order("Dialog", AlarmOrder::Respond(0)), Err(AlarmRefusal::NoQuestion));
    rig.write(Setpoint::FixtureAsks, 1.0);
    rig.run(1);
    assert_eq!(rig.order("Dialog", AlarmOrder::Respond(3)), Err(AlarmRefusal::NoAnswer));
    assert_eq!(rig.order("Dialog", AlarmOrder::Respond(-1)), Err(AlarmRefusal::NoAnswer));
    rig.order("Dialog", AlarmOrder::Respond(1)).unwrap();
    assert_eq!(rig.order("Dialog", AlarmOrder::Respond(1)), Err(AlarmRefusal::NoQuestion));
    rig.run(3);
    assert_eq!((rig.state("Dialog").active.on, rig.state("Dialog").last_response), (false, 1));
    rig.write(Setpoint::FixtureAsks, 0.0);
    rig.run(1);
    rig.write(Setpoint::FixtureAsks, 1.0);
    rig.run(1);
    assert!(rig.state("Dialog").active.on);
}

#[test]
fn ac_24_a_bad_source_is_told_and_changes_no_state() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureAnalog, 85.0);
    rig.run(1);
    rig.write(Setpoint::FixtureFailed, 1.0);
    rig.write(Setpoint::FixtureAnalog, 50.0);
    rig.run(3);
    let state = rig.state("ExclusiveLevel");
    assert!(state.active.on && state.quality.is_bad());
    assert!(rig.state("Sensor").active.on);
    assert_eq!(rig.of("ExclusiveLevel").last().unwrap().state.said, Said::Quality);
    rig.write(Setpoint::FixtureFailed, 0.0);
    rig.run(1);
    assert!(!rig.state("ExclusiveLevel").active.on);
}

#[test]
fn each_order_has_the_least_role_that_gives_it() {
    let mut rig = Rig::new();
    rig.switch(true);
    let event = rig.event("OffNormal");
    let orders = [
        (Role::Observer, AlarmOrder::Acknowledge(event)),
        (Role::Operator, AlarmOrder::Suppress),
        (Role::Supervisor, AlarmOrder::Disable),
        (Role::Supervisor, AlarmOrder::Set(Setting::OnDelay, 1.0)),
    ];
    for (role, order) in orders {
        let refused = rig.order_as(role, "OffNormal", order);
        assert!(matches!(refused, Err(AlarmRefusal::AccessDenied { .. })), "{role:?}");
    }
    rig.order_as(Role::Operator, "OffNormal", AlarmOrder::Acknowledge(event)).unwrap();
}

#[test]
fn limits_keep_their_order_and_follow_their_setting() {
    let mut rig = Rig::new();
    let set = |rig: &mut Rig, limit, value| {
        rig.order("ExclusiveLevel", AlarmOrder::Set(Setting::Limit(limit), value))
    };
    for (limit, value) in [(Limit::High, 91.0), (Limit::High, 19.0), (Limit::LowLow, f64::NAN)] {
        let refused = set(&mut rig, limit, value);
        assert!(matches!(refused, Err(AlarmRefusal::OutOfRange { .. })), "{limit:?} {value}");
    }
    set(&mut rig, Limit::High, 45.0).unwrap();
    rig.run(1);
    assert_eq!(rig.state("ExclusiveLevel").level, Level::of(Limit::High));
}

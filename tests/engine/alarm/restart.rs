//! What is left after a restart: all that a person has done or not yet done (AC-25).

use cellhouse::access::Role;
use cellhouse::alarm::{AlarmOrder, Limit, Setting};
use cellhouse::control::Setpoint;
use proptest::prelude::*;

use crate::alarm::rig::Rig;

/// A new engine that has taken over what the one before kept.
fn restarted(rig: &mut Rig) -> Rig {
    let kept = rig.engine.alarms_mut().take_unsaved();
    let mut next = Rig::new();
    let problems = next.engine.alarms_mut().restore(kept);
    assert!(problems.is_empty(), "{problems:?}");
    next
}

#[test]
fn ac_25_states_remarks_and_settings_survive() {
    let mut rig = Rig::new();
    rig.switch(true);
    let event = rig.event("OffNormal");
    rig.order("OffNormal", AlarmOrder::Acknowledge(event)).unwrap();
    rig.order("SystemOffNormal", AlarmOrder::TimedShelve(600.0)).unwrap();
    rig.order("Suppressible", AlarmOrder::Disable).unwrap();
    rig.order("ExclusiveLevel", AlarmOrder::Set(Setting::Limit(Limit::High), 45.0)).unwrap();
    let mut next = restarted(&mut rig);
    for name in ["OffNormal", "SystemOffNormal", "Suppressible", "Trip", "ExclusiveLevel"] {
        assert_eq!(next.state(name), rig.state(name), "{name}");
    }
    assert_eq!(next.state("OffNormal").comment.text, "seen");
    next.run(1);
    assert!(next.state("ExclusiveLevel").active.on, "its limit is the one that was set");
    next.order("OffNormal", AlarmOrder::Confirm(event)).unwrap();
    assert!(!next.state("OffNormal").is_retained());
}

#[test]
fn ac_25_numbers_of_events_are_not_given_twice() {
    let mut rig = Rig::new();
    rig.switch(true);
    let last = rig.told.iter().map(|it| it.number).max().unwrap();
    let mut next = restarted(&mut rig);
    next.told.clear();
    next.switch(true);
    assert!(next.told.iter().all(|it| it.number > last));
}

#[test]
fn what_belongs_to_no_alarm_or_cannot_be_read_is_given_back_with_the_reason() {
    let mut rig = Rig::new();
    let text = |it: &str| it.to_owned();
    let kept = vec![
        (text("Line9.EL999.Alarms.BathTemperature"), text("{}")),
        (text("AlarmFixture.Alarms.OffNormal"), text("not json")),
        (text("AlarmFixture.Alarms.Trip"), text("{\"state\":{},\"from\":\"the future\"}")),
    ];
    let problems = rig.engine.alarms_mut().restore(kept);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].1.contains("no such alarm"));
}

fn any_order() -> impl Strategy<Value = (usize, u8, bool)> {
    (0_usize..4, 0_u8..16, any::<bool>())
}

const NAMES: [&str; 4] = ["OffNormal", "Trip", "ReAlarming", "Delayed"];

/// Something that a person or the plant does; refusals are part of it.
fn act(rig: &mut Rig, (alarm, what, flag): (usize, u8, bool)) {
    let name = NAMES[alarm];
    let event = rig.state(name).event().unwrap_or(0);
    let old = rig.state(name).branches.first().and_then(|it| it.state.event()).unwrap_or(event);
    let event = if flag { event } else { old };
    let order = match what {
        0..=3 => return rig.switch(flag),
        4 => return rig.run(4),
        5 => AlarmOrder::Acknowledge(event),
        6 => AlarmOrder::Confirm(event),
        7 => AlarmOrder::AddComment(event),
        8 => AlarmOrder::TimedShelve(3.0),
        9 => AlarmOrder::Unshelve,
        10 => AlarmOrder::Suppress,
        11 => AlarmOrder::Unsuppress,
        12 => AlarmOrder::Disable,
        13 => AlarmOrder::Enable,
        14 => AlarmOrder::Reset,
        _ => AlarmOrder::OneShotShelve,
    };
    let _ = rig.order_as(Role::Engineer, name, order);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    // A client that follows the events knows each state, and a restart at any moment changes none of it.
    #[test]
    fn events_tell_every_state_and_a_restart_at_any_moment_keeps_it(
        acts in prop::collection::vec(any_order(), 1..40),
    ) {
        let mut rig = Rig::new();
        for one in acts {
            act(&mut rig, one);
        }
        for name in NAMES {
            let state = rig.state(name);
            let told: Vec<_> = rig.of(name).into_iter().filter(|it| it.branch.is_none()).collect();
            if let Some(last) = told.last() {
                prop_assert_eq!(&last.state.said, &state.said);
                prop_assert_eq!(last.retain, state.is_retained(), "{}", name);
                prop_assert_eq!(&last.state.acked, &state.acked);
                prop_assert_eq!(&last.state.active, &state.active);
            }
            prop_assert!(state.branches.len() <= 8);
            prop_assert!(state.branches.iter().all(|it| !(it.state.acked.on && it.state.confirmed.on)));
        }
        let numbers: Vec<u64> = rig.told.iter().map(|it| it.number).collect();
        prop_assert!(numbers.windows(2).all(|it| it[0] < it[1]));
        let next = restarted(&mut rig);
        for name in NAMES {
            prop_assert_eq!(next.state(name), rig.state(name));
        }
    }
}

#[test]
fn a_restart_without_a_cause_ends_what_was_active() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureAnalog, 85.0);
    rig.run(1);
    let mut next = restarted(&mut rig);
    assert!(next.state("ExclusiveLevel").active.on);
    next.run(1);
    let state = next.state("ExclusiveLevel");
    assert!(!state.active.on && !state.acked.on && state.is_retained());
}

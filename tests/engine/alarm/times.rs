//! Delays, shelving, re-alarming, escalation, floods: all by the plant's time (AC-19, AC-22, AC-30).

use cellhouse::alarm::{AlarmOrder, Said, Setting, Shelving};
use cellhouse::control::Setpoint;

use crate::alarm::rig::Rig;

#[test]
fn ac_22_an_alarm_comes_and_goes_after_its_delays() {
    let mut rig = Rig::new();
    rig.switch(true);
    rig.run(2);
    assert!(!rig.state("Delayed").active.on);
    rig.run(1);
    assert!(rig.state("Delayed").active.on);
    rig.switch(false);
    rig.run(2);
    assert!(rig.state("Delayed").active.on);
    rig.run(1);
    assert!(!rig.state("Delayed").active.on);
}

#[test]
fn ac_22_a_cause_that_goes_before_the_delay_is_no_alarm() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        rig.switch(true);
        rig.run(1);
        rig.switch(false);
    }
    assert!(rig.of("Delayed").is_empty());
}

#[test]
fn ac_22_what_is_still_active_is_told_anew_and_counted() {
    let mut rig = Rig::new();
    rig.switch(true);
    rig.settle("ReAlarming");
    rig.run(4);
    let state = rig.state("ReAlarming");
    assert_eq!((state.acked.on, state.realarm_count, state.said), (false, 1, Said::ReAlarmed));
    rig.settle("ReAlarming");
    rig.run(4);
    assert_eq!(rig.state("ReAlarming").realarm_count, 2);
    rig.switch(false);
    assert_eq!(rig.state("ReAlarming").realarm_count, 0);
    assert_eq!(rig.engine.alarms().figures()[0].realarm_count_max, 2);
}

#[test]
fn what_lasts_becomes_more_severe_once() {
    let mut rig = Rig::new();
    rig.switch(true);
    rig.settle("Escalating");
    rig.run(10);
    let state = rig.state("Escalating");
    assert_eq!((state.severity, state.acked.on), (900, false));
    let told = rig.of("Escalating").iter().filter(|it| it.state.said == Said::Escalated).count();
    assert_eq!(told, 1);
}

#[test]
fn ac_19_shelving_ends_by_itself() {
    let mut rig = Rig::new();
    rig.order("OffNormal", AlarmOrder::TimedShelve(5.0)).unwrap();
    rig.switch(true);
    rig.run(3);
    assert!(rig.state("OffNormal").is_suppressed_or_shelved());
    rig.run(1);
    let state = rig.state("OffNormal");
    assert_eq!((state.shelving, state.said), (Shelving::Unshelved, Said::Unshelved));
    assert!(state.active.on);
}

#[test]
fn ac_19_once_shelved_ends_with_the_alarm() {
    let mut rig = Rig::new();
    rig.switch(true);
    rig.order("OffNormal", AlarmOrder::OneShotShelve).unwrap();
    rig.run(100);
    assert!(rig.state("OffNormal").is_suppressed_or_shelved());
    rig.switch(false);
    assert!(!rig.state("OffNormal").is_suppressed_or_shelved());
}

#[test]
fn ac_22_the_first_of_a_group_is_marked_and_only_that() {
    let mut rig = Rig::new();
    rig.write(Setpoint::FixtureAnalog, 85.0);
    rig.run(1);
    rig.switch(true);
    let first: Vec<_> = rig.told.iter().filter(|it| it.state.is_first_in_group).collect();
    let alarms: std::collections::BTreeSet<_> = first.iter().map(|it| it.alarm).collect();
    assert_eq!(alarms.len(), 1);
    assert!(alarms.contains(&rig.alarm("ExclusiveLevel")));
}

#[test]
fn delays_can_be_set_and_have_bounds() {
    let mut rig = Rig::new();
    for value in [-1.0, 3601.0, f64::NAN] {
        assert!(rig.order("OffNormal", AlarmOrder::Set(Setting::OnDelay, value)).is_err());
    }
    rig.order("OffNormal", AlarmOrder::Set(Setting::OnDelay, 2.0)).unwrap();
    rig.switch(true);
    assert!(!rig.state("OffNormal").active.on);
    rig.run(2);
    assert!(rig.state("OffNormal").active.on);
}

#[test]
fn ac_30_metrics_count_what_came_what_waits_and_how_long() {
    let mut rig = Rig::new();
    rig.switch(true);
    rig.run(9);
    let figures = rig.engine.alarms().figures()[0];
    // OffNormal, SystemOffNormal, Trip, Safety, Delayed, ReAlarming, Escalating, Suppressible.
    assert_eq!((figures.count, figures.active, figures.unacknowledged), (8, 8, 8));
    assert_eq!(figures.last_10_min, 8);
    assert!(
        (figures.active_max_s - 9.0).abs() < 1e-6 && (figures.unacked_max_s - 9.0).abs() < 1e-6
    );
    rig.engine.reset_alarm_figures(0);
    rig.run(1);
    let figures = rig.engine.alarms().figures()[0];
    assert_eq!((figures.count, figures.active), (0, 8));
}

#[test]
fn three_times_in_a_minute_is_chatter() {
    let mut rig = Rig::new();
    for _ in 0..3 {
        rig.switch(true);
        rig.switch(false);
    }
    rig.run(1);
    assert!(rig.engine.alarms().figures()[0].chattering >= 1);
    rig.run(61);
    assert_eq!(rig.engine.alarms().figures()[0].chattering, 0);
}

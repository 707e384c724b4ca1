//! Alarms as the engine judges them, where no client can bring it about.

use cellhouse::alarm::{AlarmIndex, AlarmState, AlarmTable, Level, Toggle};
use cellhouse::engine::Engine;

use crate::support::{Size, engine, plant};

const DAY_S: f64 = 86_400.0;
/// Scans within which an alarm follows its input.
const SOON: usize = 60;

fn alarm(engine: &Engine, path: &str) -> AlarmIndex {
    AlarmTable::new(engine.table()).by_path(engine.table(), path).unwrap()
}

fn is_active(engine: &mut Engine, alarm: AlarmIndex) -> bool {
    engine.scan().alarms.states[alarm.0 as usize].active.on
}

#[test]
fn ac_29_a_certificate_is_told_thirty_days_before_its_end() {
    let mut engine = engine(plant(Size::Ka6, 1));
    let alarm = alarm(&engine, "Plant.Alarms.CertificateExpiration");
    assert!(!is_active(&mut engine, alarm), "no certificate");
    let expires = engine.time().plus_s(30.0 * DAY_S + 5.0);
    engine.alarms_mut().set_expiry(Some(expires));
    assert!(!is_active(&mut engine, alarm));
    assert!((0..SOON).any(|_| is_active(&mut engine, alarm)));
    let left_s = expires.seconds_since(engine.time());
    assert!((30.0 * DAY_S - 3.0..30.0 * DAY_S).contains(&left_s), "{left_s} s are left");
    engine.alarms_mut().set_expiry(Some(expires.plus_s(365.0 * DAY_S)));
    assert!((0..SOON).any(|_| !is_active(&mut engine, alarm)), "a new certificate");
}

#[test]
fn ac_25_an_anode_effect_is_kept_over_two_restarts() {
    let path = "Line1.EL101.Alarms.AnodeEffect";
    let first = AlarmState {
        active: Toggle { on: true, ..Toggle::default() },
        level: Level::ON,
        acked: Toggle::default(),
        ..AlarmState::default()
    };
    let text = format!("{{\"state\":{}}}", serde_json::to_string(&first).unwrap());
    let mut second = engine(plant(Size::Ka6, 1));
    let index = alarm(&second, path);
    assert_eq!(second.alarms_mut().restore([(path.to_owned(), text)]), []);
    assert!((0..SOON).any(|_| !is_active(&mut second, index)), "the effect is over");
    let kept = second.alarms_mut().take_unsaved();
    assert!(kept.iter().any(|(it, _)| it == path), "{kept:?}");
    let mut third = engine(plant(Size::Ka6, 1));
    assert_eq!(third.alarms_mut().restore(kept), []);
    let state = &third.scan().alarms.states[index.0 as usize];
    assert!(!state.acked.on, "nobody has acknowledged it");
    assert!(state.collected.is_finite());
}

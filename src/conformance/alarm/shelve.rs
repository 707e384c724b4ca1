//! Shelving (Part 9, 5.8.17): for a time, once, and its end.

use opcua_types::{NodeId, StatusCode, Variant};

use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::Condition;
use crate::conformance::alarm::stage::{Stage, UNSHELVED, method, on_stage};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

const STATE: &str = "ShelvingState.CurrentState.Id";
const TIMED: u32 = 2932;
const ONE_SHOT: u32 = 2933;
/// UnshelvedToTimedShelved.
const TO_TIMED: u32 = 2935;
/// How long an alarm is shelved, ms.
const SOME_TIME_MS: f64 = 5000.0;

fn timed(ms: f64) -> (u32, Vec<Variant>) {
    (method::TIMED_SHELVE, vec![Variant::Double(ms)])
}

/// UnshelveTime, ms.
fn left_ms(stage: &mut Stage<'_>, alarm: &Condition) -> Result<f64, Stop> {
    match read_one(&mut stage.hand, alarm.member("ShelvingState.UnshelveTime")?)? {
        Variant::Double(ms) => Ok(ms),
        other => Err(Stop::unexpected("UnshelveTime", "a Double", format!("{other:?}"))),
    }
}

fn shelved(event: &Event, of: &str) -> Check {
    that(event.is("SuppressedOrShelved"), format!("{of}: SuppressedOrShelved is not true"))
}

pub(super) fn ac_19(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let shelving = alarm.member("ShelvingState")?;
        let levels = stage.levels()?;
        stage.done(shelving, method::TIMED_SHELVE, timed(SOME_TIME_MS).1, "TimedShelve")?;
        let event = stage.until(alarm, "shelved for a time", |it| it.is_node(STATE, TIMED))?;
        shelved(&event, "TimedShelve")?;
        let state = read_one(&mut stage.hand, alarm.member(STATE)?)?;
        equal(state, standard(TIMED).into(), "the state that is read")?;
        if let Some(node) = alarm.members.get("ShelvingState.LastTransition.Id") {
            let last = read_one(&mut stage.hand, node)?;
            equal(last, standard(TO_TIMED).into(), "LastTransition")?;
        }
        let first = left_ms(stage, alarm)?;
        that(first > 0.0 && first <= SOME_TIME_MS, format!("UnshelveTime is {first} ms"))?;
        // An alarm that is shelved is judged and told as ever.
        stage.write("AnalogSource", levels.high)?;
        stage.until(alarm, "active while it is shelved", |it| it.is("ActiveState.Id"))?;
        stage.ear.mark();
        let event = stage.until(alarm, "shelved no more", |it| it.is_node(STATE, UNSHELVED))?;
        that(event.is_not("SuppressedOrShelved"), "SuppressedOrShelved stays true")?;
        that(left_ms(stage, alarm)? < first, "UnshelveTime does not count down")?;
        one_shot(stage, alarm, shelving)?;
        stage.done(shelving, method::TIMED_SHELVE, timed(60_000.0).1, "TimedShelve")?;
        stage.until(alarm, "shelved for a time", |it| it.is_node(STATE, TIMED))?;
        stage.done(shelving, method::UNSHELVE, Vec::new(), "Unshelve")?;
        stage.until(alarm, "unshelved", |it| it.is_node(STATE, UNSHELVED))?;
        let table = [
            (method::TIMED_SHELVE_2, vec![Variant::Double(60_000.0)]),
            (method::ONE_SHOT_SHELVE_2, Vec::new()),
            (method::UNSHELVE_2, Vec::new()),
        ];
        for (method, arguments) in table {
            stage.with_comment(alarm, (shelving, method), arguments)?;
        }
        Ok(())
    })
}

/// Once: until the alarm has become inactive.
fn one_shot(stage: &mut Stage<'_>, alarm: &Condition, shelving: &NodeId) -> Check {
    let levels = stage.levels()?;
    stage.done(shelving, method::ONE_SHOT_SHELVE, Vec::new(), "OneShotShelve")?;
    let event = stage.until(alarm, "shelved once", |it| it.is_node(STATE, ONE_SHOT))?;
    shelved(&event, "OneShotShelve")?;
    that(event.is("ActiveState.Id"), "OneShotShelve ends the alarm")?;
    stage.write("AnalogSource", levels.normal)?;
    stage.until(alarm, "inactive and shelved no more", |it| {
        it.is_not("ActiveState.Id") && it.is_node(STATE, UNSHELVED)
    })?;
    Ok(())
}

pub(super) fn ac_20(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let shelving = alarm.member("ShelvingState")?;
        let most = match alarm.members.get("MaxTimeShelved") {
            Some(node) => read_one(&mut stage.hand, node)?,
            None => Variant::Empty,
        };
        let range = [StatusCode::BadShelvingTimeOutOfRange];
        let mut times = vec![0.0, -1.0, f64::NAN, f64::NEG_INFINITY];
        if let Variant::Double(most) = most {
            times.extend([most + 1.0, f64::INFINITY]);
        }
        for ms in times {
            stage.answers(shelving, timed(ms), &range, &format!("TimedShelve for {ms} ms"))?;
        }
        let unshelve = || (method::UNSHELVE, Vec::new());
        let not_shelved = [StatusCode::BadConditionNotShelved];
        stage.answers(shelving, unshelve(), &not_shelved, "Unshelve of what is not shelved")?;
        let already = [StatusCode::BadConditionAlreadyShelved];
        stage.done(shelving, method::TIMED_SHELVE, timed(60_000.0).1, "TimedShelve")?;
        stage.until(alarm, "shelved", |it| it.is_node(STATE, TIMED))?;
        stage.answers(shelving, timed(60_000.0), &already, "TimedShelve of the shelved")?;
        stage.done(shelving, method::UNSHELVE, Vec::new(), "Unshelve")?;
        stage.answers(shelving, unshelve(), &not_shelved, "Unshelve for the second time")?;
        let once = || (method::ONE_SHOT_SHELVE, Vec::new());
        stage.done(shelving, method::ONE_SHOT_SHELVE, Vec::new(), "OneShotShelve")?;
        stage.answers(shelving, once(), &already, "OneShotShelve of the shelved")
    })
}

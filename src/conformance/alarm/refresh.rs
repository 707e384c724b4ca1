//! ConditionRefresh and ConditionRefresh2 (Part 9, 5.5.7 and 5.5.8), and clients that come again.

use std::collections::BTreeSet;

use opcua_types::{NodeId, StatusCode, Variant};

use crate::conformance::alarm::ear::{CONDITION_TYPE, Ear, REFRESH, REFRESH_END, REFRESH_START};
use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::stage::{Stage, called, on_stage};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::item::{item, made};
use crate::conformance::method::{call, request_of};
use crate::conformance::subscription::CLOCK;
use crate::conformance::{Bench, Check, Stop};

const GOOD: &[StatusCode] = &[StatusCode::Good];
/// ConditionRefresh2.
const REFRESH_2: u32 = 12_912;
/// Refreshes that AC-17 asks for, in requests of [`AT_ONCE`].
const MANY: usize = 200;
const AT_ONCE: usize = 50;

/// Conditions and branches of the fixture in a refresh, each once.
fn told(stage: &Stage<'_>, refresh: &[Event]) -> Result<BTreeSet<(String, String)>, Stop> {
    let mut all = BTreeSet::new();
    let is_ours = stage.is_ours();
    for event in refresh.iter().filter(|it| is_ours(it)) {
        let name = (event.condition().to_string(), event.branch().to_string());
        that(event.is("Retain"), format!("{name:?} is in the refresh and not retained"))?;
        that(all.insert(name.clone()), format!("{name:?} is twice in a refresh"))?;
    }
    Ok(all)
}

pub(super) fn ac_14(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let levels = stage.levels()?;
        stage.raise(alarm)?;
        stage.write("AnalogSource", levels.normal)?;
        stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id"))?;
        stage.raise(alarm)?;
        if stage.condition("OffNormal").is_ok() {
            stage.write("BooleanSource", true)?;
            stage.until(stage.condition("OffNormal")?, "active", |it| it.is("ActiveState.Id"))?;
        }
        stage.ear.quiet(stage.is_ours())?;
        let mut wanted = BTreeSet::new();
        for condition in stage.fixture.conditions.values() {
            if let Some(retain) = condition.members.get("Retain")
                && read_one(&mut stage.hand, retain)? == Variant::Boolean(true)
            {
                wanted.insert((condition.node.to_string(), NodeId::null().to_string()));
            }
        }
        let heard = stage.ear.heard.iter().filter(|it| it.is("Retain") && !it.branch().is_null());
        let is_ours = stage.is_ours();
        wanted.extend(
            heard
                .filter(|it| is_ours(it))
                .map(|it| (it.condition().to_string(), it.branch().to_string())),
        );
        let refresh = stage.ear.refreshed()?;
        equal(told(stage, &refresh)?, wanted, "conditions and branches in a refresh")?;
        // What comes afterwards comes as ever.
        stage.write("AnalogSource", levels.normal)?;
        stage.until(alarm, "inactive", |it| it.is_not("ActiveState.Id")).map(|_| ())
    })
}

/// What the server says to several calls in one request.
fn refreshes(ear: &mut Ear, count: usize) -> Result<Vec<StatusCode>, Stop> {
    let refresh = request_of(
        standard(CONDITION_TYPE),
        standard(REFRESH),
        vec![Variant::UInt32(ear.subscription)],
    );
    let answer = good(call(&mut ear.link, vec![refresh; count])?, "Call")?;
    let results = answer.results.unwrap_or_default();
    equal(results.len(), count, "results of Call")?;
    Ok(results.iter().map(|it| it.status_code).collect())
}

pub(super) fn ac_15(bench: &Bench) -> Check {
    let mut ear = Ear::open(bench)?;
    ear.refreshed()?;
    let statuses = refreshes(&mut ear, 2)?;
    code(statuses[0], GOOD, "ConditionRefresh")?;
    let wanted = [StatusCode::BadRefreshInProgress, StatusCode::Good];
    code(statuses[1], &wanted, "ConditionRefresh while another is on its way")?;
    ear.mark();
    ear.find("the end of the refresh", |it| it.is_a(REFRESH_END))?;
    let unknown = [StatusCode::BadSubscriptionIdInvalid];
    code(ear.ask_refresh(u32::MAX)?, &unknown, "ConditionRefresh of no subscription")?;
    let other = Ear::open(bench)?;
    let wanted = [StatusCode::BadUserAccessDenied, StatusCode::BadSubscriptionIdInvalid];
    code(ear.ask_refresh(other.subscription)?, &wanted, "ConditionRefresh of another's")
}

pub(super) fn ac_16(bench: &Bench) -> Check {
    let mut ear = Ear::open(bench)?;
    ear.refreshed()?;
    let data = made(&mut ear.link, ear.subscription, item(standard(CLOCK), 77))?.monitored_item_id;
    let invalid = [StatusCode::BadMonitoredItemIdInvalid];
    let table: [(u32, u32, &[StatusCode], &str); 4] = [
        (ear.subscription, data, &invalid, "ConditionRefresh2 of an item of data"),
        (ear.subscription, u32::MAX, &invalid, "ConditionRefresh2 of no item"),
        (
            u32::MAX,
            ear.item,
            &[StatusCode::BadSubscriptionIdInvalid],
            "ConditionRefresh2 of no subscription",
        ),
        (ear.subscription, ear.item, GOOD, "ConditionRefresh2"),
    ];
    ear.mark();
    for (subscription, item, wanted, of) in table {
        let arguments = vec![Variant::UInt32(subscription), Variant::UInt32(item)];
        let (object, method) = (standard(CONDITION_TYPE), standard(REFRESH_2));
        let status = called(&mut ear.link, &object, &method, arguments)?;
        if status == StatusCode::BadMethodInvalid {
            return Err(Stop::skipped("the server has no ConditionRefresh2"));
        }
        code(status, wanted, of)?;
    }
    ear.find("the end of a refresh", |it| it.is_a(REFRESH_END))?;
    let starts = ear.since().iter().filter(|it| it.is_a(REFRESH_START)).count();
    equal(starts, 1, "refreshes that begin, of one that was asked for")
}

pub(super) fn ac_17(bench: &Bench) -> Check {
    let mut ear = Ear::open(bench)?;
    ear.refreshed()?;
    ear.mark();
    let mut taken = 0;
    for _ in 0..MANY / AT_ONCE {
        for status in refreshes(&mut ear, AT_ONCE)? {
            let wanted = [
                StatusCode::Good,
                StatusCode::BadRefreshInProgress,
                StatusCode::BadTooManyOperations,
                StatusCode::BadResourceUnavailable,
            ];
            code(status, &wanted, "one of very many ConditionRefresh")?;
            taken += usize::from(status.is_good());
        }
    }
    let mut ends = 0;
    while ends < taken {
        let before = ear.heard.len();
        let count = ear.pull()?;
        that(count > 0 || ends > 0, "a refresh that was taken does not come")?;
        ends += ear.heard[before..].iter().filter(|it| it.is_a(REFRESH_END)).count();
    }
    equal(ends, taken, "refreshes that end, of those that were taken")?;
    read_one(&mut bench.session()?, &standard(CLOCK)).map(|_| ())
}

pub(super) fn ac_28(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let levels = stage.levels()?;
        let mut gone = Ear::open(bench)?;
        stage.raise(alarm)?;
        gone.until(&alarm.node, "active, at another client", |it| it.is("ActiveState.Id"))?;
        drop(gone);
        stage.write("AnalogSource", levels.high_high)?;
        stage.until(alarm, "its severity or limit changes", |it| it.is("ActiveState.Id"))?;
        let mut again = Ear::open(bench)?;
        let refresh = again.refreshed()?;
        let event = refresh.iter().find(|it| it.is_of(&alarm.node));
        let event = some(event, "an active alarm in the refresh of a client that comes again")?;
        that(event.is("ActiveState.Id") && event.is("Retain"), "the alarm is not active any more")?;
        for (value, is_active) in [(levels.normal, false), (levels.high, true)] {
            again.mark();
            stage.write("AnalogSource", value)?;
            again.until(&alarm.node, "events go on for a client that comes again", |it| {
                it.branch().is_null() && it.flag("ActiveState.Id") == Some(is_active)
            })?;
        }
        Ok(())
    })
}

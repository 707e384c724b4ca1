//! 4.11: subscriptions, Publish, Republish, Transfer (Part 4, 5.14).

use std::time::Duration;

use opcua_types::{
    CallMethodRequest, CreateSubscriptionRequest, CreateSubscriptionResponse,
    DataChangeNotification, DataValue, DeleteSubscriptionsRequest, DeleteSubscriptionsResponse,
    ModifySubscriptionRequest, ModifySubscriptionResponse, PublishRequest, PublishResponse,
    SetPublishingModeRequest, SetPublishingModeResponse, StatusChangeNotification, StatusCode,
    SubscriptionAcknowledgement, Variant,
};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::item::{create, item};
use crate::conformance::link::{Answer, Link};
use crate::conformance::method::call;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of subscriptions.
pub(super) const CASES: &[Case] = &[
    case("SUB-01", "publishing intervals are revised", sub_01),
    case("SUB-02", "lifetime is at least three keep-alives", sub_02),
    case("SUB-03", "without data the first publish is a keep-alive", sub_03),
    case("SUB-04", "keep-alives come in time and use no number", sub_04),
    case("SUB-05", "while publishing is off only keep-alives come", sub_05),
    case("SUB-06", "small messages say that more is to come", sub_06),
    case("SUB-07", "a subscription is modified", sub_07),
    case("SUB-08", "publishing mode of several, known and unknown", sub_08),
    case("SUB-09", "deleted once, and by its owner only", sub_09),
    case("SUB-16", "a subscription without Publish requests ends", sub_16),
    case("SUB-17", "sequence numbers count from 1", sub_17),
    alone("SUB-18", "subscriptions are bounded", sub_18),
    case("SUB-19", "the higher priority goes first", sub_19),
    case("SUB-20", "five subscriptions of 100 items all arrive", sub_20),
    case("SUB-28", "a clock that jumps", sub_28),
    alone("SUB-29", "subscriptions over many sessions are bounded", sub_29),
    case("SUB-30", "a session closed while publishing", sub_30),
    case("SUB-31", "durable subscriptions", sub_31),
];

/// Changes all the time on every server.
pub(super) const CLOCK: u32 = 2258;

pub(super) fn create_request(link: &Link, interval_ms: f64) -> CreateSubscriptionRequest {
    CreateSubscriptionRequest {
        request_header: link.header(),
        requested_publishing_interval: interval_ms,
        requested_lifetime_count: 1000,
        requested_max_keep_alive_count: 10,
        publishing_enabled: true,
        ..CreateSubscriptionRequest::default()
    }
}

fn created(
    link: &mut Link,
    request: &CreateSubscriptionRequest,
) -> Result<CreateSubscriptionResponse, Stop> {
    good(link.call(request)?, "CreateSubscription")
}

/// A subscription that publishes every `interval_ms`: its id.
pub(super) fn subscribe(link: &mut Link, interval_ms: f64) -> Result<u32, Stop> {
    let request = create_request(link, interval_ms);
    Ok(created(link, &request)?.subscription_id)
}

/// A subscription that is quick, with the clock as its item: its id.
pub(super) fn ticking(link: &mut Link) -> Result<u32, Stop> {
    let id = subscribe(link, 100.0)?;
    let made = create(link, id, vec![item(standard(CLOCK), 1)])?;
    code(made[0].status_code, &[StatusCode::Good], "CreateMonitoredItems of the server's clock")?;
    Ok(id)
}

pub(super) fn publish_request(link: &Link, acknowledge: &[(u32, u32)]) -> PublishRequest {
    let list =
        acknowledge.iter().map(|(subscription_id, sequence_number)| SubscriptionAcknowledgement {
            subscription_id: *subscription_id,
            sequence_number: *sequence_number,
        });
    let mut request = PublishRequest {
        request_header: link.header(),
        subscription_acknowledgements: Some(list.collect()),
    };
    request.request_header.timeout_hint = 60_000;
    request
}

pub(super) fn try_publish(
    link: &mut Link,
    acknowledge: &[(u32, u32)],
) -> Result<Answer<PublishResponse>, Stop> {
    let request = publish_request(link, acknowledge);
    link.call(&request)
}

pub(super) fn publish(
    link: &mut Link,
    acknowledge: &[(u32, u32)],
) -> Result<PublishResponse, Stop> {
    good(try_publish(link, acknowledge)?, "Publish")
}

/// Client handles and values of a data notification.
pub(super) fn values(response: &PublishResponse) -> Vec<(u32, DataValue)> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<DataChangeNotification>())
        .flat_map(|it| it.monitored_items.iter().flatten())
        .map(|it| (it.client_handle, it.value.clone()))
        .collect()
}

/// Publishes until something comes that is no keep-alive.
pub(super) fn data(link: &mut Link) -> Result<PublishResponse, Stop> {
    for _ in 0..50 {
        let response = publish(link, &[])?;
        if !values(&response).is_empty() {
            return Ok(response);
        }
    }
    Err(Stop::failed("fifty Publish responses without a value"))
}

pub(super) fn status_change(response: &PublishResponse) -> Option<StatusCode> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<StatusChangeNotification>()).map(|it| it.status).next()
}

fn delete(link: &mut Link, ids: Vec<u32>) -> Result<Answer<DeleteSubscriptionsResponse>, Stop> {
    let request =
        DeleteSubscriptionsRequest { request_header: link.header(), subscription_ids: Some(ids) };
    link.call(&request)
}

pub(super) fn deleted(link: &mut Link, ids: Vec<u32>) -> Result<Vec<StatusCode>, Stop> {
    Ok(good(delete(link, ids)?, "DeleteSubscriptions")?.results.unwrap_or_default())
}

const FINE: &[StatusCode] = &[StatusCode::Good];
pub(super) const NO_SUBSCRIPTION: &[StatusCode] = &[StatusCode::BadSubscriptionIdInvalid];

fn sub_01(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for asked in [0.0, -1.0, f64::NAN, 1e12] {
        let request = create_request(&link, asked);
        let revised = created(&mut link, &request)?.revised_publishing_interval;
        that(
            revised.is_finite() && revised > 0.0 && revised < 1e12,
            format!("{asked} became {revised}"),
        )?;
    }
    Ok(())
}

fn sub_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for (lifetime, keep_alive) in [(1, 10), (0, 0), (u32::MAX, u32::MAX), (10, 100)] {
        let request = CreateSubscriptionRequest {
            requested_lifetime_count: lifetime,
            requested_max_keep_alive_count: keep_alive,
            ..create_request(&link, 1000.0)
        };
        let response = created(&mut link, &request)?;
        let (life, alive) =
            (response.revised_lifetime_count, response.revised_max_keep_alive_count);
        that(alive > 0, format!("keep-alive {keep_alive} became 0"))?;
        that(
            u64::from(life) >= 3 * u64::from(alive),
            format!("lifetime {life} is less than three keep-alives of {alive}"),
        )?;
    }
    Ok(())
}

fn sub_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 100.0)?;
    let response = publish(&mut link, &[])?;
    equal(response.subscription_id, id, "subscription")?;
    equal(response.notification_message.sequence_number, 1, "next sequence number")?;
    equal(
        response.notification_message.notification_data.map_or(0, |it| it.len()),
        0,
        "notifications",
    )
}

fn sub_04(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = CreateSubscriptionRequest {
        requested_max_keep_alive_count: 3,
        ..create_request(&link, 100.0)
    };
    let response = created(&mut link, &request)?;
    let period =
        response.revised_publishing_interval * f64::from(response.revised_max_keep_alive_count);
    publish(&mut link, &[])?;
    let start = time::monotonic();
    for _ in 0..2 {
        let response = publish(&mut link, &[])?;
        equal(response.notification_message.sequence_number, 1, "sequence number of a keep-alive")?;
    }
    let took = (time::monotonic() - start).as_secs_f64() * 1000.0 / 2.0;
    that(
        (0.5 * period..2.5 * period + 200.0).contains(&took),
        format!("a keep-alive every {took:.0} ms, not {period:.0}"),
    )
}

fn set_publishing(
    link: &mut Link,
    enabled: bool,
    ids: Vec<u32>,
) -> Result<Answer<SetPublishingModeResponse>, Stop> {
    let request = SetPublishingModeRequest {
        request_header: link.header(),
        publishing_enabled: enabled,
        subscription_ids: Some(ids),
    };
    link.call(&request)
}

fn sub_05(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = ticking(&mut link)?;
    good(set_publishing(&mut link, false, vec![id])?, "SetPublishingMode")?;
    // A message that was made before may still come.
    publish(&mut link, &[])?;
    let quiet = publish(&mut link, &[])?;
    equal(values(&quiet).len(), 0, "values while publishing is off")?;
    good(set_publishing(&mut link, true, vec![id])?, "SetPublishingMode")?;
    data(&mut link).map(|_| ())
}

fn sub_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = CreateSubscriptionRequest {
        max_notifications_per_publish: 1,
        ..create_request(&link, 200.0)
    };
    let id = created(&mut link, &request)?.subscription_id;
    let items = [2254, 2255, 2256, 2257, 2259]
        .iter()
        .zip(1..)
        .map(|(node, handle)| item(standard(*node), handle));
    create(&mut link, id, items.collect())?;
    let mut seen = Vec::new();
    let mut more = Vec::new();
    while seen.len() < 5 {
        let response = data(&mut link)?;
        let part = values(&response);
        equal(part.len(), 1, "values in a message of at most 1")?;
        seen.push(part[0].0);
        more.push(response.more_notifications);
    }
    that(more[..4].iter().all(|it| *it), format!("MoreNotifications of five messages: {more:?}"))?;
    seen.sort_unstable();
    seen.dedup();
    equal(seen.len(), 5, "different items")
}

fn sub_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 1000.0)?;
    let mut request = ModifySubscriptionRequest {
        request_header: link.header(),
        subscription_id: id,
        requested_publishing_interval: 200.0,
        requested_lifetime_count: 300,
        requested_max_keep_alive_count: 5,
        max_notifications_per_publish: 0,
        priority: 7,
    };
    let response: ModifySubscriptionResponse = good(link.call(&request)?, "ModifySubscription")?;
    that(response.revised_publishing_interval < 1000.0, "the interval is not taken")?;
    that(
        response.revised_lifetime_count >= 3 * response.revised_max_keep_alive_count,
        "lifetime is less than three keep-alives",
    )?;
    request.subscription_id = u32::MAX;
    refused(
        &link.call::<ModifySubscriptionResponse>(&request)?,
        NO_SUBSCRIPTION,
        "ModifySubscription of none",
    )
}

fn sub_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 1000.0)?;
    let response = good(set_publishing(&mut link, true, vec![id, u32::MAX])?, "SetPublishingMode")?;
    codes(&response.results.unwrap_or_default(), &[FINE, NO_SUBSCRIPTION], "SetPublishingMode")?;
    refused(
        &set_publishing(&mut link, true, Vec::new())?,
        &[StatusCode::BadNothingToDo],
        "SetPublishingMode of nothing",
    )
}

fn sub_09(bench: &Bench) -> Check {
    let (mut link, mut other) = (bench.session()?, bench.session()?);
    let id = subscribe(&mut link, 1000.0)?;
    codes(&deleted(&mut other, vec![id])?, &[NO_SUBSCRIPTION], "another session's subscription")?;
    codes(&deleted(&mut link, vec![id])?, &[FINE], "DeleteSubscriptions")?;
    codes(&deleted(&mut link, vec![id])?, &[NO_SUBSCRIPTION], "DeleteSubscriptions once more")?;
    refused(
        &delete(&mut link, Vec::new())?,
        &[StatusCode::BadNothingToDo],
        "DeleteSubscriptions of nothing",
    )
}

fn sub_16(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = CreateSubscriptionRequest {
        requested_lifetime_count: 3,
        requested_max_keep_alive_count: 1,
        ..create_request(&link, 100.0)
    };
    let response = created(&mut link, &request)?;
    let life = response.revised_publishing_interval * f64::from(response.revised_lifetime_count);
    if life > 20_000.0 {
        return Err(Stop::skipped(format!("the shortest life of a subscription is {life} ms")));
    }
    time::wait(Duration::from_secs_f64(life / 1000.0 + 1.0));
    match try_publish(&mut link, &[])? {
        Ok(response) => {
            let said = some(status_change(&response), "the StatusChangeNotification")?;
            code(said, &[StatusCode::BadTimeout], "StatusChangeNotification")?;
        }
        Err(status) => code(status, &[StatusCode::BadNoSubscription], "Publish after the end")?,
    }
    codes(
        &deleted(&mut link, vec![response.subscription_id])?,
        &[NO_SUBSCRIPTION],
        "the ended subscription",
    )
}

fn sub_17(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    ticking(&mut link)?;
    for wanted in 1..=4 {
        equal(data(&mut link)?.notification_message.sequence_number, wanted, "sequence number")?;
    }
    Ok(())
}

fn sub_18(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for _ in 0..3000 {
        let request = create_request(&link, 60_000.0);
        if let Err(status) = link.call::<CreateSubscriptionResponse>(&request)? {
            code(status, &[StatusCode::BadTooManySubscriptions], "one subscription too many")?;
            return good(link.close_session(true)?, "CloseSession").map(|_| ());
        }
    }
    good(link.close_session(true)?, "CloseSession")?;
    Err(Stop::skipped("the server takes 3000 subscriptions of one session"))
}

fn sub_19(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut ids = Vec::new();
    for priority in [1, 200] {
        let request = CreateSubscriptionRequest { priority, ..create_request(&link, 200.0) };
        let id = created(&mut link, &request)?.subscription_id;
        create(&mut link, id, vec![item(standard(CLOCK), 1)])?;
        ids.push(id);
    }
    let mut count = [0, 0];
    for _ in 0..10 {
        let response = publish(&mut link, &[])?;
        count[usize::from(response.subscription_id == ids[1])] += 1;
    }
    that(count[0] > 0, "the lower priority is starved")?;
    that(
        count[1] >= count[0],
        format!("the higher priority came {} times, the lower {}", count[1], count[0]),
    )
}

fn sub_20(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut wanted = 0;
    for _ in 0..5 {
        let id = subscribe(&mut link, 200.0)?;
        let items = (0..100).map(|it| item(standard(CLOCK), it)).collect();
        let made = create(&mut link, id, items)?;
        if made.iter().any(|it| it.status_code == StatusCode::BadTooManyMonitoredItems) {
            return Err(Stop::skipped("the server takes fewer than 500 items"));
        }
        wanted += made.len();
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let response = publish(&mut link, &[])?;
        let id = response.subscription_id;
        seen.extend(values(&response).into_iter().map(|(handle, _)| (id, handle)));
        if seen.len() == wanted {
            return Ok(());
        }
    }
    equal(seen.len(), wanted, "items that said their value")
}

fn sub_28(_: &Bench) -> Check {
    Err(Stop::skipped(
        "the server's clock cannot be set from outside; its cycles follow a monotonic one",
    ))
}

fn sub_29(bench: &Bench) -> Check {
    let mut links = Vec::new();
    for _ in 0..60 {
        let mut link = bench.session()?;
        for _ in 0..60 {
            let request = create_request(&link, 60_000.0);
            if let Err(status) = link.call::<CreateSubscriptionResponse>(&request)? {
                code(status, &[StatusCode::BadTooManySubscriptions], "one subscription too many")?;
                close(links)?;
                return good(link.close_session(true)?, "CloseSession").map(|_| ());
            }
        }
        links.push(link);
    }
    close(links)?;
    Err(Stop::skipped("the server takes 3600 subscriptions"))
}

fn close(links: Vec<Link>) -> Check {
    for mut link in links {
        good(link.close_session(true)?, "CloseSession")?;
    }
    Ok(())
}

fn sub_30(bench: &Bench) -> Check {
    for _ in 0..5 {
        let mut link = bench.session()?;
        ticking(&mut link)?;
        for _ in 0..10 {
            let request = publish_request(&link, &[]);
            link.ask(&request);
        }
        let close = opcua_types::CloseSessionRequest {
            request_header: link.header(),
            delete_subscriptions: true,
        };
        let last = link.ask(&close);
        loop {
            let (request, _, _) = link.message()?;
            if request == last {
                break;
            }
        }
        link.set_patience(Duration::from_millis(300));
        if let Ok((_, kind, body)) = link.message() {
            let late = link.decode::<PublishResponse>(kind, &body)?;
            that(late.is_err(), "a Publish response behind that of CloseSession")?;
        }
    }
    let mut other = bench.session()?;
    read(&mut other, vec![value(standard(2259))]).map(|_| ())
}

fn sub_31(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let found = read(
        &mut link,
        vec![crate::conformance::bench::attribute(
            standard(12749),
            opcua_types::AttributeId::NodeClass,
        )],
    )?;
    if found.first().and_then(|it| it.status) == Some(StatusCode::BadNodeIdUnknown) {
        return Err(Stop::skipped("the server has no SetSubscriptionDurable"));
    }
    let id = subscribe(&mut link, 1000.0)?;
    create(&mut link, id, vec![item(standard(CLOCK), 1)])?;
    let request = CallMethodRequest {
        object_id: standard(2253),
        method_id: standard(12749),
        input_arguments: Some(vec![Variant::UInt32(id), Variant::UInt32(1)]),
    };
    let results = good(call(&mut link, vec![request])?, "Call")?.results.unwrap_or_default();
    let status = results.first().map_or(StatusCode::Good, |it| it.status_code);
    code(
        status,
        &[StatusCode::BadInvalidState],
        "SetSubscriptionDurable behind CreateMonitoredItems",
    )
}

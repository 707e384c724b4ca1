//! 4.12: monitored items (Part 4, 5.13 and 7.22).

use opcua_types::{
    AttributeId, CreateMonitoredItemsRequest, CreateMonitoredItemsResponse, DateTime,
    DeleteMonitoredItemsRequest, DeleteMonitoredItemsResponse, ModifyMonitoredItemsRequest,
    ModifyMonitoredItemsResponse, MonitoredItemCreateRequest, MonitoredItemCreateResult,
    MonitoredItemModifyRequest, MonitoringMode, MonitoringParameters, NodeId, QualifiedName,
    SetMonitoringModeRequest, SetMonitoringModeResponse, SetTriggeringRequest,
    SetTriggeringResponse, StatusCode, TimestampsToReturn, Variant,
};

use crate::conformance::bench::{attribute, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::subscription::{CLOCK, data, publish, subscribe, values};
use crate::conformance::{Bench, Case, Check, Stop, case};
use crate::time;

/// Cases of monitored items.
pub(super) const CASES: &[Case] = &[
    case("MON-01", "the first notification is the value of the moment", mon_01),
    case("MON-02", "a wrong item costs only itself", mon_02),
    case("MON-03", "an index range beyond the array", mon_03),
    case("MON-04", "nothing and too much", mon_04),
    case("MON-05", "timestamps that there are not", mon_05),
    case("MON-06", "a subscription that there is not", mon_06),
    case("MON-07", "queues are revised and overflow on the right side", mon_07),
    case("MON-08", "sampling intervals are revised", mon_08),
    case("MON-09", "two items of one node both report", mon_09),
    case("MON-10", "an item is modified", mon_10),
    case("MON-11", "modes: off, sampling, reporting", mon_11),
    case("MON-12", "an item is deleted once", mon_12),
    case("MON-21", "triggering", mon_21),
    case("MON-22", "a user loses the right to read", mon_22),
    case("MON-23", "a node is deleted while it is monitored", mon_23),
    case("MON-24", "every sample of a quick item comes in order", mon_24),
    case("MON-25", "very many items", mon_25),
];

pub(super) const FINE: &[StatusCode] = &[StatusCode::Good];
/// InfoType DataValue and overflow.
const OVERFLOW: u32 = 0x0480;

/// An item of a node's value.
pub(super) fn item(node: NodeId, handle: u32) -> MonitoredItemCreateRequest {
    MonitoredItemCreateRequest {
        item_to_monitor: value(node),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: handle,
            sampling_interval: 100.0,
            queue_size: 1,
            discard_oldest: true,
            ..MonitoringParameters::default()
        },
    }
}

fn clock() -> MonitoredItemCreateRequest {
    item(standard(CLOCK), 1)
}

fn request(
    link: &Link,
    id: u32,
    items: Vec<MonitoredItemCreateRequest>,
) -> CreateMonitoredItemsRequest {
    CreateMonitoredItemsRequest {
        request_header: link.header(),
        subscription_id: id,
        timestamps_to_return: TimestampsToReturn::Both,
        items_to_create: Some(items),
    }
}

fn try_create(
    link: &mut Link,
    id: u32,
    items: Vec<MonitoredItemCreateRequest>,
) -> Result<Answer<CreateMonitoredItemsResponse>, Stop> {
    let request = request(link, id, items);
    link.call(&request)
}

/// Creates items: a result for each.
pub(super) fn create(
    link: &mut Link,
    id: u32,
    items: Vec<MonitoredItemCreateRequest>,
) -> Result<Vec<MonitoredItemCreateResult>, Stop> {
    let count = items.len();
    let response = good(try_create(link, id, items)?, "CreateMonitoredItems")?;
    let results = response.results.unwrap_or_default();
    equal(results.len(), count, "results of CreateMonitoredItems")?;
    Ok(results)
}

pub(super) fn statuses(results: &[MonitoredItemCreateResult]) -> Vec<StatusCode> {
    results.iter().map(|it| it.status_code).collect()
}

/// A session with a subscription that publishes ten times a second.
pub(super) fn subscribed(bench: &Bench) -> Result<(Link, u32), Stop> {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 100.0)?;
    Ok((link, id))
}

/// Creates one item, which must be Good: its result.
pub(super) fn made(
    link: &mut Link,
    id: u32,
    item: MonitoredItemCreateRequest,
) -> Result<MonitoredItemCreateResult, Stop> {
    let result = some(create(link, id, vec![item])?.pop(), "the result of CreateMonitoredItems")?;
    code(result.status_code, FINE, "CreateMonitoredItems")?;
    Ok(result)
}

fn mon_01(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let nodes = [2254_u32, 2255, 2256, 2257, 2258, 2259, 2267];
    let items = nodes.iter().map(|it| item(standard(*it), *it)).collect();
    for status in statuses(&create(&mut link, id, items)?) {
        code(status, FINE, "CreateMonitoredItems")?;
    }
    let mut seen: Vec<u32> = Vec::new();
    for _ in 0..10 {
        seen.extend(values(&publish(&mut link, &[])?).iter().map(|(handle, _)| *handle));
        if nodes.iter().all(|it| seen.contains(it)) {
            return Ok(());
        }
    }
    Err(Stop::failed(format!("items of {nodes:?}, and only {seen:?} said a first value")))
}

fn mon_02(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut wrong_attribute = clock();
    wrong_attribute.item_to_monitor.attribute_id = 77;
    let mut wrong_encoding = item(standard(2256), 1);
    wrong_encoding.item_to_monitor.data_encoding = QualifiedName::new(0, "No such");
    let items = vec![item(NodeId::new(0, 999_999), 1), wrong_attribute, wrong_encoding, clock()];
    let wanted: [&[StatusCode]; 4] = [
        &[StatusCode::BadNodeIdUnknown],
        &[StatusCode::BadAttributeIdInvalid],
        &[StatusCode::BadDataEncodingUnsupported, StatusCode::BadDataEncodingInvalid],
        FINE,
    ];
    codes(&statuses(&create(&mut link, id, items)?), &wanted, "CreateMonitoredItems")
}

fn mon_03(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut beyond = item(standard(2255), 1);
    beyond.item_to_monitor.index_range =
        "500:501".parse().map_err(|_| Stop::failed("500:501 is no range"))?;
    made(&mut link, id, beyond)?;
    let (_, first) = some(values(&data(&mut link)?).into_iter().next(), "the first value")?;
    let status = first.status.unwrap_or(StatusCode::Good);
    code(status, &[StatusCode::BadIndexRangeNoData], "the first value beyond the array")
}

fn mon_04(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    refused(
        &try_create(&mut link, id, Vec::new())?,
        &[StatusCode::BadNothingToDo],
        "CreateMonitoredItems of nothing",
    )?;
    let many = (0..500).map(|it| {
        if it % 5 == 0 { item(NodeId::new(0, 999_999), it) } else { item(standard(CLOCK), it) }
    });
    let answer = try_create(&mut link, id, many.collect())?;
    if let Err(status) = answer {
        return code(status, &[StatusCode::BadTooManyOperations], "500 items in one request");
    }
    let results = good(answer, "CreateMonitoredItems")?.results.unwrap_or_default();
    equal(results.len(), 500, "results")?;
    for (index, status) in statuses(&results).iter().enumerate() {
        let wanted = if index % 5 == 0 { StatusCode::BadNodeIdUnknown } else { StatusCode::Good };
        code(*status, &[wanted, StatusCode::BadTooManyMonitoredItems], &format!("item {index}"))?;
    }
    Ok(())
}

fn mon_05(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let request = request(&link, id, vec![clock()]);
    let mut header = Vec::new();
    link.put(&mut header, &request.request_header);
    let mut body = link.encode(&request);
    // Behind type, header and subscription.
    let at = 4 + header.len() + 4;
    body[at..at + 4].copy_from_slice(&9_i32.to_le_bytes());
    link.post("MSGF", &body);
    let wanted = [StatusCode::BadTimestampsToReturnInvalid, StatusCode::BadDecodingError];
    refused(&link.answer::<CreateMonitoredItemsResponse>()?, &wanted, "timestamps 9")
}

fn mon_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let answer = try_create(&mut link, u32::MAX, vec![clock()])?;
    refused(&answer, &[StatusCode::BadSubscriptionIdInvalid], "items of no subscription")
}

/// Overflow bits of what a slow subscription gets of the clock with a queue of this size.
fn overflow(bench: &Bench, size: u32, discard_oldest: bool) -> Result<Vec<bool>, Stop> {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 500.0)?;
    let mut quick = clock();
    quick.requested_parameters.sampling_interval = 50.0;
    quick.requested_parameters.queue_size = size;
    quick.requested_parameters.discard_oldest = discard_oldest;
    let sampling = made(&mut link, id, quick)?.revised_sampling_interval;
    // So long that the queue overflows whatever the sampling.
    time::wait(std::time::Duration::from_secs_f64((f64::from(size) + 2.5) * sampling / 1000.0));
    let first = data(&mut link)?;
    let all = values(&first);
    let bits = all.iter().map(|(_, it)| it.status.map_or(0, |it| it.bits()) & OVERFLOW == OVERFLOW);
    Ok(bits.collect())
}

fn mon_07(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    for (asked, least) in [(0, 1), (1, 1), (5, 1), (u32::MAX, 1)] {
        let mut one = clock();
        one.requested_parameters.queue_size = asked;
        let revised = made(&mut link, id, one)?.revised_queue_size;
        that(revised >= least, format!("a queue of {asked} became {revised}"))?;
        that(asked != u32::MAX || revised < u32::MAX, "a queue without a bound")?;
    }
    let oldest = overflow(bench, 2, true)?;
    that(
        oldest.first() == Some(&true),
        format!("discarding the oldest, overflow stands at {oldest:?}"),
    )?;
    let newest = overflow(bench, 2, false)?;
    that(
        newest.last() == Some(&true),
        format!("discarding the newest, overflow stands at {newest:?}"),
    )?;
    let single = overflow(bench, 1, true)?;
    that(single.iter().all(|it| !it), "a queue of one overflows")
}

fn mon_08(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    for asked in [-1.0, 0.0, 1.0, 1e12, f64::NAN] {
        let mut one = clock();
        one.requested_parameters.sampling_interval = asked;
        let revised = made(&mut link, id, one)?.revised_sampling_interval;
        that(
            revised.is_finite() && revised >= 0.0,
            format!("a sampling interval of {asked} became {revised}"),
        )?;
    }
    let mut name = clock();
    name.item_to_monitor = attribute(standard(CLOCK), AttributeId::DisplayName);
    made(&mut link, id, name).map(|_| ())
}

fn mon_09(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    create(&mut link, id, vec![item(standard(CLOCK), 1), item(standard(CLOCK), 2)])?;
    let mut seen = Vec::new();
    for _ in 0..10 {
        seen.extend(values(&publish(&mut link, &[])?).iter().map(|(handle, _)| *handle));
        if seen.contains(&1) && seen.contains(&2) {
            return Ok(());
        }
    }
    Err(Stop::failed(format!("two items of one node, and only {seen:?} report")))
}

fn modify(
    link: &mut Link,
    id: u32,
    item: u32,
    parameters: MonitoringParameters,
) -> Result<StatusCode, Stop> {
    let request = ModifyMonitoredItemsRequest {
        request_header: link.header(),
        subscription_id: id,
        timestamps_to_return: TimestampsToReturn::Both,
        items_to_modify: Some(vec![MonitoredItemModifyRequest {
            monitored_item_id: item,
            requested_parameters: parameters,
        }]),
    };
    let response: ModifyMonitoredItemsResponse =
        good(link.call(&request)?, "ModifyMonitoredItems")?;
    let results = response.results.unwrap_or_default();
    Ok(some(results.first(), "the result of ModifyMonitoredItems")?.status_code)
}

fn mon_10(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let item = made(&mut link, id, clock())?.monitored_item_id;
    data(&mut link)?;
    let parameters = MonitoringParameters {
        client_handle: 99,
        sampling_interval: 100.0,
        queue_size: 3,
        discard_oldest: true,
        ..MonitoringParameters::default()
    };
    code(modify(&mut link, id, item, parameters.clone())?, FINE, "ModifyMonitoredItems")?;
    let wanted = [StatusCode::BadMonitoredItemIdInvalid];
    code(modify(&mut link, id, u32::MAX, parameters)?, &wanted, "an item that there is not")?;
    for _ in 0..10 {
        if values(&data(&mut link)?).iter().any(|(handle, _)| *handle == 99) {
            return Ok(());
        }
    }
    Err(Stop::failed("the new client handle does not come"))
}

fn set_mode(
    link: &mut Link,
    id: u32,
    mode: MonitoringMode,
    items: Vec<u32>,
) -> Result<Vec<StatusCode>, Stop> {
    let request = SetMonitoringModeRequest {
        request_header: link.header(),
        subscription_id: id,
        monitoring_mode: mode,
        monitored_item_ids: Some(items),
    };
    let response: SetMonitoringModeResponse = good(link.call(&request)?, "SetMonitoringMode")?;
    Ok(response.results.unwrap_or_default())
}

fn mon_11(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut off = clock();
    off.monitoring_mode = MonitoringMode::Disabled;
    let item = made(&mut link, id, off)?.monitored_item_id;
    equal(values(&publish(&mut link, &[])?).len(), 0, "values of an item that is off")?;
    let unknown: &[StatusCode] = &[StatusCode::BadMonitoredItemIdInvalid];
    let got = set_mode(&mut link, id, MonitoringMode::Reporting, vec![item, u32::MAX])?;
    codes(&got, &[FINE, unknown], "SetMonitoringMode")?;
    data(&mut link)?;
    codes(
        &set_mode(&mut link, id, MonitoringMode::Sampling, vec![item])?,
        &[FINE],
        "SetMonitoringMode",
    )?;
    publish(&mut link, &[])?;
    equal(values(&publish(&mut link, &[])?).len(), 0, "values of an item that only samples")
}

fn mon_12(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let item = made(&mut link, id, clock())?.monitored_item_id;
    let unknown: &[StatusCode] = &[StatusCode::BadMonitoredItemIdInvalid];
    for wanted in [FINE, unknown] {
        let request = DeleteMonitoredItemsRequest {
            request_header: link.header(),
            subscription_id: id,
            monitored_item_ids: Some(vec![item]),
        };
        let response: DeleteMonitoredItemsResponse =
            good(link.call(&request)?, "DeleteMonitoredItems")?;
        codes(&response.results.unwrap_or_default(), &[wanted], "DeleteMonitoredItems")?;
    }
    Ok(())
}

fn trigger(
    link: &mut Link,
    id: u32,
    of: u32,
    links: (Vec<u32>, Vec<u32>),
) -> Result<Answer<SetTriggeringResponse>, Stop> {
    let request = SetTriggeringRequest {
        request_header: link.header(),
        subscription_id: id,
        triggering_item_id: of,
        links_to_add: Some(links.0),
        links_to_remove: Some(links.1),
    };
    link.call(&request)
}

fn mon_21(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut sampled = item(standard(2255), 2);
    sampled.monitoring_mode = MonitoringMode::Sampling;
    let results = create(&mut link, id, vec![clock(), sampled])?;
    let (one, two) = (results[0].monitored_item_id, results[1].monitored_item_id);
    let unknown: &[StatusCode] = &[StatusCode::BadMonitoredItemIdInvalid];
    refused(
        &trigger(&mut link, id, one, (Vec::new(), Vec::new()))?,
        &[StatusCode::BadNothingToDo],
        "SetTriggering of nothing",
    )?;
    refused(
        &trigger(&mut link, id, u32::MAX, (vec![two], Vec::new()))?,
        unknown,
        "a trigger that there is not",
    )?;
    let answer =
        good(trigger(&mut link, id, one, (vec![two, u32::MAX], Vec::new()))?, "SetTriggering")?;
    codes(&answer.add_results.unwrap_or_default(), &[FINE, unknown], "links added")?;
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.extend(values(&publish(&mut link, &[])?).iter().map(|(handle, _)| *handle));
        if seen.contains(&2) {
            let answer =
                good(trigger(&mut link, id, one, (Vec::new(), vec![two, two]))?, "SetTriggering")?;
            let removed = answer.remove_results.unwrap_or_default();
            return codes(&removed, &[FINE, unknown], "links removed");
        }
    }
    Err(Stop::failed("the linked item does not report when its trigger fires"))
}

fn mon_22(_: &Bench) -> Check {
    Err(Stop::skipped("needs two users; shown by tests/clients/python/test_user_change.py"))
}

fn mon_23(_: &Bench) -> Check {
    Err(Stop::skipped("no node can be deleted without NodeManagement"))
}

fn mon_24(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 1000.0)?;
    let mut quick = clock();
    quick.requested_parameters.sampling_interval = 50.0;
    quick.requested_parameters.queue_size = 100;
    let result = made(&mut link, id, quick)?;
    let mut times: Vec<DateTime> = Vec::new();
    for _ in 0..4 {
        for (_, value) in values(&data(&mut link)?) {
            let lost = value.status.map_or(0, |it| it.bits()) & OVERFLOW == OVERFLOW;
            that(!lost, "a sample was lost")?;
            if let Some(Variant::DateTime(time)) = value.value {
                times.push(*time);
            }
        }
    }
    let in_order = times.windows(2).all(|it| it[0].ticks() < it[1].ticks());
    that(in_order, "samples out of order")?;
    let spans: Vec<f64> =
        times.windows(2).map(|it| (it[1].ticks() - it[0].ticks()) as f64 / 1e4).collect();
    let longest = spans.iter().copied().fold(0.0, f64::max);
    let most = 4.0 * result.revised_sampling_interval.max(50.0) + 1000.0;
    that(
        longest <= most,
        format!(
            "{longest:.0} ms between samples, {} were promised",
            result.revised_sampling_interval
        ),
    )
}

fn mon_25(_: &Bench) -> Check {
    Err(Stop::skipped("a load and no single case; shown by tests/server/capacity.rs"))
}

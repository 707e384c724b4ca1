//! 4.13: events of the Server object (Part 4, 7.22.3; Part 5, 6.4). Most rows need a variable whose writing is an
//! event: the fixture's.

use std::time::Duration;

use opcua_types::{
    AttributeId, ContentFilter, ContentFilterElement, ElementOperand, EventFilter,
    EventFilterResult, EventNotificationList, ExtensionObject, FilterOperator, LiteralOperand,
    MonitoredItemCreateRequest, MonitoredItemCreateResult, NumericRange, PublishResponse,
    QualifiedName, SimpleAttributeOperand, StatusCode, Variant,
};

use crate::conformance::bench::{attribute, read, read_one, standard};
use crate::conformance::expect::{code, codes, equal, some, that};
use crate::conformance::item::{FINE, create, item, made, subscribed};
use crate::conformance::link::Link;
use crate::conformance::method::{call, request_of};
use crate::conformance::subscription::publish;
use crate::conformance::write::put;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of events.
pub(super) const CASES: &[Case] = &[
    alone("EVT-01", "the Server object is a notifier, and what is none is refused", evt_01),
    alone("EVT-02", "a trigger is one event with its fields", evt_02),
    case("EVT-03", "events reach their parents and no sibling", evt_03),
    alone("EVT-04", "a wrong select clause gives null and shifts no other", evt_04),
    case("EVT-05", "a filter that selects nothing", evt_05),
    alone("EVT-06", "operators on fields of two types", evt_06),
    alone("EVT-07", "odd operands", evt_07),
    case("EVT-08", "operands out of range and in a circle", evt_08),
    case("EVT-09", "more clauses than the server takes", evt_09),
    alone("EVT-10", "a queue that is full says so at the right end", evt_10),
    case("EVT-11", "the largest queue", evt_11),
    alone("EVT-12", "a refresh without conditions", evt_12),
    case("EVT-13", "no events without the right", evt_13),
    alone("EVT-14", "every field of BaseEventType and ConditionId", evt_14),
    alone("EVT-15", "a filter by type lets no other through", evt_15),
    case("EVT-16", "the end of the server is an event", evt_16),
];

const SERVER: u32 = 2253;
const BASE_EVENT: u32 = 2041;
const ALARM: u32 = 2915;
const OVERFLOW: u32 = 3035;
const CONDITION: u32 = 2782;
const MAX_SELECT: u32 = 24099;
/// How long an event may take.
const SOON: Duration = Duration::from_secs(5);

pub(super) fn select(kind: u32, name: &str) -> SimpleAttributeOperand {
    SimpleAttributeOperand {
        type_definition_id: standard(kind),
        browse_path: Some(vec![QualifiedName::new(0, name)]),
        attribute_id: AttributeId::Value as u32,
        index_range: NumericRange::None,
    }
}

fn fields(names: &[&str]) -> Vec<SimpleAttributeOperand> {
    names.iter().map(|it| select(BASE_EVENT, it)).collect()
}

/// Elements of a where clause: operator and operands of each.
pub(super) type Elements = Vec<(FilterOperator, Vec<ExtensionObject>)>;

pub(super) fn where_clause(elements: Elements) -> ContentFilter {
    let elements = elements.into_iter().map(|(filter_operator, operands)| ContentFilterElement {
        filter_operator,
        filter_operands: Some(operands),
    });
    ContentFilter { elements: Some(elements.collect()) }
}

pub(super) fn literal(value: impl Into<Variant>) -> ExtensionObject {
    ExtensionObject::from_message(LiteralOperand { value: value.into() })
}

fn severity() -> ExtensionObject {
    ExtensionObject::from_message(select(BASE_EVENT, "Severity"))
}

/// An item of the Server object's events.
pub(super) fn listener(
    select: Vec<SimpleAttributeOperand>,
    where_clause: ContentFilter,
) -> MonitoredItemCreateRequest {
    let filter = EventFilter { select_clauses: Some(select), where_clause };
    let mut item = item(standard(SERVER), 7);
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    item.requested_parameters.filter = ExtensionObject::from_message(filter);
    item.requested_parameters.queue_size = 100;
    item
}

/// Creates one item, whatever comes of it; skips on a server without events.
pub(super) fn tried(
    link: &mut Link,
    id: u32,
    item: MonitoredItemCreateRequest,
) -> Result<MonitoredItemCreateResult, Stop> {
    let notifier = attribute(standard(SERVER), AttributeId::EventNotifier);
    let bits = read(link, vec![notifier])?.pop().and_then(|it| it.value);
    if !matches!(bits, Some(Variant::Byte(bits)) if bits & 1 != 0) {
        return Err(Stop::skipped("the Server object is no notifier"));
    }
    some(create(link, id, vec![item])?.pop(), "the result of CreateMonitoredItems")
}

/// Field values of each event of a response.
pub(super) fn events(response: &PublishResponse) -> Vec<Vec<Variant>> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<EventNotificationList>())
        .flat_map(|it| it.events.iter().flatten())
        .map(|it| it.event_fields.clone().unwrap_or_default())
        .collect()
}

/// Publishes until an event comes for which `wanted` holds: all events until then.
fn heard(link: &mut Link, wanted: impl Fn(&[Variant]) -> bool) -> Result<Vec<Vec<Variant>>, Stop> {
    let end = time::monotonic() + SOON;
    let mut all = Vec::new();
    while time::monotonic() < end {
        let new = events(&publish(link, &[])?);
        let is_there = new.iter().any(|it| wanted(it));
        all.extend(new);
        if is_there {
            return Ok(all);
        }
    }
    Err(Stop::failed(format!("no such event within {} s, but {all:?}", SOON.as_secs())))
}

/// Writes the fixture's trigger.
fn trigger(bench: &Bench, link: &mut Link, severity: u32) -> Check {
    let node = bench.material()?.need("Event.Trigger")?;
    put(link, &node, Variant::UInt32(severity))
}

/// Whether the first field is this severity.
fn is(severity: u16) -> impl Fn(&[Variant]) -> bool {
    move |fields| fields.first() == Some(&Variant::UInt16(severity))
}

fn evt_01(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let names = fields(&["EventId", "Message"]);
    let result = tried(&mut link, id, listener(names.clone(), ContentFilter::default()))?;
    code(result.status_code, FINE, "an item of the Server object's events")?;
    let mut wrong = listener(names, ContentFilter::default());
    wrong.item_to_monitor.node_id = standard(85);
    let result = tried(&mut link, id, wrong)?;
    let wanted = [
        StatusCode::BadNotSupported,
        StatusCode::BadAttributeIdInvalid,
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadNodeIdInvalid,
        StatusCode::BadUserAccessDenied,
    ];
    code(result.status_code, &wanted, "an item of the Objects folder's events")
}

fn evt_02(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let names = fields(&[
        "Severity",
        "EventId",
        "Time",
        "ReceiveTime",
        "SourceNode",
        "SourceName",
        "Message",
    ]);
    made(&mut link, id, listener(names, ContentFilter::default()))?;
    trigger(bench, &mut link, 401)?;
    trigger(bench, &mut link, 402)?;
    let all = heard(&mut link, is(402))?;
    let ours: Vec<_> = all.iter().filter(|it| is(401)(it) || is(402)(it)).collect();
    equal(ours.len(), 2, "events of two triggers")?;
    let (first, second) = (&ours[0], &ours[1]);
    that(first.get(1) != second.get(1), "two events with one EventId")?;
    for field in ours.iter().flat_map(|it| it.iter()) {
        that(!field.is_empty(), format!("a field is null: {all:?}"))?;
    }
    match (first.get(2), first.get(3)) {
        (Some(Variant::DateTime(time)), Some(Variant::DateTime(received))) => {
            that(time <= received, "Time is behind ReceiveTime")
        }
        other => Err(Stop::unexpected("Time and ReceiveTime", "two times", format!("{other:?}"))),
    }
}

fn evt_03(_: &Bench) -> Check {
    Err(Stop::skipped("needs events of devices; shown by tests/clients/python/test_events.py"))
}

fn evt_04(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut wrong_attribute = select(BASE_EVENT, "Message");
    wrong_attribute.attribute_id = AttributeId::BrowseName as u32;
    let clauses = vec![
        select(BASE_EVENT, "Severity"),
        select(BASE_EVENT, "NoSuchField"),
        wrong_attribute,
        select(BASE_EVENT, "SourceName"),
    ];
    let result = tried(&mut link, id, listener(clauses, ContentFilter::default()))?;
    code(result.status_code, FINE, "an item with two wrong clauses")?;
    let told = result.filter_result.inner_as::<EventFilterResult>();
    let told = some(told, "the EventFilterResult")?.select_clause_results.clone();
    let good: &[StatusCode] = FINE;
    let field: &[StatusCode] = &[StatusCode::BadNodeIdUnknown, StatusCode::BadBrowseNameInvalid];
    let wrong: &[StatusCode] = &[StatusCode::BadAttributeIdInvalid];
    codes(&told.unwrap_or_default(), &[good, field, wrong, good], "SelectClauseResults")?;
    trigger(bench, &mut link, 411)?;
    let all = heard(&mut link, is(411))?;
    let event = some(all.iter().find(|it| is(411)(it)), "the event")?;
    equal(event.len(), 4, "fields of the event")?;
    that(event[1].is_empty() && event[2].is_empty(), "a wrong clause has a value")?;
    that(matches!(event[3], Variant::String(_)), "the clause behind the wrong ones has moved")
}

fn evt_05(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let result = tried(&mut link, id, listener(Vec::new(), ContentFilter::default()))?;
    let wanted = [
        StatusCode::BadEventFilterInvalid,
        StatusCode::BadContentFilterInvalid,
        StatusCode::BadMonitoredItemFilterInvalid,
    ];
    code(result.status_code, &wanted, "a filter without select clauses")
}

/// Triggers an event of severity 500 and says whether it passes, with a second event as the end of waiting.
fn passes(bench: &Bench, filter: ContentFilter) -> Result<bool, Stop> {
    let (mut link, id) = subscribed(bench)?;
    made(&mut link, id, listener(fields(&["Severity"]), filter))?;
    let all = listener(fields(&["Severity"]), ContentFilter::default());
    made(&mut link, id, all)?;
    trigger(bench, &mut link, 500)?;
    trigger(bench, &mut link, 1)?;
    let all = heard(&mut link, is(1))?;
    Ok(all.iter().filter(|it| is(500)(it)).count() == 2)
}

fn evt_06(bench: &Bench) -> Check {
    use FilterOperator as O;
    let of_type = literal(standard(BASE_EVENT));
    let second = |index| ExtensionObject::from_message(ElementOperand { index });
    let table: Vec<(&str, bool, Elements)> = vec![
        ("Equals", true, vec![(O::Equals, vec![severity(), literal(500_i32)])]),
        ("Equals a Double", true, vec![(O::Equals, vec![severity(), literal(500.0)])]),
        ("GreaterThan", false, vec![(O::GreaterThan, vec![severity(), literal(500_u16)])]),
        (
            "GreaterThanOrEqual",
            true,
            vec![(O::GreaterThanOrEqual, vec![severity(), literal(500_u16)])],
        ),
        ("Between", true, vec![(O::Between, vec![severity(), literal(400.5), literal(600_i64)])]),
        ("InList", true, vec![(O::InList, vec![severity(), literal(1_u16), literal(500_u16)])]),
        ("IsNull", false, vec![(O::IsNull, vec![severity()])]),
        ("OfType", true, vec![(O::OfType, vec![of_type])]),
        (
            "Not",
            false,
            vec![(O::Not, vec![second(1)]), (O::Equals, vec![severity(), literal(500_i32)])],
        ),
    ];
    for (name, wanted, elements) in table {
        equal(passes(bench, where_clause(elements))?, wanted, name)?;
    }
    Ok(())
}

fn evt_07(bench: &Bench) -> Check {
    use FilterOperator as O;
    let source = || ExtensionObject::from_message(select(BASE_EVENT, "SourceName"));
    let table: Vec<(&str, bool, Elements)> = vec![
        ("Like", true, vec![(O::Like, vec![source(), literal("[S-U]ri%e_")])]),
        ("Like nothing", false, vec![(O::Like, vec![source(), literal("[^S-U]%")])]),
        (
            "a reversed Between",
            false,
            vec![(O::Between, vec![severity(), literal(600), literal(400)])],
        ),
        ("null", false, vec![(O::Equals, vec![severity(), literal(Variant::Empty)])]),
    ];
    for (name, wanted, elements) in table {
        equal(passes(bench, where_clause(elements))?, wanted, name)?;
    }
    Ok(())
}

fn evt_08(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    for index in [0, 5, u32::MAX] {
        let operand = ExtensionObject::from_message(ElementOperand { index });
        let filter = where_clause(vec![(FilterOperator::Not, vec![operand])]);
        let result = tried(&mut link, id, listener(fields(&["Severity"]), filter))?;
        let wanted = [
            StatusCode::BadEventFilterInvalid,
            StatusCode::BadFilterOperandInvalid,
            StatusCode::BadFilterElementInvalid,
            StatusCode::BadContentFilterInvalid,
            StatusCode::BadMonitoredItemFilterInvalid,
        ];
        code(result.status_code, &wanted, &format!("an element that uses element {index}"))?;
    }
    Ok(())
}

fn evt_09(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let Ok(Variant::UInt32(most @ 1..=5000)) = read_one(&mut link, &standard(MAX_SELECT)) else {
        return Err(Stop::skipped("the server shows no MaxSelectClauseParameters"));
    };
    let clauses = vec![select(BASE_EVENT, "Severity"); most as usize + 1];
    let result = tried(&mut link, id, listener(clauses, ContentFilter::default()))?;
    let wanted = [
        StatusCode::BadEventFilterInvalid,
        StatusCode::BadTooManyOperations,
        StatusCode::BadMonitoredItemFilterInvalid,
    ];
    code(result.status_code, &wanted, "one select clause too many")
}

/// Severities, 0 for the news of a loss, of a queue of two after five events.
fn overflown(bench: &Bench, discard_oldest: bool) -> Result<Vec<u16>, Stop> {
    let (mut link, id) = subscribed(bench)?;
    let mut item = listener(fields(&["Severity", "EventType"]), ContentFilter::default());
    item.requested_parameters.queue_size = 2;
    item.requested_parameters.discard_oldest = discard_oldest;
    made(&mut link, id, item)?;
    let node = bench.material()?.need("Event.Trigger")?;
    let write = |severity: u32| opcua_types::WriteValue {
        node_id: node.clone(),
        attribute_id: AttributeId::Value as u32,
        value: opcua_types::DataValue::value_only(Variant::UInt32(severity)),
        ..opcua_types::WriteValue::default()
    };
    // In one request, so that no publishing cycle comes between them.
    let request = opcua_types::WriteRequest {
        request_header: link.header(),
        nodes_to_write: Some((421..=425).map(write).collect()),
    };
    let _: opcua_types::WriteResponse =
        crate::conformance::expect::good(link.call(&request)?, "Write")?;
    let all = heard(&mut link, |_| true)?;
    let news: Variant = standard(OVERFLOW).into();
    let severities = all.iter().map(|it| match it.as_slice() {
        [_, kind] if *kind == news => 0,
        [Variant::UInt16(severity), _] => *severity,
        _ => u16::MAX,
    });
    Ok(severities.collect())
}

fn evt_10(bench: &Bench) -> Check {
    equal(overflown(bench, true)?, vec![0, 424, 425], "a queue that loses its oldest")?;
    equal(overflown(bench, false)?, vec![421, 422, 0], "a queue that loses its newest")
}

fn evt_11(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut item = listener(fields(&["Severity"]), ContentFilter::default());
    item.requested_parameters.queue_size = u32::MAX;
    let result = tried(&mut link, id, item)?;
    code(result.status_code, FINE, "an item with the largest queue")?;
    let size = result.revised_queue_size;
    that(size > 0 && size < u32::MAX, format!("a queue of {size} is granted"))
}

fn evt_12(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let filter = ContentFilter::default();
    let result = tried(&mut link, id, listener(fields(&["EventType"]), filter))?;
    code(result.status_code, FINE, "an item of events")?;
    let refresh = request_of(standard(CONDITION), standard(3875), vec![Variant::UInt32(id)]);
    let answer = crate::conformance::expect::good(call(&mut link, vec![refresh])?, "Call")?;
    let status = answer.results.unwrap_or_default().first().map(|it| it.status_code);
    match status {
        Some(status) if status.is_good() => {}
        Some(StatusCode::BadMethodInvalid | StatusCode::BadNodeIdUnknown) => {
            return Err(Stop::skipped("the server has no ConditionRefresh"));
        }
        other => return Err(Stop::unexpected("ConditionRefresh", "Good", format!("{other:?}"))),
    }
    let end: Variant = standard(2788).into();
    let all = heard(&mut link, |it| it.first() == Some(&end))?;
    let start: Variant = standard(2787).into();
    that(all.iter().any(|it| it.first() == Some(&start)), "a refresh that ends has not begun")
}

fn evt_13(_: &Bench) -> Check {
    Err(Stop::skipped("needs a user without the right; shown by tests/server/events.rs"))
}

fn evt_14(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let mut clauses = fields(&[
        "Severity",
        "EventId",
        "EventType",
        "SourceNode",
        "SourceName",
        "Time",
        "ReceiveTime",
        "LocalTime",
        "Message",
    ]);
    let filled = clauses.len();
    clauses.push(SimpleAttributeOperand {
        type_definition_id: standard(CONDITION),
        browse_path: None,
        attribute_id: AttributeId::NodeId as u32,
        index_range: NumericRange::None,
    });
    made(&mut link, id, listener(clauses, ContentFilter::default()))?;
    trigger(bench, &mut link, 431)?;
    let all = heard(&mut link, is(431))?;
    let event = some(all.iter().find(|it| is(431)(it)), "the event")?;
    equal(event.len(), filled + 1, "fields of the event")?;
    let null = event.iter().take(filled).position(Variant::is_empty);
    that(null.is_none(), format!("field {null:?} is null: {event:?}"))?;
    that(event.last().is_some_and(Variant::is_empty), "an event that is no condition has one's id")
}

fn evt_15(bench: &Bench) -> Check {
    let alarms = vec![(FilterOperator::OfType, vec![literal(standard(ALARM))])];
    equal(passes(bench, where_clause(alarms))?, false, "an event that is no alarm passes")
}

fn evt_16(_: &Bench) -> Check {
    Err(Stop::skipped("needs the server's end; shown by tests/clients/python/test_events.py"))
}

//! The history of events over the wire: read with filter and range in both directions, changed, and there after a power
//! cut (HA-28).

use cellhouse::time;
use opcua_types::{
    AttributeId, ByteString, ContentFilter, ContentFilterElement, DateTime, DeleteEventDetails,
    EventFilter, ExtensionObject, FilterOperator, HistoryEvent, HistoryEventFieldList,
    HistoryReadRequest, HistoryReadResponse, HistoryReadResult, HistoryReadValueId,
    HistoryUpdateRequest, HistoryUpdateResponse, HistoryUpdateResult, LiteralOperand, NodeId,
    PerformUpdateType, QualifiedName, ReadEventDetails, SimpleAttributeOperand, StatusCode,
    TimestampsToReturn, UpdateEventDetails, Variant,
};

use crate::alarms::write;
use crate::raw::{Raw, Server, eventually, standard, tag};
use crate::values::{read, value};

/// An anonymous client that may change the history.
const ENGINEER: &str =
    "anonymous_roles = [\"Observer\", \"Operator\", \"Supervisor\", \"Engineer\"]\n";
/// BaseEventType.
const BASE: u32 = 2041;
/// Fields that are asked for.
const FIELDS: [&str; 5] = ["EventId", "EventType", "Time", "Message", "Severity"];

fn clause(kind: u32, name: &str) -> SimpleAttributeOperand {
    SimpleAttributeOperand {
        type_definition_id: standard(kind),
        browse_path: Some(name.split('.').map(|it| QualifiedName::new(0, it)).collect()),
        attribute_id: AttributeId::Value as u32,
        ..SimpleAttributeOperand::default()
    }
}

fn selecting(names: &[&str]) -> EventFilter {
    let select = names.iter().map(|it| clause(BASE, it)).collect();
    EventFilter { select_clauses: Some(select), where_clause: ContentFilter { elements: None } }
}

/// Events of at least this severity.
fn at_least(severity: u16) -> EventFilter {
    let operands = vec![
        ExtensionObject::from_message(clause(BASE, "Severity")),
        ExtensionObject::from_message(LiteralOperand { value: severity.into() }),
    ];
    let element = ContentFilterElement {
        filter_operator: FilterOperator::GreaterThanOrEqual,
        filter_operands: Some(operands),
    };
    EventFilter {
        where_clause: ContentFilter { elements: Some(vec![element]) },
        ..selecting(&FIELDS)
    }
}

/// What is asked: filter, start, end (ticks, 0 for none) and number of events.
struct Asked(EventFilter, i64, i64, u32);

fn read_page(raw: &mut Raw, node: &NodeId, asked: &Asked, page: &ByteString) -> HistoryReadResult {
    let Asked(filter, start, end, count) = asked;
    let details = ReadEventDetails {
        num_values_per_node: *count,
        start_time: DateTime::from(*start),
        end_time: DateTime::from(*end),
        filter: filter.clone(),
    };
    let request = HistoryReadRequest {
        request_header: raw.header(),
        history_read_details: ExtensionObject::from_message(details),
        timestamps_to_return: TimestampsToReturn::Both,
        release_continuation_points: false,
        nodes_to_read: Some(vec![HistoryReadValueId {
            node_id: node.clone(),
            continuation_point: page.clone(),
            ..HistoryReadValueId::default()
        }]),
    };
    let response: HistoryReadResponse = raw.call(&request).unwrap();
    response.results.unwrap().remove(0)
}

fn events_of(result: &HistoryReadResult) -> Vec<Vec<Variant>> {
    let event = result.history_data.inner_as::<HistoryEvent>();
    let events = event.and_then(|it| it.events.clone()).unwrap_or_default();
    events.into_iter().map(|it| it.event_fields.unwrap_or_default()).collect()
}

fn read_all(raw: &mut Raw, node: &NodeId, asked: &Asked) -> Vec<Vec<Variant>> {
    let mut page = ByteString::null();
    let mut all = Vec::new();
    loop {
        let result = read_page(raw, node, asked, &page);
        assert!(result.status_code.is_good(), "{result:?}");
        all.extend(events_of(&result));
        page = result.continuation_point;
        if page.is_null() {
            return all;
        }
    }
}

fn update(raw: &mut Raw, details: ExtensionObject) -> HistoryUpdateResult {
    let request = HistoryUpdateRequest {
        request_header: raw.header(),
        history_update_details: Some(vec![details]),
    };
    let response: HistoryUpdateResponse = raw.call(&request).unwrap();
    response.results.unwrap().remove(0)
}

/// Fields of an event as clients write them, in the order of [`FIELDS`].
fn event(id: u8, kind: u32, ticks: i64, severity: u16) -> Vec<Variant> {
    vec![
        ByteString::from(vec![id; 16]).into(),
        standard(kind).into(),
        DateTime::from(ticks).into(),
        opcua_types::LocalizedText::new("en", &format!("written {id}")).into(),
        severity.into(),
    ]
}

fn write_events(
    raw: &mut Raw,
    node: &NodeId,
    perform: PerformUpdateType,
    events: Vec<Vec<Variant>>,
) -> HistoryUpdateResult {
    let list = |it| HistoryEventFieldList { event_fields: Some(it) };
    let details = UpdateEventDetails {
        node_id: node.clone(),
        perform_insert_replace: perform,
        filter: selecting(&FIELDS),
        event_data: Some(events.into_iter().map(list).collect()),
    };
    update(raw, ExtensionObject::from_message(details))
}

fn delete_events(raw: &mut Raw, node: &NodeId, ids: &[u8]) -> HistoryUpdateResult {
    let details = DeleteEventDetails {
        node_id: node.clone(),
        event_ids: Some(ids.iter().map(|it| ByteString::from(vec![*it; 16])).collect()),
    };
    update(raw, ExtensionObject::from_message(details))
}

fn messages(events: &[Vec<Variant>]) -> Vec<String> {
    let text = |it: &Vec<Variant>| match &it[3] {
        Variant::LocalizedText(it) => it.text.as_ref().to_owned(),
        other => panic!("{other:?} is no message"),
    };
    events.iter().map(text).collect()
}

fn now() -> i64 {
    time::now().ticks()
}

const MINUTE: i64 = 600_000_000;
/// A time with no other events in it.
const THEN: i64 = 132_000_000_000_000_000;

/// A server with ten events of different severity, a minute apart, at one electrolyzer.
fn with_ten() -> (Server, Raw, NodeId) {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let cell = tag("Line1.EL101");
    let events =
        (0..10).map(|it| event(it, BASE, THEN + i64::from(it) * MINUTE, 100 * u16::from(it) + 1));
    let done = write_events(&mut raw, &cell, PerformUpdateType::Insert, events.collect());
    assert_eq!(done.operation_results, Some(vec![StatusCode::GoodEntryInserted; 10]));
    (server, raw, cell)
}

fn written(numbers: impl IntoIterator<Item = u8>) -> Vec<String> {
    numbers.into_iter().map(|it| format!("written {it}")).collect()
}

#[test]
fn ha_28_events_are_read_in_both_directions_within_their_range() {
    let (_server, mut raw, cell) = with_ten();
    let mut read = |start, end, count| {
        messages(&read_all(&mut raw, &cell, &Asked(selecting(&FIELDS), start, end, count)))
    };
    assert_eq!(read(THEN, THEN + 10 * MINUTE, 0), written(0..10));
    assert_eq!(read(THEN + 2 * MINUTE, THEN + 5 * MINUTE, 0), written(2..5));
    assert_eq!(read(THEN + 5 * MINUTE, THEN + 2 * MINUTE, 0), written([5, 4, 3]));
    assert_eq!(read(THEN + 2 * MINUTE, 0, 3), written([2, 3, 4]));
    assert_eq!(read(0, THEN + 2 * MINUTE, 9), written([2, 1, 0]));
    // In pages of three.
    assert_eq!(read(THEN, THEN + 10 * MINUTE, 3), written(0..10));
    assert_eq!(read(THEN + 10 * MINUTE, THEN, 3), written((1..10).rev()));
}

#[test]
fn ha_28_an_answer_holds_as_many_events_as_are_asked_for_and_goes_on() {
    let (_server, mut raw, cell) = with_ten();
    let asked = Asked(selecting(&FIELDS), THEN, THEN + 10 * MINUTE, 4);
    let first = read_page(&mut raw, &cell, &asked, &ByteString::null());
    assert_eq!(messages(&events_of(&first)), written(0..4));
    assert!(!first.continuation_point.is_null());
    read_page(&mut raw, &cell, &asked, &first.continuation_point);
    let again = read_page(&mut raw, &cell, &asked, &first.continuation_point);
    assert_eq!(again.status_code, StatusCode::BadContinuationPointInvalid);
}

#[test]
fn ha_28_a_filter_is_asked_of_recorded_events_as_of_those_that_happen() {
    let (_server, mut raw, cell) = with_ten();
    let span = |filter| Asked(filter, THEN, THEN + 10 * MINUTE, 0);
    let strong = read_all(&mut raw, &cell, &span(at_least(600)));
    assert_eq!(messages(&strong), written(6..10));
    assert_eq!(strong[0][4], 601_u16.into());
    let mut unknown = selecting(&FIELDS);
    unknown.select_clauses.as_mut().unwrap()[3].browse_path =
        Some(vec![QualifiedName::new(0, "NoSuchField")]);
    let found = read_all(&mut raw, &cell, &span(unknown));
    assert!(found.iter().all(|it| it[3].is_empty()) && found.len() == 10);
}

#[test]
fn ha_28_what_cannot_be_read_says_why() {
    let (_server, mut raw, cell) = with_ten();
    let mut status = |node: &NodeId, asked: &Asked| {
        read_page(&mut raw, node, asked, &ByteString::null()).status_code
    };
    let all = || Asked(selecting(&FIELDS), THEN, THEN + MINUTE, 0);
    assert_eq!(status(&tag("Line1.EL199x"), &all()), StatusCode::BadNodeIdUnknown);
    let no_notifier = tag("Line1.EL101.Alarms");
    assert_eq!(status(&no_notifier, &all()), StatusCode::BadHistoryOperationUnsupported);
    let one = Asked(selecting(&FIELDS), THEN, 0, 0);
    assert_eq!(status(&cell, &one), StatusCode::BadHistoryOperationInvalid);
    let nothing_selected = Asked(selecting(&[]), THEN, THEN + MINUTE, 0);
    assert_eq!(status(&cell, &nothing_selected), StatusCode::BadEventFilterInvalid);
    let nothing_there = Asked(selecting(&FIELDS), THEN - MINUTE, THEN - 1, 0);
    assert_eq!(status(&cell, &nothing_there), StatusCode::GoodNoData);
}

#[test]
fn ha_28_a_notifier_gives_what_concerns_it_and_what_is_below_it() {
    let (_server, mut raw, _) = with_ten();
    let mut count = |node: &NodeId| {
        read_all(&mut raw, node, &Asked(selecting(&FIELDS), THEN, THEN + 10 * MINUTE, 0)).len()
    };
    let above = [standard(2253), tag("Plant"), tag("Line1"), tag("Line1.EL101")];
    assert_eq!(above.map(|it| count(&it)), [10; 4]);
    assert_eq!([tag("Line1.EL102"), tag("Line2")].map(|it| count(&it)), [0; 2]);
}

#[test]
fn ha_28_an_event_is_inserted_once_replaced_and_updated() {
    let (_server, mut raw, cell) = with_ten();
    let mut write = |perform, id| {
        let events = vec![event(id, BASE, THEN + 20 * MINUTE, 7)];
        write_events(&mut raw, &cell, perform, events).operation_results.unwrap()
    };
    use PerformUpdateType as P;
    assert_eq!(write(P::Insert, 3), [StatusCode::BadEntryExists]);
    assert_eq!(write(P::Replace, 77), [StatusCode::BadNoEntryExists]);
    assert_eq!(write(P::Replace, 3), [StatusCode::GoodEntryReplaced]);
    assert_eq!(write(P::Update, 4), [StatusCode::GoodEntryReplaced]);
    assert_eq!(write(P::Update, 78), [StatusCode::GoodEntryInserted]);
    let late = Asked(selecting(&FIELDS), THEN + 20 * MINUTE, THEN + 21 * MINUTE, 0);
    assert_eq!(messages(&read_all(&mut raw, &cell, &late)), written([3, 4, 78]));
    let early = Asked(selecting(&FIELDS), THEN, THEN + 10 * MINUTE, 0);
    assert_eq!(messages(&read_all(&mut raw, &cell, &early)), written([0, 1, 2, 5, 6, 7, 8, 9]));
}

#[test]
fn ha_28_events_are_deleted_by_their_ids() {
    let (_server, mut raw, cell) = with_ten();
    let done = delete_events(&mut raw, &cell, &[2, 99, 5]);
    let codes = vec![StatusCode::Good, StatusCode::BadNoEntryExists, StatusCode::Good];
    assert_eq!((done.status_code, done.operation_results), (StatusCode::Good, Some(codes)));
    // Another notifier has no such event.
    let done = delete_events(&mut raw, &tag("Line1.EL102"), &[3]);
    assert_eq!(done.operation_results, Some(vec![StatusCode::BadNoEntryExists]));
    let all = Asked(selecting(&FIELDS), THEN, THEN + 10 * MINUTE, 0);
    let left = messages(&read_all(&mut raw, &cell, &all));
    assert_eq!(left, written([0, 1, 3, 4, 6, 7, 8, 9]));
}

#[test]
fn ha_28_what_is_no_event_is_not_written() {
    let (_server, mut raw, cell) = with_ten();
    let mut write = |fields| {
        let done = write_events(&mut raw, &cell, PerformUpdateType::Insert, vec![fields]);
        done.operation_results.unwrap()[0]
    };
    // No event type; an audit event, which says what was done here.
    assert_eq!(write(event(50, 58, THEN, 1)), StatusCode::BadTypeDefinitionInvalid);
    assert_eq!(write(event(51, 2052, THEN, 1)), StatusCode::BadTypeDefinitionInvalid);
    assert_eq!(write(event(52, BASE, 0, 1)), StatusCode::BadOutOfRange);
    let mut wrong = event(53, BASE, THEN, 1);
    wrong[4] = "high".into();
    assert_eq!(write(wrong), StatusCode::BadInvalidArgument);
    let mut short = event(54, BASE, THEN, 1);
    short.pop();
    assert_eq!(write(short), StatusCode::BadInvalidArgument);
    let details = UpdateEventDetails {
        node_id: cell.clone(),
        perform_insert_replace: PerformUpdateType::Insert,
        filter: selecting(&["EventType", "Message"]),
        event_data: Some(vec![HistoryEventFieldList::default()]),
    };
    let done = update(&mut raw, ExtensionObject::from_message(details));
    assert_eq!(done.status_code, StatusCode::BadArgumentsMissing);
}

#[test]
fn ha_28_who_is_neither_engineer_nor_supervisor_changes_no_history() {
    let server = Server::with("anonymous_roles = [\"Observer\", \"Operator\"]\n");
    let mut raw = server.session();
    let cell = tag("Line1.EL101");
    let events = vec![event(1, BASE, THEN, 1)];
    let done = write_events(&mut raw, &cell, PerformUpdateType::Insert, events);
    assert_eq!(done.status_code, StatusCode::BadUserAccessDenied);
    assert_eq!(delete_events(&mut raw, &cell, &[1]).status_code, StatusCode::BadUserAccessDenied);
    let node = tag("Line1.Alarms");
    let status = delete_events(&mut raw, &node, &[1]).status_code;
    assert_eq!(status, StatusCode::BadHistoryOperationUnsupported);
}

#[test]
fn ha_28_event_notifiers_say_what_can_be_done_with_their_history() {
    let notifier = |roles: &str| {
        let server = Server::with(roles);
        let mut raw = server.session();
        [standard(2253), tag("Line1.EL101")].map(|it| {
            let mut asked = value(it);
            asked.attribute_id = AttributeId::EventNotifier as u32;
            read(&mut raw, 0.0, vec![asked]).unwrap()[0].value.clone().unwrap()
        })
    };
    assert_eq!(notifier(ENGINEER), [Variant::Byte(13), Variant::Byte(13)]);
    assert_eq!(notifier(""), [Variant::Byte(5), Variant::Byte(5)]);
    assert_eq!(notifier("[history]\nenabled = false\n"), [Variant::Byte(1), Variant::Byte(1)]);
}

/// Alarms of the fixture as their history has them: EventType, EventId, ActiveState.Id, ConditionId, Message.
fn alarms_since(raw: &mut Raw, start: i64) -> Vec<Vec<Variant>> {
    let mut filter = selecting(&["EventType", "EventId"]);
    let select = filter.select_clauses.as_mut().unwrap();
    select.push(clause(2915, "ActiveState.Id"));
    select.push(SimpleAttributeOperand {
        type_definition_id: standard(2782),
        browse_path: None,
        attribute_id: AttributeId::NodeId as u32,
        ..SimpleAttributeOperand::default()
    });
    read_all(raw, &tag("AlarmFixture"), &Asked(filter, start, now() + MINUTE, 0))
}

#[test]
fn ha_28_an_alarm_is_in_the_history_though_nobody_listened_and_after_a_power_cut() {
    let mut server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let start = now() - MINUTE;
    let mut raw = server.session();
    write(&mut raw, "BooleanSource", true);
    let condition = Variant::from(tag("AlarmFixture.Alarms.OffNormal"));
    let told = |raw: &mut Raw| {
        let all = alarms_since(raw, start);
        all.into_iter().find(|it| it[3] == condition && it[2] == Variant::Boolean(true))
    };
    let mut before = None;
    eventually("the alarm is in the history", || {
        before = told(&mut raw);
        before.is_some()
    });
    server.cut_and_start();
    let mut raw = server.session();
    assert_eq!(told(&mut raw), before);
    let kept = alarms_since(&mut raw, start);
    let mut ids: Vec<String> = kept.iter().map(|it| format!("{:?}", it[1])).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), kept.len(), "each event is there once");
}

#[test]
fn ha_28_audit_events_are_recorded_but_not_for_everybody() {
    let (server, mut raw, cell) = with_ten();
    delete_events(&mut raw, &cell, &[1]);
    let since = now() - MINUTE;
    let mut all = Vec::new();
    eventually("what the log says is in the history too", || {
        let text = std::fs::read_to_string(server.data.join("audit/audit.jsonl")).unwrap();
        text.contains("AuditHistoryEventDeleteEventType")
    });
    let asked = Asked(selecting(&FIELDS), since, now() + MINUTE, 0);
    all.extend(read_all(&mut raw, &standard(2253), &asked));
    let audit: Vec<_> = all.iter().filter(|it| it[1] == standard(3022).into()).collect();
    assert!(audit.is_empty(), "{audit:?}");
}

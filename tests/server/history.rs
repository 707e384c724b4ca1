//! HistoryRead and HistoryUpdate byte by byte: what the runner's cases (HA-*) do not show.

use std::time::Duration;

use cellhouse::time;
use opcua_types::{
    AggregateConfiguration, AttributeId, ByteString, DataValue, DateTime, DeleteRawModifiedDetails,
    DynEncodable, ExtensionObject, HistoryData, HistoryReadRequest, HistoryReadResponse,
    HistoryReadResult, HistoryReadValueId, HistoryUpdateRequest, HistoryUpdateResponse,
    HistoryUpdateResult, NodeId, PerformUpdateType, ReadProcessedDetails, ReadRawModifiedDetails,
    ReadValueId, StatusCode, TimestampsToReturn, UpdateDataDetails, VariableId, Variant,
};

use crate::audit::logged;
use crate::raw::{Raw, Server, eventually, standard, tag};
use crate::values;

/// Everybody may change what was recorded.
pub(crate) const ENGINEERS: &str = "anonymous_roles = [\"Engineer\"]\n";
pub(crate) const TEMPERATURE: &str = "Line1.EL101.Bath.Temperature";
const OTHER: &str = "Line1.EL102.Bath.Temperature";
/// 2001-01-01T00:00:00Z in ticks.
const YEAR_2001: i64 = 146_097 * 86_400 * 10_000_000;

/// So many seconds behind the beginning of 2001.
pub(crate) fn at(seconds: f64) -> DateTime {
    DateTime::from(YEAR_2001 + (seconds * 1e7) as i64)
}

pub(crate) fn range(from: DateTime, to: DateTime) -> ReadRawModifiedDetails {
    ReadRawModifiedDetails { start_time: from, end_time: to, ..ReadRawModifiedDetails::default() }
}

fn reading(node: NodeId) -> HistoryReadValueId {
    HistoryReadValueId { node_id: node, ..HistoryReadValueId::default() }
}

fn request(
    raw: &Raw,
    details: impl DynEncodable,
    nodes: Vec<HistoryReadValueId>,
) -> HistoryReadRequest {
    HistoryReadRequest {
        request_header: raw.header(),
        history_read_details: ExtensionObject::from_message(details),
        timestamps_to_return: TimestampsToReturn::Both,
        release_continuation_points: false,
        nodes_to_read: Some(nodes),
    }
}

fn read(
    raw: &mut Raw,
    details: impl DynEncodable,
    nodes: Vec<HistoryReadValueId>,
) -> Result<Vec<HistoryReadResult>, StatusCode> {
    let request = request(raw, details, nodes);
    Ok(raw.call::<HistoryReadResponse>(&request)?.results.unwrap_or_default())
}

fn data(result: &HistoryReadResult) -> Vec<DataValue> {
    let data = result.history_data.inner_as::<HistoryData>();
    data.and_then(|it| it.data_values.clone()).unwrap_or_default()
}

/// Values of one node in a range.
pub(crate) fn recorded(
    raw: &mut Raw,
    node: NodeId,
    details: ReadRawModifiedDetails,
) -> Vec<DataValue> {
    let results = read(raw, details, vec![reading(node)]).unwrap();
    assert!(results[0].status_code.is_good(), "{}", results[0].status_code);
    data(&results[0])
}

fn update(raw: &mut Raw, details: impl DynEncodable) -> Result<HistoryUpdateResult, StatusCode> {
    let request = HistoryUpdateRequest {
        request_header: raw.header(),
        history_update_details: Some(vec![ExtensionObject::from_message(details)]),
    };
    let response: HistoryUpdateResponse = raw.call(&request)?;
    Ok(response.results.unwrap_or_default().remove(0))
}

/// Inserts values, each with its time in seconds.
pub(crate) fn insert(
    raw: &mut Raw,
    node: NodeId,
    values: &[(DateTime, f64)],
) -> HistoryUpdateResult {
    let one = |(time, value): &(DateTime, f64)| DataValue {
        value: Some(Variant::Double(*value)),
        source_timestamp: Some(*time),
        ..DataValue::default()
    };
    let details = UpdateDataDetails {
        node_id: node,
        perform_insert_replace: PerformUpdateType::Insert,
        update_values: Some(values.iter().map(one).collect()),
    };
    update(raw, details).unwrap()
}

/// So many values, one a second.
fn fill(raw: &mut Raw, count: u32) {
    let all: Vec<(DateTime, f64)> =
        (0..count).map(|it| (at(f64::from(it)), f64::from(it))).collect();
    for part in all.chunks(1000) {
        let result = insert(raw, tag(TEMPERATURE), part);
        assert_eq!(result.status_code, StatusCode::Good);
    }
}

fn attributes(raw: &mut Raw, path: &str) -> Vec<Variant> {
    let all = [AttributeId::AccessLevel, AttributeId::UserAccessLevel, AttributeId::Historizing];
    let one = |it: AttributeId| ReadValueId {
        node_id: tag(path),
        attribute_id: it as u32,
        ..ReadValueId::default()
    };
    let results = values::read(raw, 0.0, all.map(one).to_vec()).unwrap();
    results.into_iter().map(|it| it.value.unwrap()).collect()
}

fn capability(raw: &mut Raw, variable: VariableId) -> Variant {
    let node = values::value(standard(variable as u32));
    values::read(raw, 0.0, vec![node]).unwrap().remove(0).value.unwrap()
}

/// HA-16: whatever is cut off or not known costs its request and nothing else.
#[test]
fn ha_16_details_that_are_cut_off_are_refused_and_the_session_goes_on() {
    let server = Server::start();
    let mut raw = server.session();
    let whole =
        raw.encode(&request(&raw, range(at(0.0), at(9.0)), vec![reading(tag(TEMPERATURE))]));
    let first = raw.encode(&request(&raw, range(at(0.0), at(9.0)), Vec::new())).len();
    for length in first.saturating_sub(50)..whole.len() {
        raw.post("MSGF", &whole[..length]);
        let refused = raw.answer::<HistoryReadResponse>().unwrap_err();
        let wanted = [StatusCode::BadDecodingError, StatusCode::BadNothingToDo];
        assert!(wanted.contains(&refused), "{length} bytes: {refused}");
    }
    // The length of the details' body is one byte too long, too short, below zero.
    let body = 8 + 8 + 4 + 1 + 1;
    let at_length = whole.windows(4).position(|it| it == i32::to_le_bytes(body)).unwrap();
    for length in [body + 1, body - 1, -2, i32::MAX] {
        let mut wrong = whole.clone();
        wrong[at_length..at_length + 4].copy_from_slice(&length.to_le_bytes());
        raw.post("MSGF", &wrong);
        assert!(raw.answer::<HistoryReadResponse>().is_err(), "a body of {length} bytes");
    }
    let results = read(&mut raw, range(at(0.0), at(9.0)), vec![reading(tag(TEMPERATURE))]);
    assert_eq!(results.unwrap()[0].status_code, StatusCode::GoodNoData);
}

/// HA-14.
#[test]
fn ha_14_index_ranges_that_are_none_are_the_nodes_own_errors() {
    let server = Server::with(ENGINEERS);
    let mut raw = server.session();
    let mut item = reading(tag(TEMPERATURE));
    item.index_range = "1:2".parse().unwrap();
    let whole = raw.encode(&request(&raw, range(at(0.0), at(9.0)), vec![item]));
    let place = whole.windows(3).rposition(|it| it == b"1:2").unwrap();
    for wrong in ["2:1", "2:2", "-:1", "a:b", ":12", "12:", " :2", "1,,"] {
        let mut body = whole.clone();
        body.splice(place..place + 3, wrong.bytes());
        raw.post("MSGF", &body);
        let results = raw.answer::<HistoryReadResponse>().unwrap().results.unwrap();
        assert_eq!(results[0].status_code, StatusCode::BadIndexRangeInvalid, "{wrong}");
    }
}

#[test]
fn times_at_both_ends_of_the_calendar_are_no_trouble() {
    let server = Server::with(ENGINEERS);
    let mut raw = server.session();
    fill(&mut raw, 10);
    // From the last tick backwards to the first, and the other way round.
    let (first, last) = (DateTime::from(1_i64), DateTime::from(i64::MAX));
    for (from, to, found) in [(first, at(100.0), 10), (at(100.0), first, 10), (at(5.0), last, 5)] {
        let count = recorded(&mut raw, tag(TEMPERATURE), range(from, to)).len();
        assert!(count >= found, "{count} values from {from} to {to}");
    }
    let bounded = ReadRawModifiedDetails { return_bounds: true, ..range(last, first) };
    assert!(recorded(&mut raw, tag(TEMPERATURE), bounded).len() > 10);
    for time in [i64::MIN, -1, 0] {
        let result = insert(&mut raw, tag(TEMPERATURE), &[(DateTime::from(time), 1.0)]);
        let wanted = Some(vec![StatusCode::BadInvalidTimestamp]);
        assert_eq!(result.operation_results, wanted, "{time}");
    }
    let all = DeleteRawModifiedDetails {
        node_id: tag(TEMPERATURE),
        is_delete_modified: false,
        start_time: DateTime::from(i64::MIN),
        end_time: at(1000.0),
    };
    assert_eq!(update(&mut raw, all).unwrap().status_code, StatusCode::Good);
}

/// HA-36: neither memory nor time grow with the number of intervals.
#[test]
fn ha_36_ten_million_intervals_cost_one_page_at_a_time() {
    let server = Server::with(ENGINEERS);
    let mut raw = server.session();
    fill(&mut raw, 100);
    let before = server.resident_kib();
    let begun = time::monotonic();
    let details = ReadProcessedDetails {
        start_time: at(0.0),
        end_time: at(10_000.0),
        processing_interval: 1.0,
        aggregate_type: Some(vec![standard(2342); 10]),
        aggregate_configuration: AggregateConfiguration {
            use_server_capabilities_defaults: true,
            ..AggregateConfiguration::default()
        },
    };
    let results = read(&mut raw, details, vec![reading(tag(TEMPERATURE)); 10]).unwrap();
    for result in &results {
        assert_eq!(result.status_code, StatusCode::Good);
        assert!(!result.continuation_point.is_null_or_empty());
        assert!(!data(result).is_empty());
    }
    let took = time::monotonic() - begun;
    assert!(took < Duration::from_secs(10), "{took:?}");
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 200 * 1024, "{grown} KiB");
}

/// HA-06.
#[test]
fn ha_06_of_two_hundred_reads_the_newest_hundred_go_on() {
    let server = Server::with(ENGINEERS);
    let mut raw = server.session();
    fill(&mut raw, 10);
    let one = ReadRawModifiedDetails { num_values_per_node: 1, ..range(at(0.0), at(10.0)) };
    let mut points: Vec<ByteString> = Vec::new();
    for _ in 0..2 {
        let results = read(&mut raw, one.clone(), vec![reading(tag(TEMPERATURE)); 100]).unwrap();
        points.extend(results.iter().map(|it| it.continuation_point.clone()));
    }
    let again = |point: &ByteString| HistoryReadValueId {
        continuation_point: point.clone(),
        ..reading(tag(TEMPERATURE))
    };
    // Whatever goes on waits anew: those of the first hundred come first, and find nothing.
    let results = read(&mut raw, one, points.iter().map(again).collect()).unwrap();
    for (number, result) in results.iter().enumerate() {
        let gone = StatusCode::BadContinuationPointInvalid;
        let wanted = if number < 100 { gone } else { StatusCode::Good };
        assert_eq!(result.status_code, wanted, "read {number}");
    }
}

/// HA-17: a hundred thousand values in pages of the server's limit, through a small buffer.
#[test]
fn ha_17_a_client_with_a_small_buffer_gets_everything_in_small_chunks() {
    const BUFFER: u32 = 8192;
    let server = Server::with(&format!("{ENGINEERS}limits.history_values = 1500\n"));
    fill(&mut server.session(), 5000);
    let mut raw = server.connect();
    let url = raw.url.clone();
    raw.hello_with(0, BUFFER, &url);
    raw.receive().unwrap();
    raw.open_channel();
    raw.create_session();
    raw.activate();
    let mut nodes = vec![reading(tag(TEMPERATURE))];
    let mut found = Vec::new();
    loop {
        let request = request(&raw, range(at(0.0), at(5000.0)), nodes);
        raw.ask(&request);
        let mut whole = Vec::new();
        loop {
            let frame = raw.receive().unwrap();
            assert!(frame.body.len() + 8 <= BUFFER as usize, "a chunk of {}", frame.body.len() + 8);
            whole.extend_from_slice(&frame.body[16..]);
            if frame.kind == "MSGF" {
                break;
            }
        }
        let response: HistoryReadResponse = raw.decode(&whole[4..]);
        let result = response.results.unwrap().remove(0);
        let page = data(&result);
        assert!(page.len() <= 1500, "{} values", page.len());
        found.extend(page.into_iter().map(|it| it.value.unwrap()));
        if result.continuation_point.is_null_or_empty() {
            break;
        }
        nodes = vec![HistoryReadValueId {
            continuation_point: result.continuation_point,
            ..reading(tag(TEMPERATURE))
        }];
    }
    let wanted: Vec<Variant> = (0..5000).map(|it| Variant::Double(f64::from(it))).collect();
    assert_eq!(found, wanted);
}

/// HA-39, HA-40.
#[test]
fn a_server_without_history_says_so_everywhere() {
    use VariableId as V;
    let server =
        Server::with_arguments(&format!("{ENGINEERS}[history]\nenabled = false\n"), &["--fixture"]);
    let mut raw = server.session();
    let unsupported = StatusCode::BadHistoryOperationUnsupported;
    let read = read(&mut raw, range(at(0.0), at(9.0)), vec![reading(tag(TEMPERATURE))]);
    let status = read.map_or_else(|it| it, |it| it[0].status_code);
    assert_eq!(status, unsupported);
    let result = insert(&mut raw, tag(TEMPERATURE), &[(at(0.0), 1.0)]);
    assert_eq!(result.status_code, unsupported);
    let [level, user_level, historizing] = &attributes(&mut raw, TEMPERATURE)[..] else { panic!() };
    assert_eq!((level, user_level), (&Variant::Byte(1), &Variant::Byte(1)));
    assert_eq!(historizing, &Variant::Boolean(false));
    for variable in [
        V::HistoryServerCapabilities_AccessHistoryDataCapability,
        V::HistoryServerCapabilities_InsertDataCapability,
        V::HistoryServerCapabilities_DeleteRawCapability,
    ] {
        assert_eq!(capability(&mut raw, variable), Variant::Boolean(false), "{variable:?}");
    }
    let points = capability(&mut raw, V::Server_ServerCapabilities_MaxHistoryContinuationPoints);
    assert_eq!(points, Variant::UInt16(0));
}

/// The times of a history from the start of the server on.
fn count_of(raw: &mut Raw, path: &str) -> usize {
    recorded(raw, tag(path), range(at(0.0), DateTime::from(i64::MAX))).len()
}

#[test]
fn exceptions_of_the_configuration_are_obeyed() {
    let config = "[[history.exception]]\ntags = \"*.EL101.Bath.Temperature\"\ndeadband = 1e12\n\
                  longest_s = 86400\n";
    let server = Server::with_arguments(config, &["--speed", "60"]);
    let mut raw = server.session();
    eventually("the other signal is recorded", || count_of(&mut raw, OTHER) > 20);
    assert!((1..=2).contains(&count_of(&mut raw, TEMPERATURE)));
}

/// HA-13, HA-25.
#[test]
fn ha_13_and_25_who_may_read_and_who_may_change_depends_on_roles() {
    for (roles, reads, changes) in [
        ("[]", false, false),
        ("[\"Observer\"]", true, false),
        ("[\"Operator\"]", true, false),
        ("[\"Supervisor\"]", true, true),
        ("[\"Engineer\"]", true, true),
    ] {
        let server = Server::with(&format!("anonymous_roles = {roles}\n"));
        let mut raw = server.session();
        let results = read(&mut raw, range(at(0.0), at(9.0)), vec![reading(tag(TEMPERATURE))]);
        let denied = StatusCode::BadUserAccessDenied;
        let wanted = if reads { StatusCode::GoodNoData } else { denied };
        assert_eq!(results.unwrap()[0].status_code, wanted, "reading with {roles}");
        let status = insert(&mut raw, tag(TEMPERATURE), &[(at(0.0), 1.0)]).status_code;
        let wanted = if changes { StatusCode::Good } else { denied };
        assert_eq!(status, wanted, "changing with {roles}");
        let Variant::Byte(level) = attributes(&mut raw, TEMPERATURE)[1] else { panic!() };
        assert_eq!(level & 8 != 0, changes, "HistoryWrite with {roles}");
    }
}

/// AUD-04 for history: each operation is a line with the values before and after it, and so is a refused one.
#[test]
fn aud_04_changes_of_history_are_logged_with_both_values_and_so_is_a_refused_one() {
    let server = Server::with(ENGINEERS);
    let mut raw = server.session();
    insert(&mut raw, tag(TEMPERATURE), &[(at(0.0), 1.5)]);
    insert(&mut raw, tag(TEMPERATURE), &[(at(0.0), 2.5)]);
    let deletion = DeleteRawModifiedDetails {
        node_id: tag(TEMPERATURE),
        is_delete_modified: false,
        start_time: at(0.0),
        end_time: at(9.0),
    };
    update(&mut raw, deletion).unwrap();
    let found = logged(&server, "Attribute/HistoryUpdate", 3);
    let kinds: Vec<&str> = found.iter().map(|it| it["type"].as_str().unwrap()).collect();
    let update = "AuditHistoryValueUpdateEventType";
    assert_eq!(kinds, [update, update, "AuditHistoryRawModifyDeleteEventType"]);
    for (line, old, new) in
        [(0, None, Some("1.5")), (1, Some("1.5"), Some("2.5")), (2, Some("1.5"), None)]
    {
        let fields = &found[line]["fields"];
        assert_eq!(fields["UpdatedNode"], format!("ns=2;s={TEMPERATURE}"));
        for (field, value) in [("OldValues", old), ("NewValues", new)] {
            let text = fields[field].to_string();
            let is_told = value.map_or(text == "[]" || text == "null", |it| text.contains(it));
            assert!(is_told, "{field} of line {line}: {text}");
        }
    }
    let nobody = Server::start();
    insert(&mut nobody.session(), tag(TEMPERATURE), &[(at(0.0), 1.5)]);
    let refused = &logged(&nobody, "Attribute/HistoryUpdate", 1)[0];
    assert_eq!(refused["outcome"], "BadUserAccessDenied");
    assert_eq!(refused["type"], "AuditHistoryValueUpdateEventType");
}

//! Read, Write, Call (Part 4, 5.11 and 5.12): what is wrong with one operation costs that one only.

use opcua_types::{
    CallMethodRequest, CallRequest, CallResponse, DataValue, NodeId, NumericRange, QualifiedName,
    ReadRequest, ReadResponse, ReadValueId, StatusCode, TimestampsToReturn, UAString, Variant,
    WriteRequest, WriteResponse, WriteValue,
};

use crate::raw::{Raw, Server, standard, tag};

const TEMPERATURE: &str = "Line1.EL101.Bath.Temperature";
const INTERLOCKS: &str = "Line1.EL101.State.InterlockStatus";

pub(crate) fn read(
    raw: &mut Raw,
    max_age: f64,
    nodes: Vec<ReadValueId>,
) -> Result<Vec<DataValue>, StatusCode> {
    let request = ReadRequest {
        request_header: raw.header(),
        max_age,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(nodes),
    };
    Ok(raw.call::<ReadResponse>(&request)?.results.unwrap_or_default())
}

fn attribute(path: &str, attribute: u32) -> ReadValueId {
    ReadValueId { node_id: tag(path), attribute_id: attribute, ..ReadValueId::default() }
}

/// The value of a node.
pub(crate) fn value(node: NodeId) -> ReadValueId {
    ReadValueId { node_id: node, attribute_id: 13, ..ReadValueId::default() }
}

fn status(value: &DataValue) -> StatusCode {
    value.status.unwrap_or(StatusCode::Good)
}

#[test]
fn rd_02_and_03_wrong_attributes_and_nodes() {
    let server = Server::start();
    let mut raw = server.session();
    let nodes = vec![
        attribute(TEMPERATURE, 0),
        attribute(TEMPERATURE, 28),
        attribute(TEMPERATURE, u32::MAX),
        attribute("Line1.EL101.Bath.Nothing", 13),
        ReadValueId { attribute_id: 13, ..ReadValueId::default() },
        attribute(TEMPERATURE, 13),
    ];
    let codes: Vec<StatusCode> = read(&mut raw, 0.0, nodes).unwrap().iter().map(status).collect();
    let invalid = StatusCode::BadAttributeIdInvalid;
    let expected = [
        invalid,
        invalid,
        invalid,
        StatusCode::BadNodeIdUnknown,
        StatusCode::BadNodeIdInvalid,
        StatusCode::Good,
    ];
    assert_eq!(codes, expected);
}

#[test]
fn rd_04_and_07_lists_and_ages() {
    let server = Server::with("limits.operations = 5");
    let mut raw = server.session();
    assert_eq!(read(&mut raw, 0.0, Vec::new()).unwrap_err(), StatusCode::BadNothingToDo);
    let many = vec![attribute(TEMPERATURE, 13); 6];
    assert_eq!(read(&mut raw, 0.0, many).unwrap_err(), StatusCode::BadTooManyOperations);
    let one = vec![attribute(TEMPERATURE, 13)];
    assert_eq!(read(&mut raw, -1.0, one.clone()).unwrap_err(), StatusCode::BadMaxAgeInvalid);
    assert!(read(&mut raw, 1e12, one).is_ok());
}

/// A list that comes again is remembered: nothing of it may be answered in another way than the first time.
#[test]
fn rd_04_a_list_that_comes_again_is_answered_as_the_first_time() {
    let server = Server::start();
    let mut raw = server.session();
    let mut nodes = vec![
        attribute(TEMPERATURE, 13),
        attribute(INTERLOCKS, 13),
        attribute(TEMPERATURE, 99),
        attribute(TEMPERATURE, 4),
        attribute("Line1.EL101.Bath.Nothing", 13),
        ReadValueId { attribute_id: 13, ..ReadValueId::default() },
        ReadValueId { index_range: NumericRange::Index(1), ..attribute(TEMPERATURE, 13) },
        ReadValueId {
            data_encoding: QualifiedName::new(0, "Default Binary"),
            ..attribute(TEMPERATURE, 13)
        },
        value(standard(2258)),
    ];
    nodes.extend((101..=120).map(|it| attribute(&format!("Line1.EL{it}.Bath.Temperature"), 13)));
    let plain = |raw: &mut Raw, nodes: &[ReadValueId]| -> Vec<(StatusCode, bool)> {
        let values = read(raw, 0.0, nodes.to_vec()).expect("the list is read");
        values.iter().map(|it| (status(it), it.value.is_some())).collect()
    };
    let first = plain(&mut raw, &nodes);
    for _ in 0..3 {
        assert_eq!(plain(&mut raw, &nodes), first);
    }
    let shorter = plain(&mut raw, &nodes[..nodes.len() - 1]);
    assert_eq!(shorter, first[..nodes.len() - 1]);
    nodes.swap(0, 4);
    let swapped = plain(&mut raw, &nodes);
    assert_eq!((swapped[0], swapped[4]), (first[4], first[0]));
}

#[test]
fn rd_13_a_list_that_comes_again_is_refused_to_whom_it_was_refused() {
    let server = Server::with("anonymous_roles = []");
    let mut raw = server.session();
    let nodes: Vec<ReadValueId> =
        (101..=120).map(|it| attribute(&format!("Line1.EL{it}.Bath.Temperature"), 13)).collect();
    for _ in 0..3 {
        let codes = read(&mut raw, 0.0, nodes.clone()).expect("the list is read");
        assert!(codes.iter().all(|it| status(it) == StatusCode::BadUserAccessDenied));
    }
}

#[test]
fn rd_05_timestamps_are_those_asked_for() {
    let server = Server::start();
    let mut raw = server.session();
    for (number, source, server_time) in
        [(0, true, false), (1, false, true), (2, true, true), (3, false, false)]
    {
        let request = ReadRequest {
            request_header: raw.header(),
            max_age: 0.0,
            timestamps_to_return: TimestampsToReturn::try_from(number).unwrap(),
            nodes_to_read: Some(vec![attribute(TEMPERATURE, 13), attribute(TEMPERATURE, 3)]),
        };
        let values = raw.call::<ReadResponse>(&request).unwrap().results.unwrap();
        assert_eq!(values[0].source_timestamp.is_some(), source);
        assert_eq!(values[0].server_timestamp.is_some(), server_time);
        assert!(values[1].source_timestamp.is_none(), "attributes have no source time");
    }
}

#[test]
fn rd_06_a_wrong_enumeration_is_refused() {
    let server = Server::start();
    let mut raw = server.session();
    for number in [4_i32, -1] {
        let mut message = raw.encode(&ReadRequest {
            request_header: raw.header(),
            max_age: 0.0,
            timestamps_to_return: TimestampsToReturn::Both,
            nodes_to_read: None,
        });
        let at = message.len() - 8;
        message[at..at + 4].copy_from_slice(&number.to_le_bytes());
        raw.post("MSGF", &message);
        let status = raw.answer::<ReadResponse>().unwrap_err();
        assert_eq!(status, StatusCode::BadTimestampsToReturnInvalid, "{number}");
    }
}

/// Reads with an index range that the library would not send.
fn ranged(raw: &mut Raw, path: &str, range: &str) -> DataValue {
    let mut message = raw.encode(&ReadRequest {
        request_header: raw.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Neither,
        nodes_to_read: None,
    });
    message.truncate(message.len() - 4);
    message.extend_from_slice(&1_i32.to_le_bytes());
    message.extend_from_slice(&[3, 2, 0]);
    message.extend_from_slice(&(path.len() as i32).to_le_bytes());
    message.extend_from_slice(path.as_bytes());
    message.extend_from_slice(&13_u32.to_le_bytes());
    message.extend_from_slice(&(range.len() as i32).to_le_bytes());
    message.extend_from_slice(range.as_bytes());
    message.extend_from_slice(&[0, 0, 0xff, 0xff, 0xff, 0xff]);
    raw.post("MSGF", &message);
    raw.answer::<ReadResponse>().unwrap().results.unwrap().remove(0)
}

#[test]
fn rd_08_to_11_index_ranges() {
    let server = Server::start();
    let mut raw = server.session();
    let Some(Variant::Array(part)) = ranged(&mut raw, INTERLOCKS, "1:3").value else {
        panic!("a part of an array is an array");
    };
    assert_eq!(part.values.len(), 3);
    let Some(Variant::Array(part)) = ranged(&mut raw, INTERLOCKS, "11:99").value else {
        panic!("what is there of a range is an array");
    };
    assert_eq!(part.values.len(), 2);
    for range in ["2:2", "3:1", "-2:0", "2-4", "a", " 1"] {
        let status = status(&ranged(&mut raw, INTERLOCKS, range));
        assert_eq!(status, StatusCode::BadIndexRangeInvalid, "{range}");
    }
    assert_eq!(status(&ranged(&mut raw, INTERLOCKS, "50")), StatusCode::BadIndexRangeNoData);
    assert!(status(&ranged(&mut raw, TEMPERATURE, "1")).is_bad());
}

#[test]
fn rd_12_data_encodings_are_for_structures() {
    let server = Server::start();
    let mut raw = server.session();
    let encoded = |node: ReadValueId| ReadValueId {
        data_encoding: QualifiedName::new(0, "Default Nonsense"),
        ..node
    };
    let range = attribute("Line1.EL101.Bath.Temperature.EURange", 13);
    let values =
        read(&mut raw, 0.0, vec![encoded(range), encoded(attribute(TEMPERATURE, 13))]).unwrap();
    assert_eq!(status(&values[0]), StatusCode::BadDataEncodingUnsupported);
    assert_eq!(status(&values[1]), StatusCode::BadDataEncodingInvalid);
}

#[test]
fn rd_18_and_19_the_server_object_tells_what_is_enforced() {
    let server = Server::with("limits.operations = 7");
    let mut raw = server.session();
    let values: Vec<ReadValueId> = [2255, 11_705, 2259].map(|it| value(standard(it))).to_vec();
    let values = read(&mut raw, 0.0, values).unwrap();
    let Some(Variant::Array(namespaces)) = &values[0].value else { panic!("an array") };
    assert_eq!(namespaces.values.len(), 4);
    assert_eq!(namespaces.values[0], Variant::from("http://opcfoundation.org/UA/"));
    assert_eq!(values[1].value, Some(Variant::UInt32(7)));
    assert_eq!(values[2].value, Some(Variant::Int32(0)));
}

fn write(raw: &mut Raw, path: &str, value: DataValue) -> StatusCode {
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(vec![WriteValue {
            node_id: tag(path),
            attribute_id: 13,
            index_range: UAString::null().as_ref().parse().unwrap_or_default(),
            value,
        }]),
    };
    raw.call::<WriteResponse>(&request).unwrap().results.unwrap()[0]
}

/// An anonymous client that is an Engineer: there is no password to be had on security None.
const ENGINEER: &str = "anonymous_roles = [\"Observer\", \"Operator\", \"Engineer\"]";

#[test]
fn wr_each_wrong_write_has_its_own_code_and_changes_nothing() {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let setpoint = "Line1.EL101.Control.TemperatureSetpoint";
    let value =
        |raw: &mut Raw| read(raw, 0.0, vec![attribute(setpoint, 13)]).unwrap().remove(0).value;
    let before = value(&mut raw);
    let plain = |it: Variant| DataValue::value_only(it);
    let stamped = DataValue {
        status: Some(StatusCode::UncertainInitialValue),
        ..DataValue::value_only(1045.0)
    };
    for (path, written, expected) in [
        (setpoint, plain(1045_i32.into()), StatusCode::BadTypeMismatch),
        (setpoint, plain(1045_f32.into()), StatusCode::BadTypeMismatch),
        (setpoint, plain(vec![1045.0].into()), StatusCode::BadTypeMismatch),
        (setpoint, plain(Variant::Empty), StatusCode::BadTypeMismatch),
        (setpoint, plain(2000.0.into()), StatusCode::BadOutOfRange),
        (setpoint, plain(f64::NAN.into()), StatusCode::BadOutOfRange),
        (setpoint, stamped, StatusCode::BadWriteNotSupported),
        (TEMPERATURE, plain(1045.0.into()), StatusCode::BadNotWritable),
        ("Line1.EL101.Feeder.TargetFlowRate", plain(200.0.into()), StatusCode::BadInvalidState),
    ] {
        assert_eq!(write(&mut raw, path, written), expected, "{path}");
    }
    assert_eq!(value(&mut raw), before);
    assert_eq!(write(&mut raw, setpoint, plain(1047.5.into())), StatusCode::Good);
    assert_eq!(value(&mut raw), Some(Variant::Double(1047.5)));
}

#[test]
fn wr_more_values_than_the_engine_queues_commands_are_all_written() {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let setpoint = "Line1.EL101.Control.TemperatureSetpoint";
    let all: Vec<f64> = (0..900).map(|it| 1045.0 + f64::from(it % 3)).collect();
    let one = |it: &f64| WriteValue {
        node_id: tag(setpoint),
        attribute_id: 13,
        value: DataValue::value_only(*it),
        ..WriteValue::default()
    };
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(all.iter().map(one).collect()),
    };
    let results = raw.call::<WriteResponse>(&request).unwrap().results.unwrap();
    assert_eq!(results, vec![StatusCode::Good; all.len()]);
    let now = read(&mut raw, 0.0, vec![attribute(setpoint, 13)]).unwrap().remove(0).value;
    assert_eq!(now, Some(Variant::Double(1047.0)), "the last one counts");
}

#[test]
fn wr_06_without_the_right_nothing_is_written() {
    let server = Server::start();
    let mut raw = server.session();
    let setpoint = "Line1.EL101.Control.TemperatureSetpoint";
    let status = write(&mut raw, setpoint, DataValue::value_only(1047.5));
    assert_eq!(status, StatusCode::BadUserAccessDenied);
}

fn call(raw: &mut Raw, object: &str, method: &str, arguments: Vec<Variant>) -> StatusCode {
    let request = CallRequest {
        request_header: raw.header(),
        methods_to_call: Some(vec![CallMethodRequest {
            object_id: tag(object),
            method_id: tag(method),
            input_arguments: Some(arguments),
        }]),
    };
    raw.call::<CallResponse>(&request).unwrap().results.unwrap()[0].status_code
}

#[test]
fn mth_02_to_12_calls_that_cannot_be() {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let (cell, hold) = ("Line1.EL101", "Line1.EL101.Hold");
    let text = || Variant::from("test");
    for (object, method, arguments, expected) in [
        (cell, hold, vec![], StatusCode::BadArgumentsMissing),
        (cell, hold, vec![text(), text()], StatusCode::BadTooManyArguments),
        (cell, hold, vec![1.0.into()], StatusCode::BadInvalidArgument),
        ("Line1.EL999", hold, vec![text()], StatusCode::BadNodeIdUnknown),
        (cell, "Line1.EL101.Nothing", vec![], StatusCode::BadMethodInvalid),
        (cell, "Line1.EL102.Hold", vec![text()], StatusCode::BadMethodInvalid),
        (cell, TEMPERATURE, vec![], StatusCode::BadMethodInvalid),
        (cell, "Line1.EL101.Resume", vec![], StatusCode::BadInvalidState),
        (cell, "Line1.EL101.RequestOxideDose", vec![1e6.into()], StatusCode::BadInvalidArgument),
        ("Line1", "Line1.EmergencyReduce", vec![50.0.into()], StatusCode::Good),
    ] {
        assert_eq!(call(&mut raw, object, method, arguments), expected, "{method}");
    }
}

/// While the thermometer is dead, what a person dips stands in for it and says so.
#[test]
fn rd_15_a_dipped_temperature_is_good_local_override() {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let fault =
        vec![Variant::from("ThermocoupleFailed"), Variant::from("Line1.EL101"), 600.0.into()];
    assert_eq!(call(&mut raw, "Plant", "Plant.InjectFault", fault), StatusCode::Good);
    let mut seen = |wanted: StatusCode| {
        for _ in 0..400 {
            let value = read(&mut raw, 0.0, vec![attribute(TEMPERATURE, 13)]).unwrap().remove(0);
            if status(&value) == wanted {
                return value.value;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(25));
        }
        panic!("never {wanted}");
    };
    seen(StatusCode::BadSensorFailure);
    let dip = "Line1.EL101.RecordTemperatureDip";
    let mut other = server.session();
    assert_eq!(call(&mut other, "Line1.EL101", dip, vec![1047.0.into()]), StatusCode::Good);
    assert_eq!(seen(StatusCode::GoodLocalOverride), Some(Variant::Double(1047.0)));
}

/// A tag that goes Good, Bad, Good with the same number: the sensor's failure is told as what it is.
#[test]
fn rd_15_a_failed_thermocouple_is_bad_sensor_failure() {
    let server = Server::with(ENGINEER);
    let mut raw = server.session();
    let fault = vec![Variant::from("ThermocoupleFailed"), Variant::from("Line1.EL101"), 3.0.into()];
    assert_eq!(call(&mut raw, "Plant", "Plant.InjectFault", fault), StatusCode::Good);
    let mut seen = Vec::new();
    for _ in 0..400 {
        let value = read(&mut raw, 0.0, vec![attribute(TEMPERATURE, 13)]).unwrap().remove(0);
        assert!(value.source_timestamp.is_some());
        if seen.last() != Some(&status(&value)) {
            seen.push(status(&value));
        }
        if seen.len() == 3 {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(25));
    }
    assert_eq!(seen, [StatusCode::Good, StatusCode::BadSensorFailure, StatusCode::Good]);
}

#[test]
fn a_write_that_cannot_be_read_to_its_end_changes_nothing_and_leaves_no_trace() {
    let server = Server::with("anonymous_roles = [\"Engineer\"]");
    let mut raw = server.session();
    let setpoint = tag("Line1.EL101.Control.CurrentSetpoint");
    let before = read(&mut raw, 0.0, vec![value(setpoint.clone())]).unwrap().remove(0).value;
    let one = WriteValue {
        node_id: setpoint.clone(),
        attribute_id: 13,
        value: Variant::from(9.9).into(),
        ..WriteValue::default()
    };
    let request =
        WriteRequest { request_header: raw.header(), nodes_to_write: Some(vec![one.clone(), one]) };
    let mut message = raw.encode(&request);
    message.pop();
    // More often than a session may have requests waiting.
    for _ in 0..200 {
        raw.post("MSGF", &message);
        assert_eq!(raw.answer::<WriteResponse>().unwrap_err(), StatusCode::BadDecodingError);
    }
    let after = read(&mut raw, 0.0, vec![value(setpoint)]).unwrap().remove(0).value;
    assert_eq!(before, after);
    let answer: WriteResponse = raw.call(&request).unwrap();
    assert_eq!(answer.results.unwrap(), [StatusCode::Good; 2]);
}

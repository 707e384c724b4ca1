//! The planned end (Part 5, 12.10): clients see it come. Who may ask for it is shown by the client suites, which have users.

use opcua_types::{
    AttributeId, CallMethodRequest, CallRequest, CallResponse, DataValue, DateTime, LocalizedText,
    NodeId, ReadRequest, ReadResponse, ReadValueId, StatusCode, TimestampsToReturn, Variant,
};

use crate::raw::{Raw, Server, eventually, standard};

/// ServerStatus.State, SecondsTillShutdown, ShutdownReason, EstimatedReturnTime.
const STATUS: [u32; 4] = [2259, 2992, 2993, 12885];

fn read(raw: &mut Raw, nodes: &[NodeId], attribute: AttributeId) -> Vec<DataValue> {
    let node = |it: &NodeId| ReadValueId {
        node_id: it.clone(),
        attribute_id: attribute as u32,
        ..ReadValueId::default()
    };
    let request = ReadRequest {
        request_header: raw.header(),
        timestamps_to_return: TimestampsToReturn::Neither,
        nodes_to_read: Some(nodes.iter().map(node).collect()),
        ..ReadRequest::default()
    };
    raw.call::<ReadResponse>(&request).unwrap().results.unwrap()
}

/// State and seconds left.
fn status(raw: &mut Raw) -> (i32, u32) {
    let values = read(raw, &STATUS.map(standard), AttributeId::Value);
    match (&values[0].value, &values[1].value) {
        (Some(Variant::Int32(state)), Some(Variant::UInt32(seconds))) => (*state, *seconds),
        other => panic!("{other:?}"),
    }
}

#[test]
fn dia_06_a_server_that_is_told_to_stop_says_so_counts_and_closes() {
    let mut server = Server::with("shutdown_s = 4\n");
    let mut raw = server.session();
    assert_eq!(status(&mut raw), (0, 0));
    server.signal();
    eventually("State is Shutdown", || status(&mut raw).0 == 4);
    let (_, first) = status(&mut raw);
    assert!((1..=4).contains(&first), "{first} s");
    let reason = read(&mut raw, &[standard(2993)], AttributeId::Value).remove(0).value;
    assert!(
        matches!(&reason, Some(Variant::LocalizedText(it)) if !it.text.is_empty()),
        "{reason:?}"
    );
    eventually("the seconds count down", || status(&mut raw).1 < first);
    // The end is the closed connection of everybody, and an exit without error.
    assert!(raw.receive().is_none());
    assert_eq!(server.ended(), 0);
}

#[test]
fn dia_06_a_second_signal_ends_at_once() {
    let mut server = Server::with("shutdown_s = 60\n");
    let mut raw = server.session();
    server.signal();
    eventually("State is Shutdown", || status(&mut raw).0 == 4);
    server.signal();
    assert_eq!(server.ended(), 0);
}

#[test]
fn dia_05_nobody_but_an_administrator_ends_the_server() {
    let server = Server::start();
    let mut raw = server.session();
    let method = standard(12886);
    let executable = [AttributeId::Executable, AttributeId::UserExecutable]
        .map(|it| read(&mut raw, std::slice::from_ref(&method), it).remove(0).value);
    assert_eq!(executable, [Some(true.into()), Some(false.into())]);
    let request = CallRequest {
        request_header: raw.header(),
        methods_to_call: Some(vec![CallMethodRequest {
            object_id: standard(2253),
            method_id: method,
            input_arguments: Some(vec![
                4_i32.into(),
                DateTime::null().into(),
                0_u32.into(),
                LocalizedText::new("en", "for fun").into(),
                false.into(),
            ]),
        }]),
    };
    let response: CallResponse = raw.call(&request).unwrap();
    assert_eq!(response.results.unwrap()[0].status_code, StatusCode::BadUserAccessDenied);
    assert_eq!(status(&mut raw), (0, 0));
}

//! UA binary (Part 6, 5.2): bodies that no client makes on purpose.

use opcua_types::{
    GetEndpointsRequest, ObjectId, ReadRequest, ReadValueId, StatusCode, TimestampsToReturn,
    WriteRequest, WriteResponse,
};

use crate::raw::{Server, standard};

/// The status of the ServiceFault that answers `message`.
fn fault(server: &Server, message: &[u8]) -> StatusCode {
    let mut raw = server.session();
    raw.post("MSGF", message);
    let status = raw.answer::<opcua_types::GetEndpointsResponse>().unwrap_err();
    assert!(raw.try_activate().is_ok(), "the channel stays");
    status
}

#[test]
fn enc_01_deep_nesting_is_a_decoding_error() {
    let server = Server::start();
    let mut raw = server.session();
    let mut message =
        raw.encode(&WriteRequest { request_header: raw.header(), nodes_to_write: None });
    message.truncate(message.len() - 4);
    message.extend_from_slice(&1_i32.to_le_bytes());
    // A WriteValue of attribute 13 of a null node, without index range, with a value only.
    message.extend_from_slice(&[0, 0, 13, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1]);
    // Arrays of one variant, ten thousand deep.
    for _ in 0..10_000 {
        message.extend_from_slice(&[0x98, 1, 0, 0, 0]);
    }
    message.extend_from_slice(&[1, 1]);
    raw.post("MSGF", &message);
    assert!(raw.answer::<WriteResponse>().unwrap_err().is_bad());
    assert!(raw.try_activate().is_ok(), "the session stays");
}

#[test]
fn enc_03_array_lengths_that_cannot_be_are_decoding_errors() {
    let server = Server::start();
    for length in [-2_i32, i32::MAX] {
        let mut raw = server.session();
        let mut message = raw.encode(&ReadRequest {
            request_header: raw.header(),
            max_age: 0.0,
            timestamps_to_return: TimestampsToReturn::Both,
            nodes_to_read: None,
        });
        message.truncate(message.len() - 4);
        message.extend_from_slice(&length.to_le_bytes());
        raw.post("MSGF", &message);
        let status = raw.answer::<opcua_types::ReadResponse>().unwrap_err();
        assert_eq!(status, StatusCode::BadDecodingError, "{length}");
    }
}

#[test]
fn enc_13_a_request_cut_at_every_byte_is_answered_each_time() {
    let server = Server::start();
    let mut raw = server.session();
    let whole = raw.encode(&ReadRequest {
        request_header: raw.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(vec![ReadValueId::from(standard(2258)); 3]),
    });
    for length in 0..whole.len() {
        raw.post("MSGF", &whole[..length]);
        assert!(raw.answer::<opcua_types::ReadResponse>().is_err(), "cut at {length}");
    }
    raw.post("MSGF", &whole);
    assert!(raw.answer::<opcua_types::ReadResponse>().is_ok());
}

#[test]
fn enc_14_and_15_unknown_types_and_responses_are_unsupported() {
    let server = Server::start();
    let raw = server.session();
    let mut message = raw.encode(&GetEndpointsRequest {
        request_header: raw.header(),
        ..GetEndpointsRequest::default()
    });
    for kind in [9999, ObjectId::ReadResponse_Encoding_DefaultBinary as u32 as u16] {
        message[2..4].copy_from_slice(&kind.to_le_bytes());
        assert_eq!(fault(&server, &message), StatusCode::BadServiceUnsupported);
    }
}

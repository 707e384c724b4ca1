//! Sessions and subscriptions, more than anyone needs.

use cellhouse::time;
use opcua_types::{
    CloseSessionRequest, CreateSubscriptionRequest, CreateSubscriptionResponse, PublishRequest,
    StatusCode,
};

use crate::attacks::{goes_on, withstands};
use crate::items::{create, item, subscribe};
use crate::raw::{Raw, tag};

/// A path of a measurement.
const TEMPERATURE: &str = "Line1.EL101.Bath.Temperature";

#[test]
fn attack_sessions_that_are_never_activated() {
    withstands("", |ground| {
        let (begun, mut made) = (time::monotonic(), 0);
        let mut raw = ground.open();
        while goes_on(begun) {
            raw.create_session();
            made += 1;
        }
        let mut late = ground.server.session();
        assert!(late.try_activate().is_ok(), "the operator comes in");
        format!("{made} sessions that are never activated")
    });
}

#[test]
fn attack_subscriptions_without_end() {
    withstands("", |ground| {
        let mut made = 0;
        let mut raw = ground.session();
        let refused = loop {
            let request = CreateSubscriptionRequest {
                request_header: raw.header(),
                requested_publishing_interval: 50.0,
                publishing_enabled: true,
                ..CreateSubscriptionRequest::default()
            };
            match raw.call::<CreateSubscriptionResponse>(&request) {
                Ok(it) => {
                    let wanted = (0..400).map(|handle| item(tag(TEMPERATURE), handle)).collect();
                    create(&mut raw, it.subscription_id, wanted).unwrap();
                    made += 1;
                }
                Err(status) => break status,
            }
        };
        assert_eq!(refused, StatusCode::BadTooManySubscriptions);
        format!("{made} subscriptions with 400 items each until {refused}")
    });
}

#[test]
fn attack_publish_requests_without_end() {
    withstands("", |ground| {
        let mut raw = ground.session();
        subscribe(&mut raw, 50.0);
        let (begun, mut asked, mut refused) = (time::monotonic(), 0, 0);
        while goes_on(begun) {
            for _ in 0..500 {
                let request = PublishRequest {
                    request_header: raw.header(),
                    subscription_acknowledgements: None,
                };
                raw.ask(&request);
            }
            // A hundred wait, the others are answered.
            for _ in 0..if asked == 0 { 400 } else { 500 } {
                refused += usize::from(raw.answer::<opcua_types::PublishResponse>().is_err());
            }
            asked += 500;
        }
        assert!(refused > 0);
        format!("{asked} Publish requests, {refused} refused")
    });
}

#[test]
fn attack_requests_and_then_gone() {
    withstands("", |ground| {
        let (begun, mut gone) = (time::monotonic(), 0);
        while goes_on(begun) {
            let mut raw = ground.session();
            let id = subscribe(&mut raw, 50.0).subscription_id;
            let wanted = (0..200).map(|handle| item(tag(TEMPERATURE), handle)).collect();
            create(&mut raw, id, wanted).unwrap();
            for request in requests(&raw) {
                raw.post("MSGF", &request);
            }
            match gone % 3 {
                // Closed in order with all that waits, closed as a channel, or just gone.
                0 => {
                    let request = CloseSessionRequest {
                        request_header: raw.header(),
                        delete_subscriptions: false,
                    };
                    raw.ask(&request);
                }
                1 => {
                    raw.post("CLOF", &[]);
                }
                _ => {}
            }
            gone += 1;
        }
        format!("{gone} clients that ask and go before they are answered")
    });
}

/// What takes the server some time: reads of history, methods, Publish.
fn requests(raw: &Raw) -> Vec<Vec<u8>> {
    let history = opcua_types::HistoryReadRequest {
        request_header: raw.header(),
        history_read_details: opcua_types::ExtensionObject::from_message(
            opcua_types::ReadRawModifiedDetails {
                num_values_per_node: 10_000,
                start_time: opcua_types::DateTime::from(0_i64),
                end_time: opcua_types::DateTime::now(),
                ..Default::default()
            },
        ),
        timestamps_to_return: opcua_types::TimestampsToReturn::Both,
        nodes_to_read: Some(vec![opcua_types::HistoryReadValueId {
            node_id: tag(TEMPERATURE),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let call = opcua_types::CallRequest {
        request_header: raw.header(),
        methods_to_call: Some(vec![opcua_types::CallMethodRequest {
            object_id: tag("Line1.EL101"),
            method_id: tag("Line1.EL101.Hold"),
            input_arguments: None,
        }]),
    };
    let publish =
        PublishRequest { request_header: raw.header(), subscription_acknowledgements: None };
    vec![raw.encode(&history), raw.encode(&call), raw.encode(&publish)]
}

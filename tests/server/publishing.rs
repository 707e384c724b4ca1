//! Publishing (Part 4, 5.14): cycles, sequence numbers, acknowledgement, transfer.

use opcua_types::{
    DataChangeNotification, DeleteSubscriptionsRequest, DeleteSubscriptionsResponse,
    PublishRequest, PublishResponse, RepublishRequest, RepublishResponse, StatusCode,
    SubscriptionAcknowledgement, TransferSubscriptionsRequest, TransferSubscriptionsResponse,
};

use crate::items::{create, item, subscribe};
use crate::raw::{Raw, Server, standard, tag};

/// Changes at every scan.
const ALIVE: &str = "Line1.EL101.State.PhaseTime";

fn publish(raw: &mut Raw, acknowledge: &[(u32, u32)]) {
    let acknowledgements = acknowledge.iter().map(|(id, sequence)| SubscriptionAcknowledgement {
        subscription_id: *id,
        sequence_number: *sequence,
    });
    let request = PublishRequest {
        request_header: raw.header(),
        subscription_acknowledgements: Some(acknowledgements.collect()),
    };
    raw.ask(&request);
}

pub(crate) fn published(raw: &mut Raw, acknowledge: &[(u32, u32)]) -> PublishResponse {
    publish(raw, acknowledge);
    raw.answer().unwrap()
}

/// Client handles and values of a data notification.
pub(crate) fn values(response: &PublishResponse) -> Vec<(u32, opcua_types::DataValue)> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<DataChangeNotification>())
        .flat_map(|it| it.monitored_items.iter().flatten())
        .map(|it| (it.client_handle, it.value.clone()))
        .collect()
}

#[test]
fn sub_01_and_02_intervals_and_counts_are_revised() {
    let server = Server::start();
    let mut raw = server.session();
    for asked in [0.0, -1.0, f64::NAN, 1e12] {
        let revised = subscribe(&mut raw, asked);
        let interval = revised.revised_publishing_interval;
        assert!((50.0..=3_600_000.0).contains(&interval), "{asked} became {interval}");
        assert!(revised.revised_lifetime_count >= 3 * revised.revised_max_keep_alive_count);
        assert!(revised.revised_max_keep_alive_count > 0);
    }
}

#[test]
fn sub_03_and_04_without_data_there_is_a_keep_alive() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 50.0).subscription_id;
    for _ in 0..2 {
        let response = published(&mut raw, &[]);
        assert_eq!(response.subscription_id, id);
        assert_eq!(response.notification_message.sequence_number, 1, "not used up");
        assert!(values(&response).is_empty());
    }
}

#[test]
fn sub_13_14_and_17_numbers_count_up_and_messages_stay_until_acknowledged() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    create(&mut raw, id, vec![item(tag(ALIVE), 7)]).unwrap();
    let first = published(&mut raw, &[]);
    assert_eq!(first.notification_message.sequence_number, 1);
    assert_eq!(values(&first)[0].0, 7);
    let republish = |raw: &mut Raw, subscription: u32, sequence: u32| {
        let request = RepublishRequest {
            request_header: raw.header(),
            subscription_id: subscription,
            retransmit_sequence_number: sequence,
        };
        raw.call::<RepublishResponse>(&request)
    };
    let again = republish(&mut raw, id, 1).unwrap();
    assert_eq!(again.notification_message, first.notification_message);
    let second = published(&mut raw, &[(id, 1), (id, 1), (id, 99), (4711, 1)]);
    assert_eq!(second.notification_message.sequence_number, 2);
    let unknown = StatusCode::BadSequenceNumberUnknown;
    let expected = [StatusCode::Good, unknown, unknown, StatusCode::BadSubscriptionIdInvalid];
    assert_eq!(second.results.unwrap(), expected);
    assert_eq!(second.available_sequence_numbers.unwrap(), [2]);
    assert_eq!(republish(&mut raw, id, 1).unwrap_err(), StatusCode::BadMessageNotAvailable);
    let wrong = republish(&mut raw, 4711, 1).unwrap_err();
    assert_eq!(wrong, StatusCode::BadSubscriptionIdInvalid);
}

#[test]
fn sub_06_small_messages_say_that_more_is_to_come() {
    let server = Server::start();
    let mut raw = server.session();
    let request = opcua_types::CreateSubscriptionRequest {
        request_header: raw.header(),
        requested_publishing_interval: 1000.0,
        max_notifications_per_publish: 2,
        publishing_enabled: true,
        ..Default::default()
    };
    let id = raw.call::<opcua_types::CreateSubscriptionResponse>(&request).unwrap().subscription_id;
    let items = (0..5).map(|it| item(tag("Line1.EL101.Bath.Temperature.EURange"), it)).collect();
    create(&mut raw, id, items).unwrap();
    let mut seen = Vec::new();
    for more in [true, true, false] {
        let response = published(&mut raw, &[]);
        assert_eq!(response.more_notifications, more);
        seen.extend(values(&response).into_iter().map(|it| it.0));
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

#[test]
fn sub_09_to_12_deleted_none_and_too_many() {
    let server = Server::with("limits.publish_requests = 20");
    let mut raw = server.session();
    publish(&mut raw, &[]);
    assert_eq!(raw.answer::<PublishResponse>().unwrap_err(), StatusCode::BadNoSubscription);
    let id = subscribe(&mut raw, 3_600_000.0).subscription_id;
    (0..21).for_each(|_| publish(&mut raw, &[]));
    let oldest = raw.answer::<PublishResponse>().unwrap_err();
    assert_eq!(oldest, StatusCode::BadTooManyPublishRequests);
    let delete = |raw: &Raw| DeleteSubscriptionsRequest {
        request_header: raw.header(),
        subscription_ids: Some(vec![id]),
    };
    let request = delete(&raw);
    raw.ask(&request);
    for _ in 0..20 {
        assert_eq!(raw.answer::<PublishResponse>().unwrap_err(), StatusCode::BadNoSubscription);
    }
    let response: DeleteSubscriptionsResponse = raw.answer().unwrap();
    assert_eq!(response.results.unwrap(), [StatusCode::Good]);
    let request = delete(&raw);
    let response: DeleteSubscriptionsResponse = raw.call(&request).unwrap();
    assert_eq!(response.results.unwrap(), [StatusCode::BadSubscriptionIdInvalid]);
}

#[test]
fn sub_18_subscriptions_are_bounded() {
    let server = Server::with("limits.subscriptions = 2\nlimits.subscriptions_per_session = 2");
    let mut raw = server.session();
    subscribe(&mut raw, 1000.0);
    subscribe(&mut raw, 1000.0);
    let request = opcua_types::CreateSubscriptionRequest {
        request_header: raw.header(),
        ..Default::default()
    };
    let refused = raw.call::<opcua_types::CreateSubscriptionResponse>(&request);
    assert_eq!(refused.unwrap_err(), StatusCode::BadTooManySubscriptions);
}

/// The session ends, the subscription waits, and the same application takes it over with all it has kept.
#[test]
fn sub_21_and_23_a_subscription_moves_to_another_session() {
    let server = Server::start();
    let mut old = server.session();
    let id = subscribe(&mut old, 1000.0).subscription_id;
    create(&mut old, id, vec![item(tag("Line1.EL101.Bath.Temperature.EURange"), 3)]).unwrap();
    published(&mut old, &[]);
    let mut new = server.session();
    let transfer = |raw: &Raw| TransferSubscriptionsRequest {
        request_header: raw.header(),
        subscription_ids: Some(vec![id, 4711]),
        send_initial_values: true,
    };
    let request = transfer(&new);
    let response: TransferSubscriptionsResponse = new.call(&request).unwrap();
    let results = response.results.unwrap();
    assert_eq!(results[0].status_code, StatusCode::Good);
    assert_eq!(results[0].available_sequence_numbers, Some(vec![1]));
    assert_eq!(results[1].status_code, StatusCode::BadSubscriptionIdInvalid);
    let response = published(&mut new, &[]);
    assert_eq!(values(&response)[0].0, 3, "the initial value again");
    let farewell = published(&mut old, &[]);
    let data = farewell.notification_message.notification_data.unwrap();
    let change = data[0].inner_as::<opcua_types::StatusChangeNotification>().unwrap();
    assert_eq!(change.status, StatusCode::GoodSubscriptionTransferred);
}

/// Calls one of the Server object's own methods with a subscription's number.
fn server_method(
    raw: &mut Raw,
    method: u32,
    subscription: u32,
) -> Result<Vec<opcua_types::Variant>, StatusCode> {
    let request = opcua_types::CallRequest {
        request_header: raw.header(),
        methods_to_call: Some(vec![opcua_types::CallMethodRequest {
            object_id: standard(2253),
            method_id: standard(method),
            input_arguments: Some(vec![subscription.into()]),
        }]),
    };
    let response: opcua_types::CallResponse = raw.call(&request)?;
    let result = response.results.unwrap().remove(0);
    if result.status_code.is_good() {
        Ok(result.output_arguments.unwrap_or_default())
    } else {
        Err(result.status_code)
    }
}

#[test]
fn sub_25_and_26_items_are_listed_and_sent_again_to_their_owner_only() {
    const GET_MONITORED_ITEMS: u32 = 11_492;
    const RESEND_DATA: u32 = 12_873;
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let constant = tag("Line1.EL101.Bath.Temperature.EURange");
    let made = create(&mut raw, id, vec![item(constant, 42)]).unwrap()[0].monitored_item_id;
    let listed = server_method(&mut raw, GET_MONITORED_ITEMS, id).unwrap();
    assert_eq!(listed, [vec![made].into(), vec![42_u32].into()]);
    assert_eq!(values(&published(&mut raw, &[]))[0].0, 42);
    server_method(&mut raw, RESEND_DATA, id).unwrap();
    assert_eq!(values(&published(&mut raw, &[]))[0].0, 42, "once more");
    let mut other = server.session();
    for method in [GET_MONITORED_ITEMS, RESEND_DATA] {
        let denied = server_method(&mut other, method, id).unwrap_err();
        assert_eq!(denied, StatusCode::BadUserAccessDenied);
        let unknown = server_method(&mut other, method, 4711).unwrap_err();
        assert_eq!(unknown, StatusCode::BadSubscriptionIdInvalid);
    }
}

/// A sampled item keeps its values to itself until the item that triggers it reports.
#[test]
fn mon_21_a_trigger_lets_the_linked_item_report() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let mut linked = item(tag("Line1.EL101.Electrical.CellVoltage"), 2);
    linked.monitoring_mode = opcua_types::MonitoringMode::Sampling;
    let made = create(&mut raw, id, vec![linked]).unwrap()[0].monitored_item_id;
    assert!(values(&published(&mut raw, &[])).is_empty(), "sampled, not reported");
    let trigger = create(&mut raw, id, vec![item(tag(ALIVE), 1)]).unwrap()[0].monitored_item_id;
    let request = opcua_types::SetTriggeringRequest {
        request_header: raw.header(),
        subscription_id: id,
        triggering_item_id: trigger,
        links_to_add: Some(vec![made]),
        links_to_remove: None,
    };
    raw.call::<opcua_types::SetTriggeringResponse>(&request).unwrap();
    let mut handles = Vec::new();
    while !handles.contains(&2) {
        handles.extend(values(&published(&mut raw, &[])).into_iter().map(|it| it.0));
        assert!(handles.len() < 20, "{handles:?}");
    }
    assert!(handles.contains(&1));
}

/// Every scan once and in order, whatever else happens on the connection.
#[test]
fn mon_24_every_scan_is_reported_once_and_in_order() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    create(&mut raw, id, vec![item(tag(ALIVE), 1)]).unwrap();
    let mut times = Vec::new();
    let mut acknowledge = Vec::new();
    while times.len() < 5 {
        let response = published(&mut raw, &acknowledge);
        acknowledge = vec![(id, response.notification_message.sequence_number)];
        for (_, value) in values(&response) {
            times.push(value.source_timestamp.unwrap().ticks());
        }
    }
    for pair in times.windows(2) {
        let step_ms = (pair[1] - pair[0]) / 10_000;
        assert!((900..=1100).contains(&step_ms), "{times:?}");
    }
}

//! Monitored items (Part 4, 5.13): what each wrong item costs, filters, modes, triggers.

use opcua_types::{
    AggregateConfiguration, AggregateFilter, AggregateFilterResult, AttributeId,
    CreateMonitoredItemsRequest, CreateMonitoredItemsResponse, CreateSubscriptionRequest,
    CreateSubscriptionResponse, DataChangeFilter, DataChangeTrigger, DateTime,
    DeleteMonitoredItemsRequest, DeleteMonitoredItemsResponse, ExtensionObject,
    MonitoredItemCreateRequest, MonitoredItemCreateResult, MonitoringMode, MonitoringParameters,
    NodeId, ObjectId, ReadValueId, SetMonitoringModeRequest, SetMonitoringModeResponse,
    SetTriggeringRequest, SetTriggeringResponse, StatusCode, TimestampsToReturn,
};

use crate::publishing::{published, values};
use crate::raw::{Raw, Server, standard, tag};

/// A subscription that publishes every `interval_ms`.
pub(crate) fn subscribe(raw: &mut Raw, interval_ms: f64) -> CreateSubscriptionResponse {
    let request = CreateSubscriptionRequest {
        request_header: raw.header(),
        requested_publishing_interval: interval_ms,
        requested_lifetime_count: 1000,
        requested_max_keep_alive_count: 10,
        publishing_enabled: true,
        ..CreateSubscriptionRequest::default()
    };
    raw.call(&request).unwrap()
}

/// An item of a node's value.
pub(crate) fn item(node: NodeId, handle: u32) -> MonitoredItemCreateRequest {
    MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId {
            node_id: node,
            attribute_id: AttributeId::Value as u32,
            ..ReadValueId::default()
        },
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: handle,
            sampling_interval: 1000.0,
            queue_size: 1,
            discard_oldest: true,
            ..MonitoringParameters::default()
        },
    }
}

pub(crate) fn create(
    raw: &mut Raw,
    subscription: u32,
    items: Vec<MonitoredItemCreateRequest>,
) -> Result<Vec<MonitoredItemCreateResult>, StatusCode> {
    let request = CreateMonitoredItemsRequest {
        request_header: raw.header(),
        subscription_id: subscription,
        timestamps_to_return: TimestampsToReturn::Both,
        items_to_create: Some(items),
    };
    Ok(raw.call::<CreateMonitoredItemsResponse>(&request)?.results.unwrap_or_default())
}

const TEMPERATURE: &str = "Line1.EL101.Bath.Temperature";

fn codes(results: &[MonitoredItemCreateResult]) -> Vec<StatusCode> {
    results.iter().map(|it| it.status_code).collect()
}

#[test]
fn mon_02_a_wrong_item_costs_itself_only() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let mut wrong_attribute = item(tag(TEMPERATURE), 1);
    wrong_attribute.item_to_monitor.attribute_id = 77;
    let mut wrong_encoding = item(tag(TEMPERATURE), 1);
    wrong_encoding.item_to_monitor.data_encoding = opcua_types::QualifiedName::new(0, "None such");
    let items = vec![
        item(tag("Line1.Nothing"), 1),
        wrong_attribute,
        wrong_encoding,
        item(tag(TEMPERATURE), 1),
    ];
    let results = create(&mut raw, id, items).unwrap();
    assert_eq!(
        codes(&results),
        [
            StatusCode::BadNodeIdUnknown,
            StatusCode::BadAttributeIdInvalid,
            StatusCode::BadDataEncodingInvalid,
            StatusCode::Good,
        ]
    );
}

#[test]
fn mon_04_and_06_lists_and_subscriptions() {
    let server = Server::with("limits.operations = 5");
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    assert_eq!(create(&mut raw, id, vec![]).unwrap_err(), StatusCode::BadNothingToDo);
    let many = vec![item(tag(TEMPERATURE), 1); 6];
    assert_eq!(create(&mut raw, id, many).unwrap_err(), StatusCode::BadTooManyOperations);
    let none_such = create(&mut raw, 4711, vec![item(tag(TEMPERATURE), 1)]);
    assert_eq!(none_such.unwrap_err(), StatusCode::BadSubscriptionIdInvalid);
}

#[test]
fn mon_07_and_08_queues_and_intervals_are_revised() {
    let server = Server::with("limits.queue_size = 100");
    let mut raw = server.session();
    let id = subscribe(&mut raw, 2000.0).subscription_id;
    for (queue, interval, revised_queue, revised_interval) in [
        (0, -1.0, 1, 2000.0),
        (1, 0.0, 1, 1000.0),
        (u32::MAX, 1.0, 100, 1000.0),
        (5, 2500.0, 5, 3000.0),
    ] {
        let mut asked = item(tag(TEMPERATURE), 1);
        asked.requested_parameters.queue_size = queue;
        asked.requested_parameters.sampling_interval = interval;
        let result = create(&mut raw, id, vec![asked]).unwrap().remove(0);
        assert_eq!(result.revised_queue_size, revised_queue);
        assert!((result.revised_sampling_interval - revised_interval).abs() < 1e-9, "{interval}");
    }
}

#[test]
fn mon_11_and_12_modes_and_deletion() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let item = create(&mut raw, id, vec![item(tag(TEMPERATURE), 1)]).unwrap()[0].monitored_item_id;
    let request = SetMonitoringModeRequest {
        request_header: raw.header(),
        subscription_id: id,
        monitoring_mode: MonitoringMode::Sampling,
        monitored_item_ids: Some(vec![item, 4711]),
    };
    let response: SetMonitoringModeResponse = raw.call(&request).unwrap();
    let invalid = StatusCode::BadMonitoredItemIdInvalid;
    assert_eq!(response.results.unwrap(), [StatusCode::Good, invalid]);
    for expected in [StatusCode::Good, invalid] {
        let request = DeleteMonitoredItemsRequest {
            request_header: raw.header(),
            subscription_id: id,
            monitored_item_ids: Some(vec![item]),
        };
        let response: DeleteMonitoredItemsResponse = raw.call(&request).unwrap();
        assert_eq!(response.results.unwrap(), [expected]);
    }
}

#[test]
fn mon_14_to_19_filters_are_checked_against_their_variable() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let filter = |kind: u32, value: f64| {
        ExtensionObject::from_message(DataChangeFilter {
            trigger: DataChangeTrigger::StatusValue,
            deadband_type: kind,
            deadband_value: value,
        })
    };
    let event = ExtensionObject::from_message(opcua_types::EventFilter::default());
    let unknown = ExtensionObject::from_message(opcua_types::ReadValueId::default());
    for (node, filter, expected) in [
        (tag(TEMPERATURE), filter(1, 2.0), StatusCode::Good),
        (tag(TEMPERATURE), filter(2, 5.0), StatusCode::Good),
        (tag(TEMPERATURE), filter(1, -1.0), StatusCode::BadDeadbandFilterInvalid),
        (tag(TEMPERATURE), filter(2, 101.0), StatusCode::BadDeadbandFilterInvalid),
        (tag(TEMPERATURE), filter(9, 1.0), StatusCode::BadDeadbandFilterInvalid),
        (tag("Line1.EL101.State.PitWater"), filter(1, 1.0), StatusCode::BadFilterNotAllowed),
        (tag("Line1.EL101.Production.LastTapId"), filter(1, 1.0), StatusCode::BadFilterNotAllowed),
        (
            tag("Line1.EL101.State.PhaseTime"),
            filter(2, 1.0),
            StatusCode::BadMonitoredItemFilterUnsupported,
        ),
        (tag(TEMPERATURE), event, StatusCode::BadFilterNotAllowed),
        (tag(TEMPERATURE), unknown, StatusCode::BadMonitoredItemFilterUnsupported),
        (standard(2258), filter(1, 1.0), StatusCode::BadFilterNotAllowed),
    ] {
        let mut asked = item(node.clone(), 1);
        asked.requested_parameters.filter = filter;
        assert_eq!(codes(&create(&mut raw, id, vec![asked]).unwrap()), [expected], "{node}");
    }
}

#[test]
fn mon_21_triggering_takes_and_refuses_links() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let items = vec![item(tag(TEMPERATURE), 1), item(tag(TEMPERATURE), 2)];
    let made = create(&mut raw, id, items).unwrap();
    let mut link = |triggering: u32, add: Vec<u32>| {
        let request = SetTriggeringRequest {
            request_header: raw.header(),
            subscription_id: id,
            triggering_item_id: triggering,
            links_to_add: Some(add),
            links_to_remove: None,
        };
        raw.call::<SetTriggeringResponse>(&request)
    };
    let (one, two) = (made[0].monitored_item_id, made[1].monitored_item_id);
    let invalid = StatusCode::BadMonitoredItemIdInvalid;
    assert_eq!(link(one, vec![two, 99]).unwrap().add_results.unwrap(), [StatusCode::Good, invalid]);
    assert_eq!(link(99, vec![two]).unwrap_err(), invalid);
    assert_eq!(link(one, vec![]).unwrap_err(), StatusCode::BadNothingToDo);
}

/// An aggregate of the temperature.
fn aggregate(function: ObjectId, interval_ms: f64) -> MonitoredItemCreateRequest {
    let mut wanted = item(tag(TEMPERATURE), 7);
    wanted.requested_parameters.queue_size = 10;
    wanted.requested_parameters.filter = ExtensionObject::from_message(AggregateFilter {
        start_time: DateTime::null(),
        aggregate_type: NodeId::new(0, function as u32),
        processing_interval: interval_ms,
        aggregate_configuration: AggregateConfiguration {
            use_server_capabilities_defaults: true,
            ..AggregateConfiguration::default()
        },
    });
    wanted
}

#[test]
fn mon_26_an_average_comes_once_per_interval() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let wanted = vec![aggregate(ObjectId::AggregateFunction_Average, 2000.0)];
    let result = create(&mut raw, id, wanted).unwrap().remove(0);
    assert_eq!(result.status_code, StatusCode::Good);
    let said = result.filter_result.inner_as::<AggregateFilterResult>().unwrap();
    assert_eq!(said.revised_processing_interval.to_bits(), 2000.0_f64.to_bits());
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.extend(values(&published(&mut raw, &[])));
    }
    let times: Vec<i64> = seen.iter().map(|(_, it)| it.source_timestamp.unwrap().ticks()).collect();
    assert!(times.windows(2).all(|it| it[1] - it[0] == 20_000_000), "{times:?}");
    assert_eq!(times[0], said.revised_start_time.ticks());
    for (_, value) in &seen {
        let Some(opcua_types::Variant::Double(mean)) = value.value else { panic!("{value:?}") };
        assert!((900.0..1150.0).contains(&mean));
        assert_eq!(value.status.unwrap().bits() & 0x03, 1, "calculated");
    }
}

#[test]
fn mon_27_an_unknown_aggregate_is_unsupported_and_a_zero_interval_is_revised() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 1000.0).subscription_id;
    let wanted = vec![
        aggregate(ObjectId::AggregateFunction_AnnotationCount, 1000.0),
        aggregate(ObjectId::AggregateFunction_Count, 0.0),
        aggregate(ObjectId::AggregateFunction_Count, f64::NAN),
        aggregate(ObjectId::AggregateFunction_Count, -5.0),
    ];
    let results = create(&mut raw, id, wanted).unwrap();
    let good = StatusCode::Good;
    let unsupported = StatusCode::BadMonitoredItemFilterUnsupported;
    assert_eq!(codes(&results), [unsupported, good, good, good]);
    for result in &results[1..] {
        let said = result.filter_result.inner_as::<AggregateFilterResult>().unwrap();
        assert!(said.revised_processing_interval >= 1000.0);
    }
}

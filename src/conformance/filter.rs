//! 4.12, second part: filters of monitored items (Part 4, 7.22).

use opcua_types::{
    AggregateConfiguration, AggregateFilter, AggregateFilterResult, AttributeId, DataChangeFilter,
    DataChangeTrigger, DateTime, EventFilter, ExtensionObject, MonitoredItemCreateRequest, NodeId,
    QualifiedName, StatusCode, Variant,
};

use crate::conformance::bench::{attribute, standard};
use crate::conformance::expect::{code, codes, equal, good, some, that};
use crate::conformance::item::{FINE, create, item, made, statuses, subscribed};
use crate::conformance::link::Link;
use crate::conformance::subscription::{CLOCK, data, publish, values};
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of filters.
pub(super) const CASES: &[Case] = &[
    case("MON-13", "triggers: status, value, time", mon_13),
    case("MON-14", "an absolute deadband", mon_14),
    case("MON-15", "a deadband where there is no number", mon_15),
    case("MON-16", "deadbands that are none", mon_16),
    case("MON-17", "percent deadbands need a range", mon_17),
    case("MON-18", "event filters are for events", mon_18),
    case("MON-19", "a filter of an unknown type", mon_19),
    case("MON-20", "a change of range or unit shows in the status", mon_20),
    case("MON-26", "an average once per interval", mon_26),
    case("MON-27", "aggregates that there are not", mon_27),
];

fn filtered(node: NodeId, filter: ExtensionObject) -> MonitoredItemCreateRequest {
    let mut item = item(node, 1);
    item.requested_parameters.filter = filter;
    item
}

fn deadband(trigger: DataChangeTrigger, kind: u32, value: f64) -> ExtensionObject {
    ExtensionObject::from_message(DataChangeFilter {
        trigger,
        deadband_type: kind,
        deadband_value: value,
    })
}

fn mon_13(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let status = filtered(standard(CLOCK), deadband(DataChangeTrigger::Status, 0, 0.0));
    made(&mut link, id, status)?;
    data(&mut link)?;
    for _ in 0..2 {
        equal(
            values(&publish(&mut link, &[])?).len(),
            0,
            "values of an item that reports statuses only",
        )?;
    }
    let (mut link, id) = subscribed(bench)?;
    let time = filtered(standard(CLOCK), deadband(DataChangeTrigger::StatusValueTimestamp, 0, 0.0));
    made(&mut link, id, time)?;
    data(&mut link)?;
    data(&mut link).map(|_| ())
}

fn mon_14(bench: &Bench) -> Check {
    let node = bench.material()?.double()?.node.clone();
    let (mut link, id) = subscribed(bench)?;
    let wide = filtered(node, deadband(DataChangeTrigger::StatusValue, 1, 1e12));
    made(&mut link, id, wide)?;
    let (_, first) = some(values(&data(&mut link)?).into_iter().next(), "the first value")?;
    that(first.value.is_some(), "the first value is empty")?;
    for _ in 0..3 {
        let more = values(&publish(&mut link, &[])?);
        let moved = more.iter().filter(|(_, it)| it.status == first.status).count();
        equal(moved, 0, "values within the deadband")?;
    }
    Ok(())
}

fn mon_15(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let band = || deadband(DataChangeTrigger::StatusValue, 1, 1.0);
    let mut name = filtered(standard(CLOCK), band());
    name.item_to_monitor = attribute(standard(CLOCK), AttributeId::DisplayName);
    let items = vec![filtered(standard(2255), band()), filtered(standard(2256), band()), name];
    let wanted: &[StatusCode] = &[
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadMonitoredItemFilterInvalid,
    ];
    codes(
        &statuses(&create(&mut link, id, items)?),
        &[wanted; 3],
        "a deadband where there is no number",
    )
}

fn mon_16(bench: &Bench) -> Check {
    let node = bench.material()?.double()?.node.clone();
    let (mut link, id) = subscribed(bench)?;
    let items = vec![
        filtered(node.clone(), deadband(DataChangeTrigger::StatusValue, 1, -1.0)),
        filtered(node, deadband(DataChangeTrigger::StatusValue, 9, 1.0)),
    ];
    let wanted: &[StatusCode] = &[
        StatusCode::BadDeadbandFilterInvalid,
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadMonitoredItemFilterInvalid,
    ];
    codes(&statuses(&create(&mut link, id, items)?), &[wanted; 2], "deadbands that are none")
}

fn mon_17(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let percent = |value| deadband(DataChangeTrigger::StatusValue, 2, value);
    let without = create(&mut link, id, vec![filtered(standard(2267), percent(10.0))])?;
    let none = [
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadDeadbandFilterInvalid,
    ];
    code(without[0].status_code, &none, "a percent deadband without a range")?;
    let analog = analog(bench, &mut link)?;
    let items = [10.0, 0.0, 100.0, 101.0].map(|it| filtered(analog.clone(), percent(it))).to_vec();
    let wanted: [&[StatusCode]; 4] = [FINE, FINE, FINE, &[StatusCode::BadDeadbandFilterInvalid]];
    codes(&statuses(&create(&mut link, id, items)?), &wanted, "percent deadbands")
}

/// A variable with an EURange.
fn analog(bench: &Bench, link: &mut Link) -> Result<NodeId, Stop> {
    let doubles =
        bench.material()?.variables.iter().filter(|it| matches!(it.value, Variant::Double(_)));
    let nodes: Vec<NodeId> = doubles.map(|it| it.node.clone()).take(100).collect();
    let paths = nodes.iter().map(|node| opcua_types::BrowsePath {
        starting_node: node.clone(),
        relative_path: opcua_types::RelativePath {
            elements: Some(vec![opcua_types::RelativePathElement {
                reference_type_id: standard(46),
                is_inverse: false,
                include_subtypes: true,
                target_name: QualifiedName::new(0, "EURange"),
            }]),
        },
    });
    let request = opcua_types::TranslateBrowsePathsToNodeIdsRequest {
        request_header: link.header(),
        browse_paths: Some(paths.collect()),
    };
    if nodes.is_empty() {
        return Err(Stop::skipped("the server has no Double below Objects"));
    }
    let response: opcua_types::TranslateBrowsePathsToNodeIdsResponse =
        good(link.call(&request)?, "TranslateBrowsePathsToNodeIds")?;
    let results = response.results.unwrap_or_default();
    let found = nodes.into_iter().zip(results).find(|(_, result)| result.status_code.is_good());
    found
        .map(|(node, _)| node)
        .ok_or_else(|| Stop::skipped("the server has no variable with an EURange"))
}

fn mon_18(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let of_variable =
        filtered(standard(CLOCK), ExtensionObject::from_message(EventFilter::default()));
    let mut of_events = filtered(standard(2253), deadband(DataChangeTrigger::StatusValue, 0, 0.0));
    of_events.item_to_monitor = attribute(standard(2253), AttributeId::EventNotifier);
    let wanted: &[StatusCode] = &[
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadMonitoredItemFilterInvalid,
        StatusCode::BadEventFilterInvalid,
    ];
    let got = statuses(&create(&mut link, id, vec![of_variable, of_events])?);
    codes(&got, &[wanted, wanted], "filters in the wrong place")
}

fn mon_19(bench: &Bench) -> Check {
    let (mut link, id) = subscribed(bench)?;
    let strange = ExtensionObject::from_message(opcua_types::EUInformation::default());
    let result = create(&mut link, id, vec![filtered(standard(CLOCK), strange)])?;
    let wanted = [
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadMonitoredItemFilterInvalid,
        StatusCode::BadFilterNotAllowed,
    ];
    code(result[0].status_code, &wanted, "a filter of an unknown type")
}

fn mon_20(bench: &Bench) -> Check {
    let material = bench.material()?;
    let (node, range) = (material.need("Analog.Double")?, material.need("Analog.Double.EURange")?);
    let (mut link, id) = subscribed(bench)?;
    made(&mut link, id, item(node, 1))?;
    data(&mut link)?;
    let before = crate::conformance::bench::read_one(&mut link, &range)?;
    let new = ExtensionObject::from_message(opcua_types::Range { low: -5.0, high: 205.0 });
    for value in [Variant::from(new), before] {
        let request = opcua_types::WriteRequest {
            request_header: link.header(),
            nodes_to_write: Some(vec![opcua_types::WriteValue {
                node_id: range.clone(),
                attribute_id: AttributeId::Value as u32,
                value: opcua_types::DataValue::value_only(value),
                ..opcua_types::WriteValue::default()
            }]),
        };
        let response: opcua_types::WriteResponse = good(link.call(&request)?, "Write")?;
        codes(&response.results.unwrap_or_default(), &[FINE], "writing EURange")?;
    }
    let (_, changed) = some(values(&data(&mut link)?).into_iter().next(), "the next value")?;
    let bits = changed.status.map_or(0, |it| it.bits());
    that(bits & 0x4000 != 0, format!("status {bits:#x} lacks SemanticsChanged"))
}

fn aggregate(node: &NodeId, function: u32, interval_ms: f64) -> MonitoredItemCreateRequest {
    let mut item = filtered(
        node.clone(),
        ExtensionObject::from_message(AggregateFilter {
            start_time: DateTime::null(),
            aggregate_type: standard(function),
            processing_interval: interval_ms,
            aggregate_configuration: AggregateConfiguration {
                use_server_capabilities_defaults: true,
                ..AggregateConfiguration::default()
            },
        }),
    );
    item.requested_parameters.queue_size = 10;
    item
}

/// AggregateFunction_Average.
const AVERAGE: u32 = 2342;

fn mon_26(bench: &Bench) -> Check {
    let node = bench.material()?.double()?.node.clone();
    let (mut link, id) = subscribed(bench)?;
    let result =
        some(create(&mut link, id, vec![aggregate(&node, AVERAGE, 1000.0)])?.pop(), "the result")?;
    let without = [StatusCode::BadMonitoredItemFilterUnsupported, StatusCode::BadFilterNotAllowed];
    if without.contains(&result.status_code) {
        return Err(Stop::skipped("the server has no aggregate filters"));
    }
    code(result.status_code, FINE, "an average")?;
    let revised = result.filter_result.inner_as::<AggregateFilterResult>();
    let interval = some(revised, "the AggregateFilterResult")?.revised_processing_interval;
    let mut times = Vec::new();
    while times.len() < 3 {
        times.extend(values(&data(&mut link)?).iter().filter_map(|(_, it)| it.source_timestamp));
    }
    for pair in times.windows(2) {
        let span = (pair[1].ticks() - pair[0].ticks()) as f64 / 1e4;
        that(
            (span - interval).abs() < 1.0,
            format!("{span} ms between averages of {interval} ms"),
        )?;
    }
    Ok(())
}

fn mon_27(bench: &Bench) -> Check {
    let node = bench.material()?.double()?.node.clone();
    let (mut link, id) = subscribed(bench)?;
    let results = create(
        &mut link,
        id,
        vec![aggregate(&node, 999_999, 1000.0), aggregate(&node, AVERAGE, 0.0)],
    )?;
    let unsupported: &[StatusCode] = &[
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadAggregateNotSupported,
        StatusCode::BadMonitoredItemFilterInvalid,
    ];
    let maybe = [unsupported, FINE].concat();
    codes(&statuses(&results), &[unsupported, &maybe], "aggregates")
}

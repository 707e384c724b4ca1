//! Many alarms at once: two thousand come in one scan, and twenty clients hear every one (AC-27).

use std::collections::BTreeSet;
use std::time::Duration;

use cellhouse::time;
use opcua_types::{
    AttributeId, CreateMonitoredItemsRequest, CreateMonitoredItemsResponse,
    CreateSubscriptionRequest, CreateSubscriptionResponse, DataValue, EventFilter,
    EventNotificationList, ExtensionObject, MonitoredItemCreateRequest, MonitoringMode,
    MonitoringParameters, NodeId, PublishRequest, PublishResponse, QualifiedName, ReadValueId,
    SimpleAttributeOperand, StatusCode, SubscriptionAcknowledgement, TimestampsToReturn, Variant,
    WriteRequest, WriteResponse, WriteValue,
};

use crate::raw::{Raw, Server, standard, tag};

/// Clients that listen at the Server object.
const CLIENTS: usize = 20;
/// Fields of an alarm list: the type that declares each, and its path.
const FIELDS: &[(u32, &str)] = &[
    (2041, "EventId"),
    (2041, "EventType"),
    (2041, "SourceNode"),
    (2041, "SourceName"),
    (2041, "Time"),
    (2041, "ReceiveTime"),
    (2041, "Message"),
    (2041, "Severity"),
    (2782, "ConditionName"),
    (2782, "ConditionClassName"),
    (2782, "BranchId"),
    (2782, "Retain"),
    (2782, "EnabledState/Id"),
    (2782, "Quality"),
    (2782, "LastSeverity"),
    (2782, "Comment"),
    (2782, "ClientUserId"),
    (2881, "AckedState/Id"),
    (2881, "ConfirmedState/Id"),
    (2915, "ActiveState"),
    (2915, "ActiveState/Id"),
    (2915, "InputNode"),
    (2915, "SuppressedOrShelved"),
    (2915, "ShelvingState/CurrentState"),
    (9341, "LimitState/CurrentState"),
];
/// Writes that the engine's queue takes at once.
const BATCH: usize = 200;
/// Places of some of them.
const TIME: usize = 4;
const NAME: usize = 8;
const SOURCE: usize = 3;
const ACTIVE: usize = 20;

fn clause((declared, path): &(u32, &str)) -> SimpleAttributeOperand {
    SimpleAttributeOperand {
        type_definition_id: standard(*declared),
        browse_path: Some(path.split('/').map(|it| QualifiedName::new(0, it)).collect()),
        attribute_id: AttributeId::Value as u32,
        index_range: opcua_types::NumericRange::None,
    }
}

/// Listens at the Server object, in a queue for so many events.
pub(crate) fn listen(raw: &mut Raw, queue_size: u32) -> u32 {
    let request = CreateSubscriptionRequest {
        request_header: raw.header(),
        requested_publishing_interval: 100.0,
        requested_lifetime_count: 1000,
        requested_max_keep_alive_count: 10,
        // What this client decodes at once.
        max_notifications_per_publish: 500,
        publishing_enabled: true,
        ..CreateSubscriptionRequest::default()
    };
    let id = raw.call::<CreateSubscriptionResponse>(&request).unwrap().subscription_id;
    let filter = EventFilter {
        select_clauses: Some(FIELDS.iter().map(clause).collect()),
        ..EventFilter::default()
    };
    let request = CreateMonitoredItemsRequest {
        request_header: raw.header(),
        subscription_id: id,
        timestamps_to_return: TimestampsToReturn::Both,
        items_to_create: Some(vec![MonitoredItemCreateRequest {
            item_to_monitor: ReadValueId {
                node_id: standard(2253),
                attribute_id: AttributeId::EventNotifier as u32,
                ..ReadValueId::default()
            },
            monitoring_mode: MonitoringMode::Reporting,
            requested_parameters: MonitoringParameters {
                client_handle: 1,
                sampling_interval: 0.0,
                filter: ExtensionObject::from_message(filter),
                queue_size,
                discard_oldest: true,
            },
        }]),
    };
    let response: CreateMonitoredItemsResponse = raw.call(&request).unwrap();
    let result = &response.results.unwrap()[0];
    assert_eq!(result.status_code, StatusCode::Good);
    assert_eq!(result.revised_queue_size, queue_size);
    id
}

fn publish(raw: &mut Raw, acknowledge: Option<SubscriptionAcknowledgement>) {
    let request = PublishRequest {
        request_header: raw.header(),
        subscription_acknowledgements: acknowledge.map(|it| vec![it]),
    };
    raw.ask(&request);
}

/// Limits that are passed at once when they are written: path below an electrolyzer, and value. None is of an alarm
/// of low priority only, which a flood hides should a scan lie between two writes (domain B9).
const LIMITS: &[(&str, &str, f64)] = &[
    ("Alarms.BathTemperature", "HighLimit", 0.0),
    ("Alarms.ShellTemperature", "HighLimit", 0.0),
    ("Alarms.OxideHigh", "HighLimit", 0.0),
    ("Alarms.BathLevel", "HighLimit", 0.0),
    ("Alarms.AnodeWorn", "LowLimit", 1000.0),
    ("Alarms.MetalLevel", "HighLimit", 0.0),
    ("Alarms.AnodeEffectWarning", "HighLimit", 0.0),
    ("Alarms.BathTemperatureRate", "HighLimit", -2.9),
    ("Feeder.Alarms.HopperLow", "LowLimit", 100.0),
];

fn write(raw: &mut Raw, values: &[(NodeId, f64)]) {
    for part in values.chunks(BATCH) {
        let write = |(node_id, value): &(NodeId, f64)| WriteValue {
            node_id: node_id.clone(),
            attribute_id: AttributeId::Value as u32,
            value: DataValue { value: Some(Variant::from(*value)), ..DataValue::default() },
            ..WriteValue::default()
        };
        let request = WriteRequest {
            request_header: raw.header(),
            nodes_to_write: Some(part.iter().map(write).collect()),
        };
        let response: WriteResponse = raw.call(&request).unwrap();
        let wrong = response.results.unwrap().into_iter().zip(part).find(|it| it.0.is_bad());
        assert_eq!(wrong, None);
    }
}

/// What one client has heard.
#[derive(Default)]
struct Heard {
    alarms: BTreeSet<(String, String)>,
    /// Time of the last event, and when it was here.
    last: Option<(i64, i64)>,
}

fn take(raw: &mut Raw, heard: &mut Heard, wanted: usize) {
    while heard.alarms.len() < wanted {
        let response: PublishResponse = raw.answer().unwrap();
        let here = time::now().ticks();
        let sequence_number = response.notification_message.sequence_number;
        let subscription_id = response.subscription_id;
        publish(raw, Some(SubscriptionAcknowledgement { subscription_id, sequence_number }));
        let lists = response.notification_message.notification_data.unwrap_or_default();
        for list in lists.iter().filter_map(|it| it.inner_as::<EventNotificationList>()) {
            for event in list.events.iter().flatten() {
                let fields = event.event_fields.as_deref().unwrap();
                if fields[ACTIVE] != Variant::Boolean(true) {
                    continue;
                }
                let Variant::DateTime(at) = &fields[TIME] else { panic!("no time") };
                heard.alarms.insert((fields[SOURCE].to_string(), fields[NAME].to_string()));
                heard.last = Some((at.ticks(), here));
            }
        }
    }
}

/// Brings more than two thousand alarms of the site of 15,000 t/y in one scan to twenty listeners: how many came,
/// and after how long the last of them was with the last client.
pub(crate) fn mass() -> (usize, Duration) {
    let root = env!("CARGO_MANIFEST_DIR");
    let plant = format!("{root}/config/plant-15000.toml");
    let server =
        Server::with_arguments("anonymous_roles = [\"Engineer\"]\n", &["--config", &plant]);
    let mut clients: Vec<Raw> = (0..CLIENTS).map(|_| server.session()).collect();
    for raw in &mut clients {
        listen(raw, 5000);
        (0..4).for_each(|_| publish(raw, None));
    }
    let mut writer = server.session();
    let cells = cells(&plant);
    let of = |cell: &String| -> Vec<(NodeId, f64)> {
        LIMITS
            .iter()
            .map(|(path, limit, to)| (tag(&format!("{cell}.{path}.{limit}")), *to))
            .collect()
    };
    // Delays of an hour first: all shall come in the same scan.
    let delay = |ms: f64| -> Vec<(NodeId, f64)> {
        let alarms = cells.iter().flat_map(|cell| LIMITS.iter().map(move |it| (cell, it.0)));
        alarms.map(|(cell, path)| (tag(&format!("{cell}.{path}.OnDelay")), ms)).collect()
    };
    write(&mut writer, &delay(3_600_000.0));
    // Below the low limit nothing may lie: it goes first.
    for (limit, at) in [("LowLowLimit", -2.0), ("LowLimit", -1.0)] {
        for alarm in ["BathTemperature", "BathLevel"] {
            let of = |cell| (tag(&format!("{cell}.Alarms.{alarm}.{limit}")), at);
            write(&mut writer, &cells.iter().map(of).collect::<Vec<_>>());
        }
    }
    write(&mut writer, &cells.iter().flat_map(of).collect::<Vec<_>>());
    write(&mut writer, &delay(0.0));
    let wanted = cells.len() * LIMITS.len();
    let mut heard: Vec<Heard> = clients.iter().map(|_| Heard::default()).collect();
    std::thread::scope(|scope| {
        for (raw, heard) in clients.iter_mut().zip(&mut heard) {
            scope.spawn(move || take(raw, heard, wanted));
        }
    });
    let longest = heard.iter().filter_map(|it| it.last.map(|(at, here)| here - at)).max();
    let ticks = longest.unwrap_or(0).max(0).unsigned_abs();
    (wanted, Duration::from_nanos(100 * ticks))
}

/// Paths of all electrolyzers.
fn cells(plant: &str) -> Vec<String> {
    let config = cellhouse::config::load_plant(std::path::Path::new(plant)).unwrap();
    let path = |it: &cellhouse::config::ElectrolyzerConfig| {
        format!("{}.{}", config.lines[it.line].name, it.name)
    };
    config.electrolyzers.iter().map(path).collect()
}

#[test]
fn ac_27_two_thousand_alarms_reach_twenty_clients_and_none_is_lost() {
    let (count, longest) = mass();
    println!("{count} alarms to {CLIENTS} clients, the last after {longest:?}");
    assert!(count > 2000);
}

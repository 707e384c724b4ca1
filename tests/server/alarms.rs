//! Alarms over the wire, where it matters when something is said and what is left after a power cut. What
//! conditions do besides is shown by the conformance runner (AC-*).

use std::collections::BTreeSet;

use opcua_types::{
    AttributeId, ByteString, CallMethodRequest, CallRequest, CallResponse, ContentFilter,
    DataValue, EventFilter, EventNotificationList, ExtensionObject, LocalizedText,
    MonitoredItemCreateRequest, NodeId, QualifiedName, ReadValueId, SimpleAttributeOperand,
    StatusCode, Variant, WriteRequest, WriteResponse, WriteValue,
};

use crate::items::{create, item, subscribe};
use crate::publishing::published;
use crate::raw::{Raw, Server, eventually, standard, tag};
use crate::values::{read, value};

/// An anonymous client that may do everything: there is no password to be had on security None.
const ENGINEER: &str =
    "anonymous_roles = [\"Observer\", \"Operator\", \"Supervisor\", \"Engineer\"]\n";

const REFRESH_START: u32 = 2787;
const REFRESH_END: u32 = 2788;
const LEVEL: &str = "ExclusiveLevel";

const ACKNOWLEDGE: u32 = 9111;
const CONFIRM: u32 = 9113;
const DISABLE: u32 = 9028;
const TIMED_SHELVE: u32 = 2949;
const TIMED_SHELVE_2: u32 = 24_756;
const UNSHELVE_2: u32 = 24_758;
const REMOVE_FROM_SERVICE: u32 = 17_869;
const REFRESH: u32 = 3875;
const REFRESH_2: u32 = 12_912;

/// What a listener asks for: EventType, EventId, ConditionName, Retain, ActiveState, BranchId.
fn listener(handle: u32) -> MonitoredItemCreateRequest {
    let fields = [
        (2041, "EventType"),
        (2041, "EventId"),
        (2782, "ConditionName"),
        (2782, "Retain"),
        (2915, "ActiveState.Id"),
        (2782, "BranchId"),
    ];
    let select = fields.iter().map(|(kind, path)| SimpleAttributeOperand {
        type_definition_id: standard(*kind),
        browse_path: Some(path.split('.').map(|it| QualifiedName::new(0, it)).collect()),
        attribute_id: AttributeId::Value as u32,
        ..SimpleAttributeOperand::default()
    });
    let filter = EventFilter {
        select_clauses: Some(select.collect()),
        where_clause: ContentFilter { elements: None },
    };
    let mut item = item(tag("AlarmFixture"), handle);
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    item.requested_parameters.filter = ExtensionObject::from_message(filter);
    item.requested_parameters.queue_size = 1000;
    item
}

/// An event, and the item that heard it.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    handle: u32,
    fields: Vec<Variant>,
}

impl Heard {
    fn is_a(&self, kind: u32) -> bool {
        self.fields[0] == standard(kind).into()
    }

    fn is_of(&self, name: &str) -> bool {
        self.fields[2] == name.into()
    }

    fn is_active(&self) -> Option<bool> {
        match self.fields[4] {
            Variant::Boolean(is) => Some(is),
            _ => None,
        }
    }

    fn id(&self) -> Vec<u8> {
        match &self.fields[1] {
            Variant::ByteString(id) => id.value.clone().unwrap_or_default(),
            other => panic!("{other:?} is no EventId"),
        }
    }
}

/// A client that listens to the fixture's alarms.
struct Ear {
    raw: Raw,
    subscription: u32,
    items: Vec<u32>,
    heard: Vec<Heard>,
}

impl Ear {
    /// With so many items, whose handles count from 1.
    fn open(server: &Server, items: u32) -> Self {
        let mut raw = server.session();
        let subscription = subscribe(&mut raw, 50.0).subscription_id;
        let made = create(&mut raw, subscription, (1..=items).map(listener).collect()).unwrap();
        let items = made.iter().map(|it| it.monitored_item_id).collect();
        assert!(made.iter().all(|it| it.status_code.is_good()), "{made:?}");
        Self { raw, subscription, items, heard: Vec::new() }
    }

    fn pull(&mut self) -> usize {
        let response = published(&mut self.raw, &[]);
        let before = self.heard.len();
        let data = response.notification_message.notification_data.into_iter().flatten();
        for list in data {
            let list = list.inner_as::<EventNotificationList>().unwrap();
            self.heard.extend(list.events.iter().flatten().map(|it| Heard {
                handle: it.client_handle,
                fields: it.event_fields.clone().unwrap(),
            }));
        }
        self.heard.len() - before
    }

    /// Pulls until an event has come for which `wanted` holds; the last such one.
    fn until(&mut self, what: &str, wanted: impl Fn(&Heard) -> bool) -> Heard {
        let mut found = None;
        eventually(what, || {
            found = self.heard.iter().rfind(|it| wanted(it)).cloned();
            found.is_some() || {
                self.pull();
                false
            }
        });
        found.unwrap()
    }

    fn refresh(&mut self) -> StatusCode {
        let of = Variant::UInt32(self.subscription);
        call(&mut self.raw, standard(2782), REFRESH, vec![of])
    }
}

fn request(object: NodeId, method: u32, arguments: Vec<Variant>) -> CallMethodRequest {
    CallMethodRequest {
        object_id: object,
        method_id: standard(method),
        input_arguments: Some(arguments),
    }
}

fn calls(raw: &mut Raw, methods: Vec<CallMethodRequest>) -> Vec<StatusCode> {
    let request = CallRequest { request_header: raw.header(), methods_to_call: Some(methods) };
    let results = raw.call::<CallResponse>(&request).unwrap().results.unwrap();
    results.iter().map(|it| it.status_code).collect()
}

fn call(raw: &mut Raw, object: NodeId, method: u32, arguments: Vec<Variant>) -> StatusCode {
    calls(raw, vec![request(object, method, arguments)])[0]
}

fn condition(name: &str) -> NodeId {
    tag(&format!("AlarmFixture.Alarms.{name}"))
}

fn act(raw: &mut Raw, name: &str, method: u32, arguments: Vec<Variant>) {
    let status = call(raw, condition(name), method, arguments);
    assert_eq!(status, StatusCode::Good, "method {method} of {name}");
}

/// An EventId and a comment.
fn about(id: &[u8], comment: &str) -> Vec<Variant> {
    vec![
        Variant::ByteString(ByteString::from(id.to_vec())),
        LocalizedText::new("en", comment).into(),
    ]
}

/// Writes to a source of the fixture's alarms.
pub(crate) fn write(raw: &mut Raw, path: &str, value: impl Into<Variant>) {
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(vec![WriteValue {
            node_id: tag(&format!("AlarmFixture.{path}")),
            attribute_id: AttributeId::Value as u32,
            value: DataValue::value_only(value.into()),
            ..WriteValue::default()
        }]),
    };
    let results = raw.call::<WriteResponse>(&request).unwrap().results.unwrap();
    assert!(results[0].is_good(), "{path}: {}", results[0]);
}

fn told(raw: &mut Raw, path: &str) -> Variant {
    let node = tag(&format!("AlarmFixture.Alarms.{path}"));
    read(raw, 0.0, vec![value(node)]).unwrap().remove(0).value.unwrap_or_default()
}

/// Ids of events outside every refresh; inside them are conditions of interest only.
fn live(heard: &[Heard]) -> BTreeSet<Vec<u8>> {
    let mut is_inside = false;
    let mut all = BTreeSet::new();
    for event in heard {
        if event.is_a(REFRESH_START) || event.is_a(REFRESH_END) {
            assert_ne!(is_inside, event.is_a(REFRESH_START), "a refresh within a refresh");
            is_inside = event.is_a(REFRESH_START);
        } else if is_inside {
            assert_eq!(event.fields[3], true.into(), "{event:?} is in a refresh");
        } else {
            assert!(all.insert(event.id()), "{event:?} was told twice");
        }
    }
    assert!(!is_inside, "a refresh has no end");
    all
}

#[test]
fn ac_14_refreshes_while_alarms_change_are_whole_and_lose_nothing() {
    let server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let mut hand = server.session();
    let (mut still, mut restless) = (Ear::open(&server, 1), Ear::open(&server, 1));
    let mut refreshes = 0;
    for (value, on) in [(95.0, true), (50.0, false), (5.0, true), (50.0, false)] {
        write(&mut hand, "AnalogSource", value);
        write(&mut hand, "BooleanSource", on);
        let from = still.heard.len();
        eventually("the alarm follows its source", || {
            refreshes += usize::from(restless.refresh().is_good());
            restless.pull();
            still.pull();
            still.heard[from..].iter().any(|it| it.is_of(LEVEL) && it.is_active() == Some(on))
        });
    }
    eventually("everything was told to both", || still.pull() + restless.pull() == 0);
    assert!(refreshes >= 4, "{refreshes} refreshes were taken");
    let ends = restless.heard.iter().filter(|it| it.is_a(REFRESH_END)).count();
    assert_eq!(ends, refreshes);
    let (quiet, busy) = (live(&still.heard), live(&restless.heard));
    assert!(quiet.len() > 20, "{} events", quiet.len());
    assert_eq!(quiet, busy);
}

#[test]
fn ac_15_a_refresh_is_refused_while_the_one_before_is_on_its_way() {
    let server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let mut ear = Ear::open(&server, 1);
    let refresh = request(standard(2782), REFRESH, vec![Variant::UInt32(ear.subscription)]);
    let statuses = calls(&mut ear.raw, vec![refresh; 3]);
    let busy = StatusCode::BadRefreshInProgress;
    assert_eq!(statuses, [StatusCode::Good, busy, busy]);
    ear.until("the refresh ends", |it| it.is_a(REFRESH_END));
    assert_eq!(ear.refresh(), StatusCode::Good);
    let mut other = Ear::open(&server, 1);
    let own = std::mem::replace(&mut other.subscription, ear.subscription);
    assert_eq!(other.refresh(), StatusCode::BadSubscriptionIdInvalid);
    assert_ne!(own, ear.subscription);
}

#[test]
fn ac_16_a_refresh_of_one_item_is_told_to_that_item_alone() {
    let server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let mut hand = server.session();
    let mut ear = Ear::open(&server, 2);
    write(&mut hand, "AnalogSource", 95.0);
    ear.until("the alarm", |it| it.handle == 2 && it.is_of(LEVEL) && it.is_active() == Some(true));
    ear.heard.clear();
    let arguments = vec![Variant::UInt32(ear.subscription), Variant::UInt32(ear.items[1])];
    let status = call(&mut ear.raw, standard(2782), REFRESH_2, arguments);
    assert_eq!(status, StatusCode::Good);
    ear.until("the refresh ends", |it| it.is_a(REFRESH_END));
    assert!(ear.heard.iter().any(|it| it.is_of(LEVEL)));
    let start = ear.heard.iter().position(|it| it.is_a(REFRESH_START)).unwrap();
    let end = ear.heard.iter().position(|it| it.is_a(REFRESH_END)).unwrap();
    assert!(ear.heard[start..=end].iter().all(|it| it.handle == 2), "{:?}", ear.heard);
}

#[test]
fn ac_25_what_people_have_done_to_alarms_outlives_a_power_cut() {
    let mut server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let mut hand = server.session();
    let mut ear = Ear::open(&server, 1);
    write(&mut hand, "AnalogSource", 95.0);
    let event = ear.until("the alarm", |it| it.is_of(LEVEL) && it.is_active() == Some(true)).id();
    act(&mut hand, "ExclusiveLimit", DISABLE, Vec::new());
    act(&mut hand, "NonExclusiveLevel", TIMED_SHELVE, vec![Variant::Double(3_600_000.0)]);
    act(&mut hand, "NonExclusiveLimit", REMOVE_FROM_SERVICE, Vec::new());
    write(&mut hand, "Alarms.ExclusiveDeviation.HighLimit", 12.5);
    act(&mut hand, LEVEL, ACKNOWLEDGE, about(&event, "seen before the lights went out"));
    server.cut_and_start();
    let mut hand = server.session();
    assert_eq!(told(&mut hand, "ExclusiveLevel.AckedState.Id"), true.into());
    assert_eq!(told(&mut hand, "ExclusiveLevel.ConfirmedState.Id"), false.into());
    let Variant::LocalizedText(comment) = told(&mut hand, "ExclusiveLevel.Comment") else {
        panic!("no comment")
    };
    assert_eq!(comment.text.as_ref(), "seen before the lights went out");
    assert_eq!(told(&mut hand, "ExclusiveLimit.EnabledState.Id"), false.into());
    let shelved = "NonExclusiveLevel.ShelvingState";
    let state = told(&mut hand, &format!("{shelved}.CurrentState.Id"));
    assert_eq!(state, standard(2932).into());
    let Variant::Double(left_ms) = told(&mut hand, &format!("{shelved}.UnshelveTime")) else {
        panic!("no UnshelveTime")
    };
    assert!((3_500_000.0..=3_600_000.0).contains(&left_ms), "{left_ms} ms are left");
    assert_eq!(told(&mut hand, "NonExclusiveLimit.OutOfServiceState.Id"), true.into());
    assert_eq!(told(&mut hand, "ExclusiveDeviation.HighLimit"), Variant::Double(12.5));

    // A client that comes again finds what is open, and the event that it knows from before still leads there.
    let mut ear = Ear::open(&server, 1);
    assert_eq!(ear.refresh(), StatusCode::Good);
    ear.until("the refresh ends", |it| it.is_a(REFRESH_END));
    let names: Vec<bool> = [LEVEL, "ExclusiveLimit"]
        .iter()
        .map(|name| ear.heard.iter().any(|it| it.is_of(name) && it.fields[3] == true.into()))
        .collect();
    assert_eq!(names, [true, false], "{:?}", ear.heard);
    act(&mut hand, LEVEL, CONFIRM, about(&event, "and after"));
    assert_eq!(told(&mut hand, "ExclusiveLevel.ConfirmedState.Id"), true.into());
    let ids: BTreeSet<Vec<u8>> = ear.heard.iter().map(Heard::id).collect();
    write(&mut hand, "BooleanSource", true);
    let anew = ear.until("a new event", |it| it.is_of("OffNormal") && it.is_active() == Some(true));
    assert!(!ids.contains(&anew.id()));
}

#[test]
fn a_condition_has_the_optional_nodes_that_are_claimed() {
    let server = Server::with_arguments(ENGINEER, &["--fixture"]);
    let mut raw = server.session();
    let level = [
        "ActiveState.TransitionTime",
        "ActiveState.EffectiveDisplayName",
        "AckedState.TransitionTime",
        "ConfirmedState.Id",
        "SuppressedState.Id",
        "OutOfServiceState.Id",
        "SilenceState.Id",
        "ShelvingState.LastTransition.Id",
        "Suppress2",
        "Unsuppress2",
        "RemoveFromService2",
        "PlaceInService2",
        "SeverityHigh",
        "HighDeadband",
        "FirstInGroupFlag",
        "GetGroupMemberships",
    ];
    let level = level.iter().map(|it| format!("ExclusiveLevel.{it}"));
    let others = ["Dialog.Respond2", "Trip.LatchedState.Id", "Discrepancy.TargetValueNode"];
    let paths: Vec<String> = level.chain(others.iter().map(|it| (*it).to_owned())).collect();
    let browse_name = |path: &String| ReadValueId {
        node_id: condition(path),
        attribute_id: AttributeId::BrowseName as u32,
        ..ReadValueId::default()
    };
    let names = read(&mut raw, 0.0, paths.iter().map(browse_name).collect()).unwrap();
    let lacking: Vec<&String> = paths
        .iter()
        .zip(&names)
        .filter(|(_, name)| !matches!(name.value, Some(Variant::QualifiedName(_))))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(lacking, Vec::<&String>::new());
    // Their type alone shows these, and every condition takes them by its ids.
    let shelving = condition("ExclusiveLevel.ShelvingState");
    let comment = || Variant::from(LocalizedText::new("en", "it is cleaned"));
    let timed = vec![Variant::Double(60_000.0), comment()];
    assert_eq!(call(&mut raw, shelving.clone(), TIMED_SHELVE_2, timed), StatusCode::Good);
    assert_eq!(call(&mut raw, shelving, UNSHELVE_2, vec![comment()]), StatusCode::Good);
}

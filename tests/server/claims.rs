//! What the server claims (tests/conformance/claims.toml), and units that no other test shows.

use opcua_types::{
    AttributeId, DataChangeFilter, DataChangeTrigger, DataValue, DateTime, ExtensionObject,
    GetEndpointsRequest, GetEndpointsResponse, NodeId, PublishRequest, PublishResponse, Range,
    ServerState, ServerStatusDataType, StatusCode, UAString, UserTokenType, VariableId, Variant,
    WriteRequest, WriteResponse, WriteValue,
};

use crate::items::{create, item, subscribe};
use crate::publishing::{published, values};
use crate::raw::{Raw, Server, standard, tag};
use crate::values::{read, value};

/// Changes at every scan.
const ALIVE: &str = "Line1.EL101.State.PhaseTime";

/// A variable of the Server object.
fn told(raw: &mut Raw, variable: VariableId) -> Variant {
    let read = read(raw, 0.0, vec![value(standard(variable as u32))]).unwrap().remove(0);
    assert_eq!(read.status.unwrap_or(StatusCode::Good), StatusCode::Good, "{variable:?}");
    read.value.unwrap()
}

/// Texts or names of an array, sorted.
fn names(array: Variant) -> Vec<String> {
    let Variant::Array(array) = array else { panic!("{array:?} is no array") };
    let mut names: Vec<String> = array
        .values
        .into_iter()
        .map(|it| match it {
            Variant::String(text) => text.as_ref().to_owned(),
            Variant::QualifiedName(name) => {
                assert_eq!(name.namespace_index, 0);
                name.name.as_ref().to_owned()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    names.sort();
    names
}

#[test]
fn the_server_claims_what_the_table_says() {
    let table: toml::Table = include_str!("../conformance/claims.toml").parse().unwrap();
    let rows = |name: &str| table[name].as_array().unwrap().clone();
    let number = |it: &toml::Value| it.as_integer().unwrap();
    let numbers = |row: &toml::Value, key: &str| -> Vec<i64> {
        row.get(key).map_or(Vec::new(), |it| it.as_array().unwrap().iter().map(number).collect())
    };
    let units = rows("unit");
    let is_claimed = |row: &toml::Value| row["claimed"].as_bool().unwrap();
    let mut claimed: Vec<String> = units
        .iter()
        .filter(|it| is_claimed(it))
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect();
    claimed.sort();
    let server = Server::start();
    let mut raw = server.session();
    let told_units = told(&mut raw, VariableId::Server_ServerCapabilities_ConformanceUnits);
    assert_eq!(names(told_units), claimed);

    // A profile is told only if no mandatory unit of its own, or of those it includes, is missing.
    let profiles = rows("profile");
    let told_profiles =
        names(told(&mut raw, VariableId::Server_ServerCapabilities_ServerProfileArray));
    assert!(!told_profiles.is_empty());
    for uri in told_profiles {
        let lacks = |id: i64| {
            let mut parts = vec![id];
            let mut at = 0;
            while let Some(part) = parts.get(at).copied() {
                let row = profiles.iter().find(|it| number(&it["id"]) == part).unwrap();
                parts.extend(numbers(row, "includes"));
                at += 1;
            }
            units.iter().any(|unit| {
                let is_optional = unit.get("optional").is_some_and(|it| it.as_bool().unwrap());
                let mandatory_in = numbers(unit, "profiles")
                    .into_iter()
                    .any(|it| parts.contains(&it) && !numbers(unit, "optional_in").contains(&it));
                !is_optional && mandatory_in && !is_claimed(unit)
            })
        };
        let of_uri = profiles.iter().filter(|it| it["uri"].as_str() == Some(&uri));
        assert!(
            of_uri.clone().count() > 0 && of_uri.clone().any(|it| !lacks(number(&it["id"]))),
            "{uri}"
        );
    }
}

#[test]
fn rd_19_capabilities_are_the_limits_of_the_configuration() {
    use VariableId as V;
    let server = Server::with(
        "[limits]\nsessions = 11\nsubscriptions = 12\nsubscriptions_per_session = 10\n\
         monitored_items = 1300\nmonitored_items_per_subscription = 1200\nqueue_size = 15\n\
         operations = 16\ncontinuation_points = 17\nhistory_continuation_points = 19\n\
         array_length = 1800\nstring_bytes = 5000\n",
    );
    let mut raw = server.session();
    let limits: [(VariableId, Variant); 19] = [
        (V::Server_ServerCapabilities_MaxSessions, 11_u32.into()),
        (V::Server_ServerCapabilities_MaxSubscriptions, 12_u32.into()),
        (V::Server_ServerCapabilities_MaxSubscriptionsPerSession, 10_u32.into()),
        (V::Server_ServerCapabilities_MaxMonitoredItems, 1300_u32.into()),
        (V::Server_ServerCapabilities_MaxMonitoredItemsPerSubscription, 1200_u32.into()),
        (V::Server_ServerCapabilities_MaxMonitoredItemsQueueSize, 15_u32.into()),
        (V::Server_ServerCapabilities_OperationLimits_MaxNodesPerRead, 16_u32.into()),
        (V::Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite, 16_u32.into()),
        (V::Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall, 16_u32.into()),
        (V::Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse, 16_u32.into()),
        (V::Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes, 16_u32.into()),
        (
            V::Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
            16_u32.into(),
        ),
        (V::Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall, 16_u32.into()),
        (V::Server_ServerCapabilities_MaxBrowseContinuationPoints, 17_u16.into()),
        (V::Server_ServerCapabilities_MaxHistoryContinuationPoints, 19_u16.into()),
        (V::Server_ServerCapabilities_MaxQueryContinuationPoints, 0_u16.into()),
        (V::Server_ServerCapabilities_MaxArrayLength, 1800_u32.into()),
        (V::Server_ServerCapabilities_MaxStringLength, 5000_u32.into()),
        (V::Server_ServerCapabilities_MaxByteStringLength, 5000_u32.into()),
    ];
    for (variable, limit) in limits {
        assert_eq!(told(&mut raw, variable), limit, "{variable:?}");
    }
    assert_eq!(names(told(&mut raw, VariableId::Server_ServerCapabilities_LocaleIdArray)), ["en"]);
    let rate = told(&mut raw, VariableId::Server_ServerCapabilities_MinSupportedSampleRate);
    assert!(matches!(rate, Variant::Double(ms) if ms > 0.0), "{rate:?}");
}

#[test]
fn the_servers_clock_is_that_of_the_operating_system() {
    let server = Server::start();
    let mut raw = server.session();
    let before = DateTime::now().ticks();
    let told = told(&mut raw, VariableId::Server_ServerStatus_CurrentTime);
    let after = DateTime::now().ticks();
    let Variant::DateTime(time) = told else { panic!("{told:?}") };
    // The wire carries 100 ns; a clock of ours may show fewer digits, not another second.
    let slack = 10_000_000;
    let ticks = time.ticks();
    assert!((before - slack..=after + slack).contains(&ticks), "{before} {ticks} {after}");
}

fn endpoints(raw: &mut Raw) -> Vec<opcua_types::EndpointDescription> {
    let request = GetEndpointsRequest {
        request_header: raw.header(),
        endpoint_url: raw.url.as_str().into(),
        ..GetEndpointsRequest::default()
    };
    raw.call::<GetEndpointsResponse>(&request).unwrap().endpoints.unwrap()
}

#[test]
fn only_what_is_configured_is_offered() {
    let server =
        Server::with("[[endpoint]]\npolicy = \"Basic256Sha256\"\nmodes = [\"SignAndEncrypt\"]\n");
    let mut raw = server.open();
    let offered = endpoints(&mut raw);
    assert_eq!(offered.len(), 1);
    assert!(offered[0].security_policy_uri.as_ref().ends_with("#Basic256Sha256"));
    assert_eq!(offered[0].security_mode, opcua_types::MessageSecurityMode::SignAndEncrypt);
    // The unsecured channel is there for discovery alone (Part 4, 5.4).
    let refused = raw.try_create_session(60_000.0).unwrap_err();
    assert_eq!(refused, StatusCode::BadServiceUnsupported);
}

#[test]
fn usr_01_anonymous_is_refused_where_it_is_not_configured() {
    let server = Server::with("anonymous = false\n");
    let mut raw = server.open();
    let tokens: Vec<UserTokenType> = endpoints(&mut raw)
        .into_iter()
        .flat_map(|it| it.user_identity_tokens.unwrap_or_default())
        .map(|it| it.token_type)
        .collect();
    assert!(!tokens.contains(&UserTokenType::Anonymous), "{tokens:?}");
    raw.create_session();
    let wanted = [StatusCode::BadIdentityTokenRejected, StatusCode::BadIdentityTokenInvalid];
    let got = raw.try_activate().unwrap_err();
    assert!(wanted.contains(&got), "{got}");

    let server = Server::start();
    server.session();
}

#[test]
fn ten_publish_requests_wait_in_one_session() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 50.0).subscription_id;
    published(&mut raw, &[]);
    let asked: Vec<u32> = (0..10)
        .map(|_| {
            let request = PublishRequest {
                request_header: raw.header(),
                subscription_acknowledgements: None,
            };
            raw.ask(&request)
        })
        .collect();
    create(&mut raw, id, vec![item(tag(ALIVE), 1)]).unwrap();
    for request in asked {
        let response: PublishResponse = raw.answer().unwrap();
        assert_eq!(response.subscription_id, id, "answer to {request}");
    }
}

#[test]
fn a_queue_of_five_is_given_and_filled() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 6000.0).subscription_id;
    let mut queued = item(tag(ALIVE), 1);
    queued.requested_parameters.queue_size = 5;
    queued.requested_parameters.sampling_interval = 1000.0;
    let made = create(&mut raw, id, vec![queued]).unwrap().remove(0);
    assert_eq!((made.status_code, made.revised_queue_size), (StatusCode::Good, 5));
    // The first message may come before there is anything but the first value.
    let most = (0..3).map(|_| values(&published(&mut raw, &[])).len()).max().unwrap();
    assert_eq!(most, 5);
}

#[test]
fn a_structure_is_monitored() {
    let server = Server::start();
    let mut raw = server.session();
    let id = subscribe(&mut raw, 50.0).subscription_id;
    let status = standard(VariableId::Server_ServerStatus as u32);
    create(&mut raw, id, vec![item(status, 7)]).unwrap();
    let mut last = None;
    for _ in 0..2 {
        let (handle, got) = values(&published(&mut raw, &[])).remove(0);
        let Some(Variant::ExtensionObject(object)) = got.value else { panic!("{got:?}") };
        let status = object.inner_as::<ServerStatusDataType>().expect("a ServerStatusDataType");
        assert_eq!((handle, status.state), (7, ServerState::Running));
        assert!(last.is_none_or(|it| it < status.current_time.ticks()), "it goes on");
        last = Some(status.current_time.ticks());
    }
}

/// Writes a number to a node.
fn write(raw: &mut Raw, node: &NodeId, number: f64) {
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(vec![WriteValue {
            node_id: node.clone(),
            attribute_id: AttributeId::Value as u32,
            value: DataValue::value_only(Variant::Double(number)),
            ..WriteValue::default()
        }]),
    };
    let done: WriteResponse = raw.call(&request).unwrap();
    assert_eq!(done.results, Some(vec![StatusCode::Good]), "{node} = {number}");
}

#[test]
fn mon_14_and_17_only_a_step_beyond_the_deadband_is_reported() {
    let server = Server::with_fixture();
    let mut raw = server.session();
    // Its EURange is 0 to 200 for this test: 10 percent of it are 20.
    let node = NodeId::new(4, UAString::from("Analog.Double"));
    let range = NodeId::new(4, UAString::from("Analog.Double.EURange"));
    let whole = ExtensionObject::from_message(Range { low: 0.0, high: 200.0 });
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(vec![WriteValue {
            node_id: range,
            attribute_id: AttributeId::Value as u32,
            value: DataValue::value_only(Variant::from(whole)),
            ..WriteValue::default()
        }]),
    };
    raw.call::<WriteResponse>(&request).unwrap();
    write(&mut raw, &node, 50.0);
    let id = subscribe(&mut raw, 50.0).subscription_id;
    // Client handle, kind of deadband (1 absolute, 2 percent) and its size; 0 reports everything.
    for (handle, kind, size) in [(0, 0, 0.0), (1, 1, 5.0), (2, 2, 10.0)] {
        let mut wanted = item(node.clone(), handle);
        wanted.requested_parameters.queue_size = 10;
        wanted.requested_parameters.filter = ExtensionObject::from_message(DataChangeFilter {
            trigger: DataChangeTrigger::StatusValue,
            deadband_type: kind,
            deadband_value: size,
        });
        create(&mut raw, id, vec![wanted]).unwrap();
    }
    let mut seen = [vec![], vec![], vec![]];
    let mut step = |raw: &mut Raw, number: f64| {
        // The item without a deadband says that the server has looked.
        while seen[0].last() != Some(&number) {
            for (handle, got) in values(&published(raw, &[])) {
                let Some(Variant::Double(value)) = got.value else { panic!("{got:?}") };
                seen[handle as usize].push(value);
            }
        }
        seen.clone()
    };
    step(&mut raw, 50.0);
    for number in [54.0, 56.0, 69.0, 71.0, 60.0] {
        write(&mut raw, &node, number);
        step(&mut raw, number);
    }
    let seen = step(&mut raw, 60.0);
    assert_eq!(seen[0], [50.0, 54.0, 56.0, 69.0, 71.0, 60.0]);
    assert_eq!(seen[1], [50.0, 56.0, 69.0, 60.0], "absolute, 5");
    assert_eq!(seen[2], [50.0, 71.0], "10 percent of 200");
}

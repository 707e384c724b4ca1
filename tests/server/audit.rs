//! The audit trail from inside: what stands in the log, whether it is whole, and who hears nothing (AUD-*). What a
//! SecurityAdmin hears over an encrypted channel is shown by the conformance runner and by asyncua.

use std::process::{Command, Output};

use opcua_types::{
    ActivateSessionRequest, ActivateSessionResponse, AttributeId, ByteString, CallMethodRequest,
    CallRequest, CallResponse, CloseSessionRequest, CloseSessionResponse, ContentFilter, DataValue,
    EventFilter, EventNotificationList, ExtensionObject, MonitoredItemCreateRequest,
    MonitoringMode, MonitoringParameters, NodeId, QualifiedName, SimpleAttributeOperand,
    StatusCode, UserNameIdentityToken, UserTokenType, Variant, WriteRequest, WriteResponse,
    WriteValue,
};
use serde_json::Value;

use crate::items::{create, subscribe};
use crate::publishing::published;
use crate::raw::{Raw, Server, eventually, standard, tag};
use crate::values;
use crate::values::value;

pub(crate) const PASSWORD: &str = "a long way to the cathode";
const WRONG: &str = "a short way to the anode";
/// Passwords in the clear, so that this client can log in without security.
pub(crate) const CLEAR: &str = "clear_text_passwords = true\n";
const CURRENT: &str = "Line1.EL101.Control.CurrentSetpoint";

/// The lines of the log at the moment.
fn lines(server: &Server) -> Vec<Value> {
    let text = std::fs::read_to_string(server.data.join("audit/audit.jsonl")).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|it| it.ends_with('\n'));
    whole.map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// Waits for lines from this source, at least so many.
pub(crate) fn logged(server: &Server, source: &str, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    eventually(source, || {
        found = lines(server).into_iter().filter(|it| it["source"] == source).collect();
        found.len() >= count
    });
    found
}

pub(crate) fn cellhouse(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellhouse"));
    command.args(arguments).arg("--data").arg(&server.data).output().unwrap()
}

/// A session that waits for its activation, and the policy id of its password token.
pub(crate) fn waiting(server: &Server) -> (Raw, String) {
    let mut raw = server.open();
    let created = raw.create_session();
    let endpoints = created.server_endpoints.unwrap_or_default();
    let none = endpoints.iter().find(|it| it.security_policy_uri.as_ref().ends_with("#None"));
    let tokens = none.unwrap().user_identity_tokens.clone().unwrap_or_default();
    let token = tokens.iter().find(|it| it.token_type == UserTokenType::UserName).unwrap();
    (raw, token.policy_id.as_ref().to_owned())
}

pub(crate) fn log_in(
    raw: &mut Raw,
    policy: &str,
    user: &str,
    password: &str,
) -> Result<ActivateSessionResponse, StatusCode> {
    let token = UserNameIdentityToken {
        policy_id: policy.into(),
        user_name: user.into(),
        password: ByteString::from(password.as_bytes()),
        ..UserNameIdentityToken::default()
    };
    let request = ActivateSessionRequest {
        request_header: raw.header(),
        user_identity_token: ExtensionObject::from_message(token),
        ..ActivateSessionRequest::default()
    };
    raw.call(&request)
}

pub(crate) fn session_of(server: &Server, user: &str) -> Raw {
    let (mut raw, policy) = waiting(server);
    log_in(&mut raw, &policy, user, PASSWORD).unwrap();
    raw
}

pub(crate) fn read(raw: &mut Raw, node: NodeId) -> Variant {
    let result = values::read(raw, 0.0, vec![value(node)]).unwrap().pop();
    result.and_then(|it| it.value).expect("a value")
}

fn write(raw: &mut Raw, values: Vec<Variant>) -> Vec<StatusCode> {
    let one = |value| WriteValue {
        node_id: tag(CURRENT),
        attribute_id: AttributeId::Value as u32,
        value: DataValue::value_only(value),
        ..WriteValue::default()
    };
    let mut request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(values.into_iter().map(one).collect()),
    };
    request.request_header.audit_entry_id = "work order 7".into();
    raw.call::<WriteResponse>(&request).unwrap().results.unwrap()
}

pub(crate) fn call(
    raw: &mut Raw,
    object: &str,
    method: &str,
    arguments: Vec<Variant>,
) -> StatusCode {
    let call = CallMethodRequest {
        object_id: tag(object),
        method_id: tag(&format!("{object}.{method}")),
        input_arguments: Some(arguments),
    };
    let request = CallRequest { request_header: raw.header(), methods_to_call: Some(vec![call]) };
    raw.call::<CallResponse>(&request).unwrap().results.unwrap()[0].status_code
}

#[test]
fn aud_01_each_step_of_a_session_is_a_line_of_the_log() {
    let server = Server::with("[limits]\nsession_timeout_ms = [1000, 2000]\n");
    let mut raw = server.session();
    let close = CloseSessionRequest { request_header: raw.header(), delete_subscriptions: true };
    raw.call::<CloseSessionResponse>(&close).unwrap();
    raw.url = "opc.tcp://elsewhere.example:4840".to_owned();
    raw.create_session();
    let timed_out = &logged(&server, "Session/Timeout", 1)[0];
    assert_eq!(timed_out["type"], "AuditSessionEventType");
    for (source, kind, count) in [
        ("SecureChannel/OpenSecureChannel", "AuditOpenSecureChannelEventType", 1),
        ("Session/ActivateSession", "AuditActivateSessionEventType", 1),
        ("Session/CloseSession", "AuditSessionEventType", 1),
        ("Session/CreateSession", "AuditCreateSessionEventType", 3),
    ] {
        let found = logged(&server, source, count);
        assert_eq!(found.len(), count, "{found:?}");
        assert_eq!((&found[0]["type"], &found[0]["outcome"]), (&kind.into(), &"Good".into()));
        assert!(found[0]["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    }
    let mismatch = &logged(&server, "Session/CreateSession", 3)[2];
    assert_eq!(mismatch["type"], "AuditUrlMismatchEventType");
    assert_eq!(mismatch["fields"]["EndpointUrl"], raw.url.as_str());
    drop(raw);
    logged(&server, "SecureChannel/CloseSecureChannel", 1);
    server.signal();
    eventually("the log is closed", || {
        lines(&server).last().is_some_and(|it| it["type"] == "LogClosed")
    });
    let verified = cellhouse(&server, &["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn aud_03_a_write_to_the_plant_is_logged_with_both_values_and_so_is_a_refused_one() {
    let server = Server::with(CLEAR);
    server.add_user("olga", PASSWORD, "Operator");
    let mut raw = session_of(&server, "olga");
    let before = read(&mut raw, tag(CURRENT));
    let Variant::Double(before) = before else { panic!("{before:?}") };
    let (one, two) = (before - 0.1, before - 0.2);
    let statuses = write(&mut raw, vec![one.into(), two.into(), 99.0.into(), "x".into()]);
    assert!(statuses[0].is_good() && statuses[1].is_good(), "{statuses:?}");
    assert_eq!(statuses[2..], [StatusCode::BadOutOfRange, StatusCode::BadTypeMismatch]);
    assert_eq!(
        write(&mut server.session(), vec![before.into()]),
        [StatusCode::BadUserAccessDenied]
    );
    let found = logged(&server, "Attribute/Write", 4);
    let outcomes: Vec<&Value> = found.iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["Good", "BadOutOfRange", "BadTypeMismatch", "BadUserAccessDenied"]);
    let done = found[0]["fields"]["Writes"].as_array().unwrap();
    assert_eq!(done.len(), 2, "what is done together is one line");
    let values = |it: &Value| (it["OldValue"].clone(), it["NewValue"].clone());
    assert_eq!(values(&done[0]), (before.into(), one.into()));
    assert_eq!(values(&done[1]), (one.into(), two.into()), "the second write knows of the first");
    assert_eq!(values(&found[1]["fields"]), (two.into(), 99.0.into()));
    for line in &found[..3] {
        assert_eq!((&line["user"], &line["entry"]), (&"olga".into(), &"work order 7".into()));
        assert_eq!(line["fields"]["AttributeId"], 13);
    }
    for fields in done.iter().chain(found[1..3].iter().map(|it| &it["fields"])) {
        assert_eq!(fields["node"], format!("ns=2;s={CURRENT}"));
    }
    let shown = cellhouse(&server, &["audit", "show"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let rows = shown.lines().filter(|it| it.contains("Attribute/Write")).count();
    assert_eq!(rows, 5, "each value has a row: {shown}");
    let refused = (&found[3]["user"], &found[3]["outcome"]);
    assert_eq!(refused, (&"anonymous".into(), &"BadUserAccessDenied".into()));
}

#[test]
fn aud_04_a_call_is_logged_with_its_arguments_and_so_is_a_refused_one() {
    let server = Server::with(CLEAR);
    server.add_user("olga", PASSWORD, "Operator");
    let mut raw = session_of(&server, "olga");
    let refused = call(&mut raw, "Line1.EL106", "BeginTap", vec![(-5.0).into(), "C1".into()]);
    assert!(refused.is_bad());
    assert!(call(&mut raw, "Line1.EL106", "BeginTap", vec![5.0.into(), "C1".into()]).is_good());
    let found = logged(&server, "Attribute/Call", 2);
    assert_eq!(found[0]["type"], "AuditUpdateMethodEventType");
    assert_eq!(found[0]["outcome"], refused.to_string());
    assert_eq!(found[0]["fields"]["InputArguments"], serde_json::json!([-5.0, "C1"]));
    assert_eq!((&found[1]["outcome"], &found[1]["user"]), (&"Good".into(), &"olga".into()));
    assert_eq!(found[1]["fields"]["MethodId"], "ns=2;s=Line1.EL106.BeginTap");
    assert!(found[1]["fields"]["OutputArguments"].is_array());
}

/// An item of all events of the Server object: their type, and a field of audit events.
fn listen(raw: &mut Raw) {
    let subscription = subscribe(raw, 100.0).subscription_id;
    let clause = |kind, name: &str| SimpleAttributeOperand {
        type_definition_id: standard(kind),
        browse_path: Some(vec![QualifiedName::new(0, name)]),
        attribute_id: AttributeId::Value as u32,
        ..SimpleAttributeOperand::default()
    };
    let filter = EventFilter {
        select_clauses: Some(vec![clause(2041, "EventType"), clause(2052, "ActionTimeStamp")]),
        where_clause: ContentFilter { elements: None },
    };
    let mut item = MonitoredItemCreateRequest {
        item_to_monitor: value(standard(2253)),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            filter: ExtensionObject::from_message(filter),
            queue_size: 1000,
            ..MonitoringParameters::default()
        },
    };
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    let results = create(raw, subscription, vec![item]).unwrap();
    assert_eq!(results[0].status_code, StatusCode::Good);
    // A refresh ends the wait: it is told to this listener, behind whatever came before.
    let call = CallMethodRequest {
        object_id: standard(2782),
        method_id: standard(3875),
        input_arguments: Some(vec![Variant::UInt32(subscription)]),
    };
    let request = CallRequest { request_header: raw.header(), methods_to_call: Some(vec![call]) };
    raw.call::<CallResponse>(&request).unwrap();
}

#[test]
fn aud_02_a_security_admin_without_encryption_hears_no_audit_event_whatever_he_asks() {
    let server = Server::with(CLEAR);
    server.add_user("adam", PASSWORD, "SecurityAdmin");
    let mut raw = session_of(&server, "adam");
    drop(server.session());
    listen(&mut raw);
    let end = Variant::from(standard(2788));
    let mut told: Vec<Vec<Variant>> = Vec::new();
    while !told.iter().any(|it| it[0] == end) {
        let response = published(&mut raw, &[]);
        let data = response.notification_message.notification_data.unwrap_or_default();
        let events = data.iter().filter_map(|it| it.inner_as::<EventNotificationList>());
        let events = events.flat_map(|it| it.events.clone().unwrap_or_default());
        told.extend(events.map(|it| it.event_fields.unwrap_or_default()));
    }
    assert!(told.iter().all(|it| it[1].is_empty()), "{told:?}");
    assert!(
        !logged(&server, "Session/ActivateSession", 2).is_empty(),
        "there was something to hear"
    );
}

#[test]
fn aud_05_neither_passwords_nor_tokens_are_in_any_log() {
    let server = Server::with(CLEAR);
    server.add_user("olga", PASSWORD, "Operator");
    let (mut raw, policy) = waiting(&server);
    assert!(log_in(&mut raw, &policy, "olga", WRONG).is_err());
    log_in(&mut raw, &policy, "olga", PASSWORD).unwrap();
    let found = logged(&server, "Session/ActivateSession", 2);
    assert_eq!(found[0]["outcome"], "BadUserAccessDenied");
    assert_eq!((&found[0]["user"], &found[1]["user"]), (&"olga".into(), &"olga".into()));
    let text = std::fs::read_to_string(server.data.join("audit/audit.jsonl")).unwrap();
    let token = raw.session.to_string();
    for secret in [PASSWORD, WRONG, token.as_str()] {
        assert!(!text.contains(secret), "{secret} is in the audit log");
        assert_eq!(server.logged(secret), 0, "{secret} is in the log");
    }
}

#[test]
fn aud_06_ten_thousand_failed_logins_are_a_few_lines_and_counted_to_the_last() {
    const LOGINS: u64 = 10_000;
    let mut server = Server::with(CLEAR);
    server.add_user("olga", PASSWORD, "Operator");
    let (mut raw, policy) = waiting(&server);
    for _ in 0..LOGINS {
        assert!(log_in(&mut raw, &policy, "olga", WRONG).is_err());
    }
    let counted = read(&mut server.session(), standard(2279));
    assert_eq!(counted, Variant::UInt32(LOGINS as u32));
    server.signal();
    server.ended();
    let failed = |it: &Value| it["source"] == "Session/ActivateSession" && it["outcome"] != "Good";
    let found: Vec<Value> = lines(&server).into_iter().filter(failed).collect();
    assert!(found.len() < 40, "{} lines", found.len());
    let sum: u64 = found.iter().map(|it| it["fields"]["count"].as_u64().unwrap_or(1)).sum();
    assert_eq!(sum, LOGINS);
    assert!(server.logged("BadUserAccessDenied") < 40, "the other log is not flooded either");
}

#[test]
fn aud_07_auditing_is_false_while_the_log_cannot_be_written_and_the_gap_stays_visible() {
    let server = Server::start();
    let mut raw = server.session();
    let mut auditing = || read(&mut raw, standard(2994));
    assert_eq!(auditing(), Variant::Boolean(true));
    let (folder, aside) = (server.data.join("audit"), server.data.join("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    eventually("Auditing is false", || auditing() == Variant::Boolean(false));
    eventually("it is in the log", || server.logged("Auditing is false") == 1);
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    eventually("Auditing is true", || auditing() == Variant::Boolean(true));
    drop(server.session());
    logged(&server, "Session/ActivateSession", 2);
    let verified = cellhouse(&server, &["audit", "verify"]);
    assert!(verified.status.success(), "what was done meanwhile has been kept: {verified:?}");
    std::fs::remove_file(folder.join("audit.jsonl")).unwrap();
    logged(&server, "", 1);
    let verified = cellhouse(&server, &["audit", "verify"]);
    assert!(!verified.status.success(), "a log that was taken away: {verified:?}");
}

#[test]
fn a_log_is_verified_and_shown_and_a_change_is_named_by_file_and_line() {
    let mut server = Server::start();
    drop(server.session());
    logged(&server, "Session/ActivateSession", 1);
    server.signal();
    assert_eq!(server.ended(), 0);
    let verified = cellhouse(&server, &["audit", "verify"]);
    let said = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success() && said.contains("none changed"), "{said}");
    let head = said.lines().find_map(|it| it.strip_prefix("head   ")).unwrap().to_owned();
    assert!(cellhouse(&server, &["audit", "verify", "--head", &head]).status.success());
    let other = cellhouse(&server, &["audit", "verify", "--head", &"a".repeat(64)]);
    assert_eq!(other.status.code(), Some(1));
    let shown = cellhouse(&server, &["audit", "show", "--last", "3"]);
    assert_eq!(String::from_utf8(shown.stdout).unwrap().lines().count(), 3);
    let path = server.data.join("audit/audit.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("anonymous", "anonymouse", 1)).unwrap();
    let verified = cellhouse(&server, &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(1));
    let said = String::from_utf8(verified.stderr).unwrap();
    assert!(said.contains("audit.jsonl: line 4: the line has been changed"), "{said}");
}

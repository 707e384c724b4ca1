//! Hazardous commands wait until they are approved: by whom, for how long, and what becomes of them (domain A6).

use opcua_types::{
    AttributeId, CallMethodRequest, CallRequest, CallResponse, DataValue, StatusCode, Variant,
    WriteRequest, WriteResponse, WriteValue,
};
use serde_json::Value;

use crate::audit::{CLEAR, PASSWORD, call, log_in, logged, read, session_of};
use crate::raw::{Raw, Server, eventually, tag};

const PENDING: &str = "Plant.PendingApprovals";
const CURRENT: &str = "Line1.EL101.Control.CurrentSetpoint";
const RECTIFIER: &str = "Line1.RF11";
const WAITS: StatusCode = StatusCode::BadRequestNotComplete;

/// The default plant with these lines, and with people who log in without security.
fn plant(config: &str) -> Server {
    let server = Server::with(&format!("{CLEAR}{config}"));
    for (name, role) in
        [("olga", "Supervisor"), ("sven", "Supervisor"), ("ivan", "Operator"), ("eng", "Engineer")]
    {
        server.add_user(name, PASSWORD, role);
    }
    server
}

fn write(raw: &mut Raw, node: &str, values: &[f64]) -> Vec<StatusCode> {
    let one = |value: &f64| WriteValue {
        node_id: tag(node),
        attribute_id: AttributeId::Value as u32,
        value: DataValue::value_only(*value),
        ..WriteValue::default()
    };
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(values.iter().map(one).collect()),
    };
    raw.call::<WriteResponse>(&request).unwrap().results.unwrap()
}

fn reset_trip(raw: &mut Raw, rectifier: &str) -> StatusCode {
    call(raw, rectifier, "ResetTrip", Vec::new())
}

fn answer(raw: &mut Raw, method: &str, id: u32) -> StatusCode {
    call(raw, PENDING, method, vec![id.into()])
}

/// What waits, line by line.
fn summary(raw: &mut Raw) -> Vec<String> {
    let Variant::Array(lines) = read(raw, tag(&format!("{PENDING}.Summary"))) else {
        panic!("no array")
    };
    let count = read(raw, tag(&format!("{PENDING}.Count")));
    assert_eq!(count, Variant::UInt32(lines.values.len() as u32));
    let text = |it: &Variant| match it {
        Variant::String(it) => it.as_ref().to_owned(),
        other => panic!("{other:?}"),
    };
    lines.values.iter().map(text).collect()
}

/// The numbers of what waits.
fn waiting(raw: &mut Raw) -> Vec<u32> {
    summary(raw).iter().map(|it| it.split_once(':').unwrap().0.parse().unwrap()).collect()
}

fn current(raw: &mut Raw) -> Variant {
    read(raw, tag(CURRENT))
}

/// A step in the audit log: outcome, user, requester, approver.
fn step(line: &Value) -> [&str; 4] {
    let fields = &line["fields"];
    let of = |it: &'static str| fields[it].as_str().unwrap_or("");
    let [outcome, user] = [&line["outcome"], &line["user"]].map(|it| it.as_str().unwrap());
    [outcome, user, of("Requester"), of("Approver")]
}

#[test]
fn a_hazardous_write_does_nothing_until_it_is_confirmed_and_then_once() {
    let server = plant("");
    let mut olga = session_of(&server, "olga");
    assert_eq!(write(&mut olga, CURRENT, &[10.4]), [StatusCode::Good], "as in normal operation");
    assert_eq!(write(&mut olga, CURRENT, &[10.8]), [WAITS]);
    assert_eq!(current(&mut olga), Variant::Double(10.4));
    assert_eq!(write(&mut olga, CURRENT, &[10.8]), [WAITS], "said again it is the same request");
    let lines = summary(&mut olga);
    assert_eq!(lines.len(), 1);
    let said = format!("olga asks for {CURRENT} = 10.8; anybody with the rights of Supervisor");
    assert!(lines[0].contains(&said), "{lines:?}");
    assert_eq!(write(&mut olga, CURRENT, &[11.2]), [StatusCode::BadOutOfRange], "never possible");
    let id = waiting(&mut olga)[0];
    assert_eq!(answer(&mut olga, "Approve", id), StatusCode::Good);
    assert_eq!(current(&mut olga), Variant::Double(10.8));
    assert_eq!(waiting(&mut olga), [0_u32; 0]);
    assert_eq!(answer(&mut olga, "Approve", id), StatusCode::BadNotFound, "once");
    let approved = &logged(&server, "Approval/Approved", 1)[0];
    assert_eq!(step(approved), ["Good", "olga", "olga", "olga"]);
    let fields = &approved["fields"];
    assert_eq!((&fields["OldValue"], &fields["NewValue"]), (&10.4.into(), &10.8.into()));
    assert_eq!(approved["type"], "AuditWriteUpdateEventType");
}

#[test]
fn two_persons_are_two_known_users_who_may_both_give_the_command() {
    let config = "anonymous_roles = [\"Supervisor\"]\n[approval]\nreset_trip = \"two_persons\"\n";
    let server = plant(config);
    let [mut olga, mut again] = [(); 2].map(|()| session_of(&server, "olga"));
    let [mut ivan, mut sven] = ["ivan", "sven"].map(|it| session_of(&server, it));
    let mut nobody = server.session();
    assert_eq!(reset_trip(&mut nobody, RECTIFIER), StatusCode::BadUserAccessDenied);
    assert_eq!(reset_trip(&mut ivan, RECTIFIER), StatusCode::BadUserAccessDenied);
    assert_eq!(reset_trip(&mut olga, RECTIFIER), WAITS);
    let id = waiting(&mut sven)[0];
    let refused = StatusCode::BadRequestNotAllowed;
    assert_eq!(answer(&mut olga, "Approve", id), refused, "the same person");
    assert_eq!(answer(&mut again, "Approve", id), refused, "the same person in another session");
    assert_eq!(answer(&mut nobody, "Approve", id), refused, "nobody in particular");
    assert_eq!(answer(&mut ivan, "Approve", id), StatusCode::BadUserAccessDenied, "an operator");
    assert_eq!(answer(&mut ivan, "Withdraw", id), StatusCode::BadUserAccessDenied);
    assert_eq!(waiting(&mut sven), [id], "it waits on");
    assert_eq!(answer(&mut sven, "Approve", id), StatusCode::Good);
    let source = |it: &str| logged(&server, &format!("Approval/{it}"), 1);
    let requested = source("Requested");
    assert_eq!(step(&requested[0]), ["Good", "olga", "olga", ""]);
    let tried = logged(&server, "Approval/NotApproved", 4);
    let who: Vec<[&str; 4]> = tried.iter().map(step).collect();
    assert_eq!(who[2], ["BadRequestNotAllowed", "anonymous", "olga", "anonymous"]);
    assert_eq!(who[3], ["BadUserAccessDenied", "ivan", "olga", "ivan"]);
    let approved = source("Approved");
    assert_eq!(step(&approved[0]), ["Good", "sven", "olga", "sven"]);
    assert_eq!(approved[0]["fields"]["RequestId"], id);
    let journal = std::fs::read_to_string(server.data.join("journal.txt")).unwrap();
    let told: Vec<&str> = journal.lines().filter(|it| it.contains("ResetTrip")).collect();
    assert_eq!(told.len(), 1, "what has only been asked for is not in it: {told:?}");
    assert!(told[0].contains("\tolga (approved by sven)\t"), "{told:?}");
}

#[test]
fn what_the_plant_forbids_is_refused_at_once_and_what_it_comes_to_forbid_when_it_is_approved() {
    let server = plant("");
    let [mut ivan, mut eng] = ["ivan", "eng"].map(|it| session_of(&server, it));
    let start = vec![9.5.into(), 5.0.into()];
    let running = call(&mut ivan, "Line1.EL101", "Start", start.clone());
    assert_eq!(running, StatusCode::BadInvalidState, "it runs");
    assert_eq!(call(&mut ivan, RECTIFIER, "SwitchOn", Vec::new()), WAITS);
    let id = waiting(&mut ivan)[0];
    let interlock = tag("Line1.EL101.State.FirstOutInterlock");
    let none = read(&mut ivan, interlock.clone());
    let fault = vec!["EarthFault".into(), RECTIFIER.into(), 0.0.into()];
    assert_eq!(call(&mut eng, "Plant", "InjectFault", fault), StatusCode::Good);
    eventually("an interlock", || read(&mut ivan, interlock.clone()) != none);
    assert_eq!(answer(&mut ivan, "Approve", id), StatusCode::BadInvalidState, "judged anew");
    assert_eq!(waiting(&mut ivan), [0_u32; 0], "it must be asked for again");
    let again = call(&mut ivan, RECTIFIER, "SwitchOn", Vec::new());
    assert_eq!(again, StatusCode::BadInvalidState, "an interlock forbids it");
    let approved = &logged(&server, "Approval/Approved", 1)[0];
    assert_eq!(step(approved), ["BadInvalidState", "ivan", "ivan", "ivan"]);
    // What makes the plant safer waits for nobody.
    let stop = call(&mut ivan, "Line1.EL106", "Stop", vec![2_u32.into(), "drill".into()]);
    assert_eq!(stop, StatusCode::Good);
    let reduce = call(&mut eng, "Line2", "EmergencyReduce", vec![50.0.into()]);
    assert_eq!(reduce, StatusCode::Good);
}

#[test]
fn a_request_ends_by_hand_by_time_with_its_session_and_with_the_server() {
    let mut server = plant("[approval]\nexpire_s = 4\n");
    let [mut olga, mut sven] = ["olga", "sven"].map(|it| session_of(&server, it));
    let ask = |raw: &mut Raw, rectifier: &str| {
        assert_eq!(reset_trip(raw, rectifier), WAITS);
        *waiting(raw).last().unwrap()
    };
    let id = ask(&mut olga, RECTIFIER);
    assert_eq!(answer(&mut olga, "Withdraw", id), StatusCode::Good);
    let id = ask(&mut olga, RECTIFIER);
    assert_eq!(answer(&mut sven, "Withdraw", id), StatusCode::Good);
    assert_eq!(answer(&mut sven, "Approve", id), StatusCode::BadNotFound, "it was refused");
    ask(&mut olga, RECTIFIER);
    eventually("nobody approves it", || waiting(&mut sven).is_empty());
    // Who goes, or becomes somebody else, takes along what he has asked for.
    let mut other = session_of(&server, "olga");
    ask(&mut other, "Line1.RF12");
    relog(&mut other, &server, "ivan");
    assert_eq!(waiting(&mut sven), [0_u32; 0]);
    let steps = [
        ("Withdrawn", ["Good", "olga", "olga", "olga"]),
        ("Refused", ["BadRequestNotAllowed", "sven", "olga", "sven"]),
        ("Expired", ["BadTimeout", "olga", "olga", ""]),
        ("SessionEnded", ["BadSessionClosed", "olga", "olga", ""]),
    ];
    for (name, expected) in steps {
        let found = logged(&server, &format!("Approval/{name}"), 1);
        assert_eq!(step(&found[0]), expected, "{name}");
    }
    let id = ask(&mut olga, RECTIFIER);
    server.cut_and_start();
    let mut olga = session_of(&server, "olga");
    assert_eq!(waiting(&mut olga), [0_u32; 0], "a restart forgets");
    assert_eq!(answer(&mut olga, "Approve", id), StatusCode::BadNotFound);
}

/// The session acts for another user from now on.
fn relog(raw: &mut Raw, server: &Server, user: &str) {
    let (_, policy) = crate::audit::waiting(server);
    log_in(raw, &policy, user, PASSWORD).unwrap();
}

#[test]
fn ten_requests_of_one_person_wait_and_no_more() {
    let server = plant("");
    let [mut olga, mut again] = [(); 2].map(|()| session_of(&server, "olga"));
    let values: Vec<f64> = (0..12).map(|it| 10.6 + 0.01 * f64::from(it)).collect();
    let results = write(&mut olga, CURRENT, &values);
    let (held, refused) = results.split_at(10);
    assert_eq!(held, [WAITS; 10]);
    assert_eq!(refused, [StatusCode::BadTooManyOperations; 2]);
    assert_eq!(reset_trip(&mut again, RECTIFIER), StatusCode::BadTooManyOperations, "one person");
    assert_eq!(reset_trip(&mut session_of(&server, "sven"), RECTIFIER), WAITS, "another");
    let ids = waiting(&mut olga);
    assert_eq!(ids.len(), 11);
    assert_eq!(answer(&mut olga, "Withdraw", ids[0]), StatusCode::Good);
    assert_eq!(reset_trip(&mut again, RECTIFIER), WAITS);
}

#[test]
fn a_rule_of_none_acts_at_once_and_the_log_says_that_it_is_so() {
    let server = plant("[approval]\nraise_current = \"none\"\n");
    let mut olga = session_of(&server, "olga");
    assert_eq!(write(&mut olga, CURRENT, &[10.8]), [StatusCode::Good]);
    let arguments = vec![10.9.into(), 5.0.into()];
    assert_eq!(call(&mut olga, RECTIFIER, "SetCurrent", arguments), StatusCode::Good);
    assert_eq!(reset_trip(&mut olga, RECTIFIER), WAITS);
    assert_eq!(server.logged("these hazardous commands act at once"), 1);
}

#[test]
fn an_alarm_that_guards_people_is_not_blinded_by_one_word() {
    let server = plant("[approval]\nsafety_alarm = \"two_persons\"\n");
    let [mut eng, mut sven] = ["eng", "sven"].map(|it| session_of(&server, it));
    server.add_user("ada", PASSWORD, "Engineer");
    let mut ada = session_of(&server, "ada");
    let (alarm, delay) = ("Line1.Alarms.HallHF", "Line1.Alarms.HallHF.OnDelay");
    let usual = read(&mut eng, tag(delay));
    assert_eq!(call(&mut eng, alarm, "Disable", Vec::new()), WAITS);
    assert_eq!(write(&mut eng, delay, &[60_000.0]), [WAITS]);
    assert_eq!(read(&mut eng, tag(delay)), usual);
    let [disable, later] = waiting(&mut eng)[..] else { panic!("two requests") };
    assert_eq!(answer(&mut sven, "Approve", disable), StatusCode::BadUserAccessDenied);
    assert_eq!(answer(&mut ada, "Approve", later), StatusCode::Good);
    eventually("the delay", || read(&mut eng, tag(delay)) == Variant::Double(60_000.0));
    assert_eq!(answer(&mut ada, "Withdraw", disable), StatusCode::Good);
    // Others are disabled as before.
    let other = call(&mut eng, "Line1.EL101.Alarms.BathTemperature", "Disable", Vec::new());
    assert_eq!(other, StatusCode::Good);
}

#[test]
fn arguments_of_approve_are_checked_as_those_of_any_method() {
    let server = plant("");
    let mut ivan = session_of(&server, "ivan");
    let mut ask = |arguments: Vec<Variant>| {
        let call = CallMethodRequest {
            object_id: tag(PENDING),
            method_id: tag(&format!("{PENDING}.Approve")),
            input_arguments: Some(arguments),
        };
        let request =
            CallRequest { request_header: ivan.header(), methods_to_call: Some(vec![call]) };
        let mut results = ivan.call::<CallResponse>(&request).unwrap().results.unwrap();
        results.remove(0)
    };
    assert_eq!(ask(Vec::new()).status_code, StatusCode::BadArgumentsMissing);
    let many = ask(vec![1_u32.into(), 2_u32.into()]);
    assert_eq!(many.status_code, StatusCode::BadTooManyArguments);
    let wrong = ask(vec!["1".into()]);
    assert_eq!(wrong.status_code, StatusCode::BadInvalidArgument);
    assert_eq!(wrong.input_argument_results, Some(vec![StatusCode::BadTypeMismatch]));
    assert_eq!(ask(vec![1_u32.into()]).status_code, StatusCode::BadNotFound);
    let mut observer = server.session();
    assert_eq!(answer(&mut observer, "Approve", 1), StatusCode::BadUserAccessDenied);
}

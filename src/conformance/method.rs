//! 4.10: Call (Part 4, 5.12), on GetMonitoredItems of the Server object, which every server has, and on the fixture.

use opcua_types::{
    CallMethodRequest, CallMethodResult, CallRequest, CallResponse, NodeId, StatusCode, Variant,
};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::subscription::subscribe;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of Call.
pub(super) const CASES: &[Case] = &[
    case("MTH-01", "inputs and outputs of every kind", mth_01),
    case("MTH-02", "too few and too many arguments", mth_02),
    case("MTH-03", "an argument of the wrong type", mth_03),
    case("MTH-04", "an argument out of its range", mth_04),
    case("MTH-05", "objects and methods that do not fit", mth_05),
    case("MTH-06", "a method is called by its type's id on an instance", mth_06),
    case("MTH-07", "a method that may not be called", mth_07),
    case("MTH-08", "nothing and too much", mth_08),
    case("MTH-09", "a hundred calls in one request run in order", mth_09),
    case("MTH-10", "calls on their way when the session closes", mth_10),
    case("MTH-11", "a variable is no method", mth_11),
    case("MTH-12", "a command that does not fit the state", mth_12),
];

const SERVER: u32 = 2253;
const GET_MONITORED_ITEMS: u32 = 11492;

pub(super) fn request_of(
    object: NodeId,
    method: NodeId,
    arguments: Vec<Variant>,
) -> CallMethodRequest {
    CallMethodRequest { object_id: object, method_id: method, input_arguments: Some(arguments) }
}

fn get_items(arguments: Vec<Variant>) -> CallMethodRequest {
    request_of(standard(SERVER), standard(GET_MONITORED_ITEMS), arguments)
}

pub(super) fn call(
    link: &mut Link,
    methods: Vec<CallMethodRequest>,
) -> Result<Answer<CallResponse>, Stop> {
    let request = CallRequest { request_header: link.header(), methods_to_call: Some(methods) };
    link.call(&request)
}

fn called(link: &mut Link, methods: Vec<CallMethodRequest>) -> Result<Vec<CallMethodResult>, Stop> {
    let count = methods.len();
    let results = good(call(link, methods)?, "Call")?.results.unwrap_or_default();
    equal(results.len(), count, "number of results")?;
    Ok(results)
}

fn called_one(link: &mut Link, method: CallMethodRequest) -> Result<CallMethodResult, Stop> {
    some(called(link, vec![method])?.pop(), "the result of Call")
}

/// A call of the fixture's method of this name.
pub(super) fn fixture_method(
    bench: &Bench,
    name: &str,
    inputs: Vec<Variant>,
) -> Result<CallMethodRequest, Stop> {
    let material = bench.material()?;
    let method = material.need(&format!("Method.{name}"))?;
    let found = material.methods.iter().find(|it| it.method == method);
    let object = some(found, &format!("Method.{name}"))?.object.clone();
    Ok(request_of(object, method, inputs))
}

fn mth_01(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let subscription = subscribe(&mut link, 1000.0)?;
    let result = called_one(&mut link, get_items(vec![Variant::UInt32(subscription)]))?;
    code(result.status_code, &[StatusCode::Good], "GetMonitoredItems")?;
    equal(result.output_arguments.map_or(0, |it| it.len()), 2, "outputs of GetMonitoredItems")?;
    if bench.material()?.fixture.is_none() {
        return Ok(());
    }
    let nothing = called_one(&mut link, fixture_method(bench, "Nothing", Vec::new())?)?;
    code(nothing.status_code, &[StatusCode::Good], "Method.Nothing")?;
    let sum = fixture_method(bench, "Add", vec![Variant::Double(2.0), Variant::Double(0.5)])?;
    let sum = called_one(&mut link, sum)?;
    equal(sum.output_arguments, Some(vec![Variant::Double(2.5)]), "Method.Add")
}

fn mth_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let few = called_one(&mut link, get_items(Vec::new()))?;
    code(few.status_code, &[StatusCode::BadArgumentsMissing], "a call without its argument")?;
    let many = called_one(&mut link, get_items(vec![Variant::UInt32(1), Variant::UInt32(2)]))?;
    code(many.status_code, &[StatusCode::BadTooManyArguments], "a call with one argument too many")
}

fn mth_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let result = called_one(&mut link, get_items(vec![Variant::from("one")]))?;
    let wanted = [StatusCode::BadInvalidArgument, StatusCode::BadTypeMismatch];
    code(result.status_code, &wanted, "a text where a UInt32 is due")?;
    let outputs = result.output_arguments.map_or(0, |it| it.len());
    equal(outputs, 0, "outputs of a refused call")?;
    let each = result.input_argument_results.unwrap_or_default();
    codes(&each, &[&[StatusCode::BadTypeMismatch]], "InputArgumentResults")
}

fn mth_04(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = fixture_method(bench, "Percent", vec![Variant::Double(101.0)])?;
    let result = called_one(&mut link, request)?;
    code(
        result.status_code,
        &[StatusCode::BadInvalidArgument, StatusCode::BadOutOfRange],
        "101 percent",
    )
}

fn mth_05(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let unknown = NodeId::new(0, 999_999);
    let argument = vec![Variant::UInt32(1)];
    let calls = vec![
        request_of(unknown.clone(), standard(GET_MONITORED_ITEMS), argument.clone()),
        request_of(standard(SERVER), unknown, argument.clone()),
        request_of(standard(85), standard(GET_MONITORED_ITEMS), argument),
    ];
    let statuses: Vec<StatusCode> =
        called(&mut link, calls)?.iter().map(|it| it.status_code).collect();
    let unknown: &[StatusCode] = &[StatusCode::BadNodeIdUnknown];
    let method: &[StatusCode] = &[StatusCode::BadMethodInvalid, StatusCode::BadNodeIdUnknown];
    codes(&statuses, &[unknown, method, &[StatusCode::BadMethodInvalid]], "Call")
}

fn mth_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let of_type = standard(11489);
    let subscription = subscribe(&mut link, 1000.0)?;
    let arguments = vec![Variant::UInt32(subscription)];
    let result = called_one(&mut link, request_of(standard(SERVER), of_type, arguments))?;
    let wanted = [StatusCode::Good, StatusCode::BadMethodInvalid];
    code(result.status_code, &wanted, "ServerType's GetMonitoredItems on the Server object")
}

fn mth_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let result = called_one(&mut link, fixture_method(bench, "NotExecutable", Vec::new())?)?;
    code(result.status_code, &[StatusCode::BadNotExecutable], "Method.NotExecutable")
}

fn mth_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    refused(&call(&mut link, Vec::new())?, &[StatusCode::BadNothingToDo], "Call of nothing")?;
    let most = read(&mut link, vec![value(standard(11709))])?.pop().and_then(|it| it.value);
    let Some(Variant::UInt32(most @ 1..=1000)) = most else { return Ok(()) };
    let many = vec![get_items(vec![Variant::UInt32(0)]); most as usize + 1];
    refused(&call(&mut link, many)?, &[StatusCode::BadTooManyOperations], "one call too many")
}

fn mth_09(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let subscription = subscribe(&mut link, 1000.0)?;
    let ids = (0..100).map(|it| if it % 2 == 0 { subscription } else { u32::MAX });
    let calls = ids.map(|it| get_items(vec![Variant::UInt32(it)])).collect();
    for (index, result) in called(&mut link, calls)?.iter().enumerate() {
        let wanted =
            if index % 2 == 0 { StatusCode::Good } else { StatusCode::BadSubscriptionIdInvalid };
        code(result.status_code, &[wanted], &format!("call {index}"))?;
    }
    Ok(())
}

fn mth_10(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let calls = vec![get_items(vec![Variant::UInt32(0)]); 100];
    for _ in 0..50 {
        let request =
            CallRequest { request_header: link.header(), methods_to_call: Some(calls.clone()) };
        link.ask(&request);
    }
    let close = opcua_types::CloseSessionRequest {
        request_header: link.header(),
        delete_subscriptions: true,
    };
    let last = link.ask(&close);
    let mut is_closed = false;
    for _ in 0..51 {
        let (request, _, _) = link.message()?;
        that(!is_closed, "a response after that of CloseSession")?;
        is_closed = request == last;
        if is_closed {
            break;
        }
    }
    that(is_closed, "no response to CloseSession")?;
    bench.session().map(|_| ())
}

fn mth_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let calls = vec![
        request_of(standard(SERVER), standard(2259), Vec::new()),
        request_of(standard(2256), standard(GET_MONITORED_ITEMS), vec![Variant::UInt32(1)]),
    ];
    for result in called(&mut link, calls)? {
        let wanted = [
            StatusCode::BadMethodInvalid,
            StatusCode::BadNodeClassInvalid,
            StatusCode::BadNodeIdInvalid,
            StatusCode::BadNodeIdUnknown,
        ];
        code(result.status_code, &wanted, "a call of what is no method")?;
    }
    Ok(())
}

fn mth_12(_: &Bench) -> Check {
    Err(Stop::skipped(
        "needs a plant's command and an operator; shown by tests/clients/python/test_write.py",
    ))
}

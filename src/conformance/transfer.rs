//! 4.11, second part: subscriptions that change hands or connections, and what a client can ask of them.

use opcua_types::{
    CallMethodRequest, StatusCode, TransferSubscriptionsRequest, TransferSubscriptionsResponse,
    Variant,
};

use crate::conformance::bench::standard;
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::item::{FINE, create, item};
use crate::conformance::link::{Answer, Link};
use crate::conformance::method::call;
use crate::conformance::publish::republish;
use crate::conformance::subscription::{
    CLOCK, NO_SUBSCRIPTION, data, deleted, publish, status_change, subscribe, ticking, values,
};
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of transfer and of the Server object's methods.
pub(super) const CASES: &[Case] = &[
    case("SUB-21", "a subscription moves to another session", sub_21),
    case("SUB-22", "the old session hears of it", sub_22),
    case("SUB-23", "initial values after a transfer, or none", sub_23),
    case("SUB-24", "transfer of nothing and of the unknown", sub_24),
    case("SUB-25", "GetMonitoredItems, own and other", sub_25),
    case("SUB-26", "ResendData, own and other", sub_26),
    case("SUB-27", "what was sent into a broken connection is sent again", sub_27),
];

/// TransferSubscriptions.
pub(super) fn transfer(
    link: &mut Link,
    ids: Vec<u32>,
    initial: bool,
) -> Result<Answer<TransferSubscriptionsResponse>, Stop> {
    let request = TransferSubscriptionsRequest {
        request_header: link.header(),
        subscription_ids: Some(ids),
        send_initial_values: initial,
    };
    link.call(&request)
}

/// A subscription moved from one session to another: both, and its id.
fn moved(bench: &Bench, initial: bool) -> Result<(Link, Link, u32), Stop> {
    let (mut old, mut new) = (bench.session()?, bench.session()?);
    let id = subscribe(&mut old, 100.0)?;
    create(&mut old, id, vec![item(standard(2255), 1)])?;
    data(&mut old)?;
    let answer = transfer(&mut new, vec![id], initial)?;
    let unsupported = [StatusCode::BadServiceUnsupported, StatusCode::BadNotImplemented];
    if answer.as_ref().is_err_and(|it| unsupported.contains(it)) {
        return Err(Stop::skipped("the server has no TransferSubscriptions"));
    }
    let results = good(answer, "TransferSubscriptions")?.results.unwrap_or_default();
    let result = some(results.into_iter().next(), "the result of TransferSubscriptions")?;
    if result.status_code == StatusCode::BadUserAccessDenied {
        return Err(Stop::skipped("the server moves no subscriptions of anonymous users"));
    }
    code(result.status_code, FINE, "TransferSubscriptions")?;
    that(
        !result.available_sequence_numbers.unwrap_or_default().is_empty(),
        "no available sequence numbers",
    )?;
    Ok((old, new, id))
}

fn sub_21(bench: &Bench) -> Check {
    let (_, mut new, id) = moved(bench, true)?;
    equal(publish(&mut new, &[])?.subscription_id, id, "the subscription in its new session")
}

fn sub_22(bench: &Bench) -> Check {
    let (mut old, _, id) = moved(bench, false)?;
    let response = publish(&mut old, &[])?;
    let said = some(status_change(&response), "the StatusChangeNotification")?;
    code(said, &[StatusCode::GoodSubscriptionTransferred], "StatusChangeNotification")?;
    codes(&deleted(&mut old, vec![id])?, &[NO_SUBSCRIPTION], "the subscription in its old session")
}

fn sub_23(bench: &Bench) -> Check {
    let (_, mut new, _) = moved(bench, true)?;
    equal(values(&data(&mut new)?).len(), 1, "initial values")?;
    let (_, mut new, _) = moved(bench, false)?;
    equal(values(&publish(&mut new, &[])?).len(), 0, "values where none were asked for")
}

fn sub_24(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let answer = transfer(&mut link, vec![u32::MAX], false)?;
    if answer.as_ref().is_err_and(|it| *it == StatusCode::BadServiceUnsupported) {
        return Err(Stop::skipped("the server has no TransferSubscriptions"));
    }
    let results = good(answer, "TransferSubscriptions")?.results.unwrap_or_default();
    let statuses: Vec<StatusCode> = results.iter().map(|it| it.status_code).collect();
    codes(&statuses, &[NO_SUBSCRIPTION], "transfer of an unknown subscription")?;
    refused(
        &transfer(&mut link, Vec::new(), false)?,
        &[StatusCode::BadNothingToDo],
        "transfer of nothing",
    )
}

/// Calls a method of the Server object with a subscription's id.
fn server_method(
    link: &mut Link,
    method: u32,
    id: u32,
) -> Result<(StatusCode, Vec<Variant>), Stop> {
    let request = CallMethodRequest {
        object_id: standard(2253),
        method_id: standard(method),
        input_arguments: Some(vec![Variant::UInt32(id)]),
    };
    let results = good(call(link, vec![request])?, "Call")?.results.unwrap_or_default();
    let result = some(results.into_iter().next(), "the result of Call")?;
    Ok((result.status_code, result.output_arguments.unwrap_or_default()))
}

fn others(status: StatusCode, of: &str) -> Check {
    code(status, &[StatusCode::BadUserAccessDenied, StatusCode::BadSubscriptionIdInvalid], of)
}

fn sub_25(bench: &Bench) -> Check {
    let (mut link, mut other) = (bench.session()?, bench.session()?);
    let id = subscribe(&mut link, 1000.0)?;
    create(&mut link, id, vec![item(standard(CLOCK), 17), item(standard(2259), 18)])?;
    let (status, outputs) = server_method(&mut link, 11492, id)?;
    code(status, FINE, "GetMonitoredItems")?;
    let handles = outputs.get(1).cloned().unwrap_or_default();
    equal(handles, Variant::from(vec![17_u32, 18]), "client handles")?;
    others(server_method(&mut other, 11492, id)?.0, "GetMonitoredItems of another session")?;
    code(server_method(&mut link, 11492, u32::MAX)?.0, NO_SUBSCRIPTION, "GetMonitoredItems of none")
}

fn sub_26(bench: &Bench) -> Check {
    let (mut link, mut other) = (bench.session()?, bench.session()?);
    let id = subscribe(&mut link, 100.0)?;
    create(&mut link, id, vec![item(standard(2255), 17)])?;
    data(&mut link)?;
    let (status, _) = server_method(&mut link, 12873, id)?;
    if status == StatusCode::BadMethodInvalid {
        return Err(Stop::skipped("the server has no ResendData"));
    }
    code(status, FINE, "ResendData")?;
    equal(values(&data(&mut link)?).len(), 1, "values sent again")?;
    others(server_method(&mut other, 12873, id)?.0, "ResendData of another session")
}

fn sub_27(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = ticking(&mut link)?;
    let first = data(&mut link)?.notification_message;
    // The connection breaks, the session stays.
    let session = std::mem::take(&mut link.session);
    drop(link);
    let mut again = bench.open()?;
    again.session = session;
    good(again.activate()?, "ActivateSession on a new connection")?;
    let message =
        good(republish(&mut again, id, first.sequence_number)?, "Republish")?.notification_message;
    equal(message, first.clone(), "the message sent again")?;
    let next = data(&mut again)?;
    that(
        next.notification_message.sequence_number > first.sequence_number,
        "numbers do not go on after a broken connection",
    )
}

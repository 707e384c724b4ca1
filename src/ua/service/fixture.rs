//! Methods of the conformance fixture: arguments of every shape, answered by the server itself.

use std::time::Duration;

use opcua_types::{Argument, CallMethodRequest, CallMethodResult, StatusCode, Variant};

use crate::ua::server::Server;
use crate::ua::service::method::failed;
use crate::ua::space::{Declared, NodeIdRef};
use crate::ua::stored::fit;

/// `Slow` takes no longer, s.
const SLOWEST_S: f64 = 30.0;

/// What a method does.
pub(super) enum Done {
    /// It answers with these outputs.
    Now(Vec<Variant>),
    /// It answers without outputs after a while.
    After(Duration),
}

/// The call of a fixture's method; `None` if it is not one.
pub(super) fn call(
    server: &Server,
    call: &CallMethodRequest,
) -> Option<Result<Done, CallMethodResult>> {
    let space = &server.space;
    let object = space.resolve(&NodeIdRef::from(&call.object_id))?;
    let method = space.resolve(&NodeIdRef::from(&call.method_id))?;
    let (node, name) = match space.fixture_method(object, method)? {
        Ok(found) => found,
        Err(status) => return Some(Err(failed(status))),
    };
    let given = call.input_arguments.as_deref().unwrap_or_default();
    Some(arguments(server, node, given).and_then(|given| act(&name, given)))
}

/// Number and types of the arguments, as the InputArguments property declares them (MTH-02, MTH-03).
fn arguments(
    server: &Server,
    method: u32,
    given: &[Variant],
) -> Result<Vec<Variant>, CallMethodResult> {
    let declared = declared(server, method);
    if given.len() < declared.len() {
        return Err(failed(StatusCode::BadArgumentsMissing));
    }
    if given.len() > declared.len() {
        return Err(failed(StatusCode::BadTooManyArguments));
    }
    let checked: Vec<Result<Variant, StatusCode>> = given
        .iter()
        .zip(&declared)
        .map(|(value, declared)| fit(&server.space, declared, value.clone()))
        .collect();
    if checked.iter().any(Result::is_err) {
        let code = |it: &Result<Variant, StatusCode>| it.as_ref().err().copied();
        let codes = checked.iter().map(|it| code(it).unwrap_or(StatusCode::Good)).collect();
        return Err(invalid(codes));
    }
    Ok(checked.into_iter().flatten().collect())
}

fn invalid(codes: Vec<StatusCode>) -> CallMethodResult {
    CallMethodResult {
        input_argument_results: Some(codes),
        ..failed(StatusCode::BadInvalidArgument)
    }
}

fn declared(server: &Server, method: u32) -> Vec<Declared> {
    let property = server.space.property(method, "InputArguments");
    let value = property.and_then(|it| server.stored.borrow().get(it).map(|it| it.value.clone()));
    let Some(Variant::Array(array)) = value else { return Vec::new() };
    let arguments = array.values.iter().filter_map(|it| match it {
        Variant::ExtensionObject(it) => it.inner_as::<Argument>(),
        _ => None,
    });
    arguments
        .filter_map(|it| {
            let kind = server.space.kind(&it.data_type)?;
            Some(Declared { kind, rank: it.value_rank, dimensions: Vec::new() })
        })
        .collect()
}

fn act(name: &str, given: Vec<Variant>) -> Result<Done, CallMethodResult> {
    let outputs = match (name, given.as_slice()) {
        ("Nothing" | "In", _) => Vec::new(),
        ("Out", _) => vec![Variant::Double(1.5)],
        ("Add", [Variant::Double(one), Variant::Double(other)]) => {
            vec![Variant::Double(one + other)]
        }
        ("Percent", [Variant::Double(share)]) if (0.0..=100.0).contains(share) => Vec::new(),
        ("Several", [flag, number, text]) => vec![text.clone(), number.clone(), flag.clone()],
        ("Reverse", [Variant::Array(array)]) => {
            let mut array = array.clone();
            array.values.reverse();
            vec![Variant::Array(array)]
        }
        ("Structure", [_]) => given,
        ("Slow", [Variant::Double(seconds)]) if (0.0..=SLOWEST_S).contains(seconds) => {
            return Ok(Done::After(Duration::from_secs_f64(*seconds)));
        }
        ("Percent" | "Slow", _) => return Err(invalid(vec![StatusCode::BadOutOfRange])),
        _ => return Err(failed(StatusCode::BadNotImplemented)),
    };
    Ok(Done::Now(outputs))
}

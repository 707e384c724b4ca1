//! RequestServerStateChange of the Server object (Part 5, 9.4): an administrator ends the server, or takes that back.

use std::time::Duration;

use opcua_types::{
    CallMethodRequest, CallMethodResult, DateTime, LocalizedText, MethodId, ObjectId, ServerState,
    StatusCode, Variant,
};
use tracing::warn;

use crate::access::Actor;
use crate::time;
use crate::ua::server::Server;
use crate::ua::service::method::{answered, failed};
use crate::ua::shutdown::Plan;

/// Number of input arguments.
const ARGUMENTS: usize = 5;
/// Position of the argument Restart.
const RESTART: usize = 4;

/// What is asked for.
struct Wish {
    state: ServerState,
    returns: DateTime,
    seconds: u32,
    reason: LocalizedText,
    restart: bool,
}

/// The call of this method; `None` if it is another one.
pub(super) fn call(
    server: &Server,
    actor: &Actor,
    call: &CallMethodRequest,
) -> Option<CallMethodResult> {
    let is_ours = call.object_id == ObjectId::Server
        && call.method_id == (0, MethodId::Server_RequestServerStateChange as u32);
    is_ours.then(|| match change(server, actor, call) {
        Ok(()) => answered(call, Vec::new()),
        Err(result) => result,
    })
}

fn change(
    server: &Server,
    actor: &Actor,
    call: &CallMethodRequest,
) -> Result<(), CallMethodResult> {
    if !actor.roles.is_administrator() {
        warn!(%actor, "change of the server's state refused: no administrator");
        return Err(failed(StatusCode::BadUserAccessDenied));
    }
    let wish = read(call.input_arguments.as_deref().unwrap_or_default())?;
    match wish.state {
        ServerState::Running => {
            let had = server.take_end_back();
            warn!(%actor, had, "the server stays in operation");
        }
        ServerState::Shutdown if wish.restart => {
            // Nobody would start us again: that is the business of the machine's service supervisor.
            return Err(invalid(RESTART, StatusCode::BadNotSupported));
        }
        ServerState::Shutdown => {
            warn!(%actor, seconds = wish.seconds, reason = %wish.reason.text, "the server is to end");
            let after = Duration::from_secs(wish.seconds.into());
            let end = time::monotonic() + after;
            server.announce_end(Plan { end, reason: wish.reason, returns: wish.returns });
        }
        ServerState::Failed
        | ServerState::NoConfiguration
        | ServerState::Suspended
        | ServerState::Test
        | ServerState::CommunicationFault
        | ServerState::Unknown => return Err(failed(StatusCode::BadInvalidState)),
    }
    Ok(())
}

/// Number, types and range of the arguments.
fn read(given: &[Variant]) -> Result<Wish, CallMethodResult> {
    if given.len() < ARGUMENTS {
        return Err(failed(StatusCode::BadArgumentsMissing));
    }
    let [state, returns, seconds, reason, restart] = given else {
        return Err(failed(StatusCode::BadTooManyArguments));
    };
    let mismatch = |at| invalid(at, StatusCode::BadTypeMismatch);
    let Variant::Int32(state) = state else { return Err(mismatch(0)) };
    let state = ServerState::try_from(*state).map_err(|_| invalid(0, StatusCode::BadOutOfRange))?;
    let Variant::DateTime(returns) = returns else { return Err(mismatch(1)) };
    let Variant::UInt32(seconds) = seconds else { return Err(mismatch(2)) };
    let reason = match reason {
        Variant::LocalizedText(reason) => reason.as_ref().clone(),
        Variant::Empty => LocalizedText::null(),
        _ => return Err(mismatch(3)),
    };
    let Variant::Boolean(restart) = restart else { return Err(mismatch(RESTART)) };
    Ok(Wish { state, returns: **returns, seconds: *seconds, reason, restart: *restart })
}

/// One argument is wrong.
fn invalid(at: usize, status: StatusCode) -> CallMethodResult {
    let codes = (0..ARGUMENTS).map(|it| if it == at { status } else { StatusCode::Good });
    CallMethodResult {
        input_argument_results: Some(codes.collect()),
        ..failed(StatusCode::BadInvalidArgument)
    }
}

//! Logins by a token that somebody else issued. Whatever is wrong, the client is told that it is rejected.

use opcua_types::StatusCode;
use tracing::debug;

use crate::time;
use crate::ua::service::Request;
use crate::ua::session::{Identity, IdentityProblem, TokenProblem};

/// Who the bearer of a token is. Attempts are slowed down by address, as guesses of passwords are; those of one
/// address do not lock the bearers at another out.
pub(super) fn identify(
    request: &Request<'_>,
    issuer: usize,
    token: Option<&[u8]>,
) -> Result<Identity, StatusCode> {
    let server = request.server;
    let address = request.connection.peer.ip();
    // No user has such a name.
    let bearer = format!("token from {address}");
    let refused = || {
        server.counters.security_rejected_sessions.bump();
        IdentityProblem::Rejected.status()
    };
    if !server.guard.borrow().may_try(&bearer, address, time::monotonic()) {
        debug!(%address, "token refused: too many failures");
        return Err(refused());
    }
    let found = token.ok_or(TokenProblem::Sealed);
    let found = found.and_then(|it| server.issuers.identify(issuer, it, time::now()));
    match found {
        Ok(identity) => {
            server.guard.borrow_mut().succeeded(&bearer);
            Ok(identity)
        }
        Err(problem) => {
            debug!(%address, %problem, "token refused");
            if problem.is_suspicious() {
                server.guard.borrow_mut().failed(&bearer, address, time::monotonic());
            }
            Err(refused())
        }
    }
}

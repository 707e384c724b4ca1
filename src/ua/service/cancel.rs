//! Cancel (Part 4, 5.7.5).

use opcua_types::{CancelResponse, StatusCode};

use crate::time;
use crate::ua::service::{Outcome, Request};

/// Cancel: waiting Publish requests with this handle (SES-32).
pub(super) fn cancel(mut request: Request<'_>) -> Outcome {
    let handle: u32 = request.typed()?;
    let session = request.session()?;
    let mut outgoing = Vec::new();
    let cancel_count = request.server.subscriptions.borrow_mut().cancel(
        session,
        handle,
        time::now(),
        &mut outgoing,
    );
    request.server.deliver(outgoing);
    let origin = request.server.origin(request.connection, &request.header, Some(session));
    request.server.audit_cancel(&origin, handle, StatusCode::Good);
    request.answer(&CancelResponse { response_header: request.good(), cancel_count })
}

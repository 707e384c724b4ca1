//! HistoryUpdate (Part 4, 5.11.5; Part 11, 6.9): taken apart here, carried out one operation after the other in the order
//! of the request, each audited, answered together.

use std::rc::Rc;

use opcua_types::{ObjectId, StatusCode};

use crate::access::Roles;
use crate::ua::audit::Origin;
use crate::ua::envelope::array_length;
use crate::ua::server::Server;
use crate::ua::service::history_update_events::{self, EventUpdate};
use crate::ua::service::reader::Reader;
use crate::ua::service::write::{begin, reply};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{IdRef, NodeIdRef};

/// Smallest encoded ExtensionObject: two-byte NodeId, no body.
const SMALLEST_DETAILS: usize = 2 + 1;

const UPDATE_EVENTS: u32 = ObjectId::UpdateEventDetails_Encoding_DefaultBinary as u32;
const DELETE_EVENTS: u32 = ObjectId::DeleteEventDetails_Encoding_DefaultBinary as u32;

/// What came of one operation: HistoryUpdateResult.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Updated {
    /// Of the operation.
    pub(super) status: StatusCode,
    /// Of each of its entries; none with a bad status.
    pub(super) results: Vec<StatusCode>,
}

impl Updated {
    /// Nothing was changed.
    pub(super) fn refused(status: StatusCode) -> Self {
        Self { status, results: Vec::new() }
    }
}

/// One operation, taken apart and checked.
enum Operation {
    /// It is not carried out.
    Refused(StatusCode),
    /// Recorded events.
    Events(Box<EventUpdate>),
}

/// HistoryUpdate.
pub(super) fn history_update(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let count = request.body.array(SMALLEST_DETAILS)?;
    request.check_count(count)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(request.body.extension_object()?);
    }
    let actor = begin(&request, session)?;
    let origin = request.server.origin(request.connection, &request.header, Some(session));
    let operations: Vec<Operation> = all
        .iter()
        .map(|it| take_apart(&request, actor.roles, it).unwrap_or_else(Operation::Refused))
        .collect();
    let server = Rc::clone(request.server);
    let connection = Rc::clone(request.connection);
    let (id, handle) = (request.id, request.header.request_handle);
    let head = request.head(ObjectId::HistoryUpdateResponse_Encoding_DefaultBinary);
    tokio::task::spawn_local(async move {
        let mut results = Vec::with_capacity(operations.len());
        for operation in operations {
            results.push(carry_out(&server, &origin, operation).await);
        }
        let body = || Ok(response(head, &results));
        reply(&server, session, body, |body| connection.send(id, handle, &body), handle);
    });
    Ok(Answer::Later)
}

/// Reads the details of an operation and checks node, user and values.
fn take_apart(
    request: &Request<'_>,
    roles: Roles,
    (kind, body): &(NodeIdRef<'_>, &[u8]),
) -> Result<Operation, StatusCode> {
    let NodeIdRef { namespace: 0, identifier: IdRef::Numeric(kind) } = *kind else {
        return Err(StatusCode::BadHistoryOperationInvalid);
    };
    let server = request.server;
    let (context, mut body) = (server.decoding(body), Reader::new(body));
    let events = |it| Operation::Events(Box::new(it));
    let read = match kind {
        UPDATE_EVENTS => {
            history_update_events::update(server, roles, &context, &mut body).map(events)
        }
        DELETE_EVENTS => history_update_events::delete(server, roles, &mut body).map(events),
        _ => return Err(StatusCode::BadHistoryOperationUnsupported),
    };
    read.map_err(|_| StatusCode::BadDecodingError)
}

/// Does what was asked for, and audits it.
async fn carry_out(server: &Server, origin: &Origin, operation: Operation) -> Updated {
    match operation {
        Operation::Events(update) => update.carry_out(server, origin).await,
        Operation::Refused(status) => Updated::refused(status),
    }
}

fn response(mut out: Vec<u8>, results: &[Updated]) -> Vec<u8> {
    array_length(&mut out, Some(results.len()));
    for Updated { status, results } in results {
        out.extend_from_slice(&status.bits().to_le_bytes());
        array_length(&mut out, Some(results.len()));
        for status in results {
            out.extend_from_slice(&status.bits().to_le_bytes());
        }
        // No DiagnosticInfos.
        array_length(&mut out, None);
    }
    array_length(&mut out, None);
    out
}

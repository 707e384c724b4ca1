//! HistoryUpdate (Part 4, 5.11.5; Part 11, 6.9): taken apart here, carried out one operation after the other in the order
//! of the request, each audited, answered together.

use std::rc::Rc;

use opcua_types::{NodeId, ObjectId, StatusCode};

use crate::access::Actor;
use crate::ua::audit::{HistoryChange, Origin};
use crate::ua::envelope::array_length;
use crate::ua::server::Server;
use crate::ua::service::history_data::{self, DataOperation};
use crate::ua::service::history_update_events::{self, EventUpdate};
use crate::ua::service::reader::{Malformed, Reader};
use crate::ua::service::write::{begin, reply};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{IdRef, NodeIdRef};

/// Smallest encoded ExtensionObject: two-byte NodeId, no body.
const SMALLEST_DETAILS: usize = 2 + 1;

const UPDATE_DATA: u32 = ObjectId::UpdateDataDetails_Encoding_DefaultBinary as u32;
const UPDATE_STRUCTURE: u32 = ObjectId::UpdateStructureDataDetails_Encoding_DefaultBinary as u32;
const DELETE_RAW: u32 = ObjectId::DeleteRawModifiedDetails_Encoding_DefaultBinary as u32;
const DELETE_AT: u32 = ObjectId::DeleteAtTimeDetails_Encoding_DefaultBinary as u32;
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

/// An operation that is not carried out.
pub(super) struct Refused {
    /// Why.
    pub(super) status: StatusCode,
    /// The node, and what the audit trail is told; `None` if that could not be read.
    pub(super) told: Option<(NodeId, HistoryChange)>,
}

impl From<Malformed> for Refused {
    fn from(_: Malformed) -> Self {
        StatusCode::BadDecodingError.into()
    }
}

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Self {
        Self { status, told: None }
    }
}

/// One operation, taken apart and checked.
enum Operation {
    /// It is not carried out.
    Refused(Refused),
    /// On recorded data.
    Data(Box<DataOperation>),
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
        .map(|it| take_apart(&request, &actor, it).unwrap_or_else(Operation::Refused))
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
    actor: &Actor,
    (kind, body): &(NodeIdRef<'_>, &[u8]),
) -> Result<Operation, Refused> {
    let NodeIdRef { namespace: 0, identifier: IdRef::Numeric(kind) } = *kind else {
        return Err(StatusCode::BadHistoryOperationInvalid.into());
    };
    let server = request.server;
    let (context, mut reader) = (server.decoding(body), Reader::new(body));
    let operation = match kind {
        UPDATE_DATA => history_data::update(request, actor, body)?,
        UPDATE_STRUCTURE => history_data::annotate(request, actor, body)?,
        DELETE_RAW => history_data::delete_raw(request, actor, body)?,
        DELETE_AT => history_data::delete_at(request, actor, body)?,
        UPDATE_EVENTS => {
            let rights = request.rights(request.session()?);
            let update = history_update_events::update(server, &rights, &context, &mut reader)?;
            return Ok(Operation::Events(Box::new(update)));
        }
        DELETE_EVENTS => {
            let rights = request.rights(request.session()?);
            let update = history_update_events::delete(server, &rights, &mut reader)?;
            return Ok(Operation::Events(Box::new(update)));
        }
        _ => return Err(StatusCode::BadHistoryOperationUnsupported.into()),
    };
    Ok(Operation::Data(Box::new(operation)))
}

/// Does what was asked for, and audits it.
async fn carry_out(server: &Server, origin: &Origin, operation: Operation) -> Updated {
    match operation {
        Operation::Events(update) => update.carry_out(server, origin).await,
        Operation::Refused(Refused { status, told }) => {
            if let Some((node, change)) = told {
                server.audit_history(origin, node, (change, Vec::new()), status);
            }
            Updated::refused(status)
        }
        Operation::Data(operation) => {
            let old = history_data::values_before(server, &operation).await;
            let (node, change) = operation.told();
            let updated = operation.carry_out(server).await;
            server.audit_history(origin, node, (change, old), updated.status);
            updated
        }
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

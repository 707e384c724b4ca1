//! View service set (Part 4, 5.9): Browse, BrowseNext, TranslateBrowsePaths, Register- and UnregisterNodes.

use opcua_types::{
    BrowsePath, BrowsePathResult, ByteString, NodeId, ObjectId, RegisterNodesResponse, StatusCode,
    TranslateBrowsePathsToNodeIdsResponse, UnregisterNodesResponse, ViewDescription,
};

use crate::time;
use crate::ua::envelope::{array_length, response_header};
use crate::ua::permission::Rights;
use crate::ua::service::reader::{self, Reader};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::session::BrowseRest;
use crate::ua::space::{BrowseFilter, BrowsePosition, Space};
use crate::ua::subscription::SessionKey;

/// Smallest encoded BrowseDescription: two two-byte NodeIds, direction, subtypes flag, two masks.
const SMALLEST_BROWSE: usize = 2 + 4 + 2 + 1 + 4 + 4;
/// Smallest encoded BrowsePath: two-byte NodeId and a null array.
const SMALLEST_PATH: usize = 2 + 4;
/// Smallest encoded NodeId and null string.
const SMALLEST_ID: usize = 2;

/// Browse.
pub(super) fn browse(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let view: ViewDescription = request.typed()?;
    let asked_maximum = request.body.u32()?;
    let count = request.body.array(SMALLEST_BROWSE)?;
    request.check_count(count)?;
    check_view(&view)?;
    let maximum = references_per_node(&request, asked_maximum);
    let rights = request.rights(session);
    let longest = request.longest_answer();
    let mut out = Vec::with_capacity(64 + count * 256);
    let handle = request.header.request_handle;
    let id = ObjectId::BrowseResponse_Encoding_DefaultBinary;
    response_header(&mut out, id, handle, StatusCode::Good, time::now());
    array_length(&mut out, Some(count));
    for _ in 0..count {
        let position = read_description(&mut request.body, &request.server.space)?;
        let position = position.and_then(|it| check_visible(&request, &rights, it));
        match position {
            Ok(position) => one(&request, (session, &rights), position, maximum, &mut out),
            Err(status) => failed(status, &mut out),
        }
        if out.len() > longest {
            // The rest would be work for nothing: the client could not take it.
            return Err(StatusCode::BadResponseTooLarge);
        }
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

/// Whether the session may see the node that it browses.
fn check_visible(
    request: &Request<'_>,
    rights: &Rights,
    position: BrowsePosition,
) -> Result<BrowsePosition, StatusCode> {
    let class = request.server.space.class_of(position.node());
    if rights.may_browse(class) { Ok(position) } else { Err(StatusCode::BadUserAccessDenied) }
}

/// There is no view (VIW-10).
fn check_view(view: &ViewDescription) -> Result<(), StatusCode> {
    if !view.view_id.is_null() {
        return Err(StatusCode::BadViewIdUnknown);
    }
    if view.timestamp.ticks() != 0 {
        return Err(StatusCode::BadViewTimestampInvalid);
    }
    if view.view_version != 0 {
        return Err(StatusCode::BadViewVersionInvalid);
    }
    Ok(())
}

fn references_per_node(request: &Request<'_>, asked: u32) -> usize {
    let bound = request.server.config.limits.references_per_node;
    if asked == 0 { bound } else { (asked as usize).min(bound) }
}

/// One BrowseDescription. The outer error is a body that cannot be decoded; the inner one is this node's.
fn read_description(
    body: &mut Reader<'_>,
    space: &Space,
) -> Result<Result<BrowsePosition, StatusCode>, StatusCode> {
    let node = body.node_id()?;
    let direction = body.i32()?;
    let reference_type = body.node_id()?;
    let include_subtypes = body.u8()? != 0;
    let class_mask = body.u32()?;
    let result_mask = body.u32()?;
    if reader::is_null(&node) {
        return Ok(Err(StatusCode::BadNodeIdInvalid));
    }
    let Some(found) = space.resolve(&node) else {
        return Ok(Err(StatusCode::BadNodeIdUnknown));
    };
    let reference_type = (!Space::is_any_reference(&reference_type)).then_some(reference_type);
    let masks = (class_mask, result_mask);
    let filter = BrowseFilter::new(space, direction, reference_type, include_subtypes, masks);
    Ok(filter.map(|filter| BrowsePosition::start(found, filter)))
}

/// BrowseResult of one node, with a continuation point if not everything fits.
fn one(
    request: &Request<'_>,
    (session, rights): (SessionKey, &Rights),
    position: BrowsePosition,
    maximum: usize,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend_from_slice(&StatusCode::Good.bits().to_le_bytes());
    // Continuation point and number of references stand before the references, and are known only after them.
    let point = out.len();
    array_length(out, None);
    let number = out.len();
    array_length(out, Some(0));
    let (count, rest) = request.server.space.browse(rights, position, maximum, out);
    out[number..number + 4].copy_from_slice(&(count as u32).to_le_bytes());
    let Some(rest) = rest else { return };
    let bound = request.server.config.limits.continuation_points;
    let id = request.server.sessions.borrow_mut().get_mut(session).map(|it| {
        let rest = BrowseRest { position: rest, max_references: maximum };
        it.browses.remember(rest, bound)
    });
    let Some(id) = id else {
        out.truncate(start);
        return failed(StatusCode::BadSessionClosed, out);
    };
    let id = id.to_le_bytes();
    let length = (id.len() as u32).to_le_bytes();
    out.splice(point..number, length.into_iter().chain(id));
}

/// BrowseResult of a node that cannot be browsed.
fn failed(status: StatusCode, out: &mut Vec<u8>) {
    out.extend_from_slice(&status.bits().to_le_bytes());
    array_length(out, None);
    array_length(out, None);
}

/// BrowseNext.
pub(super) fn browse_next(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let release = request.body.u8()? != 0;
    let points: Option<Vec<ByteString>> = request.typed()?;
    let points = points.unwrap_or_default();
    let rights = request.rights(session);
    request.check_count(points.len())?;
    let mut out = Vec::new();
    let handle = request.header.request_handle;
    let id = ObjectId::BrowseNextResponse_Encoding_DefaultBinary;
    response_header(&mut out, id, handle, StatusCode::Good, time::now());
    array_length(&mut out, Some(points.len()));
    for point in &points {
        let found = point_id(point).and_then(|id| {
            request
                .server
                .sessions
                .borrow_mut()
                .get_mut(session)
                .and_then(|it| it.browses.recall(id))
        });
        match found {
            None => failed(StatusCode::BadContinuationPointInvalid, &mut out),
            Some(_) if release => failed(StatusCode::Good, &mut out),
            Some(found) => {
                let with = (session, &rights);
                one(&request, with, found.position, found.max_references, &mut out);
            }
        }
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

fn point_id(point: &ByteString) -> Option<u64> {
    let bytes = point.value.as_deref()?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// TranslateBrowsePathsToNodeIds.
pub(super) fn translate(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let rights = request.rights(session);
    let count = request.body.array(SMALLEST_PATH)?;
    request.check_count(count)?;
    let mut results: Vec<BrowsePathResult> = Vec::with_capacity(count);
    for _ in 0..count {
        let path: BrowsePath = request.body.typed(&request.context)?;
        results.push(request.server.space.translate(&rights, &path));
    }
    request.answer(&TranslateBrowsePathsToNodeIdsResponse {
        response_header: request.good(),
        results: Some(results),
        diagnostic_infos: None,
    })
}

/// The NodeIds of a Register- or UnregisterNodes request.
fn node_ids(request: &mut Request<'_>) -> Result<Vec<NodeId>, StatusCode> {
    request.session()?;
    let count = request.body.array(SMALLEST_ID)?;
    request.check_count(count)?;
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        ids.push(request.body.typed(&request.context)?);
    }
    Ok(ids)
}

/// RegisterNodes: our NodeIds are as quick as any alias, so they come back as they are (VIW-23).
pub(super) fn register(mut request: Request<'_>) -> Outcome {
    let ids = node_ids(&mut request)?;
    request.answer(&RegisterNodesResponse {
        response_header: request.good(),
        registered_node_ids: Some(ids),
    })
}

/// UnregisterNodes: nothing was kept, so nothing is forgotten (VIW-24).
pub(super) fn unregister(mut request: Request<'_>) -> Outcome {
    node_ids(&mut request)?;
    request.answer(&UnregisterNodesResponse { response_header: request.good() })
}

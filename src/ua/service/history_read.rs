//! HistoryRead (Part 4, 5.11.3; Part 11, 6.5): taken apart here, read on a thread that may wait for a disk, answered in
//! the order of the request.

use std::rc::Rc;
use std::sync::Arc;

use opcua_types::{AggregateConfiguration, NumericRange, ObjectId, StatusCode, TimestampsToReturn};

use crate::time::Timestamp;
use crate::ua::aggregate::{Configuration, Function};
use crate::ua::envelope::array_length;
use crate::ua::event::EventFilter;
use crate::ua::history::{
    Answered, AtTimeRead, ModifiedRead, ProcessedQuery, ProcessedRead, Raw, RawQuery, Room,
    Subject, Work,
};
use crate::ua::permission::Rights;
use crate::ua::permission::bits::READ_HISTORY;
use crate::ua::server::Server;
use crate::ua::service::attribute::timestamps;
use crate::ua::service::history_events;
use crate::ua::service::reader::{self, Reader};
use crate::ua::service::write::{begin, reply};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{IdRef, NodeIdRef, NodeRef};
use crate::ua::subscription::SessionKey;

/// Smallest encoded HistoryReadValueId: two-byte NodeId, null range, null encoding, null continuation point.
const SMALLEST_READ: usize = 2 + 4 + 6 + 4;
/// Bytes of a response besides its values.
const OVERHEAD: usize = 1024;
/// Least room for one node's answer, bytes.
const LEAST_ROOM: usize = 4096;

const RAW: u32 = ObjectId::ReadRawModifiedDetails_Encoding_DefaultBinary as u32;
const PROCESSED: u32 = ObjectId::ReadProcessedDetails_Encoding_DefaultBinary as u32;
const AT_TIME: u32 = ObjectId::ReadAtTimeDetails_Encoding_DefaultBinary as u32;
const EVENTS: u32 = ObjectId::ReadEventDetails_Encoding_DefaultBinary as u32;

/// What is asked of every node of a request.
#[derive(Clone, Debug)]
enum Details {
    Raw(RawQuery),
    Modified(RawQuery),
    /// One function for each node, or what is wrong with it.
    Processed(ProcessedQuery, Vec<Result<Function, StatusCode>>),
    AtTime(Arc<[Timestamp]>, bool),
    Events(RawQuery, Box<EventFilter>),
}

/// A node of a request.
struct Item<'a> {
    node: NodeIdRef<'a>,
    range: &'a str,
    encoding: (u16, &'a str),
    continuation: &'a [u8],
}

/// HistoryRead.
pub(super) fn history_read(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let details = request.body.extension_object()?;
    let timestamps = timestamps(request.body.i32()?)?;
    let release = request.body.flag()?;
    let count = request.body.array(SMALLEST_READ)?;
    request.check_count(count)?;
    let details = read_details(&request, &details)?;
    // Events bring their times among their fields.
    if timestamps == TimestampsToReturn::Neither && !matches!(details, Ok(Details::Events(..))) {
        return Err(StatusCode::BadTimestampsToReturnInvalid);
    }
    if let Ok(Details::Processed(_, functions)) = &details
        && functions.len() != count
    {
        return Err(StatusCode::BadAggregateListMismatch);
    }
    let rights = request.rights(session);
    let hears_audit =
        request.server.sessions.borrow().get(session).is_some_and(|it| it.hears_audit);
    let mut works = Vec::with_capacity(count);
    for index in 0..count {
        let item = Item {
            node: request.body.node_id()?,
            range: request.body.text()?,
            encoding: request.body.qualified_name()?,
            continuation: request.body.byte_string()?,
        };
        works.push(if release {
            Err(let_go(request.server, session, item.continuation))
        } else if item.continuation.is_empty() {
            let details = details.as_ref().map_err(|it| *it);
            let begun = details
                .and_then(|it| begin_one(request.server, &rights, &item, timestamps, (it, index)));
            begun.map(|mut work| {
                work.set_hears_audit(hears_audit);
                work
            })
        } else {
            take_up(request.server, session, item.continuation)
        });
    }
    let bytes = room_for_all(&request, session);
    answer_later(&request, session, works, bytes)
}

/// The outer error refuses the request, the inner one each node (HA-03).
fn read_details(
    request: &Request<'_>,
    (kind, body): &(NodeIdRef<'_>, &[u8]),
) -> Result<Result<Details, StatusCode>, StatusCode> {
    let NodeIdRef { namespace: 0, identifier: IdRef::Numeric(kind) } = *kind else {
        return Err(StatusCode::BadHistoryOperationInvalid);
    };
    let (context, mut body) = (request.server.decoding(body), Reader::new(body));
    match kind {
        EVENTS => {
            let read = history_events::read_details(request.server, &context, &mut body)?;
            Ok(read.map(|(query, filter)| Details::Events(query, Box::new(filter))))
        }
        RAW => Ok(raw(&mut body)?),
        PROCESSED => Ok(Ok(processed(request, &mut body)?)),
        AT_TIME => Ok(at_time(&mut body)?),
        _ => Err(StatusCode::BadHistoryOperationUnsupported),
    }
}

fn raw(body: &mut Reader<'_>) -> Result<Result<Details, StatusCode>, reader::Malformed> {
    let is_modified = body.flag()?;
    let (start, end) = (time(body)?, time(body)?);
    let limit = body.u32()?;
    let bounds = body.flag()?;
    let query = RawQuery::new(start, end, limit, bounds);
    Ok(query.map(|it| if is_modified { Details::Modified(it) } else { Details::Raw(it) }))
}

fn processed(request: &Request<'_>, body: &mut Reader<'_>) -> Result<Details, reader::Malformed> {
    let (start, end) = (time(body)?, time(body)?);
    let interval_ms = body.f64()?;
    let count = body.array(2)?;
    let mut functions = Vec::with_capacity(count);
    for _ in 0..count {
        functions.push(function(&body.node_id()?));
    }
    let asked: AggregateConfiguration = body.typed(&request.context)?;
    let configuration = if asked.use_server_capabilities_defaults {
        Configuration::default()
    } else {
        Configuration {
            treat_uncertain_as_bad: asked.treat_uncertain_as_bad,
            percent_bad: asked.percent_data_bad,
            percent_good: asked.percent_data_good,
            use_sloped_extrapolation: asked.use_sloped_extrapolation,
        }
    };
    let query = ProcessedQuery { start, end, interval_ms, configuration };
    Ok(Details::Processed(query, functions))
}

fn function(id: &NodeIdRef<'_>) -> Result<Function, StatusCode> {
    let NodeIdRef { namespace: 0, identifier: IdRef::Numeric(number) } = *id else {
        return Err(StatusCode::BadAggregateNotSupported);
    };
    Function::from_number(number).ok_or(StatusCode::BadAggregateNotSupported)
}

fn at_time(body: &mut Reader<'_>) -> Result<Result<Details, StatusCode>, reader::Malformed> {
    let count = body.array(8)?;
    let times = (0..count).map(|_| time(body)).collect::<Result<Arc<[Timestamp]>, _>>()?;
    let use_simple_bounds = body.flag()?;
    if times.is_empty() {
        return Ok(Err(StatusCode::BadInvalidArgument));
    }
    Ok(Ok(Details::AtTime(times, use_simple_bounds)))
}

/// DateTime. What lies before 1601 or is none is 0.
pub(super) fn time(body: &mut Reader<'_>) -> Result<Timestamp, reader::Malformed> {
    let ticks = body.i64()?;
    Ok(Timestamp::from_ticks(ticks.max(0)))
}

/// Checks a node and begins its read.
fn begin_one(
    server: &Server,
    rights: &Rights,
    item: &Item<'_>,
    timestamps: TimestampsToReturn,
    (details, index): (&Details, usize),
) -> Result<Work, StatusCode> {
    if reader::is_null(&item.node) {
        return Err(StatusCode::BadNodeIdInvalid);
    }
    let node = server.space.resolve(&item.node).ok_or(StatusCode::BadNodeIdUnknown)?;
    let subject = || subject(server, rights, (item, node), timestamps);
    Ok(match details {
        Details::Raw(query) => Work::Raw(Box::new(Raw::new(subject()?, *query))),
        Details::Modified(query) => {
            Work::Modified(Box::new(ModifiedRead::new(subject()?, *query)?))
        }
        Details::Processed(query, functions) => {
            Work::Processed(Box::new(ProcessedRead::new(subject()?, functions[index]?, *query)?))
        }
        Details::AtTime(times, use_simple_bounds) => {
            let times = Arc::clone(times);
            Work::AtTime(Box::new(AtTimeRead::new(subject()?, times, *use_simple_bounds)))
        }
        Details::Events(query, filter) => {
            return history_events::begin_read(server, rights, node, (*query, (**filter).clone()));
        }
    })
}

/// The variable of an operation, and how its values are to be shown.
fn subject(
    server: &Server,
    rights: &Rights,
    (item, node): (&Item<'_>, NodeRef),
    timestamps: TimestampsToReturn,
) -> Result<Subject, StatusCode> {
    let kept = server.space.kept(node).ok_or(StatusCode::BadHistoryOperationUnsupported)?;
    rights.check(server.space.class_of(node), READ_HISTORY)?;
    let range: NumericRange = reader::index_range(item.range)?;
    match item.encoding {
        (_, "") => {}
        (0, "Default Binary") => return Err(StatusCode::BadDataEncodingInvalid),
        _ => return Err(StatusCode::BadDataEncodingUnsupported),
    }
    Ok(Subject { kept, range, timestamps })
}

/// Number of a continuation point.
fn number(continuation: &[u8]) -> Option<u64> {
    continuation.try_into().ok().map(u64::from_le_bytes)
}

/// Goes on with a read: a continuation point can be used once (HA-05).
fn take_up(server: &Server, session: SessionKey, continuation: &[u8]) -> Result<Work, StatusCode> {
    let mut sessions = server.sessions.borrow_mut();
    let session = sessions.get_mut(session).ok_or(StatusCode::BadSessionClosed)?;
    let work = number(continuation).and_then(|it| session.reads.recall(it));
    let mut work = work.ok_or(StatusCode::BadContinuationPointInvalid)?;
    work.set_hears_audit(session.hears_audit);
    Ok(work)
}

/// Gives a continuation point up (Part 4, 5.11.3.2: nothing is read).
fn let_go(server: &Server, session: SessionKey, continuation: &[u8]) -> StatusCode {
    match take_up(server, session, continuation) {
        Ok(_) => StatusCode::Good,
        Err(status) => status,
    }
}

/// Bytes that the whole response may have.
fn room_for_all(request: &Request<'_>, session: SessionKey) -> usize {
    let sessions = request.server.sessions.borrow();
    let asked = sessions.get(session).map_or(0, |it| it.client.max_response_bytes);
    let taken = request.longest_answer();
    let own = request.server.config.limits.message_bytes;
    let least = [asked as usize, taken].into_iter().filter(|it| *it > 0).fold(own, usize::min);
    least.saturating_sub(OVERHEAD)
}

/// Reads away from this thread, then answers.
fn answer_later(
    request: &Request<'_>,
    session: SessionKey,
    works: Vec<Result<Work, StatusCode>>,
    bytes: usize,
) -> Outcome {
    let Some(history) = &request.server.history else {
        return Err(StatusCode::BadHistoryOperationUnsupported);
    };
    begin(request, session)?;
    let reader = history.reader.clone();
    let values = request.server.config.limits.history_values;
    let read = move || {
        let (mut left, mut nodes) = (bytes, works.len());
        let mut answers = Vec::with_capacity(nodes);
        for work in works {
            let room = Room { values, bytes: (left / nodes.max(1)).max(LEAST_ROOM) };
            let answered = match work {
                Ok(work) => work.go_on(&reader, room),
                Err(status) => Answered::refused(status),
            };
            left = left.saturating_sub(answered.body.len() + 64);
            nodes -= 1;
            answers.push(answered);
        }
        answers
    };
    let server = Rc::clone(request.server);
    let connection = Rc::clone(request.connection);
    let (id, handle) = (request.id, request.header.request_handle);
    let head = request.head(ObjectId::HistoryReadResponse_Encoding_DefaultBinary);
    tokio::task::spawn_local(async move {
        let answers = tokio::task::spawn_blocking(read).await;
        let body = || {
            let answers = answers.map_err(|_| StatusCode::BadInternalError)?;
            Ok(response(&server, session, head, answers))
        };
        reply(&server, session, body, |body| connection.send(id, handle, &body), handle);
    });
    Ok(Answer::Later)
}

/// The response; what is left of each read waits behind a continuation point.
fn response(
    server: &Server,
    session: SessionKey,
    mut out: Vec<u8>,
    answers: Vec<Answered>,
) -> Vec<u8> {
    array_length(&mut out, Some(answers.len()));
    let bound = server.config.limits.history_continuation_points;
    for Answered { status, kind, body, rest } in answers {
        out.extend_from_slice(&status.bits().to_le_bytes());
        let id = rest.and_then(|rest| {
            let mut sessions = server.sessions.borrow_mut();
            Some(sessions.get_mut(session)?.reads.remember(rest, bound))
        });
        match id {
            Some(id) => {
                out.extend_from_slice(&8_i32.to_le_bytes());
                out.extend_from_slice(&id.to_le_bytes());
            }
            None => array_length(&mut out, None),
        }
        match kind {
            Some(kind) => {
                crate::ua::envelope::type_id(&mut out, kind);
                out.push(1);
                array_length(&mut out, Some(body.len()));
                out.extend_from_slice(&body);
            }
            None => out.extend_from_slice(&[0, 0, 0]),
        }
    }
    array_length(&mut out, None);
    out
}

//! HistoryUpdate of data (Part 11, 6.9.2, 6.9.3, 6.9.5, 6.9.6): insert, replace, update, delete.

use opcua_types::{
    Annotation, DataValue, DeleteAtTimeDetails, DeleteRawModifiedDetails, NodeId, StatusCode,
    UpdateDataDetails, UpdateStructureDataDetails, Variant,
};
use opcua_types::{BinaryDecodable, PerformUpdateType};
use tokio::sync::oneshot;

use crate::access::Actor;
use crate::historian::{Changed, Order};
use crate::history::{By, Direction, Edit, Edited, HistoryError, Sample, Span};
use crate::time::{self, Timestamp};
use crate::ua::audit::HistoryChange;
use crate::ua::history::annotation::{self, ANNOTATIONS_MAX, Note};
use crate::ua::permission::bits::{DELETE_HISTORY, INSERT_HISTORY, MODIFY_HISTORY};
use crate::ua::server::Server;
use crate::ua::service::Request;
use crate::ua::service::history_update::{Refused, Updated};
use crate::ua::space::{Kept, NodeIdRef};
use crate::ua::value::date_time;
use crate::ua::wire::Shallow;

/// An operation on a node's data, checked.
pub(super) struct DataOperation {
    node: NodeId,
    kept: Kept,
    by: By,
    change: Change,
    /// What the audit trail is told.
    told: HistoryChange,
}

/// What is to be done.
enum Change {
    /// Values, or what is wrong with each.
    Values(PerformUpdateType, Vec<Result<Sample, StatusCode>>),
    /// What people write, each with its time.
    Notes(PerformUpdateType, Vec<Result<(Timestamp, Note), StatusCode>>),
    /// A span of time goes.
    DeleteRaw { from: Timestamp, to: Timestamp },
    /// The values at these times go.
    DeleteAt(Vec<Timestamp>),
}

/// Reads a structure of a request's body.
fn read<T: BinaryDecodable>(request: &Request<'_>, mut body: &[u8]) -> Result<T, StatusCode> {
    let context = request.server.decoding(body);
    T::decode(&mut Shallow::new(&mut body), &context).map_err(|_| StatusCode::BadDecodingError)
}

/// The history of a node that this user may change (HA-25).
fn kept(request: &Request<'_>, node: &NodeId, needed: u32) -> Result<Kept, StatusCode> {
    let server = request.server;
    if node.is_null() {
        return Err(StatusCode::BadNodeIdInvalid);
    }
    let found = server.space.resolve(&NodeIdRef::from(node)).ok_or(StatusCode::BadNodeIdUnknown)?;
    let kept = server.space.kept(found).ok_or(StatusCode::BadHistoryOperationUnsupported)?;
    if !server.space.is_editable(found) {
        return Err(StatusCode::BadHistoryOperationUnsupported);
    }
    let rights = request.rights(request.session()?);
    rights.check(server.space.class_of(found), needed)?;
    Ok(kept)
}

/// Permissions that an operation needs (Part 3, 8.55).
fn needed_for(told: &HistoryChange) -> u32 {
    match told {
        HistoryChange::Update { perform, .. } | HistoryChange::Annotation { perform, .. } => {
            needed_to(*perform)
        }
        HistoryChange::DeleteRaw { .. } | HistoryChange::DeleteAt(_) => DELETE_HISTORY,
    }
}

/// Permissions that an update needs: one that inserts or replaces needs both.
pub(super) fn needed_to(perform: PerformUpdateType) -> u32 {
    match perform {
        PerformUpdateType::Insert => INSERT_HISTORY,
        PerformUpdateType::Replace => MODIFY_HISTORY,
        PerformUpdateType::Update => INSERT_HISTORY | MODIFY_HISTORY,
        PerformUpdateType::Remove => DELETE_HISTORY,
    }
}

fn check_count(request: &Request<'_>, count: usize) -> Result<(), StatusCode> {
    match count {
        0 => Err(StatusCode::BadNothingToDo),
        count if count > request.server.config.limits.operations => {
            Err(StatusCode::BadTooManyOperations)
        }
        _ => Ok(()),
    }
}

fn by(actor: &Actor) -> By {
    By { user: actor.name.as_ref().to_owned(), time: time::now() }
}

/// UpdateDataDetails.
pub(super) fn update(
    request: &Request<'_>,
    actor: &Actor,
    body: &[u8],
) -> Result<DataOperation, Refused> {
    let details: UpdateDataDetails = read(request, body)?;
    let new = details.update_values.unwrap_or_default();
    let told = HistoryChange::Update { perform: details.perform_insert_replace, new };
    DataOperation::new(request, actor, details.node_id, told)
}

/// UpdateStructureDataDetails, which is for annotations.
pub(super) fn annotate(
    request: &Request<'_>,
    actor: &Actor,
    body: &[u8],
) -> Result<DataOperation, Refused> {
    let details: UpdateStructureDataDetails = read(request, body)?;
    let new = details.update_values.unwrap_or_default();
    let told = HistoryChange::Annotation { perform: details.perform_insert_replace, new };
    DataOperation::new(request, actor, details.node_id, told)
}

/// DeleteRawModifiedDetails.
pub(super) fn delete_raw(
    request: &Request<'_>,
    actor: &Actor,
    body: &[u8],
) -> Result<DataOperation, Refused> {
    let details: DeleteRawModifiedDetails = read(request, body)?;
    let ticks = |it: &opcua_types::DateTime| Timestamp::from_ticks(it.checked_ticks());
    let (from, to) = (ticks(&details.start_time), ticks(&details.end_time));
    let told = HistoryChange::DeleteRaw { from, to, modified: details.is_delete_modified };
    DataOperation::new(request, actor, details.node_id, told)
}

/// DeleteAtTimeDetails.
pub(super) fn delete_at(
    request: &Request<'_>,
    actor: &Actor,
    body: &[u8],
) -> Result<DataOperation, Refused> {
    let details: DeleteAtTimeDetails = read(request, body)?;
    let told = HistoryChange::DeleteAt(details.req_times.unwrap_or_default());
    DataOperation::new(request, actor, details.node_id, told)
}

/// What is to be done to a history, if it can be done at all.
fn change_of(
    request: &Request<'_>,
    actor: &Actor,
    kept: &Kept,
    told: &HistoryChange,
) -> Result<Change, StatusCode> {
    Ok(match told {
        HistoryChange::Update { perform, new } => {
            check_count(request, new.len())?;
            // Part 11, 6.9.2.1: only structured data can be removed so.
            if kept.is_annotations || *perform == PerformUpdateType::Remove {
                return Err(StatusCode::BadHistoryOperationUnsupported);
            }
            Change::Values(*perform, new.iter().map(|it| kept.sample_of(it)).collect())
        }
        HistoryChange::Annotation { perform, new } => {
            check_count(request, new.len())?;
            if !kept.is_annotations {
                return Err(StatusCode::BadHistoryOperationUnsupported);
            }
            Change::Notes(*perform, new.iter().map(|it| note_of(it, actor)).collect())
        }
        // What was changed stays on record for ever.
        HistoryChange::DeleteRaw { modified: true, .. } => {
            return Err(StatusCode::BadHistoryOperationUnsupported);
        }
        HistoryChange::DeleteRaw { from, to, .. } if from >= to => {
            return Err(StatusCode::BadInvalidArgument);
        }
        HistoryChange::DeleteRaw { from, to, .. } => Change::DeleteRaw { from: *from, to: *to },
        HistoryChange::DeleteAt(times) => {
            check_count(request, times.len())?;
            let times = times.iter().map(|it| Timestamp::from_ticks(it.checked_ticks()));
            Change::DeleteAt(times.collect())
        }
    })
}

/// An annotation and the time it is about. Who signs is who is logged in.
fn note_of(given: &DataValue, actor: &Actor) -> Result<(Timestamp, Note), StatusCode> {
    let about = given.source_timestamp.as_ref().map_or(0, opcua_types::DateTime::checked_ticks);
    if about <= 0 {
        return Err(StatusCode::BadInvalidTimestamp);
    }
    let Some(Variant::ExtensionObject(object)) = &given.value else {
        return Err(StatusCode::BadTypeMismatch);
    };
    let shown = object.inner_as::<Annotation>().ok_or(StatusCode::BadTypeMismatch)?;
    let mut note = Note::of(shown);
    if note.user.is_empty() {
        actor.name.as_ref().clone_into(&mut note.user);
    }
    if note.time.ticks() <= 0 {
        note.time = time::now();
    }
    Ok((Timestamp::from_ticks(about), note))
}

impl DataOperation {
    /// What `told` says, to be done to the history of a node; or why not.
    fn new(
        request: &Request<'_>,
        actor: &Actor,
        node: NodeId,
        told: HistoryChange,
    ) -> Result<Self, Refused> {
        let checked = kept(request, &node, needed_for(&told))
            .and_then(|kept| Ok((change_of(request, actor, &kept, &told)?, kept)));
        match checked {
            Ok((change, kept)) => Ok(Self { node, kept, by: by(actor), change, told }),
            Err(status) => Err(Refused { status, told: Some((node, told)) }),
        }
    }

    /// The node, and what the audit trail is told of the operation.
    pub(super) fn told(&self) -> (NodeId, HistoryChange) {
        (self.node.clone(), self.told.clone())
    }

    /// Does it; durable when it returns.
    pub(super) async fn carry_out(self, server: &Server) -> Updated {
        let Self { kept, by, change, .. } = self;
        let path = kept.path;
        match change {
            Change::Values(perform, values) => {
                let samples = values.iter().filter_map(|it| it.as_ref().ok().cloned()).collect();
                let edited = edit(server, &path, by, edit_of(perform, samples)).await;
                merged(&values, edited)
            }
            Change::Notes(perform, notes) => {
                let _one_at_a_time = server.annotating.lock().await;
                annotate_all(server, &path, by, perform, notes).await
            }
            Change::DeleteRaw { from, to } => {
                match edit(server, &path, by, Edit::DeleteRaw { from, to }).await {
                    // Part 11, 6.9.5.2: a span without data.
                    Ok(edited) if edited.contains(&Edited::NoEntry) => {
                        Updated::refused(StatusCode::BadNoData)
                    }
                    Ok(_) => Updated::refused(StatusCode::Good),
                    Err(status) => Updated::refused(status),
                }
            }
            Change::DeleteAt(times) => match edit(server, &path, by, Edit::DeleteAt(times)).await {
                Ok(edited) => done(edited.into_iter().map(status_of).collect()),
                Err(status) => Updated::refused(status),
            },
        }
    }
}

fn done(results: Vec<StatusCode>) -> Updated {
    Updated { status: StatusCode::Good, results }
}

fn edit_of(perform: PerformUpdateType, samples: Vec<Sample>) -> Edit {
    match perform {
        PerformUpdateType::Insert => Edit::Insert(samples),
        PerformUpdateType::Replace => Edit::Replace(samples),
        PerformUpdateType::Update | PerformUpdateType::Remove => Edit::Update(samples),
    }
}

/// The outcome of each value, those among them that were wrong already.
fn merged<T>(given: &[Result<T, StatusCode>], edited: Result<Vec<Edited>, StatusCode>) -> Updated {
    let edited = match edited {
        Ok(edited) => edited,
        Err(status) => return Updated::refused(status),
    };
    let mut edited = edited.into_iter().map(status_of);
    let one = |it: &Result<T, StatusCode>| match it {
        Ok(_) => edited.next().unwrap_or(StatusCode::BadInternalError),
        Err(status) => *status,
    };
    done(given.iter().map(one).collect())
}

fn status_of(edited: Edited) -> StatusCode {
    match edited {
        Edited::Inserted => StatusCode::GoodEntryInserted,
        Edited::Replaced => StatusCode::GoodEntryReplaced,
        Edited::Deleted => StatusCode::Good,
        Edited::Exists => StatusCode::BadEntryExists,
        Edited::NoEntry => StatusCode::BadNoEntryExists,
    }
}

/// Has the historian edit a series, and waits until it is on disk.
async fn edit(server: &Server, path: &str, by: By, edit: Edit) -> Result<Vec<Edited>, StatusCode> {
    let history = server.history.as_ref().ok_or(StatusCode::BadHistoryOperationUnsupported)?;
    let (reply, outcome) = oneshot::channel();
    let changed: Changed = Box::new(|outcome| drop(reply.send(outcome)));
    let order = Order::Edit { path: path.to_owned(), edit, by, changed };
    history.orders.try_send(order).map_err(|_| StatusCode::BadTooManyOperations)?;
    let outcome = outcome.await.map_err(|_| StatusCode::BadShutdown)?;
    outcome.map_err(|problem| {
        tracing::error!(path, %problem, "the history cannot be changed");
        match problem {
            HistoryError::EditsMax { .. } => StatusCode::BadTooManyOperations,
            _ => StatusCode::BadResourceUnavailable,
        }
    })
}

/// Writes each annotation to those of its time.
async fn annotate_all(
    server: &Server,
    path: &str,
    by: By,
    perform: PerformUpdateType,
    notes: Vec<Result<(Timestamp, Note), StatusCode>>,
) -> Updated {
    let mut results = Vec::with_capacity(notes.len());
    for note in notes {
        let result = match note {
            Ok((about, note)) => match known(server, path, about).await {
                Ok(mut all) => match apply(&mut all, note, perform) {
                    Ok(status) => {
                        put(server, path, by.clone(), about, &all).await.err().unwrap_or(status)
                    }
                    Err(status) => status,
                },
                Err(status) => status,
            },
            Err(status) => status,
        };
        results.push(result);
    }
    done(results)
}

/// The annotations of a time.
async fn known(server: &Server, path: &str, about: Timestamp) -> Result<Vec<Note>, StatusCode> {
    let history = server.history.as_ref().ok_or(StatusCode::BadHistoryOperationUnsupported)?;
    let Some(series) = history.reader.series(path) else { return Ok(Vec::new()) };
    let scan = history.reader.scan(series, Span { from: about, to: about }, Direction::Forward);
    let read = move || {
        scan.map(|it| Ok(it?.iter().flat_map(|it| annotation::read(&it)).collect::<Vec<_>>()))
    };
    let read =
        tokio::task::spawn_blocking(move || read().collect::<Result<Vec<_>, HistoryError>>());
    let read = read.await.map_err(|_| StatusCode::BadInternalError)?;
    Ok(read.map_err(|_| StatusCode::BadResourceUnavailable)?.concat())
}

/// One annotation is another's if the same user said it at the same time.
fn apply(
    all: &mut Vec<Note>,
    note: Note,
    perform: PerformUpdateType,
) -> Result<StatusCode, StatusCode> {
    use PerformUpdateType as P;
    let known = all.iter().position(|it| (&it.user, it.time) == (&note.user, note.time));
    match (known, perform) {
        (Some(_), P::Insert) => Err(StatusCode::BadEntryExists),
        (None, P::Replace | P::Remove) => Err(StatusCode::BadNoEntryExists),
        (None, P::Insert | P::Update) if all.len() >= ANNOTATIONS_MAX => {
            Err(StatusCode::BadTooManyOperations)
        }
        (None, P::Insert | P::Update) => {
            all.push(note);
            Ok(StatusCode::GoodEntryInserted)
        }
        (Some(at), P::Replace | P::Update) => {
            all[at] = note;
            Ok(StatusCode::GoodEntryReplaced)
        }
        (Some(at), P::Remove) => {
            all.remove(at);
            Ok(StatusCode::Good)
        }
    }
}

async fn put(
    server: &Server,
    path: &str,
    by: By,
    about: Timestamp,
    all: &[Note],
) -> Result<(), StatusCode> {
    let change = if all.is_empty() {
        Edit::DeleteAt(vec![about])
    } else {
        Edit::Update(vec![annotation::sample(about, all)])
    };
    edit(server, path, by, change).await.map(|_| ())
}

/// The values at the times that an operation is about, for the audit trail: 1000 at most.
pub(super) async fn values_before(server: &Server, operation: &DataOperation) -> Vec<DataValue> {
    const MOST: usize = 1000;
    let times: Vec<Timestamp> = match &operation.change {
        Change::Values(_, values) => values.iter().flatten().map(|it| it.time).collect(),
        Change::DeleteAt(times) => times.clone(),
        Change::Notes(..) | Change::DeleteRaw { .. } => Vec::new(),
    };
    let Some(history) = &server.history else { return Vec::new() };
    let Some(series) = history.reader.series(&operation.kept.path) else { return Vec::new() };
    let reader = history.reader.clone();
    let span = match operation.change {
        Change::DeleteRaw { from, to } => Some(Span { from, to: to.plus_ticks(-1) }),
        _ => None,
    };
    let read = move || {
        let spans = times.into_iter().map(|it| Span { from: it, to: it }).chain(span);
        let scans = spans.flat_map(|it| reader.scan(series, it, Direction::Forward));
        let samples = scans.flatten().flat_map(|it| it.iter().collect::<Vec<Sample>>());
        samples.take(MOST).collect::<Vec<Sample>>()
    };
    let samples = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    samples.iter().map(|it| shown(&operation.kept, it)).collect()
}

fn shown(kept: &Kept, sample: &Sample) -> DataValue {
    let status = crate::ua::status::of_quality(sample.quality);
    DataValue {
        value: Some(kept.show(&sample.value)),
        status: Some(status),
        source_timestamp: Some(date_time(sample.time)),
        ..DataValue::default()
    }
}

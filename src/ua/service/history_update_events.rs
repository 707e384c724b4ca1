//! Details of HistoryUpdate that change recorded events: UpdateEventDetails and DeleteEventDetails (Part 11, 6.9.4 and
//! 6.9.7).

use std::sync::Arc;

use opcua_types::{ByteString, Context, NodeId, PerformUpdateType, StatusCode, Variant};
use tokio::sync::oneshot;
use tracing::info;

use crate::chronicle::{Guard, Outcome, Task};
use crate::ua::audit::{EventChange, EventsChanged, Origin};
use crate::ua::event::EventFilter;
use crate::ua::history::Heard;
use crate::ua::permission::Rights;
use crate::ua::permission::bits::DELETE_HISTORY;
use crate::ua::server::Server;
use crate::ua::service::event_draft::{BASE_FIELDS, Draft, field_of};
use crate::ua::service::filter;
use crate::ua::service::history_data::needed_to;
use crate::ua::service::history_events::heard;
use crate::ua::service::history_update::Updated;
use crate::ua::service::reader::{self, Malformed, Reader};
use crate::ua::space::{NodeIdRef, NodeRef};

/// An operation on recorded events.
pub(super) struct EventUpdate {
    node: NodeId,
    /// The notifier, if it is one whose events this user may change.
    target: Result<NodeRef, StatusCode>,
    change: EventChange,
    /// Of an update.
    filter: Result<EventFilter, StatusCode>,
}

/// UpdateEventDetails.
pub(super) fn update(
    server: &Server,
    rights: &Rights,
    context: &Context<'_>,
    body: &mut Reader<'_>,
) -> Result<EventUpdate, Malformed> {
    let node = body.node_id()?;
    let perform = body.i32()?;
    let said = body.clone().typed(context).unwrap_or_default();
    let filter = filter::inner_events(server, context, body)?.map_err(|it| it.status);
    // A null array of fields.
    let count = body.array(4)?;
    let mut new = Vec::with_capacity(count);
    for _ in 0..count {
        // A null Variant.
        let fields = body.array(1)?;
        let read = (0..fields).map(|_| body.typed::<Variant>(context));
        new.push(read.collect::<Result<Vec<_>, _>>()?);
    }
    let is_known = (1..=3).contains(&perform);
    let perform = PerformUpdateType::try_from(perform).unwrap_or(PerformUpdateType::Update);
    let target = check(server, (rights, needed_to(perform)), &node, count);
    // Part 11, 6.9.4.1: events are not removed this way.
    let target = target.and_then(|it| is_known.then_some(it).ok_or(StatusCode::BadInvalidArgument));
    let change = EventChange::Update { perform, filter: said, new };
    Ok(EventUpdate { node: server.said_id(&node), target, change, filter })
}

/// DeleteEventDetails.
pub(super) fn delete(
    server: &Server,
    rights: &Rights,
    body: &mut Reader<'_>,
) -> Result<EventUpdate, Malformed> {
    let node = body.node_id()?;
    // A null ByteString.
    let count = body.array(4)?;
    let ids = (0..count).map(|_| body.byte_string().map(|it| ByteString::from(it.to_vec())));
    let change = EventChange::Delete(ids.collect::<Result<_, _>>()?);
    let target = check(server, (rights, DELETE_HISTORY), &node, count);
    let filter = Err(StatusCode::BadInvalidState);
    Ok(EventUpdate { node: server.said_id(&node), target, change, filter })
}

/// The notifier whose events are to be changed.
fn check(
    server: &Server,
    (rights, needed): (&Rights, u32),
    node: &NodeIdRef<'_>,
    count: usize,
) -> Result<NodeRef, StatusCode> {
    if reader::is_null(node) {
        return Err(StatusCode::BadNodeIdInvalid);
    }
    let found = server.space.resolve(node).ok_or(StatusCode::BadNodeIdUnknown)?;
    if server.events.is_none() || !server.space.keeps_events(found) {
        return Err(StatusCode::BadHistoryOperationUnsupported);
    }
    rights.check(server.space.class_of(found), needed)?;
    match count {
        0 => Err(StatusCode::BadNothingToDo),
        _ if count > server.config.limits.operations => Err(StatusCode::BadTooManyOperations),
        _ => Ok(found),
    }
}

impl EventUpdate {
    /// Does it, and audits it.
    pub(super) async fn carry_out(self, server: &Server, origin: &Origin) -> Updated {
        let done = self.try_out(server).await;
        let (updated, old) = done.unwrap_or_else(|status| (Updated::refused(status), Vec::new()));
        let Self { node, change, .. } = self;
        let changed = updated.results.iter().filter(|it| !it.is_bad()).count();
        let status = match updated.results.iter().find(|it| it.is_bad()) {
            // What was asked for and refused is a refusal to whoever reads the log.
            Some(refused) if changed == 0 => *refused,
            _ => updated.status,
        };
        info!(node = %node, changed, %status, "recorded events changed");
        server.audit_events(origin, EventsChanged { node, change, old, status, changed });
        updated
    }

    async fn try_out(&self, server: &Server) -> Result<(Updated, Vec<Vec<Variant>>), StatusCode> {
        let target = self.target?;
        let events = server.events.as_ref().ok_or(StatusCode::BadHistoryOperationUnsupported)?;
        let heard = heard(server, &events.types, target);
        let drafts = match &self.change {
            EventChange::Update { perform, new, .. } => {
                let filter = self.filter.as_ref().map_err(|it| *it)?;
                let draft = Draft::new(server, events, target, filter, *perform)?;
                let guard = guard(&heard);
                new.iter().map(|it| draft.task(it, &guard)).collect()
            }
            EventChange::Delete(ids) => ids
                .iter()
                .map(|it| {
                    let id = it.value.clone().unwrap_or_default();
                    Ok((Task::Delete { id, guard: guard(&heard) }, StatusCode::Good))
                })
                .collect::<Vec<_>>(),
        };
        let (mut tasks, mut results) = (Vec::new(), Vec::with_capacity(drafts.len()));
        for draft in drafts {
            results.push(draft.map(|(task, good)| {
                tasks.push(task);
                good
            }));
        }
        let (reply, outcomes) = oneshot::channel();
        // Nobody waits any more once the session has gone.
        let reply = Box::new(move |done| drop(reply.send(done)));
        if !events.port.edit(tasks, reply) {
            return Err(StatusCode::BadTooManyOperations);
        }
        let outcomes = outcomes.await.map_err(|_| StatusCode::BadShutdown)?;
        let outcomes = outcomes.map_err(|problem| {
            tracing::error!(%problem, "recorded events cannot be changed");
            StatusCode::BadResourceUnavailable
        })?;
        let old = outcomes.iter().filter_map(|it| self.old(it)).collect();
        let mut outcomes = outcomes.iter();
        let results = results.into_iter().map(|draft| match draft {
            Ok(good) => outcomes.next().map_or(StatusCode::BadInternalError, |it| code(it, good)),
            Err(status) => status,
        });
        Ok((Updated { status: StatusCode::Good, results: results.collect() }, old))
    }

    /// What was there before, in the order of the filter.
    fn old(&self, outcome: &Outcome) -> Option<Vec<Variant>> {
        let (Outcome::Replaced(before) | Outcome::Deleted(before)) = outcome else { return None };
        Some(match &self.filter {
            Ok(filter) => {
                let clauses = filter.clauses().iter();
                let value = |it: &Result<_, _>| match it {
                    Ok(crate::ua::event::Clause { key, .. }) => field_of(before, key),
                    Err(_) => Variant::Empty,
                };
                clauses.map(value).collect()
            }
            Err(_) => BASE_FIELDS.iter().map(|it| field_of(before, it.0)).collect(),
        })
    }
}

/// Only what the notifier hears is changed, and audit events by nobody: they say what was done.
fn guard(heard: &Heard) -> Guard {
    let heard = heard.clone();
    Arc::new(move |kind, origin| {
        let is_audit = heard.kind(kind).is_none_or(|it| heard.types.is_audit(it));
        heard.hears(origin) && !is_audit
    })
}

fn code(outcome: &Outcome, good: StatusCode) -> StatusCode {
    match (outcome, good) {
        (Outcome::Exists, _) => StatusCode::BadEntryExists,
        (Outcome::Missing, _) => StatusCode::BadNoEntryExists,
        (_, StatusCode::GoodDataIgnored) => StatusCode::GoodDataIgnored,
        (Outcome::Inserted, _) => StatusCode::GoodEntryInserted,
        (Outcome::Replaced(_), _) => StatusCode::GoodEntryReplaced,
        (Outcome::Deleted(_), _) => StatusCode::Good,
    }
}

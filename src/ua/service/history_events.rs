//! Details of HistoryRead that ask for events (Part 11, 6.5.2).

use std::collections::BTreeSet;
use std::sync::Arc;

use opcua_types::{Context, StatusCode};

use crate::ua::event::EventFilter;
use crate::ua::history::{Events, Heard, RawQuery, Work};
use crate::ua::permission::Rights;
use crate::ua::permission::bits::READ_HISTORY;
use crate::ua::server::Server;
use crate::ua::service::filter;
use crate::ua::service::history_read::time;
use crate::ua::service::reader::{Malformed, Reader};
use crate::ua::space::NodeRef;

/// ReadEventDetails; the inner error refuses each node.
pub(super) fn read_details(
    server: &Server,
    context: &Context<'_>,
    body: &mut Reader<'_>,
) -> Result<Result<(RawQuery, EventFilter), StatusCode>, Malformed> {
    let limit = body.u32()?;
    let (start, end) = (time(body)?, time(body)?);
    let filter = filter::inner_events(server, context, body)?;
    Ok(RawQuery::new(start, end, limit, false).and_then(|query| {
        let filter = filter.map_err(|it| it.status)?;
        Ok((query, filter))
    }))
}

/// Checks a node and begins the read of its events.
pub(super) fn begin_read(
    server: &Server,
    rights: &Rights,
    node: NodeRef,
    asked: (RawQuery, EventFilter),
) -> Result<Work, StatusCode> {
    let events = server.events.as_ref().filter(|_| server.space.keeps_events(node));
    let events = events.ok_or(StatusCode::BadHistoryOperationUnsupported)?;
    rights.check(server.space.class_of(node), READ_HISTORY)?;
    let (query, filter) = asked;
    let heard = heard(server, &events.types, node);
    Ok(Work::Events(Box::new(Events::new(events.port.reader.clone(), heard, filter, query))))
}

/// What a notifier hears.
pub(super) fn heard(
    server: &Server,
    types: &Arc<crate::ua::event::EventTypes>,
    node: NodeRef,
) -> Heard {
    let devices = match node {
        NodeRef::Device(device) => {
            let table = server.space.table();
            let mut waiting = vec![device];
            let mut paths = BTreeSet::new();
            while let Some(device) = waiting.pop() {
                paths.insert(table.device(device).path.clone());
                waiting.extend(table.children(device));
            }
            Some(Arc::new(paths))
        }
        _ => None,
    };
    Heard { devices, types: Arc::clone(types) }
}

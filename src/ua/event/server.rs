//! Events of the server itself (Part 5, 6.4): changes of its state and of meanings, refreshes, queues that overflow.

use opcua_types::{
    ExtensionObject, NodeId, ObjectTypeId, SemanticChangeStructureDataType, ServerState, Variant,
};

use crate::time::Timestamp;
use crate::ua::event::{Event, HIGH, MEDIUM, RECORD};
use crate::ua::space::{NodeRef, Space};

/// SourceName of the Server object.
const SERVER_NAME: &str = "Server";

/// An event of the Server object.
fn of_server(
    space: &Space,
    kind: ObjectTypeId,
    said: (&str, u16),
    id: [u8; 16],
    now: Timestamp,
) -> Option<Event> {
    let (message, severity) = said;
    Some(Event {
        id,
        kind: space.standard_event_type(kind as u32)?,
        source: space.node_id(space.server()),
        source_name: SERVER_NAME.to_owned(),
        notifiers: space.notifiers(None),
        time: now,
        received: now,
        message: message.to_owned(),
        severity,
        fields: Vec::new(),
        condition: None,
    })
}

/// The server is about to stop (EVT-16), or stays after all.
pub fn system_status(
    space: &Space,
    state: ServerState,
    id: [u8; 16],
    now: Timestamp,
) -> Option<Event> {
    let is_end = state == ServerState::Shutdown;
    let said = if is_end { "The server shuts down" } else { "The server stays in operation" };
    let said = (said, HIGH);
    let mut event = of_server(space, ObjectTypeId::SystemStatusChangeEventType, said, id, now)?;
    let state = Variant::Int32(state as i32);
    event.fields.push(("0:SystemState".to_owned(), state));
    Some(event)
}

/// The range or unit of a variable has changed (Part 5, 6.4.33).
pub fn semantic_change(
    space: &Space,
    variable: NodeRef,
    id: [u8; 16],
    now: Timestamp,
) -> Option<Event> {
    let said = ("What describes a value has changed: its range or unit", MEDIUM);
    let mut event = of_server(space, ObjectTypeId::SemanticChangeEventType, said, id, now)?;
    let change = SemanticChangeStructureDataType {
        affected: space.node_id(variable),
        affected_type: space.type_of(variable).unwrap_or_else(NodeId::null),
    };
    let changes = vec![ExtensionObject::from_message(change)];
    event.fields.push(("0:Changes".to_owned(), changes.into()));
    Some(event)
}

/// A variable of the fixture was written whose writing is an event; its value is the severity (EVT-02).
pub fn triggered(
    space: &Space,
    variable: NodeRef,
    severity: u16,
    id: [u8; 16],
    now: Timestamp,
) -> Option<Event> {
    let said = ("The trigger was written", severity);
    let event = of_server(space, ObjectTypeId::BaseEventType, said, id, now)?;
    let source_name = space.browse_name(variable).1.into_owned();
    Some(Event { source: space.node_id(variable), source_name, ..event })
}

/// Events of one listener were lost (Part 5, 6.4.32).
pub fn queue_overflow(space: &Space, id: [u8; 16], now: Timestamp) -> Option<Event> {
    let said = ("Events were lost: the queue was full", MEDIUM);
    of_server(space, ObjectTypeId::EventQueueOverflowEventType, said, id, now)
}

/// A refresh of conditions begins (Part 9, 5.11.2).
pub fn refresh_start(space: &Space, id: [u8; 16], now: Timestamp) -> Option<Event> {
    of_server(space, ObjectTypeId::RefreshStartEventType, ("Refresh begins", RECORD), id, now)
}

/// A refresh of conditions has ended (Part 9, 5.11.3).
pub fn refresh_end(space: &Space, id: [u8; 16], now: Timestamp) -> Option<Event> {
    of_server(space, ObjectTypeId::RefreshEndEventType, ("Refresh ends", RECORD), id, now)
}

/// The server has lost events of conditions: clients should refresh (Part 9, 5.11.4).
pub fn refresh_required(space: &Space, id: [u8; 16], now: Timestamp) -> Option<Event> {
    let said = ("Events of conditions were lost: call ConditionRefresh", HIGH);
    of_server(space, ObjectTypeId::RefreshRequiredEventType, said, id, now)
}

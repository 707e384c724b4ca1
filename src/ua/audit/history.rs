//! Changes of history as deeds (Part 5, 6.4.26 to 6.4.31): what was there before, and what was asked for.

use opcua_types::{
    ByteString, DataTypeId, EventFilter, ExtensionObject, HistoryEventFieldList, NodeId,
    ObjectTypeId, PerformUpdateType, StatusCode, Variant,
};

use crate::ua::audit::{Deed, Origin};
use crate::ua::server::Server;

/// Events of one operation whose values are told; how many there were is in the message.
const TOLD_MAX: usize = 100;
/// Source of all changes of history (Part 11, 5.6).
const SOURCE: &str = "Attribute/HistoryUpdate";

/// An operation on recorded events, as it is audited.
#[derive(Clone, Debug)]
pub struct EventsChanged {
    /// The notifier, as the client says.
    pub node: NodeId,
    /// What was asked for.
    pub change: EventChange,
    /// Fields of each event that has gone or is another now.
    pub old: Vec<Vec<Variant>>,
    /// Of the operation.
    pub status: StatusCode,
    /// Events that were changed.
    pub changed: usize,
}

/// What is done to events.
#[derive(Clone, Debug)]
pub enum EventChange {
    /// UpdateEventDetails.
    Update {
        /// Insert, replace or both.
        perform: PerformUpdateType,
        /// Order of the fields.
        filter: EventFilter,
        /// Fields of each event.
        new: Vec<Vec<Variant>>,
    },
    /// DeleteEventDetails.
    Delete(Vec<ByteString>),
}

fn lists(all: Vec<Vec<Variant>>) -> Variant {
    let list = |it| ExtensionObject::from_message(HistoryEventFieldList { event_fields: Some(it) });
    all.into_iter().take(TOLD_MAX).map(list).collect::<Vec<_>>().into()
}

impl Server {
    /// Audits an operation on recorded events, done or refused.
    pub fn audit_events(&self, origin: &Origin, changed: EventsChanged) {
        let EventsChanged { node, change, old, status, changed } = changed;
        let said = |asked: usize, word: &str| {
            format!("{changed} of {asked} recorded events of {node} {word}")
        };
        let deed = match change {
            EventChange::Update { perform, filter, new } => {
                let kind = ObjectTypeId::AuditHistoryEventUpdateEventType;
                let word = match perform {
                    PerformUpdateType::Insert => "were inserted",
                    PerformUpdateType::Replace => "were replaced",
                    _ => "were inserted or replaced",
                };
                Deed::new(kind, node.clone(), SOURCE, said(new.len(), word), status)
                    .with("ParameterDataTypeId", data_type(DataTypeId::UpdateEventDetails))
                    .with("UpdatedNode", node.clone())
                    .with("PerformInsertReplace", perform as i32)
                    .with("Filter", ExtensionObject::from_message(filter))
                    .with("NewValues", lists(new))
                    .with("OldValues", lists(old))
            }
            EventChange::Delete(ids) => {
                let kind = ObjectTypeId::AuditHistoryEventDeleteEventType;
                let message = said(ids.len(), "were removed");
                let ids: Vec<ByteString> = ids.into_iter().take(TOLD_MAX).collect();
                // One list for all of them: the fields of one event behind those of the other.
                let fields = old.into_iter().take(TOLD_MAX).flatten().collect();
                let list = HistoryEventFieldList { event_fields: Some(fields) };
                Deed::new(kind, node.clone(), SOURCE, message, status)
                    .with("ParameterDataTypeId", data_type(DataTypeId::DeleteEventDetails))
                    .with("UpdatedNode", node.clone())
                    .with("EventIds", ids)
                    .with("OldValues", ExtensionObject::from_message(list))
            }
        };
        self.audit(origin, deed);
    }
}

fn data_type(id: DataTypeId) -> NodeId {
    NodeId::new(0, id as u32)
}

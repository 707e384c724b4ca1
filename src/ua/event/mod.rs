//! Events: what they say, who hears them, and the filters of those who listen (Part 3, 4.7; Part 4, 7.22.3; Part 5, 6.4).

mod compare;
pub mod condition;
mod condition_text;
mod filter;
mod plant;
mod recorded;
mod select;
mod server;
mod types;
mod where_clause;
#[cfg(test)]
mod where_clause_tests;

use opcua_types::{
    Array, ByteString, LocalizedText, NodeId, TimeZoneDataType, Variant, VariantScalarTypeId,
};

use crate::time::{self, Timestamp};
use crate::ua::space::{NodeRef, Space};
use crate::ua::value::date_time;

pub use filter::{EventFilter, Problem};
pub use plant::of_snapshot;
pub use recorded::{CONDITION_ID, EventRecorder, Recorded};
pub use select::{Clause, Subject};
pub use server::{
    queue_overflow, refresh_end, refresh_required, refresh_start, semantic_change, system_status,
    triggered,
};
pub use types::EventTypes;
pub use where_clause::{Checks, Fields, WhereClause};

/// Severities (domain B8): urgent, high, medium, and for the record.
pub(super) const URGENT: u16 = 900;
pub(super) const HIGH: u16 = 700;
pub(super) const MEDIUM: u16 = 500;
pub(super) const RECORD: u16 = 100;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Unique.
    pub id: [u8; 16],
    /// Its type's node.
    pub kind: u32,
    /// Whom it concerns.
    pub source: NodeId,
    /// Name of that.
    pub source_name: String,
    /// Who hears of it.
    pub notifiers: Vec<NodeRef>,
    /// When it happened.
    pub time: Timestamp,
    /// When the server learned of it.
    pub received: Timestamp,
    /// For people.
    pub message: String,
    /// 1 to 1000.
    pub severity: u16,
    /// Fields of its own: browse path as [`path_key`] gives it, and value.
    pub fields: Vec<(String, Variant)>,
    /// The condition that it is about.
    pub condition: Option<Box<condition::Told>>,
}

/// A browse path as one text.
pub fn path_key<'a>(path: impl Iterator<Item = (u16, &'a str)>) -> String {
    path.map(|(namespace, name)| format!("{namespace}:{name}")).collect::<Vec<_>>().join("/")
}

/// EventIds: the server's start and a number that counts up.
#[derive(Debug)]
pub struct EventIds {
    start: Timestamp,
    next: std::cell::Cell<u64>,
}

impl EventIds {
    /// For a server that started then.
    pub fn new(start: Timestamp) -> Self {
        Self { start, next: std::cell::Cell::new(1) }
    }

    /// One that was never given before.
    pub fn next(&self) -> [u8; 16] {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.start.ticks().to_be_bytes());
        id[8..].copy_from_slice(&number.to_be_bytes());
        id
    }
}

impl Event {
    /// A field of BaseEventType or of its own, by its key and its path without namespaces; Empty if it has none
    /// of that name.
    pub fn value(&self, space: &Space, key: &str, path: &str) -> Variant {
        if let Some(told) = &self.condition {
            return match path {
                "ReceiveTime" => date_time(self.received).into(),
                "Message" => LocalizedText::new("en", &self.message).into(),
                _ => told.field(space, path).unwrap_or_default(),
            };
        }
        match key {
            "0:EventId" => ByteString::from(self.id.to_vec()).into(),
            "0:EventType" => space.node_id(NodeRef::Static(self.kind)).into(),
            "0:SourceNode" => self.source.clone().into(),
            "0:SourceName" => self.source_name.as_str().into(),
            "0:Time" => date_time(self.time).into(),
            "0:ReceiveTime" => date_time(self.received).into(),
            "0:LocalTime" => local_time(),
            "0:Message" => LocalizedText::new("en", &self.message).into(),
            "0:Severity" => self.severity.into(),
            // Part 9, 5.9: what is no condition belongs to BaseConditionClass.
            "0:ConditionClassId" => NodeId::new(0, BASE_CONDITION_CLASS).into(),
            "0:ConditionClassName" => LocalizedText::new("en", "BaseConditionClass").into(),
            "0:ConditionSubClassId" => no_elements(VariantScalarTypeId::NodeId),
            "0:ConditionSubClassName" => no_elements(VariantScalarTypeId::LocalizedText),
            _ => {
                let own = self.fields.iter().find(|(path, _)| path == key);
                own.map_or(Variant::Empty, |(_, value)| value.clone())
            }
        }
    }
}

/// BaseConditionClassType.
const BASE_CONDITION_CLASS: u32 = 11163;

pub(super) fn no_elements(kind: VariantScalarTypeId) -> Variant {
    let array = Array { value_type: kind, values: Vec::new(), dimensions: None };
    Variant::Array(Box::new(array))
}

fn local_time() -> Variant {
    opcua_types::ExtensionObject::from_message(TimeZoneDataType {
        offset: time::local_offset_min(),
        daylight_saving_in_offset: true,
    })
    .into()
}

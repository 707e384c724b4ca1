//! Select clauses: which fields of an event are told, in which order (Part 4, 7.22.3).

use opcua_types::{AttributeId, NodeId, NumericRange, SimpleAttributeOperand, StatusCode, Variant};

use crate::ua::event::{Event, path_key};
use crate::ua::range;
use crate::ua::space::{NodeRef, Space};

/// A select clause that can be answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clause {
    /// The event type that it names.
    kind: u32,
    /// The field; empty for the event's own node, which only conditions have.
    key: String,
    /// The field's path without namespaces.
    path: String,
    range: NumericRange,
}

/// ConditionType, whose NodeId clients select to know a condition by (Part 9, 5.5.2.13).
const CONDITION_TYPE: u32 = 2782;

impl Clause {
    /// Checks a clause against the types that there are (EVT-04).
    pub(super) fn new(space: &Space, operand: &SimpleAttributeOperand) -> Result<Self, StatusCode> {
        let kind = kind_of(space, operand).ok_or(StatusCode::BadTypeDefinitionInvalid)?;
        let path = operand.browse_path.as_deref().unwrap_or_default();
        let attribute = AttributeId::from_u32(operand.attribute_id)
            .map_err(|_| StatusCode::BadAttributeIdInvalid)?;
        if path.is_empty() {
            let is_condition = operand.type_definition_id == NodeId::new(0, CONDITION_TYPE);
            return if attribute == AttributeId::NodeId && is_condition {
                Ok(Self {
                    kind,
                    key: String::new(),
                    path: String::new(),
                    range: NumericRange::None,
                })
            } else if attribute == AttributeId::NodeId {
                Err(StatusCode::BadNodeIdUnknown)
            } else {
                Err(StatusCode::BadBrowseNameInvalid)
            };
        }
        if path.iter().any(|it| it.name.is_empty()) {
            return Err(StatusCode::BadBrowseNameInvalid);
        }
        let names = || path.iter().map(|it| (it.namespace_index, it.name.as_ref()));
        if !space.has_event_field(kind, &names().collect::<Vec<_>>()) {
            return Err(StatusCode::BadNodeIdUnknown);
        }
        if attribute != AttributeId::Value {
            return Err(StatusCode::BadAttributeIdInvalid);
        }
        let plain: Vec<&str> = names().map(|(_, name)| name).collect();
        Ok(Self {
            kind,
            key: path_key(names()),
            path: plain.join("."),
            range: operand.index_range.clone(),
        })
    }

    /// A clause that has been checked before: an event is not the time to look through all types again.
    pub(super) fn known(space: &Space, operand: &SimpleAttributeOperand) -> Option<Self> {
        let path = operand.browse_path.as_deref().unwrap_or_default();
        let names = || path.iter().map(|it| (it.namespace_index, it.name.as_ref()));
        let plain: Vec<&str> = names().map(|(_, name)| name).collect();
        Some(Self {
            kind: kind_of(space, operand)?,
            key: path_key(names()),
            path: plain.join("."),
            range: operand.index_range.clone(),
        })
    }

    /// The field of an event; Empty if events of its type have none of that name.
    pub(super) fn value(&self, space: &Space, event: &Event) -> Variant {
        if self.key.is_empty() {
            // The ConditionId (Part 9, 5.5.2.13).
            return event
                .condition
                .as_ref()
                .map_or(Variant::Empty, |it| space.node_id(NodeRef::Alarm(it.alarm, 0)).into());
        }
        if !space.is_event_below(event.kind, self.kind) {
            return Variant::Empty;
        }
        let value = event.value(space, &self.key, &self.path);
        if self.range.is_none() {
            return value;
        }
        range::slice(&value, &self.range).unwrap_or_default()
    }
}

/// The event type that a clause names.
fn kind_of(space: &Space, operand: &SimpleAttributeOperand) -> Option<u32> {
    if operand.type_definition_id.is_null() {
        // Part 4, 7.7.4.5: no type is BaseEventType.
        return space.standard_event_type(opcua_types::ObjectTypeId::BaseEventType as u32);
    }
    space.event_type(&operand.type_definition_id)
}

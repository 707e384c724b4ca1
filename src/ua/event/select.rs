//! Select clauses: which fields of an event are told, in which order (Part 4, 7.22.3).

use opcua_types::{
    AttributeId, BinaryEncodable, Context, NodeId, NumericRange, SimpleAttributeOperand,
    StatusCode, Variant,
};

use crate::ua::event::path_key;
use crate::ua::range;
use crate::ua::space::Space;

/// An event as clauses see it: one that happens, or one that was recorded.
pub trait Subject {
    /// The event type with this id.
    fn type_named(&self, id: &NodeId) -> Option<u32>;
    /// Whether the event's type is this one or below it.
    fn is_below(&self, kind: u32) -> bool;
    /// A field by its key and its path without namespaces; Empty if it has none of that name.
    fn field(&self, key: &str, path: &str) -> Variant;
    /// The ConditionId; Empty if it is about no condition.
    fn condition(&self) -> Variant;
    /// Appends a field as an encoded Variant; the ConditionId with an empty key.
    fn put(&self, key: &str, path: &str, out: &mut Vec<u8>, context: &Context<'_>) {
        let value = if key.is_empty() { self.condition() } else { self.field(key, path) };
        put(&value, out, context);
    }
}

/// Appends a Variant; one that cannot be encoded becomes null.
pub(super) fn put(value: &Variant, out: &mut Vec<u8>, context: &Context<'_>) {
    let before = out.len();
    if value.encode(out, context).is_err() {
        out.truncate(before);
        out.push(0);
    }
}

/// A select clause that can be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// The event type that it names.
    pub kind: u32,
    /// The field; empty for the event's own node, which only conditions have.
    pub key: String,
    /// The field's path without namespaces.
    path: String,
    range: NumericRange,
}

/// ConditionType, whose NodeId clients select to know a condition by (Part 9, 5.5.2.13).
const CONDITION_TYPE: u32 = 2782;

impl Clause {
    /// Checks a clause against the types that there are (EVT-04).
    pub(super) fn new(space: &Space, operand: &SimpleAttributeOperand) -> Result<Self, StatusCode> {
        let named = |id: &NodeId| space.event_type(id);
        let kind = kind_of(named, operand).ok_or(StatusCode::BadTypeDefinitionInvalid)?;
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
    pub(super) fn known(event: &dyn Subject, operand: &SimpleAttributeOperand) -> Option<Self> {
        let path = operand.browse_path.as_deref().unwrap_or_default();
        let names = || path.iter().map(|it| (it.namespace_index, it.name.as_ref()));
        let plain: Vec<&str> = names().map(|(_, name)| name).collect();
        Some(Self {
            kind: kind_of(|it| event.type_named(it), operand)?,
            key: path_key(names()),
            path: plain.join("."),
            range: operand.index_range.clone(),
        })
    }

    /// Whether it names all of a field and not a part.
    pub fn is_whole(&self) -> bool {
        self.range.is_none()
    }

    /// The field of an event; Empty if events of its type have none of that name.
    pub(super) fn value(&self, event: &dyn Subject) -> Variant {
        if self.key.is_empty() {
            // The ConditionId (Part 9, 5.5.2.13).
            return event.condition();
        }
        if !event.is_below(self.kind) {
            return Variant::Empty;
        }
        let value = event.field(&self.key, &self.path);
        if self.range.is_none() {
            return value;
        }
        range::slice(&value, &self.range).unwrap_or_default()
    }

    /// Appends the field, encoded.
    pub(super) fn put(&self, event: &dyn Subject, out: &mut Vec<u8>, context: &Context<'_>) {
        let is_own = self.key.is_empty() || event.is_below(self.kind);
        if is_own && self.range.is_none() {
            event.put(&self.key, &self.path, out, context);
        } else {
            put(&self.value(event), out, context);
        }
    }
}

/// The event type that a clause names.
fn kind_of(
    named: impl Fn(&NodeId) -> Option<u32>,
    operand: &SimpleAttributeOperand,
) -> Option<u32> {
    if operand.type_definition_id.is_null() {
        // Part 4, 7.7.4.5: no type is BaseEventType.
        return named(&NodeId::new(0, opcua_types::ObjectTypeId::BaseEventType as u32));
    }
    named(&operand.type_definition_id)
}

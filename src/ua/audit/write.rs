//! Writes as deeds (Part 5, 6.4.24): the value before, the value that was asked for, and what came of it.

use opcua_types::{AttributeId, NodeId, NumericRange, ObjectTypeId, StatusCode, Variant};

use crate::access::{Role, Roles};
use crate::ua::audit::{Deed, Origin};
use crate::ua::range;
use crate::ua::server::Server;
use crate::ua::space::{IdRef, NodeIdRef, ValueSource};
use crate::ua::status;
use crate::ua::value::from_value;

/// One operation of a Write, as it is audited.
#[derive(Clone, Debug)]
pub struct Written {
    /// The node, as the client says.
    pub node: NodeId,
    /// AttributeId.
    pub attribute: u32,
    /// IndexRange; empty is all of it.
    pub range: String,
    /// What is to be written.
    pub new: Variant,
    /// What was there.
    pub old: Variant,
}

impl Written {
    /// Whether `later` writes to the same place: then what this one wrote is its old value.
    pub fn is_before(&self, later: &Self) -> bool {
        self.node == later.node && self.attribute == later.attribute && self.range == later.range
    }
}

impl Server {
    /// A node as the client says it; an id that no node of ours can have is null.
    pub fn said_id(&self, node: &NodeIdRef<'_>) -> NodeId {
        match (self.space.resolve(node), node.identifier) {
            (Some(found), _) => self.space.node_id(found),
            (None, IdRef::Numeric(number)) => NodeId::new(node.namespace, number),
            (None, IdRef::Text(text)) => NodeId::new(node.namespace, text),
            (None, IdRef::Other) => NodeId::null(),
        }
    }

    /// What stands at the moment where a Write goes to; Empty if there is nothing.
    pub fn value_before(
        &self,
        node: &NodeIdRef<'_>,
        attribute: u32,
        range: &NumericRange,
    ) -> Variant {
        let Some(found) = self.space.resolve(node) else { return Variant::Empty };
        let snapshot = self.snapshot();
        let value = match (AttributeId::from_u32(attribute), self.space.value_source(found)) {
            (Ok(AttributeId::Value), ValueSource::Tag(_)) if snapshot.chunks.is_empty() => None,
            (Ok(AttributeId::Value), ValueSource::Tag(tag)) => {
                Some(from_value(snapshot.sample(tag).value))
            }
            (Ok(AttributeId::Value), ValueSource::Live(id)) => {
                self.live(id, &snapshot).map(|it| it.value)
            }
            (Ok(AttributeId::Value) | Err(_), _) => None,
            // Nobody is told who may not read it: audit events go to SecurityAdmin alone.
            (Ok(attribute), _) => {
                self.space.attribute(found, attribute, Roles::NONE.with(Role::SecurityAdmin)).ok()
            }
        };
        let value = value.unwrap_or_default();
        if range.is_none() { value } else { range::slice(&value, range).unwrap_or_default() }
    }

    /// Audits one operation of a Write, done or refused.
    pub fn audit_write(&self, origin: &Origin, written: Written, status: StatusCode) {
        let word = match status {
            status::WAITS => "waits until it is approved",
            _ if status.is_bad() => "was refused",
            _ => "was written",
        };
        let message = format!("attribute {} of {} {word}", written.attribute, written.node);
        let kind = ObjectTypeId::AuditWriteUpdateEventType;
        let deed = Deed::new(kind, written.node, "Attribute/Write", message, status)
            .with("AttributeId", written.attribute)
            .with("IndexRange", written.range.as_str())
            .with("OldValue", written.old)
            .with("NewValue", written.new);
        self.audit(origin, deed);
    }
}

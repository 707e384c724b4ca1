//! Event types apart from the address space: for threads that have none.

use std::collections::BTreeMap;

use opcua_types::{BinaryEncodable, ContextOwned, NodeId, ObjectTypeId};

use crate::ua::space::Space;

/// The event types that there are, and which is below which.
#[derive(Clone, Debug, Default)]
pub struct EventTypes {
    /// By their encoded NodeIds.
    by_id: BTreeMap<Box<[u8]>, u32>,
    supertypes: BTreeMap<u32, u32>,
    audit: Option<u32>,
}

impl EventTypes {
    /// Those of `space`.
    pub fn new(space: &Space) -> Self {
        let mut types = Self {
            audit: space.standard_event_type(ObjectTypeId::AuditEventType as u32),
            ..Self::default()
        };
        for (id, kind, supertype) in space.event_types() {
            types.by_id.insert(id.into(), kind);
            if let Some(supertype) = supertype {
                types.supertypes.insert(kind, supertype);
            }
        }
        types
    }

    /// The type with this id.
    pub fn named(&self, id: &NodeId) -> Option<u32> {
        self.encoded(&id.encode_to_vec(&ContextOwned::default().context()))
    }

    /// The type with this encoded id.
    pub fn encoded(&self, id: &[u8]) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Whether type `kind` is `ancestor` or below it.
    pub fn is_below(&self, kind: u32, ancestor: u32) -> bool {
        let above = std::iter::successors(Some(kind), |it| self.supertypes.get(it).copied());
        // No chain of supertypes is longer, whatever a NodeSet says.
        above.take(64).any(|it| it == ancestor)
    }

    /// Whether type `kind` is AuditEventType or below it.
    pub fn is_audit(&self, kind: u32) -> bool {
        self.audit.is_some_and(|it| self.is_below(kind, it))
    }
}

//! Writes as deeds (Part 5, 6.4.24): the value before, the value that was asked for, and what came of it.

use opcua_types::{AttributeId, NodeId, NumericRange, ObjectTypeId, StatusCode, Variant};

use crate::access::{Role, Roles};
use crate::engine::Snapshot;
use crate::time;
use crate::ua::audit::deed::line;
use crate::ua::audit::{Deed, Draft, Origin, json};
use crate::ua::range;
use crate::ua::server::Server;
use crate::ua::space::{IdRef, NodeIdRef, NodeRef, Space, ValueSource};
use crate::ua::status;
use crate::ua::value::from_value;

const KIND: ObjectTypeId = ObjectTypeId::AuditWriteUpdateEventType;
const SOURCE: &str = "Attribute/Write";
/// A line that tells of several operations ends behind the one with which it gets longer than this, bytes.
const LINE: usize = 64 << 10;

/// A node as a client says it.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// One of ours.
    Ours(NodeRef),
    /// None of ours.
    Unknown(NodeId),
}

/// One operation of a Write, as it is audited.
#[derive(Clone, Debug)]
pub struct Written {
    /// The node.
    pub node: Said,
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
        self.attribute == later.attribute && self.range == later.range && self.node == later.node
    }

    /// Of what `found` is, or else what the client says.
    pub fn id(&self, space: &Space) -> NodeId {
        match &self.node {
            Said::Ours(node) => space.node_id(*node),
            Said::Unknown(id) => id.clone(),
        }
    }

    fn deed(&self, space: &Space, status: StatusCode) -> Deed {
        let word = match status {
            status::WAITS => "waits until it is approved",
            _ if status.is_bad() => "was refused",
            _ => "was written",
        };
        let node = self.id(space);
        let message = format!("attribute {} of {node} {word}", self.attribute);
        Deed::new(KIND, node, SOURCE, message, status)
            .with("AttributeId", self.attribute)
            .with("IndexRange", self.range.as_str())
            .with("OldValue", self.old.clone())
            .with("NewValue", self.new.clone())
    }

    /// As one of several in a line that says which attribute; the same fields as in a line of its own.
    fn put(&self, space: &Space, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"node\":");
        let path = match &self.node {
            Said::Ours(node) => space.path(*node),
            Said::Unknown(_) => None,
        };
        match path {
            Some((device, rest)) => json::instance(device, rest, out),
            None => json::node(&self.id(space), out),
        }
        if !self.range.is_empty() {
            out.extend_from_slice(b",\"IndexRange\":");
            json::text(&self.range, out);
        }
        out.extend_from_slice(b",\"OldValue\":");
        json::value(&self.old, out);
        out.extend_from_slice(b",\"NewValue\":");
        json::value(&self.new, out);
        out.push(b'}');
    }
}

/// A line about operations on the same attribute with the same outcome, as many as have room in it; how many.
fn line_of(origin: &Origin, space: &Space, run: &[Written], status: StatusCode) -> (Draft, usize) {
    let mut count = 0;
    let draft = line(origin, time::now(), (KIND, status, SOURCE), |fields| {
        fields.number("AttributeId", run.first().map_or(0, |it| it.attribute.into()));
        fields.put("Writes", |out| {
            let start = out.len();
            out.push(b'[');
            for written in run {
                if out.len() - start > LINE {
                    break;
                }
                if count > 0 {
                    out.push(b',');
                }
                written.put(space, out);
                count += 1;
            }
            out.push(b']');
        });
    });
    (draft, count)
}

impl Server {
    /// A node as the client says it; an id that no node of ours can have is null.
    pub fn said_id(&self, node: &NodeIdRef<'_>) -> NodeId {
        match node.identifier {
            IdRef::Numeric(number) => NodeId::new(node.namespace, number),
            IdRef::Text(text) => NodeId::new(node.namespace, text),
            IdRef::Other => {
                let found = self.space.resolve(node);
                found.map_or_else(NodeId::null, |it| self.space.node_id(it))
            }
        }
    }

    /// What stands at the moment where a Write goes to; Empty if there is nothing.
    pub fn value_before(
        &self,
        snapshot: &Snapshot,
        node: Option<NodeRef>,
        attribute: u32,
        range: &NumericRange,
    ) -> Variant {
        let Some(found) = node else { return Variant::Empty };
        let value = match (AttributeId::from_u32(attribute), self.space.value_source(found)) {
            (Ok(AttributeId::Value), ValueSource::Tag(_)) if snapshot.chunks.is_empty() => None,
            (Ok(AttributeId::Value), ValueSource::Tag(tag)) => {
                Some(from_value(snapshot.sample(tag).value))
            }
            (Ok(AttributeId::Value), ValueSource::Live(id)) => {
                self.live(id, snapshot).map(|it| it.value)
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

    /// Audits the operations of a Write and what came of each, in their order: an event for each, a line for each that
    /// was refused, a line for those together that follow each other and were done.
    pub fn audit_writes(&self, origin: &Origin, operations: &[Written], statuses: &[StatusCode]) {
        let (space, audience) = (&self.space, self.audience(true));
        let (mut operations, mut statuses) = (operations, statuses);
        while let ([first, ..], [status, ..]) = (operations, statuses) {
            let is_same = |(it, outcome): &(&Written, &StatusCode)| {
                *outcome == status && it.attribute == first.attribute && !status.is_bad()
            };
            let count = operations.iter().zip(statuses).take_while(is_same).count().max(1);
            let run = &operations[..count];
            (operations, statuses) = (&operations[count..], &statuses[count..]);
            if count == 1 {
                self.audit(origin, first.deed(space, *status));
                continue;
            }
            let mut rest = run;
            while !rest.is_empty() {
                let (line, count) = line_of(origin, space, rest, *status);
                self.trail.push(line);
                rest = &rest[count..];
            }
            let Some(audience) = &audience else { continue };
            for written in run {
                let deed = written.deed(space, *status);
                self.tell(origin, deed, self.event_ids.next(), audience);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config;
    use crate::tag::TagTable;
    use crate::ua::audit::Who;

    fn origin() -> Origin {
        Origin {
            who: Who::User("olga".to_owned()),
            address: None,
            channel: 1,
            session: NodeId::null(),
            entry: "order".into(),
            time: time::now(),
        }
    }

    fn written(number: usize, text: &str) -> Written {
        let path = format!("Line1.EL{number}");
        let range = if number == 1 { "0:1".to_owned() } else { String::new() };
        let (node, new) = (Said::Unknown(NodeId::new(2, path.as_str())), Variant::from(text));
        Written { node, attribute: 13, range, new, old: Variant::from(0.5) }
    }

    fn space() -> Space {
        let plant = config::default_plant();
        let table = Arc::new(TagTable::new(&plant));
        Space::new(&plant, table, "urn:test", &[]).unwrap()
    }

    #[test]
    fn aud_03_operations_of_one_write_share_lines_of_a_bounded_length_and_none_is_left_out() {
        let (space, text) = (space(), "x".repeat(1000));
        let all: Vec<Written> = (0..200).map(|it| written(it, &text)).collect();
        let (mut rest, mut told) = (all.as_slice(), Vec::new());
        let mut lines = 0;
        while !rest.is_empty() {
            let (draft, count) = line_of(&origin(), &space, rest, StatusCode::Good);
            assert!(draft.size() < LINE + 4096, "{}", draft.size());
            let said: serde_json::Value = serde_json::from_str(&draft.to_string()).unwrap();
            assert_eq!((&said["user"], &said["entry"]), (&"olga".into(), &"order".into()));
            assert_eq!(said["fields"]["AttributeId"], 13);
            let writes = said["fields"]["Writes"].as_array().unwrap();
            assert_eq!(writes.len(), count);
            told.extend(writes.iter().cloned());
            (rest, lines) = (&rest[count..], lines + 1);
        }
        assert!((2..10).contains(&lines), "{lines}");
        assert_eq!(told.len(), all.len());
        for (number, it) in told.iter().enumerate() {
            assert_eq!(it["node"], format!("ns=2;s=Line1.EL{number}"));
            assert_eq!((&it["OldValue"], &it["NewValue"]), (&0.5.into(), &text.as_str().into()));
            assert_eq!(it.get("IndexRange").is_some(), number == 1);
        }
    }

    #[test]
    fn aud_03_a_node_of_every_kind_is_named_by_its_id() {
        let space = space();
        for id in ["ns=2;s=Line1.EL101", "ns=2;s=Line1.EL101.Control.CurrentSetpoint", "i=2253"] {
            let id: NodeId = id.parse().unwrap();
            let node = Said::Ours(space.resolve(&NodeIdRef::from(&id)).unwrap());
            let written = Written { node, ..written(0, "") };
            let mut out = Vec::new();
            written.put(&space, &mut out);
            let said: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(said["node"], id.to_string());
        }
    }
}

//! Writes as deeds (Part 5, 6.4.24): the value before, the value that was asked for, and what came of it.

use opcua_types::{AttributeId, NodeId, NumericRange, ObjectTypeId, StatusCode, Variant};

use crate::access::{Role, Roles};
use crate::engine::Snapshot;
use crate::time;
use crate::ua::audit::deed::line;
use crate::ua::audit::json::Object;
use crate::ua::audit::{Deed, Draft, Origin};
use crate::ua::range;
use crate::ua::server::Server;
use crate::ua::space::{IdRef, NodeIdRef, NodeRef, ValueSource};
use crate::ua::status;
use crate::ua::value::from_value;

const KIND: ObjectTypeId = ObjectTypeId::AuditWriteUpdateEventType;
const SOURCE: &str = "Attribute/Write";
/// A line that tells of several operations ends behind the one with which it gets longer than this, bytes.
const LINE: usize = 64 << 10;

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
        self.attribute == later.attribute && self.range == later.range && self.node == later.node
    }

    fn deed(&self, status: StatusCode) -> Deed {
        let word = match status {
            status::WAITS => "waits until it is approved",
            _ if status.is_bad() => "was refused",
            _ => "was written",
        };
        let message = format!("attribute {} of {} {word}", self.attribute, self.node);
        Deed::new(KIND, self.node.clone(), SOURCE, message, status)
            .with("AttributeId", self.attribute)
            .with("IndexRange", self.range.as_str())
            .with("OldValue", self.old.clone())
            .with("NewValue", self.new.clone())
    }

    /// As one of several in a line: the same fields as in a line of its own.
    fn put(&self, it: &mut Object<'_>) {
        it.number("AttributeId", self.attribute.into());
        if !self.range.is_empty() {
            it.text("IndexRange", &self.range);
        }
        it.value("OldValue", &self.old);
        it.value("NewValue", &self.new);
        it.node("node", &self.node);
    }
}

/// A line about operations that had the same outcome, as many as have room in it; the rest.
fn line_of<'a>(
    origin: &Origin,
    operations: &'a [(Written, StatusCode)],
    status: StatusCode,
) -> (Draft, &'a [(Written, StatusCode)]) {
    let mut rest = operations;
    let draft = line(origin, time::now(), (KIND, status, SOURCE), |fields| {
        fields.put("Writes", |out| {
            let start = out.len();
            out.push(b'[');
            while let Some(((written, _), behind)) = rest.split_first() {
                if out.len() - start > LINE {
                    break;
                }
                if out.len() - start > 1 {
                    out.push(b',');
                }
                let mut it = Object::new(out);
                written.put(&mut it);
                it.end();
                rest = behind;
            }
            out.push(b']');
        });
    });
    (draft, rest)
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

    /// Audits the operations of a Write, done or refused, in their order: an event for each, a line for each that was
    /// refused, a line for those together that follow each other and were done.
    pub fn audit_writes(&self, origin: &Origin, operations: &[(Written, StatusCode)]) {
        let audience = self.audience(true);
        for run in operations.chunk_by(|one, next| one.1 == next.1 && !one.1.is_bad()) {
            let (first, status) = &run[0];
            if run.len() == 1 {
                self.audit(origin, first.deed(*status));
                continue;
            }
            let mut rest = run;
            while !rest.is_empty() {
                let (line, behind) = line_of(origin, rest, *status);
                self.trail.push(line);
                rest = behind;
            }
            let Some(audience) = &audience else { continue };
            for (written, status) in run {
                self.tell(origin, written.deed(*status), self.event_ids.next(), audience);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let (node, new) = (NodeId::new(2, path.as_str()), Variant::from(text));
        Written { node, attribute: 13, range, new, old: Variant::from(0.5) }
    }

    #[test]
    fn aud_03_operations_of_one_write_share_lines_of_a_bounded_length_and_none_is_left_out() {
        let text = "x".repeat(1000);
        let all: Vec<(Written, StatusCode)> =
            (0..200).map(|it| (written(it, &text), StatusCode::Good)).collect();
        let (mut rest, mut told) = (all.as_slice(), Vec::new());
        let mut lines = 0;
        while !rest.is_empty() {
            let (draft, behind) = line_of(&origin(), rest, StatusCode::Good);
            assert!(draft.size() < LINE + 4096, "{}", draft.size());
            let said: serde_json::Value = serde_json::from_str(&draft.to_string()).unwrap();
            assert_eq!((&said["user"], &said["entry"]), (&"olga".into(), &"order".into()));
            told.extend(said["fields"]["Writes"].as_array().unwrap().iter().cloned());
            (rest, lines) = (behind, lines + 1);
        }
        assert!((2..10).contains(&lines), "{lines}");
        assert_eq!(told.len(), all.len());
        for (number, it) in told.iter().enumerate() {
            assert_eq!(it["node"], format!("ns=2;s=Line1.EL{number}"));
            assert_eq!((&it["OldValue"], &it["NewValue"]), (&0.5.into(), &text.as_str().into()));
            assert_eq!(it.get("IndexRange").is_some(), number == 1);
        }
    }
}

//! How nodes are named: on the wire, borrowed, and inside.

use opcua_types::{Identifier, NodeId};

use crate::access::CustomRole;
use crate::alarm::AlarmIndex;
use crate::tag::DeviceIndex;
use crate::ua::space::{INSTANCES, SERVER, Space};

/// A node, inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRef {
    /// In the graph of namespace 0, types and further NodeSets.
    Static(u32),
    /// A device.
    Device(DeviceIndex),
    /// A session's object (0), or a node below it, by its place in their template from 1.
    Session(u32, u16),
    /// The object of a role that was added (0), or a node below it, by its place in their template from 1.
    Role(CustomRole, u16),
    /// A node below a device, by its place in the template of the device's kind.
    Member(DeviceIndex, u16),
    /// A condition (0), or a node below it, by its place in the template of its alarm from 1.
    Alarm(AlarmIndex, u16),
}

/// An identifier as it stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRef<'a> {
    /// Number.
    Numeric(u32),
    /// String.
    Text(&'a str),
    /// Guid or opaque: we have none.
    Other,
}

/// A `NodeId` as it stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeIdRef<'a> {
    /// Namespace index.
    pub namespace: u16,
    /// Identifier.
    pub identifier: IdRef<'a>,
}

impl<'a> From<&'a NodeId> for NodeIdRef<'a> {
    fn from(id: &'a NodeId) -> Self {
        let identifier = match &id.identifier {
            Identifier::Numeric(number) => IdRef::Numeric(*number),
            Identifier::String(text) => IdRef::Text(text.as_ref()),
            Identifier::Guid(_) | Identifier::ByteString(_) => IdRef::Other,
        };
        Self { namespace: id.namespace, identifier }
    }
}

impl Space {
    /// The string part of an instance's `NodeId`, in pieces that need no allocation.
    pub(in crate::ua) fn path(&self, node: NodeRef) -> Option<(&str, &str)> {
        match node {
            NodeRef::Static(_) | NodeRef::Session(..) | NodeRef::Role(..) | NodeRef::Alarm(..) => {
                None
            }
            NodeRef::Device(device) => Some((&self.table.device(device).path, "")),
            NodeRef::Member(device, member) => {
                Some((&self.table.device(device).path, &self.member(device, member).path))
            }
        }
    }

    /// Whether this is the string part of an instance's `NodeId`.
    pub(super) fn has_path(&self, node: NodeRef, path: &str) -> bool {
        if let NodeRef::Alarm(alarm, member) = node {
            return is_made_of(path, &self.alarm_pieces(alarm, member));
        }
        self.path(node).is_some_and(|(device, rest)| {
            let dot = if rest.is_empty() { "" } else { "." };
            is_made_of(path, &[device, dot, rest])
        })
    }

    /// A node's `NodeId`.
    pub fn node_id(&self, node: NodeRef) -> NodeId {
        match (node, self.path(node)) {
            (NodeRef::Static(index), _) => self.graph.id(index).clone(),
            (NodeRef::Session(session, member), _) => {
                NodeId::new(SERVER, self.session_node_path(session, member))
            }
            (NodeRef::Role(role, member), _) => NodeId::new(SERVER, self.role_path(role, member)),
            (NodeRef::Alarm(alarm, member), _) => {
                NodeId::new(INSTANCES, self.alarm_pieces(alarm, member).concat())
            }
            (_, Some((device, ""))) => NodeId::new(INSTANCES, device),
            (_, Some((device, rest))) => NodeId::new(INSTANCES, format!("{device}.{rest}")),
            (_, None) => NodeId::null(),
        }
    }

    /// Appends a node's `NodeId` in binary (Part 6, 5.2.2.9).
    pub fn encode_node_id(&self, node: NodeRef, out: &mut Vec<u8>) {
        let Some((device, rest)) = self.path(node) else {
            match node {
                NodeRef::Static(index) => out.extend_from_slice(self.graph.encoded_id(index)),
                NodeRef::Session(session, member) => {
                    let path = self.session_node_path(session, member);
                    encode_text_id(SERVER, &[&path], out);
                }
                NodeRef::Role(role, member) => {
                    encode_text_id(SERVER, &[&self.role_path(role, member)], out);
                }
                NodeRef::Alarm(alarm, member) => {
                    encode_text_id(INSTANCES, &self.alarm_pieces(alarm, member), out);
                }
                NodeRef::Device(_) | NodeRef::Member(..) => {}
            }
            return;
        };
        let dot = if rest.is_empty() { "" } else { "." };
        encode_text_id(INSTANCES, &[device, dot, rest], out);
    }
}

/// Whether a text is these pieces, one behind the other.
fn is_made_of(text: &str, pieces: &[&str]) -> bool {
    let mut rest = text.as_bytes();
    for piece in pieces {
        match rest.strip_prefix(piece.as_bytes()) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Appends a string NodeId whose text comes in pieces.
fn encode_text_id(namespace: u16, pieces: &[&str], out: &mut Vec<u8>) {
    out.push(3);
    out.extend_from_slice(&namespace.to_le_bytes());
    let length: usize = pieces.iter().map(|it| it.len()).sum();
    out.extend_from_slice(&(length as u32).to_le_bytes());
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}

//! References of a node (Part 3, 7): of instances, computed from template and table.

use crate::tag::DeviceIndex;
use crate::ua::space::{NodeRef, Space};

/// One reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The reference type's static node.
    pub(super) kind: u32,
    /// Forward or inverse.
    pub(super) is_forward: bool,
    /// The other node.
    pub(super) target: NodeRef,
}

impl Space {
    /// Every reference of `node`, in an order that never changes.
    pub(super) fn references(&self, node: NodeRef) -> Vec<Reference> {
        match node {
            NodeRef::Static(index) => self.static_references(index),
            NodeRef::Device(device) => self.device_references(device),
            NodeRef::Session(session, member) => self.session_references(session, member),
            NodeRef::Role(role, member) => self.role_references(role, member),
            NodeRef::Member(device, member) => self.member_references(device, member),
            NodeRef::Alarm(alarm, member) => self.alarm_references(alarm, member),
        }
    }

    fn static_references(&self, index: u32) -> Vec<Reference> {
        let own = self.graph.references(index).iter().map(|it| Reference {
            kind: it.kind,
            is_forward: it.is_forward,
            target: NodeRef::Static(it.target),
        });
        let mut all: Vec<Reference> = own.collect();
        all.extend(self.references_to_sessions(index));
        all.extend(self.references_to_roles(index));
        all.extend(self.notifier_references(NodeRef::Static(index)));
        all.extend(self.reference_to_configuration(NodeRef::Static(index)));
        let known = self.graph.known;
        if index == known.objects_folder {
            let roots =
                self.table.devices().iter().enumerate().filter(|(_, it)| it.parent.is_none());
            all.extend(roots.map(|(root, _)| Reference {
                kind: known.organizes,
                is_forward: true,
                target: NodeRef::Device(DeviceIndex(root as u32)),
            }));
        }
        all
    }

    fn device_references(&self, index: DeviceIndex) -> Vec<Reference> {
        let known = self.graph.known;
        let device = self.table.device(index);
        let template = self.template(device.kind);
        let forward = |kind, target| Reference { kind, is_forward: true, target };
        let inverse = |kind, target| Reference { kind, is_forward: false, target };
        let mut all =
            vec![forward(known.has_type_definition, NodeRef::Static(template.object_type))];
        all.extend(template.top.iter().map(|it| {
            forward(template.nodes[usize::from(*it)].reference, NodeRef::Member(index, *it))
        }));
        let below = self.table.children(index).iter();
        all.extend(below.map(|it| forward(known.has_component, NodeRef::Device(*it))));
        all.push(match device.parent {
            Some(parent) => inverse(known.has_component, NodeRef::Device(parent)),
            None => inverse(known.organizes, NodeRef::Static(known.objects_folder)),
        });
        all.extend(self.notifier_references(NodeRef::Device(index)));
        all.extend(self.references_to_conditions(index));
        all
    }

    fn member_references(&self, device: DeviceIndex, member: u16) -> Vec<Reference> {
        let declared = self.member(device, member);
        let template = self.template(self.table.device(device).kind);
        let mut all = Vec::with_capacity(declared.children.len() + 2);
        if let Some(kind) = self.graph.type_definition(declared.declaration) {
            all.push(Reference {
                kind: self.graph.known.has_type_definition,
                is_forward: true,
                target: NodeRef::Static(kind),
            });
        }
        all.extend(declared.children.iter().map(|it| Reference {
            kind: template.nodes[usize::from(*it)].reference,
            is_forward: true,
            target: NodeRef::Member(device, *it),
        }));
        let above =
            declared.parent.map_or(NodeRef::Device(device), |it| NodeRef::Member(device, it));
        all.push(Reference { kind: declared.reference, is_forward: false, target: above });
        all.extend(self.references_to_alarms(device, member));
        all.extend(self.reference_to_configuration(NodeRef::Member(device, member)));
        all
    }

    /// The node's type definition.
    pub(super) fn type_definition(&self, node: NodeRef) -> Option<u32> {
        match node {
            NodeRef::Device(_)
            | NodeRef::Session(_, 0)
            | NodeRef::Role(_, 0)
            | NodeRef::Alarm(_, 0) => Some(self.declaration(node)),
            _ => self.graph.type_definition(self.declaration(node)),
        }
    }
}

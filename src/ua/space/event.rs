//! Where events come from and go to: notifiers, and what event types there are (Part 3, 7.17 and 7.18; Part 5, 6.4).

use opcua_types::{NodeClass, NodeId};

use crate::tag::DeviceIndex;
use crate::ua::space::graph::Graph;
use crate::ua::space::reference::Reference;
use crate::ua::space::{NodeIdRef, NodeRef, Space, TYPES};

/// Browse path of a field: namespaces and names.
pub type FieldPath = Vec<(u16, String)>;

impl Space {
    /// Whether clients may subscribe to a node's events: the Server object and every device.
    pub fn is_notifier(&self, node: NodeRef) -> bool {
        match node {
            NodeRef::Static(index) => index == self.graph.known.server,
            NodeRef::Device(_) => true,
            NodeRef::Member(..) | NodeRef::Session(..) | NodeRef::Role(..) | NodeRef::Alarm(..) => {
                false
            }
        }
    }

    /// Who hears an event of `device`: it, what stands above it, and the Server object (EVT-03).
    pub fn notifiers(&self, device: Option<DeviceIndex>) -> Vec<NodeRef> {
        let above = |it: &DeviceIndex| self.table.device(*it).parent;
        let chain = std::iter::successors(device, above).map(NodeRef::Device);
        chain.chain([self.server()]).collect()
    }

    /// The type definition of a node.
    pub fn type_of(&self, node: NodeRef) -> Option<NodeId> {
        self.type_definition(node).map(|it| self.graph.id(it).clone())
    }

    /// The Server object.
    pub fn server(&self) -> NodeRef {
        NodeRef::Static(self.graph.known.server)
    }

    /// The event type with this id: BaseEventType or one below it.
    pub fn event_type(&self, id: &NodeId) -> Option<u32> {
        let found = self.graph.resolve(&NodeIdRef::from(id))?;
        self.graph.is_subtype(found, self.graph.known.base_event).then_some(found)
    }

    /// An event type of namespace 0 by its number.
    pub fn standard_event_type(&self, number: u32) -> Option<u32> {
        self.event_type(&NodeId::new(0, number))
    }

    /// An event type of ours by its number.
    pub fn own_event_type(&self, number: u32) -> Option<u32> {
        self.event_type(&NodeId::new(TYPES, number))
    }

    /// Whether event type `kind` is `ancestor` or below it.
    pub fn is_event_below(&self, kind: u32, ancestor: u32) -> bool {
        self.graph.is_subtype(kind, ancestor)
    }

    /// Whether events of type `kind`, or of a type below it, can have a field with this browse path.
    pub fn has_event_field(&self, kind: u32, path: &[(u16, &str)]) -> bool {
        let above = std::iter::successors(Some(kind), |it| self.graph.supertype(*it));
        // No chain of supertypes is longer than this, whatever a NodeSet says.
        let mut types: Vec<u32> = above.take(64).collect();
        let mut at = types.len();
        types.extend(self.graph.subtypes(kind));
        while at < types.len() && types.len() < 10_000 {
            let below: Vec<u32> = self.graph.subtypes(types[at]).collect();
            types.extend(below);
            at += 1;
        }
        types.iter().any(|it| self.has_field(*it, path))
    }

    /// Every event type: its encoded NodeId, itself, and its supertype.
    pub fn event_types(&self) -> Vec<(&[u8], u32, Option<u32>)> {
        let mut all = vec![self.graph.known.base_event];
        let mut at = 0;
        while at < all.len() && all.len() < 10_000 {
            let below: Vec<u32> = self.graph.subtypes(all[at]).collect();
            all.extend(below);
            at += 1;
        }
        let entry = |it: u32| (self.graph.encoded_id(it), it, self.graph.supertype(it));
        all.into_iter().map(entry).collect()
    }

    /// The browse path of every field that events of type `kind` can have.
    pub fn event_fields(&self, kind: u32) -> Vec<FieldPath> {
        let above = std::iter::successors(Some(kind), |it| self.graph.supertype(*it));
        let mut fields = Vec::new();
        for kind in above.take(64) {
            self.add_fields(kind, &mut Vec::new(), &mut fields);
        }
        fields.sort();
        fields.dedup();
        fields
    }

    fn add_fields(&self, at: u32, path: &mut FieldPath, fields: &mut Vec<FieldPath>) {
        // No field of a type lies deeper, whatever a NodeSet says.
        if path.len() >= 6 {
            return;
        }
        for target in self.aggregated(at) {
            let class = self.graph.class(target);
            if !matches!(class, NodeClass::Variable | NodeClass::Object) {
                continue;
            }
            let name = self.graph.node(target).as_node().browse_name();
            path.push((name.namespace_index, name.name.as_ref().to_owned()));
            if class == NodeClass::Variable {
                fields.push(path.clone());
            }
            self.add_fields(target, path, fields);
            path.pop();
        }
    }

    fn aggregated(&self, node: u32) -> impl Iterator<Item = u32> {
        let aggregates = self.graph.known.aggregates;
        let references = self.graph.references(node).iter();
        let own = references
            .filter(move |it| it.is_forward && self.graph.is_subtype(it.kind, aggregates));
        own.map(|it| it.target)
    }

    fn has_field(&self, kind: u32, path: &[(u16, &str)]) -> bool {
        let mut at = kind;
        for (namespace, name) in path {
            let found = self.aggregated(at).find(|it| {
                let own = self.graph.node(*it).as_node().browse_name();
                own.namespace_index == *namespace && own.name.as_ref() == *name
            });
            match found {
                Some(found) => at = found,
                None => return false,
            }
        }
        true
    }

    /// HasNotifier between the Server object, the plant and its devices, both ways.
    pub(super) fn notifier_references(&self, node: NodeRef) -> Vec<Reference> {
        let kind = self.graph.known.has_notifier;
        let forward = |target| Reference { kind, is_forward: true, target };
        let inverse = |target| Reference { kind, is_forward: false, target };
        match node {
            NodeRef::Static(index) if index == self.graph.known.server => {
                let roots = self.table.devices().iter().enumerate();
                let roots = roots.filter(|(_, it)| it.parent.is_none());
                roots.map(|(root, _)| forward(NodeRef::Device(DeviceIndex(root as u32)))).collect()
            }
            NodeRef::Device(device) => {
                let below = self.table.children(device).iter().map(|it| NodeRef::Device(*it));
                let above = self.table.device(device).parent;
                let above = above.map_or_else(|| self.server(), NodeRef::Device);
                below.map(forward).chain([inverse(above)]).collect()
            }
            NodeRef::Static(_)
            | NodeRef::Member(..)
            | NodeRef::Session(..)
            | NodeRef::Role(..)
            | NodeRef::Alarm(..) => Vec::new(),
        }
    }
}

impl Graph {
    fn subtypes(&self, kind: u32) -> impl Iterator<Item = u32> {
        let has_subtype = self.known.has_subtype;
        let references = self.references(kind).iter();
        references.filter(move |it| it.is_forward && it.kind == has_subtype).map(|it| it.target)
    }
}

//! The immutable part: nodes of namespace 0, types and further NodeSets, with their references both ways.

use indexmap::IndexMap;
use opcua_nodes::NodeType;
use opcua_types::{AttributeId, DataEncoding, TimestampsToReturn};
use opcua_types::{BinaryEncodable, Context, NodeClass, NodeId, NumericRange, Variant};
use rustc_hash::FxBuildHasher;

use crate::ua::space::{IdRef, LiveId, NodeIdRef, ValueSource, live};

/// One reference of a static node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StaticReference {
    /// The reference type's node.
    pub(super) kind: u32,
    /// Forward or inverse.
    pub(super) is_forward: bool,
    /// The other node.
    pub(super) target: u32,
}

/// Reference types that the space itself needs to know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WellKnown {
    pub(super) organizes: u32,
    pub(super) has_component: u32,
    pub(super) has_type_definition: u32,
    pub(super) has_modelling_rule: u32,
    pub(super) has_subtype: u32,
    pub(super) aggregates: u32,
    pub(super) objects_folder: u32,
    pub(super) mandatory: u32,
    pub(super) optional: u32,
    pub(super) has_condition: u32,
    pub(super) has_event_source: u32,
    pub(super) has_suppression_group: u32,
    pub(super) alarm_group_member: u32,
    pub(super) suppression_group_member: u32,
    pub(super) has_encoding: u32,
    pub(super) has_notifier: u32,
    pub(super) server: u32,
    pub(super) base_event: u32,
    pub(super) has_historical_configuration: u32,
}

/// Nodes and references.
#[derive(Debug)]
pub(super) struct Graph {
    nodes: Vec<NodeType>,
    encoded: Vec<Box<[u8]>>,
    numeric: IndexMap<(u16, u32), u32, FxBuildHasher>,
    other: IndexMap<NodeId, u32, FxBuildHasher>,
    references: Vec<StaticReference>,
    first_reference: Vec<u32>,
    supertype: Vec<u32>,
    type_definition: Vec<u32>,
    pub(super) known: WellKnown,
}

/// No node.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Graph {
    /// From nodes and `(source, type, target)` of every forward reference, in any order.
    pub(super) fn new(
        nodes: Vec<NodeType>,
        forward: &[(NodeId, NodeId, NodeId)],
        context: &Context<'_>,
    ) -> Self {
        let mut graph = Self {
            encoded: nodes.iter().map(|it| encode(it.as_node().node_id(), context)).collect(),
            numeric: IndexMap::default(),
            other: IndexMap::default(),
            references: Vec::new(),
            first_reference: Vec::new(),
            supertype: vec![NOWHERE; nodes.len()],
            type_definition: vec![NOWHERE; nodes.len()],
            known: WellKnown::default(),
            nodes,
        };
        for (index, node) in graph.nodes.iter().enumerate() {
            let id = node.as_node().node_id();
            match id.as_u32() {
                Some(number) => graph.numeric.insert((id.namespace, number), index as u32),
                None => graph.other.insert(id.clone(), index as u32),
            };
        }
        graph.known = graph.find_known();
        graph.link(forward);
        graph
    }

    fn find_known(&self) -> WellKnown {
        let find = |number: u32| self.numeric.get(&(0, number)).copied().unwrap_or(NOWHERE);
        WellKnown {
            organizes: find(35),
            has_component: find(47),
            has_type_definition: find(40),
            has_modelling_rule: find(37),
            has_subtype: find(45),
            aggregates: find(44),
            objects_folder: find(85),
            mandatory: find(78),
            optional: find(80),
            has_condition: find(9006),
            has_event_source: find(36),
            has_suppression_group: find(16361),
            alarm_group_member: find(16362),
            suppression_group_member: find(32059),
            has_encoding: find(38),
            has_notifier: find(48),
            server: find(2253),
            base_event: find(2041),
            has_historical_configuration: find(56),
        }
    }

    /// Both directions of every reference between nodes that exist, sorted, each once.
    fn link(&mut self, forward: &[(NodeId, NodeId, NodeId)]) {
        let mut all = Vec::with_capacity(forward.len() * 2);
        for (source, kind, target) in forward {
            let found = (self.of_id(source), self.of_id(kind), self.of_id(target));
            let (Some(source), Some(kind), Some(target)) = found else { continue };
            all.push((source, StaticReference { kind, is_forward: true, target }));
            // Part 3, 7.7 and 7.13: types and rules do not list all that use them.
            let one_way =
                kind == self.known.has_type_definition || kind == self.known.has_modelling_rule;
            if !one_way {
                all.push((target, StaticReference { kind, is_forward: false, target: source }));
            }
        }
        all.sort_unstable();
        all.dedup();
        self.first_reference = Vec::with_capacity(self.nodes.len() + 1);
        let mut at = 0;
        for node in 0..self.nodes.len() as u32 {
            self.first_reference.push(at as u32);
            while at < all.len() && all[at].0 == node {
                let reference = all[at].1;
                if reference.is_forward && reference.kind == self.known.has_type_definition {
                    self.type_definition[node as usize] = reference.target;
                }
                if !reference.is_forward && reference.kind == self.known.has_subtype {
                    self.supertype[node as usize] = reference.target;
                }
                at += 1;
            }
        }
        self.first_reference.push(at as u32);
        self.references = all.into_iter().map(|(_, it)| it).collect();
    }

    fn of_id(&self, id: &NodeId) -> Option<u32> {
        self.resolve(&NodeIdRef::from(id)).or_else(|| self.other.get(id).copied())
    }

    /// The node with this id.
    pub(super) fn resolve(&self, id: &NodeIdRef<'_>) -> Option<u32> {
        match id.identifier {
            IdRef::Numeric(number) => self.numeric.get(&(id.namespace, number)).copied(),
            IdRef::Text(text) => self.other.get(&NodeId::new(id.namespace, text)).copied(),
            IdRef::Other => None,
        }
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Every node of a namespace.
    pub(super) fn of_namespace(&self, namespace: u16) -> impl Iterator<Item = u32> {
        (0..self.nodes.len() as u32).filter(move |it| self.id(*it).namespace == namespace)
    }

    /// A node's id.
    pub(super) fn id(&self, node: u32) -> &NodeId {
        self.nodes[node as usize].as_node().node_id()
    }

    /// A node's id in binary.
    pub(super) fn encoded_id(&self, node: u32) -> &[u8] {
        &self.encoded[node as usize]
    }

    /// A node.
    pub(super) fn node(&self, node: u32) -> &NodeType {
        &self.nodes[node as usize]
    }

    /// Node class.
    pub(super) fn class(&self, node: u32) -> NodeClass {
        self.nodes[node as usize].as_node().node_class()
    }

    /// References of a node.
    pub(super) fn references(&self, node: u32) -> &[StaticReference] {
        let node = node as usize;
        let range = self.first_reference[node] as usize..self.first_reference[node + 1] as usize;
        &self.references[range]
    }

    /// A node's type definition.
    pub(super) fn type_definition(&self, node: u32) -> Option<u32> {
        Some(self.type_definition[node as usize]).filter(|it| *it != NOWHERE)
    }

    /// Whether `kind` is `ancestor` or below it.
    pub(super) fn is_subtype(&self, kind: u32, ancestor: u32) -> bool {
        let mut at = kind;
        // A NodeSet may hold a circle of subtypes; no chain is longer than there are nodes.
        for _ in 0..self.nodes.len() {
            if at == ancestor {
                return true;
            }
            at = self.supertype[at as usize];
            if at == NOWHERE {
                return false;
            }
        }
        false
    }

    /// The supertype of a type.
    pub(super) fn supertype(&self, kind: u32) -> Option<u32> {
        Some(self.supertype[kind as usize]).filter(|it| *it != NOWHERE)
    }

    /// Where the value of a static variable comes from.
    pub(super) fn value_source(&self, node: u32) -> ValueSource {
        let found = &self.nodes[node as usize];
        if !matches!(found, NodeType::Variable(_) | NodeType::VariableType(_)) {
            return ValueSource::None;
        }
        let id = found.as_node().node_id();
        if id.namespace == 0
            && let Some(number) = id.as_u32()
            && live::is_live(number)
        {
            return ValueSource::Live(LiveId::Server(number));
        }
        ValueSource::Constant(self.attribute(node, AttributeId::Value).unwrap_or(Variant::Empty))
    }

    /// An attribute as the NodeSet has it.
    pub(super) fn attribute(&self, node: u32, attribute: AttributeId) -> Option<Variant> {
        let value = self.nodes[node as usize].as_node().get_attribute(
            TimestampsToReturn::Neither,
            attribute,
            &NumericRange::None,
            &DataEncoding::Binary,
        );
        value.and_then(|it| it.value)
    }
}

fn encode(id: &NodeId, context: &Context<'_>) -> Box<[u8]> {
    id.encode_to_vec(context).into_boxed_slice()
}

//! What a server has to work with: found once, by browsing, within bounds.

use std::collections::BTreeSet;

use opcua_types::{
    AttributeId, BrowseDescription, BrowseDirection, BrowseRequest, BrowseResponse, DataValue,
    NodeClass, NodeId, ReferenceDescription, Variant,
};

use crate::conformance::Stop;
use crate::conformance::bench::{attribute, read, read_one, standard, value};
use crate::conformance::expect::good;
use crate::conformance::link::Link;

/// The namespace of our own fixture.
const FIXTURE: &str = "urn:cellhouse:conformance";
/// Nodes looked at, at most.
const MOST_NODES: usize = 3000;
/// Nodes per request: few servers allow fewer.
const BATCH: usize = 50;
/// HierarchicalReferences.
const HIERARCHICAL: u32 = 33;

/// A variable that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its id.
    pub(super) node: NodeId,
    /// Its value when it was found.
    pub(super) value: Variant,
    /// AccessLevel.
    pub(super) access: u8,
    /// UserAccessLevel of an anonymous user.
    pub(super) user_access: u8,
}

/// A method and the object that has it.
#[derive(Clone, Debug)]
pub(super) struct FoundMethod {
    /// Object.
    pub(super) object: NodeId,
    /// Method.
    pub(super) method: NodeId,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Material {
    /// Index of our fixture's namespace, if the server has it.
    pub(super) fixture: Option<u16>,
    /// Variables outside namespace 0.
    pub(super) variables: Vec<Found>,
    /// Methods outside namespace 0.
    pub(super) methods: Vec<FoundMethod>,
    /// Objects outside namespace 0.
    pub(super) objects: Vec<NodeId>,
}

impl Material {
    /// Browses below Objects, and below the fixture alone if there is one.
    pub(super) fn find(link: &mut Link) -> Result<Self, Stop> {
        let namespaces = read_one(link, &standard(2255))?;
        let mut found = Self { fixture: index_of(&namespaces, FIXTURE), ..Self::default() };
        let mut seen = BTreeSet::new();
        let mut level = vec![standard(85)];
        let mut variables = Vec::new();
        while !level.is_empty() && seen.len() < MOST_NODES {
            let mut below = Vec::new();
            for part in level.chunks(BATCH) {
                for (parent, reference) in browse(link, part)? {
                    let id = reference.node_id.node_id;
                    if seen.len() < MOST_NODES && seen.insert(id.to_string()) {
                        found.sort(&parent, &id, reference.node_class, &mut variables);
                        if id != standard(2253) {
                            below.push(id);
                        }
                    }
                }
            }
            level = below;
        }
        for part in variables.chunks(BATCH) {
            found.variables.extend(describe(link, part)?);
        }
        Ok(found)
    }

    fn sort(
        &mut self,
        parent: &NodeId,
        id: &NodeId,
        class: NodeClass,
        variables: &mut Vec<NodeId>,
    ) {
        if id.namespace == 0 {
            return;
        }
        match class {
            NodeClass::Variable => variables.push(id.clone()),
            NodeClass::Method => {
                self.methods.push(FoundMethod { object: parent.clone(), method: id.clone() });
            }
            NodeClass::Object => self.objects.push(id.clone()),
            _ => {}
        }
    }

    /// The fixture's node of this name.
    pub(super) fn fixture(&self, name: &str) -> Option<NodeId> {
        self.fixture.map(|index| NodeId::new(index, name))
    }

    /// The fixture's node of this name, or why the case cannot be run.
    pub(super) fn need(&self, name: &str) -> Result<NodeId, Stop> {
        self.fixture(name).ok_or_else(|| {
            Stop::skipped("needs the fixture: a server of ours started with --fixture")
        })
    }

    /// The first variable that fits.
    pub(super) fn variable(&self, of: &str, fits: impl Fn(&Found) -> bool) -> Result<&Found, Stop> {
        self.variables
            .iter()
            .find(|it| fits(it))
            .ok_or_else(|| Stop::skipped(format!("the server has no {of} below Objects")))
    }

    /// A scalar Double that everybody may read.
    pub(super) fn double(&self) -> Result<&Found, Stop> {
        self.variable("readable Double", |it| {
            matches!(it.value, Variant::Double(_)) && it.user_access & 1 != 0
        })
    }
}

fn index_of(namespaces: &Variant, uri: &str) -> Option<u16> {
    let Variant::Array(array) = namespaces else { return None };
    let at = array
        .values
        .iter()
        .position(|it| matches!(it, Variant::String(it) if it.as_ref() == uri))?;
    u16::try_from(at).ok()
}

/// A BrowseDescription of all hierarchical references.
pub(super) fn hierarchical(node: NodeId) -> BrowseDescription {
    BrowseDescription {
        node_id: node,
        browse_direction: BrowseDirection::Forward,
        reference_type_id: standard(HIERARCHICAL),
        include_subtypes: true,
        node_class_mask: 0,
        result_mask: 63,
    }
}

/// Forward references of these nodes, each with its source; of very many only the first.
fn browse(link: &mut Link, nodes: &[NodeId]) -> Result<Vec<(NodeId, ReferenceDescription)>, Stop> {
    let request = BrowseRequest {
        request_header: link.header(),
        requested_max_references_per_node: MOST_NODES as u32,
        nodes_to_browse: Some(nodes.iter().cloned().map(hierarchical).collect()),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default();
    let each = nodes.iter().zip(results).flat_map(|(node, result)| {
        let references = result.references.unwrap_or_default();
        references.into_iter().map(move |it| (node.clone(), it))
    });
    Ok(each.collect())
}

fn describe(link: &mut Link, nodes: &[NodeId]) -> Result<Vec<Found>, Stop> {
    let wanted = nodes.iter().flat_map(|node| {
        [
            value(node.clone()),
            attribute(node.clone(), AttributeId::AccessLevel),
            attribute(node.clone(), AttributeId::UserAccessLevel),
        ]
    });
    let results = read(link, wanted.collect())?;
    let level = |it: &DataValue| match it.value {
        Some(Variant::Byte(level)) => level,
        _ => 0,
    };
    let found = nodes.iter().zip(results.chunks(3)).filter_map(|(node, of)| {
        let [value, access, user_access] = of else { return None };
        Some(Found {
            node: node.clone(),
            value: value.value.clone().unwrap_or_default(),
            access: level(access),
            user_access: level(user_access),
        })
    });
    Ok(found.collect())
}

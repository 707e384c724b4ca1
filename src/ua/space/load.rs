//! Reads namespace 0 and the NodeSets into a graph, each namespace at its fixed index.

use indexmap::IndexSet;
use opcua_core_namespace::CoreNamespace;
use opcua_nodes::{ImportedItem, NodeSetImport, NodeType};
use opcua_types::{
    DataTypeDefinition, NamespaceMap, NodeId, NodeSetNamespaceMapper, ObjectId, ReferenceTypeId,
    StructureDefinition,
};
use rustc_hash::FxBuildHasher;

use crate::ua::aggregate::Function;
use crate::ua::space::graph::Graph;
use crate::ua::space::metadata;
use crate::ua::space::nodeset::{self, NodeSet};
use crate::ua::space::permission::SaidOfRights;
use crate::ua::space::prune::PRUNED;
use crate::ua::wire::Types;

/// Our types.
const OWN_TYPES: &str = include_str!("../../../nodeset/cellhouse.xml");
/// The conformance fixture.
const FIXTURE: &str = include_str!("../../../nodeset/conformance.xml");
/// URI of the conformance fixture.
pub(super) const FIXTURE_URI: &str = "urn:cellhouse:conformance";
/// URI of our types.
pub(super) const OWN_TYPES_URI: &str = "http://cellhouse.dev/UA/RareEarthElectrolysis/";
/// Hierarchical references that carry a pruned node's fate to what hangs below it.
const BELOW: &[u32] = &[35, 46, 47, 49, 34];

/// A further NodeSet2 file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSetFile {
    /// Its name, for messages.
    pub name: String,
    /// XML.
    pub text: String,
}

/// The conformance fixture: nodes of every type, rank, right and class for conformance tools.
pub fn fixture() -> NodeSetFile {
    NodeSetFile { name: "nodeset/conformance.xml".to_owned(), text: FIXTURE.to_owned() }
}

/// Why an address space cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A NodeSet cannot be read.
    #[error("{name}: {reason}")]
    NodeSet {
        /// File.
        name: String,
        /// What the reader says.
        reason: String,
    },
    /// A NodeSet needs a model that no file brings.
    #[error("{name}: it needs the model {model}: add its NodeSet to `nodesets`")]
    Missing {
        /// File.
        name: String,
        /// URI.
        model: String,
    },
    /// Two files bring the same model.
    #[error("{name}: the model {model} is in {other} already: take one of them out of `nodesets`")]
    Duplicate {
        /// File.
        name: String,
        /// URI.
        model: String,
        /// The file before.
        other: String,
    },
    /// Files need each other.
    #[error("{names} need each other's models")]
    Circle {
        /// Files.
        names: String,
    },
    /// A node of a NodeSet cannot be read.
    #[error(
        "{name}:{line}: the node {node} cannot be read: is its namespace, type and value right?"
    )]
    Node {
        /// File.
        name: String,
        /// Line, from 1.
        line: usize,
        /// NodeId as it stands there.
        node: String,
    },
    /// Data types of a NodeSet are above each other.
    #[error("{name}:{line}: the data type {node} is a subtype of itself")]
    Subtypes {
        /// File.
        name: String,
        /// Line, from 1.
        line: usize,
        /// NodeId as it stands there.
        node: String,
    },
    /// A NodeSet lacks a type that the catalogue needs.
    #[error("nodeset/cellhouse.xml has no type {0}")]
    NoType(&'static str),
    /// The catalogue and the NodeSet disagree.
    #[error("{kind}: {path} is in {place} only")]
    Disagree {
        /// Kind of device.
        kind: &'static str,
        /// Path of the signal.
        path: String,
        /// The catalogue or the NodeSet.
        place: &'static str,
    },
}

/// Reads a file by itself and links its nodes, as far as that goes without namespace 0: their number.
pub fn read_nodeset(file: &NodeSetFile) -> Result<u32, LoadError> {
    let mut map = NamespaceMap::new();
    let mut items = Vec::new();
    for set in nodeset::read(&[file])? {
        for uri in set.namespaces() {
            map.add_namespace(&uri);
        }
        items.extend(set.load(&mut NodeSetNamespaceMapper::new(&mut map))?);
    }
    name_encodings(&mut items);
    Ok(assemble(items, &Types::new(map)).len())
}

/// Graph, NamespaceArray, and what NodeSets say of rights.
pub(super) fn load(
    application_uri: &str,
    instances_uri: &str,
    further: &[NodeSetFile],
) -> Result<(Graph, Vec<String>, SaidOfRights), LoadError> {
    let mut namespaces = vec![
        "http://opcfoundation.org/UA/".to_owned(),
        application_uri.to_owned(),
        instances_uri.to_owned(),
        OWN_TYPES_URI.to_owned(),
    ];
    let own = NodeSetFile { name: "nodeset/cellhouse.xml".to_owned(), text: OWN_TYPES.to_owned() };
    let files: Vec<&NodeSetFile> = std::iter::once(&own).chain(further).collect();
    let sets = nodeset::read(&files)?;
    for uri in sets.iter().flat_map(NodeSet::namespaces) {
        if !namespaces.contains(&uri) {
            namespaces.push(uri);
        }
    }
    let mut map = NamespaceMap::new();
    for uri in namespaces.iter().skip(1) {
        map.add_namespace(uri);
    }
    let types = Types::new(map.clone());
    let mut mapper = NodeSetNamespaceMapper::new(&mut map);
    let core = CoreNamespace;
    core.register_namespaces(&mut mapper);
    let mut items: Vec<ImportedItem> = prune(core.load(&mapper).collect());
    let mut said = SaidOfRights::default();
    for set in &sets {
        let mut mapper = NodeSetNamespaceMapper::new(&mut map);
        items.extend(set.load(&mut mapper)?);
        set.say(&mapper, &namespaces, &mut said);
    }
    let version = |uri: &str| sets.iter().find_map(|it| it.version(uri));
    items.extend(metadata::missing(&items, &namespaces, version));
    name_encodings(&mut items);
    Ok((assemble(items, &types), namespaces, said))
}

/// Puts the binary encoding into the definition of each structure (Part 3, 8.48). The library looks for it by
/// the namespace index of the file, and finds none where ours differs.
fn name_encodings(items: &mut [ImportedItem]) {
    let binary: IndexSet<NodeId, FxBuildHasher> = items
        .iter()
        .map(|it| it.node.as_node())
        .filter(|it| it.browse_name().name.as_ref() == "Default Binary")
        .map(|it| it.node_id().clone())
        .collect();
    let has_encoding = NodeId::new(0, ReferenceTypeId::HasEncoding as u32);
    for item in items {
        let NodeType::DataType(data_type) = &mut item.node else { continue };
        let Some(DataTypeDefinition::Structure(definition)) = data_type.data_type_definition()
        else {
            continue;
        };
        let encoding = item.references.iter().find(|it| {
            it.is_forward && it.type_id == has_encoding && binary.contains(&it.target_id)
        });
        if let Some(encoding) = encoding.filter(|_| definition.default_encoding_id.is_null()) {
            let definition = StructureDefinition {
                default_encoding_id: encoding.target_id.clone(),
                ..definition.clone()
            };
            let definition = DataTypeDefinition::Structure(definition);
            data_type.set_data_type_definition(Some(definition));
        }
    }
}

fn assemble(items: Vec<ImportedItem>, types: &Types) -> Graph {
    let mut nodes = Vec::with_capacity(items.len());
    let mut forward = Vec::with_capacity(items.len() * 3);
    for item in items {
        let source = item.node.as_node().node_id().clone();
        for reference in item.references {
            let (from, to) = if reference.is_forward {
                (source.clone(), reference.target_id)
            } else {
                (reference.target_id, source.clone())
            };
            forward.push((from, reference.type_id, to));
        }
        nodes.push(item.node);
    }
    // Part 13, 5.1: the functions that the server supports are listed in its capabilities.
    let organizes = NodeId::new(0, ReferenceTypeId::Organizes as u32);
    for folder in [
        ObjectId::Server_ServerCapabilities_AggregateFunctions,
        ObjectId::HistoryServerCapabilities_AggregateFunctions,
    ] {
        forward.extend(Function::ALL.iter().map(|(function, _)| {
            let function = NodeId::new(0, *function as u32);
            (NodeId::new(0, folder as u32), organizes.clone(), function)
        }));
    }
    Graph::new(nodes, &forward, &types.encoding())
}

/// Takes the pruned instances out, and all that hangs below them and nowhere else.
fn prune(items: Vec<ImportedItem>) -> Vec<ImportedItem> {
    let mut gone: IndexSet<NodeId, FxBuildHasher> =
        PRUNED.iter().map(|it| NodeId::new(0, *it)).collect();
    let is_below = |id: &NodeId| id.as_u32().is_some_and(|it| BELOW.contains(&it));
    let mut before = 0;
    while before < gone.len() {
        before = gone.len();
        let mut more = Vec::new();
        for item in &items {
            let id = item.node.as_node().node_id();
            for reference in item.references.iter().filter(|it| is_below(&it.type_id)) {
                if reference.is_forward && gone.contains(id) {
                    more.push(reference.target_id.clone());
                } else if !reference.is_forward && gone.contains(&reference.target_id) {
                    more.push(id.clone());
                }
            }
        }
        gone.extend(more);
    }
    items.into_iter().filter(|it| !gone.contains(it.node.as_node().node_id())).collect()
}

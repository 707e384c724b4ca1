//! Circles of data types in a NodeSet2 file. The library that makes nodes of it looks for the fields of a structure in
//! the types above it, and would go round for ever, taking memory at each step.

use indexmap::IndexMap;
use opcua_types::{NodeId, ReferenceTypeId};
use opcua_xml::schema::ua_node_set::{UANode, UANodeSet};
use rustc_hash::FxBuildHasher;

use crate::ua::space::nodeset::STANDARD;

/// Namespace and identifier: one namespace may have several indexes in a file.
type Key<'a> = (&'a str, String);

/// A data type that is above itself, as it stands in the file; none if there is no such.
pub(super) fn of_data_types(set: &UANodeSet) -> Option<&str> {
    let aliases: IndexMap<&str, &str, FxBuildHasher> = set
        .aliases
        .iter()
        .flat_map(|it| &it.aliases)
        .map(|it| (it.alias.as_str(), it.id.0.as_str()))
        .collect();
    let uris: Vec<&str> = std::iter::once(STANDARD)
        .chain(set.namespace_uris.iter().flat_map(|it| &it.uris).map(String::as_str))
        .collect();
    let parse =
        |text: &str| -> Option<NodeId> { aliases.get(text).copied().unwrap_or(text).parse().ok() };
    let key = |id: &NodeId| -> Option<Key<'_>> {
        Some((*uris.get(usize::from(id.namespace))?, id.identifier.to_string()))
    };
    let has_subtype = NodeId::new(0, ReferenceTypeId::HasSubtype as u32);
    let mut above: IndexMap<Key<'_>, (&str, Key<'_>), FxBuildHasher> = IndexMap::default();
    for node in set.nodes.iter().filter(|it| matches!(it, UANode::DataType(_))) {
        let base = node.base();
        let mut references = base.references.iter().flat_map(|it| &it.references);
        let supertype = references.find_map(|it| {
            let fits = !it.is_forward && parse(&it.reference_type.0)? == has_subtype;
            key(&parse(&it.node_id.0).filter(|_| fits)?)
        });
        let own = parse(&base.node_id.0).and_then(|it| key(&it));
        if let (Some(own), Some(supertype)) = (own, supertype) {
            above.insert(own, (base.node_id.0.as_str(), supertype));
        }
    }
    first_circle(&above)
}

/// Goes up from each type until there is nothing above, or somebody has been there before.
fn first_circle<'a>(
    above: &IndexMap<Key<'_>, (&'a str, Key<'_>), FxBuildHasher>,
) -> Option<&'a str> {
    let mut seen = vec![usize::MAX; above.len()];
    for start in 0..above.len() {
        let mut at = Some(start);
        while let Some(place) = at {
            let (name, supertype) = above.get_index(place)?.1;
            if seen[place] == start {
                return Some(name);
            }
            if seen[place] != usize::MAX {
                break;
            }
            seen[place] = start;
            at = above.get_index_of(supertype);
        }
    }
    None
}

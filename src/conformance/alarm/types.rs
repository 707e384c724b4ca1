//! What the type of a condition asks of its instances.

use std::collections::{BTreeMap, BTreeSet};

use opcua_types::{BrowseDescription, BrowseDirection, NodeClass, NodeId};

use crate::conformance::Stop;
use crate::conformance::alarm::fixture::{browse, forward};
use crate::conformance::bench::standard;
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;

const HAS_SUBTYPE: u32 = 45;
const HAS_MODELLING_RULE: u32 = 37;
const MANDATORY: u32 = 78;
const AGGREGATES: u32 = 44;
/// Levels of types, and of nodes below one.
const DEPTH: usize = 12;
const LEVELS: usize = 3;

/// A type and those above it, and paths that every instance has.
#[derive(Clone, Debug)]
pub(super) struct Type {
    /// Itself, then its supertypes.
    pub(super) chain: Vec<NodeId>,
    /// Paths such as `AckedState.Id`.
    pub(super) mandatory: BTreeSet<String>,
}

impl Type {
    /// Whether it is this type of namespace 0, or below it.
    pub(super) fn is(&self, number: u32) -> bool {
        self.chain.contains(&standard(number))
    }
}

/// Types by their id, each looked at once.
#[derive(Default)]
pub(super) struct Types {
    known: BTreeMap<String, Type>,
    rules: BTreeMap<String, Vec<(String, NodeId, NodeClass)>>,
}

impl Types {
    /// The type with this id.
    pub(super) fn of(&mut self, link: &mut Link, id: &NodeId) -> Result<Type, Stop> {
        let key = id.to_string();
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let chain = chain(link, id)?;
        let mut mandatory = BTreeSet::new();
        for one in &chain {
            self.collect(link, one, &mut mandatory)?;
        }
        let found = Type { chain, mandatory };
        self.known.insert(key, found.clone());
        Ok(found)
    }

    fn collect(
        &mut self,
        link: &mut Link,
        root: &NodeId,
        into: &mut BTreeSet<String>,
    ) -> Result<(), Stop> {
        let mut level = vec![(String::new(), root.clone())];
        for _ in 0..LEVELS {
            let mut below = Vec::new();
            for (path, node) in &level {
                for (name, child, class) in self.children(link, node)? {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{name}");
                    into.insert(path.clone());
                    if class != NodeClass::Method {
                        below.push((path, child));
                    }
                }
            }
            level = below;
        }
        Ok(())
    }

    /// Mandatory nodes below a node of a type.
    fn children(
        &mut self,
        link: &mut Link,
        node: &NodeId,
    ) -> Result<Vec<(String, NodeId, NodeClass)>, Stop> {
        let key = node.to_string();
        if let Some(known) = self.rules.get(&key) {
            return Ok(known.clone());
        }
        let below = forward(link, std::slice::from_ref(node), AGGREGATES)?;
        let nodes: Vec<NodeId> = below.iter().map(|(_, it)| it.node_id.node_id.clone()).collect();
        let rules = forward(link, &nodes, HAS_MODELLING_RULE)?;
        let mandatory: BTreeSet<String> = rules
            .iter()
            .filter(|(_, rule)| rule.node_id.node_id == standard(MANDATORY))
            .map(|(of, _)| of.to_string())
            .collect();
        let found: Vec<_> = below
            .into_iter()
            .map(|(_, it)| {
                (it.browse_name.name.as_ref().to_owned(), it.node_id.node_id, it.node_class)
            })
            .filter(|(_, it, _)| mandatory.contains(&it.to_string()))
            .collect();
        self.rules.insert(key, found.clone());
        Ok(found)
    }
}

/// A type and its supertypes.
fn chain(link: &mut Link, id: &NodeId) -> Result<Vec<NodeId>, Stop> {
    let mut all = vec![id.clone()];
    while all.len() < DEPTH {
        let node = all[all.len() - 1].clone();
        let above = BrowseDescription {
            browse_direction: BrowseDirection::Inverse,
            reference_type_id: standard(HAS_SUBTYPE),
            ..hierarchical(node)
        };
        match browse(link, vec![above])?.into_iter().next() {
            Some((_, reference)) => all.push(reference.node_id.node_id),
            None => break,
        }
    }
    Ok(all)
}

//! The fixture of alarms, found by browsing: an object that has conditions and the sources that they look at.

use std::collections::BTreeMap;

use opcua_types::{
    BrowseDescription, BrowseRequest, BrowseResponse, NodeClass, NodeId, ReferenceDescription,
    Variant,
};

use crate::conformance::Stop;
use crate::conformance::bench::{Bench, read, standard, value};
use crate::conformance::expect::good;
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;

/// HasCondition: every source of conditions has it (Part 9, 5.12).
pub(super) const HAS_CONDITION: u32 = 9006;
/// Aggregates: HasComponent, HasProperty and what is below them.
const AGGREGATES: u32 = 44;
/// Nodes per request: few servers allow fewer.
const BATCH: usize = 50;
/// Levels of nodes below a condition: `ShelvingState.CurrentState.Id`.
const DEPTH: usize = 3;
/// The source that makes an object the fixture.
const ANALOG: &str = "AnalogSource";
/// Sources of the fixture.
const SOURCES: &[&str] =
    &[ANALOG, "SetpointSource", "BooleanSource", "SensorFailed", "Suppressed", "DialogSource"];

/// A condition and the nodes below it.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// Its id.
    pub(super) node: NodeId,
    /// Its BrowseName.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: NodeId,
    /// Nodes below it by their path, such as `AckedState.Id`.
    pub(super) members: BTreeMap<String, NodeId>,
}

impl Condition {
    /// The node at this path.
    pub(super) fn member(&self, path: &str) -> Result<&NodeId, Stop> {
        let found = self.members.get(path);
        found.ok_or_else(|| Stop::skipped(format!("the condition {} has no {path}", self.name)))
    }
}

/// A writable variable of the fixture.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its id.
    pub(super) node: NodeId,
    /// Its value when it was found, which every case brings back.
    pub(super) usual: Variant,
}

/// The fixture.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Fixture {
    sources: BTreeMap<&'static str, Source>,
    /// Conditions by BrowseName.
    pub(super) conditions: BTreeMap<String, Condition>,
}

impl Fixture {
    /// Looks for it below Objects.
    pub(in crate::conformance) fn find(bench: &Bench) -> Result<Self, Stop> {
        let mut link = bench.session()?;
        let mut has_any = false;
        for object in &bench.material()?.objects {
            let conditions = forward(&mut link, std::slice::from_ref(object), HAS_CONDITION)?;
            if conditions.is_empty() {
                continue;
            }
            has_any = true;
            let below = forward(&mut link, std::slice::from_ref(object), AGGREGATES)?;
            if below.iter().any(|(_, it)| it.browse_name.name.as_ref() == ANALOG) {
                return Self::of(&mut link, &conditions, &below);
            }
        }
        Err(Stop::skipped(if has_any {
            "no object has conditions and the sources of the fixture (AnalogSource and so on)"
        } else {
            "the server has no conditions below its objects"
        }))
    }

    fn of(
        link: &mut Link,
        conditions: &[(NodeId, ReferenceDescription)],
        below: &[(NodeId, ReferenceDescription)],
    ) -> Result<Self, Stop> {
        let mut sources = BTreeMap::new();
        for name in SOURCES {
            let found = below.iter().find(|(_, it)| it.browse_name.name.as_ref() == *name);
            let Some((_, reference)) = found else { continue };
            let node = reference.node_id.node_id.clone();
            let now = read(link, vec![value(node.clone())])?.pop().and_then(|it| it.value);
            sources.insert(*name, Source { node, usual: now.unwrap_or_default() });
        }
        let mut found = BTreeMap::new();
        for condition in described(link, conditions)? {
            found.insert(condition.name.clone(), condition);
        }
        Ok(Self { sources, conditions: found })
    }

    /// The condition of this name.
    pub(super) fn condition(&self, name: &str) -> Result<&Condition, Stop> {
        let found = self.conditions.get(name);
        found.ok_or_else(|| Stop::skipped(format!("the fixture has no condition {name}")))
    }

    /// The source of this name.
    pub(super) fn source(&self, name: &str) -> Result<&Source, Stop> {
        let found = self.sources.get(name);
        found.ok_or_else(|| Stop::skipped(format!("the fixture has no {name}")))
    }

    /// Every source.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values()
    }
}

/// Conditions that references lead to, with what is below them.
pub(super) fn described(
    link: &mut Link,
    references: &[(NodeId, ReferenceDescription)],
) -> Result<Vec<Condition>, Stop> {
    let mut all: Vec<Condition> = references
        .iter()
        .map(|(_, it)| Condition {
            node: it.node_id.node_id.clone(),
            name: it.browse_name.name.as_ref().to_owned(),
            kind: it.type_definition.node_id.clone(),
            members: BTreeMap::new(),
        })
        .collect();
    let roots: Vec<NodeId> = all.iter().map(|it| it.node.clone()).collect();
    for (condition, members) in all.iter_mut().zip(members(link, &roots)?) {
        condition.members = members;
    }
    Ok(all)
}

/// Nodes below each of these, by path.
pub(super) fn members(
    link: &mut Link,
    roots: &[NodeId],
) -> Result<Vec<BTreeMap<String, NodeId>>, Stop> {
    let mut all = vec![BTreeMap::new(); roots.len()];
    let mut level: Vec<(usize, String, NodeId)> =
        roots.iter().enumerate().map(|(at, it)| (at, String::new(), it.clone())).collect();
    for _ in 0..DEPTH {
        let mut below = Vec::new();
        for part in level.chunks(BATCH) {
            let nodes: Vec<NodeId> = part.iter().map(|(_, _, it)| it.clone()).collect();
            for (of, reference) in each(link, &nodes, AGGREGATES)? {
                let (at, path, _) = &part[of];
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", reference.browse_name.name.as_ref());
                let node = reference.node_id.node_id.clone();
                all[*at].insert(path.clone(), node.clone());
                if reference.node_class != NodeClass::Method {
                    below.push((*at, path, node));
                }
            }
        }
        level = below;
    }
    Ok(all)
}

/// Forward references of this type and its subtypes, each with its source.
pub(super) fn forward(
    link: &mut Link,
    nodes: &[NodeId],
    kind: u32,
) -> Result<Vec<(NodeId, ReferenceDescription)>, Stop> {
    let mut all = Vec::new();
    for part in nodes.chunks(BATCH) {
        all.extend(each(link, part, kind)?.into_iter().map(|(of, it)| (part[of].clone(), it)));
    }
    Ok(all)
}

fn each(
    link: &mut Link,
    nodes: &[NodeId],
    kind: u32,
) -> Result<Vec<(usize, ReferenceDescription)>, Stop> {
    let wanted = nodes.iter().map(|it| BrowseDescription {
        reference_type_id: standard(kind),
        ..hierarchical(it.clone())
    });
    browse(link, wanted.collect())
}

/// What a Browse finds: the number of the description and a reference.
pub(super) fn browse(
    link: &mut Link,
    wanted: Vec<BrowseDescription>,
) -> Result<Vec<(usize, ReferenceDescription)>, Stop> {
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(wanted),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default().into_iter().enumerate();
    let all = results.flat_map(|(at, result)| {
        result.references.unwrap_or_default().into_iter().map(move |it| (at, it))
    });
    Ok(all.collect())
}

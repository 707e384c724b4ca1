//! What hangs below a device of each kind: the InstanceDeclarations of its ObjectType, flattened once.

use indexmap::IndexMap;
use opcua_types::{AttributeId, NodeClass, NodeId, StructureDefinition, Variant};
use rustc_hash::FxBuildHasher;

use crate::tag::{DeviceKind, MemberIndex, MethodRow, Part, StructureRow, TagTable, ValueType};
use crate::ua::permission::ClassIndex;
use crate::ua::space::graph::Graph;
use crate::ua::space::load::OWN_TYPES_URI;
use crate::ua::space::{ApprovalNode, IdRef, LoadError, NodeIdRef, TYPES};

/// What a template node stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// An object that only groups.
    Group,
    /// A tag.
    Tag(MemberIndex),
    /// The EURange of a tag.
    Range(MemberIndex),
    /// The annotations of a tag's history.
    Annotations(MemberIndex),
    /// A structure, by its place among those of the kind.
    Structure(u16),
    /// A variable with the declaration's value.
    Constant,
    /// A method.
    Method(&'static MethodRow),
    /// Reset of the alarm system's metrics.
    ResetMetrics,
    /// Key figures of any period.
    CalculateKpis,
    /// What belongs to requests that wait until they are approved.
    Approval(ApprovalNode),
}

/// One node below a device.
#[derive(Debug)]
pub(super) struct TemplateNode {
    /// The InstanceDeclaration.
    pub(super) declaration: u32,
    /// The node above; `None` for the device itself.
    pub(super) parent: Option<u16>,
    /// Type of the reference from above.
    pub(super) reference: u32,
    /// Path below the device.
    pub(super) path: String,
    /// What it stands for.
    pub(super) content: Content,
    /// What may be done with it, and by whom.
    pub(super) class: ClassIndex,
    /// Nodes below.
    pub(super) children: Vec<u16>,
}

/// Everything below a device of one kind.
#[derive(Debug)]
pub(super) struct Template {
    /// The ObjectType.
    pub(super) object_type: u32,
    /// Parents before children.
    pub(super) nodes: Vec<TemplateNode>,
    /// Nodes directly below the device.
    pub(super) top: Vec<u16>,
    by_path: IndexMap<String, u16, FxBuildHasher>,
}

/// Reset of AlarmMetricsType, below the device.
const METRICS_RESET: &str = "Alarms.Metrics.Reset";
/// Key figures of the device.
const CALCULATE_KPIS: &str = "CalculateKpis";

impl Template {
    fn new(object_type: u32) -> Self {
        Self { object_type, nodes: Vec::new(), top: Vec::new(), by_path: IndexMap::default() }
    }

    /// The node with this path.
    pub(super) fn find(&self, path: &str) -> Option<u16> {
        self.by_path.get(path).copied()
    }
}

/// ObjectType of each kind by its number in our NodeSet, in the order of the kinds.
const KINDS: [(DeviceKind, &str, u32); 9] = [
    (DeviceKind::Plant, "PlantType", 1000),
    (DeviceKind::Line, "PotlineType", 2000),
    (DeviceKind::Rectifier, "RectifierType", 3000),
    (DeviceKind::Electrolyzer, "ElectrolyzerType", 4000),
    (DeviceKind::Anode, "AnodeType", 5000),
    (DeviceKind::Feeder, "FeederType", 6000),
    (DeviceKind::FumeTreatment, "FumeTreatmentType", 7000),
    (DeviceKind::Utilities, "UtilitiesType", 8000),
    (DeviceKind::AlarmFixture, "AlarmFixtureType", 8500),
];

/// A template for each kind, in the order of the kinds.
pub(super) fn build(graph: &Graph, table: &TagTable) -> Result<Vec<Template>, LoadError> {
    debug_assert!(OWN_TYPES_URI.ends_with('/'));
    let find =
        |number| graph.resolve(&NodeIdRef { namespace: TYPES, identifier: IdRef::Numeric(number) });
    let devices: Vec<u32> = KINDS.iter().filter_map(|(_, _, number)| find(*number)).collect();
    KINDS
        .iter()
        .map(|(kind, name, number)| {
            let object_type = find(*number).ok_or(LoadError::NoType(name))?;
            let wants = &|_: &str| false;
            let builder =
                Builder { graph, table, kind: Some(*kind), name, devices: &devices, wants };
            builder.build(*kind, object_type)
        })
        .collect()
}

/// What hangs below the object of each session: SessionDiagnosticsObjectType (Part 5, 6.3.5).
pub(super) fn of_sessions(graph: &Graph, table: &TagTable) -> Result<Template, LoadError> {
    let name = "SessionDiagnosticsObjectType";
    let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(2029) };
    let object_type = graph.resolve(&id).ok_or(LoadError::NoType(name))?;
    let mut template = Template::new(object_type);
    let wants = &|_: &str| false;
    let builder = Builder { graph, table, kind: None, name, devices: &[], wants };
    builder.add_below(object_type, None, &mut template)?;
    Ok(template)
}

/// What hangs below each role that was added: RoleType (Part 18, 4.4.1), with all that is optional.
pub(super) fn of_role(graph: &Graph, table: &TagTable) -> Result<Template, LoadError> {
    let name = "RoleType";
    let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(15_620) };
    let object_type = graph.resolve(&id).ok_or(LoadError::NoType(name))?;
    let mut template = Template::new(object_type);
    let wants = &|_: &str| true;
    let builder = Builder { graph, table, kind: None, name, devices: &[], wants };
    builder.add_below(object_type, None, &mut template)?;
    Ok(template)
}

/// What hangs below a condition: all that the chain of its types declares mandatory, and what `wants` says of the
/// rest. What a type declares anew is one node.
pub(super) fn of_condition(
    graph: &Graph,
    table: &TagTable,
    object_type: u32,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Template, LoadError> {
    let mut template = Template::new(object_type);
    let builder = Builder { graph, table, kind: None, name: "ConditionType", devices: &[], wants };
    for declared in builder.chain(object_type) {
        builder.add_below(declared, None, &mut template)?;
    }
    Ok(template)
}

struct Builder<'a> {
    graph: &'a Graph,
    table: &'a TagTable,
    /// None for what is no device.
    kind: Option<DeviceKind>,
    name: &'static str,
    devices: &'a [u32],
    /// Whether what is optional is wanted, by its path.
    wants: &'a dyn Fn(&str) -> bool,
}

impl Builder<'_> {
    fn build(&self, kind: DeviceKind, object_type: u32) -> Result<Template, LoadError> {
        let mut template = Template::new(object_type);
        for declared in self.chain(object_type) {
            self.add_below(declared, None, &mut template)?;
        }
        for row in self.table.rows(kind) {
            if template.find(row.path).is_none() {
                return Err(self.disagree(row.path, "the catalogue"));
            }
        }
        for row in self.table.structures(kind) {
            if template.find(row.path).is_none() || !self.has_fields(kind, row) {
                return Err(self.disagree(row.path, "the catalogue"));
            }
        }
        for row in self.table.methods(kind) {
            if template.find(row.name).is_none() {
                return Err(self.disagree(row.name, "the catalogue"));
            }
        }
        Ok(template)
    }

    /// A type and those above it.
    fn chain(&self, object_type: u32) -> Vec<u32> {
        let above = std::iter::successors(Some(object_type), |it| self.graph.supertype(*it));
        // No chain of ours is longer.
        above.take(32).collect()
    }

    fn disagree(&self, path: &str, place: &'static str) -> LoadError {
        LoadError::Disagree { kind: self.name, path: path.to_owned(), place }
    }

    /// Adds the mandatory declarations below `declared`. Depth is that of a NodeSet we ship.
    fn add_below(
        &self,
        declared: u32,
        parent: Option<u16>,
        template: &mut Template,
    ) -> Result<(), LoadError> {
        let known = self.graph.known;
        let aggregated = self.graph.references(declared).iter().filter(|it| {
            it.is_forward
                && self.graph.is_subtype(it.kind, known.aggregates)
                && !self.is_device(it.target)
        });
        for reference in aggregated {
            let name = self.graph.node(reference.target).as_node().browse_name().name.clone();
            let above = parent.map(|it| template.nodes[usize::from(it)].path.clone());
            let path = above.map_or_else(|| name.to_string(), |it| format!("{it}.{name}"));
            if let Some(known) = template.find(&path) {
                self.add_below(reference.target, Some(known), template)?;
                continue;
            }
            let is_wanted = || self.is_optional(reference.target) && (self.wants)(&path);
            if !self.is_mandatory(reference.target) && !is_wanted() {
                continue;
            }
            let index = template.nodes.len() as u16;
            let content = self.content(reference.target, parent, &path, template)?;
            template.nodes.push(TemplateNode {
                declaration: reference.target,
                parent,
                reference: reference.kind,
                path: path.clone(),
                content,
                class: ClassIndex::OPEN,
                children: Vec::new(),
            });
            template.by_path.insert(path, index);
            match parent {
                Some(parent) => template.nodes[usize::from(parent)].children.push(index),
                None => template.top.push(index),
            }
            self.add_below(reference.target, Some(index), template)?;
        }
        Ok(())
    }

    fn content(
        &self,
        declared: u32,
        parent: Option<u16>,
        path: &str,
        template: &Template,
    ) -> Result<Content, LoadError> {
        let Some(kind) = self.kind else { return Ok(Content::Constant) };
        if let Some(node) = ApprovalNode::at(path) {
            return Ok(Content::Approval(node));
        }
        match self.graph.class(declared) {
            NodeClass::Method if path == METRICS_RESET => Ok(Content::ResetMetrics),
            NodeClass::Method if path == CALCULATE_KPIS => Ok(Content::CalculateKpis),
            NodeClass::Method => {
                let row = self.table.methods(kind).iter().find(|it| it.name == path);
                row.map(Content::Method).ok_or_else(|| self.disagree(path, "the NodeSet"))
            }
            NodeClass::Variable => {
                if let Some(member) = self.table.member(kind, path) {
                    return Ok(Content::Tag(member));
                }
                let structures = self.table.structures(kind);
                if let Some(number) = structures.iter().position(|it| it.path == path) {
                    return Ok(Content::Structure(number as u16));
                }
                let above = parent.map(|it| template.nodes[usize::from(it)].content);
                match above {
                    Some(Content::Tag(member)) if path.ends_with(".EURange") => {
                        Ok(Content::Range(member))
                    }
                    Some(Content::Tag(member)) if path.ends_with(".Annotations") => {
                        Ok(Content::Annotations(member))
                    }
                    Some(
                        Content::Tag(_)
                        | Content::Method(_)
                        | Content::CalculateKpis
                        | Content::Approval(_),
                    ) => Ok(Content::Constant),
                    _ => Err(self.disagree(path, "the NodeSet")),
                }
            }
            _ => Ok(Content::Group),
        }
    }

    /// Whether the DataType of a structure has its very fields, each of its signal's type.
    fn has_fields(&self, kind: DeviceKind, row: &StructureRow) -> bool {
        let id = NodeIdRef { namespace: TYPES, identifier: IdRef::Numeric(row.data_type) };
        let node = self.graph.resolve(&id);
        let found = node.and_then(|it| self.graph.attribute(it, AttributeId::DataTypeDefinition));
        let Some(Variant::ExtensionObject(definition)) = found else { return false };
        let Some(definition) = definition.inner_as::<StructureDefinition>() else { return false };
        let declared = definition.fields.as_deref().unwrap_or_default();
        definition.default_encoding_id == NodeId::new(TYPES, row.encoding)
            && declared.len() == row.fields.len()
            && declared.iter().zip(row.fields).all(|(declared, field)| {
                let wanted = match field.part {
                    Part::Time => Some(ValueType::Time),
                    Part::Value => {
                        let member = self.table.member(kind, field.path);
                        let row = member.map(|it| &self.table.rows(kind)[usize::from(it.0)]);
                        row.map(|it| it.value_type)
                    }
                };
                declared.name.as_ref() == field.name
                    && wanted.is_some_and(|it| declared.data_type == NodeId::new(0, number(it)))
            })
    }

    fn is_mandatory(&self, node: u32) -> bool {
        self.has_rule(node, self.graph.known.mandatory)
    }

    fn is_optional(&self, node: u32) -> bool {
        self.has_rule(node, self.graph.known.optional)
    }

    fn has_rule(&self, node: u32, rule: u32) -> bool {
        let known = self.graph.known;
        self.graph
            .references(node)
            .iter()
            .any(|it| it.is_forward && it.kind == known.has_modelling_rule && it.target == rule)
    }

    /// An object whose type is a kind of device stands for devices, which the table knows.
    fn is_device(&self, node: u32) -> bool {
        self.graph.type_definition(node).is_some_and(|it| self.devices.contains(&it))
    }
}

/// DataType of a signal in a structure, by its number in namespace 0.
fn number(kind: ValueType) -> u32 {
    match kind {
        ValueType::Bool | ValueType::Bools => 1,
        ValueType::U16 => 5,
        ValueType::U32 => 7,
        ValueType::F64 | ValueType::Numbers => 11,
        ValueType::Text => 12,
        ValueType::Time => 294,
    }
}

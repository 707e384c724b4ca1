//! The address space: types × devices, computed and not stored.
//!
//! Namespace 0, our types and further NodeSets are one immutable graph. A device's nodes exist only as
//! (device, template node): their NodeIds, attributes and references are computed when asked for.

mod alarm;
mod alarm_reference;
mod approval;
mod attribute;
mod browse;
mod circle;
mod declared;
mod event;
mod export;
mod fixture;
mod graph;
mod kept;
mod live;
mod load;
mod metadata;
mod node;
mod nodeset;
mod permission;
mod prune;
mod recent;
mod reference;
mod role;
mod session;
mod template;
mod translate;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use opcua_types::{LocalizedText, NodeClass, StatusCode, Variant};

use crate::access::Access;
use crate::alarm::AlarmIndex;
use crate::config::{AnyRole, PlantConfig};
use crate::tag::{DeviceIndex, DeviceKind, MethodRow, StructureRow, TagIndex, TagTable};
use crate::time::Timestamp;
use crate::ua::space::alarm::AlarmNodes;
use crate::ua::space::graph::Graph;
use crate::ua::space::metadata::Defaults;
use crate::ua::space::permission::NodeClasses;
use crate::ua::space::recent::Recent;
use crate::ua::space::role::RoleNodes;
use crate::ua::space::session::SessionNodes;
use crate::ua::space::template::{Content, Template, TemplateNode};

pub use alarm::class_of;
pub use approval::ApprovalNode;
pub use attribute::{CURRENT_READ, CURRENT_WRITE};
pub use browse::{BrowseFilter, BrowsePosition};
pub use declared::{Declared, Kind};
pub use event::FieldPath;
pub use export::{Format, export};
pub use kept::{HISTORY_READ, HISTORY_WRITE, Kept, annotations_path};
pub use load::{LoadError, NodeSetFile, fixture, read_nodeset};
pub use node::{IdRef, NodeIdRef, NodeRef};
pub use permission::{role_id, role_of};
pub use role::RoleField;
pub use session::session_id;

/// Namespace index of the server itself.
pub const SERVER: u16 = 1;
/// Namespace index of the plant's instances.
pub const INSTANCES: u16 = 2;
/// Namespace index of our types.
pub const TYPES: u16 = 3;

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSource {
    /// The snapshot.
    Tag(TagIndex),
    /// It never changes.
    Constant(Variant),
    /// The server knows it at the moment.
    Live(LiveId),
    /// Not a variable.
    None,
}

/// A value that the server knows at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveId {
    /// A variable of the Server object, by its number in namespace 0.
    Server(u32),
    /// One that clients write and the server keeps, by its node.
    Stored(u32),
    /// A structure of a device, by its place among those of the device's kind.
    Structure(DeviceIndex, u16),
    /// Diagnostics of a session, by its number and the node below its object.
    Session(u32, u16),
    /// Of a condition, by its alarm and the node below it.
    Alarm(AlarmIndex, u16),
    /// Who has a role.
    Role(AnyRole, RoleField),
    /// Requests that wait until they are approved.
    Approval(ApprovalNode),
}

impl LiveId {
    /// EnabledFlag of the diagnostics: the one variable of the Server object that can be written.
    pub const ENABLED_FLAG: Self = Self::Server(2294);
}

/// A method of a device.
#[derive(Clone, Copy, Debug)]
pub struct MethodTarget {
    /// Whose.
    pub device: DeviceIndex,
    /// Which.
    pub row: &'static MethodRow,
}

/// The address space of one server.
#[derive(Debug)]
pub struct Space {
    graph: Graph,
    templates: Vec<Template>,
    sessions: SessionNodes,
    alarms: AlarmNodes,
    roles: RoleNodes,
    rights: NodeClasses,
    defaults: Defaults,
    table: Arc<TagTable>,
    namespaces: Vec<String>,
    plant_name: String,
    /// Namespace of the conformance fixture, whose nodes clients may write.
    fixture: Option<u16>,
    /// DisplayNames that clients have written.
    recent: Recent,
    names: RefCell<BTreeMap<u32, LocalizedText>>,
    /// When the server's certificate ends, and itself.
    certificate: RefCell<Option<(Timestamp, Vec<u8>)>>,
    /// Variables have histories.
    is_recorded: Cell<bool>,
}

impl Space {
    /// Builds it from namespace 0, our NodeSet, and `further` NodeSets in their order.
    pub fn new(
        config: &PlantConfig,
        table: Arc<TagTable>,
        application_uri: &str,
        further: &[NodeSetFile],
    ) -> Result<Self, LoadError> {
        let (graph, namespaces, said) =
            load::load(application_uri, &config.namespace_uri, further)?;
        let mut templates = template::build(&graph, &table)?;
        let sessions = SessionNodes::new(template::of_sessions(&graph, &table)?);
        let roles = template::of_role(&graph, &table)?;
        let mut alarms = AlarmNodes::new(&graph, &table, &templates)?;
        let at = namespaces.iter().position(|it| it == load::FIXTURE_URI);
        let fixture = at.and_then(|it| u16::try_from(it).ok());
        let defaults = Defaults::find(&graph, &namespaces);
        let mut rights = NodeClasses::new(&graph, (namespaces.len(), &defaults), fixture, &said);
        rights.classify_devices(&mut templates, |kind, content| access_of(&table, kind, content));
        rights.classify_conditions(&graph, alarms.templates_mut());
        let mut roles = roles;
        rights.classify_role(&graph, &mut roles);
        let roles = RoleNodes::new(&graph, roles);
        let (plant_name, names) = (config.name.clone(), RefCell::default());
        Ok(Self {
            graph,
            templates,
            sessions,
            alarms,
            roles,
            rights,
            defaults,
            table,
            namespaces,
            plant_name,
            fixture,
            recent: Recent::default(),
            names,
            certificate: RefCell::default(),
            is_recorded: Cell::default(),
        })
    }

    /// When the server's certificate ends, and its DER form.
    pub fn certificate(&self) -> Option<(Timestamp, Vec<u8>)> {
        self.certificate.borrow().clone()
    }

    /// The server has another certificate.
    pub fn set_certificate(&self, expires: Timestamp, der: Vec<u8>) {
        *self.certificate.borrow_mut() = Some((expires, der));
    }

    /// NamespaceArray.
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// Devices and tags.
    pub fn table(&self) -> &TagTable {
        &self.table
    }

    /// The node with this id.
    pub fn resolve(&self, id: &NodeIdRef<'_>) -> Option<NodeRef> {
        match id.namespace {
            INSTANCES => {}
            SERVER => {
                let of_graph = || self.graph.resolve(id).map(NodeRef::Static);
                let found = self.resolve_session(id).or_else(|| self.resolve_role(id));
                return found.or_else(of_graph);
            }
            _ => return self.graph.resolve(id).map(NodeRef::Static),
        }
        let IdRef::Text(path) = id.identifier else { return None };
        let is_it = |node| self.has_path(node, path);
        self.recent.node(path, is_it, || self.resolve_instance(path))
    }

    fn resolve_instance(&self, path: &str) -> Option<NodeRef> {
        let (device, rest) = self.table.split(path)?;
        if rest.is_empty() {
            return Some(NodeRef::Device(device));
        }
        match self.template(self.table.device(device).kind).find(rest) {
            Some(member) => Some(NodeRef::Member(device, member)),
            None => self.resolve_alarm(device, rest),
        }
    }

    fn template(&self, kind: DeviceKind) -> &Template {
        &self.templates[kind as usize]
    }

    fn member(&self, device: DeviceIndex, member: u16) -> &TemplateNode {
        &self.template(self.table.device(device).kind).nodes[usize::from(member)]
    }

    /// Where the value of a node comes from.
    pub fn value_source(&self, node: NodeRef) -> ValueSource {
        match node {
            NodeRef::Static(index) if self.is_stored(index) => {
                ValueSource::Live(LiveId::Stored(index))
            }
            NodeRef::Static(index) => match (self.default_rights(index), self.roles.field(index)) {
                (Some(value), _) => ValueSource::Constant(value),
                (None, Some((role, field))) => {
                    ValueSource::Live(LiveId::Role(AnyRole::Known(role), field))
                }
                (None, None) => self.graph.value_source(index),
            },
            NodeRef::Device(_) => ValueSource::None,
            NodeRef::Role(role, member) => self.role_source(role, member),
            NodeRef::Alarm(alarm, member) => self.alarm_source(alarm, member),
            NodeRef::Session(session, member) => match self.class(node) {
                NodeClass::Variable => ValueSource::Live(LiveId::Session(session, member)),
                _ => ValueSource::None,
            },
            NodeRef::Member(device, member) => {
                let declared = self.member(device, member);
                match declared.content {
                    Content::Tag(row) => ValueSource::Tag(self.table.tag(device, row)),
                    Content::Range(row) => self.range_value(self.table.tag(device, row)),
                    Content::Structure(number) => {
                        ValueSource::Live(LiveId::Structure(device, number))
                    }
                    Content::Constant | Content::Annotations(_) => {
                        self.graph.value_source(declared.declaration)
                    }
                    Content::Approval(node) if !node.is_method() => {
                        ValueSource::Live(LiveId::Approval(node))
                    }
                    Content::Group
                    | Content::Approval(_)
                    | Content::Method(_)
                    | Content::ResetMetrics
                    | Content::CalculateKpis => ValueSource::None,
                }
            }
        }
    }

    /// A device's structure.
    pub fn structure(&self, device: DeviceIndex, number: u16) -> Option<&'static StructureRow> {
        self.table.structures(self.table.device(device).kind).get(usize::from(number))
    }

    fn range_value(&self, tag: TagIndex) -> ValueSource {
        let (low, high) = self.table.range(tag).unwrap_or_default();
        let range = opcua_types::Range { low, high };
        ValueSource::Constant(opcua_types::ExtensionObject::from_message(range).into())
    }

    /// The tag that a node is a variable of.
    pub fn tag(&self, node: NodeRef) -> Option<TagIndex> {
        match node {
            NodeRef::Member(device, member) => match self.member(device, member).content {
                Content::Tag(row) => Some(self.table.tag(device, row)),
                _ => None,
            },
            NodeRef::Static(_)
            | NodeRef::Device(_)
            | NodeRef::Session(..)
            | NodeRef::Role(..)
            | NodeRef::Alarm(..) => None,
        }
    }

    /// The method `method` of the object `object`: by the instance's own NodeId or by the type's (MTH-06).
    pub fn method(&self, object: NodeRef, method: NodeRef) -> Result<MethodTarget, StatusCode> {
        match self.called(object, method) {
            Some((device, Content::Method(row))) => Ok(MethodTarget { device, row }),
            _ => Err(StatusCode::BadMethodInvalid),
        }
    }

    /// The device whose key figures a call asks for.
    pub fn kpis_of(&self, object: NodeRef, method: NodeRef) -> Option<DeviceIndex> {
        match self.called(object, method)? {
            (device, Content::CalculateKpis) => Some(device),
            _ => None,
        }
    }

    fn called(&self, object: NodeRef, method: NodeRef) -> Option<(DeviceIndex, Content)> {
        let NodeRef::Device(device) = object else { return None };
        let template = self.template(self.table.device(device).kind);
        let found = template.nodes.iter().enumerate().find(|(index, it)| match method {
            NodeRef::Member(owner, member) => owner == device && usize::from(member) == *index,
            NodeRef::Static(declaration) => declaration == it.declaration,
            NodeRef::Device(_) | NodeRef::Session(..) | NodeRef::Role(..) | NodeRef::Alarm(..) => {
                false
            }
        });
        found.map(|(_, it)| (device, it.content))
    }
}

/// Who writes or calls what stands below a device of this kind.
fn access_of(table: &TagTable, kind: usize, content: Content) -> Access {
    let kind = DeviceKind::ALL[kind];
    match content {
        Content::Tag(row) => {
            let row = &table.rows(kind)[usize::from(row.0)];
            if row.setpoint.is_some() { row.access } else { Access::ReadOnly }
        }
        Content::Structure(number) => table.structures(kind)[usize::from(number)].access,
        Content::Method(row) => row.access,
        Content::ResetMetrics => Access::Supervisor,
        Content::Approval(node) if node.is_method() => Access::Operator,
        Content::Group
        | Content::Approval(_)
        | Content::Range(_)
        | Content::Annotations(_)
        | Content::Constant
        | Content::CalculateKpis => Access::ReadOnly,
    }
}

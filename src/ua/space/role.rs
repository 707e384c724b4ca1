//! Roles as nodes (Part 18, 4.3 and 4.4): the well-known ones of namespace 0, and those that were added, below RoleSet.

use std::cell::RefCell;
use std::collections::BTreeMap;

use opcua_types::{AttributeId, LocalizedText, NodeClass, NodeId, QualifiedName, Variant};

use crate::access::{CustomRole, Role};
use crate::config::AnyRole;
use crate::ua::space::attribute::access;
use crate::ua::space::graph::Graph;
use crate::ua::space::permission::{ROLE_SET, role_id};
use crate::ua::space::reference::Reference;
use crate::ua::space::template::{Template, TemplateNode};
use crate::ua::space::{IdRef, LiveId, NodeIdRef, NodeRef, SERVER, Space, ValueSource};

/// What NodeIds of roles that were added begin with; the role's name follows.
const PREFIX: &str = "Roles.";

/// What a role shows of its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleField {
    /// Who has it.
    Identities,
    /// The applications are those that are left out.
    ApplicationsExclude,
    /// Applications.
    Applications,
    /// The endpoints are those that are left out.
    EndpointsExclude,
    /// Endpoints.
    Endpoints,
    /// Its rules are the server's own affair: never.
    CustomConfiguration,
}

impl RoleField {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Identities, "Identities"),
        (Self::ApplicationsExclude, "ApplicationsExclude"),
        (Self::Applications, "Applications"),
        (Self::EndpointsExclude, "EndpointsExclude"),
        (Self::Endpoints, "Endpoints"),
        (Self::CustomConfiguration, "CustomConfiguration"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.1 == name).map(|it| it.0)
    }

    /// Whether it is written as a value; the others are changed by methods.
    pub const fn is_writable(self) -> bool {
        matches!(self, Self::ApplicationsExclude | Self::EndpointsExclude)
    }
}

/// The nodes of roles.
#[derive(Debug)]
pub(super) struct RoleNodes {
    /// What hangs below each that was added.
    pub(super) template: Template,
    /// Variables of the well-known roles, sorted by node.
    known: Vec<(u32, Role, RoleField)>,
    /// Name of each role that was added, with its namespace.
    added: RefCell<BTreeMap<CustomRole, (u16, String)>>,
}

impl RoleNodes {
    pub(super) fn new(graph: &Graph, template: Template) -> Self {
        let mut known = Vec::new();
        for role in Role::ALL {
            let Some(node) = graph.resolve(&NodeIdRef::from(&role_id(role))) else { continue };
            for reference in graph.references(node).iter().filter(|it| it.is_forward) {
                let name = graph.node(reference.target).as_node().browse_name().name.clone();
                let is_own = graph.class(reference.target) == NodeClass::Variable;
                let field = RoleField::named(name.as_ref()).filter(|_| is_own);
                known.extend(field.map(|it| (reference.target, role, it)));
            }
        }
        known.sort_unstable();
        Self { template, known, added: RefCell::default() }
    }

    /// The role and field that a variable of namespace 0 shows.
    pub(super) fn field(&self, node: u32) -> Option<(Role, RoleField)> {
        let at = self.known.binary_search_by_key(&node, |it| it.0).ok()?;
        self.known.get(at).map(|it| (it.1, it.2))
    }
}

impl Space {
    /// Shows these roles that were added, and no others.
    pub fn show_roles<'a>(&self, roles: impl Iterator<Item = (CustomRole, &'a str, &'a str)>) {
        let index = |uri: &str| {
            let found = self.namespaces.iter().position(|it| it == uri);
            found.and_then(|it| u16::try_from(it).ok()).unwrap_or(SERVER)
        };
        let roles =
            roles.map(|(role, namespace, name)| (role, (index(namespace), name.to_owned())));
        *self.roles.added.borrow_mut() = roles.collect();
    }

    /// The role that a node is the object of.
    pub fn role(&self, node: NodeRef) -> Option<AnyRole> {
        match node {
            NodeRef::Role(role, 0) => Some(AnyRole::Added(role)),
            NodeRef::Static(index) => {
                let id = self.graph.id(index);
                Role::ALL.into_iter().find(|it| role_id(*it) == *id).map(AnyRole::Known)
            }
            _ => None,
        }
    }

    /// NodeId of a role.
    pub fn id_of_role(&self, role: AnyRole) -> NodeId {
        match role {
            AnyRole::Known(role) => role_id(role),
            AnyRole::Added(role) => self.node_id(NodeRef::Role(role, 0)),
        }
    }

    /// Whether a node is the RoleSet.
    pub fn is_role_set(&self, node: NodeRef) -> bool {
        matches!(node, NodeRef::Static(index) if *self.graph.id(index) == NodeId::new(0, ROLE_SET))
    }

    /// The node of a role that was added.
    pub(super) fn resolve_role(&self, id: &NodeIdRef<'_>) -> Option<NodeRef> {
        let IdRef::Text(path) = id.identifier else { return None };
        let rest = path.strip_prefix(PREFIX)?;
        let (name, below) = rest.split_once('.').unwrap_or((rest, ""));
        let added = self.roles.added.borrow();
        let role = added.iter().find(|(_, it)| it.1 == name).map(|it| *it.0)?;
        if below.is_empty() {
            return (name.len() == rest.len()).then_some(NodeRef::Role(role, 0));
        }
        self.roles.template.find(below).map(|it| NodeRef::Role(role, it + 1))
    }

    /// A node below a role's object; `None` for the object itself.
    pub(super) fn of_role(&self, member: u16) -> Option<&TemplateNode> {
        self.roles.template.nodes.get(usize::from(member).checked_sub(1)?)
    }

    pub(super) fn role_declaration(&self, member: u16) -> u32 {
        self.of_role(member).map_or(self.roles.template.object_type, |it| it.declaration)
    }

    /// Namespace and name of a role that was added.
    pub(super) fn role_name(&self, role: CustomRole) -> (u16, String) {
        self.roles.added.borrow().get(&role).cloned().unwrap_or_default()
    }

    /// String of the NodeId of a role's node.
    pub(super) fn role_path(&self, role: CustomRole, member: u16) -> String {
        let (_, name) = self.role_name(role);
        match self.of_role(member) {
            Some(node) => format!("{PREFIX}{name}.{}", node.path),
            None => format!("{PREFIX}{name}"),
        }
    }

    pub(super) fn role_source(&self, role: CustomRole, member: u16) -> ValueSource {
        let Some(node) = self.of_role(member) else { return ValueSource::None };
        match RoleField::named(&node.path) {
            Some(field) => ValueSource::Live(LiveId::Role(AnyRole::Added(role), field)),
            None => self.graph.value_source(node.declaration),
        }
    }

    pub(super) fn role_attribute(
        &self,
        role: CustomRole,
        member: u16,
        attribute: AttributeId,
    ) -> Option<Variant> {
        let Some(node) = self.of_role(member) else {
            let (namespace, name) = self.role_name(role);
            return match attribute {
                AttributeId::BrowseName => Some(QualifiedName::new(namespace, name).into()),
                AttributeId::DisplayName => Some(LocalizedText::new("", &name).into()),
                AttributeId::Description => Some(LocalizedText::null().into()),
                AttributeId::EventNotifier => Some(0_u8.into()),
                _ => None,
            };
        };
        let found = self.graph.attribute(node.declaration, attribute)?;
        let field = RoleField::named(&node.path);
        Some(match attribute {
            AttributeId::AccessLevel | AttributeId::UserAccessLevel => {
                access(field.is_some_and(RoleField::is_writable)).into()
            }
            AttributeId::Executable | AttributeId::UserExecutable => true.into(),
            _ => found,
        })
    }

    /// References from RoleSet to the roles that were added.
    pub(super) fn references_to_roles(&self, from: u32) -> Vec<Reference> {
        if *self.graph.id(from) != NodeId::new(0, ROLE_SET) {
            return Vec::new();
        }
        let kind = self.graph.known.has_component;
        let to = |role: &CustomRole| Reference {
            kind,
            is_forward: true,
            target: NodeRef::Role(*role, 0),
        };
        self.roles.added.borrow().keys().map(to).collect()
    }

    pub(super) fn role_references(&self, role: CustomRole, member: u16) -> Vec<Reference> {
        let (template, known) = (&self.roles.template, self.graph.known);
        let node = |kind, is_forward, target| Reference { kind, is_forward, target };
        let below = |children: &[u16]| -> Vec<Reference> {
            let child = |it: &u16| {
                let kind = template.nodes[usize::from(*it)].reference;
                node(kind, true, NodeRef::Role(role, it + 1))
            };
            children.iter().map(child).collect()
        };
        let own_type = self.type_definition(NodeRef::Role(role, member));
        let own_type =
            own_type.map(|it| node(known.has_type_definition, true, NodeRef::Static(it)));
        let mut all: Vec<Reference> = own_type.into_iter().collect();
        if let Some(declared) = self.of_role(member) {
            all.extend(below(&declared.children));
            let above = NodeRef::Role(role, declared.parent.map_or(0, |it| it + 1));
            all.push(node(declared.reference, false, above));
            return all;
        }
        all.extend(below(&template.top));
        let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(ROLE_SET) };
        let set = self.graph.resolve(&id).map(NodeRef::Static);
        all.extend(set.map(|it| node(known.has_component, false, it)));
        all
    }

    /// The method of a role that was added which a call means.
    pub(super) fn role_method(&self, role: CustomRole, method: NodeRef) -> Option<NodeRef> {
        let nodes = self.roles.template.nodes.iter().enumerate();
        let mut own = nodes.map(|(index, it)| (NodeRef::Role(role, index as u16 + 1), it));
        own.find_map(|(own, it)| {
            let is_it = method == own || method == NodeRef::Static(it.declaration);
            (is_it && self.class(own) == NodeClass::Method).then_some(own)
        })
    }
}

//! Which class of rights each node belongs to, and the attributes that show it (Part 3, 5.2.9 to 5.2.11).

use std::collections::BTreeMap;

use opcua_types::{
    AttributeId, ExtensionObject, MethodId, NodeClass, NodeId, ObjectTypeId, PermissionType,
    RolePermissionType, VariableId, Variant,
};

use crate::access::{Access, Role, Roles};
use crate::ua::permission::{Class, ClassIndex, Classes, Grants, bits};
use crate::ua::space::alarm;
use crate::ua::space::attribute::{CURRENT_READ, CURRENT_WRITE};
use crate::ua::space::graph::Graph;
use crate::ua::space::metadata::Defaults;
use crate::ua::space::template::{Content, Template};
use crate::ua::space::{HISTORY_READ, HISTORY_WRITE, INSTANCES, IdRef, NodeIdRef, NodeRef, Space};

const ADMINISTRATORS: [Role; 2] = [Role::ConfigureAdmin, Role::SecurityAdmin];
const SECURITY: [Role; 1] = [Role::SecurityAdmin];

/// Objects whose methods are for the SecurityAdmin over encrypted channels: ServerConfiguration, UserManagement, RoleSet.
const SECURITY_OBJECTS: [u32; 3] = [12_637, 24_290, ROLE_SET];
/// RoleSet of the server's capabilities.
pub(super) const ROLE_SET: u32 = 15_606;
/// Users of UserManagement.
const USERS: u32 = 24_301;
/// References to what hangs below an object.
const BELOW: [u32; 3] = [35, 46, 47];

/// NodeId of a well-known role (Part 18, 4.2).
pub fn role_id(role: Role) -> NodeId {
    let number: u32 = match role {
        Role::Anonymous => 15_644,
        Role::AuthenticatedUser => 15_656,
        Role::Observer => 15_668,
        Role::Operator => 15_680,
        Role::Supervisor => 15_692,
        Role::Engineer => 16_036,
        Role::ConfigureAdmin => 15_716,
        Role::SecurityAdmin => 15_704,
        Role::TrustedApplication => 18_625,
    };
    NodeId::new(0, number)
}

/// The well-known role with this NodeId.
pub fn role_of(id: &NodeId) -> Option<Role> {
    Role::ALL.into_iter().find(|it| role_id(*it) == *id)
}

/// What a NodeSet says of a node's rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// RolePermissions: role and bits.
    pub(super) permissions: Option<Vec<(NodeId, u32)>>,
    /// AccessRestrictions.
    pub(super) restrictions: u16,
}

impl Said {
    /// The class of a node that this is said of; what is not said is as `usual`.
    fn class(&self, usual: Class) -> Class {
        let grants = match &self.permissions {
            None => usual.grants,
            Some(all) => {
                all.iter().fold(Grants::NONE, |grants, (role, bits)| match role_of(role) {
                    Some(role) => grants.with(&[role], *bits),
                    None => grants,
                })
            }
        };
        let restrictions =
            if self.restrictions == 0 { usual.restrictions } else { self.restrictions };
        Class { grants, restrictions }
    }
}

/// What NodeSets say: of nodes, and of all nodes of a namespace by its index.
#[derive(Clone, Debug, Default)]
pub(super) struct SaidOfRights {
    pub(super) nodes: Vec<(NodeId, Said)>,
    pub(super) namespaces: BTreeMap<u16, Said>,
}

/// The classes of all nodes.
#[derive(Debug)]
pub(super) struct NodeClasses {
    classes: Classes,
    of_static: Vec<ClassIndex>,
    /// Default of each namespace.
    of_namespace: Vec<ClassIndex>,
    /// Diagnostics of a session, and those about its security.
    of_session: [ClassIndex; 2],
    /// Variables and methods of a role.
    of_role: [ClassIndex; 2],
}

impl NodeClasses {
    pub(super) fn new(
        graph: &Graph,
        (namespaces, defaults): (usize, &Defaults),
        fixture: Option<u16>,
        said: &SaidOfRights,
    ) -> Self {
        let mut classes = Classes::default();
        let mut index = |class| classes.index_of(class);
        let of_session =
            [index(Class::free(read_by(&ADMINISTRATORS))), index(Class::free(read_by(&SECURITY)))];
        let of_role = [
            index(Class::encrypted(Grants::only(&SECURITY))),
            index(Class::encrypted(Grants::called_by(&SECURITY))),
        ];
        let usual = |namespace: u16| {
            let class = if namespace == INSTANCES { Grants::process() } else { Grants::open() };
            Class::free(class)
        };
        let default = |namespace: u16| {
            let said = said.namespaces.get(&namespace);
            said.map_or_else(|| usual(namespace), |it| it.class(usual(namespace)))
        };
        let of_namespace = (0..namespaces as u16).map(|it| classes.index_of(default(it))).collect();
        let mut new = Self { classes, of_static: Vec::new(), of_namespace, of_session, of_role };
        new.of_static = (0..graph.len())
            .map(|it| {
                let namespace = graph.id(it).namespace;
                if fixture == Some(namespace) {
                    new.fixture_class(graph, it)
                } else {
                    new.of_namespace.get(usize::from(namespace)).copied().unwrap_or_default()
                }
            })
            .collect();
        new.classify_server(graph);
        let of_defaults = new.classes.index_of(Class::free(read_by(&ADMINISTRATORS)));
        for node in defaults.hidden() {
            new.of_static[node as usize] = of_defaults;
        }
        for (id, said) in &said.nodes {
            let Some(node) = graph.resolve(&NodeIdRef::from(id)) else { continue };
            let usual = *new.classes.class(new.of_static[node as usize]);
            new.of_static[node as usize] = new.classes.index_of(said.class(usual));
        }
        new
    }

    fn fixture_class(&mut self, graph: &Graph, node: u32) -> ClassIndex {
        let level = |which| match graph.attribute(node, which) {
            Some(Variant::Byte(level)) => Some(level),
            _ => None,
        };
        let levels = level(AttributeId::AccessLevel).zip(level(AttributeId::UserAccessLevel));
        let grants = match levels {
            Some((level, user)) => Grants::fixture(level, user),
            None => Grants::open(),
        };
        self.classes.index_of(Class::free(grants.with(&Role::ALL, bits::WRITE_ATTRIBUTE)))
    }

    /// What the server has of its own that is not for everybody.
    fn classify_server(&mut self, graph: &Graph) {
        use VariableId as V;
        let find =
            |number| graph.resolve(&NodeIdRef { namespace: 0, identifier: IdRef::Numeric(number) });
        let administrators = Class::free(Grants::written_by(&ADMINISTRATORS));
        let called = Class::free(Grants::called_by(&ADMINISTRATORS));
        let read = Class::free(read_by(&ADMINISTRATORS));
        let secret = Class::free(read_by(&SECURITY));
        let users = Class::encrypted(read_by(&SECURITY));
        let own_password = Class::encrypted(Grants::called_by(&[Role::AuthenticatedUser]));
        for object in SECURITY_OBJECTS.into_iter().filter_map(find) {
            self.classify_below(graph, object);
        }
        for (number, class) in [
            (V::Server_ServerDiagnostics_EnabledFlag as u32, administrators),
            (MethodId::Server_RequestServerStateChange as u32, called),
            (V::Server_ServerDiagnostics_SubscriptionDiagnosticsArray as u32, read),
            (
                V::Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray as u32,
                read,
            ),
            (
                V::Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray
                    as u32,
                secret,
            ),
            (USERS, users),
            (MethodId::UserManagement_ChangePassword as u32, own_password),
        ] {
            if let Some(node) = find(number) {
                self.of_static[node as usize] = self.classes.index_of(class);
            }
        }
        let audit = find(ObjectTypeId::AuditEventType as u32);
        for node in 0..graph.len() {
            if audit.is_some_and(|it| graph.is_subtype(node, it)) {
                self.of_static[node as usize] = ClassIndex::AUDIT;
            }
        }
    }

    /// Methods below an object of security, and the variables of roles.
    fn classify_below(&mut self, graph: &Graph, object: u32) {
        let is_role_set = graph.id(object).as_u32() == Some(ROLE_SET);
        let mut waiting = vec![object];
        let mut seen = 0;
        while let Some(node) = waiting.pop() {
            seen += 1;
            let name = graph.node(node).as_node().browse_name().name.clone();
            match graph.class(node) {
                NodeClass::Method => self.of_static[node as usize] = self.of_role[1],
                NodeClass::Variable if is_role_set && !name.as_ref().ends_with("putArguments") => {
                    self.of_static[node as usize] = self.of_role[0];
                }
                _ => {}
            }
            let below = graph.references(node).iter().filter(|it| {
                it.is_forward && graph.id(it.kind).as_u32().is_some_and(|it| BELOW.contains(&it))
            });
            // A NodeSet may have a circle.
            if seen < 10_000 {
                waiting.extend(below.map(|it| it.target));
            }
        }
    }

    /// Gives each node below a role that was added its class.
    pub(super) fn classify_role(&self, graph: &Graph, template: &mut Template) {
        let [variable, method] = self.of_role;
        for node in &mut template.nodes {
            node.class = match graph.class(node.declaration) {
                NodeClass::Method => method,
                NodeClass::Variable if !node.path.ends_with("putArguments") => variable,
                _ => ClassIndex::OPEN,
            };
        }
    }

    /// Gives each node below a device its class.
    pub(super) fn classify_devices(
        &mut self,
        templates: &mut [Template],
        access: impl Fn(usize, Content) -> Access,
    ) {
        for (kind, template) in templates.iter_mut().enumerate() {
            for node in &mut template.nodes {
                let of = access(kind, node.content);
                node.class = match node.content {
                    Content::Tag(_) | Content::Structure(_) if of != Access::ReadOnly => {
                        self.classes.index_of(Class::free(Grants::setpoint(of)))
                    }
                    Content::Method(_) | Content::ResetMetrics | Content::Approval(_)
                        if of != Access::ReadOnly =>
                    {
                        self.classes.index_of(Class::free(Grants::method(of)))
                    }
                    _ => ClassIndex::PROCESS,
                };
            }
        }
    }

    /// Gives each node below a condition its class.
    pub(super) fn classify_conditions<'a>(
        &mut self,
        graph: &Graph,
        templates: impl Iterator<Item = &'a mut Template>,
    ) {
        for template in templates {
            for node in &mut template.nodes {
                let class = match graph.class(node.declaration) {
                    NodeClass::Method => Grants::method(alarm::least(&node.path)),
                    _ if alarm::is_setting(&node.path) => Grants::setpoint(Access::Engineer),
                    _ => Grants::process(),
                };
                node.class = self.classes.index_of(Class::free(class));
            }
        }
    }
}

/// What these roles alone read.
fn read_by(roles: &[Role]) -> Grants {
    Grants::open().without(bits::READ).with(roles, bits::READ)
}

impl Space {
    /// Every class of rights that nodes have.
    pub fn classes(&self) -> &Classes {
        &self.rights.classes
    }

    /// The class of a node.
    pub fn class_of(&self, node: NodeRef) -> ClassIndex {
        match node {
            NodeRef::Static(index) => self.rights.of_static[index as usize],
            NodeRef::Device(_) | NodeRef::Alarm(_, 0) => ClassIndex::PROCESS,
            NodeRef::Member(device, member) => self.member(device, member).class,
            NodeRef::Alarm(alarm, member) => {
                self.of_alarm(alarm, member).map_or(ClassIndex::PROCESS, |it| it.class)
            }
            NodeRef::Session(_, 0) | NodeRef::Role(_, 0) => ClassIndex::OPEN,
            NodeRef::Role(_, member) => {
                self.of_role(member).map_or(ClassIndex::OPEN, |it| it.class)
            }
            NodeRef::Session(_, member) => {
                let [usual, secret] = self.rights.of_session;
                let is_secret = self.session_path(member).starts_with("SessionSecurityDiagnostics");
                if is_secret { secret } else { usual }
            }
        }
    }

    /// RolePermissions, or those of a user's roles.
    pub(super) fn role_permissions(&self, class: ClassIndex, of: Option<Roles>) -> Variant {
        let grants = self.rights.classes.class(class).grants;
        let shown = grants.iter().filter(|(role, _)| of.is_none_or(|it| it.has(*role)));
        let each = shown.map(|(role, bits)| {
            let permissions = PermissionType::from_bits_truncate(bits.cast_signed());
            ExtensionObject::from_message(RolePermissionType {
                role_id: role_id(role),
                permissions,
            })
        });
        each.collect::<Vec<_>>().into()
    }

    /// AccessRestrictions.
    pub(super) fn restrictions(&self, class: ClassIndex) -> Variant {
        self.rights.classes.class(class).restrictions.into()
    }

    /// The default class of a namespace.
    pub(super) fn default_class(&self, namespace: u16) -> ClassIndex {
        self.rights.of_namespace.get(usize::from(namespace)).copied().unwrap_or_default()
    }

    /// What is left of an attribute about a user's rights once his permissions are known.
    pub(super) fn permitted(
        &self,
        node: NodeRef,
        attribute: AttributeId,
        value: Variant,
        roles: Roles,
    ) -> Variant {
        use bits::{CALL, EDIT_HISTORY, READ, READ_HISTORY, WRITE, WRITE_ATTRIBUTE};
        let granted = || self.rights.classes.class(self.class_of(node)).grants.all(roles);
        match (attribute, value) {
            (AttributeId::UserAccessLevel, Variant::Byte(level)) => {
                let granted = granted();
                let bits = [
                    (READ, CURRENT_READ),
                    (WRITE, CURRENT_WRITE),
                    (READ_HISTORY, HISTORY_READ),
                    (EDIT_HISTORY, HISTORY_WRITE),
                ];
                let lost = bits.iter().filter(|(permission, _)| granted & permission == 0);
                lost.fold(level, |level, (_, bit)| level & !bit).into()
            }
            (AttributeId::UserExecutable, Variant::Boolean(may)) => {
                (may && granted() & CALL != 0).into()
            }
            (AttributeId::UserWriteMask, Variant::UInt32(mask)) => {
                (if granted() & WRITE_ATTRIBUTE == 0 { 0 } else { mask }).into()
            }
            (_, value) => value,
        }
    }

    /// The method of `object` that a call means: the one below the object itself, also where the client names the type's
    /// (Part 4, 5.12.2). None if the object has no such method.
    pub fn method_of(&self, object: NodeRef, method: NodeRef) -> Option<NodeRef> {
        match object {
            NodeRef::Device(device) => {
                let template = self.template(self.table.device(device).kind);
                template.nodes.iter().enumerate().find_map(|(index, node)| {
                    let own = NodeRef::Member(device, index as u16);
                    let is_it = method == own || method == NodeRef::Static(node.declaration);
                    (is_it && self.class(own) == NodeClass::Method).then_some(own)
                })
            }
            NodeRef::Member(..) => self.member_method(object, method),
            NodeRef::Alarm(alarm, _) => {
                let (_, name) = self.alarm_method(object, method)?.ok()?;
                self.alarm_member(alarm, &name)
            }
            NodeRef::Static(object) => {
                let NodeRef::Static(method) = method else { return None };
                self.static_method(object, method).map(NodeRef::Static)
            }
            NodeRef::Role(role, _) => self.role_method(role, method),
            NodeRef::Session(..) => None,
        }
    }

    /// The component of an object of the graph that is `method`, or has its name.
    fn static_method(&self, object: u32, method: u32) -> Option<u32> {
        if self.graph.class(method) != NodeClass::Method {
            return None;
        }
        let own = self.graph.references(object).iter();
        let own = own.filter(|it| it.is_forward && it.kind == self.graph.known.has_component);
        let own: Vec<u32> = own.map(|it| it.target).collect();
        if own.contains(&method) {
            return Some(method);
        }
        let name = self.browse_name(NodeRef::Static(method));
        own.into_iter().find(|it| self.browse_name(NodeRef::Static(*it)) == name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::default_plant;
    use crate::tag::{DeviceIndex, TagTable};

    fn space() -> Space {
        let plant = default_plant();
        let table = Arc::new(TagTable::new(&plant));
        Space::new(&plant, table, "urn:localhost:test", &[]).expect("our NodeSets fit")
    }

    /// One device of each kind.
    fn devices(space: &Space) -> Vec<DeviceIndex> {
        let all = space.table.devices().iter();
        let kinds = all.map(|it| it.kind as usize).enumerate();
        let first: BTreeMap<usize, usize> = kinds.map(|(at, kind)| (kind, at)).collect();
        first.values().map(|it| DeviceIndex(*it as u32)).collect()
    }

    #[test]
    fn rol_10_the_rights_that_nodes_show_are_those_of_the_access_column() {
        let space = space();
        let (mut setpoints, mut methods) = (0, 0);
        for device in devices(&space) {
            let count = space.template(space.table.device(device).kind).nodes.len();
            for member in 0..count as u16 {
                let node = NodeRef::Member(device, member);
                for role in Role::ALL {
                    let roles = Roles::NONE.with(Role::Observer).with(role);
                    let shown = |which| space.attribute(node, which, roles);
                    match space.member(device, member).content {
                        Content::Tag(row) => {
                            let row = space.table.row(space.table.tag(device, row)).1;
                            let may = row.setpoint.is_some() && roles.may_write(row.access);
                            let wanted = CURRENT_READ | if may { CURRENT_WRITE } else { 0 };
                            assert_eq!(shown(AttributeId::UserAccessLevel), Ok(wanted.into()));
                            setpoints += usize::from(may);
                        }
                        Content::Method(row) => {
                            let may = roles.may_write(row.access);
                            assert_eq!(shown(AttributeId::UserExecutable), Ok(may.into()));
                            methods += usize::from(may);
                        }
                        _ => {}
                    }
                }
            }
        }
        assert!(setpoints > 30 && methods > 90, "{setpoints} {methods}");
    }

    #[test]
    fn rol_09_nobody_in_particular_sees_the_plant_and_may_read_nothing_of_it() {
        let space = space();
        let nobody = Roles::NONE.with(Role::Anonymous);
        let device = devices(&space)[0];
        let node = NodeRef::Member(device, 0);
        let own = space.attribute(node, AttributeId::UserRolePermissions, nobody).unwrap();
        let Variant::Array(own) = own else { panic!("{own:?}") };
        assert_eq!(own.values.len(), 1);
        assert_eq!(space.classes().class(space.class_of(node)).grants.all(nobody), bits::BROWSE);
    }

    #[test]
    fn rol_03_methods_and_rules_of_roles_need_the_security_administrator_and_encryption() {
        let space = space();
        let find = |number| {
            let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(number) };
            space.resolve(&id).expect("it is shown")
        };
        // AddIdentity and Identities of Operator, AddRole, AddUser, Users.
        for number in [15_684, 16_225, 16_301, 24_304, 24_301] {
            let class = space.classes().class(space.class_of(find(number)));
            assert_eq!(class.restrictions & 3, 3, "{number}");
            for role in Role::ALL {
                let is_security = role == Role::SecurityAdmin;
                // Reading the method itself says nothing, and calling a variable does not exist.
                let used =
                    if number == 16_225 || number == 24_301 { bits::READ } else { bits::CALL };
                assert_eq!(class.grants.of(role) & used != 0, is_security, "{number} {role:?}");
            }
        }
    }
}

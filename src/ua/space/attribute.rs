//! Attributes other than Value (Part 3, 5): computed for instances, as loaded for all other nodes.

use std::borrow::Cow;

use opcua_types::{
    AttributeId, LocalizedText, MethodId, NodeClass, NodeId, QualifiedName, StatusCode, Variant,
};

use crate::access::{Access, Role, Roles};
use crate::tag::{DeviceIndex, DeviceKind};
use crate::ua::space::template::Content;
use crate::ua::space::{INSTANCES, LiveId, NodeRef, SERVER, Space, ValueSource};

/// RequestServerStateChange of the Server object: for administrators.
const STATE_CHANGE: u32 = MethodId::Server_RequestServerStateChange as u32;
/// AccessLevel bit CurrentRead (Part 3, 8.57).
pub const CURRENT_READ: u8 = 1;
/// AccessLevel bit CurrentWrite.
pub const CURRENT_WRITE: u8 = 2;

impl Space {
    /// An attribute of a node as a user with `roles` sees it. The Value has a way of its own:
    /// [`Space::value_source`]. `BadAttributeIdInvalid` if nodes of this class have no such attribute.
    pub fn attribute(
        &self,
        node: NodeRef,
        attribute: AttributeId,
        roles: Roles,
    ) -> Result<Variant, StatusCode> {
        let found = match attribute {
            AttributeId::Value => None,
            AttributeId::NodeId => Some(self.node_id(node).into()),
            AttributeId::NodeClass => Some((self.class(node) as i32).into()),
            AttributeId::RolePermissions => Some(self.role_permissions(self.class_of(node), None)),
            AttributeId::UserRolePermissions => {
                Some(self.role_permissions(self.class_of(node), Some(roles)))
            }
            AttributeId::AccessRestrictions => Some(self.restrictions(self.class_of(node))),
            // Its other bits (Part 3, 8.58) are 0: access is atomic, arrays may be written in part.
            AttributeId::AccessLevelEx => {
                match self.attribute(node, AttributeId::AccessLevel, roles)? {
                    Variant::Byte(level) => Some(u32::from(level).into()),
                    _ => None,
                }
            }
            _ if let NodeRef::Static(index) = node
                && self.is_fixture(index) =>
            {
                self.fixture_attribute(index, attribute, roles)
            }
            // Nothing but values can be written.
            AttributeId::WriteMask | AttributeId::UserWriteMask => Some(0_u32.into()),
            _ => match node {
                NodeRef::Static(index) => self.static_attribute(index, attribute, roles),
                NodeRef::Device(device) => self.device_attribute(device, attribute, roles),
                NodeRef::Session(session, member) => {
                    self.session_attribute(session, member, attribute)
                }
                NodeRef::Role(role, member) => self.role_attribute(role, member, attribute),
                NodeRef::Alarm(alarm, member) => {
                    self.alarm_attribute(alarm, member, attribute, roles)
                }
                NodeRef::Member(device, member) => {
                    self.member_attribute(device, member, attribute, roles)
                }
            },
        };
        let found = found.ok_or(StatusCode::BadAttributeIdInvalid)?;
        Ok(self.permitted(node, attribute, found, roles))
    }

    /// Node class.
    pub fn class(&self, node: NodeRef) -> NodeClass {
        match node {
            NodeRef::Device(_)
            | NodeRef::Session(_, 0)
            | NodeRef::Role(_, 0)
            | NodeRef::Alarm(_, 0) => NodeClass::Object,
            _ => self.graph.class(self.declaration(node)),
        }
    }

    /// The static node that an instance is declared by: an ObjectType for a device.
    pub(super) fn declaration(&self, node: NodeRef) -> u32 {
        match node {
            NodeRef::Static(index) => index,
            NodeRef::Device(device) => self.template(self.table.device(device).kind).object_type,
            NodeRef::Session(_, member) => self.session_declaration(member),
            NodeRef::Role(_, member) => self.role_declaration(member),
            NodeRef::Alarm(alarm, member) => self.alarm_declaration(alarm, member),
            NodeRef::Member(device, member) => self.member(device, member).declaration,
        }
    }

    /// BrowseName: namespace and name.
    pub fn browse_name(&self, node: NodeRef) -> (u16, Cow<'_, str>) {
        match node {
            NodeRef::Device(device) => (INSTANCES, self.table.device(device).name.as_str().into()),
            NodeRef::Session(session, 0) => (SERVER, self.session_name(session).into()),
            NodeRef::Role(role, 0) => {
                let (namespace, name) = self.role_name(role);
                (namespace, name.into())
            }
            NodeRef::Alarm(alarm, member) => self.alarm_name(alarm, member),
            _ => {
                let name = self.graph.node(self.declaration(node)).as_node().browse_name();
                (name.namespace_index, name.name.as_ref().into())
            }
        }
    }

    /// DisplayName: locale and text.
    pub fn display_name(&self, node: NodeRef) -> (Cow<'_, str>, Cow<'_, str>) {
        if let NodeRef::Device(device) = node {
            return ("".into(), self.table.device(device).name.as_str().into());
        }
        if let NodeRef::Session(session, 0) = node {
            return ("".into(), self.session_name(session).into());
        }
        if let NodeRef::Role(role, 0) = node {
            return ("".into(), self.role_name(role).1.into());
        }
        if let NodeRef::Alarm(alarm, 0) = node {
            return ("".into(), self.alarm_row(alarm).name.into());
        }
        if let NodeRef::Static(index) = node
            && let Some(name) = self.names.borrow().get(&index)
        {
            let text = |it: &opcua_types::UAString| Cow::Owned(it.as_ref().to_owned());
            return (text(&name.locale), text(&name.text));
        }
        let name = self.graph.node(self.declaration(node)).as_node().display_name();
        (name.locale.as_ref().into(), name.text.as_ref().into())
    }

    fn static_attribute(
        &self,
        index: u32,
        attribute: AttributeId,
        roles: Roles,
    ) -> Option<Variant> {
        let is_variable = self.graph.class(index) == NodeClass::Variable;
        let is_flag = || self.graph.value_source(index) == ValueSource::Live(LiveId::ENABLED_FLAG);
        match attribute {
            AttributeId::AccessLevel if is_flag() => Some(access(true).into()),
            AttributeId::UserAccessLevel if is_flag() => {
                let may = roles.has(Role::ConfigureAdmin) || roles.has(Role::SecurityAdmin);
                Some(access(may).into())
            }
            AttributeId::AccessLevel | AttributeId::UserAccessLevel => {
                let field = self.roles.field(index);
                is_variable.then(|| access(field.is_some_and(|it| it.1.is_writable())).into())
            }
            AttributeId::UserExecutable if *self.graph.id(index) == (0, STATE_CHANGE) => {
                Some(roles.is_administrator().into())
            }
            AttributeId::EventNotifier => {
                let is_notifier = self.is_notifier(NodeRef::Static(index));
                let notifies = if is_notifier { self.event_notifier(roles) } else { 0 };
                self.graph.attribute(index, attribute).map(|_| notifies.into())
            }
            _ => self.graph.attribute(index, attribute),
        }
    }

    fn device_attribute(
        &self,
        index: DeviceIndex,
        attribute: AttributeId,
        roles: Roles,
    ) -> Option<Variant> {
        let device = self.table.device(index);
        match attribute {
            AttributeId::BrowseName => {
                Some(QualifiedName::new(INSTANCES, device.name.as_str()).into())
            }
            AttributeId::DisplayName => Some(LocalizedText::new("", &device.name).into()),
            AttributeId::Description if device.kind == DeviceKind::Plant => {
                Some(LocalizedText::new("", &self.plant_name).into())
            }
            AttributeId::Description => {
                self.graph.attribute(self.declaration(NodeRef::Device(index)), attribute)
            }
            AttributeId::EventNotifier => Some(self.event_notifier(roles).into()),
            _ => None,
        }
    }

    fn member_attribute(
        &self,
        device: DeviceIndex,
        member: u16,
        attribute: AttributeId,
        roles: Roles,
    ) -> Option<Variant> {
        let declared = self.member(device, member);
        let node = NodeRef::Member(device, member);
        let found = self.graph.attribute(declared.declaration, attribute)?;
        let row = match declared.content {
            Content::Tag(row) => Some(self.table.row(self.table.tag(device, row)).1),
            _ => None,
        };
        Some(match (attribute, declared.content, row) {
            (AttributeId::AccessLevel, _, Some(row)) => {
                (access(row.setpoint.is_some()) | self.history_access(node, None)).into()
            }
            (AttributeId::UserAccessLevel, _, Some(row)) => {
                let own = access(row.setpoint.is_some() && roles.may_write(row.access));
                (own | self.history_access(node, Some(roles))).into()
            }
            (AttributeId::Historizing, ..) => self.kept(node).is_some().into(),
            (AttributeId::AccessLevel, Content::Structure(number), _) => {
                access(self.may_write(device, number, None)).into()
            }
            (AttributeId::UserAccessLevel, Content::Structure(number), _) => {
                access(self.may_write(device, number, Some(roles))).into()
            }
            (AttributeId::AccessLevel, _, None) => {
                (CURRENT_READ | self.history_access(node, None)).into()
            }
            (AttributeId::UserAccessLevel, _, None) => {
                (CURRENT_READ | self.history_access(node, Some(roles))).into()
            }
            (AttributeId::MinimumSamplingInterval, _, Some(row)) => f64::from(row.rate_ms).into(),
            // Whoever may read may have key figures calculated.
            (AttributeId::Executable, ..)
            | (AttributeId::UserExecutable, Content::CalculateKpis, _) => true.into(),
            (AttributeId::UserExecutable, Content::Method(row), _) => {
                roles.may_write(row.access).into()
            }
            (AttributeId::UserExecutable, Content::Approval(_), _) => {
                roles.may_write(Access::Operator).into()
            }
            (AttributeId::UserExecutable, Content::ResetMetrics, _) => {
                roles.may_write(Access::Supervisor).into()
            }
            (AttributeId::EventNotifier, ..) => 0_u8.into(),
            _ => found,
        })
    }

    /// Whether a structure can be written at all, or by a user with these roles.
    fn may_write(&self, device: DeviceIndex, number: u16, roles: Option<Roles>) -> bool {
        let Some(row) = self.structure(device, number) else { return false };
        row.access != Access::ReadOnly && roles.is_none_or(|it| it.may_write(row.access))
    }

    /// DataType of a variable.
    pub(super) fn data_type(&self, node: NodeRef) -> Option<NodeId> {
        match self.graph.attribute(self.declaration(node), AttributeId::DataType)? {
            Variant::NodeId(id) => Some(*id),
            _ => None,
        }
    }
}

/// AccessLevel of what is read, and written too.
pub(super) fn access(is_writable: bool) -> u8 {
    if is_writable { CURRENT_READ | CURRENT_WRITE } else { CURRENT_READ }
}

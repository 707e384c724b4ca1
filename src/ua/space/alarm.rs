//! Conditions as nodes (Part 9, 4.10): below the folder `Alarms` of their device, computed like the rest of it.

use std::borrow::Cow;

use opcua_types::{
    AttributeId, LocalizedText, NodeClass, NodeId, QualifiedName, StatusCode, Variant,
};

use crate::access::{Access, Roles};
use crate::alarm::row::Cause;
use crate::alarm::{AlarmIndex, AlarmKind, AlarmRow, AlarmTable, Class, FOLDER, Limit};
use crate::tag::{DeviceIndex, DeviceKind, TagTable};
use crate::ua::space::alarm_reference::AlarmLinks;
use crate::ua::space::attribute::{CURRENT_READ, access};
use crate::ua::space::graph::Graph;
use crate::ua::space::template::{self, Template, TemplateNode};
use crate::ua::space::{
    INSTANCES, IdRef, LiveId, LoadError, NodeIdRef, NodeRef, Space, TYPES, ValueSource,
};

/// What of a condition type is optional and every alarm has.
const EVERY: &[&str] = &[
    "ConditionSubClassId",
    "ConditionSubClassName",
    "ConfirmedState",
    "Confirm",
    "ActiveState.EffectiveDisplayName",
    "ActiveState.TransitionTime",
    "AckedState.TransitionTime",
    "SilenceState",
    "Silence",
    "OnDelay",
    "OffDelay",
    "ReAlarmTime",
    "ReAlarmRepeatCount",
    "FirstInGroupFlag",
    "GetGroupMemberships",
    "EngineeringUnits",
    "ExpirationLimit",
    "Respond2",
];
/// What an alarm has that people may put aside.
const ASIDE: &[&str] = &[
    "SuppressedState",
    "Suppress",
    "Suppress2",
    "Unsuppress",
    "Unsuppress2",
    "OutOfServiceState",
    "RemoveFromService",
    "RemoveFromService2",
    "PlaceInService",
    "PlaceInService2",
    "ShelvingState",
    "ShelvingState.LastTransition",
    "MaxTimeShelved",
];
const LATCHED: &[&str] = &["LatchedState", "Reset", "Reset2"];

/// Type of a condition: namespace and number.
const fn type_of(kind: AlarmKind) -> (u16, u32) {
    match kind {
        AlarmKind::ExclusiveLevel => (0, 9482),
        AlarmKind::ExclusiveLimit => (0, 9341),
        AlarmKind::ExclusiveDeviation => (0, 9764),
        AlarmKind::ExclusiveRateOfChange => (0, 9623),
        AlarmKind::NonExclusiveLevel => (0, 10_060),
        AlarmKind::NonExclusiveLimit => (0, 9906),
        AlarmKind::NonExclusiveDeviation => (0, 10_368),
        AlarmKind::NonExclusiveRateOfChange => (0, 10_214),
        AlarmKind::OffNormal => (0, 10_637),
        AlarmKind::Trip => (0, 10_751),
        AlarmKind::SystemOffNormal => (0, 11_753),
        AlarmKind::InstrumentDiagnostic => (0, 18_347),
        AlarmKind::Discrepancy => (0, 17_080),
        AlarmKind::CertificateExpiration => (0, 13_225),
        AlarmKind::AnodeEffect => (TYPES, 9140),
        AlarmKind::Dialog => (0, 2830),
    }
}

/// ConditionClassId of a class: namespace, number and name (Part 9, 5.9).
pub const fn class_of(class: Class) -> (u16, u32, &'static str) {
    match class {
        Class::Process => (0, 11_164, "ProcessConditionClassType"),
        Class::Maintenance => (0, 11_165, "MaintenanceConditionClassType"),
        Class::System => (0, 11_166, "SystemConditionClassType"),
        Class::Safety => (0, 17_218, "SafetyConditionClassType"),
        Class::Statistical => (0, 18_665, "StatisticalConditionClassType"),
        Class::Quality => (TYPES, 9150, "QualityConditionClassType"),
    }
}

/// Whether an alarm of `row` has what is optional at `path`.
fn wants(row: &AlarmRow, path: &str) -> bool {
    let has_limit = |limit: Limit| match &row.cause {
        Cause::Limits { limits, .. } => limits[limit as usize].is_some(),
        _ => false,
    };
    let of_limit = Limit::ALL.into_iter().find(|it| {
        let behind = path.strip_prefix(it.name());
        matches!(behind, Some("Limit" | "Deadband" | "State"))
            || path.strip_prefix("Severity") == Some(it.name())
    });
    EVERY.contains(&path)
        || (ASIDE.contains(&path) && row.is_shelvable())
        || (LATCHED.contains(&path) && row.is_latched)
        || of_limit.is_some_and(has_limit)
}

/// Templates of conditions, and which alarms there are.
#[derive(Debug)]
pub(super) struct AlarmNodes {
    pub(super) table: AlarmTable,
    /// By kind of device and row.
    templates: Vec<Vec<Template>>,
    /// By kind of device.
    pub(super) links: Vec<AlarmLinks>,
}

impl AlarmNodes {
    /// With `devices` the templates of the kinds of device.
    pub(super) fn new(
        graph: &Graph,
        tags: &TagTable,
        devices: &[Template],
    ) -> Result<Self, LoadError> {
        let table = AlarmTable::new(tags);
        let build = |row: &AlarmRow| {
            let (namespace, number) = type_of(row.kind);
            let id = NodeIdRef { namespace, identifier: IdRef::Numeric(number) };
            let object_type = graph.resolve(&id).ok_or(LoadError::NoType(row.name))?;
            template::of_condition(graph, tags, object_type, &|path| wants(row, path))
        };
        let templates = DeviceKind::ALL
            .iter()
            .map(|kind| table.rows(*kind).iter().map(build).collect::<Result<Vec<_>, _>>())
            .collect::<Result<Vec<_>, _>>()?;
        let links = DeviceKind::ALL.iter().zip(devices);
        let links = links.map(|(kind, template)| AlarmLinks::new(table.rows(*kind), template));
        Ok(Self { links: links.collect(), table, templates })
    }
}

impl AlarmNodes {
    /// Every template.
    pub(super) fn templates_mut(&mut self) -> impl Iterator<Item = &mut Template> {
        self.templates.iter_mut().flatten()
    }
}

impl Space {
    /// The alarms that there are.
    pub fn alarms(&self) -> &AlarmTable {
        &self.alarms.table
    }

    /// The row of an alarm.
    pub fn alarm_row(&self, alarm: AlarmIndex) -> &'static AlarmRow {
        self.alarms.table.row(&self.table, alarm)
    }

    pub(super) fn alarm_template(&self, alarm: AlarmIndex) -> &Template {
        let table = &self.alarms.table;
        let kind = self.table.device(table.device(alarm)).kind;
        &self.alarms.templates[kind as usize][usize::from(table.row_number(alarm))]
    }

    /// A node below a condition; `None` for the condition itself.
    pub(super) fn of_alarm(&self, alarm: AlarmIndex, member: u16) -> Option<&TemplateNode> {
        let member = usize::from(member).checked_sub(1)?;
        self.alarm_template(alarm).nodes.get(member)
    }

    /// The method of a condition with this name, or of its ShelvingState.
    pub(super) fn alarm_member(&self, alarm: AlarmIndex, name: &str) -> Option<NodeRef> {
        let template = self.alarm_template(alarm);
        let plain = name.strip_suffix('2').unwrap_or(name);
        let paths = [name.to_owned(), format!("ShelvingState.{name}"), plain.to_owned()];
        let found = paths.iter().find_map(|it| template.find(it));
        let found = found.or_else(|| template.find(&format!("ShelvingState.{plain}")))?;
        Some(NodeRef::Alarm(alarm, found + 1))
    }

    /// Path of a node below its condition, such as `AckedState.Id`; empty for the condition itself.
    pub fn alarm_path(&self, alarm: AlarmIndex, member: u16) -> &str {
        self.of_alarm(alarm, member).map_or("", |it| it.path.as_str())
    }

    /// The static node that a condition's node is declared by.
    pub(super) fn alarm_declaration(&self, alarm: AlarmIndex, member: u16) -> u32 {
        match self.of_alarm(alarm, member) {
            Some(node) => node.declaration,
            None => self.alarm_template(alarm).object_type,
        }
    }

    /// The type of a condition, as events have it.
    pub fn condition_type(&self, alarm: AlarmIndex) -> u32 {
        self.alarm_template(alarm).object_type
    }

    /// The alarm of `device` that `rest` of a path leads to.
    pub(super) fn resolve_alarm(&self, device: DeviceIndex, rest: &str) -> Option<NodeRef> {
        let rest = rest.strip_prefix(FOLDER)?.strip_prefix('.')?;
        let (name, path) = rest.split_once('.').unwrap_or((rest, ""));
        let alarm = self.alarms.table.find(&self.table, device, name)?;
        if path.is_empty() {
            // A dot at the end names nothing.
            return (name.len() == rest.len()).then_some(NodeRef::Alarm(alarm, 0));
        }
        self.alarm_template(alarm).find(path).map(|it| NodeRef::Alarm(alarm, it + 1))
    }

    /// Pieces of the NodeId of a condition's node.
    pub(super) fn alarm_pieces(&self, alarm: AlarmIndex, member: u16) -> [&str; 6] {
        let device = &self.table.device(self.alarms.table.device(alarm)).path;
        let path = self.alarm_path(alarm, member);
        let dot = if path.is_empty() { "" } else { "." };
        [device, ".Alarms.", self.alarm_row(alarm).name, dot, path, ""]
    }

    /// Where the value of a condition's node comes from.
    pub(super) fn alarm_source(&self, alarm: AlarmIndex, member: u16) -> ValueSource {
        let Some(node) = self.of_alarm(alarm, member) else { return ValueSource::None };
        if self.graph.class(node.declaration) != NodeClass::Variable {
            return ValueSource::None;
        }
        let is_argument = node.path.ends_with("putArguments");
        if is_argument {
            return self.graph.value_source(node.declaration);
        }
        ValueSource::Live(LiveId::Alarm(alarm, member))
    }

    pub(super) fn alarm_name(&self, alarm: AlarmIndex, member: u16) -> (u16, Cow<'_, str>) {
        match self.of_alarm(alarm, member) {
            Some(node) => {
                let name = self.graph.node(node.declaration).as_node().browse_name();
                (name.namespace_index, name.name.as_ref().into())
            }
            None => (INSTANCES, self.alarm_row(alarm).name.into()),
        }
    }

    pub(super) fn alarm_attribute(
        &self,
        alarm: AlarmIndex,
        member: u16,
        attribute: AttributeId,
        roles: Roles,
    ) -> Option<Variant> {
        let row = self.alarm_row(alarm);
        if member == 0 {
            return match attribute {
                AttributeId::BrowseName => Some(QualifiedName::new(INSTANCES, row.name).into()),
                AttributeId::DisplayName => Some(LocalizedText::new("", row.name).into()),
                AttributeId::Description => {
                    let text = format!("{}. What to do: {}.", row.message, row.response);
                    Some(LocalizedText::new("en", &text).into())
                }
                AttributeId::EventNotifier => Some(0_u8.into()),
                _ => None,
            };
        }
        let found = self.graph.attribute(self.alarm_declaration(alarm, member), attribute)?;
        let path = self.alarm_path(alarm, member);
        Some(match attribute {
            AttributeId::AccessLevel => access(is_setting(path)).into(),
            AttributeId::UserAccessLevel if is_setting(path) => {
                access(roles.may_write(Access::Engineer)).into()
            }
            AttributeId::UserAccessLevel => CURRENT_READ.into(),
            AttributeId::Executable => true.into(),
            AttributeId::UserExecutable => roles.may_write(least(path)).into(),
            _ => found,
        })
    }

    /// The alarm that a call is for, and the name of the method: by the method's own NodeId, or by that of the
    /// type's (AC-13). Shelving methods are also called on the condition itself. `None` if the object is no
    /// condition.
    pub fn alarm_method(
        &self,
        object: NodeRef,
        method: NodeRef,
    ) -> Option<Result<(AlarmIndex, Cow<'_, str>), StatusCode>> {
        let NodeRef::Alarm(alarm, at) = object else { return None };
        let is_shelving = self.alarm_path(alarm, at) == "ShelvingState";
        if at != 0 && !is_shelving {
            return Some(Err(StatusCode::BadMethodInvalid));
        }
        let name = match method {
            NodeRef::Alarm(owner, member) if owner == alarm => self.alarm_name(alarm, member).1,
            NodeRef::Static(declared) if self.graph.class(declared) == NodeClass::Method => {
                self.browse_name(NodeRef::Static(declared)).1
            }
            _ => return Some(Err(StatusCode::BadMethodInvalid)),
        };
        let template = self.alarm_template(alarm);
        let plain = name.strip_suffix('2').unwrap_or(&name);
        let is_there = template.find(plain).or_else(|| {
            let path = format!("ShelvingState.{plain}");
            template.find(&path)
        });
        let is_its = is_there.is_some_and(|it| {
            let node = &template.nodes[usize::from(it)];
            self.graph.class(node.declaration) == NodeClass::Method
                && (at == 0 || node.path.starts_with("ShelvingState."))
        });
        Some(if is_its { Ok((alarm, name)) } else { Err(StatusCode::BadMethodInvalid) })
    }

    /// Whether a static node is ConditionType or below it.
    pub fn is_condition_type(&self, node: u32) -> bool {
        let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(2782) };
        self.graph.resolve(&id).is_some_and(|it| self.graph.is_subtype(node, it))
    }

    /// The scope whose alarm metrics a call resets: 0 for the plant, from 1 for lines.
    pub fn metrics_reset(&self, object: NodeRef, method: NodeRef) -> Option<usize> {
        let NodeRef::Member(device, at) = object else { return None };
        if self.member(device, at).path != "Alarms.Metrics" {
            return None;
        }
        let is_it = match method {
            NodeRef::Member(owner, member) => {
                owner == device && self.member(owner, member).path == "Alarms.Metrics.Reset"
            }
            NodeRef::Static(declared) => *self.graph.id(declared) == NodeId::new(0, 18_666_u32),
            NodeRef::Device(_) | NodeRef::Session(..) | NodeRef::Role(..) | NodeRef::Alarm(..) => {
                false
            }
        };
        let found = self.table.device(device);
        let scope = if found.kind == DeviceKind::Line { found.index + 1 } else { 0 };
        is_it.then_some(scope)
    }
}

/// Whether an engineer may write it.
pub(super) fn is_setting(path: &str) -> bool {
    matches!(path, "OnDelay" | "OffDelay" | "ReAlarmTime")
        || Limit::ALL.into_iter().any(|it| {
            let rest = path.strip_prefix(it.name());
            matches!(rest, Some("Limit" | "Deadband"))
        })
}

/// The least right that a method needs.
pub(super) fn least(path: &str) -> Access {
    let name = path.rsplit('.').next().unwrap_or(path);
    match name.strip_suffix('2').unwrap_or(name) {
        "Enable" | "Disable" => Access::Engineer,
        "Suppress" | "Unsuppress" | "RemoveFromService" | "PlaceInService" => Access::Supervisor,
        _ => Access::Operator,
    }
}

//! What leads from alarms to other nodes and back (Part 9, 5.5.2 and 5.16; Part 3, 7): to the variable that an alarm looks at, to
//! its folder, to its groups.

use crate::alarm::{AlarmIndex, AlarmRow, FOLDER};
use crate::tag::DeviceIndex;
use crate::ua::space::reference::Reference;
use crate::ua::space::template::Template;
use crate::ua::space::{NodeRef, Space};

/// The group whose first alarm is marked.
const FIRST_UP: &str = "Alarms.FirstUp";

/// What alarms of one kind of device have to do with the nodes below it, by their places in its template: looked up once, as a client
/// that browses asks for it at every node.
#[derive(Debug)]
pub(super) struct AlarmLinks {
    /// The folder of alarms.
    folder: Option<u16>,
    /// The group whose first alarm is marked.
    first_up: Option<u16>,
    /// By row.
    rows: Vec<RowLinks>,
}

/// What one row has to do with nodes below its device.
#[derive(Clone, Copy, Debug)]
struct RowLinks {
    /// The variable that it looks at (InputNode).
    input: Option<u16>,
    /// The group that suppresses it.
    group: Option<u16>,
}

impl AlarmLinks {
    /// Of the alarms `rows` of a kind of device with this template.
    pub(super) fn new(rows: &[AlarmRow], template: &Template) -> Self {
        let of_row = |row: &AlarmRow| {
            let group = row.quiet.as_ref().map(|it| format!("{FOLDER}.{}", it.name));
            RowLinks {
                input: template.find(row.input),
                group: group.and_then(|it| template.find(&it)),
            }
        };
        Self {
            folder: template.find(FOLDER),
            first_up: template.find(FIRST_UP),
            rows: rows.iter().map(of_row).collect(),
        }
    }
}

impl Space {
    fn alarm_links(&self, device: DeviceIndex) -> &AlarmLinks {
        &self.alarms.links[self.table.device(device).kind as usize]
    }

    /// The device of an alarm, and what its row has to do with nodes below that.
    fn row_links(&self, alarm: AlarmIndex) -> (DeviceIndex, RowLinks) {
        let table = &self.alarms.table;
        let device = table.device(alarm);
        (device, self.alarm_links(device).rows[usize::from(table.row_number(alarm))])
    }

    pub(super) fn alarm_references(&self, alarm: AlarmIndex, member: u16) -> Vec<Reference> {
        let known = self.graph.known;
        let forward = |kind, target| Reference { kind, is_forward: true, target };
        let inverse = |kind, target| Reference { kind, is_forward: false, target };
        let template = self.alarm_template(alarm);
        let own_type = self.type_definition(NodeRef::Alarm(alarm, member));
        let own_type = own_type.map(|it| forward(known.has_type_definition, NodeRef::Static(it)));
        let mut all: Vec<Reference> = own_type.into_iter().collect();
        let below = |children: &[u16]| -> Vec<Reference> {
            let child = |it: &u16| {
                let node = &template.nodes[usize::from(*it)];
                forward(node.reference, NodeRef::Alarm(alarm, it + 1))
            };
            children.iter().map(child).collect()
        };
        if let Some(node) = self.of_alarm(alarm, member) {
            all.extend(below(&node.children));
            let above = NodeRef::Alarm(alarm, node.parent.map_or(0, |it| it + 1));
            all.push(inverse(node.reference, above));
            return all;
        }
        all.extend(below(&template.top));
        let device = self.alarms.table.device(alarm);
        all.extend(self.alarm_folder(device).map(|it| inverse(known.has_component, it)));
        all.push(inverse(known.has_condition, NodeRef::Device(device)));
        all.extend(self.alarm_input(alarm).map(|it| inverse(known.has_condition, it)));
        let group = self.suppression_group(alarm);
        all.extend(group.map(|it| forward(known.has_suppression_group, it)));
        all.extend(self.first_up(alarm).map(|it| inverse(known.alarm_group_member, it)));
        all
    }

    /// The node that an alarm looks at (InputNode).
    pub fn alarm_input(&self, alarm: AlarmIndex) -> Option<NodeRef> {
        let (device, links) = self.row_links(alarm);
        links.input.map(|it| NodeRef::Member(device, it))
    }

    /// The node below a device at this path.
    pub fn device_member(&self, device: DeviceIndex, path: &str) -> Option<NodeRef> {
        let found = self.template(self.table.device(device).kind).find(path)?;
        Some(NodeRef::Member(device, found))
    }

    fn alarm_folder(&self, device: DeviceIndex) -> Option<NodeRef> {
        self.alarm_links(device).folder.map(|it| NodeRef::Member(device, it))
    }

    /// The group that suppresses an alarm.
    pub fn suppression_group(&self, alarm: AlarmIndex) -> Option<NodeRef> {
        let (device, links) = self.row_links(alarm);
        links.group.map(|it| NodeRef::Member(device, it))
    }

    /// The group that an alarm can be the first of.
    pub fn first_up(&self, alarm: AlarmIndex) -> Option<NodeRef> {
        if self.alarm_row(alarm).kind.is_dialog() {
            return None;
        }
        let device = self.alarms.table.group(self.alarms.table.device(alarm));
        self.alarm_links(device).first_up.map(|it| NodeRef::Member(device, it))
    }

    /// What leads from a device to its conditions, and to the variables that they look at.
    pub(super) fn references_to_conditions(&self, device: DeviceIndex) -> Vec<Reference> {
        let known = self.graph.known;
        let mut all = Vec::new();
        let mut inputs = Vec::new();
        for alarm in self.alarms.table.of_device(device) {
            let target = NodeRef::Alarm(alarm, 0);
            all.push(Reference { kind: known.has_condition, is_forward: true, target });
            inputs.extend(self.alarm_input(alarm));
        }
        inputs.sort_unstable();
        inputs.dedup();
        let kind = known.has_event_source;
        all.extend(inputs.into_iter().map(|target| Reference { kind, is_forward: true, target }));
        all
    }

    /// What leads from a node below a device to alarms: from their folder, their input, their groups.
    pub(super) fn references_to_alarms(&self, device: DeviceIndex, member: u16) -> Vec<Reference> {
        let known = self.graph.known;
        let node = NodeRef::Member(device, member);
        let links = self.alarm_links(device);
        let forward =
            |kind, alarm| Reference { kind, is_forward: true, target: NodeRef::Alarm(alarm, 0) };
        let own = || self.alarms.table.of_device(device);
        if links.folder == Some(member) {
            return own().map(|it| forward(known.has_component, it)).collect();
        }
        if links.first_up == Some(member) {
            let members = self.table.children(device).iter().copied().chain([device]);
            let members = members.flat_map(|it| self.alarms.table.of_device(it));
            let members = members.filter(|it| self.first_up(*it) == Some(node));
            return members.map(|it| forward(known.alarm_group_member, it)).collect();
        }
        if links.rows.iter().any(|it| it.group == Some(member)) {
            return self.references_of_group(device, node);
        }
        let looking = own().zip(&links.rows).filter(|(_, it)| it.input == Some(member));
        let mut all: Vec<Reference> =
            looking.map(|(it, _)| forward(known.has_condition, it)).collect();
        if !all.is_empty() {
            let (kind, target) = (known.has_event_source, NodeRef::Device(device));
            all.push(Reference { kind, is_forward: false, target });
        }
        all
    }

    /// A suppression group: the variable that it goes by, and the alarms that it suppresses.
    fn references_of_group(&self, device: DeviceIndex, node: NodeRef) -> Vec<Reference> {
        let known = self.graph.known;
        let own = self.alarms.table.of_device(device);
        let suppressed: Vec<AlarmIndex> =
            own.filter(|it| self.suppression_group(*it) == Some(node)).collect();
        let by = suppressed.first().and_then(|it| self.alarm_row(*it).quiet);
        let by = by.and_then(|it| self.device_member(device, it.by));
        let mut all: Vec<Reference> = by
            .map(|target| Reference {
                kind: known.suppression_group_member,
                is_forward: true,
                target,
            })
            .into_iter()
            .collect();
        all.extend(suppressed.into_iter().map(|it| Reference {
            kind: known.has_suppression_group,
            is_forward: false,
            target: NodeRef::Alarm(it, 0),
        }));
        all
    }
}

//! An event of a condition as the runner asks for it: every field that a client's alarm list shows.

use opcua_types::{
    AttributeId, ByteString, ContentFilter, EventFilter, EventNotificationList, ExtensionObject,
    MonitoredItemCreateRequest, NodeId, NumericRange, PublishResponse, QualifiedName,
    SimpleAttributeOperand, StatusCode, Variant,
};

use crate::conformance::bench::standard;
use crate::conformance::item::item;

const BASE: u32 = 2041;
const CONDITION: u32 = 2782;
const ACKNOWLEDGEABLE: u32 = 2881;
const DIALOG: u32 = 2830;
const ALARM: u32 = 2915;
const EXCLUSIVE: u32 = 9341;
const NON_EXCLUSIVE: u32 = 9906;

/// Fields, and the type that has each. ConditionId stands in front of them.
const FIELDS: &[(u32, &str)] = &[
    (BASE, "EventId"),
    (BASE, "EventType"),
    (BASE, "SourceNode"),
    (BASE, "Time"),
    (BASE, "Message"),
    (BASE, "Severity"),
    (CONDITION, "ConditionName"),
    (CONDITION, "BranchId"),
    (CONDITION, "Retain"),
    (CONDITION, "EnabledState.Id"),
    (CONDITION, "Quality"),
    (CONDITION, "Comment"),
    (CONDITION, "ClientUserId"),
    (ACKNOWLEDGEABLE, "AckedState.Id"),
    (ACKNOWLEDGEABLE, "ConfirmedState.Id"),
    (ALARM, "ActiveState.Id"),
    (ALARM, "SuppressedState.Id"),
    (ALARM, "OutOfServiceState.Id"),
    (ALARM, "SilenceState.Id"),
    (ALARM, "LatchedState.Id"),
    (ALARM, "ShelvingState.CurrentState.Id"),
    (ALARM, "SuppressedOrShelved"),
    (ALARM, "ReAlarmRepeatCount"),
    (ALARM, "FirstInGroupFlag"),
    (EXCLUSIVE, "LimitState.CurrentState.Id"),
    (NON_EXCLUSIVE, "HighHighState.Id"),
    (NON_EXCLUSIVE, "HighState.Id"),
    (NON_EXCLUSIVE, "LowState.Id"),
    (NON_EXCLUSIVE, "LowLowState.Id"),
    (DIALOG, "DialogState.Id"),
    (DIALOG, "Prompt"),
    (DIALOG, "LastResponse"),
];

/// Events that wait in the server between two Publish requests.
const QUEUE: u32 = 1000;

/// An event: its ConditionId and fields.
#[derive(Clone, Debug)]
pub(super) struct Event(Vec<Variant>);

impl Event {
    /// A field; null if the event has none.
    pub(super) fn field(&self, name: &str) -> &Variant {
        let at = FIELDS.iter().position(|(_, it)| *it == name);
        at.and_then(|it| self.0.get(it + 1)).unwrap_or(&Variant::Empty)
    }

    /// Whether it is this condition's.
    pub(super) fn is_of(&self, condition: &NodeId) -> bool {
        matches!(self.0.first(), Some(Variant::NodeId(it)) if **it == *condition)
    }

    /// Its condition; null if it is no condition's.
    pub(super) fn condition(&self) -> NodeId {
        match self.0.first() {
            Some(Variant::NodeId(it)) => (**it).clone(),
            _ => NodeId::null(),
        }
    }

    /// EventId.
    pub(super) fn id(&self) -> ByteString {
        match self.field("EventId") {
            Variant::ByteString(id) => id.clone(),
            _ => ByteString::null(),
        }
    }

    /// A Boolean field; `None` if the event has no such.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.field(name) {
            Variant::Boolean(is) => Some(*is),
            _ => None,
        }
    }

    /// Whether a Boolean field is there and true.
    pub(super) fn is(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    /// Whether a Boolean field is there and false.
    pub(super) fn is_not(&self, name: &str) -> bool {
        self.flag(name) == Some(false)
    }

    /// Whether a field is this node of namespace 0.
    pub(super) fn is_node(&self, name: &str, number: u32) -> bool {
        matches!(self.field(name), Variant::NodeId(it) if **it == standard(number))
    }

    /// Whether its type is this one of namespace 0.
    pub(super) fn is_a(&self, number: u32) -> bool {
        self.is_node("EventType", number)
    }

    /// A text field.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.field(name) {
            Variant::LocalizedText(it) => it.text.as_ref(),
            Variant::String(it) => it.as_ref(),
            _ => "",
        }
    }

    /// Severity.
    pub(super) fn severity(&self) -> u16 {
        match self.field("Severity") {
            Variant::UInt16(it) => *it,
            _ => 0,
        }
    }

    /// Time, in steps of 100 ns.
    pub(super) fn ticks(&self) -> i64 {
        match self.field("Time") {
            Variant::DateTime(it) => it.ticks(),
            _ => 0,
        }
    }

    /// BranchId; null for the condition's present occurrence.
    pub(super) fn branch(&self) -> NodeId {
        match self.field("BranchId") {
            Variant::NodeId(it) => (**it).clone(),
            _ => NodeId::null(),
        }
    }

    /// Whether its Quality is bad.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.field("Quality"), Variant::StatusCode(it) if StatusCode::is_bad(it))
    }
}

fn clause((kind, path): &(u32, &str)) -> SimpleAttributeOperand {
    SimpleAttributeOperand {
        type_definition_id: standard(*kind),
        browse_path: Some(path.split('.').map(|it| QualifiedName::new(0, it)).collect()),
        attribute_id: AttributeId::Value as u32,
        index_range: NumericRange::None,
    }
}

/// An item of this notifier's events with every field.
pub(super) fn listener(notifier: NodeId) -> MonitoredItemCreateRequest {
    let id = SimpleAttributeOperand {
        type_definition_id: standard(CONDITION),
        browse_path: None,
        attribute_id: AttributeId::NodeId as u32,
        index_range: NumericRange::None,
    };
    let select: Vec<_> = std::iter::once(id).chain(FIELDS.iter().map(clause)).collect();
    let filter =
        EventFilter { select_clauses: Some(select), where_clause: ContentFilter::default() };
    let mut item = item(notifier, 9);
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    item.requested_parameters.filter = ExtensionObject::from_message(filter);
    item.requested_parameters.queue_size = QUEUE;
    item
}

/// Events of a response.
pub(super) fn events(response: &PublishResponse) -> Vec<Event> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<EventNotificationList>())
        .flat_map(|it| it.events.iter().flatten())
        .map(|it| Event(it.event_fields.clone().unwrap_or_default()))
        .collect()
}

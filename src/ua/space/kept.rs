//! Which variables have a history (Part 11, 5.2).

use opcua_types::{AttributeId, Variant, VariantScalarTypeId};

use crate::access::{Access, Roles};
use crate::tag::{HistoryMode, Range, Row, ValueType};
use crate::ua::space::reference::Reference;
use crate::ua::space::template::Content;
use crate::ua::space::{IdRef, Kind, NodeIdRef, NodeRef, Space, TYPES};

/// AccessLevel bit HistoryRead (Part 3, 8.57).
pub const HISTORY_READ: u8 = 4;
/// AccessLevel bit HistoryWrite.
pub const HISTORY_WRITE: u8 = 8;

/// EventNotifier bit SubscribeToEvents (Part 3, 8.59).
const SUBSCRIBE_TO_EVENTS: u8 = 1;

/// A variable with a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Path of its series.
    pub path: String,
    /// Its values hold until the next one: no line is drawn between two.
    pub stepped: bool,
    /// Data type of its values, where the history knows them only as doubles.
    pub shown: Option<VariantScalarTypeId>,
    /// What is recorded.
    pub value_type: ValueType,
    /// It is what people wrote about another history.
    pub is_annotations: bool,
}

/// Number of the first configuration in our NodeSet, and from one to the next.
const CONFIGURATIONS: (u32, u32) = (9200, 20);

/// How a history is kept: an object of HistoricalDataConfigurationType (Part 11, 5.2.3) each, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    Samples,
    MinuteMeans,
    MinuteTotals,
    MinuteValues,
    Changes,
}

impl Keeping {
    fn of(row: &Row) -> Option<Self> {
        match (row.history, row.value_type) {
            (HistoryMode::None, _) => None,
            (HistoryMode::Raw(_), ValueType::F64) => Some(Self::Samples),
            (HistoryMode::Raw(_) | HistoryMode::Change, _) => Some(Self::Changes),
            (HistoryMode::Minute, ValueType::F64) if row.range != Range::None => {
                Some(Self::MinuteMeans)
            }
            (HistoryMode::Minute, ValueType::F64) => Some(Self::MinuteTotals),
            (HistoryMode::Minute, _) => Some(Self::MinuteValues),
        }
    }

    /// Whether values hold until the next.
    fn is_stepped(self) -> bool {
        matches!(self, Self::MinuteValues | Self::Changes)
    }
}

impl Kept {
    /// The history of what is written about this one.
    fn annotations(self) -> Self {
        Self {
            path: annotations_path(&self.path),
            stepped: true,
            shown: None,
            value_type: ValueType::Text,
            is_annotations: true,
        }
    }
}

/// Path of the series that the annotations of a series are in.
pub fn annotations_path(path: &str) -> String {
    format!("{path}.Annotations")
}

impl Space {
    /// Variables have their histories from now on.
    pub fn set_recorded(&self) {
        self.is_recorded.set(true);
    }

    /// The history of a variable, if it has one.
    pub fn kept(&self, node: NodeRef) -> Option<Kept> {
        if !self.is_recorded.get() {
            return None;
        }
        match node {
            NodeRef::Member(device, member) => {
                let (row, is_annotations) = match self.member(device, member).content {
                    Content::Tag(row) => (row, false),
                    Content::Annotations(row) => (row, true),
                    _ => return None,
                };
                let tag = self.table.tag(device, row);
                let (_, row) = self.table.row(tag);
                let kept = Kept {
                    path: self.table.path(tag),
                    stepped: Keeping::of(row)?.is_stepped(),
                    shown: None,
                    value_type: row.value_type,
                    is_annotations: false,
                };
                Some(if is_annotations { kept.annotations() } else { kept })
            }
            NodeRef::Static(index) if self.is_stored(index) => self.kept_of_fixture(index),
            _ => None,
        }
    }

    fn kept_of_fixture(&self, index: u32) -> Option<Kept> {
        use VariantScalarTypeId as S;
        if let Some(annotated) = self.annotated(index) {
            return self.kept_of_fixture(annotated).map(Kept::annotations);
        }
        let historizing = self.graph.attribute(index, AttributeId::Historizing)?;
        if historizing != Variant::Boolean(true) {
            return None;
        }
        let declared = self.declared(NodeRef::Static(index))?;
        let Kind::Builtin(scalar) = declared.kind else { return None };
        let value_type = match (scalar, declared.rank) {
            (S::Boolean, -1) => ValueType::Bool,
            (S::DateTime, -1) => ValueType::Time,
            (S::String, -1) => ValueType::Text,
            (S::Boolean, 1) => ValueType::Bools,
            (S::Double, 1) => ValueType::Numbers,
            (_, -1) if declared.is_number() => ValueType::F64,
            _ => return None,
        };
        let is_other = value_type == ValueType::F64 && scalar != S::Double;
        Some(Kept {
            path: format!("fixture.{}", self.graph.id(index).identifier),
            stepped: value_type != ValueType::F64,
            shown: is_other.then_some(scalar),
            value_type,
            is_annotations: false,
        })
    }

    /// The variable of the fixture whose Annotations a node is.
    fn annotated(&self, index: u32) -> Option<u32> {
        if self.browse_name(NodeRef::Static(index)).1 != "Annotations" {
            return None;
        }
        let above = self.graph.references(index).iter().find(|it| !it.is_forward)?.target;
        (above != index).then_some(above)
    }

    /// The reference of a variable to the configuration of its history.
    pub(super) fn reference_to_configuration(&self, node: NodeRef) -> Option<Reference> {
        let kept = self.kept(node)?;
        let keeping = match node {
            NodeRef::Member(device, member) => match self.member(device, member).content {
                Content::Tag(row) => Keeping::of(self.table.row(self.table.tag(device, row)).1)?,
                _ => return None,
            },
            _ if kept.stepped => Keeping::Changes,
            _ => Keeping::Samples,
        };
        let (first, step) = CONFIGURATIONS;
        let number = IdRef::Numeric(first + step * keeping as u32);
        let target = self.graph.resolve(&NodeIdRef { namespace: TYPES, identifier: number })?;
        let kind = self.graph.known.has_historical_configuration;
        Some(Reference { kind, is_forward: true, target: NodeRef::Static(target) })
    }

    /// The history bits of an AccessLevel: at all, or for a user with these roles.
    pub(super) fn history_access(&self, node: NodeRef, roles: Option<Roles>) -> u8 {
        if self.kept(node).is_none() {
            return 0;
        }
        let may_edit = roles.is_none_or(|it| self.may_edit(node, it));
        HISTORY_READ | if may_edit { HISTORY_WRITE } else { 0 }
    }

    /// EventNotifier of a notifier (Part 3, 5.5.1): it can be listened to, its history read, and changed by a user with
    /// these roles.
    pub(super) fn event_notifier(&self, roles: Roles) -> u8 {
        let history = if !self.is_recorded.get() {
            0
        } else if self.may_edit_events(roles) {
            HISTORY_READ | HISTORY_WRITE
        } else {
            HISTORY_READ
        };
        SUBSCRIBE_TO_EVENTS | history
    }

    /// Whether the events of a node are kept.
    pub fn keeps_events(&self, node: NodeRef) -> bool {
        self.is_recorded.get() && self.is_notifier(node)
    }

    /// Whether a user with these roles may change recorded events.
    pub fn may_edit_events(&self, roles: Roles) -> bool {
        roles.may_write(Access::Engineer) || roles.may_write(Access::Supervisor)
    }

    /// Whether a user with these roles may change what was recorded: an engineer or a supervisor; of the fixture
    /// whoever its node names.
    pub fn may_edit(&self, node: NodeRef, roles: Roles) -> bool {
        match node {
            NodeRef::Static(index) => self.fixture_level(index, Some(roles)) & HISTORY_WRITE != 0,
            _ => self.may_edit_events(roles),
        }
    }

    /// Whether anybody may change what was recorded.
    pub fn is_editable(&self, node: NodeRef) -> bool {
        match node {
            NodeRef::Static(index) => self.fixture_level(index, None) & HISTORY_WRITE != 0,
            _ => true,
        }
    }
}

//! Which variables have a history (Part 11, 5.2).

use opcua_types::{AttributeId, Variant, VariantScalarTypeId};

use crate::access::{Access, Roles};
use crate::tag::{HistoryMode, ValueType};
use crate::ua::space::template::Content;
use crate::ua::space::{Kind, NodeRef, Space};

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
                let Content::Tag(row) = self.member(device, member).content else { return None };
                let tag = self.table.tag(device, row);
                let (_, row) = self.table.row(tag);
                (row.history != HistoryMode::None).then(|| Kept {
                    path: self.table.path(tag),
                    stepped: row.value_type != ValueType::F64 || row.history == HistoryMode::Change,
                    shown: None,
                    value_type: row.value_type,
                })
            }
            NodeRef::Static(index) if self.is_stored(index) => self.kept_of_fixture(index),
            _ => None,
        }
    }

    fn kept_of_fixture(&self, index: u32) -> Option<Kept> {
        let historizing = self.graph.attribute(index, AttributeId::Historizing)?;
        if historizing != Variant::Boolean(true) {
            return None;
        }
        let declared = self.declared(NodeRef::Static(index))?;
        let Kind::Builtin(scalar) = declared.kind else { return None };
        use VariantScalarTypeId as S;
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
        })
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
    /// whoever may write to it.
    pub fn may_edit(&self, node: NodeRef, roles: Roles) -> bool {
        match node {
            NodeRef::Static(_) => roles.may_write(Access::Operator),
            _ => self.may_edit_events(roles),
        }
    }
}

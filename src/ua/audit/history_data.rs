//! Changes of recorded data as deeds (Part 11, 5.6: AuditHistoryUpdateEventType and its subtypes).

use opcua_types::{
    Array, DataValue, DateTime, NodeId, ObjectTypeId, PerformUpdateType, StatusCode, Variant,
    VariantScalarTypeId,
};

use crate::time::Timestamp;
use crate::ua::audit::{Deed, Origin};
use crate::ua::server::Server;
use crate::ua::value::date_time;

/// What was asked for.
#[derive(Clone, Debug)]
pub enum HistoryChange {
    /// Values: AuditHistoryValueUpdateEventType.
    Update {
        /// Insert, replace or update.
        perform: PerformUpdateType,
        /// As sent.
        new: Vec<DataValue>,
    },
    /// Annotations: AuditHistoryAnnotationUpdateEventType.
    Annotation {
        /// Insert, replace, update or remove.
        perform: PerformUpdateType,
        /// As sent.
        new: Vec<DataValue>,
    },
    /// A span: AuditHistoryRawModifyDeleteEventType.
    DeleteRaw {
        /// The first instant.
        from: Timestamp,
        /// The first instant that stays.
        to: Timestamp,
        /// Values that were modified go, not raw ones.
        modified: bool,
    },
    /// Times: AuditHistoryAtTimeDeleteEventType.
    DeleteAt(Vec<DateTime>),
}

fn values(all: Vec<DataValue>) -> Variant {
    let values = all.into_iter().map(|it| Variant::DataValue(Box::new(it))).collect();
    let array = Array { value_type: VariantScalarTypeId::DataValue, values, dimensions: None };
    Variant::Array(Box::new(array))
}

impl Server {
    /// Audits a change of recorded data, done or refused; `old` is what was there.
    pub fn audit_history(
        &self,
        origin: &Origin,
        node: NodeId,
        (change, old): (HistoryChange, Vec<DataValue>),
        status: StatusCode,
    ) {
        use ObjectTypeId as T;
        let kind = match &change {
            HistoryChange::Update { .. } => T::AuditHistoryValueUpdateEventType,
            HistoryChange::Annotation { .. } => T::AuditHistoryAnnotationUpdateEventType,
            HistoryChange::DeleteRaw { .. } => T::AuditHistoryRawModifyDeleteEventType,
            HistoryChange::DeleteAt(_) => T::AuditHistoryAtTimeDeleteEventType,
        };
        let what = match &change {
            HistoryChange::Update { perform, new } | HistoryChange::Annotation { perform, new } => {
                format!("{perform:?} of {} values in the history of {node}", new.len())
            }
            HistoryChange::DeleteRaw { from, to, .. } => {
                format!("deletion in the history of {node} from {from} to {to}")
            }
            HistoryChange::DeleteAt(times) => {
                format!("deletion at {} times in the history of {node}", times.len())
            }
        };
        let word = if status.is_bad() { "refused" } else { "done" };
        let source = NodeId::new(0, opcua_types::ObjectId::Server as u32);
        let deed =
            Deed::new(kind, source, "Attribute/HistoryUpdate", format!("{what}: {word}"), status)
                .with("UpdatedNode", node)
                .with("OldValues", values(old));
        let deed = match change {
            HistoryChange::Update { perform, new } | HistoryChange::Annotation { perform, new } => {
                deed.with("PerformInsertReplace", perform as i32).with("NewValues", values(new))
            }
            HistoryChange::DeleteRaw { from, to, modified } => deed
                .with("IsDeleteModified", modified)
                .with("StartTime", date_time(from))
                .with("EndTime", date_time(to)),
            HistoryChange::DeleteAt(times) => deed.with("ReqTimes", times),
        };
        self.audit(origin, deed);
    }
}

//! What the server can do with history (Part 11, 5.4.2: HistoryServerCapabilities), and its limits.

use opcua_types::{VariableId, Variant};

use crate::ua::server::Server;

impl Server {
    /// A value of HistoryServerCapabilities or a limit of history. Nothing is possible without a historian.
    pub(in crate::ua) fn live_history(&self, variable: VariableId) -> Option<Variant> {
        use VariableId as V;
        let is_there = self.history.is_some();
        let limits = &self.config.limits;
        let count = |number: usize| {
            let number = if is_there { number } else { 0 };
            Variant::from(u32::try_from(number).unwrap_or(u32::MAX))
        };
        Some(match variable {
            V::HistoryServerCapabilities_AccessHistoryDataCapability
            | V::HistoryServerCapabilities_InsertDataCapability
            | V::HistoryServerCapabilities_ReplaceDataCapability
            | V::HistoryServerCapabilities_UpdateDataCapability
            | V::HistoryServerCapabilities_DeleteRawCapability
            | V::HistoryServerCapabilities_DeleteAtTimeCapability
            | V::HistoryServerCapabilities_InsertAnnotationCapability
            | V::HistoryServerCapabilities_ServerTimestampSupported => is_there.into(),
            V::HistoryServerCapabilities_MaxReturnDataValues => count(limits.history_values),
            V::HistoryServerCapabilities_AccessHistoryEventsCapability
            | V::HistoryServerCapabilities_InsertEventCapability
            | V::HistoryServerCapabilities_ReplaceEventCapability
            | V::HistoryServerCapabilities_UpdateEventCapability
            | V::HistoryServerCapabilities_DeleteEventCapability => self.events.is_some().into(),
            V::HistoryServerCapabilities_MaxReturnEventValues if self.events.is_some() => {
                count(limits.history_values)
            }
            V::HistoryServerCapabilities_MaxReturnEventValues => 0_u32.into(),
            V::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadEvents
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateEvents => {
                count(limits.operations)
            }
            _ => return None,
        })
    }
}

//! The Server object's values that change: status, capabilities, diagnostics (Part 5, 6.3).

use std::sync::LazyLock;

use opcua_types::{
    BuildInfo, DataValue, DateTime, ExtensionObject, LocalizedText, NumericRange, QualifiedName,
    ServerState, ServerStatusDataType, StatusCode, UAString, VariableId, Variant,
};

use crate::engine::Snapshot;
use crate::historian::Order;
use crate::time::{self, Timestamp};
use crate::ua::claims;
use crate::ua::connection::Connection;
use crate::ua::event;
use crate::ua::server::Server;
use crate::ua::service::MOST_CLAUSES;
use crate::ua::space::{LiveId, NodeRef};
use crate::ua::structure;
use crate::ua::value::LiveValue;

impl Server {
    /// A value that the server knows at the moment.
    pub fn live(&self, id: LiveId, snapshot: &Snapshot) -> Option<LiveValue> {
        match id {
            LiveId::Server(number) => {
                if let Some(value) = self.live_transaction(number) {
                    return Some(value);
                }
                let value = self.live_variable(number, snapshot)?;
                Some(LiveValue { value, status: StatusCode::Good, source: time::now() })
            }
            LiveId::Session(session, member) => {
                let value = self.session_value(session, member)?;
                Some(LiveValue { value, status: StatusCode::Good, source: time::now() })
            }
            LiveId::Alarm(alarm, member) => self.alarm_value(alarm, member, snapshot),
            LiveId::Role(role, field) => {
                let value = self.role_value(role, field)?;
                Some(LiveValue { value, status: StatusCode::Good, source: time::now() })
            }
            LiveId::Approval(node) => self.approval_value(node),
            LiveId::Stored(index) => self.stored.borrow().get(index).cloned(),
            LiveId::Structure(device, number) => {
                let row = self.space.structure(device, number)?;
                Some(structure::compose(self.space.table(), snapshot, device, row))
            }
        }
    }

    /// Writes a value that the server keeps. Items on a variable whose range or unit this is say so (MON-20).
    pub fn store(
        &self,
        index: u32,
        part: &NumericRange,
        value: DataValue,
    ) -> Result<(), StatusCode> {
        self.stored.borrow_mut().write(&self.space, (index, part), value, time::now())?;
        self.record_stored(index);
        if let Some(variable) = self.space.described_by(index) {
            self.subscriptions.borrow_mut().mean_anew(LiveId::Stored(variable));
            let variable = NodeRef::Static(variable);
            self.raise(event::semantic_change(
                &self.space,
                variable,
                self.event_ids.next(),
                time::now(),
            ));
        }
        if let Some(severity) = self.space.is_trigger(index).then(|| self.severity_of(index)) {
            let (trigger, id) = (NodeRef::Static(index), self.event_ids.next());
            self.raise(event::triggered(&self.space, trigger, severity, id, time::now()));
        }
        Ok(())
    }

    /// Has the historian record what a variable of the fixture holds now, if it has a history. A historian that is
    /// behind misses it.
    fn record_stored(&self, index: u32) {
        let Some(history) = &self.history else { return };
        let Some(kept) = self.space.kept(NodeRef::Static(index)) else { return };
        let Some(live) = self.stored.borrow().get(index).cloned() else { return };
        let value = DataValue {
            value: Some(live.value),
            status: Some(live.status),
            source_timestamp: Some(date_time(live.source)),
            ..DataValue::default()
        };
        if let Ok(sample) = kept.sample_of(&value)
            && history.orders.try_send(Order::Samples(vec![(kept.path, sample)])).is_err()
        {
            history.report.miss();
        }
    }

    /// Severity, 1 to 1000, that the value of the fixture's trigger stands for.
    fn severity_of(&self, index: u32) -> u16 {
        match self.stored.borrow().get(index).map(|it| &it.value) {
            Some(Variant::UInt32(severity)) => (*severity).clamp(1, 1000) as u16,
            _ => 1,
        }
    }

    /// The value of a variable of the Server object by its number in namespace 0.
    fn live_variable(&self, id: u32, snapshot: &Snapshot) -> Option<Variant> {
        let variable = VariableId::try_from(id).ok()?;
        self.live_status(variable)
            .or_else(|| self.live_capability(variable))
            .or_else(|| self.live_diagnostics(variable))
            .or_else(|| self.live_history(variable))
            .or_else(|| self.live_push(id))
            .or_else(|| self.live_users(variable))
            .or_else(|| {
                (id == VariableId::Server_ServiceLevel as u32).then(|| service_level(snapshot))
            })
    }

    /// Whether a channel may be used for more than discovery: a None channel needs a None endpoint.
    pub fn allows_sessions(&self, connection: &Connection) -> bool {
        let channel = connection.channel.borrow();
        channel.as_ref().is_some_and(|it| self.endpoints.offered.contains(&it.endpoint()))
    }

    fn live_status(&self, variable: VariableId) -> Option<Variant> {
        use VariableId as V;
        let build = build_info(&self.config.product_uri);
        Some(match variable {
            V::Server_ServerStatus => ExtensionObject::from_message(self.status()).into(),
            V::Server_ServerStatus_StartTime => date_time(self.start_time).into(),
            V::Server_ServerStatus_CurrentTime => date_time(time::now()).into(),
            V::Server_ServerStatus_State => (self.state() as i32).into(),
            V::Server_ServerStatus_BuildInfo => ExtensionObject::from_message(build).into(),
            V::Server_ServerStatus_BuildInfo_ProductUri => build.product_uri.into(),
            V::Server_ServerStatus_BuildInfo_ManufacturerName => build.manufacturer_name.into(),
            V::Server_ServerStatus_BuildInfo_ProductName => build.product_name.into(),
            V::Server_ServerStatus_BuildInfo_SoftwareVersion => build.software_version.into(),
            V::Server_ServerStatus_BuildInfo_BuildNumber => build.build_number.into(),
            V::Server_ServerStatus_BuildInfo_BuildDate => build.build_date.into(),
            V::Server_ServerStatus_SecondsTillShutdown => self.shutdown.seconds_left().into(),
            V::Server_ServerStatus_ShutdownReason => self.shutdown_reason().into(),
            V::Server_ServerArray => texts(&[&self.endpoints.application_uri]),
            V::Server_NamespaceArray => {
                let uris = self.space.namespaces();
                texts(&uris.iter().map(String::as_str).collect::<Vec<_>>())
            }
            V::Server_Auditing => self.trail.is_working().into(),
            V::Server_EstimatedReturnTime => {
                self.shutdown.plan().map_or_else(DateTime::null, |it| it.returns).into()
            }
            _ => return None,
        })
    }

    fn shutdown_reason(&self) -> LocalizedText {
        self.shutdown.plan().map_or_else(LocalizedText::null, |it| it.reason)
    }

    /// ServerStatus.State.
    pub(super) fn state(&self) -> ServerState {
        if self.shutdown.is_begun() { ServerState::Shutdown } else { ServerState::Running }
    }

    fn status(&self) -> ServerStatusDataType {
        ServerStatusDataType {
            start_time: date_time(self.start_time),
            current_time: date_time(time::now()),
            state: self.state(),
            build_info: build_info(&self.config.product_uri),
            seconds_till_shutdown: self.shutdown.seconds_left(),
            shutdown_reason: self.shutdown_reason(),
        }
    }

    /// ServerCapabilities: the very numbers that are enforced (RD-19).
    fn live_capability(&self, variable: VariableId) -> Option<Variant> {
        use VariableId as V;
        let limits = &self.config.limits;
        let count = |number: usize| Variant::from(u32::try_from(number).unwrap_or(u32::MAX));
        Some(match variable {
            V::Server_ServerCapabilities_ServerProfileArray => texts(claims::PROFILES),
            V::Server_ServerCapabilities_LocaleIdArray => texts(&["en"]),
            V::Server_ServerCapabilities_MinSupportedSampleRate => self.port.scan_ms.into(),
            V::Server_ServerCapabilities_MaxBrowseContinuationPoints => {
                u16::try_from(limits.continuation_points).unwrap_or(u16::MAX).into()
            }
            V::Server_ServerCapabilities_MaxQueryContinuationPoints => 0_u16.into(),
            V::Server_ServerCapabilities_MaxHistoryContinuationPoints => {
                let bound = self.history.as_ref().map_or(0, |_| limits.history_continuation_points);
                u16::try_from(bound).unwrap_or(u16::MAX).into()
            }
            V::Server_ServerCapabilities_SoftwareCertificates => {
                Variant::from(Vec::<ExtensionObject>::new())
            }
            V::Server_ServerCapabilities_MaxArrayLength => count(limits.array_length),
            V::Server_ServerCapabilities_MaxStringLength
            | V::Server_ServerCapabilities_MaxByteStringLength => count(limits.string_bytes),
            V::Server_ServerCapabilities_MaxSessions => count(limits.sessions),
            V::Server_ServerCapabilities_MaxSubscriptions => count(limits.subscriptions),
            V::Server_ServerCapabilities_MaxMonitoredItems => count(limits.monitored_items),
            V::Server_ServerCapabilities_MaxSubscriptionsPerSession => {
                count(limits.subscriptions_per_session)
            }
            V::Server_ServerCapabilities_MaxMonitoredItemsPerSubscription => {
                count(limits.monitored_items_per_subscription)
            }
            V::Server_ServerCapabilities_MaxSelectClauseParameters
            | V::Server_ServerCapabilities_MaxWhereClauseParameters => MOST_CLAUSES.into(),
            V::Server_ServerCapabilities_MaxMonitoredItemsQueueSize => limits.queue_size.into(),
            V::Server_ServerCapabilities_ConformanceUnits => units(claims::UNITS),
            V::Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes
            | V::Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds
            | V::Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall => {
                count(limits.operations)
            }
            _ => return None,
        })
    }
}

fn service_level(snapshot: &Snapshot) -> Variant {
    // Part 4, 6.6.2.4.2: 200 and above is healthy; without a scan there is no data yet.
    let level: u8 = if snapshot.chunks.is_empty() { 1 } else { 255 };
    level.into()
}

fn texts(all: &[&str]) -> Variant {
    Variant::from(all.iter().map(|it| UAString::from(*it)).collect::<Vec<_>>())
}

/// Names of conformance units, which belong to namespace 0.
fn units(names: &[&str]) -> Variant {
    Variant::from(names.iter().map(|it| QualifiedName::new(0, *it)).collect::<Vec<_>>())
}

fn date_time(time: Timestamp) -> DateTime {
    DateTime::from(time.ticks())
}

/// The file date of the running binary stands for its build date.
static BUILD_DATE: LazyLock<Timestamp> = LazyLock::new(|| {
    let modified =
        std::env::current_exe().and_then(|it| it.metadata()).and_then(|it| it.modified());
    let since = modified.ok().and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(Timestamp::default(), |it| Timestamp::from_unix_us(it.as_micros() as i64))
});

fn build_info(product_uri: &str) -> BuildInfo {
    BuildInfo {
        product_uri: product_uri.into(),
        manufacturer_name: "Cellhouse".into(),
        product_name: "Cellhouse OPC UA server".into(),
        software_version: env!("CARGO_PKG_VERSION").into(),
        build_number: env!("CARGO_PKG_VERSION").into(),
        build_date: date_time(*BUILD_DATE),
    }
}

//! How often a session has used each service (SessionDiagnosticsDataType, Part 5, 12.12).

use opcua_types::{ObjectId, ServiceCounterDataType};

/// Services that are counted one by one, by the id of their request's binary encoding.
const SERVICES: &[ObjectId] = &[
    ObjectId::ReadRequest_Encoding_DefaultBinary,
    ObjectId::HistoryReadRequest_Encoding_DefaultBinary,
    ObjectId::WriteRequest_Encoding_DefaultBinary,
    ObjectId::HistoryUpdateRequest_Encoding_DefaultBinary,
    ObjectId::CallRequest_Encoding_DefaultBinary,
    ObjectId::CreateMonitoredItemsRequest_Encoding_DefaultBinary,
    ObjectId::ModifyMonitoredItemsRequest_Encoding_DefaultBinary,
    ObjectId::SetMonitoringModeRequest_Encoding_DefaultBinary,
    ObjectId::SetTriggeringRequest_Encoding_DefaultBinary,
    ObjectId::DeleteMonitoredItemsRequest_Encoding_DefaultBinary,
    ObjectId::CreateSubscriptionRequest_Encoding_DefaultBinary,
    ObjectId::ModifySubscriptionRequest_Encoding_DefaultBinary,
    ObjectId::SetPublishingModeRequest_Encoding_DefaultBinary,
    ObjectId::PublishRequest_Encoding_DefaultBinary,
    ObjectId::RepublishRequest_Encoding_DefaultBinary,
    ObjectId::TransferSubscriptionsRequest_Encoding_DefaultBinary,
    ObjectId::DeleteSubscriptionsRequest_Encoding_DefaultBinary,
    ObjectId::AddNodesRequest_Encoding_DefaultBinary,
    ObjectId::AddReferencesRequest_Encoding_DefaultBinary,
    ObjectId::DeleteNodesRequest_Encoding_DefaultBinary,
    ObjectId::DeleteReferencesRequest_Encoding_DefaultBinary,
    ObjectId::BrowseRequest_Encoding_DefaultBinary,
    ObjectId::BrowseNextRequest_Encoding_DefaultBinary,
    ObjectId::TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary,
    ObjectId::QueryFirstRequest_Encoding_DefaultBinary,
    ObjectId::QueryNextRequest_Encoding_DefaultBinary,
    ObjectId::RegisterNodesRequest_Encoding_DefaultBinary,
    ObjectId::UnregisterNodesRequest_Encoding_DefaultBinary,
];

/// Requests of one session.
#[derive(Clone, Debug)]
pub struct ServiceCounts {
    each: Box<[ServiceCounterDataType]>,
    total: ServiceCounterDataType,
    unauthorized: u32,
}

impl Default for ServiceCounts {
    fn default() -> Self {
        let each = SERVICES.iter().map(|_| ServiceCounterDataType::default()).collect();
        Self { each, total: ServiceCounterDataType::default(), unauthorized: 0 }
    }
}

impl ServiceCounts {
    /// Counts a request by the id of its binary encoding.
    pub fn add(&mut self, request: u32, is_error: bool, is_unauthorized: bool) {
        let service = SERVICES.iter().position(|it| *it as u32 == request);
        let own = service.and_then(|it| self.each.get_mut(it));
        for counter in own.into_iter().chain([&mut self.total]) {
            counter.total_count = counter.total_count.wrapping_add(1);
            counter.error_count = counter.error_count.wrapping_add(u32::from(is_error));
        }
        self.unauthorized = self.unauthorized.wrapping_add(u32::from(is_unauthorized));
    }

    /// Requests of one service.
    pub fn of(&self, request: ObjectId) -> ServiceCounterDataType {
        let service = SERVICES.iter().position(|it| *it == request);
        service.and_then(|it| self.each.get(it)).cloned().unwrap_or_default()
    }

    /// All requests.
    pub fn total(&self) -> ServiceCounterDataType {
        self.total.clone()
    }

    /// Requests that the user had no right to.
    pub fn unauthorized(&self) -> u32 {
        self.unauthorized
    }
}

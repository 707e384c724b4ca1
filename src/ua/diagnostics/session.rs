//! What is known of one session (Part 5, 7.9 to 7.12).

use opcua_types::{
    ByteString, ExtensionObject, ObjectId, SessionDiagnosticsDataType,
    SessionSecurityDiagnosticsDataType, Variant,
};

use crate::config::EndpointConfig;
use crate::time;
use crate::ua::channel::Channel;
use crate::ua::crypto;
use crate::ua::diagnostics::structures;
use crate::ua::endpoint;
use crate::ua::server::Server;
use crate::ua::session::Session;
use crate::ua::space::session_id;
use crate::ua::subscription::SessionKey;
use crate::ua::value::date_time;

/// Path of the security diagnostics below a session's object.
pub(super) const SECURITY_PATH: &str = "SessionSecurityDiagnostics";
const SESSION_PATH: &str = "SessionDiagnostics";

impl Server {
    /// The value of a variable below a session's object; `None` once the session has gone.
    pub fn session_value(&self, session: u32, member: u16) -> Option<Variant> {
        let sessions = self.sessions.borrow();
        let found = sessions.get(SessionKey(session))?;
        let path = self.space.session_path(member);
        let (group, field) = path.split_once('.').unwrap_or((path, ""));
        match group {
            SESSION_PATH => session_field(self.session_diagnostics(found), field),
            SECURITY_PATH => security_field(self.session_security(found), field),
            _ => Some(structures(self.subscription_diagnostics(Some(found.key)))),
        }
    }

    pub(super) fn session_diagnostics(&self, session: &Session) -> SessionDiagnosticsDataType {
        use ObjectId as O;
        let of = |request| session.counts.of(request);
        let (subscriptions, items, publish_requests) =
            self.subscriptions.borrow().counts_of(session.key);
        let idle = time::monotonic().saturating_duration_since(session.last_used);
        let last_contact = time::now().plus_s(-idle.as_secs_f64());
        SessionDiagnosticsDataType {
            session_id: session_id(session.key.0),
            session_name: session.client.name.as_str().into(),
            client_description: session.client.description.clone(),
            server_uri: self.endpoints.application_uri.as_str().into(),
            endpoint_url: session.client.endpoint_url.as_str().into(),
            locale_ids: Some(session.locales.iter().map(|it| it.as_str().into()).collect()),
            actual_session_timeout: session.client.timeout.as_secs_f64() * 1000.0,
            max_response_message_size: session.client.max_response_bytes,
            client_connection_time: date_time(session.client.created),
            client_last_contact_time: date_time(last_contact),
            current_subscriptions_count: subscriptions,
            current_monitored_items_count: items,
            current_publish_requests_in_queue: publish_requests,
            total_request_count: session.counts.total(),
            unauthorized_request_count: session.counts.unauthorized(),
            read_count: of(O::ReadRequest_Encoding_DefaultBinary),
            history_read_count: of(O::HistoryReadRequest_Encoding_DefaultBinary),
            write_count: of(O::WriteRequest_Encoding_DefaultBinary),
            history_update_count: of(O::HistoryUpdateRequest_Encoding_DefaultBinary),
            call_count: of(O::CallRequest_Encoding_DefaultBinary),
            create_monitored_items_count: of(O::CreateMonitoredItemsRequest_Encoding_DefaultBinary),
            modify_monitored_items_count: of(O::ModifyMonitoredItemsRequest_Encoding_DefaultBinary),
            set_monitoring_mode_count: of(O::SetMonitoringModeRequest_Encoding_DefaultBinary),
            set_triggering_count: of(O::SetTriggeringRequest_Encoding_DefaultBinary),
            delete_monitored_items_count: of(O::DeleteMonitoredItemsRequest_Encoding_DefaultBinary),
            create_subscription_count: of(O::CreateSubscriptionRequest_Encoding_DefaultBinary),
            modify_subscription_count: of(O::ModifySubscriptionRequest_Encoding_DefaultBinary),
            set_publishing_mode_count: of(O::SetPublishingModeRequest_Encoding_DefaultBinary),
            publish_count: of(O::PublishRequest_Encoding_DefaultBinary),
            republish_count: of(O::RepublishRequest_Encoding_DefaultBinary),
            transfer_subscriptions_count: of(
                O::TransferSubscriptionsRequest_Encoding_DefaultBinary,
            ),
            delete_subscriptions_count: of(O::DeleteSubscriptionsRequest_Encoding_DefaultBinary),
            add_nodes_count: of(O::AddNodesRequest_Encoding_DefaultBinary),
            add_references_count: of(O::AddReferencesRequest_Encoding_DefaultBinary),
            delete_nodes_count: of(O::DeleteNodesRequest_Encoding_DefaultBinary),
            delete_references_count: of(O::DeleteReferencesRequest_Encoding_DefaultBinary),
            browse_count: of(O::BrowseRequest_Encoding_DefaultBinary),
            browse_next_count: of(O::BrowseNextRequest_Encoding_DefaultBinary),
            translate_browse_paths_to_node_ids_count: of(
                O::TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary,
            ),
            query_first_count: of(O::QueryFirstRequest_Encoding_DefaultBinary),
            query_next_count: of(O::QueryNextRequest_Encoding_DefaultBinary),
            register_nodes_count: of(O::RegisterNodesRequest_Encoding_DefaultBinary),
            unregister_nodes_count: of(O::UnregisterNodesRequest_Encoding_DefaultBinary),
        }
    }

    pub(super) fn session_security(&self, session: &Session) -> SessionSecurityDiagnosticsDataType {
        let connections = self.connections.borrow();
        let channel = connections.get(&session.channel).map(|it| it.channel.borrow());
        let opened: Option<EndpointConfig> =
            channel.as_ref().and_then(|it| it.as_ref()).map(Channel::endpoint);
        let identity = session.identity.as_ref();
        let mechanism = match identity {
            None => "",
            Some(it) if it.is_anonymous => "Anonymous",
            Some(_) => "UserName",
        };
        SessionSecurityDiagnosticsDataType {
            session_id: session_id(session.key.0),
            client_user_id_of_session: identity.map_or("", |it| it.user.as_str()).into(),
            client_user_id_history: Some(
                session.users.iter().map(|it| it.as_str().into()).collect(),
            ),
            authentication_mechanism: mechanism.into(),
            encoding: "UA Binary".into(),
            transport_protocol: "opc.tcp".into(),
            security_mode: opened.map(endpoint::mode_of).unwrap_or_default(),
            security_policy_uri: opened.map_or("", |it| crypto::policy_uri(it.policy)).into(),
            client_certificate: ByteString::from(session.client.client_certificate.as_slice()),
        }
    }
}

/// Picks one field by the BrowseName of its variable, or the whole structure by an empty one.
macro_rules! pick {
    ($from:ident, $name:ident, plain { $($plain:ident = $text:literal),* $(,)? }, structure { $($inner:ident = $label:literal),* $(,)? }) => {
        match $name {
            "" => Some(ExtensionObject::from_message($from).into()),
            $($text => Some(Variant::from($from.$plain)),)*
            $($label => Some(ExtensionObject::from_message($from.$inner).into()),)*
            _ => None,
        }
    };
}

fn session_field(all: SessionDiagnosticsDataType, name: &str) -> Option<Variant> {
    if name == "LocaleIds" {
        return Some(all.locale_ids.unwrap_or_default().into());
    }
    pick!(all, name, plain {
        session_id = "SessionId",
        session_name = "SessionName",
        server_uri = "ServerUri",
        endpoint_url = "EndpointUrl",
        actual_session_timeout = "ActualSessionTimeout",
        max_response_message_size = "MaxResponseMessageSize",
        client_connection_time = "ClientConnectionTime",
        client_last_contact_time = "ClientLastContactTime",
        current_subscriptions_count = "CurrentSubscriptionsCount",
        current_monitored_items_count = "CurrentMonitoredItemsCount",
        current_publish_requests_in_queue = "CurrentPublishRequestsInQueue",
        unauthorized_request_count = "UnauthorizedRequestCount",
    }, structure {
        client_description = "ClientDescription",
        total_request_count = "TotalRequestCount",
        read_count = "ReadCount",
        history_read_count = "HistoryReadCount",
        write_count = "WriteCount",
        history_update_count = "HistoryUpdateCount",
        call_count = "CallCount",
        create_monitored_items_count = "CreateMonitoredItemsCount",
        modify_monitored_items_count = "ModifyMonitoredItemsCount",
        set_monitoring_mode_count = "SetMonitoringModeCount",
        set_triggering_count = "SetTriggeringCount",
        delete_monitored_items_count = "DeleteMonitoredItemsCount",
        create_subscription_count = "CreateSubscriptionCount",
        modify_subscription_count = "ModifySubscriptionCount",
        set_publishing_mode_count = "SetPublishingModeCount",
        publish_count = "PublishCount",
        republish_count = "RepublishCount",
        transfer_subscriptions_count = "TransferSubscriptionsCount",
        delete_subscriptions_count = "DeleteSubscriptionsCount",
        add_nodes_count = "AddNodesCount",
        add_references_count = "AddReferencesCount",
        delete_nodes_count = "DeleteNodesCount",
        delete_references_count = "DeleteReferencesCount",
        browse_count = "BrowseCount",
        browse_next_count = "BrowseNextCount",
        translate_browse_paths_to_node_ids_count = "TranslateBrowsePathsToNodeIdsCount",
        query_first_count = "QueryFirstCount",
        query_next_count = "QueryNextCount",
        register_nodes_count = "RegisterNodesCount",
        unregister_nodes_count = "UnregisterNodesCount",
    })
}

fn security_field(all: SessionSecurityDiagnosticsDataType, name: &str) -> Option<Variant> {
    match name {
        "ClientUserIdHistory" => {
            return Some(all.client_user_id_history.unwrap_or_default().into());
        }
        "SecurityMode" => return Some((all.security_mode as i32).into()),
        _ => {}
    }
    pick!(all, name, plain {
        session_id = "SessionId",
        client_user_id_of_session = "ClientUserIdOfSession",
        authentication_mechanism = "AuthenticationMechanism",
        encoding = "Encoding",
        transport_protocol = "TransportProtocol",
        security_policy_uri = "SecurityPolicyUri",
        client_certificate = "ClientCertificate",
    }, structure {})
}

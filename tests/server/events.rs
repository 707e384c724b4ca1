//! Events over the wire: who hears none (EVT-13). What those hear who may is shown by the conformance runner
//! and by the clients.

use opcua_types::{
    AttributeId, ContentFilter, EventFilter, ExtensionObject, MonitoredItemCreateRequest,
    MonitoringMode, MonitoringParameters, QualifiedName, SimpleAttributeOperand, StatusCode,
};

use crate::items::{create, subscribe};
use crate::raw::{Server, standard};
use crate::values::value;

#[test]
fn evt_13_who_may_not_read_the_process_hears_nothing_of_it() {
    let server = Server::with("anonymous_roles = []\n");
    let mut raw = server.session();
    let subscription = subscribe(&mut raw, 100.0).subscription_id;
    let clause = SimpleAttributeOperand {
        type_definition_id: standard(2041),
        browse_path: Some(vec![QualifiedName::new(0, "Message")]),
        attribute_id: AttributeId::Value as u32,
        ..SimpleAttributeOperand::default()
    };
    let filter = EventFilter {
        select_clauses: Some(vec![clause]),
        where_clause: ContentFilter { elements: None },
    };
    let mut item = MonitoredItemCreateRequest {
        item_to_monitor: value(standard(2253)),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            filter: ExtensionObject::from_message(filter),
            ..MonitoringParameters::default()
        },
    };
    item.item_to_monitor.attribute_id = AttributeId::EventNotifier as u32;
    let results = create(&mut raw, subscription, vec![item]).unwrap();
    assert_eq!(results[0].status_code, StatusCode::BadUserAccessDenied);
}

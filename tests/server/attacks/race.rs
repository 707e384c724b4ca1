//! Requests that undo each other, sent before the answer to the first is there.

use cellhouse::time;
use opcua_types::{
    BrowseNextRequest, BrowseRequest, BrowseResponse, CallMethodRequest, CallRequest,
    DeleteMonitoredItemsRequest, DeleteSubscriptionsRequest, ModifyMonitoredItemsRequest,
    MonitoredItemModifyRequest, MonitoringParameters, PublishRequest, TimestampsToReturn,
};

use crate::alarm_mass::listen;
use crate::attacks::{goes_on, withstands};
use crate::items::{create, item, subscribe};
use crate::raw::{standard, tag};
use crate::view::below;

#[test]
fn attack_items_that_are_changed_and_deleted_at_once() {
    withstands("", |ground| {
        let (begun, mut rounds) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let id = subscribe(&mut raw, 50.0).subscription_id;
            let wanted =
                (0..100).map(|it| item(tag("Line1.EL101.Electrical.CellVoltage"), it)).collect();
            let made: Vec<u32> = create(&mut raw, id, wanted)
                .unwrap()
                .iter()
                .map(|it| it.monitored_item_id)
                .collect();
            let modify = ModifyMonitoredItemsRequest {
                request_header: raw.header(),
                subscription_id: id,
                timestamps_to_return: TimestampsToReturn::Both,
                items_to_modify: Some(
                    made.iter()
                        .map(|it| MonitoredItemModifyRequest {
                            monitored_item_id: *it,
                            requested_parameters: MonitoringParameters {
                                queue_size: 100,
                                ..MonitoringParameters::default()
                            },
                        })
                        .collect(),
                ),
            };
            let delete = DeleteMonitoredItemsRequest {
                request_header: raw.header(),
                subscription_id: id,
                monitored_item_ids: Some(made),
            };
            let end = DeleteSubscriptionsRequest {
                request_header: raw.header(),
                subscription_ids: Some(vec![id]),
            };
            let publish = PublishRequest {
                request_header: raw.header(),
                subscription_acknowledgements: None,
            };
            raw.ask(&publish);
            raw.ask(&modify);
            raw.ask(&delete);
            raw.ask(&modify);
            raw.ask(&end);
            raw.ask(&modify);
            raw.ask(&delete);
            (0..7).for_each(|_| drop(raw.message()));
            rounds += 1;
        }
        format!("{rounds} subscriptions whose items are changed, deleted and changed again")
    });
}

#[test]
fn attack_browses_that_go_on_twice() {
    withstands("", |ground| {
        let (begun, mut rounds) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let request = BrowseRequest {
                request_header: raw.header(),
                requested_max_references_per_node: 1,
                nodes_to_browse: Some(vec![below(tag("Line1"))]),
                ..Default::default()
            };
            let answer: BrowseResponse = raw.call(&request).unwrap();
            let point = answer.results.unwrap().remove(0).continuation_point;
            for release in [false, true, false, true] {
                let next = BrowseNextRequest {
                    request_header: raw.header(),
                    release_continuation_points: release,
                    continuation_points: Some(vec![point.clone(); 3]),
                };
                raw.ask(&next);
            }
            (0..4).for_each(|_| drop(raw.message()));
            rounds += 1;
        }
        format!("{rounds} browses that go on and are released at once")
    });
}

#[test]
fn attack_refreshes_without_end() {
    /// ConditionType, and its ConditionRefresh.
    const CONDITIONS: u32 = 2782;
    const REFRESH: u32 = 3875;
    withstands("", |ground| {
        let (begun, mut asked) = (time::monotonic(), 0);
        while goes_on(begun) {
            let mut raw = ground.session();
            let id = listen(&mut raw, 1000);
            let call = CallRequest {
                request_header: raw.header(),
                methods_to_call: Some(vec![
                    CallMethodRequest {
                        object_id: standard(CONDITIONS),
                        method_id: standard(REFRESH),
                        input_arguments: Some(vec![id.into()]),
                    };
                    100
                ]),
            };
            let end = DeleteSubscriptionsRequest {
                request_header: raw.header(),
                subscription_ids: Some(vec![id]),
            };
            let publish = PublishRequest {
                request_header: raw.header(),
                subscription_acknowledgements: None,
            };
            for _ in 0..5 {
                raw.ask(&publish);
                raw.ask(&call);
            }
            raw.ask(&end);
            raw.ask(&call);
            // The connection goes with answers under way.
            asked += 600;
        }
        format!("{asked} refreshes, of subscriptions that go meanwhile")
    });
}

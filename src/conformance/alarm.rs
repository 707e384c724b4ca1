//! 4.14: alarms and conditions (Part 9).

use opcua_types::{BrowseDescription, BrowseRequest, BrowseResponse, NodeId};

use crate::conformance::bench::standard;
use crate::conformance::expect::good;
use crate::conformance::material::hierarchical;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of alarms.
pub(super) const CASES: &[Case] = &[
    case("AC-01", "a limit is crossed, crossed further, and left again", conditions),
    case("AC-02", "exclusive and non-exclusive alarms of level, deviation and rate", conditions),
    case("AC-03", "discrete alarms: off normal, trip, system off normal", conditions),
    case("AC-04", "Acknowledge with the right EventId and a comment", conditions),
    case("AC-05", "unknown and null EventIds", conditions),
    case("AC-06", "Acknowledge and Confirm for the second time", conditions),
    case("AC-07", "Confirm before Acknowledge", conditions),
    case("AC-08", "methods of a disabled condition", conditions),
    case("AC-09", "methods with wrong arguments", conditions),
    case("AC-10", "comments that are empty, null, or a locale only", conditions),
    case("AC-11", "Enable of the enabled, Disable of the disabled", conditions),
    case("AC-12", "a disabled condition is silent", conditions),
    case("AC-13", "methods by the type and by the instance", conditions),
    case("AC-14", "ConditionRefresh tells every retained condition", conditions),
    case("AC-15", "ConditionRefresh twice at once, and of others' subscriptions", conditions),
    case("AC-16", "ConditionRefresh2 of items without events", conditions),
    case("AC-17", "ConditionRefresh without end is bounded", conditions),
    case("AC-18", "an alarm that comes again before it was acknowledged", conditions),
    case("AC-19", "shelving for a time, once, and its end", conditions),
    case("AC-20", "shelving times out of range, and of what is shelved already", conditions),
    case("AC-21", "suppression, out of service, silence, reset", conditions),
    case("AC-22", "delays, alarming again, first in group", conditions),
    case("AC-23", "dialogs", conditions),
    case("AC-24", "a bad source value", conditions),
    case("AC-25", "a restart with active alarms", conditions),
    case("AC-26", "audit events of acknowledge, confirm, enable, shelve, comment", conditions),
    case("AC-27", "a thousand alarms in a second for three subscribers", conditions),
    case("AC-28", "alarms go on for a client that comes again", conditions),
    case("AC-29", "the alarm of a certificate near its end", conditions),
    case("AC-30", "alarm metrics and groups", conditions),
    case("AC-31", "each condition is found below its equipment", conditions),
];

/// HasCondition: every source of conditions has it (Part 9, 5.12).
const HAS_CONDITION: u32 = 9006;
/// Objects per request.
const BATCH: usize = 50;

/// Whether any object has a condition. The runner knows no more of alarms yet.
fn conditions(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let material = bench.material()?;
    let server = [standard(2253)];
    let objects: Vec<&NodeId> = server.iter().chain(&material.objects).collect();
    for part in objects.chunks(BATCH) {
        let wanted = part.iter().map(|it| BrowseDescription {
            reference_type_id: standard(HAS_CONDITION),
            ..hierarchical((*it).clone())
        });
        let request = BrowseRequest {
            request_header: link.header(),
            requested_max_references_per_node: 1,
            nodes_to_browse: Some(wanted.collect()),
            ..BrowseRequest::default()
        };
        let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
        let mut results = response.results.unwrap_or_default().into_iter();
        if results.any(|it| it.references.is_some_and(|it| !it.is_empty())) {
            return Err(Stop::skipped("the runner does not look at conditions yet"));
        }
    }
    Err(Stop::skipped("the server has no conditions below its objects"))
}

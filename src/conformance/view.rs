//! 4.7: Browse, BrowseNext, TranslateBrowsePaths, RegisterNodes (Part 4, 5.9).

use std::collections::BTreeSet;

use opcua_types::{
    BrowseDescription, BrowseDirection, BrowseNextRequest, BrowseNextResponse, BrowseRequest,
    BrowseResponse, BrowseResult, ByteString, DateTime, NodeId, ReferenceDescription, StatusCode,
    Variant,
};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::material::hierarchical;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of the View service set.
pub(super) const CASES: &[Case] = &[
    case("VIW-01", "Root, Objects, Types and Server have their mandatory children", viw_01),
    case("VIW-02", "both directions are the union of each", viw_02),
    case("VIW-03", "a reference type filters, with and without subtypes", viw_03),
    case("VIW-04", "masks filter nodes and leave out fields", viw_04),
    case("VIW-05", "browsing nothing is an error", viw_05),
    case("VIW-06", "more nodes than the limit are refused", viw_06),
    case("VIW-07", "unknown and null nodes have their own codes", viw_07),
    case("VIW-08", "a direction that there is not", viw_08),
    case("VIW-09", "a reference type that is none", viw_09),
    case("VIW-10", "views that there are not", viw_10),
    case("VIW-11", "a bad node costs only itself", viw_11),
    case("VIW-12", "one reference at a time gives every reference once", viw_12),
    case("VIW-13", "a released continuation point is gone", viw_13),
    case("VIW-14", "foreign, garbled and huge continuation points are invalid", viw_14),
    case("VIW-15", "continuation points are bounded", viw_15),
    case("VIW-16", "several continuation points are independent", viw_16),
    case("VIW-17", "a node deleted between Browse and BrowseNext", viw_17),
    case("VIW-18", "what may not be browsed is not shown", viw_18),
    case("VIW-26", "Browse with a forged token is refused", viw_26),
    case("VIW-27", "every reference leads to a node that leads back", viw_27),
];

fn browse_request(link: &Link, nodes: Vec<BrowseDescription>, most: u32) -> BrowseRequest {
    BrowseRequest {
        request_header: link.header(),
        requested_max_references_per_node: most,
        nodes_to_browse: Some(nodes),
        ..BrowseRequest::default()
    }
}

fn browse(link: &mut Link, nodes: Vec<BrowseDescription>) -> Result<Vec<BrowseResult>, Stop> {
    let request = browse_request(link, nodes, 0);
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    Ok(response.results.unwrap_or_default())
}

fn next(
    link: &mut Link,
    points: Vec<ByteString>,
    release: bool,
) -> Result<Answer<BrowseNextResponse>, Stop> {
    let request = BrowseNextRequest {
        request_header: link.header(),
        release_continuation_points: release,
        continuation_points: Some(points),
    };
    link.call(&request)
}

/// Everything of one node: all references in one direction.
fn all(node: NodeId, direction: BrowseDirection) -> BrowseDescription {
    BrowseDescription {
        node_id: node,
        browse_direction: direction,
        reference_type_id: NodeId::null(),
        include_subtypes: true,
        node_class_mask: 0,
        result_mask: 63,
    }
}

fn references(
    link: &mut Link,
    description: BrowseDescription,
) -> Result<Vec<ReferenceDescription>, Stop> {
    let result = some(browse(link, vec![description])?.pop(), "the result of Browse")?;
    code(result.status_code, &[StatusCode::Good], "Browse")?;
    let mut found = result.references.unwrap_or_default();
    let mut point = result.continuation_point;
    while !point.is_null_or_empty() {
        let response = good(next(link, vec![point], false)?, "BrowseNext")?;
        let more = some(response.results.and_then(|mut it| it.pop()), "the result of BrowseNext")?;
        code(more.status_code, &[StatusCode::Good], "BrowseNext")?;
        found.extend(more.references.unwrap_or_default());
        point = more.continuation_point;
    }
    Ok(found)
}

/// A reference in few words, to be compared.
fn brief(it: &ReferenceDescription) -> String {
    format!("{} {} {}", it.reference_type_id, it.is_forward, it.node_id.node_id)
}

fn briefs(all: &[ReferenceDescription]) -> BTreeSet<String> {
    all.iter().map(brief).collect()
}

fn viw_01(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mandatory: [(u32, &[u32]); 4] = [
        (84, &[85, 86, 87]),
        (85, &[2253]),
        (86, &[88, 89, 90, 91]),
        (2253, &[2254, 2255, 2256, 2267, 2268, 2274, 2295, 2296]),
    ];
    for (parent, children) in mandatory {
        let found = references(&mut link, hierarchical(standard(parent)))?;
        for child in children {
            let is_there = found.iter().any(|it| it.node_id.node_id == standard(*child));
            that(is_there, format!("i={parent} has no child i={child}"))?;
        }
    }
    Ok(())
}

fn viw_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for node in [85, 2253, 2256, 58] {
        let forward = references(&mut link, all(standard(node), BrowseDirection::Forward))?;
        let inverse = references(&mut link, all(standard(node), BrowseDirection::Inverse))?;
        let both = references(&mut link, all(standard(node), BrowseDirection::Both))?;
        that(
            forward.iter().all(|it| it.is_forward),
            "an inverse reference among the forward ones",
        )?;
        that(
            inverse.iter().all(|it| !it.is_forward),
            "a forward reference among the inverse ones",
        )?;
        let union: BTreeSet<String> = briefs(&forward).union(&briefs(&inverse)).cloned().collect();
        equal(briefs(&both), union, &format!("both directions of i={node}"))?;
    }
    Ok(())
}

fn viw_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let server = |kind: u32, subtypes: bool| BrowseDescription {
        reference_type_id: standard(kind),
        include_subtypes: subtypes,
        ..all(standard(2253), BrowseDirection::Forward)
    };
    let components = references(&mut link, server(47, false))?;
    that(!components.is_empty(), "the Server object has no component")?;
    that(
        components.iter().all(|it| it.reference_type_id == standard(47)),
        "a reference that is not a HasComponent",
    )?;
    equal(
        references(&mut link, server(44, false))?.len(),
        0,
        "references of the abstract Aggregates",
    )?;
    let aggregated = references(&mut link, server(44, true))?;
    that(
        aggregated.len() > components.len(),
        "subtypes of Aggregates give no more than HasComponent",
    )?;
    let whole = references(&mut link, server(31, true))?;
    let any = references(&mut link, all(standard(2253), BrowseDirection::Forward))?;
    equal(briefs(&whole), briefs(&any), "all subtypes of References")
}

fn viw_04(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let masked = |class: u32, result: u32| BrowseDescription {
        node_class_mask: class,
        result_mask: result,
        ..hierarchical(standard(2253))
    };
    for class in [1_u32, 2, 4, 1 | 4] {
        let found = references(&mut link, masked(class, 63))?;
        let fits = found.iter().all(|it| it.node_class as u32 & class != 0);
        that(fits, format!("class mask {class} lets others through"))?;
    }
    let bare = references(&mut link, masked(0, 0))?;
    let is_bare = |it: &ReferenceDescription| {
        it.reference_type_id.is_null()
            && it.browse_name.is_null()
            && it.display_name.text.is_empty()
            && it.type_definition.node_id.is_null()
            && it.node_class as i32 == 0
    };
    that(bare.iter().all(is_bare), "result mask 0 and yet a field is filled")?;
    let named = references(&mut link, masked(0, 8))?;
    let has_name =
        named.iter().all(|it| !it.browse_name.is_null() && it.display_name.text.is_empty());
    that(has_name, "result mask 8 is the browse name and nothing else")
}

fn viw_05(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = browse_request(&link, Vec::new(), 0);
    refused(
        &link.call::<BrowseResponse>(&request)?,
        &[StatusCode::BadNothingToDo],
        "Browse of nothing",
    )
}

/// A limit of OperationLimits by its variable; `None` if there is none that a request can exceed.
pub(super) fn limit(link: &mut Link, variable: u32) -> Result<Option<usize>, Stop> {
    let result = read(link, vec![value(standard(variable))])?.pop().unwrap_or_default();
    Ok(match result.value {
        Some(Variant::UInt32(limit)) if limit > 0 && limit <= 20_000 => Some(limit as usize),
        _ => None,
    })
}

fn viw_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let most = limit(&mut link, 11710)?
        .ok_or_else(|| Stop::skipped("MaxNodesPerBrowse is not given or too large to exceed"))?;
    let many =
        vec![BrowseDescription { node_id: standard(84), ..hierarchical(standard(84)) }; most + 1];
    let wanted = [StatusCode::BadTooManyOperations];
    send_large(
        &mut link,
        &browse_request_body(many),
        &wanted,
        "one node more than MaxNodesPerBrowse",
    )
}

fn browse_request_body(nodes: Vec<BrowseDescription>) -> impl Fn(&Link) -> Vec<u8> {
    move |link| link.encode(&browse_request(link, nodes.clone(), 1))
}

/// Sends a request that needs several chunks; the service must be refused.
fn send_large(
    link: &mut Link,
    body: &dyn Fn(&Link) -> Vec<u8>,
    wanted: &[StatusCode],
    of: &str,
) -> Check {
    let whole = body(link);
    let request = link.request + 1;
    let parts: Vec<&[u8]> = whole.chunks(60_000).collect();
    for (index, part) in parts.iter().enumerate() {
        link.request = request - 1;
        let kind = if index + 1 == parts.len() { "MSGF" } else { "MSGC" };
        link.post(kind, part);
    }
    let answer = link.answer::<BrowseResponse>()?;
    let wanted =
        [wanted, &[StatusCode::BadRequestTooLarge, StatusCode::BadEncodingLimitsExceeded]].concat();
    refused(&answer, &wanted, of)
}

fn viw_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let results = browse(
        &mut link,
        vec![hierarchical(NodeId::new(0, 999_999)), hierarchical(NodeId::null())],
    )?;
    let statuses: Vec<StatusCode> = results.iter().map(|it| it.status_code).collect();
    let unknown = StatusCode::BadNodeIdUnknown;
    codes(&statuses, &[&[unknown], &[StatusCode::BadNodeIdInvalid, unknown]], "Browse")
}

fn viw_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = browse_request(&link, vec![hierarchical(standard(84))], 0);
    let mut body = link.encode(&request);
    // The direction stands behind the node's two-byte id, 15 bytes before the end of the description.
    let at = body.len() - 15;
    body[at..at + 4].copy_from_slice(&3_i32.to_le_bytes());
    link.post("MSGF", &body);
    let wanted = [StatusCode::BadBrowseDirectionInvalid];
    match link.answer::<BrowseResponse>()? {
        Ok(response) => {
            let result = some(response.results.and_then(|mut it| it.pop()), "the result")?;
            code(result.status_code, &wanted, "direction 3")
        }
        Err(status) => code(status, &[wanted[0], StatusCode::BadDecodingError], "direction 3"),
    }
}

fn viw_09(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let of = |kind: u32| BrowseDescription {
        reference_type_id: standard(kind),
        ..hierarchical(standard(84))
    };
    let results = browse(&mut link, vec![of(999_999), of(2253)])?;
    let statuses: Vec<StatusCode> = results.iter().map(|it| it.status_code).collect();
    let invalid: &[StatusCode] = &[StatusCode::BadReferenceTypeIdInvalid];
    codes(&statuses, &[invalid, invalid], "a reference type that is none")
}

fn viw_10(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut request = browse_request(&link, vec![hierarchical(standard(84))], 0);
    request.view.view_id = NodeId::new(0, 999_999);
    refused(
        &link.call::<BrowseResponse>(&request)?,
        &[StatusCode::BadViewIdUnknown],
        "a view that there is not",
    )?;
    request.view.view_id = NodeId::null();
    request.view.timestamp = DateTime::from(132_000_000_000_000_000_i64);
    let wanted = [
        StatusCode::BadViewTimestampInvalid,
        StatusCode::BadViewVersionInvalid,
        StatusCode::BadViewParameterMismatch,
        StatusCode::BadViewIdUnknown,
    ];
    refused(&link.call::<BrowseResponse>(&request)?, &wanted, "a view's time where there is none")
}

fn viw_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let nodes = [standard(84), NodeId::new(0, 999_999), standard(85)].map(hierarchical).to_vec();
    let statuses: Vec<StatusCode> =
        browse(&mut link, nodes)?.iter().map(|it| it.status_code).collect();
    let (fine, unknown): (&[StatusCode], &[StatusCode]) =
        (&[StatusCode::Good], &[StatusCode::BadNodeIdUnknown]);
    codes(&statuses, &[fine, unknown, fine], "Browse")
}

/// References of a node, so many at a time.
fn piecewise(link: &mut Link, node: NodeId, most: u32) -> Result<Vec<ReferenceDescription>, Stop> {
    let request = browse_request(link, vec![all(node, BrowseDirection::Both)], most);
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let mut result = some(response.results.and_then(|mut it| it.pop()), "the result of Browse")?;
    let mut found = Vec::new();
    loop {
        let part = result.references.take().unwrap_or_default();
        that(
            part.len() <= most as usize,
            format!("{} references where {most} were asked for", part.len()),
        )?;
        found.extend(part);
        if result.continuation_point.is_null_or_empty() {
            return Ok(found);
        }
        let response =
            good(next(link, vec![result.continuation_point.clone()], false)?, "BrowseNext")?;
        result = some(response.results.and_then(|mut it| it.pop()), "the result of BrowseNext")?;
        code(result.status_code, &[StatusCode::Good], "BrowseNext")?;
    }
}

fn viw_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let whole = references(&mut link, all(standard(2253), BrowseDirection::Both))?;
    for most in [1, 2, 3] {
        let found = piecewise(&mut link, standard(2253), most)?;
        equal(found.len(), whole.len(), &format!("references, {most} at a time"))?;
        equal(briefs(&found), briefs(&whole), &format!("references, {most} at a time"))?;
    }
    Ok(())
}

/// A continuation point of the Server object.
fn point(link: &mut Link) -> Result<ByteString, Stop> {
    let request = browse_request(link, vec![hierarchical(standard(2253))], 1);
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let result = some(response.results.and_then(|mut it| it.pop()), "the result of Browse")?;
    that(
        !result.continuation_point.is_null(),
        "no continuation point where one reference was asked for",
    )?;
    Ok(result.continuation_point)
}

fn next_codes(
    link: &mut Link,
    points: Vec<ByteString>,
    release: bool,
) -> Result<Vec<StatusCode>, Stop> {
    let response = good(next(link, points, release)?, "BrowseNext")?;
    Ok(response.results.unwrap_or_default().iter().map(|it| it.status_code).collect())
}

const POINT_INVALID: &[StatusCode] = &[StatusCode::BadContinuationPointInvalid];

fn viw_13(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let point = point(&mut link)?;
    codes(&next_codes(&mut link, vec![point.clone()], true)?, &[&[StatusCode::Good]], "release")?;
    codes(
        &next_codes(&mut link, vec![point.clone()], false)?,
        &[POINT_INVALID],
        "use after release",
    )?;
    let again = next_codes(&mut link, vec![point], true)?;
    codes(&again, &[&[StatusCode::BadContinuationPointInvalid, StatusCode::Good]], "second release")
}

fn viw_14(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut other = bench.session()?;
    let foreign = point(&mut other)?;
    let points = vec![foreign, ByteString::from(vec![0xee; 8]), ByteString::from(vec![1; 30_000])];
    let got = next_codes(&mut link, points, false)?;
    codes(&got, &[POINT_INVALID, POINT_INVALID, POINT_INVALID], "BrowseNext")
}

fn viw_15(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut refusals = 0;
    let mut points = Vec::new();
    for _ in 0..300 {
        let request = browse_request(&link, vec![hierarchical(standard(2253))], 1);
        let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
        let result = some(response.results.and_then(|mut it| it.pop()), "the result of Browse")?;
        if result.status_code.is_good() {
            points.push(result.continuation_point);
        } else {
            code(result.status_code, &[StatusCode::BadNoContinuationPoints], "one point too many")?;
            refusals += 1;
        }
    }
    if refusals > 0 {
        return Ok(());
    }
    let first = points.into_iter().next().unwrap_or_default();
    let got = next_codes(&mut link, vec![first], false)?;
    codes(&got, &[POINT_INVALID], "the oldest of 300 continuation points")
}

fn viw_16(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let nodes =
        vec![hierarchical(standard(2253)), hierarchical(standard(86)), hierarchical(standard(84))];
    let request = browse_request(&link, nodes, 1);
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default();
    let points: Vec<ByteString> = results.iter().map(|it| it.continuation_point.clone()).collect();
    that(points.iter().all(|it| !it.is_null()), "not every node has a continuation point")?;
    let response = good(next(&mut link, points.into_iter().rev().collect(), false)?, "BrowseNext")?;
    let again = response.results.unwrap_or_default();
    let statuses: Vec<StatusCode> = again.iter().map(|it| it.status_code).collect();
    let fine: &[StatusCode] = &[StatusCode::Good];
    codes(&statuses, &[fine, fine, fine], "BrowseNext of three")
}

fn viw_17(_: &Bench) -> Check {
    Err(Stop::skipped("no node can be deleted without NodeManagement"))
}

fn viw_18(_: &Bench) -> Check {
    Err(Stop::skipped("needs a user without the Browse permission"))
}

fn viw_26(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    link.session = NodeId::new(0, ByteString::from(vec![3; 36]));
    let request = browse_request(&link, vec![hierarchical(standard(84))], 0);
    let wanted = [StatusCode::BadSessionIdInvalid, StatusCode::BadSecurityChecksFailed];
    refused(&link.call::<BrowseResponse>(&request)?, &wanted, "Browse with a forged token")
}

fn viw_27(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut seen = BTreeSet::new();
    let mut level = vec![standard(84)];
    let mut definitions = BTreeSet::new();
    while let Some(node) = level.pop() {
        if seen.len() >= 400 {
            break;
        }
        for reference in references(&mut link, hierarchical(node.clone()))? {
            let target = reference.node_id.node_id;
            let definition = reference.type_definition.node_id;
            if !definition.is_null() {
                definitions.insert(definition.to_string());
            }
            if seen.insert(target.to_string()) {
                let back = references(&mut link, all(target.clone(), BrowseDirection::Inverse))?;
                let is_back = back.iter().any(|it| it.node_id.node_id == node);
                that(is_back, format!("{target} does not lead back to {node}"))?;
                level.push(target);
            }
        }
    }
    for definition in definitions {
        let node: NodeId =
            definition.parse().map_err(|_| Stop::failed(format!("{definition} is no NodeId")))?;
        references(&mut link, all(node, BrowseDirection::Forward))?;
    }
    Ok(())
}

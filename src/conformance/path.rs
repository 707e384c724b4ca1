//! 4.7, second part: TranslateBrowsePathsToNodeIds, RegisterNodes (Part 4, 5.9.4 to 5.9.6).

use opcua_types::{
    BrowsePath, NodeId, QualifiedName, RegisterNodesRequest, RegisterNodesResponse, RelativePath,
    RelativePathElement, StatusCode, TranslateBrowsePathsToNodeIdsRequest,
    TranslateBrowsePathsToNodeIdsResponse, UnregisterNodesRequest, UnregisterNodesResponse,
};

use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, codes, equal, good, refused, some};
use crate::conformance::link::{Answer, Link};
use crate::conformance::view::limit;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of paths and registered nodes.
pub(super) const CASES: &[Case] = &[
    case("VIW-19", "paths are translated, deep, inverse, with subtypes", viw_19),
    case("VIW-20", "a path without a name is invalid", viw_20),
    case("VIW-21", "no match and empty paths have their own codes", viw_21),
    case("VIW-22", "a path of 8000 elements is bounded", viw_22),
    case("VIW-23", "nodes are registered, known and unknown", viw_23),
    case("VIW-24", "unregistering what was never registered is Good", viw_24),
    case("VIW-25", "a registered id works, and there is a limit", viw_25),
];

fn path(start: NodeId, elements: &[(u32, bool, &str)]) -> BrowsePath {
    let elements = elements.iter().map(|(kind, is_inverse, name)| RelativePathElement {
        reference_type_id: standard(*kind),
        is_inverse: *is_inverse,
        include_subtypes: true,
        target_name: QualifiedName::new(0, *name),
    });
    BrowsePath {
        starting_node: start,
        relative_path: RelativePath { elements: Some(elements.collect()) },
    }
}

fn translate(
    link: &mut Link,
    paths: Vec<BrowsePath>,
) -> Result<Answer<TranslateBrowsePathsToNodeIdsResponse>, Stop> {
    let request = TranslateBrowsePathsToNodeIdsRequest {
        request_header: link.header(),
        browse_paths: Some(paths),
    };
    link.call(&request)
}

fn viw_19(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let paths = vec![
        path(
            standard(85),
            &[(33, false, "Server"), (33, false, "ServerStatus"), (33, false, "State")],
        ),
        path(
            standard(84),
            &[
                (33, false, "Objects"),
                (33, false, "Server"),
                (33, false, "ServerStatus"),
                (33, false, "BuildInfo"),
                (33, true, "ServerStatus"),
                (33, true, "Server"),
                (33, false, "ServerStatus"),
                (33, false, "BuildInfo"),
                (33, true, "ServerStatus"),
                (33, false, "State"),
            ],
        ),
        path(standard(2253), &[(35, true, "Objects")]),
    ];
    let response = good(translate(&mut link, paths)?, "TranslateBrowsePathsToNodeIds")?;
    let results = response.results.unwrap_or_default();
    equal(results.len(), 3, "number of results")?;
    for (result, wanted) in results.iter().zip([2259, 2259, 85]) {
        code(result.status_code, &[StatusCode::Good], &format!("the path to i={wanted}"))?;
        let targets = result.targets.as_deref().unwrap_or_default();
        let found = targets.iter().find(|it| it.target_id.node_id == standard(wanted));
        let found = some(found, &format!("target i={wanted}"))?;
        equal(found.remaining_path_index, u32::MAX, "RemainingPathIndex")?;
    }
    Ok(())
}

fn path_codes(link: &mut Link, paths: Vec<BrowsePath>) -> Result<Vec<StatusCode>, Stop> {
    let response = good(translate(link, paths)?, "TranslateBrowsePathsToNodeIds")?;
    Ok(response.results.unwrap_or_default().iter().map(|it| it.status_code).collect())
}

fn viw_20(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut last_null = path(standard(85), &[(33, false, "Server"), (33, false, "x")]);
    let mut middle_null = path(standard(85), &[(33, false, "x"), (33, false, "ServerStatus")]);
    for (path, at) in [(&mut last_null, 1), (&mut middle_null, 0)] {
        if let Some(element) = path.relative_path.elements.as_mut().and_then(|it| it.get_mut(at)) {
            element.target_name = QualifiedName::null();
        }
    }
    let got = path_codes(&mut link, vec![last_null, middle_null])?;
    let invalid: &[StatusCode] = &[StatusCode::BadBrowseNameInvalid];
    codes(&got, &[invalid, invalid], "a path with a null name")
}

fn viw_21(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let paths = vec![
        path(standard(85), &[(33, false, "NoSuchThing")]),
        path(standard(85), &[]),
        path(NodeId::new(0, 999_999), &[(33, false, "Server")]),
    ];
    let got = path_codes(&mut link, paths)?;
    let wanted: [&[StatusCode]; 3] =
        [&[StatusCode::BadNoMatch], &[StatusCode::BadNothingToDo], &[StatusCode::BadNodeIdUnknown]];
    codes(&got, &wanted, "TranslateBrowsePathsToNodeIds")?;
    refused(&translate(&mut link, Vec::new())?, &[StatusCode::BadNothingToDo], "no path at all")
}

fn viw_22(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let round: Vec<(u32, bool, &str)> = (0..2000)
        .map(|it| if it % 2 == 0 { (33, false, "Server") } else { (33, true, "Objects") })
        .collect();
    let bounded = [
        StatusCode::BadTooManyOperations,
        StatusCode::BadNoMatch,
        StatusCode::Good,
        StatusCode::BadEncodingLimitsExceeded,
        StatusCode::BadOutOfRange,
        StatusCode::BadBrowseNameInvalid,
    ];
    match translate(&mut link, vec![path(standard(85), &round)])? {
        Ok(response) => {
            let result = some(response.results.and_then(|mut it| it.pop()), "the result")?;
            code(result.status_code, &bounded, "a path of 2000 elements")
        }
        Err(status) => code(status, &bounded, "a path of 2000 elements"),
    }
}

fn register(link: &mut Link, nodes: Vec<NodeId>) -> Result<Answer<RegisterNodesResponse>, Stop> {
    let request =
        RegisterNodesRequest { request_header: link.header(), nodes_to_register: Some(nodes) };
    link.call(&request)
}

fn viw_23(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let unknown = NodeId::new(0, 999_999);
    match register(&mut link, vec![standard(2258), unknown.clone()])? {
        Ok(response) => {
            let ids = response.registered_node_ids.unwrap_or_default();
            equal(ids.len(), 2, "registered ids")?;
            equal(&ids[1], &unknown, "an unknown id")?;
        }
        Err(status) => code(status, &[StatusCode::BadNodeIdUnknown], "RegisterNodes")?,
    }
    refused(
        &register(&mut link, Vec::new())?,
        &[StatusCode::BadNothingToDo],
        "RegisterNodes of nothing",
    )
}

fn viw_24(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for _ in 0..2 {
        let request = UnregisterNodesRequest {
            request_header: link.header(),
            nodes_to_unregister: Some(vec![standard(2258), standard(2259)]),
        };
        good(link.call::<UnregisterNodesResponse>(&request)?, "UnregisterNodes")?;
    }
    Ok(())
}

fn viw_25(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let response = good(register(&mut link, vec![standard(2258)])?, "RegisterNodes")?;
    let id = some(response.registered_node_ids.and_then(|mut it| it.pop()), "the registered id")?;
    read_one(&mut link, &id)?;
    let Some(most) = limit(&mut link, 11711)? else { return Ok(()) };
    if most > 15_000 {
        return Ok(());
    }
    let answer = register(&mut link, vec![standard(2258); most + 1])?;
    refused(
        &answer,
        &[StatusCode::BadTooManyOperations],
        "one id more than MaxNodesPerRegisterNodes",
    )
}

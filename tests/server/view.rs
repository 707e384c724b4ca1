//! View services (Part 4, 5.9), and the address space as a golden file.

use std::fmt::Write as _;
use std::process::Command;

use opcua_types::{
    BrowseDescription, BrowseNextRequest, BrowseNextResponse, BrowsePath, BrowseRequest,
    BrowseResponse, BrowseResult, ByteString, NodeId, QualifiedName, RelativePath,
    RelativePathElement, StatusCode, TranslateBrowsePathsToNodeIdsRequest,
    TranslateBrowsePathsToNodeIdsResponse, ViewDescription,
};

use crate::raw::{Raw, Server, standard, tag};

pub(crate) fn browse(
    raw: &mut Raw,
    view: ViewDescription,
    most: u32,
    nodes: Vec<BrowseDescription>,
) -> Result<Vec<BrowseResult>, StatusCode> {
    let request = BrowseRequest {
        request_header: raw.header(),
        view,
        requested_max_references_per_node: most,
        nodes_to_browse: Some(nodes),
    };
    Ok(raw.call::<BrowseResponse>(&request)?.results.unwrap_or_default())
}

pub(crate) fn below(node: NodeId) -> BrowseDescription {
    BrowseDescription {
        node_id: node,
        reference_type_id: standard(33),
        include_subtypes: true,
        result_mask: 63,
        ..BrowseDescription::default()
    }
}

pub(crate) fn one(raw: &mut Raw, node: BrowseDescription) -> BrowseResult {
    browse(raw, ViewDescription::default(), 0, vec![node]).unwrap().remove(0)
}

#[test]
fn viw_02_both_directions_are_the_union() {
    let server = Server::start();
    let mut raw = server.session();
    let mut count = |direction: i32| {
        let mut node = below(tag("Line1.EL101"));
        node.browse_direction = direction.try_into().unwrap();
        one(&mut raw, node).references.unwrap_or_default().len()
    };
    let (forward, inverse, both) = (count(0), count(1), count(2));
    assert!(forward > 20 && inverse == 2 && both == forward + inverse);
}

#[test]
fn viw_04_only_what_is_asked_is_filled() {
    let server = Server::start();
    let mut raw = server.session();
    let mut node = below(tag("Line1"));
    node.result_mask = 8;
    let references = one(&mut raw, node).references.unwrap();
    assert!(references.iter().all(|it| {
        !it.browse_name.name.is_empty()
            && it.display_name.text.is_empty()
            && it.reference_type_id.is_null()
            && !it.is_forward
    }));
}

#[test]
fn viw_05_and_06_lists_are_neither_empty_nor_too_long() {
    let server = Server::with("limits.operations = 5");
    let mut raw = server.session();
    let mut status = |count| {
        browse(&mut raw, ViewDescription::default(), 0, vec![below(standard(85)); count])
            .unwrap_err()
    };
    assert_eq!(status(0), StatusCode::BadNothingToDo);
    assert_eq!(status(6), StatusCode::BadTooManyOperations);
}

#[test]
fn viw_07_to_11_a_wrong_node_costs_itself_only() {
    let server = Server::start();
    let mut raw = server.session();
    let mut wrong_direction = below(standard(85));
    wrong_direction.browse_direction = opcua_types::BrowseDirection::Invalid;
    let mut wrong_type = below(standard(85));
    wrong_type.reference_type_id = standard(85);
    let nodes = vec![
        below(tag("Line1")),
        below(tag("Line9")),
        below(NodeId::null()),
        wrong_direction,
        wrong_type,
        below(standard(85)),
    ];
    let results = browse(&mut raw, ViewDescription::default(), 0, nodes).unwrap();
    let codes: Vec<StatusCode> = results.iter().map(|it| it.status_code).collect();
    assert_eq!(
        codes,
        [
            StatusCode::Good,
            StatusCode::BadNodeIdUnknown,
            StatusCode::BadNodeIdInvalid,
            StatusCode::BadBrowseDirectionInvalid,
            StatusCode::BadReferenceTypeIdInvalid,
            StatusCode::Good,
        ]
    );
    let view = ViewDescription { view_id: standard(85), ..ViewDescription::default() };
    let refused = browse(&mut raw, view, 0, vec![below(standard(85))]);
    assert_eq!(refused.unwrap_err(), StatusCode::BadViewIdUnknown);
}

fn next(raw: &mut Raw, point: ByteString, release: bool) -> BrowseResult {
    let request = BrowseNextRequest {
        request_header: raw.header(),
        release_continuation_points: release,
        continuation_points: Some(vec![point]),
    };
    raw.call::<BrowseNextResponse>(&request).unwrap().results.unwrap().remove(0)
}

#[test]
fn viw_12_one_by_one_gives_every_reference_once() {
    let server = Server::start();
    let mut raw = server.session();
    let names = |it: &BrowseResult| -> Vec<String> {
        it.references.iter().flatten().map(|it| it.browse_name.name.to_string()).collect()
    };
    let all = names(&one(&mut raw, below(tag("Line1.EL101"))));
    let view = ViewDescription::default();
    let mut part = browse(&mut raw, view, 1, vec![below(tag("Line1.EL101"))]).unwrap().remove(0);
    let mut seen = names(&part);
    while !part.continuation_point.is_null() {
        part = next(&mut raw, part.continuation_point, false);
        seen.extend(names(&part));
    }
    assert_eq!(seen, all);
}

#[test]
fn viw_13_to_15_continuation_points_are_used_once_own_and_bounded() {
    let server = Server::with("limits.continuation_points = 2");
    let mut raw = server.session();
    let point = |raw: &mut Raw| {
        let nodes = vec![below(tag("Line1.EL101"))];
        let mut results = browse(raw, ViewDescription::default(), 1, nodes).unwrap();
        results.remove(0).continuation_point
    };
    let released = point(&mut raw);
    assert_eq!(next(&mut raw, released.clone(), true).status_code, StatusCode::Good);
    let invalid = StatusCode::BadContinuationPointInvalid;
    assert_eq!(next(&mut raw, released, false).status_code, invalid);
    let oldest = point(&mut raw);
    let kept = point(&mut raw);
    point(&mut raw);
    assert_eq!(next(&mut raw, oldest, false).status_code, invalid);
    let mut other = server.session();
    assert_eq!(next(&mut other, kept, false).status_code, invalid);
    let garbage = ByteString::from(vec![1_u8; 60_000]);
    assert_eq!(next(&mut raw, garbage, false).status_code, invalid);
}

fn translate(raw: &mut Raw, names: &[(u16, &str)]) -> StatusCode {
    let elements = names.iter().map(|(namespace, name)| RelativePathElement {
        reference_type_id: standard(33),
        include_subtypes: true,
        target_name: QualifiedName::new(*namespace, *name),
        ..RelativePathElement::default()
    });
    let path = BrowsePath {
        starting_node: standard(85),
        relative_path: RelativePath { elements: Some(elements.collect()) },
    };
    let request = TranslateBrowsePathsToNodeIdsRequest {
        request_header: raw.header(),
        browse_paths: Some(vec![path]),
    };
    let response: TranslateBrowsePathsToNodeIdsResponse = raw.call(&request).unwrap();
    response.results.unwrap()[0].status_code
}

#[test]
fn viw_19_to_22_paths() {
    let server = Server::start();
    let mut raw = server.session();
    let path =
        [(2, "Plant"), (2, "Line1"), (2, "EL101"), (3, "Bath"), (3, "Temperature"), (0, "EURange")];
    assert_eq!(translate(&mut raw, &path), StatusCode::Good);
    assert_eq!(translate(&mut raw, &[(2, "Nowhere")]), StatusCode::BadNoMatch);
    assert_eq!(translate(&mut raw, &[(2, "Plant"), (0, "")]), StatusCode::BadBrowseNameInvalid);
    assert_eq!(translate(&mut raw, &[]), StatusCode::BadNothingToDo);
    let endless = vec![(2, "Plant"); 3000];
    assert_eq!(translate(&mut raw, &endless), StatusCode::BadTooManyOperations);
}

/// The address space as `cellhouse nodes` prints it: one electrolyzer, one rectifier and the shared parts.
#[test]
fn the_address_space_is_what_it_was() {
    let out = Command::new(env!("CARGO_BIN_EXE_cellhouse")).arg("nodes").output().unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let mut golden = String::new();
    let mut skipping = false;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let name = line.trim_start();
        if depth <= 4 {
            // Devices of a kind are alike: the first of each line's electrolyzers and rectifiers stand for all.
            let is_first = name.starts_with("EL101 ") || name.starts_with("RF11 ");
            skipping =
                depth == 4 && (name.starts_with("EL") || name.starts_with("RF")) && !is_first;
        }
        if !skipping {
            writeln!(golden, "{line}").unwrap();
        }
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("address_space", golden);
    });
}

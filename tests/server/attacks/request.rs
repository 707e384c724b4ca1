//! Requests that are deep, long or plenty.

use cellhouse::time;
use opcua_types::{
    BrowseNextRequest, BrowseNextResponse, BrowsePath, BrowseRequest, BrowseResponse, DateTime,
    ExtensionObject, HistoryReadRequest, HistoryReadResponse, HistoryReadValueId, NodeId,
    QualifiedName, ReadRawModifiedDetails, ReadResponse, ReferenceTypeId, RelativePath,
    RelativePathElement, StatusCode, TimestampsToReturn, TranslateBrowsePathsToNodeIdsRequest,
    TranslateBrowsePathsToNodeIdsResponse, WriteRequest, WriteResponse,
};

use crate::attacks::{goes_on, withstands};
use crate::raw::{Raw, standard, tag};
use crate::values::value;
use crate::view::below;

/// A path of a measurement.
const TEMPERATURE: &str = "Line1.EL101.Bath.Temperature";

/// A Write of one value, which stands there as it would be encoded.
fn write_of(raw: &Raw, value: &[u8]) -> Vec<u8> {
    let request = WriteRequest { request_header: raw.header(), nodes_to_write: Some(Vec::new()) };
    let mut message = raw.encode(&request);
    message.truncate(message.len() - 4);
    message.extend_from_slice(&1_u32.to_le_bytes());
    // NodeId i=2258, Value, no range, a DataValue with a value.
    message.extend_from_slice(&[1, 0, 0xd2, 0x08]);
    message.extend_from_slice(&13_u32.to_le_bytes());
    message.extend_from_slice(&[0xff; 4]);
    message.push(1);
    message.extend_from_slice(value);
    message
}

#[test]
fn attack_values_in_values() {
    // A variant that holds a variant, an array of variants that holds one, a DataValue in a variant.
    let nests: [&[u8]; 3] = [&[24], &[0x98, 1, 0, 0, 0], &[23, 1]];
    withstands("", |ground| {
        let (begun, mut values) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            for nest in nests {
                let message = write_of(&raw, &nest.repeat(500_000 / nest.len()));
                raw.post_long(&message);
                let refused = raw.answer::<WriteResponse>().unwrap_err();
                assert_eq!(refused, StatusCode::BadDecodingError, "{nest:?}");
                values += 1;
            }
        }
        format!("{values} values of half a megabyte, each in another")
    });
}

#[test]
fn attack_diagnostics_in_diagnostics() {
    withstands("", |ground| {
        let (begun, mut values) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            // A DiagnosticInfo (25) that has an inner one, and so on.
            let message = write_of(&raw, &[&[25_u8], vec![0x40; 500_000].as_slice()].concat());
            raw.post_long(&message);
            let refused = raw.answer::<WriteResponse>().unwrap_err();
            assert_eq!(refused, StatusCode::BadDecodingError);
            values += 1;
        }
        format!("{values} DiagnosticInfos half a million deep")
    });
}

#[test]
fn attack_dimensions_that_overflow() {
    // Int32 array with dimensions: the product of which is more than memory, or negative.
    let dimensions: [&[i32]; 4] =
        [&[i32::MAX, i32::MAX], &[65_536, 65_536, 1], &[-1, 4], &[0, 0, i32::MAX]];
    withstands("", |ground| {
        let (begun, mut values) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            for lengths in dimensions {
                for count in [0_i32, 4, i32::MAX] {
                    let mut value = vec![0xc6];
                    value.extend_from_slice(&count.to_le_bytes());
                    value.extend_from_slice(&[0; 16][..if count == 4 { 16 } else { 0 }]);
                    value.extend_from_slice(&(lengths.len() as i32).to_le_bytes());
                    value.extend(lengths.iter().flat_map(|it| it.to_le_bytes()));
                    let message = write_of(&raw, &value);
                    raw.post("MSGF", &message);
                    match raw.answer::<WriteResponse>() {
                        Ok(answer) => assert!(answer.results.unwrap()[0].is_bad()),
                        Err(status) => assert!(status.is_bad()),
                    }
                    values += 1;
                }
            }
        }
        format!("{values} arrays with dimensions that do not fit")
    });
}

/// A path of so many steps that lead nowhere new: down and up again.
fn winding(steps: usize) -> BrowsePath {
    let step = |down: bool| RelativePathElement {
        reference_type_id: NodeId::from(ReferenceTypeId::HierarchicalReferences),
        is_inverse: !down,
        include_subtypes: true,
        target_name: QualifiedName::new(0, if down { "Server" } else { "Objects" }),
    };
    BrowsePath {
        starting_node: standard(85),
        relative_path: RelativePath {
            elements: Some((0..steps).map(|it| step(it % 2 == 0)).collect()),
        },
    }
}

#[test]
fn attack_paths_of_8000_steps() {
    withstands("", |ground| {
        let (begun, mut paths) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let request = TranslateBrowsePathsToNodeIdsRequest {
                request_header: raw.header(),
                browse_paths: Some(vec![winding(8000); 20]),
            };
            let message = raw.encode(&request);
            raw.post_long(&message);
            match raw.answer::<TranslateBrowsePathsToNodeIdsResponse>() {
                Ok(answer) => {
                    let results = answer.results.unwrap();
                    assert!(results.iter().all(|it| it.status_code.is_bad()));
                }
                Err(status) => assert!(status.is_bad()),
            }
            paths += 20;
        }
        format!("{paths} paths of 8000 steps")
    });
}

#[test]
fn attack_browses_with_ten_thousand_answers() {
    withstands("", |ground| {
        let (begun, mut browses) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let mut node = below(tag("Line1"));
            node.include_subtypes = true;
            let request = BrowseRequest {
                request_header: raw.header(),
                nodes_to_browse: Some(vec![node; 10_000]),
                ..Default::default()
            };
            let message = raw.encode(&request);
            raw.post_long(&message);
            // As much as a message holds, or none of it.
            match raw.answer::<BrowseResponse>() {
                Ok(answer) => assert_eq!(answer.results.unwrap().len(), 10_000),
                Err(status) => assert!(status.is_bad(), "{status}"),
            }
            browses += 10_000;
        }
        format!("{browses} nodes browsed, ten thousand at a time")
    });
}

#[test]
fn attack_reads_of_ten_thousand_values() {
    withstands("", |ground| {
        let (begun, mut reads) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            // ServerStatus, and the namespaces: structures and arrays.
            for node in [standard(2256), standard(2255), standard(2269), standard(2254)] {
                let request = opcua_types::ReadRequest {
                    request_header: raw.header(),
                    nodes_to_read: Some(vec![value(node); 10_000]),
                    timestamps_to_return: TimestampsToReturn::Both,
                    ..Default::default()
                };
                let message = raw.encode(&request);
                raw.post_long(&message);
                match raw.answer::<ReadResponse>() {
                    Ok(answer) => assert_eq!(answer.results.unwrap().len(), 10_000),
                    Err(status) => assert!(status.is_bad(), "{status}"),
                }
                reads += 10_000;
            }
        }
        format!("{reads} values read, ten thousand at a time")
    });
}

#[test]
fn attack_browses_that_are_not_ended() {
    withstands("", |ground| {
        let (begun, mut browses, mut refused) = (time::monotonic(), 0, 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let request = BrowseRequest {
                request_header: raw.header(),
                requested_max_references_per_node: 1,
                nodes_to_browse: Some(vec![below(tag("Line1")); 100]),
                ..Default::default()
            };
            let answer: BrowseResponse = raw.call(&request).unwrap();
            let full = StatusCode::BadNoContinuationPoints;
            let results = answer.results.unwrap();
            refused += results.iter().filter(|it| it.status_code == full).count();
            let points = results.into_iter().map(|it| it.continuation_point).collect();
            let next = BrowseNextRequest {
                request_header: raw.header(),
                release_continuation_points: false,
                continuation_points: Some(points),
            };
            let _: BrowseNextResponse = raw.call(&next).unwrap();
            browses += 100;
        }
        format!("{browses} browses that are never ended, {refused} of them refused")
    });
}

#[test]
fn attack_reads_of_history_that_are_not_ended() {
    withstands("", |ground| {
        let (begun, mut reads, mut refused) = (time::monotonic(), 0, 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            let one = HistoryReadValueId { node_id: tag(TEMPERATURE), ..Default::default() };
            let details = ReadRawModifiedDetails {
                num_values_per_node: 1,
                start_time: DateTime::from(0_i64),
                end_time: DateTime::now(),
                ..Default::default()
            };
            let request = HistoryReadRequest {
                request_header: raw.header(),
                history_read_details: ExtensionObject::from_message(details),
                timestamps_to_return: TimestampsToReturn::Both,
                nodes_to_read: Some(vec![one; 200]),
                ..Default::default()
            };
            let answer: HistoryReadResponse = raw.call(&request).unwrap();
            let full = StatusCode::BadNoContinuationPoints;
            let results = answer.results.unwrap();
            refused += results.iter().filter(|it| it.status_code == full).count();
            reads += results.len();
        }
        format!("{reads} reads of history that are never ended, {refused} refused")
    });
}

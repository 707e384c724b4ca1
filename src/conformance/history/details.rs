//! What of a HistoryRead is wrong before any node is looked at.

use opcua_types::{
    BinaryDecodable, BinaryEncodable, ExtensionObject, HistoryReadRequest, HistoryReadResponse,
    MessageInfo, Range, StatusCode, TimestampsToReturn, VariableId, Variant,
};

use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, equal, refused};
use crate::conformance::history::record::{Record, line_of, read_request, reading, results};
use crate::conformance::link::Link;
use crate::conformance::read::in_chunks;
use crate::conformance::{Bench, Check, Stop};

const MOST_NODES: u32 =
    VariableId::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData as u32;
/// What a request of more operations than a limit allows is answered with.
pub(super) const TOO_MUCH: &[StatusCode] =
    &[StatusCode::BadTooManyOperations, StatusCode::BadEncodingLimitsExceeded];

pub(super) fn ha_11(bench: &Bench) -> Check {
    use TimestampsToReturn::{Both, Invalid, Neither, Server, Source};
    let mut record = Record::of(bench, "Double", 11)?;
    record.fill(&line_of(0..5))?;
    let request = read_request(&record.link, record.raw(0.0, 10.0), vec![reading(&record.node)]);
    for (asked, source, server) in
        [(Source, true, false), (Server, false, true), (Both, true, true)]
    {
        let request = HistoryReadRequest { timestamps_to_return: asked, ..request.clone() };
        let found = results(record.link.call(&request)?)?;
        equal(found[0].values.len(), 5, "number of values")?;
        for value in &found[0].values {
            equal(value.source_timestamp.is_some(), source, &format!("{asked:?}: source"))?;
            equal(value.server_timestamp.is_some(), server, &format!("{asked:?}: server"))?;
        }
    }
    for asked in [Neither, Invalid] {
        let request = HistoryReadRequest { timestamps_to_return: asked, ..request.clone() };
        let answer = record.link.call::<HistoryReadResponse>(&request)?;
        let wanted = [StatusCode::BadTimestampsToReturnInvalid];
        refused(&answer, &wanted, &format!("timestamps {asked:?}"))?;
    }
    Ok(())
}

/// A limit of operations that can be tried out, if the server has one.
pub(super) fn limit(link: &mut Link, variable: u32) -> Result<Option<usize>, Stop> {
    Ok(match read_one(link, &standard(variable))? {
        Variant::UInt32(most @ 1..=20_000) => Some(most as usize),
        _ => None,
    })
}

/// A request that is too much: it is refused as a whole.
pub(super) fn too_much<R>(
    link: &mut Link,
    request: &(impl BinaryEncodable + MessageInfo),
    of: &str,
) -> Check
where
    R: BinaryDecodable + MessageInfo + Default,
{
    let whole = link.encode(request);
    refused(&in_chunks::<R>(link, &whole)?, TOO_MUCH, of)
}

pub(super) fn ha_16(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 16)?;
    let request = read_request(&record.link, record.raw(0.0, 10.0), Vec::new());
    let answer = record.link.call::<HistoryReadResponse>(&request)?;
    refused(&answer, &[StatusCode::BadNothingToDo], "HistoryRead of nothing")?;
    if let Some(most) = limit(&mut record.link, MOST_NODES)? {
        let nodes = vec![reading(&record.node); most + 1];
        let request = read_request(&record.link, record.raw(0.0, 10.0), nodes);
        let of = "one node more than MaxNodesPerHistoryReadData";
        too_much::<HistoryReadResponse>(&mut record.link, &request, of)?;
    }
    let unknown =
        [StatusCode::BadHistoryOperationUnsupported, StatusCode::BadHistoryOperationInvalid];
    let status = record.refusal(Range { low: 0.0, high: 1.0 })?;
    code(status, &unknown, "details of another type")?;
    let request = HistoryReadRequest {
        history_read_details: ExtensionObject::null(),
        nodes_to_read: Some(vec![reading(&record.node)]),
        ..request
    };
    let status = match record.link.call::<HistoryReadResponse>(&request)? {
        Ok(response) => response
            .results
            .unwrap_or_default()
            .first()
            .map_or(StatusCode::Good, |it| it.status_code),
        Err(status) => status,
    };
    code(status, &unknown, "no details")
}

//! Reads in pages (Part 4, 7.9: continuation points).

use opcua_types::{
    ByteString, HistoryReadRequest, HistoryReadResponse, NodeId, ReadRawModifiedDetails,
    StatusCode, VariableId, Variant,
};

use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{code, equal, good, that};
use crate::conformance::history::record::{
    Answered, Point, Record, going_on, line_of, read, read_request, reading, results,
};
use crate::conformance::link::Link;
use crate::conformance::{Bench, Check, Stop};

const MOST: u32 = VariableId::Server_ServerCapabilities_MaxHistoryContinuationPoints as u32;
const INVALID: &[StatusCode] = &[StatusCode::BadContinuationPointInvalid];
const FINE: &[StatusCode] = &[StatusCode::Good];
/// Pages that a read may have: one that never ends is a failure, not a hang.
const MOST_PAGES: usize = 2000;
/// Values that a long answer has.
const MANY: u32 = 20_000;
/// Bytes of a response that a client with a small buffer takes.
const SMALL: u32 = 100_000;

/// All pages of a read, each with `wanted` values but the last.
fn pages(
    record: &mut Record,
    details: &ReadRawModifiedDetails,
    wanted: usize,
) -> Result<Vec<Point>, Stop> {
    let mut page = record.read(details.clone())?;
    let mut all = Vec::new();
    for _ in 0..MOST_PAGES {
        code(page.status, FINE, "a page")?;
        all.extend(record.points(&page.values));
        if !page.has_more() {
            return Ok(all);
        }
        equal(page.values.len(), wanted, "values of a page that is not the last")?;
        page = record.go_on(details.clone(), &page.more)?;
    }
    Err(Stop::failed(format!("the read has no end after {MOST_PAGES} pages")))
}

pub(super) fn ha_04(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 4)?;
    let mut all = line_of(0..1000);
    record.fill(&all)?;
    let forward = ReadRawModifiedDetails { num_values_per_node: 10, ..record.raw(0.0, 1000.0) };
    equal(pages(&mut record, &forward, 10)?, all.clone(), "all pages of ten values")?;
    all.reverse();
    let backward = ReadRawModifiedDetails { num_values_per_node: 110, ..record.raw(1000.0, -1.0) };
    equal(pages(&mut record, &backward, 110)?, all, "all pages of 110 values backwards")
}

/// A read of these continuation points, or their release.
fn continued(
    link: &mut Link,
    node: &NodeId,
    points: &[ByteString],
    release: bool,
) -> Result<Vec<Answered>, Stop> {
    let nodes = points.iter().map(|it| going_on(node, it)).collect();
    let request = HistoryReadRequest {
        release_continuation_points: release,
        ..read_request(link, ReadRawModifiedDetails::default(), nodes)
    };
    results(link.call::<HistoryReadResponse>(&request)?)
}

/// The first page of a read that goes on.
fn begun(record: &mut Record) -> Result<Answered, Stop> {
    let details = ReadRawModifiedDetails { num_values_per_node: 3, ..record.raw(0.0, 100.0) };
    let page = record.read(details)?;
    that(page.has_more(), "three of a hundred values come without a continuation point")?;
    Ok(page)
}

pub(super) fn ha_05(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 5)?;
    record.fill(&line_of(0..100))?;
    let first = begun(&mut record)?.more;
    let node = record.node.clone();
    let next = continued(&mut record.link, &node, std::slice::from_ref(&first), false)?;
    equal(record.points(&next[0].values), line_of([3, 4, 5]), "the second page")?;
    // A bad one costs one node, not the request.
    let both = [first, next[0].more.clone()];
    let found = continued(&mut record.link, &node, &both, false)?;
    code(found[0].status, INVALID, "a continuation point used again")?;
    equal(record.points(&found[1].values), line_of([6, 7, 8]), "the third page")?;
    let last = [found[1].more.clone()];
    let freed = continued(&mut record.link, &node, &last, true)?;
    code(freed[0].status, FINE, "a release")?;
    equal(freed[0].values.len(), 0, "values of a release")?;
    let found = continued(&mut record.link, &node, &last, false)?;
    code(found[0].status, INVALID, "a continuation point that was released")?;
    let freed = continued(&mut record.link, &node, &last, true)?;
    code(freed[0].status, &[INVALID[0], FINE[0]], "a release for the second time")?;
    let own = [begun(&mut record)?.more];
    let found = continued(&mut bench.session()?, &node, &own, false)?;
    code(found[0].status, INVALID, "a continuation point of another session")?;
    for bytes in [vec![0_u8], vec![0xff; 8], vec![7; 4000]] {
        let invented = [ByteString::from(bytes)];
        let found = continued(&mut record.link, &node, &invented, false)?;
        code(found[0].status, INVALID, "an invented continuation point")?;
    }
    let found = continued(&mut record.link, &node, &own, false)?;
    equal(record.points(&found[0].values), line_of([3, 4, 5]), "what others tried to take")
}

pub(super) fn ha_06(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 6)?;
    record.fill(&line_of(0..100))?;
    let most = match read_one(&mut record.link, &standard(MOST))? {
        Variant::UInt16(most @ 1..=2000) => usize::from(most),
        other => {
            return Err(Stop::skipped(format!("MaxHistoryContinuationPoints is {other:?}")));
        }
    };
    let details = ReadRawModifiedDetails { num_values_per_node: 1, ..record.raw(0.0, 100.0) };
    let nodes = vec![reading(&record.node); most + 1];
    let begun = read(&mut record.link, details, nodes)?;
    let node = record.node.clone();
    let (first, last) = (&begun[0], &begun[most]);
    code(first.status, FINE, "the first of too many reads")?;
    let is_first_kept = last.status == StatusCode::BadNoContinuationPoints;
    if !is_first_kept {
        code(last.status, FINE, "one read too many")?;
        let found = continued(&mut record.link, &node, std::slice::from_ref(&last.more), false)?;
        code(found[0].status, FINE, "the newest of too many reads goes on")?;
    }
    let found = continued(&mut record.link, &node, std::slice::from_ref(&first.more), false)?;
    let wanted = if is_first_kept { FINE } else { INVALID };
    code(found[0].status, wanted, "the oldest of too many reads goes on")
}

/// Twenty thousand values, unless an earlier run has left them.
fn fill_once(record: &mut Record) -> Check {
    let details = ReadRawModifiedDetails {
        num_values_per_node: 1,
        ..record.raw(f64::from(MANY - 1), f64::from(MANY))
    };
    if record.read(details)?.values.len() == 1 {
        return Ok(());
    }
    for first in (0..MANY).step_by(2000) {
        let all = line_of(first..(first + 2000).min(MANY));
        record.perform(opcua_types::PerformUpdateType::Update, &all)?;
    }
    Ok(())
}

pub(super) fn ha_17(bench: &Bench) -> Check {
    let mut record = Record::kept(bench, "Many", 17)?;
    fill_once(&mut record)?;
    let mut link = bench.open()?;
    let mut request = link.session_request(60_000.0);
    request.max_response_message_size = SMALL;
    good(link.create_with(&request)?, "CreateSession")?;
    good(link.activate()?, "ActivateSession")?;
    let details = record.raw(0.0, f64::from(MANY));
    let mut all = Vec::new();
    let mut nodes = vec![reading(&record.node)];
    for _ in 0..MOST_PAGES {
        let request = read_request(&link, details.clone(), nodes);
        link.ask(&request);
        let (_, kind, body) = link.message()?;
        let bytes = body.len() + 4;
        that(bytes <= SMALL as usize, format!("a response of {bytes} bytes, {SMALL} are taken"))?;
        let page = results(link.decode(kind, &body)?)?.remove(0);
        code(page.status, FINE, "a page")?;
        all.extend(record.points(&page.values));
        if !page.has_more() {
            return equal(all == line_of(0..MANY), true, "all values, in order, each once");
        }
        that(!page.values.is_empty(), "a page without values")?;
        nodes = vec![going_on(&record.node, &page.more)];
    }
    Err(Stop::failed(format!("the read has no end after {MOST_PAGES} pages")))
}

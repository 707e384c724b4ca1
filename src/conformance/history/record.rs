//! What a case works with: the history of one node, a stretch of it that the case has for itself, and what is asked of it.

use opcua_types::{
    ByteString, DataValue, DateTime, DeleteRawModifiedDetails, DynEncodable, ExtensionObject,
    HistoryData, HistoryModifiedData, HistoryReadRequest, HistoryReadResponse, HistoryReadResult,
    HistoryReadValueId, HistoryUpdateRequest, HistoryUpdateResponse, HistoryUpdateResult,
    ModificationInfo, NodeId, PerformUpdateType, ReadRawModifiedDetails, StatusCode,
    TimestampsToReturn, UpdateDataDetails, Variant,
};

use crate::conformance::bench::Bench;
use crate::conformance::expect::{code, codes, equal, good, some};
use crate::conformance::link::{Answer, Link};
use crate::conformance::user::user_session;
use crate::conformance::{Check, Stop};

/// Ticks of 100 ns in a second.
const SECOND: i64 = 10_000_000;
/// Ticks in a day.
const DAY: i64 = 86_400 * SECOND;
/// 2001-01-01T00:00:00Z: four hundred years behind the first instant of a DateTime.
const YEAR_2001: i64 = 146_097 * DAY;
/// Days that each case has for itself.
const DAYS_OF_A_CASE: i64 = 10;
/// What says that there was nothing to delete.
const EMPTIED: &[StatusCode] = &[StatusCode::Good, StatusCode::GoodNoData, StatusCode::BadNoData];

/// A value of a history: seconds behind the start of the case's stretch, value, status with all its bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// Source time, s.
    pub(super) at: f64,
    /// Empty for none.
    pub(super) value: Variant,
    /// Status.
    pub(super) status: StatusCode,
}

/// A good value.
pub(super) fn point(at: f64, value: impl Into<Variant>) -> Point {
    Point { at, value: value.into(), status: StatusCode::Good }
}

/// A status without a value.
pub(super) fn nothing(at: f64, status: StatusCode) -> Point {
    Point { at, value: Variant::Empty, status }
}

impl Point {
    /// With another status.
    pub(super) fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// Good Doubles, each the number of seconds it is at.
pub(super) fn line_of(seconds: impl IntoIterator<Item = u32>) -> Vec<Point> {
    seconds.into_iter().map(|it| point(f64::from(it), f64::from(it))).collect()
}

/// A session of the runner's user and the history of a node.
pub(super) struct Record {
    /// The session.
    pub(super) link: Link,
    /// The node.
    pub(super) node: NodeId,
    /// Where the case's stretch begins, ticks.
    start: i64,
}

/// The answer for one node.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    /// Its result.
    pub(super) status: StatusCode,
    /// Values as they came.
    pub(super) values: Vec<DataValue>,
    /// Who changed each.
    pub(super) changes: Vec<ModificationInfo>,
    /// Continuation point; empty at the end.
    pub(super) more: ByteString,
}

impl Answered {
    fn of(result: &HistoryReadResult) -> Self {
        let data = &result.history_data;
        let mut answered = Self {
            status: result.status_code,
            more: result.continuation_point.clone(),
            ..Self::default()
        };
        if let Some(plain) = data.inner_as::<HistoryData>() {
            answered.values = plain.data_values.clone().unwrap_or_default();
        }
        if let Some(modified) = data.inner_as::<HistoryModifiedData>() {
            answered.values = modified.data_values.clone().unwrap_or_default();
            answered.changes = modified.modification_infos.clone().unwrap_or_default();
        }
        answered
    }

    /// Whether more waits behind a continuation point.
    pub(super) fn has_more(&self) -> bool {
        !self.more.is_null_or_empty()
    }
}

/// A node to be read, from its beginning.
pub(super) fn reading(node: &NodeId) -> HistoryReadValueId {
    HistoryReadValueId { node_id: node.clone(), ..HistoryReadValueId::default() }
}

/// A node whose read goes on.
pub(super) fn going_on(node: &NodeId, more: &ByteString) -> HistoryReadValueId {
    HistoryReadValueId { continuation_point: more.clone(), ..reading(node) }
}

/// A HistoryRead of these nodes.
pub(super) fn read_request(
    link: &Link,
    details: impl DynEncodable,
    nodes: Vec<HistoryReadValueId>,
) -> HistoryReadRequest {
    HistoryReadRequest {
        request_header: link.header(),
        history_read_details: ExtensionObject::from_message(details),
        timestamps_to_return: TimestampsToReturn::Both,
        release_continuation_points: false,
        nodes_to_read: Some(nodes),
    }
}

/// The results of a HistoryRead that must succeed.
pub(super) fn results(answer: Answer<HistoryReadResponse>) -> Result<Vec<Answered>, Stop> {
    let response = good(answer, "HistoryRead")?;
    Ok(response.results.unwrap_or_default().iter().map(Answered::of).collect())
}

/// Reads nodes; the service must succeed and give one result for each.
pub(super) fn read(
    link: &mut Link,
    details: impl DynEncodable,
    nodes: Vec<HistoryReadValueId>,
) -> Result<Vec<Answered>, Stop> {
    let count = nodes.len();
    let request = read_request(link, details, nodes);
    let found = results(link.call(&request)?)?;
    equal(found.len(), count, "number of results of HistoryRead")?;
    Ok(found)
}

/// Updates; the service must succeed and give one result for each operation.
pub(super) fn update(
    link: &mut Link,
    operations: Vec<ExtensionObject>,
) -> Result<Vec<HistoryUpdateResult>, Stop> {
    let count = operations.len();
    let request = HistoryUpdateRequest {
        request_header: link.header(),
        history_update_details: Some(operations),
    };
    let response: HistoryUpdateResponse = good(link.call(&request)?, "HistoryUpdate")?;
    let results = response.results.unwrap_or_default();
    equal(results.len(), count, "number of results of HistoryUpdate")?;
    Ok(results)
}

/// One operation: its result, and those of its entries.
pub(super) fn updated(
    link: &mut Link,
    details: impl DynEncodable,
) -> Result<(StatusCode, Vec<StatusCode>), Stop> {
    let results = update(link, vec![ExtensionObject::from_message(details)])?;
    let result = some(results.into_iter().next(), "the result of HistoryUpdate")?;
    Ok((result.status_code, result.operation_results.unwrap_or_default()))
}

impl Record {
    /// The history of the fixture's node `name` as it is, with the stretch of case `number`.
    pub(super) fn kept(bench: &Bench, name: &str, number: i64) -> Result<Self, Stop> {
        let node = bench.material()?.need(&format!("History.{name}"))?;
        let link = user_session(bench)?;
        Ok(Self { link, node, start: YEAR_2001 + number * DAYS_OF_A_CASE * DAY })
    }

    /// The same, empty in the case's stretch.
    pub(super) fn of(bench: &Bench, name: &str, number: i64) -> Result<Self, Stop> {
        let mut record = Self::kept(bench, name, number)?;
        record.turn_to(bench, name)?;
        Ok(record)
    }

    /// The same of a node that the case has for itself, all of whose history is empty.
    pub(super) fn alone(bench: &Bench, name: &str, number: i64) -> Result<Self, Stop> {
        let mut record = Self::of(bench, name, number)?;
        record.clear(1, 4 * YEAR_2001)?;
        Ok(record)
    }

    /// The same stretch of another node of the fixture, emptied.
    pub(super) fn turn_to(&mut self, bench: &Bench, name: &str) -> Check {
        self.node = bench.material()?.need(&format!("History.{name}"))?;
        self.clear(self.start, self.start + DAYS_OF_A_CASE * DAY)
    }

    fn clear(&mut self, from: i64, to: i64) -> Check {
        let details = DeleteRawModifiedDetails {
            node_id: self.node.clone(),
            is_delete_modified: false,
            start_time: DateTime::from(from),
            end_time: DateTime::from(to),
        };
        let (status, _) = updated(&mut self.link, details)?;
        code(status, EMPTIED, "deleting what an earlier run has left")
    }

    /// So many seconds behind the start of the stretch.
    pub(super) fn at(&self, seconds: f64) -> DateTime {
        DateTime::from(self.start + (seconds * SECOND as f64).round() as i64)
    }

    /// Points as a client sends them.
    pub(super) fn sent(&self, points: &[Point]) -> Vec<DataValue> {
        let one = |it: &Point| DataValue {
            value: (!it.value.is_empty()).then(|| it.value.clone()),
            status: Some(it.status),
            source_timestamp: Some(self.at(it.at)),
            ..DataValue::default()
        };
        points.iter().map(one).collect()
    }

    /// Values as points of the case's stretch.
    pub(super) fn points(&self, values: &[DataValue]) -> Vec<Point> {
        let one = |it: &DataValue| {
            let ticks = it.source_timestamp.as_ref().map_or(0, DateTime::checked_ticks);
            Point {
                at: (ticks - self.start) as f64 / SECOND as f64,
                value: it.value.clone().unwrap_or_default(),
                status: it.status.unwrap_or(StatusCode::Good),
            }
        };
        values.iter().map(one).collect()
    }

    /// The same values, inserted, replaced or updated.
    pub(super) fn perform(
        &mut self,
        how: PerformUpdateType,
        points: &[Point],
    ) -> Result<(StatusCode, Vec<StatusCode>), Stop> {
        let details = UpdateDataDetails {
            node_id: self.node.clone(),
            perform_insert_replace: how,
            update_values: Some(self.sent(points)),
        };
        updated(&mut self.link, details)
    }

    /// Inserts values where there are none.
    pub(super) fn fill(&mut self, points: &[Point]) -> Check {
        let (status, each) = self.perform(PerformUpdateType::Insert, points)?;
        code(status, &[StatusCode::Good], "Insert")?;
        let inserted: &[StatusCode] = &[StatusCode::GoodEntryInserted, StatusCode::Good];
        codes(&each, &vec![inserted; points.len()], "Insert")
    }

    /// ReadRaw of the stretch from here to there.
    pub(super) fn raw(&self, from: f64, to: f64) -> ReadRawModifiedDetails {
        ReadRawModifiedDetails {
            start_time: self.at(from),
            end_time: self.at(to),
            ..ReadRawModifiedDetails::default()
        }
    }

    /// One read of the node, from its beginning.
    pub(super) fn read(&mut self, details: impl DynEncodable) -> Result<Answered, Stop> {
        let node = reading(&self.node);
        let found = read(&mut self.link, details, vec![node])?;
        some(found.into_iter().next(), "the result of HistoryRead")
    }

    /// The next page of a read.
    pub(super) fn go_on(
        &mut self,
        details: impl DynEncodable,
        more: &ByteString,
    ) -> Result<Answered, Stop> {
        let node = going_on(&self.node, more);
        let found = read(&mut self.link, details, vec![node])?;
        some(found.into_iter().next(), "the result of HistoryRead")
    }

    /// What a read says, whether as a fault or as the node's result.
    pub(super) fn refusal(&mut self, details: impl DynEncodable) -> Result<StatusCode, Stop> {
        let request = read_request(&self.link, details, vec![reading(&self.node)]);
        Ok(match self.link.call::<HistoryReadResponse>(&request)? {
            Ok(response) => {
                let found = response.results.unwrap_or_default();
                some(found.first(), "the result of HistoryRead")?.status_code
            }
            Err(status) => status,
        })
    }

    /// A read whose values must be exactly these, in this order, with no more behind them.
    pub(super) fn expect(
        &mut self,
        details: impl DynEncodable,
        wanted: &[Point],
        of: &str,
    ) -> Check {
        let found = self.read(details)?;
        let status = if wanted.is_empty() { StatusCode::GoodNoData } else { StatusCode::Good };
        code(found.status, &[status], of)?;
        equal(self.points(&found.values).as_slice(), wanted, of)?;
        equal(found.has_more(), false, &format!("{of}: a continuation point"))
    }
}

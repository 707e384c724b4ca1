//! MonitoredItem service set (Part 4, 5.13): decoded in place, so that a wrong item costs only itself.

use opcua_types::{AttributeId, ObjectId, StatusCode, TimestampsToReturn, Variant};

use crate::tag::{TagIndex, ValueType};
use crate::time;
use crate::ua::envelope::array_length;
use crate::ua::server::Server;
use crate::ua::service::attribute::{self, ReadItem, Sight};
use crate::ua::service::reader::{self, Malformed, Reader};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{IdRef, NodeIdRef, ValueSource};
use crate::ua::subscription::{
    DataFilter, Deadband, ItemSettings, LiveValues, Mode, Pass, SessionKey, Source, Trigger,
};

/// Smallest encoded MonitoredItemCreateRequest.
const SMALLEST_CREATE: usize = 16 + 4 + SMALLEST_MODIFY - 4;
/// Smallest encoded MonitoredItemModifyRequest: id, handle, interval, null filter, queue size, flag.
const SMALLEST_MODIFY: usize = 4 + 4 + 8 + 3 + 4 + 1;

/// MonitoringParameters (Part 4, 7.21) as sent.
struct Parameters<'a> {
    client_handle: u32,
    sampling_ms: f64,
    filter: (NodeIdRef<'a>, &'a [u8]),
    queue_size: u32,
    discard_oldest: bool,
}

impl<'a> Parameters<'a> {
    fn read(body: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            client_handle: body.u32()?,
            sampling_ms: body.f64()?,
            filter: body.extension_object()?,
            queue_size: body.u32()?,
            discard_oldest: body.flag()?,
        })
    }
}

/// What all items of one request share.
struct Common<'a> {
    server: &'a Server,
    session: SessionKey,
    subscription: u32,
    timestamps: TimestampsToReturn,
    publishing_ms: f64,
}

fn common<'a>(request: &mut Request<'a>) -> Result<Common<'a>, StatusCode> {
    let session = request.session()?;
    let subscription = request.body.u32()?;
    let timestamps = request.body.i32()?;
    let publishing_ms =
        request.server.subscriptions.borrow_mut().interval_ms(session, subscription)?;
    let timestamps = attribute::timestamps(timestamps)?;
    Ok(Common { server: request.server, session, subscription, timestamps, publishing_ms })
}

/// CreateMonitoredItems.
pub(super) fn create(mut request: Request<'_>) -> Outcome {
    let common = common(&mut request)?;
    let count = request.body.array(SMALLEST_CREATE)?;
    request.check_count(count)?;
    let snapshot = common.server.snapshot();
    let sight = Sight {
        server: common.server,
        snapshot: &snapshot,
        roles: request.roles(common.session),
        timestamps: common.timestamps,
        now: time::now(),
    };
    let mut out = request.head(ObjectId::CreateMonitoredItemsResponse_Encoding_DefaultBinary);
    out.reserve(count * 24);
    array_length(&mut out, Some(count));
    for _ in 0..count {
        let item = ReadItem::read(&mut request.body)?;
        let mode = request.body.i32()?;
        let parameters = Parameters::read(&mut request.body)?;
        let made = common.create(&sight, &item, mode, &parameters);
        let (status, id, settings) = match made {
            Ok((id, settings)) => (StatusCode::Good, id, Some(settings)),
            Err(status) => (status, 0, None),
        };
        out.extend_from_slice(&status.bits().to_le_bytes());
        out.extend_from_slice(&id.to_le_bytes());
        common.revised(settings, &mut out);
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

/// What an item looks at (MON-02, MON-03).
fn source_of(sight: &Sight<'_>, item: &ReadItem<'_>) -> Result<Source, StatusCode> {
    let space = &sight.server.space;
    let node = space.resolve(&item.node).ok_or(if reader::is_null(&item.node) {
        StatusCode::BadNodeIdInvalid
    } else {
        StatusCode::BadNodeIdUnknown
    })?;
    let attribute =
        AttributeId::from_u32(item.attribute).map_err(|_| StatusCode::BadAttributeIdInvalid)?;
    let range = reader::index_range(item.range)?;
    let is_value = attribute == AttributeId::Value;
    if is_value && let ValueSource::Tag(tag) = space.value_source(node) {
        if !attribute::may_read(sight.roles) {
            return Err(StatusCode::BadUserAccessDenied);
        }
        if !item.encoding.1.is_empty() {
            return Err(StatusCode::BadDataEncodingInvalid);
        }
        return Ok(if range.is_none() {
            Source::Tag(tag)
        } else {
            Source::Part(tag, Box::new(range))
        });
    }
    if is_value && let ValueSource::Live(number) = space.value_source(node) {
        return Ok(Source::Live(number, Box::new(range)));
    }
    match sight.value_of(node, attribute, &range, item.encoding) {
        Ok(found) => Ok(Source::Fixed(Box::new(found.value.unwrap_or_default()), StatusCode::Good)),
        // There may be data one day; until then the item says that there is none.
        Err(StatusCode::BadIndexRangeNoData) if is_value => {
            Ok(Source::Fixed(Box::new(Variant::Empty), StatusCode::BadIndexRangeNoData))
        }
        Err(status) => Err(status),
    }
}

impl Common<'_> {
    fn create(
        &self,
        sight: &Sight<'_>,
        item: &ReadItem<'_>,
        mode: i32,
        parameters: &Parameters<'_>,
    ) -> Result<(u32, ItemSettings), StatusCode> {
        let source = source_of(sight, item)?;
        let mode = Mode::from_number(mode)?;
        let is_value = item.attribute == AttributeId::Value as u32;
        let filter = check_filter(self.server, &source, is_value, &parameters.filter)?;
        let settings = self.settings(parameters, filter);
        let live = match source {
            Source::Live(number, _) => self.server.live_values(&[number], sight.snapshot),
            _ => LiveValues::new(),
        };
        let pass = Pass { snapshot: sight.snapshot, live: &live, utc: sight.now };
        let mut subscriptions = self.server.subscriptions.borrow_mut();
        let item = (source, mode, settings);
        let id = subscriptions.add_item(self.session, self.subscription, item, &pass)?;
        Ok((id, settings))
    }

    fn settings(&self, parameters: &Parameters<'_>, filter: DataFilter) -> ItemSettings {
        let subscriptions = self.server.subscriptions.borrow();
        ItemSettings {
            client_handle: parameters.client_handle,
            timestamps: self.timestamps,
            every: subscriptions.every(parameters.sampling_ms, self.publishing_ms),
            filter,
            queue_size: subscriptions.queue_size(parameters.queue_size),
            discard_oldest: parameters.discard_oldest,
        }
    }

    /// Revised interval and queue size, and no filter result.
    fn revised(&self, settings: Option<ItemSettings>, out: &mut Vec<u8>) {
        let subscriptions = self.server.subscriptions.borrow();
        let interval = settings.map_or(0.0, |it| subscriptions.sampling_ms(it.every));
        out.extend_from_slice(&interval.to_le_bytes());
        out.extend_from_slice(&settings.map_or(0, |it| it.queue_size).to_le_bytes());
        out.extend_from_slice(&[0, 0, 0]);
    }

    fn modify(&self, id: u32, parameters: &Parameters<'_>) -> Result<ItemSettings, StatusCode> {
        let (source, before) = {
            let mut subscriptions = self.server.subscriptions.borrow_mut();
            subscriptions.item_settings(self.session, self.subscription, id)?
        };
        let is_value = !matches!(source, Source::Fixed(..));
        let filter = check_filter(self.server, &source, is_value, &parameters.filter)?;
        let mut settings = self.settings(parameters, filter);
        if parameters.queue_size == before.queue_size {
            settings.queue_size = before.queue_size;
        }
        let mut subscriptions = self.server.subscriptions.borrow_mut();
        subscriptions.modify_item(self.session, self.subscription, id, settings)?;
        Ok(settings)
    }
}

/// Encoding id of a DataChangeFilter.
const DATA_CHANGE_FILTER: u32 = ObjectId::DataChangeFilter_Encoding_DefaultBinary as u32;
/// Encoding id of an EventFilter.
const EVENT_FILTER: u32 = ObjectId::EventFilter_Encoding_DefaultBinary as u32;

/// Checks a filter against what it is for (MON-15 to MON-19).
fn check_filter(
    server: &Server,
    source: &Source,
    is_value: bool,
    filter: &(NodeIdRef<'_>, &[u8]),
) -> Result<DataFilter, StatusCode> {
    let (kind, body) = filter;
    match kind {
        NodeIdRef { namespace: 0, identifier: IdRef::Numeric(0) } => {
            return Ok(DataFilter::default());
        }
        NodeIdRef { namespace: 0, identifier: IdRef::Numeric(DATA_CHANGE_FILTER) } => {}
        NodeIdRef { namespace: 0, identifier: IdRef::Numeric(EVENT_FILTER) } => {
            return Err(StatusCode::BadFilterNotAllowed);
        }
        _ => return Err(StatusCode::BadMonitoredItemFilterUnsupported),
    }
    if !is_value {
        return Err(StatusCode::BadFilterNotAllowed);
    }
    let mut body = Reader::new(body);
    let mut read =
        || -> Result<(i32, u32, f64), Malformed> { Ok((body.i32()?, body.u32()?, body.f64()?)) };
    let (trigger, kind, value) = read().map_err(|_| StatusCode::BadMonitoredItemFilterInvalid)?;
    let trigger = match trigger {
        0 => Trigger::Status,
        1 => Trigger::StatusValue,
        2 => Trigger::StatusValueTimestamp,
        _ => return Err(StatusCode::BadMonitoredItemFilterInvalid),
    };
    let deadband = match kind {
        0 => return Ok(DataFilter { trigger, deadband: 0.0 }),
        1 if value >= 0.0 => Deadband::Absolute(value),
        2 if (0.0..=100.0).contains(&value) => Deadband::Percent(value),
        _ => return Err(StatusCode::BadDeadbandFilterInvalid),
    };
    let deadband = in_units(server, source, deadband)?;
    Ok(DataFilter { trigger, deadband })
}

/// A deadband in the unit of its tag; only numbers have one, and percent only of a range.
fn in_units(server: &Server, source: &Source, deadband: Deadband) -> Result<f64, StatusCode> {
    let tag: TagIndex = match source {
        Source::Tag(tag) | Source::Part(tag, _) => *tag,
        Source::Live(..) | Source::Fixed(..) => return Err(StatusCode::BadFilterNotAllowed),
    };
    let table = server.space.table();
    let is_number = matches!(
        table.row(tag).1.value_type,
        ValueType::F64 | ValueType::U16 | ValueType::U32 | ValueType::Numbers
    );
    if !is_number {
        return Err(StatusCode::BadFilterNotAllowed);
    }
    match deadband {
        Deadband::Absolute(value) => Ok(value),
        Deadband::Percent(value) => {
            let range = table.range(tag).ok_or(StatusCode::BadMonitoredItemFilterUnsupported)?;
            Ok(value / 100.0 * (range.1 - range.0))
        }
    }
}

/// ModifyMonitoredItems.
pub(super) fn modify(mut request: Request<'_>) -> Outcome {
    let common = common(&mut request)?;
    let count = request.body.array(SMALLEST_MODIFY)?;
    request.check_count(count)?;
    let mut out = request.head(ObjectId::ModifyMonitoredItemsResponse_Encoding_DefaultBinary);
    array_length(&mut out, Some(count));
    for _ in 0..count {
        let id = request.body.u32()?;
        let parameters = Parameters::read(&mut request.body)?;
        let made = common.modify(id, &parameters);
        let status = made.err().unwrap_or(StatusCode::Good);
        out.extend_from_slice(&status.bits().to_le_bytes());
        common.revised(made.ok(), &mut out);
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

/// Appends codes and no diagnostics.
fn codes(out: &mut Vec<u8>, codes: &[StatusCode]) {
    array_length(out, Some(codes.len()));
    for code in codes {
        out.extend_from_slice(&code.bits().to_le_bytes());
    }
    array_length(out, None);
}

/// SetMonitoringMode.
pub(super) fn set_mode(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let subscription = request.body.u32()?;
    let mode = request.body.i32()?;
    let ids = request.body.numbers()?;
    let server = request.server;
    server.subscriptions.borrow_mut().check(session, subscription)?;
    request.check_count(ids.len())?;
    let mode = Mode::from_number(mode)?;
    let snapshot = server.snapshot();
    let live = server.live_values(&server.subscriptions.borrow().watched(subscription), &snapshot);
    let pass = Pass { snapshot: &snapshot, live: &live, utc: time::now() };
    let mut subscriptions = server.subscriptions.borrow_mut();
    let results: Vec<StatusCode> = ids
        .iter()
        .map(|it| subscriptions.set_mode(session, subscription, *it, (mode, &pass)))
        .map(|it| it.err().unwrap_or(StatusCode::Good))
        .collect();
    let mut out = request.head(ObjectId::SetMonitoringModeResponse_Encoding_DefaultBinary);
    codes(&mut out, &results);
    Ok(Answer::Now(out))
}

/// SetTriggering.
pub(super) fn set_triggering(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let subscription = request.body.u32()?;
    let triggering = request.body.u32()?;
    let add = request.body.numbers()?;
    let remove = request.body.numbers()?;
    let mut subscriptions = request.server.subscriptions.borrow_mut();
    subscriptions.check(session, subscription)?;
    request.check_count(add.len() + remove.len())?;
    let links = (add.as_slice(), remove.as_slice());
    let (added, removed) =
        subscriptions.set_triggering(session, subscription, triggering, links)?;
    let mut out = request.head(ObjectId::SetTriggeringResponse_Encoding_DefaultBinary);
    codes(&mut out, &added);
    codes(&mut out, &removed);
    Ok(Answer::Now(out))
}

/// DeleteMonitoredItems.
pub(super) fn delete(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let subscription = request.body.u32()?;
    let ids = request.body.numbers()?;
    let mut subscriptions = request.server.subscriptions.borrow_mut();
    subscriptions.check(session, subscription)?;
    request.check_count(ids.len())?;
    let results = subscriptions.delete_items(session, subscription, &ids)?;
    let mut out = request.head(ObjectId::DeleteMonitoredItemsResponse_Encoding_DefaultBinary);
    codes(&mut out, &results);
    Ok(Answer::Now(out))
}

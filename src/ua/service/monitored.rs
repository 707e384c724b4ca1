//! MonitoredItem service set (Part 4, 5.13): decoded in place, so that a wrong item costs only itself.

use std::sync::Arc;

use opcua_types::{
    AttributeId, BinaryEncodable, ExtensionObject, NumericRange, ObjectId, StatusCode,
    TimestampsToReturn, Variant,
};

use crate::time;
use crate::ua::envelope::array_length;
use crate::ua::event::Problem;
use crate::ua::permission::bits::{READ, RECEIVE_EVENTS};
use crate::ua::server::Server;
use crate::ua::service::attribute::{self, ReadItem, Sight};
use crate::ua::service::filter;
use crate::ua::service::reader::{self, Malformed, Reader};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{NodeIdRef, NodeRef, ValueSource};
use crate::ua::subscription::{
    DataFilter, ItemSettings, ListenerSettings, LiveValues, Mode, NewItem, Pass, SessionKey, Source,
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

/// Events in one item's queue at most: each may be some kilobytes.
const EVENT_QUEUE: u32 = 10_000;

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
        rights: request.rights(common.session),
        session: common.session,
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
        let (status, id) = match &made {
            Ok((id, _)) => (StatusCode::Good, *id),
            Err(problem) => (problem.status, 0),
        };
        out.extend_from_slice(&status.bits().to_le_bytes());
        out.extend_from_slice(&id.to_le_bytes());
        common.revised(made.map(|(_, made)| made), &mut out);
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

fn node_of(sight: &Sight<'_>, item: &ReadItem<'_>) -> Result<NodeRef, StatusCode> {
    sight.server.space.resolve(&item.node).ok_or(if reader::is_null(&item.node) {
        StatusCode::BadNodeIdInvalid
    } else {
        StatusCode::BadNodeIdUnknown
    })
}

/// What an item looks at (MON-02, MON-03).
fn source_of(sight: &Sight<'_>, item: &ReadItem<'_>) -> Result<Source, StatusCode> {
    let space = &sight.server.space;
    let node = node_of(sight, item)?;
    let attribute =
        AttributeId::from_u32(item.attribute).map_err(|_| StatusCode::BadAttributeIdInvalid)?;
    let range = reader::index_range(item.range)?;
    let is_value = attribute == AttributeId::Value;
    if is_value && let ValueSource::Tag(tag) = space.value_source(node) {
        sight.rights.check(space.class_of(node), READ)?;
        if !item.encoding.1.is_empty() {
            return Err(StatusCode::BadDataEncodingInvalid);
        }
        return Ok(if range.is_none() {
            Source::Tag(tag)
        } else {
            Source::Part(tag, Box::new(range))
        });
    }
    if is_value && let ValueSource::Live(id) = space.value_source(node) {
        sight.value_of(node, attribute, &NumericRange::None, item.encoding)?;
        return Ok(Source::Live(Box::new((id, range))));
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

/// What became of what a client asked for an item.
struct Made {
    sampling_ms: f64,
    queue_size: u32,
    filter: ExtensionObject,
}

impl Common<'_> {
    fn create(
        &self,
        sight: &Sight<'_>,
        item: &ReadItem<'_>,
        mode: i32,
        parameters: &Parameters<'_>,
    ) -> Result<(u32, Made), Problem> {
        if item.attribute == AttributeId::EventNotifier as u32 {
            return self.listen(sight, item, mode, parameters);
        }
        let source = source_of(sight, item)?;
        let mode = Mode::from_number(mode)?;
        let is_value = item.attribute == AttributeId::Value as u32;
        let filter =
            filter::check(sight.snapshot, self.server, (&source, is_value), &parameters.filter)?;
        let settings = self.settings(parameters, filter.data());
        let result = filter.result();
        let live = match &source {
            Source::Live(live) => self.server.live_values(&[live.0], sight.snapshot),
            _ => LiveValues::new(),
        };
        let pass = Pass { snapshot: sight.snapshot, live: &live, utc: sight.now };
        let mut subscriptions = self.server.subscriptions.borrow_mut();
        let class = sight.class_of(node_of(sight, item)?);
        let item = NewItem { source, class, mode, settings, aggregate: filter.aggregate() };
        let id = subscriptions.add_item(self.session, self.subscription, item, &pass)?;
        let sampling_ms = subscriptions.sampling_ms(settings.every);
        Ok((id, Made { sampling_ms, queue_size: settings.queue_size, filter: result }))
    }

    /// An item of events (EVT-01, EVT-13).
    fn listen(
        &self,
        sight: &Sight<'_>,
        item: &ReadItem<'_>,
        mode: i32,
        parameters: &Parameters<'_>,
    ) -> Result<(u32, Made), Problem> {
        let notifier = node_of(sight, item)?;
        sight.server.space.attribute(notifier, AttributeId::EventNotifier, sight.roles)?;
        if !sight.server.space.is_notifier(notifier) {
            return Err(StatusCode::BadNotSupported.into());
        }
        let class = sight.server.space.class_of(notifier);
        sight.rights.check(class, RECEIVE_EVENTS).map_err(StatusCode::from)?;
        let mode = Mode::from_number(mode)?;
        let settings = self.listener_settings(parameters)?;
        let made = Made::of(&settings);
        let mut subscriptions = self.server.subscriptions.borrow_mut();
        let with = (mode, settings);
        let id = subscriptions.add_listener(self.session, self.subscription, notifier, with)?;
        Ok((id, made))
    }

    /// Part 4, 7.21: of events 0 asks for the largest queue, and any number for as much of it as there is.
    fn listener_settings(&self, parameters: &Parameters<'_>) -> Result<ListenerSettings, Problem> {
        let filter = Arc::new(filter::events(self.server, &parameters.filter)?);
        let subscriptions = self.server.subscriptions.borrow();
        let asked = if parameters.queue_size == 0 { u32::MAX } else { parameters.queue_size };
        Ok(ListenerSettings {
            client_handle: parameters.client_handle,
            filter,
            queue_size: subscriptions.queue_size(asked.min(EVENT_QUEUE)),
            discard_oldest: parameters.discard_oldest,
        })
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

    /// Revised interval and queue size, and what became of the filter, also of one that is refused.
    fn revised(&self, made: Result<Made, Problem>, out: &mut Vec<u8>) {
        let none = |it: Problem| Made { sampling_ms: 0.0, queue_size: 0, filter: it.result };
        let made = made.unwrap_or_else(none);
        out.extend_from_slice(&made.sampling_ms.to_le_bytes());
        out.extend_from_slice(&made.queue_size.to_le_bytes());
        let before = out.len();
        let is_written =
            !made.filter.is_null() && made.filter.encode(out, &self.server.context()).is_ok();
        if !is_written {
            out.truncate(before);
            out.extend_from_slice(&[0, 0, 0]);
        }
    }

    fn modify(&self, id: u32, parameters: &Parameters<'_>) -> Result<Made, Problem> {
        let is_listener = self.server.subscriptions.borrow_mut().is_listener(
            self.session,
            self.subscription,
            id,
        )?;
        if is_listener {
            let settings = self.listener_settings(parameters)?;
            let made = Made::of(&settings);
            let mut subscriptions = self.server.subscriptions.borrow_mut();
            subscriptions.modify_listener(self.session, self.subscription, id, settings)?;
            return Ok(made);
        }
        let (source, before) = {
            let mut subscriptions = self.server.subscriptions.borrow_mut();
            subscriptions.item_settings(self.session, self.subscription, id)?
        };
        let is_value = !matches!(source, Source::Fixed(..));
        let snapshot = self.server.snapshot();
        let filter =
            filter::check(&snapshot, self.server, (&source, is_value), &parameters.filter)?;
        let result = filter.result();
        let mut settings = self.settings(parameters, filter.data());
        if parameters.queue_size == before.queue_size {
            settings.queue_size = before.queue_size;
        }
        let mut subscriptions = self.server.subscriptions.borrow_mut();
        let change = (settings, filter.aggregate());
        subscriptions.modify_item(self.session, self.subscription, id, change)?;
        let sampling_ms = subscriptions.sampling_ms(settings.every);
        Ok(Made { sampling_ms, queue_size: settings.queue_size, filter: result })
    }
}

impl Made {
    fn of(settings: &ListenerSettings) -> Self {
        let filter = settings.filter.result();
        Self { sampling_ms: 0.0, queue_size: settings.queue_size, filter }
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
        let status = made.as_ref().err().map_or(StatusCode::Good, |it| it.status);
        out.extend_from_slice(&status.bits().to_le_bytes());
        common.revised(made, &mut out);
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

//! Events as clients write them into the history (Part 11, 6.9.4): which fields have to be there, and what they may be.

use std::sync::Arc;

use opcua_types::{
    BinaryDecodable, BinaryEncodable, ContextOwned, LocalizedText, NodeId, PerformUpdateType,
    StatusCode, Variant, VariantScalarTypeId as Scalar,
};

use crate::chronicle::{Fields, Guard, Record, Task};
use crate::time::{self, Timestamp};
use crate::ua::event::{CONDITION_ID, EventFilter};
use crate::ua::recording::EventHistory;
use crate::ua::server::Server;
use crate::ua::space::{NodeIdRef, NodeRef};
use crate::ua::value::date_time;

/// Fields of BaseEventType that every event has, and their types.
pub(super) const BASE_FIELDS: [(&str, Scalar); 8] = [
    ("0:EventId", Scalar::ByteString),
    ("0:EventType", Scalar::NodeId),
    ("0:SourceNode", Scalar::NodeId),
    ("0:SourceName", Scalar::String),
    ("0:Time", Scalar::DateTime),
    ("0:ReceiveTime", Scalar::DateTime),
    ("0:Message", Scalar::LocalizedText),
    ("0:Severity", Scalar::UInt16),
];
/// Longest EventId, bytes.
const ID_MAX: usize = 256;
/// ConditionType.
const CONDITION_TYPE: u32 = opcua_types::ObjectTypeId::ConditionType as u32;

/// A field of a recorded event; Empty if it has none of that name.
pub(super) fn field_of(record: &Record, key: &str) -> Variant {
    let types = ContextOwned::default();
    let bytes = record.fields.get(key);
    let decoded = bytes.and_then(|mut it| Variant::decode(&mut it, &types.context()).ok());
    decoded.unwrap_or_default()
}

/// Makes changes of the history out of fields that clients send.
pub(super) struct Draft<'a> {
    server: &'a Server,
    events: &'a EventHistory,
    target: NodeRef,
    filter: &'a EventFilter,
    perform: PerformUpdateType,
    types: ContextOwned,
}

/// What a client says of one event.
struct Given<'a> {
    /// Key and value, in the order of the filter.
    fields: Vec<(&'a str, &'a Variant)>,
    /// Some of what was sent is no field that can be kept.
    is_cut: bool,
}

impl<'a> Given<'a> {
    fn get(&self, key: &str) -> Option<&'a Variant> {
        self.fields.iter().find(|it| it.0 == key).map(|it| it.1)
    }
}

impl<'a> Draft<'a> {
    /// For the fields that `filter` names, if they are enough.
    pub(super) fn new(
        server: &'a Server,
        events: &'a EventHistory,
        target: NodeRef,
        filter: &'a EventFilter,
        perform: PerformUpdateType,
    ) -> Result<Self, StatusCode> {
        // Part 11, 6.9.4.2: the filter names fields and asks nothing.
        if !filter.wants_all() {
            return Err(StatusCode::BadInvalidArgument);
        }
        let has = |key: &str| filter.clauses().iter().flatten().any(|it| it.key == key);
        let is_enough = match perform {
            PerformUpdateType::Replace => has("0:EventId"),
            PerformUpdateType::Insert => has("0:EventType") && has("0:Time"),
            _ => has("0:EventId") && has("0:EventType") && has("0:Time"),
        };
        if !is_enough {
            return Err(StatusCode::BadArgumentsMissing);
        }
        Ok(Self { server, events, target, filter, perform, types: ContextOwned::default() })
    }

    /// The change that one list of fields asks for, and its result if it succeeds otherwise unremarkably.
    pub(super) fn task(
        &self,
        values: &[Variant],
        guard: &Guard,
    ) -> Result<(Task, StatusCode), StatusCode> {
        let given = self.given(values)?;
        let id = match given.get("0:EventId") {
            Some(Variant::ByteString(id)) => id.value.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        if id.len() > ID_MAX {
            return Err(StatusCode::BadOutOfRange);
        }
        let (mut is_cut, guard) = (given.is_cut, Arc::clone(guard));
        let task = match self.perform {
            PerformUpdateType::Replace => self.replace(&given, id, None, guard)?,
            PerformUpdateType::Insert => {
                let (record, cut) = self.record(&given, id)?;
                is_cut |= cut;
                Task::Insert(record)
            }
            _ => {
                let (record, cut) = self.record(&given, id.clone())?;
                is_cut |= cut;
                self.replace(&given, id, Some(record), guard)?
            }
        };
        let good = if is_cut { StatusCode::GoodDataIgnored } else { StatusCode::Good };
        Ok((task, good))
    }

    /// Pairs values with the fields that the filter names.
    fn given<'v>(&'v self, values: &'v [Variant]) -> Result<Given<'v>, StatusCode> {
        let clauses = self.filter.clauses();
        if clauses.len() != values.len() {
            return Err(StatusCode::BadInvalidArgument);
        }
        let mut given = Given { fields: Vec::new(), is_cut: false };
        for (clause, value) in clauses.iter().zip(values) {
            match (clause, value) {
                (_, Variant::Empty) => {}
                (Ok(clause), value) if clause.is_whole() => {
                    let base = BASE_FIELDS.iter().find(|it| it.0 == clause.key);
                    if base.is_some_and(|it| value.scalar_type_id() != Some(it.1)) {
                        return Err(StatusCode::BadInvalidArgument);
                    }
                    given.fields.push((&clause.key, value));
                }
                _ => given.is_cut = true,
            }
        }
        Ok(given)
    }

    /// A type of events that clients may write: no audit event, which says what was done here.
    fn kind(&self, given: &Given<'_>) -> Result<Option<(u32, Vec<u8>)>, StatusCode> {
        let Some(Variant::NodeId(id)) = given.get("0:EventType") else { return Ok(None) };
        let kind = self.events.types.named(id).ok_or(StatusCode::BadTypeDefinitionInvalid)?;
        if self.events.types.is_audit(kind) {
            return Err(StatusCode::BadTypeDefinitionInvalid);
        }
        Ok(Some((kind, id.encode_to_vec(&self.types.context()))))
    }

    fn time(given: &Given<'_>) -> Result<Option<Timestamp>, StatusCode> {
        match given.get("0:Time") {
            Some(Variant::DateTime(time)) if time.checked_ticks() > 0 => {
                Ok(Some(Timestamp::from_ticks(time.checked_ticks())))
            }
            Some(_) => Err(StatusCode::BadOutOfRange),
            None => Ok(None),
        }
    }

    fn replace(
        &self,
        given: &Given<'_>,
        id: Vec<u8>,
        otherwise: Option<Record>,
        guard: Guard,
    ) -> Result<Task, StatusCode> {
        let (time, kind) = (Self::time(given)?, self.kind(given)?.map(|it| it.1));
        let mut fields = Fields::default();
        for (key, value) in &given.fields {
            self.add(&mut fields, key, value);
        }
        Ok(Task::Replace { id, time, kind, fields, otherwise, guard })
    }

    /// A new event: what every event has and was not sent is filled in. Whether something sent is no field of its type.
    fn record(&self, given: &Given<'_>, id: Vec<u8>) -> Result<(Record, bool), StatusCode> {
        let (kind, encoded) = self.kind(given)?.ok_or(StatusCode::BadArgumentsMissing)?;
        let time = Self::time(given)?.ok_or(StatusCode::BadArgumentsMissing)?;
        let id = if id.is_empty() { self.server.event_ids.next().to_vec() } else { id };
        let source = match given.get("0:SourceNode") {
            Some(Variant::NodeId(id)) if !id.is_null() => {
                let found = self.server.space.resolve(&NodeIdRef::from(id.as_ref()));
                found.ok_or(StatusCode::BadSourceNodeIdInvalid)?
            }
            _ => self.target,
        };
        let origin = self.origin(source);
        let space = &self.server.space;
        let usual = |key: &str| -> Variant {
            match key {
                "0:EventId" => opcua_types::ByteString::from(id.clone()).into(),
                "0:SourceNode" => space.node_id(source).into(),
                "0:SourceName" if origin.is_empty() => space.browse_name(source).1.as_ref().into(),
                "0:SourceName" => origin.as_str().into(),
                "0:ReceiveTime" => date_time(time::now()).into(),
                "0:Message" => LocalizedText::null().into(),
                "0:Severity" => 1_u16.into(),
                _ => Variant::Empty,
            }
        };
        let mut fields = Fields::default();
        for (key, _) in BASE_FIELDS {
            match given.get(key) {
                Some(value) => self.add(&mut fields, key, value),
                None => self.add(&mut fields, key, &usual(key)),
            }
        }
        let mut is_cut = false;
        let is_base = |key: &str| BASE_FIELDS.iter().any(|it| it.0 == key);
        for (key, value) in given.fields.iter().filter(|it| !is_base(it.0)) {
            if self.has_field(kind, key) {
                self.add(&mut fields, key, value);
            } else {
                is_cut = true;
            }
        }
        Ok((Record { time, id, kind: encoded, origin, fields }, is_cut))
    }

    fn has_field(&self, kind: u32, key: &str) -> bool {
        if key == CONDITION_ID {
            let condition = self.events.types.named(&NodeId::new(0, CONDITION_TYPE));
            return condition.is_some_and(|it| self.events.types.is_below(kind, it));
        }
        self.events.recorder.has_field(&self.server.space, kind, key)
    }

    fn add(&self, fields: &mut Fields, key: &str, value: &Variant) {
        fields.add(&Arc::from(key), |out| {
            let before = out.len();
            if value.encode(out, &self.types.context()).is_err() {
                out.truncate(before);
            }
        });
    }

    /// Whom the event concerns: the source's device if the notifier hears it, else the notifier.
    fn origin(&self, source: NodeRef) -> String {
        let space = &self.server.space;
        let device = match source {
            NodeRef::Device(device) | NodeRef::Member(device, _) => Some(device),
            NodeRef::Alarm(alarm, _) => Some(space.alarms().device(alarm)),
            NodeRef::Static(_) | NodeRef::Session(..) | NodeRef::Role(..) => None,
        };
        let device = device.filter(|it| space.notifiers(Some(*it)).contains(&self.target));
        match (device, self.target) {
            (Some(device), _) | (None, NodeRef::Device(device)) => {
                space.table().device(device).path.clone()
            }
            _ => String::new(),
        }
    }
}

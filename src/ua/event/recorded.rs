//! Events in the chronicle: all fields that their types have, as they were told, each an encoded Variant.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use opcua_types::{BinaryDecodable, BinaryEncodable, Context, ContextOwned, NodeId, Variant};

use crate::chronicle::{Fields, Record, Stored};
use crate::ua::event::select::put;
use crate::ua::event::{Event, EventTypes, Subject, path_key};
use crate::ua::space::{FieldPath, NodeRef, Space};

/// Name of the field that holds the ConditionId.
pub const CONDITION_ID: &str = "";

/// A field of a type: its key as [`crate::ua::event::path_key`] gives it, and its path without namespaces.
type Named = (Arc<str>, String);

/// Makes records of events.
pub struct EventRecorder {
    types: ContextOwned,
    condition: Arc<str>,
    /// Fields of the event types that have been recorded.
    fields: RefCell<BTreeMap<u32, Rc<[Named]>>>,
}

impl Default for EventRecorder {
    fn default() -> Self {
        let (types, fields) = (ContextOwned::default(), RefCell::default());
        Self { types, condition: CONDITION_ID.into(), fields }
    }
}

impl EventRecorder {
    /// The record of an event.
    pub fn record(&self, space: &Space, event: &Event) -> Record {
        let context = self.types.context();
        let mut fields = Fields::default();
        for (key, path) in self.fields_of(space, event.kind).iter() {
            match event.value(space, key, path) {
                Variant::Empty => {}
                value => fields.add(key, |out| put(&value, out, &context)),
            }
        }
        if let Some(told) = &event.condition {
            let id = Variant::from(space.node_id(NodeRef::Alarm(told.alarm, 0)));
            fields.add(&self.condition, |out| put(&id, out, &context));
        }
        let origin = match event.notifiers.first() {
            Some(NodeRef::Device(device)) => space.table().device(*device).path.clone(),
            _ => String::new(),
        };
        Record {
            time: event.time,
            id: event.id.to_vec(),
            kind: space.node_id(NodeRef::Static(event.kind)).encode_to_vec(&context),
            origin,
            fields,
        }
    }

    /// Whether events of type `kind` can have the field.
    pub fn has_field(&self, space: &Space, kind: u32, key: &str) -> bool {
        self.fields_of(space, kind).iter().any(|it| &*it.0 == key)
    }

    fn fields_of(&self, space: &Space, kind: u32) -> Rc<[Named]> {
        let mut known = self.fields.borrow_mut();
        let fields = known.entry(kind).or_insert_with(|| {
            let named = |path: &FieldPath| -> Named {
                let key = path_key(path.iter().map(|it| (it.0, it.1.as_str())));
                let plain: Vec<&str> = path.iter().map(|it| it.1.as_str()).collect();
                (key.into(), plain.join("."))
            };
            space.event_fields(kind).iter().map(named).collect()
        });
        Rc::clone(fields)
    }
}

/// A recorded event, as clauses see it.
pub struct Recorded<'a> {
    /// As it stands on disk.
    pub stored: &'a Stored<'a>,
    /// Its type.
    pub kind: u32,
    /// All types.
    pub types: &'a EventTypes,
    /// For decoding.
    pub context: &'a Context<'a>,
}

impl Recorded<'_> {
    fn decoded(&self, name: &str) -> Variant {
        let bytes = self.stored.get(name);
        bytes.and_then(|mut it| Variant::decode(&mut it, self.context).ok()).unwrap_or_default()
    }
}

impl Subject for Recorded<'_> {
    fn type_named(&self, id: &NodeId) -> Option<u32> {
        self.types.named(id)
    }

    fn is_below(&self, kind: u32) -> bool {
        self.types.is_below(self.kind, kind)
    }

    fn field(&self, key: &str, _: &str) -> Variant {
        self.decoded(key)
    }

    fn condition(&self) -> Variant {
        self.decoded(CONDITION_ID)
    }

    fn put(&self, key: &str, _: &str, out: &mut Vec<u8>, _: &Context<'_>) {
        // What was written as a Variant goes out as it is.
        out.extend_from_slice(self.stored.get(key).unwrap_or(&[0]));
    }
}

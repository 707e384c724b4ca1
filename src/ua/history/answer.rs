//! The answer to a read of history, put together as it is read: HistoryData (Part 11, 6.6.2).

use opcua_types::{
    Context, ContextOwned, ExtensionObject, NumericRange, TimestampsToReturn, Variant,
};

use crate::history::Sample;
use crate::tag::Value;
use crate::time::Timestamp;
use crate::ua::aggregate::Processed;
use crate::ua::history::{Subject, annotation};
use crate::ua::range;
use crate::ua::space::Kept;
use crate::ua::status;
use crate::ua::value::{self, Stamp};

/// Bytes of a DataValue with a Double, its status and both timestamps.
pub(super) const BYTES_OF_A_NUMBER: usize = 30;

/// How much one node's answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Values.
    pub values: usize,
    /// Bytes, about: the last value may go beyond.
    pub bytes: usize,
}

/// DataValues, encoded one by one.
pub(super) struct DataValues<'a> {
    subject: &'a Subject,
    /// For values that are not encoded by hand.
    types: ContextOwned,
    room: Room,
    count: usize,
    out: Vec<u8>,
}

impl<'a> DataValues<'a> {
    pub(super) fn new(subject: &'a Subject, room: Room) -> Self {
        // The number of values is known at the end.
        let out = vec![0; 4];
        Self { subject, types: ContextOwned::default(), room, count: 0, out }
    }

    /// Whether no more fits.
    pub(super) fn is_full(&self) -> bool {
        self.count >= self.room.values || self.out.len() >= self.room.bytes
    }

    /// Values that still fit, as far as their number goes.
    pub(super) fn free(&self) -> usize {
        self.room.values.saturating_sub(self.count)
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// A value as recorded. What was recorded is also what the server knew at that time: plant and server have one
    /// clock.
    pub(super) fn sample(&mut self, sample: &Sample) {
        let status = status::of_quality(sample.quality).bits();
        let stamp = Stamp { status, source: sample.time, server: sample.time };
        let Subject { kept, range, timestamps } = self.subject;
        if kept.is_annotations {
            for note in annotation::read(sample) {
                let shown = ExtensionObject::from_message(note.shown()).into();
                self.any(&shown, stamp, *timestamps);
            }
            return;
        }
        let is_plain = kept.shown.is_none() && matches!(range, NumericRange::None);
        if is_plain {
            value::encode_value(&mut self.out, &sample.value, stamp, *timestamps);
        } else {
            let shown = self.subject.kept.show(&sample.value);
            let (value, stamp) = match range::slice(&shown, range) {
                Ok(part) => (part, stamp),
                Err(problem) => (Variant::Empty, Stamp { status: problem.bits(), ..stamp }),
            };
            self.any(&value, stamp, *timestamps);
            return;
        }
        self.count += 1;
    }

    /// A value that was calculated.
    pub(super) fn processed(&mut self, processed: &Processed) {
        let Processed { time, value, status } = processed;
        let stamp = Stamp { status: *status, source: *time, server: *time };
        self.any(value, stamp, self.subject.timestamps);
    }

    /// A status without a value at a time: `BadBoundNotFound`, `BadNoData`.
    pub(super) fn nothing(&mut self, time: Timestamp, status: u32) {
        let stamp = Stamp { status, source: time, server: time };
        value::encode_value(&mut self.out, &Value::Null, stamp, self.subject.timestamps);
        self.count += 1;
    }

    fn any(&mut self, value: &Variant, stamp: Stamp, timestamps: TimestampsToReturn) {
        let context: Context<'_> = self.types.context();
        value::encode_any(&mut self.out, value, stamp, timestamps, &context);
        self.count += 1;
    }

    /// The array, encoded.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let count = i32::try_from(self.count).unwrap_or(i32::MAX);
        self.out[..4].copy_from_slice(&count.to_le_bytes());
        self.out
    }
}

impl Kept {
    /// A value in the data type of its node.
    pub(in crate::ua) fn show(&self, value: &Value) -> Variant {
        let shown = match (self.shown, value) {
            (Some(_), Value::F64(number)) => self.kind().and_then(|it| it.variant(*number)),
            _ => None,
        };
        shown.unwrap_or_else(|| value::from_value(value))
    }
}

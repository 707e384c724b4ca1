//! Values on their way out: tags as variants, and DataValues encoded by hand (Part 6, 5.2.2.17).

use opcua_types::{
    BinaryEncodable, Context, DateTime, StatusCode, TimestampsToReturn, UAString, Variant,
};

use crate::engine::Sample;
use crate::tag::Value;
use crate::time::Timestamp;
use crate::ua::status;

/// A tag's value as a variant.
pub fn from_value(value: &Value) -> Variant {
    match value {
        Value::Null => Variant::Empty,
        Value::Bool(it) => (*it).into(),
        Value::U16(it) => (*it).into(),
        Value::U32(it) => (*it).into(),
        Value::F64(it) => (*it).into(),
        Value::Time(it) => date_time(*it).into(),
        Value::Text(it) => UAString::from(it.as_str()).into(),
        Value::Bools(it) => it.as_ref().clone().into(),
        Value::Numbers(it) => it.as_ref().clone().into(),
    }
}

/// A timestamp as the library's type.
pub fn date_time(time: Timestamp) -> DateTime {
    DateTime::from(time.ticks())
}

/// A value that the server knows at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveValue {
    /// Value.
    pub value: Variant,
    /// Status.
    pub status: StatusCode,
    /// Source time.
    pub source: Timestamp,
}

/// What a DataValue says besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Status code with its info bits.
    pub status: u32,
    /// Source time; ticks 0 is none.
    pub source: Timestamp,
    /// Server time.
    pub server: Timestamp,
}

/// A Variant's type byte says so of an array.
const ARRAY: u8 = 0x80;
const HAS_VALUE: u8 = 0x01;
const HAS_STATUS: u8 = 0x02;
const HAS_SOURCE: u8 = 0x04;
const HAS_SERVER: u8 = 0x08;

/// The mask of a DataValue.
fn mask(has_value: bool, stamp: Stamp, wanted: TimestampsToReturn) -> u8 {
    use TimestampsToReturn::{Both, Server, Source};
    let flag = |is_there: bool, bit: u8| if is_there { bit } else { 0 };
    flag(has_value, HAS_VALUE)
        | flag(stamp.status != 0, HAS_STATUS)
        | flag(matches!(wanted, Source | Both) && stamp.source.ticks() != 0, HAS_SOURCE)
        | flag(matches!(wanted, Server | Both), HAS_SERVER)
}

/// Appends what stands behind the value of a DataValue with this mask.
fn tail(out: &mut Vec<u8>, mask: u8, stamp: Stamp) {
    if mask & HAS_STATUS != 0 {
        out.extend_from_slice(&stamp.status.to_le_bytes());
    }
    if mask & HAS_SOURCE != 0 {
        out.extend_from_slice(&stamp.source.ticks().to_le_bytes());
    }
    if mask & HAS_SERVER != 0 {
        out.extend_from_slice(&stamp.server.ticks().to_le_bytes());
    }
}

/// Appends the DataValue of a tag's value.
pub fn encode_value(out: &mut Vec<u8>, value: &Value, stamp: Stamp, wanted: TimestampsToReturn) {
    let mask = mask(!matches!(value, Value::Null), stamp, wanted);
    match value {
        Value::Bool(it) => scalar(out, mask, 1, [u8::from(*it)], stamp),
        Value::U16(it) => scalar(out, mask, 5, it.to_le_bytes(), stamp),
        Value::U32(it) => scalar(out, mask, 7, it.to_le_bytes(), stamp),
        Value::F64(it) => scalar(out, mask, 11, it.to_le_bytes(), stamp),
        Value::Time(it) => scalar(out, mask, 13, it.ticks().to_le_bytes(), stamp),
        Value::Null => {
            out.push(mask);
            tail(out, mask, stamp);
        }
        Value::Text(it) => long(out, mask, (12, it.len()), it.bytes(), stamp),
        Value::Bools(it) => {
            long(out, mask, (ARRAY | 1, it.len()), it.iter().map(|it| u8::from(*it)), stamp);
        }
        Value::Numbers(it) => {
            let bytes = it.iter().flat_map(|it| it.to_le_bytes());
            long(out, mask, (ARRAY | 11, it.len()), bytes, stamp);
        }
    }
}

/// Longest DataValue of a scalar, rounded up: mask, type, eight bytes, status, two times.
const SCALAR: usize = 32;

/// Appends the DataValue of a scalar. It is made in one place of fixed size, which is copied at once: most of what a server sends
/// goes this way.
fn scalar<const N: usize>(out: &mut Vec<u8>, mask: u8, kind: u8, value: [u8; N], stamp: Stamp) {
    let mut bytes = [0; SCALAR];
    (bytes[0], bytes[1]) = (mask, kind);
    bytes[2..2 + N].copy_from_slice(&value);
    let mut end = 2 + N;
    if mask & HAS_STATUS != 0 {
        bytes[end..end + 4].copy_from_slice(&stamp.status.to_le_bytes());
        end += 4;
    }
    if mask & HAS_SOURCE != 0 {
        bytes[end..end + 8].copy_from_slice(&stamp.source.ticks().to_le_bytes());
        end += 8;
    }
    if mask & HAS_SERVER != 0 {
        bytes[end..end + 8].copy_from_slice(&stamp.server.ticks().to_le_bytes());
        end += 8;
    }
    out.extend_from_slice(&bytes);
    out.truncate(out.len() - SCALAR + end);
}

/// Appends the DataValue of a text or an array: of this type byte and length.
fn long(
    out: &mut Vec<u8>,
    mask: u8,
    (kind, length): (u8, usize),
    bytes: impl Iterator<Item = u8>,
    stamp: Stamp,
) {
    out.extend_from_slice(&[mask, kind]);
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend(bytes);
    tail(out, mask, stamp);
}

/// Appends the DataValue of any variant. A variant that cannot be encoded is a fault of ours.
pub fn encode_any(
    out: &mut Vec<u8>,
    value: &Variant,
    stamp: Stamp,
    wanted: TimestampsToReturn,
    context: &Context<'_>,
) {
    let start = out.len();
    let has_value = !matches!(value, Variant::Empty);
    let told = mask(has_value, stamp, wanted);
    out.push(told);
    if has_value && value.encode(out, context).is_err() {
        out.truncate(start);
        let stamp = Stamp { status: StatusCode::BadEncodingError.bits(), ..stamp };
        let told = mask(false, stamp, wanted);
        out.push(told);
        return tail(out, told, stamp);
    }
    tail(out, told, stamp);
}

/// Appends the DataValue of a tag's sample.
pub fn encode_sample(
    out: &mut Vec<u8>,
    sample: &Sample<'_>,
    wanted: TimestampsToReturn,
    now: Timestamp,
) {
    let status = status::of_quality(sample.quality).bits();
    let stamp = Stamp { status, source: sample.time, server: now };
    encode_value(out, sample.value, stamp, wanted);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opcua_types::{BinaryDecodable, ContextOwned, DataValue};

    use super::*;

    /// The library decodes what we wrote by hand.
    #[test]
    fn enc_every_kind_of_value_is_read_back_as_it_was() {
        let context = ContextOwned::default();
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::U16(513),
            Value::U32(70_000),
            Value::F64(-1.5),
            Value::Time(Timestamp::from_unix_us(1_700_000_000_000_000)),
            Value::Text(Arc::new("槽 1".to_owned())),
            Value::Bools(Arc::new(vec![true, false])),
            Value::Numbers(Arc::new(vec![1.0, 2.0, f64::INFINITY])),
        ];
        let stamp = Stamp {
            status: StatusCode::BadSensorFailure.bits(),
            source: Timestamp::from_ticks(7),
            server: Timestamp::from_ticks(9),
        };
        for value in values {
            let mut out = Vec::new();
            encode_value(&mut out, &value, stamp, TimestampsToReturn::Both);
            let read = DataValue::decode(&mut out.as_slice(), &context.context()).expect("decodes");
            assert_eq!(read.value.unwrap_or_default(), from_value(&value));
            assert_eq!(read.status, Some(StatusCode::BadSensorFailure));
            assert_eq!(read.source_timestamp.map(|it| it.ticks()), Some(7));
            assert_eq!(read.server_timestamp.map(|it| it.ticks()), Some(9));
        }
    }
}

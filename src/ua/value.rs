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

/// Appends the mask of a DataValue; the value follows, then [`tail`].
fn head(out: &mut Vec<u8>, has_value: bool, stamp: Stamp, wanted: TimestampsToReturn) {
    use TimestampsToReturn::{Both, Server, Source};
    let mut mask = if has_value { HAS_VALUE } else { 0 };
    if stamp.status != 0 {
        mask |= HAS_STATUS;
    }
    if matches!(wanted, Source | Both) && stamp.source.ticks() != 0 {
        mask |= HAS_SOURCE;
    }
    if matches!(wanted, Server | Both) {
        mask |= HAS_SERVER;
    }
    out.push(mask);
}

fn tail(out: &mut Vec<u8>, stamp: Stamp, wanted: TimestampsToReturn) {
    use TimestampsToReturn::{Both, Server, Source};
    if stamp.status != 0 {
        out.extend_from_slice(&stamp.status.to_le_bytes());
    }
    if matches!(wanted, Source | Both) && stamp.source.ticks() != 0 {
        out.extend_from_slice(&stamp.source.ticks().to_le_bytes());
    }
    if matches!(wanted, Server | Both) {
        out.extend_from_slice(&stamp.server.ticks().to_le_bytes());
    }
}

/// Appends the DataValue of a tag's value.
pub fn encode_value(out: &mut Vec<u8>, value: &Value, stamp: Stamp, wanted: TimestampsToReturn) {
    head(out, !matches!(value, Value::Null), stamp, wanted);
    encode_variant(out, value);
    tail(out, stamp, wanted);
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
    head(out, !matches!(value, Variant::Empty), stamp, wanted);
    if !matches!(value, Variant::Empty) && value.encode(out, context).is_err() {
        out.truncate(start);
        let stamp = Stamp { status: StatusCode::BadEncodingError.bits(), ..stamp };
        head(out, false, stamp, wanted);
        return tail(out, stamp, wanted);
    }
    tail(out, stamp, wanted);
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

/// Variant (Part 6, 5.2.2.16): type byte, then the value.
fn encode_variant(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(it) => out.extend_from_slice(&[1, u8::from(*it)]),
        Value::U16(it) => {
            out.push(5);
            out.extend_from_slice(&it.to_le_bytes());
        }
        Value::U32(it) => {
            out.push(7);
            out.extend_from_slice(&it.to_le_bytes());
        }
        Value::F64(it) => {
            let mut bytes = [11; 9];
            bytes[1..].copy_from_slice(&it.to_le_bytes());
            out.extend_from_slice(&bytes);
        }
        Value::Time(it) => {
            out.push(13);
            out.extend_from_slice(&it.ticks().to_le_bytes());
        }
        Value::Text(it) => {
            out.push(12);
            out.extend_from_slice(&(it.len() as i32).to_le_bytes());
            out.extend_from_slice(it.as_bytes());
        }
        Value::Bools(it) => {
            out.push(ARRAY | 1);
            out.extend_from_slice(&(it.len() as i32).to_le_bytes());
            out.extend(it.iter().map(|it| u8::from(*it)));
        }
        Value::Numbers(it) => {
            out.push(ARRAY | 0x0b);
            out.extend_from_slice(&(it.len() as i32).to_le_bytes());
            out.extend(it.iter().flat_map(|it| it.to_le_bytes()));
        }
    }
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

//! Values of the standard as JSON for the log: readable, and never longer than a bound.

use opcua_types::{DateTime, ExtensionObject, Variant};
use serde_json::Value;

use crate::time::Timestamp;

/// Characters of a text that are kept.
const TEXT: usize = 1024;
/// Bytes of a byte string that are kept.
const BYTES: usize = 64;
/// Elements of an array that are kept.
const ELEMENTS: usize = 64;

/// A value, as far as it fits.
pub(super) fn of(value: &Variant) -> Value {
    match value {
        Variant::Empty => Value::Null,
        Variant::Boolean(it) => (*it).into(),
        Variant::SByte(it) => (*it).into(),
        Variant::Byte(it) => (*it).into(),
        Variant::Int16(it) => (*it).into(),
        Variant::UInt16(it) => (*it).into(),
        Variant::Int32(it) => (*it).into(),
        Variant::UInt32(it) => (*it).into(),
        Variant::Int64(it) => (*it).into(),
        Variant::UInt64(it) => (*it).into(),
        Variant::Float(it) => real(f64::from(*it)),
        Variant::Double(it) => real(*it),
        Variant::String(it) if it.is_null() => Value::Null,
        Variant::String(it) => text(it.as_ref()).into(),
        Variant::LocalizedText(it) => text(it.text.as_ref()).into(),
        Variant::QualifiedName(it) => text(&format!("{}:{}", it.namespace_index, it.name)).into(),
        Variant::NodeId(it) => text(&it.to_string()).into(),
        Variant::ExpandedNodeId(it) => text(&it.to_string()).into(),
        Variant::Guid(it) => it.to_string().into(),
        Variant::StatusCode(it) => it.to_string().into(),
        Variant::DateTime(it) => time(it).into(),
        Variant::ByteString(it) => bytes(it.value.as_deref().unwrap_or_default()).into(),
        Variant::ExtensionObject(it) => structure(it),
        Variant::Variant(it) => of(it),
        Variant::Array(it) => {
            let mut all: Vec<Value> = it.values.iter().take(ELEMENTS).map(of).collect();
            if it.values.len() > ELEMENTS {
                all.push(format!("… {} elements", it.values.len()).into());
            }
            all.into()
        }
        Variant::DataValue(it) => it.value.as_ref().map_or(Value::Null, of),
        other => text(&format!("{other:?}")).into(),
    }
}

/// JSON has no infinity and no NaN.
fn real(value: f64) -> Value {
    if value.is_finite() { value.into() } else { value.to_string().into() }
}

/// A text cut to its bound.
pub(super) fn text(whole: &str) -> String {
    match whole.char_indices().nth(TEXT) {
        Some((at, _)) => format!("{}… {} bytes", &whole[..at], whole.len()),
        None => whole.to_owned(),
    }
}

/// Ticks at the end of the year 9999: what is beyond it, or before 1601, is no time but a number.
const LAST_TICKS: i64 = 2_650_467_743_999_999_999;

fn time(value: &DateTime) -> String {
    let ticks = value.ticks();
    if (0..=LAST_TICKS).contains(&ticks) {
        Timestamp::from_ticks(ticks).to_string()
    } else {
        format!("{ticks} ticks")
    }
}

fn bytes(all: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(2 * BYTES);
    for byte in all.iter().take(BYTES) {
        // Writing to a string cannot fail, here and below.
        let _ = write!(hex, "{byte:02x}");
    }
    if all.len() > BYTES {
        let _ = write!(hex, "… {} bytes", all.len());
    }
    hex
}

/// The name of its type and what the library prints of it: who may see it may see all of it.
fn structure(value: &ExtensionObject) -> Value {
    if value.is_null() { Value::Null } else { text(&format!("{value:?}")).into() }
}

#[cfg(test)]
mod tests {
    use opcua_types::ByteString;

    use super::*;

    #[test]
    fn a_value_is_readable_and_bounded() {
        assert_eq!(of(&Variant::from(1.5)), Value::from(1.5));
        assert_eq!(of(&Variant::from(f64::NAN)), Value::from("NaN"));
        assert_eq!(of(&ByteString::from(vec![1, 0xab]).into()), Value::from("01ab"));
        for ticks in [i64::MIN, -1, i64::MAX] {
            assert!(of(&DateTime::from(ticks).into()).as_str().unwrap().len() > 5);
        }
        let long = of(&Variant::from("x".repeat(1 << 20).as_str())).to_string();
        assert!(long.len() < 2000, "{}", long.len());
        let wide = of(&Variant::from(vec![1_u32; 100_000])).to_string();
        assert!(wide.len() < 1000, "{}", wide.len());
    }
}

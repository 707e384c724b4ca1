//! Between the plant's values and the library's variants.

use opcua_types::{StatusCode, UAString, Variant};

use crate::control::Scalar;
use crate::tag::ValueType;
use crate::time::Timestamp;
use crate::ua::value::date_time;

/// A written number; `BadTypeMismatch` unless the variant has just the tag's type (WR-02, WR-03).
pub(super) fn number(value: &Variant, expected: ValueType) -> Result<f64, StatusCode> {
    match (expected, value) {
        (ValueType::F64, Variant::Double(it)) => Ok(*it),
        (ValueType::U32, Variant::UInt32(it)) => Ok(f64::from(*it)),
        (ValueType::U16, Variant::UInt16(it)) => Ok(f64::from(*it)),
        (ValueType::Bool, Variant::Boolean(it)) => Ok(f64::from(u8::from(*it))),
        _ => Err(StatusCode::BadTypeMismatch),
    }
}

/// A method argument; `BadTypeMismatch` unless it has just the declared type (MTH-03).
pub(super) fn argument(value: &Variant, expected: ValueType) -> Result<Scalar, StatusCode> {
    match (expected, value) {
        (ValueType::Text, Variant::String(it)) => Ok(Scalar::Text(it.as_ref().into())),
        (ValueType::Time, Variant::DateTime(it)) => Ok(Scalar::Ticks(it.ticks())),
        _ => number(value, expected).map(Scalar::Number),
    }
}

/// A method's output.
pub(super) fn from_scalar(value: &Scalar, declared: Option<ValueType>) -> Variant {
    match (value, declared) {
        (Scalar::Number(it), Some(ValueType::U32)) => (*it as u32).into(),
        (Scalar::Number(it), _) => (*it).into(),
        (Scalar::Text(it), _) => UAString::from(it.as_ref()).into(),
        (Scalar::Ticks(it), _) => date_time(Timestamp::from_ticks(*it)).into(),
    }
}

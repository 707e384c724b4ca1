//! Values that a client puts into a history (Part 11, 6.9.2), checked one by one.

use std::sync::Arc;

use opcua_types::{DataValue, StatusCode, UAString, Variant, VariantScalarTypeId};

use crate::history::Sample;
use crate::tag::{Value, ValueType};
use crate::time::Timestamp;
use crate::ua::space::Kept;
use crate::ua::status;

impl Kept {
    /// A client's value as a sample of this history. `BadInvalidTimestamp` without a source timestamp,
    /// `BadTypeMismatch` for another data type than the variable's (HA-26).
    pub fn sample_of(&self, given: &DataValue) -> Result<Sample, StatusCode> {
        let ticks = given.source_timestamp.as_ref().map_or(0, opcua_types::DateTime::checked_ticks);
        if ticks <= 0 {
            return Err(StatusCode::BadInvalidTimestamp);
        }
        let quality = status::to_quality(given.status.unwrap_or(StatusCode::Good));
        let value = match &given.value {
            None | Some(Variant::Empty) if quality.is_bad() => Value::Null,
            None => return Err(StatusCode::BadTypeMismatch),
            Some(value) => self.value_of(value).ok_or(StatusCode::BadTypeMismatch)?,
        };
        Ok(Sample { time: Timestamp::from_ticks(ticks), value, quality })
    }

    /// The value, if it has the variable's data type and rank.
    fn value_of(&self, given: &Variant) -> Option<Value> {
        use ValueType as T;
        use VariantScalarTypeId as S;
        Some(match (self.value_type, given) {
            (T::F64, _) => Value::F64(number(given, self.shown.unwrap_or(S::Double))?),
            (T::Bool, Variant::Boolean(it)) => Value::Bool(*it),
            (T::U16, Variant::UInt16(it)) => Value::U16(*it),
            (T::U32, Variant::UInt32(it)) => Value::U32(*it),
            (T::Time, Variant::DateTime(it)) => {
                Value::Time(Timestamp::from_ticks(it.checked_ticks()))
            }
            (T::Text, Variant::String(it)) => Value::Text(Arc::new(UAString::to_string(it))),
            (T::Numbers, Variant::Array(array)) if array.value_type == S::Double => {
                let number = |it: &Variant| number(it, S::Double);
                Value::Numbers(Arc::new(array.values.iter().map(number).collect::<Option<_>>()?))
            }
            (T::Bools, Variant::Array(array)) if array.value_type == S::Boolean => {
                let flag = |it: &Variant| match it {
                    Variant::Boolean(it) => Some(*it),
                    _ => None,
                };
                Value::Bools(Arc::new(array.values.iter().map(flag).collect::<Option<_>>()?))
            }
            _ => return None,
        })
    }
}

/// A number of exactly this type.
fn number(given: &Variant, wanted: VariantScalarTypeId) -> Option<f64> {
    use VariantScalarTypeId as S;
    Some(match (wanted, given) {
        (S::SByte, Variant::SByte(it)) => f64::from(*it),
        (S::Byte, Variant::Byte(it)) => f64::from(*it),
        (S::Int16, Variant::Int16(it)) => f64::from(*it),
        (S::UInt16, Variant::UInt16(it)) => f64::from(*it),
        (S::Int32, Variant::Int32(it)) => f64::from(*it),
        (S::UInt32, Variant::UInt32(it)) => f64::from(*it),
        (S::Int64, Variant::Int64(it)) => *it as f64,
        (S::UInt64, Variant::UInt64(it)) => *it as f64,
        (S::Float, Variant::Float(it)) => f64::from(*it),
        (S::Double, Variant::Double(it)) => *it,
        _ => return None,
    })
}

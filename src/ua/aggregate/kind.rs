//! The data type of a source, for results that have it too ("Same as Source").

use opcua_types::Variant;

/// A data type whose values are calculated with as doubles. Integers beyond 2^53 lose their last digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Boolean: 0 or 1; never interpolated along a slope.
    Boolean,
    /// SByte.
    I8,
    /// Byte.
    U8,
    /// Int16.
    I16,
    /// UInt16.
    U16,
    /// Int32.
    I32,
    /// UInt32.
    U32,
    /// Int64.
    I64,
    /// UInt64.
    U64,
    /// Float.
    F32,
    /// Double.
    #[default]
    F64,
}

impl Kind {
    /// The number as a value of this type, integers rounded; `None` if the type cannot hold it.
    pub fn variant(self, number: f64) -> Option<Variant> {
        let whole =
            |least: f64, most: f64| Some(number.round()).filter(|it| (least..=most).contains(it));
        Some(match self {
            Self::Boolean => Variant::Boolean(whole(0.0, 1.0)? > 0.0),
            Self::I8 => Variant::SByte(whole(f64::from(i8::MIN), f64::from(i8::MAX))? as i8),
            Self::U8 => Variant::Byte(whole(0.0, f64::from(u8::MAX))? as u8),
            Self::I16 => Variant::Int16(whole(f64::from(i16::MIN), f64::from(i16::MAX))? as i16),
            Self::U16 => Variant::UInt16(whole(0.0, f64::from(u16::MAX))? as u16),
            Self::I32 => Variant::Int32(whole(f64::from(i32::MIN), f64::from(i32::MAX))? as i32),
            Self::U32 => Variant::UInt32(whole(0.0, f64::from(u32::MAX))? as u32),
            Self::I64 => Variant::Int64(whole(i64::MIN as f64, i64::MAX as f64)? as i64),
            Self::U64 => Variant::UInt64(whole(0.0, u64::MAX as f64)? as u64),
            Self::F32 => Variant::Float(number as f32),
            Self::F64 => Variant::Double(number),
        })
    }
}

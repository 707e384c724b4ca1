//! A tag's value, small and cheap to copy.

use std::sync::Arc;

use crate::time::Timestamp;

/// A tag's value. Text and arrays are shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value: there has been none yet, or the source is dead.
    #[default]
    Null,
    /// Boolean.
    Bool(bool),
    /// UInt16, for bit fields and codes.
    U16(u16),
    /// UInt32, for counts and enumerations (MultiState values).
    U32(u32),
    /// Double.
    F64(f64),
    /// DateTime.
    Time(Timestamp),
    /// String.
    Text(Arc<String>),
    /// Boolean array.
    Bools(Arc<Vec<bool>>),
    /// Double array.
    Numbers(Arc<Vec<f64>>),
}

impl Value {
    /// As a number, a Boolean as 0 or 1; NaN if it is none.
    pub fn number(&self) -> f64 {
        match self {
            Self::F64(it) => *it,
            Self::U32(it) => f64::from(*it),
            Self::U16(it) => f64::from(*it),
            Self::Bool(it) => f64::from(u8::from(*it)),
            Self::Null | Self::Time(_) | Self::Text(_) | Self::Bools(_) | Self::Numbers(_) => {
                f64::NAN
            }
        }
    }
}

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

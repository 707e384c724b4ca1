//! What an item sees at a sampling pass, and what it keeps.

use std::collections::BTreeMap;

use opcua_types::{Context, TimestampsToReturn, Variant};

use crate::engine::Snapshot;
use crate::tag::Value;
use crate::time::Timestamp;
use crate::ua::space::LiveId;
use crate::ua::value::{self, LiveValue, Stamp};

/// What the server itself knows at one moment.
pub type LiveValues = BTreeMap<LiveId, LiveValue>;

/// What one sampling pass looks at.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The plant.
    pub snapshot: &'a Snapshot,
    /// What the server itself knows.
    pub live: &'a LiveValues,
    /// Server time.
    pub utc: Timestamp,
}

/// A value kept by an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A tag's.
    Tag(Value),
    /// Any other.
    Other(Box<Variant>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Tag(Value::Null)
    }
}

impl Held {
    /// The value as a number, if it is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Other(it) => variant_number(it),
            Self::Tag(Value::F64(it)) => Some(*it),
            Self::Tag(Value::U16(it)) => Some(f64::from(*it)),
            Self::Tag(Value::U32(it)) => Some(f64::from(*it)),
            Self::Tag(_) => None,
        }
    }

    /// The value as a number that can be calculated with: a Boolean is 0 or 1.
    pub(super) fn measure(&self) -> Option<f64> {
        match self {
            Self::Tag(Value::Bool(it)) => Some(f64::from(u8::from(*it))),
            Self::Other(it) => match it.as_ref() {
                Variant::Boolean(it) => Some(f64::from(u8::from(*it))),
                it => variant_number(it),
            },
            Self::Tag(_) => self.number(),
        }
    }

    /// Whether the values are the same; a number is compared by its bits, so that a NaN equals itself.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tag(old), Self::Tag(new)) => same_tag(old, new),
            (Self::Other(old), Self::Other(new)) => same(old, new),
            (Self::Tag(_), Self::Other(_)) | (Self::Other(_), Self::Tag(_)) => false,
        }
    }

    /// Appends its DataValue.
    pub(super) fn encode(
        &self,
        out: &mut Vec<u8>,
        (stamp, wanted): (Stamp, TimestampsToReturn),
        context: &Context<'_>,
    ) {
        match self {
            Self::Tag(held) => value::encode_value(out, held, stamp, wanted),
            Self::Other(held) => value::encode_any(out, held, stamp, wanted, context),
        }
    }
}

/// The same for tags.
pub(super) fn same_tag(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::F64(old), Value::F64(new)) => old.to_bits() == new.to_bits(),
        (Value::Numbers(old), Value::Numbers(new)) => {
            old.len() == new.len()
                && old.iter().zip(new.iter()).all(|(old, new)| old.to_bits() == new.to_bits())
        }
        _ => old == new,
    }
}

/// Equal; a NaN equals itself.
fn same(old: &Variant, new: &Variant) -> bool {
    match (old, new) {
        (Variant::Double(old), Variant::Double(new)) => old.to_bits() == new.to_bits(),
        (Variant::Float(old), Variant::Float(new)) => old.to_bits() == new.to_bits(),
        (Variant::Array(old), Variant::Array(new)) => {
            old.dimensions == new.dimensions
                && old.values.len() == new.values.len()
                && old.values.iter().zip(&new.values).all(|(old, new)| same(old, new))
        }
        _ => old == new,
    }
}

/// A scalar number of any type.
pub(super) fn variant_number(value: &Variant) -> Option<f64> {
    match value {
        Variant::SByte(it) => Some((*it).into()),
        Variant::Byte(it) => Some((*it).into()),
        Variant::Int16(it) => Some((*it).into()),
        Variant::UInt16(it) => Some((*it).into()),
        Variant::Int32(it) => Some((*it).into()),
        Variant::UInt32(it) => Some((*it).into()),
        Variant::Int64(it) => Some(*it as f64),
        Variant::UInt64(it) => Some(*it as f64),
        Variant::Float(it) => Some((*it).into()),
        Variant::Double(it) => Some(*it),
        _ => None,
    }
}

/// A value that waits to be published.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Value.
    pub(super) value: Held,
    /// Status and times.
    pub(super) stamp: Stamp,
}

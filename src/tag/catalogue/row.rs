//! Words to write a row with, and the small conversions at the tag.

use std::sync::Arc;

use crate::access::Access;
use crate::control::{Method, Setpoint};
use crate::field::{Quality, Reading};
use crate::tag::{
    Argument, Device, HistoryMode, MethodRow, Range, Row, Sampled, Scan, Unit, Value, ValueType,
};

pub(super) type Source = fn(&Scan<'_>, &Device) -> Sampled;

/// A number with a unit, and a range if it is measured.
pub(super) const fn analog(path: &'static str, unit: Unit, range: Range, source: Source) -> Row {
    Row { unit: Some(unit), range, ..plain(path, ValueType::F64, source) }
}

/// An enumeration whose value indexes `states`.
pub(super) const fn discrete(
    path: &'static str,
    states: &'static [&'static str],
    source: Source,
) -> Row {
    Row { states, ..plain(path, ValueType::U32, source) }
}

/// A contact with a name for each position.
pub(super) const fn two_state(
    path: &'static str,
    states: &'static [&'static str],
    source: Source,
) -> Row {
    Row { states, ..plain(path, ValueType::Bool, source) }
}

/// Anything without a unit.
pub(super) const fn plain(path: &'static str, value_type: ValueType, source: Source) -> Row {
    Row {
        path,
        value_type,
        unit: None,
        range: Range::None,
        states: &[],
        access: Access::ReadOnly,
        setpoint: None,
        rate_ms: 0,
        history: HistoryMode::None,
        source,
    }
}

impl Row {
    /// Sampled every so many milliseconds.
    pub(super) const fn every(self, rate_ms: u32) -> Self {
        Self { rate_ms, ..self }
    }

    /// Kept by history in this way.
    pub(super) const fn history(self, history: HistoryMode) -> Self {
        Self { history, ..self }
    }

    /// Written by these users.
    pub(super) const fn writable(self, access: Access, setpoint: Setpoint) -> Self {
        Self { access, setpoint: Some(setpoint), ..self }
    }
}

/// The same range for every device.
pub(super) const fn fixed(low: f64, high: f64) -> Range {
    Range::Fixed(low, high)
}

/// A range for each class of size: 6, 10 and 30 kA.
pub(super) const fn by_size(ranges: [(f64, f64); 3]) -> Range {
    Range::BySize(ranges)
}

/// A method.
pub(super) const fn method(
    name: &'static str,
    method: Method,
    access: Access,
    inputs: &'static [Argument],
    outputs: &'static [Argument],
) -> MethodRow {
    MethodRow { name, method, access, inputs, outputs }
}

/// An argument.
pub(super) const fn argument(
    name: &'static str,
    value_type: ValueType,
    description: &'static str,
) -> Argument {
    Argument { name, value_type, description }
}

/// A figure of the controls; NaN means that there has been none yet.
pub(super) fn number(value: f64) -> Sampled {
    if value.is_nan() {
        return Sampled { value: Value::Null, quality: Quality::WaitingForData };
    }
    Value::F64(value).into()
}

/// A reading in the tag's unit.
pub(super) fn scaled(reading: Reading, factor: f64) -> Sampled {
    Reading { value: reading.value * factor, ..reading }.into()
}

/// A contact.
pub(super) fn flag(value: bool) -> Sampled {
    Value::Bool(value).into()
}

/// A count or an enumeration.
pub(super) fn count(value: u32) -> Sampled {
    Value::U32(value).into()
}

/// A bit field.
pub(super) fn bits(value: u16) -> Sampled {
    Value::U16(value).into()
}

/// A text.
pub(super) fn text(value: &str) -> Sampled {
    Value::Text(Arc::new(value.to_owned())).into()
}

/// An instant given in seconds of plant time since the start; NaN means never.
pub(super) fn since_start(scan: &Scan<'_>, seconds: f64) -> Sampled {
    if seconds.is_nan() {
        return Sampled { value: Value::Null, quality: Quality::WaitingForData };
    }
    Value::Time(scan.config.start.plus_s(seconds)).into()
}

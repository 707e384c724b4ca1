//! Words to write a row with.

use crate::alarm::row::{Basis, Cause, LOW, LimitRow, Measured, Quiet};
use crate::alarm::{AlarmKind, AlarmRow, Class, Limit};
use crate::tag::{Device, DeviceKind, Scan};

/// A row without input, delays or anything special.
pub(super) const fn alarm(
    device: DeviceKind,
    name: &'static str,
    kind: AlarmKind,
    cause: Cause,
) -> AlarmRow {
    AlarmRow {
        name,
        device,
        kind,
        class: Class::Process,
        input: "",
        watched: "",
        cause,
        severity: LOW,
        escalation: None,
        on_delay_s: 0.0,
        off_delay_s: 0.0,
        realarm_s: 0.0,
        is_latched: false,
        quiet: None,
        message: "",
        response: "",
        answers: &[],
    }
}

impl AlarmRow {
    /// Its input.
    pub(super) const fn on(self, input: &'static str) -> Self {
        Self { input, ..self }
    }

    /// Its class.
    pub(super) const fn class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// Its severity.
    pub(super) const fn severity(self, severity: u16) -> Self {
        Self { severity, ..self }
    }

    /// On and off delay, s.
    pub(super) const fn delays(self, on_delay_s: f64, off_delay_s: f64) -> Self {
        Self { on_delay_s, off_delay_s, ..self }
    }

    /// When it means nothing.
    pub(super) const fn quiet(self, quiet: Quiet) -> Self {
        Self { quiet: Some(quiet), ..self }
    }

    /// It stays until Reset.
    pub(super) const fn latched(self) -> Self {
        Self { is_latched: true, ..self }
    }

    /// What it says, and what the operator does.
    pub(super) const fn says(self, message: &'static str, response: &'static str) -> Self {
        Self { message, response, ..self }
    }
}

/// Limits, from the outside in.
pub(super) const HH: Limit = Limit::HighHigh;
/// High.
pub(super) const H: Limit = Limit::High;
/// Low.
pub(super) const L: Limit = Limit::Low;
/// Low-low.
pub(super) const LL: Limit = Limit::LowLow;

/// Limits of the input itself.
pub(super) fn limits(all: &[(Limit, LimitRow)], deadband: f64) -> Cause {
    measured(Measured::Value, all, deadband)
}

/// Limits of what is measured of the input.
pub(super) fn measured(of: Measured, all: &[(Limit, LimitRow)], deadband: f64) -> Cause {
    let mut limits = [None; 4];
    for (limit, row) in all {
        limits[*limit as usize] = Some(*row);
    }
    Cause::Limits { of, limits, deadband }
}

/// A fixed limit.
pub(super) const fn at(value: f64, severity: u16) -> LimitRow {
    LimitRow { basis: Basis::Fixed(value), severity }
}

/// A limit for each class of size.
pub(super) const fn by_size(values: [f64; 3], severity: u16) -> LimitRow {
    LimitRow { basis: Basis::BySize(values), severity }
}

/// A limit in proportion to the nominal current.
pub(super) const fn per_ka(factor: f64, severity: u16) -> LimitRow {
    LimitRow { basis: Basis::PerKiloampere(factor), severity }
}

/// A limit counted from the product's bath temperature, K.
pub(super) const fn off_bath(kelvin: f64, severity: u16) -> LimitRow {
    LimitRow { basis: Basis::BathTemperature(kelvin), severity }
}

/// A limit counted from another tag.
pub(super) const fn of_tag(
    path: &'static str,
    factor: f64,
    offset: f64,
    severity: u16,
) -> LimitRow {
    LimitRow { basis: Basis::Tag { path, factor, offset }, severity }
}

type When = fn(&Scan<'_>, &Device) -> bool;

/// A suppression group.
pub(super) const fn group(name: &'static str, by: &'static str, when: When, after_s: f64) -> Quiet {
    Quiet { name, by, when, after_s }
}

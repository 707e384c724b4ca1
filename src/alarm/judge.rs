//! Judging one input: which of an alarm's states it stands for.

use crate::alarm::row::{Cause, Measured};
use crate::alarm::{AlarmRow, Level, Limit, Settings};
use crate::field::Quality;
use crate::tag::{Device, MemberIndex, Scan, Value};
use crate::time::Timestamp;

/// A certificate that ends within so long is told, s: 30 days.
const EXPIRY_S: f64 = 30.0 * 86_400.0;

/// What judging needs besides the alarm itself.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    /// The plant.
    pub(super) scan: &'a Scan<'a>,
    /// The alarm's device.
    pub(super) device: &'a Device,
    /// Its input.
    pub(super) value: &'a Value,
    /// How far to believe it.
    pub(super) quality: Quality,
    /// The setpoint, or the derived tag; NaN if it cannot be used.
    pub(super) second: f64,
    /// The input at the scan before; NaN if there was none.
    pub(super) before: f64,
    /// s since.
    pub(super) dt_s: f64,
    /// When the server's certificate ends.
    pub(super) expires: Option<Timestamp>,
}

/// What an input stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Judged {
    /// It cannot be said: the state stays (AC-24).
    Unknown,
    /// This, judged by a number if there is one.
    Is(Level, Option<f64>),
}

/// Judges an input; `now` is the level that is active, which is left only by the deadband.
pub(super) fn judge(
    row: &AlarmRow,
    settings: &Settings,
    now: Level,
    evidence: &Evidence<'_>,
    base: impl Fn(MemberIndex) -> Option<f64>,
) -> Judged {
    let on = |is: bool| Judged::Is(if is { Level::ON } else { Level::NONE }, None);
    let usable = evidence.quality.is_usable();
    match (&row.cause, evidence.value) {
        (Cause::Unusable, _) => on(!usable && !is_out_of_reach(evidence.quality)),
        (Cause::NoCommunication, _) => on(evidence.quality == Quality::NoCommunication),
        (Cause::When(when), _) => on(when(evidence.scan, evidence.device)),
        (Cause::Expiry, _) => match evidence.expires {
            Some(expires) => on(expires.seconds_since(evidence.scan.time) < EXPIRY_S),
            None => on(false),
        },
        (_, _) if !usable => Judged::Unknown,
        (Cause::Is(position), Value::Bool(is)) => on(is == position),
        (Cause::Bits(mask), Value::U16(bits)) => on(bits & mask != 0),
        (Cause::Flags(flags), Value::Bools(all)) => {
            on(flags.iter().any(|(at, _)| all.get(*at) == Some(&true)))
        }
        (Cause::Outside(low, high), Value::F64(value)) => {
            let level = if (*low..=*high).contains(value) { Level::NONE } else { Level::ON };
            Judged::Is(level, Some(*value))
        }
        (Cause::Limits { of, .. }, value) => match numbers(*of, value, evidence) {
            Some((upper, lower)) => limited(row, settings, now, (upper, lower), base),
            None => Judged::Unknown,
        },
        (Cause::Is(_) | Cause::Bits(_) | Cause::Flags(_) | Cause::Outside(..), _) => {
            Judged::Unknown
        }
    }
}

/// No sensor is at fault if nothing can come from it.
fn is_out_of_reach(quality: Quality) -> bool {
    match quality {
        Quality::NoCommunication | Quality::OutOfService | Quality::WaitingForData => true,
        Quality::Good
        | Quality::LocalOverride
        | Quality::LastUsable
        | Quality::NotAccurate
        | Quality::RangeExceeded
        | Quality::SubNormal
        | Quality::SensorFailure
        | Quality::DeviceFailure
        | Quality::Uncertain
        | Quality::Bad => false,
    }
}

/// The severity that a level stands for.
pub(super) fn severity_of(row: &AlarmRow, settings: &Settings, level: Level, value: &Value) -> u16 {
    if let (Cause::Flags(flags), Value::Bools(all)) = (&row.cause, value) {
        let set = flags.iter().filter(|(at, _)| all.get(*at) == Some(&true));
        return set.map(|it| it.1).max().unwrap_or(row.severity);
    }
    let limits = level.limits().filter_map(|it| settings.limits[it as usize]);
    limits.map(|it| it.severity).max().unwrap_or(row.severity)
}

/// The numbers for the upper and for the lower limits.
fn numbers(of: Measured, value: &Value, evidence: &Evidence<'_>) -> Option<(f64, f64)> {
    let own = match value {
        Value::F64(value) => *value,
        Value::U32(value) => f64::from(*value),
        Value::U16(value) => f64::from(*value),
        Value::Numbers(all) if of == Measured::Spread => return spread(all),
        Value::Null
        | Value::Bool(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::Bools(_)
        | Value::Numbers(_) => return None,
    };
    let number = match of {
        Measured::Value | Measured::Spread => own,
        Measured::Deviation(_) => own - evidence.second,
        Measured::Derived(_) => evidence.second,
        Measured::Rate => (own - evidence.before) / evidence.dt_s,
    };
    number.is_finite().then_some((number, number))
}

/// Largest and smallest element, % of the mean.
fn spread(all: &[f64]) -> Option<(f64, f64)> {
    let known = || all.iter().copied().filter(|it| it.is_finite());
    let mean = known().sum::<f64>() / known().count() as f64;
    let (low, high) = known()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    (mean > 0.0).then(|| (100.0 * high / mean, 100.0 * low / mean))
}

fn limited(
    row: &AlarmRow,
    settings: &Settings,
    now: Level,
    (upper, lower): (f64, f64),
    base: impl Fn(MemberIndex) -> Option<f64>,
) -> Judged {
    let mut passed = Level::NONE;
    for limit in Limit::ALL {
        let Some(setting) = settings.limits[limit as usize] else { continue };
        let Some(at) = settings.limit(limit, &base) else { continue };
        // A limit that is passed is left only by the deadband; an outer one keeps those inside it.
        let held = if now.has(limit) || holds(now, limit) { setting.deadband } else { 0.0 };
        let is_passed = if limit.is_upper() { upper > at - held } else { lower < at + held };
        if is_passed {
            passed = passed.with(Level::of(limit));
        }
    }
    let level = if row.kind.is_exclusive() { outermost(passed) } else { passed };
    let value = if passed.has(Limit::Low) || passed.has(Limit::LowLow) { lower } else { upper };
    Judged::Is(level, Some(value))
}

fn holds(now: Level, limit: Limit) -> bool {
    (limit == Limit::High && now.has(Limit::HighHigh))
        || (limit == Limit::Low && now.has(Limit::LowLow))
}

fn outermost(passed: Level) -> Level {
    let order = [Limit::HighHigh, Limit::LowLow, Limit::High, Limit::Low];
    order.into_iter().find(|it| passed.has(*it)).map_or(Level::NONE, Level::of)
}

//! What the alarm system shows of itself, at the plant and at each line (Part 9, AlarmMetricsType; ISA-18.2).

use crate::tag::catalogue::row::{Source, analog, count, flag, number, plain, two_state};
use crate::tag::{
    AlarmFigures, Device, DeviceKind, HistoryMode, Range, Row, Scan, Value, ValueType, unit,
};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    tally("Alarms.Active", |s, d| count(of(s, d).active)),
    tally("Alarms.Unacknowledged", |s, d| count(of(s, d).unacknowledged)),
    tally("Alarms.Shelved", |s, d| count(of(s, d).shelved)),
    tally("Alarms.Suppressed", |s, d| count(of(s, d).suppressed)),
    tally("Alarms.Disabled", |s, d| count(of(s, d).disabled)),
    tally("Alarms.Standing", |s, d| count(of(s, d).standing)),
    tally("Alarms.Chattering", |s, d| count(of(s, d).chattering)),
    tally("Alarms.LastTenMinutes", |s, d| count(of(s, d).last_10_min)),
    tally("Alarms.LastHour", |s, d| count(of(s, d).last_hour)),
    two_state("Alarms.Flood", &["Normal", "Flood"], |s, d| flag(of(s, d).is_flood))
        .history(HistoryMode::Change),
    analog("Alarms.FloodTime", unit::MIN, Range::None, |s, d| number(of(s, d).flood_s / 60.0))
        .every(60000)
        .history(HistoryMode::Minute),
    plain("Alarms.Metrics.AlarmCount", ValueType::U32, |s, d| count(of(s, d).count)),
    plain("Alarms.Metrics.StartTime", ValueType::Time, |s, d| Value::Time(of(s, d).since).into()),
    plain("Alarms.Metrics.MaximumActiveState", ValueType::F64, |s, d| {
        number(of(s, d).active_max_s * 1000.0)
    })
    .every(1000),
    plain("Alarms.Metrics.MaximumUnAck", ValueType::F64, |s, d| {
        number(of(s, d).unacked_max_s * 1000.0)
    })
    .every(1000),
    plain("Alarms.Metrics.CurrentAlarmRate", ValueType::F64, |s, d| {
        number(f64::from(of(s, d).last_10_min))
    }),
    plain("Alarms.Metrics.MaximumAlarmRate", ValueType::F64, |s, d| {
        number(f64::from(of(s, d).last_10_min_max))
    }),
    plain("Alarms.Metrics.AverageAlarmRate", ValueType::F64, |s, d| {
        number(of(s, d).per_hour_mean / 6.0)
    })
    .every(10000),
    tally("Alarms.Metrics.MaximumReAlarmCount", |s, d| count(of(s, d).realarm_count_max)),
];

/// A number of alarms.
const fn tally(path: &'static str, source: Source) -> Row {
    plain(path, ValueType::U32, source).history(HistoryMode::Change)
}

/// Figures of the device's scope; nothing before the first scan.
fn of(scan: &Scan<'_>, device: &Device) -> AlarmFigures {
    let scope = if device.kind == DeviceKind::Line { device.index + 1 } else { 0 };
    scan.alarms.get(scope).copied().unwrap_or_default()
}

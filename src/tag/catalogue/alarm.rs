//! What the alarm system shows of itself, at the plant and at each line (Part 9, AlarmMetricsType; ISA-18.2).

use crate::tag::catalogue::row::{analog, count, flag, number, plain, two_state};
use crate::tag::{
    AlarmFigures, Device, DeviceKind, HistoryMode, Range, Row, Scan, Value, ValueType, unit,
};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    plain("Alarms.Active", ValueType::U32, |s, d| count(of(s, d).active))
        .history(HistoryMode::Change),
    plain("Alarms.Unacknowledged", ValueType::U32, |s, d| count(of(s, d).unacknowledged))
        .history(HistoryMode::Change),
    plain("Alarms.Shelved", ValueType::U32, |s, d| count(of(s, d).shelved))
        .history(HistoryMode::Change),
    plain("Alarms.Suppressed", ValueType::U32, |s, d| count(of(s, d).suppressed))
        .history(HistoryMode::Change),
    plain("Alarms.Disabled", ValueType::U32, |s, d| count(of(s, d).disabled))
        .history(HistoryMode::Change),
    plain("Alarms.Standing", ValueType::U32, |s, d| count(of(s, d).standing))
        .history(HistoryMode::Change),
    plain("Alarms.Chattering", ValueType::U32, |s, d| count(of(s, d).chattering))
        .history(HistoryMode::Change),
    plain("Alarms.LastTenMinutes", ValueType::U32, |s, d| count(of(s, d).last_10_min))
        .history(HistoryMode::Change),
    plain("Alarms.LastHour", ValueType::U32, |s, d| count(of(s, d).last_hour))
        .history(HistoryMode::Change),
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
    plain("Alarms.Metrics.MaximumReAlarmCount", ValueType::U32, |s, d| {
        count(of(s, d).realarm_count_max)
    })
    .history(HistoryMode::Change),
];

/// Figures of the device's scope; nothing before the first scan.
fn of(scan: &Scan<'_>, device: &Device) -> AlarmFigures {
    let scope = if device.kind == DeviceKind::Line { device.index + 1 } else { 0 };
    scan.alarms.get(scope).copied().unwrap_or_default()
}

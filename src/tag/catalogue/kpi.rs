//! Key figures of the last day and week, at the plant, each line and each electrolyzer (domain B10).
//!
//! They come from the history and are not kept in it: whoever wants those of another time has them calculated.

use crate::tag::catalogue::row::{Source, analog, number};
use crate::tag::{Device, DeviceKind, KpiBoard, KpiFigures, Range, Row, Scan, Unit, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    figure("Kpi.Day.Metal", unit::KG, |s, d| number(day(s, d).metal_kg)),
    figure("Kpi.Day.CurrentEfficiency", unit::PCT, |s, d| number(day(s, d).efficiency_pct)),
    figure("Kpi.Day.SpecificEnergy", unit::KWH_KG, |s, d| number(energy(d, &day(s, d)))),
    figure("Kpi.Day.OxideYield", unit::PCT, |s, d| number(day(s, d).oxide_yield_pct)),
    figure("Kpi.Day.AnodeEffectTime", unit::MIN_D, |s, d| {
        number(day(s, d).anode_effect_min_per_day)
    }),
    figure("Kpi.Day.Availability", unit::PCT, |s, d| number(day(s, d).availability_pct)),
    figure("Kpi.Day.Coverage", unit::PCT, |s, d| number(day(s, d).coverage_pct)),
    figure("Kpi.Week.Metal", unit::KG, |s, d| number(week(s, d).metal_kg)),
    figure("Kpi.Week.CurrentEfficiency", unit::PCT, |s, d| number(week(s, d).efficiency_pct)),
    figure("Kpi.Week.SpecificEnergy", unit::KWH_KG, |s, d| number(energy(d, &week(s, d)))),
    figure("Kpi.Week.OxideYield", unit::PCT, |s, d| number(week(s, d).oxide_yield_pct)),
    figure("Kpi.Week.AnodeEffectTime", unit::MIN_D, |s, d| {
        number(week(s, d).anode_effect_min_per_day)
    }),
    figure("Kpi.Week.Availability", unit::PCT, |s, d| number(week(s, d).availability_pct)),
    figure("Kpi.Week.Coverage", unit::PCT, |s, d| number(week(s, d).coverage_pct)),
];

const fn figure(path: &'static str, unit: Unit, source: Source) -> Row {
    analog(path, unit, Range::None, source).every(10000)
}

fn day(scan: &Scan<'_>, device: &Device) -> KpiFigures {
    of(&scan.records.kpis.day, scan, device)
}

fn week(scan: &Scan<'_>, device: &Device) -> KpiFigures {
    of(&scan.records.kpis.week, scan, device)
}

fn of(all: &[KpiFigures], scan: &Scan<'_>, device: &Device) -> KpiFigures {
    let place = KpiBoard::place(device, scan.config.lines.len());
    all.get(place).copied().unwrap_or_default()
}

/// DC at an electrolyzer, AC where rectifiers are.
fn energy(device: &Device, figures: &KpiFigures) -> f64 {
    if device.kind == DeviceKind::Electrolyzer { figures.dc_kwh_kg } else { figures.ac_kwh_kg }
}

//! The plant as a whole.

use crate::access::Access;
use crate::control::Method;
use crate::tag::catalogue::row::{analog, argument, count, fixed, method, number, plain};
use crate::tag::{HistoryMode, MethodRow, Range, Row, Sampled, Scan, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    plain("CellsRunning", ValueType::U32, |s, _| running(s)).history(HistoryMode::Change),
    plain("CellsInAnodeEffect", ValueType::U32, |s, _| in_anode_effect(s))
        .history(HistoryMode::Change),
    analog("PowerTotal", unit::MW, fixed(0.0, 60.0), |s, _| {
        number(s.totals.plant.ac_power_w * 1e-6)
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("DemandPower15min", unit::MW, fixed(0.0, 60.0), |s, _| {
        number(s.totals.plant.demand_15min_w * 1e-6)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("MetalRate", unit::KG_H, fixed(0.0, 5000.0), |s, _| {
        number(s.totals.plant.metal_rate_kg_s * 3600.0)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("MetalToday", unit::T, Range::None, |s, _| number(s.totals.plant.metal_today_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("MetalShift", unit::T, Range::None, |s, _| number(s.totals.plant.metal_shift_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("MetalMonth", unit::T, Range::None, |s, _| number(s.totals.plant.metal_month_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("MetalYear", unit::T, Range::None, |s, _| number(s.totals.plant.metal_year_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("OxideToday", unit::T, Range::None, |s, _| number(s.totals.plant.oxide_today_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("EnergyToday", unit::KWH, Range::None, |s, _| {
        number(s.totals.plant.energy_today_j / 3.6e6)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("CF4Today", unit::KG, Range::None, |s, _| number(s.totals.plant.cf4_today_kg))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("SpecificEnergyToday", unit::KWH_KG, fixed(0.0, 20.0), |s, _| specific_energy(s))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("AnodeEffectsPerCellDay", unit::PER_DAY, fixed(0.0, 10.0), |s, _| {
        number(s.totals.plant.anode_effects_per_day)
    })
    .every(60000)
    .history(HistoryMode::Minute),
];

/// Methods.
pub(super) const METHODS: &[MethodRow] = &[method(
    "InjectFault",
    Method::InjectFault,
    Access::Engineer,
    &[
        argument("Kind", ValueType::Text, "Kind of fault, such as ThermocoupleBreak."),
        argument("Device", ValueType::Text, "Path of the device, such as Line1.EL101."),
        argument("Duration", ValueType::F64, "Seconds; 0 stays until cleared."),
    ],
    &[],
)];

fn running(s: &Scan<'_>) -> Sampled {
    count(s.status.lines.iter().map(|it| it.running).sum())
}

fn in_anode_effect(s: &Scan<'_>) -> Sampled {
    count(s.status.lines.iter().map(|it| it.in_anode_effect).sum())
}

/// AC energy by metal since midnight; waits for the first metal of the day.
/// By tapped metal; until the day's first tap, power over the rate at which metal is made.
fn specific_energy(s: &Scan<'_>) -> Sampled {
    let totals = &s.totals.plant;
    number(if totals.metal_today_kg > 1.0 {
        totals.energy_today_j / 3.6e6 / totals.metal_today_kg
    } else if totals.metal_rate_kg_s > 0.0 {
        totals.dc_power_w / 3.6e6 / totals.metal_rate_kg_s
    } else {
        f64::NAN
    })
}

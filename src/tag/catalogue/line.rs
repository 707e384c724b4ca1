//! A line of electrolyzers and its hall.

use crate::access::Access;
use crate::control::{LineStatus, Method};
use crate::field::HallInputs;
use crate::production::LineTotals;
use crate::tag::catalogue::row::{
    analog, argument, count, fixed, flag, method, number, plain, text, two_state,
};
use crate::tag::{Device, HistoryMode, MethodRow, Range, Row, Sampled, Scan, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("LineCurrentTotal", unit::KA, fixed(0.0, 1000.0), line_current)
        .every(1000)
        .history(HistoryMode::Minute),
    plain("CellsRunning", ValueType::U32, |s, d| count(ls(s, d).running))
        .history(HistoryMode::Change),
    plain("CellsInAnodeEffect", ValueType::U32, |s, d| count(ls(s, d).in_anode_effect))
        .history(HistoryMode::Change),
    analog("AnodeEffectsPerCellDay", unit::PER_DAY, fixed(0.0, 10.0), |s, d| {
        number(lt(s, d).anode_effects_per_day)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("PowerTotal", unit::MW, fixed(0.0, 30.0), |s, d| number(lt(s, d).ac_power_w * 1e-6))
        .every(1000)
        .history(HistoryMode::Minute),
    analog("MetalRate", unit::KG_H, fixed(0.0, 2000.0), |s, d| {
        number(lt(s, d).metal_rate_kg_s * 3600.0)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("MetalToday", unit::T, Range::None, |s, d| number(lt(s, d).metal_today_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("MetalShift", unit::T, Range::None, |s, d| number(lt(s, d).metal_shift_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("MetalMonth", unit::T, Range::None, |s, d| number(lt(s, d).metal_month_kg * 1e-3))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("CF4Today", unit::KG, Range::None, |s, d| number(lt(s, d).cf4_today_kg))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("AmbientTemperature", unit::CEL, fixed(-20.0, 60.0), |s, d| {
        hi(s, d).ambient_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("HallHF", unit::MG_M3, fixed(0.0, 10.0), |s, d| hi(s, d).hf_mg_m3.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("HallCO", unit::PPM, fixed(0.0, 100.0), |s, d| hi(s, d).co_ppm.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("HallDust", unit::MG_M3, fixed(0.0, 50.0), |s, d| hi(s, d).dust_mg_m3.into())
        .every(10000)
        .history(HistoryMode::Minute),
    two_state("CraneZoneOccupied", &["False", "True"], |s, d| flag(hi(s, d).crane_occupied))
        .history(HistoryMode::Change),
    two_state("EmergencyStopActive", &["False", "True"], |s, d| flag(hi(s, d).emergency_stop))
        .history(HistoryMode::Change),
    two_state("PitWaterDetected", &["False", "True"], |s, d| flag(hi(s, d).pit_water))
        .history(HistoryMode::Change),
    two_state("EvacuationBeacon", &["Off", "On"], |s, d| flag(ls(s, d).beacon))
        .history(HistoryMode::Change),
    plain("ShiftId", ValueType::Text, |s, d| text(&ls(s, d).shift)).history(HistoryMode::Change),
];

/// Methods.
pub(super) const METHODS: &[MethodRow] = &[
    method(
        "StartShift",
        Method::StartShift,
        Access::Supervisor,
        &[
            argument("ShiftId", ValueType::Text, "Shift."),
            argument("Crew", ValueType::Text, "Crew."),
        ],
        &[],
    ),
    method(
        "EndShift",
        Method::EndShift,
        Access::Supervisor,
        &[argument("Comment", ValueType::Text, "Hand-over notes.")],
        &[argument("ReportId", ValueType::Text, "Identifier of the shift report.")],
    ),
    method(
        "EmergencyReduce",
        Method::EmergencyReduce,
        Access::Supervisor,
        &[argument("Percent", ValueType::F64, "Current that remains, % of setpoint.")],
        &[],
    ),
];

fn hi<'a>(s: &Scan<'a>, d: &Device) -> &'a HallInputs {
    &s.inputs.halls[d.index]
}

fn ls<'a>(s: &Scan<'a>, d: &Device) -> &'a LineStatus {
    &s.status.lines[d.index]
}

fn lt<'a>(s: &Scan<'a>, d: &Device) -> &'a LineTotals {
    &s.totals.lines[d.index]
}

fn line_current(s: &Scan<'_>, d: &Device) -> Sampled {
    let rectifiers = s.config.rectifiers.iter().zip(&s.inputs.rectifiers);
    let own = rectifiers.filter(|(it, _)| it.line == d.index);
    number(own.map(|(_, it)| it.dc_current_a.value).sum::<f64>() * 1e-3)
}

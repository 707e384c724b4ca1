//! One anode.

use crate::access::Access;
use crate::control::Setpoint;
use crate::field::AnodeInputs;
use crate::tag::catalogue::row::{analog, fixed, number};
use crate::tag::{Device, HistoryMode, Range, Row, Sampled, Scan, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("Current", unit::A, fixed(0.0, 3000.0), |s, d| an(s, d).current_a.into())
        .every(5000)
        .history(HistoryMode::Minute),
    analog("Immersion", unit::MM, fixed(0.0, 600.0), |s, d| an(s, d).immersion_mm.into())
        .every(60000)
        .history(HistoryMode::Minute),
    analog("RemainingThickness", unit::MM, fixed(0.0, 100.0), |s, d| an(s, d).thickness_mm.into())
        .every(60000)
        .history(HistoryMode::Minute),
    analog("LiftPosition", unit::MM, fixed(0.0, 400.0), |s, d| an(s, d).lift_mm.into())
        .every(5000)
        .history(HistoryMode::Minute),
    analog("LiftSetpoint", unit::MM, fixed(0.0, 400.0), lift_setpoint)
        .history(HistoryMode::Change)
        .writable(Access::Operator, Setpoint::AnodeLift),
    analog("Age", unit::H, Range::None, |s, d| number(an(s, d).age_h))
        .every(60000)
        .history(HistoryMode::Minute),
];

fn an<'a>(s: &Scan<'a>, d: &Device) -> &'a AnodeInputs {
    &s.inputs.electrolyzers[d.index].anodes[d.position]
}

fn lift_setpoint(s: &Scan<'_>, d: &Device) -> Sampled {
    let all = &s.status.electrolyzers[d.index].anode_lift_setpoint_mm;
    number(all.get(d.position).copied().unwrap_or(f64::NAN))
}

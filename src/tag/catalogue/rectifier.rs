//! A rectifier.

use crate::access::Access;
use crate::control::{Method, RectifierStatus, Setpoint};
use crate::field::RectifierInputs;
use crate::production::RectifierTotals;
use crate::tag::catalogue::row::{
    analog, argument, bits, count, discrete, fixed, flag, method, number, plain, scaled, two_state,
};
use crate::tag::{Device, HistoryMode, MethodRow, Range, Row, Sampled, Scan, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("DcCurrent", unit::KA, Range::TimesNominal(1.2), |s, d| {
        scaled(ri(s, d).dc_current_a, 1e-3)
    })
    .every(1000)
    .history(HistoryMode::Raw(0.02)),
    analog("DcVoltage", unit::V, fixed(0.0, 150.0), |s, d| ri(s, d).dc_voltage_v.into())
        .every(1000)
        .history(HistoryMode::Raw(0.05)),
    analog("DcPower", unit::KW, fixed(0.0, 4000.0), dc_power)
        .every(1000)
        .history(HistoryMode::Minute),
    analog("DcEnergy", unit::KWH, Range::None, |s, d| number(rt(s, d).dc_energy_j / 3.6e6))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("AcPower", unit::KW, fixed(0.0, 4500.0), |s, d| scaled(ri(s, d).ac_power_w, 1e-3))
        .every(1000)
        .history(HistoryMode::Raw(1.0)),
    analog("AcEnergy", unit::KWH, Range::None, |s, d| number(rt(s, d).ac_energy_j / 3.6e6))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("AcVoltageL12", unit::V, fixed(0.0, 12000.0), |s, d| ri(s, d).ac_voltage_v[0].into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("AcVoltageL23", unit::V, fixed(0.0, 12000.0), |s, d| ri(s, d).ac_voltage_v[1].into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("AcVoltageL31", unit::V, fixed(0.0, 12000.0), |s, d| ri(s, d).ac_voltage_v[2].into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("PowerFactor", unit::ONE, fixed(0.0, 1.0), |s, d| ri(s, d).power_factor.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("ReactivePower", unit::KVAR, fixed(0.0, 3000.0), |s, d| {
        scaled(ri(s, d).reactive_power_var, 1e-3)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Efficiency", unit::PCT, fixed(0.0, 100.0), efficiency)
        .every(10000)
        .history(HistoryMode::Minute),
    analog("CurrentRipple", unit::PCT, fixed(0.0, 20.0), |s, d| ri(s, d).ripple_pct.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("FiringAngle", unit::DEG, fixed(0.0, 180.0), |s, d| ri(s, d).firing_angle_deg.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("CurrentReference", unit::KA, Range::TimesNominal(1.1), |s, d| {
        number(rs(s, d).current_reference_ka)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::CurrentReference),
    analog("VoltageLimit", unit::V, fixed(0.0, 150.0), |s, d| number(rs(s, d).voltage_limit_v))
        .history(HistoryMode::Change)
        .writable(Access::Engineer, Setpoint::VoltageLimit),
    discrete(
        "ControlMode",
        &["Off", "Ready", "Ramping", "ConstantCurrent", "VoltageLimited", "Tripped"],
        |s, d| count(rs(s, d).state),
    )
    .history(HistoryMode::Change),
    analog("HeatsinkTemperature", unit::CEL, fixed(0.0, 120.0), |s, d| {
        ri(s, d).heatsink_temp_c.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("TransformerOilTemperature", unit::CEL, fixed(0.0, 120.0), |s, d| {
        ri(s, d).oil_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterFlow", unit::L_MIN, fixed(0.0, 500.0), |s, d| {
        ri(s, d).water_flow_l_min.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterInletTemperature", unit::CEL, fixed(0.0, 80.0), |s, d| {
        ri(s, d).water_inlet_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterOutletTemperature", unit::CEL, fixed(0.0, 80.0), |s, d| {
        ri(s, d).water_outlet_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("WaterConductivity", unit::US_CM, fixed(0.0, 50.0), |s, d| {
        ri(s, d).water_conductivity_us_cm.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("EarthLeakageCurrent", unit::MA, fixed(0.0, 500.0), |s, d| {
        ri(s, d).earth_leakage_ma.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    two_state("BreakerClosed", &["Open", "Closed"], |s, d| flag(ri(s, d).breaker_closed))
        .history(HistoryMode::Change),
    two_state("Ready", &["False", "True"], |s, d| flag(ri(s, d).ready))
        .history(HistoryMode::Change),
    two_state("Running", &["False", "True"], |s, d| {
        flag(ri(s, d).breaker_closed && !ri(s, d).tripped)
    })
    .history(HistoryMode::Change),
    two_state("Tripped", &["False", "True"], |s, d| flag(ri(s, d).tripped))
        .history(HistoryMode::Change),
    plain("TripCode", ValueType::U16, |s, d| bits(ri(s, d).trip_code)).history(HistoryMode::Change),
];

/// Methods.
pub(super) const METHODS: &[MethodRow] = &[
    method("SwitchOn", Method::SwitchOn, Access::Operator, &[], &[]),
    method(
        "SwitchOff",
        Method::SwitchOff,
        Access::Operator,
        &[argument("Reason", ValueType::Text, "Why, for the log.")],
        &[],
    ),
    method(
        "SetCurrent",
        Method::SetCurrent,
        Access::Operator,
        &[
            argument("Current", ValueType::F64, "Current, kA."),
            argument("RampRate", ValueType::F64, "Ramp, % of nominal per minute."),
        ],
        &[],
    ),
    method("ResetTrip", Method::ResetTrip, Access::Supervisor, &[], &[]),
];

fn ri<'a>(s: &Scan<'a>, d: &Device) -> &'a RectifierInputs {
    &s.inputs.rectifiers[d.index]
}

fn rs<'a>(s: &Scan<'a>, d: &Device) -> &'a RectifierStatus {
    &s.status.rectifiers[d.index]
}

fn rt<'a>(s: &Scan<'a>, d: &Device) -> &'a RectifierTotals {
    &s.totals.rectifiers[d.index]
}

fn dc_power(s: &Scan<'_>, d: &Device) -> Sampled {
    let inputs = ri(s, d);
    number(inputs.dc_current_a.value * inputs.dc_voltage_v.value * 1e-3)
}

/// DC by AC power; none without load.
fn efficiency(s: &Scan<'_>, d: &Device) -> Sampled {
    let inputs = ri(s, d);
    let ac_w = inputs.ac_power_w.value;
    let dc_w = inputs.dc_current_a.value * inputs.dc_voltage_v.value;
    number(if ac_w > 1000.0 { 100.0 * dc_w / ac_w } else { 0.0 })
}

//! The oxide feeder of an electrolyzer.

use crate::access::Access;
use crate::control::{FeederStatus, Method, Setpoint};
use crate::field::FeederInputs;
use crate::tag::catalogue::row::{
    analog, argument, bits, by_size, count, discrete, fixed, flag, method, number, plain,
    since_start, text, two_state,
};
use crate::tag::{Device, HistoryMode, MethodRow, Range, Row, Scan, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog(
        "FlowRate",
        unit::G_MIN,
        by_size([(0.0, 400.0), (0.0, 700.0), (0.0, 2000.0)]),
        |s, d| number(fs(s, d).flow_g_min),
    )
    .every(1000)
    .history(HistoryMode::Raw(0.5)),
    analog(
        "TargetFlowRate",
        unit::G_MIN,
        by_size([(0.0, 400.0), (0.0, 700.0), (0.0, 2000.0)]),
        |s, d| number(fs(s, d).target_g_min),
    )
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::TargetFlowRate),
    analog("HopperWeight", unit::KG, by_size([(0.0, 80.0), (0.0, 130.0), (0.0, 300.0)]), |s, d| {
        fi(s, d).hopper_weight_kg.into()
    })
    .every(1000)
    .history(HistoryMode::Raw(0.05)),
    analog("HopperFillLevel", unit::PCT, fixed(0.0, 100.0), |s, d| number(fs(s, d).fill_level_pct))
        .every(1000)
        .history(HistoryMode::Minute),
    analog("Speed", unit::RPM, fixed(0.0, 200.0), |s, d| fi(s, d).speed_rpm.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("SpeedSetpoint", unit::RPM, fixed(0.0, 200.0), |s, d| {
        number(fs(s, d).speed_setpoint_rpm)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::SpeedSetpoint),
    analog("MotorCurrent", unit::A, fixed(0.0, 10.0), |s, d| fi(s, d).motor_current_a.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("MotorTemperature", unit::CEL, fixed(0.0, 120.0), |s, d| fi(s, d).motor_temp_c.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("FeedFactor", unit::G_REV, fixed(1.0, 50.0), |s, d| number(fs(s, d).feed_factor_g_rev))
        .every(60000)
        .history(HistoryMode::Minute),
    discrete(
        "State",
        &[
            "Off",
            "Ready",
            "Gravimetric",
            "Volumetric",
            "Refilling",
            "Priming",
            "Calibrating",
            "Faulted",
        ],
        |s, d| count(fs(s, d).state),
    )
    .history(HistoryMode::Change),
    discrete("RateControlMode", &["Gravimetric", "Volumetric"], |s, d| {
        count(u32::from(fs(s, d).volumetric))
    })
    .history(HistoryMode::Change),
    two_state("Refilling", &["False", "True"], |s, d| flag(fs(s, d).refilling))
        .history(HistoryMode::Change),
    two_state("Discharging", &["False", "True"], |s, d| flag(fs(s, d).discharging))
        .history(HistoryMode::Change),
    analog("ShotMass", unit::KG, fixed(0.0, 60.0), |s, d| number(fs(s, d).shot_kg))
        .history(HistoryMode::Change),
    plain("ShotCount", ValueType::U32, |s, d| count(fs(s, d).shots)).history(HistoryMode::Change),
    analog("MasterTotalizer", unit::KG, Range::None, |s, d| number(fs(s, d).totalizer_kg))
        .every(1000)
        .history(HistoryMode::Minute),
    plain("FeederFault", ValueType::U16, |s, d| bits(fs(s, d).faults)).history(HistoryMode::Change),
    two_state("VibratorOn", &["False", "True"], |s, d| flag(fs(s, d).vibrator))
        .history(HistoryMode::Change),
    two_state("ChuteOpen", &["False", "True"], |s, d| flag(fi(s, d).chute_open))
        .history(HistoryMode::Change),
    two_state("DoorClosed", &["False", "True"], |s, d| flag(fi(s, d).door_closed))
        .history(HistoryMode::Change),
    analog(
        "FeedDeviationAccumulated",
        unit::KG,
        by_size([(-5.0, 5.0), (-8.0, 8.0), (-25.0, 25.0)]),
        |s, d| number(fs(s, d).deviation_1h_kg),
    )
    .every(10000)
    .history(HistoryMode::Minute),
    plain("OxideLotId", ValueType::Text, |s, d| text(&fs(s, d).lot)).history(HistoryMode::Change),
    analog("ZeroDrift", unit::G, fixed(-500.0, 500.0), |s, d| number(fs(s, d).zero_drift_g))
        .history(HistoryMode::Change),
    plain("LastTareTime", ValueType::Time, |s, d| since_start(s, fs(s, d).tared_at_s))
        .history(HistoryMode::Change),
    plain("LastCalibrationTime", ValueType::Time, |s, d| since_start(s, fs(s, d).calibrated_at_s))
        .history(HistoryMode::Change),
];

/// Methods.
pub(super) const METHODS: &[MethodRow] = &[
    method("DischargeStart", Method::DischargeStart, Access::Operator, &[], &[]),
    method("DischargeStop", Method::DischargeStop, Access::Operator, &[], &[]),
    method("RefillStart", Method::RefillStart, Access::Operator, &[], &[]),
    method("RefillStop", Method::RefillStop, Access::Operator, &[], &[]),
    method(
        "Refill",
        Method::Refill,
        Access::Operator,
        &[
            argument("LotId", ValueType::Text, "Oxide lot."),
            argument("Mass", ValueType::F64, "Mass, kg."),
        ],
        &[],
    ),
    method(
        "FeedShot",
        Method::FeedShot,
        Access::Operator,
        &[argument("Mass", ValueType::F64, "Oxide, kg.")],
        &[],
    ),
    method(
        "Calibrate",
        Method::Calibrate,
        Access::Engineer,
        &[argument("TestMass", ValueType::F64, "Weighed mass, kg.")],
        &[argument("Deviation", ValueType::F64, "Deviation found, %.")],
    ),
    method("SetZero", Method::SetZero, Access::Operator, &[], &[]),
    method("SetTare", Method::SetTare, Access::Operator, &[], &[]),
    method("ClearTare", Method::ClearTare, Access::Operator, &[], &[]),
    method("ResetTotalizer", Method::ResetTotalizer, Access::Operator, &[], &[]),
    method("ResetFault", Method::ResetFault, Access::Operator, &[], &[]),
];

fn fi<'a>(s: &Scan<'a>, d: &Device) -> &'a FeederInputs {
    &s.inputs.feeders[d.index]
}

fn fs<'a>(s: &Scan<'a>, d: &Device) -> &'a FeederStatus {
    &s.status.feeders[d.index]
}

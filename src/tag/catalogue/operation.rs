//! How an electrolyzer is run: setpoints, state, counters, production, methods.

use crate::access::Access;
use crate::control::{ElectrolyzerStatus, Method, Setpoint};
use crate::field::ElectrolyzerInputs;
use crate::production::ElectrolyzerTotals;
use crate::tag::catalogue::row::{
    analog, argument, by_size, count, discrete, fixed, flag, method, number, plain, text, two_state,
};
use crate::tag::{
    Device, HistoryMode, MethodRow, Range, Row, Sampled, Scan, Value, ValueType, unit,
};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("Control.CurrentSetpoint", unit::KA, Range::TimesNominal(1.1), |s, d| {
        number(st(s, d).current_setpoint_ka)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::Current),
    analog("Control.CurrentDemand", unit::KA, Range::TimesNominal(1.1), |s, d| {
        number(st(s, d).current_demand_ka)
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("Control.CurrentTrim", unit::PCT, fixed(-100.0, 100.0), |s, d| {
        number(st(s, d).current_trim_pct)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Control.CurrentRampRate", unit::PCT_MIN, fixed(1.0, 120.0), |s, d| {
        number(st(s, d).current_ramp_pct_min)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::CurrentRampRate),
    analog("Control.TemperatureSetpoint", unit::CEL, fixed(850.0, 1110.0), |s, d| {
        number(st(s, d).temp_setpoint_c)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::Temperature),
    discrete("Control.TemperatureControlMode", &["Off", "Manual", "Auto", "Cascade"], |s, d| {
        count(st(s, d).temp_mode as u32)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::TemperatureControlMode),
    discrete("Control.FeedControlMode", &["Off", "Manual", "Base", "DemandFeed"], |s, d| {
        count(st(s, d).feed_mode as u32)
    })
    .history(HistoryMode::Change)
    .writable(Access::Operator, Setpoint::FeedControlMode),
    discrete("Control.FeedPhase", &["Under", "Over", "Base", "Hold", "Quench"], |s, d| {
        count(st(s, d).feed_phase as u32)
    })
    .history(HistoryMode::Change),
    analog(
        "Control.BaseFeedRate",
        unit::G_MIN,
        by_size([(0.0, 400.0), (0.0, 700.0), (0.0, 2000.0)]),
        |s, d| number(st(s, d).base_feed_g_min),
    )
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::BaseFeedRate),
    analog("Control.UnderfeedFactor", unit::ONE, fixed(0.3, 1.0), |s, d| {
        number(st(s, d).underfeed_factor)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::UnderfeedFactor),
    analog("Control.OverfeedFactor", unit::ONE, fixed(1.0, 2.0), |s, d| {
        number(st(s, d).overfeed_factor)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::OverfeedFactor),
    analog("Control.OverfeedDuration", unit::MIN, fixed(1.0, 240.0), |s, d| {
        number(st(s, d).overfeed_min)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::OverfeedDuration),
    analog("Control.SlopeThreshold", unit::UOHM_MIN, fixed(0.001, 5.0), |s, d| {
        number(st(s, d).slope_threshold_uohm_min)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::SlopeThreshold),
    analog("Control.SlopeWindow", unit::S, fixed(120.0, 3600.0), |s, d| {
        number(st(s, d).slope_window_s)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::SlopeWindow),
    analog("Control.UnderfeedMax", unit::MIN, fixed(5.0, 480.0), |s, d| {
        number(st(s, d).underfeed_max_min)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::UnderfeedMax),
    analog("Control.CurrentEfficiencyEstimate", unit::PCT, fixed(50.0, 100.0), |s, d| {
        number(st(s, d).efficiency_estimate_pct)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Control.ReferenceVoltage", unit::V, fixed(4.0, 14.0), |s, d| {
        number(st(s, d).reference_voltage_v)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::ReferenceVoltage),
    analog("Control.BackVoltage", unit::V, fixed(1.0, 4.0), |s, d| number(st(s, d).back_voltage_v))
        .history(HistoryMode::Change)
        .writable(Access::Engineer, Setpoint::BackVoltage),
    analog("Control.AnodeEffectVoltageThreshold", unit::V, fixed(0.5, 10.0), |s, d| {
        number(st(s, d).anode_effect_rise_v)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::AnodeEffectVoltageThreshold),
    analog("Control.AnodeEffectDose", unit::KG, fixed(0.0, 60.0), |s, d| {
        number(st(s, d).anode_effect_dose_kg)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::AnodeEffectDose),
    analog("Control.AnodeEffectCurrentReduction", unit::PCT, fixed(20.0, 100.0), |s, d| {
        number(st(s, d).anode_effect_current_pct)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::AnodeEffectCurrentReduction),
    discrete(
        "State.Phase",
        &[
            "Unknown",
            "OutOfService",
            "Cold",
            "Preheating",
            "Melting",
            "Starting",
            "Running",
            "Tapping",
            "ChangingAnode",
            "AnodeEffect",
            "Holding",
            "Held",
            "Stopping",
            "HotStandby",
            "CoolingDown",
            "Faulted",
        ],
        |s, d| count(st(s, d).phase as u32),
    )
    .history(HistoryMode::Change),
    analog("State.PhaseTime", unit::S, Range::None, |s, d| number(st(s, d).phase_s))
        .every(1000)
        .history(HistoryMode::None),
    plain("State.InterlockStatus", ValueType::Bools, interlocks).history(HistoryMode::Change),
    plain("State.FirstOutInterlock", ValueType::Text, |s, d| text(&st(s, d).first_out))
        .history(HistoryMode::Change),
    two_state("State.PermissiveToStart", &["Not permitted", "Permitted"], |s, d| {
        flag(st(s, d).permissive_to_start)
    })
    .history(HistoryMode::Change),
    two_state("State.EmergencyStop", &["Released", "Pressed"], |s, d| {
        flag(el(s, d).emergency_stop)
    })
    .history(HistoryMode::Change),
    two_state("State.PitWater", &["Dry", "Water"], |s, d| flag(el(s, d).pit_water))
        .history(HistoryMode::Change),
    analog("Counters.CellAge", unit::DAY, Range::None, |s, d| number(tot(s, d).age_s / 86_400.0))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("Counters.OperatingHours", unit::H, Range::None, |s, d| {
        number(tot(s, d).operating_s / 3600.0)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.ChargeTotal", unit::KAH, Range::None, |s, d| {
        number(tot(s, d).charge_c / 3.6e6)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.EnergyTotal", unit::KWH, Range::None, |s, d| {
        number(tot(s, d).energy_j / 3.6e6)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.OxideFedTotal", unit::KG, Range::None, |s, d| number(tot(s, d).oxide_fed_kg))
        .every(60000)
        .history(HistoryMode::Minute),
    analog("Counters.MetalTappedTotal", unit::KG, Range::None, |s, d| {
        number(tot(s, d).metal_tapped_kg)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.GraphiteUsedTotal", unit::KG, Range::None, |s, d| {
        number(tot(s, d).graphite_kg)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.FluorideUsedTotal", unit::KG, Range::None, |s, d| {
        number(tot(s, d).fluoride_kg)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Counters.TimeSinceTap", unit::MIN, Range::None, |s, d| {
        number(st(s, d).since_tap_s / 60.0)
    })
    .every(60000)
    .history(HistoryMode::None),
    analog("Counters.TimeToNextTap", unit::MIN, Range::None, |s, d| {
        number(st(s, d).to_tap_s / 60.0)
    })
    .every(60000)
    .history(HistoryMode::None),
    analog("Counters.TimeToNextAnodeChange", unit::MIN, Range::None, |s, d| {
        number(st(s, d).to_anode_change_s / 60.0)
    })
    .every(60000)
    .history(HistoryMode::None),
    analog("Counters.ThermocoupleAge", unit::H, Range::None, |s, d| {
        number(el(s, d).thermocouple_age_h)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    plain("Counters.Taps", ValueType::U32, |s, d| count(st(s, d).taps))
        .history(HistoryMode::Change),
    plain("Counters.AnodesChanged", ValueType::U32, |s, d| count(st(s, d).anodes_changed))
        .history(HistoryMode::Change),
    analog("Maintenance.CathodeDiameter", unit::MM, fixed(40.0, 130.0), |s, d| {
        number(st(s, d).cathode_diameter_mm)
    })
    .history(HistoryMode::Change)
    .writable(Access::Engineer, Setpoint::CathodeDiameter),
    analog("Maintenance.ThinnestAnode", unit::MM, fixed(0.0, 100.0), thinnest_anode)
        .every(60000)
        .history(HistoryMode::Minute),
    plain("Production.ProductCode", ValueType::Text, product).history(HistoryMode::Change),
    plain("Production.OxideLotId", ValueType::Text, |s, d| text(&s.status.feeders[d.index].lot))
        .history(HistoryMode::Change),
    plain("Production.LastTapId", ValueType::Text, |s, d| text(&st(s, d).last_tap_id))
        .history(HistoryMode::Change),
    analog("Production.LastTapNetMass", unit::KG, Range::None, |s, d| {
        number(st(s, d).last_tap_net_kg)
    })
    .history(HistoryMode::Change),
    plain("Production.LastTapMouldCount", ValueType::U32, |s, d| count(st(s, d).last_tap_moulds))
        .history(HistoryMode::Change),
    analog(
        "Production.TapWeight",
        unit::KG,
        by_size([(0.0, 60.0), (0.0, 100.0), (0.0, 500.0)]),
        |s, d| el(s, d).tap_weight_kg.into(),
    )
    .every(1000)
    .history(HistoryMode::Minute),
    analog("Production.CurrentEfficiency24h", unit::PCT, fixed(50.0, 100.0), |s, d| {
        number(tot(s, d).efficiency_24h_pct)
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Production.SpecificEnergy24h", unit::KWH_KG, fixed(0.0, 15.0), |s, d| {
        number(tot(s, d).specific_energy_24h_kwh_kg)
    })
    .every(60000)
    .history(HistoryMode::Minute),
];

/// Methods.
pub(super) const METHODS: &[MethodRow] = &[
    method(
        "Start",
        Method::Start,
        Access::Operator,
        &[
            argument("TargetCurrent", ValueType::F64, "Target current, kA."),
            argument("RampRate", ValueType::F64, "Ramp, % of nominal per minute."),
        ],
        &[],
    ),
    method(
        "Stop",
        Method::Stop,
        Access::Operator,
        &[
            argument("Mode", ValueType::U32, "0 normal, 1 hot hold, 2 emergency."),
            argument("Reason", ValueType::Text, "Why, for the log."),
        ],
        &[],
    ),
    method(
        "Hold",
        Method::Hold,
        Access::Operator,
        &[argument("Reason", ValueType::Text, "Why, for the log.")],
        &[],
    ),
    method("Resume", Method::Resume, Access::Operator, &[], &[]),
    method(
        "BeginTap",
        Method::BeginTap,
        Access::Operator,
        &[
            argument("PlannedMass", ValueType::F64, "Metal to draw, kg."),
            argument("CrucibleId", ValueType::Text, "Receiver."),
        ],
        &[argument("TapId", ValueType::Text, "Identifier of the tap.")],
    ),
    method(
        "CompleteTap",
        Method::CompleteTap,
        Access::Operator,
        &[
            argument("TapId", ValueType::Text, "Identifier of the tap."),
            argument("Gross", ValueType::F64, "Gross weight, kg."),
            argument("Tare", ValueType::F64, "Tare, kg."),
            argument("MouldCount", ValueType::U32, "Moulds filled."),
            argument("Comment", ValueType::Text, "Remark."),
        ],
        &[],
    ),
    method(
        "AbortTap",
        Method::AbortTap,
        Access::Operator,
        &[
            argument("TapId", ValueType::Text, "Identifier of the tap."),
            argument("Reason", ValueType::Text, "Why, for the log."),
        ],
        &[],
    ),
    method(
        "BeginAnodeChange",
        Method::BeginAnodeChange,
        Access::Operator,
        &[argument("Position", ValueType::U32, "Position, from 1.")],
        &[],
    ),
    method(
        "CompleteAnodeChange",
        Method::CompleteAnodeChange,
        Access::Operator,
        &[
            argument("Position", ValueType::U32, "Position, from 1."),
            argument("AnodeId", ValueType::Text, "Identifier of the new anode."),
            argument("NewThickness", ValueType::F64, "Thickness of the new anode, mm."),
            argument("ButtMass", ValueType::F64, "Mass of the old anode, kg."),
        ],
        &[],
    ),
    method(
        "AddElectrolyte",
        Method::AddElectrolyte,
        Access::Operator,
        &[
            argument("Material", ValueType::Text, "Which salt."),
            argument("Mass", ValueType::F64, "Mass, kg."),
            argument("Lot", ValueType::Text, "Lot."),
        ],
        &[],
    ),
    method(
        "RecordBathAssay",
        Method::RecordBathAssay,
        Access::Operator,
        &[
            argument("SampleTime", ValueType::Time, "When the sample was taken."),
            argument("LithiumFluoride", ValueType::F64, "LiF, mass %."),
            argument("RareEarthFluoride", ValueType::F64, "REF3, mass %."),
            argument("Oxide", ValueType::F64, "Dissolved oxide, mass %."),
        ],
        &[],
    ),
    method(
        "RecordTemperatureDip",
        Method::RecordTemperatureDip,
        Access::Operator,
        &[argument("Temperature", ValueType::F64, "Bath temperature, °C.")],
        &[],
    ),
    method(
        "QuenchAnodeEffect",
        Method::QuenchAnodeEffect,
        Access::Operator,
        &[argument("Dose", ValueType::F64, "Oxide, kg.")],
        &[],
    ),
    method(
        "RequestOxideDose",
        Method::RequestOxideDose,
        Access::Operator,
        &[argument("Mass", ValueType::F64, "Oxide, kg.")],
        &[],
    ),
    method("ResetFault", Method::ResetFault, Access::Operator, &[], &[]),
    method(
        "TakeOutOfService",
        Method::TakeOutOfService,
        Access::Supervisor,
        &[argument("Reason", ValueType::Text, "Why, for the log.")],
        &[],
    ),
    method("ReturnToService", Method::ReturnToService, Access::Supervisor, &[], &[]),
];

fn el<'a>(s: &Scan<'a>, d: &Device) -> &'a ElectrolyzerInputs {
    &s.inputs.electrolyzers[d.index]
}

fn st<'a>(s: &Scan<'a>, d: &Device) -> &'a ElectrolyzerStatus {
    &s.status.electrolyzers[d.index]
}

fn tot<'a>(s: &Scan<'a>, d: &Device) -> &'a ElectrolyzerTotals {
    &s.totals.electrolyzers[d.index]
}

/// The least that any anode is known to have left.
fn thinnest_anode(s: &Scan<'_>, d: &Device) -> Sampled {
    let known = el(s, d).anodes.iter().filter_map(|it| it.thickness_mm.usable());
    number(known.fold(f64::NAN, f64::min))
}

fn interlocks(s: &Scan<'_>, d: &Device) -> Sampled {
    Value::Bools(std::sync::Arc::new(st(s, d).interlocks.to_vec())).into()
}

fn product(s: &Scan<'_>, d: &Device) -> Sampled {
    let line = s.config.electrolyzers[d.index].line;
    let product = s.config.lines[line].product;
    Value::Text(std::sync::Arc::new(s.config.products[product].code.clone())).into()
}

//! Off-gas treatment.

use crate::tag::catalogue::row::{analog, fixed, flag, two_state};
use crate::tag::{HistoryMode, Row, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("FanSpeed", unit::PCT, fixed(0.0, 100.0), |s, _| s.inputs.fume.fan_speed_pct.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("FanCurrent", unit::A, fixed(0.0, 400.0), |s, _| s.inputs.fume.fan_current_a.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("FanVibration", unit::MM_S, fixed(0.0, 20.0), |s, _| {
        s.inputs.fume.fan_vibration_mm_s.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("FlowTotal", unit::NM3_H, fixed(0.0, 300_000.0), |s, _| s.inputs.fume.flow_nm3_h.into())
        .every(1000)
        .history(HistoryMode::Minute),
    analog("DuctPressure", unit::PA, fixed(-2000.0, 0.0), |s, _| {
        s.inputs.fume.duct_pressure_pa.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("BagDifferentialPressure", unit::PA, fixed(0.0, 3000.0), |s, _| {
        s.inputs.fume.bag_pressure_pa.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog("BagInletTemperature", unit::CEL, fixed(0.0, 250.0), |s, _| {
        s.inputs.fume.bag_inlet_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("ScrubberPh", unit::PH, fixed(0.0, 14.0), |s, _| s.inputs.fume.scrubber_ph.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("ScrubberLevel", unit::PCT, fixed(0.0, 100.0), |s, _| {
        s.inputs.fume.scrubber_level_pct.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("RecirculationFlow", unit::M3_H, fixed(0.0, 500.0), |s, _| {
        s.inputs.fume.recirculation_m3_h.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("StackHF", unit::MG_M3, fixed(0.0, 20.0), |s, _| s.inputs.fume.stack_hf_mg_m3.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("StackParticulate", unit::MG_M3, fixed(0.0, 50.0), |s, _| {
        s.inputs.fume.stack_particulate_mg_m3.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("StackCO", unit::PPM, fixed(0.0, 2000.0), |s, _| s.inputs.fume.stack_co_ppm.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("StackCF4", unit::PPM, fixed(0.0, 500.0), |s, _| s.inputs.fume.stack_cf4_ppm.into())
        .every(10000)
        .history(HistoryMode::Minute),
    analog("StackC2F6", unit::PPM, fixed(0.0, 100.0), |s, _| s.inputs.fume.stack_c2f6_ppm.into())
        .every(10000)
        .history(HistoryMode::Minute),
    two_state("FanRunning", &["False", "True"], |s, _| flag(s.inputs.fume.fan_running))
        .history(HistoryMode::Change),
    two_state("PulseCleaningActive", &["False", "True"], |s, _| flag(s.inputs.fume.pulse_cleaning))
        .history(HistoryMode::Change),
];

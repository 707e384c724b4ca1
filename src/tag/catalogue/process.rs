//! What happens in an electrolyzer: bath, electricity, lining, off-gas, anode effects.

use crate::control::ElectrolyzerStatus;
use crate::field::{ElectrolyzerInputs, Quality};
use crate::tag::catalogue::row::{
    analog, by_size, count, fixed, flag, number, plain, scaled, two_state,
};
use crate::tag::{Device, HistoryMode, Range, Row, Sampled, Scan, Value, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("Bath.Temperature", unit::CEL, fixed(900.0, 1150.0), bath_temperature)
        .every(1000)
        .history(HistoryMode::Raw(0.5)),
    analog("Bath.TemperatureRate", unit::K_MIN, fixed(-20.0, 20.0), |s, d| {
        number(st(s, d).bath_temp_rate_k_min)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Bath.Level", unit::MM, fixed(0.0, 600.0), |s, d| el(s, d).bath_level_mm.into())
        .every(10000)
        .history(HistoryMode::Raw(1.0)),
    analog(
        "Bath.MassEstimate",
        unit::KG,
        by_size([(0.0, 600.0), (0.0, 900.0), (0.0, 2500.0)]),
        |s, d| number(st(s, d).bath_estimate_kg),
    )
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Bath.LithiumFluoride", unit::PCT, fixed(0.0, 30.0), |s, d| {
        number(st(s, d).assay_lif_pct)
    })
    .history(HistoryMode::Change),
    analog("Bath.RareEarthFluoride", unit::PCT, fixed(60.0, 100.0), |s, d| {
        number(st(s, d).assay_ref3_pct)
    })
    .history(HistoryMode::Change),
    analog("Bath.OxideConcentrationEstimate", unit::PCT, fixed(0.0, 6.0), |s, d| {
        number(st(s, d).oxide_estimate_pct)
    })
    .every(10000)
    .history(HistoryMode::Raw(0.01)),
    analog("Bath.OxideConcentrationMeasured", unit::PCT, fixed(0.0, 6.0), |s, d| {
        number(st(s, d).assay_oxide_pct)
    })
    .history(HistoryMode::Change),
    analog("Bath.OxideConcentrationProbe", unit::PCT, fixed(0.0, 6.0), |s, d| {
        el(s, d).oxide_probe_pct.into()
    })
    .every(10000)
    .history(HistoryMode::Raw(0.01)),
    analog(
        "Bath.UndissolvedOxideEstimate",
        unit::KG,
        by_size([(0.0, 20.0), (0.0, 30.0), (0.0, 100.0)]),
        |s, d| number(st(s, d).undissolved_estimate_kg),
    )
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Bath.MetalLevel", unit::MM, fixed(0.0, 300.0), |s, d| el(s, d).metal_level_mm.into())
        .every(60000)
        .history(HistoryMode::Raw(1.0)),
    analog(
        "Bath.MetalMassEstimate",
        unit::KG,
        by_size([(0.0, 60.0), (0.0, 100.0), (0.0, 500.0)]),
        |s, d| number(st(s, d).metal_estimate_kg),
    )
    .every(60000)
    .history(HistoryMode::Raw(0.5)),
    analog("Electrical.CellVoltage", unit::V, fixed(0.0, 20.0), |s, d| {
        el(s, d).cell_voltage_v.into()
    })
    .every(1000)
    .history(HistoryMode::Raw(0.01)),
    analog("Electrical.CellVoltageNoise", unit::MV, fixed(0.0, 1000.0), |s, d| {
        number(st(s, d).voltage_noise_mv)
    })
    .every(1000)
    .history(HistoryMode::Raw(5.0)),
    analog("Electrical.CellCurrent", unit::KA, Range::TimesNominal(1.2), |s, d| {
        scaled(el(s, d).cell_current_a, 1e-3)
    })
    .every(1000)
    .history(HistoryMode::Raw(0.02)),
    analog(
        "Electrical.CellPower",
        unit::KW,
        by_size([(0.0, 100.0), (0.0, 160.0), (0.0, 400.0)]),
        |s, d| number(st(s, d).power_w * 1e-3),
    )
    .every(1000)
    .history(HistoryMode::Minute),
    analog(
        "Electrical.PseudoResistance",
        unit::UOHM,
        by_size([(0.0, 3000.0), (0.0, 2000.0), (0.0, 600.0)]),
        |s, d| number(st(s, d).pseudo_resistance_uohm),
    )
    .every(1000)
    .history(HistoryMode::Raw(0.5)),
    analog("Electrical.ResistanceSlope", unit::UOHM_MIN, fixed(-5.0, 5.0), |s, d| {
        number(st(s, d).resistance_slope_uohm_min)
    })
    .every(10000)
    .history(HistoryMode::Raw(0.01)),
    analog("Electrical.AnodicCurrentDensity", unit::A_CM2, fixed(0.0, 3.0), |s, d| {
        number(st(s, d).anodic_density_a_cm2)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Electrical.CathodicCurrentDensity", unit::A_CM2, fixed(0.0, 12.0), |s, d| {
        number(st(s, d).cathodic_density_a_cm2)
    })
    .every(10000)
    .history(HistoryMode::Minute),
    plain("Electrical.AnodeCurrents", ValueType::Numbers, anode_currents)
        .every(5000)
        .history(HistoryMode::None),
    analog("Electrical.InterelectrodeDistance", unit::MM, fixed(40.0, 250.0), |s, d| {
        el(s, d).electrode_distance_mm.into()
    })
    .every(60000)
    .history(HistoryMode::Minute),
    analog("Lining.Temperature1", unit::CEL, fixed(0.0, 900.0), |s, d| {
        el(s, d).lining_temp_c[0].into()
    })
    .every(10000)
    .history(HistoryMode::Raw(2.0)),
    analog("Lining.Temperature2", unit::CEL, fixed(0.0, 900.0), |s, d| {
        el(s, d).lining_temp_c[1].into()
    })
    .every(10000)
    .history(HistoryMode::Raw(2.0)),
    analog("Lining.Temperature3", unit::CEL, fixed(0.0, 900.0), |s, d| {
        el(s, d).lining_temp_c[2].into()
    })
    .every(10000)
    .history(HistoryMode::Raw(2.0)),
    analog("Lining.Temperature4", unit::CEL, fixed(0.0, 900.0), |s, d| {
        el(s, d).lining_temp_c[3].into()
    })
    .every(10000)
    .history(HistoryMode::Raw(2.0)),
    analog("Lining.ShellTemperatureMax", unit::CEL, fixed(0.0, 400.0), |s, d| {
        el(s, d).shell_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Offgas.HoodTemperature", unit::CEL, fixed(0.0, 500.0), |s, d| {
        el(s, d).hood_temp_c.into()
    })
    .every(5000)
    .history(HistoryMode::Minute),
    analog("Offgas.HoodDraftPressure", unit::PA, fixed(-200.0, 50.0), |s, d| {
        el(s, d).hood_draft_pa.into()
    })
    .every(1000)
    .history(HistoryMode::Minute),
    analog(
        "Offgas.GasEvolutionCO2",
        unit::G_MIN,
        by_size([(0.0, 200.0), (0.0, 350.0), (0.0, 1000.0)]),
        |s, d| el(s, d).co2_g_min.into(),
    )
    .every(10000)
    .history(HistoryMode::Minute),
    analog(
        "Offgas.GasEvolutionCO",
        unit::G_MIN,
        by_size([(0.0, 200.0), (0.0, 350.0), (0.0, 1000.0)]),
        |s, d| el(s, d).co_g_min.into(),
    )
    .every(10000)
    .history(HistoryMode::Minute),
    analog("Offgas.CF4Estimate", unit::G_MIN, fixed(0.0, 40.0), |s, d| el(s, d).cf4_g_min.into())
        .every(10000)
        .history(HistoryMode::Minute),
    two_state("Offgas.HoodOpen", &["Closed", "Open"], |s, d| flag(el(s, d).hood_open))
        .history(HistoryMode::Change),
    two_state("AnodeEffect.Active", &["No anode effect", "Anode effect"], |s, d| {
        flag(st(s, d).anode_effect_active)
    })
    .history(HistoryMode::Change),
    two_state("AnodeEffect.Warning", &["Normal", "Warning"], |s, d| {
        flag(st(s, d).anode_effect_warning)
    })
    .history(HistoryMode::Change),
    analog("AnodeEffect.Risk", unit::ONE, fixed(0.0, 1.5), |s, d| {
        number(st(s, d).anode_effect_risk)
    })
    .every(1000)
    .history(HistoryMode::Raw(0.01)),
    plain("AnodeEffect.Count", ValueType::U32, |s, d| count(st(s, d).anode_effects))
        .history(HistoryMode::Change),
    analog("AnodeEffect.Duration", unit::S, Range::None, |s, d| number(st(s, d).anode_effect_s))
        .history(HistoryMode::Change),
];

/// The thermometer; while it gives nothing, what a person has dipped, as `Good_LocalOverride`.
fn bath_temperature(s: &Scan<'_>, d: &Device) -> Sampled {
    let measured = el(s, d).bath_temp_c;
    match st(s, d).bath_temp_substitute_c {
        Some(value) if !measured.quality.is_usable() => {
            Sampled { value: Value::F64(value), quality: Quality::LocalOverride }
        }
        _ => measured.into(),
    }
}

fn el<'a>(s: &Scan<'a>, d: &Device) -> &'a ElectrolyzerInputs {
    &s.inputs.electrolyzers[d.index]
}

fn st<'a>(s: &Scan<'a>, d: &Device) -> &'a ElectrolyzerStatus {
    &s.status.electrolyzers[d.index]
}

fn anode_currents(s: &Scan<'_>, d: &Device) -> Sampled {
    let anodes = &el(s, d).anodes;
    let values = anodes.iter().map(|it| it.current_a.value).collect();
    let worst = anodes.iter().map(|it| it.current_a.quality).find(|it| it.is_bad());
    let quality = worst.map_or(Quality::Good, |_| Quality::SubNormal);
    Sampled { value: Value::Numbers(std::sync::Arc::new(values)), quality }
}

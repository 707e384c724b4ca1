//! Water, air, argon, grid.

use crate::tag::catalogue::row::{analog, fixed, scaled};
use crate::tag::{HistoryMode, Row, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("CoolingWaterSupplyPressure", unit::BAR, fixed(0.0, 10.0), |s, _| {
        s.inputs.utilities.water_pressure_bar.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterSupplyTemperature", unit::CEL, fixed(0.0, 60.0), |s, _| {
        s.inputs.utilities.water_supply_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterReturnTemperature", unit::CEL, fixed(0.0, 80.0), |s, _| {
        s.inputs.utilities.water_return_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CoolingWaterFlow", unit::M3_H, fixed(0.0, 2000.0), |s, _| {
        s.inputs.utilities.water_flow_m3_h.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("CompressedAirPressure", unit::BAR, fixed(0.0, 12.0), |s, _| {
        s.inputs.utilities.air_pressure_bar.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("ArgonPressure", unit::BAR, fixed(0.0, 16.0), |s, _| {
        s.inputs.utilities.argon_pressure_bar.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("ArgonFlow", unit::M3_H, fixed(0.0, 200.0), |s, _| {
        s.inputs.utilities.argon_flow_m3_h.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("GridVoltage", unit::V, fixed(0.0, 15000.0), |s, _| {
        s.inputs.utilities.grid_voltage_v.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("GridFrequency", unit::HZ, fixed(45.0, 55.0), |s, _| {
        s.inputs.utilities.grid_frequency_hz.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("OxideDryerTemperature", unit::CEL, fixed(0.0, 400.0), |s, _| {
        s.inputs.utilities.dryer_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("IngotCoolingWaterTemperature", unit::CEL, fixed(0.0, 80.0), |s, _| {
        s.inputs.utilities.ingot_water_temp_c.into()
    })
    .every(10000)
    .history(HistoryMode::Minute),
    analog("SitePower", unit::MW, fixed(0.0, 60.0), |s, _| {
        scaled(s.inputs.utilities.site_power_w, 1e-6)
    })
    .every(1000)
    .history(HistoryMode::Minute),
];

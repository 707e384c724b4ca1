//! Alarms that are to be judged otherwise than the catalogue says: in the whole plant, for a product, or at one
//! electrolyzer.

use crate::config::plant::{ElectrolyzerConfig, Product};
use crate::config::section::Section;

/// Alarms that a plant can set, each with its limits in order: high-high, high, low, low-low, H, h, l and L, with a dot
/// for one that it has not. A test compares them with the catalogue.
pub const ALARMS: [(&str, &str); 57] = [
    ("AnodeCurrentImbalance", ".hl."),
    ("AnodeEffect", "...."),
    ("AnodeEffectWarning", "Hh.."),
    ("AnodeWorn", "..lL"),
    ("AssayOutOfSpec", "...."),
    ("BagDifferentialPressure", "Hhl."),
    ("BagInletTemperature", "Hh.."),
    ("BathLevel", "HhlL"),
    ("BathTemperature", "HhlL"),
    ("BathTemperatureRate", "Hhl."),
    ("BathTemperatureSensor", "...."),
    ("CellShortCircuit", "...."),
    ("CellVoltage", ".hlL"),
    ("CellVoltageSensor", "...."),
    ("CertificateExpiration", "...."),
    ("ChuteBlocked", "...."),
    ("CommunicationLost", "...."),
    ("CompressedAirPressure", "..l."),
    ("CoolingWaterFlow", "..lL"),
    ("CoolingWaterSupplyPressure", "..lL"),
    ("CurrentDeviation", ".hl."),
    ("CurrentEfficiencyLow", "..l."),
    ("DraftLost", "...."),
    ("DriveFault", "...."),
    ("EarthLeakage", "...."),
    ("EnergyAboveBudget", ".h.."),
    ("FanVibration", "Hh.."),
    ("FeedDeviation", "HhlL"),
    ("FeederBridging", "...."),
    ("FeederJam", "...."),
    ("FumeFanStopped", "...."),
    ("HallCO", "Hh.."),
    ("HallHF", "Hh.."),
    ("HistorianBehind", "...."),
    ("HistoryDiskFull", "...."),
    ("HistoryFailing", "...."),
    ("HistoryRoomTaken", "...."),
    ("HopperDoorOpen", "...."),
    ("HopperLow", "..lL"),
    ("InterlockActive", "...."),
    ("LoadCellFault", "...."),
    ("MetalLevel", "Hh.."),
    ("OverDelivery", "...."),
    ("OxideHigh", "Hh.."),
    ("PitWater", "...."),
    ("RectifierTemperature", "Hh.."),
    ("RectifierTrip", "...."),
    ("RefillTimeout", "...."),
    ("RestartAfterAnodeEffect", "...."),
    ("ScrubberPh", ".hl."),
    ("ShellTemperature", "Hh.."),
    ("StackHF", "Hh.."),
    ("StackParticulate", "Hh.."),
    ("TapOverdue", ".h.."),
    ("TransformerOilTemperature", "Hh.."),
    ("VoltageNoise", "Hh.."),
    ("WaterConductivity", ".h.."),
];

/// Keys of the limits.
const KEYS: [&str; 4] = ["high_high", "high", "low", "low_low"];

/// What is set of one alarm; what is not set stays as the catalogue has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmConfig {
    /// Which: a name of the catalogue, wherever there is such an alarm.
    pub name: String,
    /// Only where this product is made: index into the products.
    pub product: Option<usize>,
    /// Only at this electrolyzer and its feeder: index into the electrolyzers.
    pub electrolyzer: Option<usize>,
    /// High-high, high, low and low-low limit, in the unit of the input. Deviations are from their setpoint.
    pub limits: [Option<f64>; 4],
    /// Deadband of all limits, in the unit of the input.
    pub deadband: Option<f64>,
    /// Delay until it is active, s.
    pub on_delay_s: Option<f64>,
    /// Delay until it is inactive, s.
    pub off_delay_s: Option<f64>,
    /// Told anew while it is active, after so long, s; 0 never.
    pub realarm_s: Option<f64>,
}

/// The tables `[[alarm]]` of `plant.toml`.
pub(super) fn alarms(
    file: &Section<'_>,
    products: &[Product],
    electrolyzers: &[ElectrolyzerConfig],
) -> Vec<AlarmConfig> {
    let codes: Vec<&str> = products.iter().map(|it| it.code.as_str()).collect();
    let cells: Vec<&str> = electrolyzers.iter().map(|it| it.name.as_str()).collect();
    let names = ALARMS.map(|it| it.0);
    file.tables("alarm", 0, |s| {
        let (name, has) = s.one_of("name", &names).map_or(("", "HhlL"), |it| ALARMS[it]);
        let number = |key, range| s.has(key).then(|| s.number(key, range, None));
        let limit = |key| number(key, -1e6..=1e6);
        let limits = KEYS.map(limit);
        for (key, has) in KEYS.iter().zip(has.chars()) {
            if has == '.' && s.has(key) {
                s.mistake(key, format!("{name} has no such limit"), "a limit that it has");
            }
        }
        let set: Vec<f64> = limits.iter().flatten().copied().collect();
        if !set.is_sorted_by(|one, other| one >= other) {
            s.mistake(
                "name",
                "its limits are in the wrong order",
                "high_high >= high >= low >= low_low",
            );
        }
        AlarmConfig {
            name: name.to_owned(),
            product: s.has("product").then(|| s.reference("product", &codes)).flatten(),
            electrolyzer: s
                .has("electrolyzer")
                .then(|| s.reference("electrolyzer", &cells))
                .flatten(),
            limits,
            deadband: number("deadband", 0.0..=1e6),
            on_delay_s: number("on_delay_s", 0.0..=3600.0),
            off_delay_s: number("off_delay_s", 0.0..=3600.0),
            realarm_s: number("realarm_s", 0.0..=3600.0),
        }
    })
}

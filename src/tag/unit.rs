//! Engineering units with their UNECE Recommendation 20 codes (domain B1).

/// An engineering unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Common code, such as `CEL`; empty for a unit of our own.
    pub code: &'static str,
    /// Symbol shown to people, such as `°C`.
    pub symbol: &'static str,
    /// Full name.
    pub name: &'static str,
}

impl Unit {
    /// UnitId of EUInformation (Part 8, 5.6.4.3): the code's bytes as a big-endian number; −1 for our own.
    pub fn id(&self) -> i32 {
        if self.code.is_empty() {
            return -1;
        }
        self.code.bytes().fold(0, |id, byte| id << 8 | i32::from(byte))
    }
}

/// degree Celsius.
pub const CEL: Unit = Unit { code: "CEL", symbol: "°C", name: "degree Celsius" };
/// kelvin per minute.
pub const K_MIN: Unit = Unit { code: "F11", symbol: "K/min", name: "kelvin per minute" };
/// volt.
pub const V: Unit = Unit { code: "VLT", symbol: "V", name: "volt" };
/// millivolt.
pub const MV: Unit = Unit { code: "2Z", symbol: "mV", name: "millivolt" };
/// ampere.
pub const A: Unit = Unit { code: "AMP", symbol: "A", name: "ampere" };
/// kiloampere.
pub const KA: Unit = Unit { code: "B22", symbol: "kA", name: "kiloampere" };
/// ampere per square centimetre.
pub const A_CM2: Unit = Unit { code: "A4", symbol: "A/cm²", name: "ampere per square centimetre" };
/// microohm.
pub const UOHM: Unit = Unit { code: "B94", symbol: "µΩ", name: "microohm" };
/// kilowatt.
pub const KW: Unit = Unit { code: "KWT", symbol: "kW", name: "kilowatt" };
/// megawatt.
pub const MW: Unit = Unit { code: "MAW", symbol: "MW", name: "megawatt" };
/// kilowatt hour.
pub const KWH: Unit = Unit { code: "KWH", symbol: "kW·h", name: "kilowatt hour" };
/// kiloampere hour (thousand ampere hour).
pub const KAH: Unit =
    Unit { code: "TAH", symbol: "kA·h", name: "kiloampere hour (thousand ampere hour)" };
/// kilogram.
pub const KG: Unit = Unit { code: "KGM", symbol: "kg", name: "kilogram" };
/// gram.
pub const G: Unit = Unit { code: "GRM", symbol: "g", name: "gram" };
/// tonne (metric ton).
pub const T: Unit = Unit { code: "TNE", symbol: "t", name: "tonne (metric ton)" };
/// tonne per day.
pub const T_D: Unit = Unit { code: "L71", symbol: "t/d", name: "tonne per day" };
/// kilogram per hour.
pub const KG_H: Unit = Unit { code: "E93", symbol: "kg/h", name: "kilogram per hour" };
/// gram per minute.
pub const G_MIN: Unit = Unit { code: "F28", symbol: "g/min", name: "gram per minute" };
/// % or pct.
pub const PCT: Unit = Unit { code: "P1", symbol: "%", name: "% or pct" };
/// one.
pub const ONE: Unit = Unit { code: "C62", symbol: "1", name: "one" };
/// millimetre.
pub const MM: Unit = Unit { code: "MMT", symbol: "mm", name: "millimetre" };
/// revolutions per minute.
pub const RPM: Unit = Unit { code: "RPM", symbol: "r/min", name: "revolutions per minute" };
/// hertz.
pub const HZ: Unit = Unit { code: "HTZ", symbol: "Hz", name: "hertz" };
/// kilovar.
pub const KVAR: Unit = Unit { code: "KVR", symbol: "kvar", name: "kilovar" };
/// cubic metre per hour.
pub const M3_H: Unit = Unit { code: "MQH", symbol: "m³/h", name: "cubic metre per hour" };
/// normalised cubic metre per hour.
pub const NM3_H: Unit =
    Unit { code: "Q40", symbol: "Nm³/h", name: "normalised cubic metre per hour" };
/// milligram per cubic metre.
pub const MG_M3: Unit = Unit { code: "GP", symbol: "mg/m³", name: "milligram per cubic metre" };
/// part per million.
pub const PPM: Unit = Unit { code: "59", symbol: "ppm", name: "part per million" };
/// pascal.
pub const PA: Unit = Unit { code: "PAL", symbol: "Pa", name: "pascal" };
/// bar [unit of pressure].
pub const BAR: Unit = Unit { code: "BAR", symbol: "bar", name: "bar [unit of pressure]" };
/// litre per minute.
pub const L_MIN: Unit = Unit { code: "L2", symbol: "l/min", name: "litre per minute" };
/// second [unit of time].
pub const S: Unit = Unit { code: "SEC", symbol: "s", name: "second [unit of time]" };
/// minute [unit of time].
pub const MIN: Unit = Unit { code: "MIN", symbol: "min", name: "minute [unit of time]" };
/// hour.
pub const H: Unit = Unit { code: "HUR", symbol: "h", name: "hour" };
/// day.
pub const DAY: Unit = Unit { code: "DAY", symbol: "d", name: "day" };
/// milliampere.
pub const MA: Unit = Unit { code: "4K", symbol: "mA", name: "milliampere" };
/// degree [unit of angle].
pub const DEG: Unit = Unit { code: "DD", symbol: "°", name: "degree [unit of angle]" };
/// millimetre per second.
pub const MM_S: Unit = Unit { code: "C16", symbol: "mm/s", name: "millimetre per second" };
/// microohm per minute.
pub const UOHM_MIN: Unit = Unit { code: "", symbol: "µΩ/min", name: "microohm per minute" };
/// percent per minute.
pub const PCT_MIN: Unit = Unit { code: "", symbol: "%/min", name: "percent per minute" };
/// gram per revolution.
pub const G_REV: Unit = Unit { code: "", symbol: "g/r", name: "gram per revolution" };
/// microsiemens per centimetre.
pub const US_CM: Unit = Unit { code: "", symbol: "µS/cm", name: "microsiemens per centimetre" };
/// kilowatt hour per kilogram.
pub const KWH_KG: Unit = Unit { code: "", symbol: "kW·h/kg", name: "kilowatt hour per kilogram" };
/// potential of hydrogen.
pub const PH: Unit = Unit { code: "", symbol: "pH", name: "potential of hydrogen" };
/// per day.
pub const PER_DAY: Unit = Unit { code: "", symbol: "1/d", name: "per day" };
/// minute per day.
pub const MIN_D: Unit = Unit { code: "", symbol: "min/d", name: "minute per day" };
/// byte.
pub const BYTE: Unit = Unit { code: "AD", symbol: "byte", name: "byte" };

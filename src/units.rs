//! Physical constants, the unit suffixes that names may carry, and the few conversions at the edge.
//!
//! Inside, one unit per quantity: `_a` A, `_v` V, `_w` W, `_j` J, `_kg`, `_kg_s`, `_c` °C, `_k` K,
//! `_s` s, `_mm` mm, `_cm` cm, `_pa` Pa, `_ohm` Ω, `_frac` fraction 0..1, `_pct` percent at a tag only.

/// Faraday constant, C/mol (CODATA 2018, exact).
pub const FARADAY_C_MOL: f64 = 96_485.332_12;
/// Molar gas constant, J/(mol·K) (CODATA 2018, exact).
pub const GAS_J_MOL_K: f64 = 8.314_462_618;
/// 0 °C in K (exact).
pub const ZERO_CELSIUS_K: f64 = 273.15;

/// Seconds in an hour.
pub const HOUR_S: f64 = 3600.0;
/// Seconds in a day.
pub const DAY_S: f64 = 86_400.0;

/// kg/s as g/min, the unit of every feed-rate tag.
pub fn g_min_from_kg_s(rate_kg_s: f64) -> f64 {
    rate_kg_s * 60_000.0
}

/// g/min as kg/s.
pub fn kg_s_from_g_min(rate_g_min: f64) -> f64 {
    rate_g_min / 60_000.0
}

/// Degrees Celsius as kelvin.
pub fn kelvin(temp_c: f64) -> f64 {
    temp_c + ZERO_CELSIUS_K
}

//! The figures themselves: what tags and reports show.

/// Totals of one electrolyzer since the start of its campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectrolyzerTotals {
    /// Age, s.
    pub age_s: f64,
    /// Time with current, s.
    pub operating_s: f64,
    /// Charge, C.
    pub charge_c: f64,
    /// DC energy, J.
    pub energy_j: f64,
    /// Oxide fed, kg.
    pub oxide_fed_kg: f64,
    /// Metal tapped, kg.
    pub metal_tapped_kg: f64,
    /// Graphite used, kg.
    pub graphite_kg: f64,
    /// Fluoride added, kg.
    pub fluoride_kg: f64,
    /// Current efficiency over 24 h from taps and inventory, %; NaN before the first tap.
    pub efficiency_24h_pct: f64,
    /// DC energy per metal over 24 h, kWh/kg; NaN before the first tap.
    pub specific_energy_24h_kwh_kg: f64,
}

/// Totals of one rectifier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RectifierTotals {
    /// DC energy, J.
    pub dc_energy_j: f64,
    /// AC energy, J.
    pub ac_energy_j: f64,
}

/// Totals of one line and of the plant, for the day and the shift.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineTotals {
    /// Metal since midnight, kg.
    pub metal_today_kg: f64,
    /// Metal since the shift began, kg.
    pub metal_shift_kg: f64,
    /// Metal since the first of the month, kg.
    pub metal_month_kg: f64,
    /// Metal since the first of the year, kg.
    pub metal_year_kg: f64,
    /// CF4 since midnight, kg.
    pub cf4_today_kg: f64,
    /// Metal rate over the last hour, kg/s.
    pub metal_rate_kg_s: f64,
    /// DC power, W.
    pub dc_power_w: f64,
    /// AC power, W.
    pub ac_power_w: f64,
    /// AC power, mean of 15 min, W.
    pub demand_15min_w: f64,
    /// Anode effects per electrolyzer and day, last 24 h.
    pub anode_effects_per_day: f64,
    /// Energy since midnight, J AC.
    pub energy_today_j: f64,
    /// Oxide fed since midnight, kg.
    pub oxide_today_kg: f64,
}

/// Every total of the plant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// One per electrolyzer.
    pub electrolyzers: Vec<ElectrolyzerTotals>,
    /// One per rectifier.
    pub rectifiers: Vec<RectifierTotals>,
    /// One per line.
    pub lines: Vec<LineTotals>,
    /// The plant.
    pub plant: LineTotals,
}

//! One rectifier and the electrolyzers in series on it (domain A5.4, B5).

use crate::config::RectifierConfig;
use crate::field::RectifierOutputs;
use crate::plant::electrolysis::Conditions;
use crate::plant::order::held;

/// The current follows its reference with this time, s.
const FOLLOW_S: f64 = 0.15;
/// Largest current that it can give, part of nominal.
const LARGEST: f64 = 1.2;
/// Trips itself above this part of nominal.
const OVER_CURRENT: f64 = 1.15;
/// Trips itself above this heatsink temperature, °C.
const OVER_TEMP_C: f64 = 95.0;
/// Trips itself below this part of the usual water.
const LEAST_WATER: f64 = 0.40;
/// Heatsink over the water and oil over the hall at nominal current, K, and their times, s.
const HEATSINK_K: f64 = 28.0;
const HEATSINK_S: f64 = 60.0;
const OIL_K: f64 = 35.0;
const OIL_S: f64 = 5400.0;
/// Usual cooling water per kA, l/min.
pub(super) const WATER_L_MIN_KA: f64 = 4.0;
/// The current at the voltage ceiling is found to this part of itself.
const CLOSE: f64 = 1e-12;
/// Most steps of that search; it takes about ten.
const MOST_TRIES: usize = 100;

/// Trip cause bits, as the terminal strip has them.
pub(super) const TRIP_OVER_CURRENT: u16 = 1;
pub(super) const TRIP_OVER_TEMP: u16 = 2;
pub(super) const TRIP_WATER: u16 = 4;
pub(super) const TRIP_EARTH: u16 = 8;
pub(super) const TRIP_EMERGENCY: u16 = 16;
pub(super) const TRIP_COMMANDED: u16 = 32;

/// State of one rectifier.
#[derive(Clone, Debug)]
pub(super) struct Rectifier {
    /// Its electrolyzers.
    pub(super) cells: Vec<usize>,
    pub(super) nominal_a: f64,
    pub(super) efficiency_frac: f64,
    /// Ceiling where the controls give none, V.
    pub(super) ceiling_v: f64,
    pub(super) breaker: bool,
    pub(super) tripped: bool,
    pub(super) trip_code: u16,
    pub(super) limited: bool,
    /// Current that the reference has brought about, before the ceiling, A.
    follows_a: f64,
    pub(super) current_a: f64,
    pub(super) voltage_v: f64,
    pub(super) heatsink_c: f64,
    pub(super) oil_c: f64,
    pub(super) water_l_min: f64,
}

/// What is wrong around a rectifier.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    pub(super) emergency_stop: bool,
    pub(super) earth_fault: bool,
    pub(super) water_low: bool,
    pub(super) trip: bool,
}

impl Rectifier {
    pub(super) fn new(
        config: &RectifierConfig,
        cells: Vec<usize>,
        ceiling_v: f64,
        ambient_c: f64,
    ) -> Self {
        Self {
            cells,
            nominal_a: config.nominal_a,
            efficiency_frac: config.efficiency_frac,
            ceiling_v,
            breaker: false,
            tripped: false,
            trip_code: 0,
            limited: false,
            follows_a: 0.0,
            current_a: 0.0,
            voltage_v: 0.0,
            heatsink_c: ambient_c,
            oil_c: ambient_c,
            water_l_min: 0.0,
        }
    }

    /// Running at `current_a` for a long time.
    pub(super) fn run_at(&mut self, current_a: f64, water_c: f64, ambient_c: f64) {
        self.breaker = true;
        self.follows_a = current_a;
        self.current_a = current_a;
        let load = current_a / self.nominal_a;
        self.heatsink_c = water_c + HEATSINK_K * load * load;
        self.oil_c = ambient_c + OIL_K * load * load;
    }

    /// Breaker, trips and temperatures for one scan.
    pub(super) fn supervise(
        &mut self,
        outputs: &RectifierOutputs,
        trouble: Trouble,
        (water_c, ambient_c): (f64, f64),
        dt_s: f64,
    ) {
        let usual_l_min = WATER_L_MIN_KA * self.nominal_a / 1000.0;
        self.water_l_min = if trouble.water_low { 0.2 * usual_l_min } else { usual_l_min };
        let load = self.current_a / self.nominal_a;
        let cooling = self.water_l_min / usual_l_min;
        let warm_c = water_c + HEATSINK_K * load * load / cooling;
        self.heatsink_c += (warm_c - self.heatsink_c) * (dt_s / HEATSINK_S).min(1.0);
        self.oil_c += (ambient_c + OIL_K * load * load - self.oil_c) * dt_s / OIL_S;
        let causes = [
            (load > OVER_CURRENT, TRIP_OVER_CURRENT),
            (self.heatsink_c > OVER_TEMP_C, TRIP_OVER_TEMP),
            (cooling < LEAST_WATER, TRIP_WATER),
            (trouble.earth_fault, TRIP_EARTH),
            (trouble.emergency_stop, TRIP_EMERGENCY),
            (outputs.trip || trouble.trip, TRIP_COMMANDED),
        ];
        let now = causes.iter().filter(|it| it.0).fold(0, |code, it| code | it.1);
        if now != 0 {
            self.tripped = true;
            self.trip_code |= now;
        } else if outputs.reset {
            self.tripped = false;
            self.trip_code = 0;
        }
        self.breaker = outputs.on && !self.tripped;
    }

    /// The current of the next step: what the reference asks, or what the ceiling allows.
    pub(super) fn solve(
        &mut self,
        outputs: &RectifierOutputs,
        conditions: &[Conditions],
        dt_s: f64,
    ) {
        let most = LARGEST * self.nominal_a;
        let wanted = if self.breaker { held(outputs.current_a, 0.0, most) } else { 0.0 };
        if self.breaker {
            self.follows_a += (wanted - self.follows_a) * (1.0 - (-dt_s / FOLLOW_S).exp());
            if (self.follows_a - wanted).abs() < 1e-3 {
                self.follows_a = wanted;
            }
        } else {
            self.follows_a = 0.0;
        }
        let ceiling = if outputs.voltage_max_v > 0.0 {
            outputs.voltage_max_v.min(self.ceiling_v)
        } else {
            self.ceiling_v
        };
        self.limited = false;
        self.current_a = self.follows_a;
        if self.follows_a <= 0.0 {
            self.voltage_v = 0.0;
            return;
        }
        self.voltage_v = series_v(conditions, self.follows_a);
        if self.voltage_v <= ceiling {
            return;
        }
        self.limited = true;
        self.current_a = current_at(conditions, ceiling, (self.follows_a, self.voltage_v));
        // A ceiling below what the electrodes need at no current at all lets none through.
        self.voltage_v = if self.current_a > 0.0 { ceiling } else { 0.0 };
    }

    /// AC to DC at the present load, fraction.
    pub(super) fn efficiency(&self) -> f64 {
        let load = (self.current_a / self.nominal_a).clamp(0.05, 1.2);
        // No-load losses weigh more at part load.
        self.efficiency_frac - 0.01 * (1.0 / load - 1.0).clamp(0.0, 10.0)
    }
}

/// Voltage over electrolyzers in series at `current_a`, V.
pub(super) fn series_v(conditions: &[Conditions], current_a: f64) -> f64 {
    conditions.iter().map(|it| it.voltage(current_a).cell_v).sum()
}

/// The current at which the series has the voltage `ceiling_v`, A; `over` is a current that takes more, with
/// the voltage that it takes. 0 if even the smallest current takes more.
///
/// The voltage rises with the current, so there is one answer. Regula falsi with the Illinois step: the answer
/// stays between two ends as in halving, but is found in about ten evaluations instead of forty.
pub(super) fn current_at(conditions: &[Conditions], ceiling_v: f64, over: (f64, f64)) -> f64 {
    let (mut high, mut high_v) = (over.0, over.1 - ceiling_v);
    let mut low = CLOSE * high;
    let mut low_v = series_v(conditions, low) - ceiling_v;
    if low_v >= 0.0 {
        return 0.0;
    }
    let mut low_stayed = false;
    let mut high_stayed = false;
    for _ in 0..MOST_TRIES {
        let middle = (low * high_v - high * low_v) / (high_v - low_v);
        let middle_v = series_v(conditions, middle) - ceiling_v;
        if middle_v > 0.0 {
            (high, high_v) = (middle, middle_v);
            if low_stayed {
                low_v /= 2.0;
            }
            (low_stayed, high_stayed) = (true, false);
        } else {
            (low, low_v) = (middle, middle_v);
            if high_stayed {
                high_v /= 2.0;
            }
            (low_stayed, high_stayed) = (false, true);
        }
        if middle_v.abs() <= CLOSE * ceiling_v || high - low <= CLOSE * high {
            return middle;
        }
    }
    low
}

//! What stands between the process and its number: lag, noise, drift, range, failure (domain A7).

use crate::field::{Quality, Reading};
use crate::rng::Stream;

/// A reading, held to the instrument's range.
pub(super) fn in_range(value: f64, low: f64, high: f64) -> Reading {
    if value < low {
        Reading { value: low, quality: Quality::RangeExceeded }
    } else if value > high {
        Reading { value: high, quality: Quality::RangeExceeded }
    } else {
        Reading::good(value)
    }
}

/// Noise of the instruments of one device; silent when it is switched off.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    random: Stream,
    on: bool,
}

impl Noise {
    pub(super) fn new(random: Stream, on: bool) -> Self {
        Self { random, on }
    }

    /// A number with this deviation around `value`.
    pub(super) fn around(&mut self, value: f64, deviation: f64) -> f64 {
        if self.on { value + deviation * self.random.normal() } else { value }
    }

    /// As [`Noise::around`], as a good reading.
    pub(super) fn reading(&mut self, value: f64, deviation: f64) -> Reading {
        Reading::good(self.around(value, deviation))
    }

    /// The stream itself, for chance that is not noise.
    pub(super) fn random(&mut self) -> &mut Stream {
        &mut self.random
    }

    /// Whether there is any noise.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }
}

/// Lag of a thermocouple in its sheath, s.
const LAG_S: f64 = 20.0;
/// Noise of one reading, K.
const NOISE_K: f64 = 1.5;
/// Drift, K/s: one kelvin a day downwards.
const DRIFT_K_S: f64 = 1.0 / 86_400.0;
/// A sheath breaks, 1/s.
const BREAK_PER_S: f64 = 1.0 / (150.0 * 3600.0);
/// A breaking sheath reads lower and lower for so long, then the circuit opens; s and K/s.
const DYING_S: f64 = 600.0;
const DYING_K_S: f64 = 5.0 / 60.0;
/// The crew changes a dead sheath after so long, s.
const CHANGE_S: f64 = 2400.0;
/// Instrument range, °C (type B).
const RANGE_C: (f64, f64) = (0.0, 1700.0);

/// The bath thermocouple.
#[derive(Clone, Debug)]
pub(super) struct Thermocouple {
    lagged_c: f64,
    age_s: f64,
    /// Seconds since the sheath broke.
    broken_s: Option<f64>,
    last: Reading,
}

impl Thermocouple {
    pub(super) fn new(temp_c: f64, age_s: f64) -> Self {
        Self { lagged_c: temp_c, age_s, broken_s: None, last: Reading::good(temp_c) }
    }

    /// Hours since the sheath was changed.
    pub(super) fn age_h(&self) -> f64 {
        self.age_s / 3600.0
    }

    /// The next reading.
    pub(super) fn read(
        &mut self,
        temp_c: f64,
        (failed, frozen, hazards): (bool, bool, bool),
        noise: &mut Noise,
        dt_s: f64,
    ) -> Reading {
        self.lagged_c += (temp_c - self.lagged_c) * (1.0 - (-dt_s / LAG_S).exp());
        self.age_s += dt_s;
        if hazards && self.broken_s.is_none() && noise.random().happens(BREAK_PER_S, dt_s) {
            self.broken_s = Some(0.0);
        }
        if let Some(broken_s) = &mut self.broken_s {
            *broken_s += dt_s;
            if *broken_s > CHANGE_S {
                *self = Self::new(temp_c, 0.0);
            }
        }
        if failed || self.broken_s.is_some_and(|it| it > DYING_S) {
            return Reading { value: self.last.value, quality: Quality::SensorFailure };
        }
        if frozen {
            return Reading { value: self.last.value, quality: Quality::LastUsable };
        }
        let drift = if noise.is_on() { DRIFT_K_S * self.age_s } else { 0.0 };
        let dying = DYING_K_S * self.broken_s.unwrap_or(0.0);
        let value = noise.around(self.lagged_c - drift - dying, NOISE_K);
        self.last = in_range(value, RANGE_C.0, RANGE_C.1);
        self.last
    }
}

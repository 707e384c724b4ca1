//! Interlocks: a cause-effect table that has the last word (domain A6).

use crate::config::{FumeConfig, PlantConfig, Product};
use crate::control::estimate::Estimate;
use crate::control::{ElectrolyzerStatus, Phase};
use crate::field::{ElectrolyzerInputs, HallInputs, Inputs, RectifierInputs};

/// Number of interlocks.
pub(super) const COUNT: usize = 13;

/// What an interlock does. `current` is the part of the setpoint that it leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effect {
    /// Shown to people.
    pub(super) name: &'static str,
    trip: bool,
    stop_feed: bool,
    current: f64,
    no_tap: bool,
    no_start: bool,
}

const NOTHING: Effect = Effect {
    name: "",
    trip: false,
    stop_feed: false,
    current: 1.0,
    no_tap: false,
    no_start: false,
};

/// The effects, in the order of domain A6.
pub(super) const EFFECTS: [Effect; COUNT] = [
    Effect {
        name: "I1 emergency stop, earth fault or over-temperature",
        trip: true,
        stop_feed: true,
        no_start: true,
        ..NOTHING
    },
    Effect {
        name: "I2 water in the pit",
        trip: true,
        stop_feed: true,
        no_tap: true,
        no_start: true,
        ..NOTHING
    },
    Effect { name: "I3 fume extraction lost", stop_feed: true, no_start: true, ..NOTHING },
    Effect { name: "I4 bath too hot", current: 0.5, no_start: true, ..NOTHING },
    Effect { name: "I5 bath too cold for oxide", stop_feed: true, ..NOTHING },
    Effect { name: "I6 current below 30 %", stop_feed: true, no_tap: true, ..NOTHING },
    Effect { name: "I7 anode effect", no_tap: true, ..NOTHING },
    Effect { name: "I8 tap or anode change", stop_feed: true, ..NOTHING },
    Effect { name: "I9 short circuit", current: 0.3, ..NOTHING },
    Effect { name: "I10 bath level low", current: 0.8, no_start: true, ..NOTHING },
    Effect { name: "I11 feeder fault", current: 0.85, ..NOTHING },
    Effect { name: "I12 gas in the hall", no_start: true, ..NOTHING },
    Effect { name: "I13 no product or lot", no_start: true, ..NOTHING },
];

/// Earth leakage that is a fault, mA.
const LEAKAGE_MA: f64 = 400.0;
/// Heatsink that trips, °C.
const HEATSINK_C: f64 = 90.0;
/// Power without a thermometer, part of nominal, and for how long, s.
const BLIND_POWER: f64 = 1.10;
const BLIND_S: f64 = 600.0;
/// Least current for oxide and taps.
const LEAST_CURRENT: f64 = 0.30;
/// A short circuit: voltage over reference at half the current.
const SHORT_FRAC: f64 = 0.45;
const SHORT_LOAD: f64 = 0.50;
/// Bath level, part of the usual, that reduces and that holds.
const LEVEL_REDUCE: f64 = 0.70;
const LEVEL_HOLD: f64 = 0.50;
/// A feeder fault reduces and holds after, s.
const FEEDER_REDUCE_S: f64 = 600.0;
const FEEDER_HOLD_S: f64 = 1500.0;
/// Hall limits: HF mg/m³ and CO ppm.
const HALL_HF: f64 = 2.0;
const HALL_CO: f64 = 24.0;

/// What one electrolyzer's interlocks say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) trip: bool,
    pub(super) stop_feed: bool,
    pub(super) hold: bool,
    /// Part of the setpoint that is allowed.
    pub(super) current: f64,
    pub(super) no_tap: bool,
    pub(super) no_start: bool,
}

impl Default for Verdict {
    /// Nothing is forbidden.
    fn default() -> Self {
        Self {
            trip: false,
            stop_feed: false,
            hold: false,
            current: 1.0,
            no_tap: false,
            no_start: false,
        }
    }
}

/// Timers of one electrolyzer's interlocks.
#[derive(Clone, Debug)]
pub(super) struct Interlocks {
    nominal_a: f64,
    usual_level_mm: f64,
    feed_min_c: f64,
    bath_max_c: f64,
    fume: FumeConfig,
    blind_s: f64,
    draft_lost_s: f64,
    short_s: f64,
}

/// What the causes are read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes<'a> {
    pub(super) inputs: &'a ElectrolyzerInputs,
    pub(super) hall: &'a HallInputs,
    pub(super) rectifier: &'a RectifierInputs,
    pub(super) all: &'a Inputs,
    pub(super) estimate: &'a Estimate,
    /// Nominal power, W.
    pub(super) nominal_w: f64,
    /// How long the feeder has been faulted, s.
    pub(super) feeder_faulted_s: f64,
    /// An oxide lot has been released for the hopper.
    pub(super) lot_known: bool,
}

impl Interlocks {
    pub(super) fn new(
        config: &PlantConfig,
        product: &Product,
        nominal_a: f64,
        immersion_cm: f64,
    ) -> Self {
        Self {
            nominal_a,
            usual_level_mm: 10.0 * immersion_cm + 80.0,
            feed_min_c: product.feed_temp_min_c,
            bath_max_c: product.bath_temp_max_c,
            fume: config.fume.clone(),
            blind_s: 0.0,
            draft_lost_s: 0.0,
            short_s: 0.0,
        }
    }

    /// Which are active, and what that means. `status.interlocks` and `first_out` are brought up to date.
    pub(super) fn judge(
        &mut self,
        causes: &Causes<'_>,
        status: &mut ElectrolyzerStatus,
        dt_s: f64,
    ) -> Verdict {
        let active = self.active(causes, status, dt_s);
        if !status.interlocks.contains(&true) || !active.contains(&true) {
            let first = active.iter().position(|it| *it);
            let name = first.map_or("", |it| EFFECTS[it].name);
            if *status.first_out != *name {
                status.first_out = name.into();
            }
        }
        status.interlocks = active;
        let mut verdict = verdict(&active);
        let level = self.level(causes);
        verdict.hold |= self.draft_lost_s > self.fume.hold_s
            || level.is_some_and(|it| it < LEVEL_HOLD)
            || causes.feeder_faulted_s > FEEDER_HOLD_S;
        verdict
    }

    fn level(&self, causes: &Causes<'_>) -> Option<f64> {
        causes.inputs.bath_level_mm.usable().map(|it| it / self.usual_level_mm)
    }

    fn active(
        &mut self,
        causes: &Causes<'_>,
        status: &ElectrolyzerStatus,
        dt_s: f64,
    ) -> [bool; COUNT] {
        let Causes { inputs, hall, rectifier, all, estimate, .. } = *causes;
        let energised = estimate.current_a > 0.05 * self.nominal_a;
        let beyond = |value: Option<f64>, limit: f64| value.is_some_and(|it| it > limit);
        let pressure = all.fume.duct_pressure_pa.usable();
        let lost = !all.fume.fan_running || beyond(pressure, self.fume.duct_pressure_max_pa);
        self.draft_lost_s = if lost { self.draft_lost_s + dt_s } else { 0.0 };
        let blind = !estimate.temp_known() && status.power_w > BLIND_POWER * causes.nominal_w;
        self.blind_s = if blind { self.blind_s + dt_s } else { 0.0 };
        let load = estimate.current_a / self.nominal_a;
        let short = energised
            && load > SHORT_LOAD
            && estimate.is_measuring()
            && estimate.voltage_v < SHORT_FRAC * status.reference_voltage_v;
        self.short_s = if short { self.short_s + dt_s } else { 0.0 };
        let known = estimate.temp_known();
        [
            inputs.emergency_stop
                || hall.emergency_stop
                || beyond(rectifier.earth_leakage_ma.usable(), LEAKAGE_MA)
                || beyond(rectifier.heatsink_temp_c.usable(), HEATSINK_C),
            inputs.pit_water || hall.pit_water,
            self.draft_lost_s > self.fume.feed_stop_s,
            (known && estimate.temp_c > self.bath_max_c) || self.blind_s > BLIND_S,
            known && estimate.temp_c < self.feed_min_c,
            load < LEAST_CURRENT,
            status.anode_effect_active,
            matches!(status.phase, Phase::Tapping | Phase::ChangingAnode),
            self.short_s >= 1.0,
            self.level(causes).is_some_and(|it| it < LEVEL_REDUCE),
            causes.feeder_faulted_s > FEEDER_REDUCE_S,
            beacon(hall),
            !causes.lot_known,
        ]
    }
}

/// The table applied.
fn verdict(active: &[bool; COUNT]) -> Verdict {
    let mut verdict = Verdict::default();
    for (effect, _) in EFFECTS.iter().zip(active).filter(|(_, active)| **active) {
        verdict.trip |= effect.trip;
        verdict.stop_feed |= effect.stop_feed;
        verdict.current = verdict.current.min(effect.current);
        verdict.no_tap |= effect.no_tap;
        verdict.no_start |= effect.no_start;
    }
    verdict
}

/// The first active interlock that limits the current.
pub(super) fn limiting(active: &[bool; COUNT]) -> Option<&'static str> {
    let limits = |it: &Effect| it.trip || it.current < 1.0;
    EFFECTS
        .iter()
        .zip(active)
        .find(|(effect, active)| **active && limits(effect))
        .map(|it| it.0.name)
}

/// The first active interlock that stops the feed.
pub(super) fn stopping(active: &[bool; COUNT]) -> Option<&'static str> {
    EFFECTS.iter().zip(active).find(|(it, active)| **active && it.stop_feed).map(|it| it.0.name)
}

/// The first active interlock that forbids a start.
pub(super) fn forbidding(active: &[bool; COUNT]) -> Option<&'static str> {
    EFFECTS.iter().zip(active).find(|(it, active)| **active && it.no_start).map(|it| it.0.name)
}

/// The first active interlock that forbids a tap.
pub(super) fn tapping(active: &[bool; COUNT]) -> Option<&'static str> {
    EFFECTS.iter().zip(active).find(|(it, active)| **active && it.no_tap).map(|it| it.0.name)
}

/// Whether the hall must be left (I12).
pub(super) fn beacon(hall: &HallInputs) -> bool {
    let beyond = |value: Option<f64>, limit: f64| value.is_some_and(|it| it > limit);
    beyond(hall.hf_mg_m3.usable(), HALL_HF) || beyond(hall.co_ppm.usable(), HALL_CO)
}

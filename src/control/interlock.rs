//! Interlocks: one cause-effect table that has the last word (domain A6).
//!
//! Every row is an interlock or its second stage: a cause (`Interlocks::active`) and an `Effect`. A scan
//! judges the causes first, so that sequences and loops know, and ends with `Verdict::enforce`, so that
//! whatever they have ordered never meets a cause at the outputs. A reading that is not usable is no cause by
//! itself: what is dangerous unseen has a row of its own (I4, blind), and levels and temperatures stand for
//! what they were (see `estimate.rs`).

use crate::config::{CellModel, FumeConfig, Product};
use crate::control::estimate::{Estimate, believed};
use crate::control::{ElectrolyzerStatus, Phase};
use crate::field::{
    ElectrolyzerInputs, ElectrolyzerOutputs, FeederOutputs, HallInputs, Inputs, RectifierInputs,
};

/// Number of interlocks as clients see them.
pub(super) const COUNT: usize = 13;
/// Rows of the table: some interlocks have a second stage.
const ROWS: usize = 16;

/// What a row does. `current` is the part of the setpoint that it leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effect {
    /// 1 to 13.
    number: usize,
    /// Shown to people.
    name: &'static str,
    trip: bool,
    /// The screw stops, and nobody orders a dose.
    stop_feed: bool,
    /// Nor does the anode-effect handler's dose fall. A cold bath (I5) or lost fume (I3) does not forbid that: the
    /// anode effect itself heats, a thermometer that fails reads low, and unquenched it does more harm.
    stop_dose: bool,
    hold: bool,
    current: f64,
    no_tap: bool,
    /// `no_tap` does not count for anodes while the electrolyzer is held.
    but_anodes_in_hold: bool,
    no_rise: bool,
    no_start: bool,
    no_refill: bool,
}

const NOTHING: Effect = Effect {
    number: 0,
    name: "",
    trip: false,
    stop_feed: false,
    stop_dose: false,
    hold: false,
    current: 1.0,
    no_tap: false,
    but_anodes_in_hold: false,
    no_rise: false,
    no_start: false,
    no_refill: false,
};

/// The table, in the order of domain A6.
const TABLE: [Effect; ROWS] = [
    Effect {
        number: 1,
        name: "I1 emergency stop, earth fault or over-temperature",
        trip: true,
        stop_feed: true,
        stop_dose: true,
        no_tap: true,
        no_start: true,
        no_refill: true,
        ..NOTHING
    },
    Effect {
        number: 2,
        name: "I2 water in the pit",
        trip: true,
        stop_feed: true,
        stop_dose: true,
        no_tap: true,
        no_start: true,
        no_refill: true,
        ..NOTHING
    },
    Effect {
        number: 3,
        name: "I3 fume extraction lost",
        stop_feed: true,
        no_start: true,
        ..NOTHING
    },
    Effect { number: 3, name: "I3 fume extraction lost for long", hold: true, ..NOTHING },
    Effect { number: 4, name: "I4 bath too hot", current: 0.5, no_start: true, ..NOTHING },
    Effect { number: 5, name: "I5 bath too cold for oxide", stop_feed: true, ..NOTHING },
    Effect {
        number: 6,
        name: "I6 current below 30 %",
        stop_feed: true,
        stop_dose: true,
        no_tap: true,
        but_anodes_in_hold: true,
        ..NOTHING
    },
    Effect { number: 7, name: "I7 anode effect", no_tap: true, ..NOTHING },
    Effect {
        number: 8,
        name: "I8 tap or anode change",
        stop_feed: true,
        stop_dose: true,
        no_rise: true,
        ..NOTHING
    },
    Effect { number: 9, name: "I9 short circuit", current: 0.3, ..NOTHING },
    Effect { number: 10, name: "I10 bath level low", current: 0.8, no_start: true, ..NOTHING },
    Effect { number: 10, name: "I10 bath level very low", hold: true, ..NOTHING },
    Effect { number: 11, name: "I11 feeder fault", current: 0.85, ..NOTHING },
    Effect { number: 11, name: "I11 feeder fault for long", hold: true, ..NOTHING },
    Effect { number: 12, name: "I12 gas in the hall", no_start: true, ..NOTHING },
    Effect {
        number: 13,
        name: "I13 no product or lot",
        no_start: true,
        no_refill: true,
        ..NOTHING
    },
];
/// Rows that sequences of the same scan can bring or end.
const ANODE_EFFECT: usize = 7;
const WORK: usize = 8;

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
/// Immersion, part of the usual, that reduces and that holds; the electrodes end so far above the bottom, mm.
const LEVEL_REDUCE: f64 = 0.70;
const LEVEL_HOLD: f64 = 0.50;
const BOTTOM_MM: f64 = 80.0;
/// A feeder fault reduces and holds after, s.
const FEEDER_REDUCE_S: f64 = 600.0;
const FEEDER_HOLD_S: f64 = 1500.0;
/// Hall limits: HF mg/m³ and CO ppm.
const HALL_HF: f64 = 2.0;
const HALL_CO: f64 = 24.0;

/// What one electrolyzer's interlocks say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    active: [bool; ROWS],
    pub(super) trip: bool,
    pub(super) stop_feed: bool,
    pub(super) stop_dose: bool,
    pub(super) hold: bool,
    /// Part of the setpoint that is allowed.
    pub(super) current: f64,
    pub(super) no_tap: bool,
    /// The current does not rise by itself.
    pub(super) no_rise: bool,
    pub(super) no_start: bool,
    pub(super) no_refill: bool,
}

impl Default for Verdict {
    /// Nothing is forbidden.
    fn default() -> Self {
        Self::of([false; ROWS])
    }
}

impl Verdict {
    /// The table applied.
    fn of(active: [bool; ROWS]) -> Self {
        let mut verdict = Self {
            active,
            trip: false,
            stop_feed: false,
            stop_dose: false,
            hold: false,
            current: 1.0,
            no_tap: false,
            no_rise: false,
            no_start: false,
            no_refill: false,
        };
        for (effect, _) in TABLE.iter().zip(active).filter(|(_, active)| *active) {
            verdict.trip |= effect.trip;
            verdict.stop_feed |= effect.stop_feed;
            verdict.stop_dose |= effect.stop_dose;
            verdict.hold |= effect.hold;
            verdict.current = verdict.current.min(effect.current);
            verdict.no_tap |= effect.no_tap;
            verdict.no_rise |= effect.no_rise;
            verdict.no_start |= effect.no_start;
            verdict.no_refill |= effect.no_refill;
        }
        verdict
    }

    fn first(&self, concerns: impl Fn(&Effect) -> bool) -> Option<&'static str> {
        let mut rows = TABLE.iter().zip(self.active);
        rows.find(|(effect, active)| *active && concerns(effect)).map(|it| it.0.name)
    }

    /// The first active interlock that trips.
    pub(super) fn tripping(&self) -> Option<&'static str> {
        self.first(|it| it.trip)
    }

    /// The first active interlock that limits the current.
    pub(super) fn limiting(&self) -> Option<&'static str> {
        self.first(|it| it.trip || it.hold || it.current < 1.0)
    }

    /// The first active interlock that asks for hold.
    pub(super) fn holding(&self) -> Option<&'static str> {
        self.first(|it| it.hold)
    }

    /// The first active interlock that stops the feed.
    pub(super) fn stopping(&self) -> Option<&'static str> {
        self.first(|it| it.stop_feed)
    }

    /// The first active interlock that forbids a start.
    pub(super) fn forbidding(&self) -> Option<&'static str> {
        self.first(|it| it.no_start)
    }

    /// The first active interlock that forbids a refill.
    pub(super) fn refilling(&self) -> Option<&'static str> {
        self.first(|it| it.no_refill)
    }

    /// The first active interlock that forbids a tap.
    pub(super) fn tapping(&self) -> Option<&'static str> {
        self.first(|it| it.no_tap)
    }

    /// The first active interlock that forbids an anode change, `held` or not.
    pub(super) fn changing(&self, held: bool) -> Option<&'static str> {
        self.first(|it| it.no_tap && !(held && it.but_anodes_in_hold))
    }

    /// The last word: what is forbidden does not reach an actuator, whoever has ordered it. The rectifier's
    /// part is in `supply.rs`, since all electrolyzers in series have a say.
    pub(super) fn enforce(&self, cell: &mut ElectrolyzerOutputs, feeder: &mut FeederOutputs) {
        if self.trip {
            cell.heater_w = 0.0;
            cell.stirring = false;
        }
        if self.no_tap {
            cell.tap_open = false;
        }
        if self.stop_dose {
            cell.oxide_dose_kg = 0.0;
        }
        if self.stop_feed {
            feeder.speed_rpm = 0.0;
            feeder.vibrator = false;
            feeder.reverse = false;
        }
        if self.no_refill {
            feeder.refill = false;
        }
    }
}

/// Timers of one electrolyzer's interlocks.
#[derive(Clone, Debug)]
pub(super) struct Interlocks {
    nominal_a: f64,
    immersion_mm: f64,
    feed_min_c: f64,
    bath_max_c: f64,
    fume: FumeConfig,
    /// Immersion as last seen, part of the usual.
    immersed_frac: Option<f64>,
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
    pub(super) fn new(fume: &FumeConfig, product: &Product, model: &CellModel) -> Self {
        Self {
            nominal_a: model.nominal_a,
            immersion_mm: 10.0 * model.immersion_cm,
            feed_min_c: product.feed_temp_min_c,
            bath_max_c: product.bath_temp_max_c,
            fume: fume.clone(),
            immersed_frac: None,
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
        self.time(causes, status, dt_s);
        let verdict = Verdict::of(self.active(causes, status));
        show(&verdict, status);
        verdict
    }

    /// The verdict after sequences may have begun or ended a tap, an anode change or an anode effect.
    pub(super) fn settle(verdict: &Verdict, status: &mut ElectrolyzerStatus) -> Verdict {
        let mut active = verdict.active;
        active[ANODE_EFFECT] = status.anode_effect_active;
        active[WORK] = works(status.phase);
        if active == verdict.active {
            return *verdict;
        }
        let verdict = Verdict::of(active);
        show(&verdict, status);
        verdict
    }

    /// Brings the timers up to date.
    fn time(&mut self, causes: &Causes<'_>, status: &ElectrolyzerStatus, dt_s: f64) {
        let Causes { inputs, all, estimate, .. } = *causes;
        let count =
            |seconds: &mut f64, active| *seconds = if active { *seconds + dt_s } else { 0.0 };
        let pressure = believed(all.fume.duct_pressure_pa);
        let lost =
            !all.fume.fan_running || pressure.is_some_and(|it| it > self.fume.duct_pressure_max_pa);
        count(&mut self.draft_lost_s, lost);
        let blind = !estimate.temp_known() && status.power_w > BLIND_POWER * causes.nominal_w;
        count(&mut self.blind_s, blind);
        let short = estimate.current_a > SHORT_LOAD * self.nominal_a
            && estimate.is_measuring()
            && estimate.voltage_v < SHORT_FRAC * status.reference_voltage_v;
        count(&mut self.short_s, short);
        if let Some(level_mm) = believed(inputs.bath_level_mm) {
            self.immersed_frac = Some((level_mm - BOTTOM_MM) / self.immersion_mm);
        }
    }

    /// The causes, row by row.
    fn active(&self, causes: &Causes<'_>, status: &ElectrolyzerStatus) -> [bool; ROWS] {
        let Causes { inputs, hall, rectifier, estimate, .. } = *causes;
        let above = |value: Option<f64>, limit: f64| value.is_some_and(|it| it > limit);
        let below = |value: Option<f64>, limit: f64| value.is_some_and(|it| it < limit);
        let temp_c = estimate.temp_known().then_some(estimate.temp_c);
        [
            inputs.emergency_stop
                || hall.emergency_stop
                || above(believed(rectifier.earth_leakage_ma), LEAKAGE_MA)
                || above(believed(rectifier.heatsink_temp_c), HEATSINK_C),
            inputs.pit_water || hall.pit_water,
            self.draft_lost_s > self.fume.feed_stop_s,
            self.draft_lost_s > self.fume.hold_s,
            above(temp_c, self.bath_max_c) || self.blind_s > BLIND_S,
            below(temp_c, self.feed_min_c),
            estimate.current_a < LEAST_CURRENT * self.nominal_a,
            status.anode_effect_active,
            works(status.phase),
            self.short_s >= 1.0,
            below(self.immersed_frac, LEVEL_REDUCE),
            below(self.immersed_frac, LEVEL_HOLD),
            causes.feeder_faulted_s > FEEDER_REDUCE_S,
            causes.feeder_faulted_s > FEEDER_HOLD_S,
            beacon(hall),
            !causes.lot_known,
        ]
    }
}

/// A crew works at the open hood.
fn works(phase: Phase) -> bool {
    matches!(phase, Phase::Tapping | Phase::ChangingAnode)
}

/// Shows what is active, and what was first since nothing was.
fn show(verdict: &Verdict, status: &mut ElectrolyzerStatus) {
    let mut shown = [false; COUNT];
    for (effect, active) in TABLE.iter().zip(verdict.active) {
        shown[effect.number - 1] |= active;
    }
    if !status.interlocks.contains(&true) || !shown.contains(&true) {
        let name = verdict.first(|_| true).unwrap_or_default();
        if *status.first_out != *name {
            status.first_out = name.into();
        }
    }
    status.interlocks = shown;
}

/// Whether the hall must be left (I12).
pub(super) fn beacon(hall: &HallInputs) -> bool {
    let above = |value: Option<f64>, limit: f64| value.is_some_and(|it| it > limit);
    above(believed(hall.hf_mg_m3), HALL_HF) || above(believed(hall.co_ppm), HALL_CO)
}

//! One feeder: loss in weight, drive, refill, and what to do about powder that will not flow (domain A4, B4).
//!
//! Gravimetric: the screw turns as fast as the learned factor says (grams per revolution), trimmed by a PI on
//! the loss in weight; its integral is the mass fed too much or too little, so that the sum fed comes right.
//! Volumetric, while the scale is disturbed (refill, vibrator, a dose) or has failed: the same without the
//! proportional part, on the flow that screw and factor claim. Going over there is no bump either way, since
//! factor and integral stay.
//!
//! A bridge or a jam is answered by vibrating and turning back, three times; then it is a fault.

use std::collections::VecDeque;

use crate::config::CellModel;
use crate::control::FeederStatus;
use crate::control::estimate::believed;
use crate::field::{FeederInputs, FeederOutputs};

/// Window of the loss in weight, s.
const WINDOW_S: f64 = 60.0;
/// The weight loop waits after a refill, s.
const REST_S: f64 = 30.0;
/// Samples of the scale are means over this time at least, s: a fast scan needs no longer window.
const SAMPLE_S: f64 = 1.0;
/// Proportional part of the weight loop, and what it moves at most, parts of the flow.
const GAIN: f64 = 0.2;
const GAIN_FRAC: f64 = 0.02;
/// The powder needs this time down the chute: so long a start is shown as priming, s.
const PRIMING_S: f64 = 3.0;
/// The feed factor is learned with this time, s, and believed within these bounds of the nominal one.
const LEARN_S: f64 = 900.0;
const FACTOR: (f64, f64) = (0.5, 1.5);
/// A deviation of the sum fed is made good over this time, s, by this part of the flow at most.
const CATCH_UP_S: f64 = 900.0;
const CATCH_UP_FRAC: f64 = 0.05;
/// Fastest screw, r/min.
const FASTEST_RPM: f64 = 200.0;
/// Levels: refill below and up to, empty below, %.
const REFILL_BELOW_PCT: f64 = 20.0;
const REFILL_TO_PCT: f64 = 85.0;
const EMPTY_PCT: f64 = 5.0;
/// A refill takes no longer than this, s.
const REFILL_TIMEOUT_S: f64 = 120.0;
/// Flow below this part of the target for so long is a bridge, s.
const BRIDGE_FRAC: f64 = 0.5;
const BRIDGE_S: f64 = 60.0;
/// Flow above this part of the target for so long is over-delivery, s.
const OVER_FRAC: f64 = 1.15;
const OVER_S: f64 = 60.0;
/// Stalled: motor above, A, or screw below half its order, for so long, s.
const STALL_A: f64 = 7.2;
const STALL_S: f64 = 2.0;
/// One attempt to break a bridge or a jam, s, and how many there are.
const ATTEMPT_S: f64 = 8.0;
const ATTEMPTS: u32 = 3;
/// The crew clears a fault after so long, s.
const CREW_S: f64 = 480.0;

/// Fault bits (domain B4).
pub(super) const EMPTY: u16 = 1;
pub(super) const BRIDGING: u16 = 2;
pub(super) const JAM: u16 = 4;
pub(super) const OVER_DELIVERY: u16 = 16;
pub(super) const LOAD_CELL: u16 = 32;
pub(super) const REFILL_TIMEOUT: u16 = 64;
pub(super) const DOOR: u16 = 128;
pub(super) const DRIVE: u16 = 256;
/// Faults that stop the screw.
const STOPPING: u16 = EMPTY | BRIDGING | JAM | DOOR | DRIVE;

/// One sample of the scale, and what was asked for then.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    weight_kg: f64,
    asked_g_min: f64,
}

/// What the feeder is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FeederOrder {
    /// Nothing.
    Stop,
    /// This flow, g/min.
    Flow(f64),
    /// This speed, r/min.
    Speed(f64),
}

/// One scan of a feeder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) order: FeederOrder,
    /// The feed is switched off.
    pub(super) off: bool,
    /// An interlock forbids a refill.
    pub(super) no_refill: bool,
    pub(super) dt_s: f64,
}

/// Control of one feeder.
#[derive(Clone, Debug)]
pub(super) struct FeederControl {
    hopper_kg: f64,
    nominal_g_rev: f64,
    factor_g_rev: f64,
    /// Weight and target over the window of the loss in weight, oldest first: kg and g/min.
    scale: VecDeque<Sample>,
    sum: Sample,
    sum_s: f64,
    /// Loss in weight over the window, and what was asked for during it, g/min.
    loss_g_min: f64,
    asked_g_min: f64,
    /// The flow shown is that of the scale.
    weighed: bool,
    /// The scale says that there is next to nothing left.
    empty: bool,
    rest_s: f64,
    pub(super) refill_wanted: bool,
    /// kg of an ordered refill that are still to come; NaN for one up to the usual level.
    refill_rest_kg: f64,
    refilled_before_kg: f64,
    refill_s: f64,
    low_s: f64,
    over_s: f64,
    stall_s: f64,
    attempt_s: f64,
    attempts: u32,
    /// How long the screw has turned, s.
    turning_s: f64,
    pub(super) latched: u16,
    /// How long there has been a fault, s.
    pub(super) faulted_s: f64,
    /// Fed less what was asked, kg.
    owed_kg: f64,
    hour: VecDeque<f64>,
    minute_kg: f64,
    minute_s: f64,
    crew: bool,
    reset: bool,
    /// Finished refill of this scan, kg.
    pub(super) refilled_kg: Option<f64>,
}

impl FeederControl {
    pub(super) fn new(model: &CellModel, crew: bool) -> Self {
        Self {
            hopper_kg: model.hopper_kg,
            nominal_g_rev: model.feeder_g_rev,
            factor_g_rev: model.feeder_g_rev,
            scale: VecDeque::with_capacity((WINDOW_S / SAMPLE_S) as usize + 1),
            sum: Sample::default(),
            sum_s: 0.0,
            loss_g_min: 0.0,
            asked_g_min: 0.0,
            weighed: false,
            empty: false,
            rest_s: 0.0,
            refill_wanted: false,
            refill_rest_kg: f64::NAN,
            refilled_before_kg: 0.0,
            refill_s: 0.0,
            low_s: 0.0,
            over_s: 0.0,
            stall_s: 0.0,
            attempt_s: 0.0,
            attempts: 0,
            turning_s: 0.0,
            latched: 0,
            faulted_s: 0.0,
            owed_kg: 0.0,
            hour: VecDeque::with_capacity(61),
            minute_kg: 0.0,
            minute_s: 0.0,
            crew,
            reset: false,
            refilled_kg: None,
        }
    }

    /// Clears latched faults; those whose cause is still there come back.
    pub(super) fn reset(&mut self) {
        self.latched = 0;
        self.attempts = 0;
        self.attempt_s = 0.0;
        self.low_s = 0.0;
        self.stall_s = 0.0;
        self.reset = true;
    }

    /// Oxide has been dropped at once, kg: the scale will see it, but the screw has not moved it.
    pub(super) fn dosed(&mut self, dose_kg: f64, status: &mut FeederStatus) {
        self.rest_s = REST_S;
        self.scale.clear();
        self.weighed = false;
        status.totalizer_kg += dose_kg;
    }

    /// Orders a refill of `mass_kg`, or up to the usual level.
    pub(super) fn refill(&mut self, mass_kg: Option<f64>, inputs: &FeederInputs) {
        self.refill_wanted = true;
        self.refill_rest_kg = mass_kg.unwrap_or(f64::NAN);
        self.refilled_before_kg = inputs.refilled_total_kg;
        self.refill_s = 0.0;
    }

    /// One scan.
    pub(super) fn update(
        &mut self,
        task: Task,
        inputs: &FeederInputs,
        status: &mut FeederStatus,
        outputs: &mut FeederOutputs,
    ) {
        let Task { order, dt_s, .. } = task;
        self.weighed = self.weigh(inputs, status, dt_s);
        self.refilling(task, inputs, status);
        let target = match order {
            FeederOrder::Flow(flow) => flow,
            FeederOrder::Speed(rpm) => rpm * self.factor_g_rev,
            FeederOrder::Stop => 0.0,
        };
        status.target_g_min = target;
        self.watch(target, inputs, status, dt_s);
        self.book(target, status, dt_s);
        self.drive(task, inputs, status, outputs);
        self.show(task, status);
    }

    /// Flow from the loss in weight while the scale tells the truth, else from the screw. Whether it does.
    fn weigh(&mut self, inputs: &FeederInputs, status: &mut FeederStatus, dt_s: f64) -> bool {
        let weight = weight_kg(inputs);
        let disturbed = inputs.refilling || status.vibrator || weight.is_none();
        self.rest_s = if disturbed { REST_S } else { (self.rest_s - dt_s).max(0.0) };
        let rpm = believed(inputs.speed_rpm).unwrap_or(0.0);
        let Some(weight) = weight.filter(|_| self.rest_s <= 0.0) else {
            self.scale.clear();
            self.sum = Sample::default();
            self.sum_s = 0.0;
            status.flow_g_min = rpm * self.factor_g_rev;
            return false;
        };
        let period_s = (SAMPLE_S / dt_s - 1e-9).ceil().max(1.0) * dt_s;
        let most = (WINDOW_S / period_s).round().max(6.0) as usize;
        self.sum.weight_kg += weight * dt_s;
        self.sum.asked_g_min += status.target_g_min * dt_s;
        self.sum_s += dt_s;
        if self.sum_s >= period_s - 1e-9 {
            if self.scale.len() >= most {
                self.scale.pop_front();
            }
            let Sample { weight_kg, asked_g_min } = std::mem::take(&mut self.sum);
            let elapsed_s = std::mem::take(&mut self.sum_s);
            self.scale.push_back(Sample {
                weight_kg: weight_kg / elapsed_s,
                asked_g_min: asked_g_min / elapsed_s,
            });
            self.asked_g_min =
                self.scale.iter().map(|it| it.asked_g_min).sum::<f64>() / self.scale.len() as f64;
            self.loss_g_min = -slope(&self.scale) / period_s * 60_000.0;
        }
        if self.scale.len() < most {
            status.flow_g_min = rpm * self.factor_g_rev;
            return false;
        }
        status.flow_g_min = self.loss_g_min.max(0.0);
        self.learn(rpm, dt_s);
        true
    }

    /// Grams per revolution, from what the scale has seen.
    fn learn(&mut self, rpm: f64, dt_s: f64) {
        if rpm > 1.0 && self.latched & STOPPING == 0 && self.low_s <= 0.0 {
            let off = self.loss_g_min / rpm - self.factor_g_rev;
            let learned = self.factor_g_rev + off * (dt_s / LEARN_S).min(1.0);
            let (low, high) = FACTOR;
            self.factor_g_rev = learned.clamp(low * self.nominal_g_rev, high * self.nominal_g_rev);
        }
    }

    fn refilling(&mut self, task: Task, inputs: &FeederInputs, status: &mut FeederStatus) {
        self.refilled_kg = None;
        let level = weight_kg(inputs).map(|it| 100.0 * it / self.hopper_kg);
        self.empty = level.is_some_and(|it| it < EMPTY_PCT);
        status.fill_level_pct = level.unwrap_or(status.fill_level_pct);
        let low = level.is_some_and(|it| it < REFILL_BELOW_PCT);
        if low && !self.refill_wanted && self.latched & (REFILL_TIMEOUT | DOOR) == 0 {
            self.refill(None, inputs);
        }
        // The valve stays shut while the door is open, and without a released lot (I13).
        if task.no_refill || !inputs.door_closed {
            self.refill_wanted = false;
        }
        if !self.refill_wanted {
            return;
        }
        self.refill_s += task.dt_s;
        let came = inputs.refilled_total_kg - self.refilled_before_kg;
        let full = level.is_none_or(|it| it >= REFILL_TO_PCT);
        let done = if self.refill_rest_kg.is_nan() {
            full
        } else {
            came >= self.refill_rest_kg || level.is_none_or(|it| it >= 99.0)
        };
        if done {
            self.refill_wanted = false;
            self.refilled_kg = Some(came);
        } else if self.refill_s > REFILL_TIMEOUT_S {
            self.refill_wanted = false;
            self.latched |= REFILL_TIMEOUT;
        }
    }

    /// Finds faults.
    fn watch(&mut self, target: f64, inputs: &FeederInputs, status: &FeederStatus, dt_s: f64) {
        let weighed = self.weighed;
        let asked = target > 1.0 && self.latched & STOPPING == 0;
        let rpm = believed(inputs.speed_rpm);
        let running = asked && rpm.is_some_and(|it| it > 1.0);
        // The flow is that of the window: it is held against what was asked during it.
        let window_g_min = self.asked_g_min;
        let short = running && weighed && status.flow_g_min < BRIDGE_FRAC * window_g_min;
        self.low_s = if short {
            self.low_s + dt_s
        } else if weighed {
            0.0
        } else {
            self.low_s
        };
        let over = running && weighed && status.flow_g_min > OVER_FRAC * window_g_min.max(target);
        self.over_s = if over { self.over_s + dt_s } else { 0.0 };
        let stalled = asked
            && (believed(inputs.motor_current_a).is_some_and(|it| it > STALL_A)
                || rpm.is_some_and(|it| it < 0.5 * status.speed_setpoint_rpm - 1.0));
        self.stall_s = if stalled { self.stall_s + dt_s } else { 0.0 };
        if self.attempt_s > 0.0 {
            self.attempt_s -= dt_s;
        } else if (self.low_s > BRIDGE_S || self.stall_s > STALL_S) && asked {
            if self.attempts < ATTEMPTS {
                self.attempts += 1;
                self.attempt_s = ATTEMPT_S;
            } else {
                self.latched |= if self.stall_s > STALL_S { JAM } else { BRIDGING };
            }
            self.low_s = 0.0;
            self.stall_s = 0.0;
        } else if running && weighed && !short {
            self.attempts = 0;
        }
        for (is_there, bit) in [
            (self.over_s > OVER_S, OVER_DELIVERY),
            (self.empty, EMPTY),
            (inputs.load_cell_failed, LOAD_CELL),
            (!inputs.door_closed, DOOR),
            (inputs.drive_failed, DRIVE),
        ] {
            // These go with their causes; a bridge, a jam and a timeout stay until they are reset.
            if is_there { self.latched |= bit } else { self.latched &= !bit }
        }
        self.faulted_s = if self.latched == 0 { 0.0 } else { self.faulted_s + dt_s };
        let by_hand = self.latched & (BRIDGING | JAM | REFILL_TIMEOUT) != 0;
        if self.crew && by_hand && self.faulted_s > CREW_S {
            self.reset();
        }
    }

    /// Totals, and the deviation over the last hour.
    fn book(&mut self, target: f64, status: &mut FeederStatus, dt_s: f64) {
        let fed_kg = status.flow_g_min * dt_s / 60_000.0;
        let off_kg = fed_kg - target * dt_s / 60_000.0;
        status.totalizer_kg += fed_kg;
        let bound = CATCH_UP_FRAC * target.max(1.0) * CATCH_UP_S / 60_000.0;
        self.owed_kg = (self.owed_kg + off_kg).clamp(-bound, bound);
        self.minute_kg += off_kg;
        self.minute_s += dt_s;
        if self.minute_s >= 60.0 {
            if self.hour.len() >= 60 {
                self.hour.pop_front();
            }
            self.hour.push_back(self.minute_kg);
            self.minute_kg = 0.0;
            self.minute_s = 0.0;
            status.deviation_1h_kg = self.hour.iter().sum();
        }
    }

    fn drive(
        &mut self,
        Task { order, dt_s, .. }: Task,
        inputs: &FeederInputs,
        status: &mut FeederStatus,
        outputs: &mut FeederOutputs,
    ) {
        let stopped = self.latched & STOPPING != 0;
        let rpm = match order {
            FeederOrder::Flow(flow) if flow > 0.0 => {
                // What was fed too much or too little is made good slowly.
                let integral = self.owed_kg * 60_000.0 / CATCH_UP_S;
                let over = if self.weighed { status.flow_g_min - self.asked_g_min } else { 0.0 };
                let proportional = (GAIN * over).clamp(-GAIN_FRAC * flow, GAIN_FRAC * flow);
                (flow - integral - proportional).max(0.0) / self.factor_g_rev
            }
            FeederOrder::Speed(rpm) => rpm,
            _ => 0.0,
        };
        let rpm = if stopped { 0.0 } else { rpm.clamp(0.0, FASTEST_RPM) };
        let attempting = self.attempt_s > 0.0 && rpm > 0.0;
        *outputs = FeederOutputs {
            speed_rpm: rpm,
            vibrator: attempting && self.attempt_s > ATTEMPT_S / 2.0,
            reverse: attempting && self.attempt_s <= ATTEMPT_S / 2.0,
            refill: self.refill_wanted,
            chute_open: rpm > 0.0 || believed(inputs.speed_rpm).is_some_and(|it| it > 0.5),
            reset: std::mem::take(&mut self.reset),
        };
        status.speed_setpoint_rpm = rpm;
        status.vibrator = outputs.vibrator;
        status.discharging = rpm > 0.0;
        self.turning_s = if rpm > 0.0 { self.turning_s + dt_s } else { 0.0 };
    }

    fn show(&self, task: Task, status: &mut FeederStatus) {
        status.feed_factor_g_rev = self.factor_g_rev;
        status.volumetric = self.rest_s > 0.0;
        status.refilling = self.refill_wanted;
        status.faults = self.latched;
        status.state = if self.latched & STOPPING != 0 {
            7
        } else if self.refill_wanted {
            4
        } else if !status.discharging {
            u32::from(!task.off)
        } else if self.turning_s < PRIMING_S {
            5
        } else if status.volumetric {
            3
        } else {
            2
        };
    }

    /// Compares a weighed test mass with what the screw claims: the deviation, %.
    pub(super) fn calibrate(&mut self, test_g: f64, claimed_g: f64) -> f64 {
        let deviation = 100.0 * (claimed_g - test_g) / test_g;
        self.factor_g_rev *= (test_g / claimed_g).clamp(FACTOR.0, FACTOR.1);
        deviation
    }
}

/// The weight in the hopper if the scale is to be believed, kg.
fn weight_kg(inputs: &FeederInputs) -> Option<f64> {
    believed(inputs.hopper_weight_kg).filter(|_| !inputs.load_cell_failed)
}

/// Least-squares slope of the weight per sample, kg.
fn slope(samples: &VecDeque<Sample>) -> f64 {
    let count = samples.len() as f64;
    if count < 2.0 {
        return 0.0;
    }
    let middle = (count - 1.0) / 2.0;
    // From the first on, so that a hopper at rest loses exactly nothing.
    let first_kg = samples[0].weight_kg;
    let moments = samples.iter().enumerate();
    let over: f64 =
        moments.map(|(index, it)| (index as f64 - middle) * (it.weight_kg - first_kg)).sum();
    // The sum of the squared distances from the middle.
    over / (count * (count * count - 1.0) / 12.0)
}

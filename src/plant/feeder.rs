//! One feeder: hopper, screw, chute, and what goes wrong with powder (domain A4, A7).

use std::collections::VecDeque;

use crate::config::CellModel;
use crate::field::FeederOutputs;
use crate::plant::order::held;
use crate::rng::Stream;

/// Oxide needs so long from the screw to the bath, s.
const CHUTE_S: f64 = 3.0;
/// The screw reaches its speed with this time, s.
const DRIVE_S: f64 = 0.5;
/// Fastest screw, r/min.
const FASTEST_RPM: f64 = 200.0;
/// Refill, kg/s.
const REFILL_KG_S: f64 = 1.5;
/// Filling of the screw: noise with this time and deviation, and slow change of the bulk density.
const NOISE_S: f64 = 30.0;
const NOISE_FRAC: f64 = 0.015;
const DENSITY_S: f64 = 3.0 * 3600.0;
const DENSITY_FRAC: f64 = 0.02;
/// Bridges and jams, 1/s; bridges come more often below the low level.
const BRIDGE_PER_S: f64 = 1.0 / (200.0 * 3600.0);
const LOW_LEVEL: f64 = 0.15;
const BRIDGE_AT_LOW_LEVEL: f64 = 10.0;
const JAM_PER_S: f64 = 1.0 / (1000.0 * 3600.0);
/// Vibration and turning back break them, 1/s: 0.7 in five seconds.
const BREAK_PER_S: f64 = 0.24;
/// Motor current idle and per part of the fastest speed, and stalled, A.
const MOTOR_IDLE_A: f64 = 0.8;
const MOTOR_LOAD_A: f64 = 4.0;
const MOTOR_STALL_A: f64 = 8.5;
/// Motor winding over the hall at full load, K, and its time, s.
const MOTOR_HEAT_K: f64 = 40.0;
const MOTOR_HEAT_S: f64 = 900.0;

/// State of one feeder.
#[derive(Clone, Debug)]
pub(super) struct Feeder {
    pub(super) hopper_kg: f64,
    pub(super) rpm: f64,
    pub(super) motor_a: f64,
    pub(super) motor_c: f64,
    pub(super) refilled_kg: f64,
    /// Through the screw since the start, kg.
    pub(super) fed_kg: f64,
    pub(super) bridged: bool,
    pub(super) jammed: bool,
    pub(super) refilling: bool,
    pub(super) chute_open: bool,
    capacity_kg: f64,
    kg_rev: f64,
    noise: f64,
    density: f64,
    chute: VecDeque<f64>,
}

/// What a step of the feeder is told besides its outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) ambient_c: f64,
    pub(super) noise: bool,
    pub(super) hazards: bool,
    /// The drive has failed or its door is open.
    pub(super) stopped: bool,
    /// The chute is crusted over: oxide piles up and does not reach the bath.
    pub(super) chute_blocked: bool,
}

impl Feeder {
    pub(super) fn new(model: &CellModel, ambient_c: f64, level: f64, scan_s: f64) -> Self {
        let slots = (CHUTE_S / scan_s).round().max(1.0) as usize;
        Self {
            hopper_kg: level * model.hopper_kg,
            rpm: 0.0,
            motor_a: 0.0,
            motor_c: ambient_c,
            refilled_kg: 0.0,
            fed_kg: 0.0,
            bridged: false,
            jammed: false,
            refilling: false,
            chute_open: false,
            capacity_kg: model.hopper_kg,
            kg_rev: model.feeder_g_rev / 1000.0,
            noise: 0.0,
            density: 0.0,
            chute: VecDeque::from(vec![0.0; slots]),
        }
    }

    /// Oxide already on its way at a feed of `feed_kg_s`: a plant that starts in the middle of things.
    pub(super) fn fill_chute(&mut self, feed_kg_s: f64, scan_s: f64) {
        self.chute.iter_mut().for_each(|it| *it = feed_kg_s * scan_s);
        self.rpm = feed_kg_s / self.kg_rev * 60.0;
    }

    /// One scan; the oxide that reaches the bath in it, kg.
    pub(super) fn step(
        &mut self,
        outputs: &FeederOutputs,
        around: Circumstances,
        random: &mut Stream,
        dt_s: f64,
    ) -> f64 {
        if around.noise {
            drift(&mut self.noise, NOISE_S, NOISE_FRAC, random, dt_s);
            drift(&mut self.density, DENSITY_S, DENSITY_FRAC, random, dt_s);
        }
        if around.hazards {
            self.mishaps(random, dt_s);
        }
        if outputs.reset {
            self.jammed = false;
        }
        self.loosen(outputs, random, dt_s);
        let wanted = if around.stopped || self.jammed { 0.0 } else { outputs.speed_rpm };
        let wanted = held(wanted, 0.0, FASTEST_RPM);
        self.rpm += (wanted - self.rpm) * (1.0 - (-dt_s / DRIVE_S).exp());
        if wanted == 0.0 && self.rpm < 0.01 {
            self.rpm = 0.0;
        }
        self.motor(outputs, around.ambient_c, dt_s);
        self.refilling = outputs.refill && self.hopper_kg < self.capacity_kg;
        if self.refilling {
            let added = (REFILL_KG_S * dt_s).min(self.capacity_kg - self.hopper_kg);
            self.hopper_kg += added;
            self.refilled_kg += added;
        }
        self.chute_open = outputs.chute_open;
        let flows = !self.bridged && !outputs.reverse && self.chute_open && !around.chute_blocked;
        let filling = (1.0 + self.noise + self.density).max(0.0);
        let screwed = if flows { self.kg_rev * self.rpm / 60.0 * filling * dt_s } else { 0.0 };
        let screwed = screwed.min(self.hopper_kg);
        self.hopper_kg -= screwed;
        self.fed_kg += screwed;
        self.chute.push_back(screwed);
        self.chute.pop_front().unwrap_or(0.0)
    }

    /// Oxide dropped from the hopper at once, kg: no more than there is.
    pub(super) fn drop(&mut self, wanted_kg: f64) -> f64 {
        let dropped = held(wanted_kg, 0.0, self.hopper_kg);
        self.hopper_kg -= dropped;
        self.fed_kg += dropped;
        dropped
    }

    /// Oxide on its way down the chute, kg.
    pub(super) fn chute_kg(&self) -> f64 {
        self.chute.iter().sum()
    }

    fn mishaps(&mut self, random: &mut Stream, dt_s: f64) {
        let low = self.hopper_kg < LOW_LEVEL * self.capacity_kg;
        let bridging = if low { BRIDGE_PER_S * BRIDGE_AT_LOW_LEVEL } else { BRIDGE_PER_S };
        if self.rpm > 0.0 && random.happens(bridging, dt_s) {
            self.bridged = true;
        }
        if self.rpm > 0.0 && random.happens(JAM_PER_S, dt_s) {
            self.jammed = true;
        }
    }

    fn loosen(&mut self, outputs: &FeederOutputs, random: &mut Stream, dt_s: f64) {
        if self.bridged
            && (outputs.vibrator || outputs.reverse)
            && random.happens(BREAK_PER_S, dt_s)
        {
            self.bridged = false;
        }
        if self.jammed && outputs.reverse && random.happens(BREAK_PER_S, dt_s) {
            self.jammed = false;
        }
    }

    fn motor(&mut self, outputs: &FeederOutputs, ambient_c: f64, dt_s: f64) {
        let part = self.rpm / FASTEST_RPM;
        self.motor_a = if self.jammed && outputs.speed_rpm > 0.0 {
            MOTOR_STALL_A
        } else if self.rpm > 0.0 {
            MOTOR_IDLE_A + MOTOR_LOAD_A * part
        } else {
            0.0
        };
        let load = self.motor_a / (MOTOR_IDLE_A + MOTOR_LOAD_A);
        let warm_c = ambient_c + MOTOR_HEAT_K * load * load;
        self.motor_c += (warm_c - self.motor_c) * dt_s / MOTOR_HEAT_S;
    }
}

/// One step of an Ornstein-Uhlenbeck process around 0.
pub(super) fn drift(value: &mut f64, time_s: f64, deviation: f64, random: &mut Stream, dt_s: f64) {
    let part = dt_s / time_s;
    *value += -*value * part + deviation * (2.0 * part).sqrt() * random.normal();
}

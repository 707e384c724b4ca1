//! The phase machine of one electrolyzer (domain B8), and the crew that taps, changes anodes and tops up.

use crate::config::{CellModel, ControlConfig};
use crate::control::estimate::believed;
use crate::control::{ElectrolyzerStatus, Phase};
use crate::field::{AnodeChange, ElectrolyzerInputs, ElectrolyzerOutputs};

/// The lining is baked up to this temperature, °C.
const BAKED_C: f64 = 600.0;
/// Starting is over when current and temperature were near their setpoints for so long, s, K.
const SETTLED_S: f64 = 600.0;
const SETTLED_K: f64 = 20.0;
const SETTLED_FRAC: f64 = 0.97;
/// Current in hold, part of nominal, and near enough to it.
pub(super) const HOLD_FRAC: f64 = 0.5;
const AT_HOLD_FRAC: f64 = 0.53;
/// No current any more, part of nominal.
const DEAD_FRAC: f64 = 0.02;
/// Cold enough to be left alone, °C.
const COLD_C: f64 = 60.0;
/// Heater for baking and melting, part of nominal power, and per kelvin below the setpoint in hold.
const BAKE_FRAC: f64 = 0.5;
const HEAT_FRAC_K: f64 = 0.05;
/// Heater while no thermometer says how warm the bath is: rather too cool than too hot (guess).
const HEAT_BLIND_FRAC: f64 = 0.25;
/// A tap is drawn for this time at most, s.
const TAP_S: f64 = 600.0;
/// A tap or an anode change that nobody completes gives the bath back to the feed after this time, s; its record stays open.
const TAP_OPEN_S: f64 = 1200.0;
/// An anode change takes this time, s.
const CHANGE_S: f64 = 180.0;
/// An anode is changed when this thin, mm (domain A3).
pub(super) const WORN_MM: f64 = 25.0;
/// The crew tops the bath up when it is so far below the usual level, mm, by so much of the bath.
const TOP_UP_MM: f64 = 6.0;
const TOP_UP_FRAC: f64 = 0.004;
/// And looks so often, s.
const LOOK_S: f64 = 600.0;

/// A tap that is being drawn.
#[derive(Clone, Debug)]
pub(super) struct RunningTap {
    pub(super) id: String,
    planned_kg: f64,
    drawn_kg: f64,
    time_s: f64,
    /// Drawn enough; the crucible is being weighed.
    closed: bool,
    by_crew: bool,
}

/// An anode change that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunningChange {
    /// From 0.
    pub(super) position: usize,
    time_s: f64,
    by_crew: bool,
    change: Option<AnodeChange>,
    before: Phase,
}

/// What a step of the sequences has brought.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// Tap and its net weight, kg.
    pub(super) tap: Option<(String, f64)>,
    /// Changed position, from 0.
    pub(super) anode: Option<usize>,
    /// Salt added, kg.
    pub(super) salt_kg: f64,
    /// Something moved the resistance.
    pub(super) disturbed: bool,
}

/// What the sequences look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) inputs: &'a ElectrolyzerInputs,
    pub(super) current_a: f64,
    /// Bath temperature, °C; `None` while nothing is known.
    pub(super) temp_c: Option<f64>,
    pub(super) no_tap: bool,
    /// Nothing forbids a start: the level is there, and so is a lot.
    pub(super) may_start: bool,
    pub(super) dt_s: f64,
}

/// Phase and running work of one electrolyzer.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    name: String,
    crew: bool,
    tap_period_s: f64,
    nominal_a: f64,
    nominal_w: f64,
    bath_kg: f64,
    heel_level_mm: f64,
    new_thickness_mm: f64,
    worn_mm_h: f64,
    feed_min_c: f64,
    settled_s: f64,
    /// Changes of phase that have not been told yet, from and to.
    pub(super) entered: Vec<(Phase, Phase)>,
    pub(super) tap: Option<RunningTap>,
    pub(super) change: Option<RunningChange>,
    taps: u32,
    look_s: f64,
    usual_level_mm: f64,
    /// Hot standby after the current is gone, instead of cooling down.
    pub(super) keep_hot: bool,
    /// Salt to be added by order, kg.
    pub(super) salt_kg: f64,
}

impl Sequence {
    pub(super) fn new(
        name: &str,
        config: &ControlConfig,
        model: &CellModel,
        feed_min_c: f64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            crew: config.crew,
            tap_period_s: config.tap_period_s,
            nominal_a: model.nominal_a,
            nominal_w: model.nominal_a * 0.6 * model.voltage_max_v,
            bath_kg: model.bath_kg,
            heel_level_mm: f64::NAN,
            new_thickness_mm: WORN_MM + model.anode_wear_mm,
            worn_mm_h: model.anode_wear_mm / 50.0,
            feed_min_c,
            settled_s: 0.0,
            entered: Vec::new(),
            tap: None,
            change: None,
            taps: 0,
            look_s: 0.0,
            usual_level_mm: 10.0 * model.immersion_cm + 80.0,
            keep_hot: false,
            salt_kg: 0.0,
        }
    }

    /// Nominal power, W.
    pub(super) fn nominal_w(&self) -> f64 {
        self.nominal_w
    }

    /// Goes to another phase if there is an arrow to it: the only place that changes a phase.
    pub(super) fn enter(&mut self, status: &mut ElectrolyzerStatus, phase: Phase) {
        if !phase.may_follow(status.phase) {
            return;
        }
        self.entered.push((status.phase, phase));
        status.phase = phase;
        status.phase_s = 0.0;
        self.settled_s = 0.0;
    }

    /// One scan: moves on where the process allows, and works.
    pub(super) fn update(
        &mut self,
        seen: &Seen<'_>,
        status: &mut ElectrolyzerStatus,
        outputs: &mut ElectrolyzerOutputs,
    ) -> Done {
        let dt_s = seen.dt_s;
        status.phase_s += dt_s;
        let mut done = Done::default();
        self.advance(seen, status, dt_s);
        if self.heel_level_mm.is_nan()
            && status.phase == Phase::Running
            && let Some(level) = believed(seen.inputs.metal_level_mm)
        {
            self.heel_level_mm = level;
        }
        self.draw(seen, status, outputs, &mut done);
        self.replace(seen, status, outputs, &mut done);
        self.top_up(seen, status, outputs, &mut done);
        outputs.heater_w = self.heater_w(seen, status);
        done
    }

    fn advance(&mut self, seen: &Seen<'_>, status: &mut ElectrolyzerStatus, dt_s: f64) {
        let load = seen.current_a / self.nominal_a;
        let next = match status.phase {
            // A lining without any thermometer is not baked.
            Phase::Preheating if coldest_c(seen.inputs).is_some_and(|it| it > BAKED_C) => {
                Phase::Melting
            }
            Phase::Melting if seen.temp_c.is_some_and(|it| it > self.feed_min_c) => {
                if !seen.may_start {
                    return;
                }
                Phase::Starting
            }
            Phase::Starting => {
                let near = load * self.nominal_a / 1000.0
                    > SETTLED_FRAC * status.current_setpoint_ka.min(status.current_demand_ka)
                    && status.current_demand_ka > SETTLED_FRAC * 0.8 * status.current_setpoint_ka
                    && seen
                        .temp_c
                        .is_some_and(|it| (it - status.temp_setpoint_c).abs() < SETTLED_K);
                self.settled_s = if near { self.settled_s + dt_s } else { 0.0 };
                if self.settled_s < SETTLED_S {
                    return;
                }
                Phase::Running
            }
            Phase::Running if status.anode_effect_active => Phase::AnodeEffect,
            // The crew steps back, and the handler acts; what is open is completed by its record.
            Phase::Tapping if status.anode_effect_active => Phase::Running,
            Phase::ChangingAnode if status.anode_effect_active => {
                self.change.map_or(Phase::Running, |it| it.before)
            }
            Phase::AnodeEffect if !status.anode_effect_active => Phase::Running,
            Phase::Holding if load < AT_HOLD_FRAC => Phase::Held,
            Phase::Stopping if load < DEAD_FRAC => Phase::HotStandby,
            Phase::HotStandby if !self.keep_hot => Phase::CoolingDown,
            Phase::CoolingDown if seen.temp_c.is_some_and(|it| it < COLD_C) => Phase::Cold,
            _ => return,
        };
        self.enter(status, next);
    }

    /// Begins a tap; its identifier.
    pub(super) fn begin_tap(
        &mut self,
        status: &mut ElectrolyzerStatus,
        planned_kg: f64,
        by_crew: bool,
    ) -> String {
        self.taps += 1;
        let id = format!("{}-{:05}", self.name, self.taps);
        self.tap = Some(RunningTap {
            id: id.clone(),
            planned_kg,
            drawn_kg: 0.0,
            time_s: 0.0,
            closed: false,
            by_crew,
        });
        self.enter(status, Phase::Tapping);
        id
    }

    /// Ends a tap: what it drew by the scale, kg.
    pub(super) fn end_tap(&mut self, status: &mut ElectrolyzerStatus) -> Option<(String, f64)> {
        let tap = self.tap.take()?;
        if status.phase == Phase::Tapping {
            self.enter(status, Phase::Running);
        }
        status.since_tap_s = 0.0;
        Some((tap.id, tap.drawn_kg))
    }

    fn draw(
        &mut self,
        seen: &Seen<'_>,
        status: &mut ElectrolyzerStatus,
        outputs: &mut ElectrolyzerOutputs,
        done: &mut Done,
    ) {
        status.since_tap_s += seen.dt_s;
        status.to_tap_s = (self.tap_period_s - status.since_tap_s).max(0.0);
        let due = self.crew && status.to_tap_s <= 0.0 && status.phase == Phase::Running;
        if due && !seen.no_tap && self.tap.is_none() {
            self.begin_tap(status, f64::INFINITY, true);
        }
        outputs.tap_open = false;
        let Some(tap) = &mut self.tap else { return };
        let ended = status.phase != Phase::Tapping;
        // An anode effect or a hold has ended it: what was drawn counts.
        tap.closed |= ended;
        done.disturbed |= !ended;
        tap.time_s += seen.dt_s;
        let weight = believed(seen.inputs.tap_weight_kg).unwrap_or(tap.drawn_kg);
        tap.drawn_kg = tap.drawn_kg.max(weight);
        let low = believed(seen.inputs.metal_level_mm).is_some_and(|it| it <= self.heel_level_mm);
        let enough = tap.drawn_kg >= tap.planned_kg
            || (tap.time_s > 15.0 && low)
            || tap.time_s > TAP_S
            || seen.no_tap;
        tap.closed |= enough;
        outputs.tap_open = !tap.closed;
        let forgotten = tap.closed && tap.time_s > TAP_OPEN_S && !ended;
        if tap.closed && tap.by_crew {
            done.tap = self.end_tap(status);
        } else if forgotten {
            self.enter(status, Phase::Running);
        }
    }

    /// Begins an anode change at `position` from 0.
    pub(super) fn begin_change(
        &mut self,
        status: &mut ElectrolyzerStatus,
        position: usize,
        by_crew: bool,
    ) {
        let before = status.phase;
        self.change = Some(RunningChange { position, time_s: 0.0, by_crew, change: None, before });
        self.enter(status, Phase::ChangingAnode);
    }

    /// The new anode hangs: it takes its place in the next scan.
    pub(super) fn complete_change(&mut self, thickness_mm: f64) {
        if let Some(running) = &mut self.change {
            let position = running.position;
            running.change = Some(AnodeChange { position, new_thickness_mm: thickness_mm });
        }
    }

    fn replace(
        &mut self,
        seen: &Seen<'_>,
        status: &mut ElectrolyzerStatus,
        outputs: &mut ElectrolyzerOutputs,
        done: &mut Done,
    ) {
        let thinnest = thinnest(seen.inputs);
        let rest_mm = thinnest.map_or(self.new_thickness_mm, |it| it.1) - WORN_MM;
        status.to_anode_change_s = (rest_mm / self.worn_mm_h * 3600.0).max(0.0);
        if let Some((position, thickness)) = thinnest
            && self.crew
            && thickness <= WORN_MM
            && status.phase == Phase::Running
            && self.change.is_none()
            && !seen.no_tap
        {
            self.begin_change(status, position, true);
        }
        outputs.anode_change = None;
        let new_thickness_mm = self.new_thickness_mm;
        let Some(running) = &mut self.change else { return };
        let ended = status.phase != Phase::ChangingAnode;
        done.disturbed |= !ended;
        running.time_s += seen.dt_s;
        if running.by_crew && running.time_s >= CHANGE_S && running.change.is_none() {
            let position = running.position;
            running.change = Some(AnodeChange { position, new_thickness_mm });
        }
        if let Some(change) = running.change {
            outputs.anode_change = Some(change);
            let before = running.before;
            done.anode = Some(change.position);
            done.disturbed = true;
            self.change = None;
            if !ended {
                self.enter(status, before);
            }
        } else if !ended && running.time_s > TAP_OPEN_S {
            let before = running.before;
            self.enter(status, before);
        } else if ended && running.by_crew {
            // An anode effect or a trip came between: the crew begins again. One by hand can still be completed.
            self.change = None;
        }
    }

    fn top_up(
        &mut self,
        seen: &Seen<'_>,
        status: &ElectrolyzerStatus,
        outputs: &mut ElectrolyzerOutputs,
        done: &mut Done,
    ) {
        outputs.electrolyte_kg = std::mem::take(&mut self.salt_kg);
        self.look_s += seen.dt_s;
        if self.crew && self.look_s >= LOOK_S && status.phase == Phase::Running {
            self.look_s = 0.0;
            if believed(seen.inputs.bath_level_mm)
                .is_some_and(|it| it < self.usual_level_mm - TOP_UP_MM)
            {
                outputs.electrolyte_kg += TOP_UP_FRAC * self.bath_kg;
            }
        }
        done.salt_kg = outputs.electrolyte_kg;
        done.disturbed |= done.salt_kg > 0.0;
    }

    fn heater_w(&self, seen: &Seen<'_>, status: &ElectrolyzerStatus) -> f64 {
        let warms = matches!(
            status.phase,
            Phase::Preheating | Phase::Melting | Phase::Held | Phase::HotStandby | Phase::Holding
        );
        let baking = status.phase == Phase::Preheating && coldest_c(seen.inputs).is_some();
        let part = match seen.temp_c {
            _ if !warms => 0.0,
            Some(temp_c) => {
                let below_k = (status.temp_setpoint_c - temp_c).max(0.0);
                (HEAT_FRAC_K * below_k).min(BAKE_FRAC)
            }
            // Before there is salt there is no bath to measure: the lining says how far it is.
            None if baking => BAKE_FRAC,
            None => HEAT_BLIND_FRAC,
        };
        part * self.nominal_w
    }
}

/// The coldest lining thermometer that works, °C.
fn coldest_c(inputs: &ElectrolyzerInputs) -> Option<f64> {
    inputs.lining_temp_c.iter().filter_map(|it| believed(*it)).reduce(f64::min)
}

/// The thinnest anode: position and thickness, mm.
fn thinnest(inputs: &ElectrolyzerInputs) -> Option<(usize, f64)> {
    let all = inputs.anodes.iter().enumerate();
    all.filter_map(|(position, it)| Some((position, believed(it.thickness_mm)?)))
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

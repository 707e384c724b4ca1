//! The plant's controls: phases, loops, demand feed, anode-effect handler, interlocks.
//!
//! Reads [`crate::field::Inputs`], writes [`crate::field::Outputs`], shows [`Status`]. It never sees the
//! plant. A scan goes: estimates, interlocks, anode effect, sequences and loops, feed, current; the
//! interlocks have the last word on feed and current.
//!
//! Electrolyzers on one rectifier carry one current: `supply.rs` says what a written current means to them.

mod anode_effect;
mod command;
mod demand;
mod device_method;
mod electrolyzer;
mod estimate;
mod event;
mod feeder;
mod hazard;
mod interlock;
mod method;
mod phase;
mod sequence;
mod setpoint;
mod slope;
mod status;
mod supply;
mod temperature;
mod write;

pub use command::{Command, Method, Order, Outcome, Refusal, Scalar, Target};
pub use event::{ControlEvent, EventKind};
pub use hazard::{Danger, Hazards};
pub use phase::{FeedMode, FeedPhase, LoopMode, Phase};
pub use setpoint::Setpoint;
pub use status::{
    ElectrolyzerStatus, FeederStatus, FixtureStatus, LineStatus, RectifierStatus, Status,
};

use crate::config::PlantConfig;
use crate::control::electrolyzer::{Bundle, Electrolyzer};
use crate::control::estimate::believed;
use crate::control::sequence::HOLD_FRAC;
use crate::control::supply::{Demand, Supply};
use crate::field::{FeederInputs, Inputs, Outputs};

/// Fans run at this speed while gas is in a hall (I12), %.
const FAN_ALARM_PCT: f64 = 100.0;
/// Bags are cleaned above this pressure, and until it is below the other, Pa.
const BAG_PA: (f64, f64) = (1250.0, 1500.0);

/// The controls of the whole plant.
#[derive(Clone, Debug)]
pub struct Controls {
    cells: Vec<Electrolyzer>,
    supplies: Vec<Supply>,
    status: Status,
    events: Vec<ControlEvent>,
    fan_pct: f64,
    cleaning: bool,
    /// Emergency stop by method, per rectifier: no ramp.
    stopped_at_once: Vec<bool>,
    /// Feeder instruments as of the last scan.
    seen_feeders: Vec<FeederInputs>,
    /// Plant time since the start, s.
    clock_s: f64,
    shifts: u32,
}

impl Controls {
    /// Controls of the plant of `config`, running or cold as it says.
    pub fn new(config: &PlantConfig) -> Self {
        let count = config.electrolyzers.len();
        let (electrolyzers, feeders) =
            (0..count).map(|it| Electrolyzer::initial(config, it)).unzip();
        let supplies: Vec<Supply> =
            (0..config.rectifiers.len()).map(|it| Supply::new(config, it)).collect();
        let rectifiers = supplies.iter().map(|it| RectifierStatus {
            on: config.control.start_running,
            voltage_limit_v: it.ceiling_v,
            ..RectifierStatus::default()
        });
        let status = Status {
            electrolyzers,
            feeders,
            rectifiers: rectifiers.collect(),
            lines: vec![LineStatus::default(); config.lines.len()],
            fixture: FixtureStatus { analog: 50.0, setpoint: 50.0, ..FixtureStatus::default() },
        };
        Self {
            cells: (0..count).map(|it| Electrolyzer::new(config, it)).collect(),
            stopped_at_once: vec![false; supplies.len()],
            supplies,
            status,
            events: Vec::new(),
            fan_pct: config.fume.fan_speed_pct,
            cleaning: false,
            seen_feeders: Vec::new(),
            clock_s: 0.0,
            shifts: 0,
        }
    }

    /// What the controls show.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What has happened since this was last asked.
    pub fn take_events(&mut self) -> Vec<ControlEvent> {
        std::mem::take(&mut self.events)
    }

    /// Applies a command, or refuses it and changes nothing.
    pub fn command(&mut self, command: &Command) -> Outcome {
        let roles = command.actor.roles;
        match (&command.order, command.target) {
            (Order::Write { setpoint, value }, target) => {
                self.write(roles, target, *setpoint, *value).map(|()| Vec::new())
            }
            (Order::WriteAll { values }, Target::Electrolyzer(index)) => {
                self.write_all(roles, index, values).map(|()| Vec::new())
            }
            (Order::Call { method, arguments }, Target::Electrolyzer(index)) => {
                self.call_electrolyzer(roles, index, *method, arguments)
            }
            (Order::Call { method, arguments }, Target::Feeder(index)) => {
                self.call_feeder(roles, index, *method, arguments)
            }
            (Order::Call { method, arguments }, Target::Rectifier(index)) => {
                self.call_rectifier(roles, index, *method, arguments)
            }
            (Order::Call { method, arguments }, Target::Line(index)) => {
                self.call_line(roles, index, *method, arguments)
            }
            (Order::WriteAll { .. } | Order::Call { .. }, _) => Err(Refusal::Unknown),
        }
    }

    /// One scan: from what the instruments show to what the actuators do.
    pub fn scan(&mut self, inputs: &Inputs, outputs: &mut Outputs, dt_s: f64) {
        self.clock_s += dt_s;
        let count = self.cells.len();
        outputs.electrolyzers.resize_with(count, Default::default);
        outputs.feeders.resize_with(count, Default::default);
        outputs.rectifiers.resize_with(self.supplies.len(), Default::default);
        for (index, cell) in self.cells.iter_mut().enumerate() {
            let mut bundle = Bundle {
                inputs,
                status: &mut self.status.electrolyzers[index],
                feeder_status: &mut self.status.feeders[index],
                outputs: &mut outputs.electrolyzers[index],
                feeder_outputs: &mut outputs.feeders[index],
                events: &mut self.events,
            };
            cell.scan(&mut bundle, dt_s);
        }
        for index in 0..self.supplies.len() {
            self.supply(index, inputs, outputs, dt_s);
        }
        self.shared(inputs, outputs);
        self.seen_feeders.clone_from(&inputs.feeders);
    }

    /// Current of one rectifier: the strictest of its electrolyzers counts.
    fn supply(&mut self, index: usize, inputs: &Inputs, outputs: &mut Outputs, dt_s: f64) {
        // Lent, not copied: a scan does not allocate.
        let members = std::mem::take(&mut self.supplies[index].members);
        self.supply_series(index, &members, (inputs, outputs), dt_s);
        self.supplies[index].members = members;
    }

    fn supply_series(
        &mut self,
        index: usize,
        members: &[usize],
        (inputs, outputs): (&Inputs, &mut Outputs),
        dt_s: f64,
    ) {
        let reading = &inputs.rectifiers[index];
        let trip = members.iter().any(|it| self.cells[*it].verdict.trip);
        for member in members {
            // A rectifier that is tripped takes nothing from an electrolyzer in hot standby; an interlock does.
            let stands_by = self.status.electrolyzers[*member].phase == Phase::HotStandby;
            if trip || (reading.tripped && !stands_by) {
                self.enter(*member, Phase::Faulted);
            }
        }
        let burns_on = |it: &usize| self.status.electrolyzers[*it].anode_effect_unquenched;
        if members.iter().any(|it| self.cells[*it].verdict.hold || burns_on(it)) {
            for member in members {
                self.enter(*member, Phase::Holding);
            }
        }
        let trim = self.trim(members);
        let wanted =
            members.iter().map(|it| self.wanted_a(*it, trim)).fold(f64::INFINITY, f64::min);
        let wanted = if wanted.is_finite() { wanted } else { 0.0 };
        let demand = Demand {
            current_a: self.without_rise(members, index, wanted),
            on: members.iter().any(|it| self.status.electrolyzers[*it].phase.is_energised())
                || wanted > 0.0
                || self.supplies[index].reference_ka() > 0.0,
            trip,
            at_once: self.stopped_at_once[index],
            dt_s,
        };
        let status = &mut self.status.rectifiers[index];
        self.supplies[index].update(demand, reading, status, &mut outputs.rectifiers[index]);
        status.current_reference_ka = self.supplies[index].reference_ka();
        if status.current_reference_ka <= 0.0 {
            self.stopped_at_once[index] = false;
        }
        for member in members {
            let status = &mut self.status.electrolyzers[*member];
            status.current_demand_ka = demand.current_a / 1000.0;
            status.current_trim_pct = 100.0 * trim;
        }
    }

    /// Trim of a series: the mean of its members' loops, since they share the current.
    fn trim(&self, members: &[usize]) -> f64 {
        let sum: f64 = members.iter().map(|it| self.cells[*it].temperature.trim).sum();
        sum / members.len().max(1) as f64
    }

    /// Current that one electrolyzer asks for, A.
    fn wanted_a(&self, index: usize, trim: f64) -> f64 {
        let (cell, status) = (&self.cells[index], &self.status.electrolyzers[index]);
        let setpoint = status.current_setpoint_ka * 1000.0;
        let wanted = match status.phase {
            Phase::Starting => setpoint,
            phase if phase.makes_metal() => setpoint * (1.0 + trim),
            Phase::Holding | Phase::Held => HOLD_FRAC * cell.nominal_a,
            _ => 0.0,
        };
        let reduced = if cell.reduced { status.anode_effect_current_pct / 100.0 } else { 1.0 };
        wanted.min(1.1 * cell.nominal_a) * reduced.min(cell.verdict.current)
    }

    /// During a tap or an anode change the current does not rise by itself (I8).
    fn without_rise(&self, members: &[usize], index: usize, wanted: f64) -> f64 {
        let quenching = members.iter().any(|it| self.status.electrolyzers[*it].anode_effect_active);
        if members.iter().any(|it| self.cells[*it].verdict.no_rise) && !quenching {
            wanted.min(1000.0 * self.supplies[index].reference_ka())
        } else {
            wanted
        }
    }

    /// Fan, bags, beacons and what lines show.
    fn shared(&mut self, inputs: &Inputs, outputs: &mut Outputs) {
        let mut alarm = false;
        for (index, status) in self.status.lines.iter_mut().enumerate() {
            status.beacon = inputs.halls.get(index).is_some_and(interlock::beacon);
            alarm |= status.beacon;
            let own = self.cells.iter().filter(|it| it.line == index);
            let phases = own.map(|it| self.status.electrolyzers[it.index].phase);
            let (mut running, mut burning) = (0, 0);
            for phase in phases {
                running += u32::from(phase.makes_metal());
                burning += u32::from(phase == Phase::AnodeEffect);
            }
            status.running = running;
            status.in_anode_effect = burning;
        }
        outputs.fume.fan_speed_pct = if alarm { FAN_ALARM_PCT } else { self.fan_pct };
        let (low, high) = BAG_PA;
        if let Some(pressure) = believed(inputs.fume.bag_pressure_pa) {
            self.cleaning = pressure > high || (self.cleaning && pressure > low);
        }
        outputs.fume.pulse_cleaning = self.cleaning;
    }

    /// Brings an electrolyzer to another phase if there is an arrow to it, and says so.
    pub(super) fn enter(&mut self, index: usize, phase: Phase) {
        self.cells[index].sequence.enter(&mut self.status.electrolyzers[index], phase);
        self.cells[index].tell_phases(&mut self.events);
    }
}

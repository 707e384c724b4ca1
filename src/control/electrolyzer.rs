//! Everything that controls one electrolyzer and its feeder.

use crate::config::{CellModel, PlantConfig, Product};
use crate::control::anode_effect::AnodeEffectHandler;
use crate::control::demand::DemandFeed;
use crate::control::estimate::{Estimate, believed};
use crate::control::feeder::{FeederControl, FeederOrder, Task};
use crate::control::interlock::{Causes, Interlocks, Verdict};
use crate::control::sequence::{Done, Seen, Sequence};
use crate::control::temperature::TemperatureLoop;
use crate::control::{
    ControlEvent, ElectrolyzerStatus, EventKind, FeedMode, FeedPhase, FeederStatus, Phase,
};
use crate::field::{ElectrolyzerOutputs, FeederOutputs, Inputs};

/// LiF and dissolved oxide of the bath as it was filled, wt%.
const FILLED_LIF_PCT: f64 = 12.5;
const FILLED_OXIDE_PCT: f64 = 2.4;
/// What a pause has kept from the bath is fed in about this time, min.
const MAKE_GOOD_MIN: f64 = 3.0;
/// An order drops so much of the bath at most, and so much may wait for an interlock.
pub(super) const DOSE_FRAC: f64 = 0.02;
const DUE_FRAC: f64 = 0.05;
/// Speed of an anode lift, mm/s (guess).
const LIFT_MM_S: f64 = 2.0;

/// Control of one electrolyzer.
#[derive(Clone, Debug)]
pub(super) struct Electrolyzer {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) rectifier: usize,
    pub(super) nominal_a: f64,
    pub(super) anodes: usize,
    crew: bool,
    pub(super) hopper_kg: f64,
    pub(super) bath_kg: f64,
    pub(super) feed_max_g_min: f64,
    pub(super) temp_bounds_c: (f64, f64),
    pub(super) temp_nominal_c: f64,
    pub(super) estimate: Estimate,
    pub(super) temperature: TemperatureLoop,
    pub(super) demand: DemandFeed,
    pub(super) feeder: FeederControl,
    pub(super) handler: AnodeEffectHandler,
    pub(super) interlocks: Interlocks,
    pub(super) sequence: Sequence,
    pub(super) verdict: Verdict,
    /// A base feed set by an engineer instead of the coulomb count, g/min.
    pub(super) base_g_min: Option<f64>,
    /// Flow or speed in manual.
    pub(super) manual: FeederOrder,
    /// Oxide to drop by order, kg.
    pub(super) shot_kg: f64,
    /// Oxide that is to fall as soon as no interlock stops it, kg.
    due_kg: f64,
    /// The anode-effect handler wants less current.
    pub(super) reduced: bool,
    /// Oxide that a pause has kept from the bath, g.
    missed_g: f64,
}

/// What one scan of an electrolyzer reads and writes.
pub(super) struct Bundle<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) status: &'a mut ElectrolyzerStatus,
    pub(super) feeder_status: &'a mut FeederStatus,
    pub(super) outputs: &'a mut ElectrolyzerOutputs,
    pub(super) feeder_outputs: &'a mut FeederOutputs,
    pub(super) events: &'a mut Vec<ControlEvent>,
}

impl Electrolyzer {
    pub(super) fn new(config: &PlantConfig, index: usize) -> Self {
        let row = &config.electrolyzers[index];
        let model = &config.cell_models[row.model];
        let product = &config.products[config.lines[row.line].product];
        let crew = config.control.crew;
        Self {
            index,
            line: row.line,
            rectifier: row.rectifier,
            nominal_a: model.nominal_a,
            anodes: model.anodes,
            crew,
            hopper_kg: model.hopper_kg,
            bath_kg: model.bath_kg,
            feed_max_g_min: 2.0 * nominal_feed_g_min(model, product),
            temp_bounds_c: product.bath_temp_setpoint_c,
            temp_nominal_c: product.bath_temp_c,
            estimate: Estimate::new(model, product),
            temperature: TemperatureLoop::new(&config.control),
            demand: DemandFeed::new(&config.control, model, product.bath_temp_c),
            feeder: FeederControl::new(model, crew),
            handler: AnodeEffectHandler::default(),
            interlocks: Interlocks::new(&config.fume, product, model),
            sequence: Sequence::new(&row.name, &config.control, model, product.feed_temp_min_c),
            verdict: Verdict::default(),
            base_g_min: None,
            manual: FeederOrder::Stop,
            shot_kg: 0.0,
            due_kg: 0.0,
            reduced: false,
            missed_g: 0.0,
        }
    }

    /// Settings as the configuration has them.
    pub(super) fn initial(
        config: &PlantConfig,
        index: usize,
    ) -> (ElectrolyzerStatus, FeederStatus) {
        let row = &config.electrolyzers[index];
        let model = &config.cell_models[row.model];
        let product = &config.products[config.lines[row.line].product];
        let control = &config.control;
        let running = control.start_running;
        let status = ElectrolyzerStatus {
            phase: if running { Phase::Running } else { Phase::Cold },
            // As it was filled (S17); a cold cell has no bath to sample.
            assay_lif_pct: if running { FILLED_LIF_PCT } else { f64::NAN },
            assay_ref3_pct: if running { 100.0 - FILLED_LIF_PCT } else { f64::NAN },
            assay_oxide_pct: if running { FILLED_OXIDE_PCT } else { f64::NAN },
            current_setpoint_ka: model.nominal_a / 1000.0,
            current_demand_ka: if running { model.nominal_a / 1000.0 } else { 0.0 },
            current_ramp_pct_min: control.current_ramp_frac_s * 6000.0,
            temp_setpoint_c: product.bath_temp_c,
            base_feed_g_min: nominal_feed_g_min(model, product),
            underfeed_factor: control.underfeed_frac,
            overfeed_factor: control.overfeed_frac,
            overfeed_min: control.overfeed_s / 60.0,
            slope_threshold_uohm_min: model.slope_ohm_s * 60e6,
            slope_window_s: control.slope_window_s,
            underfeed_max_min: control.underfeed_max_s / 60.0,
            reference_voltage_v: 0.55 * model.voltage_max_v,
            back_voltage_v: control.back_voltage_v,
            anode_effect_rise_v: control.anode_effect_rise_v,
            anode_effect_dose_kg: control.anode_effect_dose_frac * model.bath_kg,
            anode_effect_current_pct: 100.0 * control.anode_effect_current_frac,
            cathode_diameter_mm: 20.0 * model.cathode_radius_cm,
            to_tap_s: control.tap_period_s,
            // Taps of a line follow each other: not all crucibles come at once.
            since_tap_s: stagger(index) * control.tap_period_s,
            ..ElectrolyzerStatus::default()
        };
        let feeder = FeederStatus {
            feed_factor_g_rev: model.feeder_g_rev,
            // A plant that runs was tared and calibrated when it was commissioned: at the start.
            tared_at_s: if running { 0.0 } else { f64::NAN },
            calibrated_at_s: if running { 0.0 } else { f64::NAN },
            lot: if running { "LOT-0001".into() } else { "".into() },
            ..FeederStatus::default()
        };
        (status, feeder)
    }

    /// One scan, up to the current that the electrolyzer asks for.
    pub(super) fn scan(&mut self, bundle: &mut Bundle<'_>, dt_s: f64) {
        let inputs = &bundle.inputs.electrolyzers[self.index];
        let before = (bundle.status.feed_phase, bundle.status.interlocks);
        let fed = bundle.feeder_status.flow_g_min;
        let rectifier = &bundle.inputs.rectifiers[self.rectifier];
        self.estimate.update((inputs, rectifier), fed, bundle.status, dt_s);
        if self.crew
            && bundle.status.phase == Phase::Running
            && let Some(oxide_pct) = self.estimate.sample_shift(inputs, dt_s)
        {
            bundle.status.assay_oxide_pct = oxide_pct;
        }
        self.move_lifts(bundle, dt_s);
        self.judge(bundle, dt_s);
        self.react(bundle, dt_s);
        let status = &mut *bundle.status;
        let known = self.estimate.temp_known().then_some(self.estimate.temp_c);
        if status.phase.makes_metal() && status.phase != Phase::AnodeEffect {
            self.temperature.update(status.temp_mode, status.temp_setpoint_c, known, dt_s);
        }
        let seen = Seen {
            inputs,
            current_a: self.estimate.current_a,
            temp_c: known,
            may_start: !self.verdict.no_start,
            no_tap: self.verdict.no_tap,
            dt_s,
        };
        let done = self.sequence.update(&seen, status, bundle.outputs);
        self.finish(&done, bundle);
        self.verdict = Interlocks::settle(&self.verdict, bundle.status);
        self.dose(bundle);
        self.feed(bundle, dt_s);
        self.verdict.enforce(bundle.outputs, bundle.feeder_outputs);
        self.report(before, bundle);
    }

    /// The lifts stay where they hang until someone moves them, and then move as fast as their drives.
    fn move_lifts(&self, bundle: &mut Bundle<'_>, dt_s: f64) {
        let inputs = &bundle.inputs.electrolyzers[self.index];
        if bundle.status.anode_lift_setpoint_mm.len() != inputs.anodes.len() {
            let seen = inputs.anodes.iter().map(|it| believed(it.lift_mm).unwrap_or(0.0));
            bundle.status.anode_lift_setpoint_mm = seen.collect();
            bundle.outputs.anode_lift_mm.clone_from(&bundle.status.anode_lift_setpoint_mm);
        }
        let most_mm = LIFT_MM_S * dt_s;
        let lifts = bundle.outputs.anode_lift_mm.iter_mut();
        for (lift_mm, setpoint_mm) in lifts.zip(&bundle.status.anode_lift_setpoint_mm) {
            *lift_mm += (setpoint_mm - *lift_mm).clamp(-most_mm, most_mm);
        }
    }

    fn judge(&mut self, bundle: &mut Bundle<'_>, dt_s: f64) {
        let causes = Causes {
            inputs: &bundle.inputs.electrolyzers[self.index],
            hall: &bundle.inputs.halls[self.line],
            rectifier: &bundle.inputs.rectifiers[self.rectifier],
            all: bundle.inputs,
            estimate: &self.estimate,
            nominal_w: self.sequence.nominal_w(),
            feeder_faulted_s: self.feeder.faulted_s,
            lot_known: !bundle.feeder_status.lot.is_empty(),
        };
        self.verdict = self.interlocks.judge(&causes, bundle.status, dt_s);
        bundle.status.permissive_to_start = !self.verdict.no_start;
    }

    fn react(&mut self, bundle: &mut Bundle<'_>, dt_s: f64) {
        let status = &mut *bundle.status;
        let watched = status.phase.makes_metal();
        let quench = self.handler.update(watched, &self.estimate, status, dt_s);
        self.reduced = quench.reduce;
        bundle.outputs.stirring = quench.stir;
        self.due_kg += quench.dose_kg + std::mem::take(&mut self.shot_kg);
        self.due_kg = self.due_kg.min(DUE_FRAC * self.bath_kg);
        let mut tell = |kind| {
            bundle.events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        };
        // A restart or a stop settles it; until then the floor is asked.
        let is_settled = !matches!(status.phase, Phase::AnodeEffect | Phase::Holding | Phase::Held);
        status.anode_effect_unquenched &= !is_settled;
        if quench.given_up {
            status.anode_effect_unquenched = true;
        }
        if quench.started {
            tell(EventKind::AnodeEffectStarted { voltage_v: self.estimate.voltage_v });
        }
        if quench.escalated {
            tell(EventKind::AnodeEffectEscalated);
        }
        if let Some((duration_s, highest_v)) = quench.ended {
            tell(EventKind::AnodeEffectEnded { duration_s, highest_v });
            self.demand.start_over();
            self.due_kg = 0.0;
        }
    }

    /// Drops what is due, unless an interlock stops that too: then it waits.
    fn dose(&mut self, bundle: &mut Bundle<'_>) {
        let status = &*bundle.status;
        if !status.phase.makes_metal() {
            self.due_kg = 0.0;
        }
        let dose_kg = if self.verdict.stop_dose { 0.0 } else { std::mem::take(&mut self.due_kg) };
        bundle.outputs.oxide_dose_kg = dose_kg;
        if dose_kg > 0.0 {
            bundle.feeder_status.shot_kg = dose_kg;
            bundle.feeder_status.shots += 1;
            self.feeder.dosed(dose_kg, bundle.feeder_status);
            self.estimate.dosed(dose_kg);
        }
    }

    /// Oxide that an order may still add, kg.
    pub(super) fn room_kg(&self) -> f64 {
        DOSE_FRAC * self.bath_kg - self.shot_kg - self.due_kg
    }

    fn finish(&mut self, done: &Done, bundle: &mut Bundle<'_>) {
        let mut tell = |kind| {
            bundle.events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        };
        if let Some((id, net_kg)) = &done.tap {
            bundle.status.taps += 1;
            bundle.status.metal_tapped_kg += net_kg;
            bundle.status.last_tap_id = id.as_str().into();
            bundle.status.last_tap_net_kg = *net_kg;
            bundle.status.last_tap_moulds = 0;
            self.estimate.tapped(*net_kg);
            tell(EventKind::TapCompleted { id: id.clone(), net_kg: *net_kg });
        }
        if let Some(position) = done.anode {
            bundle.status.anodes_changed += 1;
            tell(EventKind::AnodeChanged { position: position + 1 });
        }
        if done.salt_kg > 0.0 {
            bundle.status.electrolyte_added_kg += done.salt_kg;
            tell(EventKind::ElectrolyteAdded(done.salt_kg));
        }
        if done.disturbed {
            self.demand.disturb();
        }
    }

    fn feed(&mut self, bundle: &mut Bundle<'_>, dt_s: f64) {
        let status = &mut *bundle.status;
        let balanced = self.estimate.balanced_feed_g_min().min(self.feed_max_g_min);
        status.base_feed_g_min = self.base_g_min.unwrap_or(balanced);
        let factor = self.demand.update(&mut self.estimate, status, dt_s);
        let uses_oxide = status.phase.makes_metal() || status.phase == Phase::Starting;
        let mut order = match status.feed_mode {
            FeedMode::Off => FeederOrder::Stop,
            FeedMode::Manual => self.manual,
            FeedMode::Base | FeedMode::DemandFeed => {
                FeederOrder::Flow(factor * status.base_feed_g_min)
            }
        };
        if status.anode_effect_active {
            status.feed_phase = FeedPhase::Quench;
        }
        let pausing = matches!(status.phase, Phase::Tapping | Phase::ChangingAnode);
        if let FeederOrder::Flow(flow) = &mut order {
            *flow += self.make_good(*flow, pausing, dt_s);
        }
        if self.verdict.stop_feed || !uses_oxide {
            status.feed_phase = FeedPhase::Hold;
            order = FeederOrder::Stop;
        }
        let inputs = &bundle.inputs.feeders[self.index];
        let before = self.feeder.latched;
        let off = status.feed_mode == FeedMode::Off;
        let task = Task { order, off, no_refill: self.verdict.no_refill, dt_s };
        self.feeder.update(task, inputs, bundle.feeder_status, bundle.feeder_outputs);
        if self.feeder.latched != before {
            let kind = EventKind::FeederFaults(self.feeder.latched);
            bundle.events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        }
        if let Some(kg) = self.feeder.refilled_kg {
            let kind = EventKind::RefillCompleted(kg);
            bundle.events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        }
    }

    /// What a tap or an anode change has kept from the bath is fed afterwards, g/min on top.
    fn make_good(&mut self, flow_g_min: f64, pausing: bool, dt_s: f64) -> f64 {
        if pausing {
            self.missed_g += flow_g_min * dt_s / 60.0;
            return 0.0;
        }
        let extra = (self.missed_g / MAKE_GOOD_MIN).min(flow_g_min);
        self.missed_g -= extra * dt_s / 60.0;
        extra
    }

    /// Tells of every change of phase since this was last asked.
    pub(super) fn tell_phases(&mut self, events: &mut Vec<ControlEvent>) {
        for (from, to) in self.sequence.entered.drain(..) {
            let kind = EventKind::PhaseChanged { from, to };
            events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        }
    }

    fn report(&mut self, before: (FeedPhase, [bool; 13]), bundle: &mut Bundle<'_>) {
        self.tell_phases(bundle.events);
        let status = &*bundle.status;
        let mut tell = |kind| {
            bundle.events.push(ControlEvent { electrolyzer: Some(self.index), kind });
        };
        if status.feed_phase != before.0 {
            tell(EventKind::FeedPhaseChanged(status.feed_phase));
        }
        for (index, (now, was)) in status.interlocks.iter().zip(before.1).enumerate() {
            if *now != was {
                tell(EventKind::Interlock { number: index + 1, active: *now });
            }
        }
    }
}

/// Feed at nominal current and efficiency, g/min (domain A4).
fn nominal_feed_g_min(model: &CellModel, product: &Product) -> f64 {
    let oxide_kg_mol = product.molar_mass_kg_mol * product.oxide_per_metal;
    let mol_s = model.efficiency_frac * model.nominal_a / (3.0 * crate::units::FARADAY_C_MOL);
    mol_s * oxide_kg_mol * 60_000.0
}

/// A fraction for each index, spread evenly and without pattern (golden ratio).
fn stagger(index: usize) -> f64 {
    (index as f64 * 0.618_033_988_75).fract()
}

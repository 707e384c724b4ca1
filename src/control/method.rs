//! Methods of electrolyzers (domain B7): what is asked, when it is allowed, what it does.

use crate::access::{Access, Roles};
use crate::control::electrolyzer::DOSE_FRAC;
use crate::control::supply::TRIPPED;
use crate::control::write::allow;
use crate::control::{ControlEvent, Controls, EventKind, Method, Outcome, Phase, Refusal, Scalar};

/// Longest text that is kept or told, bytes.
const TEXT_MAX: usize = 256;
/// Shares of salts in an assay add up to this at most, %: each is rounded.
const ASSAY_MAX_PCT: f64 = 101.0;
/// Bath salt by one order at most, part of the bath.
const SALT_FRAC: f64 = 0.2;
/// Moulds of one tap at most.
const MOULDS_MAX: usize = 1000;
/// A bath that is no colder than this below the lowest setpoint starts without preheating, K.
const RESTART_K: f64 = 60.0;

/// A number within its limits, by position.
pub(super) fn number(
    arguments: &[Scalar],
    index: usize,
    min: f64,
    max: f64,
) -> Result<f64, Refusal> {
    let Some(Scalar::Number(value)) = arguments.get(index) else { return Err(Refusal::Unknown) };
    if (min..=max).contains(value) {
        return Ok(*value);
    }
    Err(Refusal::ArgumentOutOfRange { index, value: *value, min, max })
}

/// A text of bounded length, by position.
pub(super) fn text(arguments: &[Scalar], index: usize) -> Result<&str, Refusal> {
    let Some(Scalar::Text(text)) = arguments.get(index) else { return Err(Refusal::Unknown) };
    if text.len() <= TEXT_MAX {
        return Ok(text);
    }
    let (value, max) = (text.len() as f64, TEXT_MAX as f64);
    Err(Refusal::ArgumentOutOfRange { index, value, min: 0.0, max })
}

/// A whole number within its limits, by position.
fn count(arguments: &[Scalar], index: usize, min: usize, max: usize) -> Result<usize, Refusal> {
    let (min, max) = (min as f64, max as f64);
    let value = number(arguments, index, min, max)?;
    if value.fract() == 0.0 {
        return Ok(value as usize);
    }
    Err(Refusal::ArgumentOutOfRange { index, value, min, max })
}

fn wrong_state(reason: &'static str) -> Refusal {
    Refusal::InvalidState { reason }
}

impl Controls {
    /// A method of electrolyzer `index`.
    pub(super) fn call_electrolyzer(
        &mut self,
        roles: Roles,
        index: usize,
        method: Method,
        arguments: &[Scalar],
    ) -> Outcome {
        if index >= self.cells.len() {
            return Err(Refusal::Unknown);
        }
        let supervises = matches!(method, Method::TakeOutOfService | Method::ReturnToService);
        allow(roles, if supervises { Access::Supervisor } else { Access::Operator })?;
        match method {
            Method::Start => self.start(roles, index, arguments),
            Method::Stop => self.stop(index, arguments),
            Method::Hold => {
                text(arguments, 0)?;
                self.hold(index)
            }
            Method::Resume => self.resume(index),
            Method::BeginTap => self.begin_tap(index, arguments),
            Method::CompleteTap => self.complete_tap(index, arguments),
            Method::AbortTap => self.abort_tap(index, arguments),
            Method::BeginAnodeChange => self.begin_anode_change(index, arguments),
            Method::CompleteAnodeChange => self.complete_anode_change(index, arguments),
            Method::AddElectrolyte => {
                text(arguments, 0)?;
                text(arguments, 2)?;
                let cell = &mut self.cells[index];
                // What was ordered in this scan already counts.
                let most = SALT_FRAC * cell.bath_kg - cell.sequence.salt_kg;
                cell.sequence.salt_kg += number(arguments, 1, 0.1, most)?;
                Ok(Vec::new())
            }
            Method::RecordBathAssay => self.record_assay(index, arguments),
            Method::RecordTemperatureDip => {
                let temp_c = number(arguments, 0, 700.0, 1300.0)?;
                self.cells[index].estimate.dip(temp_c);
                Ok(Vec::new())
            }
            Method::QuenchAnodeEffect => self.quench(index, arguments),
            Method::RequestOxideDose => self.dose(index, arguments),
            Method::ResetFault => self.reset_fault(index),
            Method::TakeOutOfService => {
                text(arguments, 0)?;
                let reason = "only a cold electrolyzer is taken out of service";
                self.change_phase(index, &[Phase::Cold], Phase::OutOfService, reason)
            }
            Method::ReturnToService => self.change_phase(
                index,
                &[Phase::OutOfService],
                Phase::Cold,
                "the electrolyzer is in service",
            ),
            _ => Err(Refusal::Unknown),
        }
    }

    fn change_phase(
        &mut self,
        index: usize,
        from: &[Phase],
        to: Phase,
        reason: &'static str,
    ) -> Outcome {
        if !from.contains(&self.status.electrolyzers[index].phase) {
            return Err(wrong_state(reason));
        }
        self.enter(index, to);
        Ok(Vec::new())
    }

    /// The electrolyzers that share a rectifier with `index`, itself included.
    pub(super) fn series(&self, index: usize) -> Vec<usize> {
        self.supplies[self.cells[index].rectifier].members.clone()
    }

    fn start(&mut self, roles: Roles, index: usize, arguments: &[Scalar]) -> Outcome {
        let rectifier = self.cells[index].rectifier;
        let most = 1.1 * self.supplies[rectifier].nominal_a / 1000.0;
        let target_ka = number(arguments, 0, 0.3 * most, most)?;
        let ramp = number(arguments, 1, 1.0, 120.0)?;
        for member in self.series(index) {
            let status = &self.status.electrolyzers[member];
            if !matches!(status.phase, Phase::Cold | Phase::HotStandby | Phase::CoolingDown) {
                return Err(wrong_state(
                    "electrolyzers of one rectifier start together, and one of them is not stopped",
                ));
            }
            if let Some(name) = self.cells[member].verdict.forbidding() {
                return Err(Refusal::Interlocked { name });
            }
        }
        if self.status.rectifiers[rectifier].state == TRIPPED {
            return Err(wrong_state("the rectifier is tripped: reset it first"));
        }
        self.write_current(roles, rectifier, target_ka).map_err(|refusal| match refusal {
            Refusal::OutOfRange { value, min, max } => {
                Refusal::ArgumentOutOfRange { index: 0, value, min, max }
            }
            other => other,
        })?;
        self.set_ramp(rectifier, ramp);
        self.status.rectifiers[rectifier].on = true;
        for member in self.series(index) {
            let cell = &self.cells[member];
            let hot = cell.estimate.temp_known()
                && cell.estimate.temp_c > cell.temp_bounds_c.0 - RESTART_K;
            let stands_by = self.status.electrolyzers[member].phase == Phase::HotStandby;
            self.enter(member, if hot && stands_by { Phase::Starting } else { Phase::Preheating });
        }
        Ok(Vec::new())
    }

    fn stop(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let mode = count(arguments, 0, 0, 2)?;
        text(arguments, 1)?;
        let phase = self.status.electrolyzers[index].phase;
        if !phase.is_energised() && phase != Phase::HotStandby {
            return Err(wrong_state("the electrolyzer is not energised"));
        }
        for member in self.series(index) {
            self.cells[member].sequence.keep_hot = mode == 1;
            self.enter(member, Phase::Stopping);
        }
        if mode == 2 {
            self.stopped_at_once[self.cells[index].rectifier] = true;
        }
        Ok(Vec::new())
    }

    fn hold(&mut self, index: usize) -> Outcome {
        if !Phase::Holding.may_follow(self.status.electrolyzers[index].phase) {
            return Err(wrong_state("only a running electrolyzer is held"));
        }
        for member in self.series(index) {
            self.enter(member, Phase::Holding);
        }
        Ok(Vec::new())
    }

    fn resume(&mut self, index: usize) -> Outcome {
        if self.status.electrolyzers[index].phase != Phase::Held {
            return Err(wrong_state("the electrolyzer is not held"));
        }
        let series = self.series(index);
        if let Some(name) = series.iter().find_map(|it| self.cells[*it].verdict.holding()) {
            return Err(Refusal::Interlocked { name });
        }
        if series.iter().any(|it| self.status.electrolyzers[*it].phase != Phase::Held) {
            return Err(wrong_state(
                "electrolyzers of one rectifier resume together, and one of them is not held",
            ));
        }
        for member in series {
            self.enter(member, Phase::Starting);
        }
        Ok(Vec::new())
    }

    fn begin_tap(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let most = 10.0 * self.status.electrolyzers[index].metal_estimate_kg.max(10.0);
        let planned = number(arguments, 0, 0.1, most)?;
        text(arguments, 1)?;
        let status = &mut self.status.electrolyzers[index];
        if status.phase != Phase::Running {
            return Err(wrong_state("a tap begins in Running"));
        }
        if self.cells[index].sequence.tap.is_some() {
            return Err(wrong_state("the tap before is still open: complete or abort it"));
        }
        if let Some(name) = self.cells[index].verdict.tapping() {
            return Err(Refusal::Interlocked { name });
        }
        let id = self.cells[index].sequence.begin_tap(status, planned, false);
        Ok(vec![Scalar::Text(id.as_str().into())])
    }

    fn check_tap(&self, index: usize, arguments: &[Scalar]) -> Result<(), Refusal> {
        let id = text(arguments, 0)?;
        match &self.cells[index].sequence.tap {
            None => Err(wrong_state("no tap is running")),
            Some(tap) if tap.id != id => Err(wrong_state("another tap is running: see its TapId")),
            Some(_) => Ok(()),
        }
    }

    fn complete_tap(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        self.check_tap(index, arguments)?;
        let gross = number(arguments, 1, 0.0, 10_000.0)?;
        let tare = number(arguments, 2, 0.0, gross)?;
        let moulds = count(arguments, 3, 0, MOULDS_MAX)?;
        text(arguments, 4)?;
        let status = &mut self.status.electrolyzers[index];
        let cell = &mut self.cells[index];
        let Some((id, _)) = cell.sequence.end_tap(status) else { return Err(Refusal::Unknown) };
        let net_kg = gross - tare;
        status.taps += 1;
        status.metal_tapped_kg += net_kg;
        status.last_tap_id = id.as_str().into();
        status.last_tap_net_kg = net_kg;
        status.last_tap_moulds = moulds as u32;
        cell.estimate.tapped(net_kg);
        let kind = EventKind::TapCompleted { id, net_kg };
        self.events.push(ControlEvent { electrolyzer: Some(index), kind });
        Ok(Vec::new())
    }

    fn abort_tap(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        self.check_tap(index, arguments)?;
        text(arguments, 1)?;
        let status = &mut self.status.electrolyzers[index];
        let ended = self.cells[index].sequence.end_tap(status);
        if let Some((id, drawn_kg)) = ended {
            // What was drawn is gone from the pool, also without a record.
            status.metal_tapped_kg += drawn_kg;
            self.cells[index].estimate.tapped(drawn_kg);
            let kind = EventKind::TapAborted { id };
            self.events.push(ControlEvent { electrolyzer: Some(index), kind });
        }
        Ok(Vec::new())
    }

    fn begin_anode_change(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let position = count(arguments, 0, 1, self.cells[index].anodes)?;
        let status = &mut self.status.electrolyzers[index];
        if !matches!(status.phase, Phase::Running | Phase::Held) {
            return Err(wrong_state("an anode change begins in Running or Held"));
        }
        if let Some(name) = self.cells[index].verdict.changing(status.phase == Phase::Held) {
            return Err(Refusal::Interlocked { name });
        }
        self.cells[index].sequence.begin_change(status, position - 1, false);
        Ok(Vec::new())
    }

    fn complete_anode_change(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let position = count(arguments, 0, 1, self.cells[index].anodes)?;
        text(arguments, 1)?;
        let thickness = number(arguments, 2, 30.0, 120.0)?;
        number(arguments, 3, 0.0, 500.0)?;
        let sequence = &mut self.cells[index].sequence;
        match &sequence.change {
            None => return Err(wrong_state("no anode change is running")),
            Some(it) if it.position != position - 1 => {
                return Err(wrong_state("another anode is being changed"));
            }
            Some(_) => {}
        }
        sequence.complete_change(thickness);
        Ok(Vec::new())
    }

    fn record_assay(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let lif = number(arguments, 1, 0.0, 30.0)?;
        let ref3 = number(arguments, 2, 60.0, 100.0)?;
        let oxide = number(arguments, 3, 0.0, 6.0)?;
        if lif + ref3 + oxide > ASSAY_MAX_PCT {
            return Err(wrong_state("the shares of the assay add up to more than 100 %"));
        }
        let status = &mut self.status.electrolyzers[index];
        status.assay_lif_pct = lif;
        status.assay_ref3_pct = ref3;
        status.assay_oxide_pct = oxide;
        self.cells[index].estimate.assay_oxide(oxide);
        Ok(Vec::new())
    }

    fn quench(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let dose = number(arguments, 0, 0.1, DOSE_FRAC * self.cells[index].bath_kg)?;
        if !self.status.electrolyzers[index].anode_effect_active {
            return Err(wrong_state("no anode effect burns"));
        }
        self.order_dose(index, dose)
    }

    fn dose(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let dose = number(arguments, 0, 0.05, DOSE_FRAC * self.cells[index].bath_kg)?;
        let status = &self.status.electrolyzers[index];
        if !matches!(status.phase, Phase::Running | Phase::AnodeEffect) {
            return Err(wrong_state("oxide is dosed in Running or during an anode effect"));
        }
        self.order_dose(index, dose)
    }

    /// Oxide to drop, unless an interlock stops the feed or enough is on its way already.
    pub(super) fn order_dose(&mut self, index: usize, dose_kg: f64) -> Outcome {
        let cell = &mut self.cells[index];
        if let Some(name) = cell.verdict.stopping() {
            return Err(Refusal::Interlocked { name });
        }
        if !self.status.electrolyzers[index].phase.makes_metal() {
            return Err(wrong_state("the electrolyzer makes no metal, so it needs no oxide"));
        }
        if dose_kg > cell.room_kg() {
            return Err(wrong_state("another dose is on its way"));
        }
        cell.shot_kg += dose_kg;
        Ok(Vec::new())
    }

    fn reset_fault(&mut self, index: usize) -> Outcome {
        let status = &self.status.electrolyzers[index];
        if status.phase != Phase::Faulted {
            return Err(wrong_state("the electrolyzer is not faulted"));
        }
        for member in self.series(index) {
            if let Some(name) = self.cells[member].verdict.tripping() {
                return Err(Refusal::Interlocked { name });
            }
        }
        self.supplies[self.cells[index].rectifier].reset = true;
        for member in self.series(index) {
            if self.status.electrolyzers[member].phase == Phase::Faulted {
                // Kept warm until somebody decides.
                self.cells[member].sequence.keep_hot = true;
                self.enter(member, Phase::HotStandby);
            }
        }
        Ok(Vec::new())
    }
}

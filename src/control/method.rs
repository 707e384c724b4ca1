//! Methods of electrolyzers (domain B7): what is asked, when it is allowed, what it does.

use crate::access::{Access, Roles};
use crate::control::write::allow;
use crate::control::{
    ControlEvent, Controls, EventKind, Method, Outcome, Phase, Refusal, Scalar, interlock,
};

/// Phases in which current flows or may flow.
pub(super) const ENERGISED: [Phase; 9] = [
    Phase::Preheating,
    Phase::Melting,
    Phase::Starting,
    Phase::Running,
    Phase::Tapping,
    Phase::ChangingAnode,
    Phase::AnodeEffect,
    Phase::Holding,
    Phase::Held,
];

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

/// A text, by position.
pub(super) fn text(arguments: &[Scalar], index: usize) -> Result<&str, Refusal> {
    match arguments.get(index) {
        Some(Scalar::Text(text)) => Ok(text),
        _ => Err(Refusal::Unknown),
    }
}

/// A whole number within its limits, by position.
fn count(arguments: &[Scalar], index: usize, min: usize, max: usize) -> Result<usize, Refusal> {
    let value = number(arguments, index, min as f64, max as f64)?;
    Ok(value as usize)
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
            Method::Hold => self.hold(index),
            Method::Resume => self.resume(index),
            Method::BeginTap => self.begin_tap(index, arguments),
            Method::CompleteTap => self.complete_tap(index, arguments),
            Method::AbortTap => self.abort_tap(index, arguments),
            Method::BeginAnodeChange => self.begin_anode_change(index, arguments),
            Method::CompleteAnodeChange => self.complete_anode_change(index, arguments),
            Method::AddElectrolyte => {
                let most = 0.2 * self.cells[index].bath_kg;
                self.cells[index].sequence.salt_kg += number(arguments, 1, 0.1, most)?;
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
            Method::TakeOutOfService => self.change_phase(
                index,
                &[Phase::Cold],
                Phase::OutOfService,
                "only a cold electrolyzer is taken out of service",
            ),
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
                return Err(wrong_state("an electrolyzer of this rectifier is not stopped"));
            }
            if let Some(name) = interlock::forbidding(&status.interlocks) {
                return Err(Refusal::Interlocked { name });
            }
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
            let hot =
                self.cells[member].estimate.temp_c > self.cells[member].temp_bounds_c.0 - 60.0;
            self.enter(member, if hot { Phase::Starting } else { Phase::Preheating });
        }
        Ok(Vec::new())
    }

    fn stop(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let mode = count(arguments, 0, 0, 2)?;
        if !ENERGISED.contains(&self.status.electrolyzers[index].phase) {
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
        let runs = matches!(
            self.status.electrolyzers[index].phase,
            Phase::Starting | Phase::Running | Phase::Tapping | Phase::AnodeEffect
        );
        if !runs {
            return Err(wrong_state("only a running electrolyzer is held"));
        }
        self.hold_series(index);
        Ok(Vec::new())
    }

    /// Brings all electrolyzers of a rectifier to hold.
    pub(super) fn hold_series(&mut self, index: usize) {
        for member in self.series(index) {
            let phase = self.status.electrolyzers[member].phase;
            let runs = matches!(
                phase,
                Phase::Starting
                    | Phase::Running
                    | Phase::Tapping
                    | Phase::ChangingAnode
                    | Phase::AnodeEffect
            );
            if runs {
                self.enter(member, Phase::Holding);
            }
        }
    }

    fn resume(&mut self, index: usize) -> Outcome {
        if !matches!(self.status.electrolyzers[index].phase, Phase::Held | Phase::Holding) {
            return Err(wrong_state("the electrolyzer is not held"));
        }
        for member in self.series(index) {
            if self.cells[member].verdict.hold {
                return Err(wrong_state(
                    "an interlock of this rectifier's electrolyzers asks for hold",
                ));
            }
        }
        for member in self.series(index) {
            if matches!(self.status.electrolyzers[member].phase, Phase::Held | Phase::Holding) {
                self.enter(member, Phase::Starting);
            }
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
        if let Some(name) = interlock::tapping(&status.interlocks) {
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
        let status = &mut self.status.electrolyzers[index];
        let cell = &mut self.cells[index];
        let Some((id, _)) = cell.sequence.end_tap(status) else { return Err(Refusal::Unknown) };
        let net_kg = gross - tare;
        status.taps += 1;
        status.metal_tapped_kg += net_kg;
        status.last_tap_id = id.as_str().into();
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
        let current = interlock::tapping(&status.interlocks);
        if let Some(name) = current.filter(|_| status.phase == Phase::Running) {
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
        let status = &mut self.status.electrolyzers[index];
        status.assay_lif_pct = lif;
        status.assay_ref3_pct = ref3;
        status.assay_oxide_pct = oxide;
        self.cells[index].estimate.assay_oxide(oxide);
        Ok(Vec::new())
    }

    fn quench(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let dose = number(arguments, 0, 0.1, 0.03 * self.cells[index].bath_kg)?;
        if !self.status.electrolyzers[index].anode_effect_active {
            return Err(wrong_state("no anode effect burns"));
        }
        self.cells[index].handler.ordered_kg += dose;
        Ok(Vec::new())
    }

    fn dose(&mut self, index: usize, arguments: &[Scalar]) -> Outcome {
        let dose = number(arguments, 0, 0.05, 0.02 * self.cells[index].bath_kg)?;
        let status = &self.status.electrolyzers[index];
        if !matches!(status.phase, Phase::Running | Phase::AnodeEffect) {
            return Err(wrong_state("oxide is dosed in Running or during an anode effect"));
        }
        if let Some(name) = interlock::stopping(&status.interlocks) {
            return Err(Refusal::Interlocked { name });
        }
        self.cells[index].shot_kg += dose;
        Ok(Vec::new())
    }

    fn reset_fault(&mut self, index: usize) -> Outcome {
        let status = &self.status.electrolyzers[index];
        if status.phase != Phase::Faulted {
            return Err(wrong_state("the electrolyzer is not faulted"));
        }
        for member in self.series(index) {
            let active = &self.status.electrolyzers[member].interlocks;
            if self.cells[member].verdict.trip
                && let Some(name) = interlock::limiting(active)
            {
                return Err(Refusal::Interlocked { name });
            }
        }
        self.supplies[self.cells[index].rectifier].reset = true;
        for member in self.series(index) {
            if self.status.electrolyzers[member].phase == Phase::Faulted {
                self.enter(member, Phase::HotStandby);
            }
        }
        Ok(Vec::new())
    }
}

//! Methods of feeders, rectifiers and lines (domain B7).

use crate::access::{Access, Roles};
use crate::control::electrolyzer::DOSE_FRAC;
use crate::control::estimate::believed;
use crate::control::feeder::FeederOrder;
use crate::control::method::{number, text};
use crate::control::write::allow;
use crate::control::{
    ControlEvent, Controls, EventKind, FeedMode, Method, Outcome, Phase, Refusal, Scalar,
};
use crate::field::FeederInputs;

impl Controls {
    /// A method of feeder `index`.
    pub(super) fn call_feeder(
        &mut self,
        roles: Roles,
        index: usize,
        method: Method,
        arguments: &[Scalar],
    ) -> Outcome {
        if index >= self.cells.len() {
            return Err(Refusal::Unknown);
        }
        let engineers = method == Method::Calibrate;
        allow(roles, if engineers { Access::Engineer } else { Access::Operator })?;
        let inputs = self.seen_feeders.get(index).copied().unwrap_or_default();
        let cell = &mut self.cells[index];
        let status = &mut self.status.feeders[index];
        let electrolyzer = &mut self.status.electrolyzers[index];
        match method {
            Method::DischargeStart => {
                if electrolyzer.feed_mode != FeedMode::Off {
                    return Err(Refusal::InvalidState { reason: "the feeder is not off" });
                }
                if let Some(name) = cell.verdict.stopping() {
                    return Err(Refusal::Interlocked { name });
                }
                electrolyzer.feed_mode = FeedMode::Manual;
                cell.manual = FeederOrder::Flow(electrolyzer.base_feed_g_min);
            }
            Method::DischargeStop => electrolyzer.feed_mode = FeedMode::Off,
            Method::RefillStart => {
                may_refill(cell.verdict.refilling(), &inputs)?;
                cell.feeder.refill(None, &inputs);
            }
            Method::RefillStop => cell.feeder.refill_wanted = false,
            Method::Refill => {
                let lot = text(arguments, 0)?;
                let mass = number(arguments, 1, 0.1, cell.hopper_kg)?;
                if lot.trim().is_empty() {
                    return Err(Refusal::InvalidState { reason: "name the lot" });
                }
                // It names the lot that I13 misses; a trip forbids it all the same.
                may_refill(cell.verdict.tripping(), &inputs)?;
                status.lot = lot.into();
                cell.feeder.refill(Some(mass), &inputs);
            }
            Method::FeedShot => {
                let mass = number(arguments, 0, 0.05, DOSE_FRAC * cell.bath_kg)?;
                return self.order_dose(index, mass);
            }
            Method::Calibrate | Method::SetZero | Method::SetTare => {
                return self.scale(index, method, arguments);
            }
            Method::ClearTare => status.tare_kg = 0.0,
            Method::ResetTotalizer => status.totalizer_kg = 0.0,
            Method::ResetFault => cell.feeder.reset(),
            _ => return Err(Refusal::Unknown),
        }
        Ok(Vec::new())
    }

    /// The methods that need the scale.
    fn scale(&mut self, index: usize, method: Method, arguments: &[Scalar]) -> Outcome {
        let inputs = self.seen_feeders.get(index).copied().unwrap_or_default();
        let bad = Refusal::InvalidState { reason: "the scale is bad" };
        let weight = believed(inputs.hopper_weight_kg).filter(|_| !inputs.load_cell_failed);
        let weight = weight.ok_or(bad)?;
        let now_s = self.clock_s;
        let cell = &mut self.cells[index];
        let status = &mut self.status.feeders[index];
        match method {
            Method::Calibrate => {
                let test_kg = number(arguments, 0, 0.05, 20.0)?;
                // A minute of the present flow is weighed against the test mass.
                let claimed_kg = status.flow_g_min / 1000.0;
                if claimed_kg <= 0.0 {
                    return Err(Refusal::InvalidState { reason: "the feeder is not feeding" });
                }
                let deviation = cell.feeder.calibrate(test_kg, claimed_kg);
                status.calibrated_at_s = now_s;
                return Ok(vec![Scalar::Number(deviation)]);
            }
            Method::SetZero if weight > 0.02 * cell.hopper_kg => {
                return Err(Refusal::InvalidState { reason: "the hopper is not empty" });
            }
            Method::SetZero => status.zero_drift_g = 1000.0 * weight,
            _ => {
                status.tare_kg = weight;
                status.tared_at_s = now_s;
            }
        }
        Ok(Vec::new())
    }

    /// A method of rectifier `index`.
    pub(super) fn call_rectifier(
        &mut self,
        roles: Roles,
        index: usize,
        method: Method,
        arguments: &[Scalar],
    ) -> Outcome {
        if index >= self.supplies.len() {
            return Err(Refusal::Unknown);
        }
        let supervises = method == Method::ResetTrip;
        allow(roles, if supervises { Access::Supervisor } else { Access::Operator })?;
        let members = self.supplies[index].members.clone();
        match method {
            Method::SwitchOn => {
                for member in &members {
                    if let Some(name) = self.cells[*member].verdict.tripping() {
                        return Err(Refusal::Interlocked { name });
                    }
                }
                self.status.rectifiers[index].on = true;
            }
            Method::SwitchOff => {
                text(arguments, 0)?;
                let energised = |it: &usize| {
                    let phase = self.status.electrolyzers[*it].phase;
                    phase.is_energised() || phase == Phase::Stopping
                };
                if members.iter().any(energised) {
                    return Err(Refusal::InvalidState {
                        reason: "electrolyzers of this rectifier run: stop them first",
                    });
                }
                self.status.rectifiers[index].on = false;
            }
            Method::SetCurrent => {
                let ramp = number(arguments, 1, 1.0, 120.0)?;
                let most = 1.1 * self.supplies[index].nominal_a / 1000.0;
                let current = number(arguments, 0, 0.0, most)?;
                self.write_current(roles, index, current).map_err(|refusal| match refusal {
                    Refusal::OutOfRange { value, min, max } => {
                        Refusal::ArgumentOutOfRange { index: 0, value, min, max }
                    }
                    other => other,
                })?;
                self.set_ramp(index, ramp);
            }
            Method::ResetTrip => {
                for member in &members {
                    if let Some(name) = self.cells[*member].verdict.tripping() {
                        return Err(Refusal::Interlocked { name });
                    }
                }
                self.supplies[index].reset = true;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Vec::new())
    }

    /// A method of line `index`.
    pub(super) fn call_line(
        &mut self,
        roles: Roles,
        index: usize,
        method: Method,
        arguments: &[Scalar],
    ) -> Outcome {
        let status = self.status.lines.get_mut(index).ok_or(Refusal::Unknown)?;
        allow(roles, Access::Supervisor)?;
        match method {
            Method::StartShift => {
                let id = text(arguments, 0)?;
                text(arguments, 1)?;
                if !status.shift.is_empty() {
                    return Err(Refusal::InvalidState {
                        reason: "a shift is running: end it first",
                    });
                }
                status.shift = id.into();
                let kind = EventKind::Shift { id: id.to_owned(), began: true };
                self.events.push(ControlEvent { electrolyzer: None, kind });
                Ok(Vec::new())
            }
            Method::EndShift => {
                text(arguments, 0)?;
                if status.shift.is_empty() {
                    return Err(Refusal::InvalidState { reason: "no shift is running" });
                }
                self.shifts += 1;
                let report = format!("{}-report-{}", status.shift, self.shifts);
                status.shift = "".into();
                let kind = EventKind::Shift { id: report.clone(), began: false };
                self.events.push(ControlEvent { electrolyzer: None, kind });
                Ok(vec![Scalar::Text(report.as_str().into())])
            }
            Method::EmergencyReduce => {
                let part = number(arguments, 0, 0.0, 100.0)? / 100.0;
                let of_line: Vec<usize> =
                    self.cells.iter().filter(|it| it.line == index).map(|it| it.index).collect();
                for cell in of_line {
                    let nominal = self.cells[cell].nominal_a / 1000.0;
                    if self.status.electrolyzers[cell].phase.is_energised() {
                        let status = &mut self.status.electrolyzers[cell];
                        status.current_setpoint_ka = status.current_setpoint_ka.min(part * nominal);
                    }
                }
                Ok(Vec::new())
            }
            _ => Err(Refusal::Unknown),
        }
    }
}

/// Refuses a refill that an interlock or an open door forbids.
fn may_refill(interlock: Option<&'static str>, inputs: &FeederInputs) -> Result<(), Refusal> {
    if let Some(name) = interlock {
        return Err(Refusal::Interlocked { name });
    }
    if !inputs.door_closed {
        return Err(Refusal::InvalidState { reason: "the hopper door is open" });
    }
    Ok(())
}

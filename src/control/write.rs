//! Setpoints: who may write what, within which limits, and when not.

use crate::access::{Access, Roles};
use crate::control::electrolyzer::Electrolyzer;
use crate::control::feeder::FeederOrder;
use crate::control::{Controls, FeedMode, LoopMode, Phase, Refusal, Setpoint, Target};

/// Room of an Operator around the nominal current, fraction, and around the product's temperature, K.
pub(super) const OPERATOR_FRAC: f64 = 0.05;
const OPERATOR_K: f64 = 10.0;
/// Largest current setpoint, part of nominal.
const MOST_FRAC: f64 = 1.1;
/// Fastest screw, r/min.
const FASTEST_RPM: f64 = 200.0;

/// Modes by their numbers.
const LOOP_MODES: [LoopMode; 4] =
    [LoopMode::Off, LoopMode::Manual, LoopMode::Auto, LoopMode::Cascade];
const FEED_MODES: [FeedMode; 4] =
    [FeedMode::Off, FeedMode::Manual, FeedMode::Base, FeedMode::DemandFeed];

/// Refuses what is outside; NaN is outside of everything.
pub(super) fn within(value: f64, min: f64, max: f64) -> Result<f64, Refusal> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(Refusal::OutOfRange { value, min, max })
    }
}

/// Refuses who lacks the right.
pub(super) fn allow(roles: Roles, access: Access) -> Result<(), Refusal> {
    if roles.may_write(access) {
        return Ok(());
    }
    Err(Refusal::AccessDenied { needed: access.name() })
}

/// A mode from its number.
fn mode<T: Copy>(value: f64, modes: [T; 4]) -> Result<T, Refusal> {
    let number = within(value, 0.0, 3.0)?;
    if number.fract() != 0.0 {
        return Err(Refusal::OutOfRange { value, min: 0.0, max: 3.0 });
    }
    Ok(modes[number as usize])
}

impl Controls {
    /// Writes one setpoint, or says why not and changes nothing.
    pub(super) fn write(
        &mut self,
        roles: Roles,
        target: Target,
        setpoint: Setpoint,
        value: f64,
    ) -> Result<(), Refusal> {
        match (target, setpoint) {
            (Target::Electrolyzer(index), Setpoint::Current) => {
                let rectifier = self.cells.get(index).ok_or(Refusal::Unknown)?.rectifier;
                self.write_current(roles, rectifier, value)
            }
            (Target::Electrolyzer(index), Setpoint::CurrentRampRate) => {
                let rectifier = self.cells.get(index).ok_or(Refusal::Unknown)?.rectifier;
                allow(roles, Access::Engineer)?;
                let rate = within(value, 1.0, 120.0)?;
                self.set_ramp(rectifier, rate);
                Ok(())
            }
            (Target::Electrolyzer(index), _) => self.write_cell(roles, index, setpoint, value),
            (Target::Anode { electrolyzer, position }, Setpoint::AnodeLift) => {
                allow(roles, Access::Operator)?;
                let lift = within(value, 0.0, 400.0)?;
                let status = self.status.electrolyzers.get_mut(electrolyzer);
                let found = status.and_then(|it| it.anode_lift_setpoint_mm.get_mut(position));
                *found.ok_or(Refusal::Unknown)? = lift;
                Ok(())
            }
            (Target::Feeder(index), _) => self.write_feeder(roles, index, setpoint, value),
            (Target::Rectifier(index), Setpoint::CurrentReference) => {
                self.write_current(roles, index, value)
            }
            (Target::Rectifier(index), Setpoint::VoltageLimit) => {
                let ceiling = self.supplies.get(index).ok_or(Refusal::Unknown)?.ceiling_v;
                allow(roles, Access::Engineer)?;
                self.status.rectifiers[index].voltage_limit_v = within(value, 10.0, ceiling)?;
                Ok(())
            }
            (Target::AlarmFixture, _) => self.write_fixture(roles, setpoint, value),
            _ => Err(Refusal::Unknown),
        }
    }

    fn write_fixture(
        &mut self,
        roles: Roles,
        setpoint: Setpoint,
        value: f64,
    ) -> Result<(), Refusal> {
        allow(roles, Access::Operator)?;
        let fixture = &mut self.status.fixture;
        let is_on = value != 0.0;
        match setpoint {
            Setpoint::FixtureAnalog => fixture.analog = within(value, -1e6, 1e6)?,
            Setpoint::FixtureSetpoint => fixture.setpoint = within(value, -1e6, 1e6)?,
            Setpoint::FixtureBoolean => fixture.boolean = is_on,
            Setpoint::FixtureFailed => fixture.failed = is_on,
            Setpoint::FixtureSuppressed => fixture.suppressed = is_on,
            Setpoint::FixtureAsks => fixture.asks = is_on,
            _ => return Err(Refusal::Unknown),
        }
        Ok(())
    }

    /// One setpoint for all electrolyzers of a rectifier, kA: they are in series and share the current, so a
    /// write to any of them, or to the rectifier's reference, is one for all, and an interlock of any of them
    /// refuses a rise.
    pub(super) fn write_current(
        &mut self,
        roles: Roles,
        rectifier: usize,
        value_ka: f64,
    ) -> Result<(), Refusal> {
        let supply = self.supplies.get(rectifier).ok_or(Refusal::Unknown)?;
        allow(roles, Access::Operator)?;
        let nominal = supply.nominal_a / 1000.0;
        let (low, high) = if roles.may_write(Access::Supervisor) {
            (0.0, MOST_FRAC)
        } else {
            (1.0 - OPERATOR_FRAC, 1.0 + OPERATOR_FRAC)
        };
        let value = within(value_ka, low * nominal, high * nominal)?;
        for member in &supply.members {
            let status = &self.status.electrolyzers[*member];
            if status.phase == Phase::OutOfService {
                return Err(Refusal::InvalidState {
                    reason: "electrolyzers of one rectifier share its current, and one of them is out of service",
                });
            }
            if let Some(name) = self.cells[*member].verdict.limiting()
                && value > status.current_demand_ka
            {
                return Err(Refusal::Interlocked { name });
            }
        }
        for member in supply.members.clone() {
            self.status.electrolyzers[member].current_setpoint_ka = value;
        }
        Ok(())
    }

    /// One ramp for all electrolyzers of a rectifier, % of nominal per minute.
    pub(super) fn set_ramp(&mut self, rectifier: usize, pct_min: f64) {
        let supply = &mut self.supplies[rectifier];
        supply.ramp_frac_s = pct_min / 6000.0;
        for member in supply.members.clone() {
            self.status.electrolyzers[member].current_ramp_pct_min = pct_min;
        }
    }

    /// Writes several parameters of an electrolyzer, or says why not and changes nothing. Only those that an
    /// Engineer writes and that nothing but their limits can refuse go together.
    pub(super) fn write_all(
        &mut self,
        roles: Roles,
        index: usize,
        values: &[(Setpoint, f64)],
    ) -> Result<(), Refusal> {
        let cell = self.cells.get(index).ok_or(Refusal::Unknown)?;
        allow(roles, Access::Engineer)?;
        for (setpoint, value) in values {
            let (min, max) = match setpoint {
                Setpoint::BaseFeedRate => (0.0, cell.feed_max_g_min),
                other => limits(*other, cell).ok_or(Refusal::Unknown)?,
            };
            within(*value, min, max)?;
        }
        for (setpoint, value) in values {
            self.write_cell(roles, index, *setpoint, *value)?;
        }
        Ok(())
    }

    fn write_cell(
        &mut self,
        roles: Roles,
        index: usize,
        setpoint: Setpoint,
        value: f64,
    ) -> Result<(), Refusal> {
        let cell = self.cells.get_mut(index).ok_or(Refusal::Unknown)?;
        let status = &mut self.status.electrolyzers[index];
        match setpoint {
            Setpoint::Temperature => {
                allow(roles, Access::Operator)?;
                status.temp_setpoint_c = temperature(cell, roles, value)?;
            }
            Setpoint::TemperatureControlMode => {
                allow(roles, Access::Operator)?;
                let wanted = mode(value, LOOP_MODES)?;
                let acts = |it| matches!(it, LoopMode::Auto | LoopMode::Cascade);
                if acts(wanted) && !acts(status.temp_mode) {
                    cell.temperature.take_over();
                }
                status.temp_mode = wanted;
            }
            Setpoint::FeedControlMode => {
                allow(roles, Access::Operator)?;
                let wanted = mode(value, FEED_MODES)?;
                if wanted == FeedMode::Manual && status.feed_mode != FeedMode::Manual {
                    // Bumpless: manual begins at the flow of the moment.
                    cell.manual = FeederOrder::Flow(self.status.feeders[index].target_g_min);
                }
                status.feed_mode = wanted;
            }
            Setpoint::BaseFeedRate => {
                allow(roles, Access::Engineer)?;
                let flow = within(value, 0.0, cell.feed_max_g_min)?;
                // Zero gives the word back to the coulomb count.
                cell.base_g_min = (flow > 0.0).then_some(flow);
                status.base_feed_g_min = flow;
            }
            _ => {
                let (min, max) = limits(setpoint, cell).ok_or(Refusal::Unknown)?;
                allow(roles, Access::Engineer)?;
                let value = within(value, min, max)?;
                *place(setpoint, status).ok_or(Refusal::Unknown)? = value;
                if setpoint == Setpoint::BackVoltage {
                    // The resistance steps with it, and a step is no slope.
                    cell.demand.disturb();
                }
            }
        }
        Ok(())
    }

    fn write_feeder(
        &mut self,
        roles: Roles,
        index: usize,
        setpoint: Setpoint,
        value: f64,
    ) -> Result<(), Refusal> {
        let cell = self.cells.get_mut(index).ok_or(Refusal::Unknown)?;
        let status = &self.status.electrolyzers[index];
        let order = match setpoint {
            Setpoint::TargetFlowRate => {
                allow(roles, Access::Operator)?;
                FeederOrder::Flow(within(value, 0.0, cell.feed_max_g_min)?)
            }
            Setpoint::SpeedSetpoint => {
                allow(roles, Access::Operator)?;
                FeederOrder::Speed(within(value, 0.0, FASTEST_RPM)?)
            }
            _ => return Err(Refusal::Unknown),
        };
        if status.feed_mode != FeedMode::Manual {
            return Err(Refusal::InvalidState {
                reason: "the feed is not in Manual: write FeedControlMode 1 first",
            });
        }
        if let Some(name) = cell.verdict.stopping()
            && value > 0.0
        {
            return Err(Refusal::Interlocked { name });
        }
        cell.manual = order;
        let feeder = &mut self.status.feeders[index];
        match order {
            FeederOrder::Flow(flow) => feeder.target_g_min = flow,
            FeederOrder::Speed(rpm) => feeder.speed_setpoint_rpm = rpm,
            FeederOrder::Stop => {}
        }
        Ok(())
    }
}

fn temperature(cell: &Electrolyzer, roles: Roles, value: f64) -> Result<f64, Refusal> {
    let (low, high) = cell.temp_bounds_c;
    if roles.may_write(Access::Engineer) {
        return within(value, low, high);
    }
    let near = cell.temp_nominal_c;
    within(value, low.max(near - OPERATOR_K), high.min(near + OPERATOR_K))
}

/// Limits of the parameters that an Engineer writes; units as the tag shows them.
fn limits(setpoint: Setpoint, cell: &Electrolyzer) -> Option<(f64, f64)> {
    Some(match setpoint {
        Setpoint::UnderfeedFactor => (0.3, 1.0),
        Setpoint::OverfeedFactor => (1.0, 2.0),
        Setpoint::OverfeedDuration => (1.0, 240.0),
        Setpoint::SlopeThreshold => (0.001, 5.0),
        Setpoint::SlopeWindow => (120.0, 3600.0),
        Setpoint::UnderfeedMax => (5.0, 480.0),
        Setpoint::ReferenceVoltage => (4.0, 14.0),
        Setpoint::BackVoltage => (1.0, 4.0),
        Setpoint::AnodeEffectVoltageThreshold => (0.5, 10.0),
        Setpoint::AnodeEffectDose => (0.0, 0.03 * cell.bath_kg),
        Setpoint::AnodeEffectCurrentReduction => (20.0, 100.0),
        Setpoint::CathodeDiameter => (40.0, 130.0),
        _ => return None,
    })
}

/// Where such a parameter is kept.
fn place(setpoint: Setpoint, status: &mut crate::control::ElectrolyzerStatus) -> Option<&mut f64> {
    Some(match setpoint {
        Setpoint::UnderfeedFactor => &mut status.underfeed_factor,
        Setpoint::OverfeedFactor => &mut status.overfeed_factor,
        Setpoint::OverfeedDuration => &mut status.overfeed_min,
        Setpoint::SlopeThreshold => &mut status.slope_threshold_uohm_min,
        Setpoint::SlopeWindow => &mut status.slope_window_s,
        Setpoint::UnderfeedMax => &mut status.underfeed_max_min,
        Setpoint::ReferenceVoltage => &mut status.reference_voltage_v,
        Setpoint::BackVoltage => &mut status.back_voltage_v,
        Setpoint::AnodeEffectVoltageThreshold => &mut status.anode_effect_rise_v,
        Setpoint::AnodeEffectDose => &mut status.anode_effect_dose_kg,
        Setpoint::AnodeEffectCurrentReduction => &mut status.anode_effect_current_pct,
        Setpoint::CathodeDiameter => &mut status.cathode_diameter_mm,
        _ => return None,
    })
}

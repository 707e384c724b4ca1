//! Which commands are hazardous (domain A6).

use crate::access::Access;
use crate::config::{Hazard, PlantConfig};
use crate::control::supply::nominal_a;
use crate::control::write::OPERATOR_FRAC;
use crate::control::{Command, Method, Order, Scalar, Setpoint, Target};

/// What is hazardous about a command, and who may give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Danger {
    /// Why it is.
    pub hazard: Hazard,
    /// The least role that may give it.
    pub access: Access,
}

/// Knows hazardous commands of one plant.
#[derive(Clone, Debug)]
pub struct Hazards {
    /// Nominal current of each rectifier, kA.
    nominal_ka: Vec<f64>,
    /// The rectifier of each electrolyzer.
    rectifier: Vec<usize>,
    /// A current setpoint above this part of nominal is hazardous.
    above_frac: f64,
}

impl Hazards {
    /// For `plant`; a current setpoint is hazardous above `current_above_pct` of nominal.
    pub fn new(plant: &PlantConfig, current_above_pct: f64) -> Self {
        let nominal = (0..plant.rectifiers.len()).map(|it| nominal_a(plant, it) / 1000.0);
        Self {
            nominal_ka: nominal.collect(),
            rectifier: plant.electrolyzers.iter().map(|it| it.rectifier).collect(),
            above_frac: current_above_pct / 100.0,
        }
    }

    /// What is hazardous about a command; `None` if nothing is.
    pub fn of(&self, command: &Command) -> Option<Danger> {
        match (&command.order, command.target) {
            (Order::Write { setpoint, value }, target) => {
                let is_current = matches!(setpoint, Setpoint::Current | Setpoint::CurrentReference);
                if is_current { self.of_current(target, *value) } else { None }
            }
            (Order::Call { method: Method::SetCurrent, arguments }, target) => {
                let Some(Scalar::Number(value)) = arguments.first() else { return None };
                self.of_current(target, *value)
            }
            (Order::Call { method, .. }, Target::Electrolyzer(_)) => Self::of_answer(*method),
            (Order::Call { method, .. }, Target::Rectifier(_)) => match method {
                Method::SwitchOn => Some(danger(Hazard::SwitchOn, Access::Operator)),
                Method::ResetTrip => Some(danger(Hazard::ResetTrip, Access::Supervisor)),
                _ => None,
            },
            (Order::Call { .. } | Order::WriteAll { .. }, _) => None,
        }
    }

    /// What is hazardous about a method of an electrolyzer, also as the answer to one of its dialogs.
    pub fn of_answer(method: Method) -> Option<Danger> {
        Some(match method {
            Method::Start => danger(Hazard::Start, Access::Operator),
            Method::Resume => danger(Hazard::Resume, Access::Operator),
            Method::ResetFault => danger(Hazard::ResetFault, Access::Operator),
            Method::ReturnToService => danger(Hazard::ReturnToService, Access::Supervisor),
            _ => return None,
        })
    }

    /// Above the bound it is hazardous, wherever the setpoint stands at the moment: what is read before and acted on
    /// later would leave a gap.
    fn of_current(&self, target: Target, value_ka: f64) -> Option<Danger> {
        let rectifier = match target {
            Target::Electrolyzer(index) => *self.rectifier.get(index)?,
            Target::Rectifier(index) => index,
            Target::Plant
            | Target::Line(_)
            | Target::Anode { .. }
            | Target::Feeder(_)
            | Target::AlarmFixture => return None,
        };
        let nominal_ka = self.nominal_ka.get(rectifier)?;
        let is_normal = value_ka <= self.above_frac * nominal_ka;
        let operator_max_ka = (1.0 + OPERATOR_FRAC) * nominal_ka;
        let access = if value_ka > operator_max_ka { Access::Supervisor } else { Access::Operator };
        (!is_normal).then(|| danger(Hazard::RaiseCurrent, access))
    }
}

fn danger(hazard: Hazard, access: Access) -> Danger {
    Danger { hazard, access }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Actor, Roles};
    use crate::config::default_plant;

    fn of(target: Target, order: Order) -> Option<Hazard> {
        let actor = Actor { name: "olga".into(), roles: Roles::NONE };
        let hazards = Hazards::new(&default_plant(), 105.0);
        hazards.of(&Command { actor, target, order }).map(|it| it.hazard)
    }

    fn call(target: Target, method: Method) -> Option<Hazard> {
        of(target, Order::Call { method, arguments: Vec::new() })
    }

    #[test]
    fn what_energises_or_frees_a_device_is_hazardous() {
        let (cell, rectifier) = (Target::Electrolyzer(0), Target::Rectifier(0));
        for (target, method, hazard) in [
            (cell, Method::Start, Hazard::Start),
            (cell, Method::Resume, Hazard::Resume),
            (cell, Method::ResetFault, Hazard::ResetFault),
            (cell, Method::ReturnToService, Hazard::ReturnToService),
            (rectifier, Method::SwitchOn, Hazard::SwitchOn),
            (rectifier, Method::ResetTrip, Hazard::ResetTrip),
        ] {
            assert_eq!(call(target, method), Some(hazard), "{method:?}");
        }
    }

    #[test]
    fn nothing_stands_between_a_person_and_a_stop() {
        let cell = Target::Electrolyzer(0);
        for (target, method) in [
            (cell, Method::Stop),
            (cell, Method::Hold),
            (cell, Method::QuenchAnodeEffect),
            (cell, Method::TakeOutOfService),
            (Target::Rectifier(0), Method::SwitchOff),
            (Target::Line(0), Method::EmergencyReduce),
            (Target::Feeder(0), Method::DischargeStop),
            (Target::Feeder(0), Method::RefillStop),
            // Of a feeder, not of an electrolyzer: it makes a screw turn again.
            (Target::Feeder(0), Method::ResetFault),
        ] {
            assert_eq!(call(target, method), None, "{method:?}");
        }
    }

    #[test]
    fn a_current_is_hazardous_above_the_bound_whichever_way_it_comes() {
        let (cell, rectifier) = (Target::Electrolyzer(0), Target::Rectifier(0));
        for (value, hazard) in [
            (10.5, None),
            (10.51, Some(Hazard::RaiseCurrent)),
            (f64::NAN, Some(Hazard::RaiseCurrent)),
        ] {
            let write = |setpoint| Order::Write { setpoint, value };
            let arguments = vec![Scalar::Number(value), Scalar::Number(5.0)];
            let method = Order::Call { method: Method::SetCurrent, arguments };
            assert_eq!(of(cell, write(Setpoint::Current)), hazard, "{value}");
            assert_eq!(of(rectifier, write(Setpoint::CurrentReference)), hazard, "{value}");
            assert_eq!(of(rectifier, method), hazard, "{value}");
        }
        let temperature = Order::Write { setpoint: Setpoint::Temperature, value: 1100.0 };
        assert_eq!(of(cell, temperature), None);
    }
}

//! A terminal strip made by hand: one electrolyzer that runs as it should.

use cellhouse::access::{Actor, Role, Roles};
use cellhouse::config::{self, PlantConfig};
use cellhouse::control::{Command, Controls, Method, Order, Outcome, Scalar, Setpoint, Target};
use cellhouse::field::{Inputs, Outputs, Reading};

/// The default plant cut down to one electrolyzer of 10 kA.
pub(crate) fn config() -> PlantConfig {
    let mut plant = config::default_plant();
    plant.lines.truncate(1);
    plant.electrolyzers.truncate(1);
    plant.rectifiers.truncate(1);
    plant
}

/// Controls, what they see, and what they do.
pub(crate) struct Strip {
    pub(crate) controls: Controls,
    pub(crate) inputs: Inputs,
    pub(crate) outputs: Outputs,
}

impl Strip {
    pub(crate) fn new() -> Self {
        Self::with(&config())
    }

    /// The same instruments at every electrolyzer of `plant`.
    pub(crate) fn with(plant: &PlantConfig) -> Self {
        let mut inputs = Inputs::default();
        inputs.electrolyzers.resize_with(1, Default::default);
        inputs.feeders.resize_with(1, Default::default);
        inputs.rectifiers.resize_with(1, Default::default);
        inputs.halls.resize_with(1, Default::default);
        let cell = &mut inputs.electrolyzers[0];
        cell.bath_temp_c = Reading::good(1050.0);
        cell.lining_temp_c = [Reading::good(700.0); 4];
        cell.cell_voltage_v = Reading::good(9.12);
        cell.cell_current_a = Reading::good(10_000.0);
        cell.bath_level_mm = Reading::good(580.0);
        cell.metal_level_mm = Reading::good(40.0);
        cell.anodes.resize_with(6, Default::default);
        for anode in &mut cell.anodes {
            anode.thickness_mm = Reading::good(60.0);
            anode.lift_mm = Reading::good(100.0);
        }
        inputs.feeders[0].hopper_weight_kg = Reading::good(80.0);
        inputs.feeders[0].speed_rpm = Reading::good(40.0);
        inputs.feeders[0].door_closed = true;
        inputs.rectifiers[0].ready = true;
        inputs.rectifiers[0].heatsink_temp_c = Reading::good(50.0);
        inputs.fume.fan_running = true;
        inputs.fume.duct_pressure_pa = Reading::good(-900.0);
        let count = plant.electrolyzers.len();
        let (cell, feeder) = (inputs.electrolyzers[0].clone(), inputs.feeders[0]);
        inputs.electrolyzers.resize(count, cell);
        inputs.feeders.resize(count, feeder);
        let rectifier = inputs.rectifiers[0];
        inputs.rectifiers.resize(plant.rectifiers.len(), rectifier);
        Self { controls: Controls::new(plant), inputs, outputs: Outputs::default() }
    }

    pub(crate) fn run(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.controls.scan(&self.inputs, &mut self.outputs, 1.0);
        }
    }

    pub(crate) fn write(&mut self, role: Role, setpoint: Setpoint, value: f64) -> Outcome {
        let target = match setpoint {
            Setpoint::TargetFlowRate | Setpoint::SpeedSetpoint => Target::Feeder(0),
            Setpoint::CurrentReference | Setpoint::VoltageLimit => Target::Rectifier(0),
            Setpoint::AnodeLift => Target::Anode { electrolyzer: 0, position: 0 },
            _ => Target::Electrolyzer(0),
        };
        self.order(role, target, Order::Write { setpoint, value })
    }

    pub(crate) fn call(&mut self, method: Method, arguments: Vec<Scalar>) -> Outcome {
        self.order(Role::Engineer, Target::Electrolyzer(0), Order::Call { method, arguments })
    }

    pub(crate) fn order(&mut self, role: Role, target: Target, order: Order) -> Outcome {
        let actor = Actor { name: "test".into(), roles: Roles::NONE.with(role) };
        self.controls.command(&Command { actor, target, order })
    }
}

/// A text argument.
pub(crate) fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}

//! The fixture's alarms on a small plant whose time the test makes.

use std::sync::Arc;

use cellhouse::access::{Actor, Role, Roles};
use cellhouse::alarm::{
    AlarmCommand, AlarmIndex, AlarmOrder, AlarmRefusal, AlarmState, Notice, Remark,
};
use cellhouse::control::{Command, Order, Setpoint, Target};
use cellhouse::engine::Engine;

use crate::support::{Size, engine, plant};

pub(crate) fn actor(role: Role) -> Actor {
    Actor { name: "olga".into(), roles: Roles::NONE.with(role) }
}

/// An engine with the fixture, and what its alarms have told.
pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) told: Vec<Notice>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let mut plant = plant(Size::Ka6, 1);
        plant.alarm_fixture = true;
        let mut rig = Self { engine: engine(plant), told: Vec::new() };
        rig.run(1);
        rig
    }

    /// Scans of 1 s.
    pub(crate) fn run(&mut self, scans: u32) {
        for _ in 0..scans {
            let snapshot = Arc::clone(self.engine.scan());
            self.told.extend(snapshot.notices.iter().cloned());
        }
    }

    pub(crate) fn write(&mut self, setpoint: Setpoint, value: f64) {
        let order = Order::Write { setpoint, value };
        let actor = actor(Role::Operator);
        self.engine.command(&Command { actor, target: Target::AlarmFixture, order }).unwrap();
    }

    /// Writes BooleanSource and lets it be judged.
    pub(crate) fn switch(&mut self, on: bool) {
        self.write(Setpoint::FixtureBoolean, f64::from(u8::from(on)));
        self.run(1);
    }

    pub(crate) fn alarm(&self, name: &str) -> AlarmIndex {
        let path = format!("AlarmFixture.Alarms.{name}");
        self.engine.alarms().table().by_path(self.engine.table(), &path).expect("an alarm")
    }

    pub(crate) fn state(&self, name: &str) -> &AlarmState {
        self.engine.alarms().state(self.alarm(name))
    }

    /// What an engineer asks, who may do everything.
    pub(crate) fn order(&mut self, name: &str, order: AlarmOrder) -> Result<(), AlarmRefusal> {
        self.order_as(Role::Engineer, name, order)
    }

    pub(crate) fn order_as(
        &mut self,
        role: Role,
        name: &str,
        order: AlarmOrder,
    ) -> Result<(), AlarmRefusal> {
        let remark = Remark { text: "seen".to_owned(), locale: "en".to_owned() };
        let alarm = self.alarm(name);
        let command = AlarmCommand { actor: actor(role), alarm, order, remark };
        let done = self.engine.alarm_command(&command);
        if let Some(snapshot) = self.engine.publish_commands() {
            self.told.extend(snapshot.notices.iter().cloned());
        }
        done
    }

    /// Number of the alarm's last event.
    pub(crate) fn event(&self, name: &str) -> u64 {
        self.state(name).event().expect("an event")
    }

    /// Acknowledges and confirms the present occurrence.
    pub(crate) fn settle(&mut self, name: &str) {
        let event = self.event(name);
        self.order(name, AlarmOrder::Acknowledge(event)).unwrap();
        self.order(name, AlarmOrder::Confirm(event)).unwrap();
    }

    /// What has been told of one alarm.
    pub(crate) fn of(&self, name: &str) -> Vec<&Notice> {
        let alarm = self.alarm(name);
        self.told.iter().filter(|it| it.alarm == alarm).collect()
    }
}

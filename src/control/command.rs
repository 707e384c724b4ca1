//! What may be asked of the controls, and why it may be refused.

use std::sync::Arc;

use crate::access::Actor;
use crate::control::Setpoint;

/// Which device a command is for. Indexes are the configuration's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The whole plant.
    Plant,
    /// A line.
    Line(usize),
    /// An electrolyzer.
    Electrolyzer(usize),
    /// Anode `position` of an electrolyzer.
    Anode {
        /// Electrolyzer.
        electrolyzer: usize,
        /// Position from 0.
        position: usize,
    },
    /// The feeder of an electrolyzer.
    Feeder(usize),
    /// A rectifier.
    Rectifier(usize),
    /// The sources of the conformance fixture's alarms.
    AlarmFixture,
}

/// A method of domain B7. Arguments follow the method's row in the tag catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Electrolyzer: `Start(targetCurrent kA, rampRate %/min)`.
    Start,
    /// Electrolyzer: `Stop(mode 0 Normal, 1 HotHold, 2 Emergency; reason)`.
    Stop,
    /// Electrolyzer: `Hold(reason)`.
    Hold,
    /// Electrolyzer: `Resume()`.
    Resume,
    /// Electrolyzer: `BeginTap(plannedMass kg, crucibleId) → tapId`.
    BeginTap,
    /// Electrolyzer: `CompleteTap(tapId, grossKg, tareKg, mouldCount, comment)`.
    CompleteTap,
    /// Electrolyzer: `AbortTap(tapId, reason)`.
    AbortTap,
    /// Electrolyzer: `BeginAnodeChange(position from 1)`.
    BeginAnodeChange,
    /// Electrolyzer: `CompleteAnodeChange(position, anodeId, newThickness mm, buttMass kg)`.
    CompleteAnodeChange,
    /// Electrolyzer: `AddElectrolyte(material, kg, lot)`.
    AddElectrolyte,
    /// Electrolyzer: `RecordBathAssay(sampleTime, liF %, reF3 %, oxide %)`.
    RecordBathAssay,
    /// Electrolyzer: `RecordTemperatureDip(°C)`.
    RecordTemperatureDip,
    /// Electrolyzer: `QuenchAnodeEffect(doseKg)`.
    QuenchAnodeEffect,
    /// Electrolyzer: `RequestOxideDose(kg)`.
    RequestOxideDose,
    /// Electrolyzer, feeder: `ResetFault()`.
    ResetFault,
    /// Electrolyzer: `TakeOutOfService(reason)`.
    TakeOutOfService,
    /// Electrolyzer: `ReturnToService()`.
    ReturnToService,
    /// Feeder: `DischargeStart()`.
    DischargeStart,
    /// Feeder: `DischargeStop()`.
    DischargeStop,
    /// Feeder: `RefillStart()`.
    RefillStart,
    /// Feeder: `RefillStop()`.
    RefillStop,
    /// Feeder: `Refill(lotId, kg)`.
    Refill,
    /// Feeder: `FeedShot(kg)`.
    FeedShot,
    /// Feeder: `Calibrate(testMass kg) → deviation %`.
    Calibrate,
    /// Feeder: `SetZero()`.
    SetZero,
    /// Feeder: `SetTare()`.
    SetTare,
    /// Feeder: `ClearTare()`.
    ClearTare,
    /// Feeder: `ResetTotalizer()`.
    ResetTotalizer,
    /// Rectifier: `SwitchOn()`.
    SwitchOn,
    /// Rectifier: `SwitchOff(reason)`.
    SwitchOff,
    /// Rectifier: `SetCurrent(kA, rampRate %/min)`.
    SetCurrent,
    /// Rectifier: `ResetTrip()`.
    ResetTrip,
    /// Line: `EmergencyReduce(percent)`.
    EmergencyReduce,
    /// Line: `StartShift(shiftId, crew)`.
    StartShift,
    /// Line: `EndShift(comment) → reportId`.
    EndShift,
    /// Plant, simulator only: `InjectFault(kind, device, seconds)`.
    InjectFault,
}

/// A method argument or result, in the tag's unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Double, or any number.
    Number(f64),
    /// String.
    Text(Arc<str>),
    /// DateTime, ticks.
    Ticks(i64),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Write one setpoint.
    Write {
        /// Which.
        setpoint: Setpoint,
        /// In the tag's unit.
        value: f64,
    },
    /// Write several parameters of an electrolyzer together: all of them or none.
    WriteAll {
        /// Which, each in its tag's unit.
        values: Vec<(Setpoint, f64)>,
    },
    /// Call one method.
    Call {
        /// Which.
        method: Method,
        /// As the method's row says; count and types are checked before.
        arguments: Vec<Scalar>,
    },
}

/// One request from outside: the only way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Who asks.
    pub actor: Actor,
    /// For which device.
    pub target: Target,
    /// What.
    pub order: Order,
}

/// Why a command was refused. The plant is unchanged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Outside the limits for this user.
    #[error("{value} is outside {min} to {max}")]
    OutOfRange {
        /// Asked.
        value: f64,
        /// Lowest allowed.
        min: f64,
        /// Highest allowed.
        max: f64,
    },
    /// Argument number `index` is outside its limits.
    #[error("argument {index}: {value} is outside {min} to {max}")]
    ArgumentOutOfRange {
        /// From 0.
        index: usize,
        /// Asked.
        value: f64,
        /// Lowest allowed.
        min: f64,
        /// Highest allowed.
        max: f64,
    },
    /// The user lacks the right.
    #[error("{needed} right needed")]
    AccessDenied {
        /// The least role that would do.
        needed: &'static str,
    },
    /// An interlock holds the device.
    #[error("interlock {name} is active")]
    Interlocked {
        /// Its name, such as `I5 bath too cold`.
        name: &'static str,
    },
    /// The device's state or mode forbids it.
    #[error("{reason}")]
    InvalidState {
        /// A sentence for the operator.
        reason: &'static str,
    },
    /// There is no such setpoint, method or device.
    #[error("no such setpoint, method or device")]
    Unknown,
    /// The command queue is full.
    #[error("too many commands are waiting")]
    Busy,
}

/// What a command gave: nothing, or a method's outputs.
pub type Outcome = Result<Vec<Scalar>, Refusal>;

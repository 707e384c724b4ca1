//! The row of a signal and of a method.

use crate::access::Access;
use crate::config::PlantConfig;
use crate::control::{Method, Setpoint, Status};
use crate::field::{Inputs, Quality, Reading};
use crate::production::Totals;
use crate::tag::{AlarmFigures, Device, Records, Unit, Value};
use crate::time::Timestamp;

/// A kind of device; each has an ObjectType of our NodeSet and a catalogue of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DeviceKind {
    /// The plant: KPIs, production, stocks. `PlantType`.
    Plant,
    /// A line of electrolyzers and its hall. `PotlineType`.
    Line,
    /// `RectifierType`.
    Rectifier,
    /// `ElectrolyzerType`.
    Electrolyzer,
    /// `AnodeType`, below its electrolyzer.
    Anode,
    /// `FeederType`, below its electrolyzer.
    Feeder,
    /// `FumeTreatmentType`.
    FumeTreatment,
    /// `UtilitiesType`.
    Utilities,
    /// Sources of the conformance fixture's alarms. `AlarmFixtureType`; in no plant.
    AlarmFixture,
}

impl DeviceKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 9] = [
        Self::Plant,
        Self::Line,
        Self::Rectifier,
        Self::Electrolyzer,
        Self::Anode,
        Self::Feeder,
        Self::FumeTreatment,
        Self::Utilities,
        Self::AlarmFixture,
    ];
}

/// Data type of a tag as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Boolean; with states it is a TwoStateDiscrete `[false, true]`.
    Bool,
    /// UInt16.
    U16,
    /// UInt32; with states it is a MultiStateDiscrete (a value indexes its state, from 0).
    U32,
    /// Double.
    F64,
    /// DateTime (UtcTime).
    Time,
    /// String.
    Text,
    /// Boolean[].
    Bools,
    /// Double[].
    Numbers,
}

/// Measuring range of an analog tag, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Not an analog tag.
    None,
    /// The same for every device.
    Fixed(f64, f64),
    /// By the device's size: 6 kA, 10 kA, 30 kA class.
    BySize([(f64, f64); 3]),
    /// Zero to so many times the nominal current in kA.
    TimesNominal(f64),
}

/// How history keeps the tag (domain B2, column H).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HistoryMode {
    /// Not kept.
    None,
    /// Raw at its rate with this deadband.
    Raw(f64),
    /// One-minute aggregates only.
    Minute,
    /// On change.
    Change,
}

/// What a source gives for one tag at one scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// The value.
    pub value: Value,
    /// How far to believe it.
    pub quality: Quality,
}

impl From<Reading> for Sampled {
    fn from(reading: Reading) -> Self {
        Self { value: Value::F64(reading.value), quality: reading.quality }
    }
}

impl From<Value> for Sampled {
    fn from(value: Value) -> Self {
        Self { value, quality: Quality::Good }
    }
}

impl From<f64> for Sampled {
    fn from(value: f64) -> Self {
        Value::F64(value).into()
    }
}

/// Everything that tags are sampled from, at one scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The plant.
    pub config: &'a PlantConfig,
    /// Instruments.
    pub inputs: &'a Inputs,
    /// Controls.
    pub status: &'a Status,
    /// Totals.
    pub totals: &'a Totals,
    /// Figures of the alarm system as of the scan before: of the plant, then of each line. Empty before the first.
    pub alarms: &'a [AlarmFigures],
    /// What is known of the history.
    pub records: &'a Records,
    /// Plant time of the scan.
    pub time: Timestamp,
}

/// One signal of a kind of device.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Path below the device, such as `Bath.Temperature`. The BrowseNames of the NodeSet.
    pub path: &'static str,
    /// Data type.
    pub value_type: ValueType,
    /// Engineering unit, if it has one.
    pub unit: Option<Unit>,
    /// Measuring range.
    pub range: Range,
    /// Names of the states of a discrete tag, from 0; empty otherwise.
    pub states: &'static [&'static str],
    /// Who may write.
    pub access: Access,
    /// What a write sets; `None` for read-only tags.
    pub setpoint: Option<Setpoint>,
    /// Sampled every so many milliseconds; 0 on change.
    pub rate_ms: u32,
    /// How history keeps it.
    pub history: HistoryMode,
    /// Where the value comes from.
    pub source: fn(&Scan<'_>, &Device) -> Sampled,
}

/// One structure of a kind of device: several of its signals as one value.
#[derive(Clone, Copy, Debug)]
pub struct StructureRow {
    /// Path below the device. The BrowseNames of the NodeSet.
    pub path: &'static str,
    /// Number of its DataType in our NodeSet.
    pub data_type: u32,
    /// Number of the DataType's binary encoding in our NodeSet.
    pub encoding: u32,
    /// Who may write; all fields are set together.
    pub access: Access,
    /// In the order of the DataType.
    pub fields: &'static [Field],
}

/// One field of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in the DataType.
    pub name: &'static str,
    /// Path of the signal below the same device.
    pub path: &'static str,
    /// What of the signal.
    pub part: Part,
}

/// What of a signal a field shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its value.
    Value,
    /// When it changed last: its source time.
    Time,
}

/// One argument of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    /// Name.
    pub name: &'static str,
    /// `F64`, `U32`, `Text` or `Time`.
    pub value_type: ValueType,
    /// Unit and meaning, for a person.
    pub description: &'static str,
}

/// One method of a kind of device.
#[derive(Clone, Copy, Debug)]
pub struct MethodRow {
    /// BrowseName; the method hangs below the device itself.
    pub name: &'static str,
    /// What it asks of the controls.
    pub method: Method,
    /// Who may call.
    pub access: Access,
    /// Inputs in order.
    pub inputs: &'static [Argument],
    /// Outputs in order.
    pub outputs: &'static [Argument],
}

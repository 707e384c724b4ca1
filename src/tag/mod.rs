//! One row per signal: what it is called, its unit and range, who may write it, and where it comes from.
//!
//! `catalogue` modules hold the rows; `TagTable` lays them out over the plant's devices.

mod alarm_figures;
mod catalogue;
mod kpi_figures;
mod recording_figures;
mod row;
mod table;
pub mod unit;
mod value;

pub use alarm_figures::AlarmFigures;
pub use kpi_figures::{KpiBoard, KpiFigures};
pub use recording_figures::{RecordingFigures, RecordingHealth, Records};
pub use row::{
    Argument, DeviceKind, Field, HistoryMode, MethodRow, Part, Range, Row, Sampled, Scan,
    StructureRow, ValueType,
};
pub use table::{Device, DeviceIndex, MemberIndex, TagIndex, TagTable, size_class};
pub use unit::Unit;
pub use value::Value;

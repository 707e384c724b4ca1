//! The rows of every kind of device. Adding a signal is one row here and one variable in the NodeSet.

mod alarm;
mod alarm_fixture;
mod anode;
mod feeder;
mod fume;
mod historian;
mod kpi;
mod line;
mod operation;
mod plant;
mod process;
mod rectifier;
mod row;
mod structure;
mod utilities;

use std::sync::LazyLock;

use crate::tag::{DeviceKind, MethodRow, Row, StructureRow};

static ELECTROLYZER: LazyLock<Vec<Row>> =
    LazyLock::new(|| [process::ROWS, operation::ROWS, kpi::ROWS].concat());
static LINE: LazyLock<Vec<Row>> = LazyLock::new(|| [line::ROWS, alarm::ROWS, kpi::ROWS].concat());
static PLANT: LazyLock<Vec<Row>> =
    LazyLock::new(|| [plant::ROWS, alarm::ROWS, kpi::ROWS, historian::ROWS].concat());

/// Signals of a kind, in order.
pub(super) fn rows(kind: DeviceKind) -> &'static [Row] {
    match kind {
        DeviceKind::Plant => &PLANT,
        DeviceKind::Line => &LINE,
        DeviceKind::Rectifier => rectifier::ROWS,
        DeviceKind::Electrolyzer => &ELECTROLYZER,
        DeviceKind::Anode => anode::ROWS,
        DeviceKind::Feeder => feeder::ROWS,
        DeviceKind::FumeTreatment => fume::ROWS,
        DeviceKind::Utilities => utilities::ROWS,
        DeviceKind::AlarmFixture => alarm_fixture::ROWS,
    }
}

/// Methods of a kind, in order.
pub(super) fn methods(kind: DeviceKind) -> &'static [MethodRow] {
    match kind {
        DeviceKind::Plant => plant::METHODS,
        DeviceKind::Line => line::METHODS,
        DeviceKind::Rectifier => rectifier::METHODS,
        DeviceKind::Electrolyzer => operation::METHODS,
        DeviceKind::Feeder => feeder::METHODS,
        DeviceKind::Anode
        | DeviceKind::FumeTreatment
        | DeviceKind::Utilities
        | DeviceKind::AlarmFixture => &[],
    }
}

/// Structures of a kind, in order.
pub(super) fn structures(kind: DeviceKind) -> &'static [StructureRow] {
    if kind == DeviceKind::Electrolyzer { structure::ELECTROLYZER } else { &[] }
}

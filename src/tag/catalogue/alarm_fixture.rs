//! Sources of the conformance fixture's alarms: what a client writes, alarms look at.

use crate::access::Access;
use crate::control::Setpoint;
use crate::field::Quality;
use crate::tag::catalogue::row::{analog, fixed, flag, number, plain};
use crate::tag::{Row, Sampled, Scan, Value, ValueType, unit};

/// Signals.
pub(super) const ROWS: &[Row] = &[
    analog("AnalogSource", unit::PCT, fixed(0.0, 100.0), |s, _| analog_source(s))
        .writable(Access::Operator, Setpoint::FixtureAnalog),
    analog("SetpointSource", unit::PCT, fixed(0.0, 100.0), |s, _| {
        number(s.status.fixture.setpoint)
    })
    .writable(Access::Operator, Setpoint::FixtureSetpoint),
    plain("BooleanSource", ValueType::Bool, |s, _| flag(s.status.fixture.boolean))
        .writable(Access::Operator, Setpoint::FixtureBoolean),
    plain("NormalState", ValueType::Bool, |_, _| flag(false)),
    plain("SensorFailed", ValueType::Bool, |s, _| flag(s.status.fixture.failed))
        .writable(Access::Operator, Setpoint::FixtureFailed),
    plain("Suppressed", ValueType::Bool, |s, _| flag(s.status.fixture.suppressed))
        .writable(Access::Operator, Setpoint::FixtureSuppressed),
    plain("DialogSource", ValueType::Bool, |s, _| flag(s.status.fixture.asks))
        .writable(Access::Operator, Setpoint::FixtureAsks),
];

fn analog_source(scan: &Scan<'_>) -> Sampled {
    let fixture = &scan.status.fixture;
    let quality = if fixture.failed { Quality::SensorFailure } else { Quality::Good };
    Sampled { value: Value::F64(fixture.analog), quality }
}

//! Names of setpoints and methods in journals and scenarios: those of the enums, in both directions.

use crate::control::{Method, Setpoint};

/// Writes `name` and `parse` for an enum without fields. The match is complete: a new variant stops the build.
macro_rules! names {
    ($kind:ident, $name:ident, $parse:ident: $($variant:ident)*) => {
        pub(super) const fn $name(value: $kind) -> &'static str {
            match value {
                $($kind::$variant => stringify!($variant),)*
            }
        }

        pub(super) fn $parse(text: &str) -> Option<$kind> {
            match text {
                $(stringify!($variant) => Some($kind::$variant),)*
                _ => None,
            }
        }
    };
}

names!(Setpoint, setpoint_name, parse_setpoint:
    Current CurrentRampRate Temperature TemperatureControlMode FeedControlMode BaseFeedRate
    UnderfeedFactor OverfeedFactor OverfeedDuration SlopeThreshold SlopeWindow UnderfeedMax
    ReferenceVoltage BackVoltage AnodeEffectVoltageThreshold AnodeEffectDose
    AnodeEffectCurrentReduction CathodeDiameter AnodeLift TargetFlowRate SpeedSetpoint
    CurrentReference VoltageLimit FixtureAnalog FixtureSetpoint FixtureBoolean FixtureFailed
    FixtureSuppressed FixtureAsks
);

names!(Method, method_name, parse_method:
    Start Stop Hold Resume BeginTap CompleteTap AbortTap BeginAnodeChange CompleteAnodeChange
    AddElectrolyte RecordBathAssay RecordTemperatureDip QuenchAnodeEffect RequestOxideDose
    ResetFault TakeOutOfService ReturnToService DischargeStart DischargeStop RefillStart RefillStop
    Refill FeedShot Calibrate SetZero SetTare ClearTare ResetTotalizer SwitchOn SwitchOff SetCurrent
    ResetTrip EmergencyReduce StartShift EndShift InjectFault
);

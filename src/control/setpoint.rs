//! Everything a person may set, by number.

/// A setpoint of an electrolyzer, its feeder or its rectifier. Units as the tag shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setpoint {
    /// Cell current, kA.
    Current,
    /// Current ramp, %/min of nominal.
    CurrentRampRate,
    /// Bath temperature, °C.
    Temperature,
    /// [`LoopMode`](crate::control::LoopMode) of the temperature loop.
    TemperatureControlMode,
    /// [`FeedMode`](crate::control::FeedMode).
    FeedControlMode,
    /// Base feed rate, g/min.
    BaseFeedRate,
    /// Feed factor while underfeeding.
    UnderfeedFactor,
    /// Feed factor while overfeeding.
    OverfeedFactor,
    /// Overfeeding, min.
    OverfeedDuration,
    /// Slope that ends underfeeding, µΩ/min.
    SlopeThreshold,
    /// Window of the slope fit, s.
    SlopeWindow,
    /// Longest underfeeding, min.
    UnderfeedMax,
    /// Reference voltage, V.
    ReferenceVoltage,
    /// Back voltage, V.
    BackVoltage,
    /// Rise over the reference that is an anode effect, V.
    AnodeEffectVoltageThreshold,
    /// Oxide dose at an anode effect, kg.
    AnodeEffectDose,
    /// Current during the quench, %.
    AnodeEffectCurrentReduction,
    /// Cathode diameter as measured, mm.
    CathodeDiameter,
    /// Anode lift, mm; the position is the target's.
    AnodeLift,
    /// Feeder flow in manual, g/min.
    TargetFlowRate,
    /// Feeder speed in manual, r/min.
    SpeedSetpoint,
    /// Rectifier current reference in manual, kA.
    CurrentReference,
    /// Rectifier voltage ceiling, V.
    VoltageLimit,
    /// Fixture: AnalogSource.
    FixtureAnalog,
    /// Fixture: SetpointSource.
    FixtureSetpoint,
    /// Fixture: BooleanSource.
    FixtureBoolean,
    /// Fixture: the sensor of AnalogSource has failed.
    FixtureFailed,
    /// Fixture: the suppression group is active.
    FixtureSuppressed,
    /// Fixture: the dialog asks.
    FixtureAsks,
}

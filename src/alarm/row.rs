//! The row of an alarm: everything that makes one alarm another.

use crate::tag::{Device, DeviceKind, Scan};

/// Severities of the priorities (domain B9).
pub const URGENT: u16 = 900;
/// An anode effect, and lost fume extraction.
pub const SEVERE: u16 = 800;
/// High.
pub const HIGH: u16 = 700;
/// Medium.
pub const MEDIUM: u16 = 500;
/// Low.
pub const LOW: u16 = 300;

/// Type of the condition (Part 9, 5.8; ours below OffNormalAlarmType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// ExclusiveLevelAlarmType.
    ExclusiveLevel,
    /// ExclusiveLimitAlarmType.
    ExclusiveLimit,
    /// ExclusiveDeviationAlarmType.
    ExclusiveDeviation,
    /// ExclusiveRateOfChangeAlarmType.
    ExclusiveRateOfChange,
    /// NonExclusiveLevelAlarmType.
    NonExclusiveLevel,
    /// NonExclusiveLimitAlarmType.
    NonExclusiveLimit,
    /// NonExclusiveDeviationAlarmType.
    NonExclusiveDeviation,
    /// NonExclusiveRateOfChangeAlarmType.
    NonExclusiveRateOfChange,
    /// OffNormalAlarmType.
    OffNormal,
    /// TripAlarmType.
    Trip,
    /// SystemOffNormalAlarmType.
    SystemOffNormal,
    /// InstrumentDiagnosticAlarmType.
    InstrumentDiagnostic,
    /// DiscrepancyAlarmType.
    Discrepancy,
    /// CertificateExpirationAlarmType.
    CertificateExpiration,
    /// AnodeEffectAlarmType of our types.
    AnodeEffect,
    /// DialogConditionType.
    Dialog,
}

impl AlarmKind {
    /// Whether only the outermost limit that is passed is active.
    pub const fn is_exclusive(self) -> bool {
        !matches!(
            self,
            Self::NonExclusiveLevel
                | Self::NonExclusiveLimit
                | Self::NonExclusiveDeviation
                | Self::NonExclusiveRateOfChange
        )
    }

    /// Whether it is a question and no alarm.
    pub const fn is_dialog(self) -> bool {
        matches!(self, Self::Dialog)
    }
}

/// Condition class (Part 9, 5.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// ProcessConditionClassType.
    Process,
    /// MaintenanceConditionClassType.
    Maintenance,
    /// SystemConditionClassType.
    System,
    /// SafetyConditionClassType: such an alarm is neither shelved nor suppressed.
    Safety,
    /// StatisticalConditionClassType.
    Statistical,
    /// QualityConditionClassType of our types.
    Quality,
}

/// What a limit is counted from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// So much.
    Fixed(f64),
    /// So much in each class of size: 6, 10, 30 kA.
    BySize([f64; 3]),
    /// So much for each kA of the nominal current.
    PerKiloampere(f64),
    /// The bath temperature of the product and so much, K.
    BathTemperature(f64),
    /// So many times another tag of the device, and so much. Paths are below the device.
    Tag {
        /// Which.
        path: &'static str,
        /// Times.
        factor: f64,
        /// And.
        offset: f64,
    },
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitRow {
    /// Where.
    pub basis: Basis,
    /// 1 to 1000.
    pub severity: u16,
}

/// Which number the limits are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// The input.
    Value,
    /// The input less this tag (SetpointNode).
    Deviation(&'static str),
    /// The input's change per second.
    Rate,
    /// Another tag that is derived from the input, such as its rate.
    Derived(&'static str),
    /// Of an array: the largest element for upper limits, the smallest for lower ones, in % of the mean.
    Spread,
}

/// When the alarm is active.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one for each row of the catalogue, which never grows"
)]
pub enum Cause {
    /// A number passes limits: high-high, high, low, low-low.
    Limits {
        /// Which number.
        of: Measured,
        /// Limits.
        limits: [Option<LimitRow>; 4],
        /// A limit is left only by so much, in its unit.
        deadband: f64,
    },
    /// A contact has this position.
    Is(bool),
    /// One of these bits is set.
    Bits(u16),
    /// One of these elements of an array is true; each with its severity.
    Flags(&'static [(usize, u16)]),
    /// A number lies outside.
    Outside(f64, f64),
    /// The input cannot be used: sensor failure, frozen, out of its range.
    Unusable,
    /// Nothing comes from the device.
    NoCommunication,
    /// The server's certificate ends soon.
    Expiry,
    /// The controls say so.
    When(fn(&Scan<'_>, &Device) -> bool),
}

/// When an alarm means nothing: it is suppressed (Part 9, AlarmSuppressionGroupType).
#[derive(Clone, Copy, Debug)]
pub struct Quiet {
    /// BrowseName of the suppression group.
    pub name: &'static str,
    /// Path of the tag that shows it, below the device.
    pub by: &'static str,
    /// Whether it is so.
    pub when: fn(&Scan<'_>, &Device) -> bool,
    /// And so long after, s.
    pub after_s: f64,
}

/// An answer to a dialog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// What the operator reads.
    pub text: &'static str,
    /// What it asks of the controls.
    pub method: Option<crate::control::Method>,
}

/// One alarm of a kind of device (domain B9).
#[derive(Clone, Copy, Debug)]
pub struct AlarmRow {
    /// BrowseName and ConditionName. Never changed: NodeIds are made of it.
    pub name: &'static str,
    /// Kind of device.
    pub device: DeviceKind,
    /// Type.
    pub kind: AlarmKind,
    /// Class.
    pub class: Class,
    /// Path of the input below the device (InputNode); empty if there is none.
    pub input: &'static str,
    /// Path of a tag whose value at the start and whose largest value are kept; empty if none.
    pub watched: &'static str,
    /// When it is active.
    pub cause: Cause,
    /// Severity where no limit has its own.
    pub severity: u16,
    /// The severity rises after so many seconds, to this.
    pub escalation: Option<(f64, u16)>,
    /// Becomes active after so long, s.
    pub on_delay_s: f64,
    /// Becomes inactive after so long, s.
    pub off_delay_s: f64,
    /// Told anew after so long while it stays active although acknowledged, s; 0 never.
    pub realarm_s: f64,
    /// Stays until Reset.
    pub is_latched: bool,
    /// When it means nothing.
    pub quiet: Option<Quiet>,
    /// What it says when it becomes active.
    pub message: &'static str,
    /// What the operator does.
    pub response: &'static str,
    /// Answers, if it is a dialog.
    pub answers: &'static [Answer],
}

impl AlarmRow {
    /// Whether an operator may put it aside for a while. Not what guards people.
    pub fn is_shelvable(&self) -> bool {
        self.class != Class::Safety && !self.kind.is_dialog()
    }

    /// The highest severity that it can have.
    pub fn highest_severity(&self) -> u16 {
        let escalated = self.escalation.map_or(0, |(_, severity)| severity);
        let own = match &self.cause {
            Cause::Limits { limits, .. } => {
                limits.iter().flatten().map(|it| it.severity).max().unwrap_or(self.severity)
            }
            Cause::Flags(flags) => flags.iter().map(|it| it.1).max().unwrap_or(self.severity),
            _ => self.severity,
        };
        own.max(escalated)
    }

    /// The tag that deviations are from (SetpointNode), that is derived from the input, or that is watched.
    pub(super) fn second(&self) -> Option<&'static str> {
        match self.cause {
            Cause::Limits { of: Measured::Deviation(path) | Measured::Derived(path), .. } => {
                Some(path)
            }
            _ => Some(self.watched).filter(|it| !it.is_empty()),
        }
    }

    /// Whether a tag is watched besides the input.
    pub(super) fn has_watched(&self) -> bool {
        !self.watched.is_empty()
    }

    /// Whether the second tag is a setpoint that deviations are from.
    pub fn has_setpoint(&self) -> bool {
        matches!(self.cause, Cause::Limits { of: Measured::Deviation(_), .. })
    }
}

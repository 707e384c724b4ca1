//! What people ask of alarms.

use crate::access::Actor;
use crate::alarm::{AlarmIndex, Setting};

/// Longest remark, bytes.
pub const COMMENT_MAX: usize = 4096;
/// Longest time that an alarm can be shelved (MaxTimeShelved), s: a shift.
pub const SHELVED_MAX_S: f64 = 8.0 * 3600.0;

/// A remark that comes with an order. Empty text and locale leave what was said before; an empty text with a
/// locale takes it away (Part 9, 5.5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remark {
    /// Text.
    pub text: String,
    /// Its language.
    pub locale: String,
}

impl Remark {
    /// Whether it says nothing at all.
    pub fn is_null(&self) -> bool {
        self.text.is_empty() && self.locale.is_empty()
    }
}

/// What is asked of one alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmOrder {
    /// Look at it again.
    Enable,
    /// Look at it no more.
    Disable,
    /// Remark on the occurrence that this event told of.
    AddComment(u64),
    /// Acknowledge the occurrence that this event told of.
    Acknowledge(u64),
    /// Confirm it.
    Confirm(u64),
    /// Put aside for so long, s.
    TimedShelve(f64),
    /// Put aside until it becomes inactive.
    OneShotShelve,
    /// Put aside no more.
    Unshelve,
    /// Suppress.
    Suppress,
    /// Suppress no more.
    Unsuppress,
    /// Take out of service.
    RemoveFromService,
    /// Put into service again.
    PlaceInService,
    /// The horn off.
    Silence,
    /// End the latch.
    Reset,
    /// Answer a dialog.
    Respond(i32),
    /// Set what it is judged by.
    Set(Setting, f64),
}

/// One request for an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmCommand {
    /// Who asks.
    pub actor: Actor,
    /// Which alarm.
    pub alarm: AlarmIndex,
    /// What.
    pub order: AlarmOrder,
    /// And what is said to it.
    pub remark: Remark,
}

/// Why a request was refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AlarmRefusal {
    /// The user lacks the right.
    #[error("{needed} right needed")]
    AccessDenied {
        /// The least role that would do.
        needed: &'static str,
    },
    /// The alarm is disabled.
    #[error("the alarm is disabled")]
    Disabled,
    /// It is enabled already.
    #[error("the alarm is enabled already")]
    AlreadyEnabled,
    /// It is disabled already.
    #[error("the alarm is disabled already")]
    AlreadyDisabled,
    /// No open occurrence has told of itself by this event.
    #[error("no occurrence of this alarm has an event with this id")]
    UnknownEvent,
    /// The occurrence is acknowledged already.
    #[error("the occurrence is acknowledged already")]
    AlreadyAcked,
    /// The occurrence is confirmed already.
    #[error("the occurrence is confirmed already")]
    AlreadyConfirmed,
    /// It is shelved in this way already.
    #[error("the alarm is shelved already")]
    AlreadyShelved,
    /// It is not shelved.
    #[error("the alarm is not shelved")]
    NotShelved,
    /// The time is not between nothing and the longest.
    #[error("{seconds} s is not between 0 and {max} s")]
    ShelvingTime {
        /// Asked.
        seconds: f64,
        /// Longest.
        max: f64,
    },
    /// This alarm has no such state.
    #[error("this alarm cannot do that")]
    NotSupported,
    /// The alarm's state forbids it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// The dialog asks nothing.
    #[error("the dialog asks nothing at the moment")]
    NoQuestion,
    /// There is no such answer.
    #[error("the dialog has no such answer")]
    NoAnswer,
    /// A value is outside its limits.
    #[error("{value} is outside {min} to {max}")]
    OutOfRange {
        /// Asked.
        value: f64,
        /// Lowest.
        min: f64,
        /// Highest.
        max: f64,
    },
    /// The remark is too long.
    #[error("a remark has at most {COMMENT_MAX} bytes")]
    LongRemark,
    /// The controls refuse what a dialog's answer asks of them.
    #[error("the controls refuse it: {0}")]
    Controls(crate::control::Refusal),
    /// Too many requests wait.
    #[error("too many commands are waiting")]
    Busy,
    /// It was done, and could not be kept: a restart may not know of it.
    #[error("it cannot be kept on disk")]
    NotKept,
}

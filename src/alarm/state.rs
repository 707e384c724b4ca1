//! The state of an alarm as clients see it (Part 9, 5.5 to 5.8).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alarm::Level;
use crate::field::Quality;
use crate::time::Timestamp;

/// Events of one occurrence by which it can still be acknowledged; the oldest is forgotten first.
const EVENTS_KEPT: usize = 16;

/// A state that is or is not, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toggle {
    /// It is.
    pub on: bool,
    /// Since when.
    pub since: Timestamp,
}

impl Toggle {
    pub(super) fn set(&mut self, on: bool, now: Timestamp) {
        if self.on != on {
            *self = Self { on, since: now };
        }
    }
}

/// Whether an operator has put an alarm aside (Part 9, ShelvedStateMachineType).
///
/// ```text
/// Unshelved ─TimedShelve─► Timed ─time over, Unshelve─► Unshelved
/// Unshelved ─OneShotShelve─► OneShot ─alarm gone, longest time over, Unshelve─► Unshelved
/// Timed ◄─► OneShot
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shelving {
    /// It is not.
    #[default]
    Unshelved,
    /// Until then.
    Timed(Timestamp),
    /// Until it becomes inactive, at most until then.
    OneShot(Timestamp),
}

impl Shelving {
    /// When it ends by itself.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Unshelved => None,
            Self::Timed(until) | Self::OneShot(until) => Some(until),
        }
    }
}

/// A person's remark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Text.
    pub text: String,
    /// Its language.
    pub locale: String,
    /// When.
    pub time: Timestamp,
}

/// What has happened last: the words of an event are made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// Nothing yet.
    #[default]
    Nothing,
    /// It has become active, inactive, or another limit is passed.
    Level,
    /// The severity has risen: it lasts.
    Escalated,
    /// It is still active: told anew.
    ReAlarmed,
    /// The input has become bad or good.
    Quality,
    /// A person has done something.
    Acknowledged,
    /// See `Acknowledged`.
    Confirmed,
    /// See `Acknowledged`.
    Commented,
    /// See `Acknowledged`.
    Enabled,
    /// See `Acknowledged`.
    Disabled,
    /// See `Acknowledged`.
    Shelved,
    /// By a person or because its time is over.
    Unshelved,
    /// By a person or because of its group.
    Suppressed,
    /// By a person or because its group is active again.
    Unsuppressed,
    /// See `Acknowledged`.
    OutOfService,
    /// See `Acknowledged`.
    InService,
    /// See `Acknowledged`.
    Silenced,
    /// See `Acknowledged`.
    Reset,
    /// See `Acknowledged`.
    Responded,
    /// It has become active again before it was acknowledged: what was before goes on as a branch.
    Branched,
    /// A branch has ended.
    BranchEnded,
}

/// An occurrence that was not acknowledged or confirmed when the alarm became active again (Part 9, 4.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// BranchId, unique for ever.
    pub id: u64,
    /// State of that occurrence.
    pub state: Arc<AlarmState>,
}

/// The state of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlarmState {
    /// It is looked at.
    pub enabled: Toggle,
    /// Which limits are passed, or on.
    pub level: Level,
    /// Whether any is.
    pub active: Toggle,
    /// When it became active last.
    pub began: Timestamp,
    /// Seen by a person.
    pub acked: Toggle,
    /// Done by a person.
    pub confirmed: Toggle,
    /// Waits for Reset.
    pub latched: Toggle,
    /// By a person or by its group.
    pub suppressed: Toggle,
    /// By a person.
    pub is_suppressed_by_order: bool,
    /// Taken out of service by a person.
    pub out_of_service: Toggle,
    /// The horn is off.
    pub silenced: Toggle,
    /// Put aside by an operator.
    pub shelving: Shelving,
    /// What it was before.
    pub shelving_before: Shelving,
    /// When that changed last.
    pub shelving_since: Timestamp,
    /// Of the input.
    #[serde(skip)]
    pub quality: Quality,
    /// When that changed last.
    pub quality_since: Timestamp,
    /// 1 to 1000.
    pub severity: u16,
    /// Severity before.
    pub last_severity: u16,
    /// When it changed last.
    pub severity_since: Timestamp,
    /// The last remark.
    pub comment: Comment,
    /// Who did what was done last.
    pub user: String,
    /// It came first of its group.
    pub is_first_in_group: bool,
    /// How often it was told anew.
    pub realarm_count: i16,
    /// What it was judged by when its level changed, if that is a number.
    pub value: Option<f64>,
    /// Largest value since it became active, if it is a number.
    pub extreme: Option<f64>,
    /// What has come of it: CF4 of an anode effect, g.
    pub collected: f64,
    /// Last answer to a dialog; -1 before.
    pub last_response: i32,
    /// Of the last event.
    pub time: Timestamp,
    /// What happened last.
    pub said: Said,
    /// Numbers of its events since it became active, the newest last.
    pub events: Vec<u64>,
    /// Earlier occurrences that wait for a person, oldest first.
    pub branches: Vec<Branch>,
}

impl Default for AlarmState {
    /// Enabled, inactive, nothing to do.
    fn default() -> Self {
        let on = Toggle { on: true, since: Timestamp::default() };
        let off = Toggle::default();
        Self {
            enabled: on,
            level: Level::NONE,
            active: off,
            began: Timestamp::default(),
            acked: on,
            confirmed: on,
            latched: off,
            suppressed: off,
            is_suppressed_by_order: false,
            out_of_service: off,
            silenced: off,
            shelving: Shelving::Unshelved,
            shelving_before: Shelving::Unshelved,
            shelving_since: Timestamp::default(),
            quality: Quality::Good,
            quality_since: Timestamp::default(),
            severity: 0,
            last_severity: 0,
            severity_since: Timestamp::default(),
            comment: Comment::default(),
            user: String::new(),
            is_first_in_group: false,
            realarm_count: 0,
            value: None,
            extreme: None,
            collected: 0.0,
            last_response: -1,
            time: Timestamp::default(),
            said: Said::Nothing,
            events: Vec::new(),
            branches: Vec::new(),
        }
    }
}

impl AlarmState {
    /// Whether this occurrence asks for somebody: it is active, or not yet acknowledged and confirmed, or latched.
    pub fn is_open(&self) -> bool {
        self.enabled.on
            && (self.active.on || !self.acked.on || !self.confirmed.on || self.latched.on)
    }

    /// Retain (Part 9, 5.5.2): it is open, or one of its branches is.
    pub fn is_retained(&self) -> bool {
        self.is_open() || (self.enabled.on && !self.branches.is_empty())
    }

    /// SuppressedOrShelved: clients leave it out of the operator's list.
    pub fn is_suppressed_or_shelved(&self) -> bool {
        self.suppressed.on || self.out_of_service.on || self.shelving != Shelving::Unshelved
    }

    /// Number of the last event; none before the first.
    pub fn event(&self) -> Option<u64> {
        self.events.last().copied()
    }

    /// Whether an event with this number told of this occurrence.
    pub fn knows(&self, event: u64) -> bool {
        self.events.contains(&event)
    }

    pub(super) fn note(&mut self, event: u64) {
        if self.events.len() >= EVENTS_KEPT {
            self.events.remove(0);
        }
        self.events.push(event);
    }

    pub(super) fn set_severity(&mut self, severity: u16, now: Timestamp) {
        if self.severity != severity {
            self.last_severity = self.severity;
            self.severity = severity;
            self.severity_since = now;
        }
    }

    pub(super) fn shelve(&mut self, shelving: Shelving, now: Timestamp) {
        self.shelving_before = std::mem::replace(&mut self.shelving, shelving);
        self.shelving_since = now;
    }

    /// What puts the alarm aside puts its branches aside too, and takes them back with it.
    pub(super) fn put_branches_aside(&mut self) {
        for branch in &mut self.branches {
            let of_branch = Arc::make_mut(&mut branch.state);
            of_branch.shelving = self.shelving;
            of_branch.shelving_before = self.shelving_before;
            of_branch.shelving_since = self.shelving_since;
            of_branch.suppressed = self.suppressed;
            of_branch.is_suppressed_by_order = self.is_suppressed_by_order;
            of_branch.out_of_service = self.out_of_service;
        }
    }

    /// What of it goes on as a branch.
    pub(super) fn as_branch(&self) -> Self {
        Self { branches: Vec::new(), ..self.clone() }
    }
}

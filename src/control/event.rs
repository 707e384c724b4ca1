//! What has happened in the controls, for logs, alarms and records.

use crate::control::{FeedPhase, Phase};

/// Something that happened during one scan.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlEvent {
    /// Electrolyzer, by configuration index; `None` for the whole plant or a line.
    pub electrolyzer: Option<usize>,
    /// What.
    pub kind: EventKind,
}

/// Kinds of event (domain B9).
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The phase machine went from one phase to another.
    PhaseChanged {
        /// Before.
        from: Phase,
        /// After.
        to: Phase,
    },
    /// The demand feed went to another phase.
    FeedPhaseChanged(FeedPhase),
    /// Interlock `number` (1 to 13) came or went.
    Interlock {
        /// 1 to 13.
        number: usize,
        /// It came.
        active: bool,
    },
    /// An anode effect was detected.
    AnodeEffectStarted {
        /// Cell voltage, V.
        voltage_v: f64,
    },
    /// An anode effect burns for longer than two minutes: the floor must act.
    AnodeEffectEscalated,
    /// An anode effect has ended.
    AnodeEffectEnded {
        /// s.
        duration_s: f64,
        /// Highest voltage, V.
        highest_v: f64,
    },
    /// A tap was completed.
    TapCompleted {
        /// Its identifier.
        id: String,
        /// Net metal, kg.
        net_kg: f64,
    },
    /// A tap was given up.
    TapAborted {
        /// Its identifier.
        id: String,
    },
    /// An anode was replaced.
    AnodeChanged {
        /// From 1.
        position: usize,
    },
    /// Bath salt was added, kg.
    ElectrolyteAdded(f64),
    /// A hopper was refilled, kg.
    RefillCompleted(f64),
    /// Fault bits of a feeder changed.
    FeederFaults(u16),
    /// A shift began or, with its report, ended.
    Shift {
        /// Shift or report identifier.
        id: String,
        /// It began.
        began: bool,
    },
}

//! How much the alarm system asks of people, as tags show it. The alarms fill it in.

use crate::time::Timestamp;

/// Figures of the plant, or of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AlarmFigures {
    /// Counted since.
    pub since: Timestamp,
    /// Alarms that became active.
    pub count: u32,
    /// Active now and not put aside.
    pub active: u32,
    /// Occurrences that nobody has acknowledged.
    pub unacknowledged: u32,
    /// Shelved now.
    pub shelved: u32,
    /// Suppressed or out of service now, of those that are open or were put aside by a person.
    pub suppressed: u32,
    /// Disabled now.
    pub disabled: u32,
    /// Active for longer than a day.
    pub standing: u32,
    /// Became active three times or more within a minute. Of the plant only.
    pub chattering: u32,
    /// Became active in the last ten minutes.
    pub last_10_min: u32,
    /// Most in ten minutes.
    pub last_10_min_max: u32,
    /// Became active in the last hour.
    pub last_hour: u32,
    /// Mean per hour.
    pub per_hour_mean: f64,
    /// More come than an operator takes in.
    pub is_flood: bool,
    /// Time in floods, s.
    pub flood_s: f64,
    /// Longest time that one was active, s.
    pub active_max_s: f64,
    /// Longest time that one was not acknowledged, s.
    pub unacked_max_s: f64,
    /// Most times that one was told anew. Of the plant only.
    pub realarm_count_max: u32,
}

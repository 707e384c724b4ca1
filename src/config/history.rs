//! What the historian keeps, and how long.

/// How samples are recorded and kept.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorySettings {
    /// Anything is recorded at all.
    pub enabled: bool,
    /// Hours of plant time that are made before the first start, so that trends have a beginning.
    pub backfill_h: f64,
    /// Older samples go, days; `None` keeps them.
    pub keep_days: Option<f64>,
    /// Bytes on disk; `None` takes the disk.
    pub bytes_max: Option<u64>,
    /// When there is no more room: the oldest stay and nothing new comes in, instead of the other way round.
    pub keep_oldest: bool,
    /// Events kept; the oldest go first.
    pub events_max: u64,
    /// Deadbands of the tag list are used where no `exceptions` says otherwise.
    pub usual_deadbands: bool,
    /// Tags of which not every sample is kept; the first that fits counts.
    pub exceptions: Vec<ExceptionRule>,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            enabled: true,
            backfill_h: 24.0,
            keep_days: None,
            bytes_max: Some(50_000_000_000),
            keep_oldest: false,
            events_max: 1_000_000,
            usual_deadbands: false,
            exceptions: Vec::new(),
        }
    }
}

/// Which samples of some tags are worth keeping.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptionRule {
    /// Paths; `*` stands for any text.
    pub tags: String,
    /// A value is kept when it differs by more from the last that was kept, in the tag's unit; 0 keeps every one.
    pub deadband: f64,
    /// Of those, the ones are kept without which a straight line would miss one by more, in the tag's unit; 0 keeps
    /// every one.
    pub swing: f64,
    /// One is kept at least every so many seconds.
    pub longest_s: f64,
}

//! Reads what `server.toml` says of the history.

use crate::config::history::{ExceptionRule, HistorySettings};
use crate::config::section::Section;

/// Choices of `when_full`.
const WHEN_FULL: [&str; 2] = ["DropOldest", "KeepOldest"];

/// The table `[history]`.
pub(super) fn history(s: &Section<'_>) -> HistorySettings {
    let usual = HistorySettings::default();
    let gigabytes = usual.bytes_max.map_or(0.0, |it| it as f64 / 1e9);
    let positive = |value: f64| (value > 0.0).then_some(value);
    let when_full = if s.has("when_full") { s.one_of("when_full", &WHEN_FULL) } else { Some(0) };
    let gigabytes = s.number("max_gb", 0.0..=1e6, Some(gigabytes));
    if gigabytes > 0.0 && gigabytes < 0.1 {
        s.mistake("max_gb", "leaves no room for a segment", "0 for the whole disk, or from 0.1");
    }
    HistorySettings {
        enabled: s.flag("enabled", Some(usual.enabled)),
        backfill_h: s.number("backfill_h", 0.0..=8784.0, Some(usual.backfill_h)),
        keep_days: positive(s.number("keep_days", 0.0..=36_525.0, Some(0.0))),
        bytes_max: positive(gigabytes).map(|it| (it * 1e9) as u64),
        keep_oldest: when_full == Some(1),
        events_max: s.number("max_events", 1e3..=1e9, Some(usual.events_max as f64)) as u64,
        usual_deadbands: s.flag("usual_deadbands", Some(usual.usual_deadbands)),
        exceptions: exceptions(s),
    }
}

/// Every table `[[history.exception]]`.
fn exceptions(s: &Section<'_>) -> Vec<ExceptionRule> {
    let any = |text: &str| !text.trim().is_empty();
    s.tables("exception", 0, |s| ExceptionRule {
        tags: s.text("tags", "paths such as Line1.*.Bath.Temperature", None, any),
        deadband: s.number("deadband", 0.0..=1e12, Some(0.0)),
        swing: s.number("swing", 0.0..=1e12, Some(0.0)),
        longest_s: s.number("longest_s", 1.0..=86_400.0, Some(600.0)),
    })
}

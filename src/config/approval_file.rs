//! Reads what `server.toml` says of commands that wait until they are approved.

use crate::config::approval::{ApprovalConfig, ApprovalRule, Hazard};
use crate::config::section::Section;

/// Rules by their names.
const RULES: [(&str, ApprovalRule); 3] = [
    ("none", ApprovalRule::None),
    ("confirm", ApprovalRule::Confirm),
    ("two_persons", ApprovalRule::TwoPersons),
];

/// The table `[approval]`.
pub(super) fn approval(s: &Section<'_>) -> ApprovalConfig {
    let usual = ApprovalConfig::default();
    let config = ApprovalConfig {
        current_above_pct: s.number(
            "current_above_pct",
            100.0..=110.0,
            Some(usual.current_above_pct),
        ),
        expire_s: s.number("expire_s", 1.0..=3600.0, Some(usual.expire_s)),
        requests: s.count("requests", 1..=1000, Some(usual.requests as u64)) as usize,
        ..usual
    };
    Hazard::ALL.into_iter().fold(config, |config, hazard| {
        let chosen = s.has(hazard.key()).then(|| s.one_of(hazard.key(), &RULES.map(|it| it.0)));
        match chosen.flatten() {
            Some(rule) => config.with(hazard, RULES[rule].1),
            None => config,
        }
    })
}

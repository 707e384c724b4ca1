//! Words of conditions, for people.

use crate::alarm::{AlarmState, Limit, Said};
use crate::ua::event::condition::Told;
use crate::ua::space::Space;

/// Which limits are passed, or that it is active.
pub(super) fn level(state: &AlarmState) -> String {
    if !state.active.on {
        return "Inactive".to_owned();
    }
    let names: Vec<&str> = state.level.limits().map(Limit::name).collect();
    if names.is_empty() { "Active".to_owned() } else { names.join(" ") }
}

/// One sentence: whom it concerns and what has happened.
pub(super) fn message(space: &Space, told: &Told) -> String {
    let state = &*told.state;
    let row = told.row(space);
    let device = &space.table().device(space.alarms().device(told.alarm)).path;
    let by = || if state.user.is_empty() { String::new() } else { format!(" by {}", state.user) };
    let name = row.name;
    match state.said {
        Said::Nothing => format!("{device}: {name} is normal"),
        Said::Level if row.kind.is_dialog() => {
            if state.active.on {
                format!("{device}: {}", row.message)
            } else {
                format!("{device}: nothing is asked any more")
            }
        }
        Said::Level if !state.active.on => format!("{device}: {name} is normal again"),
        Said::Level => format!("{device}: {}{}", row.message, passed(told)),
        Said::Escalated => format!("{device}: {} lasts: act now", row.message),
        Said::ReAlarmed => format!("{device}: {} is still active{}", row.message, passed(told)),
        Said::Quality if state.quality.is_bad() => {
            format!("{device}: {name} cannot be judged, its input is bad")
        }
        Said::Quality => format!("{device}: {name} can be judged again"),
        Said::Acknowledged => format!("{device}: {name} acknowledged{}", by()),
        Said::Confirmed => format!("{device}: {name} confirmed{}", by()),
        Said::Commented => format!("{device}: {name}: remark{}", by()),
        Said::Enabled => format!("{device}: {name} enabled{}", by()),
        Said::Disabled => format!("{device}: {name} disabled{}", by()),
        Said::Shelved => format!("{device}: {name} shelved{}", by()),
        Said::Unshelved => format!("{device}: {name} shelved no more"),
        Said::Suppressed => format!("{device}: {name} suppressed"),
        Said::Unsuppressed => format!("{device}: {name} suppressed no more"),
        Said::OutOfService => format!("{device}: {name} taken out of service{}", by()),
        Said::InService => format!("{device}: {name} put into service{}", by()),
        Said::Silenced => format!("{device}: {name} silenced{}", by()),
        Said::Reset => format!("{device}: {name} reset{}", by()),
        Said::Responded => {
            let answer = usize::try_from(state.last_response).ok();
            let answer = answer.and_then(|it| row.answers.get(it)).map_or("", |it| it.text);
            format!("{device}: answered with \"{answer}\"{}", by())
        }
        Said::Branched => {
            let missing = if state.acked.on { "confirmed" } else { "acknowledged" };
            format!("{device}: {name} came again before it was {missing}")
        }
        Said::BranchEnded => format!("{device}: an earlier occurrence of {name} is done"),
    }
}

/// The value and the limit that it has passed.
fn passed(told: &Told) -> String {
    let state = &*told.state;
    let limit = state.level.limits().next();
    match (limit, state.value) {
        (Some(limit), Some(value)) => {
            let at = told.limits[limit as usize];
            let at = at.map_or_else(String::new, |it| format!(", limit {}", rounded(it)));
            format!(": {} ({}{at})", limit.name(), rounded(value))
        }
        (None, Some(value)) => format!(" ({})", rounded(value)),
        _ => String::new(),
    }
}

/// Four digits are enough for people.
fn rounded(value: f64) -> String {
    let digits = 3 - (value.abs().max(1e-9).log10().floor() as i32).clamp(-3, 3);
    format!("{value:.*}", digits.clamp(0, 6) as usize)
}

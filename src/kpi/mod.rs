//! The plant's key figures over any period, from what the history holds (domain B10).
//!
//! [`KpiReader`] follows the recorded counters, levels and states of each electrolyzer through a [`Period`] and gives
//! [`Sums`]: what adds up over time and over electrolyzers. Figures are made of sums, never of other figures.
//! Only time that was recorded is judged. How far to believe each figure: `docs/kpis.md`.

mod counter;
mod period;
mod points;
mod read;
mod state;
mod sums;

pub use period::Period;
pub use read::{Depth, KpiReader, Scope};
pub use sums::Sums;

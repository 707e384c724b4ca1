//! Aggregates against the tables of Part 13, Annex A, against another implementation, and against themselves.

mod annex;
mod annex_bounds;
mod annex_time;
mod at_time;
mod live;
mod memory;
mod peer;
mod properties;
mod queries;

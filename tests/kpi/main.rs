//! Key figures from the history against figures that are known otherwise.

mod day;
mod made;
mod support;

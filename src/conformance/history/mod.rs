//! 4.15: historical access (Part 11, Part 13).
//!
//! Cases fill histories themselves, by HistoryUpdate at times in the year 2001 and later: each has days of its own and
//! empties them first, so that a run can be repeated. They need the fixture's variables below `History` and a user who
//! may change what was recorded (`--user`, an Operator or above):
//!
//! | Variable | What it is for |
//! | --- | --- |
//! | Double with Annotations, Int32, Float, Boolean, String, DateTime, DoubleArray, BooleanArray | values of each type |
//! | ReadOnly, ReadByOperator | rights |
//! | Bounds, Instants, Many, Regular with Annotations, Scattered, States | histories of one case alone, so that nothing lies before or behind its samples |

mod annex;
mod annotation;
mod at_time;
mod capability;
mod details;
mod modified;
mod node;
mod page;
mod processed;
mod raw;
mod record;
mod update;

use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of history.
pub(super) const CASES: &[Case] = &[
    case("HA-01", "raw values by start and end, start and number, number and end", raw::ha_01),
    case("HA-02", "a start behind the end reads backwards", raw::ha_02),
    case("HA-03", "one parameter alone, or none", raw::ha_03),
    case("HA-04", "pages of ten out of a thousand values", page::ha_04),
    case("HA-05", "continuation points: used, released, foreign, invented", page::ha_05),
    case("HA-06", "more reads than there are continuation points", page::ha_06),
    case("HA-07", "bounds on samples, between them, and where there is none", raw::ha_07),
    case("HA-08", "there are no bounds of modified values", raw::ha_08),
    case("HA-09", "a start that is the end", raw::ha_09),
    case("HA-10", "a range without data", raw::ha_10),
    case("HA-11", "timestamps as asked, and those that there are not", details::ha_11),
    case("HA-12", "nodes without history, objects, unknown nodes", node::ha_12),
    case("HA-13", "who may not read a history", node::ha_13),
    case("HA-14", "index ranges of arrays", node::ha_14),
    case("HA-15", "bad and uncertain samples, and every type of value", node::ha_15),
    case("HA-16", "nothing, too much, unknown details", details::ha_16),
    case("HA-17", "a long answer fits the client's buffer", page::ha_17),
    case("HA-18", "values on samples, between, before and behind them", at_time::ha_18),
    case("HA-19", "no times at all", at_time::ha_19),
    case("HA-20", "inserting what is new, and what is there", update::ha_20),
    case("HA-21", "replacing what is there, and what is not", update::ha_21),
    case("HA-22", "updating whether it is there or not", update::ha_22),
    case("HA-23", "deleting a range, an empty range, and at times", update::ha_23),
    case("HA-24", "modified values, with who changed them, when and how", modified::ha_24),
    case("HA-25", "who may not change a history, and which cannot be changed", modified::ha_25),
    case("HA-26", "values of another type", update::ha_26),
    case("HA-27", "too many values and operations at once", update::ha_27),
    case("HA-29", "every aggregate against the tables of Part 13", annex::ha_29),
    case("HA-30", "processed values of no time", processed::ha_30),
    case("HA-31", "unknown aggregates, and lists of another length", processed::ha_31),
    case("HA-32", "percentages that cannot be", processed::ha_32),
    case("HA-33", "intervals of zero, below it, and longer than the range", processed::ha_33),
    case("HA-34", "aggregates of what is no number", processed::ha_34),
    case("HA-35", "the server's defaults whatever the other flags say", processed::ha_35),
    case("HA-36", "ten million intervals are bounded", processed::ha_36),
    case("HA-37", "a restart and a power cut", ha_37),
    case("HA-38", "annotations written, read, counted and removed", annotation::ha_38),
    case("HA-39", "capabilities and configurations are as the server behaves", capability::ha_39),
    case("HA-40", "AccessLevel and Historizing tell of histories", capability::ha_40),
];

fn ha_37(_: &Bench) -> Check {
    Err(Stop::skipped("needs a restart of the server; shown by tests/server/history_crash.rs"))
}

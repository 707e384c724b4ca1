//! The conformance runner: cases against any OPC UA server (`cellhouse conformance URL`).
//!
//! A case is a function that gets a [`Bench`], does what its row of the conformance list says, and returns `Ok`,
//! or stops with what was expected and what came, or with the reason why it cannot be run against this
//! server. Each section of the list is a file; a new case is a function and a row in its `CASES`.
//! A case leaves the server as it found it: what it writes, it writes back.

mod alarm;
mod audit;
mod bench;
mod diagnostics;
mod certificate;
mod channel;
mod channel_open;
mod client;
mod discovery;
mod elliptic;
mod encoding;
mod event;
mod expect;
mod filter;
mod history;
mod issued;
mod item;
mod link;
mod material;
mod method;
mod path;
mod publish;
mod push;
mod read;
mod recipe;
mod report;
mod role;
mod run;
mod secure;
mod session;
mod session_secure;
mod subscription;
mod transfer;
mod transport;
mod user;
mod user_certificate;
mod view;
mod wallet;
mod write;

pub use bench::{Bench, Options, User};
pub use report::{Report, Row, Verdict};
pub use run::run;

/// Why a case ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The server does not do what the row says.
    Failed(String),
    /// The row cannot be shown on this server from outside.
    Skipped(String),
}

impl Stop {
    /// What was expected and what came.
    fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Why not.
    fn skipped(text: impl Into<String>) -> Self {
        Self::Skipped(text.into())
    }

    /// Something other than what was expected.
    fn unexpected(of: &str, expected: &str, got: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{of}: expected {expected}, got {got}"))
    }
}

/// What a case returns.
type Check = Result<(), Stop>;

/// One row of the conformance list.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its id, such as `RD-04`.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// It disturbs others, or would be disturbed: it runs by itself.
    pub is_alone: bool,
    run: fn(&Bench) -> Check,
}

/// A case that runs beside others.
const fn case(id: &'static str, title: &'static str, run: fn(&Bench) -> Check) -> Case {
    Case { id, title, is_alone: false, run }
}

/// A case that runs by itself.
const fn alone(id: &'static str, title: &'static str, run: fn(&Bench) -> Check) -> Case {
    Case { id, title, is_alone: true, run }
}

/// Every case, section by section.
pub fn cases() -> Vec<Case> {
    [
        transport::CASES,
        channel_open::CASES,
        channel::CASES,
        encoding::CASES,
        discovery::CASES,
        certificate::CASES,
        session::CASES,
        session_secure::CASES,
        view::CASES,
        path::CASES,
        read::CASES,
        write::CASES,
        method::CASES,
        subscription::CASES,
        publish::CASES,
        transfer::CASES,
        item::CASES,
        filter::CASES,
        event::CASES,
        diagnostics::CASES,
        alarm::CASES,
        history::CASES,
        role::CASES,
        push::CASES,
        audit::CASES,
        user_certificate::CASES,
        elliptic::CASES,
        // Its last case locks the user out for a while.
        user::CASES,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// How many rows each section of the first two waves of the list has.
    const ROWS: &[(&str, usize)] = &[
        ("TCP", 18),
        ("SC", 28),
        ("ENC", 17),
        ("DIS", 13),
        ("CRT", 28),
        ("SES", 39),
        ("USR", 20),
        ("VIW", 27),
        ("RD", 19),
        ("WR", 18),
        ("MTH", 12),
        ("SUB", 31),
        ("MON", 27),
        ("AC", 31),
        ("ROL", 12),
        ("GDS", 11),
        ("AUD", 7),
    ];

    #[test]
    fn every_row_of_the_first_two_waves_is_a_case_and_no_case_is_there_twice() {
        let all = cases();
        let ids: BTreeSet<&str> = all.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), all.len());
        for (section, rows) in ROWS {
            for row in 1..=*rows {
                let id = format!("{section}-{row:02}");
                assert!(ids.contains(id.as_str()), "no case shows {id}");
            }
        }
    }
}

//! Hazardous commands wait until they are approved (domain A6; the rules are [`crate::config::ApprovalRule`]).
//!
//! ```text
//! asked ─the controls would refuse it─► refused, as any command
//!   └─► waiting ─Approve──────────────► the command, judged anew; what comes of it is the answer to Approve
//!          ├─Withdraw─► withdrawn by whoever asked, or refused by another
//!          ├─time─────► expired
//!          └─session of whoever asked ends, or acts for another user─► given up
//! ```
//! The rule lives at this edge: what reaches the engine, and with it the journal, is an approved command and nothing else,
//! so that a run repeats. Requests live in memory: a restart forgets them.

mod pending;
mod step;
mod value;

pub use pending::{
    ApprovalProblem, Asked, Form, Held, HoldProblem, PER_PERSON, PendingApprovals, Person, Request,
};
pub use step::Step;

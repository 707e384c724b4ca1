//! Sessions: who is talking, over which channel, for how long.
//!
//! A session is created on a channel, activated with an identity, may move to another channel of the
//! same client, and ends by CloseSession or by its timeout (Part 4, 5.7).

mod continuation;
mod count;
mod guard;
mod identity;
mod issued;
#[cfg(test)]
mod issued_tests;
mod queue;
mod store;

pub use continuation::Continuations;
pub use count::ServiceCounts;
pub use guard::LoginGuard;
pub use identity::{Identity, IdentityProblem, Login, Proof, read_login};
pub use issued::{IssuerError, Issuers, TokenProblem};
pub use queue::LoginQueue;
pub use store::{BrowseRest, NewSession, Session, Sessions};

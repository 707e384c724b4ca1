//! The audit trail: who did what, from where, and what came of it (Part 3, 4.7; Part 4, 6.5; Part 5, 6.4.3).
//!
//! What is done or refused is a [`Deed`] on behalf of an [`Origin`]; `Server::audit` makes of it an event for those who
//! may hear it, and a line of the log below `<data>/audit`, whose lines are chained so that a change is seen.
//! Nothing secret goes in: no password, no key, no authentication token, no nonce (AUD-05).
//!
//! Whoever adds a way to change something calls `Server::audit_method`, `Server::audit_write` or, with an event type of
//! its own, `Server::audit`.

mod approval;
mod chain;
mod channel;
mod condition;
mod deed;
mod gate;
mod history;
mod history_data;
mod json;
mod log;
mod method;
mod session;
mod trail;
mod verify;
mod write;

pub use chain::{Draft, Entry, Fault, Head, Line};
pub use condition::audited_condition;
pub use deed::{Deed, Origin, Who};
pub use history::{EventChange, EventsChanged};
pub use history_data::HistoryChange;
pub use log::{Log, folder};
pub use method::{AuditedMethod, how_audited};
pub use session::Activation;
pub use trail::Trail;
pub use verify::{Break, Found, last_lines, verify};
pub use write::{Said, Written};

//! Beyond one machine: every sample of the history also goes to PostgreSQL, once, in the order of arrival.
//!
//! A thread of its own reads the history's [`Outbox`](crate::history::Outbox) from place to place and writes what it
//! finds by COPY. The place goes into a table of the same database in the same transaction, so that after any failure,
//! of either side, it says what comes next. While the database is away the logs wait on disk; recording goes on.
//!
//! ```text
//!              ┌───────────── connect ──────────────┐
//!              ▼                                    │ pause: 0.5 s to 30 s, with chance in it
//!  make tables ► read place ► parcel ► COPY + place ┴─ any failure ─►
//!                               ▲          │
//!                               └──────────┘ 1 s if nothing was there
//! ```

mod connect;
mod error;
mod forwarder;
mod notes;
mod position;
mod row;
mod schema;
mod session;
mod status;
mod tags;

pub use error::ForwardError;
pub use forwarder::{Handle, start};
pub use notes::{Note, Notes, notes};
pub use status::{ForwardStatus, Monitor};

//! What has happened, kept on disk in the order of its time: records with an id, a kind, an origin and named fields
//! (redb: copy on write, checksums, one commit at a time). What a commit has confirmed is there whatever ends the process.
//!
//! ```text
//! who tells ── record ──►│ bounded │──► thread ── batch, one commit ──► chronicle.redb
//! who edits ── tasks ───►│  queue  │       └─ retention: count, age       └──► Readers, on any thread
//! ```
//!
//! The chronicle does not know what fields mean: they are bytes under a name. Names are kept once and numbered.

mod reader;
mod record;
mod store;
mod thread;
mod words;

pub use reader::{Key, Reader, Span};
pub use record::{Fields, Record, Stored};
pub use store::{Chronicle, ChronicleError, Guard, Outcome, Retention, Task};
pub use thread::{Chronicler, ChroniclerError, Port};

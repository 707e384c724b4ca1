//! The historian's store: every sample of every tag that is marked for history, compressed, in one folder, without a
//! service beside it. Plain files; no protocol, no thread of its own, no clock.
//!
//! [`History`] is the one who writes: samples go to memory (the heads) and, at a commit, to a log that is synced; full
//! heads are sealed into segments of compressed blocks that never change. [`Reader`]s read on any thread; an [`Outbox`]
//! reads the logs for whoever forwards every sample once. Why not one of the stores there are, and what it costs:
//! `docs/decisions/0001-history-store.md`.

mod block;
mod catalogue;
mod codec;
mod cursor;
mod disk;
mod edit;
mod error;
mod files;
mod identity;
mod kept;
mod log;
mod merge;
mod outbox;
mod paths;
mod read_only;
mod reader;
mod record;
mod recover;
mod sample;
mod scan;
mod seal;
mod segment;
mod settings;
mod tail;
mod view;
mod writer;

pub use disk::{Disk, DiskFile, RealDisk};
pub use edit::{By, Change, Edit, Edited, Modified, ModifiedPage, ModifiedScan, Scan};
pub use error::HistoryError;
pub use kept::GivenUp;
pub use outbox::{Gap, Outbox, Parcel, Place, Waiting};
pub use reader::{Direction, Page, Position, Reader, Request, Span};
pub use recover::Recovered;
pub use sample::{Batch, Column, Sample, SeriesId};
pub use settings::{HistoryConfig, Statistics, Tended, WhenFull};
pub use writer::History;

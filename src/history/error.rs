//! What goes wrong with a history on disk.

use std::io;
use std::path::{Path, PathBuf};

/// Why samples could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The disk is full. What was committed before is safe; what was not, waits for the next commit.
    #[error("no room on the disk for the history at {}: {source}", path.display())]
    NoSpace {
        /// What was being written.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The operating system refuses.
    #[error("history file {}: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The folder belongs to another process.
    #[error("the history in {} is in use by another server", folder.display())]
    InUse {
        /// Which folder.
        folder: PathBuf,
    },
    /// The files change so fast that no two looks see the same.
    #[error("the history in {} does not keep still long enough to be read", folder.display())]
    Restless {
        /// Which folder.
        folder: PathBuf,
    },
    /// The bytes on disk are not those that were written.
    #[error("history file {} is damaged at byte {offset}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
    },
    /// All bytes that the history may take are taken, and it is to keep the oldest.
    #[error("the history has reached its {bytes_max} bytes and is configured to keep the oldest")]
    BytesMax {
        /// As configured.
        bytes_max: u64,
    },
    /// More samples wait for the disk than memory is set aside for.
    #[error("{samples} samples wait for the disk of the history, which is the most that may")]
    Behind {
        /// How many wait.
        samples: usize,
    },
    /// Edits are kept in memory, and these would be more than may be.
    #[error("the history holds {count} edits of at most {max}; {more} more do not fit")]
    EditsMax {
        /// Edits that there are.
        count: usize,
        /// How many were to be added.
        more: usize,
        /// As configured.
        max: usize,
    },
    /// One sample alone is larger than a record may be.
    #[error("a sample of {bytes} bytes is too large for the history")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl HistoryError {
    /// What the operating system said of `path`.
    pub(super) fn disk(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { path, source }
            }
            _ => Self::Disk { path, source },
        }
    }
}

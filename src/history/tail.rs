//! A file that grows by synced pieces. After a failure it is opened anew and cut to what was synced, so that a piece
//! is there as a whole or can be written again.

use std::io;
use std::path::{Path, PathBuf};

use crate::history::{Disk, DiskFile, HistoryError};

/// The end of a file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    /// Bytes that are synced.
    length: u64,
}

impl Tail {
    /// A file of which `length` bytes are good. It is not touched before something is written.
    pub(super) fn new(path: PathBuf, length: u64) -> Self {
        Self { path, file: None, length }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are synced.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Writes and syncs; all of it or nothing.
    pub(super) fn write(&mut self, disk: &dyn Disk, bytes: &[u8]) -> Result<(), HistoryError> {
        let done = self.try_write(disk, bytes);
        if done.is_err() {
            self.file = None;
        }
        done.map_err(|source| HistoryError::disk(&self.path, source))
    }

    fn try_write(&mut self, disk: &dyn Disk, bytes: &[u8]) -> io::Result<()> {
        let is_new = self.file.is_none();
        let mut file = match self.file.take() {
            Some(file) => file,
            None => disk.open(&self.path)?,
        };
        if is_new {
            file.truncate(self.length)?;
            if let Some(folder) = self.path.parent() {
                disk.sync_folder(folder)?;
            }
        }
        file.append(bytes)?;
        file.sync()?;
        self.length += bytes.len() as u64;
        self.file = Some(file);
        Ok(())
    }
}

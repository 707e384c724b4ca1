//! A file that grows by synced pieces. After a failure it is opened anew and cut to what was synced, so that a piece
//! is there as a whole or can be written again. If somebody removes the file it is written anew from what is still
//! open of it.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use crate::history::{Disk, DiskFile, HistoryError};

/// Bytes that are copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// The end of a file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    /// To read from, also when the name is gone.
    kept: Option<File>,
    /// Bytes that are synced.
    length: u64,
}

impl Tail {
    /// A file of which `length` bytes are good. It is not touched before something is written.
    pub(super) fn new(path: PathBuf, length: u64) -> Self {
        let kept = if length > 0 { File::open(&path).ok() } else { None };
        Self { path, file: None, kept, length }
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

    /// Writes the file anew if its name is gone. True if it was.
    pub(super) fn put_back(&mut self, disk: &dyn Disk) -> Result<bool, HistoryError> {
        let is_gone = self.length > 0 && !self.path.exists();
        if is_gone {
            let done = self.try_put_back(disk);
            done.map_err(|source| HistoryError::disk(&self.path, source))?;
        }
        Ok(is_gone)
    }

    fn try_put_back(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let lost = || io::Error::new(io::ErrorKind::NotFound, "it has been removed");
        let kept = self.kept.take().ok_or_else(lost)?;
        let beside = self.path.with_extension("back");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let copied = copy(&kept, self.length, disk, &beside);
        self.kept = Some(kept);
        copied?;
        disk.rename(&beside, &self.path)?;
        // What is open is the one without a name. The next write opens the other, and syncs its folder.
        self.file = None;
        self.kept = Some(File::open(&self.path)?);
        Ok(())
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
            self.kept = Some(File::open(&self.path)?);
        }
        file.append(bytes)?;
        file.sync()?;
        self.length += bytes.len() as u64;
        self.file = Some(file);
        Ok(())
    }
}

/// Copies the first `length` bytes.
fn copy(mut from: &File, length: u64, disk: &dyn Disk, to: &Path) -> io::Result<()> {
    let mut file = disk.open(to)?;
    file.truncate(0)?;
    from.rewind()?;
    let mut rest = from.take(length);
    let mut bytes = vec![0; COPY_BYTES];
    loop {
        let read = rest.read(&mut bytes)?;
        if read == 0 {
            return file.sync();
        }
        file.append(&bytes[..read])?;
    }
}

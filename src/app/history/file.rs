//! A file that is there as a whole or not at all: written beside and renamed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::app::Failure;

/// A file in the making; what is not kept is removed.
pub(super) struct Target {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl Target {
    /// Begins the file beside its place.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().ok_or("--out names no file")?.to_owned();
        name.push(".part");
        let beside = path.with_file_name(name);
        let file =
            File::create(&beside).map_err(|error| format!("{}: {error}", beside.display()))?;
        Ok(Self { path: path.to_owned(), beside, file })
    }

    /// Where to write.
    pub(super) fn file(&self) -> Result<File, Failure> {
        Ok(self.file.try_clone()?)
    }

    /// Gives the file its name.
    pub(super) fn keep(&self) -> Result<(), Failure> {
        self.file.sync_all()?;
        fs::rename(&self.beside, &self.path)?;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // After a rename there is nothing there.
        fs::remove_file(&self.beside).ok();
    }
}

//! Which series has which number: paths of tags in the order of their numbers, in a file that only grows.

use std::fs;
use std::io;
use std::path::Path;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::history::cursor::Cursor;
use crate::history::tail::Tail;
use crate::history::{Disk, HistoryError, record};

/// Paths in the order of their numbers.
pub(super) type Names = IndexSet<String, FxBuildHasher>;

/// The file.
#[derive(Debug)]
pub(super) struct Catalogue {
    tail: Tail,
    /// Records that wait to be written.
    waiting: Vec<u8>,
}

impl Catalogue {
    /// Reads the file; a record at its end that is not whole was never acknowledged.
    pub(super) fn read(path: &Path) -> Result<(Self, Names), HistoryError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(HistoryError::disk(path, source)),
        };
        let mut names = Names::default();
        let mut cursor = Cursor(&bytes);
        let mut length = 0;
        while let Ok(record) = record::take(&mut cursor)
            && let Ok(name) = str::from_utf8(record)
            && names.insert(name.to_owned())
        {
            length = bytes.len() - cursor.0.len();
        }
        let tail = Tail::new(path.to_owned(), length as u64);
        Ok((Self { tail, waiting: Vec::new() }, names))
    }

    /// Adds a path. It is durable after [`Catalogue::sync`].
    pub(super) fn add(&mut self, name: &str) {
        record::put(&mut self.waiting, name.as_bytes());
    }

    /// Writes the file anew if somebody has removed it. True if so.
    pub(super) fn put_back(&mut self, disk: &dyn Disk) -> Result<bool, HistoryError> {
        self.tail.put_back(disk)
    }

    /// Returns once all paths are on the medium.
    pub(super) fn sync(&mut self, disk: &dyn Disk) -> Result<(), HistoryError> {
        if !self.waiting.is_empty() {
            self.tail.write(disk, &self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }
}

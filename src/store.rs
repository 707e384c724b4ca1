//! A small store of texts by key, in one file, safe against crashes (redb: copy on write, checksums, one commit at
//! a time). What has been kept is there after a kill or a loss of power; what has not been, is not.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};

/// Bytes of memory that a store of texts takes for pages.
const CACHE: usize = 1 << 20;

/// A redb file that is opened anew once a write has failed: after a full disk redb refuses everything, also when
/// there is room again.
#[derive(Clone, Debug)]
pub struct RedbFile {
    path: PathBuf,
    cache: usize,
    open: Arc<Mutex<Option<Arc<Database>>>>,
}

impl RedbFile {
    /// Opens the file at `path`, or makes it, with `cache` bytes of memory for pages.
    pub fn open(path: &Path, cache: usize) -> Result<Self, DatabaseError> {
        let file = Self { path: path.to_owned(), cache, open: Arc::default() };
        file.get()?;
        Ok(file)
    }

    /// The database. One that was closed is opened again, as soon as nobody reads what was open before.
    pub fn get(&self) -> Result<Arc<Database>, DatabaseError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = &*open {
            return Ok(Arc::clone(database));
        }
        let database = Database::builder().set_cache_size(self.cache).create(&self.path)?;
        Ok(Arc::clone(open.insert(Arc::new(database))))
    }

    /// Lets go of a database that refuses.
    pub fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What goes wrong on disk.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(String);

impl StoreError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Keys and texts in tables.
#[derive(Debug)]
pub struct Store {
    file: RedbFile,
}

type Table<'a> = TableDefinition<'a, &'static str, &'static str>;

impl Store {
    /// Opens the file at `path`, or makes it. A file that was not closed is put in order first.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wrong = |error: DatabaseError| {
            StoreError(format!("{}: {error}; another server may be using it", path.display()))
        };
        Ok(Self { file: RedbFile::open(path, CACHE).map_err(wrong)? })
    }

    /// Everything in a table, in order of the keys.
    pub fn all(&self, table: &str) -> Result<Vec<(String, String)>, StoreError> {
        let database = self.file.get().map_err(StoreError::of)?;
        let read = database.begin_read().map_err(StoreError::of)?;
        let table = match read.open_table(Table::new(table)) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::of(error)),
        };
        let mut all = Vec::new();
        for entry in table.iter().map_err(StoreError::of)? {
            let (key, text) = entry.map_err(StoreError::of)?;
            all.push((key.value().to_owned(), text.value().to_owned()));
        }
        Ok(all)
    }

    /// Keeps texts under their keys, all of them or none. On return they are on disk.
    pub fn keep(&self, table: &str, texts: &[(String, String)]) -> Result<(), StoreError> {
        let kept = self.try_keep(table, texts);
        if kept.is_err() {
            self.file.close();
        }
        kept
    }

    fn try_keep(&self, table: &str, texts: &[(String, String)]) -> Result<(), StoreError> {
        let database = self.file.get().map_err(StoreError::of)?;
        let write = database.begin_write().map_err(StoreError::of)?;
        {
            let mut table = write.open_table(Table::new(table)).map_err(StoreError::of)?;
            for (key, text) in texts {
                table.insert(key.as_str(), text.as_str()).map_err(StoreError::of)?;
            }
        }
        write.commit().map_err(StoreError::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, text: &str) -> (String, String) {
        (key.to_owned(), text.to_owned())
    }

    #[test]
    fn what_was_kept_is_there_when_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let store = Store::open(&path).unwrap();
        assert_eq!(store.all("alarms").unwrap(), []);
        store.keep("alarms", &[pair("b", "1"), pair("a", "2")]).unwrap();
        store.keep("alarms", &[pair("b", "3")]).unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.all("alarms").unwrap(), [pair("a", "2"), pair("b", "3")]);
        assert_eq!(store.all("other").unwrap(), []);
    }

    #[test]
    fn a_database_that_was_closed_is_opened_again_by_all_who_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.redb")).unwrap();
        store.keep("alarms", &[pair("a", "1")]).unwrap();
        let other = store.file.clone();
        store.file.close();
        assert_eq!(store.all("alarms").unwrap(), [pair("a", "1")]);
        assert!(Arc::ptr_eq(&other.get().unwrap(), &store.file.get().unwrap()));
    }

    #[test]
    fn a_file_that_is_open_already_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let _store = Store::open(&path).unwrap();
        let error = Store::open(&path).unwrap_err().to_string();
        assert!(error.contains("state.redb"), "{error}");
    }
}

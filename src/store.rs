//! A small store of texts by key, in one file, safe against crashes (redb: copy on write, checksums, one commit at
//! a time). What has been kept is there after a kill or a loss of power; what has not been, is not.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use tracing::warn;

/// Bytes of memory that a store of texts takes for pages.
const CACHE: usize = 1 << 20;

/// A redb file that is opened anew once a write has failed: after a full disk redb refuses everything, also when
/// there is room again. If somebody removes the file it is written anew from what is still open of it.
#[derive(Clone, Debug)]
pub struct RedbFile {
    path: PathBuf,
    cache: usize,
    open: Arc<Mutex<Option<Open>>>,
}

/// An open database.
#[derive(Debug)]
struct Open {
    database: Arc<Database>,
    /// Its file to read from, also when the name is gone.
    kept: File,
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
        if let Some(Open { database, .. }) = &*open {
            return Ok(Arc::clone(database));
        }
        let database = Database::builder().set_cache_size(self.cache).create(&self.path)?;
        let kept = File::open(&self.path).map_err(|it| DatabaseError::Storage(it.into()))?;
        let Open { database, .. } = open.insert(Open { database: Arc::new(database), kept });
        Ok(Arc::clone(database))
    }

    /// Writes the file anew if somebody has removed it. For the one who writes, between two writes.
    pub fn put_back(&self) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Open { kept, .. }) = &*open
            && !self.path.exists()
        {
            self.copy_back(kept)?;
            // Whoever reads goes on with the one without a name.
            *open = None;
        }
        Ok(())
    }

    fn copy_back(&self, mut kept: &File) -> io::Result<()> {
        let file = self.path.display();
        warn!(%file, "the file has been removed while in use: it is written anew");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = self.path.with_extension("back");
        kept.rewind()?;
        let mut copy = File::create(&beside)?;
        io::copy(&mut kept, &mut copy)?;
        copy.sync_all()?;
        fs::rename(beside, &self.path)
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

    /// Writes the file anew if somebody has removed it.
    pub fn put_back(&self) -> Result<(), StoreError> {
        self.file.put_back().map_err(StoreError::of)
    }

    fn try_keep(&self, table: &str, texts: &[(String, String)]) -> Result<(), StoreError> {
        self.put_back()?;
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
    fn a_file_that_was_removed_is_written_anew_with_all_that_was_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/state.redb");
        fs::create_dir(folder.path().join("data")).unwrap();
        let store = Store::open(&path).unwrap();
        store.keep("alarms", &[pair("a", "1")]).unwrap();
        let reading = store.file.get().unwrap();
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        store.keep("alarms", &[pair("b", "2")]).unwrap();
        drop((store, reading));
        let store = Store::open(&path).unwrap();
        assert_eq!(store.all("alarms").unwrap(), [pair("a", "1"), pair("b", "2")]);
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

//! The chronicle's file: records by time and number, their ids, the names of fields.

use std::path::Path;
use std::sync::Arc;

use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition};

use crate::chronicle::record::encode;
use crate::chronicle::words::Words;
use crate::chronicle::{Fields, Record, Stored, reader};
use crate::store::RedbFile;
use crate::time::Timestamp;

/// Records by (ticks, number).
pub(super) const RECORDS: TableDefinition<'_, (i64, u64), &[u8]> = TableDefinition::new("records");
/// Where the record of an id stands.
const IDS: TableDefinition<'_, &[u8], (i64, u64)> = TableDefinition::new("ids");
/// Names of fields by number.
pub(super) const WORDS: TableDefinition<'_, u32, &str> = TableDefinition::new("words");

/// Numbers by name: the next record's.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const NEXT: &str = "next";

/// Memory for pages of the file, bytes.
const CACHE: usize = 32 << 20;
/// Records that one commit removes at the most because of age and number.
const REMOVED_AT_ONCE: usize = 4096;

/// What goes wrong on disk.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ChronicleError(String);

impl ChronicleError {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retention {
    /// Records; the oldest go first.
    pub count_max: u64,
    /// Older ones go, s; `None` keeps them.
    pub keep_s: Option<f64>,
}

/// Whether a record may be changed, by its kind and origin.
pub type Guard = Arc<dyn Fn(&[u8], &str) -> bool + Send + Sync>;

/// One change.
pub enum Task {
    /// Takes a record; one whose id is known already is left out.
    Append(Record),
    /// As append, and says which.
    Insert(Record),
    /// Puts `fields` into the record with this id; the place of a new time, a new kind.
    Replace {
        /// Whose.
        id: Vec<u8>,
        /// If it is another.
        time: Option<Timestamp>,
        /// If it is another.
        kind: Option<Vec<u8>>,
        /// In the place of those that there are.
        fields: Fields,
        /// Is taken if no record has the id.
        otherwise: Option<Record>,
        /// Whether it may be.
        guard: Guard,
    },
    /// Removes the record with this id.
    Delete {
        /// Whose.
        id: Vec<u8>,
        /// Whether it may be.
        guard: Guard,
    },
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The record is new.
    Inserted,
    /// It was this before.
    Replaced(Box<Record>),
    /// It was this.
    Deleted(Box<Record>),
    /// The id is another record's.
    Exists,
    /// There is none that may be changed.
    Missing,
}

/// The chronicle, for the one who writes.
#[derive(Debug)]
pub struct Chronicle {
    file: RedbFile,
    retention: Retention,
    words: Words,
    next_number: u64,
    /// Time of the last record that was appended: age is measured from it.
    now: Timestamp,
}

/// The tables of one commit.
struct Tables<'a> {
    records: Table<'a, (i64, u64), &'static [u8]>,
    ids: Table<'a, &'static [u8], (i64, u64)>,
}

impl Chronicle {
    /// Opens the file at `path`, or makes it.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, ChronicleError> {
        let wrong = |error: redb::DatabaseError| {
            ChronicleError(format!("{}: {error}; another server may be using it", path.display()))
        };
        let file = RedbFile::open(path, CACHE).map_err(wrong)?;
        let database = file.get().map_err(wrong)?;
        let write = database.begin_write().map_err(ChronicleError::of)?;
        {
            write.open_table(RECORDS).map_err(ChronicleError::of)?;
            write.open_table(IDS).map_err(ChronicleError::of)?;
            write.open_table(WORDS).map_err(ChronicleError::of)?;
            write.open_table(NUMBERS).map_err(ChronicleError::of)?;
        }
        write.commit().map_err(ChronicleError::of)?;
        let read = database.begin_read().map_err(ChronicleError::of)?;
        let words = reader::words(&read.open_table(WORDS).map_err(ChronicleError::of)?)?;
        let records = read.open_table(RECORDS).map_err(ChronicleError::of)?;
        let last = records.last().map_err(ChronicleError::of)?;
        let now = last.map_or(Timestamp::default(), |it| Timestamp::from_ticks(it.0.value().0));
        let numbers = read.open_table(NUMBERS).map_err(ChronicleError::of)?;
        let next = numbers.get(NEXT).map_err(ChronicleError::of)?;
        let next_number = next.map_or(0, |it| it.value());
        Ok(Self { file, retention, words, next_number, now })
    }

    pub(super) fn file(&self) -> &RedbFile {
        &self.file
    }

    /// Carries out all tasks, or none of them. On return they are on disk.
    pub fn write(&mut self, tasks: &[Task]) -> Result<Vec<Outcome>, ChronicleError> {
        let known = self.words.len();
        let done = self.try_write(tasks, known);
        if done.is_err() {
            self.words.forget_since(known);
            self.file.close();
        }
        done
    }

    /// Writes the file anew if somebody has removed it.
    pub fn put_back(&self) -> Result<(), ChronicleError> {
        self.file.put_back().map_err(ChronicleError::of)
    }

    fn try_write(&mut self, tasks: &[Task], known: u32) -> Result<Vec<Outcome>, ChronicleError> {
        self.put_back()?;
        let database = self.file.get().map_err(ChronicleError::of)?;
        let write = database.begin_write().map_err(ChronicleError::of)?;
        let mut outcomes = Vec::with_capacity(tasks.len());
        {
            let mut tables = Tables {
                records: write.open_table(RECORDS).map_err(ChronicleError::of)?,
                ids: write.open_table(IDS).map_err(ChronicleError::of)?,
            };
            for task in tasks {
                outcomes.push(self.carry_out(&mut tables, task)?);
            }
            self.retire(&mut tables)?;
            let mut words = write.open_table(WORDS).map_err(ChronicleError::of)?;
            for (number, text) in self.words.since(known) {
                words.insert(number, text).map_err(ChronicleError::of)?;
            }
            let mut numbers = write.open_table(NUMBERS).map_err(ChronicleError::of)?;
            numbers.insert(NEXT, self.next_number).map_err(ChronicleError::of)?;
        }
        write.commit().map_err(ChronicleError::of)?;
        Ok(outcomes)
    }

    fn carry_out(
        &mut self,
        tables: &mut Tables<'_>,
        task: &Task,
    ) -> Result<Outcome, ChronicleError> {
        match task {
            Task::Append(record) => {
                self.now = record.time;
                self.insert(tables, record)
            }
            Task::Insert(record) => self.insert(tables, record),
            Task::Replace { id, otherwise: Some(record), .. }
                if tables.ids.get(id.as_slice()).map_err(ChronicleError::of)?.is_none() =>
            {
                self.insert(tables, record)
            }
            Task::Replace { id, time, kind, fields, guard, .. } => {
                let Some(before) = self.take(tables, id, guard)? else {
                    return Ok(Outcome::Missing);
                };
                let after = Record {
                    time: time.unwrap_or(before.time),
                    kind: kind.clone().unwrap_or_else(|| before.kind.clone()),
                    fields: before.fields.replaced_by(fields),
                    ..before.clone()
                };
                self.insert(tables, &after)?;
                Ok(Outcome::Replaced(Box::new(before)))
            }
            Task::Delete { id, guard } => Ok(match self.take(tables, id, guard)? {
                Some(before) => Outcome::Deleted(Box::new(before)),
                None => Outcome::Missing,
            }),
        }
    }

    fn insert(
        &mut self,
        tables: &mut Tables<'_>,
        record: &Record,
    ) -> Result<Outcome, ChronicleError> {
        let id = record.id.as_slice();
        if tables.ids.get(id).map_err(ChronicleError::of)?.is_some() {
            return Ok(Outcome::Exists);
        }
        let key = (record.time.ticks(), self.next_number);
        self.next_number += 1;
        let bytes = encode(record, &mut self.words);
        tables.records.insert(key, bytes.as_slice()).map_err(ChronicleError::of)?;
        tables.ids.insert(id, key).map_err(ChronicleError::of)?;
        Ok(Outcome::Inserted)
    }

    /// Takes a record out, if it may be.
    fn take(
        &self,
        tables: &mut Tables<'_>,
        id: &[u8],
        guard: &Guard,
    ) -> Result<Option<Record>, ChronicleError> {
        let Some(key) = tables.ids.get(id).map_err(ChronicleError::of)?.map(|it| it.value()) else {
            return Ok(None);
        };
        let found = tables.records.get(key).map_err(ChronicleError::of)?;
        let record = found.as_ref().and_then(|it| {
            let stored = Stored::new(it.value(), &self.words)?;
            guard(stored.kind, stored.origin).then(|| stored.record(Timestamp::from_ticks(key.0)))
        });
        drop(found);
        if record.is_some() {
            tables.records.remove(key).map_err(ChronicleError::of)?;
            tables.ids.remove(id).map_err(ChronicleError::of)?;
        }
        Ok(record)
    }

    /// Removes what is too old or too much, some of it at a time.
    fn retire(&self, tables: &mut Tables<'_>) -> Result<(), ChronicleError> {
        let count = tables.records.len().map_err(ChronicleError::of)?;
        let surplus = count.saturating_sub(self.retention.count_max);
        let oldest = self.retention.keep_s.map(|it| self.now.plus_s(-it).ticks());
        let mut gone = Vec::new();
        for entry in tables.records.iter().map_err(ChronicleError::of)?.take(REMOVED_AT_ONCE) {
            let key = entry.map_err(ChronicleError::of)?.0.value();
            let is_old = oldest.is_some_and(|it| key.0 < it);
            if !is_old && gone.len() as u64 >= surplus {
                break;
            }
            gone.push(key);
        }
        if gone.is_empty() {
            return Ok(());
        }
        for key in &gone {
            let removed = tables.records.remove(key).map_err(ChronicleError::of)?;
            let id = removed.as_ref().and_then(|it| Stored::new(it.value(), &self.words));
            if let Some(Stored { id, .. }) = id {
                tables.ids.remove(id).map_err(ChronicleError::of)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::chronicle::Span;

    const KEEP: Retention = Retention { count_max: 100, keep_s: None };

    fn record(ticks: i64, id: u8) -> Record {
        let mut fields = Fields::default();
        fields.add(&Arc::from(format!("field{}", id % 3)), |out| out.push(id));
        let (time, kind) = (Timestamp::from_ticks(ticks), vec![9]);
        Record { time, id: vec![id], kind, origin: "Line1".to_owned(), fields }
    }

    fn ids(chronicle: &Chronicle, is_reverse: bool) -> Vec<u8> {
        let span = Span { from: Timestamp::from_ticks(0), to: Timestamp::from_ticks(i64::MAX) };
        let mut ids = Vec::new();
        let mut take = |_, it: &Stored<'_>| {
            ids.push(it.id[0]);
            ControlFlow::Continue(())
        };
        chronicle.reader().scan(span, is_reverse, None, &mut take).unwrap();
        ids
    }

    fn anyone() -> Guard {
        Arc::new(|_, _| true)
    }

    #[test]
    fn records_are_in_order_of_time_then_of_coming_also_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chronicle.redb");
        let mut chronicle = Chronicle::open(&path, KEEP).unwrap();
        let tasks = [(20, 1), (10, 2), (20, 3)].map(|(ticks, id)| Task::Append(record(ticks, id)));
        chronicle.write(&tasks).unwrap();
        drop(chronicle);
        let mut chronicle = Chronicle::open(&path, KEEP).unwrap();
        chronicle.write(&[Task::Append(record(20, 4))]).unwrap();
        assert_eq!(ids(&chronicle, false), [2, 1, 3, 4]);
        assert_eq!(ids(&chronicle, true), [4, 3, 1, 2]);
    }

    #[test]
    fn an_id_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut chronicle = Chronicle::open(&folder.path().join("c"), KEEP).unwrap();
        let done = chronicle.write(&[Task::Insert(record(1, 1)), Task::Insert(record(2, 1))]);
        assert_eq!(done.unwrap(), [Outcome::Inserted, Outcome::Exists]);
        assert_eq!(ids(&chronicle, false), [1]);
    }

    #[test]
    fn a_record_is_replaced_and_removed_if_it_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let mut chronicle = Chronicle::open(&folder.path().join("c"), KEEP).unwrap();
        chronicle.write(&[Task::Append(record(5, 1)), Task::Append(record(6, 2))]).unwrap();
        let replace = |guard| Task::Replace {
            id: vec![1],
            time: Some(Timestamp::from_ticks(7)),
            kind: None,
            fields: record(0, 4).fields,
            otherwise: None,
            guard,
        };
        let nobody: Guard = Arc::new(|_, origin| origin != "Line1");
        assert_eq!(chronicle.write(&[replace(nobody)]).unwrap(), [Outcome::Missing]);
        let done = chronicle.write(&[replace(anyone())]).unwrap();
        assert_eq!(done, [Outcome::Replaced(Box::new(record(5, 1)))]);
        assert_eq!(ids(&chronicle, false), [2, 1]);
        let delete = |id| Task::Delete { id: vec![id], guard: anyone() };
        let done = chronicle.write(&[delete(2), delete(2)]).unwrap();
        assert_eq!(done, [Outcome::Deleted(Box::new(record(6, 2))), Outcome::Missing]);
        assert_eq!(ids(&chronicle, false), [1]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let retention = Retention { count_max: 3, keep_s: None };
        let mut chronicle = Chronicle::open(&folder.path().join("c"), retention).unwrap();
        let all: Vec<Task> = (1..=5).map(|it| Task::Append(record(it.into(), it))).collect();
        chronicle.write(&all).unwrap();
        assert_eq!(ids(&chronicle, false), [3, 4, 5]);
        // An id that has gone is free.
        let outcome = chronicle.write(&[Task::Insert(record(9, 1))]).unwrap();
        assert_eq!(outcome, [Outcome::Inserted]);
        chronicle.retention = Retention { count_max: 9, keep_s: Some(1.0) };
        chronicle.write(&[Task::Append(record(10_000_005, 7))]).unwrap();
        assert_eq!(ids(&chronicle, false), [5, 1, 7]);
    }
}

//! Reads the chronicle, on any thread.

use std::ops::{Bound, ControlFlow};

use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, TableError};

use crate::chronicle::store::{ChronicleError, RECORDS, WORDS};
use crate::chronicle::words::Words;
use crate::chronicle::{Chronicle, Stored};
use crate::store::RedbFile;
use crate::time::Timestamp;

/// Place of a record: records of one time are in the order of their coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// When.
    pub time: Timestamp,
    /// Counts up.
    pub number: u64,
}

/// From and to, both of them in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The earlier.
    pub from: Timestamp,
    /// The later.
    pub to: Timestamp,
}

/// Someone who reads.
#[derive(Clone, Debug)]
pub struct Reader {
    file: RedbFile,
}

impl Chronicle {
    /// Someone who reads.
    pub fn reader(&self) -> Reader {
        Reader { file: self.file().clone() }
    }
}

impl Reader {
    /// Records that there are.
    pub fn count(&self) -> Result<u64, ChronicleError> {
        let database = self.file.get().map_err(ChronicleError::of)?;
        let read = database.begin_read().map_err(ChronicleError::of)?;
        match read.open_table(RECORDS) {
            Ok(records) => records.len().map_err(ChronicleError::of),
            Err(TableError::TableDoesNotExist(_)) => Ok(0),
            Err(error) => Err(ChronicleError::of(error)),
        }
    }

    /// Shows records of a time, in either direction, behind the one at `behind` if there is one, until `visit` breaks.
    /// Whether it came to the end. What is damaged is skipped: the disk's checksums have their say before.
    pub fn scan(
        &self,
        span: Span,
        is_reverse: bool,
        behind: Option<Key>,
        mut visit: impl FnMut(Key, &Stored<'_>) -> ControlFlow<()>,
    ) -> Result<bool, ChronicleError> {
        let database = self.file.get().map_err(ChronicleError::of)?;
        let read = database.begin_read().map_err(ChronicleError::of)?;
        let records = match read.open_table(RECORDS) {
            Ok(records) => records,
            Err(TableError::TableDoesNotExist(_)) => return Ok(true),
            Err(error) => return Err(ChronicleError::of(error)),
        };
        let words = words(&read.open_table(WORDS).map_err(ChronicleError::of)?)?;
        let mut low = Bound::Included((span.from.ticks(), 0));
        let mut high = Bound::Included((span.to.ticks(), u64::MAX));
        if let Some(Key { time, number }) = behind {
            let bound = if is_reverse { &mut high } else { &mut low };
            *bound = Bound::Excluded((time.ticks(), number));
        }
        if is_empty(low, high) {
            return Ok(true);
        }
        let mut range = records.range::<(i64, u64)>((low, high)).map_err(ChronicleError::of)?;
        while let Some(entry) = if is_reverse { range.next_back() } else { range.next() } {
            let (key, bytes) = entry.map_err(ChronicleError::of)?;
            let (ticks, number) = key.value();
            let key = Key { time: Timestamp::from_ticks(ticks), number };
            let Some(stored) = Stored::new(bytes.value(), &words) else { continue };
            if visit(key, &stored).is_break() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Of bounds in the wrong order nothing can be asked.
fn is_empty(low: Bound<(i64, u64)>, high: Bound<(i64, u64)>) -> bool {
    let (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) =
        (low, high)
    else {
        return false;
    };
    from >= to && !(from == to && matches!((low, high), (Bound::Included(_), Bound::Included(_))))
}

/// All names.
pub(super) fn words(
    table: &impl ReadableTable<u32, &'static str>,
) -> Result<Words, ChronicleError> {
    let mut words = Words::default();
    for entry in table.iter().map_err(ChronicleError::of)? {
        let (_, text) = entry.map_err(ChronicleError::of)?;
        words.add(text.value());
    }
    Ok(words)
}

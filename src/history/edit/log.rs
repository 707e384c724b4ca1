//! The file of all edits: one record for an edit, or a few for a large one, with what it does rather than what was
//! asked for, so that nothing has to be looked up to read it back.
//!
//! A record: series · time and user of the edit · effects. Framed and synced as the log of samples is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::history::block::{self, Kind};
use crate::history::cursor::{Cursor, Malformed, put_signed, put_varint};
use crate::history::edit::{By, Change, Edits};
use crate::history::log::{SAMPLE_BYTES_MAX, put_value, take_value, value_bytes};
use crate::history::tail::Tail;
use crate::history::{Disk, HistoryError, Sample, SeriesId, record};
use crate::time::Timestamp;

/// A new record is begun beyond this many bytes.
const RECORD_BYTES: usize = 1 << 19;
/// Bytes of a user's name at the most.
const USER_BYTES_MAX: usize = 1 << 16;

/// One thing that an edit does. Hidden is a number of samples that the base has at a time, the first ones; 0 is no more
/// than before.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::history) enum Effect {
    /// Shows a sample.
    Put { change: Change, hidden: usize, sample: Sample },
    /// Takes what there is at a time.
    Remove { ticks: i64, hidden: usize },
    /// Takes what there is in a span; of the base up to `hidden_last`, behind which it had nothing. Times at which only
    /// some was hidden before are removed one by one in front of it.
    RemoveSpan { first: i64, last: i64, hidden_last: i64 },
    /// A sample was recorded late, into a span that is deleted: from now on just so many are hidden at its time.
    Spare { ticks: i64, hidden: usize },
}

/// The file.
#[derive(Debug)]
pub(in crate::history) struct EditLog {
    tail: Tail,
    /// There may be something of a refused edit behind the good bytes: it is not to be read after a restart.
    torn: bool,
}

impl EditLog {
    /// A file of which `length` bytes are good.
    pub(in crate::history) fn new(folder: &Path, length: u64) -> Self {
        Self { tail: Tail::new(path(folder), length), torn: false }
    }

    /// Returns once the effects are on the medium; all of them or, with an error, none.
    pub(in crate::history) fn write<'a>(
        &mut self,
        disk: &dyn Disk,
        by: &By,
        all: impl IntoIterator<Item = (SeriesId, &'a [Effect])>,
    ) -> Result<(), HistoryError> {
        let mut bytes = Vec::new();
        for (series, effects) in all {
            put_effects(&mut bytes, by, series, effects)?;
        }
        let written = self.tail.write(disk, &bytes);
        self.torn = written.is_err();
        if self.torn {
            // What fails here is tried again with the next commit.
            self.mend(disk).ok();
        }
        written
    }

    /// Writes the file anew if somebody has removed it. True if so.
    pub(in crate::history) fn put_back(&mut self, disk: &dyn Disk) -> Result<bool, HistoryError> {
        self.tail.put_back(disk)
    }

    /// Cuts off what is left of an edit that was refused.
    pub(in crate::history) fn mend(&mut self, disk: &dyn Disk) -> Result<(), HistoryError> {
        if self.torn {
            self.tail.write(disk, &[])?;
            self.torn = false;
        }
        Ok(())
    }
}

/// What was in the file.
#[derive(Debug, Default)]
pub(in crate::history) struct Replayed {
    pub(in crate::history) edits: Edits,
    /// Bytes that are good.
    pub(in crate::history) length: u64,
    /// Bytes behind them: an edit that was not written whole.
    pub(in crate::history) cut_bytes: u64,
    /// Records in the midst that are not what was written.
    pub(in crate::history) damaged: u64,
}

/// Reads the file. A record that is not sound is passed over if one that is comes behind it; else it is the end.
pub(in crate::history) fn replay(folder: &Path, sync: bool) -> Result<Replayed, HistoryError> {
    let path = path(folder);
    let wrong = |source| HistoryError::disk(&path, source);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Replayed::default()),
        Err(source) => return Err(wrong(source)),
    };
    if sync {
        File::options().write(true).open(&path).and_then(|it| it.sync_data()).map_err(wrong)?;
    }
    let mut replayed = Replayed::default();
    let mut cursor = Cursor(&bytes);
    loop {
        let start = cursor;
        if let Ok(record) = record::take(&mut cursor) {
            if read_record(record, &mut replayed.edits).is_err() {
                replayed.damaged += 1;
            }
        } else {
            cursor = start;
            if record::skip(&mut cursor).is_err() || record::take(&mut cursor.clone()).is_err() {
                break;
            }
            replayed.damaged += 1;
        }
        replayed.length = (bytes.len() - cursor.0.len()) as u64;
    }
    replayed.cut_bytes = bytes.len() as u64 - replayed.length;
    Ok(replayed)
}

fn path(folder: &Path) -> PathBuf {
    folder.join("edits.log")
}

fn put_effects(
    out: &mut Vec<u8>,
    by: &By,
    SeriesId(series): SeriesId,
    effects: &[Effect],
) -> Result<(), HistoryError> {
    if by.user.len() > USER_BYTES_MAX {
        return Err(HistoryError::TooLarge { bytes: by.user.len() });
    }
    let mut open = Vec::new();
    for effect in effects {
        if open.len() > RECORD_BYTES {
            record::put(out, &open);
            open.clear();
        }
        if open.is_empty() {
            put_varint(&mut open, u64::from(series));
            put_signed(&mut open, by.time.ticks());
            put_varint(&mut open, by.user.len() as u64);
            open.extend(by.user.as_bytes());
        }
        put_effect(&mut open, effect)?;
    }
    if !open.is_empty() {
        record::put(out, &open);
    }
    Ok(())
}

/// The numbers of [`Change`] are those of puts.
const REMOVE: u8 = 4;
const REMOVE_SPAN: u8 = 5;
const SPARE: u8 = 6;

fn put_effect(out: &mut Vec<u8>, effect: &Effect) -> Result<(), HistoryError> {
    match effect {
        Effect::Put { change, hidden, sample } => {
            let bytes = value_bytes(&sample.value);
            if bytes > SAMPLE_BYTES_MAX - 64 {
                return Err(HistoryError::TooLarge { bytes });
            }
            out.push(*change as u8);
            put_signed(out, sample.time.ticks());
            put_varint(out, *hidden as u64);
            out.push((Kind::of(&sample.value) as u8) << 4 | sample.quality as u8);
            put_value(out, &sample.value);
        }
        Effect::Remove { ticks, hidden } => {
            out.push(REMOVE);
            put_signed(out, *ticks);
            put_varint(out, *hidden as u64);
        }
        Effect::RemoveSpan { first, last, hidden_last } => {
            out.push(REMOVE_SPAN);
            for ticks in [first, last, hidden_last] {
                put_signed(out, *ticks);
            }
        }
        Effect::Spare { ticks, hidden } => {
            out.push(SPARE);
            put_signed(out, *ticks);
            put_varint(out, *hidden as u64);
        }
    }
    Ok(())
}

fn read_record(record: &[u8], edits: &mut Edits) -> Result<(), Malformed> {
    let cursor = &mut Cursor(record);
    let series = u32::try_from(cursor.varint()?).map_err(|_| Malformed)?;
    let time = Timestamp::from_ticks(cursor.signed()?);
    let length = cursor.length(USER_BYTES_MAX)?;
    let user = String::from_utf8(cursor.take(length)?.to_vec()).map_err(|_| Malformed)?;
    let mut effects = Vec::new();
    while !cursor.is_empty() {
        effects.push(take_effect(cursor)?);
    }
    edits.apply(SeriesId(series), &Arc::new(By { user, time }), effects);
    Ok(())
}

fn take_effect(cursor: &mut Cursor<'_>) -> Result<Effect, Malformed> {
    let change = match cursor.u8()? {
        1 => Change::Insert,
        2 => Change::Replace,
        3 => Change::Update,
        REMOVE => {
            let (ticks, hidden) = take_step(cursor)?;
            return Ok(Effect::Remove { ticks, hidden });
        }
        REMOVE_SPAN => {
            let (first, last) = (cursor.signed()?, cursor.signed()?);
            let hidden_last = cursor.signed()?;
            return Ok(Effect::RemoveSpan { first, last, hidden_last });
        }
        SPARE => {
            let (ticks, hidden) = take_step(cursor)?;
            return Ok(Effect::Spare { ticks, hidden });
        }
        _ => return Err(Malformed),
    };
    let (ticks, hidden) = take_step(cursor)?;
    let both = cursor.u8()?;
    let quality = block::quality(both & 15)?;
    let value = take_value(cursor, Kind::from_number(both >> 4)?)?;
    let sample = Sample { time: Timestamp::from_ticks(ticks), value, quality };
    Ok(Effect::Put { change, hidden, sample })
}

fn take_step(cursor: &mut Cursor<'_>) -> Result<(i64, usize), Malformed> {
    let ticks = cursor.signed()?;
    Ok((ticks, usize::try_from(cursor.varint()?).map_err(|_| Malformed)?))
}

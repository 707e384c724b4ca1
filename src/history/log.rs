//! The log of what is not in a segment yet: one record for each commit, in the order of arrival.
//!
//! A record is a list of samples: series, time, quality and kind, value; series and time as what they differ by from
//! the sample before, which within a scan is next to nothing. A record of samples that a seal has carried over from the
//! log before begins with a byte of its own: whoever reads log after log skips it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::field::Quality;
use crate::history::block::{self, Kind};
use crate::history::cursor::{Cursor, Malformed, put_signed, put_varint};
use crate::history::tail::Tail;
use crate::history::{Disk, HistoryError, Sample, SeriesId, record};
use crate::tag::Value;
use crate::time::Timestamp;

/// A new record is begun beyond this many bytes.
const RECORD_BYTES: usize = 1 << 20;
/// Bytes of one sample at the most.
pub(super) const SAMPLE_BYTES_MAX: usize = record::RECORD_BYTES_MAX - RECORD_BYTES;

/// The first byte of a record of carried samples. No other begins with it: it would be a series with the number -1.
const CARRIED: u8 = 1;

/// Samples as records, in memory.
#[derive(Debug, Default)]
pub(super) struct LogDraft {
    /// They stand in an earlier log already.
    is_carried: bool,
    bytes: Vec<u8>,
    open: Vec<u8>,
    series: u32,
    ticks: i64,
}

impl LogDraft {
    /// A draft of samples that stand in an earlier log already.
    pub(super) fn carried() -> Self {
        Self { is_carried: true, ..Self::default() }
    }

    /// Adds a sample; refuses one that no record can hold.
    pub(super) fn add(
        &mut self,
        SeriesId(series): SeriesId,
        sample: &Sample,
    ) -> Result<(), HistoryError> {
        let bytes = value_bytes(&sample.value);
        if bytes > SAMPLE_BYTES_MAX - 64 {
            return Err(HistoryError::TooLarge { bytes });
        }
        if self.open.len() > RECORD_BYTES {
            self.close();
        }
        if self.open.is_empty() && self.is_carried {
            self.open.push(CARRIED);
        }
        put_signed(&mut self.open, i64::from(series) - i64::from(self.series));
        put_signed(&mut self.open, sample.time.ticks().wrapping_sub(self.ticks));
        self.open.push((Kind::of(&sample.value) as u8) << 4 | sample.quality as u8);
        put_value(&mut self.open, &sample.value);
        self.series = series;
        self.ticks = sample.time.ticks();
        Ok(())
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            record::put(&mut self.bytes, &self.open);
            self.open.clear();
        }
        (self.series, self.ticks) = (0, 0);
    }

    /// All records; what is added later comes into the next.
    pub(super) fn records(&mut self) -> &[u8] {
        self.close();
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// The log of one generation.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) generation: u64,
    tail: Tail,
}

impl Log {
    /// A log of which `length` bytes are good.
    pub(super) fn new(folder: &Path, generation: u64, length: u64) -> Self {
        Self { generation, tail: Tail::new(path(folder, generation), length) }
    }

    pub(super) fn path(&self) -> &Path {
        self.tail.path()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.tail.length()
    }

    /// Writes the file anew if somebody has removed it. True if so.
    pub(super) fn put_back(&mut self, disk: &dyn Disk) -> Result<bool, HistoryError> {
        self.tail.put_back(disk)
    }

    /// Writes records and returns once they are on the medium.
    pub(super) fn write(&mut self, disk: &dyn Disk, records: &[u8]) -> Result<(), HistoryError> {
        self.tail.write(disk, records)
    }
}

/// Where the log of a generation is.
pub(super) fn path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("{generation:010}.log"))
}

/// What was found in a log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Replayed {
    /// Bytes that are good.
    pub(super) bytes: u64,
    /// Samples that stand in no earlier log.
    pub(super) own_samples: u64,
}

/// Gives every sample of a log to `each`. The file is synced first: what was read once is not to be lost by a later
/// loss of power.
pub(super) fn replay(
    path: &Path,
    mut each: impl FnMut(SeriesId, Sample),
) -> Result<Replayed, HistoryError> {
    let wrong = |source| HistoryError::disk(path, source);
    File::options().write(true).open(path).and_then(|it| it.sync_data()).map_err(wrong)?;
    read(path, &mut each)
}

/// As [`replay`], and nothing is synced.
pub(super) fn read(
    path: &Path,
    mut each: impl FnMut(SeriesId, Sample),
) -> Result<Replayed, HistoryError> {
    let bytes = fs::read(path).map_err(|source| HistoryError::disk(path, source))?;
    let mut cursor = Cursor(&bytes);
    let mut replayed = Replayed::default();
    while let Ok(record) = record::take(&mut cursor)
        && let Ok(samples) = read_record(record, &mut each)
    {
        replayed.bytes = (bytes.len() - cursor.0.len()) as u64;
        replayed.own_samples += if is_carried(record) { 0 } else { samples };
    }
    Ok(replayed)
}

/// Whether the samples of a record stand in an earlier log already.
pub(super) fn is_carried(record: &[u8]) -> bool {
    record.first() == Some(&CARRIED)
}

/// Gives every sample of a record to `each`; returns how many there are.
pub(super) fn read_record(
    record: &[u8],
    each: &mut impl FnMut(SeriesId, Sample),
) -> Result<u64, Malformed> {
    let cursor = &mut Cursor(&record[usize::from(is_carried(record))..]);
    let mut samples = 0;
    let (mut series, mut ticks) = (0_i64, 0_i64);
    while !cursor.is_empty() {
        series = series.wrapping_add(cursor.signed()?);
        ticks = ticks.wrapping_add(cursor.signed()?);
        let both = cursor.u8()?;
        let quality: Quality = block::quality(both & 15)?;
        let value = take_value(cursor, Kind::from_number(both >> 4)?)?;
        let id = SeriesId(u32::try_from(series).map_err(|_| Malformed)?);
        each(id, Sample { time: Timestamp::from_ticks(ticks), value, quality });
        samples += 1;
    }
    Ok(samples)
}

/// Bytes that a value takes, about.
pub(super) fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bools(all) => all.len(),
        Value::Numbers(all) => all.len() * 8,
        Value::Null
        | Value::Bool(_)
        | Value::U16(_)
        | Value::U32(_)
        | Value::F64(_)
        | Value::Time(_) => 8,
    }
}

pub(super) fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(it) => out.push(u8::from(*it)),
        Value::U16(it) => put_varint(out, u64::from(*it)),
        Value::U32(it) => put_varint(out, u64::from(*it)),
        Value::F64(it) => out.extend(it.to_le_bytes()),
        Value::Time(it) => out.extend(it.ticks().to_le_bytes()),
        Value::Text(it) => {
            put_varint(out, it.len() as u64);
            out.extend(it.as_bytes());
        }
        Value::Bools(all) => {
            put_varint(out, all.len() as u64);
            out.extend(all.iter().map(|it| u8::from(*it)));
        }
        Value::Numbers(all) => {
            put_varint(out, all.len() as u64);
            out.extend(all.iter().flat_map(|it| it.to_le_bytes()));
        }
    }
}

pub(super) fn take_value(cursor: &mut Cursor<'_>, kind: Kind) -> Result<Value, Malformed> {
    let short = |_| Malformed;
    Ok(match kind {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(cursor.u8()? != 0),
        Kind::U16 => Value::U16(u16::try_from(cursor.varint()?).map_err(short)?),
        Kind::U32 => Value::U32(u32::try_from(cursor.varint()?).map_err(short)?),
        Kind::F64 => Value::F64(cursor.f64()?),
        Kind::Time => Value::Time(Timestamp::from_ticks(cursor.i64()?)),
        Kind::Text => {
            let length = cursor.length(cursor.0.len())?;
            let text = String::from_utf8(cursor.take(length)?.to_vec());
            Value::Text(Arc::new(text.map_err(|_| Malformed)?))
        }
        Kind::Bools => {
            let length = cursor.length(cursor.0.len())?;
            Value::Bools(Arc::new(cursor.take(length)?.iter().map(|it| *it != 0).collect()))
        }
        Kind::Numbers => {
            let length = cursor.length(cursor.0.len() / 8)?;
            let numbers: Result<_, Malformed> = (0..length).map(|_| cursor.f64()).collect();
            Value::Numbers(Arc::new(numbers?))
        }
    })
}

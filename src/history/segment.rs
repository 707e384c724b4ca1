//! A segment: one file of blocks of many series, written once and never changed.
//!
//! Blocks back to back · paths of the series · one entry for each block, in order of series and time · a footer of
//! fixed size. Opening reads the footer alone, and a search reads the entries that it needs: each carries a checksum of
//! itself and of its block. Segments of version 1 have no paths.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::history::catalogue::Names;
use crate::history::cursor::{Cursor, Malformed};
use crate::history::{Batch, HistoryError, SeriesId, block, paths};

/// Ends every segment. The last byte is the version of the form.
const MAGIC: u64 = u64::from_le_bytes(*b"CHSEGMT\x02");
/// Version 1: no paths, and of one generation.
const MAGIC_1: u64 = u64::from_le_bytes(*b"CHSEGMT\x01");
/// Bytes of an entry.
const ENTRY_BYTES: u64 = 44;
/// Entries that a search reads at once. The series of each first one stays in memory after the first search.
const PAGE: u64 = 64;
/// Bytes of a footer.
const FOOTER_BYTES: u64 = 84;
/// Bytes of a footer of version 1.
const FOOTER_BYTES_1: u64 = 60;

/// Where one block is, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) series: u32,
    pub(super) samples: u32,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) checksum: u32,
}

impl Entry {
    fn put(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(self.series.to_le_bytes());
        out.extend(self.samples.to_le_bytes());
        out.extend(self.first.to_le_bytes());
        out.extend(self.last.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend(self.bytes.to_le_bytes());
        out.extend(self.checksum.to_le_bytes());
        let own = crc32fast::hash(&out[start..]);
        out.extend(own.to_le_bytes());
    }

    fn take(bytes: &[u8]) -> Result<Self, Malformed> {
        let cursor = &mut Cursor(bytes);
        let checked = Cursor(bytes).take(ENTRY_BYTES as usize - 4)?;
        let entry = Self {
            series: cursor.u32()?,
            samples: cursor.u32()?,
            first: cursor.i64()?,
            last: cursor.i64()?,
            offset: cursor.u64()?,
            bytes: cursor.u32()?,
            checksum: cursor.u32()?,
        };
        if cursor.u32()? == crc32fast::hash(checked) { Ok(entry) } else { Err(Malformed) }
    }
}

/// Puts a segment together in memory, or piece by piece.
#[derive(Debug, Default)]
pub(super) struct SegmentDraft {
    /// Bytes that were taken to be written already.
    taken: u64,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl SegmentDraft {
    /// Adds samples in order of time. Series come in order of their numbers.
    pub(super) fn add(&mut self, SeriesId(series): SeriesId, batch: &Batch) {
        for from in (0..batch.len()).step_by(block::BLOCK_SAMPLES_MAX) {
            let to = batch.len().min(from + block::BLOCK_SAMPLES_MAX);
            let bytes = block::encode(&batch.cut(from, to));
            self.entries.push(Entry {
                series,
                samples: (to - from) as u32,
                first: batch.times[from],
                last: batch.times[to - 1],
                offset: self.taken + self.bytes.len() as u64,
                bytes: bytes.len() as u32,
                checksum: crc32fast::hash(&bytes),
            });
            self.bytes.extend(bytes);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that come next in the file.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken += self.bytes.len() as u64;
        std::mem::take(&mut self.bytes)
    }

    /// Bytes that wait to be taken.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// The last bytes of the file that takes the place of the logs up to a generation, and of the segments from another
    /// on up to it.
    pub(super) fn finish(mut self, (from, generation): (u64, u64), names: &Names) -> Vec<u8> {
        let mut own: Vec<u32> = self.entries.iter().map(|it| it.series).collect();
        own.dedup();
        let packed = paths::pack(&own, names);
        let start = self.taken + self.bytes.len() as u64;
        let checksum = crc32fast::hash(&packed);
        self.bytes.extend(packed);
        let index = self.taken + self.bytes.len() as u64;
        for entry in &self.entries {
            entry.put(&mut self.bytes);
        }
        let footer = self.bytes.len();
        let samples: u64 = self.entries.iter().map(|it| u64::from(it.samples)).sum();
        let first = self.entries.iter().map(|it| it.first).min().unwrap_or_default();
        let last = self.entries.iter().map(|it| it.last).max().unwrap_or_default();
        self.bytes.extend(from.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend(checksum.to_le_bytes());
        self.bytes.extend((names.len() as u32).to_le_bytes());
        self.bytes.extend(generation.to_le_bytes());
        self.bytes.extend(index.to_le_bytes());
        self.bytes.extend((self.entries.len() as u64).to_le_bytes());
        self.bytes.extend(samples.to_le_bytes());
        self.bytes.extend(first.to_le_bytes());
        self.bytes.extend(last.to_le_bytes());
        let own = crc32fast::hash(&self.bytes[footer..]);
        self.bytes.extend(own.to_le_bytes());
        self.bytes.extend(MAGIC.to_le_bytes());
        self.bytes
    }
}

/// A segment on disk.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The logs up to this one are in segments. Also its number: later segments have higher ones.
    pub(super) generation: u64,
    /// It holds all that was in the segments from this one on.
    from: u64,
    pub(super) samples: u64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) bytes: u64,
    /// Numbers below this one were given when it was written.
    pub(super) numbers: usize,
    /// Where the paths of its series are, how many bytes, and their checksum.
    paths: (u64, u64, u32),
    index: u64,
    entries: u64,
    /// Series of the first entry of each page.
    pages: OnceLock<Vec<u32>>,
    /// Retention has removed it, maybe while somebody reads.
    removed: AtomicBool,
    /// A block of it could not be read: it is left as it is.
    damaged: AtomicBool,
    /// The file, of those that somebody else may remove.
    pinned: Option<Arc<File>>,
}

impl Segment {
    /// Reads the footer. `None` if these are not the bytes of a whole segment.
    pub(super) fn open(path: &Path) -> std::io::Result<Option<Self>> {
        Self::read(path, &File::open(path)?)
    }

    /// As [`Segment::open`], and keeps the file open, whoever removes it.
    pub(super) fn open_pinned(path: &Path) -> std::io::Result<Option<Self>> {
        let file = Arc::new(File::open(path)?);
        let opened = Self::read(path, &file)?;
        Ok(opened.map(|it| Self { pinned: Some(file), ..it }))
    }

    fn read(path: &Path, file: &File) -> std::io::Result<Option<Self>> {
        let bytes = file.metadata()?.len();
        let Some(end) = bytes.checked_sub(8) else { return Ok(None) };
        let magic = read_at(file, end, 8)?;
        let length = if magic == MAGIC_1.to_le_bytes() { FOOTER_BYTES_1 } else { FOOTER_BYTES };
        let Some(start) = bytes.checked_sub(length) else { return Ok(None) };
        let footer = read_at(file, start, length as usize)?;
        let opened = Self::from_footer(path, bytes, &footer).ok();
        Ok(opened.filter(|it| {
            let index = it.entries.checked_mul(ENTRY_BYTES);
            index.and_then(|index| it.index.checked_add(index)) == Some(start)
        }))
    }

    /// Generations of which it holds all.
    pub(super) fn range(&self) -> (u64, u64) {
        (self.from, self.generation)
    }

    /// Paths of its series with their numbers; none if they are damaged, or of version 1.
    pub(super) fn paths(&self) -> Result<Vec<(u32, String)>, HistoryError> {
        let (start, length, checksum) = self.paths;
        let wrong = |source| HistoryError::disk(&self.path, source);
        let file = File::open(&self.path).map_err(wrong)?;
        let bytes = read_at(&file, start, length as usize).map_err(wrong)?;
        let is_sound = crc32fast::hash(&bytes) == checksum;
        Ok(if is_sound { paths::unpack(&bytes).unwrap_or_default() } else { Vec::new() })
    }

    /// Numbers of its series, in order.
    pub(super) fn series(&self, file: &File) -> Result<Vec<u32>, HistoryError> {
        let entries = self.entries(file, 0, self.entries)?;
        let mut series: Vec<u32> = entries.iter().map(|it| it.series).collect();
        series.dedup();
        Ok(series)
    }

    /// It is to be left as it is.
    pub(super) fn mark_damaged(&self) {
        self.damaged.store(true, Ordering::Release);
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    fn from_footer(path: &Path, bytes: u64, footer: &[u8]) -> Result<Self, Malformed> {
        let cursor = &mut Cursor(footer);
        let checked = Cursor(footer).take(footer.len().checked_sub(12).ok_or(Malformed)?)?;
        let is_first_version = footer.len() as u64 == FOOTER_BYTES_1;
        let ahead = if is_first_version {
            None
        } else {
            Some((cursor.u64()?, cursor.u64()?, cursor.u32()?, cursor.u32()?))
        };
        let (generation, index) = (cursor.u64()?, cursor.u64()?);
        let (from, start, checksum, numbers) = ahead.unwrap_or((generation, index, 0, 0));
        let segment = Self {
            path: path.to_owned(),
            generation,
            from,
            index,
            numbers: numbers as usize,
            paths: (start, index.checked_sub(start).ok_or(Malformed)?, checksum),
            entries: cursor.u64()?,
            samples: cursor.u64()?,
            first: cursor.i64()?,
            last: cursor.i64()?,
            bytes,
            pages: OnceLock::new(),
            removed: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            pinned: None,
        };
        let magic = if is_first_version { MAGIC_1 } else { MAGIC };
        let sound = cursor.u32()? == crc32fast::hash(checked) && cursor.u64()? == magic;
        if sound { Ok(segment) } else { Err(Malformed) }
    }

    /// The same under another name.
    pub(super) fn named(self, path: &Path) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Nobody is to wonder that the file is gone.
    pub(super) fn mark_removed(&self) {
        self.removed.store(true, Ordering::Release);
    }

    /// Opens the file to read; `None` if retention has removed it.
    pub(super) fn file(&self) -> Result<Option<Arc<File>>, HistoryError> {
        if let Some(file) = &self.pinned {
            return Ok(Some(Arc::clone(file)));
        }
        match File::open(&self.path) {
            Ok(file) => Ok(Some(Arc::new(file))),
            Err(_) if self.removed.load(Ordering::Acquire) => Ok(None),
            Err(source) => Err(HistoryError::disk(&self.path, source)),
        }
    }

    /// The blocks of a series that meet `first..=last`.
    pub(super) fn find(
        &self,
        file: &File,
        SeriesId(series): SeriesId,
        (first, last): (i64, i64),
    ) -> Result<Vec<Entry>, HistoryError> {
        let pages = self.pages(file)?;
        // A series may begin on the page before the first that begins with it.
        let first_page = pages.partition_point(|&it| it < series).saturating_sub(1) as u64;
        let mut found = Vec::new();
        for number in (first_page * PAGE..self.entries).step_by(PAGE as usize) {
            let count = PAGE.min(self.entries - number);
            for entry in self.entries(file, number, count)? {
                if entry.series > series || entry.series == series && entry.first > last {
                    return Ok(found);
                }
                if entry.series == series && entry.last >= first {
                    found.push(entry);
                }
            }
        }
        Ok(found)
    }

    fn pages(&self, file: &File) -> Result<&[u32], HistoryError> {
        if let Some(pages) = self.pages.get() {
            return Ok(pages);
        }
        let all = self.entries(file, 0, self.entries)?;
        let pages = all.iter().step_by(PAGE as usize).map(|it| it.series).collect();
        Ok(self.pages.get_or_init(|| pages))
    }

    /// So many entries from a number on.
    fn entries(&self, file: &File, from: u64, count: u64) -> Result<Vec<Entry>, HistoryError> {
        let offset = self.index + from * ENTRY_BYTES;
        let bytes = read_at(file, offset, (count * ENTRY_BYTES) as usize)
            .map_err(|source| HistoryError::disk(&self.path, source))?;
        let entries = bytes.chunks_exact(ENTRY_BYTES as usize).map(|bytes| {
            let entry = Entry::take(bytes).ok();
            entry.filter(|it| it.offset.saturating_add(u64::from(it.bytes)) <= self.index)
        });
        entries.collect::<Option<_>>().ok_or_else(|| self.damaged(offset))
    }

    /// The samples of a block.
    pub(super) fn block(&self, file: &File, entry: &Entry) -> Result<Batch, HistoryError> {
        let bytes = read_at(file, entry.offset, entry.bytes as usize)
            .map_err(|source| HistoryError::disk(&self.path, source))?;
        if crc32fast::hash(&bytes) != entry.checksum {
            return Err(self.damaged(entry.offset));
        }
        block::decode(&bytes).map_err(|Malformed| self.damaged(entry.offset))
    }

    fn damaged(&self, offset: u64) -> HistoryError {
        HistoryError::Damaged { path: self.path.clone(), offset }
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn read_at(file: &File, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file;
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

//! The logs of a store, read in the order of arrival by whoever forwards every sample once.
//!
//! What was committed stands in exactly one record of a log that is not carried over. A [`Place`] is between two
//! records; whoever keeps it where the samples go, in the same transaction, forwards each of them once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::history::cursor::Cursor;
use crate::history::kept::{self, GivenUp};
use crate::history::view::{Shared, View};
use crate::history::{HistoryError, Sample, SeriesId, log, record};

/// Bytes that are read of a log at a time.
const CHUNK_BYTES: u64 = 2 << 20;
/// Bytes that hold any record.
const RECORD_BYTES: u64 = record::RECORD_BYTES_MAX as u64 + 8;

/// A place in the logs of a store, between two records. The later one is the greater one; the default one is before all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which log.
    pub generation: u64,
    /// Bytes before it in that log.
    pub offset: u64,
    /// Samples before it in that log that stand in no earlier log.
    pub samples: u64,
}

/// What waits to be forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Samples.
    pub samples: u64,
    /// Bytes of logs.
    pub bytes: u64,
}

/// Why samples are missing before a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The log is gone.
    Gone,
    /// The log is damaged, or the place is not one of it.
    Damaged,
}

/// Some samples in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// The samples; none if nothing is there yet.
    pub samples: Vec<(SeriesId, Sample)>,
    /// Where the next parcel begins.
    pub end: Place,
    /// Samples between the last of these and the end cannot be read.
    pub gap: Option<Gap>,
}

/// Reads what is to be forwarded. Sees what was committed when a read begins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    shared: Shared,
    folder: PathBuf,
    store: String,
}

/// A log, and how much of it may be read.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    end: Place,
    is_current: bool,
}

impl Outbox {
    pub(super) fn new(shared: Shared, folder: PathBuf, store: String) -> Self {
        Self { shared, folder, store }
    }

    /// The name of the store: 32 letters that no other store has.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// Paths of the series from this number on, in the order of their numbers.
    pub fn paths_from(&self, number: usize) -> Vec<String> {
        self.shared.read().names.iter().skip(number).cloned().collect()
    }

    /// The first place that can be read.
    pub fn oldest(&self) -> Place {
        next_after(&self.shared.read(), None)
    }

    /// The last place that anyone else can know of: where this process began to write, and the end as soon as it has
    /// said that something is forwarded.
    pub fn reach(&self) -> Place {
        let view = self.shared.read();
        if view.kept.forwarded == Place::default() { view.kept.opened } else { end(&view) }
    }

    /// The place behind everything that is committed.
    pub fn end(&self) -> Place {
        end(&self.shared.read())
    }

    /// What waits behind `from`.
    pub fn waiting(&self, from: Place) -> Waiting {
        let view = self.shared.read();
        let mut waiting = Waiting::default();
        let kept = view.kept.logs.iter();
        let logs = kept.map(|it| (it.generation, it.bytes, it.samples));
        for (generation, bytes, samples) in
            logs.chain([(view.generation, view.log_bytes, view.log_samples)])
        {
            let before = if generation == from.generation { from } else { Place::default() };
            if generation >= from.generation {
                waiting.bytes += bytes.saturating_sub(before.offset);
                waiting.samples += samples.saturating_sub(before.samples);
            }
        }
        waiting
    }

    /// Says that everything before `place` is forwarded: logs that hold nothing else go.
    pub fn release(&self, place: Place) {
        self.shared.write().kept.forwarded = place;
    }

    /// What had to be given up since this was asked last.
    pub fn take_given_up(&self) -> Option<GivenUp> {
        self.shared.write().kept.given_up.take()
    }

    /// The samples from `from` on: those of whole records until there are `samples_max` or no more.
    pub fn read(&self, from: Place, samples_max: usize) -> Result<Parcel, HistoryError> {
        // Generations begin with 1.
        let from = if from == Place::default() { self.oldest() } else { from };
        let mut parcel = Parcel { end: from, ..Parcel::default() };
        while parcel.samples.len() < samples_max && parcel.gap.is_none() {
            let found = find(&self.shared.read(), &self.folder, parcel.end.generation);
            let Some(source) = found else {
                let next = next_after(&self.shared.read(), Some(parcel.end.generation));
                if next.generation <= parcel.end.generation {
                    break;
                }
                parcel.skip_to(next, Some(Gap::Gone));
                continue;
            };
            if parcel.end.offset < source.end.offset {
                if !self.read_source(&source, &mut parcel)? {
                    break;
                }
            } else if source.is_current {
                break;
            } else {
                let next = next_after(&self.shared.read(), Some(parcel.end.generation));
                let is_next = next.generation == parcel.end.generation + 1;
                parcel.skip_to(next, (!is_next).then_some(Gap::Gone));
            }
        }
        Ok(parcel)
    }

    /// Adds a chunk of a log; returns whether to go on.
    fn read_source(&self, source: &Source, parcel: &mut Parcel) -> Result<bool, HistoryError> {
        let left = source.end.offset - parcel.end.offset;
        for limit in [CHUNK_BYTES, RECORD_BYTES] {
            let bytes = match read_at(&source.path, parcel.end.offset, left.min(limit)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let now = find(&self.shared.read(), &self.folder, parcel.end.generation);
                    // It has got another name meanwhile, or will have the next time.
                    if now.is_none_or(|it| it.path == source.path && !source.is_current) {
                        parcel.skip_to(source.end, Some(Gap::Gone));
                    }
                    return Ok(false);
                }
                Err(source_error) => return Err(HistoryError::disk(&source.path, source_error)),
            };
            if parcel.add_records(&bytes) {
                return Ok(true);
            }
        }
        // Not even one record: the next log is the next that makes sense.
        parcel.skip_to(source.end, Some(Gap::Damaged));
        Ok(true)
    }
}

impl Parcel {
    /// Adds the whole records in `bytes`; returns whether there was one.
    fn add_records(&mut self, bytes: &[u8]) -> bool {
        let mut cursor = Cursor(bytes);
        let mut any = false;
        while let Ok(record) = record::take(&mut cursor) {
            let before = self.samples.len();
            if log::is_carried(record) {
                // They were in an earlier log.
            } else if log::read_record(record, &mut |id, it| self.samples.push((id, it))).is_err() {
                self.samples.truncate(before);
                break;
            }
            self.end.offset += record.len() as u64 + 8;
            self.end.samples += (self.samples.len() - before) as u64;
            any = true;
        }
        any
    }

    fn skip_to(&mut self, place: Place, gap: Option<Gap>) {
        (self.end, self.gap) = (place, gap);
    }
}

fn end(view: &View) -> Place {
    Place { generation: view.generation, offset: view.log_bytes, samples: view.log_samples }
}

/// The beginning of the first log that is there, of those after `generation`; or of the current one.
fn next_after(view: &View, generation: Option<u64>) -> Place {
    let later = |it: u64| generation.is_none_or(|than| it > than);
    let next = view.kept.logs.iter().map(|it| it.generation).find(|it| later(*it));
    Place { generation: next.unwrap_or(view.generation), ..Place::default() }
}

/// The log of a generation, if it is there.
fn find(view: &View, folder: &Path, generation: u64) -> Option<Source> {
    if generation == view.generation {
        let path = log::path(folder, generation);
        return Some(Source { path, end: end(view), is_current: true });
    }
    let kept = view.kept.logs.iter().find(|it| it.generation == generation)?;
    let end = Place { generation, offset: kept.bytes, samples: kept.samples };
    Some(Source { path: kept::path(folder, kept), end, is_current: false })
}

fn read_at(path: &Path, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

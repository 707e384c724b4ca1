//! The one who writes.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::history::catalogue::Catalogue;
use crate::history::edit::{EditLog, resolve, spare};
use crate::history::log::{Log, LogDraft};
use crate::history::merge::{Merger, Place};
use crate::history::read_only;
use crate::history::recover::{Recovered, recover};
use crate::history::seal;
use crate::history::view::{Head, Shared};
use crate::history::{
    By, Disk, Edit, Edited, HistoryConfig, HistoryError, Outbox, Reader, RealDisk, Sample,
    SeriesId, Tended, WhenFull,
};
use crate::history::{identity, kept};
use crate::time::Timestamp;

/// Heads may outgrow their size by this factor while segments cannot be written.
const OVERDUE: usize = 4;

/// A store of samples in a folder, for one writer; [`History::reader`] gives as many readers as are asked for.
///
/// [`History::append`] takes samples, [`History::commit`] makes them durable and shows them to readers, and
/// [`History::tend`], called now and then behind a commit, writes segments and lets the oldest go.
/// Which samples of a tag are worth keeping (its deadband) is decided before `append`.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    config: HistoryConfig,
    disk: Box<dyn Disk>,
    catalogue: Catalogue,
    log: Log,
    edit_log: EditLog,
    draft: LogDraft,
    waiting: Vec<(SeriesId, Sample)>,
    shared: Shared,
    merger: Merger,
    /// The disk had no room: retention takes from the oldest, if it may.
    cramped: bool,
    /// What the outbox of this store goes by, if there is one.
    identity: Option<String>,
    /// Held as long as the store is open.
    lock: File,
}

impl History {
    /// Opens the store in `folder`, or makes it.
    pub fn open(folder: &Path, config: HistoryConfig) -> Result<(Self, Recovered), HistoryError> {
        Self::open_on(Box::new(RealDisk), folder, config)
    }

    /// Opens a store that writes to `disk`.
    pub fn open_on(
        disk: Box<dyn Disk>,
        folder: &Path,
        config: HistoryConfig,
    ) -> Result<(Self, Recovered), HistoryError> {
        fs::create_dir_all(folder).map_err(|source| HistoryError::disk(folder, source))?;
        let lock = lock(folder)?;
        let found = recover(folder, &*disk, config.outbox_bytes.is_some())?;
        let identity = config.outbox_bytes.map(|_| identity::of(folder, &*disk)).transpose()?;
        let history = Self {
            folder: folder.to_owned(),
            config,
            disk,
            catalogue: found.catalogue,
            log: found.log,
            edit_log: found.edit_log,
            draft: LogDraft::default(),
            waiting: Vec::new(),
            shared: Shared::new(found.view),
            merger: Merger::default(),
            cramped: false,
            identity,
            lock,
        };
        Ok((history, found.recovered))
    }

    /// The series of the tag at `path`; it gets the next number if it has none.
    pub fn series(&mut self, path: &str) -> SeriesId {
        let mut view = self.shared.write();
        if let Some(index) = view.names.get_index_of(path) {
            return SeriesId(index as u32);
        }
        self.catalogue.add(path);
        view.heads.push(Head::default());
        SeriesId(view.names.insert_full(path.to_owned()).0 as u32)
    }

    /// Takes a sample; it is durable after the next [`History::commit`].
    pub fn append(&mut self, series: SeriesId, sample: Sample) -> Result<(), HistoryError> {
        if self.waiting.len() >= self.config.waiting_max {
            return Err(HistoryError::Behind { samples: self.waiting.len() });
        }
        self.draft.add(series, &sample)?;
        self.waiting.push((series, sample));
        Ok(())
    }

    /// Samples that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Makes all samples taken so far durable, all or none, and shows them to readers. After an error they wait for
    /// the next commit, but for [`HistoryError::BytesMax`]: then they are dropped.
    pub fn commit(&mut self) -> Result<(), HistoryError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let room = self.check_room();
        if matches!(room, Err(HistoryError::BytesMax { .. })) {
            // The oldest is kept: what comes now does not wait for room that will not come.
            self.draft.clear();
            self.waiting.clear();
        }
        room?;
        let written = self.catalogue.sync(&*self.disk);
        let written = written.and_then(|()| self.edit_log.mend(&*self.disk));
        let written = written.and_then(|()| self.spare_late());
        let written = written.and_then(|()| self.log.write(&*self.disk, self.draft.records()));
        self.cramped |= matches!(written, Err(HistoryError::NoSpace { .. }));
        written?;
        // Room that has come back by itself costs no segment.
        self.cramped = false;
        self.draft.clear();
        let mut view = self.shared.write();
        view.head_samples += self.waiting.len();
        view.log_bytes = self.log.bytes();
        view.log_samples += self.waiting.len() as u64;
        for (SeriesId(series), sample) in self.waiting.drain(..) {
            view.heads[series as usize].batch.push(sample);
        }
        Ok(())
    }

    /// Writes those files anew that somebody has removed while they were open: catalogue, log and edits. Segments that
    /// were removed are gone, and reading their time fails. Returns how many files it wrote.
    pub fn put_back(&mut self) -> Result<usize, HistoryError> {
        let disk = &*self.disk;
        let all = [
            self.catalogue.put_back(disk)?,
            self.log.put_back(disk)?,
            self.edit_log.put_back(disk)?,
        ];
        Ok(all.into_iter().filter(|it| *it).count())
    }

    /// Samples that come late into a deleted span are not to be hidden by it. What is written here changes nothing by
    /// itself, so a commit that fails behind it may do it again.
    fn spare_late(&mut self) -> Result<(), HistoryError> {
        let spared = spare(&self.shared, &self.waiting);
        if spared.is_empty() {
            return Ok(());
        }
        let by = By { user: String::new(), time: Timestamp::default() };
        let all = spared.iter().map(|it| (it.0, &it.1[..]));
        self.edit_log.write(&*self.disk, &by, all)?;
        let by = Arc::new(by);
        let mut view = self.shared.write();
        for (series, effects) in spared {
            view.edits.apply(series, &by, effects);
        }
        Ok(())
    }

    /// Changes the history of a series, durably and for all who begin to read from now on, and says what came of each
    /// sample or time. What is recorded later is not changed. After an error nothing has changed.
    pub fn edit(
        &mut self,
        series: SeriesId,
        edit: &Edit,
        by: &By,
    ) -> Result<Vec<Edited>, HistoryError> {
        let source = self.shared.read().source(series);
        let (edited, effects) = resolve(&source, edit)?;
        if effects.is_empty() {
            return Ok(edited);
        }
        let (count, max) = (self.shared.read().edits.count, self.config.edits_max);
        if effects.len() > max.saturating_sub(count) {
            return Err(HistoryError::EditsMax { count, more: effects.len(), max });
        }
        let written = self.catalogue.sync(&*self.disk);
        let written =
            written.and_then(|()| self.edit_log.write(&*self.disk, by, [(series, &effects[..])]));
        self.cramped |= matches!(written, Err(HistoryError::NoSpace { .. }));
        written?;
        drop(source);
        self.shared.write().edits.apply(series, &Arc::new(by.clone()), effects);
        Ok(edited)
    }

    fn check_room(&self) -> Result<(), HistoryError> {
        let view = self.shared.read();
        if view.head_samples > self.config.head_samples.saturating_mul(OVERDUE) {
            return Err(HistoryError::Behind { samples: view.head_samples });
        }
        let bytes: u64 = view.segments.iter().map(|it| it.bytes).sum();
        match self.config.bytes_max {
            Some(bytes_max)
                if self.config.when_full == WhenFull::KeepOldest
                    && bytes + view.log_bytes >= bytes_max =>
            {
                Err(HistoryError::BytesMax { bytes_max })
            }
            _ => Ok(()),
        }
    }

    /// Writes a segment if enough is in memory, and removes what is older or more than the history may hold at
    /// `now`; then goes on to merge small segments, some 200,000 samples with each call. Nothing is lost if it fails; it
    /// is tried again with the next call.
    pub fn tend(&mut self, now: Timestamp) -> Result<Tended, HistoryError> {
        let place = Place { folder: &self.folder, disk: &*self.disk, shared: &self.shared };
        if self.cramped && self.merger.stop(place) {
            self.cramped = false;
        }
        let room = self.config.outbox_bytes.unwrap_or(0);
        self.cramped &= !kept::tidy(&*self.disk, &self.folder, &self.shared, room, self.cramped)?;
        let removed = self.retain(now)?;
        let is_due = self.shared.read().head_samples >= self.config.head_samples;
        let sealed = if is_due { self.seal(false)? } else { 0 };
        let place = Place { folder: &self.folder, disk: &*self.disk, shared: &self.shared };
        let merged = self.merger.step(place, &self.config)?;
        Ok(Tended { sealed, removed, merged, merging: self.merger.is_merging() })
    }

    /// Opens the store in `folder` to read what is committed at this moment, and changes no byte of it; a server may
    /// write to it. The files that it has found stay open, one for each segment.
    pub fn read_only(folder: &Path) -> Result<(Reader, Recovered), HistoryError> {
        read_only::read_only(folder)
    }

    /// Writes everything that is in memory into a segment: before a backup, or at the end.
    pub fn seal_all(&mut self) -> Result<usize, HistoryError> {
        self.seal(true)
    }

    fn seal(&mut self, all: bool) -> Result<usize, HistoryError> {
        let carry_max = if all { 0 } else { self.config.head_samples / 4 };
        let keep_log = self.config.outbox_bytes.is_some();
        let order = seal::Order { folder: &self.folder, disk: &*self.disk, carry_max, keep_log };
        let sealed = seal::seal(&order, &mut self.log, &self.shared);
        self.cramped |= matches!(sealed, Err(HistoryError::NoSpace { .. }));
        sealed
    }

    fn retain(&mut self, now: Timestamp) -> Result<usize, HistoryError> {
        let mut removed = 0;
        while let Some(segment) = self.surplus(now) {
            let place = Place { folder: &self.folder, disk: &*self.disk, shared: &self.shared };
            self.merger.forget(place, &segment);
            segment.mark_removed();
            let mut view = self.shared.write();
            Arc::make_mut(&mut view.segments).retain(|it| !Arc::ptr_eq(it, &segment));
            drop(view);
            let gone = self.disk.remove(&segment.path);
            gone.map_err(|source| HistoryError::disk(&segment.path, source))?;
            self.cramped = false;
            removed += 1;
        }
        Ok(removed)
    }

    /// A segment that is to go.
    fn surplus(&self, now: Timestamp) -> Option<Arc<crate::history::segment::Segment>> {
        let view = self.shared.read();
        let oldest = view.segments.first()?;
        let bytes = view.segments.iter().map(|it| it.bytes).sum::<u64>() + view.log_bytes;
        let too_many = self.config.bytes_max.is_some_and(|it| bytes > it) || self.cramped;
        if too_many && self.config.when_full == WhenFull::DropOldest {
            return Some(Arc::clone(oldest));
        }
        let limit = now.plus_s(-self.config.keep_s?).ticks();
        view.segments.iter().find(|it| it.last < limit).cloned()
    }

    /// Someone who reads, on any thread.
    pub fn reader(&self) -> Reader {
        Reader::new(self.shared.clone())
    }

    /// For the one who forwards samples, on any thread; `None` unless `outbox_bytes` is configured.
    pub fn outbox(&self) -> Option<Outbox> {
        let identity = self.identity.clone()?;
        Some(Outbox::new(self.shared.clone(), self.folder.clone(), identity))
    }
}

impl Drop for History {
    fn drop(&mut self) {
        // Closing is not enough: a process that was forked a moment ago has the file as well.
        self.lock.unlock().ok();
    }
}

/// Takes the folder for this process; a lock goes with its process, however that ends.
fn lock(folder: &Path) -> Result<File, HistoryError> {
    let path = folder.join("lock");
    let wrong = |source| HistoryError::disk(&path, source);
    let file = File::options().create(true).append(true).open(&path).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HistoryError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(wrong(source)),
    }
}

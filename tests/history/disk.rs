//! Disks that fail: full ones, and ones that are gone from one operation to the next.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cellhouse::history::{
    Disk, DiskFile, History, HistoryConfig, HistoryError, RealDisk, WhenFull,
};
use cellhouse::rng::Stream;
use cellhouse::time::Timestamp;

use crate::support::{is_whole, number, numbers, open, small};

/// Bytes that are never used up.
const PLENTY: i64 = 1 << 40;

/// A real disk with so many bytes left, that works for so many operations.
#[derive(Clone, Debug)]
pub(crate) struct WeakDisk {
    pub(crate) bytes: Arc<AtomicI64>,
    pub(crate) operations: Arc<AtomicI64>,
}

#[derive(Debug)]
struct WeakFile {
    disk: WeakDisk,
    path: PathBuf,
    file: fs::File,
}

impl WeakDisk {
    pub(crate) fn new(bytes: i64, operations: i64) -> Self {
        Self {
            bytes: Arc::new(AtomicI64::new(bytes)),
            operations: Arc::new(AtomicI64::new(operations)),
        }
    }

    fn work(&self) -> io::Result<()> {
        if self.operations.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(io::Error::other("the disk is gone"))
    }

    fn give_back(&self, path: &Path, keep: u64) {
        let length = fs::metadata(path).map_or(0, |it| it.len());
        self.bytes.fetch_add(length.saturating_sub(keep) as i64, Ordering::SeqCst);
    }
}

impl Disk for WeakDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.work()?;
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Box::new(WeakFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.work()?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.work()?;
        self.give_back(path, 0);
        RealDisk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.work()?;
        assert!(folder.is_dir());
        Ok(())
    }
}

impl DiskFile for WeakFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(gone) = self.disk.work() {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(gone);
        }
        let left = self.disk.bytes.fetch_sub(bytes.len() as i64, Ordering::SeqCst);
        let fits = bytes.len().min(left.max(0) as usize);
        self.file.write_all(&bytes[..fits])?;
        if fits == bytes.len() {
            return Ok(());
        }
        self.disk.bytes.fetch_add((bytes.len() - fits) as i64, Ordering::SeqCst);
        Err(ErrorKind::StorageFull.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.work()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.disk.work()?;
        self.disk.give_back(&self.path, length);
        self.file.set_len(length)
    }
}

/// Writes numbers from `from` on until `until`, or a commit fails; returns how many are committed.
fn write(history: &mut History, from: usize, until: usize) -> (usize, Option<HistoryError>) {
    let series = history.series("A");
    let mut done = from;
    let mut random = Stream::new(1, "noise");
    for index in from..until {
        // The noise takes about 7 bytes, however long blocks are.
        let value = index as f64 + random.uniform() / 2.0;
        history.append(series, number(index as i64, value)).unwrap();
        if index % 10 == 9 {
            if let Err(error) = history.commit() {
                return (done, Some(error));
            }
            done = index + 1;
            history.tend(Timestamp::default()).ok();
        }
    }
    (done, None)
}

#[test]
fn a_disk_that_is_gone_at_any_operation_has_all_that_was_committed_once() {
    for operations in 0..400 {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(PLENTY, operations);
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), small(200)).unwrap();
        let (done, error) = write(&mut history, 0, 1200);
        drop(history);
        let mut history = open(folder.path(), 200);
        let series = history.series("A");
        let found = numbers(&history.reader(), series);
        assert!(found.len() >= done, "{operations}: {done} committed, {} there", found.len());
        assert!(is_whole(&found), "{operations}");
        assert!(error.is_some() || done == 1200);
    }
}

#[test]
fn a_disk_that_comes_back_goes_on_without_gap_or_repetition() {
    for operations in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(PLENTY, operations);
        let left = Arc::clone(&disk.operations);
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), small(200)).unwrap();
        let (_, _) = write(&mut history, 0, 600);
        left.store(i64::MAX, Ordering::SeqCst);
        history.commit().unwrap();
        let series = history.series("A");
        let next = numbers(&history.reader(), series).len();
        write(&mut history, next, 1000);
        history.commit().unwrap();
        let before = numbers(&history.reader(), series);
        assert!(is_whole(&before), "{operations}");
        drop(history);
        assert_eq!(numbers(&open(folder.path(), 200).reader(), series), before, "{operations}");
    }
}

#[test]
fn room_that_comes_back_by_itself_costs_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let disk = WeakDisk::new(5000, i64::MAX);
    let bytes = Arc::clone(&disk.bytes);
    let config = HistoryConfig { when_full: WhenFull::DropOldest, ..small(200) };
    let (mut history, _) = History::open_on(Box::new(disk), folder.path(), config).unwrap();
    let series = history.series("A");
    let put = |history: &mut History, from: i64, to: i64| {
        for it in from..to {
            history.append(series, number(it, 0.5)).unwrap();
            history.commit()?;
        }
        Ok::<_, HistoryError>(())
    };
    assert!(matches!(put(&mut history, 0, 1000), Err(HistoryError::NoSpace { .. })));
    bytes.store(PLENTY, Ordering::SeqCst);
    history.commit().unwrap();
    put(&mut history, 1000, 1300).unwrap();
    for _ in 0..5 {
        assert_eq!(history.tend(Timestamp::from_ticks(2000)).unwrap().removed, 0);
    }
    assert_eq!(numbers(&history.reader(), series)[0], 0);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing_that_was_committed() {
    for bytes in (200..9000).step_by(97) {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(bytes, i64::MAX);
        let config = HistoryConfig { when_full: WhenFull::KeepOldest, ..small(200) };
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), config).unwrap();
        let (done, error) = write(&mut history, 0, 100_000);
        assert!(matches!(error, Some(HistoryError::NoSpace { .. })), "{error:?}");
        assert!(error.unwrap().to_string().starts_with("no room on the disk for the history"));
        let series = history.series("A");
        drop(history);
        let found = numbers(&open(folder.path(), 200).reader(), series);
        assert!(found.len() >= done, "{bytes}: {done} committed, {} there", found.len());
        assert!(is_whole(&found));
    }
}

#[test]
fn on_a_full_disk_the_oldest_goes_and_the_newest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let disk = WeakDisk::new(6000, i64::MAX);
    let (mut history, _) = History::open_on(Box::new(disk), folder.path(), small(200)).unwrap();
    let series = history.series("A");
    let mut refused = 0;
    for index in 0..20_000 {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 10 == 9 {
            refused += usize::from(history.commit().is_err());
            history.tend(Timestamp::default()).ok();
        }
    }
    history.commit().unwrap();
    let found = numbers(&history.reader(), series);
    assert_eq!(found.last(), Some(&19_999));
    assert!(found.windows(2).all(|it| it[1] == it[0] + 1), "a gap");
    assert!(refused < 500 && found.len() > 200, "{refused} refused, {} left", found.len());
}

//! The outbox: whoever reads the logs from place to place gets every committed sample once, whatever happens.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cellhouse::history::{Gap, History, HistoryConfig, HistoryError, Outbox, Place};
use cellhouse::tag::Value;
use cellhouse::time::Timestamp;

use crate::disk::WeakDisk;
use crate::support::{is_whole, number, open, small};

/// Bytes that are never used up.
const PLENTY: i64 = 1 << 40;

/// A store that writes a segment every `head_samples` samples and keeps its logs.
fn keeping(head_samples: usize) -> HistoryConfig {
    HistoryConfig { outbox_bytes: Some(1 << 30), ..small(head_samples) }
}

/// Who forwards: what it got, and up to where.
#[derive(Default)]
struct Forwarded {
    place: Place,
    numbers: Vec<i64>,
    gaps: Vec<Gap>,
}

impl Forwarded {
    /// Takes all there is, some samples at a time.
    fn take(&mut self, outbox: &Outbox) {
        loop {
            let parcel = outbox.read(self.place, 70).unwrap();
            if parcel.end == self.place {
                return;
            }
            self.numbers.extend(parcel.samples.iter().map(|(_, it)| match it.value {
                Value::F64(it) => it as i64,
                _ => i64::MIN,
            }));
            self.gaps.extend(parcel.gap);
            self.place = parcel.end;
            outbox.release(self.place);
        }
    }
}

/// Writes numbers from `from` on until `until` into two series, of which the second is slow enough to be carried over
/// from log to log, or until something fails; returns how many are committed.
fn write(history: &mut History, from: usize, until: usize) -> (usize, Option<HistoryError>) {
    let series = [history.series("A"), history.series("Slow")];
    let mut done = from;
    for index in from..until {
        let sample = number(index as i64, index as f64);
        history.append(series[usize::from(index % 9 == 0)], sample).unwrap();
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

fn kept_files(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files.filter(|it| it.extension().is_some_and(|it| it == "kept")).count()
}

#[test]
fn samples_that_a_seal_carries_over_are_read_once() {
    for together in [10, 40, 250, 5000] {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
        let outbox = history.outbox().unwrap();
        let mut forwarded = Forwarded::default();
        for from in (0..5000).step_by(together) {
            write(&mut history, from, from + together);
            forwarded.take(&outbox);
        }
        assert!(is_whole(&forwarded.numbers), "{together}");
        assert_eq!((forwarded.numbers.len(), forwarded.gaps.len()), (5000, 0), "{together}");
    }
}

#[test]
fn a_store_that_is_opened_again_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut forwarded = Forwarded::default();
    let mut store = String::new();
    for round in 0..40 {
        let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
        let outbox = history.outbox().unwrap();
        assert!(round == 0 || outbox.store() == store, "the name has changed");
        outbox.store().clone_into(&mut store);
        write(&mut history, round * 130, (round + 1) * 130);
        if round % 3 == 0 {
            forwarded.take(&outbox);
        }
    }
    let history = History::open(folder.path(), keeping(200)).unwrap().0;
    forwarded.take(&history.outbox().unwrap());
    assert!(is_whole(&forwarded.numbers));
    assert_eq!((forwarded.numbers.len(), forwarded.gaps.len()), (5200, 0));
}

#[test]
fn what_waits_is_counted_to_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
    write(&mut history, 0, 1000);
    drop(history);
    let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
    write(&mut history, 1000, 2000);
    let outbox = history.outbox().unwrap();
    assert_eq!(outbox.waiting(Place::default()).samples, 2000);
    let first = outbox.read(outbox.oldest(), 333).unwrap();
    let left = 2000 - first.samples.len() as u64;
    assert_eq!(outbox.waiting(first.end).samples, left);
    assert_eq!(outbox.waiting(outbox.end()).bytes, 0);
}

#[test]
fn logs_go_once_they_are_forwarded_all_but_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
    let outbox = history.outbox().unwrap();
    write(&mut history, 0, 3000);
    assert!(kept_files(folder.path()) > 10);
    Forwarded::default().take(&outbox);
    history.tend(Timestamp::default()).unwrap();
    assert_eq!(kept_files(folder.path()), 1);
    assert_eq!(outbox.take_given_up(), None);
}

#[test]
fn a_store_that_forwards_nothing_keeps_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 200);
    write(&mut history, 0, 1000);
    assert!(history.outbox().is_none());
    assert_eq!(kept_files(folder.path()), 0);
}

#[test]
fn a_full_outbox_gives_up_the_oldest_and_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let config = HistoryConfig { outbox_bytes: Some(10_000), ..keeping(200) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    let outbox = history.outbox().unwrap();
    write(&mut history, 0, 5000);
    let given_up = outbox.take_given_up().unwrap();
    let mut forwarded = Forwarded { place: outbox.oldest(), ..Forwarded::default() };
    forwarded.take(&outbox);
    let lost = given_up.samples as i64;
    let rest: Vec<i64> = (lost..5000).collect();
    assert_eq!(forwarded.numbers, rest);
    let span = given_up.span.unwrap();
    assert_eq!((span.from.ticks(), span.to.ticks()), (0, lost - 1));
    assert_eq!(outbox.take_given_up(), None);
}

#[test]
fn a_place_whose_log_is_gone_goes_on_with_the_oldest_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
    let outbox = history.outbox().unwrap();
    write(&mut history, 0, 3000);
    Forwarded::default().take(&outbox);
    history.tend(Timestamp::default()).unwrap();
    // A database that comes back from an old backup.
    let mut forwarded =
        Forwarded { place: Place { generation: 2, ..Place::default() }, ..Forwarded::default() };
    forwarded.take(&outbox);
    assert_eq!(forwarded.gaps, [Gap::Gone]);
    assert_eq!(forwarded.numbers.last(), Some(&2999));
}

#[test]
fn a_place_that_does_not_fit_goes_on_with_the_next_log_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
    let outbox = history.outbox().unwrap();
    write(&mut history, 0, 1000);
    let place = Place { generation: 2, offset: 77, samples: 3 };
    let mut forwarded = Forwarded { place, ..Forwarded::default() };
    forwarded.take(&outbox);
    assert_eq!(forwarded.gaps, [Gap::Damaged]);
    assert_eq!(forwarded.numbers.last(), Some(&999));
}

#[test]
fn a_disk_that_is_gone_at_any_operation_forwards_all_that_was_committed_once() {
    for operations in (0..450).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(PLENTY, operations);
        let mut forwarded = Forwarded::default();
        let mut done = 0;
        if let Ok((mut history, _)) = History::open_on(Box::new(disk), folder.path(), keeping(200))
        {
            let outbox = history.outbox().unwrap();
            done = write(&mut history, 0, 600).0;
            if operations % 2 == 0 {
                forwarded.take(&outbox);
            }
            if done == 600 {
                done = write(&mut history, 600, 1200).0;
            }
        }
        let mut history = History::open(folder.path(), keeping(200)).unwrap().0;
        let outbox = history.outbox().unwrap();
        let there = outbox.waiting(Place::default()).samples;
        write(&mut history, 5000, 5500);
        forwarded.take(&outbox);
        let late = forwarded.numbers.split_off(forwarded.numbers.len() - 500);
        assert!(is_whole(&forwarded.numbers), "{operations}");
        assert!(forwarded.numbers.len() >= done, "{operations}: {there} of {done} there");
        assert!(forwarded.gaps.is_empty() && late[0] == 5000, "{operations}");
    }
}

#[test]
fn a_disk_that_comes_back_forwards_without_gap_or_repetition() {
    for operations in (3..250).step_by(2) {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(PLENTY, operations);
        let left = Arc::clone(&disk.operations);
        let opened = History::open_on(Box::new(disk), folder.path(), keeping(200));
        let Ok((mut history, _)) = opened else { continue };
        let outbox = history.outbox().unwrap();
        write(&mut history, 0, 600);
        // Its segment may be written while its commits fail.
        history.tend(Timestamp::default()).ok();
        left.store(i64::MAX, Ordering::SeqCst);
        history.seal_all().unwrap();
        history.commit().unwrap();
        let next = outbox.waiting(Place::default()).samples as usize;
        write(&mut history, next, 1000);
        drop(history);
        let mut forwarded = Forwarded::default();
        let history = History::open(folder.path(), keeping(200)).unwrap().0;
        forwarded.take(&history.outbox().unwrap());
        assert!(is_whole(&forwarded.numbers), "{operations}");
        assert_eq!((forwarded.numbers.len(), forwarded.gaps.len()), (1000, 0), "{operations}");
    }
}

#[test]
fn on_a_full_disk_logs_go_before_segments() {
    let folder = tempfile::tempdir().unwrap();
    let disk = WeakDisk::new(40_000, i64::MAX);
    let mut history = History::open_on(Box::new(disk), folder.path(), keeping(200)).unwrap().0;
    let outbox = history.outbox().unwrap();
    let series = history.series("A");
    for index in 0..5000 {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 10 == 9 {
            history.commit().ok();
            history.tend(Timestamp::default()).ok();
        }
    }
    history.commit().unwrap();
    let found = crate::support::numbers(&history.reader(), series);
    assert!(is_whole(&found) && found.len() == 5000, "a segment went");
    assert!(outbox.take_given_up().is_some());
}

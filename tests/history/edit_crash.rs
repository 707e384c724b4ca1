//! Edits on files that end anywhere and on disks that fail: what was answered is there.

use std::fs::{self, OpenOptions};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cellhouse::history::{By, Direction, Edit, Edited, History};
use cellhouse::time::Timestamp;

use crate::disk::WeakDisk;
use crate::support::{all, copy, number, numbers, open, small};

fn by() -> By {
    By { user: "olga".to_owned(), time: Timestamp::from_ticks(1) }
}

/// Inserts the numbers from `from` on until `until` or one is refused; returns how many were answered.
fn insert(history: &mut History, from: i64, until: i64) -> i64 {
    let series = history.series("A");
    for index in from..until {
        let edit = Edit::Insert(vec![number(index, index as f64)]);
        match history.edit(series, &edit, &by()) {
            Ok(edited) => assert_eq!(edited, [Edited::Inserted]),
            Err(_) => return index,
        }
    }
    until
}

#[test]
fn edits_cut_at_any_byte_are_there_up_to_the_cut_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    let mut ends = vec![0];
    for index in 0..12 {
        insert(&mut history, index, index + 1);
        ends.push(fs::metadata(folder.path().join("edits.log")).unwrap().len());
    }
    drop(history);
    for cut in 0..=ends[12] {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let file = OpenOptions::new().write(true).open(other.path().join("edits.log")).unwrap();
        file.set_len(cut).unwrap();
        let (mut history, recovered) = History::open(other.path(), small(1000)).unwrap();
        let whole = ends.iter().rposition(|it| *it <= cut).unwrap();
        assert_eq!(recovered.edits, whole, "cut at {cut}");
        assert_eq!(recovered.edits_cut_bytes, cut - ends[whole]);
        insert(&mut history, whole as i64, 13);
        drop(history);
        let mut history = open(other.path(), 1000);
        let series = history.series("A");
        assert!(numbers(&history.reader(), series).into_iter().eq(0..13), "cut at {cut}");
    }
}

#[test]
fn a_damaged_edit_is_named_and_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    insert(&mut history, 0, 30);
    drop(history);
    let path = folder.path().join("edits.log");
    let bytes = fs::read(&path).unwrap();
    let length = bytes.len() / 30;
    for place in 8..length {
        let mut changed = bytes.clone();
        changed[10 * length + place] ^= 4;
        fs::write(&path, changed).unwrap();
        let (mut history, recovered) = History::open(folder.path(), small(1000)).unwrap();
        assert_eq!((recovered.edits, recovered.edits_damaged), (29, 1));
        let series = history.series("A");
        assert_eq!(all(&history.reader(), series, Direction::Forward).len(), 29);
    }
}

#[test]
fn on_a_disk_that_is_gone_at_any_operation_every_answered_edit_is_there() {
    for operations in 0..150 {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(1 << 40, operations);
        let left = Arc::clone(&disk.operations);
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), small(20)).unwrap();
        let done = insert(&mut history, 0, 40);
        let series = history.series("A");
        assert_eq!(numbers(&history.reader(), series).len() as i64, done, "nothing else shows");
        if operations % 2 == 0 {
            left.store(i64::MAX, Ordering::SeqCst);
            assert_eq!(insert(&mut history, done, 50), 50);
        }
        drop(history);
        let mut history = open(folder.path(), 20);
        let series = history.series("A");
        let found = numbers(&history.reader(), series);
        assert!(found.len() as i64 >= done && found.iter().copied().eq(0..found.len() as i64));
    }
}

#[test]
fn a_deletion_survives_seals_on_a_disk_that_fails_and_comes_back() {
    for operations in 0..150 {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(1 << 40, operations);
        let left = Arc::clone(&disk.operations);
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), small(50)).unwrap();
        let series = history.series("A");
        let mut expected: Vec<i64> = Vec::new();
        for index in 0..200_i64 {
            history.append(series, number(index, index as f64)).unwrap();
            if index % 10 == 9 {
                if history.commit().is_err() {
                    left.store(i64::MAX, Ordering::SeqCst);
                    history.commit().unwrap();
                }
                expected.extend(index - 9..=index);
                history.tend(Timestamp::default()).ok();
            }
            if index % 30 == 29 {
                let (from, to) =
                    (Timestamp::from_ticks(index - 20), Timestamp::from_ticks(1 << 40));
                let edit = Edit::DeleteRaw { from, to };
                if history.edit(series, &edit, &by()).is_ok() {
                    expected.retain(|it| *it < index - 20);
                }
            }
        }
        assert_eq!(numbers(&history.reader(), series), expected, "{operations}");
        drop(history);
        let found = numbers(&open(folder.path(), 50).reader(), series);
        assert_eq!(found, expected, "{operations}");
    }
}

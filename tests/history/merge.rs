//! Segments that become one: the same samples before and behind, whoever reads meanwhile and whatever fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cellhouse::history::{Direction, History, Span};
use cellhouse::time::Timestamp;

use crate::disk::WeakDisk;
use crate::support::{copy, is_whole, number, numbers, open};

/// Writes whole numbers, 50 in a segment; returns how many are committed.
fn write(history: &mut History, numbers: std::ops::Range<i64>) -> i64 {
    let series = history.series("A");
    let mut done = numbers.start;
    for index in numbers {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 10 == 9 {
            if history.commit().is_err() {
                return done;
            }
            done = index + 1;
            history.tend(Timestamp::default()).ok();
        }
    }
    done
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files.filter(|it| it.extension().is_some_and(|it| it == "segment")).collect()
}

#[test]
fn many_seals_end_in_few_segments_with_every_sample_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 50);
    write(&mut history, 0..50 * 100);
    let series = history.series("A");
    assert!(is_whole(&numbers(&history.reader(), series)));
    assert!(history.reader().statistics().segments < 20);
    assert_eq!(segments(folder.path()).len(), history.reader().statistics().segments);
    drop(history);
    let mut history = open(folder.path(), 50);
    let series = history.series("A");
    assert_eq!(numbers(&history.reader(), series).len(), 5000);
}

#[test]
fn a_scan_that_began_before_a_merge_reads_on_and_then_the_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 50);
    write(&mut history, 0..350);
    let series = history.series("A");
    let mut scan = history.reader().scan(series, Span::ALL, Direction::Forward);
    let mut read = scan.next().unwrap().unwrap().len();
    write(&mut history, 350..450);
    let held = segments(folder.path()).len();
    assert!(history.reader().statistics().segments < 7, "they are merged");
    read += scan.map(|it| it.unwrap().len()).sum::<usize>();
    assert_eq!(read, 350);
    history.tend(Timestamp::default()).unwrap();
    assert!(segments(folder.path()).len() < held);
}

/// Those of merges are among the operations.
#[test]
fn a_disk_that_is_gone_within_a_merge_has_all_that_was_committed_once() {
    for operations in (0..600).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        let disk = WeakDisk::new(1 << 40, operations);
        let left = Arc::clone(&disk.operations);
        let config = crate::support::small(50);
        let (mut history, _) = History::open_on(Box::new(disk), folder.path(), config).unwrap();
        let mut done = write(&mut history, 0..600);
        if operations % 2 == 0 && done < 600 {
            left.store(i64::MAX, Ordering::SeqCst);
            history.commit().unwrap();
            let series = history.series("A");
            done = numbers(&history.reader(), series).len() as i64;
            done = write(&mut history, done..1200);
        }
        drop(history);
        let mut history = open(folder.path(), 50);
        let series = history.series("A");
        let found = numbers(&history.reader(), series);
        assert!(found.len() as i64 >= done, "{operations}: {done}, {} there", found.len());
        assert!(is_whole(&found), "{operations}");
    }
}

/// The power went between the name of the new segment and the removal of the old ones.
#[test]
fn what_a_merge_has_left_behind_is_not_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 50);
    write(&mut history, 0..350);
    let mut before = Vec::new();
    for path in segments(folder.path()) {
        before.push((path.file_name().unwrap().to_owned(), fs::read(path).unwrap()));
    }
    write(&mut history, 350..600);
    drop(history);
    for (name, bytes) in &before {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let mut history = open(folder.path(), 50);
    let series = history.series("A");
    assert!(is_whole(&numbers(&history.reader(), series)));
    assert!(segments(folder.path()).len() < before.len());
}

#[test]
fn a_damaged_segment_is_left_out_of_merges() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 50);
    write(&mut history, 0..150);
    let path = segments(folder.path()).into_iter().min().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] ^= 1;
    fs::write(&path, bytes).unwrap();
    write(&mut history, 150..1500);
    let series = history.series("A");
    let scan = history.reader().scan(series, Span::ALL, Direction::Forward);
    let results: Vec<_> = scan.collect();
    assert_eq!(results.iter().filter(|it| it.is_err()).count(), 1, "it is told of");
    let read: usize = results.iter().flatten().map(cellhouse::history::Batch::len).sum();
    assert_eq!(read, 1450);
    assert!(path.exists());
}

/// A segment as it was before segments had paths.
fn as_version_1(bytes: &[u8]) -> Vec<u8> {
    let footer = &bytes[bytes.len() - 84..];
    let whole = |at: usize| u64::from_le_bytes(footer[at..at + 8].try_into().unwrap());
    let (paths, index) = (whole(8) as usize, whole(32) as usize);
    let mut old = bytes[..paths].to_vec();
    old.extend(&bytes[index..bytes.len() - 84]);
    let start = old.len();
    old.extend(&footer[24..32]);
    old.extend((paths as u64).to_le_bytes());
    old.extend(&footer[40..72]);
    let checksum = crc32fast::hash(&old[start..]);
    old.extend(checksum.to_le_bytes());
    old.extend(b"CHSEGMT\x01");
    old
}

#[test]
fn segments_of_version_1_are_read_and_merged_with_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 50);
    write(&mut history, 0..300);
    drop(history);
    for path in segments(folder.path()) {
        fs::write(&path, as_version_1(&fs::read(&path).unwrap())).unwrap();
    }
    let mut history = open(folder.path(), 50);
    let series = history.series("A");
    assert_eq!(numbers(&history.reader(), series).len(), 300);
    write(&mut history, 300..600);
    assert!(is_whole(&numbers(&history.reader(), series)));
    assert!(history.reader().statistics().segments < 8);
}

#[test]
fn a_catalogue_cut_anywhere_gives_no_number_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    let paths: Vec<String> = (0..20).map(|it| format!("Line1.EL{it}.Voltage")).collect();
    for (index, path) in paths.iter().enumerate() {
        let series = history.series(path);
        history.append(series, number(index as i64, index as f64)).unwrap();
    }
    history.commit().unwrap();
    history.seal_all().unwrap();
    drop(history);
    let length = fs::metadata(folder.path().join("series.catalogue")).unwrap().len();
    for cut in 0..length {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let file = fs::OpenOptions::new().write(true).open(other.path().join("series.catalogue"));
        file.unwrap().set_len(cut).unwrap();
        for _ in 0..2 {
            let mut history = open(other.path(), 1000);
            let new = history.series("new");
            assert!(numbers(&history.reader(), new).len() <= 1, "only what this test has written");
            history.append(new, number(1, 77.0)).unwrap();
            history.commit().unwrap();
            for (index, path) in paths.iter().enumerate() {
                let series = history.reader().series(path).unwrap();
                assert_eq!(numbers(&history.reader(), series), [index as i64], "cut at {cut}");
            }
        }
    }
}

//! Files that end anywhere: what was committed up to there is there, and the store opens.

use std::fs::{self, OpenOptions};

use cellhouse::history::{Direction, History};
use cellhouse::rng::Stream;

use crate::support::{all, below, copy, number, numbers, only, open, small};

#[test]
fn a_log_cut_at_any_byte_has_every_commit_before_the_cut_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 100_000);
    let series = ["A", "B"].map(|it| history.series(it));
    let mut ends = Vec::new();
    for index in 0..60_usize {
        history.append(series[index % 2], number(index as i64, index as f64)).unwrap();
        if index % 3 == 2 {
            history.commit().unwrap();
            ends.push((fs::metadata(only(folder.path(), "log")).unwrap().len(), index + 1));
        }
    }
    let length = ends.last().unwrap().0;
    for cut in 0..=length {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let log = OpenOptions::new().write(true).open(only(other.path(), "log")).unwrap();
        log.set_len(cut).unwrap();
        let committed = ends.iter().rfind(|it| it.0 <= cut).map_or(0, |it| it.1);
        let (mut history, recovered) = History::open(other.path(), small(100_000)).unwrap();
        assert_eq!(recovered.replayed, committed as u64, "cut at {cut}");
        let next = history.series("B");
        history.append(next, number(1000, 1000.0)).unwrap();
        history.commit().unwrap();
        drop(history);
        let reader = open(other.path(), 100_000).reader();
        let mut found: Vec<i64> = series.iter().flat_map(|it| numbers(&reader, *it)).collect();
        found.sort_unstable();
        let expected: Vec<i64> = (0..committed as i64).chain([1000]).collect();
        assert_eq!(found, expected, "cut at {cut}");
    }
}

#[test]
fn a_segment_cut_or_changed_anywhere_never_keeps_the_store_from_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 100_000);
    let series = history.series("A");
    for index in 0..3000 {
        history.append(series, number(index, (index as f64).sin())).unwrap();
        if index == 1499 {
            history.commit().unwrap();
            history.seal_all().unwrap();
        }
    }
    history.commit().unwrap();
    drop(history);
    let length = fs::metadata(only(folder.path(), "segment")).unwrap().len() as usize;
    let mut random = Stream::new(7, "cuts");
    for round in 0..300 {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let path = only(other.path(), "segment");
        let mut bytes = fs::read(&path).unwrap();
        let at = below(&mut random, length);
        if round % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << below(&mut random, 8);
        }
        fs::write(&path, bytes).unwrap();
        let (history, recovered) = History::open(other.path(), small(100_000)).unwrap();
        assert_eq!(recovered.replayed, 1500);
        assert_eq!(recovered.set_aside.len(), usize::from(recovered.segments == 0));
        let scan = history.reader().scan(series, cellhouse::history::Span::ALL, Direction::Forward);
        let read: usize = scan.filter_map(Result::ok).map(|it| it.len()).sum();
        assert!(read == 1500 || round % 2 == 1 && read == 3000, "round {round}: {read}");
    }
}

#[test]
fn a_catalogue_cut_at_any_byte_never_keeps_the_store_from_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    for index in 0..10 {
        let series = history.series(&format!("Line1.EL{index}"));
        history.append(series, number(index, 0.0)).unwrap();
    }
    history.commit().unwrap();
    drop(history);
    for cut in 0..fs::metadata(only(folder.path(), "catalogue")).unwrap().len() {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let path = only(other.path(), "catalogue");
        OpenOptions::new().write(true).open(path).unwrap().set_len(cut).unwrap();
        let (mut history, recovered) = History::open(other.path(), small(1000)).unwrap();
        assert_eq!(recovered.replayed + recovered.unknown, 10);
        let series = history.series("Line1.EL3");
        let found = all(&history.reader(), series, Direction::Forward).len();
        assert!(found <= 1);
    }
}

//! Files that somebody removes while they are in use.

use std::fs;
use std::path::Path;

use cellhouse::history::{By, Direction, Edit, Edited, History, HistoryError, SeriesId, Span};
use cellhouse::time::Timestamp;

use crate::support::{all, is_whole, number, numbers, only, open};

/// Appends the numbers of this range, in commits of ten.
fn write(history: &mut History, series: SeriesId, range: std::ops::Range<i64>) {
    for index in range {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 10 == 9 {
            history.commit().unwrap();
        }
    }
}

/// Writes, removes by `remove`, writes on, and opens again.
fn removed(restart: bool, remove: impl Fn(&Path), written_anew: usize) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("history");
    let mut history = open(&folder, 100_000);
    let series = history.series("A");
    write(&mut history, series, 0..100);
    let by = By { user: "olga".to_owned(), time: Timestamp::from_ticks(7) };
    let edit = Edit::Insert(vec![number(1_000, 100.0)]);
    assert_eq!(history.edit(series, &edit, &by).unwrap(), [Edited::Inserted]);
    if restart {
        drop(history);
        history = open(&folder, 100_000);
        assert_eq!(history.series("A"), series);
    }
    remove(&folder);
    assert_eq!(history.put_back().unwrap(), written_anew);
    assert_eq!(history.put_back().unwrap(), 0);
    for index in 101..=110 {
        history.append(series, number(1_000 + index, index as f64)).unwrap();
    }
    history.commit().unwrap();
    drop(history);
    let mut history = open(&folder, 100_000);
    let series = history.series("A");
    let found = numbers(&history.reader(), series);
    assert!(is_whole(&found) && found.len() == 111, "{found:?}");
}

#[test]
fn a_log_that_was_removed_is_written_anew() {
    for restart in [false, true] {
        removed(restart, |it| fs::remove_file(it.join("0000000001.log")).unwrap(), 1);
    }
}

#[test]
fn a_folder_that_was_removed_is_written_anew() {
    for restart in [false, true] {
        removed(restart, |it| fs::remove_dir_all(it).unwrap(), 3);
    }
}

#[test]
fn nothing_is_written_anew_where_nothing_was_removed() {
    removed(true, |_| {}, 0);
}

#[test]
fn a_segment_that_was_removed_is_an_error_where_it_was_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 100_000);
    let series = history.series("A");
    write(&mut history, series, 0..100);
    history.seal_all().unwrap();
    write(&mut history, series, 100..200);
    let segment = only(folder.path(), "segment");
    fs::remove_file(&segment).unwrap();
    let reader = history.reader();
    let wrong = reader.scan(series, Span::ALL, Direction::Forward).find_map(Result::err);
    assert!(
        matches!(&wrong, Some(HistoryError::Disk { path, .. }) if *path == segment),
        "{wrong:?}"
    );
    let later = Span { from: Timestamp::from_ticks(100), to: Timestamp::from_ticks(199) };
    let found: usize =
        reader.scan(series, later, Direction::Forward).map(|it| it.unwrap().len()).sum();
    assert_eq!(found, 100);
    write(&mut history, series, 200..210);
    drop((history, reader));
    let mut history = open(folder.path(), 100_000);
    let series = history.series("A");
    assert_eq!(all(&history.reader(), series, Direction::Forward).len(), 110);
}

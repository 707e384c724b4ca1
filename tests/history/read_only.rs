//! A store that is read beside its server.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use cellhouse::history::{By, Direction, Edit, History, Span};
use cellhouse::time::Timestamp;

use crate::support::{is_whole, number, numbers, open};

fn bytes(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    files.map(|it| (it.file_name(), fs::read(it.path()).unwrap())).collect()
}

#[test]
fn reading_only_shows_segments_log_and_edits_and_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 100);
    let series = history.series("A");
    for index in 0..250 {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 10 == 9 {
            history.commit().unwrap();
            history.tend(Timestamp::default()).unwrap();
        }
    }
    let by = By { user: "olga".into(), time: Timestamp::from_ticks(1) };
    let times = vec![Timestamp::from_ticks(0), Timestamp::from_ticks(249)];
    history.edit(series, &Edit::DeleteAt(times), &by).unwrap();
    let before = bytes(folder.path());
    let (reader, found) = History::read_only(folder.path()).unwrap();
    let series = reader.series("A").unwrap();
    assert!(numbers(&reader, series).into_iter().eq(1..249));
    assert_eq!(reader.modified(series, Span::ALL, Direction::Forward).count(), 2);
    assert_eq!((found.segments, found.replayed, found.edits), (2, 50, 2));
    assert_eq!(bytes(folder.path()), before);
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let error = History::read_only(Path::new("/nowhere/history")).unwrap_err().to_string();
    assert!(error.contains("/nowhere/history"), "{error}");
}

#[test]
fn a_store_reads_whole_while_a_server_writes_seals_and_merges() {
    let folder = tempfile::tempdir().unwrap();
    let (committed, ended) = (AtomicI64::new(0), AtomicBool::new(false));
    let mut history = open(folder.path(), 100);
    let series = history.series("A");
    history.append(series, number(0, 0.0)).unwrap();
    history.commit().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut history = history;
            for index in 1..20_000 {
                history.append(series, number(index, index as f64)).unwrap();
                if index % 10 == 9 {
                    history.commit().unwrap();
                    committed.store(index, Ordering::SeqCst);
                    history.tend(Timestamp::default()).unwrap();
                }
            }
            ended.store(true, Ordering::SeqCst);
        });
        let mut held = Vec::new();
        while !ended.load(Ordering::SeqCst) {
            let least = committed.load(Ordering::SeqCst);
            let (reader, _) = History::read_only(folder.path()).unwrap();
            let found = numbers(&reader, reader.series("A").unwrap());
            assert!(found.len() as i64 > least, "{least} committed, {} there", found.len());
            assert!(is_whole(&found));
            if held.len() < 20 {
                held.push((reader, found.len()));
            }
        }
        // What was opened stays readable, whatever has become of the files.
        for (reader, count) in held {
            assert_eq!(numbers(&reader, reader.series("A").unwrap()).len(), count);
        }
    });
}

//! What goes when, and what the history says it holds.

use cellhouse::history::History;
use cellhouse::history::{HistoryConfig, HistoryError, WhenFull};
use cellhouse::rng::Stream;
use cellhouse::time::Timestamp;

use crate::support::{number, numbers, open, small};

const SECOND: i64 = 10_000_000;

fn write(history: &mut History, seconds: std::ops::Range<i64>) -> Result<(), HistoryError> {
    let series = history.series("A");
    let mut random = Stream::new(1, "noise");
    for second in seconds {
        // The noise takes about 7 bytes, however long blocks are.
        let value = second as f64 + random.uniform() / 2.0;
        history.append(series, number(second * SECOND, value)).unwrap();
        if second % 10 == 9 {
            history.commit()?;
            history.tend(Timestamp::from_ticks(second * SECOND))?;
        }
    }
    Ok(())
}

#[test]
fn samples_older_than_configured_go_by_segments() {
    let folder = tempfile::tempdir().unwrap();
    let config = HistoryConfig { keep_s: Some(1000.0), ..small(300) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    write(&mut history, 0..5000).unwrap();
    let series = history.series("A");
    let oldest = numbers(&history.reader(), series)[0];
    assert!((3500..=3999).contains(&oldest), "{oldest}");
}

#[test]
fn beyond_its_bytes_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let config = HistoryConfig { bytes_max: Some(20_000), ..small(300) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    write(&mut history, 0..30_000).unwrap();
    let statistics = history.reader().statistics();
    assert!(statistics.segment_bytes + statistics.log_bytes < 30_000, "{statistics:?}");
    assert_eq!(statistics.newest, Some(Timestamp::from_ticks(29_999 * SECOND)));
    assert!(statistics.oldest > Some(Timestamp::from_ticks(1000 * SECOND)));
}

#[test]
fn beyond_its_bytes_nothing_new_comes_in_if_the_oldest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        HistoryConfig { bytes_max: Some(20_000), when_full: WhenFull::KeepOldest, ..small(300) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    let error = write(&mut history, 0..100_000).unwrap_err();
    assert!(matches!(error, HistoryError::BytesMax { bytes_max: 20_000 }), "{error}");
    assert_eq!(history.waiting(), 0, "nothing waits for room that will not come");
    let series = history.series("A");
    assert_eq!(numbers(&history.reader(), series)[0], 0);
}

#[test]
fn more_than_may_wait_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = HistoryConfig { waiting_max: 5, ..small(300) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    let series = history.series("A");
    (0..5).for_each(|it| history.append(series, number(it, 0.0)).unwrap());
    let error = history.append(series, number(5, 0.0)).unwrap_err();
    assert!(matches!(error, HistoryError::Behind { samples: 5 }), "{error}");
}

#[test]
fn statistics_count_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    write(&mut history, 0..1990).unwrap();
    let statistics = history.reader().statistics();
    assert_eq!(statistics.segment_samples + statistics.head_samples as u64, 1990);
    assert_eq!((statistics.series, statistics.segments), (1, 1));
    assert_eq!(statistics.oldest, Some(Timestamp::from_ticks(0)));
    assert_eq!(statistics.newest, Some(Timestamp::from_ticks(1989 * SECOND)));
}

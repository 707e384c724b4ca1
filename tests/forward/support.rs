//! What the tests of forwarding share: a recorder, and how what arrived is compared with what was recorded.

use std::path::Path;
use std::time::Duration;

use cellhouse::config::PostgresConfig;
use cellhouse::field::Quality;
use cellhouse::forward::{self, Handle, Notes};
use cellhouse::history::{
    Direction, History, HistoryConfig, Outbox, Reader, Sample, SeriesId, Span,
};
use cellhouse::tag::Value;
use cellhouse::time::{self, Timestamp};
use tempfile::TempDir;

use crate::postgres::Postgres;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_mins(2);
/// Samples lie so far apart, ticks: 1 ms.
const STEP: i64 = 10_000;
/// Samples of one scan.
const SCAN: usize = 50;
const SERIES: usize = 7;

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = time::monotonic();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "waited too long: {what}");
        time::wait(Duration::from_millis(5));
    }
}

/// A store that writes a segment every 1000 samples and keeps its logs.
pub(crate) fn keeping() -> HistoryConfig {
    HistoryConfig { head_samples: 1000, outbox_bytes: Some(1 << 30), ..HistoryConfig::default() }
}

/// Records whole numbers from 0 on: number `i` at the `i`-th millisecond before and after a change of months, into
/// one of some series, the last of which is so slow that seals carry it over.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) history: History,
    pub(crate) next: usize,
    series: Vec<SeriesId>,
    /// Removed with the recorder; not if it records into a folder of someone else.
    _folder: Option<TempDir>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self::with(keeping())
    }

    pub(crate) fn with(config: HistoryConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Self::open(folder.path(), config);
        Self { _folder: Some(folder), ..recorder }
    }

    /// Goes on in a folder.
    pub(crate) fn open(folder: &Path, config: HistoryConfig) -> Self {
        let mut history = History::open(folder, config).unwrap().0;
        let series = (0..SERIES).map(|it| history.series(&format!("Line1.EL10{it}.Bath.Level")));
        let series: Vec<SeriesId> = series.collect();
        let reader = history.reader();
        let next = series.iter().map(|it| all(&reader, *it).len()).sum();
        Self { history, next, series, _folder: None }
    }

    pub(crate) fn outbox(&self) -> Outbox {
        self.history.outbox().unwrap()
    }

    /// Records scans, each committed.
    pub(crate) fn record(&mut self, scans: usize) {
        let start = Timestamp::parse_rfc3339("2026-01-31T23:59:59Z").unwrap();
        for _ in 0..scans {
            for _ in 0..SCAN {
                let index = self.next;
                let which =
                    if index.is_multiple_of(97) { SERIES - 1 } else { index % (SERIES - 1) };
                let time = start.plus_ticks(index as i64 * STEP);
                let value = Value::F64(index as f64);
                let sample = Sample { time, value, quality: Quality::Good };
                self.history.append(self.series[which], sample).unwrap();
                self.next += 1;
            }
            self.history.commit().unwrap();
            self.history.tend(Timestamp::default()).unwrap();
        }
    }
}

/// Starts to forward.
pub(crate) fn forward(config: &PostgresConfig, outbox: Outbox) -> Handle {
    forward::start(config.clone(), outbox, Notes::default()).unwrap()
}

/// Waits until the database has everything.
pub(crate) fn until_all_forwarded(postgres: &Postgres, outbox: &Outbox) {
    until("everything is forwarded", || {
        let place = postgres.place(outbox.store());
        place.is_some_and(|it| outbox.waiting(it).samples == 0)
    });
}

/// Every sample of a series.
pub(crate) fn all(reader: &Reader, series: SeriesId) -> Vec<Sample> {
    let batches = reader.scan(series, Span::ALL, Direction::Forward);
    batches.flat_map(|it| it.unwrap().iter().collect::<Vec<_>>()).collect()
}

/// Fails unless the database has every number that was recorded, once, at its time, at its tag.
pub(crate) fn assert_whole(postgres: &Postgres, recorder: &Recorder) {
    let query = "SELECT value FROM cellhouse.sample ORDER BY time, value";
    let there: Vec<f64> = postgres.column(query, &[]);
    // Whole numbers, all of them.
    let there: Vec<usize> = there.into_iter().map(|it| it as usize).collect();
    let wrong = (0..recorder.next).zip(&there).find(|(index, it)| index != *it);
    assert_eq!(wrong, None, "a gap or a double");
    assert_eq!(there.len(), recorder.next);
    let reader = recorder.history.reader();
    for path in reader.paths() {
        let here = all(&reader, reader.series(&path).unwrap());
        let us: Vec<i64> = here.iter().map(|it| it.time.unix_us()).collect();
        let query = "SELECT (extract(epoch FROM time) * 1000000)::bigint FROM cellhouse.reading
                     WHERE path = $1 ORDER BY value";
        assert!(postgres.column::<i64>(query, &[&path]) == us, "times of {path}");
    }
}

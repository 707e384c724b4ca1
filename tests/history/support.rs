//! What the tests of history share.

use std::path::Path;

use cellhouse::field::Quality;
use cellhouse::history::{Direction, History, HistoryConfig, Reader, Sample, SeriesId, Span};
use cellhouse::rng::Stream;
use cellhouse::tag::Value;
use cellhouse::time::Timestamp;

/// A store that writes a segment every `head_samples` samples.
pub(crate) fn small(head_samples: usize) -> HistoryConfig {
    HistoryConfig { head_samples, ..HistoryConfig::default() }
}

pub(crate) fn open(folder: &Path, head_samples: usize) -> History {
    History::open(folder, small(head_samples)).unwrap().0
}

/// A good number.
pub(crate) fn number(ticks: i64, value: f64) -> Sample {
    let time = Timestamp::from_ticks(ticks);
    Sample { time, value: Value::F64(value), quality: Quality::Good }
}

/// Every sample of a series.
pub(crate) fn all(reader: &Reader, series: SeriesId, direction: Direction) -> Vec<Sample> {
    let batches = reader.scan(series, Span::ALL, direction);
    batches.flat_map(|it| it.unwrap().iter().collect::<Vec<_>>()).collect()
}

/// All numbers of a series, which are whole ones, forwards.
pub(crate) fn numbers(reader: &Reader, series: SeriesId) -> Vec<i64> {
    let value = |it: Sample| if let Value::F64(it) = it.value { it as i64 } else { i64::MIN };
    all(reader, series, Direction::Forward).into_iter().map(value).collect()
}

/// Whether the numbers are those from 0 on, each once and in order.
pub(crate) fn is_whole(numbers: &[i64]) -> bool {
    numbers.iter().enumerate().all(|(index, it)| *it == index as i64)
}

/// Equal to the last bit, also where a number is none.
pub(crate) fn is_same(a: &[Sample], b: &[Sample]) -> bool {
    let bits = |value: &Value| match value {
        Value::F64(it) => Some(vec![it.to_bits()]),
        Value::Numbers(all) => Some(all.iter().map(|it| it.to_bits()).collect()),
        _ => None,
    };
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            let value = match (bits(&a.value), bits(&b.value)) {
                (None, None) => a.value == b.value,
                (a, b) => a == b,
            };
            value && a.time == b.time && a.quality == b.quality
        })
}

/// A whole number below `limit`.
pub(crate) fn below(random: &mut Stream, limit: usize) -> usize {
    ((random.uniform() * limit as f64) as usize).min(limit - 1)
}

/// Copies a folder of files, but for the lock.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "lock" {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The only file with this extension.
pub(crate) fn only(folder: &Path, extension: &str) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut own = files.filter(|it| it.extension().is_some_and(|it| it == extension));
    let found = own.next().unwrap();
    assert!(own.next().is_none());
    found
}

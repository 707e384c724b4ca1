//! The historian, as a part of the plant (domain B7).

use crate::field::Quality;
use crate::tag::catalogue::row::{Source, analog, count, discrete, number, plain};
use crate::tag::{
    HistoryMode, Range, RecordingFigures, Row, Sampled, Scan, Value, ValueType, unit,
};
use crate::time::Timestamp;

/// Signals.
pub(super) const ROWS: &[Row] = &[
    discrete(
        "Historian.Health",
        &["Good", "DiskFull", "RoomTaken", "Failing", "Behind"],
        |s, _| shown(s, |it| count(it.health as u32)),
    )
    .history(HistoryMode::Change),
    total("Historian.SamplesRecorded", |s, _| shown(s, |it| number(it.recorded as f64))),
    total("Historian.SamplesLost", |s, _| shown(s, |it| number(it.lost as f64))),
    total("Historian.SnapshotsMissed", |s, _| shown(s, |it| number(it.missed as f64))),
    analog("Historian.BytesOnDisk", unit::BYTE, Range::None, |s, _| {
        shown(s, |it| number(it.bytes as f64))
    })
    .every(10000),
    plain("Historian.OldestSample", ValueType::Time, |s, _| shown(s, |it| instant(it.oldest)))
        .every(10000),
    plain("Historian.NewestSample", ValueType::Time, |s, _| shown(s, |it| instant(it.newest)))
        .every(10000),
];

/// A number of something since the start.
const fn total(path: &'static str, source: Source) -> Row {
    plain(path, ValueType::F64, source).every(10000)
}

/// Without a historian there is nothing to show.
fn shown(scan: &Scan<'_>, of: impl FnOnce(&RecordingFigures) -> Sampled) -> Sampled {
    scan.records.recording.as_ref().map_or_else(nothing, of)
}

fn instant(time: Option<Timestamp>) -> Sampled {
    time.map_or_else(nothing, |it| Value::Time(it).into())
}

fn nothing() -> Sampled {
    Sampled { value: Value::Null, quality: Quality::WaitingForData }
}

//! Chooses the samples of a snapshot that the history keeps, by the tag list's column H and the configured exceptions.

use std::sync::Arc;

use wildmatch::WildMatch;

use crate::config::HistorySettings;
use crate::engine::{CHUNK_TAGS, Snapshot};
use crate::field::Quality;
use crate::historian::exception::{Exception, Tolerance};
use crate::historian::minute::{Kind, Minute};
use crate::history::{History, Sample, SeriesId};
use crate::tag::{HistoryMode, Range, Row, TagIndex, TagTable, Value, ValueType};
use crate::time::Timestamp;

/// A deadband of the tag list keeps a value at least so often, s.
const USUAL_LONGEST_S: f64 = 600.0;

/// A signal of which every sample, or every exceptional one, is kept.
#[derive(Debug)]
struct Track {
    tag: TagIndex,
    series: SeriesId,
    /// Source time of the last sample that was seen.
    seen: Timestamp,
    exception: Option<Box<Exception>>,
}

/// A signal of which a value a minute is kept.
#[derive(Debug)]
struct Slow {
    tag: TagIndex,
    series: SeriesId,
    minute: Minute,
}

/// What has come of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Samples that the history has taken.
    pub recorded: u64,
    /// Samples that it would not.
    pub lost: u64,
}

/// Follows all tags that are marked for history.
#[derive(Debug)]
pub struct Recorder {
    /// By chunk of the snapshot.
    tracks: Vec<Vec<Track>>,
    slow: Vec<Slow>,
    last: Option<Arc<Snapshot>>,
}

impl Recorder {
    /// For the tags of `table`: each that is kept gets a series.
    pub fn new(table: &TagTable, settings: &HistorySettings, history: &mut History) -> Self {
        let rules: Vec<(WildMatch, Tolerance)> = settings
            .exceptions
            .iter()
            .map(|it| {
                let (deadband, swing, longest_s) = (it.deadband, it.swing, it.longest_s);
                (WildMatch::new(&it.tags), Tolerance { deadband, swing, longest_s })
            })
            .collect();
        let chunks = table.len().div_ceil(CHUNK_TAGS);
        let mut recorder = Self {
            tracks: (0..chunks).map(|_| Vec::new()).collect(),
            slow: Vec::new(),
            last: None,
        };
        for tag in (0..table.len() as u32).map(TagIndex) {
            let (_, row) = table.row(tag);
            let path = table.path(tag);
            match row.history {
                HistoryMode::None => {}
                HistoryMode::Minute => recorder.slow.push(Slow {
                    tag,
                    series: history.series(&path),
                    minute: Minute::new(kind(row)),
                }),
                HistoryMode::Raw(_) | HistoryMode::Change => {
                    let rule = rules.iter().find(|(tags, _)| tags.matches(&path));
                    let tolerance = rule.map(|(_, it)| *it).or_else(|| usual(row, settings));
                    let tolerance = tolerance.filter(|_| row.value_type == ValueType::F64);
                    recorder.tracks[tag.0 as usize / CHUNK_TAGS].push(Track {
                        tag,
                        series: history.series(&path),
                        seen: Timestamp::default(),
                        exception: tolerance.map(|it| Box::new(Exception::new(it))),
                    });
                }
            }
        }
        recorder
    }

    /// Hands over what is new in `snapshot`.
    pub fn record(&mut self, snapshot: &Arc<Snapshot>, history: &mut History) -> Taken {
        let mut keep = Keep { history, taken: Taken::default() };
        let last = self.last.replace(Arc::clone(snapshot));
        for (index, tracks) in self.tracks.iter_mut().enumerate() {
            let chunk = &snapshot.chunks[index];
            if last.as_ref().is_some_and(|it| Arc::ptr_eq(&it.chunks[index], chunk)) {
                continue;
            }
            for track in tracks {
                let sample = snapshot.sample(track.tag);
                if sample.time == track.seen {
                    continue;
                }
                track.seen = sample.time;
                let sample = Sample {
                    time: sample.time,
                    value: sample.value.clone(),
                    quality: sample.quality,
                };
                match &mut track.exception {
                    Some(filter) => filter.take(sample, &mut |it| keep.sample(track.series, it)),
                    None => keep.sample(track.series, sample),
                }
            }
        }
        // Between two scans a command may publish the same one again: a minute counts scans.
        if last.is_none_or(|it| it.scan != snapshot.scan) {
            for slow in &mut self.slow {
                let (sample, series) = (snapshot.sample(slow.tag), slow.series);
                slow.minute.take(snapshot.time, sample, &mut |it| keep.sample(series, it));
            }
        }
        keep.taken
    }

    /// Hands over what is on its way: at the end of a run.
    pub fn finish(&mut self, history: &mut History) -> Taken {
        let mut keep = Keep { history, taken: Taken::default() };
        for track in self.tracks.iter_mut().flatten() {
            if let Some(filter) = &mut track.exception {
                filter.flush(&mut |it| keep.sample(track.series, it));
            }
        }
        for slow in &mut self.slow {
            let series = slow.series;
            slow.minute.flush(&mut |it| keep.sample(series, it));
        }
        keep.taken
    }

    /// Says in every series that nothing was recorded from `time` on: no line is to be drawn over a time without a
    /// server.
    pub fn interrupt(&self, time: Timestamp, history: &mut History) -> Taken {
        let mut keep = Keep { history, taken: Taken::default() };
        let nothing = Sample { time, value: Value::Null, quality: Quality::NoCommunication };
        let tracks = self.tracks.iter().flatten().map(|it| it.series);
        for series in tracks.chain(self.slow.iter().map(|it| it.series)) {
            keep.sample(series, nothing.clone());
        }
        keep.taken
    }
}

/// Puts samples into a history and counts them.
struct Keep<'a> {
    history: &'a mut History,
    taken: Taken,
}

impl Keep<'_> {
    fn sample(&mut self, series: SeriesId, sample: Sample) {
        match self.history.append(series, sample) {
            Ok(()) => self.taken.recorded += 1,
            Err(_) => self.taken.lost += 1,
        }
    }
}

/// A measured signal gives means; a total, a counter or what is no number its last value.
fn kind(row: &Row) -> Kind {
    let is_measured = row.value_type == ValueType::F64 && row.range != Range::None;
    if is_measured { Kind::Mean } else { Kind::Last }
}

/// The deadband of the tag list, if it is to be used.
fn usual(row: &Row, settings: &HistorySettings) -> Option<Tolerance> {
    match row.history {
        HistoryMode::Raw(deadband) if settings.usual_deadbands => {
            Some(Tolerance { deadband, swing: 0.0, longest_s: USUAL_LONGEST_S })
        }
        _ => None,
    }
}

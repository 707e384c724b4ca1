//! Reads at given times (Part 11, 6.5.5): what was recorded at each, or what stands between.

use std::sync::Arc;

use opcua_types::{ObjectId, StatusCode};

use crate::history::{Direction, HistoryError, Reader, Span};
use crate::time::Timestamp;
use crate::ua::aggregate::{AtTime, Configuration, INTERPOLATED, Processed, RAW};
use crate::ua::history::answer::DataValues;
use crate::ua::history::source::Numbers;
use crate::ua::history::{Answered, Room, Subject, Work};
use crate::ua::status;

/// Times that are looked up before it is asked again whether there is room.
const STEP: usize = 256;

/// A read at given times.
#[derive(Clone, Debug)]
pub struct AtTimeRead {
    subject: Subject,
    times: Arc<[Timestamp]>,
    use_simple_bounds: bool,
    /// Times that are done.
    done: usize,
}

impl AtTimeRead {
    /// From its beginning.
    pub fn new(subject: Subject, times: Arc<[Timestamp]>, use_simple_bounds: bool) -> Self {
        Self { subject, times, use_simple_bounds, done: 0 }
    }

    /// The next answer.
    pub(super) fn go_on(mut self, reader: &Reader, room: Room) -> Result<Answered, HistoryError> {
        let subject = self.subject.clone();
        let times = Arc::clone(&self.times);
        let mut values = DataValues::new(&subject, room);
        while self.done < times.len() && !values.is_full() {
            let count = STEP.min(times.len() - self.done).min(values.free());
            for processed in self.read(reader, &times[self.done..self.done + count])? {
                values.processed(&processed);
            }
            self.done += count;
        }
        let is_complete = self.done >= times.len();
        Ok(Answered {
            status: StatusCode::Good,
            kind: Some(ObjectId::HistoryData_Encoding_DefaultBinary),
            body: values.finish(),
            rest: (!is_complete).then(|| Work::AtTime(Box::new(self))),
        })
    }

    fn read(&self, reader: &Reader, times: &[Timestamp]) -> Result<Vec<Processed>, HistoryError> {
        let kept = &self.subject.kept;
        let Some(kind) = kept.kind() else {
            return times.iter().map(|it| self.last_known(reader, *it)).collect();
        };
        let at_time = AtTime {
            configuration: Configuration::default(),
            is_stepped: kept.stepped,
            kind,
            use_simple_bounds: self.use_simple_bounds,
        };
        at_time.read(&Numbers::new(reader, kept), times)
    }

    /// Of what is no number the last value holds.
    fn last_known(&self, reader: &Reader, time: Timestamp) -> Result<Processed, HistoryError> {
        let nothing = Processed {
            time,
            value: opcua_types::Variant::Empty,
            status: StatusCode::BadNoData.bits(),
        };
        let Some(series) = reader.series(&self.subject.kept.path) else { return Ok(nothing) };
        let span = Span { to: time, ..Span::ALL };
        let last = reader.scan(series, span, Direction::Reverse).next().transpose()?;
        Ok(last.map_or(nothing, |batch| {
            let sample = batch.get(0);
            let bits = if sample.time == time { RAW } else { INTERPOLATED };
            let status = status::of_quality(sample.quality).bits() | bits;
            Processed { time, value: self.subject.kept.show(&sample.value), status }
        }))
    }
}

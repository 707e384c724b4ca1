//! Raw reads (Part 11, 6.5.3.2): values as they were recorded, in either direction, with bounds if they are asked for.

use opcua_types::{ObjectId, StatusCode};

use crate::history::{Direction, HistoryError, Position, Reader, Sample, SeriesId, Span};
use crate::time::Timestamp;
use crate::ua::history::answer::DataValues;
use crate::ua::history::{Answered, Room, Subject, Work};

/// What of a node's history is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawQuery {
    /// Where the read begins.
    pub start: Timestamp,
    /// Where it ends; `None` when it ends with the number of values.
    pub end: Option<Timestamp>,
    /// Which way.
    pub direction: Direction,
    /// Values of one answer at the most; without an end, of the whole read.
    pub limit: Option<usize>,
    /// Bounding values are wanted (Part 11, 3.1.1).
    pub bounds: bool,
}

impl RawQuery {
    /// Of the parameters of a request, two of which have to be there; a time of 0 is none (Part 11, 6.5.3.1).
    pub fn new(
        start: Timestamp,
        end: Timestamp,
        limit: u32,
        bounds: bool,
    ) -> Result<Self, StatusCode> {
        let given = |time: Timestamp| (time.ticks() != 0).then_some(time);
        let limit = (limit > 0).then_some(limit as usize);
        let query = |start, end, direction| Ok(Self { start, end, direction, limit, bounds });
        match (given(start), given(end), limit) {
            (Some(start), Some(end), _) if end < start => {
                query(start, Some(end), Direction::Reverse)
            }
            (Some(start), Some(end), _) => query(start, Some(end), Direction::Forward),
            (Some(start), None, Some(_)) => query(start, None, Direction::Forward),
            (None, Some(end), Some(_)) => query(end, None, Direction::Reverse),
            _ => Err(StatusCode::BadHistoryOperationInvalid),
        }
    }

    /// Values that one answer may still have, as far as the client goes.
    pub(super) fn left(&self, given: usize) -> usize {
        self.limit.map_or(usize::MAX, |limit| match self.end {
            Some(_) => limit,
            None => limit.saturating_sub(given),
        })
    }

    /// Whether a read without an end has given all that was asked for.
    pub(super) fn is_enough(&self, given: usize) -> bool {
        self.end.is_none() && self.limit.is_some_and(|it| it <= given)
    }

    /// The samples between the bounds: the start belongs to them, the end does not.
    pub(super) fn span(&self) -> Span {
        match (self.direction, self.end) {
            // At one instant: what was recorded at it.
            (_, Some(end)) if end == self.start => Span { from: end, to: end },
            (Direction::Forward, Some(end)) => Span { from: self.start, to: end.plus_ticks(-1) },
            (Direction::Forward, None) => Span { from: self.start, ..Span::ALL },
            (Direction::Reverse, Some(end)) => Span { from: end.plus_ticks(1), to: self.start },
            (Direction::Reverse, None) => Span { to: self.start, ..Span::ALL },
        }
    }
}

/// A raw read.
#[derive(Clone, Debug)]
pub struct Raw {
    subject: Subject,
    query: RawQuery,
    stage: Stage,
    /// Values that have been given.
    given: usize,
}

/// How far a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the bound at the start.
    Begin,
    /// Between the bounds; behind this sample.
    Within(Option<Position>),
    /// Before the bound at the end.
    End,
}

impl Raw {
    /// From its beginning.
    pub fn new(subject: Subject, query: RawQuery) -> Self {
        let stage = if query.bounds { Stage::Begin } else { Stage::Within(None) };
        Self { subject, query, stage, given: 0 }
    }

    /// The next answer.
    pub(super) fn go_on(mut self, reader: &Reader, room: Room) -> Result<Answered, HistoryError> {
        let left = self.query.left(self.given);
        let subject = self.subject.clone();
        let room = Room { values: room.values.min(left), ..room };
        let mut values = DataValues::new(&subject, room);
        // A tag that has no series yet has been recorded never.
        let series = reader.series(&subject.kept.path);
        let mut is_complete = false;
        while !is_complete && (!values.is_full() || values.len() == 0) {
            is_complete = self.advance(reader, series, &mut values)?;
        }
        self.given += values.len();
        is_complete |= self.query.is_enough(self.given);
        let is_nothing = is_complete && self.given == 0;
        Ok(Answered {
            status: if is_nothing { StatusCode::GoodNoData } else { StatusCode::Good },
            kind: Some(ObjectId::HistoryData_Encoding_DefaultBinary),
            body: values.finish(),
            rest: (!is_complete).then(|| Work::Raw(Box::new(self))),
        })
    }

    /// Does what the stage asks for, as far as there is room. Whether nothing is left behind it.
    fn advance(
        &mut self,
        reader: &Reader,
        series: Option<SeriesId>,
        values: &mut DataValues<'_>,
    ) -> Result<bool, HistoryError> {
        match self.stage {
            Stage::Begin => {
                self.first_bound(reader, series, values)?;
                self.stage = Stage::Within(None);
                Ok(false)
            }
            Stage::Within(position) => {
                if let Some(position) = self.within(reader, series, position, values)? {
                    self.stage = Stage::Within(Some(position));
                    return Ok(false);
                }
                self.stage = Stage::End;
                Ok(!self.query.bounds || self.query.end.is_none())
            }
            Stage::End => {
                self.last_bound(reader, series, values)?;
                Ok(true)
            }
        }
    }

    /// The samples between the bounds; where to go on if there was no room for all.
    fn within(
        &self,
        reader: &Reader,
        series: Option<SeriesId>,
        position: Option<Position>,
        values: &mut DataValues<'_>,
    ) -> Result<Option<Position>, HistoryError> {
        let Some(series) = series else { return Ok(None) };
        let (mut span, direction) = (self.query.span(), self.query.direction);
        let mut at = position;
        let mut skip = position.map_or(0, |it| it.given);
        match (position, direction) {
            (Some(position), Direction::Forward) => span.from = position.time,
            (Some(position), Direction::Reverse) => span.to = position.time,
            (None, _) => {}
        }
        for batch in reader.scan(series, span, direction) {
            let batch = batch?;
            for index in skip.min(batch.len())..batch.len() {
                let sample = batch.get(index);
                if values.is_full() {
                    let here = Position { time: sample.time, given: 0 };
                    return Ok(Some(at.filter(|it| it.time == sample.time).unwrap_or(here)));
                }
                let given = at.filter(|it| it.time == sample.time).map_or(0, |it| it.given);
                at = Some(Position { time: sample.time, given: given + 1 });
                values.sample(&sample);
            }
            skip = skip.saturating_sub(batch.len());
        }
        Ok(None)
    }

    /// The value at the start is its own bound; else the last one before it, seen along the read.
    fn first_bound(
        &self,
        reader: &Reader,
        series: Option<SeriesId>,
        values: &mut DataValues<'_>,
    ) -> Result<(), HistoryError> {
        let start = self.query.start;
        if at(reader, series, start)?.is_some() {
            return Ok(());
        }
        let bound = match self.query.direction {
            Direction::Forward => before(reader, series, start)?,
            Direction::Reverse => after(reader, series, start)?,
        };
        put_bound(bound, start, values);
        Ok(())
    }

    fn last_bound(
        &self,
        reader: &Reader,
        series: Option<SeriesId>,
        values: &mut DataValues<'_>,
    ) -> Result<(), HistoryError> {
        let Some(end) = self.query.end else { return Ok(()) };
        // What was recorded at the end is the bound, unless the read begins there too.
        let here = if end == self.query.start { None } else { at(reader, series, end)? };
        let bound = match (here, self.query.direction) {
            (Some(here), _) => Some(here),
            (None, Direction::Forward) => after(reader, series, end)?,
            (None, Direction::Reverse) => before(reader, series, end)?,
        };
        put_bound(bound, end, values);
        Ok(())
    }
}

fn put_bound(bound: Option<Sample>, time: Timestamp, values: &mut DataValues<'_>) {
    match bound {
        Some(bound) => values.sample(&bound),
        None => values.nothing(time, StatusCode::BadBoundNotFound.bits()),
    }
}

/// What of a series, if there is one.
type Found = Result<Option<Sample>, HistoryError>;

fn at(reader: &Reader, series: Option<SeriesId>, time: Timestamp) -> Found {
    let Some(series) = series else { return Ok(None) };
    let span = Span { from: time, to: time };
    let mut scan = reader.scan(series, span, Direction::Forward);
    scan.next().transpose().map(|batch| batch.map(|it| it.get(0)))
}

fn before(reader: &Reader, series: Option<SeriesId>, time: Timestamp) -> Found {
    series.map_or(Ok(None), |series| reader.last_before(series, time))
}

fn after(reader: &Reader, series: Option<SeriesId>, time: Timestamp) -> Found {
    series.map_or(Ok(None), |series| reader.first_after(series, time))
}

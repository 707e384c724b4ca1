//! The history of one variable as aggregates see it.

use crate::field::Quality;
use crate::history::{Batch, Column, Direction, HistoryError, Reader, Sample, SeriesId, Span};
use crate::tag::Value;
use crate::time::Timestamp;
use crate::ua::aggregate::{Columns, Kind, Point, Source, Wanted};
use crate::ua::history::annotation;
use crate::ua::space::{Kept, annotations_path};
use crate::ua::status;

/// A series of numbers.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    reader: &'a Reader,
    /// `None` if nothing has been recorded yet.
    series: Option<SeriesId>,
    annotations: Option<SeriesId>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(reader: &'a Reader, kept: &Kept) -> Self {
        let annotations = reader.series(&annotations_path(&kept.path));
        Self { reader, series: reader.series(&kept.path), annotations }
    }

    /// The first along a scan that is looked for.
    fn first(
        &self,
        span: Span,
        direction: Direction,
        wanted: Wanted,
    ) -> Result<Option<Point>, HistoryError> {
        let Some(series) = self.series else { return Ok(None) };
        for batch in self.reader.scan(series, span, direction) {
            let batch = batch?;
            let found = batch.iter().map(|it| point(&it)).find(|it| wanted.takes(it.status));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

fn point(sample: &Sample) -> Point {
    let status = status::of_quality(sample.quality).bits();
    Point { time: sample.time, value: sample.value.number(), status }
}

/// Shows a batch as columns.
fn show(
    batch: &Batch,
    visit: &mut dyn FnMut(Columns<'_>) -> Result<(), HistoryError>,
) -> Result<(), HistoryError> {
    let code = |it: &Quality| status::of_quality(*it).bits();
    let statuses: Vec<u32> = batch.qualities().iter().map(code).collect();
    match batch.values() {
        Column::Numbers(values) => {
            visit(Columns { ticks: batch.ticks(), values, statuses: &statuses })
        }
        Column::Any(values) => {
            let values: Vec<f64> = values.iter().map(Value::number).collect();
            visit(Columns { ticks: batch.ticks(), values: &values, statuses: &statuses })
        }
    }
}

impl Source for Numbers<'_> {
    type Error = HistoryError;

    fn scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Columns<'_>) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        let Some(series) = self.series else { return Ok(()) };
        let span = Span { from, to: to.plus_ticks(-1) };
        self.reader.scan(series, span, Direction::Forward).try_for_each(|it| show(&it?, visit))
    }

    fn last_before(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, HistoryError> {
        let span = Span { to: time.plus_ticks(-1), ..Span::ALL };
        self.first(span, Direction::Reverse, wanted)
    }

    fn first_from(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, HistoryError> {
        self.first(Span { from: time, ..Span::ALL }, Direction::Forward, wanted)
    }

    fn count_annotations(&self, from: Timestamp, to: Timestamp) -> Result<u32, HistoryError> {
        let Some(series) = self.annotations else { return Ok(0) };
        let span = Span { from, to: to.plus_ticks(-1) };
        let mut count = 0;
        for batch in self.reader.scan(series, span, Direction::Forward) {
            count += batch?.iter().map(|it| annotation::read(&it).len()).sum::<usize>();
        }
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Kept {
    /// What aggregates calculate with; `None` if its values are no numbers.
    pub(super) fn kind(&self) -> Option<Kind> {
        use crate::tag::ValueType as T;
        use opcua_types::VariantScalarTypeId as S;
        Some(match (self.shown, self.value_type) {
            (None, T::F64) => Kind::F64,
            (None, T::Bool) => Kind::Boolean,
            (Some(S::SByte), _) => Kind::I8,
            (Some(S::Byte), _) => Kind::U8,
            (Some(S::Int16), _) => Kind::I16,
            (None, T::U16) | (Some(S::UInt16), _) => Kind::U16,
            (Some(S::Int32), _) => Kind::I32,
            (None, T::U32) | (Some(S::UInt32), _) => Kind::U32,
            (Some(S::Int64), _) => Kind::I64,
            (Some(S::UInt64), _) => Kind::U64,
            (Some(S::Float), _) => Kind::F32,
            _ => return None,
        })
    }
}

//! A history in memory, and the four historians of Part 13, A.1.

use std::convert::Infallible;

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::{
    Columns, Configuration, Function, Kind, Point, Processed, Query, Source, Wanted,
};

/// Samples in order of time, shown in pieces of `piece`.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    pub(super) points: Vec<Point>,
    pub(super) annotations: Vec<Timestamp>,
    pub(super) piece: usize,
}

impl Memory {
    pub(super) fn new(points: Vec<Point>) -> Self {
        Self { points, annotations: Vec::new(), piece: 3 }
    }
}

impl Source for Memory {
    type Error = Infallible;

    fn scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Columns<'_>) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let within: Vec<Point> =
            self.points.iter().copied().filter(|it| it.time >= from && it.time < to).collect();
        for piece in within.chunks(self.piece) {
            let ticks: Vec<i64> = piece.iter().map(|it| it.time.ticks()).collect();
            let values: Vec<f64> = piece.iter().map(|it| it.value).collect();
            let statuses: Vec<u32> = piece.iter().map(|it| it.status).collect();
            visit(Columns { ticks: &ticks, values: &values, statuses: &statuses })?;
        }
        Ok(())
    }

    fn last_before(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, Infallible> {
        let mut before = self.points.iter().rev().filter(|it| it.time < time);
        Ok(before.find(|it| wanted.takes(it.status)).copied())
    }

    fn first_from(&self, time: Timestamp, wanted: Wanted) -> Result<Option<Point>, Infallible> {
        let mut from = self.points.iter().filter(|it| it.time >= time);
        Ok(from.find(|it| wanted.takes(it.status)).copied())
    }

    fn count_annotations(&self, from: Timestamp, to: Timestamp) -> Result<u32, Infallible> {
        let within = self.annotations.iter().filter(|it| **it >= from && **it < to);
        Ok(within.count() as u32)
    }
}

/// So many seconds behind 12:00:00.
pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp::parse_rfc3339("2012-01-02T12:00:00Z").unwrap().plus_s(seconds)
}

/// A sample; without a value its number is NaN.
pub(super) fn point(seconds: f64, value: Option<f64>, status: StatusCode) -> Point {
    Point { time: at(seconds), value: value.unwrap_or(f64::NAN), status: status.bits() }
}

/// A historian of the examples: its data and how it is read.
pub(super) struct Historian {
    pub(super) memory: Memory,
    pub(super) configuration: Configuration,
    pub(super) is_stepped: bool,
    pub(super) kind: Kind,
}

impl Historian {
    /// Number 1 to 4 (A.1.1 to A.1.4).
    pub(super) fn new(number: usize) -> Self {
        let percent = if number == 3 { 50 } else { 100 };
        let points = match number {
            1 => regular(),
            4 => scattered(&[1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
            _ => scattered(&[10.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 70.0, 80.0, 90.0]),
        };
        let mut memory = Memory::new(points);
        if number == 1 {
            // Two at the bad value, one where the scanner was fixed, one at the questionable value.
            memory.annotations = vec![at(40.0), at(40.0), at(50.0), at(70.0)];
        }
        let configuration = Configuration {
            treat_uncertain_as_bad: number != 1,
            percent_bad: percent,
            percent_good: percent,
            use_sloped_extrapolation: false,
        };
        let kind = if number == 4 { Kind::Boolean } else { Kind::F64 };
        Self { memory, configuration, is_stepped: number >= 3, kind }
    }

    /// Intervals of so many seconds from 12:00:00 to 12:01:40, as all examples have them.
    pub(super) fn query(&self, function: Function, interval_s: f64) -> Query {
        Query {
            function,
            start: at(0.0),
            end: at(100.0),
            interval_ms: interval_s * 1000.0,
            configuration: self.configuration,
            is_stepped: self.is_stepped,
            kind: self.kind,
        }
    }

    /// All values of a query.
    pub(super) fn read(&self, query: Query) -> Vec<Processed> {
        let intervals = query.check().unwrap();
        intervals.read(&self.memory, 0, 1000).unwrap()
    }
}

/// Historian 1: a sample each ten seconds, with its number of seconds.
fn regular() -> Vec<Point> {
    let mut points = vec![point(0.0, None, StatusCode::BadNoData)];
    for seconds in 1..=9 {
        let status = match seconds {
            4 => StatusCode::Bad,
            7 => StatusCode::Uncertain,
            _ => StatusCode::Good,
        };
        let seconds = f64::from(10 * seconds);
        points.push(point(seconds, Some(seconds), status));
    }
    points
}

/// Historians 2 to 4: the same times with different values; that at 12:01:17 is uncertain.
fn scattered(values: &[f64; 11]) -> Vec<Point> {
    let seconds = [2.0, 25.0, 28.0, 39.0, 48.0, 52.0, 72.0, 77.0, 83.0, 86.0, 90.0];
    let mut points = vec![point(0.0, None, StatusCode::BadNoData)];
    for (seconds, value) in seconds.into_iter().zip(values) {
        let is_doubtful = seconds > 76.0 && seconds < 78.0;
        let status =
            if is_doubtful { StatusCode::UncertainLastUsableValue } else { StatusCode::Good };
        points.push(point(seconds, Some(*value), status));
    }
    points.insert(5, point(42.0, None, StatusCode::BadDataLost));
    points
}

/// A number of any type; NaN for null.
pub(super) fn number(value: &Variant) -> f64 {
    match value {
        Variant::Double(it) => *it,
        Variant::Float(it) => f64::from(*it),
        Variant::Int32(it) => f64::from(*it),
        Variant::UInt16(it) => f64::from(*it),
        Variant::UInt32(it) => f64::from(*it),
        Variant::Boolean(it) => f64::from(u8::from(*it)),
        Variant::StatusCode(it) => f64::from(it.bits()),
        Variant::Empty => f64::NAN,
        other => panic!("{other:?}"),
    }
}

/// Compares values with a table of Annex A: one line each, time after 12:00:00 as `m:ss.fff`, value (or `-`) to three
/// decimals, and status as the table words it.
pub(super) fn check(what: &str, values: &[Processed], table: &str) {
    let expected: Vec<String> = table
        .lines()
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|it| !it.is_empty())
        .collect();
    let got: Vec<String> = values.iter().map(line).collect();
    assert_eq!(got, expected, "{what}:\n{}", got.join("\n"));
}

fn line(processed: &Processed) -> String {
    let ms = (processed.time.ticks() - at(0.0).ticks()) / 10_000;
    let time = format!("{}:{:06.3}", ms / 60_000, (ms % 60_000) as f64 / 1000.0);
    let value = match &processed.value {
        Variant::Empty => "-".to_owned(),
        Variant::StatusCode(it) => words(it.bits()),
        it => {
            let text = format!("{:.3}", number(it));
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    format!("{time} {value} {}", words(processed.status))
}

/// A status as the tables word it. A raw value has no word of its own.
pub(super) fn words(status: u32) -> String {
    let code = StatusCode::from(status & 0xFFFF_0000);
    let mut words = format!("{code:?}").split(' ').next().unwrap_or_default().to_owned();
    for (bits, mask, word) in [
        (1, 3, "Calculated"),
        (2, 3, "Interpolated"),
        (4, 4, "Partial"),
        (0x10, 0x10, "MultipleValues"),
    ] {
        if status & mask == bits {
            words += ", ";
            words += word;
        }
    }
    words
}

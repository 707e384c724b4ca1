//! The examples of Part 13, Annex A: histories and the tables of their aggregates.

use std::collections::BTreeMap;

use opcua_types::{
    AggregateConfiguration, BrowseRequest, BrowseResponse, DataValue, NodeId, ObjectId,
    ReadProcessedDetails, StatusCode, Variant,
};

use crate::conformance::expect::{code, good, that};
use crate::conformance::history::annotation::annotate;
use crate::conformance::history::record::{Point, Record, nothing, point};
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;
use crate::conformance::{Bench, Check, Stop};

/// The tables.
const TABLES: &str = include_str!("annex_a.txt");
/// AggregateFunctions of HistoryServerCapabilities.
const FUNCTIONS: u32 = ObjectId::HistoryServerCapabilities_AggregateFunctions as u32;
/// Length of the examples, s.
const LENGTH_S: f64 = 100.0;

/// Historian 1: a sample each ten seconds, with its number of seconds. The archive begins with it.
pub(super) fn regular() -> Vec<Point> {
    let one = |seconds: u32| {
        let seconds = f64::from(10 * seconds);
        point(seconds, seconds)
    };
    let mut all: Vec<Point> = (1..=9).map(one).collect();
    all[3].status = StatusCode::Bad;
    all[6].status = StatusCode::Uncertain;
    all
}

/// Historians 2 and 4: the same times with different values.
fn scattered(values: [Variant; 11]) -> Vec<Point> {
    let seconds = [2.0, 25.0, 28.0, 39.0, 48.0, 52.0, 72.0, 77.0, 83.0, 86.0, 90.0];
    let mut all: Vec<Point> =
        seconds.into_iter().zip(values).map(|(at, value)| point(at, value)).collect();
    all[7].status = StatusCode::UncertainLastUsableValue;
    all.insert(4, nothing(42.0, StatusCode::Bad));
    all
}

/// A history of the examples, filled.
fn filled(bench: &Bench, name: &str, points: &[Point]) -> Result<Record, Stop> {
    let mut record = Record::alone(bench, name, 29)?;
    record.fill(points)?;
    Ok(record)
}

/// All of them, by name.
fn histories(bench: &Bench) -> Result<BTreeMap<&'static str, Record>, Stop> {
    let mut regular = filled(bench, "Regular", &regular())?;
    // Two at the bad value, one where the scanner was fixed, one at the questionable value.
    annotate(bench, &mut regular, &[(40.0, 1), (40.0, 2), (50.0, 3), (70.0, 4)])?;
    let numbers = [10.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 70.0, 80.0, 90.0];
    let numbers = scattered(numbers.map(Variant::from));
    let flags = [true, false, true, true, true, false, false, true, true, false, true];
    let flags = scattered(flags.map(Variant::from));
    Ok(BTreeMap::from([
        ("Regular", regular),
        ("Scattered", filled(bench, "Scattered", &numbers)?),
        ("States", filled(bench, "States", &flags)?),
    ]))
}

/// Aggregates that the server advertises for its histories, by BrowseName.
pub(super) fn advertised(link: &mut Link) -> Result<BTreeMap<String, NodeId>, Stop> {
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(vec![hierarchical(NodeId::new(0, FUNCTIONS))]),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default().into_iter();
    let all = results.flat_map(|it| it.references.unwrap_or_default());
    Ok(all.map(|it| (it.browse_name.name.as_ref().to_owned(), it.node_id.node_id)).collect())
}

/// How an example counts bad and uncertain samples (A.1).
fn configuration(history: &str) -> AggregateConfiguration {
    AggregateConfiguration {
        use_server_capabilities_defaults: false,
        treat_uncertain_as_bad: history != "Regular",
        percent_data_bad: 100,
        percent_data_good: 100,
        use_sloped_extrapolation: false,
    }
}

/// One table: what it is of, and its lines.
struct Table<'a> {
    function: &'a str,
    history: &'a str,
    interval_s: f64,
    lines: Vec<&'a str>,
}

impl<'a> Table<'a> {
    fn of(block: &'a str) -> Option<Self> {
        let mut lines = block.lines();
        let mut head = lines.next()?.split(' ');
        let (function, history) = (head.next()?, head.next()?);
        let interval_s = head.next()?.parse().ok()?;
        Some(Self { function, history, interval_s, lines: lines.collect() })
    }

    fn check(&self, record: &mut Record, function: &NodeId) -> Check {
        let details = ReadProcessedDetails {
            start_time: record.at(0.0),
            end_time: record.at(LENGTH_S),
            processing_interval: self.interval_s * 1000.0,
            aggregate_type: Some(vec![function.clone()]),
            aggregate_configuration: configuration(self.history),
        };
        let of = format!("{} of {}", self.function, self.history);
        let found = record.read(details)?;
        code(found.status, &[StatusCode::Good], &of)?;
        let count = (LENGTH_S / self.interval_s).ceil() as usize;
        let got = lines_of(record, &found.values);
        that(got.len() == count, format!("{of}: {count} intervals, but {got:?}"))?;
        let mut rest = got.iter();
        for line in &self.lines {
            let is_there = rest.any(|it| it == line);
            that(is_there, format!("{of}: expected {line}, got {}", got.join("; ")))?;
        }
        Ok(())
    }
}

pub(super) fn ha_29(bench: &Bench) -> Check {
    let mut histories = histories(bench)?;
    let functions = advertised(&mut bench.session()?)?;
    let tables: Vec<Table<'_>> =
        TABLES.split("\n\n").skip(1).filter_map(|it| Table::of(it.trim())).collect();
    let mut shown = 0;
    for (name, function) in &functions {
        let own = tables.iter().filter(|it| it.function == name);
        for table in own {
            let record = histories.get_mut(table.history);
            let record =
                record.ok_or_else(|| Stop::failed(format!("no history {}", table.history)))?;
            table.check(record, function)?;
            shown += 1;
        }
        let has_table = tables.iter().any(|it| it.function == name);
        that(has_table, format!("the runner has no table for the aggregate {name}"))?;
    }
    if shown == 0 {
        return Err(Stop::skipped("the server advertises no aggregate for its histories"));
    }
    Ok(())
}

/// Values as the tables have them.
pub(super) fn lines_of(record: &Record, values: &[DataValue]) -> Vec<String> {
    record.points(values).iter().map(line).collect()
}

fn line(Point { at, value, status }: &Point) -> String {
    let ms = (at * 1000.0).round() as i64;
    let time = format!("{}:{:06.3}", ms / 60_000, (ms % 60_000) as f64 / 1000.0);
    let value = match value {
        Variant::Empty => "-".to_owned(),
        Variant::StatusCode(it) => words(*it),
        it => {
            let text = format!("{:.3}", number(it));
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    format!("{time} {value} {}", words(*status))
}

fn number(value: &Variant) -> f64 {
    match value {
        Variant::Double(it) => *it,
        Variant::Int32(it) => f64::from(*it),
        Variant::UInt32(it) => f64::from(*it),
        Variant::Boolean(it) => f64::from(u8::from(*it)),
        _ => f64::NAN,
    }
}

/// A status as the tables word it (Part 4, 7.39.1). A raw value has no word of its own.
fn words(status: StatusCode) -> String {
    let bits = status.bits();
    let mut words = format!("{:?}", StatusCode::from(bits & 0xffff_0000));
    words.truncate(words.find(' ').unwrap_or(words.len()));
    for (is, mask, word) in [
        (1, 3, ", Calculated"),
        (2, 3, ", Interpolated"),
        (4, 4, ", Partial"),
        (0x10, 0x10, ", MultipleValues"),
    ] {
        if bits & mask == is {
            words += word;
        }
    }
    words
}

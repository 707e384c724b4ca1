//! Random histories beside a plain vector: what is read is what was written, in every way there is to read.

use std::sync::Arc;

use cellhouse::field::Quality;
use cellhouse::history::{Direction, History, Reader, Request, Sample, SeriesId, Span};
use cellhouse::rng::Stream;
use cellhouse::tag::Value;
use cellhouse::time::Timestamp;

use crate::support::{all, below, is_same, is_whole, number, open, small};

const QUALITIES: [Quality; 3] = [Quality::Good, Quality::SensorFailure, Quality::OutOfService];

/// A value as signals have them, and some that they should not have.
fn value(random: &mut Stream, kind: usize) -> Value {
    match kind {
        0 => Value::F64(1050.0 + random.normal()),
        1 => Value::F64((random.normal() * 10.0).round()),
        2 => Value::Bool(random.uniform() < 0.5),
        3 => Value::U32((random.uniform() * 4e9) as u32),
        4 => Value::U16(below(random, 9) as u16),
        5 => Value::Time(Timestamp::from_ticks((random.normal() * 1e18) as i64)),
        6 => Value::Text(Arc::new(format!("Länge {}", below(random, 5)))),
        7 => Value::Bools(Arc::new((0..below(random, 6)).map(|it| it % 2 == 0).collect())),
        8 => Value::Numbers(Arc::new((0..below(random, 6)).map(|_| random.normal()).collect())),
        9 => Value::F64([f64::NAN, -0.0, f64::INFINITY, 5e-324, -f64::NAN][below(random, 5)]),
        _ => Value::Null,
    }
}

/// Some samples; time mostly goes on, stands still now and then, and goes back at times.
fn samples(random: &mut Stream, count: usize) -> Vec<(usize, Sample)> {
    let mut ticks = 1_000_000_000_i64;
    let one = |_| {
        ticks += match below(random, 50) {
            0 => -30_000_000,
            1..=10 => 0,
            11 => below(random, 1_000_000_000) as i64,
            _ => 10_000_000,
        };
        let series = below(random, 5);
        // Four series keep to a kind; the last one has them all.
        let kind = if series < 4 { [0, 2, 6, 1][series] } else { below(random, 11) };
        let quality = QUALITIES[below(random, 40).saturating_sub(37)];
        let value = value(random, kind);
        (series, Sample { time: Timestamp::from_ticks(ticks), value, quality })
    };
    (0..count).map(one).collect()
}

/// Reads a series in pages.
fn pages(reader: &Reader, series: SeriesId, mut request: Request) -> Vec<Sample> {
    let mut read = Vec::new();
    loop {
        let page = reader.page(series, &request).unwrap();
        assert!(page.samples.len() <= request.limit);
        read.extend(page.samples);
        match page.next {
            Some(next) => request.start = Some(next),
            None => return read,
        }
    }
}

fn check(reader: &Reader, series: SeriesId, expected: &[Sample], random: &mut Stream) {
    let read = all(reader, series, Direction::Forward);
    assert!(is_same(&read, expected), "{read:?}\n{expected:?}");
    let reversed: Vec<Sample> = expected.iter().rev().cloned().collect();
    assert!(is_same(&all(reader, series, Direction::Reverse), &reversed));
    for _ in 0..4 {
        let mut ends = [0, 0].map(|_| {
            let index = below(random, expected.len());
            expected[index].time.plus_ticks(below(random, 3) as i64 - 1)
        });
        ends.sort();
        let span = Span { from: ends[0], to: ends[1] };
        let within = |it: &&Sample| (span.from..=span.to).contains(&it.time);
        let limit = 1 + below(random, 60);
        for direction in [Direction::Forward, Direction::Reverse] {
            let mut expected: Vec<Sample> = expected.iter().filter(within).cloned().collect();
            if direction == Direction::Reverse {
                expected.reverse();
            }
            let request = Request { span, direction, limit, start: None };
            let read = pages(reader, series, request);
            assert!(is_same(&read, &expected), "{request:?}");
        }
        let before = expected.iter().rfind(|it| it.time < span.from).cloned();
        let found = reader.last_before(series, span.from).unwrap();
        assert!(is_same(&Vec::from_iter(found), &Vec::from_iter(before)));
        let after = expected.iter().find(|it| it.time > span.to).cloned();
        let found = reader.first_after(series, span.to).unwrap();
        assert!(is_same(&Vec::from_iter(found), &Vec::from_iter(after)));
    }
}

fn run(seed: u64) {
    let mut random = Stream::new(seed, "history");
    let folder = tempfile::tempdir().unwrap();
    let head_samples = 100 + below(&mut random, 2000);
    let mut history = open(folder.path(), head_samples);
    let paths = ["A.Number", "A.Flag", "A.Text", "A.Count", "A.Any"];
    let mut model = vec![Vec::new(); paths.len()];
    let written = 200 + below(&mut random, 6000);
    for (index, (which, sample)) in samples(&mut random, written).into_iter().enumerate() {
        let series = history.series(paths[which]);
        history.append(series, sample.clone()).unwrap();
        model[which].push(sample);
        match below(&mut random, 100) {
            0..20 => {
                history.commit().unwrap();
                history.tend(Timestamp::default()).unwrap();
            }
            20 if index % 7 == 0 => {
                history.commit().unwrap();
                drop(history);
                history = open(folder.path(), head_samples);
            }
            _ => {}
        }
    }
    history.commit().unwrap();
    for samples in &mut model {
        samples.sort_by_key(|it| it.time);
    }
    for round in 0..2 {
        let reader = history.reader();
        for (path, expected) in paths.iter().zip(&model).filter(|it| !it.1.is_empty()) {
            check(&reader, reader.series(path).unwrap(), expected, &mut random);
        }
        if round == 0 {
            history.seal_all().unwrap();
            drop(history);
            history = History::open(folder.path(), small(head_samples)).unwrap().0;
        }
    }
}

#[test]
fn what_is_read_is_what_was_written_whichever_way_it_is_read() {
    for seed in 0..40 {
        run(seed);
    }
}

#[test]
fn nothing_is_seen_before_it_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 1000);
    let series = history.series("A");
    history.append(series, number(1, 1.0)).unwrap();
    assert!(all(&history.reader(), series, Direction::Forward).is_empty());
    history.commit().unwrap();
    assert_eq!(all(&history.reader(), series, Direction::Forward).len(), 1);
}

#[test]
fn a_store_that_is_open_already_is_refused_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _history = open(folder.path(), 1000);
    let error = History::open(folder.path(), small(1000)).unwrap_err().to_string();
    assert!(error.contains("in use by another server"), "{error}");
}

#[test]
fn a_reader_on_another_thread_sees_a_whole_store_while_it_is_written_and_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 500);
    let series = history.series("A");
    let reader = history.reader();
    let reading = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < 20_000 {
            let numbers = crate::support::numbers(&reader, series);
            assert!(numbers.len() >= seen, "samples are gone");
            assert!(is_whole(&numbers));
            seen = numbers.len();
        }
    });
    for index in 0..20_000 {
        history.append(series, number(index, index as f64)).unwrap();
        if index % 100 == 99 {
            history.commit().unwrap();
            history.tend(Timestamp::default()).unwrap();
        }
    }
    reading.join().unwrap();
}

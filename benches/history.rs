//! What history costs: bytes of a sample, rates of recording and reading, and time to open, on the default plant's
//! data, without loss: once as the simulated instruments give them, with noise in every bit of a double, and once in
//! single precision, as fieldbus instruments do.
//!
//! `cargo bench --bench history [-- MINUTES [PLANT]]`.
#![expect(clippy::print_stdout, reason = "says what it has measured")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cellhouse::config;
use cellhouse::engine::{Engine, Snapshot};
use cellhouse::history::{Direction, History, HistoryConfig, Reader, Sample, SeriesId, Span};
use cellhouse::tag::{HistoryMode, TagIndex, Value};
use cellhouse::time::{Timestamp, monotonic};

/// Plant time before recording begins, s: the plant is in operation by then.
const WARM_S: u32 = 1800;

/// A tag, its series, and when it was last recorded.
type Tag = (TagIndex, SeriesId, Timestamp);

fn main() {
    println!("every bit of a double:");
    run(|it| it);
    println!("single precision:");
    run(|it| f64::from(it as f32));
}

fn run(precision: fn(f64) -> f64) {
    let mut args = std::env::args().skip(1).filter(|it| it != "--bench");
    let minutes = args.next().and_then(|it| it.parse().ok()).unwrap_or(30);
    let plant = args.next().unwrap_or_else(|| "config/plant.toml".to_owned());
    let folder = tempfile::tempdir().expect("a folder for the bench");
    let (mut history, _) =
        History::open(folder.path(), HistoryConfig::default()).expect("an empty folder opens");
    let samples = record(&mut history, (Path::new(&plant), minutes * 60), precision);
    read(&history.reader());
    drop(history);
    let begun = monotonic();
    let (history, recovered) =
        History::open(folder.path(), HistoryConfig::default()).expect("what was closed opens");
    println!("opened in {:.3} s: {recovered:?}", begun.elapsed().as_secs_f64());
    assert_eq!(count(&history.reader()), samples, "nothing is lost");
}

/// Runs the plant and records every tag that is marked; returns how many samples there were.
fn record(
    history: &mut History,
    (plant, seconds): (&Path, u32),
    precision: fn(f64) -> f64,
) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(plant);
    let plant = config::load_plant(&path).expect("the shipped file is tested");
    let mut engine = Engine::new(plant.clone(), plant.start);
    (0..WARM_S).for_each(|_| engine.advance());
    let table = Arc::clone(engine.table());
    let mut tags = Vec::new();
    for tag in (0..table.len() as u32).map(TagIndex) {
        let (device, row) = table.row(tag);
        if row.history != HistoryMode::None {
            let series = history.series(&format!("{}.{}", device.path, row.path));
            tags.push((tag, series, Timestamp::default()));
        }
    }
    let (mut spent, mut synced, mut sealed) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut samples = 0;
    for _ in 0..seconds {
        let snapshot = Arc::clone(engine.scan());
        let begun = monotonic();
        samples += append(history, &snapshot, (&mut tags, precision));
        spent += begun.elapsed();
        let begun = monotonic();
        history.commit().expect("there is room");
        synced += begun.elapsed();
        let begun = monotonic();
        history.tend(snapshot.time).expect("there is room");
        sealed += begun.elapsed();
    }
    let begun = monotonic();
    history.seal_all().expect("there is room");
    let mut tended = history.tend(Timestamp::default()).expect("there is room");
    while tended.merging || tended.merged > 0 {
        tended = history.tend(Timestamp::default()).expect("there is room");
    }
    sealed += begun.elapsed();
    let all = spent + synced + sealed;
    println!(
        "{} tags, {samples} samples in {seconds} s: {:.2} million samples/s; {:.2} % of a core at real pace",
        tags.len(),
        samples as f64 / all.as_secs_f64() / 1e6,
        all.as_secs_f64() / f64::from(seconds) * 100.0,
    );
    println!(
        "append {spent:.1?}, commit with its waits for the disk {synced:.1?}, seal and merge {sealed:.1?}"
    );
    let statistics = history.reader().statistics();
    println!(
        "{:.3} bytes per sample in {} segments",
        statistics.segment_bytes as f64 / statistics.segment_samples as f64,
        statistics.segments
    );
    samples
}

fn append(
    history: &mut History,
    snapshot: &Snapshot,
    (tags, precision): (&mut [Tag], fn(f64) -> f64),
) -> usize {
    let mut samples = 0;
    for (tag, series, last) in tags {
        let sample = snapshot.sample(*tag);
        if sample.time != *last {
            *last = sample.time;
            let value = match sample.value {
                Value::F64(number) => Value::F64(precision(*number)),
                other => other.clone(),
            };
            let sample = Sample { time: sample.time, value, quality: sample.quality };
            history.append(*series, sample).expect("commits go through");
            samples += 1;
        }
    }
    samples
}

fn read(reader: &Reader) {
    for direction in [Direction::Forward, Direction::Reverse] {
        let begun = monotonic();
        let mut samples = 0;
        for series in all(reader) {
            for batch in reader.scan(series, Span::ALL, direction) {
                samples += batch.expect("the blocks are sound").len();
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!("{direction:?}: {:.1} million samples/s", samples as f64 / seconds / 1e6);
    }
}

fn count(reader: &Reader) -> usize {
    let scans = all(reader).flat_map(|it| reader.scan(it, Span::ALL, Direction::Forward));
    scans.map(|it| it.expect("the blocks are sound").len()).sum()
}

/// Every series, by the paths of the catalogue.
fn all(reader: &Reader) -> impl Iterator<Item = SeriesId> + '_ {
    reader.paths().into_iter().filter_map(|it| reader.series(&it))
}

//! What alarms cost: time to judge every alarm of the site of 15,000 t/y at one scan, and memory for one that is
//! idle or has been active.
//!
//! `cargo bench --bench alarms`. The cost of telling is shown by `tests/server/alarm_mass.rs`.
#![expect(clippy::print_stdout, reason = "says what it has measured")]

use std::path::Path;
use std::sync::Arc;

use cellhouse::alarm::{AlarmState, Alarms};
use cellhouse::config;
use cellhouse::engine::Engine;
use cellhouse::time;

/// Scans that are measured.
const SCANS: u32 = 2000;

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/plant-15000.toml");
    let plant = config::load_plant(&path).expect("the shipped file is tested");
    let before = resident_bytes();
    let mut alarms = Alarms::new(&plant, Arc::new(cellhouse::tag::TagTable::new(&plant)));
    let start = plant.start;
    let count = alarms.table().len();
    let resident = resident_bytes().saturating_sub(before);
    let mut engine = Engine::new(plant, start);
    let mut spent_us = 0.0;
    for _ in 0..SCANS {
        let snapshot = Arc::clone(engine.scan());
        let values = |tag| {
            let sample = snapshot.sample(tag);
            (sample.value, sample.quality)
        };
        let begun = time::monotonic();
        alarms.scan(&engine.observed(), &values, 1.0);
        spent_us += begun.elapsed().as_secs_f64() * 1e6;
        alarms.take_notices();
    }
    println!("{count} alarms: {:.0} µs to judge all of them once", spent_us / f64::from(SCANS));
    println!(
        "{} B for each with its table of tags, {} B more for one that has been active",
        resident / count,
        size_of::<AlarmState>(),
    );
}

/// Resident memory of this process.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|it| it.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

//! How fast samples get into a PostgreSQL: `CELLHOUSE_POSTGRES=/folder/of/socket cargo bench --bench forward`. The
//! database `cellhouse` must let in the user `cellhouse` without a password.
#![expect(clippy::print_stdout, reason = "a bench says what it measures")]

use std::time::Duration;

use cellhouse::config::PostgresConfig;
use cellhouse::field::Quality;
use cellhouse::forward::{self, Notes};
use cellhouse::history::{History, HistoryConfig, Sample, SeriesId};
use cellhouse::tag::Value;
use cellhouse::time::{self, Timestamp};

/// As the default plant.
const TAGS: usize = 11_270;
/// Scans, one a second.
const SCANS: usize = 300;

fn main() {
    let Ok(host) = std::env::var("CELLHOUSE_POSTGRES") else {
        println!("CELLHOUSE_POSTGRES is not set: nothing is measured");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let config = HistoryConfig { outbox_bytes: Some(4 << 30), ..HistoryConfig::default() };
    let mut history = History::open(folder.path(), config).expect("an empty folder opens").0;
    let series: Vec<SeriesId> =
        (0..TAGS).map(|it| history.series(&format!("Line1.EL{it}.Bath.Temperature"))).collect();
    let start = time::now();
    for scan in 0..SCANS {
        let time = start.plus_s(scan as f64);
        for (index, series) in series.iter().enumerate() {
            let value = Value::F64((index * scan) as f64 * 0.001);
            history.append(*series, Sample { time, value, quality: Quality::Good }).expect("room");
        }
        history.commit().expect("a disk");
        history.tend(Timestamp::default()).expect("a disk");
    }
    let outbox = history.outbox().expect("it is configured");
    let config = PostgresConfig { host, ..PostgresConfig::default() };
    let began = time::monotonic();
    let handle = forward::start(config, outbox, Notes::default()).expect("a thread");
    let all = (TAGS * SCANS) as u64;
    while handle.status().forwarded < all {
        time::wait(Duration::from_millis(10));
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{all} samples in {seconds:.1} s: {:.0} samples/s", all as f64 / seconds);
}

//! A process that is killed while it writes: nothing that it said is committed is lost, and the store opens.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use cellhouse::history::{History, SeriesId};
use cellhouse::rng::Stream;
use cellhouse::time::Timestamp;

use crate::support::{below, is_whole, number, numbers, open};

/// Says to the child where it writes.
const FOLDER: &str = "CELLHOUSE_HISTORY_CHILD";
/// Rounds, if not 20.
const ROUNDS: &str = "CELLHOUSE_HISTORY_KILLS";
const SERIES: usize = 7;

fn all_series(history: &mut History) -> Vec<SeriesId> {
    (0..SERIES).map(|it| history.series(&format!("Line1.EL{it}.Bath.Temperature"))).collect()
}

/// How many numbers the store has, which are all from 0 on.
fn count(history: &mut History) -> usize {
    let series = all_series(history);
    let reader = history.reader();
    let mut found: Vec<i64> = series.iter().flat_map(|it| numbers(&reader, *it)).collect();
    found.sort_unstable();
    assert!(is_whole(&found), "a gap or a double");
    found.len()
}

#[test]
#[ignore = "the child of the test below"]
fn child_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut history = open(Path::new(&folder), 3000);
    let mut next = count(&mut history);
    let series = all_series(&mut history);
    let mut random = Stream::new(next as u64, "child");
    loop {
        for _ in 0..=below(&mut random, 80) {
            let sample = number((next / 3) as i64, next as f64);
            history.append(series[next % SERIES], sample).unwrap();
            next += 1;
        }
        history.commit().unwrap();
        println!("committed {next}");
        std::io::stdout().flush().unwrap();
        history.tend(Timestamp::default()).unwrap();
    }
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_was_committed() {
    let rounds = std::env::var(ROUNDS).ok().and_then(|it| it.parse().ok()).unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let mut random = Stream::new(1, "kill");
    let mut total = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child_writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut committed = total;
        let mut left = 1 + below(&mut random, 200);
        // The lines end with the child; what it had said before it was killed counts as well.
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.rsplit_once("committed ").map(|it| it.1) {
                committed = number.parse().unwrap();
                left = left.saturating_sub(1);
                if left == 0 {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        total = count(&mut open(folder.path(), 3000));
        assert!(total >= committed, "round {round}: {committed} committed, {total} there");
    }
}

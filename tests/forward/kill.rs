//! A process that is killed while it records and forwards: the next one goes on, and nothing is lost or doubled.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use cellhouse::config::PostgresConfig;
use cellhouse::rng::Stream;

use crate::postgres::{Postgres, Stop};
use crate::support::{Recorder, assert_whole, forward, keeping, until_all_forwarded};

/// Says to the child where it records, and where the database's socket is.
const FOLDER: &str = "CELLHOUSE_FORWARD_CHILD";
const SOCKET: &str = "CELLHOUSE_FORWARD_SOCKET";
/// Rounds, if not 12.
const ROUNDS: &str = "CELLHOUSE_FORWARD_KILLS";

#[test]
#[ignore = "the child of the test below"]
fn child_records_and_forwards_until_it_is_killed() {
    let (Ok(folder), Ok(host)) = (std::env::var(FOLDER), std::env::var(SOCKET)) else { return };
    let mut recorder = Recorder::open(Path::new(&folder), keeping());
    let config = PostgresConfig { host, ..PostgresConfig::default() };
    let handle = forward(&config, recorder.outbox());
    loop {
        recorder.record(3);
        println!("forwarded {}", handle.status().forwarded);
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn a_process_that_is_killed_loses_and_doubles_nothing() {
    let rounds = std::env::var(ROUNDS).ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    let mut postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let mut random = Stream::new(1, "kill");
    let mut forwarded = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child_records_and_forwards_until_it_is_killed"])
            .args(["--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(SOCKET, postgres.folder())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Now and then before the first sample is forwarded; mostly in the middle of it.
        let mut left = (random.uniform() * 120.0) as usize;
        for line in lines.map_while(Result::ok) {
            let Some((_, number)) = line.rsplit_once("forwarded ") else { continue };
            forwarded += usize::from(number != "0");
            if left == 0 {
                child.kill().unwrap();
            }
            left = left.saturating_sub(1);
        }
        child.wait().unwrap();
        if round % 5 == 4 {
            postgres.stop(Stop::Immediate);
            postgres.run();
        }
    }
    assert!(forwarded > 0, "each child was killed before it forwarded anything");
    let mut recorder = Recorder::open(folder.path(), keeping());
    recorder.record(1);
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

//! The database goes and comes back, and connections break: nothing is lost or doubled.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cellhouse::rng::Stream;
use cellhouse::time;

use crate::postgres::{Postgres, Stop};
use crate::proxy::Proxy;
use crate::support::{Recorder, assert_whole, forward, until, until_all_forwarded};

/// How long the database is away, s, if longer than recording takes: to show a minute of it.
const AWAY_S: &str = "CELLHOUSE_POSTGRES_AWAY_S";

fn stopped_and_started(how: Stop) {
    let away_s: u64 = std::env::var(AWAY_S).ok().and_then(|it| it.parse().ok()).unwrap_or(0);
    let mut postgres = Postgres::start();
    let mut recorder = Recorder::new();
    let handle = forward(&postgres.config(), recorder.outbox());
    for _ in 0..3 {
        recorder.record(40);
        until("something has arrived", || handle.status().forwarded > 0);
        postgres.stop(how);
        let start = time::monotonic();
        recorder.record(60);
        while start.elapsed() < Duration::from_secs(away_s) {
            recorder.record(1);
            time::wait(Duration::from_millis(100));
        }
        until("the outage is seen", || !handle.status().connected);
        until("what waits is counted", || handle.status().waiting.samples >= 3000);
        assert!(handle.status().last_error.is_some());
        postgres.run();
        recorder.record(10);
        until("the database is back", || handle.status().connected);
    }
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

#[test]
fn a_database_that_is_stopped_and_started_has_everything_once() {
    stopped_and_started(Stop::Fast);
}

#[test]
fn a_database_that_crashes_and_recovers_has_everything_once() {
    stopped_and_started(Stop::Immediate);
}

// A COPY that is cut anywhere, be it in its first bytes or in the commit behind it.
#[test]
fn a_connection_that_is_cut_after_any_number_of_bytes_leaves_no_trace() {
    let postgres = Postgres::start();
    let proxy = Proxy::new(postgres.folder());
    let mut recorder = Recorder::new();
    let mut random = Stream::new(1, "cut");
    let config = proxy.config(postgres.config());
    for round in 0..24 {
        // A forwarder of its own: the pause after a failure begins small again.
        let _handle = forward(&config, recorder.outbox());
        let bytes = (random.uniform() * 60_000.0) as i64;
        proxy.up.store(bytes, Ordering::SeqCst);
        until("the connection is cut", || {
            recorder.record(1);
            proxy.cuts.load(Ordering::SeqCst) > round
        });
        if round % 4 == 3 {
            until_all_forwarded(&postgres, &recorder.outbox());
        }
    }
    let _handle = forward(&config, recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

// The commit may have been done although its answer did not come.
#[test]
fn an_answer_that_is_cut_off_doubles_nothing() {
    let postgres = Postgres::start();
    let proxy = Proxy::new(postgres.folder());
    let mut recorder = Recorder::new();
    recorder.record(1);
    let config = proxy.config(postgres.config());
    for round in 0..24 {
        let handle = forward(&config, recorder.outbox());
        until("the database is there", || handle.status().connected);
        until("all is said", || handle.status().waiting.samples == 0);
        // Answers to a transaction have about 200 bytes.
        proxy.down.store(i64::from(round) * 15, Ordering::SeqCst);
        until("the connection is cut", || {
            recorder.record(1);
            proxy.cuts.load(Ordering::SeqCst) > round as usize
        });
        until("the failure is seen", || handle.status().last_error.is_some());
        until("the database is there again", || handle.status().connected);
    }
    let _handle = forward(&config, recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

#[test]
fn two_who_forward_the_same_history_double_nothing() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(5);
    let _first = forward(&postgres.config(), recorder.outbox());
    let _second = forward(&postgres.config(), recorder.outbox());
    for _ in 0..40 {
        recorder.record(5);
        time::wait(Duration::from_millis(20));
    }
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

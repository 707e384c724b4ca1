//! One side is older than the other, or had no room: what can be forwarded is, once, and the rest is counted.

use std::path::Path;

use cellhouse::history::HistoryConfig;

use crate::postgres::Postgres;
use crate::support::{Recorder, assert_whole, forward, keeping, until, until_all_forwarded};

/// Copies a folder of files.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_full_outbox_gives_up_the_oldest_and_counts_it() {
    let postgres = Postgres::start();
    let config = HistoryConfig { outbox_bytes: Some(50_000), ..keeping() };
    let mut recorder = Recorder::with(config);
    let nowhere = cellhouse::config::PostgresConfig { port: 1, ..postgres.config() };
    let handle = forward(&nowhere, recorder.outbox());
    recorder.record(400);
    until("what is given up is counted", || {
        let status = handle.status();
        status.given_up > 0 && (status.given_up + status.waiting.samples) as usize == recorder.next
    });
    let given_up = handle.status().given_up as usize;
    drop(handle);
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let there: Vec<f64> = postgres.column("SELECT value FROM cellhouse.sample ORDER BY value", &[]);
    let rest: Vec<f64> = (given_up..recorder.next).map(|it| it as f64).collect();
    assert!(there == rest, "{given_up} given up, {} there", there.len());
}

// A backup of yesterday, or a standby that was a moment behind: the last log is kept for it.
#[test]
fn a_database_that_has_gone_back_gets_what_is_kept_again() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(10);
    let handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    drop(handle);
    postgres.admin("cellhouse", "CREATE SCHEMA backup");
    for table in ["sample", "cellhouse_position"] {
        let statement = format!("CREATE TABLE backup.{table} AS TABLE cellhouse.{table}");
        postgres.admin("cellhouse", &statement);
    }
    let handle = forward(&postgres.config(), recorder.outbox());
    recorder.record(15);
    until_all_forwarded(&postgres, &recorder.outbox());
    for table in ["sample", "cellhouse_position"] {
        let clear = format!("TRUNCATE cellhouse.{table}");
        let fill = format!("INSERT INTO cellhouse.{table} TABLE backup.{table}");
        // In one transaction, as a restore is.
        postgres.admin("cellhouse", &format!("{clear}; {fill}"));
    }
    recorder.record(10);
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
    drop(handle);
}

#[test]
fn a_database_from_an_old_backup_gets_what_is_kept_and_no_double() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(200);
    let handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    drop(handle);
    recorder.record(1);
    let old = "TRUNCATE cellhouse.sample;
               UPDATE cellhouse.cellhouse_position SET generation = 1, byte_offset = 5, samples = 1";
    postgres.admin("cellhouse", old);
    let kept = recorder.outbox().waiting(recorder.outbox().oldest()).samples as usize;
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let there: Vec<f64> = postgres.column("SELECT value FROM cellhouse.sample ORDER BY value", &[]);
    let rest: Vec<f64> = (recorder.next - kept..recorder.next).map(|it| it as f64).collect();
    assert!(there == rest, "{kept} kept, {} there", there.len());
}

#[test]
fn a_history_from_an_old_backup_forwards_only_what_is_new() {
    let postgres = Postgres::start();
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut recorder = Recorder::open(folder.path(), keeping());
    recorder.record(30);
    copy(folder.path(), backup.path());
    let handle = forward(&postgres.config(), recorder.outbox());
    recorder.record(70);
    until_all_forwarded(&postgres, &recorder.outbox());
    drop((handle, recorder));
    let mut recorder = Recorder::open(backup.path(), keeping());
    assert_eq!(recorder.next, 1500);
    recorder.next = 5000;
    recorder.record(10);
    let handle = forward(&postgres.config(), recorder.outbox());
    // It finds the database before it finds anything new.
    until("the database is there", || handle.status().connected);
    recorder.record(10);
    until("what is new is forwarded", || handle.status().forwarded == 1000);
    let there: Vec<f64> = postgres.column("SELECT value FROM cellhouse.sample ORDER BY value", &[]);
    let all: Vec<f64> = (0..6000).map(f64::from).collect();
    assert!(there == all, "{} there", there.len());
}

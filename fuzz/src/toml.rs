//! `toml`: every file of the configuration. The first byte says which; the rest is what stands in it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cellhouse::config::{self, Mistake, PlantConfig, Users};
use cellhouse::engine::{Engine, Scenario};
use cellhouse::tag::TagTable;
use cellhouse::time::Timestamp;
use cellhouse::ua::session::Issuers;

/// Electrolyzers of a plant that is also run: more of them only take longer.
const ELECTROLYZERS: usize = 32;
/// Scans of such a plant.
const SCANS: u64 = 3;

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    static TABLE: TagTable = TagTable::new(&config::default_plant());
}

/// Reads the input; what is good is used.
///
/// # Panics
/// If reading it panics, if it is refused without a reason, or if a plant that has been taken cannot be run.
pub fn run(input: &[u8]) {
    let (kind, text) = input.split_first().unwrap_or((&0, &[]));
    FOLDER.with(|folder| match kind % 5 {
        0 => server(text),
        1 => plant(text),
        2 => users(folder.path(), text),
        3 => roles(folder.path(), text),
        _ => scenario(text),
    });
}

/// server.toml, with the keys of its issuers of tokens.
fn server(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match config::parse_server("server.toml", text) {
        Ok(server) => {
            let _ = Issuers::open(&server.issuers, "urn:x").map_err(|it| it.to_string());
        }
        Err(mistakes) => check(text, &mistakes),
    }
}

/// plant.toml, with its electrolyzers' models.
fn plant(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match config::parse_plant("plant.toml", text) {
        Ok(plant) if plant.electrolyzers.len() <= ELECTROLYZERS => scan(plant),
        Ok(plant) => assert!(!TagTable::new(&plant).is_empty()),
        Err(mistakes) => check(text, &mistakes),
    }
}

fn scan(plant: PlantConfig) {
    let mut engine = Engine::new(plant, Timestamp::from_unix_us(1_800_000_000_000_000));
    for _ in 0..SCANS {
        let _ = Arc::clone(engine.scan_at(engine.next_time()));
    }
}

fn check(text: &str, mistakes: &[Mistake]) {
    let lines = text.matches('\n').count() + 1;
    assert!(!mistakes.is_empty(), "refused without a reason");
    for mistake in mistakes {
        assert!((1..=lines).contains(&mistake.line), "{mistake} is in none of {lines} lines");
    }
}

/// users.toml. No password is checked: that takes long by design.
fn users(folder: &Path, text: &[u8]) {
    fs::write(folder.join("users.toml"), text).expect("a folder of ours");
    match Users::open(folder) {
        Ok(mut users) => {
            let list = users.current();
            for user in list.iter() {
                assert_eq!(list.get(&user.name), Some(user));
                assert!(list.roles(&user.name).is_some() || user.options.disabled);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// roles.toml: what has been read comes back when it is written and read.
fn roles(folder: &Path, text: &[u8]) {
    fs::write(folder.join("roles.toml"), text).expect("a folder of ours");
    match config::load_roles(folder) {
        Ok(table) => {
            let table = table.expect("there is a file");
            config::save_roles(folder, &table).expect("a folder of ours");
            let again = config::load_roles(folder).expect("written by ourselves");
            assert_eq!(again, Some(table));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A scenario.
fn scenario(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    TABLE.with(|table| {
        if let Err(error) = Scenario::parse(text, table) {
            assert!(!error.to_string().is_empty());
        }
    });
}

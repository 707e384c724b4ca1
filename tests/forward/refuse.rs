//! What keeps the forwarder out is said clearly, and never the password.

use std::net::TcpListener;
use std::time::Duration;

use cellhouse::config::PostgresConfig;
use cellhouse::time;

use crate::postgres::{Postgres, Stop};
use crate::support::{Recorder, assert_whole, forward, until, until_all_forwarded};

/// What the status says after a failure.
fn failure(config: &PostgresConfig) -> String {
    let mut recorder = Recorder::new();
    recorder.record(1);
    let handle = forward(config, recorder.outbox());
    until("it fails", || handle.status().last_error.is_some());
    assert_eq!(handle.status().waiting.samples, 50);
    handle.status().last_error.unwrap()
}

/// A database that lets `cellhouse` in by password only.
fn guarded() -> Postgres {
    let mut postgres = Postgres::start();
    postgres.admin("postgres", "ALTER ROLE cellhouse PASSWORD 'neodymium'");
    let rules = "local all cellhouse scram-sha-256\nlocal all all trust\n";
    std::fs::write(postgres.folder().join("data/pg_hba.conf"), rules).unwrap();
    postgres.stop(Stop::Fast);
    postgres.run();
    postgres
}

#[test]
fn a_wrong_password_is_named_and_not_repeated() {
    let postgres = guarded();
    let file = postgres.folder().join("password");
    std::fs::write(&file, "praseodymium\n").unwrap();
    let config = PostgresConfig { password_file: Some(file), ..postgres.config() };
    let said = failure(&config);
    let expected = "does not let in user \"cellhouse\" (password_file, or pg_hba.conf there): \
                    password authentication failed for user \"cellhouse\"";
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains("praseodymium"));
}

#[test]
fn the_first_line_of_the_file_is_the_password() {
    let postgres = guarded();
    let file = postgres.folder().join("password");
    std::fs::write(&file, "neodymium\nnot this\n").unwrap();
    let config = PostgresConfig { password_file: Some(file), ..postgres.config() };
    let mut recorder = Recorder::new();
    recorder.record(1);
    let _handle = forward(&config, recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

#[test]
fn a_missing_password_is_said() {
    let said = failure(&guarded().config());
    assert!(said.ends_with("password missing"), "{said}");
}

#[test]
fn a_password_file_that_is_not_there_is_named() {
    let postgres = Postgres::start();
    let file = postgres.folder().join("nowhere");
    let said = failure(&PostgresConfig { password_file: Some(file), ..postgres.config() });
    assert!(said.starts_with("password_file ") && said.contains("nowhere: No such file"), "{said}");
}

#[test]
fn a_missing_database_is_named_with_the_command_that_makes_it() {
    let postgres = Postgres::start();
    let said = failure(&PostgresConfig { database: "elsewhere".to_owned(), ..postgres.config() });
    assert!(
        said.ends_with("has no database \"elsewhere\"; make it: createdb -O cellhouse elsewhere")
    );
}

#[test]
fn a_missing_right_is_named_with_the_command_that_gives_it() {
    let postgres = Postgres::start();
    postgres.admin("postgres", "ALTER DATABASE cellhouse OWNER TO postgres");
    let said = failure(&postgres.config());
    let expected = "user \"cellhouse\" lacks a right in database \"cellhouse\": permission denied \
                    for database cellhouse; give it the schema: CREATE SCHEMA cellhouse \
                    AUTHORIZATION cellhouse";
    assert_eq!(said, expected);
}

#[test]
fn a_schema_of_its_own_is_enough() {
    let postgres = Postgres::start();
    postgres.admin("postgres", "ALTER DATABASE cellhouse OWNER TO postgres");
    postgres.admin("cellhouse", "CREATE SCHEMA cellhouse AUTHORIZATION cellhouse");
    let mut recorder = Recorder::new();
    recorder.record(1);
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
}

#[test]
fn a_database_that_is_not_there_is_named_with_its_place() {
    let mut postgres = Postgres::start();
    postgres.stop(Stop::Fast);
    let said = failure(&postgres.config());
    let folder = postgres.folder().display();
    assert!(
        said.starts_with(&format!("PostgreSQL at {folder}:5432 cannot be reached: ")),
        "{said}"
    );
}

// Who answers nothing must not hold up the end of the server.
#[test]
fn it_ends_within_a_second_whatever_the_database_does() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let host = "127.0.0.1".to_owned();
    let config = PostgresConfig { host, port, ..PostgresConfig::default() };
    let recorder = Recorder::new();
    let handle = forward(&config, recorder.outbox());
    let connection = silent.accept().unwrap();
    let start = time::monotonic();
    handle.stop();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(connection);
}

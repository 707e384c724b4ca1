//! The conformance runner against our own server: no case fails, and the last line says so.

use std::path::Path;
use std::process::Command;

use crate::raw::Server;

#[test]
fn our_server_fails_no_case_of_the_runner() {
    let server = Server::with_fixture();
    let folder = tempfile::tempdir().unwrap();
    // `./test claims` reads this one afterwards.
    let json = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance.json");
    let junit = folder.path().join("report.xml");
    let done = Command::new(env!("CARGO_BIN_EXE_cellhouse"))
        .args(["conformance", &format!("opc.tcp://{}", server.address)])
        .arg("--json")
        .arg(&json)
        .arg("--junit")
        .arg(&junit)
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let last = said.lines().last().unwrap();
    let counts: Vec<usize> =
        last.split(", ").map(|it| it.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(counts[0] > 100 && counts[1] == 0, "{last}");
    let rows = std::fs::read_to_string(&json).unwrap();
    assert_eq!(rows.matches("\"id\":").count(), counts.iter().sum::<usize>());
    assert!(std::fs::read_to_string(&junit).unwrap().contains("<testsuite"));
}

#[test]
fn a_server_that_is_not_there_is_said_in_one_line() {
    let done = Command::new(env!("CARGO_BIN_EXE_cellhouse"))
        .args(["conformance", "opc.tcp://127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("cannot connect"), "{said}");
}

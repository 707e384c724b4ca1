//! The conformance runner against our own server: no case fails, and the last line says so.

use std::path::Path;
use std::process::Command;

use crate::raw::Server;

/// Options of the runner and what it said: success and standard output.
fn runner(server: &Server, options: &[&std::ffi::OsStr]) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_cellhouse"))
        .args(["conformance", &format!("opc.tcp://{}", server.address)])
        .args(options)
        .output()
        .unwrap();
    let mut said = String::from_utf8(done.stdout).unwrap();
    said += &String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        // A runner that was killed says nothing of it itself.
        said = format!("{said}\n{}", done.status);
    }
    (done.status.success(), said)
}

/// Passed, failed, skipped in the last line.
fn counts(said: &str) -> Vec<usize> {
    let last = said.lines().last().unwrap();
    last.split(", ").map(|it| it.split(' ').next().unwrap().parse().unwrap()).collect()
}

/// Copies a folder of the runner's below the server's.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn our_server_fails_no_case_of_the_runner() {
    let folder = tempfile::tempdir().unwrap();
    // Ten scans a second: alarms are judged at each, and the cases wait for them.
    let plant = include_str!("../../config/plant.toml").replace("scan_ms = 1000", "scan_ms = 100");
    let path = folder.path().join("plant.toml");
    std::fs::write(&path, plant).unwrap();
    let server = Server::with_arguments("", &["--fixture", "--config", path.to_str().unwrap()]);
    // `./test claims` reads this one afterwards.
    let json = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance.json");
    let junit = folder.path().join("report.xml");
    let (pki, password) = (folder.path().join("pki"), folder.path().join("password"));
    let (ok, said) =
        runner(&server, &["--pki".as_ref(), pki.as_ref(), "--only".as_ref(), "CRT-01".as_ref()]);
    assert!(ok && said.contains("does not trust the runner"), "{said}");
    for place in ["trusted", "issuers"] {
        copy(&pki.join(place), &server.data.join("pki").join(place));
    }
    std::fs::write(&password, "a long way to the cathode\n").unwrap();
    server.add_user("conformance", "a long way to the cathode", "Engineer,SecurityAdmin");
    server.give_certificate("conformance", &pki.join("users/certs/user.der"));
    let (ok, said) = runner(
        &server,
        &[
            "--write".as_ref(),
            "--pki".as_ref(),
            pki.as_ref(),
            "--user".as_ref(),
            "conformance".as_ref(),
            "--password-file".as_ref(),
            password.as_ref(),
            "--json".as_ref(),
            json.as_ref(),
            "--junit".as_ref(),
            junit.as_ref(),
        ],
    );
    assert!(ok, "{said}");
    let counts = counts(&said);
    assert!(counts[0] > 250 && counts[1] == 0, "{counts:?}");
    for id in [
        "AUD-01", "AUD-02", "AUD-03", "AUD-04", "AUD-05", "AUD-07", "SES-31", "SC-01", "SC-18",
        "SC-17", "SES-36", "CRT-03", "CRT-08", "CRT-14", "USR-04", "USR-10", "USR-13", "USR-15",
        "USR-20", "GDS-01", "GDS-02", "GDS-03", "GDS-04", "GDS-05", "GDS-06", "GDS-07", "GDS-08",
        "GDS-09", "GDS-11",
    ] {
        assert!(said.contains(&format!("{id} passed")), "{said}");
    }
    for (section, least) in [("AC-", 29), ("HA-", 38), ("ROL-", 12)] {
        let own = said.lines().filter(|it| it.starts_with(section) && it.ends_with(" passed"));
        assert!(own.count() >= least, "{said}");
    }
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

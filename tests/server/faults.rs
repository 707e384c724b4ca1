//! What happens to a plant's machine and is nobody's fault: clocks that are set, disks that are slow, files that are gone.
//! docs/faults.md says what the server then does.

use std::fs;
use std::path::{Path, PathBuf};

use opcua_types::{DataValue, DateTime, Variant};

use crate::bystander::{self, Bystander};
use crate::history::{TEMPERATURE, at, range, recorded};
use crate::items::{create, item, subscribe};
use crate::program::Start;
use crate::publishing::{published, values};
use crate::raw::{Raw, Server, eventually, tag};
use crate::values::{read, value};

/// Ticks of 100 ns in a second.
const S: i64 = 10_000_000;
const DAY_S: i64 = 86_400;

/// Clocks that a test sets: of the library that stands between the program and the machine's.
struct Clock {
    offset: PathBuf,
    library: PathBuf,
}

impl Clock {
    fn new(folder: &Path) -> Self {
        let places = fs::read_dir("/usr/lib").unwrap().map(|it| it.unwrap().path());
        let mut found = places.map(|it| it.join("faketime/libfaketimeMT.so.1"));
        let library =
            found.find(|it| it.exists()).expect("libfaketime (Debian: apt-get install faketime)");
        let clock = Self { offset: folder.join("offset"), library };
        clock.set(0);
        clock
    }

    /// From now on the wall clock is so much ahead. The monotonic one does not change.
    fn set(&self, seconds: i64) {
        let beside = self.offset.with_extension("new");
        fs::write(&beside, format!("{seconds:+}\n")).unwrap();
        fs::rename(beside, &self.offset).unwrap();
    }

    fn start(&self) -> Start {
        let variables = [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Start { environment: environment.to_vec(), ..Start::default() }
    }
}

/// Someone who watches a temperature.
struct Watcher {
    raw: Raw,
    /// Source times, ticks.
    seen: Vec<i64>,
}

impl Watcher {
    fn new(server: &Server) -> Self {
        let mut raw = server.session();
        let id = subscribe(&mut raw, 100.0).subscription_id;
        let mut wanted = item(tag(TEMPERATURE), 1);
        wanted.requested_parameters.sampling_interval = 100.0;
        wanted.requested_parameters.queue_size = 100;
        create(&mut raw, id, vec![wanted]).unwrap();
        Self { raw, seen: Vec::new() }
    }

    /// Source times of the next `count` values.
    fn next(&mut self, count: usize) -> &[i64] {
        let wanted = self.seen.len() + count;
        while self.seen.len() < wanted {
            let response = published(&mut self.raw, &[]);
            let times =
                values(&response).into_iter().map(|it| it.1.source_timestamp.unwrap().ticks());
            self.seen.extend(times);
        }
        &self.seen[wanted - count..]
    }
}

/// Everything that was recorded of the temperature, source times in order.
fn times(raw: &mut Raw) -> Vec<i64> {
    let all = recorded(raw, tag(TEMPERATURE), range(at(0.0), DateTime::from(i64::MAX)));
    let measured = |it: &DataValue| it.value.as_ref().is_some_and(|it| !it.is_empty());
    all.iter()
        .filter(|it| measured(it))
        .map(|it| it.source_timestamp.unwrap().checked_ticks())
        .collect()
}

#[test]
fn sub_28_a_clock_that_is_set_stops_neither_plant_nor_subscriptions_and_loses_no_sample() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::new(folder.path());
    let server = Server::with_start("", clock.start());
    let mut watcher = Watcher::new(&server);
    let before = *watcher.next(3).last().unwrap();
    // Ahead by a day: plant time follows at once.
    clock.set(DAY_S);
    let ahead = watcher.next(3).to_vec();
    assert!(ahead[2] - before > (DAY_S - 10) * S, "{ahead:?} after {before}");
    // Back by ten minutes: plant time does not go back, it goes half as fast.
    clock.set(DAY_S - 600);
    watcher.next(1);
    let slow = watcher.next(3).to_vec();
    assert!(slow[0] > ahead[2], "{slow:?} after {ahead:?}");
    assert!(slow.windows(2).all(|it| it[1] - it[0] == S / 2), "{slow:?}");
    // Back by days: the clock was wrong, and plant time goes back.
    clock.set(-2 * DAY_S);
    watcher.next(1);
    let back = watcher.next(3).to_vec();
    assert!(back[2] < before - DAY_S * S, "{back:?}");
    assert!(back.windows(2).all(|it| it[1] - it[0] == S), "{back:?}");
    clock.set(0);
    watcher.next(2);
    let mut raw = server.session();
    let mut found = Vec::new();
    let mut missing = watcher.seen.clone();
    eventually("every sample that was seen is recorded", || {
        found = times(&mut raw);
        missing.retain(|it| !found.contains(it));
        missing.is_empty()
    });
    assert!(found.is_sorted(), "in order of time");
    assert_eq!(server.logged("set forward"), 2);
    assert_eq!(server.logged("set back"), 2);
}

#[test]
fn a_slow_disk_holds_nobody_up_and_loses_no_sample() {
    const SLOW: &str = "fsync,fdatasync,pwrite64,rename";
    let under = [
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={SLOW}"),
        "-e",
        &format!("inject={SLOW}:delay_enter=100ms"),
    ];
    let start = Start {
        under: under.map(str::to_owned).to_vec(),
        arguments: vec!["--speed".to_owned(), bystander::SPEED.to_string()],
        ..Start::default()
    };
    let mut server = Server::with_start("", start);
    let bystander = Bystander::start(&server);
    let mut raw = server.session();
    eventually("thirty samples are recorded", || times(&mut raw).len() >= 30);
    let seen = bystander.stop();
    assert_eq!(seen.lost, 0, "{seen}");
    assert!(seen.late_p99 < bystander::PATIENCE && seen.read_p99 < bystander::PATIENCE, "{seen}");
    let found = times(&mut raw);
    assert!(found.windows(2).all(|it| it[1] - it[0] == S), "{found:?}");
    server.signal();
    assert_eq!(server.ended(), 0);
    assert_eq!(server.logged("samples are not kept"), 0);
}

#[test]
fn files_that_are_removed_while_the_server_has_them_are_written_anew() {
    let mut server = Server::start();
    let mut raw = server.session();
    eventually("some samples are recorded", || times(&mut raw).len() >= 3);
    let before = times(&mut raw);
    fs::remove_dir_all(server.data.join("history")).unwrap();
    eventually("the log says so", || server.logged("removed while in use") > 0);
    let mut more = Vec::new();
    eventually("recording goes on", || {
        more = times(&mut raw);
        more.len() >= before.len() + 2
    });
    fs::remove_file(server.data.join("state.redb")).unwrap();
    server.signal();
    assert_eq!(server.ended(), 0);
    assert!(
        server.data.join("state.redb").exists() && server.data.join("history/events.redb").exists()
    );
    server.cut_and_start();
    let after = times(&mut server.session());
    assert_eq!(after[..more.len()], more, "what a client has seen is there");
}

#[test]
fn without_the_file_of_users_none_logs_in_until_it_is_back() {
    let server = Server::with("clear_text_passwords = true\n");
    server.add_user("olga", "correct-horse-battery", "Operator");
    let (file, aside) = (server.data.join("users.toml"), server.data.join("aside"));
    let log_in = || {
        let (mut raw, policy) = crate::audit::waiting(&server);
        crate::audit::log_in(&mut raw, &policy, "olga", "correct-horse-battery").is_ok()
    };
    assert!(log_in());
    fs::rename(&file, &aside).unwrap();
    assert!(!log_in());
    assert_eq!(server.logged("no local user can log in"), 1);
    let auditing = read(&mut server.session(), 0.0, vec![value(tag(TEMPERATURE))]).unwrap();
    assert!(
        matches!(auditing[0].value, Some(Variant::Double(_))),
        "the plant goes on: {auditing:?}"
    );
    fs::rename(&aside, &file).unwrap();
    assert!(log_in());
}

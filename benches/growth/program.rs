//! A served bench plant in a process of its own, and what it has cost so far.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::raw::Raw;

/// A running server; it goes when this goes.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Serves so many cells of 60 variables, all of which change once a second.
    pub(crate) fn start(cells: usize) -> Self {
        let own = std::env::current_exe().expect("a program has a file");
        let mut process = Command::new(own)
            .args(["serve", "--port", "0", "--cells", &cells.to_string(), "--data"])
            .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/growth"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let out = process.stdout.take().expect("its output is a pipe");
        let url =
            BufReader::new(out).lines().map_while(Result::ok).next().expect("it says where it is");
        Self {
            process,
            address: url.trim_start_matches("opc.tcp://").trim_end_matches('/').to_owned(),
        }
    }

    /// A session.
    pub(crate) fn session(&self) -> Raw {
        let mut raw = Raw::connect(&self.address);
        raw.hello();
        raw.open_channel();
        raw.create_session();
        raw.activate();
        raw
    }

    /// CPU of all its threads since it began, also of those that have ended, s. Linux counts hundredths.
    pub(crate) fn cpu_s(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let text = text.expect("it runs");
        // Behind the name, which may have blanks in it: field 3 is the first, user time is field 14, system time 15.
        let fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
        fields.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    /// Resident memory, bytes.
    pub(crate) fn resident(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let text = text.expect("it runs");
        let line = text.lines().find(|it| it.starts_with("VmRSS")).expect("Linux says so");
        let kib: f64 = line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("KiB");
        kib * 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! `cellhouse conformance`: runs the conformance cases against a server.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::app::Failure;
use crate::cli::ConformanceArgs;
use crate::conformance::{Bench, Options, cases, run};

/// Runs the cases, prints a line for each, and writes the reports. Fails if any case failed.
pub(super) fn conformance(args: &ConformanceArgs) -> Result<bool, Failure> {
    if args.list {
        for case in cases() {
            println!("{} {}", case.id, case.title);
        }
        return Ok(true);
    }
    let url =
        args.url.clone().ok_or("which server? give its URL, such as opc.tcp://localhost:4840")?;
    let bench = Bench::new(Options { url, only: args.only.clone(), may_write: args.write });
    bench.check()?;
    let report = run(&bench, &|row| println!("{}", row.line()));
    if let Some(path) = &args.json {
        report.json(&mut create(path)?)?;
    }
    if let Some(path) = &args.junit {
        report.junit(&mut create(path)?)?;
    }
    println!("{}", report.summary());
    Ok(report.counts().1 == 0)
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufWriter::new(file))
}

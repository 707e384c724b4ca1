//! `cellhouse conformance`: runs the conformance cases against a server.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::app::Failure;
use crate::cli::ConformanceArgs;
use crate::conformance::{Bench, Options, User, cases, run};

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
    let bench = Bench::new(Options {
        url,
        only: args.only.clone(),
        may_write: args.write,
        pki: args.pki.clone(),
        user: user(args)?,
    });
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

/// The user to log in as; the password is in a file because everybody sees a command line.
fn user(args: &ConformanceArgs) -> Result<Option<User>, Failure> {
    let (Some(name), Some(path)) = (&args.user, &args.password_file) else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|it| format!("{}: {it}", path.display()))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    Ok(Some(User { name: name.clone(), password }))
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufWriter::new(file))
}

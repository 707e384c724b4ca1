//! `cellhouse simulate`: the command around [`crate::app::simulate`].

use std::io::{self, IsTerminal, Write};

use crate::app::simulate::{self, Progress, SimulateOptions};
use crate::app::{Failure, files};
use crate::cli::SimulateArgs;

/// A run shorter than this shows no progress, s.
const QUIET_S: f64 = 2.0;

/// Runs the plant and prints the summary.
pub(super) fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let (mut plant, _) = files::both(&args.files)?;
    if let Some(seed) = args.seed {
        plant.seed = seed;
    }
    let options = SimulateOptions {
        hours: args.hours,
        out: args.out.clone(),
        every_s: f64::from(args.every),
        scenario: args.scenario.clone(),
        journal: args.journal.clone(),
    };
    let mut shown = false;
    let summary = simulate::run(&options, plant, &mut |progress| {
        shown |= show(progress);
    })?;
    if shown {
        eprintln!();
    }
    println!("{summary}");
    if let Some(out) = &args.out {
        println!("CSV files, summary and journal are in {}", out.display());
    }
    Ok(())
}

/// One line that is written over; one after the other where that cannot be.
fn show(progress: Progress) -> bool {
    if progress.wall_s < QUIET_S {
        return false;
    }
    if io::stderr().is_terminal() {
        eprint!("\r{progress}   ");
        // A terminal that cannot be flushed shows it later.
        let _ = io::stderr().flush();
    } else {
        eprintln!("{progress}");
    }
    true
}

//! `cellhouse simulate`: the command around [`crate::app::simulate`].

use crate::app::record::Shown;
use crate::app::simulate::{self, SimulateOptions};
use crate::app::{Failure, files};
use crate::cli::SimulateArgs;

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
    let mut shown = Shown::default();
    let summary = simulate::run(&options, plant, &mut |progress| shown.show(progress))?;
    shown.end();
    println!("{summary}");
    if let Some(out) = &args.out {
        println!("CSV files, summary and journal are in {}", out.display());
    }
    Ok(())
}

//! `cellhouse simulate`: the command around [`crate::app::simulate`].

use crate::app::record::{self, Shown};
use crate::app::simulate::{self, Past, SimulateOptions};
use crate::app::{Failure, files};
use crate::cli::SimulateArgs;
use crate::tag::TagTable;
use crate::time;

/// Runs the plant and prints the summary.
pub(super) fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let (mut plant, server) = files::both(&args.files)?;
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
    let progress = &mut |progress| shown.show(progress);
    let summary = match &args.into {
        None => simulate::run(&options, plant, progress)?,
        Some(data) => {
            let history = record::open(data, &server.history, server.postgres.as_ref())?;
            let historian = history.record(&TagTable::new(&plant), &server.history)?;
            let past = Past {
                start: time::now().plus_s(-args.hours * 3600.0),
                every_s: record::PAST_STEP_S,
                listener: &mut historian.listener(true),
            };
            let summary = simulate::run_recorded(&options, plant, progress, Some(past));
            historian.finish();
            summary?
        }
    };
    shown.end();
    println!("{summary}");
    if let Some(out) = &args.out {
        println!("CSV files, summary and journal are in {}", out.display());
    }
    if let Some(data) = &args.into {
        println!("recorded into the history in {}", data.display());
    }
    Ok(())
}

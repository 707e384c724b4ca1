//! `cellhouse simulate`: the engine without a server, as fast as it can, with CSV files and a summary.
//!
//! The same plant, seed, scenario and journal give the same files, byte for byte: nothing in them comes from
//! the wall clock. With `out` the run also writes `journal.txt`, which repeats it.

mod csv;
mod input;
mod summary;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::PlantConfig;
use crate::engine::{Engine, Header, Journal, ReplayError, ScenarioError, Snapshot};
use crate::time::{Timestamp, monotonic};
use csv::CsvFiles;
use input::Input;
use summary::Ranges;
pub use summary::{LineSummary, Refused, Summary};

/// Scans between two looks at the wall clock.
const PROGRESS_SCANS: u64 = 256;
/// Wall time between two reports, s.
const PROGRESS_S: f64 = 0.5;
/// Plant time between two looks at temperature and oxide for the summary, s.
const RANGE_S: f64 = 10.0;
/// Longest run, h: a hundred years.
const HOURS_MAX: f64 = 876_600.0;

/// What to simulate. The plant and its seed are in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateOptions {
    /// Plant time, h, above 0.
    pub hours: f64,
    /// Folder for the CSV files, the journal and the summary; made if absent. `None`: the summary only.
    pub out: Option<PathBuf>,
    /// Plant time between two rows, s; at least one scan.
    pub every_s: f64,
    /// Timed commands and faults.
    pub scenario: Option<PathBuf>,
    /// Journal of an earlier run, to repeat it.
    pub journal: Option<PathBuf>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Plant time done, s.
    pub done_s: f64,
    /// Plant time of the whole run, s.
    pub total_s: f64,
    /// Wall time so far, s.
    pub wall_s: f64,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = 100.0 * self.done_s / self.total_s;
        let speed = self.done_s / self.wall_s.max(1e-9);
        write!(
            f,
            "{percent:3.0} %  {:.1} of {:.1} h simulated  {speed:.0} times real time",
            self.done_s / 3600.0,
            self.total_s / 3600.0
        )
    }
}

/// Why a simulation could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The time is not one.
    #[error("{hours} hours is not a time from one scan to {HOURS_MAX} hours")]
    Hours {
        /// As given.
        hours: f64,
    },
    /// The interval is not one.
    #[error("a row every {every_s} s: at least one scan ({scan_s} s) lies between two rows")]
    Every {
        /// As given.
        every_s: f64,
        /// Scan period.
        scan_s: f64,
    },
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The scenario has mistakes.
    #[error("{}", path.display())]
    Scenario {
        /// The file.
        path: PathBuf,
        /// All of them.
        source: ScenarioError,
    },
    /// The journal has mistakes or belongs to another run.
    #[error("{}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReplayError,
    },
    /// A journal and a scenario together: the journal already holds what the scenario asked.
    #[error("a journal is repeated without a scenario: it holds the scenario's commands")]
    JournalAndScenario,
    /// A command of the journal is refused where it was accepted before.
    #[error(
        "the journal does not fit this program: its command before scan {scan} is refused: {refusal}"
    )]
    Diverged {
        /// Number of the scan.
        scan: u64,
        /// Why.
        refusal: crate::control::Refusal,
    },
}

/// Where a run is recorded, as the past of a plant that is to be served.
pub struct Past<'a> {
    /// Plant time of the first scan.
    pub start: Timestamp,
    /// Plant time between two snapshots, s.
    pub every_s: f64,
    /// Takes the snapshots.
    pub listener: &'a mut dyn FnMut(&Arc<Snapshot>),
}

/// Runs the plant of `config` for `options.hours` and writes what is asked for.
///
/// `progress` is called about twice a second of wall time; a caller that shows it from the second second on
/// keeps short runs quiet.
pub fn run(
    options: &SimulateOptions,
    config: PlantConfig,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, SimulateError> {
    run_recorded(options, config, progress, None)
}

/// As [`run`], with snapshots of the run for a history.
pub fn run_recorded(
    options: &SimulateOptions,
    config: PlantConfig,
    progress: &mut dyn FnMut(Progress),
    mut past: Option<Past<'_>>,
) -> Result<Summary, SimulateError> {
    let plan = Plan::new(options, &config)?;
    let mut input = Input::open(options, &config)?;
    let usual = past.as_ref().map_or(config.start, |it| it.start);
    let start = input.start().unwrap_or(usual);
    let header = Header::new(&config, start);
    let mut engine = Engine::new(config, start);
    input.parse_scenario(engine.table())?;
    let mut files = None;
    if let Some(folder) = &options.out {
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        let path = folder.join("journal.txt");
        let journal = Journal::new(Box::new(create(&path)?), &header);
        engine.set_journal(journal.map_err(file_error(&path))?);
        files = Some(CsvFiles::create(folder)?);
    }
    let mut ranges = Ranges::new(&engine);
    let begun = monotonic();
    let mut reported_s = 0.0;
    while engine.scans() < plan.scans {
        let time = input.apply(&mut engine)?;
        match &mut past {
            Some(past) if engine.scans().is_multiple_of(plan.scans_in(past.every_s)) => {
                let snapshot = Arc::clone(engine.scan_at(time));
                (past.listener)(&snapshot);
            }
            _ => engine.advance_at(time),
        }
        let scan = engine.scans() - 1;
        if scan.is_multiple_of(plan.every)
            && let Some(files) = &mut files
        {
            engine.flush_journal();
            files.write(&engine)?;
        }
        if scan.is_multiple_of(plan.range_every) {
            ranges.look(&engine);
        }
        if scan.is_multiple_of(PROGRESS_SCANS) {
            let wall_s = begun.elapsed().as_secs_f64();
            if wall_s - reported_s >= PROGRESS_S {
                reported_s = wall_s;
                let done_s = engine.scans() as f64 * plan.scan_s;
                progress(Progress { done_s, total_s: plan.scans as f64 * plan.scan_s, wall_s });
            }
        }
    }
    engine.flush_journal();
    let summary = ranges.finish(&engine, input.into_outcome());
    if let (Some(files), Some(folder)) = (files, &options.out) {
        files.finish()?;
        let path = folder.join("summary.txt");
        fs::write(&path, summary.to_string()).map_err(file_error(&path))?;
    }
    Ok(summary)
}

/// The run in scans.
struct Plan {
    scans: u64,
    every: u64,
    range_every: u64,
    scan_s: f64,
}

impl Plan {
    fn new(options: &SimulateOptions, config: &PlantConfig) -> Result<Self, SimulateError> {
        let scan_s = f64::from(config.scan_ms) / 1000.0;
        let SimulateOptions { hours, every_s, .. } = *options;
        let count = (hours * 3600.0 / scan_s).round();
        // A NaN fails both.
        if !(count >= 1.0 && hours <= HOURS_MAX) {
            return Err(SimulateError::Hours { hours });
        }
        if !(every_s >= scan_s && every_s <= HOURS_MAX * 3600.0) {
            return Err(SimulateError::Every { every_s, scan_s });
        }
        let mut plan = Self { scans: count as u64, every: 1, range_every: 1, scan_s };
        (plan.every, plan.range_every) = (plan.scans_in(every_s), plan.scans_in(RANGE_S));
        Ok(plan)
    }

    /// Scans in so many seconds, at least one.
    fn scans_in(&self, seconds: f64) -> u64 {
        ((seconds / self.scan_s).round() as u64).max(1)
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, SimulateError> {
    File::create(path).map(BufWriter::new).map_err(file_error(path))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> SimulateError {
    let path = path.to_owned();
    move |source| SimulateError::File { path, source }
}

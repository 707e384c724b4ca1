//! What comes into a simulation from outside: a scenario, or the journal of an earlier run.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use crate::app::simulate::summary::Refused;
use crate::app::simulate::{SimulateError, SimulateOptions, file_error};
use crate::config::PlantConfig;
use crate::control::Refusal;
use crate::engine::{Engine, EntryKind, Header, Replay, Scenario, Step};
use crate::tag::TagTable;
use crate::time::Timestamp;

/// Refusals kept for the summary; more are only counted.
const REFUSALS_MAX: usize = 100;

/// Where commands come from.
pub(super) struct Input {
    scenario_text: Option<(PathBuf, String)>,
    steps: std::iter::Peekable<std::vec::IntoIter<Step>>,
    replay: Option<(PathBuf, Replay)>,
    outcome: InputOutcome,
    scan_s: f64,
}

/// What came of the commands.
#[derive(Default)]
pub(super) struct InputOutcome {
    pub(super) refusals: u64,
    pub(super) refused: Vec<Refused>,
    pub(super) warnings: Vec<String>,
}

impl Input {
    /// Opens the files; the scenario is parsed once the devices are known.
    pub(super) fn open(
        options: &SimulateOptions,
        config: &PlantConfig,
    ) -> Result<Self, SimulateError> {
        if options.journal.is_some() && options.scenario.is_some() {
            return Err(SimulateError::JournalAndScenario);
        }
        let mut outcome = InputOutcome::default();
        let replay = match &options.journal {
            Some(path) => Some((path.clone(), open_journal(path, config, &mut outcome)?)),
            None => None,
        };
        let scenario_text = match &options.scenario {
            Some(path) => Some((path.clone(), fs::read_to_string(path).map_err(file_error(path))?)),
            None => None,
        };
        let scan_s = f64::from(config.scan_ms) / 1000.0;
        Ok(Self {
            scenario_text,
            steps: Vec::new().into_iter().peekable(),
            replay,
            outcome,
            scan_s,
        })
    }

    /// Plant time of the first scan, if a journal fixes it.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.replay.as_ref().map(|(_, replay)| replay.header().start)
    }

    /// Resolves the scenario's devices.
    pub(super) fn parse_scenario(&mut self, table: &TagTable) -> Result<(), SimulateError> {
        if let Some((path, text)) = self.scenario_text.take() {
            let scenario = Scenario::parse(&text, table)
                .map_err(|source| SimulateError::Scenario { path, source })?;
            self.steps = scenario.steps.into_iter().peekable();
        }
        Ok(())
    }

    /// Gives the engine what is due before its next scan; the plant time of that scan.
    pub(super) fn apply(&mut self, engine: &mut Engine) -> Result<Timestamp, SimulateError> {
        let scan = engine.scans();
        let mut time = engine.next_time();
        let now_s = scan as f64 * self.scan_s;
        while let Some(step) = self.steps.next_if(|it| it.at_s <= now_s) {
            if let Err(refusal) = engine.command(&step.command) {
                self.outcome.note(&step, refusal);
            }
        }
        let Some((path, replay)) = &mut self.replay else { return Ok(time) };
        let wrong = |source| SimulateError::Journal { path: path.clone(), source };
        while let Some(entry) = replay.due(scan).map_err(wrong)? {
            match entry {
                EntryKind::Time(given) => time = given,
                EntryKind::Command(command) => {
                    let outcome = engine.command(&command);
                    outcome.map_err(|refusal| SimulateError::Diverged { scan, refusal })?;
                }
            }
        }
        Ok(time)
    }

    /// What came of it all.
    pub(super) fn into_outcome(mut self) -> InputOutcome {
        if let Some((_, replay)) = &self.replay
            && let Some(line) = replay.truncated()
        {
            let warning = format!("journal line {line} has no end and was ignored");
            self.outcome.warnings.push(warning);
        }
        self.outcome
    }
}

fn open_journal(
    path: &PathBuf,
    config: &PlantConfig,
    outcome: &mut InputOutcome,
) -> Result<Replay, SimulateError> {
    let file = File::open(path).map_err(file_error(path))?;
    let wrong = |source| SimulateError::Journal { path: path.clone(), source };
    let replay = Replay::new(Box::new(BufReader::new(file))).map_err(wrong)?;
    let run = Header::new(config, config.start);
    replay.check(&run).map_err(wrong)?;
    let written = &replay.header().version;
    if *written != run.version {
        let ours = &run.version;
        outcome.warnings.push(format!(
            "the journal was written by version {written}; {ours} may behave differently"
        ));
    }
    Ok(replay)
}

impl InputOutcome {
    fn note(&mut self, step: &Step, refusal: Refusal) {
        self.refusals += 1;
        if self.refused.len() < REFUSALS_MAX {
            self.refused.push(Refused { line: step.line, at_s: step.at_s, refusal });
        }
    }
}

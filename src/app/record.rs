//! Opens the history, fills it before the first start, and records.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use crate::app::Failure;
use crate::app::simulate::Progress;
use crate::chronicle::{Chronicle, Chronicler, Retention};
use crate::config::{HistorySettings, PostgresConfig};
use crate::engine::{Engine, Snapshot};
use crate::historian::{self, Historian, Recorder};
use crate::history::{History, Outbox, Reader};
use crate::tag::TagTable;
use crate::time::{self, Timestamp, monotonic};

/// File of the history of events, in the folder of the history.
const EVENTS: &str = "events.redb";
/// Folder of the history below that of all data.
const FOLDER: &str = "history";
/// Plant time between two snapshots that are recorded of a simulated past, s.
pub(super) const PAST_STEP_S: f64 = 10.0;
/// A run shorter than this shows no progress, s.
const QUIET_S: f64 = 1.0;
/// Wall time between two reports, s.
const PROGRESS_S: f64 = 0.5;
/// Scans between two looks at the wall clock.
const PROGRESS_SCANS: u64 = 256;

/// A history that nobody records into yet.
#[derive(Debug)]
pub(super) struct Opened {
    history: History,
    reader: Reader,
}

/// Opens the history below the data folder, as it was left.
pub(super) fn open(
    data: &Path,
    settings: &HistorySettings,
    postgres: Option<&PostgresConfig>,
) -> Result<Opened, Failure> {
    let outbox_bytes = postgres.map(|it| it.outbox_bytes);
    let (history, recovered) = historian::open(&data.join(FOLDER), settings, outbox_bytes)?;
    for path in &recovered.set_aside {
        tracing::error!(path = %path.display(), "a file of the history is damaged and set aside");
    }
    if recovered.unknown > 0 {
        tracing::error!(samples = recovered.unknown, "samples of unknown tags are lost");
    }
    let reader = history.reader();
    let held = reader.statistics();
    let (segments, samples) = (held.segments, held.segment_samples + held.head_samples as u64);
    tracing::info!(segments, samples, replayed = recovered.replayed, "history opened");
    Ok(Opened { history, reader })
}

/// Opens the history of events beside it.
pub(super) fn open_events(data: &Path, settings: &HistorySettings) -> Result<Chronicler, Failure> {
    let retention = Retention {
        count_max: settings.events_max,
        keep_s: settings.keep_days.map(|it| it * 86_400.0),
    };
    let chronicle = Chronicle::open(&data.join(FOLDER).join(EVENTS), retention)?;
    tracing::info!(events = chronicle.reader().count()?, "history of events opened");
    Ok(Chronicler::start(chronicle)?)
}

impl Opened {
    /// What is to be forwarded, if anything is.
    pub(super) fn outbox(&self) -> Option<Outbox> {
        self.history.outbox()
    }

    /// Source time of the newest sample; `None` in a new history.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.reader.statistics().newest
    }

    /// Begins to record. In a history that was written before, every series first says that there was nothing from
    /// its end on.
    pub(super) fn record(
        mut self,
        table: &TagTable,
        settings: &HistorySettings,
    ) -> Result<Historian, Failure> {
        let newest = self.newest();
        let recorder = Recorder::new(table, settings, &mut self.history);
        if let Some(newest) = newest {
            recorder.interrupt(newest.plus_ticks(1), &mut self.history);
        }
        Ok(Historian::start(self.history, recorder)?)
    }
}

/// Runs the plant up to now, as fast as it can, and records it: what was before the first start. `tell` takes what
/// has happened.
pub(super) fn make_past(
    engine: &mut Engine,
    historian: &Historian,
    mut tell: impl FnMut(&Snapshot),
) {
    let mut listener = historian.listener(true);
    let step = past_step(engine);
    let (start, begun) = (engine.time(), monotonic());
    let mut shown = Shown::default();
    while engine.next_time() <= time::now() {
        if engine.scans().is_multiple_of(step) {
            let snapshot = Arc::clone(engine.scan_at(engine.next_time()));
            listener(&snapshot);
            tell(&snapshot);
        } else {
            engine.advance();
        }
        if engine.scans().is_multiple_of(PROGRESS_SCANS) {
            let wall_s = begun.elapsed().as_secs_f64();
            let done_s = engine.time().seconds_since(start);
            let total_s = time::now().seconds_since(start);
            shown.show(Progress { done_s, total_s, wall_s });
        }
    }
    shown.end();
}

/// Scans between two snapshots that are recorded of a simulated past.
pub(super) fn past_step(engine: &Engine) -> u64 {
    let scan_s = f64::from(engine.config().scan_ms) / 1000.0;
    ((PAST_STEP_S / scan_s).round() as u64).max(1)
}

/// Progress on the terminal: one line that is written over, or one after the other where that cannot be.
#[derive(Debug, Default)]
pub(super) struct Shown {
    is_begun: bool,
    last_s: f64,
}

impl Shown {
    /// Shows how far it is, now and then.
    pub(super) fn show(&mut self, progress: Progress) {
        if progress.wall_s < QUIET_S || progress.wall_s - self.last_s < PROGRESS_S {
            return;
        }
        (self.is_begun, self.last_s) = (true, progress.wall_s);
        if io::stderr().is_terminal() {
            eprint!("\r{progress}   ");
            // A terminal that cannot be flushed shows it later.
            let _ = io::stderr().flush();
        } else {
            eprintln!("{progress}");
        }
    }

    /// Ends the line.
    pub(super) fn end(&self) {
        if self.is_begun && io::stderr().is_terminal() {
            eprintln!();
        }
    }
}

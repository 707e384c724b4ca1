//! Keeps what tags show of the history up to date: a thread of its own looks at the historian and reads key figures,
//! and hands the engine what it has found.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::config::PlantConfig;
use crate::engine::{EnginePort, Request, Snapshot};
use crate::historian::{Health, Historian, HistorianPort};
use crate::kpi::KpiReader;
use crate::tag::{RecordingFigures, RecordingHealth, TagTable};
use crate::time::Timestamp;

/// Wall time between two looks at the historian: its statistics go through all that is in memory.
const LOOK: Duration = Duration::from_secs(3);
/// Plant time between two readings of key figures, s.
const KPI_S: f64 = 300.0;
/// Looks between two readings at least: a plant that runs fast does not make the disk busy for ever.
const REST_LOOKS: u32 = 4;

/// The running thread.
#[derive(Debug)]
pub(super) struct Figures {
    stop: Sender<()>,
    kpis: KpiReader,
    thread: JoinHandle<()>,
}

impl Figures {
    /// Starts to look at what is recorded of a plant.
    pub(super) fn start(
        historian: &Historian,
        (plant, table): (Arc<PlantConfig>, &TagTable),
        engine: &EnginePort,
    ) -> io::Result<Self> {
        let (stop, stopping) = channel();
        let historian = historian.port();
        let kpis = KpiReader::new(historian.reader.clone(), plant, table);
        let work = Work {
            historian,
            kpis: kpis.clone(),
            latest: engine.latest.clone(),
            commands: engine.commands.clone(),
            missed: 0,
            read: None,
            looks: 0,
        };
        let thread = std::thread::Builder::new().name("figures".to_owned());
        let thread = thread.spawn(move || work.run(&stopping))?;
        Ok(Self { stop, kpis, thread })
    }

    /// Who reads key figures.
    pub(super) fn kpis(&self) -> KpiReader {
        self.kpis.clone()
    }

    /// Ends after the reading that is running.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread of key figures has panicked");
        }
    }
}

struct Work {
    historian: HistorianPort,
    kpis: KpiReader,
    latest: watch::Receiver<Arc<Snapshot>>,
    commands: mpsc::Sender<Request>,
    /// Snapshots missed at the look before.
    missed: u64,
    /// Plant time of the last reading.
    read: Option<Timestamp>,
    /// Looks since the last reading.
    looks: u32,
}

impl Work {
    fn run(mut self, stopping: &Receiver<()>) {
        loop {
            self.look();
            if stopping.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn look(&mut self) {
        let recording = self.recording();
        // An engine whose queue is full, or that has ended, is told at the next look.
        let _ = self.commands.try_send(Request::ShowRecording(recording));
        self.looks += 1;
        let now = self.latest.borrow().time;
        let is_due = self.read.is_none_or(|it| {
            // A clock that was set back counts as time that has passed.
            let since_s = now.seconds_since(it);
            self.looks >= REST_LOOKS && !(0.0..KPI_S).contains(&since_s)
        });
        if is_due {
            self.read_kpis(now);
        }
    }

    fn recording(&mut self) -> RecordingFigures {
        let (report, held) = (&self.historian.report, self.historian.reader.statistics());
        let missed = report.missed();
        let is_missing = missed > std::mem::replace(&mut self.missed, missed);
        let health = match report.health() {
            Health::Good if is_missing => RecordingHealth::Behind,
            Health::Good => RecordingHealth::Good,
            Health::DiskFull => RecordingHealth::DiskFull,
            Health::RoomTaken => RecordingHealth::RoomTaken,
            Health::Failing => RecordingHealth::Failing,
            Health::Behind => RecordingHealth::Behind,
        };
        RecordingFigures {
            health,
            recorded: report.recorded(),
            lost: report.lost(),
            missed,
            bytes: held.segment_bytes + held.log_bytes,
            oldest: held.oldest,
            newest: held.newest,
        }
    }

    fn read_kpis(&mut self, now: Timestamp) {
        (self.read, self.looks) = (Some(now), 0);
        match self.kpis.board(now) {
            Ok(board) => {
                let _ = self.commands.try_send(Request::ShowKpis(Arc::new(board)));
            }
            Err(problem) => tracing::warn!(%problem, "key figures cannot be read"),
        }
    }
}

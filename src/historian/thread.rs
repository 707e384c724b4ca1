//! The historian's thread.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use tracing::{error, info, warn};

use crate::config::HistorySettings;
use crate::engine::Snapshot;
use crate::historian::{Health, Order, Recorder, Report};
use crate::history::{History, HistoryConfig, HistoryError, Reader, Recovered, WhenFull};
use crate::time::Timestamp;

/// Orders that may wait: a minute of scans, while a segment is written.
const ORDERS_MAX: usize = 64;

/// Opens the history in `folder` as configured; `outbox_bytes` of it may wait for whoever forwards samples.
pub fn open(
    folder: &Path,
    settings: &HistorySettings,
    outbox_bytes: Option<u64>,
) -> Result<(History, Recovered), HistoryError> {
    let config = HistoryConfig {
        keep_s: settings.keep_days.map(|it| it * 86_400.0),
        bytes_max: settings.bytes_max,
        when_full: if settings.keep_oldest { WhenFull::KeepOldest } else { WhenFull::DropOldest },
        outbox_bytes,
        ..HistoryConfig::default()
    };
    History::open(folder, config)
}

/// Why a historian could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HistorianError {
    /// Its thread could not be started.
    #[error("the historian's thread cannot be started")]
    Start(#[source] io::Error),
}

/// What an edge holds of the historian.
#[derive(Clone, Debug)]
pub struct HistorianPort {
    /// Where orders go; a full queue refuses them.
    pub orders: SyncSender<Order>,
    /// Someone who reads.
    pub reader: Reader,
    /// How recording goes.
    pub report: Arc<Report>,
}

/// The running historian.
#[derive(Debug)]
pub struct Historian {
    port: HistorianPort,
    thread: JoinHandle<()>,
}

impl Historian {
    /// Starts to record into `history` what `recorder` chooses.
    pub fn start(history: History, recorder: Recorder) -> Result<Self, HistorianError> {
        let (orders, waiting) = sync_channel(ORDERS_MAX);
        let reader = history.reader();
        let report = Arc::new(Report::default());
        let work =
            Work { history, recorder, report: Arc::clone(&report), now: Timestamp::default() };
        let thread = std::thread::Builder::new().name("historian".to_owned());
        let thread = thread.spawn(move || work.run(&waiting)).map_err(HistorianError::Start)?;
        Ok(Self { port: HistorianPort { orders, reader, report }, thread })
    }

    /// What takes the engine's snapshots. If the historian is behind, the engine waits for it when `patient`;
    /// otherwise the snapshot is missed, and counted.
    pub fn listener(&self, patient: bool) -> impl FnMut(&Arc<Snapshot>) + Send + use<> {
        let (orders, report) = (self.port.orders.clone(), Arc::clone(&self.port.report));
        move |snapshot| {
            let order = Order::Snapshot(Arc::clone(snapshot));
            if patient {
                // A historian that has ended has said so.
                let _ = orders.send(order);
            } else if let Err(TrySendError::Full(_)) = orders.try_send(order) {
                if report.missed() == 0 {
                    warn!("the historian is behind: a snapshot is not recorded");
                }
                report.miss();
            }
        }
    }

    /// For an edge.
    pub fn port(&self) -> HistorianPort {
        self.port.clone()
    }

    /// Writes what is left and ends.
    pub fn finish(self) {
        let _ = self.port.orders.send(Order::Finish);
        if self.thread.join().is_err() {
            error!("the historian has panicked");
        }
    }
}

/// What the thread owns.
struct Work {
    history: History,
    recorder: Recorder,
    report: Arc<Report>,
    /// Plant time of the last snapshot.
    now: Timestamp,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            let mut go_on = self.take(order);
            // What has come meanwhile shares one wait for the disk.
            while go_on && let Ok(order) = orders.try_recv() {
                go_on = self.take(order);
            }
            if !go_on {
                let taken = self.recorder.finish(&mut self.history);
                self.report.count(taken.recorded, taken.lost);
            }
            let waiting = self.history.waiting() as u64;
            let mut kept = self.put_back().and_then(|()| self.history.commit());
            if matches!(kept, Err(HistoryError::NoSpace { .. })) {
                // Retention makes room, if it may.
                kept = self.history.tend(self.now).and_then(|_| self.history.commit());
            }
            if matches!(kept, Err(HistoryError::BytesMax { .. })) {
                self.report.count(0, waiting);
            }
            let kept = kept.and_then(|()| self.history.tend(self.now));
            self.tell(kept.map(|_| ()));
            if !go_on {
                return;
            }
        }
    }

    /// What was removed under our hands is not to be missing after the next start.
    fn put_back(&mut self) -> Result<(), HistoryError> {
        let files = self.history.put_back()?;
        if files > 0 {
            warn!(
                files,
                "files of the history have been removed while in use: they are written anew"
            );
        }
        Ok(())
    }

    /// False when it was the last order.
    fn take(&mut self, order: Order) -> bool {
        match order {
            Order::Snapshot(snapshot) => {
                self.now = snapshot.time;
                let taken = self.recorder.record(&snapshot, &mut self.history);
                self.report.count(taken.recorded, taken.lost);
            }
            Order::Samples(samples) => {
                let (mut recorded, mut lost) = (0, 0);
                for (path, sample) in samples {
                    let series = self.history.series(&path);
                    match self.history.append(series, sample) {
                        Ok(()) => recorded += 1,
                        Err(_) => lost += 1,
                    }
                }
                self.report.count(recorded, lost);
            }
            Order::Edit { path, edit, by, changed } => {
                // What has been recorded before comes before the edit.
                let committed = self.history.commit();
                let series = self.history.series(&path);
                changed(committed.and_then(|()| self.history.edit(series, &edit, &by)));
            }
            Order::Finish => return false,
        }
        true
    }

    /// Says once what is wrong, and once that it is over.
    fn tell(&self, kept: Result<(), HistoryError>) {
        let before = self.report.health();
        match kept {
            Ok(()) if before == Health::Good => {}
            Ok(()) => {
                info!(lost = self.report.lost(), "the history is written again");
                self.report.set_health(Health::Good);
            }
            Err(problem) => {
                let health = Health::of(&problem);
                if health != before {
                    error!(%problem, "samples are not kept: they wait in memory as long as they can");
                }
                self.report.set_health(health);
            }
        }
    }
}

//! The way into the log: a bounded queue to a thread that writes, so that the server never waits for a disk.
//!
//! ```text
//! working ─disk fails, queue full─► not working ─written again, losses noted─► working
//! ```
//! While it is not working, `Server.Auditing` is false (AUD-07).

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{error, info};

use crate::config::AuditConfig;
use crate::time;
use crate::ua::audit::chain::Draft;
use crate::ua::audit::gate::{Attempt, Gate};
use crate::ua::audit::log::{self, Log};

/// Lines that may wait for the disk.
const QUEUE: usize = 32_768;
/// Bytes of them together, about.
const QUEUE_BYTES: usize = 64 << 20;
/// Lines written at a time.
const BATCH: usize = 512;
/// What comes so soon behind a line shares its wait for the disk; nobody wakes the writer for it.
const GATHER: Duration = Duration::from_millis(10);
/// A log that cannot be written is tried again after this, and one in which nothing happens is looked at.
const RETRY: Duration = Duration::from_millis(500);
/// The last lines of a server are waited for so long.
const FAREWELL: Duration = Duration::from_secs(2);

/// What both threads see.
#[derive(Debug, Default)]
struct Shared {
    works: AtomicBool,
    bytes: AtomicUsize,
}

/// The audit log as the server sees it.
#[derive(Debug)]
pub struct Trail {
    sender: RefCell<Option<SyncSender<Draft>>>,
    shared: Arc<Shared>,
    gate: RefCell<Gate>,
    /// Lines that found the queue full and have not been told of yet.
    lost: Cell<u64>,
    writer: RefCell<Option<JoinHandle<()>>>,
}

impl Trail {
    /// Opens the log below the data folder and starts its writer. A log that cannot be opened is tried again and again.
    pub fn start(data: &Path, config: AuditConfig) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, lines) = sync_channel(QUEUE);
        let folder = log::folder(data);
        let own = Arc::clone(&shared);
        let mut writer = Writer { folder, config, lines, shared: own, log: None, is_told: false };
        // Before the first client: Auditing is true at once if all is well.
        writer.write(&mut Vec::new());
        let spawned = thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run());
        if let Err(error) = &spawned {
            shared.works.store(false, Ordering::Relaxed);
            error!(%error, "no thread for the audit log");
        }
        Self {
            sender: RefCell::new(Some(sender)),
            shared,
            gate: RefCell::default(),
            lost: Cell::new(0),
            writer: RefCell::new(spawned.ok()),
        }
    }

    /// Whether everything is being written.
    pub fn is_working(&self) -> bool {
        self.lost.get() == 0 && self.shared.works.load(Ordering::Relaxed)
    }

    /// Whether a deed gets a line of its own: else there are too many of its kind, and it is counted.
    pub(super) fn admits(&self, deed: &Attempt<'_>, now: Instant) -> bool {
        self.gate.borrow_mut().admit(deed, now)
    }

    /// Writes what was counted in windows that are over, and what was lost.
    pub fn sweep(&self, now: Instant) {
        let closed = self.gate.borrow_mut().close(now, false);
        for line in closed {
            self.push(line);
        }
        self.tell_losses();
    }

    /// Hands a line over.
    pub(super) fn push(&self, line: Draft) {
        let bytes = line.size();
        let is_full = self.shared.bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES;
        let sender = self.sender.borrow();
        // Before the writer can take it off again.
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        if is_full || sender.as_ref().is_none_or(|it| it.try_send(line).is_err()) {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
            if self.lost.get() == 0 {
                error!("audit entries are lost: the queue to the log is full");
            }
            self.lost.set(self.lost.get() + 1);
        }
    }

    fn tell_losses(&self) {
        let lost = self.lost.take();
        if lost == 0 {
            return;
        }
        self.push(log::own_line("Lost", "BadDataLost", |it| it.number("count", lost)));
        // If that found no room either, it is no loss of its own.
        self.lost.set(if self.lost.get() > 0 { lost } else { 0 });
    }

    /// Writes what waits and ends the log. Blocks for as long as a disk takes, two seconds at most.
    pub fn finish(&self) {
        let closed = self.gate.borrow_mut().close(time::monotonic(), true);
        for line in closed {
            self.push(line);
        }
        self.tell_losses();
        self.push(log::own_line("Closed", "Good", |_| {}));
        self.sender.take();
        let end = time::monotonic() + FAREWELL;
        if let Some(writer) = self.writer.take() {
            while !writer.is_finished() && time::monotonic() < end {
                time::wait(Duration::from_millis(5));
            }
        }
    }
}

/// The thread that writes.
struct Writer {
    folder: PathBuf,
    config: AuditConfig,
    lines: Receiver<Draft>,
    shared: Arc<Shared>,
    log: Option<Log>,
    /// That it does not work has been said.
    is_told: bool,
}

impl Writer {
    fn run(mut self) {
        let mut waiting = Vec::new();
        loop {
            let is_over = self.gather(&mut waiting);
            let works = self.write(&mut waiting);
            if is_over && (!works || waiting.is_empty()) {
                return;
            }
            if !works {
                time::wait(RETRY);
            }
        }
    }

    /// Takes what has come and comes soon, and waits a little for the first; true once nothing more will come.
    fn gather(&self, waiting: &mut Vec<Draft>) -> bool {
        if waiting.is_empty() {
            match self.lines.recv_timeout(RETRY) {
                Ok(line) => waiting.push(line),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        self.take(waiting);
        if waiting.len() < BATCH {
            time::wait(GATHER);
            self.take(waiting);
        }
        false
    }

    fn take(&self, waiting: &mut Vec<Draft>) {
        let room = BATCH.saturating_sub(waiting.len());
        waiting.extend(self.lines.try_iter().take(room));
    }

    /// Whether the log works; what is written is taken out of `waiting`.
    fn write(&mut self, waiting: &mut Vec<Draft>) -> bool {
        let done = self.try_write(waiting);
        let works = done.is_ok();
        self.shared.works.store(works, Ordering::Relaxed);
        match done {
            Ok(()) if self.is_told => info!("the audit log is written again"),
            Err(error) if !self.is_told => {
                let folder = self.folder.display();
                error!(%folder, %error, "the audit log cannot be written: Auditing is false");
            }
            _ => {}
        }
        self.is_told = !works;
        works
    }

    fn try_write(&mut self, waiting: &mut Vec<Draft>) -> std::io::Result<()> {
        let log = match self.log.take() {
            Some(log) if log.is_in_place() => log,
            _ => Log::open(self.folder.clone(), self.config)?,
        };
        let log = self.log.insert(log);
        if waiting.is_empty() {
            return Ok(());
        }
        if let Err(error) = log.append(waiting) {
            // What reached the file is found again when it is opened.
            self.log = None;
            return Err(error);
        }
        let bytes = waiting.iter().map(Draft::size).sum();
        self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
        waiting.clear();
        Ok(())
    }
}

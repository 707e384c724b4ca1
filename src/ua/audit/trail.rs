//! The way into the log: a bounded queue to a thread that writes, so that the server never waits for a disk.
//!
//! ```text
//! working ─disk fails, queue full─► not working ─written again, losses noted─► working
//! ```
//! While it is not working, `Server.Auditing` is false (AUD-07).

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Map;
use tracing::{error, info};

use crate::config::AuditConfig;
use crate::time;
use crate::ua::audit::chain::Entry;
use crate::ua::audit::gate::{Allowance, Gate};
use crate::ua::audit::log::{self, Log};

/// Entries that may wait for the disk.
const QUEUE: usize = 32_768;
/// Bytes of them together, about.
const QUEUE_BYTES: usize = 64 << 20;
/// Lines written at a time.
const BATCH: usize = 512;
/// A log that cannot be written is tried again after this, and one in which nothing happens is looked at.
const RETRY: Duration = Duration::from_millis(500);
/// The last entries of a server are waited for so long.
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
    sender: RefCell<Option<SyncSender<Box<Entry>>>>,
    shared: Arc<Shared>,
    gate: RefCell<Gate>,
    /// Entries that found the queue full and have not been told of yet.
    lost: Cell<u64>,
    writer: RefCell<Option<JoinHandle<()>>>,
}

impl Trail {
    /// Opens the log below the data folder and starts its writer. A log that cannot be opened is tried again and again.
    pub fn start(data: &Path, config: AuditConfig) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, entries) = sync_channel(QUEUE);
        let folder = log::folder(data);
        let own = Arc::clone(&shared);
        let mut writer = Writer { folder, config, entries, shared: own, log: None, is_told: false };
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

    /// Hands an entry over, unless there are too many of its kind. Whether it was written by itself.
    pub(super) fn add(
        &self,
        entry: Entry,
        address: Option<IpAddr>,
        allowance: Allowance,
        now: Instant,
    ) -> bool {
        let is_single = self.gate.borrow_mut().admit(&entry, address, allowance, now);
        if is_single {
            self.push(entry);
        }
        is_single
    }

    /// Writes what was counted in windows that are over, and what was lost.
    pub fn sweep(&self, now: Instant) {
        let closed = self.gate.borrow_mut().close(now, false);
        for entry in closed {
            self.push(entry);
        }
        self.tell_losses();
    }

    fn push(&self, entry: Entry) {
        let bytes = size(&entry);
        let is_full = self.shared.bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES;
        let sender = self.sender.borrow();
        // Before the writer can take it off again.
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        if is_full || sender.as_ref().is_none_or(|it| it.try_send(Box::new(entry)).is_err()) {
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
        let mut fields = Map::new();
        fields.insert("count".to_owned(), lost.into());
        let mut entry = log::own_entry("Lost", fields);
        "BadDataLost".clone_into(&mut entry.outcome);
        self.push(entry);
        // If that found no room either, it is no loss of its own.
        self.lost.set(if self.lost.get() > 0 { lost } else { 0 });
    }

    /// Writes what waits and ends the log. Blocks for as long as a disk takes, two seconds at most.
    pub fn finish(&self) {
        let closed = self.gate.borrow_mut().close(time::monotonic(), true);
        for entry in closed {
            self.push(entry);
        }
        self.tell_losses();
        self.push(log::own_entry("Closed", Map::new()));
        self.sender.take();
        let end = time::monotonic() + FAREWELL;
        if let Some(writer) = self.writer.take() {
            while !writer.is_finished() && time::monotonic() < end {
                time::wait(Duration::from_millis(5));
            }
        }
    }
}

/// About how much memory an entry takes.
fn size(entry: &Entry) -> usize {
    let fields: usize = entry.fields.iter().map(|(key, value)| key.len() + weight(value)).sum();
    256 + entry.user.len() + entry.entry.len() + fields
}

fn weight(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(it) => 32 + it.len(),
        serde_json::Value::Array(it) => it.iter().map(weight).sum::<usize>() + 32,
        _ => 32,
    }
}

/// The thread that writes.
struct Writer {
    folder: PathBuf,
    config: AuditConfig,
    entries: Receiver<Box<Entry>>,
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

    /// Takes what has come, and waits a little for the first; true once nothing more will come.
    fn gather(&self, waiting: &mut Vec<Entry>) -> bool {
        if waiting.is_empty() {
            match self.entries.recv_timeout(RETRY) {
                Ok(entry) => waiting.push(*entry),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        let room = BATCH.saturating_sub(waiting.len());
        waiting.extend(self.entries.try_iter().take(room).map(|it| *it));
        false
    }

    /// Whether the log works; what is written is taken out of `waiting`.
    fn write(&mut self, waiting: &mut Vec<Entry>) -> bool {
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

    fn try_write(&mut self, waiting: &mut Vec<Entry>) -> std::io::Result<()> {
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
        let bytes = waiting.iter().map(size).sum();
        self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
        waiting.clear();
        Ok(())
    }
}

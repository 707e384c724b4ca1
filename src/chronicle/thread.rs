//! The chronicler's thread: writes what is told, in batches, so that nobody who tells waits for a disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use tracing::{error, info, warn};

use crate::chronicle::{Chronicle, ChronicleError, Outcome, Reader, Record, Task};

/// Orders that may wait for the disk: some kilobytes each.
const ORDERS_MAX: usize = 16_384;
/// Orders of one commit.
const BATCH: usize = 4096;
/// Records that are tried again after the disk has refused them; what comes beyond is lost.
const HELD_MAX: usize = 16_384;

/// Why a chronicler could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the chronicler's thread cannot be started")]
pub struct ChroniclerError(#[source] io::Error);

/// Who waits for what came of changes.
type Reply = Box<dyn FnOnce(Result<Vec<Outcome>, ChronicleError>) + Send>;

/// One thing to do.
enum Order {
    Record(Box<Record>),
    Edit(Vec<Task>, Reply),
    Finish,
}

/// What an edge holds of the chronicler.
#[derive(Clone, Debug)]
pub struct Port {
    orders: SyncSender<Order>,
    /// Someone who reads.
    pub reader: Reader,
    lost: Arc<AtomicU64>,
}

impl Port {
    /// Hands a record over. It is lost, and counted, when the chronicler is too far behind.
    pub fn record(&self, record: Record) {
        let sent = self.orders.try_send(Order::Record(Box::new(record)));
        if matches!(sent, Err(TrySendError::Full(_)))
            && self.lost.fetch_add(1, Ordering::Relaxed) == 0
        {
            warn!("the chronicler is behind: an event is not recorded");
        }
    }

    /// Hands a record over, and waits for a place if there is none.
    pub fn record_patiently(&self, record: Record) {
        // A chronicler that has ended has said so.
        let _ = self.orders.send(Order::Record(Box::new(record)));
    }

    /// Hands changes over, behind all records before; `reply` is called on the chronicler's thread when they are on
    /// disk. False if there is no place for them.
    pub fn edit(&self, tasks: Vec<Task>, reply: Reply) -> bool {
        self.orders.try_send(Order::Edit(tasks, reply)).is_ok()
    }

    /// Records that were lost since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The running chronicler.
#[derive(Debug)]
pub struct Chronicler {
    port: Port,
    thread: JoinHandle<()>,
}

impl Chronicler {
    /// Starts to write into `chronicle`.
    pub fn start(chronicle: Chronicle) -> Result<Self, ChroniclerError> {
        let (orders, waiting) = sync_channel(ORDERS_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let port = Port { orders, reader: chronicle.reader(), lost: Arc::clone(&lost) };
        let work = Work { chronicle, held: Vec::new(), lost, told: 0, is_failing: false };
        let thread = std::thread::Builder::new().name("chronicler".to_owned());
        let thread = thread.spawn(move || work.run(&waiting)).map_err(ChroniclerError)?;
        Ok(Self { port, thread })
    }

    /// For an edge.
    pub fn port(&self) -> Port {
        self.port.clone()
    }

    /// Writes what is left and ends.
    pub fn finish(self) {
        let _ = self.port.orders.send(Order::Finish);
        if self.thread.join().is_err() {
            error!("the chronicler has panicked");
        }
    }
}

/// What the thread owns.
struct Work {
    chronicle: Chronicle,
    /// Records that are not on disk yet.
    held: Vec<Task>,
    lost: Arc<AtomicU64>,
    /// Losses that the log has been told of.
    told: u64,
    is_failing: bool,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let mut batch = vec![first];
            // What has come meanwhile shares one wait for the disk.
            batch.extend(orders.try_iter().take(BATCH - 1));
            let mut is_over = false;
            for order in batch {
                match order {
                    Order::Record(record) => self.held.push(Task::Append(*record)),
                    Order::Edit(tasks, reply) => {
                        self.commit();
                        reply(self.chronicle.write(&tasks));
                    }
                    Order::Finish => is_over = true,
                }
            }
            self.commit();
            self.tell_losses();
            if is_over {
                if let Err(problem) = self.chronicle.put_back() {
                    error!(%problem, "the history of events has been removed, and cannot be written anew");
                }
                return;
            }
        }
    }

    /// Writes what is held; what the disk refuses is tried again with the next.
    fn commit(&mut self) {
        if self.held.is_empty() {
            return;
        }
        match self.chronicle.write(&self.held) {
            Ok(_) => {
                self.held.clear();
                if std::mem::take(&mut self.is_failing) {
                    info!("events are recorded again");
                }
            }
            Err(problem) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    error!(%problem, "events cannot be recorded: they wait in memory as long as they can");
                }
                let surplus = self.held.len().saturating_sub(HELD_MAX);
                self.held.drain(..surplus);
                self.lost.fetch_add(surplus as u64, Ordering::Relaxed);
            }
        }
    }

    fn tell_losses(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.told {
            warn!(lost = lost - self.told, "events are missing in the history");
            self.told = lost;
        }
    }
}

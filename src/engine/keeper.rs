//! Keeps what must survive a restart: on a thread of its own, so that no scan waits for a disk.
//!
//! A request that changes an alarm is answered when its change is on disk, not before: what a client was told is
//! done stays done, whatever happens to the process.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;

use tracing::{error, info};

use crate::alarm::{AlarmRefusal, Kept};
use crate::engine::port::Reply;
use crate::store::Store;

/// Table of alarms.
const ALARMS: &str = "alarms";
/// Batches that may wait for the disk; what comes behind is put together.
const BATCHES: usize = 4;
/// Answers that may wait for the disk; more commands are refused as busy.
pub(super) const ANSWERS_MAX: usize = 1024;

/// Changes of one or more scans, and who waits for them.
#[derive(Debug, Default)]
struct Batch {
    changes: BTreeMap<String, String>,
    replies: Vec<Reply>,
}

/// The keeper's thread, and what waits for it.
#[derive(Debug)]
pub(super) struct Keeper {
    batches: SyncSender<Batch>,
    /// What found no place in the queue.
    backlog: Batch,
    thread: JoinHandle<()>,
}

/// What was kept of alarms.
pub fn kept_alarms(store: &Store) -> Result<Vec<Kept>, crate::store::StoreError> {
    store.all(ALARMS)
}

impl Keeper {
    pub(super) fn start(store: Store) -> std::io::Result<Self> {
        let (batches, waiting) = mpsc::sync_channel::<Batch>(BATCHES);
        let work = move || {
            let mut failed = BTreeMap::new();
            while let Ok(batch) = waiting.recv() {
                keep(&store, batch, &mut failed);
            }
            if let Err(problem) = store.put_back() {
                error!(%problem, "the states of alarms have been removed, and cannot be written anew");
            }
        };
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(work)?;
        Ok(Self { batches, backlog: Batch::default(), thread })
    }

    /// Hands changes over; `replies` are answered once these and all before them are on disk.
    pub(super) fn hand_over(&mut self, changes: Vec<Kept>, replies: Vec<Reply>) {
        self.backlog.changes.extend(changes);
        self.backlog.replies.extend(replies);
        if self.backlog.changes.is_empty() && self.backlog.replies.is_empty() {
            return;
        }
        match self.batches.try_send(std::mem::take(&mut self.backlog)) {
            Ok(()) => {}
            // The disk is slow: the next scan tries again, with what has come until then.
            Err(TrySendError::Full(batch)) => self.backlog = batch,
            Err(TrySendError::Disconnected(batch)) => refuse(batch.replies),
        }
    }

    /// Whether too many wait already.
    pub(super) fn is_full(&self) -> bool {
        self.backlog.replies.len() >= ANSWERS_MAX
    }

    /// Hands over what is left and waits until all of it is on disk.
    pub(super) fn finish(self) {
        let Self { batches, backlog, thread } = self;
        if batches.send(backlog).is_err() {
            error!("the keeper of alarms has ended: their last changes are lost");
        }
        drop(batches);
        if thread.join().is_err() {
            error!("the keeper of alarms has panicked");
        }
    }
}

/// Writes a batch; what could not be written is tried again with the next.
fn keep(store: &Store, batch: Batch, failed: &mut BTreeMap<String, String>) {
    let had_failed = !failed.is_empty();
    failed.extend(batch.changes);
    let texts: Vec<Kept> = failed.iter().map(|(key, text)| (key.clone(), text.clone())).collect();
    match store.keep(ALARMS, &texts) {
        Ok(()) => {
            failed.clear();
            if had_failed {
                info!("alarms are kept again");
            }
            batch.replies.into_iter().for_each(Reply::give);
        }
        Err(problem) => {
            if !had_failed {
                error!(%problem, "alarms cannot be kept: is the disk full? they are tried again");
            }
            refuse(batch.replies);
        }
    }
}

fn refuse(replies: Vec<Reply>) {
    for reply in replies {
        match reply {
            Reply::Alarm(sender, _) => Reply::Alarm(sender, Err(AlarmRefusal::NotKept)).give(),
            Reply::Plant(..) | Reply::PlantAll(..) => reply.give(),
        }
    }
}

//! More than one core, where there is enough to do. Everything else of the server is one thread's; sampling and making messages
//! are handed out because a million items keep one core busy for a sixth of a second at each scan.

use std::fmt;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tracing::warn;

/// Items from which on the work is handed out: fewer are done before another thread is awake.
const MANY: usize = 8192;

/// Threads that help, made when they are needed first.
pub(super) struct Workers {
    threads: usize,
    pool: OnceLock<Option<ThreadPool>>,
}

impl Default for Workers {
    /// As many as there are cores for this process.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, NonZero::get))
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Workers {
    /// So many; with one, everything is done by whoever asks.
    pub(super) fn new(threads: usize) -> Self {
        Self { threads, pool: OnceLock::new() }
    }

    /// Those who help with so many items; `None` if one thread does it alone.
    pub(super) fn for_items(&self, items: usize) -> Option<&ThreadPool> {
        if self.threads < 2 || items < MANY {
            return None;
        }
        self.pool.get_or_init(|| build(self.threads)).as_ref()
    }
}

/// Without threads it is slower, and still right.
fn build(threads: usize) -> Option<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder
        .thread_name(|number| format!("fan-out-{number}"))
        .build()
        .inspect_err(|error| warn!(%error, "no threads for many items: one does it alone"))
        .ok()
}

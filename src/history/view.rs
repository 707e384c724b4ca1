//! What writer and readers share: the list of segments and the heads, behind one lock that is held for microseconds
//! (docs/decisions/0001-history-store.md says why a lock).

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::history::catalogue::Names;
use crate::history::edit::{Edits, SeriesEdits};
use crate::history::kept::Kept;
use crate::history::segment::Segment;
use crate::history::{Batch, SeriesId};

/// A store at one moment, as readers see it: everything that was committed.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Paths in the order of their numbers.
    pub(super) names: Names,
    /// Segments in the order of their generations.
    pub(super) segments: Arc<Vec<Arc<Segment>>>,
    /// What is not in a segment yet, by number of series, in the order of arrival.
    pub(super) heads: Vec<Head>,
    /// Samples in all heads.
    pub(super) head_samples: usize,
    /// Bytes of the log.
    pub(super) log_bytes: u64,
    /// Samples in the log that stand in no earlier one.
    pub(super) log_samples: u64,
    /// Generation of the log.
    pub(super) generation: u64,
    /// Earlier logs that are kept to forward them.
    pub(super) kept: Kept,
    /// What clients have changed.
    pub(super) edits: Edits,
}

/// One series at one moment.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) series: SeriesId,
    pub(super) segments: Arc<Vec<Arc<Segment>>>,
    pub(super) head: Arc<Batch>,
    pub(super) edits: Option<Arc<SeriesEdits>>,
}

impl View {
    /// A series as it is now.
    pub(super) fn source(&self, series: SeriesId) -> Source {
        let head = self.heads.get(series.0 as usize);
        Source {
            series,
            segments: Arc::clone(&self.segments),
            head: Arc::new(head.map(|it| it.batch.clone()).unwrap_or_default()),
            edits: self.edits.of(series).cloned(),
        }
    }
}

/// The newest samples of a series, in memory.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) batch: Batch,
    /// How often it was too short for a segment.
    pub(super) carried: u32,
}

/// The view, shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<RwLock<View>>);

impl Shared {
    pub(super) fn new(view: View) -> Self {
        Self(Arc::new(RwLock::new(view)))
    }

    // Whoever panicked holding the lock has only read, or pushed: the view is whole.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, View> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, View> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

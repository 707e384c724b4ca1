//! Events that wait for a listener: a bounded queue that says what it lost, and a refresh beside it that loses
//! nothing.

use std::collections::VecDeque;
use std::sync::Arc;

/// An event that waits, its selected fields encoded.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) fields: Arc<[u8]>,
    /// Only some may see it: it goes when they no longer may.
    pub(super) is_audit: bool,
}

/// What a full queue does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) size: usize,
    /// It loses its oldest event, not its newest.
    pub(super) discard_oldest: bool,
}

/// Events of one listener.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    queue: VecDeque<Queued>,
    /// The overflow has been told and not yet taken.
    overflowed: bool,
    /// Events of a refresh.
    refresh: VecDeque<Arc<[u8]>>,
    /// Events in the queue that were there before the refresh.
    ahead: usize,
}

impl EventQueue {
    /// Takes an event; whether one was lost for it. A full queue says so once, by `news`, at the end where the
    /// event was lost (Part 4, 7.22.3; EVT-10).
    pub(super) fn push(
        &mut self,
        event: Queued,
        bound: Bound,
        news: impl FnOnce() -> Option<Arc<[u8]>>,
    ) -> bool {
        let kept = self.queue.len() - usize::from(self.overflowed);
        if kept < bound.size {
            if self.overflowed && !bound.discard_oldest {
                // Behind the news of a loss nothing comes until that has been taken.
                return true;
            }
            self.queue.push_back(event);
            return false;
        }
        let news = || news().map(|fields| Queued { fields, is_audit: false });
        if bound.discard_oldest {
            let told = if self.overflowed { self.queue.pop_front() } else { None };
            self.queue.pop_front();
            self.ahead = self.ahead.saturating_sub(1);
            self.queue.push_back(event);
            let news = told.or_else(news);
            self.overflowed = news.is_some();
            if let Some(news) = news {
                self.queue.push_front(news);
            }
        } else if !self.overflowed {
            let news = news();
            self.overflowed = news.is_some();
            self.queue.extend(news);
        }
        true
    }

    /// Events of a refresh that wait.
    pub(super) fn refreshing(&self) -> usize {
        self.refresh.len()
    }

    /// A refresh begins behind what waits already; what comes later comes behind it.
    pub(super) fn begin_refresh(&mut self) {
        self.ahead = self.queue.len();
    }

    /// The next event of the refresh.
    pub(super) fn refresh(&mut self, fields: Arc<[u8]>) {
        self.refresh.push_back(fields);
    }

    fn is_refresh_next(&self) -> bool {
        self.ahead == 0 && !self.refresh.is_empty()
    }

    /// Whether nothing waits at all.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.refresh.is_empty()
    }

    /// Events that wait in the queue.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// The event that goes next.
    pub(super) fn front(&self) -> Option<&[u8]> {
        if self.is_refresh_next() {
            return self.refresh.front().map(AsRef::as_ref);
        }
        self.queue.front().map(|it| it.fields.as_ref())
    }

    /// The event that was next has gone.
    pub(super) fn pop(&mut self, discard_oldest: bool) {
        if self.is_refresh_next() {
            self.refresh.pop_front();
            return;
        }
        // The news of a loss stands at the front or at the back: once either has gone it may be told again.
        if self.overflowed && (discard_oldest || self.queue.len() == 1) {
            self.overflowed = false;
        }
        self.queue.pop_front();
        self.ahead = self.ahead.saturating_sub(1);
    }

    /// Drops what is above a new bound.
    pub(super) fn shrink(&mut self, bound: Bound) {
        let surplus = self.queue.len().saturating_sub(bound.size);
        for _ in 0..surplus {
            if bound.discard_oldest {
                self.queue.pop_front();
                self.ahead = self.ahead.saturating_sub(1);
            } else {
                self.queue.pop_back();
            }
        }
        self.ahead = self.ahead.min(self.queue.len());
        self.overflowed = self.overflowed && surplus == 0;
    }

    /// Drops what waits.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Drops the audit events that wait: who listens may not hear them any more.
    pub(super) fn forget_audit(&mut self) {
        let ahead = self.queue.iter().take(self.ahead).filter(|it| !it.is_audit).count();
        self.queue.retain(|it| !it.is_audit);
        self.ahead = ahead;
    }
}

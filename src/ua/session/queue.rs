//! Passwords that are being checked. A check takes 19 MiB and some 20 ms by design, so one is at work at a time, always
//! on the same thread, whose memory it uses again, and few more wait.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// Checks that wait for their turn.
const WAITING: usize = 64;

/// A check, on its way to the thread.
type Check = Box<dyn FnOnce() + Send>;

/// Where passwords wait to be checked.
#[derive(Debug)]
pub struct LoginQueue {
    place: Semaphore,
    waiting: Cell<usize>,
    thread: SyncSender<Check>,
}

/// The one whose turn it is.
#[derive(Debug)]
pub struct Turn<'a> {
    queue: &'a LoginQueue,
    _place: SemaphorePermit<'a>,
}

impl Default for LoginQueue {
    fn default() -> Self {
        let (thread, checks) = sync_channel(1);
        std::thread::spawn(move || work(&checks));
        Self { place: Semaphore::new(1), waiting: Cell::new(0), thread }
    }
}

/// Checks one after the other until the queue is gone.
fn work(checks: &Receiver<Check>) {
    while let Ok(check) = checks.recv() {
        // Whoever waits for one that panics is told by the channel it drops.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
    }
}

impl LoginQueue {
    /// A place in the queue; none if it is full.
    pub fn enter(&self) -> bool {
        let has_room = self.waiting.get() < WAITING;
        if has_room {
            self.waiting.set(self.waiting.get() + 1);
        }
        has_room
    }

    /// Waits for the turn of somebody who has entered.
    pub async fn turn(&self) -> Option<Turn<'_>> {
        let place = self.place.acquire().await;
        self.waiting.set(self.waiting.get().saturating_sub(1));
        // The semaphore is never closed.
        place.ok().map(|place| Turn { queue: self, _place: place })
    }
}

impl Turn<'_> {
    /// What `check` finds out; nothing if it panics.
    pub async fn check<T: Send + 'static>(
        self,
        check: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (found, finding) = oneshot::channel();
        let check = Box::new(move || {
            // Whoever asked may have gone.
            let _ = found.send(check());
        });
        self.queue.thread.try_send(check).ok()?;
        finding.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_refused_until_somebody_has_had_a_turn() {
        let queue = LoginQueue::default();
        assert_eq!((0..100).filter(|_| queue.enter()).count(), WAITING);
        let first = queue.turn().await.unwrap();
        assert!(queue.enter());
        assert!(!queue.enter());
        assert_eq!(first.check(|| 7).await, Some(7));
    }
}

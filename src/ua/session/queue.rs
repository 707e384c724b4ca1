//! Passwords that are being checked. A check takes 19 MiB and some 20 ms by design, so few are at work at a time and
//! few more wait.

use std::cell::Cell;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Checks at a time.
const AT_WORK: usize = 2;
/// Checks that wait for their turn.
const WAITING: usize = 64;

/// Where passwords wait to be checked.
#[derive(Debug)]
pub struct LoginQueue {
    places: Semaphore,
    waiting: Cell<usize>,
}

impl Default for LoginQueue {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_WORK), waiting: Cell::new(0) }
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

    /// Waits for the turn of somebody who has entered; the check lasts as long as what this gives.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire().await;
        self.waiting.set(self.waiting.get().saturating_sub(1));
        // The semaphore is never closed.
        place.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_refused_until_somebody_has_had_a_turn() {
        let queue = LoginQueue::default();
        assert_eq!((0..100).filter(|_| queue.enter()).count(), WAITING);
        let first = queue.turn().await;
        assert!(queue.enter());
        assert!(!queue.enter());
        drop(first);
    }
}

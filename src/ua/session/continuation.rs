//! Continuation points of a session (Part 4, 7.9): what an answer had no room for, until the client asks for it.

use std::collections::VecDeque;

/// What waits, oldest first.
#[derive(Clone, Debug)]
pub struct Continuations<T> {
    waiting: VecDeque<(u64, T)>,
    last: u64,
}

impl<T> Default for Continuations<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), last: 0 }
    }
}

impl<T> Continuations<T> {
    /// Keeps a rest, under a number that is never given twice; the oldest goes when there are `bound` already.
    pub fn remember(&mut self, rest: T, bound: usize) -> u64 {
        while self.waiting.len() >= bound.max(1) {
            self.waiting.pop_front();
        }
        self.last += 1;
        self.waiting.push_back((self.last, rest));
        self.last
    }

    /// Takes a rest: a continuation point can be used once.
    pub fn recall(&mut self, id: u64) -> Option<T> {
        let at = self.waiting.iter().position(|it| it.0 == id)?;
        self.waiting.remove(at).map(|it| it.1)
    }

    /// Gives all up.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

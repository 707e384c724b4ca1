//! The last so many marks of a counter, to look back over a time.

use std::collections::VecDeque;

/// At most `length + 1` marks: the oldest lies `length` intervals back once it is full.
#[derive(Debug)]
pub(super) struct Window<T> {
    marks: VecDeque<T>,
    length: usize,
}

impl<T> Window<T> {
    /// Looks back over `length` intervals.
    pub(super) fn new(length: usize) -> Self {
        Self { marks: VecDeque::with_capacity(length + 1), length }
    }

    /// Adds the newest mark; the one before the window falls out.
    pub(super) fn push(&mut self, mark: T) {
        if self.marks.len() > self.length {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
    }

    /// The oldest mark still kept, and how many intervals it lies back.
    pub(super) fn oldest(&self) -> Option<(&T, usize)> {
        Some((self.marks.front()?, self.marks.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_looks_back_over_its_length() {
        let mut window = Window::new(3);
        (0..10).for_each(|it| window.push(it));
        assert_eq!(window.oldest(), Some((&6, 3)));
    }
}

//! Names of fields, each kept once under a number.

use std::collections::BTreeMap;

/// All names that there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    texts: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Words {
    /// Numbers that have been given so far.
    pub(super) fn len(&self) -> u32 {
        self.texts.len() as u32
    }

    /// Adds the next name; its number.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        let number = self.len();
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Number of a name, if it has one.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The name with this number.
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(String::as_str)
    }

    /// Names from this number on.
    pub(super) fn since(&self, number: u32) -> impl Iterator<Item = (u32, &str)> {
        let first = number as usize;
        self.texts.iter().enumerate().skip(first).map(|(at, it)| (at as u32, it.as_str()))
    }

    /// Forgets names from this number on: they did not reach the disk.
    pub(super) fn forget_since(&mut self, number: u32) {
        for text in self.texts.drain(number as usize..) {
            self.numbers.remove(&text);
        }
    }
}

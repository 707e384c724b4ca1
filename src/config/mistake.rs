//! One thing that is wrong in a file, said so that a person can mend it.

use std::fmt;

/// A mistake in a configuration file.
///
/// Prints as `config/plant.toml:41: line[1].electrolyzer.count: 400 is out of range; allowed is 1 to 300`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the person named it.
    pub file: String,
    /// Line from 1; 0 if it is about the file as a whole.
    pub line: usize,
    /// Path of the key, members of an array counted from 1; empty if no key is concerned.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What is allowed; empty if that is said already.
    pub allowed: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)?;
        if !self.allowed.is_empty() {
            write!(f, "; allowed is {}", self.allowed)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistake {}

/// The one of `known` that was probably meant by `written`; none if all are too far away.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let near = |it: &&str| distance(&written.to_lowercase(), &it.to_lowercase());
    let best = known.into_iter().min_by_key(near)?;
    (near(&best) <= 1 + best.chars().count() / 4).then_some(best)
}

/// Letters to insert, remove or replace to make `a` into `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    // A text this long was not meant to be one of our keys; the work grows with the product of both lengths.
    if a.len() > 200 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn a_slip_finds_the_key_that_was_meant() {
        let known = ["bath_temp_c", "bath_temp_max_c", "code"];
        assert_eq!(nearest("bath_tmp_c", known), Some("bath_temp_c"));
        assert_eq!(nearest("Code", known), Some("code"));
        assert_eq!(nearest("voltage", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

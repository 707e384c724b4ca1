//! A record, and how it stands on disk.
//!
//! ```text
//! version │ id: length, bytes │ kind: length, bytes │ origin: length, text │ field: number of its name, length, bytes │ field │ …
//! ```
//! Numbers and lengths have seven bits to a byte, the lowest first, the eighth says that another follows.

use std::sync::Arc;

use crate::chronicle::words::Words;
use crate::time::Timestamp;

/// Layout of what is written.
const VERSION: u8 = 1;

/// Something that has happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// No other record has it.
    pub id: Vec<u8>,
    /// What kind of thing it was.
    pub kind: Vec<u8>,
    /// Whom it concerned; empty for the whole.
    pub origin: String,
    /// What is said of it.
    pub fields: Fields,
}

/// Bytes under names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    names: Vec<(Arc<str>, u32)>,
    bytes: Vec<u8>,
}

impl Fields {
    /// Adds a field that `put` writes; one that writes nothing is left out.
    pub fn add(&mut self, name: &Arc<str>, put: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        put(&mut self.bytes);
        if self.bytes.len() > before {
            self.names.push((Arc::clone(name), self.bytes.len() as u32));
        }
    }

    /// All of them, in the order of adding.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &[u8])> {
        let starts = std::iter::once(0).chain(self.names.iter().map(|it| it.1));
        self.names.iter().zip(starts).map(|((name, end), start)| {
            (name, self.bytes.get(start as usize..*end as usize).unwrap_or_default())
        })
    }

    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|it| &**it.0 == name).map(|it| it.1)
    }

    /// These fields, with those of `other` in their place or added.
    #[must_use]
    pub fn replaced_by(&self, other: &Self) -> Self {
        let mut all = Self::default();
        for (name, own) in self.iter() {
            let bytes = other.get(name).unwrap_or(own);
            all.add(name, |out| out.extend_from_slice(bytes));
        }
        for (name, bytes) in other.iter().filter(|it| self.get(it.0).is_none()) {
            all.add(name, |out| out.extend_from_slice(bytes));
        }
        all
    }
}

/// A record as it stands on disk, looked at in place.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// No other record has it.
    pub id: &'a [u8],
    /// What kind of thing it was.
    pub kind: &'a [u8],
    /// Whom it concerned.
    pub origin: &'a str,
    fields: &'a [u8],
    words: &'a Words,
}

impl<'a> Stored<'a> {
    /// Looks at a record; `None` if it is none, or of a version to come.
    pub(super) fn new(bytes: &'a [u8], words: &'a Words) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let id = piece(&mut rest)?;
        let kind = piece(&mut rest)?;
        let origin = std::str::from_utf8(piece(&mut rest)?).ok()?;
        Some(Self { id, kind, origin, fields: rest, words })
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.fields;
        std::iter::from_fn(move || Some((number(&mut rest)?, piece(&mut rest)?)))
    }

    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let wanted = self.words.number(name)?;
        self.numbered().find(|it| it.0 == wanted).map(|it| it.1)
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let words = self.words;
        self.numbered().filter_map(|(number, bytes)| Some((words.text(number)?, bytes)))
    }

    /// As a record of its own.
    pub fn record(&self, time: Timestamp) -> Record {
        let mut fields = Fields::default();
        for (name, bytes) in self.fields() {
            fields.add(&Arc::from(name), |out| out.extend_from_slice(bytes));
        }
        let (id, kind) = (self.id.to_vec(), self.kind.to_vec());
        Record { time, id, kind, origin: self.origin.to_owned(), fields }
    }
}

/// A record's bytes; names that are new get numbers.
pub(super) fn encode(record: &Record, words: &mut Words) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(record.fields.bytes.len() + 3 * record.fields.names.len() + 64);
    out.push(VERSION);
    put_piece(&record.id, &mut out);
    put_piece(&record.kind, &mut out);
    put_piece(record.origin.as_bytes(), &mut out);
    for (name, bytes) in record.fields.iter() {
        let number = words.number(name).unwrap_or_else(|| words.add(name));
        put_number(number, &mut out);
        put_piece(bytes, &mut out);
    }
    out
}

fn put_number(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_piece(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u32, out);
    out.extend_from_slice(bytes);
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for shift in (0..35).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn piece<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(rest)? as usize;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_is_read_back_as_it_was(
            kind in prop::collection::vec(any::<u8>(), 0..9),
            origin in ".{0,20}",
            given in prop::collection::vec(("[a-z]{1,3}", prop::collection::vec(any::<u8>(), 1..300)), 0..9),
        ) {
            let mut fields = Fields::default();
            for (name, bytes) in &given {
                fields.add(&Arc::from(name.as_str()), |out| out.extend_from_slice(bytes));
            }
            let record = Record { time: Timestamp::from_ticks(7), id: vec![1], kind, origin, fields };
            let mut words = Words::default();
            let bytes = encode(&record, &mut words);
            let stored = Stored::new(&bytes, &words).expect("a record");
            prop_assert_eq!(stored.record(record.time), record);
        }

        #[test]
        fn what_is_no_record_is_none_or_short_of_fields(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let words = Words::default();
            if let Some(stored) = Stored::new(&bytes, &words) {
                prop_assert!(stored.fields().count() == 0);
            }
        }
    }

    #[test]
    fn fields_that_are_replaced_keep_their_place() {
        let named = |all: &[(&str, u8)]| {
            let mut fields = Fields::default();
            for (name, byte) in all {
                fields.add(&Arc::from(*name), |out| out.push(*byte));
            }
            fields
        };
        let before = named(&[("a", 1), ("b", 2)]);
        assert_eq!(
            before.replaced_by(&named(&[("c", 9), ("b", 8)])),
            named(&[("a", 1), ("b", 8), ("c", 9)])
        );
    }
}

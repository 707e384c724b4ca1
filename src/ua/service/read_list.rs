//! Lists of nodes that clients read again and again (Part 4, 5.11.2): a SCADA client polls with the same request for hours.
//! A list that comes a second time is remembered with what its NodeIds name; from then on it is compared, not decoded.
//!
//! Remembered is only what stays while the server runs: which tag a NodeId names, and the class of its permissions. Values and
//! permissions are looked up each time.

use std::cell::{Cell, RefCell};
use std::hash::Hasher;
use std::rc::Rc;

use opcua_types::AttributeId;
use rustc_hash::FxHasher;

use crate::tag::TagIndex;
use crate::ua::permission::ClassIndex;
use crate::ua::service::attribute::ReadItem;
use crate::ua::service::reader::{Malformed, Reader};
use crate::ua::space::{NodeRef, Space, ValueSource};

/// A shorter list is as fast decoded.
const SHORTEST: usize = 16;
/// Lists remembered.
const MOST_LISTS: usize = 64;
/// Bytes of all lists remembered. A longer list is decoded each time.
const MOST_BYTES: usize = 8 << 20;
/// Hashes remembered of lists that have come once: a power of two.
const HASHES: usize = 256;

/// One ReadValueId of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Where it begins in the encoded list.
    offset: u32,
    /// What it names if that is the plain value of a tag: the tag, and who may read it.
    pub(super) tag: Option<(TagIndex, ClassIndex)>,
}

/// A list that has come before.
#[derive(Debug)]
pub(super) struct List {
    hash: u64,
    encoded: Box<[u8]>,
    /// Its elements, in their order.
    pub(super) steps: Box<[Step]>,
    /// When it was used last, by the count of uses.
    used: Cell<u64>,
}

impl List {
    /// Finds out what `count` elements at the front of `encoded` name.
    fn resolve(space: &Space, hash: u64, encoded: &[u8], count: usize) -> Result<Self, Malformed> {
        let mut reader = Reader::new(encoded);
        let steps = (0..count).map(|_| {
            let offset = (encoded.len() - reader.rest().len()) as u32;
            let item = ReadItem::read(&mut reader)?;
            let node = space.resolve(&item.node);
            Ok(Step { offset, tag: node.and_then(|it| plain_tag(space, it, &item)) })
        });
        let steps: Result<_, Malformed> = steps.collect();
        Ok(Self { hash, encoded: encoded.into(), steps: steps?, used: Cell::new(0) })
    }

    fn is(&self, hash: u64, encoded: &[u8], count: usize) -> bool {
        self.hash == hash && self.steps.len() == count && *self.encoded == *encoded
    }

    fn bytes(&self) -> usize {
        self.encoded.len() + self.steps.len() * size_of::<Step>()
    }

    /// The element as it was sent.
    pub(super) fn item(&self, step: Step) -> Result<ReadItem<'_>, Malformed> {
        let encoded = self.encoded.get(step.offset as usize..).ok_or(Malformed)?;
        ReadItem::read(&mut Reader::new(encoded))
    }
}

/// The tag whose plain value is asked for, and who may read it.
pub(super) fn plain_tag(
    space: &Space,
    node: NodeRef,
    item: &ReadItem<'_>,
) -> Option<(TagIndex, ClassIndex)> {
    let is_plain = item.range.is_empty()
        && item.encoding.1.is_empty()
        && item.attribute == AttributeId::Value as u32;
    if !is_plain {
        return None;
    }
    match space.value_source(node) {
        ValueSource::Tag(tag) => Some((tag, space.class_of(node))),
        _ => None,
    }
}

/// The lists remembered, of all sessions.
#[derive(Debug, Default)]
pub struct ReadLists {
    lists: RefCell<Vec<Rc<List>>>,
    /// Hashes of lists that have come once.
    once: RefCell<Vec<u64>>,
    uses: Cell<u64>,
}

impl ReadLists {
    /// What the elements of this list name, if it is long and has come before.
    pub(super) fn get(
        &self,
        space: &Space,
        encoded: &[u8],
        count: usize,
    ) -> Result<Option<Rc<List>>, Malformed> {
        if count < SHORTEST || encoded.len() > MOST_BYTES / 2 {
            return Ok(None);
        }
        let mut hasher = FxHasher::default();
        hasher.write(encoded);
        let hash = hasher.finish();
        let known = self.lists.borrow().iter().find(|it| it.is(hash, encoded, count)).cloned();
        let list = match known {
            Some(list) => list,
            None if self.has_come(hash) => {
                let list = Rc::new(List::resolve(space, hash, encoded, count)?);
                self.keep(Rc::clone(&list));
                list
            }
            None => return Ok(None),
        };
        self.uses.set(self.uses.get() + 1);
        list.used.set(self.uses.get());
        Ok(Some(list))
    }

    /// Whether a list with this hash has come before; it has from now on.
    fn has_come(&self, hash: u64) -> bool {
        let mut once = self.once.borrow_mut();
        once.resize(HASHES, 0);
        let place = &mut once[hash as usize & (HASHES - 1)];
        std::mem::replace(place, hash) == hash
    }

    /// Remembers a list; those used longest ago go.
    fn keep(&self, list: Rc<List>) {
        let mut lists = self.lists.borrow_mut();
        let fits = |lists: &[Rc<List>]| {
            let bytes: usize = lists.iter().map(|it| it.bytes()).sum();
            lists.len() < MOST_LISTS && bytes + list.bytes() <= MOST_BYTES
        };
        while !fits(&lists) {
            let oldest = (0..lists.len()).min_by_key(|at| lists[*at].used.get());
            let Some(oldest) = oldest else { return };
            lists.swap_remove(oldest);
        }
        lists.push(list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(hash: u64, bytes: usize) -> Rc<List> {
        let encoded = vec![0; bytes].into();
        Rc::new(List { hash, encoded, steps: Box::default(), used: Cell::new(hash) })
    }

    fn hashes(lists: &ReadLists) -> Vec<u64> {
        let mut all: Vec<u64> = lists.lists.borrow().iter().map(|it| it.hash).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn what_was_used_longest_ago_goes_when_lists_are_many() {
        let lists = ReadLists::default();
        for hash in 0..MOST_LISTS as u64 + 2 {
            lists.keep(list(hash, 10));
        }
        let expected: Vec<u64> = (2..MOST_LISTS as u64 + 2).collect();
        assert_eq!(hashes(&lists), expected);
    }

    #[test]
    fn all_lists_together_keep_to_their_bytes() {
        let lists = ReadLists::default();
        lists.keep(list(1, MOST_BYTES / 2));
        lists.keep(list(2, MOST_BYTES / 2));
        assert_eq!(hashes(&lists), [1, 2]);
        lists.keep(list(3, MOST_BYTES / 4));
        assert_eq!(hashes(&lists), [2, 3]);
    }

    #[test]
    fn a_list_is_remembered_when_it_comes_a_second_time() {
        let lists = ReadLists::default();
        let came: Vec<bool> = [7, 7, 7 + HASHES as u64, 7].map(|it| lists.has_come(it)).to_vec();
        assert_eq!(came, [false, true, false, false], "two of the same place forget each other");
    }
}

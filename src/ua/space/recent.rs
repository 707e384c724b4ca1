//! NodeIds that were looked up not long ago. Clients read the same nodes again and again, and a path that is known is
//! compared faster than it is taken apart.

use std::cell::Cell;
use std::fmt;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::ua::space::NodeRef;

/// Pairs of places: a power of two. A path has one pair; the newest of those that have the same stay.
const PAIRS: usize = 1 << 15;

/// What is remembered by one hash: the newer and the older.
pub(super) type Pair = [Cell<Option<NodeRef>>; 2];

/// The nodes of paths, by a hash of the path. What is remembered may be of another path: whoever asks compares.
pub(super) struct Recent {
    pairs: Box<[Pair]>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { pairs: (0..PAIRS).map(|_| Pair::default()).collect() }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}

impl Recent {
    /// The node of this path: one that is remembered and `is_it`, or what `find` finds.
    pub(super) fn node(
        &self,
        path: &str,
        is_it: impl Fn(NodeRef) -> bool,
        find: impl FnOnce() -> Option<NodeRef>,
    ) -> Option<NodeRef> {
        let mut hasher = FxHasher::default();
        hasher.write(path.as_bytes());
        let [newer, older] = &self.pairs[hasher.finish() as usize & (PAIRS - 1)];
        let known = [newer, older].into_iter().filter_map(Cell::get).find(|it| is_it(*it));
        if known.is_some() {
            return known;
        }
        let found = find()?;
        older.set(newer.replace(Some(found)));
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::DeviceIndex;

    #[test]
    fn what_was_found_is_found_again_unless_it_is_another() {
        let recent = Recent::default();
        let node = NodeRef::Device(DeviceIndex(7));
        assert_eq!(recent.node("a", |_| true, || None), None);
        assert_eq!(recent.node("a", |_| true, || Some(node)), Some(node));
        assert_eq!(recent.node("a", |it| it == node, || None), Some(node));
        let other = NodeRef::Device(DeviceIndex(8));
        assert_eq!(recent.node("a", |it| it == other, || Some(other)), Some(other));
        assert_eq!(recent.node("a", |it| it == node, || None), Some(node), "both are remembered");
    }
}

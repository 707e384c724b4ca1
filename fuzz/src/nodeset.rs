//! `nodeset`: a further NodeSet2 file, as `nodesets` of the configuration names it: read, ordered, made into nodes and linked.
//! Namespace 0 is left out, as it takes a second to read.

use cellhouse::ua::space::{self, NodeSetFile};

/// Reads the input.
///
/// # Panics
/// If that panics, or the file is refused without a reason.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let file = NodeSetFile { name: "further.xml".to_owned(), text: text.to_owned() };
    if let Err(error) = space::read_nodeset(&file) {
        assert!(!error.to_string().is_empty());
    }
}

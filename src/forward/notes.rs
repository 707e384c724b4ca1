//! What the database is told of a tag besides its path.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::tag::{TagIndex, TagTable};

/// What is written beside a tag's path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Symbol of its unit; empty if it has none.
    pub unit: String,
    /// What it is; of a discrete tag what each of its numbers means.
    pub description: String,
}

/// Notes by path.
pub type Notes = IndexMap<String, Note, FxBuildHasher>;

/// The notes of all tags of a plant.
pub fn notes(table: &TagTable) -> Notes {
    let note = |index| {
        let (device, row) = table.row(TagIndex(index));
        let unit = row.unit.map_or_else(String::new, |it| it.symbol.to_owned());
        let states = row.states.iter().enumerate();
        let states: Vec<String> = states.map(|(number, name)| format!("{number} {name}")).collect();
        let note = Note { unit, description: states.join(", ") };
        (format!("{}.{}", device.path, row.path), note)
    };
    (0..table.len() as u32).map(note).collect()
}

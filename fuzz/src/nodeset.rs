//! `nodeset`: a further NodeSet2 file, as `nodesets` of the configuration names it.

use std::sync::Arc;

use cellhouse::config::{self, PlantConfig};
use cellhouse::tag::TagTable;
use cellhouse::ua::space::{self, LoadError, NodeSetFile, Space};

/// The plant whose address space it is added to.
const PLANT: &str = include_str!("../../tests/config/small-plant.toml");

thread_local! {
    static SETUP: (PlantConfig, Arc<TagTable>) = {
        let plant = config::parse_plant("small-plant.toml", PLANT).expect("its tests read it");
        let table = Arc::new(TagTable::new(&plant));
        (plant, table)
    };
}

/// Reads the input by itself; what can be read is also put into the address space, with all that is said of it.
///
/// # Panics
/// If that panics.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let file = NodeSetFile { name: "further.xml".to_owned(), text: text.to_owned() };
    match space::read_nodeset(&file) {
        Ok(0) => {}
        // What is missing by itself may be there in the whole.
        Ok(_) | Err(LoadError::Missing { .. }) => whole(file),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn whole(file: NodeSetFile) {
    SETUP.with(|(plant, table)| {
        let made = Space::new(plant, Arc::clone(table), "urn:localhost:cellhouse", &[file]);
        if let Err(error) = made {
            assert!(!error.to_string().is_empty());
        }
    });
}

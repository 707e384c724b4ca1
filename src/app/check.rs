//! `cellhouse check`: every mistake of the configuration, or what it describes.

use std::sync::Arc;

use crate::app::{Failure, files, run};
use crate::cli::FileArgs;
use crate::tag::TagTable;
use crate::ua::session::Issuers;
use crate::ua::space::Space;

/// Checks plant, server and further NodeSets. Fails with every mistake.
pub(super) fn check(args: &FileArgs) -> Result<(), Failure> {
    let (plant, server) = files::both(args)?;
    let table = Arc::new(TagTable::new(&plant));
    let tags = table.len();
    Space::new(&plant, table, "urn:cellhouse:check", &run::read_nodesets(&server)?)?;
    Issuers::open(&server.issuers, "urn:cellhouse:check")?;
    println!("{}: no mistakes", files::plant_name(args));
    for (index, line) in plant.lines.iter().enumerate() {
        let own = plant.electrolyzers.iter().filter(|it| it.line == index);
        let rectifiers = plant.rectifiers.iter().filter(|it| it.line == index).count();
        println!(
            "  {}: {} electrolyzers, {} rectifiers, product {}",
            line.name,
            own.count(),
            rectifiers,
            plant.products[line.product].code
        );
    }
    println!("  {tags} tags, {} security endpoints", server.endpoints.len());
    Ok(())
}

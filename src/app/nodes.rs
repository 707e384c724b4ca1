//! `cellhouse nodes`: the address space as clients see it.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::app::{Failure, files, hosts, run};
use crate::cli::NodesArgs;
use crate::tag::TagTable;
use crate::ua::space::{self, Format, Space};

/// Prints every instance.
pub(super) fn nodes(args: &NodesArgs) -> Result<(), Failure> {
    let (plant, server) = files::both(&args.files)?;
    let table = Arc::new(TagTable::new(&plant));
    let uri = server
        .application_uri
        .clone()
        .unwrap_or_else(|| format!("urn:{}:cellhouse", hosts::machine()));
    let space = Space::new(&plant, table, &uri, &run::read_nodesets(&server)?)?;
    let format = match (args.csv, args.nodeset) {
        (true, _) => Format::Csv,
        (_, true) => Format::NodeSet,
        _ => Format::Tree,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match space::export(&space, format, &mut out).and_then(|()| out.flush()) {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

//! The name that a store has for those to whom its samples are forwarded: chance, made once, in a file of its own.

use std::fs;
use std::io;
use std::path::Path;

use rand::TryRngCore;
use rand::rngs::OsRng;

use crate::history::{Disk, HistoryError};

/// Bytes of chance; each is two letters of the name.
const BYTES: usize = 16;

/// The name of the store in `folder`; made if it has none.
pub(super) fn of(folder: &Path, disk: &dyn Disk) -> Result<String, HistoryError> {
    let path = folder.join("identity");
    let wrong = |source| HistoryError::disk(&path, source);
    match fs::read_to_string(&path) {
        Ok(name) if is_name(&name) => return Ok(name),
        // Anything else was not written by us: a new name is better than one that another store may have.
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(wrong(source)),
    }
    let mut bytes = [0; BYTES];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| wrong(io::Error::other(error)))?;
    let name = format!("{:032x}", u128::from_le_bytes(bytes));
    let beside = path.with_extension("new");
    let write = || {
        let mut file = disk.open(&beside)?;
        file.truncate(0)?;
        file.append(name.as_bytes())?;
        file.sync()?;
        disk.rename(&beside, &path)?;
        disk.sync_folder(folder)
    };
    write().map_err(wrong)?;
    Ok(name)
}

fn is_name(text: &str) -> bool {
    text.len() == 2 * BYTES && text.bytes().all(|it| it.is_ascii_hexdigit())
}

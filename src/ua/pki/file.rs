//! Files of certificates and keys: whole or not there.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::ua::pki::certificate::thumbprint_hex;

/// Mode of a file that anybody may read.
pub(super) const PUBLIC: u32 = 0o644;
/// Mode of a key.
pub(super) const PRIVATE: u32 = 0o600;

/// Writes beside and renames, so that a power cut leaves the old file or the new one. The file has its mode from its
/// first byte on.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    // One that a power cut has left may have another mode.
    remove(&beside)?;
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    out.write_all(bytes).and_then(|()| out.sync_all())?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file; one that is not there is no mistake.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until what a folder lists is on the medium.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// What a certificate or revocation list is called in a folder of the trust list: its SHA-1, whatever it says.
pub(super) fn name_of(place: &str, der: &[u8]) -> String {
    let ending = if place.ends_with("crl") { "crl" } else { "der" };
    format!("{}.{ending}", thumbprint_hex(der))
}

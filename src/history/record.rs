//! Records: length, checksum, bytes. A record that was not written whole ends a file, and so does anything else.

use crate::history::cursor::{Cursor, Malformed};

/// Bytes of one record at the most.
pub(super) const RECORD_BYTES_MAX: usize = 16 << 20;

/// Puts a record behind `out`.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(bytes);
}

/// The next record; `Malformed` where the file ends or is not whole.
pub(super) fn take<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let length = cursor.u32()? as usize;
    let checksum = cursor.u32()?;
    // A file that grew by a page of zeros before the power went has "records" of length 0.
    if length == 0 || length > RECORD_BYTES_MAX {
        return Err(Malformed);
    }
    let bytes = cursor.take(length)?;
    if crc32fast::hash(bytes) == checksum { Ok(bytes) } else { Err(Malformed) }
}

/// Passes over a record that may not be sound, if its length can be one.
pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    let length = cursor.u32()? as usize;
    cursor.u32()?;
    if length == 0 || length > RECORD_BYTES_MAX {
        return Err(Malformed);
    }
    cursor.take(length).map(|_| ())
}

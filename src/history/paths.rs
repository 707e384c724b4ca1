//! Paths of series with their numbers, as segments carry them: neighbours in number are mostly neighbours in the plant,
//! so that a path is what it shares with the one before, and the rest.

use crate::history::catalogue::Names;
use crate::history::cursor::{Cursor, Malformed, put_varint};

/// Bytes of a path at the most.
const PATH_BYTES_MAX: usize = 1 << 16;

/// Packs the paths of these series, which are in order.
pub(super) fn pack(series: &[u32], names: &Names) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut last, mut before) = (0, "");
    for &number in series {
        let Some(name) = names.get_index(number as usize) else { continue };
        let shared = name.bytes().zip(before.bytes()).take_while(|it| it.0 == it.1).count();
        put_varint(&mut out, u64::from(number - last));
        put_varint(&mut out, shared as u64);
        put_varint(&mut out, (name.len() - shared) as u64);
        out.extend(&name.as_bytes()[shared..]);
        (last, before) = (number, name);
    }
    out
}

/// The paths that were packed.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<(u32, String)>, Malformed> {
    let cursor = &mut Cursor(bytes);
    let mut found = Vec::new();
    let (mut number, mut name) = (0_u32, Vec::new());
    while !cursor.is_empty() {
        let step = u32::try_from(cursor.varint()?).map_err(|_| Malformed)?;
        number = number.checked_add(step).ok_or(Malformed)?;
        name.truncate(cursor.length(name.len())?);
        let rest = cursor.length(PATH_BYTES_MAX)?;
        name.extend(cursor.take(rest)?);
        found.push((number, String::from_utf8(name.clone()).map_err(|_| Malformed)?));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_as_they_were_packed() {
        let names: Names = ["Line1.EL1.Voltage", "Line1.EL1.Länge", "Line1.EL1.Lärm", "A", ""]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let packed = pack(&[0, 1, 2, 4], &names);
        let expected = [0, 1, 2, 4].map(|it| (it, names[it as usize].clone()));
        assert_eq!(unpack(&packed), Ok(expected.to_vec()));
        assert!(packed.len() < 40);
    }
}

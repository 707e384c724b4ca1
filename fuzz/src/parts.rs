//! An input that consists of parts: each has its length in front, two bytes, little endian.

/// The parts, as many as there are. A length that is too long means what is left.
pub(super) fn parts(input: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    let mut rest = input;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(behind.len());
        let (part, behind) = behind.split_at(length);
        all.push(part);
        rest = behind;
    }
    all
}

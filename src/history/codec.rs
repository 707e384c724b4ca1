//! Columns of numbers as few bytes. Long ones go through pco, which finds the distribution and the deltas; short
//! or regular ones have forms that need next to nothing.

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress_into};

use crate::history::cursor::{Cursor, Malformed, put_signed, put_varint};

/// Number by number.
const PLAIN: u8 = 0;
/// By pco.
const PCO: u8 = 1;
/// A first number and the same step to every next.
const REGULAR: u8 = 2;
/// Shorter columns are not worth pco's header.
const PCO_FROM: usize = 8;
/// What pco spends on looking for a good fit, of 0 to 12. Measured: decision 0001.
const LEVEL: usize = 4;

/// Writes whole numbers.
pub(super) fn put_integers(out: &mut Vec<u8>, numbers: &[i64]) {
    if let Some(step) = regular_step(numbers) {
        out.push(REGULAR);
        put_signed(out, numbers[0]);
        put_signed(out, step);
        return;
    }
    let mut plain = vec![PLAIN];
    let mut last = 0_i64;
    for &number in numbers {
        put_signed(&mut plain, number.wrapping_sub(last));
        last = number;
    }
    put_smaller(out, plain, numbers);
}

/// Reads `count` whole numbers.
pub(super) fn take_integers(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<i64>, Malformed> {
    match cursor.u8()? {
        PLAIN => {
            let mut last = 0_i64;
            let next = |_| {
                last = last.wrapping_add(cursor.signed()?);
                Ok(last)
            };
            (0..count).map(next).collect()
        }
        REGULAR => {
            let (first, step) = (cursor.signed()?, cursor.signed()?);
            Ok((0..count as i64).map(|it| first.wrapping_add(step.wrapping_mul(it))).collect())
        }
        PCO => unpack(cursor, vec![0; count]),
        _ => Err(Malformed),
    }
}

/// Writes doubles, every bit of them.
pub(super) fn put_numbers(out: &mut Vec<u8>, numbers: &[f64]) {
    let bits = |it: &f64| it.to_bits();
    if let Some((first, rest)) = numbers.split_first()
        && rest.iter().all(|it| bits(it) == bits(first))
    {
        out.push(REGULAR);
        out.extend(first.to_le_bytes());
        return;
    }
    let mut plain = vec![PLAIN];
    plain.extend(numbers.iter().flat_map(|it| it.to_le_bytes()));
    put_smaller(out, plain, numbers);
}

/// Reads `count` doubles.
pub(super) fn take_numbers(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<f64>, Malformed> {
    match cursor.u8()? {
        PLAIN => (0..count).map(|_| cursor.f64()).collect(),
        REGULAR => Ok(vec![cursor.f64()?; count]),
        PCO => unpack(cursor, vec![0.0; count]),
        _ => Err(Malformed),
    }
}

/// The step between all neighbours, if it is one.
fn regular_step(numbers: &[i64]) -> Option<i64> {
    let first = *numbers.first()?;
    let step = numbers.get(1).map_or(0, |it| it.wrapping_sub(first));
    numbers.windows(2).all(|it| it[1].wrapping_sub(it[0]) == step).then_some(step)
}

/// Writes what pco makes of a column if that is smaller than the plain form.
fn put_smaller<T: pco::data_types::Number>(out: &mut Vec<u8>, plain: Vec<u8>, numbers: &[T]) {
    let config = ChunkConfig::default().with_compression_level(LEVEL);
    let is_long = numbers.len() >= PCO_FROM;
    let packed = if is_long { simple_compress(numbers, &config).ok() } else { None };
    match packed.filter(|it| it.len() + 4 < plain.len()) {
        Some(packed) => {
            out.push(PCO);
            put_varint(out, packed.len() as u64);
            out.extend(packed);
        }
        None => out.extend(plain),
    }
}

fn unpack<T: pco::data_types::Number>(
    cursor: &mut Cursor<'_>,
    mut into: Vec<T>,
) -> Result<Vec<T>, Malformed> {
    let length = cursor.length(cursor.0.len())?;
    let packed = cursor.take(length)?;
    let progress = simple_decompress_into(packed, &mut into).map_err(|_| Malformed)?;
    if progress.n_processed == into.len() { Ok(into) } else { Err(Malformed) }
}

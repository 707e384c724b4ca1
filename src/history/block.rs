//! One block: neighbouring samples of one series in order of time, compressed without loss.
//!
//! Count · times · runs of quality · runs of kind · one column for each kind that occurs.

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::field::Quality;
use crate::history::codec::{put_integers, put_numbers, take_integers, take_numbers};
use crate::history::cursor::{Cursor, Malformed, put_varint};
use crate::history::{Batch, Column};
use crate::tag::Value;
use crate::time::Timestamp;

/// Samples of one block at the most.
pub(super) const BLOCK_SAMPLES_MAX: usize = 4096;
/// Elements of all arrays of one block, and bytes of all its texts, at the most: what a damaged length may ask for.
const ELEMENTS_MAX: usize = 1 << 24;

/// What kind of value it is. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Null,
    Bool,
    U16,
    U32,
    F64,
    Time,
    Text,
    Bools,
    Numbers,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Null,
        Self::Bool,
        Self::U16,
        Self::U32,
        Self::F64,
        Self::Time,
        Self::Text,
        Self::Bools,
        Self::Numbers,
    ];

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::U16(_) => Self::U16,
            Value::U32(_) => Self::U32,
            Value::F64(_) => Self::F64,
            Value::Time(_) => Self::Time,
            Value::Text(_) => Self::Text,
            Value::Bools(_) => Self::Bools,
            Value::Numbers(_) => Self::Numbers,
        }
    }

    pub(super) fn from_number(number: u8) -> Result<Self, Malformed> {
        Self::ALL.get(number as usize).copied().ok_or(Malformed)
    }
}

/// The quality with this number on disk.
pub(super) fn quality(number: u8) -> Result<Quality, Malformed> {
    Quality::ALL.get(number as usize).copied().ok_or(Malformed)
}

/// The bytes of `batch`, which is in order of time.
pub(super) fn encode(batch: &Batch) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, batch.len() as u64);
    put_integers(&mut out, &batch.times);
    put_runs(&mut out, batch.qualities.iter().map(|it| *it as u8));
    match &batch.values {
        Column::Numbers(numbers) => {
            put_runs(&mut out, numbers.iter().map(|_| Kind::F64 as u8));
            put_numbers(&mut out, numbers);
        }
        Column::Any(values) => put_any(&mut out, values),
    }
    out
}

/// The samples in the bytes of a block.
pub(super) fn decode(bytes: &[u8]) -> Result<Batch, Malformed> {
    let cursor = &mut Cursor(bytes);
    let count = cursor.length(BLOCK_SAMPLES_MAX)?;
    let times = take_integers(cursor, count)?;
    let mut qualities = Vec::with_capacity(count);
    for (number, run) in take_runs(cursor, count)? {
        qualities.extend(std::iter::repeat_n(quality(number)?, run));
    }
    let runs = take_runs(cursor, count)?;
    let values = match runs[..] {
        [(kind, run)] if kind == Kind::F64 as u8 => Column::Numbers(take_numbers(cursor, run)?),
        _ => Column::Any(take_any(cursor, &runs)?),
    };
    if cursor.is_empty() { Ok(Batch { times, values, qualities }) } else { Err(Malformed) }
}

/// Equal neighbours as one number and how many.
fn put_runs(out: &mut Vec<u8>, numbers: impl Iterator<Item = u8>) {
    let mut runs: Vec<(u8, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((last, run)) if *last == number => *run += 1,
            _ => runs.push((number, 1)),
        }
    }
    for (number, run) in runs {
        out.push(number);
        put_varint(out, run);
    }
}

fn take_runs(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<(u8, usize)>, Malformed> {
    let mut runs = Vec::new();
    let mut left = count;
    while left > 0 {
        let number = cursor.u8()?;
        let run = cursor.length(left)?;
        if run == 0 {
            return Err(Malformed);
        }
        left -= run;
        runs.push((number, run));
    }
    Ok(runs)
}

fn put_any(out: &mut Vec<u8>, values: &[Value]) {
    put_runs(out, values.iter().map(|it| Kind::of(it) as u8));
    for kind in Kind::ALL {
        let own: Vec<&Value> = values.iter().filter(|it| Kind::of(it) == kind).collect();
        if !own.is_empty() {
            put_kind(out, kind, &own);
        }
    }
}

fn put_kind(out: &mut Vec<u8>, kind: Kind, values: &[&Value]) {
    match kind {
        Kind::Null => {}
        Kind::Bool | Kind::U16 | Kind::U32 | Kind::Time => {
            let whole: Vec<i64> = values.iter().map(|it| whole(it)).collect();
            put_integers(out, &whole);
        }
        Kind::F64 => {
            let of = |it: &&Value| if let Value::F64(it) = it { *it } else { 0.0 };
            put_numbers(out, &values.iter().map(of).collect::<Vec<_>>());
        }
        Kind::Text => put_texts(out, values),
        Kind::Bools => {
            let of = |it: &&Value| match it {
                Value::Bools(it) => it.iter().map(|it| i64::from(*it)).collect(),
                _ => Vec::new(),
            };
            let arrays: Vec<Vec<i64>> = values.iter().map(of).collect();
            put_integers(out, &arrays.iter().map(|it| it.len() as i64).collect::<Vec<_>>());
            put_integers(out, &arrays.concat());
        }
        Kind::Numbers => {
            let of = |it: &&Value| match it {
                Value::Numbers(it) => it.to_vec(),
                _ => Vec::new(),
            };
            let arrays: Vec<Vec<f64>> = values.iter().map(of).collect();
            put_integers(out, &arrays.iter().map(|it| it.len() as i64).collect::<Vec<_>>());
            put_numbers(out, &arrays.concat());
        }
    }
}

/// A value as a whole number; 0 for what is none.
fn whole(value: &Value) -> i64 {
    match value {
        Value::Bool(it) => i64::from(*it),
        Value::U16(it) => i64::from(*it),
        Value::U32(it) => i64::from(*it),
        Value::Time(it) => it.ticks(),
        Value::Null | Value::F64(_) | Value::Text(_) | Value::Bools(_) | Value::Numbers(_) => 0,
    }
}

/// Texts repeat: each once, then which.
fn put_texts(out: &mut Vec<u8>, values: &[&Value]) {
    let mut texts: IndexSet<&str, FxBuildHasher> = IndexSet::default();
    let mut which = Vec::with_capacity(values.len());
    for value in values {
        if let Value::Text(text) = value {
            which.push(texts.insert_full(text.as_str()).0 as i64);
        }
    }
    put_varint(out, texts.len() as u64);
    for text in texts {
        put_varint(out, text.len() as u64);
        out.extend(text.as_bytes());
    }
    put_integers(out, &which);
}

fn take_any(cursor: &mut Cursor<'_>, runs: &[(u8, usize)]) -> Result<Vec<Value>, Malformed> {
    let mut columns = Vec::with_capacity(Kind::ALL.len());
    for kind in Kind::ALL {
        let own = runs.iter().filter(|it| it.0 == kind as u8);
        let count = own.map(|it| it.1).sum();
        let column = if count == 0 { Vec::new() } else { take_kind(cursor, kind, count)? };
        columns.push(column.into_iter());
    }
    let mut values = Vec::new();
    for &(kind, run) in runs {
        let column = columns.get_mut(kind as usize).ok_or(Malformed)?;
        values.extend(column.take(run));
    }
    Ok(values)
}

fn take_kind(cursor: &mut Cursor<'_>, kind: Kind, count: usize) -> Result<Vec<Value>, Malformed> {
    match kind {
        Kind::Null => Ok(vec![Value::Null; count]),
        Kind::F64 => Ok(take_numbers(cursor, count)?.into_iter().map(Value::F64).collect()),
        Kind::Bool | Kind::U16 | Kind::U32 | Kind::Time => {
            let whole = take_integers(cursor, count)?;
            whole.into_iter().map(|it| from_whole(kind, it)).collect()
        }
        Kind::Text => take_texts(cursor, count),
        Kind::Bools => {
            let lengths = take_lengths(cursor, count)?;
            let mut all =
                take_integers(cursor, lengths.iter().sum())?.into_iter().map(|it| it != 0);
            let array = |it: usize| Value::Bools(Arc::new(all.by_ref().take(it).collect()));
            Ok(lengths.into_iter().map(array).collect())
        }
        Kind::Numbers => {
            let lengths = take_lengths(cursor, count)?;
            let mut all = take_numbers(cursor, lengths.iter().sum())?.into_iter();
            let array = |it: usize| Value::Numbers(Arc::new(all.by_ref().take(it).collect()));
            Ok(lengths.into_iter().map(array).collect())
        }
    }
}

fn from_whole(kind: Kind, whole: i64) -> Result<Value, Malformed> {
    match kind {
        Kind::Bool => Ok(Value::Bool(whole != 0)),
        Kind::U16 => u16::try_from(whole).map(Value::U16).map_err(|_| Malformed),
        Kind::U32 => u32::try_from(whole).map(Value::U32).map_err(|_| Malformed),
        Kind::Time => Ok(Value::Time(Timestamp::from_ticks(whole))),
        Kind::Null | Kind::F64 | Kind::Text | Kind::Bools | Kind::Numbers => Err(Malformed),
    }
}

fn take_lengths(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<usize>, Malformed> {
    let mut left = ELEMENTS_MAX;
    let lengths = take_integers(cursor, count)?.into_iter().map(|it| {
        let length = usize::try_from(it).map_err(|_| Malformed)?;
        left = left.checked_sub(length).ok_or(Malformed)?;
        Ok(length)
    });
    lengths.collect()
}

fn take_texts(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<Value>, Malformed> {
    let mut texts = Vec::new();
    for _ in 0..cursor.length(BLOCK_SAMPLES_MAX)? {
        let length = cursor.length(cursor.0.len())?;
        let text = String::from_utf8(cursor.take(length)?.to_vec()).map_err(|_| Malformed)?;
        texts.push(Value::Text(Arc::new(text)));
    }
    let which = take_integers(cursor, count)?.into_iter();
    which.map(|it| texts.get(it as usize).cloned().ok_or(Malformed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_disk_stay_what_they_are() {
        assert!(Quality::ALL.iter().enumerate().all(|(index, it)| *it as usize == index));
        assert!(Kind::ALL.iter().enumerate().all(|(index, it)| *it as usize == index));
    }

    #[test]
    fn a_cut_block_is_malformed_and_never_a_panic() {
        let mut batch = Batch::default();
        for (number, value) in [Value::Text(Arc::new("on".into())), Value::U16(7), Value::F64(1.5)]
            .into_iter()
            .cycle()
            .take(100)
            .enumerate()
        {
            let time = Timestamp::from_ticks((number * number) as i64);
            batch.push(crate::history::Sample { time, value, quality: Quality::Good });
        }
        let bytes = encode(&batch);
        assert!(decode(&bytes).is_ok());
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err(), "{length}");
        }
    }
}

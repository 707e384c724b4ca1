//! Samples tags into chunks, each tag at its own rate, and hands the chunks out without copying what did not change.

use std::sync::Arc;

use crate::engine::{CHUNK_TAGS, Chunk, Turn};
use crate::field::Quality;
use crate::tag::{
    Device, DeviceIndex, Range, Row, Sampled, Scan, TagIndex, TagTable, Value, ValueType,
};
use crate::time::Timestamp;

/// Changes of quality that one snapshot tells; a run without snapshots keeps no more.
const TURNS_MAX: usize = 4096;

/// Where one tag comes from.
#[derive(Clone, Copy, Debug)]
struct Probe {
    device: DeviceIndex,
    /// Measured at a rate: its time moves at every evaluation, not only on change.
    rated: bool,
    /// Of an instrument: in single precision.
    single: bool,
    source: fn(&Scan<'_>, &Device) -> Sampled,
}

impl Probe {
    fn sample(self, scan: &Scan<'_>, table: &TagTable) -> Sampled {
        let mut sampled = (self.source)(scan, table.device(self.device));
        if self.single
            && let Value::F64(value) = &mut sampled.value
        {
            *value = f64::from(*value as f32);
        }
        sampled
    }
}

/// Whether a signal has the precision of what a transmitter sends: HART, Profibus PA and Foundation Fieldbus give
/// IEEE 754 singles. Setpoints are read as they were written, and totals count in doubles.
fn is_single(row: &Row) -> bool {
    row.value_type == ValueType::F64 && row.range != Range::None && row.setpoint.is_none()
}

/// Tags that are evaluated together, every so many scans.
#[derive(Debug)]
struct Group {
    every: u64,
    tags: Vec<u32>,
}

/// All tags as last sampled.
///
/// `working` is written in place. A chunk that changed is copied into an allocation that no snapshot
/// holds any more (its spare), so that a scan allocates next to nothing.
#[derive(Debug)]
pub(super) struct Sampler {
    table: Arc<TagTable>,
    probes: Vec<Probe>,
    groups: Vec<Group>,
    working: Vec<Chunk>,
    dirty: Vec<bool>,
    turns: Vec<Turn>,
    published: Vec<Arc<Chunk>>,
    spare: Vec<Arc<Chunk>>,
}

impl Sampler {
    /// For the tags of `table` at one scan every `scan_ms`.
    pub(super) fn new(table: Arc<TagTable>, scan_ms: u32) -> Self {
        let mut probes = Vec::with_capacity(table.len());
        let mut groups: Vec<Group> = Vec::new();
        for (index, device) in table.devices().iter().enumerate() {
            for row in table.rows(device.kind) {
                let tag = probes.len() as u32;
                let device = DeviceIndex(index as u32);
                let (rated, single) = (row.rate_ms > 0, is_single(row));
                probes.push(Probe { device, rated, single, source: row.source });
                let every = u64::from(row.rate_ms.div_ceil(scan_ms).max(1));
                match groups.iter_mut().find(|it| it.every == every) {
                    Some(group) => group.tags.push(tag),
                    None => groups.push(Group { every, tags: vec![tag] }),
                }
            }
        }
        let sizes = (0..probes.len()).step_by(CHUNK_TAGS);
        let sizes = sizes.map(|first| CHUNK_TAGS.min(probes.len() - first));
        let working: Vec<Chunk> = sizes.map(empty).collect();
        let published = working.iter().map(|it| Arc::new(it.clone())).collect();
        let spare = working.iter().map(|it| Arc::new(it.clone())).collect();
        let dirty = vec![true; working.len()];
        Self { table, probes, groups, working, dirty, turns: Vec::new(), published, spare }
    }

    /// The tags and devices.
    pub(super) fn table(&self) -> &Arc<TagTable> {
        &self.table
    }

    /// Evaluates every tag whose turn it is at scan `number`.
    pub(super) fn sample_due(&mut self, scan: &Scan<'_>, number: u64) {
        for group in &self.groups {
            if !number.is_multiple_of(group.every) {
                continue;
            }
            for &tag in &group.tags {
                let probe = self.probes[tag as usize];
                let sampled = probe.sample(scan, &self.table);
                let index = tag as usize / CHUNK_TAGS;
                note_turn(&mut self.turns, &self.working[index], tag, sampled.quality);
                let changed =
                    store(&mut self.working[index], tag as usize % CHUNK_TAGS, sampled, scan.time);
                if changed || probe.rated {
                    self.working[index].times[tag as usize % CHUNK_TAGS] = scan.time;
                    self.dirty[index] = true;
                }
            }
        }
    }

    /// Evaluates the tags of one device between scans; only those that changed get `time`.
    pub(super) fn resample(&mut self, scan: &Scan<'_>, device: DeviceIndex, time: Timestamp) {
        let TagIndex(first) = self.table.device(device).first_tag;
        let count = self.table.rows(self.table.device(device).kind).len() as u32;
        for tag in first..first + count {
            let probe = self.probes[tag as usize];
            let sampled = probe.sample(scan, &self.table);
            let index = tag as usize / CHUNK_TAGS;
            note_turn(&mut self.turns, &self.working[index], tag, sampled.quality);
            if store(&mut self.working[index], tag as usize % CHUNK_TAGS, sampled, time) {
                self.dirty[index] = true;
            }
        }
    }

    /// Value and quality of a tag as last sampled.
    pub(super) fn current(&self, TagIndex(tag): TagIndex) -> (&Value, Quality) {
        let chunk = &self.working[tag as usize / CHUNK_TAGS];
        let offset = tag as usize % CHUNK_TAGS;
        (&chunk.values[offset], chunk.qualities[offset])
    }

    /// A tag as last sampled, if it is a number that can be used.
    pub(super) fn number(&self, tag: TagIndex) -> Option<f64> {
        match self.current(tag) {
            (Value::F64(value), quality) if quality.is_usable() => Some(*value),
            _ => None,
        }
    }

    /// Signals whose quality has changed since this was last asked.
    pub(super) fn take_turns(&mut self) -> Vec<Turn> {
        std::mem::take(&mut self.turns)
    }

    /// The chunks for a snapshot: those that did not change are the ones handed out before.
    pub(super) fn chunks(&mut self) -> Vec<Arc<Chunk>> {
        for (index, dirty) in self.dirty.iter_mut().enumerate() {
            if !std::mem::take(dirty) {
                continue;
            }
            let spare = &mut self.spare[index];
            if let Some(chunk) = Arc::get_mut(spare) {
                copy_values(&mut chunk.values, &self.working[index].values);
                chunk.qualities.copy_from_slice(&self.working[index].qualities);
                chunk.times.copy_from_slice(&self.working[index].times);
            } else {
                // A slow reader still holds it: it keeps it, and a new one takes the place.
                *spare = Arc::new(self.working[index].clone());
            }
            std::mem::swap(spare, &mut self.published[index]);
        }
        self.published.clone()
    }
}

/// Copies values; numbers, which are most, without the detour over clone and drop.
fn copy_values(into: &mut [Value], from: &[Value]) {
    for (into, from) in into.iter_mut().zip(from) {
        match (into, from) {
            (Value::F64(into), Value::F64(from)) => *into = *from,
            (into, from) => into.clone_from(from),
        }
    }
}

/// A chunk of `size` tags without values.
fn empty(size: usize) -> Chunk {
    Chunk {
        values: vec![Value::Null; size],
        qualities: vec![Quality::WaitingForData; size],
        times: vec![Timestamp::default(); size],
    }
}

/// Notes a quality that is about to change. A first value is no change.
fn note_turn(turns: &mut Vec<Turn>, chunk: &Chunk, tag: u32, to: Quality) {
    let from = chunk.qualities[tag as usize % CHUNK_TAGS];
    if from != to && from != Quality::WaitingForData && turns.len() < TURNS_MAX {
        turns.push(Turn { tag: TagIndex(tag), from, to });
    }
}

/// Puts a sample in its place; whether value or quality changed, in which case it also gets `time`.
fn store(chunk: &mut Chunk, offset: usize, sampled: Sampled, time: Timestamp) -> bool {
    let value = &mut chunk.values[offset];
    let same = match (&mut *value, sampled.value) {
        // By bits, since a NaN does not equal itself and would change for ever.
        (Value::F64(old), Value::F64(new)) => {
            let same = old.to_bits() == new.to_bits();
            *old = new;
            same
        }
        // The old text or array stays, so that snapshots share it.
        (old, new) if *old == new => true,
        (old, new) => {
            *old = new;
            false
        }
    };
    if same && chunk.qualities[offset] == sampled.quality {
        return false;
    }
    chunk.qualities[offset] = sampled.quality;
    chunk.times[offset] = time;
    true
}

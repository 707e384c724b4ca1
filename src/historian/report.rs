//! How recording goes, for anyone to read.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::history::HistoryError;

/// How recording goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Health {
    /// All that comes is on disk.
    Good,
    /// The disk is full: samples wait in memory.
    DiskFull,
    /// The history has taken all the room it may, and is to keep the oldest: nothing new is kept.
    RoomTaken,
    /// The disk refuses: samples wait in memory.
    Failing,
    /// More came than could be written: some samples are lost.
    Behind,
}

impl Health {
    /// Every state, in the order of its number.
    pub const ALL: [Self; 5] =
        [Self::Good, Self::DiskFull, Self::RoomTaken, Self::Failing, Self::Behind];

    /// What an error of the store means for recording.
    pub(super) fn of(error: &HistoryError) -> Self {
        match error {
            HistoryError::NoSpace { .. } => Self::DiskFull,
            HistoryError::BytesMax { .. } => Self::RoomTaken,
            HistoryError::Behind { .. } => Self::Behind,
            _ => Self::Failing,
        }
    }
}

/// Counters of a historian. Each number for itself.
#[derive(Debug, Default)]
pub struct Report {
    health: AtomicU8,
    recorded: AtomicU64,
    lost: AtomicU64,
    missed: AtomicU64,
}

impl Report {
    /// How recording goes.
    pub fn health(&self) -> Health {
        let number = self.health.load(Ordering::Relaxed);
        Health::ALL.get(usize::from(number)).copied().unwrap_or(Health::Failing)
    }

    /// Samples taken since the start.
    pub fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Samples that came and were not kept.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Snapshots and other orders to record that found the queue full.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    pub(super) fn set_health(&self, health: Health) {
        self.health.store(health as u8, Ordering::Relaxed);
    }

    pub(super) fn count(&self, recorded: u64, lost: u64) {
        self.recorded.fetch_add(recorded, Ordering::Relaxed);
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// A snapshot, or what else was to be recorded, found the queue full.
    pub fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }
}

//! Aggregates of monitored items (Part 4, 7.22.4): one value per processing interval, by the rules of history, from the
//! samples as they come. Nothing of them is kept but what the interval at work adds up.

use crate::time::Timestamp;
use crate::ua::aggregate::bound::{Ahead, Past};
use crate::ua::aggregate::interval::{Edges, Interval, Processed};
use crate::ua::aggregate::rules::{Class, Configuration, Rules};
use crate::ua::aggregate::{Columns, Function, Kind, Point, TICKS_PER_MS};

/// Intervals that one sample may finish; after a longer gap the oldest are not reported.
const MOST_FINISHED: i64 = 100;

/// What a client asks for, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AggregateSettings {
    /// What.
    pub function: Function,
    /// Intervals begin here and at every whole number of intervals before and after.
    pub start: Timestamp,
    /// Length of an interval, ms, above 0.
    pub interval_ms: f64,
    /// What counts as good.
    pub configuration: Configuration,
    /// A value holds up to the next one.
    pub is_stepped: bool,
    /// Data type of the source.
    pub kind: Kind,
}

/// An aggregate at work.
#[derive(Clone, Debug)]
pub struct Aggregate {
    settings: AggregateSettings,
    ticks: i64,
    past: Past,
    /// That of the moment.
    edges: Edges,
    /// Opened with the first sample at its start or behind it.
    interval: Option<Interval>,
}

impl Aggregate {
    /// Starts at the interval that `now` lies in, or at its start if that is yet to come.
    pub fn new(settings: AggregateSettings, now: Timestamp) -> Self {
        let now = now.max(settings.start);
        let ticks = ((settings.interval_ms * TICKS_PER_MS) as i64).max(1);
        let phase = (now.ticks().saturating_sub(settings.start.ticks())).rem_euclid(ticks);
        let low = now.ticks() - phase;
        let edges = Edges { low, high: low + ticks, is_cut: phase != 0 };
        Self { settings, ticks, past: Past::default(), edges, interval: None }
    }

    /// What was asked for.
    pub fn settings(&self) -> AggregateSettings {
        self.settings
    }

    /// Start of the interval that is being calculated.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_ticks(self.edges.low)
    }

    /// Takes a sample: the intervals that it ends, oldest first.
    pub fn feed(&mut self, point: Point) -> Vec<Processed> {
        let mut finished = Vec::new();
        if self.past.last.is_some_and(|last| point.time < last.time) {
            return finished;
        }
        let rules = self.rules();
        let is_usable = rules.class(point.value, point.status) != Class::Bad;
        let ahead = Ahead { next: Some(point), usable: Some(point).filter(|_| is_usable) };
        let columns = Columns {
            ticks: &[point.time.ticks()],
            values: &[point.value],
            statuses: &[point.status],
        };
        let behind = (point.time.ticks() - self.edges.low) / self.ticks;
        if behind > MOST_FINISHED {
            self.move_on(behind - MOST_FINISHED);
            self.edges.is_cut = true;
        }
        while point.time.ticks() >= self.edges.high {
            let mut interval = self.open(&ahead);
            interval.foresee(&ahead);
            finished.push(interval.close(&self.past, &ahead));
            self.move_on(1);
        }
        if point.time.ticks() >= self.edges.low {
            let mut interval = self.open(&ahead);
            interval.take(&columns);
            self.interval = Some(interval);
        }
        self.past.take(rules, &columns);
        finished
    }

    /// The interval of the moment, opened if it is not.
    fn open(&mut self, ahead: &Ahead) -> Interval {
        if let Some(interval) = self.interval.take() {
            return interval;
        }
        let mut interval = Interval::open(self.rules(), self.edges, &self.past, ahead);
        interval.foresee(ahead);
        interval
    }

    fn move_on(&mut self, intervals: i64) {
        let low = self.edges.low + intervals * self.ticks;
        self.edges = Edges { low, high: low + self.ticks, is_cut: false };
        self.interval = None;
    }

    fn rules(&self) -> Rules {
        let AggregateSettings { function, configuration, is_stepped, kind, .. } = self.settings;
        Rules { function, configuration, kind, is_stepped, is_backward: false }
    }
}

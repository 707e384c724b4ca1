//! What aggregates of a month of samples each second cost, without decoding: `cargo bench --bench aggregates`.
#![expect(clippy::print_stdout, reason = "says what it has measured")]

use std::convert::Infallible;
use std::hint::black_box;

use cellhouse::time::{Timestamp, monotonic};
use cellhouse::ua::aggregate::{
    Columns, Configuration, Function, Kind, Point, Query, Source, Wanted,
};

/// Samples of a month.
const SAMPLES: usize = 30 * 86_400;
/// Samples that a source shows at once.
const PIECE: usize = 4096;
/// Ticks in a second.
const SECOND: i64 = 10_000_000;

/// A month in memory, all of it good.
struct Month {
    ticks: Vec<i64>,
    values: Vec<f64>,
    statuses: Vec<u32>,
}

impl Month {
    fn new() -> Self {
        Self {
            ticks: (0..SAMPLES as i64).map(|it| it * SECOND + 1).collect(),
            values: (0..SAMPLES).map(|it| (it as f64 / 1000.0).sin()).collect(),
            statuses: vec![0; SAMPLES],
        }
    }

    fn index(&self, time: Timestamp) -> usize {
        self.ticks.partition_point(|it| *it < time.ticks())
    }

    fn columns(&self, from: usize, to: usize) -> Columns<'_> {
        Columns {
            ticks: &self.ticks[from..to],
            values: &self.values[from..to],
            statuses: &self.statuses[from..to],
        }
    }
}

impl Source for Month {
    type Error = Infallible;

    fn scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(Columns<'_>) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let (from, to) = (self.index(from), self.index(to));
        (from..to).step_by(PIECE).try_for_each(|it| visit(self.columns(it, to.min(it + PIECE))))
    }

    fn last_before(&self, time: Timestamp, _: Wanted) -> Result<Option<Point>, Infallible> {
        let index = self.index(time);
        Ok((index > 0).then(|| self.columns(index - 1, index).get(0)))
    }

    fn first_from(&self, time: Timestamp, _: Wanted) -> Result<Option<Point>, Infallible> {
        let index = self.index(time);
        Ok((index < SAMPLES).then(|| self.columns(index, index + 1).get(0)))
    }

    fn count_annotations(&self, _: Timestamp, _: Timestamp) -> Result<u32, Infallible> {
        Ok(0)
    }
}

fn main() {
    let month = Month::new();
    for (_, function) in Function::ALL {
        let costs = [3_600_000.0, 1000.0].map(|interval_ms| cost_ms(&month, function, interval_ms));
        println!("{function:?}: hours {:.1} ms, seconds {:.0} ms", costs[0], costs[1]);
    }
}

/// The best of three, ms.
fn cost_ms(month: &Month, function: Function, interval_ms: f64) -> f64 {
    let query = Query {
        function,
        start: Timestamp::from_ticks(0),
        end: Timestamp::from_ticks(SAMPLES as i64 * SECOND),
        interval_ms,
        configuration: Configuration::default(),
        is_stepped: false,
        kind: Kind::F64,
    };
    let intervals = query.check().expect("the query is sound");
    let mut best = f64::MAX;
    for _ in 0..3 {
        let began = monotonic();
        black_box(intervals.read(month, 0, usize::MAX)).expect("memory can be read");
        best = best.min(began.elapsed().as_secs_f64() * 1000.0);
    }
    best
}

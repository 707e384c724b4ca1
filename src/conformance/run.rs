//! Runs the cases: side by side where they do not disturb each other, one by one where they do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::conformance::report::{Report, Row, Verdict};
use crate::conformance::{Bench, Case, Stop, cases};
use crate::time;

/// Cases at a time.
const THREADS: usize = 8;

/// Runs every case that is wanted; `say` hears each as it ends.
pub fn run(bench: &Bench, say: &(dyn Fn(&Row) + Sync)) -> Report {
    let wanted: Vec<Case> = cases()
        .into_iter()
        .filter(|it| bench.options.only.as_ref().is_none_or(|only| it.id.contains(only.as_str())))
        .collect();
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::new(Vec::new());
    let keep = |at: usize, row: Row| {
        say(&row);
        if let Ok(mut rows) = rows.lock() {
            rows.push((at, row));
        }
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = wanted.get(at) else { return };
                    if !case.is_alone {
                        keep(at, one(bench, case));
                    }
                }
            });
        }
    });
    for (at, case) in wanted.iter().enumerate().filter(|(_, it)| it.is_alone) {
        keep(at, one(bench, case));
    }
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by_key(|(at, _)| *at);
    Report { url: bench.options.url.clone(), rows: rows.into_iter().map(|(_, row)| row).collect() }
}

fn one(bench: &Bench, case: &Case) -> Row {
    let start = time::monotonic();
    // A server may answer what no case has thought of: that must cost one case, not the run.
    let done = catch_unwind(AssertUnwindSafe(|| (case.run)(bench)));
    let verdict = match done {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(Stop::Failed(why))) => Verdict::Failed(why),
        Ok(Err(Stop::Skipped(why))) => Verdict::Skipped(why),
        Err(_) => Verdict::Failed("the case itself broke on the server's answer".to_owned()),
    };
    Row { id: case.id, title: case.title, verdict, took: time::monotonic() - start }
}

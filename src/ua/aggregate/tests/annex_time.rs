//! The tables of Part 13 (1.04), Annex A: aggregates over time.

use std::fmt::Write;

use crate::ua::aggregate::Function as F;
use crate::ua::aggregate::tests::annex::{of_5_s, of_16_s};
use crate::ua::aggregate::tests::memory::{Historian, check};

/// A.4. Behind the last sample the value is extrapolated, so that no interval is partial there.
#[test]
fn ha_29_time_average_draws_lines_over_bad_samples() {
    of_5_s(
        F::TimeAverage,
        1,
        "0:00.000 -    BadNoData
         0:05.000 -    BadNoData
         0:10.000 12.5 Good, Calculated
         0:15.000 17.5 Good, Calculated
         0:20.000 22.5 Good, Calculated
         0:25.000 27.5 Good, Calculated
         0:30.000 32.5 UncertainDataSubNormal, Calculated
         0:35.000 37.5 UncertainDataSubNormal, Calculated
         0:40.000 42.5 UncertainDataSubNormal, Calculated
         0:45.000 47.5 UncertainDataSubNormal, Calculated
         0:50.000 52.5 Good, Calculated
         0:55.000 57.5 Good, Calculated
         1:00.000 62.5 UncertainDataSubNormal, Calculated
         1:05.000 67.5 UncertainDataSubNormal, Calculated
         1:10.000 72.5 UncertainDataSubNormal, Calculated
         1:15.000 77.5 UncertainDataSubNormal, Calculated
         1:20.000 82.5 Good, Calculated
         1:25.000 87.5 Good, Calculated
         1:30.000 90   UncertainDataSubNormal, Calculated
         1:35.000 90   UncertainDataSubNormal, Calculated",
    );
}

/// A.4: the first interval with data is partial and uncertain; that at 12:00:45 is 40 (the OPC Foundation's forum of
/// 2016 confirms it).
#[test]
fn ha_29_time_average_of_scattered_samples() {
    let historian = Historian::new(2);
    let values = historian.read(historian.query(F::TimeAverage, 5.0));
    check(
        "TimeAverage",
        &[values[0].clone(), values[9].clone()],
        "0:00.000 10.652 UncertainDataSubNormal, Calculated, Partial
         0:45.000 40     UncertainDataSubNormal, Calculated",
    );
}

/// A.5.
#[test]
fn ha_29_time_average_2_leaves_bad_time_out() {
    of_5_s(
        F::TimeAverage2,
        1,
        "0:00.000 -    BadNoData
         0:05.000 -    BadNoData
         0:10.000 12.5 Good, Calculated
         0:15.000 17.5 Good, Calculated
         0:20.000 22.5 Good, Calculated
         0:25.000 27.5 Good, Calculated
         0:30.000 30   UncertainDataSubNormal, Calculated
         0:35.000 30   UncertainDataSubNormal, Calculated
         0:40.000 -    BadNoData
         0:45.000 -    BadNoData
         0:50.000 52.5 Good, Calculated
         0:55.000 57.5 Good, Calculated
         1:00.000 62.5 UncertainDataSubNormal, Calculated
         1:05.000 67.5 UncertainDataSubNormal, Calculated
         1:10.000 72.5 UncertainDataSubNormal, Calculated
         1:15.000 77.5 UncertainDataSubNormal, Calculated
         1:20.000 82.5 Good, Calculated
         1:25.000 87.5 Good, Calculated
         1:30.000 90   UncertainDataSubNormal, Calculated, Partial
         1:35.000 -    BadNoData",
    );
}

/// A.5, up to where the table could be looked up.
#[test]
fn ha_29_time_average_2_of_scattered_samples() {
    let historian = Historian::new(2);
    let values = historian.read(historian.query(F::TimeAverage2, 5.0));
    check(
        "TimeAverage2",
        &values[..15],
        "0:00.000 10.652 UncertainDataSubNormal, Calculated, Partial
         0:05.000 12.391 Good, Calculated
         0:10.000 14.565 Good, Calculated
         0:15.000 16.739 Good, Calculated
         0:20.000 18.913 Good, Calculated
         0:25.000 23.682 Good, Calculated
         0:30.000 27.045 Good, Calculated
         0:35.000 29.273 UncertainDataSubNormal, Calculated
         0:40.000 30     UncertainDataSubNormal, Calculated
         0:45.000 42.5   UncertainDataSubNormal, Calculated
         0:50.000 49.45  Good, Calculated
         0:55.000 52.75  Good, Calculated
         1:00.000 55.25  Good, Calculated
         1:05.000 57.75  Good, Calculated
         1:10.000 59.8   UncertainDataSubNormal, Calculated",
    );
}

/// 5.4.3.9, from A.5: time that is not bad times its mean.
#[test]
fn ha_29_total_2_is_of_the_time_that_is_not_bad() {
    let historian = Historian::new(2);
    let values = historian.read(historian.query(F::Total2, 5.0));
    check(
        "Total2",
        &values[7..11],
        "0:35.000 146.364 UncertainDataSubNormal, Calculated
         0:40.000 60      UncertainDataSubNormal, Calculated
         0:45.000 85      UncertainDataSubNormal, Calculated
         0:50.000 247.25  Good, Calculated",
    );
}

/// 5.4.3.8, from A.4.
#[test]
fn ha_29_total_is_of_the_whole_time() {
    let historian = Historian::new(1);
    let values = historian.read(historian.query(F::Total, 5.0));
    check(
        "Total",
        &values[2..7],
        "0:10.000 62.5  Good, Calculated
         0:15.000 87.5  Good, Calculated
         0:20.000 112.5 Good, Calculated
         0:25.000 137.5 Good, Calculated
         0:30.000 162.5 UncertainDataSubNormal, Calculated",
    );
}

/// A.20 and A.21.
#[test]
fn ha_29_durations_in_states() {
    of_16_s(
        F::DurationInStateZero,
        4,
        "0:00.000 0     UncertainDataSubNormal, Calculated, Partial
         0:16.000 3000  Good, Calculated
         0:32.000 0     UncertainDataSubNormal, Calculated
         0:48.000 12000 Good, Calculated
         1:04.000 13000 UncertainDataSubNormal, Calculated
         1:20.000 4000  UncertainDataSubNormal, Calculated, Partial
         1:36.000 -     BadNoData",
    );
    of_16_s(
        F::DurationInStateNonZero,
        4,
        "0:00.000 14000 UncertainDataSubNormal, Calculated, Partial
         0:16.000 13000 Good, Calculated
         0:32.000 10000 UncertainDataSubNormal, Calculated
         0:48.000 4000  Good, Calculated
         1:04.000 0     UncertainDataSubNormal, Calculated
         1:20.000 3001  UncertainDataSubNormal, Calculated, Partial
         1:36.000 -     BadNoData",
    );
}

/// A.29. The interval at the end of the data ends one step of the clock behind the last sample.
#[test]
fn ha_29_duration_good() {
    of_16_s(
        F::DurationGood,
        1,
        "0:00.000 6000  Good, Calculated, Partial
         0:16.000 16000 Good, Calculated
         0:32.000 0     Good, Calculated
         0:48.000 14000 Good, Calculated
         1:04.000 0     Good, Calculated
         1:20.000 10001 Good, Calculated, Partial
         1:36.000 -     BadNoData",
    );
    for historian in [2, 3, 4] {
        of_16_s(
            F::DurationGood,
            historian,
            "0:00.000 14000 Good, Calculated, Partial
             0:16.000 16000 Good, Calculated
             0:32.000 10000 Good, Calculated
             0:48.000 16000 Good, Calculated
             1:04.000 13000 Good, Calculated
             1:20.000 7001  Good, Calculated, Partial
             1:36.000 -     BadNoData",
        );
    }
}

/// A.30, A.31 and A.32 as node-opcua's tests have them. That it gives "Bad" for PercentGood of historian 1 at 12:00:32
/// is its error: the status is always good (5.4.3.33), and A.29 has a duration of 0 there.
#[test]
fn ha_29_duration_bad_and_percentages() {
    for (function, of_regular, of_scattered) in [
        (
            F::DurationBad,
            [10000.0, 0.0, 8000.0, 2000.0, 0.0, 0.0],
            [2000.0, 0.0, 6000.0, 0.0, 3000.0, 3000.0],
        ),
        (
            F::PercentGood,
            [37.5, 100.0, 0.0, 87.5, 0.0, 100.0],
            [87.5, 100.0, 62.5, 100.0, 81.25, 70.003],
        ),
        (F::PercentBad, [62.5, 0.0, 50.0, 12.5, 0.0, 0.0], [12.5, 0.0, 37.5, 0.0, 18.75, 29.997]),
    ] {
        for (historian, expected) in
            [(1, of_regular), (2, of_scattered), (3, of_scattered), (4, of_scattered)]
        {
            let starts = ["0:00", "0:16", "0:32", "0:48", "1:04", "1:20"];
            let mut table = String::new();
            for (start, value) in starts.into_iter().zip(expected) {
                let is_partial = start == "0:00" || start == "1:20";
                let partial = if is_partial { ", Partial" } else { "" };
                writeln!(table, "{start}.000 {value} Good, Calculated{partial}").unwrap();
            }
            table += "1:36.000 - BadNoData";
            of_16_s(function, historian, &table);
        }
    }
}

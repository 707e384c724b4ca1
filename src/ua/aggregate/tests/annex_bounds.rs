//! The tables of Part 13 (1.04), Annex A: aggregates that return bounds.

use crate::ua::aggregate::Function as F;
use crate::ua::aggregate::tests::annex::{of_5_s, of_16_s};

/// A.2.
#[test]
fn ha_29_interpolative_of_regular_samples() {
    of_5_s(
        F::Interpolative,
        1,
        "0:00.000 -  BadNoData
         0:05.000 -  BadNoData
         0:10.000 10 Good
         0:15.000 15 Good, Interpolated
         0:20.000 20 Good
         0:25.000 25 Good, Interpolated
         0:30.000 30 Good
         0:35.000 35 UncertainDataSubNormal, Interpolated
         0:40.000 40 UncertainDataSubNormal, Interpolated
         0:45.000 45 UncertainDataSubNormal, Interpolated
         0:50.000 50 Good
         0:55.000 55 Good, Interpolated
         1:00.000 60 Good
         1:05.000 65 UncertainDataSubNormal, Interpolated
         1:10.000 70 Uncertain
         1:15.000 75 UncertainDataSubNormal, Interpolated
         1:20.000 80 Good
         1:25.000 85 Good, Interpolated
         1:30.000 90 Good
         1:35.000 90 UncertainDataSubNormal, Interpolated",
    );
}

/// A.2.
#[test]
fn ha_29_interpolative_of_scattered_samples() {
    of_5_s(
        F::Interpolative,
        2,
        "0:00.000 -      BadNoData
         0:05.000 11.304 Good, Interpolated
         0:10.000 13.478 Good, Interpolated
         0:15.000 15.652 Good, Interpolated
         0:20.000 17.826 Good, Interpolated
         0:25.000 20     Good
         0:30.000 25.909 Good, Interpolated
         0:35.000 28.182 Good, Interpolated
         0:40.000 31.111 UncertainDataSubNormal, Interpolated
         0:45.000 36.667 UncertainDataSubNormal, Interpolated
         0:50.000 45     Good, Interpolated
         0:55.000 51.5   Good, Interpolated
         1:00.000 54     Good, Interpolated
         1:05.000 56.5   Good, Interpolated
         1:10.000 59     Good, Interpolated
         1:15.000 62.727 UncertainDataSubNormal, Interpolated
         1:20.000 67.273 UncertainDataSubNormal, Interpolated
         1:25.000 76.667 Good, Interpolated
         1:30.000 90     Good
         1:35.000 90     UncertainDataSubNormal, Interpolated",
    );
}

/// A.2.
#[test]
fn ha_29_interpolative_of_held_values() {
    of_5_s(
        F::Interpolative,
        3,
        "0:00.000 -  BadNoData
         0:05.000 10 Good, Interpolated
         0:10.000 10 Good, Interpolated
         0:15.000 10 Good, Interpolated
         0:20.000 10 Good, Interpolated
         0:25.000 20 Good
         0:30.000 25 Good, Interpolated
         0:35.000 25 Good, Interpolated
         0:40.000 30 Good, Interpolated
         0:45.000 30 UncertainDataSubNormal, Interpolated
         0:50.000 40 Good, Interpolated
         0:55.000 50 Good, Interpolated
         1:00.000 50 Good, Interpolated
         1:05.000 50 Good, Interpolated
         1:10.000 50 Good, Interpolated
         1:15.000 60 Good, Interpolated
         1:20.000 60 UncertainDataSubNormal, Interpolated
         1:25.000 70 Good, Interpolated
         1:30.000 90 Good
         1:35.000 90 UncertainDataSubNormal, Interpolated",
    );
}

/// A.13.
#[test]
fn ha_29_minimum_2() {
    of_16_s(
        F::Minimum2,
        1,
        "0:00.000 10 UncertainDataSubNormal, Calculated, Partial
         0:16.000 16 UncertainDataSubNormal, Interpolated
         0:32.000 30 UncertainDataSubNormal, Interpolated
         0:48.000 50 UncertainDataSubNormal, Calculated
         1:04.000 64 UncertainDataSubNormal, Interpolated
         1:20.000 80 UncertainDataSubNormal, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::Minimum2,
        2,
        "0:00.000 10     UncertainDataSubNormal, Calculated, Partial
         0:16.000 16.087 Good, Interpolated
         0:32.000 26.818 UncertainDataSubNormal, Interpolated
         0:48.000 40     Good
         1:04.000 56     UncertainDataSubNormal, Interpolated
         1:20.000 70     UncertainDataSubNormal, Calculated, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::Minimum2,
        3,
        "0:00.000 10 Good, Calculated, Partial
         0:16.000 10 Good, Interpolated
         0:32.000 25 Good, Interpolated
         0:48.000 40 Good
         1:04.000 50 Good, Interpolated
         1:20.000 70 Good, Calculated, Partial
         1:36.000 -  BadNoData",
    );
}

/// A.14.
#[test]
fn ha_29_maximum_2() {
    of_16_s(
        F::Maximum2,
        1,
        "0:00.000 16 UncertainDataSubNormal, Interpolated, Partial
         0:16.000 30 UncertainDataSubNormal, Calculated, MultipleValues
         0:32.000 30 UncertainDataSubNormal, Interpolated
         0:48.000 64 UncertainDataSubNormal, Interpolated
         1:04.000 80 UncertainDataSubNormal, Calculated
         1:20.000 90 UncertainDataSubNormal, Calculated, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::Maximum2,
        2,
        "0:00.000 16.087 UncertainDataSubNormal, Interpolated, Partial
         0:16.000 26.818 Good, Interpolated
         0:32.000 40     UncertainDataSubNormal, Calculated
         0:48.000 56     Good, Interpolated
         1:04.000 60     UncertainDataSubNormal, Calculated
         1:20.000 90     UncertainDataSubNormal, Calculated, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::Maximum2,
        3,
        "0:00.000 10 Good, Calculated, Partial
         0:16.000 25 Good, Calculated
         0:32.000 30 Good, Calculated
         0:48.000 50 Good, Calculated
         1:04.000 60 Good, Calculated
         1:20.000 90 Good, Calculated, Partial
         1:36.000 -  BadNoData",
    );
}

/// A.15.
#[test]
fn ha_29_minimum_2_at_its_own_time() {
    of_16_s(
        F::MinimumActualTime2,
        1,
        "0:10.000 10 UncertainDataSubNormal, Partial
         0:16.000 16 UncertainDataSubNormal, Interpolated
         0:32.000 30 UncertainDataSubNormal, Interpolated
         0:50.000 50 UncertainDataSubNormal
         1:04.000 64 UncertainDataSubNormal, Interpolated
         1:20.000 80 UncertainDataSubNormal, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::MinimumActualTime2,
        2,
        "0:02.000 10     UncertainDataSubNormal, Partial
         0:16.000 16.087 Good, Interpolated
         0:32.000 26.818 UncertainDataSubNormal, Interpolated
         0:48.000 40     Good
         1:04.000 56     UncertainDataSubNormal, Interpolated
         1:23.000 70     UncertainDataSubNormal, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::MinimumActualTime2,
        3,
        "0:02.000 10 Good, Partial
         0:16.000 10 Good, Interpolated
         0:32.000 25 Good, Interpolated
         0:48.000 40 Good
         1:04.000 50 Good, Interpolated
         1:23.000 70 Good, Partial
         1:36.000 -  BadNoData",
    );
}

/// A.16: a value at the end of the interval has the time just before it.
#[test]
fn ha_29_maximum_2_at_its_own_time() {
    of_16_s(
        F::MaximumActualTime2,
        1,
        "0:15.999 16 UncertainDataSubNormal, Interpolated, Partial
         0:30.000 30 UncertainDataSubNormal, MultipleValues
         0:32.000 30 UncertainDataSubNormal, Interpolated
         1:03.999 64 UncertainDataSubNormal, Interpolated
         1:19.999 80 UncertainDataSubNormal, Interpolated
         1:30.000 90 UncertainDataSubNormal, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::MaximumActualTime2,
        2,
        "0:15.999 16.087 UncertainDataSubNormal, Interpolated, Partial
         0:31.999 26.818 Good, Interpolated
         0:47.999 40     UncertainDataSubNormal, Interpolated
         1:03.999 56     Good, Interpolated
         1:12.000 60     UncertainDataSubNormal
         1:30.000 90     UncertainDataSubNormal, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::MaximumActualTime2,
        3,
        "0:02.000 10 Good, Partial
         0:28.000 25 Good
         0:39.000 30 Good
         0:52.000 50 Good
         1:12.000 60 Good
         1:30.000 90 Good, Partial
         1:36.000 -  BadNoData",
    );
}

/// A.25.
#[test]
fn ha_29_start_bound() {
    of_16_s(
        F::StartBound,
        1,
        "0:00.000 -  BadNoData, Partial
         0:16.000 16 Good, Interpolated
         0:32.000 30 UncertainDataSubNormal, Interpolated
         0:48.000 -  BadNoData
         1:04.000 64 UncertainDataSubNormal, Interpolated
         1:20.000 80 Good, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::StartBound,
        2,
        "0:00.000 -      BadNoData, Partial
         0:16.000 16.087 Good, Interpolated
         0:32.000 26.818 Good, Interpolated
         0:48.000 40     Good
         1:04.000 56     Good, Interpolated
         1:20.000 -      BadNoData, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::StartBound,
        3,
        "0:00.000 -  BadNoData, Partial
         0:16.000 10 Good, Interpolated
         0:32.000 25 Good, Interpolated
         0:48.000 40 Good
         1:04.000 50 Good, Interpolated
         1:20.000 -  BadNoData, Partial
         1:36.000 -  BadNoData",
    );
}

/// 5.4.3.29 and 5.4.3.30, from A.25: the end of one interval is the start of the next.
#[test]
fn ha_29_end_bound_and_delta_bounds() {
    of_16_s(
        F::EndBound,
        2,
        "0:00.000 16.087 Good, Calculated, Partial
         0:16.000 26.818 Good, Calculated
         0:32.000 40     Good, Calculated
         0:48.000 56     Good, Calculated
         1:04.000 -      BadNoData
         1:20.000 -      BadNoData, Partial
         1:36.000 -      BadNoData",
    );
    of_16_s(
        F::DeltaBounds,
        1,
        "0:00.000 -  BadNoData, Partial
         0:16.000 14 UncertainDataSubNormal, Calculated
         0:32.000 -  BadNoData
         0:48.000 -  BadNoData
         1:04.000 16 UncertainDataSubNormal, Calculated
         1:20.000 -  BadNoData, Partial
         1:36.000 -  BadNoData",
    );
}

//! Values at given times (Part 11, 6.5.5).

use opcua_types::Variant;

use crate::ua::aggregate::tests::memory::{Historian, at, check};
use crate::ua::aggregate::{AtTime, Processed};

fn read(historian: usize, use_simple_bounds: bool, seconds: &[f64]) -> Vec<Processed> {
    let Historian { memory, configuration, is_stepped, kind } = Historian::new(historian);
    let times: Vec<_> = seconds.iter().map(|it| at(*it)).collect();
    AtTime { configuration, is_stepped, kind, use_simple_bounds }.read(&memory, &times).unwrap()
}

/// A stored value comes as it is, a bad one without its number.
#[test]
fn ha_18_stored_values_are_returned_at_their_times() {
    check(
        "stored",
        &read(1, false, &[90.0, 10.0, 40.0, 70.0]),
        "1:30.000 90 Good\n0:10.000 10 Good\n0:40.000 - Bad\n1:10.000 70 Uncertain",
    );
}

/// Over the bad sample, and behind the last one.
#[test]
fn ha_18_between_samples_values_are_interpolated() {
    check(
        "interpolated",
        &read(1, false, &[-5.0, 5.0, 15.0, 35.0, 45.0, 65.0, 95.0]),
        "0:-5.000 - BadNoData
         0:05.000 - BadNoData
         0:15.000 15 Good, Interpolated
         0:35.000 35 UncertainDataSubNormal, Interpolated
         0:45.000 45 UncertainDataSubNormal, Interpolated
         1:05.000 65 UncertainDataSubNormal, Interpolated
         1:35.000 90 UncertainDataSubNormal, Interpolated",
    );
}

/// UseSimpleBounds: up to a bad sample the value holds, behind it there is none.
#[test]
fn ha_18_simple_bounds_do_not_reach_over_bad_samples() {
    check(
        "simple",
        &read(1, true, &[5.0, 15.0, 35.0, 45.0, 65.0, 95.0]),
        "0:05.000 - BadNoData
         0:15.000 15 Good, Interpolated
         0:35.000 30 UncertainDataSubNormal, Interpolated
         0:45.000 - BadNoData
         1:05.000 65 UncertainDataSubNormal, Interpolated
         1:35.000 - BadNoData",
    );
}

#[test]
fn ha_18_held_values_are_not_interpolated_along_a_slope() {
    check(
        "held",
        &read(3, false, &[20.0, 41.0, 45.0, 95.0]),
        "0:20.000 10 Good, Interpolated
         0:41.000 30 Good, Interpolated
         0:45.000 30 UncertainDataSubNormal, Interpolated
         1:35.000 90 UncertainDataSubNormal, Interpolated",
    );
}

#[test]
fn ha_18_a_boolean_stays_one() {
    let read = read(4, false, &[20.0, 26.0]);
    let values: Vec<&Variant> = read.iter().map(|it| &it.value).collect();
    assert_eq!(values, [&Variant::Boolean(true), &Variant::Boolean(false)]);
}

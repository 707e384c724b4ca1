//! The tables of Part 13 (1.04), Annex A: aggregates of samples. Where the annex could not be looked up, the tables are
//! those that node-opcua's tests quote from it; they say so.

use opcua_types::StatusCode;

use crate::ua::aggregate::Function as F;
use crate::ua::aggregate::tests::memory::{Historian, check};

/// The aggregate of a historian with intervals of 16 s against a table.
pub(super) fn of_16_s(function: F, historian: usize, table: &str) {
    let historian_data = Historian::new(historian);
    let values = historian_data.read(historian_data.query(function, 16.0));
    check(&format!("{function:?} of historian {historian}"), &values, table);
}

/// The same with intervals of 5 s.
pub(super) fn of_5_s(function: F, historian: usize, table: &str) {
    let historian_data = Historian::new(historian);
    let values = historian_data.read(historian_data.query(function, 5.0));
    check(&format!("{function:?} of historian {historian}"), &values, table);
}

/// A.3.
#[test]
fn ha_29_average_of_regular_samples() {
    of_5_s(
        F::Average,
        1,
        "0:00.000 -  BadNoData
         0:05.000 -  BadNoData
         0:10.000 10 Good, Calculated
         0:15.000 -  BadNoData
         0:20.000 20 Good, Calculated
         0:25.000 -  BadNoData
         0:30.000 30 Good, Calculated
         0:35.000 -  BadNoData
         0:40.000 -  BadNoData
         0:45.000 -  BadNoData
         0:50.000 50 Good, Calculated
         0:55.000 -  BadNoData
         1:00.000 60 Good, Calculated
         1:05.000 -  BadNoData
         1:10.000 -  BadNoData
         1:15.000 -  BadNoData
         1:20.000 80 Good, Calculated
         1:25.000 -  BadNoData
         1:30.000 90 Good, Calculated
         1:35.000 -  BadNoData",
    );
}

/// A.3. Stepped does not matter (historian 3).
#[test]
fn ha_29_average_of_scattered_samples() {
    for historian in [2, 3] {
        of_5_s(
            F::Average,
            historian,
            "0:00.000 10   Good, Calculated
             0:05.000 -    BadNoData
             0:10.000 -    BadNoData
             0:15.000 -    BadNoData
             0:20.000 -    BadNoData
             0:25.000 22.5 Good, Calculated
             0:30.000 -    BadNoData
             0:35.000 30   Good, Calculated
             0:40.000 -    BadNoData
             0:45.000 40   Good, Calculated
             0:50.000 50   Good, Calculated
             0:55.000 -    BadNoData
             1:00.000 -    BadNoData
             1:05.000 -    BadNoData
             1:10.000 60   Good, Calculated
             1:15.000 -    BadNoData
             1:20.000 70   Good, Calculated
             1:25.000 80   Good, Calculated
             1:30.000 90   Good, Calculated
             1:35.000 -    BadNoData",
        );
    }
}

/// A.8. At 12:01:20 node-opcua's quotation for historian 2 and the rule of 5.4.3.10 agree: a minimum that is not at the
/// start is calculated.
#[test]
fn ha_29_minimum_is_at_the_start_of_its_interval() {
    of_16_s(
        F::Minimum,
        1,
        "0:00.000 10 Good, Calculated, Partial
         0:16.000 20 Good, Calculated
         0:32.000 -  BadNoData
         0:48.000 50 Good, Calculated
         1:04.000 -  BadNoData
         1:20.000 80 Good, Partial
         1:36.000 -  BadNoData",
    );
    for historian in [2, 3] {
        of_16_s(
            F::Minimum,
            historian,
            "0:00.000 10 Good, Calculated, Partial
             0:16.000 20 Good, Calculated
             0:32.000 30 UncertainDataSubNormal, Calculated
             0:48.000 40 Good
             1:04.000 60 UncertainDataSubNormal, Calculated
             1:20.000 70 Good, Calculated, Partial
             1:36.000 -  BadNoData",
        );
    }
}

/// A.9. node-opcua returns "Good" without "Calculated" for the maxima at 12:00:48 and 12:01:20 where the tables that it
/// quotes have it.
#[test]
fn ha_29_maximum_is_at_the_start_of_its_interval() {
    of_16_s(
        F::Maximum,
        1,
        "0:00.000 10 Good, Calculated, Partial
         0:16.000 30 Good, Calculated
         0:32.000 -  BadNoData
         0:48.000 60 Good, Calculated
         1:04.000 -  BadNoData
         1:20.000 90 Good, Calculated, Partial
         1:36.000 -  BadNoData",
    );
    for historian in [2, 3] {
        of_16_s(
            F::Maximum,
            historian,
            "0:00.000 10 Good, Calculated, Partial
             0:16.000 25 Good, Calculated
             0:32.000 30 UncertainDataSubNormal, Calculated
             0:48.000 50 Good, Calculated
             1:04.000 60 UncertainDataSubNormal, Calculated
             1:20.000 90 Good, Calculated, Partial
             1:36.000 -  BadNoData",
        );
    }
}

/// A.10. Table 60 sets Calculated where the status is uncertain; the annex does not, and the value is a sample: it is
/// left raw.
#[test]
fn ha_29_minimum_at_its_own_time() {
    of_16_s(
        F::MinimumActualTime,
        1,
        "0:10.000 10 Good, Partial
         0:20.000 20 Good
         0:32.000 -  BadNoData
         0:50.000 50 Good
         1:04.000 -  BadNoData
         1:20.000 80 Good, Partial
         1:36.000 -  BadNoData",
    );
    for historian in [2, 3] {
        of_16_s(
            F::MinimumActualTime,
            historian,
            "0:02.000 10 Good, Partial
             0:25.000 20 Good
             0:39.000 30 UncertainDataSubNormal
             0:48.000 40 Good
             1:12.000 60 UncertainDataSubNormal
             1:23.000 70 Good, Partial
             1:36.000 -  BadNoData",
        );
    }
}

/// A.11.
#[test]
fn ha_29_maximum_at_its_own_time() {
    of_16_s(
        F::MaximumActualTime,
        1,
        "0:10.000 10 Good, Partial
         0:30.000 30 Good
         0:32.000 -  BadNoData
         1:00.000 60 Good
         1:04.000 -  BadNoData
         1:30.000 90 Good, Partial
         1:36.000 -  BadNoData",
    );
    for historian in [2, 3] {
        of_16_s(
            F::MaximumActualTime,
            historian,
            "0:02.000 10 Good, Partial
             0:28.000 25 Good
             0:39.000 30 UncertainDataSubNormal
             0:52.000 50 Good
             1:12.000 60 UncertainDataSubNormal
             1:30.000 90 Good, Partial
             1:36.000 -  BadNoData",
        );
    }
}

/// A.18: annotations belong to the archive, not to samples, so that no interval of them is partial.
#[test]
fn ha_29_annotation_count() {
    for (historian, table) in [
        (1, "0:00.000 3 Good, Calculated\n1:00.000 1 Good, Calculated"),
        (2, "0:00.000 0 Good, Calculated\n1:00.000 0 Good, Calculated"),
    ] {
        let historian = Historian::new(historian);
        check("AnnotationCount", &historian.read(historian.query(F::AnnotationCount, 60.0)), table);
    }
}

/// A.19 as node-opcua's tests have it. Historian 1 at 12:01:04: the uncertain sample is not counted, and is neither good
/// nor bad. Historian 3 at 12:00:32: half of the samples are bad, and PercentDataBad of 50 is reached; .NET asks for the
/// good half first, against the order of 5.4.3.2.1.
#[test]
fn ha_29_count() {
    of_16_s(
        F::Count,
        1,
        "0:00.000 1 Good, Calculated, Partial
         0:16.000 2 Good, Calculated
         0:32.000 - Bad
         0:48.000 2 Good, Calculated
         1:04.000 0 UncertainDataSubNormal, Calculated
         1:20.000 2 Good, Calculated, Partial
         1:36.000 - BadNoData",
    );
    of_16_s(
        F::Count,
        2,
        "0:00.000 1 Good, Calculated, Partial
         0:16.000 2 Good, Calculated
         0:32.000 1 UncertainDataSubNormal, Calculated
         0:48.000 2 Good, Calculated
         1:04.000 1 UncertainDataSubNormal, Calculated
         1:20.000 3 Good, Calculated, Partial
         1:36.000 - BadNoData",
    );
    of_16_s(
        F::Count,
        3,
        "0:00.000 1 Good, Calculated, Partial
         0:16.000 2 Good, Calculated
         0:32.000 - Bad
         0:48.000 2 Good, Calculated
         1:04.000 - Bad
         1:20.000 3 Good, Calculated, Partial
         1:36.000 - BadNoData",
    );
}

/// 5.4.3.24, by hand: the first value of all is a transition, the bad one is passed over.
#[test]
fn ha_29_transitions_of_a_boolean() {
    of_16_s(
        F::NumberOfTransitions,
        4,
        "0:00.000 1 Good, Calculated, Partial
         0:16.000 2 Good, Calculated
         0:32.000 0 UncertainDataSubNormal, Calculated
         0:48.000 1 Good, Calculated
         1:04.000 0 UncertainDataSubNormal, Calculated
         1:20.000 3 Good, Calculated, Partial
         1:36.000 - BadNoData",
    );
}

/// 5.4.3.35 and 5.4.3.36, by hand: TreatUncertainAsBad is ignored, and the value at the start counts for the second.
#[test]
fn ha_29_worst_quality() {
    of_16_s(
        F::WorstQuality,
        2,
        "0:00.000 Good Good, Calculated, Partial
         0:16.000 Good Good, Calculated, MultipleValues
         0:32.000 BadDataLost Good, Calculated
         0:48.000 Good Good, Calculated, MultipleValues
         1:04.000 UncertainLastUsableValue Good, Calculated
         1:20.000 Good Good, Calculated, Partial, MultipleValues
         1:36.000 - BadNoData",
    );
    of_16_s(
        F::WorstQuality2,
        2,
        "0:00.000 BadNoData Good, Calculated, Partial
         0:16.000 Good Good, Calculated, MultipleValues
         0:32.000 BadDataLost Good, Calculated
         0:48.000 Good Good, Calculated, MultipleValues
         1:04.000 UncertainLastUsableValue Good, Calculated
         1:20.000 BadNoData Good, Calculated, Partial
         1:36.000 - BadNoData",
    );
}

/// 5.4.3.25 to 5.4.3.27, by hand. A bad sample is returned without its value; Delta skips it.
#[test]
fn ha_29_start_end_and_delta() {
    of_16_s(
        F::Start,
        1,
        "0:10.000 10 Good, Partial
         0:20.000 20 Good
         0:40.000 -  Bad
         0:50.000 50 Good
         1:10.000 70 Uncertain
         1:20.000 80 Good, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::End,
        2,
        "0:02.000 10 Good, Partial
         0:28.000 25 Good
         0:42.000 -  BadDataLost
         0:52.000 50 Good
         1:17.000 70 UncertainLastUsableValue
         1:30.000 90 Good, Partial
         1:36.000 -  BadNoData",
    );
    of_16_s(
        F::Delta,
        2,
        "0:00.000 0  Good, Calculated, Partial
         0:16.000 5  Good, Calculated
         0:32.000 0  UncertainDataSubNormal, Calculated
         0:48.000 10 Good, Calculated
         1:04.000 0  UncertainDataSubNormal, Calculated
         1:20.000 20 Good, Calculated, Partial
         1:36.000 -  BadNoData",
    );
}

/// 5.4.3.37 to 5.4.3.40, by hand.
#[test]
fn ha_29_spread() {
    for (function, third) in [
        (F::VarianceSample, "12.5"),
        (F::VariancePopulation, "6.25"),
        (F::StandardDeviationSample, "3.536"),
        (F::StandardDeviationPopulation, "2.5"),
    ] {
        let historian = Historian::new(2);
        let values = historian.read(historian.query(function, 16.0));
        check(
            "spread",
            &values[..3],
            &format!(
                "0:00.000 0 Good, Calculated, Partial
                 0:16.000 {third} Good, Calculated
                 0:32.000 0 UncertainDataSubNormal, Calculated"
            ),
        );
    }
}

/// 5.4.3.14: Range has the type of the source; what the type cannot hold is an error of conversion.
#[test]
fn ha_29_a_delta_that_the_type_cannot_hold_is_an_error() {
    let mut historian = Historian::new(2);
    historian.kind = crate::ua::aggregate::Kind::U16;
    historian.memory.points[3].value = 5.0;
    let values = historian.read(historian.query(F::Delta, 16.0));
    assert_eq!(values[1].status, StatusCode::BadAggregateInvalidInputs.bits());
    let values = historian.read(historian.query(F::Range, 16.0));
    assert_eq!(values[1].value, opcua_types::Variant::UInt16(15));
}

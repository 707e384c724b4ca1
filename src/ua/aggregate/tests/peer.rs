//! The same histories as node-opcua calculates them (tests/clients/node/aggregates).

use std::collections::BTreeMap;

use opcua_types::StatusCode;
use serde::Deserialize;

use crate::ua::aggregate::tests::memory::{Memory, at, number, point, words};
use crate::ua::aggregate::{Configuration, Function, Kind, Processed, Query};

#[derive(Deserialize)]
struct History {
    name: String,
    is_stepped: bool,
    treat_uncertain_as_bad: bool,
    percent_bad: u8,
    percent_good: u8,
    range_s: (f64, f64),
    samples: Vec<(f64, Option<f64>, String)>,
}

#[derive(Deserialize)]
struct Calculated {
    history: String,
    function: String,
    interval_s: f64,
    values: Vec<(f64, Option<f64>, u32)>,
}

impl History {
    fn memory(&self) -> Memory {
        let sample = |(seconds, value, status): &(f64, Option<f64>, String)| {
            let status = match status.as_str() {
                "Good" => StatusCode::Good,
                "BadSensorFailure" => StatusCode::BadSensorFailure,
                "BadNoCommunication" => StatusCode::BadNoCommunication,
                "UncertainSubNormal" => StatusCode::UncertainSubNormal,
                other => panic!("{other}"),
            };
            point(*seconds, *value, status)
        };
        Memory::new(self.samples.iter().map(sample).collect())
    }

    fn query(&self, function: Function, interval_s: f64) -> Query {
        Query {
            function,
            start: at(self.range_s.0),
            end: at(self.range_s.1),
            interval_ms: interval_s * 1000.0,
            configuration: Configuration {
                treat_uncertain_as_bad: self.treat_uncertain_as_bad,
                percent_bad: self.percent_bad,
                percent_good: self.percent_good,
                use_sloped_extrapolation: false,
            },
            is_stepped: self.is_stepped,
            kind: Kind::F64,
        }
    }
}

fn function(name: &str) -> Function {
    let named = |it: &Function| format!("{it:?}") == name;
    Function::ALL.iter().map(|(_, it)| *it).find(named).unwrap()
}

/// Why node-opcua's value is another.
fn known_error(history: &History, name: &str, our: &Processed, their: (f64, u32)) -> &'static str {
    let (their_value, their_status) = their;
    let has_same_value = is_same(number(&our.value), their_value);
    let (ours, theirs) = (words(our.status), words(their_status));
    let without = |it: &str| it.replace(", Calculated", "");
    match name {
        "Count" | "DurationGood" | "DurationBad" | "PercentGood" | "PercentBad"
            if theirs == "BadNoData" =>
        {
            "an interval without samples has no data, though its count is 0 and its time has a quality"
        }
        "DurationGood" | "PercentGood" if theirs == "Bad" => {
            "a duration of 0 is bad, against 5.4.3.31: the status is always good"
        }
        "DurationGood" | "PercentGood" if their_value <= 0.0 => {
            "good time is dropped without a good sample behind the start, or if too much is bad"
        }
        "DurationGood" | "PercentGood" => {
            "time has the quality of the sample before it, not that of the bound of 3.1.9"
        }
        "Minimum" | "Maximum" if has_same_value && without(&ours) == without(&theirs) => {
            "the first sample of the interval passes for one at its start"
        }
        "Minimum" | "Maximum" if has_same_value && our.status >> 30 == 0 => {
            "an uncertain value that is not beyond makes the result uncertain, against 5.4.3.10"
        }
        "Average" | "Count" if history.percent_good < 100 => {
            "PercentDataGood and PercentDataBad are not applied"
        }
        "Interpolative" if has_same_value && theirs.starts_with("Invalid") => {
            "two status codes are joined bit by bit"
        }
        "Interpolative" if has_same_value => {
            "an uncertain sample that counts as bad is passed over without a word, against 3.1.7"
        }
        "Interpolative" if theirs == "UncertainSubNormal" => {
            "an uncertain sample that counts as bad is returned, against 3.1.8"
        }
        _ => "unknown",
    }
}

#[test]
fn ha_29_values_are_those_of_node_opcua_but_for_its_errors() {
    let histories: Vec<History> =
        serde_json::from_str(include_str!("../../../../tests/aggregates/histories.json")).unwrap();
    let calculated: Vec<Calculated> =
        serde_json::from_str(include_str!("../../../../tests/aggregates/node-opcua.json")).unwrap();
    let (mut compared, mut differences) = (0, BTreeMap::new());
    for theirs in &calculated {
        let history = histories.iter().find(|it| it.name == theirs.history).unwrap();
        let query = history.query(function(&theirs.function), theirs.interval_s);
        let ours = query.check().unwrap().read(&history.memory(), 0, 1000).unwrap();
        assert_eq!(ours.len(), theirs.values.len());
        for (our, (seconds, value, status)) in ours.iter().zip(&theirs.values) {
            assert_eq!(our.time, at(*seconds));
            compared += 1;
            let value = value.unwrap_or(f64::NAN);
            if !is_same(number(&our.value), value) || words(our.status) != words(*status) {
                let why = known_error(history, &theirs.function, our, (value, *status));
                *differences.entry(why).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(compared, 1575);
    let expected = [
        ("PercentDataGood and PercentDataBad are not applied", 37),
        ("a duration of 0 is bad, against 5.4.3.31: the status is always good", 5),
        (
            "an interval without samples has no data, though its count is 0 and its time has a quality",
            10,
        ),
        ("an uncertain sample that counts as bad is passed over without a word, against 3.1.7", 3),
        ("an uncertain sample that counts as bad is returned, against 3.1.8", 2),
        ("an uncertain value that is not beyond makes the result uncertain, against 5.4.3.10", 3),
        ("good time is dropped without a good sample behind the start, or if too much is bad", 21),
        ("the first sample of the interval passes for one at its start", 42),
        ("time has the quality of the sample before it, not that of the bound of 3.1.9", 38),
        ("two status codes are joined bit by bit", 3),
    ];
    assert_eq!(differences.into_iter().collect::<Vec<_>>(), expected);
}

/// Whether both are the same number, or none.
fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9 || one.is_nan() && other.is_nan()
}

//! What was recorded, and what a client was told is changed, survives a power cut at any moment (HA-37).

use opcua_types::{DateTime, ReadRawModifiedDetails, StatusCode, Variant};

use crate::history::{ENGINEERS, TEMPERATURE, at, insert, range, recorded};
use crate::raw::{Server, eventually, tag};

/// Power cuts.
const ROUNDS: u32 = 4;
/// Inserts in front of each.
const INSERTS: u32 = 20;

#[test]
fn ha_37_no_acknowledged_value_is_lost_however_often_the_power_is_cut() {
    let mut server = Server::with(ENGINEERS);
    for round in 1..=ROUNDS {
        let mut raw = server.session();
        for number in (round - 1) * INSERTS..round * INSERTS {
            let value = (at(f64::from(number)), f64::from(number));
            let result = insert(&mut raw, tag(TEMPERATURE), &[value]);
            assert_eq!(result.operation_results, Some(vec![StatusCode::GoodEntryInserted]));
        }
        server.cut_and_start();
        let all = recorded(&mut server.session(), tag(TEMPERATURE), range(at(0.0), at(1e6)));
        let all: Vec<Variant> = all.into_iter().filter_map(|it| it.value).collect();
        let wanted: Vec<Variant> =
            (0..round * INSERTS).map(|it| Variant::Double(f64::from(it))).collect();
        assert_eq!(all, wanted, "round {round}");
    }
}

/// Everything that was recorded by now, in order.
fn everything() -> ReadRawModifiedDetails {
    range(at(0.0), DateTime::from(i64::MAX))
}

#[test]
fn ha_37_recorded_samples_are_there_after_a_power_cut_and_the_gap_is_marked() {
    let mut server = Server::with(ENGINEERS);
    let mut raw = server.session();
    let mut before = Vec::new();
    eventually("some samples are recorded", || {
        before = recorded(&mut raw, tag(TEMPERATURE), everything());
        before.len() >= 3
    });
    server.cut_and_start();
    let mut raw = server.session();
    let mut after = Vec::new();
    eventually("recording goes on", || {
        after = recorded(&mut raw, tag(TEMPERATURE), everything());
        after.len() >= before.len() + 2
    });
    assert_eq!(after[..before.len()], before, "what a client has seen is there");
    let gap = after.iter().position(|it| it.status == Some(StatusCode::BadNoCommunication));
    let gap = gap.expect("a marker between the last sample before and the first one after");
    assert!(gap >= before.len() && gap + 1 < after.len(), "at {gap} of {}", after.len());
    assert!(after[gap].value.as_ref().is_none_or(Variant::is_empty), "{:?}", after[gap]);
    let behind = after[gap].source_timestamp.unwrap().checked_ticks();
    assert_eq!(behind, after[gap - 1].source_timestamp.unwrap().checked_ticks() + 1);
}

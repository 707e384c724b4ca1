//! A power cut at any moment loses nothing of alarms that a client was told is done (AC-25).

use std::time::Duration;

use cellhouse::time;
use opcua_types::{
    AttributeId, DataValue, NodeId, StatusCode, Variant, WriteRequest, WriteResponse, WriteValue,
};

use crate::raw::{Raw, Server, tag};
use crate::values::{read, value};

/// Power cuts.
const ROUNDS: u64 = 12;
/// Alarms that are written to in turn.
const ALARMS: usize = 5;

fn node(alarm: usize) -> NodeId {
    tag(&format!("Line1.EL10{}.Alarms.BathTemperature.OnDelay", alarm + 1))
}

/// Asks for the next value of an alarm's on delay, ms, and does not wait for the answer.
fn ask(raw: &mut Raw, number: u64) {
    let request = WriteRequest {
        request_header: raw.header(),
        nodes_to_write: Some(vec![WriteValue {
            node_id: node(number as usize % ALARMS),
            attribute_id: AttributeId::Value as u32,
            value: DataValue { value: Some(wanted(number)), ..DataValue::default() },
            ..WriteValue::default()
        }]),
    };
    raw.ask(&request);
}

fn wanted(number: u64) -> Variant {
    Variant::from(1000.0 + number as f64)
}

/// Writes one after the other until the power is cut: the numbers of the last that was answered and of the last that
/// was asked for.
fn write_until_cut(server: &mut Server, first: u64, after: Duration) -> (u64, u64) {
    let mut raw = server.session();
    let (mut answered, mut asked) = (first, first);
    let end = time::monotonic() + after;
    loop {
        asked += 1;
        ask(&mut raw, asked);
        if time::monotonic() >= end {
            // In the middle of it.
            server.cut_and_start();
            return (answered, asked);
        }
        let response: WriteResponse = raw.answer().unwrap();
        assert_eq!(response.results, Some(vec![StatusCode::Good]));
        answered = asked;
    }
}

#[test]
fn ac_25_no_answered_change_of_an_alarm_is_lost_however_often_the_power_is_cut() {
    let mut server = Server::with_arguments("anonymous_roles = [\"Engineer\"]\n", &[]);
    let mut number = 100;
    for round in 0..ROUNDS {
        // At another moment each time, between a commit and the next.
        let after = Duration::from_millis(60 + 37 * round % 190);
        let (answered, asked) = write_until_cut(&mut server, number, after);
        assert!(answered > number, "something was answered before the cut");
        let mut raw = server.session();
        for last in answered.saturating_sub(ALARMS as u64 - 1).max(number + 1)..=answered {
            let wanted_of = vec![value(node(last as usize % ALARMS))];
            let is = read(&mut raw, 0.0, wanted_of).unwrap()[0].value.clone().unwrap();
            let may_be = [wanted(last), wanted(asked)];
            assert!(may_be.contains(&is), "round {round}: {last} was answered, {is} is there");
        }
        number = asked;
    }
}

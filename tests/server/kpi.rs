//! Key figures and the historian as an integrator meets them: a method, and tags. What the figures are is shown by
//! `tests/kpi`.

use opcua_types::{
    Argument, CallMethodRequest, CallMethodResult, CallRequest, CallResponse, DateTime, StatusCode,
    Variant,
};

use crate::raw::{Raw, Server, eventually, tag};
use crate::values::{read, value};

/// Hours of plant time in a few seconds.
const FAST: [&str; 2] = ["--speed", "600"];

fn calculate(raw: &mut Raw, device: &str, arguments: Vec<Variant>) -> CallMethodResult {
    let request = CallRequest {
        request_header: raw.header(),
        methods_to_call: Some(vec![CallMethodRequest {
            object_id: tag(device),
            method_id: tag(&format!("{device}.CalculateKpis")),
            input_arguments: Some(arguments),
        }]),
    };
    raw.call::<CallResponse>(&request).unwrap().results.unwrap().remove(0)
}

/// So many seconds after the start of the shipped plant.
fn at(seconds: f64) -> Variant {
    let start = cellhouse::config::default_plant().start.plus_s(seconds);
    DateTime::from(start.ticks()).into()
}

/// An output by its name.
fn output(raw: &mut Raw, device: &str, result: &CallMethodResult, name: &str) -> f64 {
    let declared = value(tag(&format!("{device}.CalculateKpis.OutputArguments")));
    let declared = read(raw, 0.0, vec![declared]).unwrap().remove(0).value.unwrap();
    let Variant::Array(declared) = declared else { panic!("an array") };
    let position = declared.values.iter().position(|it| match it {
        Variant::ExtensionObject(it) => {
            it.inner_as::<Argument>().is_some_and(|it| it.name.as_ref() == name)
        }
        _ => false,
    });
    match result.output_arguments.as_ref().unwrap()[position.unwrap()] {
        Variant::Double(number) => number,
        ref other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn key_figures_of_a_period_are_calculated_by_a_call() {
    let server = Server::with_arguments("", &FAST);
    let mut raw = server.session();
    for device in ["Line1.EL101", "Line1", "Plant"] {
        let mut result = CallMethodResult::default();
        eventually("an hour is recorded", || {
            result = calculate(&mut raw, device, vec![at(0.0), at(3600.0)]);
            result.status_code.is_good() && output(&mut raw, device, &result, "Coverage") > 99.0
        });
        assert!((90.0..=100.0).contains(&output(&mut raw, device, &result, "Availability")));
        assert!(output(&mut raw, device, &result, "OxideFed") > 0.0);
        let ac = output(&mut raw, device, &result, "SpecificEnergyAc");
        assert!(ac.is_nan() || device != "Line1.EL101", "{ac}");
    }
}

// The answer names the argument that is wrong (Part 4, 5.12.2).
#[test]
fn wrong_periods_are_refused() {
    let server = Server::start();
    let mut raw = server.session();
    let (good, out, kind) =
        (StatusCode::Good, StatusCode::BadOutOfRange, StatusCode::BadTypeMismatch);
    for (arguments, codes) in [
        (vec![at(60.0), at(0.0)], [good, out]),
        (vec![at(0.0), at(0.0)], [good, out]),
        (vec![at(0.0), at(400.0 * 86_400.0)], [good, out]),
        (vec![DateTime::null().into(), at(0.0)], [out, good]),
        (vec![1.0.into(), at(0.0)], [kind, good]),
    ] {
        let result = calculate(&mut raw, "Plant", arguments);
        assert_eq!(result.status_code, StatusCode::BadInvalidArgument);
        assert_eq!(result.input_argument_results, Some(codes.to_vec()));
    }
    let missing = calculate(&mut raw, "Plant", vec![at(0.0)]);
    assert_eq!(missing.status_code, StatusCode::BadArgumentsMissing);
    let nothing = calculate(&mut raw, "Plant", vec![at(-7200.0), at(-3600.0)]);
    assert_eq!(nothing.status_code, StatusCode::BadNoData);
}

#[test]
fn without_a_history_there_are_no_key_figures() {
    let server = Server::with("[history]\nenabled = false\n");
    let mut raw = server.session();
    let result = calculate(&mut raw, "Plant", vec![at(0.0), at(60.0)]);
    assert_eq!(result.status_code, StatusCode::BadHistoryOperationUnsupported);
}

// They come from the history: what was before the power cut is in them.
#[test]
fn key_figures_of_the_last_day_are_tags_and_survive_a_power_cut() {
    let mut server = Server::with_arguments("", &FAST);
    let mut raw = server.session();
    let coverage = |raw: &mut Raw| {
        let shown = read(raw, 0.0, vec![value(tag("Line1.EL101.Kpi.Day.Coverage"))]).unwrap();
        match shown[0].value {
            Some(Variant::Double(it)) => it,
            _ => f64::NAN,
        }
    };
    eventually("a quarter of an hour is shown", || coverage(&mut raw) > 1.0);
    server.cut_and_start();
    let mut raw = server.session();
    eventually("it is still there", || coverage(&mut raw) > 1.0);
}

#[test]
fn the_historian_shows_how_recording_goes() {
    let server = Server::start();
    let mut raw = server.session();
    let nodes = ["Health", "SamplesRecorded", "SamplesLost", "BytesOnDisk", "NewestSample"];
    let nodes = || nodes.map(|it| value(tag(&format!("Plant.Historian.{it}")))).to_vec();
    eventually("samples are counted", || {
        let shown = read(&mut raw, 0.0, nodes()).unwrap();
        let number = |at: usize| match shown[at].value {
            Some(Variant::Double(it)) => it,
            _ => f64::NAN,
        };
        shown[0].value == Some(Variant::UInt32(0))
            && number(1) > 0.0
            && number(2) == 0.0
            && number(3) > 0.0
            && matches!(shown[4].value, Some(Variant::DateTime(_)))
    });
}

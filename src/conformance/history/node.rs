//! What the result of one node depends on: the node, the user, the index range, the values themselves.

use opcua_types::{
    DateTime, HistoryReadResponse, HistoryReadValueId, NodeId, NumericRange, StatusCode, Variant,
};

use crate::conformance::expect::{code, equal, that};
use crate::conformance::history::record::{
    Record, line_of, nothing, point, read, read_request, reading, results,
};
use crate::conformance::{Bench, Check, Stop};

const FINE: &[StatusCode] = &[StatusCode::Good];

pub(super) fn ha_12(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 12)?;
    record.fill(&line_of(0..5))?;
    let material = bench.material()?;
    let nodes = [
        reading(&material.need("Scalar.Double")?),
        reading(&material.need("Scalar")?),
        reading(&NodeId::new(60_000, "none")),
        reading(&NodeId::null()),
        reading(&record.node),
    ];
    let details = record.raw(0.0, 10.0);
    let found = read(&mut record.link, details, nodes.to_vec())?;
    let unsupported = StatusCode::BadHistoryOperationUnsupported;
    let unknown = [StatusCode::BadNodeIdUnknown, StatusCode::BadNodeIdInvalid];
    code(found[0].status, &[unsupported], "a variable without history")?;
    code(found[1].status, &[unsupported, StatusCode::BadNotSupported], "an object")?;
    code(found[2].status, &unknown, "an unknown node")?;
    code(found[3].status, &unknown, "a null node")?;
    code(found[4].status, FINE, "the good node beside them")?;
    equal(record.points(&found[4].values), line_of(0..5), "values of the good node")
}

pub(super) fn ha_13(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "ReadByOperator", 13)?;
    record.fill(&line_of(0..5))?;
    let range = record.raw(0.0, 10.0);
    record.expect(range.clone(), &line_of(0..5), "who may read it")?;
    let open = bench.material()?.need("History.Double")?;
    let nodes = vec![reading(&record.node), reading(&open)];
    let found = read(&mut bench.session()?, range, nodes)?;
    code(found[0].status, &[StatusCode::BadUserAccessDenied], "who may not read it")?;
    that(found[0].values.is_empty(), "values for who may not read them")?;
    code(found[1].status, &[StatusCode::Good, StatusCode::GoodNoData], "another node")
}

/// A part of an array's history.
fn part(record: &Record, range: &str) -> Result<HistoryReadValueId, Stop> {
    let index_range: NumericRange =
        range.parse().map_err(|_| Stop::failed(format!("{range} is no range")))?;
    Ok(HistoryReadValueId { index_range, ..reading(&record.node) })
}

pub(super) fn ha_14(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "DoubleArray", 14)?;
    let numbers = |from: f64| Variant::from(vec![from, from + 1.0, from + 2.0, from + 3.0]);
    record.fill(&[point(0.0, numbers(0.0)), point(1.0, numbers(10.0))])?;
    let details = record.raw(0.0, 10.0);
    let nodes = vec![part(&record, "1:2")?, part(&record, "3")?, part(&record, "7:9")?];
    let found = read(&mut record.link, details.clone(), nodes)?;
    let wanted = [point(0.0, vec![1.0, 2.0]), point(1.0, vec![11.0, 12.0])];
    equal(record.points(&found[0].values).as_slice(), &wanted, "range 1:2")?;
    let wanted = [point(0.0, vec![3.0]), point(1.0, vec![13.0])];
    equal(record.points(&found[1].values).as_slice(), &wanted, "range 3")?;
    // There are values, and none of them has this part: each says so, not the node.
    code(found[2].status, FINE, "range 7:9")?;
    let wanted = [0.0, 1.0].map(|at| nothing(at, StatusCode::BadIndexRangeNoData));
    equal(record.points(&found[2].values).as_slice(), &wanted, "range 7:9")?;
    for range in ["2:1", "a:b", "1:x"] {
        let request = read_request(&record.link, details.clone(), vec![part(&record, "1:2")?]);
        let mut body = record.link.encode(&request);
        let at = body.windows(3).rposition(|it| it == b"1:2");
        let at = at.ok_or_else(|| Stop::failed("the request has no range"))?;
        body[at..at + 3].copy_from_slice(range.as_bytes());
        record.link.post("MSGF", &body);
        let found = results(record.link.answer::<HistoryReadResponse>()?)?;
        let wanted = [StatusCode::BadIndexRangeInvalid];
        code(found[0].status, &wanted, &format!("range {range:?}"))?;
    }
    Ok(())
}

pub(super) fn ha_15(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 15)?;
    let all = [
        point(0.0, 1.0),
        point(1.0, 2.0).with(StatusCode::UncertainLastUsableValue),
        nothing(2.0, StatusCode::BadSensorFailure),
        point(3.0, 4.0).with(StatusCode::Bad),
        point(4.0, 5.0),
    ];
    record.fill(&all)?;
    let range = record.raw(0.0, 10.0);
    record.expect(range.clone(), &all, "good, uncertain and bad samples")?;
    for (name, values) in [
        ("Int32", [Variant::Int32(-7), Variant::Int32(i32::MAX)]),
        ("Float", [Variant::Float(0.1), Variant::Float(-2.5)]),
        ("Boolean", [Variant::Boolean(true), Variant::Boolean(false)]),
        ("String", [Variant::from("Größe"), Variant::from("")]),
        ("DateTime", [1, 2].map(|it| DateTime::from(1_000_000_000 * it).into())),
        ("DoubleArray", [Variant::from(vec![0.5, -0.5]), Variant::from(vec![1.0])]),
        ("BooleanArray", [Variant::from(vec![true, false]), Variant::from(vec![false])]),
    ] {
        record.turn_to(bench, name)?;
        let [one, other] = values;
        let all = [point(0.0, one), point(1.0, other)];
        record.fill(&all)?;
        record.expect(range.clone(), &all, &format!("values of type {name}"))?;
    }
    Ok(())
}

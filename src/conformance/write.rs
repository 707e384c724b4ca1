//! 4.9: Write (Part 4, 5.11.4), on the fixture where something is changed.

use opcua_types::{
    AttributeId, ByteString, DataValue, DateTime, LocalizedText, NodeId, NumericRange,
    QualifiedName, StatusCode, Variant, WriteRequest, WriteResponse, WriteValue,
};

use crate::conformance::bench::{read, read_one, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of Write.
pub(super) const CASES: &[Case] = &[
    alone("WR-01", "smallest, largest, odd and empty values come back", wr_01),
    case("WR-02", "wrong type and wrong rank are refused", wr_02),
    case("WR-03", "null is no value", wr_03),
    case("WR-04", "a byte string goes for an array of bytes and back", wr_04),
    case("WR-05", "an enumeration takes its own values only", wr_05),
    case("WR-06", "what is not writable is refused", wr_06),
    case("WR-07", "status and time are refused where they cannot be kept", wr_07),
    alone("WR-08", "status and time are kept where they can", wr_08),
    case("WR-09", "part of an array is written", wr_09),
    case("WR-10", "nothing, too much, and what is not there", wr_10),
    case("WR-11", "a text in a strange locale", wr_11),
    case("WR-12", "two writes to one node apply in order", wr_12),
    case("WR-13", "a setpoint out of its range", wr_13),
    case("WR-14", "a setpoint while interlocked", wr_14),
    case("WR-15", "a setpoint that is applied later", wr_15),
    case("WR-16", "structures with the right type only", wr_16),
    case("WR-17", "other attributes only where WriteMask allows", wr_17),
    case("WR-18", "many clients write one variable", wr_18),
];

fn one(node: NodeId, value: DataValue) -> WriteValue {
    WriteValue {
        node_id: node,
        attribute_id: AttributeId::Value as u32,
        index_range: NumericRange::None,
        value,
    }
}

fn plain(node: &NodeId, value: impl Into<Variant>) -> WriteValue {
    one(node.clone(), DataValue::value_only(value.into()))
}

fn write(link: &mut Link, values: Vec<WriteValue>) -> Result<Answer<WriteResponse>, Stop> {
    let request = WriteRequest { request_header: link.header(), nodes_to_write: Some(values) };
    link.call(&request)
}

fn written(link: &mut Link, values: Vec<WriteValue>) -> Result<Vec<StatusCode>, Stop> {
    let count = values.len();
    let results = good(write(link, values)?, "Write")?.results.unwrap_or_default();
    equal(results.len(), count, "number of results")?;
    Ok(results)
}

fn written_one(link: &mut Link, value: WriteValue) -> Result<StatusCode, Stop> {
    Ok(written(link, vec![value])?.pop().unwrap_or(StatusCode::Bad))
}

/// What the server says to one value written.
pub(super) fn write_status(
    link: &mut Link,
    node: &NodeId,
    value: Variant,
) -> Result<StatusCode, Stop> {
    written_one(link, plain(node, value))
}

/// Writes one value, which must be taken.
pub(super) fn put(link: &mut Link, node: &NodeId, value: Variant) -> Check {
    code(written_one(link, plain(node, value))?, FINE, &format!("writing {node}"))
}

const FINE: &[StatusCode] = &[StatusCode::Good, StatusCode::GoodCompletesAsynchronously];
const MISMATCH: &[StatusCode] = &[StatusCode::BadTypeMismatch];

/// Writes, reads back, and writes what was there before.
fn round(link: &mut Link, node: &NodeId, values: Vec<Variant>) -> Check {
    let before = read_one(link, node)?;
    for value in values {
        let status = written_one(link, plain(node, value.clone()))?;
        code(status, FINE, &format!("writing {value:?} to {node}"))?;
        let back = read_one(link, node)?;
        that(same(&back, &value), format!("{node}: wrote {value:?}, read {back:?}"))?;
    }
    code(written_one(link, plain(node, before))?, FINE, &format!("restoring {node}"))
}

/// Equal, a NaN equal to itself.
fn same(one: &Variant, other: &Variant) -> bool {
    match (one, other) {
        (Variant::Double(one), Variant::Double(other)) => one.to_bits() == other.to_bits(),
        (Variant::Float(one), Variant::Float(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

fn wr_01(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let material = bench.material()?;
    let sets: Vec<(&str, Vec<Variant>)> = vec![
        ("Boolean", vec![true.into(), false.into()]),
        ("SByte", vec![i8::MIN.into(), i8::MAX.into()]),
        ("Byte", vec![u8::MIN.into(), u8::MAX.into()]),
        ("Int16", vec![i16::MIN.into(), i16::MAX.into()]),
        ("UInt16", vec![u16::MIN.into(), u16::MAX.into()]),
        ("Int32", vec![i32::MIN.into(), i32::MAX.into()]),
        ("UInt32", vec![u32::MIN.into(), u32::MAX.into()]),
        ("Int64", vec![i64::MIN.into(), i64::MAX.into()]),
        ("UInt64", vec![u64::MIN.into(), u64::MAX.into()]),
        ("Float", vec![f32::MIN.into(), f32::MAX.into(), f32::NAN.into(), (-0.0_f32).into()]),
        ("Double", vec![f64::MIN.into(), f64::MAX.into(), f64::NAN.into(), f64::INFINITY.into()]),
        ("String", vec!["".into(), "阳极效应 ½ 🏭".into()]),
        ("DateTime", vec![DateTime::from(132_000_000_000_000_000_i64).into()]),
        ("ByteString", vec![ByteString::from(vec![0, 255]).into()]),
        ("NodeId", vec![NodeId::new(2, "Line1").into()]),
        ("LocalizedText", vec![LocalizedText::new("en", "Tap").into()]),
    ];
    for (name, values) in sets {
        round(&mut link, &material.need(&format!("Scalar.{name}"))?, values)?;
    }
    Ok(())
}

fn wr_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.Int32")?;
    let before = read_one(&mut link, &node)?;
    let wrong: Vec<Variant> = vec![
        5_u32.into(),
        5_i16.into(),
        5_i64.into(),
        5.0.into(),
        "5".into(),
        true.into(),
        vec![1_i32, 2].into(),
    ];
    for value in wrong {
        let status = written_one(&mut link, plain(&node, value.clone()))?;
        code(status, MISMATCH, &format!("writing {value:?} to an Int32"))?;
    }
    let array = bench.material()?.need("Array.Int32")?;
    code(written_one(&mut link, plain(&array, 1_i32))?, MISMATCH, "a scalar for an array")?;
    equal(read_one(&mut link, &node)?, before, "the value after refused writes")
}

fn wr_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.Int32")?;
    let status = written_one(&mut link, plain(&node, Variant::Empty))?;
    code(status, MISMATCH, "writing null to an Int32")
}

fn wr_04(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let material = bench.material()?;
    let (text, array) = (material.need("Scalar.ByteString")?, material.need("Array.Byte")?);
    let (text_before, array_before) = (read_one(&mut link, &text)?, read_one(&mut link, &array)?);
    let bytes = vec![1_u8, 2, 3];
    code(
        written_one(&mut link, plain(&array, ByteString::from(bytes.clone())))?,
        FINE,
        "ByteString for Byte[]",
    )?;
    equal(read_one(&mut link, &array)?, Variant::from(bytes.clone()), "Byte[] after a ByteString")?;
    code(
        written_one(&mut link, plain(&text, Variant::from(bytes.clone())))?,
        FINE,
        "Byte[] for ByteString",
    )?;
    equal(read_one(&mut link, &text)?, ByteString::from(bytes).into(), "ByteString after Byte[]")?;
    code(written_one(&mut link, plain(&text, text_before))?, FINE, "restoring the ByteString")?;
    code(written_one(&mut link, plain(&array, array_before))?, FINE, "restoring the array")
}

fn wr_05(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let material = bench.material()?;
    let (choice, number) = (material.need("Scalar.Enumeration")?, material.need("Scalar.Number")?);
    let status = written_one(&mut link, plain(&choice, 99_i32))?;
    code(status, &[StatusCode::BadOutOfRange], "99 for an enumeration")?;
    round(&mut link, &choice, vec![1_i32.into()])?;
    round(&mut link, &number, vec![7_u16.into(), (-7_i64).into(), 7.5.into()])?;
    code(written_one(&mut link, plain(&number, "seven"))?, MISMATCH, "a text for a Number")
}

fn wr_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let time = standard(2258);
    let mut name = plain(&time, QualifiedName::new(0, "Time"));
    name.attribute_id = AttributeId::BrowseName as u32;
    let got = written(&mut link, vec![plain(&time, DateTime::null()), name])?;
    let wanted: &[StatusCode] = &[
        StatusCode::BadNotWritable,
        StatusCode::BadUserAccessDenied,
        StatusCode::BadWriteNotSupported,
    ];
    codes(&got, &[wanted, wanted], "writing the server's time and name")
}

fn wr_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut value = DataValue::value_only(Variant::from(DateTime::null()));
    value.status = Some(StatusCode::Uncertain);
    let got = written_one(&mut link, one(standard(2258), value))?;
    let wanted = [
        StatusCode::BadWriteNotSupported,
        StatusCode::BadNotWritable,
        StatusCode::BadUserAccessDenied,
    ];
    code(got, &wanted, "a status for a variable that keeps none")
}

fn wr_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.Double")?;
    let before = read_one(&mut link, &node)?;
    let time = DateTime::from(132_000_000_000_000_000_i64);
    let mut value = DataValue::value_only(Variant::Double(1.25));
    value.status = Some(StatusCode::UncertainSubNormal);
    value.source_timestamp = Some(time);
    code(
        written_one(&mut link, one(node.clone(), value))?,
        &[FINE, &[StatusCode::BadWriteNotSupported]].concat(),
        "status and time",
    )?;
    let back = read(&mut link, vec![crate::conformance::bench::value(node.clone())])?.remove(0);
    if back.source_timestamp == Some(time) {
        equal(back.status, Some(StatusCode::UncertainSubNormal), "the status read back")?;
    }
    let mut restore = DataValue::value_only(before);
    restore.status = Some(StatusCode::Good);
    code(written_one(&mut link, one(node, restore))?, FINE, "restoring the value")
}

fn part(node: &NodeId, range: &str, value: Variant) -> Result<WriteValue, Stop> {
    let index_range = range.parse().map_err(|_| Stop::failed(format!("{range} is no range")))?;
    Ok(WriteValue { index_range, ..plain(node, value) })
}

fn wr_09(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Array.Int32")?;
    let before = read_one(&mut link, &node)?;
    let writes = vec![
        part(&node, "1:2", vec![41_i32, 42].into())?,
        part(&node, "500:501", vec![1_i32, 2].into())?,
        part(&node, "0:1", vec![1_i32, 2, 3].into())?,
    ];
    let got = written(&mut link, writes)?;
    let outside: &[StatusCode] =
        &[StatusCode::BadIndexRangeNoData, StatusCode::BadIndexRangeInvalid];
    let differs: &[StatusCode] =
        &[StatusCode::BadIndexRangeDataMismatch, StatusCode::BadIndexRangeInvalid];
    codes(&got, &[FINE, outside, differs], "writing parts of an array")?;
    if let Variant::Array(array) = read_one(&mut link, &node)? {
        let got: Vec<Variant> = array.values.iter().skip(1).take(2).cloned().collect();
        equal(got, vec![41_i32.into(), 42_i32.into()], "elements 1 and 2")?;
    }
    code(written_one(&mut link, plain(&node, before))?, FINE, "restoring the array")
}

fn wr_10(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    refused(&write(&mut link, Vec::new())?, &[StatusCode::BadNothingToDo], "Write of nothing")?;
    let unknown = plain(&NodeId::new(0, 999_999), 1_i32);
    let attribute = WriteValue { attribute_id: 0xffff, ..plain(&standard(2258), 1_i32) };
    let got = written(&mut link, vec![unknown, attribute])?;
    codes(&got, &[&[StatusCode::BadNodeIdUnknown], &[StatusCode::BadAttributeIdInvalid]], "Write")?;
    let most = read(&mut link, vec![value(standard(11707))])?.pop().and_then(|it| it.value);
    let Some(Variant::UInt32(most @ 1..=1000)) = most else { return Ok(()) };
    let many = vec![plain(&standard(2258), 1_i32); most as usize + 1];
    refused(&write(&mut link, many)?, &[StatusCode::BadTooManyOperations], "one value too many")
}

fn wr_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.LocalizedText")?;
    let before = read_one(&mut link, &node)?;
    let status = written_one(&mut link, plain(&node, LocalizedText::new("xx-YY", "Abstich")))?;
    code(status, &[FINE, &[StatusCode::BadLocaleNotSupported]].concat(), "a text in locale xx-YY")?;
    code(written_one(&mut link, plain(&node, before))?, FINE, "restoring the text")
}

fn wr_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.UInt16")?;
    let before = read_one(&mut link, &node)?;
    let got = written(&mut link, vec![plain(&node, 1_u16), plain(&node, 2_u16)])?;
    codes(&got, &[FINE, FINE], "two writes")?;
    equal(read_one(&mut link, &node)?, 2_u16.into(), "the value after two writes")?;
    code(written_one(&mut link, plain(&node, before))?, FINE, "restoring the value")
}

fn wr_13(_: &Bench) -> Check {
    Err(Stop::skipped("needs an operator; shown by tests/clients/python/test_write.py"))
}

fn wr_14(_: &Bench) -> Check {
    Err(Stop::skipped("needs an operator; shown by tests/clients/python/test_write.py"))
}

fn wr_15(_: &Bench) -> Check {
    Err(Stop::skipped("needs an operator; shown by tests/clients/python/test_write.py"))
}

fn wr_16(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Scalar.Structure")?;
    let before = read_one(&mut link, &node)?;
    let wrong = opcua_types::ExtensionObject::from_message(opcua_types::EUInformation::default());
    code(written_one(&mut link, plain(&node, wrong))?, MISMATCH, "a structure of another type")?;
    let new: Variant =
        opcua_types::ExtensionObject::from_message(opcua_types::Range { low: -1.0, high: 7.0 })
            .into();
    code(written_one(&mut link, plain(&node, new.clone()))?, FINE, "a structure of its own type")?;
    equal(read_one(&mut link, &node)?, new, "the structure read back")?;
    code(written_one(&mut link, plain(&node, before))?, FINE, "restoring the structure")
}

fn wr_17(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = bench.material()?.need("Access.DisplayName")?;
    let new = LocalizedText::new("en", "Renamed");
    let name = |text: LocalizedText| WriteValue {
        attribute_id: AttributeId::DisplayName as u32,
        ..plain(&node, text)
    };
    let wanted = crate::conformance::bench::attribute(node.clone(), AttributeId::DisplayName);
    let before = match read(&mut link, vec![wanted.clone()])?.pop().and_then(|it| it.value) {
        Some(Variant::LocalizedText(text)) => *text,
        other => return Err(Stop::unexpected("DisplayName", "a text", format!("{other:?}"))),
    };
    code(written_one(&mut link, name(new.clone()))?, FINE, "writing DisplayName")?;
    let back = read(&mut link, vec![wanted])?.pop().and_then(|it| it.value);
    equal(back, Some(new.into()), "DisplayName read back")?;
    code(written_one(&mut link, name(before))?, FINE, "restoring DisplayName")
}

fn wr_18(bench: &Bench) -> Check {
    let node = bench.material()?.need("Scalar.UInt64")?;
    let mut links = Vec::new();
    for _ in 0..20 {
        links.push(bench.session()?);
    }
    let before = read_one(&mut links[0], &node)?;
    for (number, link) in links.iter_mut().enumerate() {
        let request = WriteRequest {
            request_header: link.header(),
            nodes_to_write: Some(vec![plain(&node, number as u64)]),
        };
        link.ask(&request);
    }
    for link in &mut links {
        let response: WriteResponse = good(link.answer()?, "Write")?;
        codes(&response.results.unwrap_or_default(), &[FINE], "one of many writes")?;
    }
    match read_one(&mut links[0], &node)? {
        Variant::UInt64(number) if number < 20 => {}
        other => {
            return Err(Stop::unexpected(
                "the value",
                "one of those written",
                format!("{other:?}"),
            ));
        }
    }
    code(written_one(&mut links[0], plain(&node, before))?, FINE, "restoring the value")
}

//! 4.2: UA Binary (Part 6, 5.2): what is wrong costs the request or the connection, never the server.

use opcua_types::{ObjectId, ReadResponse, StatusCode, Variant};

use crate::conformance::bench::{read, read_one, read_request, standard, value};
use crate::conformance::expect::{code, equal, good, refused, that};
use crate::conformance::link::Link;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of the encoding.
pub(super) const CASES: &[Case] = &[
    case("ENC-01", "ten thousand nested variants are refused", enc_01),
    case("ENC-02", "ten thousand nested extension objects are refused", enc_02),
    case("ENC-03", "array lengths that cannot be are refused", enc_03),
    case("ENC-04", "matrices whose dimensions do not fit are refused", enc_04),
    case("ENC-05", "texts that are no UTF-8 break nothing", enc_05),
    case("ENC-06", "an extension object shorter or longer than it says", enc_06),
    case("ENC-07", "an extension object of unknown type is skipped", enc_07),
    case("ENC-08", "times out of range are clamped", enc_08),
    case("ENC-09", "odd numbers come back bit by bit", enc_09),
    case("ENC-10", "any byte but 0 is true; empty is not null", enc_10),
    case("ENC-11", "every encoding of a NodeId names the same node", enc_11),
    case("ENC-12", "bytes behind a request are taken or refused, always the same", enc_12),
    alone("ENC-13", "a request cut at every byte", enc_13),
    case("ENC-14", "an unknown request", enc_14),
    case("ENC-15", "a response sent as a request", enc_15),
    case("ENC-16", "picoseconds out of range", enc_16),
    case("ENC-17", "every type encoded and decoded again", enc_17),
];

const BROKEN: &[StatusCode] = &[
    StatusCode::BadDecodingError,
    StatusCode::BadEncodingLimitsExceeded,
    StatusCode::BadRequestTooLarge,
    StatusCode::BadTypeMismatch,
    StatusCode::BadOutOfMemory,
    StatusCode::BadTcpMessageTooLarge,
];

/// What a message costs: a fault, a result, or the connection; then another client must still be served.
fn survives(bench: &Bench, link: &mut Link, message: &[u8], of: &str) -> Check {
    link.post("MSGF", message);
    match link.receive()? {
        None => {}
        Some(frame) if frame.kind == "ERRF" || frame.kind == "MSGF" => {}
        Some(frame) => return Err(Stop::unexpected(of, "a fault or the end", frame.kind)),
    }
    let mut other = bench.session()?;
    read(&mut other, vec![value(standard(2259))]).map(|_| ())
}

/// A fault with a code of decoding, or the end of the connection with one.
fn breaks(bench: &Bench, message: &dyn Fn(&Link) -> Vec<u8>, of: &str) -> Check {
    let mut link = bench.session()?;
    let message = message(&link);
    link.post("MSGF", &message);
    let done = broken(&mut link, of);
    let alive = bench.session().map(|_| ());
    done.and(alive.map_err(|_| Stop::failed(format!("{of}: the server is gone"))))
}

/// The fault, result or end that a broken message costs.
fn broken(link: &mut Link, of: &str) -> Check {
    let Some(frame) = link.receive()? else { return Ok(()) };
    if let Some(status) = frame.error() {
        return code(status, BROKEN, of);
    }
    let kind = frame.body.get(18..20).map_or(0, |it| u32::from(it[0]) + 256 * u32::from(it[1]));
    let body = frame.body.get(20..).unwrap_or_default();
    match link.decode::<opcua_types::WriteResponse>(kind, body)? {
        Err(status) => code(status, BROKEN, of),
        Ok(response) => {
            let results = response.results.unwrap_or_default();
            let status = results.first().copied().unwrap_or(StatusCode::Good);
            let per_value = [StatusCode::BadNotWritable, StatusCode::BadNodeIdUnknown];
            code(status, &[BROKEN, &per_value].concat(), of)
        }
    }
}

/// A Write of one DataValue that is given byte by byte, to a node that there is not.
fn write_of(link: &Link, variant: &[u8]) -> Vec<u8> {
    let mut body = link.encode(&opcua_types::WriteRequest {
        request_header: link.header(),
        nodes_to_write: Some(Vec::new()),
    });
    body.truncate(body.len() - 4);
    body.extend_from_slice(&1_i32.to_le_bytes());
    link.put(&mut body, &standard(999_999));
    body.extend_from_slice(&13_u32.to_le_bytes());
    body.extend_from_slice(&(-1_i32).to_le_bytes());
    // A DataValue with a value only.
    body.push(1);
    body.extend_from_slice(variant);
    body
}

fn enc_01(bench: &Bench) -> Check {
    // Variant of Variant: an array of one Variant, over and over.
    let nested: Vec<u8> = (0..10_000).flat_map(|_| [0x98_u8, 1, 0, 0, 0]).collect();
    breaks(bench, &|link| write_of(link, &nested), "nested variants")?;
    let diagnostics = vec![0x40_u8; 10_000];
    let nested: Vec<u8> = [vec![25_u8], diagnostics].concat();
    breaks(bench, &|link| write_of(link, &nested), "nested diagnostic infos")?;
    let values: Vec<u8> = (0..10_000).flat_map(|_| [23_u8, 1]).collect();
    breaks(bench, &|link| write_of(link, &values), "nested data values")
}

fn enc_02(bench: &Bench) -> Check {
    let mut nested = vec![22_u8, 0, 0, 0];
    for _ in 0..6000 {
        // A RelativePath's type id means nothing: the body is yet another extension object.
        let mut outer = vec![22_u8, 1, 0, 27, 2, 1];
        outer.extend_from_slice(&(nested.len() as i32).to_le_bytes());
        if outer.len() + nested.len() > 50_000 {
            break;
        }
        outer.extend_from_slice(&nested);
        nested = outer;
    }
    let mut link = bench.session()?;
    let message = write_of(&link, &nested);
    survives(bench, &mut link, &message, "nested extension objects")?;
    // The header of a request that needs no session holds an extension object too.
    let mut link = bench.open()?;
    let message = deep_header(&link);
    survives(bench, &mut link, &message, "a nested additional header")
}

/// A GetEndpoints whose additional header is a MonitoredItemNotification with DataValues in DataValues.
fn deep_header(link: &Link) -> Vec<u8> {
    let asked = opcua_types::GetEndpointsRequest {
        request_header: link.header(),
        ..opcua_types::GetEndpointsRequest::default()
    };
    let whole = link.encode(&asked);
    let mut header = Vec::new();
    link.put(&mut header, &asked.request_header);
    // The header ends with a null extension object of three bytes.
    let end = 4 + header.len();
    let mut body = 0_u32.to_le_bytes().to_vec();
    body.extend_from_slice(&[1_u8, 23].repeat(20_000));
    let mut object = vec![1, 0];
    let id = ObjectId::MonitoredItemNotification_Encoding_DefaultBinary as u32 as u16;
    object.extend_from_slice(&id.to_le_bytes());
    object.push(1);
    object.extend_from_slice(&(body.len() as i32).to_le_bytes());
    object.extend_from_slice(&body);
    [&whole[..end - 3], &object, &whole[end..]].concat()
}

fn enc_03(bench: &Bench) -> Check {
    for length in [-2_i32, i32::MAX, 1_000_000] {
        let variant = [&[0x86_u8][..], &length.to_le_bytes()].concat();
        breaks(bench, &|link| write_of(link, &variant), &format!("an array of {length} elements"))?;
    }
    Ok(())
}

fn enc_04(bench: &Bench) -> Check {
    for dimensions in [[2_i32, 3], [i32::MAX, i32::MAX], [-1, -4], [65_536, 65_537]] {
        // Four Int32 elements and dimensions that do not make four.
        let mut variant = vec![0xc6_u8];
        variant.extend_from_slice(&4_i32.to_le_bytes());
        variant.extend_from_slice(&[0; 16]);
        variant.extend_from_slice(&2_i32.to_le_bytes());
        for dimension in dimensions {
            variant.extend_from_slice(&dimension.to_le_bytes());
        }
        breaks(bench, &|link| write_of(link, &variant), &format!("dimensions {dimensions:?}"))?;
    }
    Ok(())
}

fn enc_05(bench: &Bench) -> Check {
    for text in [&[0xff_u8, 0xfe][..], &[0xed, 0xa0, 0x80], &[b'a', 0, b'b']] {
        let mut variant = vec![12_u8];
        variant.extend_from_slice(&(text.len() as i32).to_le_bytes());
        variant.extend_from_slice(text);
        let mut link = bench.session()?;
        let message = write_of(&link, &variant);
        survives(bench, &mut link, &message, "a text that is no UTF-8")?;
    }
    Ok(())
}

/// An extension object with a Range (two Doubles, 16 bytes) that says this length and holds so many bytes.
fn range_object(said: i32, held: usize) -> Vec<u8> {
    let mut variant = vec![22_u8, 1, 0];
    let id = ObjectId::Range_Encoding_DefaultBinary as u32 as u16;
    variant.extend_from_slice(&id.to_le_bytes());
    variant.push(1);
    variant.extend_from_slice(&said.to_le_bytes());
    variant.extend_from_slice(&vec![0; held]);
    variant
}

fn enc_06(bench: &Bench) -> Check {
    for (said, held) in [(8, 8), (16, 8), (i32::MAX, 16), (-5, 16)] {
        let variant = range_object(said, held);
        let mut link = bench.session()?;
        let message = write_of(&link, &variant);
        survives(bench, &mut link, &message, &format!("a structure of {said} bytes in {held}"))?;
    }
    Ok(())
}

fn enc_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let mut variant = vec![22_u8, 2, 9, 0];
    variant.extend_from_slice(&424_242_u32.to_le_bytes());
    variant.push(1);
    variant.extend_from_slice(&3_i32.to_le_bytes());
    variant.extend_from_slice(&[1, 2, 3]);
    let message = write_of(&link, &variant);
    link.post("MSGF", &message);
    let response: opcua_types::WriteResponse =
        good(link.answer()?, "Write of an unknown structure")?;
    let status = response.results.unwrap_or_default().first().copied().unwrap_or(StatusCode::Good);
    code(status, &[StatusCode::BadNodeIdUnknown], "Write of an unknown structure to no node")
}

fn enc_08(bench: &Bench) -> Check {
    for ticks in [i64::MIN, -1, i64::MAX] {
        let mut link = bench.session()?;
        let variant = [&[13_u8][..], &ticks.to_le_bytes()].concat();
        let message = write_of(&link, &variant);
        survives(bench, &mut link, &message, "a time out of range")?;
    }
    Ok(())
}

fn enc_09(bench: &Bench) -> Check {
    let node = bench.material()?.need("Scalar.Double")?;
    let mut link = bench.session()?;
    let before = read_one(&mut link, &node)?;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324] {
        crate::conformance::write::put(&mut link, &node, Variant::Double(number))?;
        match read_one(&mut link, &node)? {
            Variant::Double(back) => equal(back.to_bits(), number.to_bits(), "bits of a Double")?,
            other => return Err(Stop::unexpected("the value", "a Double", format!("{other:?}"))),
        }
    }
    crate::conformance::write::put(&mut link, &node, before)
}

fn enc_10(bench: &Bench) -> Check {
    let material = bench.material()?;
    let (flag, text) = (material.need("Scalar.Boolean")?, material.need("Scalar.String")?);
    let mut link = bench.session()?;
    let before = read_one(&mut link, &text)?;
    for value in ["", "x"] {
        crate::conformance::write::put(&mut link, &text, Variant::from(value))?;
        equal(read_one(&mut link, &text)?, Variant::from(value), "a text")?;
    }
    crate::conformance::write::put(&mut link, &text, before)?;
    let before = read_one(&mut link, &flag)?;
    let mut message = write_of(&link, &[1, 2]);
    // Names the flag in place of a node that there is not.
    let mut from = Vec::new();
    link.put(&mut from, &standard(999_999));
    let mut to = Vec::new();
    link.put(&mut to, &flag);
    let at = message.windows(from.len()).rposition(|it| it == from).unwrap_or(0);
    message.splice(at..at + from.len(), to);
    link.post("MSGF", &message);
    let response: opcua_types::WriteResponse = good(link.answer()?, "Write of a Boolean of 2")?;
    that(
        response.results.is_some_and(|it| it.iter().all(StatusCode::is_good)),
        "a Boolean of 2 is refused",
    )?;
    equal(read_one(&mut link, &flag)?, Variant::Boolean(true), "a Boolean of 2")?;
    crate::conformance::write::put(&mut link, &flag, before)
}

fn enc_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    // i=85 in two bytes, four bytes and in full.
    for id in [&[0_u8, 85][..], &[1, 0, 85, 0], &[2, 0, 0, 85, 0, 0, 0]] {
        let mut body = link.encode(&read_request(&link, Vec::new()));
        body.truncate(body.len() - 4);
        body.extend_from_slice(&1_i32.to_le_bytes());
        body.extend_from_slice(id);
        body.extend_from_slice(&1_u32.to_le_bytes());
        body.extend_from_slice(&(-1_i32).to_le_bytes());
        body.extend_from_slice(&[0, 0, 0xff, 0xff, 0xff, 0xff]);
        link.post("MSGF", &body);
        let response: ReadResponse = good(link.answer()?, "Read")?;
        let found = response.results.unwrap_or_default().into_iter().next().and_then(|it| it.value);
        equal(found, Some(standard(85).into()), &format!("the node named by {id:?}"))?;
    }
    Ok(())
}

fn enc_12(bench: &Bench) -> Check {
    let mut taken = Vec::new();
    for _ in 0..3 {
        let mut link = bench.session()?;
        let mut body = link.encode(&read_request(&link, vec![value(standard(2259))]));
        body.extend_from_slice(&[1, 2, 3, 4]);
        link.post("MSGF", &body);
        taken.push(match link.answer::<ReadResponse>()? {
            Ok(_) => true,
            Err(status) => {
                code(status, BROKEN, "bytes behind a request")?;
                false
            }
        });
    }
    that(
        taken.iter().all(|it| *it == taken[0]),
        "bytes behind a request are taken at one time and not at another",
    )
}

fn enc_13(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let whole = link.encode(&read_request(&link, vec![value(standard(2259)); 3]));
    for length in 0..whole.len() {
        link.post("MSGF", &whole[..length]);
        match link.receive() {
            Ok(Some(frame)) if frame.kind == "MSGF" => {}
            _ => link = bench.session()?,
        }
    }
    let mut other = bench.session()?;
    read(&mut other, vec![value(standard(2259))]).map(|_| ())
}

/// A request of this type with nothing but a header.
fn of_type(link: &mut Link, number: u16) -> Check {
    let mut body = vec![1, 0];
    body.extend_from_slice(&number.to_le_bytes());
    link.put(&mut body, &link.header());
    link.post("MSGF", &body);
    refused(
        &link.answer::<ReadResponse>()?,
        &[StatusCode::BadServiceUnsupported],
        &format!("request type {number}"),
    )?;
    read(link, vec![value(standard(2259))]).map(|_| ())
}

fn enc_14(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    of_type(&mut link, 60_000)
}

fn enc_15(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    of_type(&mut link, ObjectId::ReadResponse_Encoding_DefaultBinary as u32 as u16)
}

fn enc_16(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    // A DataValue with source picoseconds of 60,000.
    let mut message = write_of(&link, &[6, 1, 0, 0, 0]);
    let at = message.len() - 6;
    message[at] = 0x11;
    message.extend_from_slice(&60_000_u16.to_le_bytes());
    survives(bench, &mut link, &message, "picoseconds of 60,000")
}

fn enc_17(_: &Bench) -> Check {
    Err(Stop::skipped("a property of the codec; shown by tests/server/encoding.rs"))
}

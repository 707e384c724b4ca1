//! 4.8: Read (Part 4, 5.11.2).

use opcua_types::{
    AttributeId, BinaryDecodable, DataValue, ExtensionObject, MessageInfo, NodeClass, NodeId,
    QualifiedName, ReadRequest, ReadResponse, ReadValueId, ServerStatusDataType, StatusCode,
    TimestampsToReturn, Variant,
};

use crate::conformance::bench::{attribute, read, read_one, read_request, standard, value};
use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::{Bench, Case, Check, Stop, case};
use crate::time;

/// Cases of Read.
pub(super) const CASES: &[Case] = &[
    case("RD-01", "each class of node has its attributes and no others", rd_01),
    case("RD-02", "attribute numbers that there are not", rd_02),
    case("RD-03", "unknown and null nodes have their own codes", rd_03),
    case("RD-04", "nothing and too much", rd_04),
    case("RD-05", "timestamps come as asked", rd_05),
    case("RD-06", "timestamps that there are not", rd_06),
    case("RD-07", "a negative age is an error", rd_07),
    case("RD-08", "index ranges of arrays, matrices and texts", rd_08),
    case("RD-09", "index ranges that are none", rd_09),
    case("RD-10", "index ranges beyond the end", rd_10),
    case("RD-11", "index ranges where there is nothing to index", rd_11),
    case("RD-12", "data encodings", rd_12),
    case("RD-13", "what may not be read", rd_13),
    case("RD-14", "many nodes, good and bad, in order", rd_14),
    case("RD-15", "a sensor in fault is a value with a bad status", rd_15),
    case("RD-16", "user attributes are those of the user", rd_16),
    case("RD-17", "the server's status is alive", rd_17),
    case("RD-18", "ServerArray and NamespaceArray begin as they must", rd_18),
    case("RD-19", "limits are given and kept", rd_19),
];

const INVALID_ATTRIBUTE: &[StatusCode] = &[StatusCode::BadAttributeIdInvalid];
const FINE: &[StatusCode] = &[StatusCode::Good];

fn status(result: &DataValue) -> StatusCode {
    result.status.unwrap_or(StatusCode::Good)
}

fn statuses(results: &[DataValue]) -> Vec<StatusCode> {
    results.iter().map(status).collect()
}

/// Mandatory attributes of each class beside the base ones, on a node that every server has.
const CLASSES: &[(NodeClass, u32, &[AttributeId])] = &[
    (NodeClass::Object, 2253, &[AttributeId::EventNotifier]),
    (
        NodeClass::Variable,
        2258,
        &[
            AttributeId::Value,
            AttributeId::DataType,
            AttributeId::ValueRank,
            AttributeId::AccessLevel,
            AttributeId::UserAccessLevel,
            AttributeId::Historizing,
        ],
    ),
    (NodeClass::ObjectType, 58, &[AttributeId::IsAbstract]),
    (
        NodeClass::VariableType,
        62,
        &[AttributeId::DataType, AttributeId::ValueRank, AttributeId::IsAbstract],
    ),
    (NodeClass::ReferenceType, 35, &[AttributeId::IsAbstract, AttributeId::Symmetric]),
    (NodeClass::DataType, 12, &[AttributeId::IsAbstract]),
    (NodeClass::Method, 11492, &[AttributeId::Executable, AttributeId::UserExecutable]),
];

/// Attributes that a class must not have.
const FOREIGN: &[(u32, &[AttributeId])] = &[
    (2253, &[AttributeId::Value, AttributeId::Executable, AttributeId::IsAbstract]),
    (2258, &[AttributeId::EventNotifier, AttributeId::IsAbstract, AttributeId::Symmetric]),
    (35, &[AttributeId::Value, AttributeId::EventNotifier]),
    (58, &[AttributeId::Value, AttributeId::AccessLevel]),
];

fn rd_01(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let base = [
        AttributeId::NodeId,
        AttributeId::NodeClass,
        AttributeId::BrowseName,
        AttributeId::DisplayName,
    ];
    for (class, node, own) in CLASSES {
        let wanted: Vec<ReadValueId> =
            base.iter().chain(*own).map(|it| attribute(standard(*node), *it)).collect();
        let results = read(&mut link, wanted)?;
        if *class == NodeClass::Method && status(&results[0]) == StatusCode::BadNodeIdUnknown {
            continue;
        }
        for (result, id) in results.iter().zip(base.iter().chain(*own)) {
            code(status(result), FINE, &format!("{id:?} of i={node}"))?;
            that(result.value.is_some(), format!("{id:?} of i={node} has no value"))?;
        }
        equal(results[1].value.clone(), Some(Variant::Int32(*class as i32)), "NodeClass")?;
    }
    for (node, others) in FOREIGN {
        for other in *others {
            let result = read(&mut link, vec![attribute(standard(*node), *other)])?.remove(0);
            code(status(&result), INVALID_ATTRIBUTE, &format!("{other:?} of i={node}"))?;
        }
    }
    Ok(())
}

fn rd_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let of = |number: u32| ReadValueId { attribute_id: number, ..value(standard(2258)) };
    let results = read(&mut link, vec![of(0), of(28), of(999), of(u32::MAX)])?;
    codes(&statuses(&results), &[INVALID_ATTRIBUTE; 4], "Read")
}

fn rd_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let nodes = [NodeId::new(0, 999_999), NodeId::new(60_000, "none"), NodeId::null()];
    let results = read(&mut link, nodes.map(value).to_vec())?;
    let unknown: &[StatusCode] = &[StatusCode::BadNodeIdUnknown, StatusCode::BadNodeIdInvalid];
    codes(&statuses(&results), &[unknown, unknown, unknown], "Read")
}

fn rd_04(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = read_request(&link, Vec::new());
    refused(
        &link.call::<ReadResponse>(&request)?,
        &[StatusCode::BadNothingToDo],
        "Read of nothing",
    )?;
    let most = read(&mut link, vec![value(standard(11705))])?.pop().and_then(|it| it.value);
    let most = match most {
        Some(Variant::UInt32(most)) if most > 0 && most <= 20_000 => most as usize,
        _ => return Ok(()),
    };
    let request = read_request(&link, vec![value(standard(2258)); most + 1]);
    let whole = link.encode(&request);
    let answer: Answer<ReadResponse> = in_chunks(&mut link, &whole)?;
    let wanted = [StatusCode::BadTooManyOperations, StatusCode::BadEncodingLimitsExceeded];
    refused(&answer, &wanted, "one node more than MaxNodesPerRead")
}

/// Sends a long message in chunks and waits for the answer.
pub(super) fn in_chunks<R>(link: &mut Link, whole: &[u8]) -> Result<Answer<R>, Stop>
where
    R: BinaryDecodable + MessageInfo + Default,
{
    let request = link.request;
    let parts: Vec<&[u8]> = whole.chunks(60_000).collect();
    for (index, part) in parts.iter().enumerate() {
        link.request = request;
        link.post(if index + 1 == parts.len() { "MSGF" } else { "MSGC" }, part);
    }
    link.answer()
}

fn rd_05(bench: &Bench) -> Check {
    use TimestampsToReturn::{Both, Neither, Server, Source};
    let mut link = bench.session()?;
    for (asked, source, server) in
        [(Source, true, false), (Server, false, true), (Both, true, true), (Neither, false, false)]
    {
        let nodes = vec![value(standard(2258)), attribute(standard(2258), AttributeId::BrowseName)];
        let request = ReadRequest { timestamps_to_return: asked, ..read_request(&link, nodes) };
        let response: ReadResponse = good(link.call(&request)?, "Read")?;
        let results = response.results.unwrap_or_default();
        equal(results.len(), 2, "number of results")?;
        equal(
            results[0].source_timestamp.is_some(),
            source,
            &format!("{asked:?}: source timestamp"),
        )?;
        equal(
            results[0].server_timestamp.is_some(),
            server,
            &format!("{asked:?}: server timestamp"),
        )?;
        that(results[1].source_timestamp.is_none(), "a browse name with a source timestamp")?;
    }
    Ok(())
}

fn rd_06(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let request = read_request(&link, vec![value(standard(2258))]);
    for number in [4_i32, -1] {
        let mut body = link.encode(&request);
        // Behind it: the array's length and one ReadValueId of four-byte id, attribute, null range, null encoding.
        let at = body.len() - (4 + 4 + 4 + 6) - 4 - 4;
        body[at..at + 4].copy_from_slice(&number.to_le_bytes());
        link.post("MSGF", &body);
        let wanted = [StatusCode::BadTimestampsToReturnInvalid, StatusCode::BadDecodingError];
        refused(&link.answer::<ReadResponse>()?, &wanted, &format!("timestamps {number}"))?;
    }
    Ok(())
}

fn rd_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for (age, wanted) in [(-1.0, false), (0.0, true), (1e12, true)] {
        let request =
            ReadRequest { max_age: age, ..read_request(&link, vec![value(standard(2258))]) };
        let answer = link.call::<ReadResponse>(&request)?;
        if wanted {
            good(answer, &format!("MaxAge {age}"))?;
        } else {
            refused(&answer, &[StatusCode::BadMaxAgeInvalid], &format!("MaxAge {age}"))?;
        }
    }
    Ok(())
}

/// A value read with an index range, as it stands, right or wrong.
fn ranged(link: &mut Link, node: &NodeId, range: &str) -> Result<DataValue, Stop> {
    let request = read_request(link, Vec::new());
    let mut body = link.encode(&request);
    body.truncate(body.len() - 4);
    body.extend_from_slice(&1_i32.to_le_bytes());
    link.put(&mut body, node);
    body.extend_from_slice(&(AttributeId::Value as u32).to_le_bytes());
    body.extend_from_slice(&(range.len() as i32).to_le_bytes());
    body.extend_from_slice(range.as_bytes());
    link.put(&mut body, &QualifiedName::null());
    link.post("MSGF", &body);
    let response: ReadResponse = good(link.answer()?, &format!("Read with range {range:?}"))?;
    some(response.results.and_then(|mut it| it.pop()), "the result of Read")
}

fn elements(value: Option<&Variant>) -> Vec<Variant> {
    match value {
        Some(Variant::Array(array)) => array.values.clone(),
        _ => Vec::new(),
    }
}

/// NamespaceArray: the array of texts that every server has.
const ARRAY: u32 = 2255;

fn rd_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = standard(ARRAY);
    let whole = elements(Some(&read_one(&mut link, &node)?));
    let last = whole.len().saturating_sub(1);
    let one = ranged(&mut link, &node, &last.to_string())?;
    equal(elements(one.value.as_ref()), whole[last..].to_vec(), "range of the last element")?;
    if whole.len() > 1 {
        let two = ranged(&mut link, &node, "0:1")?;
        equal(elements(two.value.as_ref()), whole[..2].to_vec(), "range 0:1")?;
    }
    let Some(matrix) = bench.material()?.fixture("Matrix.Int32") else { return Ok(()) };
    let whole = read_one(&mut link, &matrix)?;
    let Variant::Array(array) = &whole else {
        return Err(Stop::failed("Matrix.Int32 is no matrix"));
    };
    let columns = array.dimensions.as_ref().and_then(|it| it.get(1)).copied().unwrap_or(0) as usize;
    let part = ranged(&mut link, &matrix, "0:1,1:2")?;
    let wanted: Vec<Variant> = [1, 2, columns + 1, columns + 2]
        .iter()
        .filter_map(|it| array.values.get(*it).cloned())
        .collect();
    equal(elements(part.value.as_ref()), wanted, "range 0:1,1:2 of a matrix")?;
    let text = some(bench.material()?.fixture("Scalar.String"), "Scalar.String")?;
    if let Variant::String(whole) = read_one(&mut link, &text)? {
        let part = ranged(&mut link, &text, "1:2")?;
        let wanted: String = whole.as_ref().chars().skip(1).take(2).collect();
        if wanted.len() == 2 {
            equal(part.value, Some(Variant::String(wanted.into())), "range 1:2 of a text")?;
        }
    }
    Ok(())
}

fn rd_09(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    for range in ["2:2", "3:1", "-2:0", "2-4", "a", " 1", "1:", ":1", "1,,2"] {
        let result = ranged(&mut link, &standard(ARRAY), range)?;
        code(status(&result), &[StatusCode::BadIndexRangeInvalid], &format!("range {range:?}"))?;
    }
    Ok(())
}

fn rd_10(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let node = standard(ARRAY);
    let outside = ranged(&mut link, &node, "500:600")?;
    code(status(&outside), &[StatusCode::BadIndexRangeNoData], "a range wholly outside")?;
    let whole = elements(Some(&read_one(&mut link, &node)?));
    let partly = ranged(&mut link, &node, "0:600")?;
    code(status(&partly), FINE, "a range partly outside")?;
    equal(elements(partly.value.as_ref()).len(), whole.len(), "elements of a range partly outside")
}

fn rd_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let wanted = [StatusCode::BadIndexRangeNoData, StatusCode::BadIndexRangeInvalid];
    let result = ranged(&mut link, &standard(2258), "0")?;
    code(status(&result), &wanted, "a range of a scalar")
}

fn rd_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let of = |node: u32, name: &str| ReadValueId {
        data_encoding: QualifiedName::new(0, name),
        ..value(standard(node))
    };
    let nodes = vec![of(2256, "Default Binary"), of(2256, "No such"), of(2258, "Default Binary")];
    let results = read(&mut link, nodes)?;
    let wanted: [&[StatusCode]; 3] = [
        FINE,
        &[StatusCode::BadDataEncodingUnsupported, StatusCode::BadDataEncodingInvalid],
        &[StatusCode::BadDataEncodingInvalid],
    ];
    codes(&statuses(&results), &wanted, "Read with an encoding")
}

fn rd_13(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let material = bench.material()?;
    let hidden =
        material.variable("variable that this user may not read", |it| it.user_access & 1 == 0)?;
    let result = read(&mut link, vec![value(hidden.node.clone())])?.remove(0);
    let wanted = if hidden.access & 1 == 0 {
        StatusCode::BadNotReadable
    } else {
        StatusCode::BadUserAccessDenied
    };
    code(status(&result), &[wanted], &format!("value of {}", hidden.node))
}

fn rd_14(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let nodes: Vec<ReadValueId> = (0..1000)
        .map(|it| match it % 3 {
            0 => attribute(standard(2258), AttributeId::NodeId),
            1 => attribute(standard(2259), AttributeId::NodeId),
            _ => value(NodeId::new(0, 999_999)),
        })
        .collect();
    let whole = link.encode(&read_request(&link, nodes));
    let answer = in_chunks::<ReadResponse>(&mut link, &whole)?;
    if let Err(status) = answer {
        code(status, &[StatusCode::BadTooManyOperations], "Read of 1000 nodes")?;
        return Err(Stop::skipped("the server reads fewer than 1000 nodes at once"));
    }
    let results = good(answer, "Read")?.results.unwrap_or_default();
    equal(results.len(), 1000, "number of results")?;
    for (index, result) in results.iter().enumerate() {
        let wanted = match index % 3 {
            0 => Some(Variant::from(standard(2258))),
            1 => Some(Variant::from(standard(2259))),
            _ => None,
        };
        if wanted.is_none() {
            code(status(result), &[StatusCode::BadNodeIdUnknown], "an unknown node among others")?;
        }
        equal(result.value.clone(), wanted, &format!("result {index}"))?;
    }
    Ok(())
}

fn rd_15(_: &Bench) -> Check {
    Err(Stop::skipped("needs a fault in the plant; shown by tests/clients/python/test_process.py"))
}

fn rd_16(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let found = &bench.material()?.variables;
    let locked = found.iter().find(|it| it.access & 2 != 0 && it.user_access & 2 == 0);
    let Some(locked) = locked else {
        return Err(Stop::skipped("every writable variable may be written anonymously"));
    };
    let request = opcua_types::WriteRequest {
        request_header: link.header(),
        nodes_to_write: Some(vec![opcua_types::WriteValue {
            node_id: locked.node.clone(),
            attribute_id: AttributeId::Value as u32,
            value: DataValue::value_only(locked.value.clone()),
            ..opcua_types::WriteValue::default()
        }]),
    };
    let response: opcua_types::WriteResponse = good(link.call(&request)?, "Write")?;
    let got = response.results.unwrap_or_default();
    codes(&got, &[&[StatusCode::BadUserAccessDenied]], "writing what UserAccessLevel forbids")
}

fn server_status(link: &mut Link) -> Result<ServerStatusDataType, Stop> {
    match read_one(link, &standard(2256))? {
        Variant::ExtensionObject(object) => inner(&object),
        other => Err(Stop::unexpected("ServerStatus", "a structure", format!("{other:?}"))),
    }
}

fn inner(object: &ExtensionObject) -> Result<ServerStatusDataType, Stop> {
    object
        .inner_as::<ServerStatusDataType>()
        .cloned()
        .ok_or_else(|| Stop::failed("ServerStatus is another structure"))
}

fn rd_17(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let first = server_status(&mut link)?;
    equal(first.state, opcua_types::ServerState::Running, "State")?;
    let build = &first.build_info;
    for (name, text) in [
        ("ProductUri", &build.product_uri),
        ("ManufacturerName", &build.manufacturer_name),
        ("ProductName", &build.product_name),
        ("SoftwareVersion", &build.software_version),
    ] {
        that(!text.is_empty(), format!("BuildInfo.{name} is empty"))?;
    }
    that(
        first.start_time.ticks() <= first.current_time.ticks(),
        "the server has started in the future",
    )?;
    for _ in 0..200 {
        time::wait(std::time::Duration::from_millis(10));
        if server_status(&mut link)?.current_time.ticks() > first.current_time.ticks() {
            return Ok(());
        }
    }
    Err(Stop::failed("CurrentTime stands still"))
}

fn rd_18(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let application =
        some(bench.endpoints()?.into_iter().next(), "an endpoint")?.server.application_uri;
    let servers = elements(Some(&read_one(&mut link, &standard(2254))?));
    equal(servers.first().cloned(), Some(Variant::String(application.clone())), "ServerArray[0]")?;
    let namespaces = elements(Some(&read_one(&mut link, &standard(2255))?));
    let ua = Variant::from("http://opcfoundation.org/UA/");
    equal(namespaces.first().cloned(), Some(ua), "NamespaceArray[0]")?;
    equal(namespaces.get(1).cloned(), Some(Variant::String(application)), "NamespaceArray[1]")
}

fn rd_19(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let limits = [11705_u32, 11710, 11712, 11714, 11702, 11703];
    for result in read(&mut link, limits.iter().map(|it| value(standard(*it))).collect())? {
        if result.status.is_none_or(|it| it.is_good()) {
            that(matches!(result.value, Some(Variant::UInt32(_))), "a limit that is no UInt32")?;
        }
    }
    Ok(())
}

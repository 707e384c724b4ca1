//! What the server says of its histories (Part 11, 5.2 and 5.4; Part 3, 5.6.2).

use opcua_types::{
    AttributeId, BrowseDescription, BrowseRequest, BrowseResponse, NodeId, ReferenceDescription,
    ReferenceTypeId, StatusCode, VariableId, Variant,
};

use crate::conformance::bench::{attribute, read, read_one, standard};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::history::annex::lines_of;
use crate::conformance::history::at_time::at;
use crate::conformance::history::record::{Record, point};
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;
use crate::conformance::{Bench, Check, Stop};

/// AccessLevel bits (Part 3, 8.57).
const HISTORY_READ: u8 = 4;
const HISTORY_WRITE: u8 = 8;

/// Capabilities that the cases of this section have shown.
const SHOWN: &[VariableId] = &[
    VariableId::HistoryServerCapabilities_AccessHistoryDataCapability,
    VariableId::HistoryServerCapabilities_InsertDataCapability,
    VariableId::HistoryServerCapabilities_ReplaceDataCapability,
    VariableId::HistoryServerCapabilities_UpdateDataCapability,
    VariableId::HistoryServerCapabilities_DeleteRawCapability,
    VariableId::HistoryServerCapabilities_DeleteAtTimeCapability,
    VariableId::HistoryServerCapabilities_InsertAnnotationCapability,
    VariableId::HistoryServerCapabilities_ServerTimestampSupported,
];
/// Limits, each with a number.
const LIMITS: &[VariableId] = &[
    VariableId::HistoryServerCapabilities_MaxReturnDataValues,
    VariableId::HistoryServerCapabilities_MaxReturnEventValues,
    VariableId::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData,
    VariableId::Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData,
];

/// Forward references of this type.
fn forward(
    link: &mut Link,
    node: &NodeId,
    kind: ReferenceTypeId,
) -> Result<Vec<ReferenceDescription>, Stop> {
    let wanted = BrowseDescription {
        reference_type_id: standard(kind as u32),
        ..hierarchical(node.clone())
    };
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(vec![wanted]),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default().into_iter();
    Ok(results.flat_map(|it| it.references.unwrap_or_default()).collect())
}

/// Stepped of the configuration of a node's history.
fn is_stepped(link: &mut Link, node: &NodeId) -> Result<bool, Stop> {
    let configurations = forward(link, node, ReferenceTypeId::HasHistoricalConfiguration)?;
    let own = some(configurations.first(), &format!("the configuration of {node}"))?;
    let properties = forward(link, &own.node_id.node_id, ReferenceTypeId::HasProperty)?;
    let stepped = properties.iter().find(|it| it.browse_name.name.as_ref() == "Stepped");
    let stepped = some(stepped, "Stepped")?.node_id.node_id.clone();
    for name in ["Definition", "MaxTimeInterval"] {
        // Optional; what is there has a value.
        if let Some(found) = properties.iter().find(|it| it.browse_name.name.as_ref() == name) {
            read_one(link, &found.node_id.node_id)?;
        }
    }
    match read_one(link, &stepped)? {
        Variant::Boolean(stepped) => Ok(stepped),
        other => Err(Stop::unexpected("Stepped", "a Boolean", other)),
    }
}

pub(super) fn ha_39(bench: &Bench) -> Check {
    let mut record = Record::of(bench, "Double", 39)?;
    for variable in SHOWN {
        let value = read_one(&mut record.link, &standard(*variable as u32))?;
        equal(value, Variant::Boolean(true), &format!("{variable:?}"))?;
    }
    for variable in LIMITS {
        let value = read_one(&mut record.link, &standard(*variable as u32))?;
        that(matches!(value, Variant::UInt32(_)), format!("{variable:?} is {value:?}"))?;
    }
    record.fill(&[point(0.0, 0.0), point(10.0, 10.0)])?;
    stands_between(&mut record, 5.0)?;
    for (name, values) in [
        ("Int32", [Variant::Int32(0), Variant::Int32(10)]),
        ("Boolean", [Variant::Boolean(false), Variant::Boolean(true)]),
    ] {
        record.turn_to(bench, name)?;
        let [one, other] = values;
        record.fill(&[point(0.0, one), point(10.0, other)])?;
        stands_between(&mut record, 5.0)?;
    }
    Ok(())
}

/// Half way between the samples 0 and 10 stands the first one if the history is stepped, otherwise their mean.
fn stands_between(record: &mut Record, half: f64) -> Check {
    let node = record.node.clone();
    let value = if is_stepped(&mut record.link, &node)? { 0.0 } else { half };
    let details = at(record, &[half], false);
    let found = record.read(details)?;
    code(found.status, &[StatusCode::Good], "ReadAtTime")?;
    let wanted = vec![format!("0:05.000 {value} Good, Interpolated")];
    equal(lines_of(record, &found.values), wanted, &format!("between two samples of {node}"))
}

/// AccessLevel, UserAccessLevel and Historizing.
fn levels(link: &mut Link, node: &NodeId) -> Result<(u8, u8, bool), Stop> {
    let wanted = [AttributeId::AccessLevel, AttributeId::UserAccessLevel, AttributeId::Historizing];
    let results = read(link, wanted.map(|it| attribute(node.clone(), it)).to_vec())?;
    match [&results[0].value, &results[1].value, &results[2].value] {
        [
            Some(Variant::Byte(level)),
            Some(Variant::Byte(own)),
            Some(Variant::Boolean(historizing)),
        ] => Ok((*level, *own, *historizing)),
        other => Err(Stop::unexpected(&node.to_string(), "access levels", format!("{other:?}"))),
    }
}

pub(super) fn ha_40(bench: &Bench) -> Check {
    let mut user = Record::kept(bench, "Double", 40)?.link;
    let mut nobody = bench.session()?;
    let both = HISTORY_READ | HISTORY_WRITE;
    for (name, all, of_nobody, of_user, is_kept) in [
        ("History.Double", both, HISTORY_READ, both, true),
        ("History.Double.Annotations", both, HISTORY_READ, both, true),
        ("History.ReadOnly", HISTORY_READ, HISTORY_READ, HISTORY_READ, true),
        ("History.ReadByOperator", both, 0, both, true),
        ("Scalar.Double", 0, 0, 0, false),
    ] {
        let node = bench.material()?.need(name)?;
        for (link, own, who) in [(&mut nobody, of_nobody, "nobody"), (&mut user, of_user, "user")] {
            let (level, user_level, historizing) = levels(link, &node)?;
            let found = (level & both, user_level & both, historizing);
            equal(found, (all, own, is_kept), &format!("history bits of {name} for {who}"))?;
        }
    }
    Ok(())
}

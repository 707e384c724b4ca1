//! Conditions as nodes of the address space: where they are, and what is below them.

use std::collections::BTreeSet;

use opcua_types::{AttributeId, DateTime, NodeClass, NodeId, ReferenceDescription, Variant};

use crate::conformance::alarm::fixture::{Condition, HAS_CONDITION, described, forward};
use crate::conformance::alarm::types::Types;
use crate::conformance::bench::{attribute, read, read_one, standard, value};
use crate::conformance::expect::{equal, some, that};
use crate::conformance::link::Link;
use crate::conformance::{Bench, Check, Stop};
use crate::time;

const SERVER: u32 = 2253;
const CONDITION_TYPE: u32 = 2782;
/// BaseConditionClassType.
const CONDITION_CLASS: u32 = 11_163;
const CERTIFICATE_EXPIRATION: u32 = 13_225;
/// HasEventSource and, below it, HasNotifier.
const HAS_EVENT_SOURCE: u32 = 36;
/// Conditions that are looked at, at most.
const MOST_CONDITIONS: usize = 2000;
/// Nodes per request.
const BATCH: usize = 50;
/// Steps of 100 ns in one ms.
const TICKS_PER_MS: f64 = 10_000.0;
/// ExpirationLimit where it is not there: two weeks (Part 9, 5.8.24), ms.
const EXPIRATION_LIMIT_MS: f64 = 14.0 * 86_400_000.0;

/// Every object that has conditions, with references to them.
fn references(bench: &Bench, link: &mut Link) -> Result<Vec<(NodeId, ReferenceDescription)>, Stop> {
    let material = bench.material()?;
    let objects: Vec<NodeId> =
        std::iter::once(standard(SERVER)).chain(material.objects.iter().cloned()).collect();
    let mut seen = BTreeSet::new();
    let mut all = forward(link, &objects, HAS_CONDITION)?;
    all.retain(|(_, it)| {
        it.node_class == NodeClass::Object && seen.insert(it.node_id.node_id.to_string())
    });
    all.truncate(MOST_CONDITIONS);
    if all.is_empty() {
        return Err(Stop::skipped("the server has no conditions below its objects"));
    }
    Ok(all)
}

/// Nodes whose events reach the Server object.
fn event_sources(link: &mut Link) -> Result<BTreeSet<String>, Stop> {
    let mut seen = BTreeSet::from([standard(SERVER).to_string()]);
    let mut level = vec![standard(SERVER)];
    while !level.is_empty() {
        let mut below = Vec::new();
        for (_, reference) in forward(link, &level, HAS_EVENT_SOURCE)? {
            let node = reference.node_id.node_id;
            if seen.insert(node.to_string()) {
                below.push(node);
            }
        }
        level = below;
    }
    Ok(seen)
}

pub(super) fn ac_31(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let references = references(bench, &mut link)?;
    let sources = event_sources(&mut link)?;
    let mut types = Types::default();
    for part in references.chunks(BATCH) {
        let conditions = described(&mut link, part)?;
        for ((source, _), condition) in part.iter().zip(&conditions) {
            that(
                sources.contains(&source.to_string()),
                format!("{source} has {} and is no event source of the server", condition.name),
            )?;
            let kind = types.of(&mut link, &condition.kind)?;
            that(
                kind.is(CONDITION_TYPE),
                format!("{}: its type is no condition's", condition.node),
            )?;
            let missing: Vec<&String> =
                kind.mandatory.iter().filter(|it| !condition.members.contains_key(*it)).collect();
            that(missing.is_empty(), format!("{} lacks {missing:?}", condition.node))?;
        }
        sourced(&mut link, part, &conditions)?;
        inputs(&mut link, &conditions)?;
        classes(&mut link, &conditions, &mut types)?;
    }
    Ok(())
}

/// ConditionClassId is a class (Part 9, 5.9).
fn classes(link: &mut Link, conditions: &[Condition], types: &mut Types) -> Check {
    let nodes = conditions.iter().filter_map(|it| it.members.get("ConditionClassId"));
    let values = read(link, nodes.cloned().map(value).collect())?;
    for (condition, got) in conditions.iter().zip(values) {
        let Some(Variant::NodeId(class)) = got.value else {
            return Err(Stop::failed(format!("{} has no ConditionClassId", condition.node)));
        };
        let is_class = types.of(link, &class)?.is(CONDITION_CLASS);
        that(is_class, format!("{}: {class} is no condition class", condition.node))?;
    }
    Ok(())
}

/// SourceNode is the object that has the condition.
fn sourced(
    link: &mut Link,
    part: &[(NodeId, ReferenceDescription)],
    conditions: &[Condition],
) -> Check {
    let nodes = conditions.iter().filter_map(|it| it.members.get("SourceNode"));
    let values = read(link, nodes.cloned().map(value).collect())?;
    for (((source, _), condition), got) in part.iter().zip(conditions).zip(values) {
        let wanted: Variant = source.clone().into();
        equal(got.value, Some(wanted), &format!("SourceNode of {}", condition.node))?;
    }
    Ok(())
}

/// InputNode, where an alarm has one, is a variable that is there.
fn inputs(link: &mut Link, conditions: &[Condition]) -> Check {
    let alarms: Vec<(&Condition, &NodeId)> = conditions
        .iter()
        .filter_map(|it| it.members.get("InputNode").map(|node| (it, node)))
        .collect();
    let values = read(link, alarms.iter().map(|(_, it)| value((*it).clone())).collect())?;
    let mut inputs = Vec::new();
    for ((alarm, _), got) in alarms.iter().zip(values) {
        match got.value {
            Some(Variant::NodeId(node)) if node.is_null() => {}
            Some(Variant::NodeId(node)) => inputs.push((alarm, *node)),
            other => {
                let of = format!("InputNode of {}", alarm.node);
                return Err(Stop::unexpected(&of, "a NodeId", format!("{other:?}")));
            }
        }
    }
    if inputs.is_empty() {
        return Ok(());
    }
    let classes = inputs.iter().map(|(_, it)| attribute(it.clone(), AttributeId::NodeClass));
    let classes = read(link, classes.collect())?;
    for ((alarm, node), class) in inputs.iter().zip(classes) {
        let wanted = Some((NodeClass::Variable as i32).into());
        equal(class.value, wanted, &format!("{}: NodeClass of its InputNode {node}", alarm.node))?;
    }
    Ok(())
}

pub(super) fn ac_29(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let references = references(bench, &mut link)?;
    let of_certificate = |it: &&(NodeId, ReferenceDescription)| {
        it.1.type_definition.node_id == standard(CERTIFICATE_EXPIRATION)
    };
    let Some(found) = references.iter().find(of_certificate).cloned() else {
        return Err(Stop::skipped("the server has no CertificateExpirationAlarmType"));
    };
    let conditions = described(&mut link, &[found])?;
    let alarm = some(conditions.first(), "the alarm of the certificate")?;
    let expires = ticks(&read_one(&mut link, alarm.member("ExpirationDate")?)?);
    let expires = some(expires, "ExpirationDate")?;
    let certificate = read_one(&mut link, alarm.member("Certificate")?)?;
    let known: Vec<_> = bench.endpoints()?.into_iter().map(|it| it.server_certificate).collect();
    if let Variant::ByteString(certificate) = &certificate {
        let is_known = known.iter().any(|it| {
            let chain = it.value.as_deref().unwrap_or_default();
            !certificate.is_null()
                && chain.starts_with(certificate.value.as_deref().unwrap_or(chain))
        });
        that(is_known, "Certificate is not that of the endpoints")?;
    }
    let limit_ms = match alarm.members.get("ExpirationLimit") {
        Some(node) => match read_one(&mut link, node)? {
            Variant::Double(limit) => limit,
            other => {
                return Err(Stop::unexpected("ExpirationLimit", "a Double", format!("{other:?}")));
            }
        },
        None => EXPIRATION_LIMIT_MS,
    };
    let left_ms = (expires - DateTime::from(time::now().ticks()).ticks()) as f64 / TICKS_PER_MS;
    let is_near = left_ms < limit_ms;
    let active = read_one(&mut link, alarm.member("ActiveState.Id")?)?;
    equal(active, Variant::Boolean(is_near), "ActiveState of the certificate's alarm")?;
    if is_near {
        return Ok(());
    }
    let days = left_ms / 86_400_000.0;
    Err(Stop::skipped(format!(
        "the certificate is good for {days:.0} days; the alarm is there, of its type, and inactive"
    )))
}

fn ticks(value: &Variant) -> Option<i64> {
    match value {
        Variant::DateTime(time) => Some(time.ticks()),
        _ => None,
    }
}

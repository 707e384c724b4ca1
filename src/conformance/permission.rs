//! 4.17, permissions and restrictions of nodes (Part 3, 4.9, 8.55 and 8.56).

use std::collections::BTreeMap;

use opcua_types::{
    AttributeId, BrowseRequest, BrowseResponse, NodeId, RolePermissionType, StatusCode, Variant,
};

use crate::conformance::bench::{attribute, read, read_one, standard, value};
use crate::conformance::expect::{code, equal, good, that};
use crate::conformance::item::{item, made};
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;
use crate::conformance::role::{administrator, has, over};
use crate::conformance::session_secure::gained;
use crate::conformance::subscription::subscribe;
use crate::conformance::user::{log_in_well, waiting};
use crate::conformance::write::write_status;
use crate::conformance::{Bench, Check, Stop};

/// The Server object.
const SERVER: u32 = 2253;
/// DefaultRolePermissions and DefaultUserRolePermissions of namespace 0.
const DEFAULTS: [u32; 2] = [16_134, 16_135];

/// What each role may do, of an attribute or variable that says so.
fn permissions(shown: &Variant) -> Result<BTreeMap<String, i32>, Stop> {
    let wrong = || Stop::failed(format!("{shown:?} is no array of RolePermissionType"));
    let Variant::Array(array) = shown else { return Err(wrong()) };
    let one = |it: &Variant| match it {
        Variant::ExtensionObject(it) => {
            let it = it.inner_as::<RolePermissionType>()?;
            Some((it.role_id.to_string(), it.permissions.bits()))
        }
        _ => None,
    };
    array.values.iter().map(|it| one(it).ok_or_else(wrong)).collect()
}

/// An attribute, or why it is not to be had.
fn shown(
    link: &mut Link,
    node: &NodeId,
    of: AttributeId,
) -> Result<Result<Variant, StatusCode>, Stop> {
    let result = read(link, vec![attribute(node.clone(), of)])?.pop().unwrap_or_default();
    let status = result.status.unwrap_or(StatusCode::Good);
    Ok(if status.is_bad() { Err(status) } else { Ok(result.value.unwrap_or_default()) })
}

/// An attribute that the server's nodes may lack.
fn optional(link: &mut Link, node: &NodeId, of: AttributeId) -> Result<Variant, Stop> {
    let found = shown(link, node, of)?.map_err(|it| format!("{of:?} of {node}: {it}"));
    found.map_err(Stop::skipped)
}

/// The roles of `own` and no others are in `all`, each with what it has there.
fn is_part(own: &BTreeMap<String, i32>, all: &BTreeMap<String, i32>, of: &str) -> Check {
    let is_there = own.iter().all(|(role, bits)| all.get(role) == Some(bits));
    that(is_there, format!("{of}: {own:?} is no part of {all:?}"))
}

pub(super) fn rol_07(bench: &Bench) -> Check {
    let mut admin = administrator(bench)?;
    let server = standard(SERVER);
    let defaults = read_one(&mut admin, &standard(DEFAULTS[0]))
        .map_err(|_| Stop::skipped("namespace 0 has no DefaultRolePermissions"))?;
    let defaults = permissions(&defaults)?;
    that(!defaults.is_empty(), "DefaultRolePermissions of namespace 0 are empty")?;
    let own_defaults = permissions(&read_one(&mut admin, &standard(DEFAULTS[1]))?)?;
    is_part(&own_defaults, &defaults, "DefaultUserRolePermissions")?;
    // A node without permissions of its own has those of its namespace.
    if let Ok(of_server) = shown(&mut admin, &server, AttributeId::RolePermissions)? {
        let of_server = permissions(&of_server)?;
        that(!of_server.is_empty(), "RolePermissions of the Server object are empty")?;
        let own = optional(&mut admin, &server, AttributeId::UserRolePermissions)?;
        is_part(&permissions(&own)?, &of_server, "UserRolePermissions of the Server object")?;
    }
    let Some(namespace) = bench.material()?.fixture else { return Ok(()) };
    // One that has its own has no others.
    let node = NodeId::new(namespace, "Permissions.BrowseOnly");
    let all = permissions(&optional(&mut admin, &node, AttributeId::RolePermissions)?)?;
    equal(
        all.get("i=15644"),
        Some(&1),
        "the permissions of Anonymous over a node that names them",
    )?;
    equal(all.get("i=15668"), None, "the permissions of Observer over a node that names none")
}

pub(super) fn rol_08(bench: &Bench) -> Check {
    let Some(namespace) = bench.material()?.fixture else {
        return Err(Stop::skipped("needs nodes whose restrictions are known: our own fixture"));
    };
    let node = |name: &str| NodeId::new(namespace, format!("Permissions.{name}"));
    let mut links = vec![(0, bench.session()?)];
    for (mode, encrypts) in [(1, false), (2, true)] {
        links.extend(over(bench, encrypts)?.map(|it| (mode, it)));
    }
    for (mode, link) in &mut links {
        for (name, needs) in [("Signed", 1), ("Encrypted", 2), ("Hidden", 2)] {
            let is_met = *mode >= needs;
            let wanted =
                if is_met { StatusCode::Good } else { StatusCode::BadSecurityModeInsufficient };
            let result = read(link, vec![value(node(name))])?.pop().unwrap_or_default();
            let of = format!("a Read of {name} with security mode {mode}");
            code(result.status.unwrap_or(StatusCode::Good), &[wanted], &of)?;
            let status = write_status(link, &node(name), Variant::Double(1.0))?;
            code(status, &[wanted], &format!("a Write of {name} with security mode {mode}"))?;
            let id = subscribe(link, 1000.0)?;
            let looked = made(link, id, item(node(name), 1)).is_ok();
            equal(looked, is_met, &format!("an item on {name} with security mode {mode}"))?;
        }
        let seen = below(link, &node("x"))?;
        for (name, is_seen) in [("Signed", true), ("Encrypted", true), ("Hidden", *mode > 1)] {
            let of = format!("{name} in a Browse with security mode {mode}");
            equal(seen.contains(&node(name).to_string()), is_seen, &of)?;
        }
    }
    if links.len() > 1 { Ok(()) } else { Err(Stop::skipped("needs a secured channel: --pki DIR")) }
}

/// What stands below the fixture's folder of permissions, as this session sees it.
fn below(link: &mut Link, any: &NodeId) -> Result<Vec<String>, Stop> {
    let folder = NodeId::new(any.namespace, "Permissions");
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(vec![hierarchical(folder)]),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default();
    let references = results.into_iter().flat_map(|it| it.references.unwrap_or_default());
    Ok(references.map(|it| it.node_id.node_id.to_string()).collect())
}

pub(super) fn rol_09(bench: &Bench) -> Check {
    let server = standard(SERVER);
    let mut nobody = bench.session()?;
    let own = optional(&mut nobody, &server, AttributeId::UserRolePermissions)?;
    let own = permissions(&own)?;
    match shown(&mut nobody, &server, AttributeId::RolePermissions)? {
        Ok(all) => {
            is_part(&own, &permissions(&all)?, "UserRolePermissions of an anonymous caller")?;
            that(own.len() < permissions(&all)?.len(), "an anonymous caller has every role")?;
        }
        // Hidden altogether from whoever may not see it.
        Err(status) => {
            code(status, &[StatusCode::BadUserAccessDenied], "RolePermissions by nobody")?;
        }
    }
    let Ok(mut admin) = administrator(bench) else { return Ok(()) };
    let all = permissions(&optional(&mut admin, &server, AttributeId::RolePermissions)?)?;
    is_part(&own, &all, "UserRolePermissions of an anonymous caller")?;
    that(own.len() < all.len(), "an anonymous caller sees every role's permissions")
}

/// Writes what is there already.
fn write_back(link: &mut Link, node: &NodeId) -> Result<StatusCode, Stop> {
    let result = read(link, vec![value(node.clone())])?.pop().unwrap_or_default();
    let value = result.value.ok_or_else(|| Stop::skipped(format!("{node} cannot be read")))?;
    write_status(link, node, value)
}

pub(super) fn rol_10(bench: &Bench) -> Check {
    let nodes = gained(bench)?;
    if !bench.options.may_write {
        return Err(Stop::skipped("writes variables of the plant: run with --write"));
    }
    let mut nobody = bench.session()?;
    let mut user = waiting(bench)?;
    log_in_well(bench, &mut user)?;
    let refused = [StatusCode::BadUserAccessDenied];
    let mut written = 0;
    for node in nodes.iter().filter(|it| !it.to_string().contains("Permissions.")).take(10) {
        code(write_back(&mut nobody, node)?, &refused, &format!("{node} written by nobody"))?;
        let status = write_back(&mut user, node)?;
        that(status != refused[0], format!("{node} shows a right to write that is not given"))?;
        written += usize::from(status.is_good());
    }
    that(written > 0, "nothing that the user may write can be written")?;
    browse_and_read(bench)
}

/// Who sees a node need not read it, and who reads it need not see it.
fn browse_and_read(bench: &Bench) -> Check {
    let Some(namespace) = bench.material()?.fixture else { return Ok(()) };
    let node = |name: &str| NodeId::new(namespace, format!("Permissions.{name}"));
    let mut nobody = bench.session()?;
    let seen = below(&mut nobody, &node("x"))?;
    let denied = StatusCode::BadUserAccessDenied;
    for (name, is_seen) in [("BrowseOnly", true), ("ReadOnly", false)] {
        let is_listed = seen.contains(&node(name).to_string());
        equal(is_listed, is_seen, &format!("{name} in a Browse by nobody"))?;
        let result = read(&mut nobody, vec![value(node(name))])?.pop().unwrap_or_default();
        let wanted = if is_seen { denied } else { StatusCode::Good };
        let of = format!("a Read of {name} by nobody");
        code(result.status.unwrap_or(StatusCode::Good), &[wanted], &of)?;
        let name_of = shown(&mut nobody, &node(name), AttributeId::BrowseName)?;
        equal(name_of.is_ok(), is_seen, &format!("the BrowseName of {name} to nobody"))?;
        let id = subscribe(&mut nobody, 1000.0)?;
        let looked = made(&mut nobody, id, item(node(name), 1)).is_ok();
        equal(looked, !is_seen, &format!("an item of nobody on {name}"))?;
        let written = write_status(&mut nobody, &node(name), Variant::Double(1.0))?;
        code(written, &[denied], &format!("a Write of {name} by nobody"))?;
    }
    that(has(&mut nobody, SERVER)?, "the Server object has gone")?;
    Ok(())
}

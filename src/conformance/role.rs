//! 4.17: roles and permissions (Part 3, 4.9; Part 18).

use std::collections::BTreeSet;

use opcua_types::{
    AttributeId, BrowseRequest, BrowseResponse, CallMethodRequest, NodeId, StatusCode, Variant,
};

use crate::conformance::bench::{attribute, read, standard, value};
use crate::conformance::expect::{code, good, some, that};
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;
use crate::conformance::method::call;
use crate::conformance::session_secure::gained;
use crate::conformance::user::{log_in_well, waiting};
use crate::conformance::write::write_status;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of roles.
pub(super) const CASES: &[Case] = &[
    case("ROL-01", "RoleSet has the well-known roles and hides who has them", rol_01),
    case("ROL-02", "identities are added and removed at once", managed),
    case("ROL-03", "nobody without right or encryption manages roles", rol_03),
    case("ROL-04", "identities by every kind of criterion", managed),
    case("ROL-05", "the last administrator stays", managed),
    case("ROL-06", "roles are added and removed, the well-known not", managed),
    case("ROL-07", "permissions of a namespace, and of a node above them", rol_07),
    case("ROL-08", "restrictions ask for signing, encryption or a session", rol_08),
    case("ROL-09", "a caller sees only its own permissions", rol_09),
    alone("ROL-10", "a user may do what its rights say, and no more", rol_10),
    case("ROL-11", "changes of roles are audited", managed),
    case("ROL-12", "users are managed, with passwords that are strong", rol_12),
];

/// RoleSet of the server's capabilities.
const ROLE_SET: u32 = 15606;
/// UserManagement.
const USERS: u32 = 24290;
/// Anonymous, AuthenticatedUser, Observer, Operator, Supervisor, Engineer, ConfigureAdmin, SecurityAdmin.
const WELL_KNOWN: [u32; 8] = [15644, 15656, 15668, 15680, 15692, 16036, 15716, 15704];

fn has(link: &mut Link, node: u32) -> Result<bool, Stop> {
    let class = attribute(standard(node), AttributeId::NodeClass);
    let result = read(link, vec![class])?.pop().unwrap_or_default();
    Ok(matches!(result.value, Some(Variant::Int32(1))))
}

/// A session on a server that has a RoleSet.
fn with_roles(bench: &Bench) -> Result<Link, Stop> {
    let mut link = bench.session()?;
    if has(&mut link, ROLE_SET)? {
        Ok(link)
    } else {
        Err(Stop::skipped("the server has no RoleSet"))
    }
}

fn rol_01(bench: &Bench) -> Check {
    let mut link = with_roles(bench)?;
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(vec![hierarchical(standard(ROLE_SET))]),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default();
    let references = results.into_iter().flat_map(|it| it.references.unwrap_or_default());
    let found: BTreeSet<String> = references.map(|it| it.node_id.node_id.to_string()).collect();
    for role in WELL_KNOWN {
        let role = standard(role);
        that(found.contains(&role.to_string()), format!("RoleSet lacks the role {role}"))?;
    }
    // Identities of the Anonymous role.
    let result = read(&mut link, vec![value(standard(16192))])?.pop().unwrap_or_default();
    let is_hidden = result.status.is_some_and(|it| it.is_bad());
    that(is_hidden, "an anonymous client reads who has a role")
}

fn rol_03(bench: &Bench) -> Check {
    let mut link = with_roles(bench)?;
    // AddRole of RoleSet.
    let request = CallMethodRequest {
        object_id: standard(ROLE_SET),
        method_id: standard(16301),
        input_arguments: Some(vec![Variant::from("Conformance"), Variant::from("")]),
    };
    let results = good(call(&mut link, vec![request])?, "Call")?.results.unwrap_or_default();
    let status = some(results.first(), "the result of AddRole")?.status_code;
    let wanted = [StatusCode::BadUserAccessDenied, StatusCode::BadSecurityModeInsufficient];
    code(status, &wanted, "AddRole by nobody over an unsecured channel")
}

fn managed(bench: &Bench) -> Check {
    with_roles(bench)?;
    Err(Stop::skipped("the runner does not change a server's roles"))
}

/// RolePermissions, UserRolePermissions or AccessRestrictions of the Server object.
fn shown(link: &mut Link, of: AttributeId) -> Result<Variant, Stop> {
    let result = read(link, vec![attribute(standard(2253), of)])?.pop().unwrap_or_default();
    let shown = result.value.filter(|it| !matches!(it, Variant::Empty));
    shown.ok_or_else(|| Stop::skipped(format!("the server's nodes have no {of:?}")))
}

fn rol_07(bench: &Bench) -> Check {
    with_roles(bench)?;
    Err(Stop::skipped("needs a namespace whose permissions are known"))
}

fn rol_08(bench: &Bench) -> Check {
    shown(&mut bench.session()?, AttributeId::AccessRestrictions)?;
    Err(Stop::skipped("needs nodes with known restrictions"))
}

fn rol_09(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let own = shown(&mut link, AttributeId::UserRolePermissions)?;
    let count = |of: &Variant| match of {
        Variant::Array(array) => array.values.len(),
        _ => 1,
    };
    match shown(&mut link, AttributeId::RolePermissions) {
        Ok(all) => {
            that(count(&own) < count(&all), "an anonymous caller sees every role's permissions")
        }
        // Hidden altogether from whoever may not see it.
        Err(_) => Ok(()),
    }
}

/// Writes what is there already.
fn write_back(link: &mut Link, node: &NodeId) -> Result<StatusCode, Stop> {
    let result = read(link, vec![value(node.clone())])?.pop().unwrap_or_default();
    let value = result.value.ok_or_else(|| Stop::skipped(format!("{node} cannot be read")))?;
    write_status(link, node, value)
}

fn rol_10(bench: &Bench) -> Check {
    let nodes = gained(bench)?;
    if !bench.options.may_write {
        return Err(Stop::skipped("writes variables of the plant: run with --write"));
    }
    let mut nobody = bench.session()?;
    let mut user = waiting(bench)?;
    log_in_well(bench, &mut user)?;
    let refused = [StatusCode::BadUserAccessDenied];
    let mut written = 0;
    for node in nodes.iter().take(10) {
        code(write_back(&mut nobody, node)?, &refused, &format!("{node} written by nobody"))?;
        let status = write_back(&mut user, node)?;
        that(status != refused[0], format!("{node} shows a right to write that is not given"))?;
        written += usize::from(status.is_good());
    }
    that(written > 0, "nothing that the user may write can be written")
}

fn rol_12(bench: &Bench) -> Check {
    if !has(&mut bench.session()?, USERS)? {
        return Err(Stop::skipped("the server has no UserManagement"));
    }
    Err(Stop::skipped("the runner does not change a server's users"))
}

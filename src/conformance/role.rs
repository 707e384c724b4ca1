//! 4.17: roles and who has them (Part 18, 4).

use std::collections::BTreeSet;

use opcua_types::{
    AttributeId, BrowseRequest, BrowseResponse, CallMethodRequest, CallMethodResult,
    ExtensionObject, IdentityCriteriaType, IdentityMappingRuleType, NodeId, StatusCode, Variant,
};

use crate::conformance::audit::Auditor;
use crate::conformance::bench::{attribute, read, read_one, standard, value};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::link::Link;
use crate::conformance::material::hierarchical;
use crate::conformance::method::{call, request_of};
use crate::conformance::session_secure::gained;
use crate::conformance::user::log_in_well;
use crate::conformance::user_management::rol_12;
use crate::conformance::{Bench, Case, Check, Stop, alone, case, permission};

/// Cases of roles.
pub(super) const CASES: &[Case] = &[
    case("ROL-01", "RoleSet has the well-known roles and hides who has them", rol_01),
    alone("ROL-02", "identities are added and removed at once", rol_02),
    case("ROL-03", "nobody without right or encryption manages roles", rol_03),
    alone("ROL-04", "identities by every kind of criterion", rol_04),
    alone("ROL-05", "the last administrator stays", rol_05),
    alone("ROL-06", "roles are added and removed, the well-known not", rol_06),
    case("ROL-07", "permissions of a namespace, and of a node above them", permission::rol_07),
    case("ROL-08", "restrictions ask for signing, encryption or a session", permission::rol_08),
    case("ROL-09", "a caller sees only its own permissions", permission::rol_09),
    alone("ROL-10", "a user may do what its rights say, and no more", permission::rol_10),
    alone("ROL-11", "changes of roles are audited", rol_11),
    alone("ROL-12", "users are managed, with passwords that are strong", rol_12),
];

/// RoleSet of the server's capabilities, its AddRole and RemoveRole.
const ROLE_SET: u32 = 15_606;
const ADD_ROLE: u32 = 16_301;
const REMOVE_ROLE: u32 = 16_304;
/// Anonymous, AuthenticatedUser, Observer, Operator, Supervisor, Engineer, ConfigureAdmin, SecurityAdmin.
const WELL_KNOWN: [u32; 8] = [15644, 15656, 15668, 15680, 15692, 16036, 15716, 15704];
/// Operator: its object, AddIdentity, RemoveIdentity, Identities.
const OPERATOR: Role = Role { object: 15_680, add: 15_684, remove: 15_686, identities: 16_225 };
const ENGINEER: Role = Role { object: 16_036, add: 16_041, remove: 16_043, identities: 16_236 };
const SECURITY_ADMIN: Role =
    Role { object: 15_704, add: 15_708, remove: 15_710, identities: 16_258 };
/// Name of the role that the runner adds.
const OWN_ROLE: &str = "Conformance runner";

#[derive(Clone, Copy)]
struct Role {
    object: u32,
    add: u32,
    remove: u32,
    identities: u32,
}

impl Role {
    fn change(
        self,
        link: &mut Link,
        is_added: bool,
        rule: &IdentityMappingRuleType,
    ) -> Result<StatusCode, Stop> {
        let method = if is_added { self.add } else { self.remove };
        let rule = ExtensionObject::from_message(rule.clone());
        let request = request_of(standard(self.object), standard(method), vec![rule.into()]);
        Ok(called(link, request)?.status_code)
    }

    fn identities(self, link: &mut Link) -> Result<Vec<IdentityMappingRuleType>, Stop> {
        let Variant::Array(all) = read_one(link, &standard(self.identities))? else {
            return Err(Stop::failed("Identities is no array"));
        };
        let rules = all.values.iter().filter_map(|it| match it {
            Variant::ExtensionObject(it) => it.inner_as::<IdentityMappingRuleType>().cloned(),
            _ => None,
        });
        Ok(rules.collect())
    }
}

fn rule(criteria_type: IdentityCriteriaType, criteria: &str) -> IdentityMappingRuleType {
    IdentityMappingRuleType { criteria_type, criteria: criteria.into() }
}

/// The result of one call.
pub(super) fn called(
    link: &mut Link,
    request: CallMethodRequest,
) -> Result<CallMethodResult, Stop> {
    let results = good(call(link, vec![request])?, "Call")?.results.unwrap_or_default();
    some(results.into_iter().next(), "the result of the call")
}

/// Whether the server has this object of namespace 0.
pub(super) fn has(link: &mut Link, node: u32) -> Result<bool, Stop> {
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

/// An anonymous session on a channel that encrypts, or one that only signs; none if there is no such endpoint.
pub(super) fn over(bench: &Bench, encrypts: bool) -> Result<Option<Link>, Stop> {
    let offer = match bench.offers() {
        Ok(offers) => offers.iter().find(|it| it.encrypts() == encrypts),
        Err(_) => None,
    };
    let (Some(offer), Ok(runner)) = (offer, bench.runner()) else { return Ok(None) };
    let mut link = Link::open_secured(&bench.options.url, offer, &runner)?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    good(link.activate()?, "ActivateSession")?;
    Ok(Some(link))
}

/// A session of the runner's user over an encrypted channel, if he manages roles.
pub(super) fn administrator(bench: &Bench) -> Result<Link, Stop> {
    bench.user()?;
    let mut link = with_roles(bench)?;
    drop(link.close_session(true)?);
    link.session = NodeId::null();
    let link = over(bench, true)?;
    let mut link = link.ok_or_else(|| Stop::skipped("needs an encrypted channel: --pki DIR"))?;
    log_in_well(bench, &mut link)?;
    match SECURITY_ADMIN.identities(&mut link) {
        Ok(_) => Ok(link),
        Err(_) => Err(Stop::skipped("needs a user with the role SecurityAdmin: --user NAME")),
    }
}

/// An administrator who may change the server's roles and users for a while.
pub(super) fn manager(bench: &Bench) -> Result<Link, Stop> {
    if !bench.options.may_write {
        return Err(Stop::skipped(
            "changes the server's roles or users for a while: run with --write",
        ));
    }
    administrator(bench)
}

/// Nodes below RoleSet.
fn roles(link: &mut Link) -> Result<BTreeSet<String>, Stop> {
    let request = BrowseRequest {
        request_header: link.header(),
        nodes_to_browse: Some(vec![hierarchical(standard(ROLE_SET))]),
        ..BrowseRequest::default()
    };
    let response: BrowseResponse = good(link.call(&request)?, "Browse")?;
    let results = response.results.unwrap_or_default();
    let references = results.into_iter().flat_map(|it| it.references.unwrap_or_default());
    Ok(references.map(|it| it.node_id.node_id.to_string()).collect())
}

fn rol_01(bench: &Bench) -> Check {
    let mut link = with_roles(bench)?;
    let found = roles(&mut link)?;
    for role in WELL_KNOWN {
        let role = standard(role);
        that(found.contains(&role.to_string()), format!("RoleSet lacks the role {role}"))?;
    }
    // Identities of the Anonymous role.
    let result = read(&mut link, vec![value(standard(16192))])?.pop().unwrap_or_default();
    let is_hidden = result.status.is_some_and(|it| it.is_bad());
    that(is_hidden, "an anonymous client reads who has a role")
}

/// Whether a session shows the right to write a node.
fn may_write(link: &mut Link, node: &NodeId) -> Result<bool, Stop> {
    let level = attribute(node.clone(), AttributeId::UserAccessLevel);
    let result = read(link, vec![level])?.pop().unwrap_or_default();
    Ok(matches!(result.value, Some(Variant::Byte(level)) if level & 2 != 0))
}

fn rol_02(bench: &Bench) -> Check {
    let mut admin = manager(bench)?;
    let nodes = gained(bench)?;
    let mut nobody = bench.session()?;
    let node = some(nodes.first(), "a node that not everybody may write")?;
    let nobodies = rule(IdentityCriteriaType::Anonymous, "");
    // The rights of the runner's user are those of one of these.
    for role in [OPERATOR, ENGINEER] {
        that(!may_write(&mut nobody, node)?, format!("{node} is written by nobody"))?;
        let status = role.change(&mut admin, true, &nobodies)?;
        code(status, &[StatusCode::Good], "AddIdentity of nobody in particular")?;
        let is_gained = may_write(&mut nobody, node);
        let status = role.change(&mut admin, false, &nobodies)?;
        code(status, &[StatusCode::Good], "RemoveIdentity")?;
        that(!may_write(&mut nobody, node)?, "a right is there after its rule has gone")?;
        if is_gained? {
            return Ok(());
        }
    }
    Err(Stop::failed(format!("an open session may not write {node} at once after AddIdentity")))
}

fn add_role(name: &str) -> CallMethodRequest {
    request_of(standard(ROLE_SET), standard(ADD_ROLE), vec![name.into(), "".into()])
}

fn rol_03(bench: &Bench) -> Check {
    let mut link = with_roles(bench)?;
    let denied = [StatusCode::BadUserAccessDenied];
    let insecure = [StatusCode::BadSecurityModeInsufficient];
    let either = [denied[0], insecure[0]];
    let status = called(&mut link, add_role("Conformance"))?.status_code;
    code(status, &either, "AddRole by nobody over an unsecured channel")?;
    if let Some(mut nobody) = over(bench, true)? {
        let status = called(&mut nobody, add_role("Conformance"))?.status_code;
        code(status, &denied, "AddRole by nobody over an encrypted channel")?;
    }
    if administrator(bench).is_err() {
        return Ok(());
    }
    let Some(mut signed) = over(bench, false)? else { return Ok(()) };
    log_in_well(bench, &mut signed)?;
    let status = called(&mut signed, add_role("Conformance"))?.status_code;
    code(status, &insecure, "AddRole by an administrator over a channel that only signs")?;
    let result = read(&mut signed, vec![value(standard(16192))])?.pop().unwrap_or_default();
    let status = result.status.unwrap_or(StatusCode::Good);
    code(status, &insecure, "Identities over a channel that only signs")
}

fn rol_04(bench: &Bench) -> Check {
    use IdentityCriteriaType as C;
    let mut admin = manager(bench)?;
    let thumbprint = "00112233445566778899AABBCCDDEEFF00112233";
    let before = OPERATOR.identities(&mut admin)?;
    let mut known = 0;
    for (criteria_type, criteria) in [
        (C::UserName, "conformance-nobody"),
        (C::Thumbprint, thumbprint),
        (C::Role, "conformance-nobody"),
        (C::GroupId, "conformance-nobody"),
        (C::Anonymous, ""),
        (C::AuthenticatedUser, ""),
        (C::Application, "urn:conformance:nobody"),
        (C::X509Subject, "CN=conformance-nobody/O=nowhere"),
        (C::TrustedApplication, ""),
    ] {
        let rule = rule(criteria_type, criteria);
        if before.contains(&rule) {
            continue;
        }
        let status = OPERATOR.change(&mut admin, true, &rule)?;
        if status == StatusCode::BadNotSupported {
            continue;
        }
        let shown = OPERATOR.identities(&mut admin);
        let twice = OPERATOR.change(&mut admin, true, &rule);
        let removed = OPERATOR.change(&mut admin, false, &rule)?;
        code(status, &[StatusCode::Good], &format!("AddIdentity of {rule:?}"))?;
        that(shown?.contains(&rule), format!("Identities lack {rule:?}"))?;
        code(twice?, &[StatusCode::BadAlreadyExists], "the same rule twice")?;
        code(removed, &[StatusCode::Good], &format!("RemoveIdentity of {rule:?}"))?;
        let again = OPERATOR.change(&mut admin, false, &rule)?;
        code(again, &[StatusCode::BadNotFound], "RemoveIdentity of a rule that is not there")?;
        known += 1;
    }
    that(known > 0, "the server knows no criterion at all")?;
    for (criteria_type, criteria) in [(C::UserName, ""), (C::Thumbprint, "no thumbprint")] {
        let status = OPERATOR.change(&mut admin, true, &rule(criteria_type, criteria))?;
        let wanted = [StatusCode::BadInvalidArgument, StatusCode::BadNotSupported];
        code(status, &wanted, &format!("AddIdentity of {criteria_type:?} {criteria:?}"))?;
    }
    equal(OPERATOR.identities(&mut admin)?.len(), before.len(), "identities as before")
}

fn rol_05(bench: &Bench) -> Check {
    let mut admin = manager(bench)?;
    let all = SECURITY_ADMIN.identities(&mut admin)?;
    let [last] = all.as_slice() else {
        return Err(Stop::skipped("more than one identity is SecurityAdmin"));
    };
    let status = SECURITY_ADMIN.change(&mut admin, false, last)?;
    if status.is_good() {
        let _ = SECURITY_ADMIN.change(&mut admin, true, last)?;
    }
    code(status, &[StatusCode::BadRequestNotAllowed], "RemoveIdentity of the last SecurityAdmin")?;
    equal(
        SECURITY_ADMIN.identities(&mut admin)?.as_slice(),
        std::slice::from_ref(last),
        "who is SecurityAdmin",
    )
}

fn rol_06(bench: &Bench) -> Check {
    let mut admin = manager(bench)?;
    let result = called(&mut admin, add_role(OWN_ROLE))?;
    code(result.status_code, &[StatusCode::Good], "AddRole")?;
    let outputs = result.output_arguments.unwrap_or_default();
    let Some(Variant::NodeId(id)) = outputs.first() else {
        return Err(Stop::failed(format!("AddRole answers {outputs:?}, not a NodeId")));
    };
    let seen = roles(&mut admin);
    let twice = called(&mut admin, add_role(OWN_ROLE));
    let remove =
        |id: NodeId| request_of(standard(ROLE_SET), standard(REMOVE_ROLE), vec![id.into()]);
    let removed = called(&mut admin, remove(id.as_ref().clone()))?.status_code;
    that(seen?.contains(&id.to_string()), "RoleSet lacks the role that was added")?;
    code(twice?.status_code, &[StatusCode::BadAlreadyExists], "AddRole of the same name")?;
    code(removed, &[StatusCode::Good], "RemoveRole")?;
    that(!roles(&mut admin)?.contains(&id.to_string()), "a role is there after RemoveRole")?;
    let again = called(&mut admin, remove(id.as_ref().clone()))?.status_code;
    code(again, &[StatusCode::BadNodeIdUnknown], "RemoveRole of a role that has gone")?;
    let well_known = called(&mut admin, remove(standard(WELL_KNOWN[2])))?.status_code;
    code(well_known, &[StatusCode::BadRequestNotAllowed], "RemoveRole of Observer")?;
    let unnamed = called(&mut admin, add_role(""))?.status_code;
    code(unnamed, &[StatusCode::BadInvalidArgument], "AddRole without a name")
}

fn rol_11(bench: &Bench) -> Check {
    let mut admin = manager(bench)?;
    let mut auditor = Auditor::new(bench, "ROL-11", &[])?;
    auditor.speak_for(&mut admin);
    let nobody = rule(IdentityCriteriaType::UserName, "conformance-nobody");
    let added = OPERATOR.change(&mut admin, true, &nobody)?;
    let removed = OPERATOR.change(&mut admin, false, &nobody)?;
    code(added, &[StatusCode::Good], "AddIdentity")?;
    code(removed, &[StatusCode::Good], "RemoveIdentity")?;
    // RoleMappingRuleChangedAuditEventType.
    auditor.heard_of_kind(17_641, 2)
}

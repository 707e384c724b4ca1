//! Methods of RoleSet and of roles (Part 18, 4.3 and 4.4): one change after the other, each on the disk before it holds,
//! each in force at once for every session. Who may call them is a matter of the methods' permissions.

use std::rc::Rc;

use opcua_types::{
    CallMethodRequest, CallMethodResult, EndpointType, ExtensionObject, IdentityMappingRuleType,
    StatusCode, Variant,
};
use tokio::task::JoinHandle;
use tracing::{error, info};

use crate::access::{Actor, Role};
use crate::config::{
    self, AddedRole, AnyRole, Criterion, EndpointRule, IdentityRule, RULES_MAX, RoleRules,
    RoleTable, UserError, Users,
};
use crate::ua::role::{endpoint_of, has_administrator, identities, rule_of};
use crate::ua::server::Server;
use crate::ua::service::method::{answered, failed};
use crate::ua::space::{NodeIdRef, NodeRef, RoleField};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// Longest name of a role, and longest URI or URL in a rule, characters.
const NAME_MAX: usize = 64;
const TEXT_MAX: usize = 1024;

/// Why roles are not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleProblem {
    /// There is no such role.
    #[error("there is no such role")]
    Unknown,
    /// A rule, name, URI or endpoint cannot be.
    #[error("it says nothing, or what cannot be")]
    Invalid,
    /// It is there already.
    #[error("it is there already")]
    Exists,
    /// It is not there.
    #[error("it is not there")]
    NotFound,
    /// The role stays as it is, or nobody would be left to manage roles.
    #[error("the server does not let this be changed")]
    NotAllowed,
    /// There is no room for more.
    #[error("there is no room for more")]
    Full,
    /// The user has lost the right meanwhile.
    #[error("the user may not do that any more")]
    Denied,
    /// It cannot be kept.
    #[error("the change cannot be kept on the disk")]
    NotKept,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    AddIdentity(AnyRole, IdentityRule),
    RemoveIdentity(AnyRole, IdentityRule),
    AddApplication(AnyRole, String),
    RemoveApplication(AnyRole, String),
    AddEndpoint(AnyRole, EndpointRule),
    RemoveEndpoint(AnyRole, EndpointRule),
    AddRole { name: String, namespace: String },
    RemoveRole(AnyRole),
    Exclude(AnyRole, RoleField, bool),
}

/// The object of RoleSet or of a role that a call is for, and the name of the method.
fn named(server: &Server, call: &CallMethodRequest) -> Option<(NodeRef, String)> {
    let space = &server.space;
    let object = space.resolve(&NodeIdRef::from(&call.object_id))?;
    if !space.is_role_set(object) && space.role(object).is_none() {
        return None;
    }
    let method = space.resolve(&NodeIdRef::from(&call.method_id))?;
    let method = space.method_of(object, method)?;
    Some((object, space.browse_name(method).1.into_owned()))
}

/// Whether a call changes roles: it is audited as such.
pub(super) fn is_about_roles(server: &Server, call: &CallMethodRequest) -> bool {
    named(server, call).is_some()
}

/// A call of a method of RoleSet or of a role; `None` if it is for something else.
pub(super) fn call(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    call: &CallMethodRequest,
) -> Option<Result<JoinHandle<CallMethodResult>, CallMethodResult>> {
    let (object, name) = named(server, call)?;
    Some(read(server, object, &name, call).map(|wish| {
        let (server, actor, call) = (Rc::clone(server), actor.clone(), call.clone());
        tokio::task::spawn_local(async move {
            match change(&server, session, &actor, wish).await {
                Ok(outputs) => answered(&call, outputs),
                Err(problem) => failed(status::of_role_problem(problem)),
            }
        })
    }))
}

/// A write to a variable of a role: whether its lists are of those that are left out.
pub(super) fn write(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    (role, field): (AnyRole, RoleField),
    value: &Variant,
) -> Result<JoinHandle<StatusCode>, StatusCode> {
    let Variant::Boolean(exclude) = value else { return Err(StatusCode::BadTypeMismatch) };
    let wish = Wish::Exclude(role, field, *exclude);
    let (server, actor) = (Rc::clone(server), actor.clone());
    Ok(tokio::task::spawn_local(async move {
        let done = change(&server, session, &actor, wish).await;
        done.err().map_or(StatusCode::Good, status::of_role_problem)
    }))
}

/// Number and types of the arguments.
fn read(
    server: &Server,
    object: NodeRef,
    name: &str,
    call: &CallMethodRequest,
) -> Result<Wish, CallMethodResult> {
    let given = call.input_arguments.as_deref().unwrap_or_default();
    let wanted = if name == "AddRole" { 2 } else { 1 };
    if given.len() < wanted {
        return Err(failed(StatusCode::BadArgumentsMissing));
    }
    if given.len() > wanted {
        return Err(failed(StatusCode::BadTooManyArguments));
    }
    if name == "AddRole" {
        let text = |it: &Variant| match it {
            Variant::String(it) => Ok(it.as_ref().to_owned()),
            Variant::Empty => Ok(String::new()),
            _ => Err(mismatch()),
        };
        return Ok(Wish::AddRole { name: text(&given[0])?, namespace: text(&given[1])? });
    }
    if name == "RemoveRole" {
        let Variant::NodeId(id) = &given[0] else { return Err(mismatch()) };
        let found = server.space.resolve(&NodeIdRef::from(id.as_ref()));
        let role = found.and_then(|it| server.space.role(it));
        let unknown = || failed(status::of_role_problem(RoleProblem::Unknown));
        return role.map(Wish::RemoveRole).ok_or_else(unknown);
    }
    let role = server.space.role(object).ok_or_else(|| failed(StatusCode::BadMethodInvalid))?;
    of_role(role, name, &given[0])
}

fn mismatch() -> CallMethodResult {
    CallMethodResult {
        input_argument_results: Some(vec![StatusCode::BadTypeMismatch]),
        ..failed(StatusCode::BadInvalidArgument)
    }
}

/// The wish that a method of a role stands for.
fn of_role(role: AnyRole, name: &str, given: &Variant) -> Result<Wish, CallMethodResult> {
    let invalid = || failed(status::of_role_problem(RoleProblem::Invalid));
    let rule = || {
        let said: &IdentityMappingRuleType = structure(given).ok_or_else(mismatch)?;
        rule_of(said).ok_or_else(invalid)
    };
    let application = || {
        let Variant::String(uri) = given else { return Err(mismatch()) };
        is_text(uri.as_ref()).then(|| uri.as_ref().to_owned()).ok_or_else(invalid)
    };
    let endpoint = || {
        let said: &EndpointType = structure(given).ok_or_else(mismatch)?;
        let rule = endpoint_of(said);
        let texts = [&rule.url, &rule.policy, &rule.transport];
        let fits = texts.iter().all(|it| it.is_empty() || is_text(it));
        (fits && rule != EndpointRule::default()).then_some(rule).ok_or_else(invalid)
    };
    Ok(match name {
        "AddIdentity" => Wish::AddIdentity(role, rule()?),
        "RemoveIdentity" => Wish::RemoveIdentity(role, rule()?),
        "AddApplication" => Wish::AddApplication(role, application()?),
        "RemoveApplication" => Wish::RemoveApplication(role, application()?),
        "AddEndpoint" => Wish::AddEndpoint(role, endpoint()?),
        "RemoveEndpoint" => Wish::RemoveEndpoint(role, endpoint()?),
        _ => return Err(failed(StatusCode::BadMethodInvalid)),
    })
}

fn structure<T: Send + Sync + 'static>(value: &Variant) -> Option<&T> {
    let Variant::ExtensionObject(object) = value else { return None };
    ExtensionObject::inner_as::<T>(object)
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= TEXT_MAX && !text.contains(char::is_control)
}

/// Does it, alone; in force when it returns.
async fn change(
    server: &Rc<Server>,
    session: SessionKey,
    actor: &Actor,
    wish: Wish,
) -> Result<Vec<Variant>, RoleProblem> {
    let _alone = server.administering.lock().await;
    // Whoever was first may have taken the right from the second.
    let may =
        server.sessions.borrow().get(session).is_some_and(|it| it.roles.has(Role::SecurityAdmin));
    if !may {
        return Err(RoleProblem::Denied);
    }
    let mut table = server.roles.borrow().clone();
    let added = apply(server, &mut table, &wish)?;
    if matches!(touched(&wish), Some(AnyRole::Known(Role::SecurityAdmin)))
        && !matches!(wish, Wish::AddIdentity(..) | Wish::RemoveIdentity(..))
        && !server.roles_by(&table, session).has(Role::SecurityAdmin)
    {
        // Who shuts himself out could not open again.
        return Err(RoleProblem::NotAllowed);
    }
    keep(server, table.clone(), &wish).await?;
    info!(%actor, change = ?wish, "roles changed");
    *server.roles.borrow_mut() = table;
    server.roles_changed();
    Ok(added.map(|it| server.space.id_of_role(it).into()).into_iter().collect())
}

fn touched(wish: &Wish) -> Option<AnyRole> {
    match wish {
        Wish::AddIdentity(role, _)
        | Wish::RemoveIdentity(role, _)
        | Wish::AddApplication(role, _)
        | Wish::RemoveApplication(role, _)
        | Wish::AddEndpoint(role, _)
        | Wish::RemoveEndpoint(role, _)
        | Wish::Exclude(role, ..)
        | Wish::RemoveRole(role) => Some(*role),
        Wish::AddRole { .. } => None,
    }
}

/// The table as it would be. The role that was added, if it is that.
fn apply(
    server: &Server,
    table: &mut RoleTable,
    wish: &Wish,
) -> Result<Option<AnyRole>, RoleProblem> {
    let users = server.users.borrow_mut().current();
    match wish {
        Wish::AddRole { name, namespace } => {
            return add_role(server, table, name, namespace).map(Some);
        }
        Wish::RemoveRole(AnyRole::Known(_)) => return Err(RoleProblem::NotAllowed),
        Wish::RemoveRole(AnyRole::Added(role)) => {
            table.added(*role).ok_or(RoleProblem::Unknown)?;
            table.put(*role, None);
            return Ok(None);
        }
        Wish::AddIdentity(role, rule) => {
            if !may_have(*role, rule) {
                return Err(RoleProblem::NotAllowed);
            }
            if identities(table, &users, *role).contains(rule) {
                return Err(RoleProblem::Exists);
            }
            add(&mut rules(table, *role)?.identities, rule)?;
        }
        Wish::RemoveIdentity(role, rule) => {
            if is_fixed(*role) {
                return Err(RoleProblem::NotAllowed);
            }
            if !identities(table, &users, *role).contains(rule) {
                return Err(RoleProblem::NotFound);
            }
            rules(table, *role)?.identities.retain(|it| it != rule);
        }
        Wish::AddApplication(role, uri) => {
            add(&mut rules(table, *role)?.applications.entries, uri)?;
        }
        Wish::RemoveApplication(role, uri) => {
            remove(&mut rules(table, *role)?.applications.entries, uri)?;
        }
        Wish::AddEndpoint(role, rule) => add(&mut rules(table, *role)?.endpoints.entries, rule)?,
        Wish::RemoveEndpoint(role, rule) => {
            remove(&mut rules(table, *role)?.endpoints.entries, rule)?;
        }
        Wish::Exclude(role, field, exclude) => {
            let rules = rules(table, *role)?;
            match field {
                RoleField::ApplicationsExclude => rules.applications.exclude = *exclude,
                RoleField::EndpointsExclude => rules.endpoints.exclude = *exclude,
                RoleField::Identities
                | RoleField::Applications
                | RoleField::Endpoints
                | RoleField::CustomConfiguration => return Err(RoleProblem::NotAllowed),
            }
        }
    }
    Ok(None)
}

fn rules(table: &mut RoleTable, role: AnyRole) -> Result<&mut RoleRules, RoleProblem> {
    table.rules_mut(role).ok_or(RoleProblem::Unknown)
}

fn add<T: Clone + PartialEq>(entries: &mut Vec<T>, new: &T) -> Result<(), RoleProblem> {
    if entries.contains(new) {
        return Err(RoleProblem::Exists);
    }
    if entries.len() >= RULES_MAX {
        return Err(RoleProblem::Full);
    }
    entries.push(new.clone());
    Ok(())
}

fn remove<T: PartialEq>(entries: &mut Vec<T>, old: &T) -> Result<(), RoleProblem> {
    let at = entries.iter().position(|it| it == old).ok_or(RoleProblem::NotFound)?;
    entries.remove(at);
    Ok(())
}

/// Whether the standard says itself who has a role (Part 18, 4.2).
fn is_fixed(role: AnyRole) -> bool {
    matches!(
        role,
        AnyRole::Known(Role::Anonymous | Role::AuthenticatedUser | Role::TrustedApplication)
    )
}

/// Whether a rule may give a role: nobody in particular is no administrator.
fn may_have(role: AnyRole, rule: &IdentityRule) -> bool {
    let is_administrator =
        matches!(role, AnyRole::Known(Role::ConfigureAdmin | Role::SecurityAdmin));
    let is_nobody = rule.criterion == Criterion::Anonymous;
    !(is_fixed(role) || is_administrator && is_nobody)
}

fn add_role(
    server: &Server,
    table: &mut RoleTable,
    name: &str,
    namespace: &str,
) -> Result<AnyRole, RoleProblem> {
    let fits = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-' | ' ');
    let is_name = (1..=NAME_MAX).contains(&name.chars().count()) && name.chars().all(fits);
    let namespaces = server.space.namespaces();
    let is_namespace = namespace.is_empty() || namespaces.iter().any(|it| it == namespace);
    if !is_name || name.trim() != name || !is_namespace {
        return Err(RoleProblem::Invalid);
    }
    // Names are NodeIds here: one is enough in the whole server.
    let is_known = Role::ALL.iter().any(|it| it.name() == name);
    if is_known || table.all_added().any(|(_, it)| it.name == name) {
        return Err(RoleProblem::Exists);
    }
    let (name, namespace) = (name.to_owned(), namespace.to_owned());
    let role = AddedRole { name, namespace, rules: RoleRules::default() };
    table.add(role).map(AnyRole::Added).ok_or(RoleProblem::Full)
}

/// Puts the change on the disk. A role that a user has by the list of users is taken from him there.
async fn keep(server: &Server, table: RoleTable, wish: &Wish) -> Result<(), RoleProblem> {
    let folder = server.config.data.clone();
    let taken = match wish {
        Wish::RemoveIdentity(AnyRole::Known(role), rule) => Some((*role, rule.clone())),
        _ => None,
    };
    let keep = move || {
        if let Some((role, rule)) = taken {
            let mut users = Users::open(&folder)?;
            let list = users.current();
            let is_local = rule.criterion == Criterion::UserName && list.get(&rule.text).is_some();
            if is_local {
                let is_allowed = |list: &config::UserList| {
                    let is_left = role != Role::SecurityAdmin || has_administrator(&table, list);
                    is_left.then_some(()).ok_or(UserError::LastAdmin)
                };
                users.take_role(&rule.text, role, is_allowed)?;
            } else if role == Role::SecurityAdmin && !has_administrator(&table, &list) {
                return Err(UserError::LastAdmin.into());
            }
        }
        Ok::<(), Failure>(config::save_roles(&folder, &table)?)
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    match kept {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Failure::User(UserError::LastAdmin))) => Err(RoleProblem::NotAllowed),
        Ok(Err(problem)) => {
            error!(%problem, "the change of roles cannot be kept");
            Err(RoleProblem::NotKept)
        }
        Err(_) => Err(RoleProblem::NotKept),
    }
}

/// What may come between a change and the disk.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Roles(#[from] config::RoleFileError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rol_05_nobody_in_particular_is_no_administrator_and_the_standards_own_roles_are_fixed() {
        let nobody = IdentityRule::new(Criterion::Anonymous, "").unwrap();
        let olga = IdentityRule::new(Criterion::UserName, "olga").unwrap();
        assert!(!may_have(AnyRole::Known(Role::SecurityAdmin), &nobody));
        assert!(may_have(AnyRole::Known(Role::SecurityAdmin), &olga));
        assert!(may_have(AnyRole::Known(Role::Operator), &nobody));
        assert!(!may_have(AnyRole::Known(Role::AuthenticatedUser), &olga));
    }
}

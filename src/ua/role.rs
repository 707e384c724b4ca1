//! Which roles a session has, and what it may do with them (Part 18, 4.4).

use opcua_types::{
    EndpointType, ExtensionObject, IdentityCriteriaType, IdentityMappingRuleType,
    MessageSecurityMode, UAString, Variant,
};

use crate::access::{Role, Roles};
use crate::config::{AnyRole, Claim, Criterion, EndpointRule, IdentityRule, RoleTable, UserList};
use crate::time;
use crate::ua::channel::Channel;
use crate::ua::crypto;
use crate::ua::endpoint::{TRANSPORT_PROFILE, mode_of};
use crate::ua::permission::{Rights, Security};
use crate::ua::server::Server;
use crate::ua::session::{Identity, Session};
use crate::ua::space::RoleField;
use crate::ua::subscription::SessionKey;

/// How a session has come to the server.
#[derive(Clone, Debug, Default)]
struct Way {
    security: Security,
    endpoint: EndpointRule,
}

impl Server {
    /// Finds anew what a session may do: its user, its channel or the roles have changed.
    pub fn renew_rights(&self, key: SessionKey) {
        let users = self.users.borrow_mut().current();
        self.renew(key, &users);
    }

    /// Finds anew what every session may do, and shows the roles that there are.
    pub fn roles_changed(&self) {
        let users = self.users.borrow_mut().current();
        let keys: Vec<SessionKey> = self.sessions.borrow().iter().map(|it| it.key).collect();
        for key in keys {
            self.renew(key, &users);
        }
        let table = self.roles.borrow();
        let added = table.all_added();
        self.space
            .show_roles(added.map(|(role, it)| (role, it.namespace.as_str(), it.name.as_str())));
    }

    fn renew(&self, key: SessionKey, users: &UserList) {
        let way = self.way_of(key);
        let rights = {
            let mut sessions = self.sessions.borrow_mut();
            let Some(session) = sessions.get_mut(key) else { return };
            let Some(identity) = &mut session.identity else { return };
            if identity.is_local {
                let found = users.get(&identity.user);
                identity.roles = users.roles(&identity.user).unwrap_or_default();
                identity.must_change_password = found.is_some_and(|it| it.options.must_change);
            }
            let roles = roles_of(&self.roles.borrow(), session, &way);
            if std::mem::replace(&mut session.roles, roles) != roles {
                // What was begun with other rights is begun anew.
                session.reads.clear();
            }
            session.rights = Rights::new(self.space.classes(), session.roles, way.security);
            session.rights.clone()
        };
        self.subscriptions.borrow_mut().set_rights(key, &rights, time::now());
        self.check_hearing(key);
    }

    /// The roles that a session would have by another table.
    pub fn roles_by(&self, table: &RoleTable, key: SessionKey) -> Roles {
        let way = self.way_of(key);
        let sessions = self.sessions.borrow();
        sessions.get(key).map_or(Roles::NONE, |it| roles_of(table, it, &way))
    }

    fn way_of(&self, key: SessionKey) -> Way {
        let sessions = self.sessions.borrow();
        let Some(session) = sessions.get(key) else { return Way::default() };
        let connections = self.connections.borrow();
        let channel = connections.get(&session.channel).map(|it| it.channel.borrow());
        let endpoint = channel.as_ref().and_then(|it| it.as_ref()).map(Channel::endpoint);
        let Some(endpoint) = endpoint else { return Way::default() };
        Way {
            security: Security { sign: endpoint.sign, encrypt: endpoint.encrypt },
            endpoint: EndpointRule {
                url: session.client.endpoint_url.clone(),
                mode: mode_of(endpoint) as i32,
                policy: crypto::policy_uri(endpoint.policy).to_owned(),
                transport: TRANSPORT_PROFILE.to_owned(),
            },
        }
    }

    /// What a role shows of its rules.
    pub(super) fn role_value(&self, role: AnyRole, field: RoleField) -> Option<Variant> {
        let table = self.roles.borrow();
        let rules = table.rules(role)?;
        Some(match field {
            RoleField::Identities => {
                let users = self.users.borrow_mut().current();
                let all = identities(&table, &users, role);
                let all = all.iter().map(|it| ExtensionObject::from_message(shown(it)));
                all.collect::<Vec<_>>().into()
            }
            RoleField::ApplicationsExclude => rules.applications.exclude.into(),
            RoleField::Applications => {
                let all = rules.applications.entries.iter().map(|it| UAString::from(it.as_str()));
                all.collect::<Vec<_>>().into()
            }
            RoleField::EndpointsExclude => rules.endpoints.exclude.into(),
            RoleField::Endpoints => {
                let all = rules.endpoints.entries.iter();
                let all = all.map(|it| ExtensionObject::from_message(endpoint_type(it)));
                all.collect::<Vec<_>>().into()
            }
            RoleField::CustomConfiguration => false.into(),
        })
    }
}

/// Who has a role: by its rules, and by the list of users.
pub fn identities(table: &RoleTable, users: &UserList, role: AnyRole) -> Vec<IdentityRule> {
    let mut all = table.rules(role).map(|it| it.identities.clone()).unwrap_or_default();
    if let AnyRole::Known(role) = role {
        let given = users.iter().filter(|it| it.roles.contains(&role));
        let given = given.filter_map(|it| IdentityRule::new(Criterion::UserName, &it.name));
        for rule in given {
            if !all.contains(&rule) {
                all.push(rule);
            }
        }
    }
    all
}

/// Whether anybody may manage users and roles: a rule that names a user counts only if there is one who can log in.
pub fn has_administrator(table: &RoleTable, users: &UserList) -> bool {
    let all = identities(table, users, AnyRole::Known(Role::SecurityAdmin));
    all.iter().any(|it| {
        it.criterion != Criterion::UserName
            || users.get(&it.text).is_some_and(|it| !it.options.disabled)
    })
}

fn roles_of(table: &RoleTable, session: &Session, way: &Way) -> Roles {
    let Some(identity) = &session.identity else { return Roles::NONE };
    let Identity { user, is_anonymous, certificate, groups, token_roles, .. } = identity;
    if identity.must_change_password {
        // Part 18, 5.2.8: nothing but changing it.
        return Roles::NONE.with(Role::AuthenticatedUser);
    }
    let application =
        way.security.sign.then_some(session.client.description.application_uri.as_ref());
    let claim = Claim {
        user: (!is_anonymous).then_some(user),
        thumbprint: certificate.as_ref().map(|it| it.0.as_str()),
        subject: certificate.as_ref().map_or(&[], |it| it.1.as_slice()),
        groups,
        token_roles,
        application,
        endpoint: Some(&way.endpoint),
    };
    table.roles_of(&claim, identity.roles)
}

/// A rule as clients see it.
fn shown(rule: &IdentityRule) -> IdentityMappingRuleType {
    let criteria_type = match rule.criterion {
        Criterion::UserName => IdentityCriteriaType::UserName,
        Criterion::Thumbprint => IdentityCriteriaType::Thumbprint,
        Criterion::Role => IdentityCriteriaType::Role,
        Criterion::GroupId => IdentityCriteriaType::GroupId,
        Criterion::Anonymous => IdentityCriteriaType::Anonymous,
        Criterion::AuthenticatedUser => IdentityCriteriaType::AuthenticatedUser,
        Criterion::Application => IdentityCriteriaType::Application,
        Criterion::X509Subject => IdentityCriteriaType::X509Subject,
        Criterion::TrustedApplication => IdentityCriteriaType::TrustedApplication,
    };
    IdentityMappingRuleType { criteria_type, criteria: rule.text.as_str().into() }
}

/// A rule as clients say it; none if it says nothing, or more than it should.
pub fn rule_of(said: &IdentityMappingRuleType) -> Option<IdentityRule> {
    let number = said.criteria_type as i32;
    let criterion = Criterion::ALL.into_iter().find(|it| *it as i32 == number)?;
    IdentityRule::new(criterion, said.criteria.as_ref())
}

/// An endpoint as clients see it.
fn endpoint_type(rule: &EndpointRule) -> EndpointType {
    EndpointType {
        endpoint_url: rule.url.as_str().into(),
        security_mode: MessageSecurityMode::try_from(rule.mode)
            .unwrap_or(MessageSecurityMode::Invalid),
        security_policy_uri: rule.policy.as_str().into(),
        transport_profile_uri: rule.transport.as_str().into(),
    }
}

/// An endpoint as clients say it.
pub fn endpoint_of(said: &EndpointType) -> EndpointRule {
    let text = |it: &UAString| it.as_ref().to_owned();
    EndpointRule {
        url: text(&said.endpoint_url),
        mode: said.security_mode as i32,
        policy: text(&said.security_policy_uri),
        transport: text(&said.transport_profile_uri),
    }
}

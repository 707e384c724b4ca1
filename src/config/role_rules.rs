//! Who has which role (Part 18, 4.4): rules about identities, applications and endpoints, for each role.

use crate::access::{CUSTOM_ROLES, CustomRole, Role, Roles};

/// Rules, applications or endpoints of one role.
pub const RULES_MAX: usize = 200;

/// What a rule goes by (Part 18, 4.4.2). The number is that of IdentityCriteriaType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// Name of a user who has proven it.
    UserName = 1,
    /// Thumbprint of the user's certificate, in hexadecimal.
    Thumbprint = 2,
    /// A role in an access token.
    Role = 3,
    /// A group in an access token.
    GroupId = 4,
    /// Nobody in particular.
    Anonymous = 5,
    /// Anybody who has proven who he is.
    AuthenticatedUser = 6,
    /// ApplicationUri of a client with a trusted certificate on a secured channel.
    Application = 7,
    /// Names in the subject of the user's certificate, such as `CN=olga/O=Cellhouse`: all of them.
    X509Subject = 8,
    /// Any client with a trusted certificate on a secured channel.
    TrustedApplication = 9,
}

impl Criterion {
    /// Every criterion, by number.
    pub const ALL: [Self; 9] = [
        Self::UserName,
        Self::Thumbprint,
        Self::Role,
        Self::GroupId,
        Self::Anonymous,
        Self::AuthenticatedUser,
        Self::Application,
        Self::X509Subject,
        Self::TrustedApplication,
    ];

    /// Its name in `roles.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserName => "UserName",
            Self::Thumbprint => "Thumbprint",
            Self::Role => "Role",
            Self::GroupId => "GroupId",
            Self::Anonymous => "Anonymous",
            Self::AuthenticatedUser => "AuthenticatedUser",
            Self::Application => "Application",
            Self::X509Subject => "X509Subject",
            Self::TrustedApplication => "TrustedApplication",
        }
    }

    /// Whether a rule says more than its criterion.
    const fn has_text(self) -> bool {
        !matches!(self, Self::Anonymous | Self::AuthenticatedUser | Self::TrustedApplication)
    }
}

/// One rule about who has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRule {
    /// What it goes by.
    pub criterion: Criterion,
    /// What that must be; empty where the criterion says all.
    pub text: String,
}

impl IdentityRule {
    /// A rule; none if it says nothing, or more than it should.
    pub fn new(criterion: Criterion, text: &str) -> Option<Self> {
        let text = text.trim();
        let is_whole = match criterion {
            Criterion::Thumbprint => {
                text.len() == 40 && text.bytes().all(|it| it.is_ascii_hexdigit())
            }
            Criterion::X509Subject => subject_names(text).is_some(),
            _ => criterion.has_text() != text.is_empty(),
        };
        let fits = is_whole && text.len() <= 1024 && !text.contains(char::is_control);
        let text =
            if criterion == Criterion::Thumbprint { text.to_uppercase() } else { text.into() };
        fits.then_some(Self { criterion, text })
    }

    fn holds(&self, claim: &Claim<'_>) -> bool {
        let among = |all: &[String]| all.contains(&self.text);
        match self.criterion {
            Criterion::UserName => claim.user == Some(self.text.as_str()),
            Criterion::Thumbprint => {
                claim.thumbprint.is_some_and(|it| it.eq_ignore_ascii_case(&self.text))
            }
            Criterion::Role => among(claim.token_roles),
            Criterion::GroupId => among(claim.groups),
            Criterion::Anonymous => claim.user.is_none(),
            Criterion::AuthenticatedUser => claim.user.is_some(),
            Criterion::Application => claim.application == Some(self.text.as_str()),
            Criterion::X509Subject => subject_names(&self.text).is_some_and(|names| {
                !claim.subject.is_empty() && names.iter().all(|it| claim.subject.contains(it))
            }),
            Criterion::TrustedApplication => claim.application.is_some(),
        }
    }
}

/// Names and values in the text of an X509Subject rule: `CN=olga/O=Cellhouse`, values in quotes where they have a slash.
fn subject_names(text: &str) -> Option<Vec<(String, String)>> {
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric());
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                (value, after.strip_prefix('/').or(after.is_empty().then_some(""))?)
            }
            None => after.split_once('/').unwrap_or((after, "")),
        };
        if !is_name || value.is_empty() {
            return None;
        }
        names.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    (!names.is_empty()).then_some(names)
}

/// What is known of a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claim<'a> {
    /// Name of a user who has proven it; none for nobody in particular.
    pub user: Option<&'a str>,
    /// Thumbprint of the user's certificate, in hexadecimal.
    pub thumbprint: Option<&'a str>,
    /// Names and values in the subject of the user's certificate.
    pub subject: &'a [(String, String)],
    /// Groups in the user's access token.
    pub groups: &'a [String],
    /// Roles in the user's access token.
    pub token_roles: &'a [String],
    /// ApplicationUri of a client with a trusted certificate on a secured channel.
    pub application: Option<&'a str>,
    /// Where the client has come to.
    pub endpoint: Option<&'a EndpointRule>,
}

/// An endpoint, or a part of what is known of one (EndpointType, Part 18, 4.4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointRule {
    /// URL; empty is any.
    pub url: String,
    /// Number of the MessageSecurityMode; 0 is any.
    pub mode: i32,
    /// URI of the security policy; empty is any.
    pub policy: String,
    /// URI of the transport profile; empty is any.
    pub transport: String,
}

impl EndpointRule {
    fn holds(&self, endpoint: &Self) -> bool {
        let fits = |own: &str, other: &str| own.is_empty() || own == other;
        // Host names are read without regard to case, and a slash at the end says nothing.
        let plain = |url: &str| url.trim_end_matches('/').to_lowercase();
        (self.url.is_empty() || plain(&self.url) == plain(&endpoint.url))
            && (self.mode == 0 || self.mode == endpoint.mode)
            && fits(&self.policy, &endpoint.policy)
            && fits(&self.transport, &endpoint.transport)
    }
}

/// Those that are meant, or all but those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The entries are what is left out.
    pub exclude: bool,
    /// Entries.
    pub entries: Vec<T>,
}

impl<T> Default for Listed<T> {
    /// All.
    fn default() -> Self {
        Self { exclude: true, entries: Vec::new() }
    }
}

impl<T> Listed<T> {
    fn admits(&self, is_it: impl Fn(&T) -> bool) -> bool {
        self.entries.iter().any(is_it) != self.exclude
    }
}

/// Who has one role, over which applications and endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRules {
    /// One that holds is enough.
    pub identities: Vec<IdentityRule>,
    /// ApplicationUris.
    pub applications: Listed<String>,
    /// Endpoints.
    pub endpoints: Listed<EndpointRule>,
}

impl RoleRules {
    /// Whether the role can be had over this application and endpoint at all.
    fn admits(&self, claim: &Claim<'_>) -> bool {
        self.applications.admits(|it| claim.application == Some(it.as_str()))
            && self.endpoints.admits(|it| claim.endpoint.is_some_and(|own| it.holds(own)))
    }
}

/// A role of the server: a well-known one, or one that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnyRole {
    /// Well-known.
    Known(Role),
    /// Added.
    Added(CustomRole),
}

/// A role that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedRole {
    /// Its name.
    pub name: String,
    /// URI of the namespace of its name; empty for the server's own.
    pub namespace: String,
    /// Who has it.
    pub rules: RoleRules,
}

/// The rules of every role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleTable {
    known: [RoleRules; Role::ALL.len()],
    added: Vec<Option<AddedRole>>,
}

impl RoleTable {
    /// What holds until somebody changes it: the standard's own rules, and what nobody in particular may be.
    pub fn new(anonymous: &[Role]) -> Self {
        let mut table = Self::default();
        let rule = |criterion| IdentityRule { criterion, text: String::new() };
        for (role, criterion) in [
            (Role::Anonymous, Criterion::Anonymous),
            (Role::AuthenticatedUser, Criterion::AuthenticatedUser),
            (Role::TrustedApplication, Criterion::TrustedApplication),
        ] {
            table.known[role as usize].identities.push(rule(criterion));
        }
        for role in anonymous {
            table.known[*role as usize].identities.push(rule(Criterion::Anonymous));
        }
        table
    }

    /// The rules of a role; none for one that there is not.
    pub fn rules(&self, role: AnyRole) -> Option<&RoleRules> {
        match role {
            AnyRole::Known(role) => Some(&self.known[role as usize]),
            AnyRole::Added(role) => self.added(role).map(|it| &it.rules),
        }
    }

    /// The rules of a role, to be changed.
    pub fn rules_mut(&mut self, role: AnyRole) -> Option<&mut RoleRules> {
        match role {
            AnyRole::Known(role) => Some(&mut self.known[role as usize]),
            AnyRole::Added(role) => {
                let found = self.added.get_mut(usize::from(role.place()))?;
                found.as_mut().map(|it| &mut it.rules)
            }
        }
    }

    /// A role that was added.
    pub fn added(&self, role: CustomRole) -> Option<&AddedRole> {
        self.added.get(usize::from(role.place()))?.as_ref()
    }

    /// Every role that was added.
    pub fn all_added(&self) -> impl Iterator<Item = (CustomRole, &AddedRole)> {
        let places = (0..CUSTOM_ROLES).filter_map(CustomRole::new);
        places.filter_map(|it| Some((it, self.added(it)?)))
    }

    /// Adds a role at the first free place; none if there is no room.
    pub fn add(&mut self, role: AddedRole) -> Option<CustomRole> {
        let places = (0..CUSTOM_ROLES).filter_map(CustomRole::new);
        let free = places.into_iter().find(|it| self.added(*it).is_none())?;
        self.put(free, Some(role));
        Some(free)
    }

    /// Puts a role at a place, or takes it away.
    pub fn put(&mut self, at: CustomRole, role: Option<AddedRole>) {
        let place = usize::from(at.place());
        if self.added.len() <= place {
            self.added.resize(place + 1, None);
        }
        self.added[place] = role;
    }

    /// Takes a user's name out of every role: he is gone, and another may have his name one day.
    pub fn forget_user(&mut self, name: &str) {
        let added = self.added.iter_mut().flatten().map(|it| &mut it.rules);
        for rules in self.known.iter_mut().chain(added) {
            rules.identities.retain(|it| it.criterion != Criterion::UserName || it.text != name);
        }
    }

    /// The roles of a session of whom this is known, and who was given `given` beside them.
    pub fn roles_of(&self, claim: &Claim<'_>, given: Roles) -> Roles {
        let has = |rules: &RoleRules, is_given: bool| {
            (is_given || rules.identities.iter().any(|it| it.holds(claim))) && rules.admits(claim)
        };
        let known =
            Role::ALL.into_iter().filter(|it| has(&self.known[*it as usize], given.has(*it)));
        let added = self.all_added().filter(|(_, it)| has(&it.rules, false));
        added.fold(known.collect(), |all: Roles, (role, _)| all.with_custom(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(criterion: Criterion, text: &str) -> IdentityRule {
        IdentityRule::new(criterion, text).expect("a whole rule")
    }

    fn observers(rule: IdentityRule) -> RoleTable {
        let mut table = RoleTable::new(&[]);
        table.rules_mut(AnyRole::Known(Role::Observer)).unwrap().identities.push(rule);
        table
    }

    #[test]
    fn rol_04_every_criterion_gives_the_role_to_whom_it_names_and_to_nobody_else() {
        let subject = [("CN".to_owned(), "olga".to_owned()), ("O".to_owned(), "A/B".to_owned())];
        let texts = ["metallurgists".to_owned()];
        let print = "0123456789ABCDEF0123456789ABCDEF01234567";
        let olga = Claim { user: Some("olga"), ..Claim::default() };
        let nobody = Claim::default();
        let cases = [
            (Criterion::UserName, "olga", olga, nobody),
            (Criterion::Thumbprint, print, Claim { thumbprint: Some(print), ..olga }, olga),
            (Criterion::Role, "metallurgists", Claim { token_roles: &texts, ..olga }, olga),
            (Criterion::GroupId, "metallurgists", Claim { groups: &texts, ..olga }, olga),
            (Criterion::Anonymous, "", nobody, olga),
            (Criterion::AuthenticatedUser, "", olga, nobody),
            (
                Criterion::Application,
                "urn:mes",
                Claim { application: Some("urn:mes"), ..nobody },
                nobody,
            ),
            (
                Criterion::X509Subject,
                "O=\"A/B\"/CN=olga",
                Claim { subject: &subject, ..olga },
                olga,
            ),
            (
                Criterion::TrustedApplication,
                "",
                Claim { application: Some("urn:x"), ..nobody },
                nobody,
            ),
        ];
        for (criterion, text, who, other) in cases {
            let table = observers(rule(criterion, text));
            let has = |it| table.roles_of(it, Roles::NONE).has(Role::Observer);
            assert!(has(&who) && !has(&other), "{criterion:?}");
        }
    }

    #[test]
    fn rol_04_rules_that_say_nothing_or_too_much_are_none() {
        for (criterion, text) in [
            (Criterion::UserName, " "),
            (Criterion::Thumbprint, "12"),
            (Criterion::Anonymous, "all"),
            (Criterion::X509Subject, "olga"),
            (Criterion::X509Subject, "CN="),
            (Criterion::X509Subject, "CN=\"olga"),
            (Criterion::GroupId, "a\nb"),
        ] {
            assert_eq!(IdentityRule::new(criterion, text), None, "{criterion:?} {text}");
        }
    }

    #[test]
    fn a_role_is_had_over_its_applications_and_endpoints_only_whoever_gave_it() {
        let mut table = observers(rule(Criterion::AuthenticatedUser, ""));
        let given = Roles::NONE.with(Role::Observer);
        let rules = table.rules_mut(AnyRole::Known(Role::Observer)).unwrap();
        rules.applications = Listed { exclude: false, entries: vec!["urn:mes".to_owned()] };
        let encrypted = EndpointRule { mode: 3, ..EndpointRule::default() };
        rules.endpoints = Listed { exclude: true, entries: vec![encrypted] };
        let signed = EndpointRule { mode: 2, ..EndpointRule::default() };
        let encrypted = EndpointRule { mode: 3, ..EndpointRule::default() };
        let mes = Claim {
            user: Some("olga"),
            application: Some("urn:mes"),
            endpoint: Some(&signed),
            ..Claim::default()
        };
        let has = |claim: &Claim<'_>, given| table.roles_of(claim, given).has(Role::Observer);
        assert!(has(&mes, Roles::NONE));
        assert!(!has(&Claim { application: None, ..mes }, given));
        assert!(!has(&Claim { endpoint: Some(&encrypted), ..mes }, given));
    }

    #[test]
    fn rol_06_as_many_roles_are_added_as_there_is_room_for() {
        let mut table = RoleTable::new(&[]);
        let role =
            AddedRole { name: "A".into(), namespace: String::new(), rules: RoleRules::default() };
        let added: Vec<_> = (0..=CUSTOM_ROLES).map(|_| table.add(role.clone())).collect();
        assert_eq!(added.iter().flatten().count(), usize::from(CUSTOM_ROLES));
        table.put(added[3].unwrap(), None);
        assert_eq!(table.add(role), added[3]);
    }
}

//! Who may do what: roles of OPC UA Part 18, and the access column of the tag list.

use std::fmt;
use std::sync::Arc;

/// A well-known role (Part 18, 4.2). Ordered by what the plant lets it write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Nobody is known: discovery and, where configured, reading.
    Anonymous,
    /// Any user with proven identity.
    AuthenticatedUser,
    /// Reads everything of the process.
    Observer,
    /// Writes operating setpoints inside operating limits, calls operating methods.
    Operator,
    /// Operator with the full setpoint range, potline commands and shelving.
    Supervisor,
    /// Changes parameters, calibrations and limits.
    Engineer,
    /// Changes the server's configuration.
    ConfigureAdmin,
    /// Manages users, roles and certificates.
    SecurityAdmin,
    /// Any application whose certificate is trusted, over a secured channel.
    TrustedApplication,
}

impl Role {
    /// Every role, in order.
    pub const ALL: [Self; 9] = [
        Self::Anonymous,
        Self::AuthenticatedUser,
        Self::Observer,
        Self::Operator,
        Self::Supervisor,
        Self::Engineer,
        Self::ConfigureAdmin,
        Self::SecurityAdmin,
        Self::TrustedApplication,
    ];

    /// The role's browse name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "Anonymous",
            Self::AuthenticatedUser => "AuthenticatedUser",
            Self::Observer => "Observer",
            Self::Operator => "Operator",
            Self::Supervisor => "Supervisor",
            Self::Engineer => "Engineer",
            Self::ConfigureAdmin => "ConfigureAdmin",
            Self::SecurityAdmin => "SecurityAdmin",
            Self::TrustedApplication => "TrustedApplication",
        }
    }
}

/// A role that an administrator has added (Part 18, 4.3.2), by its place among them: below [`CUSTOM_ROLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomRole(u8);

/// Roles that can be added.
pub const CUSTOM_ROLES: u8 = 20;

impl CustomRole {
    /// The role at this place; none if there is no such place.
    pub const fn new(place: u8) -> Option<Self> {
        if place < CUSTOM_ROLES { Some(Self(place)) } else { None }
    }

    /// Its place.
    pub const fn place(self) -> u8 {
        self.0
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u32);

impl Roles {
    /// No role at all.
    pub const NONE: Self = Self(0);

    /// This set with `role` added.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// This set with a role that was added.
    #[must_use]
    pub const fn with_custom(self, role: CustomRole) -> Self {
        Self(self.0 | 1 << (Role::ALL.len() as u8 + role.0))
    }

    /// Whether a role that was added is in the set.
    pub const fn has_custom(self, role: CustomRole) -> bool {
        self.0 & (1 << (Role::ALL.len() as u8 + role.0)) != 0
    }

    /// What is in this set or in `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `role` is in the set.
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether the set may do what concerns the server and other users.
    pub const fn is_administrator(self) -> bool {
        self.has(Role::ConfigureAdmin) || self.has(Role::SecurityAdmin)
    }

    /// Whether the set meets `access`: one of its roles is enough.
    pub fn may_write(self, access: Access) -> bool {
        access.roles().iter().any(|it| self.has(*it))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Who may write a tag or call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nobody writes; every Observer reads.
    ReadOnly,
    /// Operator and up.
    Operator,
    /// Supervisor and up.
    Supervisor,
    /// Engineer only.
    Engineer,
}

impl Access {
    /// The roles that write or call.
    pub const fn roles(self) -> &'static [Role] {
        use Role::{Engineer, Operator, Supervisor};
        match self {
            Self::ReadOnly => &[],
            Self::Operator => &[Operator, Supervisor, Engineer],
            Self::Supervisor => &[Supervisor, Engineer],
            Self::Engineer => &[Engineer],
        }
    }

    /// The least role that writes; empty if nobody does.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "",
            Self::Operator => "Operator",
            Self::Supervisor => "Supervisor",
            Self::Engineer => "Engineer",
        }
    }
}

/// Who asks for a change: shown in logs, journal and audit events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// User name, `anonymous`, or the name of an internal source such as `scenario`.
    pub name: Arc<str>,
    /// What the user may do.
    pub roles: Roles,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

//! Classes of nodes that share permissions and restrictions.

use crate::access::{Access, Role, Roles};
use crate::ua::permission::bits::{
    BROWSE, CALL, EDIT_HISTORY, READ, READ_HISTORY, READ_ROLE_PERMISSIONS, RECEIVE_EVENTS, WRITE,
};
use crate::ua::permission::restriction;

/// Roles that everybody has one of.
const ANYBODY: [Role; 3] = [Role::Anonymous, Role::AuthenticatedUser, Role::TrustedApplication];
/// Roles that read the process.
const READERS: [Role; 6] = [
    Role::Observer,
    Role::Operator,
    Role::Supervisor,
    Role::Engineer,
    Role::ConfigureAdmin,
    Role::SecurityAdmin,
];
/// Roles that correct what was recorded.
const EDITORS: [Role; 2] = [Role::Supervisor, Role::Engineer];
/// Roles that see what others may do.
const ADMINISTRATORS: [Role; 2] = [Role::ConfigureAdmin, Role::SecurityAdmin];

/// What each well-known role may do. Roles that were added have no rights of their own: who has one has those of
/// AuthenticatedUser, and of the other roles of his session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants([u32; Role::ALL.len()]);

impl Grants {
    /// Nobody may do anything.
    pub const NONE: Self = Self([0; Role::ALL.len()]);

    /// With these permissions for each of these roles, besides those that they have.
    #[must_use]
    pub fn with(mut self, roles: &[Role], permissions: u32) -> Self {
        for role in roles {
            self.0[*role as usize] |= permissions;
        }
        self
    }

    /// Without these permissions, whoever had them.
    #[must_use]
    pub fn without(mut self, permissions: u32) -> Self {
        for own in &mut self.0 {
            *own &= !permissions;
        }
        self
    }

    /// Of one role.
    pub const fn of(&self, role: Role) -> u32 {
        self.0[role as usize]
    }

    /// Of all of these roles together.
    pub fn all(&self, roles: Roles) -> u32 {
        let own = Role::ALL.into_iter().filter(|it| roles.has(*it));
        own.fold(0, |all, it| all | self.of(it))
    }

    /// Roles that may do something, and what, in the order of the roles.
    pub fn iter(&self) -> impl Iterator<Item = (Role, u32)> {
        Role::ALL.into_iter().map(|it| (it, self.of(it))).filter(|(_, it)| *it != 0)
    }

    /// Everybody browses, reads and calls: types, and what the server says of itself.
    pub fn open() -> Self {
        Self::NONE
            .with(&ANYBODY, BROWSE | READ | CALL)
            .with(&READERS, BROWSE | READ | CALL | READ_HISTORY | RECEIVE_EVENTS)
            .with(&EDITORS, EDIT_HISTORY)
            .with(&ADMINISTRATORS, READ_ROLE_PERMISSIONS)
    }

    /// Everybody browses the plant; Observers and above read it, in the past, too, and are told of its events.
    pub fn process() -> Self {
        Self::open().without(READ | CALL).with(&READERS, READ | CALL)
    }

    /// What is read as the process is, and written by whom `access` names.
    pub fn setpoint(access: Access) -> Self {
        Self::process().with(access.roles(), WRITE)
    }

    /// A method that is called by whom `access` names.
    pub fn method(access: Access) -> Self {
        Self::process().without(CALL).with(access.roles(), CALL)
    }

    /// What these roles alone read, write and call; everybody sees that it is there.
    pub fn only(roles: &[Role]) -> Self {
        Self::open().without(READ | CALL).with(roles, READ | WRITE | CALL)
    }

    /// What everybody reads and these roles write.
    pub fn written_by(roles: &[Role]) -> Self {
        Self::open().with(roles, WRITE)
    }

    /// A method that these roles alone call.
    pub fn called_by(roles: &[Role]) -> Self {
        Self::open().without(CALL).with(roles, CALL)
    }

    /// A variable of the conformance fixture, by what its AccessLevel lets anybody do and, above that, an Operator.
    /// What the node does not let anybody do is no matter of permissions.
    pub fn fixture(level: u8, user_level: u8) -> Self {
        let permissions = |level: u8| {
            let bits = [(1, READ), (2, WRITE), (4, READ_HISTORY), (8, EDIT_HISTORY)].into_iter();
            bits.filter(|it| level & it.0 != 0).fold(0, |all, it| all | it.1)
        };
        let anybody = BROWSE | permissions(user_level | !level);
        let operators = BROWSE | permissions(u8::MAX);
        Self::NONE
            .with(&ANYBODY, anybody)
            .with(&READERS, anybody | RECEIVE_EVENTS)
            .with(Access::Operator.roles(), operators)
            .with(&ADMINISTRATORS, READ_ROLE_PERMISSIONS)
    }
}

/// Permissions and restrictions of the nodes of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// What each role may do.
    pub grants: Grants,
    /// What the channel must be: bits of `restriction`.
    pub restrictions: u16,
}

impl Class {
    /// Without restrictions.
    pub const fn free(grants: Grants) -> Self {
        Self { grants, restrictions: 0 }
    }

    /// Over encrypted channels only.
    pub const fn encrypted(grants: Grants) -> Self {
        use restriction::{ENCRYPTION, SESSION, SIGNING};
        Self { grants, restrictions: SIGNING | ENCRYPTION | SESSION }
    }
}

/// Number of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassIndex(u16);

impl ClassIndex {
    /// What everybody reads: the default of namespace 0 and of types.
    pub const OPEN: Self = Self(0);
    /// The plant: the default of the namespace of instances.
    pub const PROCESS: Self = Self(1);
    /// Audit events.
    pub const AUDIT: Self = Self(2);

    /// As a number, below the number of classes.
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Every class that there is, each once.
#[derive(Clone, Debug)]
pub struct Classes(Vec<Class>);

impl Default for Classes {
    fn default() -> Self {
        let audit =
            Grants::open().without(RECEIVE_EVENTS).with(&[Role::SecurityAdmin], RECEIVE_EVENTS);
        Self(vec![
            Class::free(Grants::open()),
            Class::free(Grants::process()),
            Class::encrypted(audit),
        ])
    }
}

impl Classes {
    /// The number of a class, which is added if it is new. There are a few dozen: a NodeSet that names more than fit
    /// has its last nodes over encrypted channels only.
    pub fn index_of(&mut self, class: Class) -> ClassIndex {
        if let Some(found) = self.0.iter().position(|it| *it == class) {
            return ClassIndex(found as u16);
        }
        match u16::try_from(self.0.len()) {
            Ok(new) => {
                self.0.push(class);
                ClassIndex(new)
            }
            // The class of least rights that is sure to be there.
            Err(_) => ClassIndex::AUDIT,
        }
    }

    /// A class.
    pub fn class(&self, index: ClassIndex) -> &Class {
        &self.0[index.place()]
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Class> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(all: &[Role]) -> Roles {
        all.iter().copied().collect()
    }

    #[test]
    fn rol_07_a_class_is_kept_once() {
        let mut classes = Classes::default();
        let before = classes.iter().count();
        let setpoint = Class::free(Grants::setpoint(Access::Operator));
        let first = classes.index_of(setpoint);
        assert_eq!(classes.index_of(setpoint), first);
        assert_eq!(classes.index_of(Class::free(Grants::process())), ClassIndex::PROCESS);
        assert_eq!(classes.iter().count(), before + 1);
    }

    #[test]
    fn rol_10_rights_of_the_access_column_are_those_of_may_write() {
        for access in [Access::ReadOnly, Access::Operator, Access::Supervisor, Access::Engineer] {
            for role in Role::ALL {
                let may = roles(&[role]).may_write(access);
                assert_eq!(
                    Grants::setpoint(access).of(role) & WRITE != 0,
                    may,
                    "{access:?} {role:?}"
                );
                assert_eq!(Grants::method(access).of(role) & CALL != 0, may, "{access:?} {role:?}");
            }
        }
    }

    #[test]
    fn rol_10_nobody_in_particular_browses_the_plant_and_reads_nothing_of_it() {
        let nobody = roles(&[Role::Anonymous]);
        assert_eq!(Grants::process().all(nobody), BROWSE);
        assert_ne!(Grants::process().all(nobody.with(Role::Observer)) & READ, 0);
    }

    #[test]
    fn a_fixture_gives_by_its_levels_and_what_it_lacks_is_no_matter_of_rights() {
        let grants = Grants::fixture(1 | 2, 1);
        assert_eq!(grants.of(Role::Anonymous) & (READ | WRITE), READ);
        assert_eq!(grants.of(Role::Operator) & (READ | WRITE), READ | WRITE);
        let write_only = Grants::fixture(2, 2);
        assert_eq!(write_only.of(Role::Anonymous) & (READ | WRITE), READ | WRITE);
    }
}

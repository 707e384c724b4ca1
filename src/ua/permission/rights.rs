//! What one session may do: a mask for each class of nodes.

use std::rc::Rc;

use opcua_types::StatusCode;

use crate::access::Roles;
use crate::ua::permission::bits::BROWSE;
use crate::ua::permission::{Class, ClassIndex, Classes, restriction};
use crate::ua::status;

/// The channel does not meet the restrictions of the class. No permission has this bit (Part 3, 8.55).
const INSECURE: u32 = 1 << 31;

/// How a session's channel is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// Messages are signed.
    pub sign: bool,
    /// Messages are encrypted.
    pub encrypt: bool,
}

impl Security {
    /// Whether a channel like this meets restrictions.
    fn meets(self, restrictions: u16) -> bool {
        let needs = |bit| restrictions & bit != 0;
        (!needs(restriction::ENCRYPTION) || self.encrypt)
            && (!needs(restriction::SIGNING) || self.sign || self.encrypt)
    }
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No role of the session has the permission.
    #[error("no role of this user may do that")]
    Permission,
    /// The channel is not secured as the node asks for.
    #[error("the channel is not secured well enough for that")]
    Security,
}

impl From<Denied> for StatusCode {
    fn from(denied: Denied) -> Self {
        status::of_denial(denied)
    }
}

/// What a session may do. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights(Rc<[u32]>);

impl Default for Rights {
    /// Nothing.
    fn default() -> Self {
        Self(Rc::from([]))
    }
}

impl Rights {
    /// Of a session with these roles on a channel that is secured like this.
    pub fn new(classes: &Classes, roles: Roles, security: Security) -> Self {
        Self(classes.iter().map(|it| mask(it, roles, security)).collect())
    }

    fn mask(&self, class: ClassIndex) -> u32 {
        self.0.get(class.place()).copied().unwrap_or(0)
    }

    /// Whether nodes of a class show themselves (Part 3, 8.56: restrictions apply only where they say so).
    pub fn may_browse(&self, class: ClassIndex) -> bool {
        self.mask(class) & BROWSE != 0
    }

    /// Whether all of `permissions` are given.
    pub fn may(&self, class: ClassIndex, permissions: u32) -> bool {
        self.mask(class) & (permissions | INSECURE) == permissions
    }

    /// As [`Rights::may`], and why not. The channel comes first: it is what the client can mend (ROL-03).
    pub fn check(&self, class: ClassIndex, permissions: u32) -> Result<(), Denied> {
        let mask = self.mask(class);
        if mask & (permissions | INSECURE) == permissions {
            Ok(())
        } else if mask & INSECURE != 0 {
            Err(Denied::Security)
        } else {
            Err(Denied::Permission)
        }
    }
}

fn mask(class: &Class, roles: Roles, security: Security) -> u32 {
    let granted = class.grants.all(roles);
    if security.meets(class.restrictions) {
        return granted;
    }
    let is_hidden = class.restrictions & restriction::APPLY_TO_BROWSE != 0;
    INSECURE | if is_hidden { granted & !BROWSE } else { granted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::ua::permission::Grants;
    use crate::ua::permission::bits::{CALL, READ};

    const SIGNED: Security = Security { sign: true, encrypt: false };
    const ENCRYPTED: Security = Security { sign: true, encrypt: true };

    fn class_with(restrictions: u16) -> (Classes, ClassIndex) {
        let mut classes = Classes::default();
        let class = Class { grants: Grants::only(&[Role::SecurityAdmin]), restrictions };
        let index = classes.index_of(class);
        (classes, index)
    }

    #[test]
    fn rol_03_the_right_role_needs_an_encrypted_channel_and_the_wrong_one_is_refused_on_any() {
        let (classes, index) = class_with(restriction::SIGNING | restriction::ENCRYPTION);
        let admin = Roles::NONE.with(Role::SecurityAdmin);
        let operator = Roles::NONE.with(Role::Operator);
        let check = |roles, security| Rights::new(&classes, roles, security).check(index, CALL);
        assert_eq!(check(admin, ENCRYPTED), Ok(()));
        assert_eq!(check(admin, SIGNED), Err(Denied::Security));
        assert_eq!(check(operator, ENCRYPTED), Err(Denied::Permission));
        assert_eq!(check(operator, Security::default()), Err(Denied::Security));
    }

    #[test]
    fn rol_08_restrictions_hide_a_node_only_where_they_apply_to_browsing() {
        let admin = Roles::NONE.with(Role::SecurityAdmin);
        for (extra, is_seen) in [(0, true), (restriction::APPLY_TO_BROWSE, false)] {
            let (classes, index) = class_with(restriction::SIGNING | extra);
            let open = Rights::new(&classes, admin, Security::default());
            assert_eq!(open.may_browse(index), is_seen);
            assert!(!open.may(index, READ));
            let signed = Rights::new(&classes, admin, SIGNED);
            assert!(signed.may_browse(index) && signed.may(index, READ));
        }
    }

    #[test]
    fn before_activation_nothing_is_allowed() {
        let none = Rights::default();
        assert!(!none.may_browse(ClassIndex::OPEN));
        assert_eq!(none.check(ClassIndex::OPEN, READ), Err(Denied::Permission));
    }
}

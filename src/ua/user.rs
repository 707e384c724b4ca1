//! What UserManagement shows (Part 18, 5.2): the local users, and what their passwords must be.

use opcua_types::{
    ExtensionObject, LocalizedText, PasswordOptionsMask, Range, UserConfigurationMask,
    UserManagementDataType, VariableId, Variant,
};

use crate::config::{BYTES_MAX, CHARS_MIN, RULE, UserConfig};
use crate::ua::server::Server;

impl Server {
    /// A variable of UserManagement.
    pub(super) fn live_users(&self, variable: VariableId) -> Option<Variant> {
        use VariableId as V;
        Some(match variable {
            V::UserManagement_Users => {
                let users = self.users.borrow_mut().current();
                let all = users.iter().map(|it| ExtensionObject::from_message(shown(it)));
                all.collect::<Vec<_>>().into()
            }
            V::UserManagement_PasswordLength => {
                let range = Range { low: CHARS_MIN as f64, high: BYTES_MAX as f64 };
                ExtensionObject::from_message(range).into()
            }
            V::UserManagement_PasswordOptions => options().bits().cast_unsigned().into(),
            V::UserManagement_PasswordRestrictions => LocalizedText::new("en", RULE).into(),
            _ => return None,
        })
    }
}

/// What the server can do with users. That a password needs letters of a kind is no rule of ours: its length is.
fn options() -> PasswordOptionsMask {
    use PasswordOptionsMask as O;
    O::SupportInitialPasswordChange
        | O::SupportDisableUser
        | O::SupportDisableDeleteForUser
        | O::SupportNoChangeForUser
        | O::SupportDescriptionForUser
}

fn shown(user: &UserConfig) -> UserManagementDataType {
    use UserConfigurationMask as M;
    let flags = [
        (user.options.no_delete, M::NoDelete),
        (user.options.disabled, M::Disabled),
        (user.options.no_change, M::NoChangeByUser),
        (user.options.must_change, M::MustChangePassword),
    ];
    let set = flags.into_iter().filter(|(is_set, _)| *is_set);
    UserManagementDataType {
        user_name: user.name.as_str().into(),
        user_configuration: set.fold(M::empty(), |all, (_, it)| all | it),
        description: user.description.as_str().into(),
    }
}

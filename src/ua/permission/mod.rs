//! Who may do what with a node (Part 3, 4.9 and 8.55): permissions by role, restrictions by channel.
//!
//! ```text
//! node ─► ClassIndex ─► Class { permissions of each role, restrictions }
//! session: its roles and its channel ─► Rights: one mask for each class
//! ```
//! Nodes of a kind share a class, so a node costs a number and a check costs two instructions. A session's masks are made
//! when it is activated, and again when roles change.

mod class;
mod rights;

pub use class::{Class, ClassIndex, Classes, Grants};
pub use rights::{Denied, Rights, Security};

/// Permissions (Part 3, 8.55): bits of a RolePermissionType.
pub mod bits {
    /// See the node, its references and its attributes but for the Value and the RolePermissions.
    pub const BROWSE: u32 = 1;
    /// Read the RolePermissions.
    pub const READ_ROLE_PERMISSIONS: u32 = 1 << 1;
    /// Write attributes other than Value, Historizing and RolePermissions.
    pub const WRITE_ATTRIBUTE: u32 = 1 << 2;
    /// Read the Value.
    pub const READ: u32 = 1 << 5;
    /// Write the Value.
    pub const WRITE: u32 = 1 << 6;
    /// Read the history.
    pub const READ_HISTORY: u32 = 1 << 7;
    /// Insert into the history.
    pub const INSERT_HISTORY: u32 = 1 << 8;
    /// Replace what is in the history.
    pub const MODIFY_HISTORY: u32 = 1 << 9;
    /// Delete from the history.
    pub const DELETE_HISTORY: u32 = 1 << 10;
    /// Receive the node's events.
    pub const RECEIVE_EVENTS: u32 = 1 << 11;
    /// Call the method, or methods of the object.
    pub const CALL: u32 = 1 << 12;
    /// Change the history in any way.
    pub const EDIT_HISTORY: u32 = INSERT_HISTORY | MODIFY_HISTORY | DELETE_HISTORY;
}

/// Access restrictions (Part 3, 8.56): bits of an AccessRestrictionType.
pub mod restriction {
    /// Messages must be signed or encrypted.
    pub const SIGNING: u16 = 1;
    /// Messages must be encrypted.
    pub const ENCRYPTION: u16 = 2;
    /// There must be a session: without one, none of our services that look at nodes answers.
    pub const SESSION: u16 = 4;
    /// Browsing is restricted, too.
    pub const APPLY_TO_BROWSE: u16 = 8;
}

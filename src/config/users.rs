//! Local users: `users.toml` in the data folder, with argon2id hashes of their passwords.
//!
//! The file is read anew when it has changed, so `cellhouse user` needs no restart. A file that cannot be read or
//! has a mistake lets nobody in: half a list of users would be a guess.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info, warn};

use crate::access::{Role, Roles};
use crate::config::mistake::Mistake;
use crate::config::password::{self, WeakPassword};
use crate::config::user_file;

/// The file in the data folder.
const FILE: &str = "users.toml";
/// Held while the file is changed, so that two commands at once do not undo each other.
const LOCK: &str = "users.lock";
/// Largest file that is read; thousands of users fit.
const FILE_BYTES: u64 = 1 << 20;

/// Why users cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The name is in use.
    #[error("there is a user {0} already")]
    Taken(String),
    /// Nobody has the name.
    #[error("there is no user {0}")]
    Unknown(String),
    /// The name cannot be a user's.
    #[error("{0:?} cannot be a user name; allowed is {rule}", rule = user_file::NAME)]
    Name(String),
    /// The password is too easy to guess.
    #[error(transparent)]
    Password(#[from] WeakPassword),
    /// A user without a role, or with one that cannot be given.
    #[error("a user needs at least one role of {rule}", rule = user_file::role_names().join(", "))]
    Roles,
    /// A password that may not be changed and one that must be do not go together.
    #[error("a user who may not change his password cannot be made to")]
    Options,
    /// The user may not be removed.
    #[error("user {0} may not be removed")]
    Kept(String),
    /// The user may not change his password.
    #[error("user {0} may not change the password")]
    Fixed(String),
    /// The password that is to be replaced is not the user's.
    #[error("the old password is wrong")]
    OldPassword,
    /// The new password is the old one.
    #[error("the new password is the old one")]
    SamePassword,
    /// The text about a user is too long or has control characters.
    #[error("the description must have at most 256 characters, none of them control characters")]
    Description,
    /// Nobody would be left who may manage users and roles.
    #[error("the last SecurityAdmin stays: give the role to somebody else first")]
    LastAdmin,
    /// The file has mistakes; nobody can log in with a password until they are mended.
    #[error("nobody can log in with a password until this is mended:{}", lines(.0))]
    Mistakes(Vec<Mistake>),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().fold(String::new(), |text, it| text + "\n  " + &it.to_string())
}

/// What is special about a user (UserConfigurationMask, Part 18, 5.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the standard's four flags, none of which follows from another"
)]
pub struct UserOptions {
    /// May not be removed.
    pub no_delete: bool,
    /// Cannot log in.
    pub disabled: bool,
    /// May not change the password.
    pub no_change: bool,
    /// Has to change the password before anything else.
    pub must_change: bool,
}

/// What is to be changed about a user; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Password.
    pub password: Option<String>,
    /// Options.
    pub options: Option<UserOptions>,
    /// For people.
    pub description: Option<String>,
}

/// A local user.
#[derive(Clone, PartialEq, Eq)]
pub struct UserConfig {
    /// Name.
    pub name: String,
    /// Password hash in PHC form (argon2id).
    pub password_hash: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// What is special.
    pub options: UserOptions,
    /// For people.
    pub description: String,
}

impl fmt::Debug for UserConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserConfig")
            .field("name", &self.name)
            .field("password_hash", &"***")
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// Every local user at one moment. Never changes; share it freely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserList(Vec<UserConfig>);

impl UserList {
    /// What `user` may do, if `password` is right. Takes tens of milliseconds by design, as long for a name that
    /// nobody has as for a wrong password: call it where it holds nobody up.
    pub fn verify(&self, user: &str, password: &[u8]) -> Option<Roles> {
        let Some(user) = self.0.iter().find(|it| it.name == user && !it.options.disabled) else {
            password::verify_nobody(password);
            return None;
        };
        let is_right = password::verify(&user.password_hash, password);
        is_right.then(|| self.roles(&user.name)).flatten()
    }

    /// What `user` may do once the identity is proven in another way than by password; `None` for nobody, and for one who
    /// cannot log in.
    pub fn roles(&self, user: &str) -> Option<Roles> {
        let user = self.get(user).filter(|it| !it.options.disabled)?;
        // Part 18, 4.2: AuthenticatedUser is everyone whose identity was proven.
        Some(user.roles.iter().copied().chain([Role::AuthenticatedUser]).collect())
    }

    /// The user with this name.
    pub fn get(&self, user: &str) -> Option<&UserConfig> {
        self.0.iter().find(|it| it.name == user)
    }

    /// Every user, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &UserConfig> {
        self.0.iter()
    }

    /// Names and roles, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = (&str, Vec<&'static str>)> {
        self.0
            .iter()
            .map(|it| (it.name.as_str(), it.roles.iter().map(|role| role.name()).collect()))
    }

    fn user(&mut self, name: &str) -> Result<&mut UserConfig, UserError> {
        let found = self.0.iter_mut().find(|it| it.name == name);
        found.ok_or_else(|| UserError::Unknown(name.to_owned()))
    }
}

/// The local users of one data folder.
pub struct Users {
    folder: PathBuf,
    /// The file as last read, or why it was not.
    read: Result<Option<String>, ErrorKind>,
    list: Arc<UserList>,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text has the hashes.
        f.debug_struct("Users")
            .field("folder", &self.folder)
            .field("list", &self.list)
            .finish_non_exhaustive()
    }
}

impl Users {
    /// Reads the users in `folder`. No file is no users.
    pub fn open(folder: &Path) -> Result<Self, UserError> {
        let folder = folder.to_owned();
        let text = read_file(&folder.join(FILE))?;
        let list = Arc::new(parse(&folder, text.as_deref())?);
        Ok(Self { folder, read: Ok(text), list })
    }

    /// The users as the file says now. A file that has become unreadable is reported once and means nobody.
    pub fn current(&mut self) -> Arc<UserList> {
        let path = self.folder.join(FILE);
        let text = read_file(&path);
        let read = text.as_ref().map(Clone::clone).map_err(kind);
        if read != self.read {
            let list = text.and_then(|it| parse(&self.folder, it.as_deref()));
            match &list {
                Ok(_) if matches!(read, Ok(None)) => {
                    warn!(file = %path.display(), "the file is gone: no local user can log in");
                }
                Ok(list) => info!(users = list.0.len(), file = %path.display(), "users read anew"),
                Err(problem) => error!(%problem, "no user can log in"),
            }
            self.list = Arc::new(list.unwrap_or_default());
            self.read = read;
        }
        Arc::clone(&self.list)
    }

    /// Adds a user.
    pub fn add(&mut self, name: &str, password: &str, roles: &[Role]) -> Result<(), UserError> {
        if !user_file::is_user_name(name) {
            return Err(UserError::Name(name.to_owned()));
        }
        let password_hash = hash(name, password)?;
        let roles = given(roles)?;
        self.change(|list| {
            if list.0.iter().any(|it| it.name == name) {
                return Err(UserError::Taken(name.to_owned()));
            }
            list.0.push(UserConfig {
                name: name.to_owned(),
                password_hash,
                roles,
                options: UserOptions::default(),
                description: String::new(),
            });
            Ok(())
        })
    }

    /// Adds a user without a role (Part 18, 5.2.5). Hashes the password: takes tens of milliseconds.
    pub fn add_plain(
        &mut self,
        name: &str,
        password: &str,
        options: UserOptions,
        description: &str,
    ) -> Result<(), UserError> {
        if !user_file::is_user_name(name) {
            return Err(UserError::Name(name.to_owned()));
        }
        check_options(options)?;
        check_description(description)?;
        let password_hash = hash(name, password)?;
        self.change(|list| {
            if list.get(name).is_some() {
                return Err(UserError::Taken(name.to_owned()));
            }
            let (name, description) = (name.to_owned(), description.to_owned());
            list.0.push(UserConfig {
                name,
                password_hash,
                roles: Vec::new(),
                options,
                description,
            });
            Ok(())
        })
    }

    /// Changes what `change` names (Part 18, 5.2.6), unless `is_allowed` says no to the list that would come of it.
    pub fn modify(
        &mut self,
        name: &str,
        change: &UserChange,
        is_allowed: impl FnOnce(&UserList) -> Result<(), UserError>,
    ) -> Result<(), UserError> {
        change.options.map_or(Ok(()), check_options)?;
        change.description.as_deref().map_or(Ok(()), check_description)?;
        let password_hash = change.password.as_deref().map(|it| hash(name, it)).transpose()?;
        self.change(|list| {
            let user = list.user(name)?;
            if let Some(hash) = password_hash {
                user.password_hash = hash;
            }
            user.options = change.options.unwrap_or(user.options);
            if let Some(description) = &change.description {
                user.description.clone_from(description);
            }
            is_allowed(list)
        })
    }

    /// Removes a user who may be removed (Part 18, 5.2.7), unless `is_allowed` says no to the list that would come of it.
    pub fn remove_plain(
        &mut self,
        name: &str,
        is_allowed: impl FnOnce(&UserList) -> Result<(), UserError>,
    ) -> Result<(), UserError> {
        self.change(|list| {
            if list.user(name)?.options.no_delete {
                return Err(UserError::Kept(name.to_owned()));
            }
            list.0.retain(|it| it.name != name);
            is_allowed(list)
        })
    }

    /// A user changes the password (Part 18, 5.2.8), which he then need not do any more.
    pub fn change_password(&mut self, name: &str, old: &[u8], new: &str) -> Result<(), UserError> {
        let list = self.current();
        let user = list.get(name).ok_or_else(|| UserError::Unknown(name.to_owned()))?;
        if user.options.no_change {
            return Err(UserError::Fixed(name.to_owned()));
        }
        if !password::verify(&user.password_hash, old) {
            return Err(UserError::OldPassword);
        }
        if old == new.as_bytes() {
            return Err(UserError::SamePassword);
        }
        let before = user.password_hash.clone();
        let password_hash = hash(name, new)?;
        self.change(|list| {
            let user = list.user(name)?;
            // Somebody else has been quicker: what was proven holds no more.
            if user.password_hash != before {
                return Err(UserError::OldPassword);
            }
            user.password_hash = password_hash;
            user.options.must_change = false;
            Ok(())
        })
    }

    /// Takes a role from a user, unless `is_allowed` says no to the list that would come of it.
    pub fn take_role(
        &mut self,
        name: &str,
        role: Role,
        is_allowed: impl FnOnce(&UserList) -> Result<(), UserError>,
    ) -> Result<(), UserError> {
        self.change(|list| {
            list.user(name)?.roles.retain(|it| *it != role);
            is_allowed(list)
        })
    }

    /// Changes a user's password.
    pub fn set_password(&mut self, name: &str, password: &str) -> Result<(), UserError> {
        let password_hash = hash(name, password)?;
        self.change(|list| {
            list.user(name)?.password_hash = password_hash;
            Ok(())
        })
    }

    /// Gives a user these roles and no others.
    pub fn set_roles(&mut self, name: &str, roles: &[Role]) -> Result<(), UserError> {
        let roles = given(roles)?;
        self.change(|list| {
            list.user(name)?.roles = roles;
            Ok(())
        })
    }

    /// Removes a user. Sessions that are open stay; the next login fails.
    pub fn remove(&mut self, name: &str) -> Result<(), UserError> {
        self.change(|list| {
            list.user(name)?;
            list.0.retain(|it| it.name != name);
            Ok(())
        })
    }

    /// Reads the file, changes the list, and writes it, while no other process does.
    fn change(
        &mut self,
        change: impl FnOnce(&mut UserList) -> Result<(), UserError>,
    ) -> Result<(), UserError> {
        let path = self.folder.join(FILE);
        user_file::make_folder(&self.folder).map_err(|it| trouble(&self.folder, it))?;
        let lock = self.folder.join(LOCK);
        // The lock is given back when the file is closed, at the end of this function.
        let held = user_file::create(&lock, false).map_err(|it| trouble(&lock, it))?;
        held.lock().map_err(|it| trouble(&lock, it))?;
        let mut list = parse(&self.folder, read_file(&path)?.as_deref())?;
        change(&mut list)?;
        let text = user_file::write(&list.0);
        user_file::replace(&path, &text).map_err(|it| trouble(&path, it))?;
        self.list = Arc::new(list);
        self.read = Ok(Some(text));
        Ok(())
    }
}

fn parse(folder: &Path, text: Option<&str>) -> Result<UserList, UserError> {
    let file = folder.join(FILE).display().to_string();
    let users = user_file::read_users(&file, text.unwrap_or_default());
    users.map(UserList).map_err(UserError::Mistakes)
}

/// The file's text; none if there is no file.
fn read_file(path: &Path) -> Result<Option<String>, UserError> {
    let read = || {
        let mut text = String::new();
        let mut file = File::open(path)?.take(FILE_BYTES + 1);
        file.read_to_string(&mut text)?;
        let fits = text.len() as u64 <= FILE_BYTES;
        fits.then_some(text).ok_or_else(|| std::io::Error::from(ErrorKind::FileTooLarge))
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble(path, error)),
    }
}

fn kind(error: &UserError) -> ErrorKind {
    if let UserError::File { source, .. } = error { source.kind() } else { ErrorKind::Other }
}

fn trouble(path: &Path, source: std::io::Error) -> UserError {
    UserError::File { path: path.display().to_string(), source }
}

fn hash(name: &str, password: &str) -> Result<String, UserError> {
    password::check(name, password)?;
    password::hash(password).map_err(|source| UserError::File { path: "argon2".to_owned(), source })
}

fn check_options(options: UserOptions) -> Result<(), UserError> {
    if options.no_change && options.must_change { Err(UserError::Options) } else { Ok(()) }
}

fn check_description(text: &str) -> Result<(), UserError> {
    let fits = user_file::is_description(text);
    fits.then_some(()).ok_or(UserError::Description)
}

fn given(roles: &[Role]) -> Result<Vec<Role>, UserError> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    let may_be_given = !roles.is_empty() && roles.iter().all(|it| user_file::ROLES.contains(it));
    may_be_given.then_some(roles).ok_or(UserError::Roles)
}

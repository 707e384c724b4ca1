//! Local users: `users.toml` in the data folder, with argon2id hashes of their passwords.
//!
//! The file is read anew when it has changed, so `cellhouse user` needs no restart. A file that cannot be read or
//! has a mistake lets nobody in: half a list of users would be a guess.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info};

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

/// A local user.
#[derive(Clone, PartialEq, Eq)]
pub struct UserConfig {
    /// Name.
    pub name: String,
    /// Password hash in PHC form (argon2id).
    pub password_hash: String,
    /// Roles.
    pub roles: Vec<Role>,
}

impl fmt::Debug for UserConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserConfig")
            .field("name", &self.name)
            .field("password_hash", &"***")
            .field("roles", &self.roles)
            .finish()
    }
}

/// Every local user at one moment. Never changes; share it freely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserList(Vec<UserConfig>);

impl UserList {
    /// What `user` may do, if `password` is right. Takes tens of milliseconds by design, as long for a name that
    /// nobody has as for a wrong password: call it where it holds nobody up.
    pub fn verify(&self, user: &str, password: &[u8]) -> Option<Roles> {
        let Some(user) = self.0.iter().find(|it| it.name == user) else {
            password::verify_nobody(password);
            return None;
        };
        let is_right = password::verify(&user.password_hash, password);
        is_right.then(|| self.roles(&user.name)).flatten()
    }

    /// What `user` may do once the identity is proven in another way than by password; `None` for nobody.
    pub fn roles(&self, user: &str) -> Option<Roles> {
        let user = self.0.iter().find(|it| it.name == user)?;
        // Part 18, 4.2: AuthenticatedUser is everyone whose identity was proven.
        Some(user.roles.iter().copied().chain([Role::AuthenticatedUser]).collect())
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
            list.0.push(UserConfig { name: name.to_owned(), password_hash, roles });
            Ok(())
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

fn given(roles: &[Role]) -> Result<Vec<Role>, UserError> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    let may_be_given = !roles.is_empty() && roles.iter().all(|it| user_file::ROLES.contains(it));
    may_be_given.then_some(roles).ok_or(UserError::Roles)
}

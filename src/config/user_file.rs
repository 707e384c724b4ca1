//! The form of `users.toml`, and how it is replaced without ever being half written.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::access::Role;
use crate::config::mistake::Mistake;
use crate::config::password;
use crate::config::section::{self, Section};
use crate::config::users::{UserConfig, UserOptions};

/// Roles that a user can be given; the others follow from how the session came about.
pub(super) const ROLES: [Role; 6] = [
    Role::Observer,
    Role::Operator,
    Role::Supervisor,
    Role::Engineer,
    Role::ConfigureAdmin,
    Role::SecurityAdmin,
];

/// What user names may consist of.
pub(super) const NAME: &str = "1 to 64 letters, digits and . _ - @";

/// Names of [`ROLES`].
pub(super) fn role_names() -> [&'static str; 6] {
    ROLES.map(Role::name)
}

/// Whether `name` can be a user's.
pub(super) fn is_user_name(name: &str) -> bool {
    let fits = |it: char| it.is_alphanumeric() || matches!(it, '.' | '_' | '-' | '@');
    (1..=64).contains(&name.chars().count())
        && name.chars().all(fits)
        && !name.eq_ignore_ascii_case("anonymous")
}

/// What may stand in a description.
pub(super) const DESCRIPTION: &str = "at most 256 characters, none of them control characters";

/// Whether `text` can describe a user.
pub(super) fn is_description(text: &str) -> bool {
    text.chars().count() <= 256 && !text.contains(char::is_control)
}

/// The users in `text`, or every mistake.
pub(super) fn read_users(file: &str, text: &str) -> Result<Vec<UserConfig>, Vec<Mistake>> {
    section::read(file, text, |file| {
        let mut users: Vec<UserConfig> = Vec::new();
        file.tables("user", 0, |s| {
            let user = user(s);
            if !user.name.is_empty() && users.iter().any(|it| it.name == user.name) {
                s.mistake("name", format!("\"{}\" is there already", user.name), "each name once");
            }
            users.push(user);
        });
        users
    })
}

fn user(s: &Section<'_>) -> UserConfig {
    let roles = s.some_of("roles", &role_names(), None);
    UserConfig {
        name: s.text("name", NAME, None, is_user_name),
        password_hash: s.secret("password_hash", password::HASH, password::is_hash),
        roles: roles.into_iter().map(|it| ROLES[it]).collect(),
        options: UserOptions {
            no_delete: s.flag("no_delete", Some(false)),
            disabled: s.flag("disabled", Some(false)),
            no_change: s.flag("no_change", Some(false)),
            must_change: s.flag("must_change", Some(false)),
        },
        description: s.text("description", DESCRIPTION, Some(""), is_description),
    }
}

/// The file that says `users`.
pub(super) fn write(users: &[UserConfig]) -> String {
    let mut text =
        "# Written by `cellhouse user`. Changes are taken over at the next login.\n".to_owned();
    for user in users {
        let roles: Vec<String> = user.roles.iter().map(|it| format!("\"{}\"", it.name())).collect();
        // No quotes need escaping: names, hashes and roles have been checked and contain none.
        let written = write!(
            text,
            "\n[[user]]\nname = \"{}\"\npassword_hash = \"{}\"\nroles = [{}]\n",
            user.name,
            user.password_hash,
            roles.join(", ")
        );
        written.expect("a String takes everything");
        let UserOptions { no_delete, disabled, no_change, must_change } = user.options;
        for (name, is_set) in [
            ("no_delete", no_delete),
            ("disabled", disabled),
            ("no_change", no_change),
            ("must_change", must_change),
        ] {
            if is_set {
                text.push_str(name);
                text.push_str(" = true\n");
            }
        }
        if !user.description.is_empty() {
            let quoted = toml::Value::String(user.description.clone());
            writeln!(text, "description = {quoted}").expect("a String takes everything");
        }
    }
    text
}

/// Creates `folder` and those above it, for nobody else to look into.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens `path` for writing, readable by its owner only; emptied if `anew`.
pub(super) fn create(path: &Path, anew: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(anew);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Puts `text` in the place of `path` in one step: a reader sees the old file or the new one, and so does the next
/// start after a power cut.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("toml.new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create(&draft, true)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&draft, path)?;
    // The rename itself lasts once the folder is on the disk; only Unix lets a folder be opened.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

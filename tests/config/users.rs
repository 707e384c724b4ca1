//! Local users: added, verified, changed, removed, and read anew by a server that is running.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cellhouse::access::{Role, Roles};
use cellhouse::config::{UserError, Users, WeakPassword};

const PASSWORD: &str = "cold bath, warm heart";

fn with_olga(folder: &Path) -> Users {
    let mut users = Users::open(folder).unwrap();
    users.add("olga", PASSWORD, &[Role::Operator]).unwrap();
    users
}

fn verify(users: &mut Users, name: &str, password: &str) -> Option<Roles> {
    users.current().verify(name, password.as_bytes())
}

#[test]
fn an_added_user_gets_in_with_her_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut users = with_olga(folder.path());
    let roles = verify(&mut users, "olga", PASSWORD).unwrap();
    assert!(roles.has(Role::Operator) && roles.has(Role::AuthenticatedUser));
    assert!(!roles.has(Role::Supervisor) && !roles.has(Role::Anonymous));
    for (name, password) in [
        ("olga", "cold bath, warm hearT"),
        ("olga", ""),
        ("Olga", PASSWORD),
        ("", ""),
        ("ivan", PASSWORD),
    ] {
        assert_eq!(verify(&mut users, name, password), None, "{name} {password}");
    }
    assert_eq!(users.current().verify("olga", &[0xff; 5000]), None);
}

#[test]
fn a_running_server_sees_changes_of_the_file_at_the_next_login() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Users::open(folder.path()).unwrap();
    assert_eq!(verify(&mut server, "olga", PASSWORD), None);
    let mut command = with_olga(folder.path());
    let before = server.current();
    assert!(before.verify("olga", PASSWORD.as_bytes()).is_some());
    command.set_roles("olga", &[Role::Engineer, Role::Engineer]).unwrap();
    assert!(verify(&mut server, "olga", PASSWORD).unwrap().has(Role::Engineer));
    command.set_password("olga", "another one, 7 words").unwrap();
    assert_eq!(verify(&mut server, "olga", PASSWORD), None);
    assert!(verify(&mut server, "olga", "another one, 7 words").is_some());
    command.remove("olga").unwrap();
    assert_eq!(verify(&mut server, "olga", "another one, 7 words"), None);
    assert!(
        before.verify("olga", PASSWORD.as_bytes()).is_some(),
        "a list once taken never changes"
    );
}

#[test]
fn two_programs_do_not_undo_each_others_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = Users::open(folder.path()).unwrap();
    let mut two = Users::open(folder.path()).unwrap();
    one.add("olga", PASSWORD, &[Role::Operator]).unwrap();
    two.add("ivan", PASSWORD, &[Role::Supervisor, Role::Observer]).unwrap();
    let list = one.current();
    let names: Vec<_> = list.names().collect();
    assert_eq!(names, [("olga", vec!["Operator"]), ("ivan", vec!["Observer", "Supervisor"])]);
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut users = with_olga(folder.path());
    let error = users.add("olga", PASSWORD, &[Role::Observer]).unwrap_err();
    assert_eq!(error.to_string(), "there is a user olga already");
    let error = users.remove("ivan").unwrap_err();
    assert_eq!(error.to_string(), "there is no user ivan");
    assert!(matches!(users.set_password("ivan", PASSWORD), Err(UserError::Unknown(_))));
    assert!(matches!(users.add("ivan", PASSWORD, &[]), Err(UserError::Roles)));
    assert!(matches!(users.set_roles("olga", &[Role::Anonymous]), Err(UserError::Roles)));
    for name in ["", "anonymous", "two words", "quote\"", "line\nbreak"] {
        assert!(
            matches!(users.add(name, PASSWORD, &[Role::Observer]), Err(UserError::Name(_))),
            "{name}"
        );
    }
    assert_eq!(users.current().names().count(), 1);
}

#[test]
fn weak_passwords_are_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let mut users = Users::open(folder.path()).unwrap();
    for (password, reason) in [
        ("elevenchars", WeakPassword::Short),
        ("aaaaaaaaaabbbbbb", WeakPassword::Uniform),
        ("I am OLGA, hello", WeakPassword::Name),
        ("with a\ttabulator", WeakPassword::Control),
        (&"long ".repeat(60), WeakPassword::Long),
    ] {
        let error = users.add("olga", password, &[Role::Operator]).unwrap_err();
        assert!(matches!(error, UserError::Password(found) if found == reason), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(password));
    }
    assert!(!folder.path().join("users.toml").exists());
}

#[test]
fn a_corrupt_file_says_where_and_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = with_olga(folder.path());
    let path = folder.path().join("users.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("\"Operator\"", "\"Operatr\"")).unwrap();
    assert_eq!(verify(&mut server, "olga", PASSWORD), None);
    let error = Users::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("nobody can log in with a password until this is mended:\n"),
        "{error}"
    );
    assert!(
        error.contains(
            "users.toml:6: user[1].roles: \"Operatr\" is not known; did you mean \"Operator\"?"
        ),
        "{error}"
    );
    fs::write(&path, good.replace("$argon2id$", "$argon2i$")).unwrap();
    let error = Users::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("users.toml:5: user[1].password_hash: will not do"), "{error}");
    assert!(!error.contains("argon2i$"), "{error}");
    let refused = server.add("ivan", PASSWORD, &[Role::Observer]).unwrap_err();
    assert!(matches!(refused, UserError::Mistakes(_)), "a corrupt file is not overwritten");
    fs::write(&path, good).unwrap();
    assert!(verify(&mut server, "olga", PASSWORD).is_some(), "mended");
}

#[test]
fn neither_passwords_nor_hashes_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut users = with_olga(folder.path());
    let printed = format!("{users:?} {:?}", users.current());
    assert!(printed.contains("olga"), "{printed}");
    assert!(!printed.contains("argon2id") && !printed.contains(PASSWORD), "{printed}");
    let file = fs::read_to_string(folder.path().join("users.toml")).unwrap();
    assert!(!file.contains(PASSWORD) && file.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{file}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    with_olga(&data);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("users.toml"))), (0o700, 0o600));
    assert!(!data.join("users.toml.new").exists());
}

#[test]
fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let folder = tempfile::tempdir().unwrap();
    let list = with_olga(folder.path()).current();
    let time = |name: &str| -> Duration {
        #[expect(clippy::disallowed_methods, reason = "the duration is what is tested")]
        let start = Instant::now();
        assert_eq!(list.verify(name, b"not the password"), None);
        start.elapsed()
    };
    // In turn, so that other work on this machine slows both.
    let (known, unknown): (Vec<_>, Vec<_>) =
        (0..12).map(|_| (time("olga"), time("nobody"))).unzip();
    let (known, unknown) = (known.into_iter().min().unwrap(), unknown.into_iter().min().unwrap());
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.6..1.6).contains(&ratio), "{known:?} against {unknown:?}");
}

//! `roles.toml` in the data folder: who has which role, once an administrator has changed that.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::access::{CustomRole, Role};
use crate::config::role_rules::{
    AddedRole, AnyRole, Criterion, EndpointRule, IdentityRule, Listed, RULES_MAX, RoleRules,
    RoleTable,
};
use crate::config::user_file;

/// The file in the data folder.
const FILE: &str = "roles.toml";
/// Largest file that is read.
const FILE_BYTES: u64 = 4 << 20;
/// Its first lines.
const HEAD: &str = "# Written by the server when an administrator changes who has a role: it takes the place of\n\
                    # `anonymous_roles` of server.toml. Read at the start.\n\n";

/// Why the rules cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum RoleFileError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says what cannot be.
    #[error("{path}: {reason}; mend it, or remove it to begin with the rules of server.toml")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    role: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// Of a role that was added: its place, and the namespace of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u8>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[serde(default)]
    applications_exclude: bool,
    #[serde(default)]
    applications: Vec<String>,
    #[serde(default)]
    endpoints_exclude: bool,
    #[serde(default)]
    identities: Vec<Identity>,
    #[serde(default)]
    endpoints: Vec<EndpointRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    criterion: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
}

/// The rules in the data folder; none if nobody has changed them yet.
pub fn load_roles(folder: &Path) -> Result<Option<RoleTable>, RoleFileError> {
    let path = folder.join(FILE);
    let file = |source| RoleFileError::File { path: path.clone(), source };
    match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file(error)),
        Ok(found) if found.len() > FILE_BYTES => return Err(file(ErrorKind::FileTooLarge.into())),
        Ok(_) => {}
    }
    let text = fs::read_to_string(&path).map_err(file)?;
    let table = parse(&text).map_err(|reason| RoleFileError::Content { path, reason })?;
    Ok(Some(table))
}

/// Keeps the rules: durable when it returns, and whole whatever happens. Waits for the disk.
pub fn save_roles(folder: &Path, table: &RoleTable) -> Result<(), RoleFileError> {
    let path = folder.join(FILE);
    let done =
        user_file::make_folder(folder).and_then(|()| user_file::replace(&path, &text(table)));
    done.map_err(|source| RoleFileError::File { path, source })
}

fn parse(text: &str) -> Result<RoleTable, String> {
    let document: Document = toml::from_str(text).map_err(|it| it.to_string())?;
    let mut table = RoleTable::new(&[]);
    for entry in document.role {
        let name = entry.name.clone();
        let wrong = |what: &str| format!("role {name}: {what}");
        let identities = entry.identities.iter().map(|it| {
            let criterion = Criterion::ALL.into_iter().find(|own| own.name() == it.criterion);
            let rule = criterion.and_then(|own| IdentityRule::new(own, &it.text));
            rule.ok_or_else(|| wrong(&format!("{} {} is no rule", it.criterion, it.text)))
        });
        let rules = RoleRules {
            identities: identities.collect::<Result<_, _>>()?,
            applications: Listed {
                exclude: entry.applications_exclude,
                entries: entry.applications,
            },
            endpoints: Listed { exclude: entry.endpoints_exclude, entries: entry.endpoints },
        };
        let longest = rules.identities.len().max(rules.applications.entries.len());
        if longest.max(rules.endpoints.entries.len()) > RULES_MAX {
            return Err(wrong("it has too many rules"));
        }
        if let Some(place) = entry.place {
            let place = CustomRole::new(place).ok_or_else(|| wrong("there is no such place"))?;
            let role = AddedRole { name: entry.name, namespace: entry.namespace, rules };
            table.put(place, Some(role));
            continue;
        }
        let role = Role::ALL.into_iter().find(|it| it.name() == entry.name);
        let role = role.ok_or_else(|| wrong("it is no well-known role and has no place"))?;
        if let Some(own) = table.rules_mut(AnyRole::Known(role)) {
            *own = rules;
        }
    }
    Ok(table)
}

fn text(table: &RoleTable) -> String {
    let known = Role::ALL.into_iter().filter_map(|role| {
        let rules = table.rules(AnyRole::Known(role))?;
        Some(entry(role.name(), None, "", rules))
    });
    let added = table
        .all_added()
        .map(|(place, it)| entry(&it.name, Some(place.place()), &it.namespace, &it.rules));
    let document = Document { role: known.chain(added).collect() };
    let text = toml::to_string(&document).expect("texts, flags and numbers are TOML");
    HEAD.to_owned() + &text
}

fn entry(name: &str, place: Option<u8>, namespace: &str, rules: &RoleRules) -> Entry {
    let identity = |it: &IdentityRule| Identity {
        criterion: it.criterion.name().to_owned(),
        text: it.text.clone(),
    };
    Entry {
        name: name.to_owned(),
        place,
        namespace: namespace.to_owned(),
        applications_exclude: rules.applications.exclude,
        applications: rules.applications.entries.clone(),
        endpoints_exclude: rules.endpoints.exclude,
        identities: rules.identities.iter().map(identity).collect(),
        endpoints: rules.endpoints.entries.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_back_as_they_were_kept_whatever_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load_roles(folder.path()).unwrap(), None);
        let mut table = RoleTable::new(&[Role::Observer]);
        let rules = table.rules_mut(AnyRole::Known(Role::Engineer)).unwrap();
        let text = "a \"quoted\" \\ name = [x]";
        rules.identities.push(IdentityRule::new(Criterion::UserName, text).unwrap());
        rules.applications = Listed { exclude: false, entries: vec!["urn:\"mes\"".to_owned()] };
        let endpoint =
            EndpointRule { url: "opc.tcp://a:1".into(), mode: 3, ..EndpointRule::default() };
        rules.endpoints.entries.push(endpoint);
        let role = AddedRole {
            name: "Metallurgist".into(),
            namespace: "urn:x".into(),
            rules: RoleRules::default(),
        };
        table.put(CustomRole::new(4).unwrap(), Some(role));
        save_roles(folder.path(), &table).unwrap();
        assert_eq!(load_roles(folder.path()).unwrap(), Some(table));
    }

    #[test]
    fn a_file_with_a_mistake_is_named_and_not_guessed_at() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "[[role]]\nname = \"Opperator\"\n",
            "[[role]]\nname = \"Operator\"\nidentities = [{ criterion = \"UserName\" }]\n",
            "[[role]]\nname = \"X\"\nplace = 99\n",
            "[[role]]\nname = \"Operator\"\nidentity = 1\n",
            "nonsense",
        ] {
            fs::write(folder.path().join(FILE), text).unwrap();
            let error = load_roles(folder.path()).unwrap_err().to_string();
            assert!(error.contains("roles.toml"), "{text}: {error}");
        }
    }
}

//! Reads what `server.toml` says of issuers of tokens.

use std::path::PathBuf;

use crate::access::Role;
use crate::config::issuer::{IssuerConfig, IssuerKey, TokenAlgorithm};
use crate::config::section::Section;
use crate::config::user_file;

/// Issuers, and keys and roles of one issuer, at most.
const MOST: usize = 32;
const TEXT: &str = "a text of 1 to 200 characters without control characters";

/// The tables `[[issuer]]`.
pub(super) fn issuers(file: &Section<'_>) -> Vec<IssuerConfig> {
    let found = file.tables("issuer", 0, issuer);
    for (at, issuer) in found.iter().enumerate() {
        if found[..at].iter().any(|it| it.name == issuer.name) {
            let what = format!("\"{}\" is there twice", issuer.name);
            file.mistake("issuer", what, "each issuer once");
        }
    }
    bounded(file, "issuer", found)
}

fn issuer(s: &Section<'_>) -> IssuerConfig {
    let optional = |key: &'static str| s.has(key).then(|| s.text(key, TEXT, None, is_text));
    IssuerConfig {
        name: s.text("name", TEXT, None, is_text),
        audience: optional("audience"),
        token_endpoint: optional("token_endpoint"),
        user_claim: s.text("user_claim", TEXT, Some("sub"), is_text),
        roles_claim: s.text("roles_claim", TEXT, Some("roles"), is_text),
        roles: bounded(s, "role", s.tables("role", 1, role).into_iter().flatten().collect()),
        keys: bounded(s, "key", s.tables("key", 1, key).into_iter().flatten().collect()),
        leeway_s: s.count("leeway_s", 0..=300, Some(30)),
    }
}

fn role(s: &Section<'_>) -> Option<(String, Role)> {
    let claim = s.text("claim", TEXT, None, is_text);
    let role = s.one_of("role", &user_file::role_names())?;
    Some((claim, user_file::ROLES[role]))
}

fn key(s: &Section<'_>) -> Option<IssuerKey> {
    let names = TokenAlgorithm::ALL.map(TokenAlgorithm::name);
    let path = |text: &str| (!text.trim().is_empty()).then(|| PathBuf::from(text));
    let file = s.parsed("file", "the path of a PEM file with a public key", None, path);
    let algorithm = s.one_of("algorithm", &names).map(|it| TokenAlgorithm::ALL[it]);
    let id = s.has("id").then(|| s.text("id", TEXT, None, is_text));
    Some(IssuerKey { file: file?, algorithm: algorithm?, id })
}

fn bounded<T>(s: &Section<'_>, key: &str, mut found: Vec<T>) -> Vec<T> {
    if found.len() > MOST {
        s.mistake(key, format!("is there {} times", found.len()), format!("up to {MOST}"));
        found.truncate(MOST);
    }
    found
}

fn is_text(text: &str) -> bool {
    (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

//! Reads what `server.toml` says of PostgreSQL.

use std::path::PathBuf;

use crate::config::postgres::{PostgresConfig, PostgresTls};
use crate::config::section::Section;

const TLS: [&str; 2] = ["off", "require"];
/// PostgreSQL cuts longer names.
const NAME_BYTES: usize = 63;

/// The table `[postgres]`, if there is one.
pub(super) fn postgres(file: &Section<'_>) -> Option<PostgresConfig> {
    file.has("postgres").then(|| file.table("postgres", table))
}

fn table(s: &Section<'_>) -> PostgresConfig {
    let usual = PostgresConfig::default();
    let host = "a host name, an address, or the folder of a socket that begins with /";
    let name = "a name of 1 to 63 bytes";
    let schema = "lower case letters, digits and underscores, no digit first, 63 at most, not pg_";
    let mut config = PostgresConfig {
        host: s.text("host", host, Some(&usual.host), is_host),
        port: s.count("port", 1..=65_535, Some(usual.port.into())) as u16,
        database: s.text("database", name, Some(&usual.database), is_name),
        user: s.text("user", name, Some(&usual.user), is_name),
        password_file: s.has("password_file").then(|| file_at(s, "password_file")).flatten(),
        schema: s.text("schema", schema, Some(&usual.schema), is_schema),
        tls: PostgresTls::Off,
        outbox_bytes: s.count(
            "outbox_bytes",
            16_777_216..=1_099_511_627_776,
            Some(usual.outbox_bytes),
        ),
    };
    config.tls = tls(s, config.is_local());
    config
}

/// Without a word about it: off on this machine, required over a network.
fn tls(s: &Section<'_>, is_local: bool) -> PostgresTls {
    let is_required = if s.has("tls") { s.one_of("tls", &TLS) == Some(1) } else { !is_local };
    let ca_file = s.has("tls_ca_file").then(|| file_at(s, "tls_ca_file")).flatten();
    match ca_file {
        Some(ca_file) if is_required => PostgresTls::Require { ca_file },
        None if is_required && !s.has("tls_ca_file") => {
            let allowed =
                "a PEM file of the authority of the database's certificate, or tls = \"off\"";
            s.mistake("tls_ca_file", "is missing, and the database is across a network", allowed);
            PostgresTls::Off
        }
        _ => PostgresTls::Off,
    }
}

fn file_at(s: &Section<'_>, key: &'static str) -> Option<PathBuf> {
    let path = |text: &str| (!text.trim().is_empty()).then(|| PathBuf::from(text));
    s.parsed(key, "the path of a file", None, path)
}

fn is_host(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | ':');
    let is_folder = text.starts_with('/') && !text.contains('\0');
    is_folder || (!text.is_empty() && text.len() <= 253 && text.chars().all(fits))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES && !text.contains('\0')
}

fn is_schema(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let is_plain = is_name(text) && text.chars().all(fits);
    is_plain && !text.starts_with(|it: char| it.is_ascii_digit()) && !text.starts_with("pg_")
}

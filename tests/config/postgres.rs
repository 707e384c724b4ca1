//! The table `[postgres]` of the server's file.

use cellhouse::config::{PostgresConfig, PostgresTls, parse_server};

fn postgres(table: &str) -> PostgresConfig {
    let text = format!("[postgres]\n{table}");
    parse_server("server.toml", &text).unwrap().postgres.unwrap()
}

fn mistake(table: &str) -> String {
    let text = format!("[postgres]\n{table}");
    let mistakes = parse_server("server.toml", &text).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes[0].to_string()
}

#[test]
fn without_the_table_nothing_is_forwarded() {
    assert_eq!(parse_server("server.toml", "").unwrap().postgres, None);
}

#[test]
fn an_empty_table_means_the_database_of_this_machine() {
    assert_eq!(postgres(""), PostgresConfig::default());
}

#[test]
fn a_database_on_this_machine_needs_no_encryption() {
    for host in ["/run/postgresql", "localhost", "127.0.0.1", "::1"] {
        assert_eq!(postgres(&format!("host = \"{host}\"")).tls, PostgresTls::Off, "{host}");
    }
}

#[test]
fn across_a_network_encryption_is_required_unless_it_is_switched_off() {
    let said = mistake("host = \"historian\"");
    let expected = "postgres.tls_ca_file: is missing, and the database is across a network; allowed \
                    is a PEM file of the authority of the database's certificate, or tls = \"off\"";
    assert!(said.ends_with(expected), "{said}");
    assert_eq!(postgres("host = \"historian\"\ntls = \"off\"").tls, PostgresTls::Off);
    let ca_file = "ca.pem".into();
    let encrypted = postgres("host = \"historian\"\ntls_ca_file = \"ca.pem\"");
    assert_eq!(encrypted.tls, PostgresTls::Require { ca_file });
}

#[test]
fn encryption_that_is_asked_for_on_this_machine_needs_its_authority() {
    assert!(mistake("tls = \"require\"").contains("tls_ca_file: is missing"));
}

#[test]
fn names_and_bounds_are_checked() {
    for (table, expected) in [
        ("host = \"\"\ntls = \"off\"", "postgres.host: \"\" will not do"),
        ("host = \"db host\"\ntls = \"off\"", "postgres.host: \"db host\" will not do"),
        ("port = 0", "postgres.port: 0 is out of range; allowed is 1 to 65535"),
        ("user = \"\"", "postgres.user: \"\" will not do; allowed is a name of 1 to 63 bytes"),
        ("schema = \"Plant\"", "postgres.schema: \"Plant\" will not do"),
        ("schema = \"a\\\"; DROP\"", "postgres.schema: "),
        ("schema = \"pg_catalog\"", "postgres.schema: \"pg_catalog\" will not do"),
        ("tls = \"maybe\"", "postgres.tls: \"maybe\" is not known; allowed is off, require"),
        ("outbox_bytes = 1", "postgres.outbox_bytes: 1 is out of range"),
        ("password = \"x\"", "postgres.password: is not a key of this table"),
    ] {
        let said = mistake(table);
        assert!(said.contains(expected), "{said}");
    }
}

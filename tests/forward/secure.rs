//! Over TLS, and only with a database that has the right certificate.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use cellhouse::config::{PostgresConfig, PostgresTls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::postgres::{Postgres, Stop, own};
use crate::support::{Recorder, assert_whole, forward, until, until_all_forwarded};

/// An authority.
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

/// A file that the database may read and nobody else.
fn write(postgres: &Postgres, name: &str, text: &str) -> PathBuf {
    let path = postgres.folder().join("data").join(name);
    std::fs::write(&path, text).unwrap();
    own(&path);
    path
}

/// A database that takes connections over TLS only, with a certificate for `host`; its authority and its port.
fn encrypted(host: &str) -> (Postgres, PathBuf, u16) {
    let mut postgres = Postgres::start();
    let (ca, issuer) = authority("Cellhouse test");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let certificate = write(&postgres, "server.crt", &certificate.pem());
    let key = write(&postgres, "server.key", &key.serialize_pem());
    let ca = write(&postgres, "ca.pem", &ca);
    write(&postgres, "pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n");
    postgres.stop(Stop::Fast);
    let setting = |name: &str, path: &Path| format!("{name}={}", path.display());
    // Someone else may take the port before the database does: then another.
    let port = (0..20).find_map(|_| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "ssl=on".to_owned(),
            setting("ssl_cert_file", &certificate),
            setting("ssl_key_file", &key),
        ];
        postgres.arguments = settings.iter().flat_map(|it| ["-c".to_owned(), it.clone()]).collect();
        postgres.port = port;
        postgres.try_run().then_some(port)
    });
    (postgres, ca, port.expect("a free port"))
}

fn over_tls(postgres: &Postgres, ca_file: PathBuf, port: u16) -> PostgresConfig {
    let tls = PostgresTls::Require { ca_file };
    PostgresConfig { host: "127.0.0.1".to_owned(), port, tls, ..postgres.config() }
}

#[test]
fn samples_go_over_tls_to_a_database_that_is_known() {
    let (postgres, ca, port) = encrypted("127.0.0.1");
    let mut recorder = Recorder::new();
    recorder.record(30);
    let _handle = forward(&over_tls(&postgres, ca, port), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let query = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE application_name = 'cellhouse'";
    assert!(postgres.one::<bool>(query));
    assert_whole(&postgres, &recorder);
}

/// What is said when no certificate of the database will do.
fn refusal(postgres: &Postgres, ca: PathBuf, port: u16) -> String {
    let mut recorder = Recorder::new();
    recorder.record(1);
    let handle = forward(&over_tls(postgres, ca, port), recorder.outbox());
    until("it fails", || handle.status().last_error.is_some());
    handle.status().last_error.unwrap()
}

#[test]
fn a_database_with_a_certificate_of_someone_else_gets_nothing() {
    let (postgres, _, port) = encrypted("127.0.0.1");
    let other = write(&postgres, "other.pem", &authority("Somebody").0);
    let said = refusal(&postgres, other, port);
    assert!(said.contains("invalid peer certificate: "), "{said}");
}

#[test]
fn a_database_with_the_certificate_of_another_host_gets_nothing() {
    let (postgres, ca, port) = encrypted("127.0.0.2");
    let said = refusal(&postgres, ca, port);
    assert!(said.contains("certificate not valid for name"), "{said}");
}

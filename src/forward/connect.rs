//! A connection to the database.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{PostgresConfig, PostgresTls};
use crate::forward::ForwardError;

/// To connect, s.
const CONNECT_S: u64 = 10;
/// Without a word from the other side before it is asked whether it is there, s.
const KEEPALIVE_S: u64 = 15;
/// What the database is told: a commit that was answered survives its crash; nothing of ours holds a lock for long if
/// we are gone.
const SESSION: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off';
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '30s'";

/// A connection; it is cut when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    task: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects as `config` says. Files are read anew each time, so that a changed password needs no restart.
pub(super) async fn connect(config: &PostgresConfig) -> Result<Link, ForwardError> {
    let mut settings = Config::new();
    settings
        .host(&config.host)
        .port(config.port)
        .dbname(&config.database)
        .user(&config.user)
        .application_name("cellhouse")
        .connect_timeout(Duration::from_secs(CONNECT_S))
        .keepalives_idle(Duration::from_secs(KEEPALIVE_S))
        .ssl_mode(SslMode::Disable);
    if let Some(path) = &config.password_file {
        settings.password(password(path)?);
    }
    let link = match &config.tls {
        PostgresTls::Off => open(&settings, NoTls).await,
        PostgresTls::Require { ca_file } => {
            settings.ssl_mode(SslMode::Require);
            open(&settings, tls(ca_file)?).await
        }
    };
    let link = link.map_err(|source| ForwardError::of_connecting(config, source))?;
    let told = link.client.batch_execute(SESSION).await;
    told.map_err(|source| ForwardError::of(config, source))?;
    Ok(link)
}

async fn open<T>(settings: &Config, tls: T) -> Result<Link, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::TlsConnect: TlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = settings.connect(tls).await?;
    let carry = async {
        // Whoever waits for an answer gets the error.
        let _ = connection.await;
    };
    Ok(Link { client, task: tokio::spawn(carry) })
}

/// The first line of the file.
fn password(path: &Path) -> Result<String, ForwardError> {
    let wrong =
        |source| ForwardError::File { what: "password_file", path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(wrong)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn tls(ca_file: &Path) -> Result<MakeRustlsConnect, ForwardError> {
    let path = || ca_file.to_owned();
    let wrong = |source| ForwardError::File { what: "tls_ca_file", path: path(), source };
    let pem = fs::read(ca_file).map_err(wrong)?;
    let bad = |source| ForwardError::Certificates { path: path(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| bad(error.to_string().into()))?;
        roots.add(certificate).map_err(|error| bad(error.into()))?;
    }
    if roots.is_empty() {
        return Err(bad("there is none".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.into()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

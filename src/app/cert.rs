//! `cellhouse cert`: our own certificate and the trust list. The server looks at the folder by itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::{Failure, files, hosts, own_certificate};
use crate::cli::{CertArgs, CertCommand, DataArgs};
use crate::config::{EndpointConfig, ServerConfig};
use crate::time;
use crate::ua::pki::{self, Identity, Listed, Place, TrustStore};

/// Does one of the commands.
pub(super) fn cert(command: CertCommand) -> Result<(), Failure> {
    match command {
        CertCommand::List(args) => list(&args),
        CertCommand::Trust(args) => trust(&args),
        CertCommand::Reject(args) => reject(&args),
        CertCommand::Create(args) => create(&args),
        CertCommand::Csr(args) => own_certificate::csr(&args),
        CertCommand::Install(args) => own_certificate::install(&args),
        CertCommand::Check(args) => check(&args),
    }
}

/// The server's configuration with its data folder.
pub(super) fn server_of(args: &DataArgs) -> Result<ServerConfig, Failure> {
    let mut config = files::server(&args.files).map_err(files::Mistakes)?;
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

/// The data folder and the trust list in it.
pub(super) fn store(args: &DataArgs) -> Result<(PathBuf, TrustStore), Failure> {
    let config = server_of(args)?;
    let store = TrustStore::new(&config.data, config.trust_unknown_clients)
        .with_checks(config.certificates);
    Ok((config.data, store))
}

fn list(args: &DataArgs) -> Result<(), Failure> {
    let (data, store) = store(args)?;
    let all = store.all();
    if all.is_empty() {
        println!("no certificates in {}; `cellhouse cert create` makes our own", data.display());
    }
    for found in all {
        println!("{}", line(&found));
    }
    Ok(())
}

fn line(found: &Listed) -> String {
    let place = match found.place {
        Place::Own => "own     ",
        Place::Trusted => "trusted ",
        Place::Rejected => "rejected",
    };
    format!("{place}  {}  {}", found.thumbprint, name_of(&found.der))
}

/// Subject and validity, for a person.
pub(super) fn name_of(der: &[u8]) -> String {
    pki::summary(der).unwrap_or_else(|| "not a certificate".to_owned())
}

/// The one certificate in `place` whose thumbprint begins so.
fn find(all: Vec<Listed>, place: Place, beginning: &str) -> Result<Listed, Failure> {
    let beginning = beginning.to_lowercase();
    let fits = |it: &Listed| it.place == place && it.thumbprint.starts_with(&beginning);
    let mut found: Vec<Listed> = all.into_iter().filter(fits).collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(format!("more than one thumbprint begins with {beginning}").into()),
        (None, _) => Err(format!(
            "no such certificate has a thumbprint that begins with {beginning}; `cellhouse cert list` shows all"
        )
        .into()),
    }
}

fn trust(args: &CertArgs) -> Result<(), Failure> {
    let (_, store) = store(&args.data)?;
    let path = PathBuf::from(&args.certificate);
    let der = if path.exists() {
        from_file(&path)?
    } else {
        find(store.all(), Place::Rejected, &args.certificate)?.der
    };
    store.trust(&der)?;
    println!("trusted: {}", name_of(&der));
    Ok(())
}

/// The certificate in a file, DER or PEM.
pub(super) fn from_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let none = || format!("{}: neither a DER nor a PEM certificate", path.display());
    Ok(pki::from_file(&bytes).ok_or_else(none)?)
}

fn reject(args: &CertArgs) -> Result<(), Failure> {
    let (_, store) = store(&args.data)?;
    let found = find(store.all(), Place::Trusted, &args.certificate)?;
    store.distrust(&found)?;
    println!("no longer trusted: {}", name_of(&found.der));
    Ok(())
}

/// Says what the server would say of a certificate, as of the clients' that it does not know yet.
fn check(args: &CertArgs) -> Result<(), Failure> {
    let (_, store) = store(&args.data)?;
    let path = PathBuf::from(&args.certificate);
    let der = if path.exists() {
        from_file(&path)?
    } else {
        let all = store.all();
        let find = |place| find(all.clone(), place, &args.certificate);
        find(Place::Rejected).or_else(|_| find(Place::Trusted))?.der
    };
    println!("{}", name_of(&der));
    store.still_good(&der, time::now()).map_err(|problem| format!("refused: {problem}"))?;
    println!("accepted");
    Ok(())
}

/// Our ApplicationUri.
pub(super) fn uri_of(config: &ServerConfig) -> String {
    let usual = || format!("urn:{}:cellhouse", hosts::machine());
    config.application_uri.clone().unwrap_or_else(usual)
}

fn create(args: &DataArgs) -> Result<(), Failure> {
    let config = server_of(args)?;
    let uri = uri_of(&config);
    let hosts = hosts::find(&config);
    let keys = EndpointConfig::keys(&config.endpoints);
    for own in Identity::load_or_create_all(&config.data, &keys, &uri, &hosts, time::now())? {
        println!("our certificate, {}: {}", own.key.key_type().name(), name_of(&own.certificate));
    }
    Ok(())
}

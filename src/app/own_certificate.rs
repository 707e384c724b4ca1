//! `cellhouse cert csr` and `cert install`: our own certificate from a certificate authority.

use std::fs;

use crate::app::cert::{from_file, name_of, server_of, store, uri_of};
use crate::app::{Failure, hosts};
use crate::cli::{CsrArgs, InstallArgs};
use crate::config::{EndpointConfig, KeyType};
use crate::time;
use crate::ua::pki::{self, Identity, LISTS, Offered, Update, Wish};

/// Writes a signing request.
pub(super) fn csr(args: &CsrArgs) -> Result<(), Failure> {
    let config = server_of(&args.data)?;
    let plain = |text: &str| text.replace([' ', '-'], "").to_lowercase();
    let find = |it: &KeyType| plain(it.name()) == plain(&args.key_type);
    let key = KeyType::ALL.into_iter().find(find);
    let key = key.ok_or_else(|| {
        let names = KeyType::ALL.map(KeyType::name).join(", ");
        format!("{}: a key is one of {names}", args.key_type)
    })?;
    let (uri, hosts) = (uri_of(&config), hosts::find(&config));
    // A request without a new key is for the one there is; at the very first there is none.
    Identity::load_or_create(&config.data, key, &uri, &hosts, time::now())?;
    let wish = Wish { key, subject: args.subject.clone(), uri, hosts };
    let pem = pki::signing_request(&config.data, &wish, args.new_key)?.pem;
    let Some(out) = &args.out else {
        print!("{pem}");
        return Ok(());
    };
    fs::write(out, pem).map_err(|error| format!("{}: {error}", out.display()))?;
    println!(
        "{}: give it to your certificate authority, then `cellhouse cert install FILE`",
        out.display()
    );
    Ok(())
}

/// Installs an issued certificate.
pub(super) fn install(args: &InstallArgs) -> Result<(), Failure> {
    let config = server_of(&args.data)?;
    let (data, store) = store(&args.data)?;
    let certificate = from_file(&args.certificate)?;
    let issuers: Result<Vec<_>, _> = args.issuer.iter().map(|it| from_file(it)).collect();
    let issuers = issuers?;
    let key = args.key.as_ref().map(|path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    });
    let key = key.transpose()?;
    let key_type = pki::key_type(&certificate)
        .ok_or("its key is neither RSA from 2048 to 4096 bits nor on NIST P-256 or P-384")?;
    let offered = Offered {
        certificate: &certificate,
        issuers: &issuers,
        key: key.as_deref(),
        key_type,
        uri: &uri_of(&config),
    };
    pki::carry_out(&data)?;
    let (files, _) = pki::accept(&data, &store, &offered, time::now())?;
    for issuer in &issuers {
        store.add(LISTS[2], issuer)?;
    }
    Update { own: vec![files], ..Update::default() }.decide(&data)?;
    pki::carry_out(&data)?;
    println!("our certificate, {}: {}", key_type.name(), name_of(&certificate));
    if !EndpointConfig::keys(&config.endpoints).contains(&key_type) {
        println!("no endpoint in the configuration uses a key of type {}", key_type.name());
    }
    println!("a server that is running takes it at its next start");
    Ok(())
}

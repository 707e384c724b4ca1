//! The trust list from inside: what no client can show, because it never sees the folders.

use std::fs;
use std::path::Path;

use cellhouse::config::CertificateChecks;
use cellhouse::time::Timestamp;
use cellhouse::ua::pki::{CertificateProblem, TrustStore};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

/// A moment at which every certificate here is valid.
fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2030-01-01T00:00:00Z").unwrap()
}

fn key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap()
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn revocation_list(issuer: &Issuer<'_, &KeyPair>, revoked: u64) -> Vec<u8> {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2090, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(revoked),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().der().to_vec()
}

fn put(data: &Path, place: &str, name: &str, bytes: &[u8]) {
    let folder = data.join("pki").join(place);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn rejected(data: &Path) -> Vec<String> {
    let folder = fs::read_dir(data.join("pki/rejected/certs")).unwrap();
    folder.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn crt_12_and_13_broken_hashes_and_keys_out_of_bounds_are_refused_even_if_trusted() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let all: [(&str, &[u8]); 3] = [
        ("sha1", include_bytes!("certificates/sha1.der")),
        ("rsa1024", include_bytes!("certificates/rsa1024.der")),
        ("rsa8192", include_bytes!("certificates/rsa8192.der")),
    ];
    for (name, der) in all {
        put(data.path(), "trusted/certs", name, der);
        let problem = store.check(der, now()).unwrap_err();
        assert!(matches!(problem, CertificateProblem::PolicyCheckFailed(_)), "{name}: {problem}");
    }
}

#[test]
fn crt_04_05_a_certificate_that_a_person_trusts_needs_no_issuer_and_its_issuer_is_not_trusted_by_it()
 {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let (above, own) = (key(), key());
    let issuer = Issuer::new(authority("authority"), &above);
    let named = params("named", 2).signed_by(&own, &issuer).unwrap();
    let other = params("other", 3).signed_by(&own, &issuer).unwrap();
    let problem = store.check(named.der(), now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::ChainIncomplete(_)), "{problem}");
    put(data.path(), "trusted/certs", "named.der", named.der());
    assert_eq!(store.check(named.der(), now()), Ok(()));
    assert!(store.check(other.der(), now()).is_err());
    let root = authority("authority").self_signed(&above).unwrap();
    put(data.path(), "issuers/certs", "root.der", root.der());
    assert_eq!(store.check(named.der(), now()), Ok(()), "no revocation list is no reason here");
    put(data.path(), "issuers/crl", "root.crl", &revocation_list(&issuer, 77));
    let problem = store.check(other.der(), now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::Untrusted(_)), "{problem}");
}

#[test]
fn crt_08_a_revoked_certificate_is_refused_even_if_a_person_trusts_it() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let (above, own) = (key(), key());
    let issuer = Issuer::new(authority("authority"), &above);
    let root = authority("authority").self_signed(&above).unwrap();
    let revoked = params("revoked", 5).signed_by(&own, &issuer).unwrap();
    put(data.path(), "trusted/certs", "revoked.der", revoked.der());
    put(data.path(), "issuers/certs", "root.der", root.der());
    assert_eq!(store.check(revoked.der(), now()), Ok(()));
    let before = store.stamp();
    put(data.path(), "issuers/crl", "root.crl", &revocation_list(&issuer, 5));
    assert_ne!(store.stamp(), before, "open channels are looked at again (CRT-25)");
    let problem = store.check(revoked.der(), now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::Revoked(_)), "{problem}");
}

#[test]
fn crt_23_and_26_rejected_certificates_have_safe_names_and_are_a_hundred_at_most() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let own = key();
    for number in 0..120 {
        let climbing =
            params(&format!("../../../../tmp/{number}"), number).self_signed(&own).unwrap();
        assert!(store.check(climbing.der(), now()).is_err());
    }
    let kept = rejected(data.path());
    assert_eq!(kept.len(), 100);
    let is_safe = |name: &String| {
        let name = name.strip_suffix(".der").unwrap();
        name.len() == 40 && name.bytes().all(|it| it.is_ascii_hexdigit())
    };
    assert!(kept.iter().all(is_safe), "{kept:?}");
}

#[test]
fn crt_22_what_is_no_certificate_is_not_kept_for_review() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), true);
    for bytes in [&[][..], &[0x30, 3, 1, 2, 3], &[0x30; 4000]] {
        assert_eq!(store.check(bytes, now()), Err(CertificateProblem::Invalid));
    }
    assert!(!data.path().join("pki/rejected").exists());
}

#[test]
fn usr_13_14_and_18_a_user_is_known_by_a_certificate_of_the_users_list_alone() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), true);
    let own = key();
    let olga = params("olga", 2).self_signed(&own).unwrap();
    let application = params("application", 3).self_signed(&own).unwrap();
    let mut past = params("past", 4);
    past.not_after = date_time_ymd(2021, 1, 1);
    let past = past.self_signed(&own).unwrap();
    let signer = authority("signer").self_signed(&own).unwrap();
    store.trust(application.der()).unwrap();
    assert_eq!(store.check(application.der(), now()), Ok(()));
    let problem = store.user_of(application.der(), now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::UserUnknown(_)), "{problem}");
    store.set_user("olga", Some(olga.der())).unwrap();
    assert_eq!(store.user_of(olga.der(), now()).as_deref(), Ok("olga"));
    for (name, der) in [("past", past.der()), ("signer", signer.der())] {
        store.set_user(name, Some(der)).unwrap();
        let problem = store.user_of(der, now()).unwrap_err();
        let fits = matches!(
            problem,
            CertificateProblem::TimeInvalid(_) | CertificateProblem::UseNotAllowed(_)
        );
        assert!(fits, "{name}: {problem}");
    }
    store.set_user("olga", None).unwrap();
    assert!(store.user_of(olga.der(), now()).is_err());
}

/// A client's certificate with these usages, for signing by `issuer` or itself.
fn usages(purposes: Vec<KeyUsagePurpose>, extended: Vec<ExtendedKeyUsagePurpose>) -> Vec<u8> {
    let mut params = params("client", 9);
    params.key_usages = purposes;
    params.extended_key_usages = extended;
    params.self_signed(&key()).unwrap().der().to_vec()
}

#[test]
fn crt_09_17_and_18_a_check_that_does_not_count_lets_in_what_lacks_it_and_nothing_else() {
    use CertificateProblem as P;
    let data = tempfile::tempdir().unwrap();
    let every = CertificateChecks::default();
    let with = |checks| TrustStore::new(data.path(), false).with_checks(checks);
    let sign_only = usages(vec![KeyUsagePurpose::DigitalSignature], Vec::new());
    let for_servers = usages(
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment],
        vec![ExtendedKeyUsagePurpose::ServerAuth],
    );
    put(data.path(), "trusted/certs", "sign.der", &sign_only);
    put(data.path(), "trusted/certs", "servers.der", &for_servers);
    let above = key();
    let issuer = Issuer::new(authority("authority"), &above);
    let root = authority("authority").self_signed(&above).unwrap();
    put(data.path(), "trusted/certs", "root.der", root.der());
    let issued = params("issued", 2).signed_by(&key(), &issuer).unwrap();
    for (der, checks) in [
        (&sign_only[..], CertificateChecks { key_usage: false, ..every }),
        (&for_servers[..], CertificateChecks { client_auth: false, ..every }),
    ] {
        assert!(matches!(with(every).check(der, now()), Err(P::UseNotAllowed(_))));
        assert_eq!(with(checks).check(der, now()), Ok(()));
    }
    let lenient = CertificateChecks { revocation_list: false, ..every };
    assert!(matches!(with(every).check(issued.der(), now()), Err(P::RevocationUnknown(_))));
    assert_eq!(with(lenient).check(issued.der(), now()), Ok(()));
    put(data.path(), "trusted/crl", "root.crl", &revocation_list(&issuer, 2));
    assert!(matches!(with(lenient).check(issued.der(), now()), Err(P::Revoked(_))));
}

/// What `cellhouse cert` says, and whether all went well.
fn cert(data: &Path, arguments: &[&str]) -> (bool, String) {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_cellhouse"))
        .arg("cert")
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn crt_27_our_certificate_is_asked_for_issued_and_installed_and_stays_when_names_change() {
    let data = tempfile::tempdir().unwrap();
    let (ok, request) = cert(data.path(), &["csr", "--subject", "CN=Issued/O=Plant"]);
    assert!(ok && request.contains("BEGIN CERTIFICATE REQUEST"), "{request}");
    let own = data.path().join("pki/own/certs/cellhouse.der");
    let before = fs::read(&own).unwrap();
    let key_pem = fs::read_to_string(data.path().join("pki/own/private/cellhouse.pem"));
    let own_key = KeyPair::from_pem(&key_pem.unwrap()).unwrap();
    let above = key();
    let issuer = Issuer::new(authority("authority"), &above);
    let root = authority("authority").self_signed(&above).unwrap();
    let mut asked = params("Issued", 7);
    asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let uri = cellhouse::ua::pki::application_uri(&before).unwrap();
    asked.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
    let issued = asked.signed_by(&own_key, &issuer).unwrap();
    let foreign = asked.signed_by(&key(), &issuer).unwrap();
    let file = |name: &str, der: &[u8]| {
        let path = data.path().join(name);
        fs::write(&path, der).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (root, good) = (file("root.der", root.der()), file("good.der", issued.der()));
    let (ok, said) = cert(data.path(), &["install", &good]);
    assert!(!ok && said.contains("issuer that is not known"), "{said}");
    let foreign = file("foreign.der", foreign.der());
    let (ok, said) = cert(data.path(), &["install", &foreign, "--issuer", &root]);
    assert!(!ok && said.contains("not for our key"), "{said}");
    assert_eq!(fs::read(&own).unwrap(), before, "nothing has changed");
    let (ok, said) = cert(data.path(), &["install", &good, "--issuer", &root]);
    assert!(ok, "{said}");
    let (ok, said) = cert(data.path(), &["create"]);
    assert!(ok && said.contains("Issued"), "it lacks the machine's names and stays: {said}");
    assert_eq!(fs::read(&own).unwrap(), issued.der().to_vec());
    let (ok, said) = cert(data.path(), &["check", &good]);
    assert!(!ok && said.contains("refused: certificate"), "{said}");
}

/// An issued server certificate for `uri` and its key in PEM.
fn issued_for(uri: &str, serial: u64, issuer: &Issuer<'_, &KeyPair>) -> (Vec<u8>, String) {
    let own = key();
    let mut asked = params("Issued", serial);
    asked.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
    (asked.signed_by(&own, issuer).unwrap().der().to_vec(), own.serialize_pem())
}

#[test]
fn gds_10_a_kill_at_any_moment_leaves_the_old_certificate_or_the_new_with_its_own_key() {
    let data = tempfile::tempdir().unwrap();
    assert!(cert(data.path(), &["create"]).0);
    let own = data.path().join("pki/own/certs/cellhouse.der");
    let uri = cellhouse::ua::pki::application_uri(&fs::read(&own).unwrap()).unwrap();
    let above = key();
    let issuer = Issuer::new(authority("authority"), &above);
    let root = authority("authority").self_signed(&above).unwrap();
    put(data.path(), "issuers/certs", "root.der", root.der());
    let both = [issued_for(&uri, 11, &issuer), issued_for(&uri, 12, &issuer)];
    let files = both.each_ref().map(|(der, key)| {
        let path = data.path().join(cellhouse::ua::pki::thumbprint_hex(der));
        fs::write(path.with_extension("der"), der).unwrap();
        fs::write(path.with_extension("pem"), key).unwrap();
        path
    });
    let install = |at: usize| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cellhouse"));
        command.args(["cert", "install"]).arg(files[at].with_extension("der"));
        command.arg("--key").arg(files[at].with_extension("pem")).arg("--data").arg(data.path());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let begun = cellhouse::time::monotonic();
    assert!(install(0).wait().unwrap().success());
    let whole = begun.elapsed();
    let mut before = 0;
    for cut in 0..24 {
        let mut installing = install(1 - before);
        cellhouse::time::wait(whole * cut / 20);
        // It may have ended already.
        let _ = installing.kill();
        installing.wait().unwrap();
        // Makes a new certificate where the one that is there is not for its key.
        let (ok, said) = cert(data.path(), &["create"]);
        assert!(ok, "cut {cut}: {said}");
        let now = fs::read(&own).unwrap();
        let found = both.iter().position(|(der, _)| *der == now);
        before = found.unwrap_or_else(|| panic!("cut {cut}: neither the old nor the new: {said}"));
        let pem = fs::read_to_string(data.path().join("pki/own/private/cellhouse.pem")).unwrap();
        assert_eq!(pem, both[before].1, "cut {cut}: another key");
    }
}

#[test]
fn an_authority_that_is_taken_out_takes_its_revocation_lists_along() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let (one, other) = (key(), key());
    let roots = [&one, &other].map(|key| authority("authority").self_signed(key).unwrap());
    for (key, root) in [&one, &other].into_iter().zip(&roots) {
        store.add("trusted/certs", root.der()).unwrap();
        let issuer = Issuer::new(authority("authority"), key);
        store.add("trusted/crl", &revocation_list(&issuer, 3)).unwrap();
    }
    assert_eq!(store.contents().map(|it| it.len()), [2, 2, 0, 0]);
    let name = cellhouse::ua::pki::thumbprint_hex(roots[0].der()).to_uppercase();
    assert_eq!(store.take("trusted/certs", "00").unwrap(), None);
    assert_eq!(store.take("issuers/certs", &name).unwrap(), None);
    assert_eq!(store.take("trusted/certs", &name).unwrap(), Some(roots[0].der().to_vec()));
    assert_eq!(store.contents().map(|it| it.len()), [1, 1, 0, 0]);
}

/// Two authorities that issued each other, and below them a certificate: a way up that never ends.
#[test]
fn attack_a_chain_that_goes_round_in_circles() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let (left, right, own) = (key(), key(), key());
    let by_left = Issuer::new(authority("left"), &left);
    let by_right = Issuer::new(authority("right"), &right);
    let leaf = params("leaf", 2).signed_by(&own, &by_left).unwrap();
    let upper = authority("left").signed_by(&left, &by_right).unwrap();
    let lower = authority("right").signed_by(&right, &by_left).unwrap();
    put(data.path(), "issuers/crl", "left.crl", &revocation_list(&by_left, 77));
    put(data.path(), "issuers/crl", "right.crl", &revocation_list(&by_right, 77));
    let chain = [leaf.der(), upper.der(), lower.der()].map(|it| it.to_vec()).concat();
    let problem = store.check(&chain, now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::ChainIncomplete(_)), "{problem}");
}

/// Ten thousand certificates in one chain: no more of them are looked at than a chain may have.
#[test]
fn attack_a_giant_chain() {
    let data = tempfile::tempdir().unwrap();
    let store = TrustStore::new(data.path(), false);
    let (above, own) = (key(), key());
    let issuer = Issuer::new(authority("authority"), &above);
    let leaf = params("leaf", 2).signed_by(&own, &issuer).unwrap();
    let root = authority("authority").self_signed(&above).unwrap();
    let others = params("other", 3).signed_by(&own, &issuer).unwrap().der().repeat(10_000);
    // The issuer stands behind them all, where nobody looks any more.
    let chain = [leaf.der().to_vec(), others, root.der().to_vec()].concat();
    let problem = store.check(&chain, now()).unwrap_err();
    assert!(matches!(problem, CertificateProblem::ChainIncomplete(_)), "{problem}");
}

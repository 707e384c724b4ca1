//! Which certificates the runner has: good ones, and one for each thing that can be wrong (4.4).

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, Error,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

/// ApplicationUri of the runner.
pub(super) const URI: &str = "urn:cellhouse:conformance:client";

/// Where a server must have a certificate for the cases that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its trust list.
    Trusted,
    /// Among the issuers, which complete a chain and are not trusted themselves.
    Issuers,
    /// As the certificate of the user whom the runner is given.
    Users,
    /// Nowhere: it comes with the channel, or must be unknown.
    Nowhere,
}

/// Whose key a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The runner's.
    Runner,
    /// That of a second application.
    Other,
    /// That of every authority.
    Authority,
    /// An elliptic one, of which nobody makes use.
    Elliptic,
    /// The runner's on P-256.
    RunnerP256,
    /// The runner's on P-384.
    RunnerP384,
}

/// One certificate.
pub(super) struct Recipe {
    /// Name; also the file's.
    pub(super) name: &'static str,
    /// Where a server must have it.
    pub(super) place: Place,
    /// Its key.
    pub(super) key: Key,
    /// Name of the issuer; none signs for itself.
    issuer: Option<&'static str>,
    shape: fn(&mut CertificateParams),
}

/// One revocation list.
struct List {
    authority: &'static str,
    place: Place,
    revoked: &'static [&'static str],
    shape: Shape,
}

/// What is wrong with a revocation list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Good,
    Expired,
    Forged,
}

/// The runner's keys.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) runner: KeyPair,
    pub(super) other: KeyPair,
    pub(super) authority: KeyPair,
    pub(super) elliptic: KeyPair,
    pub(super) runner_p256: KeyPair,
    pub(super) runner_p384: KeyPair,
}

impl Keys {
    fn of(&self, key: Key) -> &KeyPair {
        match key {
            Key::Runner => &self.runner,
            Key::Other => &self.other,
            Key::Authority => &self.authority,
            Key::Elliptic => &self.elliptic,
            Key::RunnerP256 => &self.runner_p256,
            Key::RunnerP384 => &self.runner_p384,
        }
    }
}

const fn own(name: &'static str, place: Place, shape: fn(&mut CertificateParams)) -> Recipe {
    Recipe { name, place, key: Key::Runner, issuer: None, shape }
}

const fn issued(name: &'static str, issuer: &'static str) -> Recipe {
    Recipe { name, place: Place::Nowhere, key: Key::Runner, issuer: Some(issuer), shape: plain }
}

const fn elliptic(name: &'static str, key: Key) -> Recipe {
    let shape = |it: &mut CertificateParams| {
        it.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    };
    Recipe { name, place: Place::Trusted, key, issuer: None, shape }
}

const fn authority(
    name: &'static str,
    place: Place,
    issuer: Option<&'static str>,
    shape: fn(&mut CertificateParams),
) -> Recipe {
    Recipe { name, place, key: Key::Authority, issuer, shape }
}

/// Every certificate. Two of them issue each other.
pub(super) const RECIPES: &[Recipe] = &[
    own("runner", Place::Trusted, plain),
    Recipe { name: "other", place: Place::Trusted, key: Key::Other, issuer: None, shape: plain },
    Recipe { name: "stranger", place: Place::Nowhere, key: Key::Other, issuer: None, shape: plain },
    Recipe { name: "user", place: Place::Users, key: Key::Other, issuer: None, shape: person },
    own("expired", Place::Trusted, |it| it.not_after = date_time_ymd(2021, 1, 1)),
    own("early", Place::Trusted, |it| it.not_before = date_time_ymd(2090, 1, 1)),
    own("no_uri", Place::Trusted, |it| it.subject_alt_names.clear()),
    own("two_uris", Place::Trusted, |it| it.subject_alt_names.extend(uri("urn:cellhouse:second"))),
    own("no_signing", Place::Trusted, |it| it.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
    own("no_client", Place::Trusted, |it| {
        it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }),
    own("controller", Place::Trusted, |it| {
        it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        it.key_usages.push(KeyUsagePurpose::KeyCertSign);
    }),
    Recipe {
        name: "elliptic",
        place: Place::Trusted,
        key: Key::Elliptic,
        issuer: None,
        shape: plain,
    },
    own("climbing", Place::Nowhere, |it| name(it, "../../../../tmp/climbing")),
    own("long", Place::Nowhere, |it| name(it, &"long".repeat(75))),
    authority("authority", Place::Trusted, None, signs),
    issued("issued", "authority"),
    issued("revoked", "authority"),
    authority("branch", Place::Nowhere, Some("authority"), signs),
    issued("issued_by_branch", "branch"),
    authority("revoked_branch", Place::Issuers, Some("authority"), signs),
    issued("issued_by_revoked_branch", "revoked_branch"),
    authority("issuer", Place::Issuers, None, signs),
    issued("issued_by_issuer", "issuer"),
    authority("nobody", Place::Nowhere, None, signs),
    issued("issued_by_nobody", "nobody"),
    authority("old", Place::Trusted, None, |it| {
        signs(it);
        it.not_after = date_time_ymd(2021, 1, 1);
    }),
    issued("issued_by_old", "old"),
    authority("silent", Place::Trusted, None, signs),
    issued("issued_by_silent", "silent"),
    authority("late", Place::Trusted, None, signs),
    issued("issued_by_late", "late"),
    authority("forged", Place::Trusted, None, signs),
    issued("issued_by_forged", "forged"),
    authority("clerk", Place::Trusted, None, plain),
    issued("issued_by_clerk", "clerk"),
    authority("short", Place::Trusted, None, |it| {
        signs(it);
        it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }),
    authority("deputy", Place::Issuers, Some("short"), signs),
    issued("issued_by_deputy", "deputy"),
    authority("ring_b", Place::Nowhere, Some("ring_a"), signs),
    authority("ring_a", Place::Nowhere, Some("ring_b"), signs),
    issued("issued_by_ring", "ring_a"),
    elliptic("runner_p256", Key::RunnerP256),
    elliptic("runner_p384", Key::RunnerP384),
];

/// Every revocation list.
const LISTS: &[List] = &[
    list("authority", Place::Trusted, &["revoked", "revoked_branch"], Shape::Good),
    list("branch", Place::Issuers, &[], Shape::Good),
    list("revoked_branch", Place::Issuers, &[], Shape::Good),
    list("issuer", Place::Issuers, &[], Shape::Good),
    list("old", Place::Trusted, &[], Shape::Good),
    list("late", Place::Trusted, &[], Shape::Expired),
    list("forged", Place::Trusted, &[], Shape::Forged),
    list("clerk", Place::Trusted, &[], Shape::Good),
    list("short", Place::Trusted, &[], Shape::Good),
    list("deputy", Place::Issuers, &[], Shape::Good),
];

const fn list(
    authority: &'static str,
    place: Place,
    revoked: &'static [&'static str],
    shape: Shape,
) -> List {
    List { authority, place, revoked, shape }
}

fn plain(_: &mut CertificateParams) {}

fn person(it: &mut CertificateParams) {
    it.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    it.subject_alt_names.clear();
}

fn signs(it: &mut CertificateParams) {
    it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    it.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    it.extended_key_usages.clear();
    it.subject_alt_names.clear();
}

fn name(it: &mut CertificateParams, name: &str) {
    it.distinguished_name.push(DnType::CommonName, name);
}

fn uri(text: &str) -> Option<SanType> {
    text.try_into().ok().map(SanType::URI)
}

fn at(name: &str) -> u64 {
    RECIPES.iter().position(|it| it.name == name).unwrap_or_default() as u64
}

/// The parameters of the certificate with this name.
fn params(recipe: &Recipe) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(1000 + at(recipe.name)));
    params.distinguished_name = rcgen::DistinguishedName::new();
    name(&mut params, &format!("Cellhouse conformance {}", recipe.name));
    params.subject_alt_names.extend(uri(URI));
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::ContentCommitment,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::DataEncipherment,
    ];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    params.use_authority_key_identifier_extension = recipe.issuer.is_some();
    // The authorities share a key; by their key identifiers they are told apart.
    params.key_identifier_method = KeyIdMethod::PreSpecified(recipe.name.as_bytes().to_vec());
    (recipe.shape)(&mut params);
    params
}

/// Makes a certificate, in DER.
pub(super) fn certificate(recipe: &Recipe, keys: &Keys) -> Result<Vec<u8>, Error> {
    let key = keys.of(recipe.key);
    let above = recipe.issuer.and_then(|name| RECIPES.iter().find(|it| it.name == name));
    let made = match above {
        Some(above) => params(recipe).signed_by(key, &issuer(above, keys.of(above.key)))?,
        None => params(recipe).self_signed(key)?,
    };
    Ok(made.der().to_vec())
}

fn issuer<'a>(recipe: &Recipe, key: &'a KeyPair) -> Issuer<'static, &'a KeyPair> {
    let mut params = params(recipe);
    // What an issuer may not do it does here all the same: that is what the server must find out.
    params.key_usages.clear();
    Issuer::new(params, key)
}

/// Name of the authority, where its revocation list belongs, and the list in DER.
pub(super) type MadeList = (&'static str, Place, Vec<u8>);

/// Makes every revocation list.
pub(super) fn lists(keys: &Keys) -> Result<Vec<MadeList>, Error> {
    let make = |list: &List| {
        let revoked = list.revoked.iter().map(|it| RevokedCertParams {
            serial_number: SerialNumber::from(1000 + at(it)),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let until = if list.shape == Shape::Expired { 2021 } else { 2099 };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(list.authority.as_bytes().to_vec()),
        };
        let key = if list.shape == Shape::Forged { &keys.other } else { &keys.authority };
        let by = &RECIPES[at(list.authority) as usize];
        let made = params.signed_by(&issuer(by, key))?;
        Ok((list.authority, list.place, made.der().to_vec()))
    };
    LISTS.iter().map(make).collect()
}

/// A further certificate that no server knows, with this number in its name.
pub(super) fn unknown(number: usize, key: &KeyPair) -> Result<Vec<u8>, Error> {
    let mut params = params(&RECIPES[0]);
    name(&mut params, &format!("Cellhouse conformance unknown {number}"));
    Ok(params.self_signed(key)?.der().to_vec())
}

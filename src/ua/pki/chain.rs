//! From a client's certificate up to one that we trust (Part 4, 6.1.3): issuers, their rights, revocation lists.
//!
//! Issuers come from what the client sent, from the trust list and from the list of issuers. A chain may
//! end below its root only where the client's own certificate is in the trust list: a person put it there.

use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use crate::time::Timestamp;
use crate::ua::pki::certificate::{CertificateProblem, is_valid_at, thumbprint_hex};

/// Longest chain followed, the client's own certificate included.
const LONGEST_CHAIN: usize = 8;
/// Certificates looked at of those that a client sent.
const SENT: usize = 10;

/// What the folders hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    /// Certificates that are trusted, and so is what they issued.
    pub(super) trusted: Vec<Vec<u8>>,
    /// Certificates that only complete a chain.
    pub(super) issuers: Vec<Vec<u8>>,
    /// Revocation lists.
    pub(super) revocations: Vec<Vec<u8>>,
}

impl Lists {
    fn trusts(&self, certificate: &X509Certificate<'_>) -> bool {
        self.trusted.iter().any(|it| it.as_slice() == certificate.as_raw())
    }
}

/// Whether the first certificate of `chain` is trusted, by itself or by those above it. `needs_lists`: a revocation list of
/// every issuer has to be there.
pub(super) fn check(
    chain: &[u8],
    lists: &Lists,
    needs_lists: bool,
    utc: Timestamp,
) -> Result<(), CertificateProblem> {
    let sent = split(chain);
    let Some(own) = sent.first() else { return Err(CertificateProblem::Invalid) };
    let name = || thumbprint_hex(own.as_raw());
    let is_named = lists.trusts(own);
    let mut is_trusted = is_named;
    let known: Vec<X509Certificate<'_>> = sent
        .iter()
        .skip(1)
        .cloned()
        .chain(lists.trusted.iter().chain(&lists.issuers).filter_map(|it| parse(it)))
        .collect();
    let mut below = own;
    for depth in 0..LONGEST_CHAIN {
        if below.subject().as_raw() == below.issuer().as_raw() {
            if below.verify_signature(None).is_err() {
                return Err(CertificateProblem::Invalid);
            }
            return if is_trusted { Ok(()) } else { Err(CertificateProblem::Untrusted(name())) };
        }
        let issuer = known.iter().find(|it| {
            it.subject().as_raw() == below.issuer().as_raw()
                && below.verify_signature(Some(it.public_key())).is_ok()
        });
        let Some(issuer) = issuer else {
            let problem = CertificateProblem::ChainIncomplete(name());
            return if is_named { Ok(()) } else { Err(problem) };
        };
        check_issuer(issuer, depth, utc)?;
        match (revocation(below, issuer, lists, utc), depth) {
            (Revocation::Good, _) => {}
            (Revocation::Revoked, 0) => return Err(CertificateProblem::Revoked(name())),
            (Revocation::Revoked, _) => return Err(CertificateProblem::IssuerRevoked(name())),
            (Revocation::Unknown, _) if is_named || !needs_lists => {}
            (Revocation::Unknown, 0) => return Err(CertificateProblem::RevocationUnknown(name())),
            (Revocation::Unknown, _) => {
                return Err(CertificateProblem::IssuerRevocationUnknown(name()));
            }
        }
        is_trusted |= lists.trusts(issuer);
        below = issuer;
    }
    Err(CertificateProblem::ChainIncomplete(name()))
}

/// The certificates of a chain, as many as we look at.
fn split(chain: &[u8]) -> Vec<X509Certificate<'_>> {
    let mut all = Vec::new();
    let mut rest = chain;
    while all.len() < SENT
        && let Ok((behind, certificate)) = X509Certificate::from_der(rest)
    {
        all.push(certificate);
        rest = behind;
    }
    all
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().map(|(_, it)| it)
}

/// Whether a certificate may issue what stands `depth` steps above the client's own.
fn check_issuer(
    issuer: &X509Certificate<'_>,
    depth: usize,
    utc: Timestamp,
) -> Result<(), CertificateProblem> {
    let name = || thumbprint_hex(issuer.as_raw());
    if !is_valid_at(issuer.as_raw(), utc) {
        return Err(CertificateProblem::IssuerTimeInvalid(name()));
    }
    let constraints = issuer.basic_constraints().ok().flatten();
    let may_issue = constraints.is_some_and(|it| {
        let reaches = it.value.path_len_constraint.is_none_or(|most| depth <= most as usize);
        it.value.ca && reaches
    });
    let usage = issuer.key_usage();
    let may_sign = usage.is_ok_and(|it| it.is_none_or(|it| it.value.key_cert_sign()));
    if may_issue && may_sign {
        Ok(())
    } else {
        Err(CertificateProblem::IssuerUseNotAllowed(name()))
    }
}

/// Whether a revocation list is this authority's.
pub(super) fn is_list_of(list: &[u8], issuer: &[u8]) -> bool {
    let list = CertificateRevocationList::from_der(list);
    let issuer = parse(issuer);
    list.is_ok_and(|(_, list)| {
        issuer.is_some_and(|it| {
            list.issuer().as_raw() == it.subject().as_raw()
                && list.verify_signature(it.public_key()).is_ok()
        })
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revocation {
    Good,
    Revoked,
    Unknown,
}

/// What the issuer's valid revocation lists say of a certificate.
fn revocation(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    lists: &Lists,
    utc: Timestamp,
) -> Revocation {
    let seconds = utc.unix_us() / 1_000_000;
    let mut found = Revocation::Unknown;
    for der in &lists.revocations {
        let Ok((_, list)) = CertificateRevocationList::from_der(der) else { continue };
        let is_issuers = list.issuer().as_raw() == issuer.subject().as_raw()
            && list.verify_signature(issuer.public_key()).is_ok();
        if !is_issuers || list.last_update().timestamp() > seconds {
            continue;
        }
        let mut revoked = list.iter_revoked_certificates();
        // What an old list revoked stays revoked; what it does not name may have been revoked since.
        if revoked.any(|it| it.raw_serial() == certificate.raw_serial()) {
            return Revocation::Revoked;
        }
        if list.next_update().is_none_or(|it| it.timestamp() >= seconds) {
            found = Revocation::Good;
        }
    }
    found
}

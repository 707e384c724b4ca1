//! Whom we trust: DER files in folders that a person or a tool may change while the server runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::CertificateChecks;
use crate::time::Timestamp;
use crate::ua::pki::certificate::{self, CertificateProblem, leaf, thumbprint_hex};
use crate::ua::pki::chain::{self, Lists};
use crate::ua::pki::file::{self, PUBLIC};
use crate::ua::pki::update::LISTS;

/// Rejected certificates kept for review; the oldest goes first (CRT-26).
const REJECTED: usize = 100;

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Ours.
    Own,
    /// Trusted.
    Trusted,
    /// Refused, kept for review.
    Rejected,
}

/// A certificate of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where.
    pub place: Place,
    /// SHA-1 in hex.
    pub thumbprint: String,
    /// DER.
    pub der: Vec<u8>,
    /// File.
    pub path: PathBuf,
}

/// The trust list below `<data>/pki`.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: PathBuf,
    trust_unknown: bool,
    checks: CertificateChecks,
}

impl TrustStore {
    /// Below `data`; `trust_unknown` takes every certificate that is valid in itself.
    pub fn new(data: &Path, trust_unknown: bool) -> Self {
        Self { folder: data.join("pki"), trust_unknown, checks: CertificateChecks::default() }
    }

    /// This one, where only these checks count.
    #[must_use]
    pub fn with_checks(self, checks: CertificateChecks) -> Self {
        Self { checks, ..self }
    }

    /// Checks a client's chain; what is refused is kept for review. The folders are read at each check:
    /// a certificate dropped there counts at once (CRT-24).
    pub fn check(&self, chain: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
        let checked = self.still_good(chain, utc);
        let der = leaf(chain);
        let is_certificate = !matches!(checked, Ok(()) | Err(CertificateProblem::Invalid));
        if is_certificate && let Err(error) = self.reject(&thumbprint_hex(der), der) {
            tracing::warn!(%error, "rejected certificate cannot be kept for review");
        }
        checked
    }

    /// Checks a client's chain and keeps nothing: for a channel that is open already (CRT-25).
    pub fn still_good(&self, chain: &[u8], utc: Timestamp) -> Result<(), CertificateProblem> {
        certificate::check(leaf(chain), self.checks, utc)?;
        if self.trust_unknown {
            return Ok(());
        }
        chain::check(chain, &self.lists(), self.checks.revocation_list, utc)
    }

    fn lists(&self) -> Lists {
        let [trusted, mut revocations, issuers, more_revocations] = self.contents();
        revocations.extend(more_revocations);
        Lists { trusted, issuers, revocations }
    }

    /// What each folder of the trust list holds, in the order of [`LISTS`].
    pub fn contents(&self) -> [Vec<Vec<u8>>; 4] {
        LISTS.map(|folder| {
            let all = list(&self.folder.join(folder), Place::Trusted);
            all.into_iter().map(|it| it.der).collect()
        })
    }

    /// When the trust list last changed; `None` if there has never been one.
    pub fn last_update(&self) -> Option<Timestamp> {
        let newest = self.stamp().into_iter().filter_map(|(_, _, modified)| modified).max()?;
        let since = newest.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Timestamp::from_unix_us(i64::try_from(since.as_micros()).ok()?))
    }

    /// Certificates refused and kept for review, the newest first (GDS-09).
    pub fn rejected(&self) -> Vec<Vec<u8>> {
        let modified = |it: &Listed| fs::metadata(&it.path).and_then(|it| it.modified()).ok();
        let all = list(&self.folder.join("rejected/certs"), Place::Rejected);
        let mut all: Vec<_> = all.into_iter().map(|it| (modified(&it), it.der)).collect();
        all.sort_by(|a, b| b.cmp(a));
        all.into_iter().map(|(_, der)| der).collect()
    }

    /// Names, sizes and times of all that trust depends on: it changes whenever trust may have changed.
    /// The folders are in it too: a file that came and went between two looks has changed their time.
    pub fn stamp(&self) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
        let mut paths = Vec::new();
        for folder in ["trusted/certs", "trusted/crl", "issuers/certs", "issuers/crl"] {
            let folder = self.folder.join(folder);
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            paths.extend(entries.flatten().map(|it| it.path()));
            paths.push(folder);
        }
        paths.sort();
        let about = |path: PathBuf| {
            let about = fs::metadata(&path).ok()?;
            Some((path, about.len(), about.modified().ok()))
        };
        paths.into_iter().filter_map(about).collect()
    }

    /// Every trusted certificate.
    pub fn trusted(&self) -> Vec<Listed> {
        list(&self.folder.join("trusted/certs"), Place::Trusted)
    }

    /// Every certificate that we know of.
    pub fn all(&self) -> Vec<Listed> {
        let mut all = list(&self.folder.join("own/certs"), Place::Own);
        all.extend(self.trusted());
        all.extend(list(&self.folder.join("rejected/certs"), Place::Rejected));
        all
    }

    /// The user whose certificate this is: the file's name in `users/certs`, without `.der`. Applications'
    /// certificates are no users' (USR-18): their list is another.
    pub fn user_of(&self, der: &[u8], utc: Timestamp) -> Result<String, CertificateProblem> {
        certificate::check_user(der, utc)?;
        let known = list(&self.folder.join("users/certs"), Place::Trusted);
        let own = known.iter().find(|it| it.der == der);
        let own = own.ok_or_else(|| CertificateProblem::UserUnknown(thumbprint_hex(der)))?;
        let mut lists = self.lists();
        lists.issuers.append(&mut lists.trusted);
        lists.trusted.push(own.der.clone());
        chain::check(der, &lists, self.checks.revocation_list, utc)?;
        let name = own.path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        Ok(name.to_owned())
    }

    /// Gives a user this certificate in place of the one before; none takes it away.
    pub fn set_user(&self, user: &str, der: Option<&[u8]>) -> io::Result<()> {
        let folder = self.folder.join("users/certs");
        let path = folder.join(format!("{user}.der"));
        match der {
            Some(der) => file::write(&path, der, PUBLIC),
            None => file::remove(&path),
        }
    }

    /// Adds a certificate to the trust list, and takes it off the rejected ones.
    pub fn trust(&self, der: &[u8]) -> io::Result<()> {
        self.add(LISTS[0], der)?;
        file::remove(&self.folder.join("rejected/certs").join(file::name_of(LISTS[0], der)))
    }

    /// Adds a certificate to one of the folders of [`LISTS`].
    pub fn add(&self, place: &str, der: &[u8]) -> io::Result<()> {
        file::write(&self.folder.join(place).join(file::name_of(place, der)), der, PUBLIC)
    }

    /// Takes the certificate with this thumbprint in hex out of one of the folders of [`LISTS`]; its DER form, `None` if it
    /// is not there. The revocation lists of an authority go with it.
    pub fn take(&self, place: &str, thumbprint: &str) -> io::Result<Option<Vec<u8>>> {
        let mut found = None;
        // One certificate may stand in several files.
        for listed in list(&self.folder.join(place), Place::Trusted) {
            if listed.thumbprint.eq_ignore_ascii_case(thumbprint) {
                fs::remove_file(&listed.path)?;
                found = Some(listed.der);
            }
        }
        let lists = place.replace("certs", "crl");
        for listed in list(&self.folder.join(lists), Place::Trusted) {
            if found.as_deref().is_some_and(|it| chain::is_list_of(&listed.der, it)) {
                fs::remove_file(&listed.path)?;
            }
        }
        Ok(found)
    }

    /// Takes a certificate off the trust list.
    pub fn distrust(&self, listed: &Listed) -> io::Result<()> {
        fs::remove_file(&listed.path)
    }

    fn reject(&self, name: &str, der: &[u8]) -> io::Result<()> {
        let folder = self.folder.join("rejected/certs");
        fs::create_dir_all(&folder)?;
        let mut kept: Vec<_> = fs::read_dir(&folder)?
            .flatten()
            .filter_map(|it| Some((it.metadata().ok()?.modified().ok()?, it.path())))
            .collect();
        kept.sort();
        let surplus = (kept.len() + 1).saturating_sub(REJECTED);
        kept.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))?;
        fs::write(folder.join(format!("{name}.der")), der)
    }
}

fn list(folder: &Path, place: Place) -> Vec<Listed> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<Listed> = entries
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let der = fs::read(&path).ok()?;
            Some(Listed { place, thumbprint: thumbprint_hex(&der), der, path })
        })
        .collect();
    all.sort_by(|a, b| a.thumbprint.cmp(&b.thumbprint));
    all
}

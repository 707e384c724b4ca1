//! Changes of certificates, keys and trust lists that count together or not at all (Part 12, 7.10.9).
//!
//! ```text
//! <data>/pki/update.new/…   being written ──rename──► <data>/pki/update/…   decided ──moves──► gone
//! ```
//! All that is new stands in one folder before one rename decides for it. What is decided is moved to its place, by
//! whoever comes next if the power goes meanwhile: every step may be done again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ua::pki::file::{self, PRIVATE};

/// What is being written, and what is decided, below `pki`.
const WRITTEN: &str = "update.new";
const DECIDED: &str = "update";
/// Below `update`: folders that have been replaced.
const REPLACED: &str = "replaced";
/// Files that replace others of their name: keys first, so that no new certificate is without its key.
const OWN: [&str; 2] = ["own/private", "own/certs"];
/// Folders of the trust list that are replaced as a whole, in the order of the bits of TrustListMasks (Part 12, 7.8.2.9).
pub const LISTS: [&str; 4] = ["trusted/certs", "trusted/crl", "issuers/certs", "issuers/crl"];

/// The contents of a trust list's folders in DER, in the order of [`LISTS`]. What is `None` stays as it is.
pub type TrustLists = [Option<Vec<Vec<u8>>>; 4];

/// A certificate of our own with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// What both files are called, without an ending.
    pub name: &'static str,
    /// Certificate in DER.
    pub certificate: Vec<u8>,
    /// Key, PKCS#8 in PEM.
    pub key: String,
}

impl std::fmt::Debug for OwnFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnFiles({}, ***)", self.name)
    }
}

/// What is to change at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Certificates of our own.
    pub own: Vec<OwnFiles>,
    /// The trust list.
    pub lists: TrustLists,
}

impl Update {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.lists.iter().all(Option::is_none)
    }

    /// Writes all of it beside what counts, and decides for it. From here on it is carried out, whatever happens.
    pub fn decide(&self, data: &Path) -> io::Result<()> {
        let pki = data.join("pki");
        // What was decided before and could not be carried out comes first.
        carry_out(data)?;
        self.write(data)?;
        fs::rename(pki.join(WRITTEN), pki.join(DECIDED))?;
        file::sync_folder(&pki)
    }

    /// Writes all of it where it does not count yet.
    pub(super) fn write(&self, data: &Path) -> io::Result<()> {
        let folder = data.join("pki").join(WRITTEN);
        remove(&folder)?;
        for own in &self.own {
            let (key, certificate) = paths(&folder, own.name);
            file::write(&key, own.key.as_bytes(), PRIVATE)?;
            file::write(&certificate, &own.certificate, file::PUBLIC)?;
        }
        for (place, list) in LISTS.iter().zip(&self.lists) {
            let Some(list) = list else { continue };
            let place_folder = folder.join(place);
            fs::create_dir_all(&place_folder)?;
            for der in list {
                file::write(&place_folder.join(file::name_of(place, der)), der, file::PUBLIC)?;
            }
            file::sync_folder(&place_folder)?;
        }
        // Folders that hold only folders.
        fs::create_dir_all(&folder)?;
        file::sync_folder(&folder)
    }
}

fn paths(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let [keys, certificates] = OWN.map(|it| folder.join(it));
    (keys.join(format!("{name}.pem")), certificates.join(format!("{name}.der")))
}

/// Carries out what has been decided, if anything has: at the start, and behind [`Update::decide`].
pub fn carry_out(data: &Path) -> io::Result<()> {
    for step in 0..STEPS {
        carry_out_step(data, step)?;
    }
    Ok(())
}

/// Steps of [`carry_out`].
pub(super) const STEPS: usize = OWN.len() + LISTS.len() + 1;

/// One step; the power may go before and behind each.
pub(super) fn carry_out_step(data: &Path, step: usize) -> io::Result<()> {
    let pki = data.join("pki");
    let decided = pki.join(DECIDED);
    if !decided.exists() {
        return Ok(());
    }
    if let Some(place) = OWN.get(step) {
        return move_files(&decided.join(place), &pki.join(place), &pki.join("own/requested"));
    }
    if let Some(place) = LISTS.get(step - OWN.len()) {
        let (from, to) = (decided.join(place), pki.join(place));
        return if from.exists() {
            let replaced = decided.join(REPLACED).join(place);
            replace(&from, &to, &replaced)
        } else {
            Ok(())
        };
    }
    remove(&decided)?;
    file::sync_folder(&pki)
}

/// Moves every file over the one of its name. A key that had been asked for is no longer waited for.
fn move_files(from: &Path, to: &Path, requested: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    fs::create_dir_all(to)?;
    for entry in entries {
        let name = entry?.file_name();
        fs::rename(from.join(&name), to.join(&name))?;
        if Path::new(&name).extension().is_some_and(|it| it == "pem") {
            file::remove(&requested.join(&name))?;
        }
    }
    file::sync_folder(to)
}

/// Puts a folder in another's place. Between the two renames nothing is there: nobody is trusted by mistake.
fn replace(from: &Path, to: &Path, replaced: &Path) -> io::Result<()> {
    if to.exists() {
        remove(replaced)?;
        replaced.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::rename(to, replaced)?;
    }
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), file::sync_folder)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn update(word: &str) -> Update {
        Update {
            own: vec![OwnFiles {
                name: "cellhouse",
                certificate: format!("certificate {word}").into_bytes(),
                key: format!("key {word}"),
            }],
            lists: [
                Some(vec![format!("trusted {word}").into_bytes(), b"both".to_vec()]),
                Some(vec![format!("list {word}").into_bytes()]),
                Some(Vec::new()),
                None,
            ],
        }
    }

    fn contents(folder: &Path) -> Vec<String> {
        let mut all: Vec<String> = fs::read_dir(folder)
            .map(|it| it.map(|it| fs::read_to_string(it.unwrap().path()).unwrap()).collect())
            .unwrap_or_default();
        all.sort();
        all
    }

    fn all(data: &Path) -> Vec<Vec<String>> {
        let places = OWN.into_iter().chain(LISTS);
        places.map(|it| contents(&data.join("pki").join(it))).collect()
    }

    #[test]
    fn gds_10_a_power_cut_at_any_step_leaves_all_of_the_old_or_all_of_the_new() {
        let old = {
            let data = tempfile::tempdir().unwrap();
            update("old").decide(data.path()).unwrap();
            carry_out(data.path()).unwrap();
            all(data.path())
        };
        let new: Vec<Vec<String>> =
            old.iter().map(|it| it.iter().map(|it| it.replace("old", "new")).collect()).collect();
        // 0: while it is written; 1: before the first move; and so on.
        for cut in 0..=STEPS + 1 {
            let data = tempfile::tempdir().unwrap();
            update("old").decide(data.path()).unwrap();
            carry_out(data.path()).unwrap();
            fs::create_dir_all(data.path().join("pki/issuers/crl")).unwrap();
            fs::write(data.path().join("pki/issuers/crl/mine.crl"), "mine").unwrap();
            if cut == 0 {
                update("new").write(data.path()).unwrap();
            } else {
                update("new").decide(data.path()).unwrap();
                for step in 0..cut - 1 {
                    carry_out_step(data.path(), step).unwrap();
                }
            }
            // The next start.
            carry_out(data.path()).unwrap();
            let mut found = all(data.path());
            assert_eq!(found.pop(), Some(vec!["mine".to_owned()]), "what is not named stays");
            let wanted = if cut == 0 { &old } else { &new };
            assert_eq!(&found[..], &wanted[..wanted.len() - 1], "cut {cut}");
            assert!(!data.path().join("pki/update").exists(), "cut {cut}");
        }
    }

    #[test]
    fn gds_10_nothing_half_written_is_ever_decided_for() {
        let data = tempfile::tempdir().unwrap();
        update("half").write(data.path()).unwrap();
        fs::remove_file(data.path().join("pki/update.new/own/certs/cellhouse.der")).unwrap();
        carry_out(data.path()).unwrap();
        assert_eq!(all(data.path()), vec![Vec::<String>::new(); 6]);
        update("whole").decide(data.path()).unwrap();
        carry_out(data.path()).unwrap();
        assert_eq!(contents(&data.path().join("pki/own/certs")), ["certificate whole"]);
    }

    #[test]
    fn a_key_is_for_its_owner_only_from_its_first_byte_on() {
        let data = tempfile::tempdir().unwrap();
        let mode = |path: &str| {
            let about = fs::metadata(data.path().join(path)).unwrap();
            about.permissions().mode() & 0o777
        };
        update("new").write(data.path()).unwrap();
        assert_eq!(mode("pki/update.new/own/private/cellhouse.pem"), 0o600);
        update("new").decide(data.path()).unwrap();
        carry_out(data.path()).unwrap();
        assert_eq!(mode("pki/own/private/cellhouse.pem"), 0o600);
    }
}

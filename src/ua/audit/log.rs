//! The files of the log: `audit.jsonl`, those that it was before, and the head beside them.
//!
//! A line is written, the file brought to the disk, then the head: so the head never tells of a line that is not
//! there, unless somebody took it away.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::AuditConfig;
use crate::time;
use crate::ua::audit::chain::{self, Draft, Head, Heading};
use crate::ua::audit::json::Object;

/// The file that is written to.
pub(super) const CURRENT: &str = "audit.jsonl";
/// Where the chain stands.
pub(super) const HEAD: &str = "audit.head";
/// Beginnings of the log's own lines.
pub(super) const OWN: &str = "Log";
/// Only the server's own account reads and writes the log.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// The log, open to be written to.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    config: AuditConfig,
    file: File,
    bytes: u64,
    /// Sequence number of the first line of the file.
    first: u64,
    head: Head,
}

/// The folder of the log below the data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("audit")
}

/// The files of the log, oldest first; the current one is the last.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut older = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        if name.starts_with("audit-") && path.extension().is_some_and(|it| it == "jsonl") {
            older.push(path);
        }
    }
    older.sort();
    let current = folder.join(CURRENT);
    older.extend(current.exists().then_some(current));
    Ok(older)
}

/// What the head file says; none if there is none, or none that can be read.
pub(super) fn read_head(folder: &Path) -> Option<Head> {
    serde_json::from_slice(&fs::read(folder.join(HEAD)).ok()?).ok()
}

/// A line of the log's own: with `Good`, or what else is to be said of it.
pub(super) fn own_line(kind: &str, outcome: &str, put: impl FnOnce(&mut Object<'_>)) -> Draft {
    let kind = format!("{OWN}{kind}");
    Draft::new(&Heading { time: time::now(), kind: &kind, outcome, ..Heading::default() }, put)
}

impl Log {
    /// Opens the log, or makes it. What is found wrong is the first thing that is written: a line that was torn off
    /// when the program was killed is cut away; lines that the head knows of and the file does not are missing for ever.
    pub fn open(folder: PathBuf, config: AuditConfig) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&folder)?;
        let told = read_head(&folder);
        let older = files(&folder)?;
        let older = older.into_iter().rfind(|it| !it.ends_with(CURRENT));
        let mut file = open_file(&folder.join(CURRENT))?;
        let torn = cut_torn_line(&mut file)?;
        let bytes = file.metadata()?.len();
        let mut last = last_line(&mut file)?;
        let first = first_line(&mut file)?;
        if last.is_none()
            && let Some(older) = older
        {
            last = last_line(&mut File::open(older)?)?;
        }
        let (head, damage) = stand(last.as_deref(), told);
        let mut log = Self { folder, config, file, bytes, first: 0, head };
        log.first = first.unwrap_or(log.head.count + 1);
        let outcome = if damage.is_none() { "Good" } else { "BadDataLost" };
        let opened = own_line("Opened", outcome, |it| {
            it.text("version", env!("CARGO_PKG_VERSION"));
            if torn > 0 {
                it.number("torn_bytes_cut_off", torn);
            }
            if let Some(damage) = damage {
                it.text("damage", damage);
            }
        });
        log.append(std::slice::from_ref(&opened))?;
        if damage.is_some() {
            tracing::error!(folder = %log.folder.display(), "the audit log has been changed from outside");
        }
        Ok(log)
    }

    /// Where the chain stands.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Whether the file is still the one that stands in the folder, neither moved nor cut.
    pub fn is_in_place(&self) -> bool {
        let (there, ours) = (fs::metadata(self.folder.join(CURRENT)), self.file.metadata());
        there.ok().zip(ours.ok()).is_some_and(|(there, ours)| {
            there.ino() == ours.ino() && there.dev() == ours.dev() && there.len() == self.bytes
        })
    }

    /// Writes lines and brings them to the disk, all of them or none. After an error the log must be opened anew.
    pub fn append(&mut self, drafts: &[Draft]) -> io::Result<()> {
        let done = self.try_append(drafts);
        if done.is_err() {
            // As far as it can be done; a rest of a line is cut away when the log is opened.
            let _ = self.file.set_len(self.bytes);
        }
        done
    }

    fn try_append(&mut self, drafts: &[Draft]) -> io::Result<()> {
        let surplus = if self.bytes >= self.config.file_bytes { self.rotate()? } else { None };
        let (mut head, mut text) = (self.head.clone(), Vec::new());
        for draft in surplus.iter().map(|it| &it.0).chain(drafts) {
            head = chain::seal(draft, &head, &mut text);
        }
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        self.write_head(&head)?;
        self.bytes += text.len() as u64;
        self.head = head;
        for path in surplus.into_iter().flat_map(|(_, paths)| paths) {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// Begins a new file: what is to be said of it, and the files that are too many now.
    fn rotate(&mut self) -> io::Result<Option<(Draft, Vec<PathBuf>)>> {
        let name = format!("audit-{:012}.jsonl", self.first);
        fs::rename(self.folder.join(CURRENT), self.folder.join(&name))?;
        self.file = open_file(&self.folder.join(CURRENT))?;
        self.bytes = 0;
        self.first = self.head.count + 1;
        let mut kept = files(&self.folder)?;
        let surplus = kept.len().saturating_sub(self.config.files);
        let gone: Vec<PathBuf> = kept.drain(..surplus).collect();
        let oldest = match kept.first() {
            Some(path) if !path.ends_with(CURRENT) => first_line(&mut File::open(path)?)?,
            _ => None,
        };
        let rotated = own_line("Rotated", "Good", |it| {
            it.text("file", &name);
            it.number("oldest", oldest.unwrap_or(self.first));
            it.number("removed", gone.len() as u64);
        });
        Ok(Some((rotated, gone)))
    }

    fn write_head(&self, head: &Head) -> io::Result<()> {
        let new = self.folder.join("audit.head.new");
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(FILE_MODE).open(&new)?;
        file.write_all(serde_json::to_string(head)?.as_bytes())?;
        file.write_all(b"\n")?;
        // Before it takes the place of the old one: a machine that loses power must not be left with an empty one.
        file.sync_data()?;
        fs::rename(new, self.folder.join(HEAD))
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(FILE_MODE).open(path)
}

/// Where the chain goes on: behind the last line, unless the head knows better. And what is wrong with the log.
fn stand(last: Option<&str>, told: Option<Head>) -> (Head, Option<&'static str>) {
    let (read, is_readable) = match last.map(chain::open) {
        None => (Head::default(), true),
        Some(Ok((_, head))) => (head, true),
        Some(Err(_)) => (Head::default(), false),
    };
    match told {
        Some(told) if told.count > read.count || (told.count == read.count && told != read) => {
            let damage = if is_readable {
                "lines are missing or changed"
            } else {
                "the last line is changed"
            };
            (told, Some(damage))
        }
        None if read.count > 0 || !is_readable => (read, Some("the head file is missing")),
        Some(_) if !is_readable => (read, Some("the last line is changed")),
        Some(_) | None => (read, None),
    }
}

/// Cuts away what stands behind the last end of line; how many bytes.
fn cut_torn_line(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let end = last_end(file, length)?;
    if end < length {
        file.set_len(end)?;
    }
    Ok(length - end)
}

/// Bytes up to and with the last end of line before `length`.
fn last_end(file: &mut File, length: u64) -> io::Result<u64> {
    const BLOCK: u64 = 4096;
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = vec![0; (end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block)?;
        if let Some(at) = block.iter().rposition(|it| *it == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The last whole line.
fn last_line(file: &mut File) -> io::Result<Option<String>> {
    let length = file.metadata()?.len();
    let end = last_end(file, length)?;
    if end == 0 {
        return Ok(None);
    }
    let start = last_end(file, end - 1)?;
    let mut bytes = vec![0; (end - 1 - start) as usize];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Sequence number of the first line.
fn first_line(file: &mut File) -> io::Result<Option<u64>> {
    use io::BufRead as _;
    file.seek(SeekFrom::Start(0))?;
    let mut text = Vec::new();
    io::BufReader::new(&*file).read_until(b'\n', &mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(chain::open(text.trim_end()).ok().map(|(line, _)| line.seq))
}

//! Looks at the whole log: whether each line follows the one before, to the head.
//!
//! What this can show: that a byte, a line or a file has been changed, moved, put in or taken out by somebody who did not
//! make the rest of the chain and the head anew. What it cannot: whoever may write to the folder can make another chain
//! of another story, head and all, or go back to an old one. So note the head's hash from time to time where he cannot
//! write; a log in which a noted hash is not found is not the one that was noted.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::ua::audit::chain::{self, Fault, Head, Line};
use crate::ua::audit::log;

/// What was found in a log that is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Lines there are.
    pub lines: u64,
    /// Files.
    pub files: usize,
    /// Number and time of the first line.
    pub first: (u64, String),
    /// Number and time of the last line.
    pub last: (u64, String),
    /// Hash of the last line.
    pub head: String,
    /// What is no damage but worth knowing.
    pub notes: Vec<String>,
}

/// The first place where the chain breaks.
#[derive(Debug, thiserror::Error)]
#[error("{}: line {line}: {what}", file.display())]
pub struct Break {
    /// File.
    pub file: PathBuf,
    /// Line in the file, from 1; 0 is the file as a whole.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

fn broken(file: &Path, line: u64, what: &dyn std::fmt::Display) -> Break {
    Break { file: file.to_owned(), line, what: what.to_string() }
}

/// A walk along the chain.
struct Walk<'a> {
    at: Option<Head>,
    found: Found,
    /// Lines before this one were taken away when a file was full: the log itself says so.
    oldest: u64,
    told: Option<Head>,
    /// The head's line has been seen and is the one it says.
    is_told_met: bool,
    noted: Option<&'a str>,
    is_noted_met: bool,
}

/// Checks the log in `folder`. A hash that a person has noted must be in it.
pub fn verify(folder: &Path, noted: Option<&str>) -> Result<Found, Break> {
    // The head is read first: a server that writes meanwhile is only ever ahead of it.
    let told = log::read_head(folder);
    let files = log::files(folder).map_err(|error| broken(folder, 0, &error))?;
    let head_file = folder.join(log::HEAD);
    if files.is_empty() {
        return Err(broken(folder, 0, &"there is no log here"));
    }
    let mut walk = Walk {
        at: None,
        found: Found { files: files.len(), ..Found::default() },
        oldest: 1,
        told,
        is_told_met: false,
        noted,
        is_noted_met: false,
    };
    for (index, file) in files.iter().enumerate() {
        walk.file(file, index + 1 == files.len())?;
    }
    walk.end(&files[0], &head_file)
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, is_last: bool) -> Result<(), Break> {
        let file = File::open(path).map_err(|error| broken(path, 0, &error))?;
        let mut reader = BufReader::new(file);
        let mut number = 0;
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let count =
                reader.read_until(b'\n', &mut bytes).map_err(|it| broken(path, number, &it))?;
            if count == 0 {
                return Ok(());
            }
            number += 1;
            if bytes.pop() != Some(b'\n') {
                if !is_last {
                    return Err(broken(path, number, &"the line has no end"));
                }
                let note =
                    "the last line is not whole: it is being written, or the program was killed";
                self.found.notes.push(note.to_owned());
                return Ok(());
            }
            let text =
                std::str::from_utf8(&bytes).map_err(|_| broken(path, number, &Fault::NoLine))?;
            self.line(text).map_err(|fault| broken(path, number, &fault))?;
        }
    }

    fn line(&mut self, text: &str) -> Result<(), Fault> {
        let (line, head) = match &self.at {
            Some(before) => chain::follow(text, before)?,
            None => self.start(text)?,
        };
        if line.entry.kind == "LogRotated" {
            let oldest = line.entry.fields.get("oldest").and_then(serde_json::Value::as_u64);
            self.oldest = self.oldest.max(oldest.unwrap_or(0));
        }
        if let Some(told) = self.told.as_ref().filter(|it| it.count == head.count) {
            self.is_told_met = *told == head;
        }
        self.is_noted_met |= self.noted.is_some_and(|it| it.eq_ignore_ascii_case(&head.hash));
        self.found.lines += 1;
        self.found.last = (line.seq, line.entry.time);
        self.found.head.clone_from(&head.hash);
        self.at = Some(head);
        Ok(())
    }

    /// The first line that there is: that of a chain, or of what is left of one.
    fn start(&mut self, text: &str) -> Result<(Line, Head), Fault> {
        let (line, head) = chain::open(text)?;
        if line.seq == 1 && line.prev != Head::default().hash {
            return Err(Fault::Link);
        }
        self.found.first = (line.seq, line.entry.time.clone());
        Ok((line, head))
    }

    fn end(mut self, first_file: &Path, head_file: &Path) -> Result<Found, Break> {
        let first = self.found.first.0;
        if first > self.oldest {
            let what =
                format!("lines before number {first} are missing, and no rotation took them");
            return Err(broken(first_file, 1, &what));
        }
        let Some(told) = &self.told else {
            return Err(broken(head_file, 0, &"the head is missing or cannot be read"));
        };
        let last = self.found.last.0;
        if told.count > last {
            let what = format!("the log ends with line {last}, but {} were written", told.count);
            return Err(broken(head_file, 1, &what));
        }
        if !self.is_told_met {
            let what =
                format!("line {} of the log has another hash than the head says", told.count);
            return Err(broken(head_file, 1, &what));
        }
        if told.count < last {
            let ahead = last - told.count;
            self.found
                .notes
                .push(format!("{ahead} lines are newer than the head: the server is writing"));
        }
        if let Some(noted) = self.noted.filter(|_| !self.is_noted_met) {
            let what =
                format!("no line has the noted hash {noted}: this is not the log that was noted");
            return Err(broken(first_file, 0, &what));
        }
        Ok(self.found)
    }
}

/// The last so many lines, oldest first. They are not checked.
pub fn last_lines(folder: &Path, count: usize) -> io::Result<Vec<Line>> {
    let mut last = std::collections::VecDeque::new();
    for file in log::files(folder)? {
        for text in BufReader::new(File::open(file)?).lines() {
            let Ok(line) = serde_json::from_str::<Line>(&text?) else { continue };
            last.push_back(line);
            if last.len() > count {
                last.pop_front();
            }
        }
    }
    Ok(last.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::AuditConfig;
    use crate::ua::audit::Log;
    use crate::ua::audit::chain::{Draft, Heading};

    const CONFIG: AuditConfig = AuditConfig { file_bytes: 2000, files: 3 };
    const ENDLESS: AuditConfig = AuditConfig { file_bytes: u64::MAX, files: 3 };

    fn write(folder: &Path, config: AuditConfig, lines: usize) {
        let mut log = Log::open(folder.to_owned(), config).unwrap();
        for number in 0..lines {
            let user = format!("user {number}");
            let line = Draft::new(&Heading { user: &user, ..Heading::default() }, |_| {});
            log.append(&[line]).unwrap();
        }
    }

    /// A log of eleven lines, and what `spoil` makes of them.
    fn spoilt(spoil: impl FnOnce(Vec<&str>) -> String) -> Result<Found, Break> {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), ENDLESS, 10);
        let path = data.path().join(log::CURRENT);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, spoil(text.split_inclusive('\n').collect())).unwrap();
        verify(data.path(), None)
    }

    #[test]
    fn a_log_that_nobody_touched_is_whole_over_starts_and_files() {
        let data = tempfile::tempdir().unwrap();
        for _ in 0..4 {
            write(data.path(), CONFIG, 12);
        }
        let found = verify(data.path(), None).unwrap();
        assert_eq!(found.files, 3);
        assert!(found.first.0 > 1, "the oldest files have gone");
        assert!(found.notes.is_empty(), "{found:?}");
        let noted = found.head.clone();
        write(data.path(), CONFIG, 2);
        assert!(verify(data.path(), Some(&noted)).is_ok());
        let unknown = verify(data.path(), Some(&"0".repeat(64))).unwrap_err();
        assert!(unknown.what.contains("not the log that was noted"), "{unknown}");
    }

    /// `old_log.jsonl` was written by a version that gave each value of a Write a line of its own.
    #[test]
    fn a_log_of_an_older_version_goes_on_in_the_same_chain() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(log::CURRENT), include_str!("old_log.jsonl")).unwrap();
        fs::write(data.path().join(log::HEAD), include_str!("old_log.head")).unwrap();
        assert_eq!(verify(data.path(), None).unwrap().lines, 8);
        write(data.path(), ENDLESS, 2);
        let found = verify(data.path(), None).unwrap();
        assert_eq!((found.lines, found.first.0, found.last.0), (11, 1, 11));
        let lines = last_lines(data.path(), 7).unwrap();
        assert_eq!(lines[0].entry.fields["NewValue"], 10.2);
        assert_eq!((lines[4].seq, lines[4].entry.outcome.as_str()), (9, "Good"));
    }

    #[test]
    fn a_changed_byte_is_found_in_its_line() {
        let found = spoilt(|it| it.concat().replacen("user 5", "user 6", 1)).unwrap_err();
        assert_eq!((found.line, found.what), (7, Fault::Changed.to_string()));
    }

    #[test]
    fn a_line_taken_out_and_two_swapped_are_found() {
        let without = spoilt(|mut it| {
            it.remove(3);
            it.concat()
        });
        assert_eq!(without.unwrap_err().line, 4);
        let swapped = spoilt(|mut it| {
            it.swap(4, 5);
            it.concat()
        });
        assert_eq!(swapped.unwrap_err().line, 5);
    }

    #[test]
    fn lines_taken_off_at_the_end_are_found_by_the_head() {
        let found = spoilt(|it| it[..9].concat()).unwrap_err();
        assert!(found.file.ends_with(log::HEAD), "{found}");
        assert!(found.what.contains("ends with line 9, but 11 were written"), "{found}");
        let torn = spoilt(|it| it.concat()[..it.concat().len() - 9].to_owned());
        assert!(torn.is_err(), "a line that the head knows of is not torn by a crash");
    }

    #[test]
    fn the_first_lines_are_not_to_be_taken_off_either() {
        let found = spoilt(|it| it[2..].concat()).unwrap_err();
        assert!(found.what.contains("no rotation took them"), "{found}");
    }

    #[test]
    fn a_line_torn_by_a_crash_is_cut_off_and_that_is_written_down() {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), ENDLESS, 3);
        let path = data.path().join(log::CURRENT);
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.clone() + "{\"seq\":5,\"ti").unwrap();
        let found = verify(data.path(), None).unwrap();
        assert_eq!((found.lines, found.notes.len()), (4, 1));
        write(data.path(), ENDLESS, 0);
        assert_eq!(verify(data.path(), None).unwrap().lines, 5);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&whole) && text.contains("\"torn_bytes_cut_off\":12"), "{text}");
    }

    #[test]
    fn a_log_cut_while_the_server_was_down_stays_broken() {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), ENDLESS, 5);
        let path = data.path().join(log::CURRENT);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        fs::write(&path, lines[..3].concat()).unwrap();
        write(data.path(), ENDLESS, 5);
        let found = verify(data.path(), None).unwrap_err();
        assert_eq!(
            (found.line, found.what),
            (4, Fault::Sequence { wanted: 4, found: 7 }.to_string())
        );
        assert!(fs::read_to_string(&path).unwrap().contains("lines are missing or changed"));
    }

    #[test]
    fn a_head_that_was_taken_away_is_missed_and_noted() {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), ENDLESS, 3);
        fs::remove_file(data.path().join(log::HEAD)).unwrap();
        let found = verify(data.path(), None).unwrap_err();
        assert!(found.what.contains("the head is missing"), "{found}");
        write(data.path(), ENDLESS, 1);
        assert_eq!(verify(data.path(), None).unwrap().lines, 6);
        let text = fs::read_to_string(data.path().join(log::CURRENT)).unwrap();
        assert!(text.contains("\"damage\":\"the head file is missing\""), "{text}");
    }

    #[test]
    fn the_files_are_for_the_server_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        write(data.path(), CONFIG, 30);
        for file in log::files(data.path()).unwrap() {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

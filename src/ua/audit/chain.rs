//! The chain of the log: each line carries the hash of the line before, and its own (SHA-256).
//!
//! ```text
//! {"seq":8,…,"prev":"<hash of line 7>"       ◄── hashed
//!                                     ,"hash":"<SHA-256 of all before this comma>"}
//! ```

use std::io::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Timestamp;
use crate::ua::audit::json::{self, Object};
use crate::ua::crypto;

/// Hex digits of a hash.
const DIGITS: usize = 64;
/// What stands between that which is hashed and the hash.
const SEAM: &str = ",\"hash\":\"";
/// Room that a draft begins with, bytes: most lines need no more.
const DRAFT: usize = 512;

/// Where a chain stands: how many lines it has had, and the hash of the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Sequence number of the last line; 0 before the first.
    pub count: u64,
    /// Its hash in hex; zeros before the first.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { count: 0, hash: "0".repeat(DIGITS) }
    }
}

/// What a line that is read back says, without its place in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// UTC, RFC 3339.
    pub time: String,
    /// Event type, such as `AuditWriteUpdateEventType`, or one of the log's own: `Log…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Status code by name.
    pub outcome: String,
    /// Who; empty where nobody has said so.
    pub user: String,
    /// From where, with port.
    pub address: String,
    /// SessionId; empty without one.
    pub session: String,
    /// SourceName of the event.
    pub source: String,
    /// The client's own name for the action (AuditEntryId).
    pub entry: String,
    /// What else the event says.
    pub fields: Map<String, Value>,
}

/// A line on its way into the log: what it says as JSON, from its time to the end of its fields, without its place in
/// the chain.
#[derive(Clone, Debug)]
pub struct Draft(Vec<u8>);

impl std::fmt::Display for Draft {
    /// As an object of its own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{}}}", String::from_utf8_lossy(&self.0))
    }
}

/// What every line says, in the order of [`Entry`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heading<'a> {
    pub(super) time: Timestamp,
    pub(super) kind: &'a str,
    pub(super) outcome: &'a str,
    pub(super) user: &'a str,
    pub(super) address: &'a str,
    pub(super) session: &'a str,
    pub(super) source: &'a str,
    pub(super) entry: &'a str,
}

impl Draft {
    /// A line with the fields that `put` adds.
    pub(super) fn new(heading: &Heading<'_>, put: impl FnOnce(&mut Object<'_>)) -> Self {
        let mut text = Vec::with_capacity(DRAFT);
        // Into a vector nothing fails to be written.
        let _ = write!(text, "\"time\":\"{}\"", heading.time);
        for (name, said) in [
            ("type", heading.kind),
            ("outcome", heading.outcome),
            ("user", heading.user),
            ("address", heading.address),
            ("session", heading.session),
            ("source", heading.source),
            ("entry", heading.entry),
        ] {
            text.extend_from_slice(b",\"");
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(b"\":");
            json::text(said, &mut text);
        }
        text.extend_from_slice(b",\"fields\":");
        let mut fields = Object::new(&mut text);
        put(&mut fields);
        fields.end();
        Self(text)
    }

    /// About how much memory it takes, bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.0.len()
    }
}

/// A line as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Counts up by one.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
    /// Hash of the line before.
    pub prev: String,
}

/// Why a line does not belong where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No JSON object of ours.
    #[error("this is no line of the log")]
    NoLine,
    /// Its text has been changed.
    #[error("the line has been changed: its hash is another")]
    Changed,
    /// Lines before it are missing, or too many.
    #[error("line number {found} stands where {wanted} belongs: lines are missing or moved")]
    Sequence {
        /// The number that would follow.
        wanted: u64,
        /// The number that is there.
        found: u64,
    },
    /// The line before it was another one when it was written.
    #[error("the line before it is not the one that it was written behind")]
    Link,
}

/// Writes the line that follows `head` behind `out`, with its end of line; where the chain stands then.
pub(super) fn seal(draft: &Draft, head: &Head, out: &mut Vec<u8>) -> Head {
    let (start, count) = (out.len(), head.count + 1);
    out.extend_from_slice(b"{\"seq\":");
    json::number(count, out);
    out.push(b',');
    out.extend_from_slice(&draft.0);
    out.extend_from_slice(b",\"prev\":\"");
    out.extend_from_slice(head.hash.as_bytes());
    out.push(b'"');
    let hash = crypto::sha256_hex(&out[start..]);
    out.extend_from_slice(SEAM.as_bytes());
    out.extend_from_slice(hash.as_bytes());
    out.extend_from_slice(b"\"}\n");
    Head { count, hash }
}

/// A line by itself: what it says, and where the chain stands behind it.
pub(super) fn open(text: &str) -> Result<(Line, Head), Fault> {
    let line: Line = serde_json::from_str(text).map_err(|_| Fault::NoLine)?;
    let at = text.rfind(SEAM).ok_or(Fault::NoLine)?;
    let hash = crypto::sha256_hex(&text.as_bytes()[..at]);
    if text[at + SEAM.len()..] != format!("{hash}\"}}") {
        return Err(Fault::Changed);
    }
    let head = Head { count: line.seq, hash };
    Ok((line, head))
}

/// A line in its place behind `before`.
pub(super) fn follow(text: &str, before: &Head) -> Result<(Line, Head), Fault> {
    let (line, head) = open(text)?;
    if line.seq != before.count + 1 {
        return Err(Fault::Sequence { wanted: before.count + 1, found: line.seq });
    }
    if line.prev != before.hash {
        return Err(Fault::Link);
    }
    Ok((line, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a chain of their own.
    fn chain(drafts: impl Iterator<Item = Draft>) -> Vec<String> {
        let mut head = Head::default();
        let line = |draft| {
            let mut out = Vec::new();
            head = seal(&draft, &head, &mut out);
            String::from_utf8(out).unwrap().trim_end().to_owned()
        };
        drafts.map(line).collect()
    }

    fn draft(user: &str) -> Draft {
        Draft::new(&Heading { user, ..Heading::default() }, |_| {})
    }

    fn lines(count: usize) -> Vec<String> {
        chain((0..count).map(|number| draft(&format!("u{number}"))))
    }

    fn check(lines: &[String]) -> Result<u64, Fault> {
        let mut head = Head::default();
        for line in lines {
            head = follow(line, &head)?.1;
        }
        Ok(head.count)
    }

    #[test]
    fn a_chain_that_nobody_touched_is_whole() {
        assert_eq!(check(&lines(5)), Ok(5));
    }

    #[test]
    fn one_changed_byte_anywhere_is_seen() {
        let whole = lines(3);
        for at in 0..whole[1].len() {
            let mut bytes = whole[1].clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(check(&[whole[0].clone(), changed, whole[2].clone()]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_removed_a_swapped_and_a_doubled_line_are_seen() {
        let whole = lines(4);
        let order =
            |order: &[usize]| check(&order.iter().map(|it| whole[*it].clone()).collect::<Vec<_>>());
        assert_eq!(order(&[0, 2, 3]), Err(Fault::Sequence { wanted: 2, found: 3 }));
        assert_eq!(order(&[0, 2, 1, 3]), Err(Fault::Sequence { wanted: 2, found: 3 }));
        assert_eq!(order(&[0, 1, 1]), Err(Fault::Sequence { wanted: 3, found: 2 }));
    }

    #[test]
    fn a_line_is_written_as_it_is_read_back() {
        let heading = Heading {
            time: Timestamp::from_ticks(132_000_000_000_000_000),
            kind: "AuditEventType",
            outcome: "Good",
            user: "olga \"the first\"",
            address: "[::1]:4840",
            session: "ns=1;i=7",
            source: "Attribute/Write",
            entry: "work\norder",
        };
        let draft = Draft::new(&heading, |it| it.value("NewValue", &3.5.into()));
        let mut text = Vec::new();
        let head = seal(&draft, &Head::default(), &mut text);
        let text = String::from_utf8(text).unwrap();
        let (line, opened) = open(text.trim_end()).unwrap();
        assert_eq!((line.seq, &opened), (1, &head));
        let entry = Entry {
            time: heading.time.to_string(),
            kind: heading.kind.to_owned(),
            outcome: heading.outcome.to_owned(),
            user: heading.user.to_owned(),
            address: heading.address.to_owned(),
            session: heading.session.to_owned(),
            source: heading.source.to_owned(),
            entry: heading.entry.to_owned(),
            fields: Map::from_iter([("NewValue".to_owned(), Value::from(3.5))]),
        };
        assert_eq!(line.entry, entry);
    }

    #[test]
    fn a_line_of_another_chain_does_not_fit() {
        let (whole, other) = (lines(3), chain((0..3).map(|_| draft(""))));
        assert_eq!(check(&[whole[0].clone(), other[1].clone()]), Err(Fault::Link));
    }
}

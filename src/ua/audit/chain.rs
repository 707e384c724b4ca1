//! The chain of the log: each line carries the hash of the line before, and its own (SHA-256).
//!
//! ```text
//! {"seq":8,…,"prev":"<hash of line 7>"       ◄── hashed
//!                                     ,"hash":"<SHA-256 of all before this comma>"}
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ua::crypto;

/// Hex digits of a hash.
const DIGITS: usize = 64;
/// What stands between that which is hashed and the hash.
const SEAM: &str = ",\"hash\":\"";

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

/// What a line says, without its place in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A line as it is written; its keys and their order are those of [`Line`].
#[derive(Debug, Serialize)]
struct NewLine<'a> {
    seq: u64,
    time: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    outcome: &'a str,
    user: &'a str,
    address: &'a str,
    session: &'a str,
    source: &'a str,
    entry: &'a str,
    fields: &'a Map<String, Value>,
    prev: &'a str,
}

/// A line as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The line that follows `head`, without its end of line, and where the chain stands then.
pub(super) fn seal(entry: &Entry, head: &Head) -> (String, Head) {
    let count = head.count + 1;
    let line = NewLine {
        seq: count,
        time: &entry.time,
        kind: &entry.kind,
        outcome: &entry.outcome,
        user: &entry.user,
        address: &entry.address,
        session: &entry.session,
        source: &entry.source,
        entry: &entry.entry,
        fields: &entry.fields,
        prev: &head.hash,
    };
    // Texts and numbers only: nothing in it cannot be JSON.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.pop();
    let hash = crypto::sha256_hex(text.as_bytes());
    text.push_str(SEAM);
    text.push_str(&hash);
    text.push_str("\"}");
    (text, Head { count, hash })
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

    fn lines(count: usize) -> Vec<String> {
        let mut head = Head::default();
        let user = |number: usize| Entry { user: format!("u{number}"), ..Entry::default() };
        (0..count)
            .map(|number| {
                let (text, next) = seal(&user(number), &head);
                head = next;
                text
            })
            .collect()
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
        let fields = Map::from_iter([("NewValue".to_owned(), Value::from(3.5))]);
        let entry = Entry { user: "olga".to_owned(), fields, ..Entry::default() };
        let (text, head) = seal(&entry, &Head::default());
        let (line, opened) = open(&text).unwrap();
        assert_eq!((&line.entry, &opened), (&entry, &head));
        let same = serde_json::to_string(&line).unwrap();
        assert!(text.starts_with(same.trim_end_matches('}')), "{text}");
    }

    #[test]
    fn a_line_of_another_chain_does_not_fit() {
        let (whole, mut head) = (lines(3), Head::default());
        let other: Vec<String> = (0..3)
            .map(|_| {
                let (text, next) = seal(&Entry::default(), &head);
                head = next;
                text
            })
            .collect();
        assert_eq!(check(&[whole[0].clone(), other[1].clone()]), Err(Fault::Link));
    }
}

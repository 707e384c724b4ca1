//! Values of the standard as JSON for the log, written straight into a line: readable, and never longer than a bound.

use std::io::Write as _;

use opcua_types::{DateTime, ExtensionObject, Identifier, NodeId, Variant};

use crate::time::Timestamp;
use crate::ua::space::INSTANCES;

/// Characters of a text that are kept.
const TEXT: usize = 1024;
/// Bytes of a byte string that are kept.
const BYTES: usize = 64;
/// Elements of an array that are kept.
const ELEMENTS: usize = 64;
/// Ticks at the end of the year 9999: what is beyond it, or before 1601, is no time but a number.
const LAST_TICKS: i64 = 2_650_467_743_999_999_999;

/// An object on its way into a line; its members follow in the order of writing.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// Begins an object behind what is there.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// Ends it.
    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// Adds a member that `put` writes. Names are ours: nothing in them needs an escape.
    pub(super) fn put(&mut self, name: &str, put: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        put(self.out);
    }

    /// Adds a value, also one that is empty.
    pub(super) fn value(&mut self, name: &str, value: &Variant) {
        self.put(name, |out| self::value(value, out));
    }

    /// Adds a value, unless it is empty.
    pub(super) fn value_if_any(&mut self, name: &str, value: &Variant) {
        let (before, was_empty) = (self.out.len(), self.is_empty);
        let mut start = before;
        self.put(name, |out| {
            start = out.len();
            self::value(value, out);
        });
        if matches!(&self.out[start..], b"null" | b"\"\"" | b"[]") {
            self.out.truncate(before);
            self.is_empty = was_empty;
        }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, whole: &str) {
        self.put(name, |out| text(whole, out));
    }

    /// Adds a number.
    pub(super) fn number(&mut self, name: &str, number: u64) {
        self.put(name, |out| self::number(number, out));
    }

    /// Adds a NodeId.
    pub(super) fn node(&mut self, name: &str, id: &NodeId) {
        self.put(name, |out| node(id, out));
    }
}

/// A value, as far as it fits.
pub(super) fn value(value: &Variant, out: &mut Vec<u8>) {
    match value {
        Variant::Empty => null(out),
        Variant::Boolean(it) => out.extend_from_slice(if *it { b"true" } else { b"false" }),
        Variant::SByte(it) => signed((*it).into(), out),
        Variant::Byte(it) => number((*it).into(), out),
        Variant::Int16(it) => signed((*it).into(), out),
        Variant::UInt16(it) => number((*it).into(), out),
        Variant::Int32(it) => signed((*it).into(), out),
        Variant::UInt32(it) => number((*it).into(), out),
        Variant::Int64(it) => signed(*it, out),
        Variant::UInt64(it) => number(*it, out),
        Variant::Float(it) => real(f64::from(*it), out),
        Variant::Double(it) => real(*it, out),
        Variant::String(it) if it.is_null() => null(out),
        Variant::String(it) => text(it.as_ref(), out),
        Variant::LocalizedText(it) => text(it.text.as_ref(), out),
        Variant::QualifiedName(it) => text(&format!("{}:{}", it.namespace_index, it.name), out),
        Variant::NodeId(it) => node(it, out),
        Variant::ExpandedNodeId(it) => text(&it.to_string(), out),
        Variant::Guid(it) => text(&it.to_string(), out),
        Variant::StatusCode(it) => text(&it.to_string(), out),
        Variant::DateTime(it) => time(it, out),
        Variant::ByteString(it) => bytes(it.value.as_deref().unwrap_or_default(), out),
        Variant::ExtensionObject(it) => structure(it, out),
        Variant::Variant(it) => self::value(it, out),
        Variant::Array(it) => array(&it.values, out),
        Variant::DataValue(it) => match &it.value {
            Some(it) => self::value(it, out),
            None => null(out),
        },
        other => text(&format!("{other:?}"), out),
    }
}

fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

fn array(values: &[Variant], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, it) in values.iter().take(ELEMENTS).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        value(it, out);
    }
    if values.len() > ELEMENTS {
        out.push(b',');
        text(&format!("… {} elements", values.len()), out);
    }
    out.push(b']');
}

/// A whole number.
pub(super) fn number(mut number: u64, out: &mut Vec<u8>) {
    // Digits of the largest.
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    number(value.unsigned_abs(), out);
}

/// JSON has no infinity and no NaN. Into a vector nothing fails to be written, here and below.
fn real(value: f64, out: &mut Vec<u8>) {
    let _ = if value.is_finite() {
        serde_json::to_writer(out, &value).map_err(Into::into)
    } else {
        write!(out, "\"{value}\"")
    };
}

/// A text cut to its bound.
pub(super) fn text(whole: &str, out: &mut Vec<u8>) {
    // A text of so few bytes has no more characters.
    let cut = if whole.len() > TEXT { whole.char_indices().nth(TEXT) } else { None };
    let kept = cut.map_or(whole, |(at, _)| &whole[..at]);
    out.push(b'"');
    escaped(kept, out);
    if cut.is_some() {
        let _ = write!(out, "… {} bytes", whole.len());
    }
    out.push(b'"');
}

/// A text's characters, without quotes around them.
fn escaped(text: &str, out: &mut Vec<u8>) {
    let is_plain = |it: u8| it >= b' ' && it != b'"' && it != b'\\';
    // Without a way out of the loop, so that it takes many bytes at a time.
    if text.bytes().fold(true, |plain, it| plain & is_plain(it)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let start = out.len();
    let _ = serde_json::to_writer(&mut *out, text);
    out.pop();
    out.remove(start);
}

/// A NodeId as the standard writes it (Part 6, 5.3.1.10).
pub(super) fn node(id: &NodeId, out: &mut Vec<u8>) {
    let Identifier::String(path) = &id.identifier else { return text(&id.to_string(), out) };
    if path.as_ref().len() > TEXT / 2 {
        return text(&id.to_string(), out);
    }
    out.push(b'"');
    if id.namespace != 0 {
        out.extend_from_slice(b"ns=");
        number(id.namespace.into(), out);
        out.push(b';');
    }
    out.extend_from_slice(b"s=");
    escaped(path.as_ref(), out);
    out.push(b'"');
}

/// The NodeId of a device, or of what is `rest` below it.
pub(super) fn instance(device: &str, rest: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"ns=");
    number(INSTANCES.into(), out);
    out.extend_from_slice(b";s=");
    escaped(device, out);
    if !rest.is_empty() {
        out.push(b'.');
        escaped(rest, out);
    }
    out.push(b'"');
}

fn time(value: &DateTime, out: &mut Vec<u8>) {
    let ticks = value.ticks();
    if (0..=LAST_TICKS).contains(&ticks) {
        let _ = write!(out, "\"{}\"", Timestamp::from_ticks(ticks));
    } else {
        let _ = write!(out, "\"{ticks} ticks\"");
    }
}

fn bytes(all: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in all.iter().take(BYTES) {
        let _ = write!(out, "{byte:02x}");
    }
    if all.len() > BYTES {
        let _ = write!(out, "… {} bytes", all.len());
    }
    out.push(b'"');
}

/// The name of its type and what the library prints of it: who may see it may see all of it.
fn structure(value: &ExtensionObject, out: &mut Vec<u8>) {
    if value.is_null() { null(out) } else { text(&format!("{value:?}"), out) }
}

#[cfg(test)]
mod tests {
    use opcua_types::ByteString;
    use serde_json::{Value, json};

    use super::*;

    fn text_of(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn of(value: &Variant) -> Value {
        serde_json::from_str(&text_of(|out| super::value(value, out))).unwrap()
    }

    #[test]
    fn a_value_is_readable_and_bounded() {
        assert_eq!(of(&Variant::from(1.5)), json!(1.5));
        assert_eq!(of(&Variant::from(f64::NAN)), json!("NaN"));
        assert_eq!(of(&Variant::from(f64::NEG_INFINITY)), json!("-inf"));
        assert_eq!(of(&ByteString::from(vec![1, 0xab]).into()), json!("01ab"));
        for ticks in [i64::MIN, -1, i64::MAX] {
            assert!(of(&DateTime::from(ticks).into()).as_str().unwrap().len() > 5);
        }
        let long = of(&Variant::from("x".repeat(1 << 20).as_str())).to_string();
        assert!(long.len() < 2000, "{}", long.len());
        let wide = of(&Variant::from(vec![1_u32; 100_000])).to_string();
        assert!(wide.len() < 1000, "{}", wide.len());
    }

    #[test]
    fn numbers_are_what_they_are_to_their_limits() {
        for number in [0, 9, 10, u64::MAX] {
            assert_eq!(of(&Variant::from(number)), json!(number));
        }
        for number in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(of(&Variant::from(number)), json!(number));
        }
        assert_eq!(of(&Variant::from(-7_i8)), json!(-7));
        for number in [f64::MIN_POSITIVE, 1e300, -0.1, 3.0] {
            assert_eq!(of(&Variant::from(number)), json!(number));
        }
    }

    #[test]
    fn texts_of_clients_cannot_break_out_of_their_place() {
        for whole in ["\"", "a\\\"b", "line\nend\u{0}", "Bäder \u{7f}\u{2028}", ""] {
            assert_eq!(of(&Variant::from(whole)), json!(whole));
            let id = NodeId::new(2, whole);
            let found: Value = serde_json::from_str(&text_of(|out| node(&id, out))).unwrap();
            assert_eq!(found, json!(id.to_string()));
        }
        let long = NodeId::new(0, "\"".repeat(5000).as_str());
        let found: Value = serde_json::from_str(&text_of(|out| node(&long, out))).unwrap();
        assert!(found.as_str().unwrap().ends_with("bytes"));
        let numeric = text_of(|out| node(&NodeId::new(0, 2253_u32), out));
        assert_eq!(numeric, "\"i=2253\"");
    }

    #[test]
    fn members_that_are_empty_are_left_out_where_they_say_nothing() {
        let found = text_of(|out| {
            let mut object = Object::new(out);
            object.value_if_any("a", &Variant::Empty);
            object.value_if_any("b", &Variant::from(""));
            object.value_if_any("c", &Variant::from(0.0));
            object.value_if_any("d", &Variant::from(Vec::<u32>::new()));
            object.value("e", &Variant::Empty);
            object.end();
        });
        assert_eq!(found, r#"{"c":0.0,"e":null}"#);
    }
}

//! Walks a TOML document and collects every mistake on the way, instead of stopping at the first.
//!
//! A value that is wrong or missing is reported and replaced by a placeholder so that the walk goes on; since a
//! mistake was reported, no placeholder ever leaves [`read`]. Numbers use NaN, which no later comparison reports.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::mistake::{Mistake, nearest};
use crate::time::Timestamp;

/// Parses `text`, lets `walk` read it, and answers its result, or every mistake in the order of the file.
pub(super) fn read<T>(
    file: &str,
    text: &str,
    walk: impl FnOnce(&Section<'_>) -> T,
) -> Result<T, Vec<Mistake>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let findings = Findings::new(file, text);
    for error in errors {
        findings.syntax(error.message(), error.span());
    }
    let value = Section::new(&findings, String::new(), 0, root.get_ref()).walk(walk);
    let mut mistakes = findings.list.into_inner();
    mistakes.sort_by_key(|it| it.line);
    if mistakes.is_empty() { Ok(value) } else { Err(mistakes) }
}

/// What has been found in one file so far.
#[derive(Debug)]
struct Findings<'a> {
    file: &'a str,
    /// Where each line begins, bytes.
    lines: Vec<usize>,
    list: RefCell<Vec<Mistake>>,
    /// Lines that are no TOML: what the parser guessed there is not judged again.
    broken: RefCell<BTreeSet<usize>>,
    nothing: DeTable<'a>,
}

impl<'a> Findings<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        let (list, broken) = (RefCell::default(), RefCell::default());
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Self { file, lines, list, broken, nothing: DeTable::new() }
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    fn syntax(&self, message: &str, span: Option<Range<usize>>) {
        let line = self.line_at(span.map_or(0, |it| it.start));
        self.broken.borrow_mut().insert(line);
        let what = message.lines().collect::<Vec<_>>().join(", ");
        self.list.borrow_mut().push(Mistake {
            file: self.file.to_owned(),
            line,
            key: String::new(),
            what: format!("is not TOML: {what}"),
            allowed: String::new(),
        });
    }

    fn add(&self, offset: usize, key: String, what: String, allowed: String) {
        let line = self.line_at(offset);
        if !self.broken.borrow().contains(&line) {
            let file = self.file.to_owned();
            self.list.borrow_mut().push(Mistake { file, line, key, what, allowed });
        }
    }
}

/// One table of a document.
#[derive(Debug)]
pub(super) struct Section<'a> {
    findings: &'a Findings<'a>,
    /// Path of this table; empty for the document.
    path: String,
    /// Where the table begins, bytes.
    start: usize,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
    /// The table itself is missing and that has been said, so its keys are not asked for.
    is_absent: Cell<bool>,
}

impl<'a> Section<'a> {
    fn new(findings: &'a Findings<'a>, path: String, start: usize, table: &'a DeTable<'a>) -> Self {
        let (known, is_absent) = (RefCell::default(), Cell::new(false));
        Self { findings, path, start, table, known, is_absent }
    }

    /// Reads this table with `walk`, then reports the keys that `walk` did not ask for.
    fn walk<T>(self, walk: impl FnOnce(&Self) -> T) -> T {
        let value = walk(&self);
        let known = self.known.borrow();
        for (key, _) in
            self.table.iter().filter(|(key, _)| !known.iter().any(|it| it == key.get_ref()))
        {
            let written: String = key.get_ref().chars().take(60).collect();
            let meant = nearest(&written, known.iter().copied());
            let meant = meant.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
            let what = format!("is not a key of this table{meant}");
            self.findings.add(key.span().start, self.key(&written), what, known.join(", "));
        }
        value
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn find(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.get(key)
    }

    /// Whether `key`, which may be left out, is written here.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.find(key).is_some()
    }

    /// Reports that the value of `key` is wrong.
    pub(super) fn mistake(&self, key: &str, what: impl Display, allowed: impl Display) {
        let start = self.table.get(key).map_or(self.start, |it| it.span().start);
        self.findings.add(start, self.key(key), what.to_string(), allowed.to_string());
    }

    /// How many mistakes have been found so far; none if the text is no TOML, since then nobody can tell.
    pub(super) fn found(&self) -> Option<usize> {
        let is_whole = self.findings.broken.borrow().is_empty();
        is_whole.then(|| self.findings.list.borrow().len())
    }

    fn missing(&self, key: &str, allowed: impl Display) {
        // A line that is no TOML may be the very key that is looked for.
        if !self.is_absent.get() && self.findings.broken.borrow().is_empty() {
            self.mistake(key, "is missing", allowed);
        }
    }

    /// The value of `key` as `take` sees it. `allowed` says what `take` accepts; `default` stands in for a missing
    /// key, `placeholder` for a wrong one.
    fn value<T>(
        &self,
        key: &'static str,
        allowed: impl Display,
        (default, placeholder): (Option<T>, T),
        take: impl FnOnce(&'a DeValue<'a>) -> Result<T, String>,
    ) -> T {
        let Some(found) = self.find(key) else {
            return default.unwrap_or_else(|| {
                self.missing(key, allowed);
                placeholder
            });
        };
        // What the parser puts where it found no value stands nowhere in the text.
        if found.span().is_empty() {
            return placeholder;
        }
        take(found.get_ref()).unwrap_or_else(|what| {
            self.mistake(key, what, allowed);
            placeholder
        })
    }

    /// A number within `bounds`, both included. NaN if it is wrong.
    pub(super) fn number(
        &self,
        key: &'static str,
        bounds: RangeInclusive<f64>,
        default: Option<f64>,
    ) -> f64 {
        self.value(key, span_of(&bounds), (default, f64::NAN), |it| number(it, &bounds))
    }

    /// A whole number within `bounds`, both included.
    pub(super) fn count(
        &self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
        default: Option<u64>,
    ) -> u64 {
        let allowed = format!("{} to {}", bounds.start(), bounds.end());
        let placeholder = default.unwrap_or(*bounds.start());
        self.value(key, allowed, (default, placeholder), |value| match value {
            DeValue::Integer(written) => {
                let number = i128::from_str_radix(written.as_str(), written.radix()).ok();
                let number = number.and_then(|it| u64::try_from(it).ok());
                let number = number.filter(|it| bounds.contains(it));
                number.ok_or_else(|| format!("{} is out of range", clipped(&written.to_string())))
            }
            DeValue::Float(written) => {
                Err(format!("{} is not a whole number", clipped(written.as_str())))
            }
            other => Err(unlike(other, "a whole number")),
        })
    }

    /// Two numbers within `bounds`, the first less than the second. NaN if they are wrong.
    pub(super) fn pair(
        &self,
        key: &'static str,
        bounds: &RangeInclusive<f64>,
        default: Option<(f64, f64)>,
    ) -> (f64, f64) {
        let allowed = format!("[low, high] from {}, low below high", span_of(bounds));
        self.value(key, allowed, (default, (f64::NAN, f64::NAN)), |value| {
            let Some(items) = value.as_array() else {
                return Err(unlike(value, "[low, high]"));
            };
            let items: Vec<&DeValue<'_>> = items.iter().map(Spanned::get_ref).collect();
            let [low, high] = items.as_slice() else {
                return Err(format!("has {} members instead of 2", items.len()));
            };
            let (low, high) = (number(low, bounds)?, number(high, bounds)?);
            if low >= high {
                return Err(format!("{} is not below {}", shown(low), shown(high)));
            }
            Ok((low, high))
        })
    }

    /// True or false.
    pub(super) fn flag(&self, key: &'static str, default: Option<bool>) -> bool {
        self.value(key, "true or false", (default, false), |value| match value {
            DeValue::Boolean(flag) => Ok(*flag),
            other => Err(unlike(other, "true or false")),
        })
    }

    /// A text that `check` likes; `allowed` says which. A text that it does not like is reported and answered all the
    /// same, so that a reference to it is not a second mistake.
    pub(super) fn text(
        &self,
        key: &'static str,
        allowed: &str,
        default: Option<&str>,
        check: impl FnOnce(&str) -> bool,
    ) -> String {
        self.value(key, allowed, (default.map(str::to_owned), String::new()), |value| {
            let text = value.as_str().ok_or_else(|| unlike(value, "a text"))?;
            if !check(text) {
                self.mistake(key, format!("\"{}\" will not do", clipped(text)), allowed);
            }
            Ok(text.to_owned())
        })
    }

    /// As [`Section::text`], but a wrong value is not repeated in the mistake.
    pub(super) fn secret(
        &self,
        key: &'static str,
        allowed: &str,
        check: impl FnOnce(&str) -> bool,
    ) -> String {
        self.value(key, allowed, (None, String::new()), |value| match value.as_str() {
            Some(text) if check(text) => Ok(text.to_owned()),
            _ => Err("will not do".to_owned()),
        })
    }

    /// A text that `parse` understands; none if it is wrong or missing and has no default.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        allowed: &str,
        default: Option<T>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.value(key, allowed, (default.map(Some), None), |value| {
            let text = value.as_str().ok_or_else(|| unlike(value, "a text"))?;
            parse(text).map(Some).ok_or_else(|| format!("\"{}\" will not do", clipped(text)))
        })
    }

    /// One of `names`, as its index; none if it is wrong or missing.
    pub(super) fn one_of<N: AsRef<str>>(&self, key: &'static str, names: &[N]) -> Option<usize> {
        self.value(key, listed(names), (None, None), |value| {
            let text = value.as_str().ok_or_else(|| unlike(value, "a name"))?;
            which(text, names).map(Some)
        })
    }

    /// As [`Section::one_of`], of names that stand elsewhere in the file. If those could not be read, that has been
    /// reported, and the reference is not.
    pub(super) fn reference<N: AsRef<str>>(&self, key: &'static str, names: &[N]) -> Option<usize> {
        if self.found().is_some_and(|found| found == 0 || !names.is_empty()) {
            return self.one_of(key, names);
        }
        let text = self.text(key, "a name", None, |_| true);
        names.iter().position(|it| it.as_ref() == text)
    }

    /// Texts, each one of `names`, as indexes.
    pub(super) fn some_of<N: AsRef<str>>(
        &self,
        key: &'static str,
        names: &[N],
        default: Option<Vec<usize>>,
    ) -> Vec<usize> {
        let allowed = format!("a list of {}", listed(names));
        self.value(key, allowed, (default, Vec::new()), |value| {
            texts(value)?.into_iter().map(|text| which(text, names)).collect()
        })
    }

    /// Texts that `check` likes.
    pub(super) fn texts(
        &self,
        key: &'static str,
        allowed: &str,
        check: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        self.value(key, allowed, (Some(Vec::new()), Vec::new()), |value| {
            let texts = texts(value)?;
            match texts.iter().find(|it| !check(it)) {
                Some(wrong) => Err(format!("\"{}\" will not do", clipped(wrong))),
                None => Ok(texts.into_iter().map(str::to_owned).collect()),
            }
        })
    }

    /// A date and time with its offset.
    pub(super) fn time(&self, key: &'static str) -> Timestamp {
        let allowed = "a date and time such as 2026-01-01T00:00:00Z";
        self.value(key, allowed, (None, Timestamp::default()), |value| match value {
            DeValue::Datetime(written) => Timestamp::parse_rfc3339(&written.to_string())
                .map_err(|_| format!("{written} is not a date, time and offset from UTC")),
            other => Err(unlike(other, "a date and time")),
        })
    }

    /// The table at `key`, read by `walk`. Without it each of its keys is missing.
    pub(super) fn table<T>(&self, key: &'static str, walk: impl FnOnce(&Section<'_>) -> T) -> T {
        let nothing = &self.findings.nothing;
        let (start, table, is_absent) =
            match self.find(key).map(|it| (it.span().start, it.get_ref())) {
                Some((start, DeValue::Table(table))) => (start, table, false),
                Some((start, other)) => {
                    self.mistake(key, unlike(other, "a table"), format!("[{}]", self.key(key)));
                    (start, nothing, true)
                }
                None => (self.start, nothing, false),
            };
        let section = Section::new(self.findings, self.key(key), start, table);
        section.is_absent.set(is_absent || self.is_absent.get());
        section.walk(walk)
    }

    /// As [`Section::table`], but its absence is one mistake instead of many.
    pub(super) fn required_table<T>(
        &self,
        key: &'static str,
        walk: impl FnOnce(&Section<'_>) -> T,
    ) -> T {
        if self.has(key) {
            return self.table(key, walk);
        }
        self.missing(key, format!("a table [{}]", self.key(key)));
        let nothing = &self.findings.nothing;
        let section = Section::new(self.findings, self.key(key), self.start, nothing);
        section.is_absent.set(true);
        section.walk(walk)
    }

    /// Every table of the array at `key`, read by `walk`; at least `least` of them.
    pub(super) fn tables<T>(
        &self,
        key: &'static str,
        least: usize,
        mut walk: impl FnMut(&Section<'_>) -> T,
    ) -> Vec<T> {
        let Some(found) = self.find(key) else {
            if least > 0 {
                self.missing(key, format!("at least {least} table [[{key}]]"));
            }
            return Vec::new();
        };
        let Some(items) = found.get_ref().as_array() else {
            self.mistake(key, unlike(found.get_ref(), "an array of tables"), format!("[[{key}]]"));
            return Vec::new();
        };
        if items.len() < least {
            self.mistake(key, "is empty", format!("at least {least} table [[{key}]]"));
        }
        let numbered = items.iter().enumerate();
        numbered
            .filter_map(|(index, item)| {
                let path = format!("{}[{}]", self.key(key), index + 1);
                let start = item.span().start;
                if let DeValue::Table(table) = item.get_ref() {
                    return Some(Section::new(self.findings, path, start, table).walk(&mut walk));
                }
                self.findings.add(start, path, unlike(item.get_ref(), "a table"), String::new());
                None
            })
            .collect()
    }
}

fn number(value: &DeValue<'_>, bounds: &RangeInclusive<f64>) -> Result<f64, String> {
    let (number, written) = match value {
        DeValue::Integer(it) => {
            let whole = i128::from_str_radix(it.as_str(), it.radix()).ok();
            (whole.map(|it| it as f64), it.to_string())
        }
        DeValue::Float(it) => (it.as_str().parse().ok(), it.as_str().to_owned()),
        other => return Err(unlike(other, "a number")),
    };
    let number = number.filter(|it| bounds.contains(it));
    number.ok_or_else(|| format!("{} is out of range", clipped(&written)))
}

fn texts<'a>(value: &'a DeValue<'a>) -> Result<Vec<&'a str>, String> {
    let items = value.as_array().ok_or_else(|| unlike(value, "a list of texts"))?;
    let text = |it: &'a Spanned<DeValue<'a>>| {
        it.get_ref().as_str().ok_or_else(|| unlike(it.get_ref(), "a text"))
    };
    items.iter().map(text).collect()
}

/// The index of `text` in `names`, or what is wrong with it.
pub(super) fn which<N: AsRef<str>>(text: &str, names: &[N]) -> Result<usize, String> {
    names.iter().position(|it| it.as_ref() == text).ok_or_else(|| {
        let meant = nearest(text, names.iter().map(AsRef::as_ref));
        let meant = meant.map(|it| format!("; did you mean \"{it}\"?")).unwrap_or_default();
        format!("\"{}\" is not known{meant}", clipped(text))
    })
}

/// `names` as a person reads them; not more than a screen line of them.
pub(super) fn listed<N: AsRef<str>>(names: &[N]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => "none, since none is defined".to_owned(),
        [first, .., last] if names.len() > 12 => format!("{first} … {last}"),
        _ => names.join(", "),
    }
}

fn unlike(value: &DeValue<'_>, wanted: &str) -> String {
    let kind = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("is {kind}, not {wanted}")
}

fn clipped(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().count() > 60 { short + "…" } else { short }
}

fn span_of(bounds: &RangeInclusive<f64>) -> String {
    format!("{} to {}", shown(*bounds.start()), shown(*bounds.end()))
}

/// A number as a person writes it.
pub(super) fn shown(number: f64) -> String {
    let size = number.abs();
    if number != 0.0 && !(1e-4..1e9).contains(&size) {
        format!("{number:e}")
    } else {
        format!("{number}")
    }
}

//! Which tags are meant.

use std::cmp::Reverse;

use crate::app::Failure;

/// Names that are offered when none matches.
const NEAR_MAX: usize = 10;

/// The paths that match one of the patterns, in order; none is an error that names some that are near.
pub(super) fn choose(mut paths: Vec<String>, patterns: &[String]) -> Result<Vec<String>, Failure> {
    paths.sort();
    for pattern in patterns {
        if !paths.iter().any(|it| matches(pattern, it)) {
            return Err(none(&paths, pattern).into());
        }
    }
    paths.retain(|path| patterns.iter().any(|it| matches(it, path)));
    Ok(paths)
}

/// Whether a path is as the pattern says, in which `*` stands for any characters.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(mut path) = path.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = path.split_once(part) else { return false };
        path = behind;
    }
    path.ends_with(last)
}

fn none(paths: &[String], pattern: &str) -> String {
    let mut text = format!("no tag in the history matches {pattern:?}");
    let words: Vec<String> = words(pattern);
    let likeness = |path: &str| {
        let own = self::words(path);
        words.iter().map(|word| own.iter().map(|it| alike(word, it)).max().unwrap_or(0)).sum()
    };
    let mut near: Vec<(Reverse<usize>, &String)> =
        paths.iter().map(|it| (Reverse(likeness(it)), it)).filter(|it| it.0.0 > 0).collect();
    near.sort();
    if !near.is_empty() {
        text.push_str("; near are:");
    }
    for (_, path) in near.iter().take(NEAR_MAX) {
        text.push_str("\n  ");
        text.push_str(path);
    }
    text
}

fn words(text: &str) -> Vec<String> {
    let all = text.split(['.', '*', '/']).filter(|it| !it.is_empty());
    all.map(str::to_lowercase).collect()
}

/// Characters that two words share at their beginnings and ends.
fn alike(one: &str, other: &str) -> usize {
    let same = |it: &(char, char)| it.0 == it.1;
    let head = one.chars().zip(other.chars()).take_while(same).count();
    let tail = one.chars().rev().zip(other.chars().rev()).take_while(same).count();
    if one == other { 2 * head } else { head.max(tail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let path = "Line1.EL2.Bath.Temperature";
        for pattern in ["*", "Line1.*", "*.Temperature", "Line1.*.Bath.*", path, "*EL2*", "**"] {
            assert!(matches(pattern, path), "{pattern}");
        }
        for pattern in ["", "Line2.*", "*.Temp", "Line1", "*.Bath.*.Temperature", "*Temperature.*"]
        {
            assert!(!matches(pattern, path), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_without_a_match_names_what_is_near() {
        let paths = ["Line1.EL1.Bath.Temperature", "Line1.EL1.Voltage"].map(str::to_owned).to_vec();
        let error = choose(paths, &["Line1.EL1.Votage".to_owned()]).unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[1], "  Line1.EL1.Voltage", "{error}");
    }
}

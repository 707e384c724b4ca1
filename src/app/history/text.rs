//! Values as text.

use crate::field::Quality;
use crate::tag::Value;
use crate::time::{TICKS_PER_S, Timestamp};

/// RFC 3339 in UTC, with as many digits as it needs.
pub(super) fn time(time: Timestamp) -> String {
    let whole = Timestamp::from_ticks(time.ticks() - time.ticks().rem_euclid(TICKS_PER_S));
    let text = whole.to_string();
    let second = text.trim_end_matches('Z').split_once('.').map_or(text.as_str(), |it| it.0);
    let fraction = format!("{:07}", time.ticks().rem_euclid(TICKS_PER_S));
    match fraction.trim_end_matches('0') {
        "" => format!("{}Z", second.trim_end_matches('Z')),
        digits => format!("{second}.{digits}Z"),
    }
}

/// A value; nothing for none. Arrays are JSON.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(it) => it.to_string(),
        Value::U16(it) => it.to_string(),
        Value::U32(it) => it.to_string(),
        Value::F64(it) => number(*it),
        Value::Time(it) => time(*it),
        Value::Text(it) => it.to_string(),
        Value::Bools(all) => array(all.iter().map(bool::to_string)),
        Value::Numbers(all) => {
            let json = |it: &f64| if it.is_finite() { number(*it) } else { "null".to_owned() };
            array(all.iter().map(json))
        }
    }
}

/// As short as it can be read back to the last bit.
fn number(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-5..1e16).contains(&size) || !number.is_finite() {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

/// The name of a quality.
pub(super) fn quality(quality: Quality) -> String {
    format!("{quality:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_they_need() {
        let at =
            |text: &str, ticks| time(Timestamp::parse_rfc3339(text).unwrap().plus_ticks(ticks));
        assert_eq!(at("2026-01-02T03:04:05Z", 0), "2026-01-02T03:04:05Z");
        assert_eq!(at("2026-01-02T03:04:05Z", 1), "2026-01-02T03:04:05.0000001Z");
        assert_eq!(at("2026-01-02T03:04:05.25Z", 0), "2026-01-02T03:04:05.25Z");
        assert_eq!(time(Timestamp::from_ticks(0)), "1601-01-01T00:00:00Z");
    }

    #[test]
    fn numbers_read_back_to_the_last_bit() {
        for it in [0.1, -0.0, 1.0, 1e300, 5e-324, 123_456_789.123, f64::INFINITY] {
            assert_eq!(number(it).parse::<f64>().unwrap().to_bits(), it.to_bits());
        }
    }
}

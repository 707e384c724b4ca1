//! Instants as people type them.

use crate::app::Failure;
use crate::time::Timestamp;

/// RFC 3339, `now`, or so long before now: `-90s`, `-15m`, `-24h`, `-7d`, `-4w`.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if text == "now" {
        return Ok(now);
    }
    let offset = text.strip_prefix('-').and_then(|it| {
        let unit = it.chars().last()?;
        let number: f64 = it.strip_suffix(unit)?.parse().ok()?;
        let unit_s = match unit {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3600.0,
            'd' => 86_400.0,
            'w' => 604_800.0,
            _ => return None,
        };
        Some(number * unit_s).filter(|it| (0.0..1e10).contains(it))
    });
    match offset {
        Some(offset_s) => Ok(now.plus_s(-offset_s)),
        None => Timestamp::parse_rfc3339(text).map_err(|error| {
            format!("{text:?} is neither a time such as 2026-01-31T06:00:00Z nor one such as -24h: {error}")
                .into()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_time_or_an_offset() {
        let now = Timestamp::parse_rfc3339("2026-01-02T00:00:00Z").unwrap();
        let at = |text| parse(text, now).ok();
        assert_eq!(at("-24h"), Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").ok());
        assert_eq!(at("-1.5d"), Timestamp::parse_rfc3339("2025-12-31T12:00:00Z").ok());
        assert_eq!(at("now"), Some(now));
        assert_eq!(at("2026-01-02T01:00:00+01:00"), Some(now));
        assert!(["", "-", "-h", "-5y", "--5h", "-nanh", "24h"].iter().all(|it| at(it).is_none()));
    }
}

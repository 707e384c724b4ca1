//! The only file that reads a clock or sleeps.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Ticks of 100 ns in one second.
pub const TICKS_PER_S: i64 = 10_000_000;
/// Ticks from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_TICKS: i64 = 116_444_736_000_000_000;

/// An instant in UTC: 100 ns ticks since 1601-01-01, the OPC UA `DateTime` (Part 6, 5.2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From OPC UA ticks.
    pub const fn from_ticks(ticks: i64) -> Self {
        Self(ticks)
    }

    /// OPC UA ticks; 0 means "no time".
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// From microseconds since 1970.
    pub const fn from_unix_us(us: i64) -> Self {
        Self(UNIX_EPOCH_TICKS + us * 10)
    }

    /// Microseconds since 1970.
    pub const fn unix_us(self) -> i64 {
        (self.0 - UNIX_EPOCH_TICKS) / 10
    }

    /// This instant moved by `seconds`, rounded to a tick.
    #[must_use]
    pub fn plus_s(self, seconds: f64) -> Self {
        Self(self.0 + (seconds * TICKS_PER_S as f64).round() as i64)
    }

    /// Seconds from `earlier` to this instant.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / TICKS_PER_S as f64
    }

    /// Parses RFC 3339, such as `2026-01-01T00:00:00Z`.
    pub fn parse_rfc3339(text: &str) -> Result<Self, chrono::ParseError> {
        let time = DateTime::parse_from_rfc3339(text)?;
        Ok(Self::from_unix_us(time.timestamp_micros()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_micros(self.unix_us()).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// The wall clock, UTC.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_unix_us(since.map_or(0, |it| it.as_micros() as i64))
}

/// The monotonic clock, for deadlines.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

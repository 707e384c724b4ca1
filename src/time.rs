//! The only file that reads a clock or sleeps.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike, SecondsFormat, TimeZone, Utc};

/// Ticks of 100 ns in one second.
pub const TICKS_PER_S: i64 = 10_000_000;
/// Ticks from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_TICKS: i64 = 116_444_736_000_000_000;

/// An instant in UTC: 100 ns ticks since 1601-01-01, the OPC UA `DateTime` (Part 6, 5.2.2.5).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
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
        let below_us = time.timestamp_subsec_nanos() % 1000 / 100;
        Ok(Self::from_unix_us(time.timestamp_micros()).plus_ticks(below_us.into()))
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

/// Minutes that local time is ahead of UTC.
pub fn local_offset_min() -> i16 {
    let local = chrono::Local.timestamp_opt(now().unix_us() / 1_000_000, 0).single();
    let seconds = local.map_or(0, |it| it.offset().local_minus_utc());
    i16::try_from(seconds / 60).unwrap_or_default()
}

/// The monotonic clock, for deadlines.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

/// Lets this thread wait. For tools that talk to a server from outside; the plant's time is [`Clock`]'s.
#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
pub fn wait(duration: Duration) {
    std::thread::sleep(duration);
}

/// Ticks of 100 ns in one day.
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_S;

impl Timestamp {
    /// This instant moved by whole ticks; stops at the ends of the range.
    #[must_use]
    pub const fn plus_ticks(self, ticks: i64) -> Self {
        Self(self.0.saturating_add(ticks))
    }

    /// Days since 1601-01-01, and seconds since that midnight, both UTC.
    pub const fn day(self) -> (i64, f64) {
        let within = self.0.rem_euclid(TICKS_PER_DAY);
        (self.0.div_euclid(TICKS_PER_DAY), within as f64 / TICKS_PER_S as f64)
    }

    /// Year and month (1..=12) in UTC.
    pub fn year_month(self) -> (i32, u32) {
        let time = DateTime::<Utc>::from_timestamp_micros(self.unix_us()).unwrap_or_default();
        (time.year(), time.month())
    }
}

/// How plant time runs against wall time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// Plant time is UTC.
    #[default]
    Real,
    /// So many times faster than the wall clock, above 0.
    Scaled(f64),
    /// One scan after the other, as fast as the machine can.
    FreeRunning,
    /// A scan only when asked for, for tests.
    Stepped,
}

/// What `--speed` may not be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("speed {given:?} is not `real`, `max` or a factor from 0.01 to 100000")]
pub struct PaceError {
    /// As given.
    pub given: String,
}

impl FromStr for Pace {
    type Err = PaceError;

    /// `real`, `max`, or a factor such as `60` or `x60`; a factor of 1 still starts at the plant's own time.
    fn from_str(text: &str) -> Result<Self, PaceError> {
        match text {
            "real" => return Ok(Self::Real),
            "max" => return Ok(Self::FreeRunning),
            _ => {}
        }
        let factor = text.strip_prefix('x').unwrap_or(text).parse::<f64>();
        let factor = factor.ok().filter(|it| (0.01..=100_000.0).contains(it));
        factor.map(Self::Scaled).ok_or_else(|| PaceError { given: text.to_owned() })
    }
}

/// Behind its deadlines by more scans than this, the clock gives up the rest and starts anew from now.
const BURST_SCANS_MAX: u32 = 5;
/// The same bound for a scaled clock, whose scans may be shorter than the operating system's timer.
const BURST_MAX: Duration = Duration::from_millis(100);
/// A UTC clock set back by more than this takes plant time back with it.
const BACKWARD_MAX_S: i64 = 3600;

/// A step of plant time that is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To UTC, which is ahead.
    Ahead,
    /// Half a period, as UTC is behind.
    Half,
    /// To UTC, which is far behind.
    Back,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ahead => {
                "the clock was set forward, or the machine stood still: plant time follows"
            }
            Self::Half => {
                "the clock was set back: plant time goes half as fast until it is caught up with"
            }
            Self::Back => {
                "the clock was set back by more than an hour: plant time goes back with it"
            }
        })
    }
}

/// Says when each scan is due, and what plant time it has.
///
/// Deadlines are absolute: the start plus a whole number of periods on the monotonic clock, so that
/// lateness of one scan never moves the next. Plant time counts in whole periods. At real pace it is
/// compared with UTC at each scan:
///
/// - within half a period: nothing;
/// - UTC is ahead (clock set forward, machine asleep, scans given up): plant time steps to UTC;
/// - UTC is behind: plant time runs at half speed until UTC has caught up, so that it never goes back,
///   unless UTC is more than an hour behind: then it steps back, as the clock must have been wrong.
#[derive(Debug)]
pub struct Clock {
    pace: Pace,
    scan_ticks: i64,
    wall_period: Duration,
    origin: Instant,
    beats: u32,
    /// Scans whose deadline had passed before the scan before had ended.
    late: u64,
    /// Times the deadlines were given up.
    realigned: u64,
}

impl Clock {
    /// A clock that starts now, for scans of `scan_ms` plant milliseconds.
    pub fn new(pace: Pace, scan_ms: u32) -> Self {
        let period_s = f64::from(scan_ms) / 1000.0;
        let wall_s = match pace {
            Pace::Real | Pace::Stepped => period_s,
            Pace::Scaled(factor) => period_s / factor,
            Pace::FreeRunning => 0.0,
        };
        Self {
            pace,
            scan_ticks: i64::from(scan_ms) * (TICKS_PER_S / 1000),
            wall_period: Duration::from_secs_f64(wall_s),
            origin: monotonic(),
            beats: 0,
            late: 0,
            realigned: 0,
        }
    }

    /// How it runs.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Wall time between two scans; zero when free-running.
    pub fn wall_period(&self) -> Duration {
        self.wall_period
    }

    /// Plant time of the first scan, which is made now: UTC at real pace, else `start`. Deadlines count from here, so that no
    /// scan is made before the time that it has.
    pub fn first(&mut self, start: Timestamp) -> Timestamp {
        let first = if self.pace == Pace::Real { now() } else { start };
        self.origin = monotonic();
        first
    }

    /// Plant time of the scan after the one at `last`.
    pub fn next(&self, last: Timestamp) -> Timestamp {
        if self.pace == Pace::Real {
            follow(last, now(), self.scan_ticks)
        } else {
            last.plus_ticks(self.scan_ticks)
        }
    }

    /// How plant time has gone from one scan to the next, in words for the log; `None` if by a period, as it should.
    pub fn step(&self, last: Timestamp, time: Timestamp) -> Option<Step> {
        match time.ticks() - last.ticks() {
            _ if self.pace != Pace::Real => None,
            ticks if ticks == self.scan_ticks => None,
            ticks if ticks < 0 => Some(Step::Back),
            ticks if ticks < self.scan_ticks => Some(Step::Half),
            _ => Some(Step::Ahead),
        }
    }

    /// When the next scan is due; `None` when stepped, where nothing but an order makes a scan.
    pub fn deadline(&self) -> Option<Instant> {
        match self.pace {
            Pace::Stepped => None,
            Pace::FreeRunning => Some(self.origin),
            Pace::Real | Pace::Scaled(_) => Some(self.origin + self.wall_period * (self.beats + 1)),
        }
    }

    /// A scan has been made; the next deadline is one period on.
    pub fn beat(&mut self) {
        if !matches!(self.pace, Pace::Real | Pace::Scaled(_)) {
            return;
        }
        self.advance(monotonic());
    }

    /// Scans whose deadline had passed before they could start.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Times that the clock was so far behind that it gave up the missed scans.
    pub fn realigned(&self) -> u64 {
        self.realigned
    }

    fn advance(&mut self, now: Instant) {
        self.beats += 1;
        // The origin moves on in whole periods, so the count stays small and nothing drifts.
        if self.beats == u32::MAX / 2 {
            self.origin += self.wall_period * self.beats;
            self.beats = 0;
        }
        let due = self.origin + self.wall_period * (self.beats + 1);
        let behind = now.saturating_duration_since(due);
        if behind.is_zero() {
            return;
        }
        self.late += 1;
        let burst = match self.pace {
            Pace::Scaled(_) => BURST_MAX.max(self.wall_period * BURST_SCANS_MAX),
            _ => self.wall_period * BURST_SCANS_MAX,
        };
        if behind > burst {
            self.realigned += 1;
            self.origin = now;
            self.beats = 0;
        }
    }
}

/// Plant time after `last` at real pace, see [`Clock`].
fn follow(last: Timestamp, utc: Timestamp, scan_ticks: i64) -> Timestamp {
    let next = last.plus_ticks(scan_ticks);
    let ahead = next.ticks() - utc.ticks();
    if ahead.abs() <= scan_ticks / 2 {
        next
    } else if !(0..=BACKWARD_MAX_S * TICKS_PER_S).contains(&ahead) {
        utc
    } else {
        last.plus_ticks(scan_ticks / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCAN: i64 = TICKS_PER_S;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_us(1_800_000_000_000_000).plus_ticks(seconds * TICKS_PER_S)
    }

    #[test]
    fn plant_time_counts_in_whole_scans_while_utc_is_near() {
        assert_eq!(follow(at(10), at(11).plus_ticks(SCAN / 3), SCAN), at(11));
    }

    #[test]
    fn plant_time_steps_forward_to_utc() {
        assert_eq!(follow(at(10), at(500), SCAN), at(500));
    }

    #[test]
    fn plant_time_does_not_go_back_with_a_clock_set_back_by_minutes() {
        assert_eq!(follow(at(1000), at(400), SCAN), at(1000).plus_ticks(SCAN / 2));
    }

    #[test]
    fn plant_time_goes_back_with_a_clock_that_was_wrong_by_hours() {
        assert_eq!(follow(at(20_000), at(0), SCAN), at(0));
    }

    #[test]
    fn a_step_that_is_no_period_has_words() {
        let clock = Clock::new(Pace::Real, 1000);
        assert_eq!(clock.step(at(1), at(2)), None);
        assert_eq!(clock.step(at(1), at(3)), Some(Step::Ahead));
        assert_eq!(clock.step(at(1), at(1).plus_ticks(SCAN / 2)), Some(Step::Half));
        assert_eq!(clock.step(at(3), at(1)), Some(Step::Back));
        assert_eq!(Clock::new(Pace::FreeRunning, 1000).step(at(3), at(1)), None);
    }

    #[test]
    fn deadlines_count_from_the_first_scan() {
        let mut clock = Clock::new(Pace::Real, 1000);
        clock.origin -= Duration::from_millis(700);
        let before = monotonic();
        clock.first(at(0));
        assert!(clock.deadline().unwrap() >= before + Duration::from_secs(1));
    }

    #[test]
    fn deadlines_do_not_move_when_a_scan_is_late() {
        let mut clock = Clock::new(Pace::Real, 1000);
        let origin = clock.origin;
        clock.advance(origin + Duration::from_millis(2700));
        assert_eq!(clock.deadline(), Some(origin + Duration::from_secs(2)));
    }

    #[test]
    fn a_late_scan_is_counted() {
        let mut clock = Clock::new(Pace::Real, 1000);
        clock.advance(clock.origin + Duration::from_millis(2700));
        assert_eq!(clock.late(), 1);
    }

    #[test]
    fn a_long_pause_is_not_made_up_by_a_burst() {
        let mut clock = Clock::new(Pace::Real, 1000);
        let woken = clock.origin + Duration::from_mins(1);
        clock.advance(woken);
        assert_eq!(clock.deadline(), Some(woken + Duration::from_secs(1)));
    }

    #[test]
    fn speed_is_a_word_or_a_factor() {
        assert_eq!(" x60".trim().parse(), Ok(Pace::Scaled(60.0)));
        assert_eq!("max".parse(), Ok(Pace::FreeRunning));
        assert!("0".parse::<Pace>().is_err());
        assert!("fast".parse::<Pace>().is_err());
    }
}

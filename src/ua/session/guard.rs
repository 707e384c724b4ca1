//! Slows down whoever guesses passwords: by user name and by address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failures before the first pause.
const FREE_ATTEMPTS: u32 = 5;
/// First pause; it doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// Failures are forgotten after this time without another.
const FORGET: Duration = Duration::from_mins(15);
/// Names and addresses remembered; the one that failed longest ago goes first.
const REMEMBERED: usize = 1024;

/// Whose failures are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    User(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn pause(self) -> Duration {
        if self.count < FREE_ATTEMPTS {
            return Duration::ZERO;
        }
        let doublings = (self.count - FREE_ATTEMPTS).min(16);
        (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
    }
}

/// Counts failed logins and says who has to wait.
#[derive(Debug, Default)]
pub struct LoginGuard {
    failures: BTreeMap<Who, Failures>,
}

impl LoginGuard {
    /// Whether `user` from `address` may try now. While locked, even the right password is refused,
    /// with the same answer as a wrong one.
    pub fn may_try(&self, user: &str, address: IpAddr, now: Instant) -> bool {
        [Who::User(user.to_owned()), Who::Address(address)]
            .iter()
            .filter_map(|who| self.failures.get(who))
            .all(|it| now.duration_since(it.last) >= it.pause())
    }

    /// A login failed.
    pub fn failed(&mut self, user: &str, address: IpAddr, now: Instant) {
        self.failures.retain(|_, it| now.duration_since(it.last) < FORGET);
        for who in [Who::User(user.to_owned()), Who::Address(address)] {
            self.make_room(&who);
            let entry = self.failures.entry(who).or_insert(Failures { count: 0, last: now });
            *entry = Failures { count: entry.count.saturating_add(1), last: now };
        }
    }

    /// A login succeeded: the user's own failures are forgotten, the address's are not.
    pub fn succeeded(&mut self, user: &str) {
        self.failures.remove(&Who::User(user.to_owned()));
    }

    fn make_room(&mut self, who: &Who) {
        if self.failures.len() < REMEMBERED || self.failures.contains_key(who) {
            return;
        }
        let oldest = self.failures.iter().min_by_key(|(_, it)| it.last).map(|(who, _)| who.clone());
        if let Some(oldest) = oldest {
            self.failures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::monotonic;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn usr_12_five_failures_lock_the_user_but_no_other() {
        let mut guard = LoginGuard::default();
        let now = monotonic();
        (0..5).for_each(|_| guard.failed("ann", HERE, now));
        assert!(!guard.may_try("ann", THERE, now));
        assert!(guard.may_try("bob", THERE, now));
        assert!(guard.may_try("ann", THERE, now + FIRST_PAUSE));
    }

    #[test]
    fn the_memory_of_failures_is_bounded() {
        let mut guard = LoginGuard::default();
        let now = monotonic();
        (0..5000).for_each(|n| guard.failed(&format!("user{n}"), HERE, now));
        assert!(guard.failures.len() <= REMEMBERED);
    }
}

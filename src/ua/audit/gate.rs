//! Keeps a flood of the same out of the log: the first few of a kind are written one by one, the rest of the window
//! becomes one line with their exact number (AUD-06).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde_json::Map;

use crate::ua::audit::chain::Entry;

/// What is counted together.
const WINDOW: Duration = Duration::from_mins(1);
/// From one user at one address in a window, written one by one.
const FREE_OF_USER: u32 = 5;
/// From one address in a window, whatever the user.
const FREE_OF_ADDRESS: u32 = 100;
/// Kinds that are told apart; beyond that the address counts no more.
const KINDS: usize = 4096;

/// How much of a kind is written one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// All of it.
    All,
    /// As much as one address is allowed.
    Address,
    /// As much as one user at one address is allowed.
    User,
}

/// What is the same about deeds that are counted together. Without user: of an address; without both: of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    what: String,
    outcome: String,
    source: String,
    address: Option<IpAddr>,
    user: Option<String>,
}

#[derive(Debug)]
struct Tally {
    since: Instant,
    passed: u32,
    held: u64,
    first: String,
    last: String,
}

impl Tally {
    fn new(since: Instant) -> Self {
        Self { since, passed: 0, held: 0, first: String::new(), last: String::new() }
    }
}

/// The counters of the windows that are open.
#[derive(Debug, Default)]
pub(super) struct Gate {
    tallies: BTreeMap<Kind, Tally>,
}

impl Gate {
    /// Whether this entry is written by itself. If not, it has been counted.
    pub(super) fn admit(
        &mut self,
        entry: &Entry,
        address: Option<IpAddr>,
        allowance: Allowance,
        now: Instant,
    ) -> bool {
        if allowance == Allowance::All {
            return true;
        }
        let of_address = Kind {
            what: entry.kind.clone(),
            outcome: entry.outcome.clone(),
            source: entry.source.clone(),
            address,
            user: None,
        };
        if self.tally(&of_address, now).passed >= FREE_OF_ADDRESS {
            self.hold(&of_address, entry, now);
            return false;
        }
        if allowance == Allowance::User {
            let of_user = Kind { user: Some(entry.user.clone()), ..of_address.clone() };
            if self.tally(&of_user, now).passed >= FREE_OF_USER {
                self.hold(&of_user, entry, now);
                return false;
            }
            self.tally(&of_user, now).passed += 1;
        }
        self.tally(&of_address, now).passed += 1;
        true
    }

    fn hold(&mut self, kind: &Kind, entry: &Entry, now: Instant) {
        let tally = self.tally(kind, now);
        tally.held += 1;
        if tally.held == 1 {
            tally.first.clone_from(&entry.time);
        }
        tally.last.clone_from(&entry.time);
    }

    fn tally(&mut self, kind: &Kind, now: Instant) -> &mut Tally {
        let kind = if self.tallies.len() < KINDS || self.tallies.contains_key(kind) {
            kind.clone()
        } else {
            // Types, outcomes and sources are few: these are always room for.
            Kind { address: None, user: None, ..kind.clone() }
        };
        self.tallies.entry(kind).or_insert_with(|| Tally::new(now))
    }

    /// Closes the windows that are over, or all: a line for each that held anything back.
    pub(super) fn close(&mut self, now: Instant, all: bool) -> Vec<Entry> {
        let is_over = |it: &Tally| all || now.duration_since(it.since) >= WINDOW;
        let over: Vec<Kind> = self
            .tallies
            .iter()
            .filter(|(_, it)| is_over(it))
            .map(|(kind, _)| kind.clone())
            .collect();
        let closed = over.into_iter().filter_map(|kind| {
            let tally = self.tallies.remove(&kind)?;
            (tally.held > 0).then(|| sum(kind, tally))
        });
        closed.collect()
    }
}

fn sum(kind: Kind, tally: Tally) -> Entry {
    let mut fields = Map::new();
    fields.insert("count".to_owned(), tally.held.into());
    fields.insert("first".to_owned(), tally.first.into());
    fields.insert("last".to_owned(), tally.last.clone().into());
    Entry {
        time: tally.last,
        kind: kind.what,
        outcome: kind.outcome,
        user: kind.user.unwrap_or_else(|| "(any)".to_owned()),
        address: kind.address.map_or_else(|| "(any)".to_owned(), |it| it.to_string()),
        source: kind.source,
        fields,
        ..Entry::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::monotonic;

    fn failure(user: &str) -> Entry {
        Entry { kind: "Login".into(), user: user.into(), ..Entry::default() }
    }

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    /// Lines written one by one, and the sum of what was held back.
    fn run(users: impl Iterator<Item = String>) -> (u64, u64, usize) {
        let (mut gate, now) = (Gate::default(), monotonic());
        let entries = users.map(|it| failure(&it));
        let written = entries.filter(|it| gate.admit(it, HERE, Allowance::User, now)).count();
        assert!(gate.tallies.len() <= KINDS);
        let closed = gate.close(now + WINDOW, false);
        let count = |it: &Entry| it.fields["count"].as_u64().unwrap();
        (written as u64, closed.iter().map(count).sum(), closed.len())
    }

    #[test]
    fn aud_06_ten_thousand_failures_of_one_user_are_six_lines_and_none_is_forgotten() {
        assert_eq!(run((0..10_000).map(|_| "ann".to_owned())), (5, 9_995, 1));
    }

    #[test]
    fn aud_06_ten_thousand_names_from_one_address_are_a_hundred_lines_and_one() {
        assert_eq!(run((0..10_000).map(|it| format!("u{it}"))), (100, 9_900, 1));
    }

    #[test]
    fn aud_06_twenty_thousand_addresses_are_counted_within_bounds() {
        let (mut gate, now) = (Gate::default(), monotonic());
        let written = (0..20_000_u32)
            .filter(|it| {
                gate.admit(
                    &failure("a"),
                    Some(IpAddr::from(it.to_be_bytes())),
                    Allowance::User,
                    now,
                )
            })
            .count() as u64;
        let closed = gate.close(now, true);
        let held: u64 = closed.iter().map(|it| it.fields["count"].as_u64().unwrap()).sum();
        assert_eq!(written + held, 20_000);
        assert!(written < 5000, "{written}");
    }

    #[test]
    fn a_new_window_begins_anew() {
        let (mut gate, now) = (Gate::default(), monotonic());
        let mut tries =
            |now| (0..6).filter(|_| gate.admit(&failure("a"), HERE, Allowance::User, now)).count();
        assert_eq!(tries(now), 5);
        assert_eq!(tries(now), 0);
        assert_eq!(gate.close(now + WINDOW, false).len(), 1);
        assert!(gate.admit(&failure("a"), HERE, Allowance::User, now + WINDOW));
    }
}

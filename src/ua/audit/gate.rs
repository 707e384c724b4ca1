//! Keeps a flood of the same out of the log: the first few of a kind are written one by one, the rest of the window
//! becomes one line with their exact number (AUD-06).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use opcua_types::{ObjectTypeId, StatusCode};

use crate::time::Timestamp;
use crate::ua::audit::chain::{Draft, Heading};

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

/// What is looked at of a deed.
#[derive(Clone, Debug)]
pub(super) struct Attempt<'a> {
    /// Event type.
    pub(super) what: ObjectTypeId,
    /// What came of it.
    pub(super) outcome: StatusCode,
    /// SourceName.
    pub(super) source: &'a Cow<'static, str>,
    /// From where.
    pub(super) address: Option<IpAddr>,
    /// Who.
    pub(super) user: &'a str,
    /// When.
    pub(super) time: Timestamp,
    /// How much of it is written one by one.
    pub(super) allowance: Allowance,
}

/// What is the same about deeds that are counted together. Without user: of an address; without both: of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    /// Number of the event type.
    what: u32,
    /// Number of the status code.
    outcome: u32,
    address: Option<IpAddr>,
    source: Cow<'static, str>,
    user: Option<String>,
}

#[derive(Debug)]
struct Tally {
    since: Instant,
    passed: u32,
    held: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Tally {
    fn new(since: Instant) -> Self {
        let (first, last) = (Timestamp::default(), Timestamp::default());
        Self { since, passed: 0, held: 0, first, last }
    }

    fn hold(&mut self, time: Timestamp) {
        self.held += 1;
        if self.held == 1 {
            self.first = time;
        }
        self.last = time;
    }
}

/// The counters of the windows that are open.
#[derive(Debug, Default)]
pub(super) struct Gate {
    tallies: BTreeMap<Kind, Tally>,
}

impl Gate {
    /// Whether this deed is written by itself. If not, it has been counted.
    pub(super) fn admit(&mut self, deed: &Attempt<'_>, now: Instant) -> bool {
        if deed.allowance == Allowance::All {
            return true;
        }
        let of_address = Kind {
            what: deed.what as u32,
            outcome: deed.outcome.bits(),
            address: deed.address,
            source: deed.source.clone(),
            user: None,
        };
        let tally = self.tally(&of_address, now);
        if tally.passed >= FREE_OF_ADDRESS {
            tally.hold(deed.time);
            return false;
        }
        if deed.allowance == Allowance::User {
            let of_user = Kind { user: Some(deed.user.to_owned()), ..of_address.clone() };
            let tally = self.tally(&of_user, now);
            if tally.passed >= FREE_OF_USER {
                tally.hold(deed.time);
                return false;
            }
            tally.passed += 1;
        }
        self.tally(&of_address, now).passed += 1;
        true
    }

    fn tally(&mut self, kind: &Kind, now: Instant) -> &mut Tally {
        let mut kind = kind.clone();
        if self.tallies.len() >= KINDS && !self.tallies.contains_key(&kind) {
            // Types, outcomes and sources are few: these are always room for.
            (kind.address, kind.user) = (None, None);
        }
        self.tallies.entry(kind).or_insert_with(|| Tally::new(now))
    }

    /// Closes the windows that are over, or all: a line for each that held anything back.
    pub(super) fn close(&mut self, now: Instant, all: bool) -> Vec<Draft> {
        let is_over = |it: &Tally| all || now.duration_since(it.since) >= WINDOW;
        let over: Vec<Kind> = self
            .tallies
            .iter()
            .filter(|(_, it)| is_over(it))
            .map(|(kind, _)| kind.clone())
            .collect();
        let closed = over.into_iter().filter_map(|kind| {
            let tally = self.tallies.remove(&kind)?;
            (tally.held > 0).then(|| sum(&kind, &tally))
        });
        closed.collect()
    }
}

fn sum(kind: &Kind, tally: &Tally) -> Draft {
    let what = ObjectTypeId::try_from(kind.what).map(|it| format!("{it:?}")).unwrap_or_default();
    let address = kind.address.map_or_else(|| "(any)".to_owned(), |it| it.to_string());
    let heading = Heading {
        time: tally.last,
        kind: &what,
        outcome: &StatusCode::from(kind.outcome).to_string(),
        user: kind.user.as_deref().unwrap_or("(any)"),
        address: &address,
        source: &kind.source,
        ..Heading::default()
    };
    Draft::new(&heading, |it| {
        it.number("count", tally.held);
        it.text("first", &tally.first.to_string());
        it.text("last", &tally.last.to_string());
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::monotonic;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn failure(user: &str, address: Option<IpAddr>) -> Attempt<'_> {
        Attempt {
            what: ObjectTypeId::AuditActivateSessionEventType,
            outcome: StatusCode::BadUserAccessDenied,
            source: &Cow::Borrowed("Login"),
            address,
            user,
            time: Timestamp::from_ticks(7),
            allowance: Allowance::User,
        }
    }

    /// What the lines say.
    fn said(lines: &[Draft]) -> Vec<serde_json::Value> {
        lines.iter().map(|it| serde_json::from_str(&it.to_string()).unwrap()).collect()
    }

    fn counted(lines: &[Draft]) -> u64 {
        said(lines).iter().map(|it| it["fields"]["count"].as_u64().unwrap()).sum()
    }

    /// Lines written one by one, and the sum of what was held back.
    fn run(users: impl Iterator<Item = String>) -> (u64, u64, usize) {
        let (mut gate, now) = (Gate::default(), monotonic());
        let written = users.filter(|it| gate.admit(&failure(it, HERE), now)).count();
        assert!(gate.tallies.len() <= KINDS);
        let closed = gate.close(now + WINDOW, false);
        (written as u64, counted(&closed), closed.len())
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
        let address = |it: &u32| Some(IpAddr::from(it.to_be_bytes()));
        let written =
            (0..20_000_u32).filter(|it| gate.admit(&failure("a", address(it)), now)).count() as u64;
        let closed = gate.close(now, true);
        assert_eq!(written + counted(&closed), 20_000);
        assert!(written < 5000, "{written}");
    }

    #[test]
    fn what_was_counted_is_told_with_its_kind() {
        let (mut gate, now) = (Gate::default(), monotonic());
        for _ in 0..=FREE_OF_USER {
            gate.admit(&failure("ann", HERE), now);
        }
        let said = &said(&gate.close(now, true))[0];
        assert_eq!(said["type"], "AuditActivateSessionEventType");
        assert_eq!(
            (&said["outcome"], &said["source"]),
            (&"BadUserAccessDenied".into(), &"Login".into())
        );
        assert_eq!((&said["user"], &said["address"]), (&"ann".into(), &"127.0.0.1".into()));
        assert_eq!(said["fields"]["first"], said["time"]);
    }

    #[test]
    fn a_new_window_begins_anew() {
        let (mut gate, now) = (Gate::default(), monotonic());
        let mut tries = |now| (0..6).filter(|_| gate.admit(&failure("a", HERE), now)).count();
        assert_eq!(tries(now), 5);
        assert_eq!(tries(now), 0);
        assert_eq!(gate.close(now + WINDOW, false).len(), 1);
        assert!(gate.admit(&failure("a", HERE), now + WINDOW));
    }
}

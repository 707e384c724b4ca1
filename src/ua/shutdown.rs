//! The planned end of the server: clients see it come (Part 5, 12.10: State, SecondsTillShutdown, ShutdownReason).
//!
//! ```text
//! running ─begin─► shutdown, seconds count down ─time─► over
//!    ▲                 │
//!    └──── cancel ◄────┘
//! ```

use std::cell::RefCell;
use std::time::{Duration, Instant};

use opcua_types::{DateTime, LocalizedText};
use tokio::sync::Notify;

use crate::time;
use crate::ua::event;
use crate::ua::server::Server;

/// How a server is told from outside to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// Not at all.
    #[default]
    No,
    /// After the time that clients are given (`shutdown_s`).
    Soon,
    /// At once.
    Now,
}

/// What is planned, and since when nobody can say that he was not told.
#[derive(Debug, Default)]
pub struct Shutdown {
    plan: RefCell<Option<Plan>>,
    changed: Notify,
}

/// An end that has been announced.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When the server ends.
    pub end: Instant,
    /// Why, for people.
    pub reason: LocalizedText,
    /// When it is expected back; null if nobody knows.
    pub returns: DateTime,
}

impl Shutdown {
    /// Announces the end; an earlier announcement is replaced.
    pub fn begin(&self, plan: Plan) {
        self.plan.replace(Some(plan));
        self.changed.notify_one();
    }

    /// Brings the end forward to `after` from now, if it is not nearer already.
    pub fn hasten(&self, after: Duration) {
        let end = time::monotonic() + after;
        let plan = self.plan.take().unwrap_or_else(|| Plan {
            end,
            reason: LocalizedText::new("en", "stopped by the operator of the machine"),
            returns: DateTime::null(),
        });
        self.begin(Plan { end: plan.end.min(end), ..plan });
    }

    /// Takes the announcement back; true if there was one.
    pub fn cancel(&self) -> bool {
        let had = self.plan.take().is_some();
        self.changed.notify_one();
        had
    }

    /// Whether an end is announced.
    pub fn is_begun(&self) -> bool {
        self.plan.borrow().is_some()
    }

    /// What is announced.
    pub fn plan(&self) -> Option<Plan> {
        self.plan.borrow().clone()
    }

    /// Whole seconds until the end, rounded up; 0 if none is announced.
    pub fn seconds_left(&self) -> u32 {
        let left = self.plan.borrow().as_ref().map(|it| it.end - time::monotonic().min(it.end));
        left.map_or(0, |it| it.as_secs_f64().ceil() as u32)
    }

    /// Returns when the announced end has come.
    pub async fn over(&self) {
        loop {
            let end = self.plan.borrow().as_ref().map(|it| it.end);
            match end {
                Some(end) if end <= time::monotonic() => return,
                Some(end) => tokio::select! {
                    () = tokio::time::sleep_until(end.into()) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
        }
    }
}

impl Server {
    /// Announces the end, to who reads State and to who listens for events.
    pub fn announce_end(&self, plan: Plan) {
        let is_news = !self.shutdown.is_begun();
        self.shutdown.begin(plan);
        if is_news {
            self.tell_state();
        }
    }

    /// Ends within `after`, announced now if it is not yet.
    pub fn hasten_end(&self, after: Duration) {
        let is_news = !self.shutdown.is_begun();
        self.shutdown.hasten(after);
        if is_news {
            self.tell_state();
        }
    }

    /// Takes an announced end back; true if there was one.
    pub fn take_end_back(&self) -> bool {
        let had = self.shutdown.cancel();
        if had {
            self.tell_state();
        }
        had
    }

    fn tell_state(&self) {
        let id = self.event_ids.next();
        self.raise(event::system_status(&self.space, self.state(), id, time::now()));
        self.replan.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(after: Duration) -> Plan {
        let reason = LocalizedText::new("en", "test");
        Plan { end: time::monotonic() + after, reason, returns: DateTime::null() }
    }

    #[test]
    fn dia_06_an_end_counts_down_and_can_be_taken_back() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.seconds_left(), 0);
        shutdown.begin(plan(Duration::from_secs(100)));
        assert!((99..=100).contains(&shutdown.seconds_left()));
        assert!(shutdown.cancel() && !shutdown.is_begun());
        assert!(!shutdown.cancel());
    }

    #[test]
    fn a_signal_brings_an_end_forward_and_never_back() {
        let shutdown = Shutdown::default();
        shutdown.begin(plan(Duration::from_secs(100)));
        shutdown.hasten(Duration::from_secs(10));
        assert!(shutdown.seconds_left() <= 10);
        shutdown.hasten(Duration::from_secs(1000));
        assert!(shutdown.seconds_left() <= 10);
        assert_eq!(shutdown.plan().unwrap().reason.text.as_ref(), "test");
    }
}

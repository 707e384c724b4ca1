//! A client that listens to the events of all conditions and can ask for a refresh.

use std::time::Duration;

use opcua_types::{AttributeId, NodeId, StatusCode, Variant};

use crate::conformance::alarm::event::{Event, events, listener};
use crate::conformance::bench::{Bench, attribute, read, standard};
use crate::conformance::expect::{code, good, some};
use crate::conformance::item::made;
use crate::conformance::link::Link;
use crate::conformance::method::{call, request_of};
use crate::conformance::subscription::{publish, subscribe};
use crate::conformance::{Check, Stop};
use crate::time;

/// How long an event may take: a scan, a delay of an alarm, and a publishing cycle.
pub(super) const SOON: Duration = Duration::from_secs(12);
/// When nothing is told for so long, what was written has been looked at.
const QUIET: Duration = Duration::from_millis(1500);

/// ConditionType.
pub(super) const CONDITION_TYPE: u32 = 2782;
/// ConditionRefresh.
pub(super) const REFRESH: u32 = 3875;
/// RefreshStartEventType.
pub(super) const REFRESH_START: u32 = 2787;
/// RefreshEndEventType.
pub(super) const REFRESH_END: u32 = 2788;
const SERVER: u32 = 2253;

/// A listener at the Server object.
pub(super) struct Ear {
    /// Its session.
    pub(super) link: Link,
    /// Its subscription.
    pub(super) subscription: u32,
    /// Its item.
    pub(super) item: u32,
    /// Everything that was heard.
    pub(super) heard: Vec<Event>,
    mark: usize,
    unacknowledged: Vec<(u32, u32)>,
}

impl Ear {
    /// Begins to listen; skips on a server without events.
    pub(super) fn open(bench: &Bench) -> Result<Self, Stop> {
        Self::on(bench.session()?)
    }

    /// Begins to listen on a session.
    pub(super) fn on(mut link: Link) -> Result<Self, Stop> {
        let notifier = attribute(standard(SERVER), AttributeId::EventNotifier);
        let bits = read(&mut link, vec![notifier])?.pop().and_then(|it| it.value);
        if !matches!(bits, Some(Variant::Byte(bits)) if bits & 1 != 0) {
            return Err(Stop::skipped("the Server object is no notifier"));
        }
        let subscription = subscribe(&mut link, 100.0)?;
        let item = made(&mut link, subscription, listener(standard(SERVER)))?.monitored_item_id;
        let (heard, unacknowledged) = (Vec::new(), Vec::new());
        Ok(Self { link, subscription, item, heard, mark: 0, unacknowledged })
    }

    /// What was heard until now is no answer to what is done next.
    pub(super) fn mark(&mut self) {
        self.mark = self.heard.len();
    }

    /// What was heard since the mark.
    pub(super) fn since(&self) -> &[Event] {
        &self.heard[self.mark..]
    }

    /// One Publish: how many events came with it.
    pub(super) fn pull(&mut self) -> Result<usize, Stop> {
        let done = std::mem::take(&mut self.unacknowledged);
        let response = publish(&mut self.link, &done)?;
        let message = &response.notification_message;
        if message.notification_data.as_ref().is_some_and(|it| !it.is_empty()) {
            self.unacknowledged.push((response.subscription_id, message.sequence_number));
        }
        let new = events(&response);
        let count = new.len();
        self.heard.extend(new);
        Ok(count)
    }

    /// Waits for an event since the mark for which `wanted` holds.
    pub(super) fn find(
        &mut self,
        of: &str,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event, Stop> {
        let end = time::monotonic() + SOON;
        let mut at = self.mark;
        loop {
            if let Some(found) = self.heard[at..].iter().find(|it| wanted(it)) {
                return Ok(found.clone());
            }
            at = self.heard.len();
            if time::monotonic() >= end {
                let seconds = SOON.as_secs();
                return Err(Stop::failed(format!("{of}: no such event within {seconds} s")));
            }
            self.pull()?;
        }
    }

    /// Waits for an event of a condition since the mark for which `wanted` holds.
    pub(super) fn until(
        &mut self,
        condition: &NodeId,
        of: &str,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event, Stop> {
        let found = self.find(of, |it| it.is_of(condition) && wanted(it));
        found.map_err(|stop| {
            let last = self.since().iter().rfind(|it| it.is_of(condition));
            match (stop, last) {
                (Stop::Failed(why), Some(last)) => {
                    Stop::Failed(format!("{why}; the last of {condition} is {last:?}"))
                }
                (Stop::Failed(why), None) => Stop::Failed(format!("{why}; none of {condition}")),
                (skipped, _) => skipped,
            }
        })
    }

    /// Waits until nothing has been told of these conditions for a while.
    pub(super) fn quiet(&mut self, is_ours: impl Fn(&Event) -> bool) -> Check {
        let end = time::monotonic() + SOON;
        let mut since = time::monotonic();
        while time::monotonic() < since + QUIET && time::monotonic() < end {
            let before = self.heard.len();
            self.pull()?;
            if self.heard[before..].iter().any(&is_ours) {
                since = time::monotonic();
            }
        }
        Ok(())
    }

    /// What the server says to ConditionRefresh of a subscription.
    pub(super) fn ask_refresh(&mut self, subscription: u32) -> Result<StatusCode, Stop> {
        let refresh = request_of(
            standard(CONDITION_TYPE),
            standard(REFRESH),
            vec![Variant::UInt32(subscription)],
        );
        let answer = good(call(&mut self.link, vec![refresh])?, "Call")?;
        let results = answer.results.unwrap_or_default();
        Ok(some(results.first(), "the result of ConditionRefresh")?.status_code)
    }

    /// Events between the beginning and the end of a refresh.
    pub(super) fn refreshed(&mut self) -> Result<Vec<Event>, Stop> {
        self.mark();
        let status = self.ask_refresh(self.subscription)?;
        if [StatusCode::BadMethodInvalid, StatusCode::BadNodeIdUnknown].contains(&status) {
            return Err(Stop::skipped("the server has no ConditionRefresh"));
        }
        code(status, &[StatusCode::Good], "ConditionRefresh")?;
        self.find("the end of a refresh", |it| it.is_a(REFRESH_END))?;
        let since = self.since();
        let start = since.iter().position(|it| it.is_a(REFRESH_START));
        let start = some(start, "the beginning of a refresh that has ended")?;
        let end = since.iter().position(|it| it.is_a(REFRESH_END));
        let end = some(end, "the end of a refresh")?;
        since
            .get(start + 1..end)
            .map(<[Event]>::to_vec)
            .ok_or_else(|| Stop::failed("a refresh ends before it begins"))
    }
}

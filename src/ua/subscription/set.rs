//! Every subscription of the server, and the Publish requests that carry their messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use opcua_types::{Context, StatusCode};

use crate::config::Limits;
use crate::time::Timestamp;
use crate::ua::subscription::queue::{PublishRequest, Queue};
use crate::ua::subscription::state::{Asked, Revised, Subscription};
use crate::ua::subscription::workers::Workers;
use crate::ua::subscription::{Outgoing, Owner, SessionKey};

/// A subscription without Publish requests lives so long at most, ms.
const LONGEST_LIFE_MS: f64 = 24.0 * 3_600_000.0;
/// Keep-alive cycles where the client has no wish.
const USUAL_KEEP_ALIVE: u32 = 10;
/// Values that may wait in all queues together.
const QUEUED_VALUES: usize = 4_000_000;

/// The limits that concern subscriptions.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub(super) subscriptions: usize,
    pub(super) subscriptions_per_session: usize,
    pub(super) items: usize,
    pub(super) items_per_subscription: usize,
    pub(super) publish_requests: usize,
    pub(super) retransmission: usize,
    pub(super) queue_size: u32,
    pub(super) notifications: usize,
    pub(super) interval_ms: (f64, f64),
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            subscriptions: limits.subscriptions,
            subscriptions_per_session: limits.subscriptions_per_session,
            items: limits.monitored_items,
            items_per_subscription: limits.monitored_items_per_subscription,
            publish_requests: limits.publish_requests,
            retransmission: limits.retransmission_queue,
            queue_size: limits.queue_size,
            notifications: limits.notifications_per_publish,
            interval_ms: limits.publishing_interval_ms,
        }
    }
}

/// Now, in both clocks, and how to encode.
#[expect(missing_debug_implementations, reason = "the library's Context has none")]
pub struct Moment<'a> {
    /// Monotonic, ms since the server started.
    pub now_ms: f64,
    /// UTC.
    pub utc: Timestamp,
    /// For encoding.
    pub context: &'a Context<'a>,
}

/// Every subscription.
#[derive(Debug)]
pub struct SubscriptionSet {
    pub(super) bounds: Bounds,
    pub(super) scan_ms: f64,
    pub(super) all: BTreeMap<u32, Subscription>,
    pub(super) queues: BTreeMap<SessionKey, Queue>,
    pub(super) last_scan: Option<u64>,
    /// Items of all subscriptions.
    pub(super) items: usize,
    /// Those of them that listen to events.
    pub(super) listeners: usize,
    /// Sum of the sizes of all queues.
    pub(super) reserved: usize,
    pub(super) workers: Workers,
    next_id: u32,
    created: u32,
}

impl SubscriptionSet {
    /// None yet; scans follow each other by `scan_ms`.
    pub fn new(limits: &Limits, scan_ms: f64) -> Self {
        Self {
            bounds: limits.into(),
            scan_ms,
            all: BTreeMap::new(),
            queues: BTreeMap::new(),
            last_scan: None,
            items: 0,
            listeners: 0,
            reserved: 0,
            workers: Workers::default(),
            next_id: 1,
            created: 0,
        }
    }

    /// So many threads do the work where there is much; at first as many as there are cores.
    pub fn set_threads(&mut self, threads: usize) {
        self.workers = Workers::new(threads);
    }

    /// Subscriptions now, subscriptions ever, different publishing intervals.
    pub fn counts(&self) -> (u32, u32, u32) {
        let mut intervals: Vec<u64> =
            self.all.values().map(|it| it.settings.interval_ms.to_bits()).collect();
        intervals.sort_unstable();
        intervals.dedup();
        (self.all.len() as u32, self.created, intervals.len() as u32)
    }

    /// Values that a queue may still be made to hold.
    pub(super) fn room_for_values(&self) -> u32 {
        QUEUED_VALUES.saturating_sub(self.reserved).clamp(1, u32::MAX as usize) as u32
    }

    /// What a client gets for what it asks (Part 4, 5.14.2.2; SUB-01, SUB-02).
    fn revise(&self, asked: &Asked) -> Revised {
        let (shortest, longest) = self.bounds.interval_ms;
        let interval_ms = if asked.interval_ms.is_nan() {
            shortest
        } else {
            asked.interval_ms.clamp(shortest, longest)
        };
        let most = (LONGEST_LIFE_MS / interval_ms).max(3.0) as u32;
        let keep_alive = if asked.keep_alive == 0 { USUAL_KEEP_ALIVE } else { asked.keep_alive };
        let keep_alive = keep_alive.clamp(1, most / 3);
        let notifications = match asked.notifications as usize {
            0 => self.bounds.notifications,
            asked => asked.min(self.bounds.notifications),
        };
        Revised {
            interval_ms,
            lifetime: asked.lifetime.clamp(3 * keep_alive, most),
            keep_alive,
            notifications: notifications.max(1),
            priority: asked.priority,
        }
    }

    /// Whether cycles of this interval can follow the scans.
    fn follows_scans(&self, interval_ms: f64) -> bool {
        if self.scan_ms <= 0.0 {
            return false;
        }
        let (long, short) = (interval_ms.max(self.scan_ms), interval_ms.min(self.scan_ms));
        let ratio = long / short;
        (ratio - ratio.round()).abs() < 1e-6
    }

    /// Adds a subscription.
    pub fn create(
        &mut self,
        session: SessionKey,
        owner: Owner,
        asked: &Asked,
        now_ms: f64,
    ) -> Result<(u32, Revised), StatusCode> {
        let own = self.all.values().filter(|it| it.session == Some(session)).count();
        if self.all.len() >= self.bounds.subscriptions
            || own >= self.bounds.subscriptions_per_session
        {
            return Err(StatusCode::BadTooManySubscriptions);
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1).max(1);
        self.created = self.created.wrapping_add(1);
        let settings = self.revise(asked);
        let mut subscription = Subscription::new(id, session, owner, settings);
        subscription.is_publishing = asked.is_publishing;
        subscription.next_ms = now_ms + settings.interval_ms;
        subscription.follows_scans = self.follows_scans(settings.interval_ms);
        self.all.insert(id, subscription);
        self.queues.entry(session).or_default();
        Ok((id, settings))
    }

    /// The session's own subscription with this id.
    pub(super) fn own(
        &mut self,
        session: SessionKey,
        id: u32,
    ) -> Result<&mut Subscription, StatusCode> {
        let found = self.all.get_mut(&id).filter(|it| it.session == Some(session));
        let found = found.ok_or(StatusCode::BadSubscriptionIdInvalid)?;
        found.touch();
        Ok(found)
    }

    /// Changes a subscription.
    pub fn modify(
        &mut self,
        session: SessionKey,
        id: u32,
        asked: &Asked,
        now_ms: f64,
    ) -> Result<Revised, StatusCode> {
        let settings = self.revise(asked);
        let follows_scans = self.follows_scans(settings.interval_ms);
        let found = self.own(session, id)?;
        found.settings = settings;
        found.follows_scans = follows_scans;
        found.next_ms = now_ms + settings.interval_ms;
        found.tally.modified = found.tally.modified.wrapping_add(1);
        Ok(settings)
    }

    /// Switches publishing on or off.
    pub fn set_publishing(
        &mut self,
        session: SessionKey,
        id: u32,
        is_publishing: bool,
    ) -> StatusCode {
        match self.own(session, id) {
            Ok(found) => {
                found.is_publishing = is_publishing;
                let tally = &mut found.tally;
                let counter = if is_publishing { &mut tally.enabled } else { &mut tally.disabled };
                *counter = counter.wrapping_add(1);
                StatusCode::Good
            }
            Err(status) => status,
        }
    }

    /// Removes a subscription. With the session's last one its waiting Publish requests go too (SUB-11).
    pub fn delete(
        &mut self,
        session: SessionKey,
        id: u32,
        now: Timestamp,
        outgoing: &mut Vec<Outgoing>,
    ) -> StatusCode {
        if let Err(status) = self.own(session, id) {
            return status;
        }
        self.forget(id);
        self.refuse_if_none_left(session, now, outgoing);
        StatusCode::Good
    }

    pub(super) fn forget(&mut self, id: u32) {
        if let Some(gone) = self.all.remove(&id) {
            self.items -= gone.items.len() + gone.listeners.len();
            self.listeners -= gone.listeners.len();
            let items = gone.items.iter().map(|it| it.queue_size);
            let listeners = gone.listeners.iter().map(|it| it.settings.queue_size);
            self.reserved -= items.chain(listeners).map(|it| it as usize).sum::<usize>();
        }
    }

    fn refuse_if_none_left(
        &mut self,
        session: SessionKey,
        now: Timestamp,
        outgoing: &mut Vec<Outgoing>,
    ) {
        if self.all.values().any(|it| it.session == Some(session)) {
            return;
        }
        let Some(queue) = self.queues.get_mut(&session) else { return };
        let all = queue.take(|_| true);
        outgoing.extend(all.iter().map(|it| it.refuse(StatusCode::BadNoSubscription, now)));
    }

    /// The session has ended. Its subscriptions go, or wait for another session until their lives end.
    pub fn session_closed(
        &mut self,
        session: SessionKey,
        delete: bool,
        now: Timestamp,
        outgoing: &mut Vec<Outgoing>,
    ) {
        if let Some(mut queue) = self.queues.remove(&session) {
            let all = queue.take(|_| true);
            outgoing.extend(all.iter().map(|it| it.refuse(StatusCode::BadSessionClosed, now)));
        }
        let own: Vec<u32> =
            self.all.values().filter(|it| it.session == Some(session)).map(|it| it.id).collect();
        for id in own {
            if delete {
                self.forget(id);
            } else if let Some(found) = self.all.get_mut(&id) {
                found.session = None;
            }
        }
    }

    /// The channel has gone, and what was asked over it cannot be answered.
    pub fn channel_closed(&mut self, channel: u32) {
        for queue in self.queues.values_mut() {
            queue.take(|it| it.channel == channel);
        }
    }

    /// Answers waiting Publish requests with this handle `BadRequestCancelledByClient`; how many.
    pub fn cancel(
        &mut self,
        session: SessionKey,
        handle: u32,
        now: Timestamp,
        outgoing: &mut Vec<Outgoing>,
    ) -> u32 {
        let Some(queue) = self.queues.get_mut(&session) else { return 0 };
        let gone = queue.take(|it| it.handle == handle);
        let status = StatusCode::BadRequestCancelledByClient;
        outgoing.extend(gone.iter().map(|it| it.refuse(status, now)));
        gone.len() as u32
    }

    /// Takes acknowledgements: one code each (SUB-13).
    pub fn acknowledge(&mut self, session: SessionKey, id: u32, sequence: u32) -> StatusCode {
        self.own(session, id).map_or_else(|status| status, |it| it.acknowledge(sequence))
    }

    /// Takes a Publish request. It is answered at once if something is late, and else waits.
    pub fn publish(
        &mut self,
        session: SessionKey,
        request: PublishRequest,
        moment: &Moment<'_>,
        outgoing: &mut Vec<Outgoing>,
    ) -> Result<(), StatusCode> {
        let has_subscription = self.all.values().any(|it| it.session == Some(session));
        let queue = self.queues.entry(session).or_default();
        if !has_subscription && queue.notices.is_empty() {
            return Err(StatusCode::BadNoSubscription);
        }
        queue.requests.push_back(request);
        for own in self.all.values_mut().filter(|it| it.session == Some(session)) {
            own.tally.publish_requests = own.tally.publish_requests.wrapping_add(1);
        }
        if queue.requests.len() > self.bounds.publish_requests
            && let Some(oldest) = queue.requests.pop_front()
        {
            outgoing.push(oldest.refuse(StatusCode::BadTooManyPublishRequests, moment.utc));
        }
        self.serve(session, moment, outgoing);
        if !has_subscription {
            self.refuse_if_none_left(session, moment.utc, outgoing);
        }
        Ok(())
    }

    /// The message with this number, once more (SUB-14).
    pub fn republish(
        &mut self,
        session: SessionKey,
        id: u32,
        sequence: u32,
    ) -> Result<Arc<Vec<u8>>, StatusCode> {
        let found = self.own(session, id)?;
        let message = found.retained(sequence).ok_or(StatusCode::BadMessageNotAvailable);
        found.tally.republish_requests = found.tally.republish_requests.wrapping_add(1);
        found.tally.republished = found.tally.republished.wrapping_add(u32::from(message.is_ok()));
        message
    }

    /// When [`SubscriptionSet::tick`] is to be called next, ms.
    pub fn next_deadline(&self) -> Option<f64> {
        let cycles = self.all.values().map(|it| it.next_ms + self.slack(it));
        let timeouts = self.queues.values().flat_map(|it| &it.requests).map(|it| it.deadline_ms);
        cycles.chain(timeouts).filter(|it| it.is_finite()).min_by(f64::total_cmp)
    }

    /// A cycle that follows the scans waits a little for one that is late.
    fn slack(&self, subscription: &Subscription) -> f64 {
        let slack = (0.1 * self.scan_ms).clamp(5.0, 100.0);
        if subscription.follows_scans { slack } else { 0.0 }
    }

    /// Runs the cycles that are due, and refuses Publish requests whose time is over.
    pub fn tick(&mut self, moment: &Moment<'_>, outgoing: &mut Vec<Outgoing>) {
        for queue in self.queues.values_mut() {
            let late = queue.take(|it| it.deadline_ms <= moment.now_ms);
            outgoing.extend(late.iter().map(|it| it.refuse(StatusCode::BadTimeout, moment.utc)));
        }
        let due: Vec<u32> = self
            .all
            .values()
            .filter(|it| it.next_ms + self.slack(it) <= moment.now_ms)
            .map(|it| it.id)
            .collect();
        for id in &due {
            if let Some(found) = self.all.get_mut(id) {
                // Deadlines are absolute: what was missed is not made up, and nothing drifts.
                let missed = ((moment.now_ms - found.next_ms) / found.settings.interval_ms).floor();
                found.next_ms += (missed + 1.0) * found.settings.interval_ms;
                found.in_step = false;
            }
        }
        self.cycles(&due, moment, outgoing);
    }

    /// Runs a cycle of every subscription that has something to say, due or not: the server ends.
    pub fn hurry(&mut self, moment: &Moment<'_>, outgoing: &mut Vec<Outgoing>) {
        let all: Vec<u32> = self.all.values().filter(|it| it.may_have).map(|it| it.id).collect();
        self.cycles(&all, moment, outgoing);
    }
}

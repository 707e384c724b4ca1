//! Monitored items that listen to events (Part 4, 5.13.1): their queues hold selected fields, encoded already.

use std::sync::Arc;

use opcua_types::{Context, StatusCode};

use crate::ua::event::{self, Event, EventFilter, EventIds};
use crate::ua::space::{NodeRef, Space};
use crate::ua::subscription::event_queue::{Bound, EventQueue, Queued};
use crate::ua::subscription::set::SubscriptionSet;
use crate::ua::subscription::state::Subscription;
use crate::ua::subscription::{Mode, SessionKey};

/// What a client may change of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// The client's name for it.
    pub client_handle: u32,
    /// Which events, and what of them.
    pub filter: Arc<EventFilter>,
    /// Events kept, from 1.
    pub queue_size: u32,
    /// A full queue loses its oldest event, not its newest.
    pub discard_oldest: bool,
}

impl ListenerSettings {
    fn bound(&self) -> Bound {
        Bound { size: self.queue_size as usize, discard_oldest: self.discard_oldest }
    }
}

/// A monitored item of events.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) id: u32,
    /// The notifier that it listens to.
    pub(super) notifier: NodeRef,
    pub(super) mode: Mode,
    pub(super) settings: ListenerSettings,
    /// Events lost because the queue was full.
    pub(super) overflows: u32,
    /// A trigger has fired, and what is queued is to go.
    pub(super) triggered: bool,
    queue: EventQueue,
}

/// What raising an event needs.
#[expect(missing_debug_implementations, reason = "the library's Context has none")]
pub struct Stage<'a> {
    /// Types and names.
    pub space: &'a Space,
    /// For events of one's own.
    pub ids: &'a EventIds,
    /// For encoding.
    pub context: &'a Context<'a>,
}

impl Listener {
    pub(super) fn new(id: u32, notifier: NodeRef, mode: Mode, settings: ListenerSettings) -> Self {
        Self {
            id,
            notifier,
            mode,
            settings,
            overflows: 0,
            triggered: false,
            queue: EventQueue::default(),
        }
    }

    /// Whether an event is for it.
    fn wants(&self, event: &Event, space: &Space) -> bool {
        self.mode != Mode::Disabled
            && event.notifiers.contains(&self.notifier)
            && self.settings.filter.passes(space, event)
    }

    /// Queues an event if it is wanted; whether it was.
    fn hear(&mut self, event: &Event, fields: &mut Selected, stage: &Stage<'_>) -> bool {
        if !self.wants(event, stage.space) {
            return false;
        }
        let fields = fields.of(&self.settings.filter, event, stage);
        self.push(fields, event, stage);
        true
    }

    /// Begins a refresh: the first and the last event go to every listener, those between to whom wants them.
    fn begin_refresh(&mut self, events: &[Event], selected: &mut [Selected], stage: &Stage<'_>) {
        let last = events.len().saturating_sub(1);
        self.queue.begin_refresh();
        for (index, event) in events.iter().enumerate() {
            if index == 0 || index == last || self.wants(event, stage.space) {
                self.queue.refresh(selected[index].of(&self.settings.filter, event, stage));
            }
        }
    }

    fn push(&mut self, fields: Arc<[u8]>, event: &Event, stage: &Stage<'_>) {
        let queued = Queued { fields, is_audit: is_audit(stage.space, event) };
        let filter = &self.settings.filter;
        let news = || -> Option<Arc<[u8]>> {
            let news = event::queue_overflow(stage.space, stage.ids.next(), event.received)?;
            Some(filter.select(stage.space, &news, stage.context).into())
        };
        if self.queue.push(queued, self.settings.bound(), news) {
            self.overflows = self.overflows.wrapping_add(1);
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.queue.is_empty() && (self.mode == Mode::Reporting || self.triggered)
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn front(&self) -> Option<&[u8]> {
        self.queue.front()
    }

    pub(super) fn pop(&mut self) {
        self.queue.pop(self.settings.discard_oldest);
        if self.queue.is_empty() {
            self.triggered = false;
        }
    }

    /// Drops what waits.
    pub(super) fn forget(&mut self) {
        self.queue.forget();
        self.triggered = false;
    }

    fn set_mode(&mut self, mode: Mode) {
        if mode == Mode::Disabled {
            self.forget();
        }
        self.mode = mode;
    }
}

/// AuditEventType.
const AUDIT_EVENT: u32 = opcua_types::ObjectTypeId::AuditEventType as u32;

fn is_audit(space: &Space, event: &Event) -> bool {
    let audit = space.standard_event_type(AUDIT_EVENT);
    audit.is_some_and(|it| space.is_event_below(event.kind, it))
}

/// Events of refreshes that may wait in all subscriptions together (AC-17): at some hundred bytes each.
const REFRESHING_MAX: usize = 200_000;
/// Different selections of one event that are kept while it is told.
const SELECTIONS: usize = 16;

/// The selected fields of one event: listeners that ask for the same share them.
#[derive(Default)]
struct Selected {
    known: Vec<(Arc<EventFilter>, Arc<[u8]>)>,
}

impl Selected {
    fn of(&mut self, filter: &Arc<EventFilter>, event: &Event, stage: &Stage<'_>) -> Arc<[u8]> {
        let same = |it: &&(Arc<EventFilter>, Arc<[u8]>)| {
            Arc::ptr_eq(&it.0, filter) || it.0.selects_as(filter)
        };
        if let Some((_, fields)) = self.known.iter().find(same) {
            return Arc::clone(fields);
        }
        let fields: Arc<[u8]> = filter.select(stage.space, event, stage.context).into();
        if self.known.len() < SELECTIONS {
            self.known.push((Arc::clone(filter), Arc::clone(&fields)));
        }
        fields
    }
}

impl Subscription {
    /// The listener with this id.
    pub(super) fn listener(&mut self, id: u32) -> Option<&mut Listener> {
        let at = self.listeners.binary_search_by_key(&id, |it| it.id).ok()?;
        self.listeners.get_mut(at)
    }
}

impl SubscriptionSet {
    /// Whether anybody listens to events at all.
    pub fn has_listeners(&self) -> bool {
        self.listeners > 0
    }

    /// Tells every listener of an event.
    pub fn raise(&mut self, event: &Event, stage: &Stage<'_>) {
        let mut fields = Selected::default();
        for subscription in self.all.values_mut().filter(|it| it.may_hear) {
            for listener in &mut subscription.listeners {
                if listener.hear(event, &mut fields, stage) {
                    subscription.may_have = true;
                }
            }
        }
    }

    /// Tells the listeners of these sessions, and nobody else, of an audit event (AUD-02).
    pub fn raise_audit(&mut self, event: &Event, hearing: &[SessionKey], stage: &Stage<'_>) {
        let mut fields = Selected::default();
        let hears = |it: &Subscription| it.session.is_some_and(|it| hearing.contains(&it));
        for subscription in self.all.values_mut().filter(|it| it.may_hear && hears(it)) {
            for listener in &mut subscription.listeners {
                if listener.hear(event, &mut fields, stage) {
                    subscription.may_have = true;
                    subscription.has_audit = true;
                }
            }
        }
    }

    /// The user of `session` may not hear audit events: those that wait go, and so do the messages kept for Republish
    /// that may have some in them.
    pub fn withhold_audit(&mut self, session: SessionKey) {
        let own = self.all.values_mut().filter(|it| it.session == Some(session) && it.has_audit);
        for subscription in own {
            subscription.listeners.iter_mut().for_each(|it| it.queue.forget_audit());
            subscription.forget_retained();
            subscription.has_audit = false;
        }
    }

    /// Tells the listeners of one subscription, or one of them, `events`, of which the first and the last say that
    /// a refresh begins and ends (EVT-12, AC-14). `BadRefreshInProgress` while the one before has not been
    /// published.
    pub fn refresh(
        &mut self,
        session: SessionKey,
        of: (u32, Option<u32>),
        events: &[Event],
        stage: &Stage<'_>,
    ) -> Result<(), StatusCode> {
        let waiting: usize =
            self.all.values().flat_map(|it| &it.listeners).map(|it| it.queue.refreshing()).sum();
        let (subscription, item) = of;
        let found = self.own(session, subscription)?;
        if item.is_some_and(|it| found.listener(it).is_none()) {
            return Err(StatusCode::BadMonitoredItemIdInvalid);
        }
        let is_asked = |it: &Listener| item.is_none_or(|id| it.id == id);
        if found.listeners.iter().any(|it| is_asked(it) && it.queue.refreshing() > 0) {
            return Err(StatusCode::BadRefreshInProgress);
        }
        if waiting > REFRESHING_MAX {
            return Err(StatusCode::BadTooManyOperations);
        }
        let mut selected: Vec<Selected> = events.iter().map(|_| Selected::default()).collect();
        let reporting = |it: &&mut Listener| is_asked(it) && it.mode == Mode::Reporting;
        for listener in found.listeners.iter_mut().filter(reporting) {
            listener.begin_refresh(events, &mut selected, stage);
        }
        found.may_have = true;
        Ok(())
    }

    /// Adds a listener: its id.
    pub fn add_listener(
        &mut self,
        session: SessionKey,
        subscription: u32,
        notifier: NodeRef,
        with: (Mode, ListenerSettings),
    ) -> Result<u32, StatusCode> {
        let (bound, all, own) = (self.bounds.items, self.items, self.bounds.items_per_subscription);
        let found = self.own(session, subscription)?;
        if all >= bound || found.items.len() + found.listeners.len() >= own {
            return Err(StatusCode::BadTooManyMonitoredItems);
        }
        let id = found.next_item();
        let (mode, settings) = with;
        let size = settings.queue_size as usize;
        found.listeners.push(Listener::new(id, notifier, mode, settings));
        self.items += 1;
        self.listeners += 1;
        self.reserved += size;
        Ok(id)
    }

    /// Whether an item of the session's own subscription is a listener.
    pub fn is_listener(
        &mut self,
        session: SessionKey,
        subscription: u32,
        id: u32,
    ) -> Result<bool, StatusCode> {
        self.own(session, subscription).map(|it| it.listener(id).is_some())
    }

    /// Gives a listener new settings.
    pub fn modify_listener(
        &mut self,
        session: SessionKey,
        subscription: u32,
        id: u32,
        settings: ListenerSettings,
    ) -> Result<(), StatusCode> {
        let found = self.own(session, subscription)?;
        let listener = found.listener(id).ok_or(StatusCode::BadMonitoredItemIdInvalid)?;
        let (before, after) = (listener.settings.queue_size, settings.queue_size);
        listener.queue.shrink(settings.bound());
        listener.settings = settings;
        self.reserved = self.reserved - before as usize + after as usize;
        Ok(())
    }

    /// Changes a listener's mode; `false` if the item is none.
    pub(super) fn set_listener_mode(
        &mut self,
        session: SessionKey,
        subscription: u32,
        change: (u32, Mode),
    ) -> Result<bool, StatusCode> {
        let (id, mode) = change;
        let found = self.own(session, subscription)?;
        let Some(listener) = found.listener(id) else { return Ok(false) };
        listener.set_mode(mode);
        found.may_have = true;
        Ok(true)
    }
}

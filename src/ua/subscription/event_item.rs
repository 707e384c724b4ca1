//! Monitored items that listen to events (Part 4, 5.13.1): their queues hold selected fields, encoded already.

use std::collections::VecDeque;
use std::rc::Rc;

use opcua_types::{Context, StatusCode};

use crate::ua::event::{self, Event, EventFilter, EventIds};
use crate::ua::space::{NodeRef, Space};
use crate::ua::subscription::set::SubscriptionSet;
use crate::ua::subscription::state::Subscription;
use crate::ua::subscription::{Mode, SessionKey};

/// What a client may change of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// The client's name for it.
    pub client_handle: u32,
    /// Which events, and what of them.
    pub filter: Rc<EventFilter>,
    /// Events kept, from 1.
    pub queue_size: u32,
    /// A full queue loses its oldest event, not its newest.
    pub discard_oldest: bool,
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
    /// The overflow of this queue has been told and not yet taken.
    overflowed: bool,
    queue: VecDeque<Queued>,
}

/// An event that waits.
#[derive(Debug)]
struct Queued {
    fields: Box<[u8]>,
    /// Only some may see it: it goes when they no longer may.
    is_audit: bool,
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
            overflowed: false,
            queue: VecDeque::new(),
        }
    }

    /// Queues an event if it is wanted; whether it was.
    fn hear(&mut self, event: &Event, stage: &Stage<'_>) -> bool {
        if self.mode == Mode::Disabled || !event.notifiers.contains(&self.notifier) {
            return false;
        }
        let filter = Rc::clone(&self.settings.filter);
        if !filter.passes(stage.space, event) {
            return false;
        }
        self.push(filter.select(stage.space, event, stage.context), event, stage);
        true
    }

    /// Queues an event whatever the where clause says: a refresh begins or ends.
    fn tell(&mut self, event: &Event, stage: &Stage<'_>) {
        if self.mode != Mode::Disabled {
            let fields = self.settings.filter.select(stage.space, event, stage.context);
            self.push(fields, event, stage);
        }
    }

    /// A full queue loses one event and says so once, at the end where it was lost (Part 4, 7.22.3; EVT-10).
    fn push(&mut self, fields: Box<[u8]>, event: &Event, stage: &Stage<'_>) {
        let fields = Queued { fields, is_audit: is_audit(stage.space, event) };
        let size = self.settings.queue_size as usize;
        let kept = self.queue.len() - usize::from(self.overflowed);
        if kept < size {
            if self.overflowed && !self.settings.discard_oldest {
                // Behind the news of a loss nothing comes until that has been taken.
                self.overflows = self.overflows.wrapping_add(1);
                return;
            }
            self.queue.push_back(fields);
            return;
        }
        self.overflows = self.overflows.wrapping_add(1);
        if self.settings.discard_oldest {
            let news = if self.overflowed { self.queue.pop_front() } else { None };
            self.queue.pop_front();
            self.queue.push_back(fields);
            let news = news.or_else(|| self.news(event, stage));
            self.overflowed = news.is_some();
            if let Some(news) = news {
                self.queue.push_front(news);
            }
        } else if !self.overflowed {
            let news = self.news(event, stage);
            self.overflowed = news.is_some();
            self.queue.extend(news);
        }
    }

    fn news(&self, event: &Event, stage: &Stage<'_>) -> Option<Queued> {
        let news = event::queue_overflow(stage.space, stage.ids.next(), event.received)?;
        let fields = self.settings.filter.select(stage.space, &news, stage.context);
        Some(Queued { fields, is_audit: false })
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.queue.is_empty() && (self.mode == Mode::Reporting || self.triggered)
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn front(&self) -> Option<&[u8]> {
        self.queue.front().map(|it| it.fields.as_ref())
    }

    pub(super) fn pop(&mut self) {
        // The news of a loss stands at the front or at the back: once either has gone it may be told again.
        if self.overflowed && (self.settings.discard_oldest || self.queue.len() == 1) {
            self.overflowed = false;
        }
        self.queue.pop_front();
        if self.queue.is_empty() {
            self.triggered = false;
        }
    }

    /// Drops what waits.
    pub(super) fn forget(&mut self) {
        self.queue = VecDeque::new();
        self.overflowed = false;
        self.triggered = false;
    }

    /// Drops the audit events that wait: who listens may not hear them any more.
    fn forget_audit(&mut self) {
        self.queue.retain(|it| !it.is_audit);
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
        for subscription in self.all.values_mut().filter(|it| it.may_read) {
            for listener in &mut subscription.listeners {
                if listener.hear(event, stage) {
                    subscription.may_have = true;
                }
            }
        }
    }

    /// Tells the listeners of these sessions, and nobody else, of an audit event (AUD-02).
    pub fn raise_audit(&mut self, event: &Event, hearing: &[SessionKey], stage: &Stage<'_>) {
        let hears = |it: &Subscription| it.session.is_some_and(|it| hearing.contains(&it));
        for subscription in self.all.values_mut().filter(|it| it.may_read && hears(it)) {
            for listener in &mut subscription.listeners {
                if listener.hear(event, stage) {
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
            subscription.listeners.iter_mut().for_each(Listener::forget_audit);
            subscription.forget_retained();
            subscription.has_audit = false;
        }
    }

    /// Tells the listeners of one subscription, or one of them, that a refresh begins and ends (EVT-12).
    pub fn refresh(
        &mut self,
        session: SessionKey,
        of: (u32, Option<u32>),
        events: &[Event],
        stage: &Stage<'_>,
    ) -> Result<(), StatusCode> {
        let (subscription, item) = of;
        let found = self.own(session, subscription)?;
        if item.is_some_and(|it| found.listener(it).is_none()) {
            return Err(StatusCode::BadMonitoredItemIdInvalid);
        }
        for listener in found.listeners.iter_mut().filter(|it| item.is_none_or(|id| it.id == id)) {
            for event in events {
                listener.tell(event, stage);
            }
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
        let surplus = listener.queue.len().saturating_sub(after as usize);
        for _ in 0..surplus {
            let oldest = settings.discard_oldest;
            if oldest {
                listener.queue.pop_front()
            } else {
                listener.queue.pop_back()
            };
        }
        listener.overflowed = listener.overflowed && surplus == 0;
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

//! One subscription: its cycle, its messages (the state machine of Part 4, 5.14.1.2).

use std::collections::VecDeque;
use std::sync::Arc;

use opcua_types::{Context, ObjectId, StatusCode};

use crate::time::Timestamp;
use crate::ua::subscription::diagnostics::Tally;
use crate::ua::subscription::event_item::Listener;
use crate::ua::subscription::message::{self, Notifications, OVERHEAD};
use crate::ua::subscription::{Item, Mode, Owner, SessionKey};

/// Encoded size of a usual notification, to reserve by.
const TYPICAL_NOTIFICATION: usize = 36;
/// Bytes reserved for a message at most; larger ones grow.
const MOST_RESERVED: usize = 1 << 20;
/// Items that room is made for at least.
const ITEMS_RESERVED: usize = 16;
/// Cycles of its own after which a late subscription goes before those of higher priority (SUB-19).
const PATIENCE: f64 = 3.0;

/// What a client asks of a subscription.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Publishing interval, ms.
    pub interval_ms: f64,
    /// Cycles without a Publish request until it ends.
    pub lifetime: u32,
    /// Cycles without a notification until a keep-alive.
    pub keep_alive: u32,
    /// Notifications per message; 0 is no bound.
    pub notifications: u32,
    /// Notifications are sent; without, only keep-alives.
    pub is_publishing: bool,
    /// 255 is the highest.
    pub priority: u8,
}

/// What it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Revised {
    /// Publishing interval, ms.
    pub interval_ms: f64,
    /// Cycles without a Publish request until it ends.
    pub lifetime: u32,
    /// Cycles without a notification until a keep-alive.
    pub keep_alive: u32,
    /// Notifications per message.
    pub notifications: usize,
    /// 255 is the highest.
    pub priority: u8,
}

/// A message on its way.
#[derive(Debug)]
pub(super) struct Message {
    /// Encoded.
    pub(super) bytes: Arc<Vec<u8>>,
    /// Sequence numbers kept for Republish, this one included if it has one.
    pub(super) available: Vec<u32>,
    /// More waits.
    pub(super) more: bool,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: u32,
    /// The session that it reports to; none once that has ended.
    pub(super) session: Option<SessionKey>,
    /// Who may take it over.
    pub(super) owner: Owner,
    pub(super) settings: Revised,
    pub(super) is_publishing: bool,
    /// The session's user may receive events.
    pub(super) may_hear: bool,
    /// Audit events have been told to it, or wait.
    pub(super) has_audit: bool,
    /// Sorted by id.
    pub(super) items: Vec<Item>,
    /// Some item has looked at what the server itself knows: most never do, and need not be asked at each scan.
    pub(super) has_live: bool,
    /// Items of events, sorted by id.
    pub(super) listeners: Vec<Listener>,
    next_item: u32,
    /// When the next cycle is due, ms of the server's clock.
    pub(super) next_ms: f64,
    /// Cycles follow the scans, whose period is a multiple or a part of the interval.
    pub(super) follows_scans: bool,
    /// Its last cycle was run by a scan.
    pub(super) in_step: bool,
    /// Something waits for a Publish request, since then.
    pub(super) late_since_ms: Option<f64>,
    /// Some item may be ready.
    pub(super) may_have: bool,
    /// What is counted.
    pub(super) tally: Tally,
    keep_alive_due: bool,
    pub(super) quiet_cycles: u32,
    pub(super) lonely_cycles: u32,
    pub(super) sequence: u32,
    retained: VecDeque<(u32, Arc<Vec<u8>>)>,
    /// Item where the next message goes on.
    cursor: usize,
}

impl Subscription {
    /// A new one, whose first cycle is due at `next_ms`.
    pub(super) fn new(id: u32, session: SessionKey, owner: Owner, settings: Revised) -> Self {
        Self {
            id,
            session: Some(session),
            owner,
            settings,
            is_publishing: true,
            may_hear: true,
            has_audit: false,
            items: Vec::new(),
            has_live: false,
            listeners: Vec::new(),
            next_item: 1,
            next_ms: 0.0,
            follows_scans: false,
            in_step: false,
            late_since_ms: None,
            may_have: false,
            // Part 4, 5.14.1.2: the first cycle always says something.
            keep_alive_due: true,
            tally: Tally::default(),
            quiet_cycles: 0,
            lonely_cycles: 0,
            sequence: 1,
            retained: VecDeque::new(),
            cursor: 0,
        }
    }

    /// A number for a new item.
    pub(super) fn next_item(&mut self) -> u32 {
        let id = self.next_item;
        self.next_item = self.next_item.wrapping_add(1).max(1);
        id
    }

    /// The item with this id.
    pub(super) fn item(&mut self, id: u32) -> Option<&mut Item> {
        let at = self.items.binary_search_by_key(&id, |it| it.id).ok()?;
        self.items.get_mut(at)
    }

    /// Adds an item. What is reserved grows by an eighth: many items are too many to be reserved twice.
    pub(super) fn push_item(&mut self, item: Item) {
        if self.items.len() == self.items.capacity() {
            self.items.reserve_exact((self.items.len() / 8).max(ITEMS_RESERVED));
        }
        self.has_live |= item.source().live().is_some();
        self.items.push(item);
    }

    /// A client has shown that it is there.
    pub(super) fn touch(&mut self) {
        self.lonely_cycles = 0;
    }

    /// One publishing cycle: whether something is to be said. `None` at the end of its life.
    pub(super) fn cycle(&mut self, now_ms: f64, has_request: bool) -> Option<bool> {
        if has_request {
            self.lonely_cycles = 0;
        } else {
            self.lonely_cycles += 1;
            if self.lonely_cycles >= self.settings.lifetime {
                return None;
            }
        }
        let was_late = self.late_since_ms.is_some();
        if self.has_notifications() {
            self.late_since_ms.get_or_insert(now_ms);
        } else {
            self.quiet_cycles += 1;
            if self.quiet_cycles >= self.settings.keep_alive {
                self.keep_alive_due = true;
            }
            if self.keep_alive_due {
                self.late_since_ms.get_or_insert(now_ms);
            }
        }
        let is_late = self.late_since_ms.is_some();
        if is_late && !was_late && !has_request {
            self.tally.late = self.tally.late.wrapping_add(1);
        }
        Some(is_late)
    }

    /// Whether notifications wait and may go.
    fn has_notifications(&mut self) -> bool {
        if self.may_have
            && !self.listeners.iter().any(Listener::is_ready)
            && !self.items.iter().any(Item::is_ready)
        {
            self.may_have = false;
        }
        self.is_publishing && self.may_have
    }

    /// Its turn among late subscriptions: higher goes first.
    pub(super) fn turn(&self, now_ms: f64) -> Option<(bool, u8, f64)> {
        let waited = now_ms - self.late_since_ms?;
        let is_impatient = waited > PATIENCE * self.settings.interval_ms;
        Some((is_impatient, if is_impatient { 0 } else { self.settings.priority }, waited))
    }

    /// What it has to say, in a message of at most `max_bytes`.
    pub(super) fn say(
        &mut self,
        now: Timestamp,
        context: &Context<'_>,
        max_bytes: usize,
        bounds: (usize, f64),
    ) -> Message {
        let (retransmission, now_ms) = bounds;
        self.keep_alive_due = false;
        self.quiet_cycles = 0;
        self.lonely_cycles = 0;
        self.late_since_ms = None;
        if !self.has_notifications() {
            let bytes = Arc::new(message::keep_alive(self.sequence, now));
            return Message { bytes, available: self.available(), more: false };
        }
        let bytes = Arc::new(self.collect(now, context, max_bytes));
        self.retain(Arc::clone(&bytes), retransmission);
        let more = self.has_notifications();
        if more {
            self.late_since_ms = Some(now_ms);
        }
        Message { bytes, available: self.available(), more }
    }

    /// Makes a message of what is ready: events first, then values, starting behind the item where the last
    /// message ended.
    fn collect(&mut self, now: Timestamp, context: &Context<'_>, max_bytes: usize) -> Vec<u8> {
        let bound = max_bytes.saturating_sub(OVERHEAD + 4 * self.retained.len());
        let count = self.items.len();
        let reserve = (count * TYPICAL_NOTIFICATION).min(MOST_RESERVED).min(bound);
        let mut message = Notifications::new(self.sequence, now, reserve);
        let most = self.settings.notifications;
        self.collect_events(&mut message, bound);
        let events = message.count();
        message.begin(ObjectId::DataChangeNotification_Encoding_DefaultBinary);
        let start = if self.cursor < count { self.cursor } else { 0 };
        'items: for step in 0..count {
            let at = if start + step < count { start + step } else { start + step - count };
            let item = &mut self.items[at];
            if !item.is_ready() {
                continue;
            }
            let (handle, wanted) = (item.client_handle, item.timestamps());
            while let Some((value, stamp)) = item.front() {
                let as_said = (stamp, wanted);
                let is_full = message.count() >= most
                    || !message.add(handle, bound, |out| value.encode(out, as_said, context));
                if is_full {
                    self.cursor = at;
                    break 'items;
                }
                item.pop();
            }
        }
        let values = message.count() - events;
        self.tally.events = self.tally.events.wrapping_add(events as u32);
        self.tally.data_changes = self.tally.data_changes.wrapping_add(values as u32);
        message.finish()
    }

    fn collect_events(&mut self, message: &mut Notifications, bound: usize) {
        let most = self.settings.notifications;
        message.begin(ObjectId::EventNotificationList_Encoding_DefaultBinary);
        for listener in self.listeners.iter_mut().filter(|it| it.is_ready()) {
            let handle = listener.settings.client_handle;
            while let Some(fields) = listener.front() {
                let is_full = message.count() >= most
                    || !message.add(handle, bound, |out| out.extend_from_slice(fields));
                if is_full {
                    return;
                }
                listener.pop();
            }
        }
    }

    fn retain(&mut self, bytes: Arc<Vec<u8>>, bound: usize) {
        while self.retained.len() >= bound.max(1) {
            self.retained.pop_front();
            self.tally.discarded = self.tally.discarded.wrapping_add(1);
        }
        self.retained.push_back((self.sequence, bytes));
        // Part 4, 7.10: after the largest number comes 1.
        self.sequence = self.sequence.checked_add(1).unwrap_or(1);
    }

    /// Sequence numbers kept for Republish.
    pub(super) fn available(&self) -> Vec<u32> {
        self.retained.iter().map(|(number, _)| *number).collect()
    }

    /// The message with this number.
    pub(super) fn retained(&self, sequence: u32) -> Option<Arc<Vec<u8>>> {
        let found = self.retained.iter().find(|(number, _)| *number == sequence);
        found.map(|(_, bytes)| Arc::clone(bytes))
    }

    /// Forgets all messages kept for Republish.
    pub(super) fn forget_retained(&mut self) {
        self.retained.clear();
    }

    /// Forgets an acknowledged message.
    pub(super) fn acknowledge(&mut self, sequence: u32) -> StatusCode {
        match self.retained.iter().position(|(number, _)| *number == sequence) {
            Some(at) => {
                self.retained.remove(at);
                StatusCode::Good
            }
            None => StatusCode::BadSequenceNumberUnknown,
        }
    }

    /// A last message, of a subscription that ends here.
    pub(super) fn farewell(&self, status: StatusCode, now: Timestamp) -> Vec<u8> {
        message::status_change(self.sequence, status, now)
    }

    /// Queues the last value of every reporting item.
    pub(super) fn resend(&mut self) {
        self.items.iter_mut().for_each(Item::resend);
        self.may_have = true;
    }

    /// Lets the items linked to `triggering` report what they have queued.
    pub(super) fn fire(&mut self, triggering: usize) {
        let links = self.items[triggering].change_links(std::mem::take);
        for link in &links {
            if let Some(item) = self.item(*link).filter(|it| it.mode == Mode::Sampling) {
                item.triggered = item.waits();
            }
            if let Some(listener) = self.listener(*link).filter(|it| it.mode == Mode::Sampling) {
                listener.triggered = listener.queued() > 0;
            }
        }
        self.items[triggering].change_links(|it| *it = links);
        self.may_have = true;
    }
}

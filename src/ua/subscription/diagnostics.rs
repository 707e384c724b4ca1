//! What is counted of a subscription (SubscriptionDiagnosticsDataType, Part 5, 12.15).

use opcua_types::{NodeId, SubscriptionDiagnosticsDataType};

use crate::ua::subscription::set::SubscriptionSet;
use crate::ua::subscription::state::Subscription;
use crate::ua::subscription::{Item, Mode, SessionKey};

/// Counters of one subscription.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) modified: u32,
    pub(super) enabled: u32,
    pub(super) disabled: u32,
    pub(super) republish_requests: u32,
    pub(super) republished: u32,
    pub(super) transfer_requests: u32,
    pub(super) transferred_to_other: u32,
    pub(super) transferred_to_same: u32,
    pub(super) publish_requests: u32,
    pub(super) data_changes: u32,
    pub(super) events: u32,
    pub(super) late: u32,
    pub(super) discarded: u32,
}

impl SubscriptionSet {
    /// Every subscription, or those of one session; `name` gives a session's NodeId.
    pub fn diagnostics(
        &self,
        of: Option<SessionKey>,
        name: impl Fn(SessionKey) -> NodeId,
    ) -> Vec<SubscriptionDiagnosticsDataType> {
        let wanted = self.all.values().filter(|it| of.is_none() || it.session == of);
        wanted.map(|it| it.diagnostics(it.session.map_or_else(NodeId::null, &name))).collect()
    }

    /// Subscriptions, items and waiting Publish requests of a session.
    pub fn counts_of(&self, session: SessionKey) -> (u32, u32, u32) {
        let own = self.all.values().filter(|it| it.session == Some(session));
        let (subscriptions, items) = own.fold((0, 0), |(count, items), it| {
            (count + 1, items + it.items.len() + it.listeners.len())
        });
        let requests = self.queues.get(&session).map_or(0, |it| it.requests.len());
        (subscriptions, items as u32, requests as u32)
    }
}

impl Subscription {
    fn diagnostics(&self, session_id: NodeId) -> SubscriptionDiagnosticsDataType {
        let tally = &self.tally;
        let modes = self.items.iter().map(|it| it.mode);
        let modes = modes.chain(self.listeners.iter().map(|it| it.mode));
        let disabled = modes.filter(|it| *it == Mode::Disabled).count();
        SubscriptionDiagnosticsDataType {
            session_id,
            subscription_id: self.id,
            priority: self.settings.priority,
            publishing_interval: self.settings.interval_ms,
            max_keep_alive_count: self.settings.keep_alive,
            max_lifetime_count: self.settings.lifetime,
            max_notifications_per_publish: self.settings.notifications as u32,
            publishing_enabled: self.is_publishing,
            modify_count: tally.modified,
            enable_count: tally.enabled,
            disable_count: tally.disabled,
            republish_request_count: tally.republish_requests,
            republish_message_request_count: tally.republish_requests,
            republish_message_count: tally.republished,
            transfer_request_count: tally.transfer_requests,
            transferred_to_alt_client_count: tally.transferred_to_other,
            transferred_to_same_client_count: tally.transferred_to_same,
            publish_request_count: tally.publish_requests,
            data_change_notifications_count: tally.data_changes,
            event_notifications_count: tally.events,
            notifications_count: tally.data_changes.wrapping_add(tally.events),
            late_publish_request_count: tally.late,
            current_keep_alive_count: self.quiet_cycles,
            current_lifetime_count: self.lonely_cycles,
            unacknowledged_message_count: self.available().len() as u32,
            discarded_message_count: tally.discarded,
            monitored_item_count: (self.items.len() + self.listeners.len()) as u32,
            disabled_monitored_item_count: disabled as u32,
            monitoring_queue_overflow_count: self.items.iter().map(Item::overflows).sum(),
            next_sequence_number: self.sequence,
            event_queue_overflow_count: self.listeners.iter().map(|it| it.overflows).sum(),
        }
    }
}

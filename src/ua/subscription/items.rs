//! Monitored items of the set: create, modify, delete, mode, triggering (Part 4, 5.13).

use std::collections::BTreeSet;

use opcua_types::StatusCode;

use crate::ua::aggregate::Aggregate;
use crate::ua::space::LiveId;
use crate::ua::subscription::held::Pass;
use crate::ua::subscription::set::SubscriptionSet;
use crate::ua::subscription::{Item, ItemSettings, Mode, NewItem, SessionKey, Source};

/// Links of one triggering item.
const LINKS: usize = 10_000;

impl SubscriptionSet {
    /// Whether `id` is a subscription of `session`.
    pub fn check(&mut self, session: SessionKey, id: u32) -> Result<(), StatusCode> {
        self.own(session, id).map(|_| ())
    }

    /// What the server itself knows that items of a subscription look at, switched off or not.
    pub fn watched(&self, id: u32) -> Vec<LiveId> {
        let items = self.all.get(&id).map_or(&[][..], |it| &it.items);
        items.iter().filter_map(|it| it.source().live()).collect()
    }

    /// Publishing interval of a subscription, ms.
    pub fn interval_ms(&mut self, session: SessionKey, id: u32) -> Result<f64, StatusCode> {
        self.own(session, id).map(|it| it.settings.interval_ms)
    }

    /// Scans between samples for an interval that a client asks for: −1 is the publishing interval,
    /// 0 and NaN as fast as there are scans (Part 4, 7.21).
    pub fn every(&self, asked_ms: f64, publishing_ms: f64) -> u32 {
        let asked_ms = if asked_ms < 0.0 { publishing_ms } else { asked_ms };
        let asked_ms =
            if asked_ms.is_nan() { 0.0 } else { asked_ms.min(self.bounds.interval_ms.1) };
        (asked_ms / self.scan_ms.max(1.0)).ceil().max(1.0) as u32
    }

    /// Sampling interval of an item that looks at every so many scans, ms.
    pub fn sampling_ms(&self, every: u32) -> f64 {
        f64::from(every) * self.scan_ms
    }

    /// Queue size for what a client asks.
    pub fn queue_size(&self, asked: u32) -> u32 {
        asked.clamp(1, self.bounds.queue_size.max(1)).min(self.room_for_values())
    }

    /// Adds an item, which looks at once: its id.
    pub fn add_item(
        &mut self,
        session: SessionKey,
        subscription: u32,
        item: NewItem,
        pass: &Pass<'_>,
    ) -> Result<u32, StatusCode> {
        let (bound, all, own) = (self.bounds.items, self.items, self.bounds.items_per_subscription);
        let found = self.own(session, subscription)?;
        if all >= bound || found.items.len() >= own {
            return Err(StatusCode::BadTooManyMonitoredItems);
        }
        let id = found.next_item();
        let size = item.settings.queue_size as usize;
        let mut item = Item::new(id, item, pass.snapshot.revision);
        if item.sample(pass) {
            found.may_have = true;
        }
        found.push_item(item);
        self.items += 1;
        self.reserved += size;
        Ok(id)
    }

    /// Settings of an item, to be changed.
    pub fn item_settings(
        &mut self,
        session: SessionKey,
        subscription: u32,
        id: u32,
    ) -> Result<(Source, ItemSettings), StatusCode> {
        let found = self.own(session, subscription)?;
        let item = found.item(id).ok_or(StatusCode::BadMonitoredItemIdInvalid)?;
        Ok((item.source().clone(), item.settings()))
    }

    /// Gives an item new settings.
    pub fn modify_item(
        &mut self,
        session: SessionKey,
        subscription: u32,
        id: u32,
        change: (ItemSettings, Option<Box<Aggregate>>),
    ) -> Result<(), StatusCode> {
        let (settings, aggregate) = change;
        let found = self.own(session, subscription)?;
        let item = found.item(id).ok_or(StatusCode::BadMonitoredItemIdInvalid)?;
        let before = item.queue_size as usize;
        item.modify(&settings, aggregate);
        self.reserved = self.reserved - before + settings.queue_size as usize;
        Ok(())
    }

    /// Changes an item's mode; one that is switched on looks at once.
    pub fn set_mode(
        &mut self,
        session: SessionKey,
        subscription: u32,
        id: u32,
        change: (Mode, &Pass<'_>),
    ) -> Result<(), StatusCode> {
        let (mode, pass) = change;
        if self.set_listener_mode(session, subscription, (id, mode))? {
            return Ok(());
        }
        let found = self.own(session, subscription)?;
        let item = found.item(id).ok_or(StatusCode::BadMonitoredItemIdInvalid)?;
        let was_off = item.mode == Mode::Disabled;
        item.set_mode(mode);
        if was_off {
            item.sample(pass);
        }
        found.may_have = true;
        Ok(())
    }

    /// Removes items: one code each.
    pub fn delete_items(
        &mut self,
        session: SessionKey,
        subscription: u32,
        ids: &[u32],
    ) -> Result<Vec<StatusCode>, StatusCode> {
        let found = self.own(session, subscription)?;
        let mut gone = BTreeSet::new();
        let codes = ids.iter().map(|id| {
            // A second mention of the same item finds it gone.
            let is_there = found.item(*id).is_some() || found.listener(*id).is_some();
            let is_there = is_there && gone.insert(*id);
            if is_there { StatusCode::Good } else { StatusCode::BadMonitoredItemIdInvalid }
        });
        let codes = codes.collect();
        let mut freed = 0;
        found.items.retain(|it| {
            let stays = !gone.contains(&it.id);
            freed += if stays { 0 } else { it.queue_size as usize };
            stays
        });
        let listeners = found.listeners.len();
        found.listeners.retain(|it| {
            let stays = !gone.contains(&it.id);
            freed += if stays { 0 } else { it.settings.queue_size as usize };
            stays
        });
        let listeners = listeners - found.listeners.len();
        for item in found.items.iter_mut().filter(|it| !it.links().is_empty()) {
            item.change_links(|links| links.retain(|it| !gone.contains(it)));
        }
        self.items -= gone.len();
        self.listeners -= listeners;
        self.reserved -= freed;
        Ok(codes)
    }

    /// Adds and removes links of a triggering item: a code for each (MON-21).
    pub fn set_triggering(
        &mut self,
        session: SessionKey,
        subscription: u32,
        triggering: u32,
        links: (&[u32], &[u32]),
    ) -> Result<(Vec<StatusCode>, Vec<StatusCode>), StatusCode> {
        let (add, remove) = links;
        let found = self.own(session, subscription)?;
        let item = found.item(triggering).ok_or(StatusCode::BadMonitoredItemIdInvalid)?;
        let mut links = item.change_links(std::mem::take);
        let removed = remove.iter().map(|id| match links.iter().position(|it| it == id) {
            Some(at) => {
                links.swap_remove(at);
                StatusCode::Good
            }
            None => StatusCode::BadMonitoredItemIdInvalid,
        });
        let removed: Vec<StatusCode> = removed.collect();
        let added = add.iter().map(|id| {
            if found.item(*id).is_none() && found.listener(*id).is_none() {
                return StatusCode::BadMonitoredItemIdInvalid;
            }
            if links.len() >= LINKS {
                return StatusCode::BadTooManyOperations;
            }
            if !links.contains(id) {
                links.push(*id);
            }
            StatusCode::Good
        });
        let added: Vec<StatusCode> = added.collect();
        if let Some(item) = found.item(triggering) {
            item.change_links(|it| *it = links);
        }
        Ok((added, removed))
    }

    /// Ids and client handles of a subscription's items (SUB-25).
    pub fn monitored_items(
        &mut self,
        session: SessionKey,
        subscription: u32,
    ) -> Result<(Vec<u32>, Vec<u32>), StatusCode> {
        self.check_other(session, subscription)?;
        let found = self.own(session, subscription)?;
        let items = found.items.iter().map(|it| (it.id, it.client_handle));
        let listeners = found.listeners.iter().map(|it| (it.id, it.settings.client_handle));
        Ok(items.chain(listeners).unzip())
    }

    /// Every reporting item reports its last value once more (SUB-26).
    pub fn resend_data(
        &mut self,
        session: SessionKey,
        subscription: u32,
    ) -> Result<(), StatusCode> {
        self.check_other(session, subscription)?;
        self.own(session, subscription)?.resend();
        Ok(())
    }

    fn check_other(&self, session: SessionKey, subscription: u32) -> Result<(), StatusCode> {
        match self.all.get(&subscription) {
            None => Err(StatusCode::BadSubscriptionIdInvalid),
            Some(found) if found.session != Some(session) => Err(StatusCode::BadUserAccessDenied),
            Some(_) => Ok(()),
        }
    }
}

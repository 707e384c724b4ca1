//! What ServerConfiguration and its trust list show (Part 12, 7.8.2.1 and 7.10.3).

use opcua_types::{ApplicationType, DateTime, UAString, Variant};

use crate::ua::push::{KEY_FORMAT, TRUST_LIST_BYTES};
use crate::ua::registration::CAPABILITIES;
use crate::ua::server::Server;
use crate::ua::value::date_time;

impl Server {
    /// A variable below ServerConfiguration, by its number in namespace 0.
    pub fn live_push(&self, number: u32) -> Option<Variant> {
        let list = *self.push.list.borrow();
        let texts = |all: &[&str]| {
            Variant::from(all.iter().map(|it| UAString::from(*it)).collect::<Vec<_>>())
        };
        Some(match number {
            12_639 => texts(&[KEY_FORMAT]),
            12_640 => (TRUST_LIST_BYTES as u32).into(),
            25_706 => self.endpoints.application_uri.as_str().into(),
            25_725 => self.config.product_uri.as_str().into(),
            25_707 => (ApplicationType::Server as i32).into(),
            // Keys are files.
            23_597 => false.into(),
            12_641 => self.config.discovery.mdns.into(),
            12_710 => texts(CAPABILITIES),
            14_161 => {
                let identities = self.channels.identities();
                let kinds = identities.iter().map(|it| Self::certificate_type(it.key.key_type()));
                Variant::from(kinds.collect::<Vec<_>>())
            }
            12_643 => list.bytes.into(),
            12_646 => (self.push.files.borrow().count() as u16).into(),
            12_662 => list.updated.map_or_else(DateTime::null, date_time).into(),
            // Writing is for a SecurityAdmin, whom the methods ask for; there is no other user who sees it open.
            14_157 | 14_158 => true.into(),
            _ => return None,
        })
    }
}

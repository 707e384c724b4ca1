//! Subscriptions (Part 4, 5.13 and 5.14): monitored items, their queues, and publishing.
//!
//! At every snapshot each item whose turn it is looks at its tag; what passes its filter waits in its
//! queue. At each publishing cycle a subscription makes a notification message of what waits, if a
//! Publish request of its session is there to carry it. The message stays for Republish until it is
//! acknowledged.

mod diagnostics;
mod event_item;
mod event_queue;
mod filter;
mod held;
mod item;
mod item_queue;
mod items;
mod message;
mod queue;
mod sampling;
mod set;
mod share;
mod source;
mod state;
mod transfer;
mod workers;

pub use event_item::{ListenerSettings, Stage};
pub use filter::{DataFilter, Deadband, Trigger};
pub use held::{Held, LiveValues, Pass};
pub use item::{Item, ItemSettings, Mode, NewItem};
pub use queue::PublishRequest;
pub use set::{Bounds, Moment, SubscriptionSet};
pub use source::Source;
pub use state::{Asked, Revised};
pub use transfer::Owner;

/// A session, to its subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub u32);

/// A response that is ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The channel that the request came over.
    pub channel: u32,
    /// Its request.
    pub request_id: u32,
    /// The request's handle.
    pub request_handle: u32,
    /// The encoded response.
    pub body: Vec<u8>,
}

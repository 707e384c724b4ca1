//! Publish requests that wait in a session, and notices of subscriptions that it has lost.

use std::collections::VecDeque;

use opcua_types::StatusCode;

use crate::time::Timestamp;
use crate::ua::envelope;
use crate::ua::subscription::Outgoing;

/// Notices kept per session; the oldest goes first.
const NOTICES: usize = 64;

/// A Publish request that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishRequest {
    /// The channel it came over.
    pub channel: u32,
    /// Its request.
    pub id: u32,
    /// Its handle.
    pub handle: u32,
    /// What its acknowledgements gave.
    pub results: Vec<StatusCode>,
    /// When it is to be answered with `BadTimeout`, ms of the server's clock.
    pub deadline_ms: f64,
    /// Longest response that the client takes, bytes.
    pub max_bytes: usize,
}

impl PublishRequest {
    pub(super) fn outgoing(&self, body: Vec<u8>) -> Outgoing {
        let (channel, request_id, request_handle) = (self.channel, self.id, self.handle);
        Outgoing { channel, request_id, request_handle, body }
    }

    /// Its answer if it cannot be served.
    pub(super) fn refuse(&self, status: StatusCode, now: Timestamp) -> Outgoing {
        self.outgoing(envelope::fault(self.handle, status, now))
    }
}

/// What a session has waiting.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Oldest first.
    pub(super) requests: VecDeque<PublishRequest>,
    /// Messages of subscriptions that are no longer the session's: id and encoded message.
    pub(super) notices: VecDeque<(u32, Vec<u8>)>,
}

impl Queue {
    /// Keeps a last message of a subscription that goes.
    pub(super) fn notice(&mut self, subscription: u32, message: Vec<u8>) {
        while self.notices.len() >= NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back((subscription, message));
    }

    /// Takes out the requests that `gone` picks.
    pub(super) fn take(&mut self, gone: impl Fn(&PublishRequest) -> bool) -> Vec<PublishRequest> {
        let (out, stay) = std::mem::take(&mut self.requests).into_iter().partition(|it| gone(it));
        self.requests = stay;
        out.into()
    }
}

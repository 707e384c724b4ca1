//! Notification messages and Publish responses, encoded by hand (Part 4, 7.25 and 5.14.5).

use opcua_types::{ObjectId, StatusCode};

use crate::time::Timestamp;
use crate::ua::envelope::{array_length, response_header, type_id};
use crate::ua::subscription::Outgoing;
use crate::ua::subscription::queue::PublishRequest;

/// What a Publish response says besides its message.
#[derive(Debug)]
pub(super) struct Response<'a> {
    /// Whose message it is.
    pub(super) subscription: u32,
    /// Messages kept for Republish.
    pub(super) available: &'a [u32],
    /// More waits.
    pub(super) more: bool,
    /// The encoded NotificationMessage.
    pub(super) message: &'a [u8],
}

/// Bytes of a Publish response around its message, but for sequence numbers and results.
pub(super) const OVERHEAD: usize = 64;

/// Answers `request`.
pub(super) fn publish_response(
    request: &PublishRequest,
    response: &Response<'_>,
    now: Timestamp,
) -> Outgoing {
    let size = response.message.len() + OVERHEAD;
    let mut body =
        Vec::with_capacity(size + 4 * (response.available.len() + request.results.len()));
    let id = ObjectId::PublishResponse_Encoding_DefaultBinary;
    response_header(&mut body, id, request.handle, StatusCode::Good, now);
    body.extend_from_slice(&response.subscription.to_le_bytes());
    array_length(&mut body, Some(response.available.len()));
    for number in response.available {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.push(u8::from(response.more));
    body.extend_from_slice(response.message);
    array_length(&mut body, Some(request.results.len()));
    for result in &request.results {
        body.extend_from_slice(&result.bits().to_le_bytes());
    }
    array_length(&mut body, None);
    request.outgoing(body)
}

/// A message without notifications; its number is the one that comes next.
pub(super) fn keep_alive(sequence: u32, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(16);
    head(&mut out, sequence, now);
    array_length(&mut out, Some(0));
    out
}

/// A StatusChangeNotification (Part 4, 7.25.4).
pub(super) fn status_change(sequence: u32, status: StatusCode, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    head(&mut out, sequence, now);
    array_length(&mut out, Some(1));
    type_id(&mut out, ObjectId::StatusChangeNotification_Encoding_DefaultBinary);
    out.push(1);
    out.extend_from_slice(&5_i32.to_le_bytes());
    out.extend_from_slice(&status.bits().to_le_bytes());
    out.push(0);
    out
}

fn head(out: &mut Vec<u8>, sequence: u32, now: Timestamp) {
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&now.ticks().to_le_bytes());
}

/// A message being filled: an EventNotificationList and a DataChangeNotification, or one of them
/// (Part 4, 7.25.2 and 7.25.3).
#[derive(Debug)]
pub(super) struct Notifications {
    bytes: Vec<u8>,
    /// Where the number of structures stands.
    structures_at: usize,
    structures: u32,
    open: Option<Structure>,
    /// In all structures.
    count: u32,
}

/// The structure being filled.
#[derive(Debug)]
struct Structure {
    start: usize,
    /// Where its length and the number of its items stand.
    length_at: usize,
    count: u32,
    has_diagnostics: bool,
}

impl Notifications {
    /// An empty one with room for `bytes`.
    pub(super) fn new(sequence: u32, now: Timestamp, bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes);
        head(&mut out, sequence, now);
        let structures_at = out.len();
        array_length(&mut out, Some(0));
        Self { bytes: out, structures_at, structures: 0, open: None, count: 0 }
    }

    /// Begins a structure of this type; one that stays empty is left out.
    pub(super) fn begin(&mut self, kind: ObjectId) {
        self.end();
        let start = self.bytes.len();
        type_id(&mut self.bytes, kind);
        self.bytes.push(1);
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 8]);
        let has_diagnostics = kind == ObjectId::DataChangeNotification_Encoding_DefaultBinary;
        self.open = Some(Structure { start, length_at, count: 0, has_diagnostics });
    }

    /// Appends one item's value or event; `false`, and nothing appended, if that made it longer than `bound`.
    /// The first always fits: it could not go any other way.
    pub(super) fn add(
        &mut self,
        client_handle: u32,
        bound: usize,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&client_handle.to_le_bytes());
        encode(&mut self.bytes);
        if self.bytes.len() + 4 > bound && self.count > 0 {
            self.bytes.truncate(before);
            return false;
        }
        self.count += 1;
        if let Some(open) = &mut self.open {
            open.count += 1;
        }
        true
    }

    /// Values and events in it.
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.count == 0 {
            self.bytes.truncate(open.start);
            return;
        }
        if open.has_diagnostics {
            array_length(&mut self.bytes, None);
        }
        let body = self.bytes.len() - open.length_at - 4;
        self.patch(open.length_at, body as u32);
        self.patch(open.length_at + 4, open.count);
        self.structures += 1;
    }

    fn patch(&mut self, at: usize, number: u32) {
        self.bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    /// The encoded message, which may be kept for long: what was reserved in vain is given back.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.end();
        self.patch(self.structures_at, self.structures);
        self.bytes.shrink_to_fit();
        self.bytes
    }
}

//! What stands in front of every response (Part 4, 7.34), and the ServiceFault.

use opcua_types::{ObjectId, StatusCode};

use crate::time::Timestamp;

/// Appends the four-byte NodeId of a message's encoding.
pub fn type_id(out: &mut Vec<u8>, id: ObjectId) {
    out.extend_from_slice(&[1, 0]);
    out.extend_from_slice(&(id as u32 as u16).to_le_bytes());
}

/// Appends type and header of a response that is not built as a structure.
pub fn response_header(
    out: &mut Vec<u8>,
    id: ObjectId,
    request_handle: u32,
    result: StatusCode,
    now: Timestamp,
) {
    type_id(out, id);
    out.extend_from_slice(&now.ticks().to_le_bytes());
    out.extend_from_slice(&request_handle.to_le_bytes());
    out.extend_from_slice(&result.bits().to_le_bytes());
    // No diagnostics, no string table, no additional header.
    out.extend_from_slice(&[0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0]);
}

/// A ServiceFault.
pub fn fault(request_handle: u32, status: StatusCode, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    let id = ObjectId::ServiceFault_Encoding_DefaultBinary;
    response_header(&mut out, id, request_handle, status, now);
    out
}

/// Appends the length of an array; `None` is the null array.
pub fn array_length(out: &mut Vec<u8>, length: Option<usize>) {
    let length = length.map_or(-1, |it| i32::try_from(it).unwrap_or(i32::MAX));
    out.extend_from_slice(&length.to_le_bytes());
}

//! The client's side of the greeting (Part 6, 7.1.2.3 to 7.1.2.5), and the frames that a server may send.

use opcua_types::StatusCode;

use crate::ua::wire::frame::{HEADER_BYTES, TransportLimits, WireError};

/// An Error frame is a code and a reason of at most 4096 bytes.
const ERROR_BYTES: usize = HEADER_BYTES + 8 + 4096;

/// Our Hello to the server at `url`.
pub fn write_hello(out: &mut Vec<u8>, limits: &TransportLimits, url: &str) {
    let fields = [
        0,
        limits.receive_chunk as u32,
        limits.send_chunk as u32,
        limits.receive_message as u32,
        limits.receive_chunks as u32,
        url.len() as u32,
    ];
    out.extend_from_slice(b"HELF");
    out.extend_from_slice(&((HEADER_BYTES + 24 + url.len()) as u32).to_le_bytes());
    out.extend(fields.iter().flat_map(|it| it.to_le_bytes()));
    out.extend_from_slice(url.as_bytes());
}

/// What both sides can do, from the server's whole Acknowledge.
pub fn parse_acknowledge(
    frame: &[u8],
    own: &TransportLimits,
) -> Result<TransportLimits, WireError> {
    let [receive, send, message, chunks] = [3, 4, 5, 6].map(|it| number(frame, it * 4));
    own.narrowed(receive?, send?, message?, chunks?)
}

/// Bytes of the frame that begins with these eight, if it is of the `kind` that must come now, or an Error.
pub fn answer_bytes(
    header: &[u8],
    kind: [u8; 3],
    limits: &TransportLimits,
) -> Result<usize, WireError> {
    let bound = match header.get(..3) {
        Some(b"ERR") => ERROR_BYTES,
        Some(found) if found == kind => limits.receive_chunk,
        _ => return Err(WireError::MessageType),
    };
    let length = number(header, 4)? as usize;
    if (HEADER_BYTES..=bound).contains(&length) { Ok(length) } else { Err(WireError::TooLarge) }
}

/// The code of an Error frame; `None` if it is another one.
pub fn refusal(frame: &[u8]) -> Option<StatusCode> {
    let code =
        || number(frame, HEADER_BYTES).map_or(StatusCode::BadCommunicationError, StatusCode::from);
    frame.starts_with(b"ERR").then(code)
}

fn number(bytes: &[u8], at: usize) -> Result<u32, WireError> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    found.map(|it| u32::from_le_bytes(*it)).ok_or(WireError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::ua::wire;

    #[test]
    fn our_hello_is_acknowledged_by_our_own_server() {
        let own = TransportLimits::new(&Limits::default());
        let mut hello = Vec::new();
        write_hello(&mut hello, &own, "opc.tcp://lds");
        let hello = wire::parse_hello(&hello).unwrap();
        assert_eq!(hello.endpoint_url, "opc.tcp://lds");
        let mut answer = Vec::new();
        let agreed = wire::acknowledge(&hello, &own, &mut answer).unwrap();
        assert_eq!(answer_bytes(&answer[..8], *b"ACK", &own), Ok(answer.len()));
        assert_eq!(parse_acknowledge(&answer, &own), Ok(agreed));
    }

    #[test]
    fn dis_11_what_is_no_answer_costs_nothing() {
        let own = TransportLimits::new(&Limits::default());
        assert_eq!(answer_bytes(b"HTTP/1.1", *b"ACK", &own), Err(WireError::MessageType));
        assert_eq!(answer_bytes(b"ACKF\xff\xff\xff\xff", *b"ACK", &own), Err(WireError::TooLarge));
        assert_eq!(answer_bytes(b"ACKF\x07\0\0\0", *b"ACK", &own), Err(WireError::TooLarge));
        assert_eq!(parse_acknowledge(b"ACKF\x08\0\0\0", &own), Err(WireError::Malformed));
        assert_eq!(
            refusal(b"ERRF\x10\0\0\0\0\0\x0b\x80\0\0\0\0"),
            Some(StatusCode::BadServiceUnsupported)
        );
        assert_eq!(refusal(b"ACKF"), None);
    }
}

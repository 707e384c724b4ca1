//! Bytes on the socket: frames, Hello, Acknowledge, Error, and the bounds that hold before anything is allocated.

mod client;
mod codec;
mod frame;
mod hello;
mod shallow;

pub use client::{answer_bytes, parse_acknowledge, refusal, write_hello};
pub use codec::Types;
pub use frame::{
    Frame, FrameKind, HEADER_BYTES, TransportLimits, WireError, announced, next_frame,
};
pub use hello::{Hello, acknowledge, parse_hello, write_error, write_reverse_hello};
pub use shallow::Shallow;

//! Secure conversation (Part 6, 6.7): chunks to messages and back, keys, tokens, sequence numbers.
//!
//! ```text
//! fresh ─OPN Issue─► open(active) ─OPN Renew─► open(active, next) ─message under next─► open(active)
//! ```
//! The old token is taken until the new one is first used, or for a quarter of its life beyond its end.

mod assembly;
mod attempt;
mod asymmetric;
mod client;
mod error;
mod open;
mod shared;
mod state;
mod symmetric;

pub use attempt::Attempt;
pub use client::Opening;
pub use error::ChannelError;
pub use shared::ChannelShared;
pub use state::{Channel, Received};

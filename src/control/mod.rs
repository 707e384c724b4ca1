//! The plant's controls: phases, loops, demand feed, anode-effect handler, interlocks.
//!
//! Reads [`crate::field::Inputs`], writes [`crate::field::Outputs`], shows [`Status`]. It never sees the plant.

mod command;
mod phase;
mod setpoint;
mod status;

pub use command::{Command, Method, Order, Outcome, Refusal, Scalar, Target};
pub use phase::{FeedMode, FeedPhase, LoopMode, Phase};
pub use setpoint::Setpoint;
pub use status::{ElectrolyzerStatus, FeederStatus, LineStatus, RectifierStatus, Status};

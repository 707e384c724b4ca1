//! The controls against instruments made up by the test: no plant, no server.

mod demand;
mod feeder;
mod hopper;
mod interlock;
mod limits;
mod phase;
mod refusal;
mod strip;
mod temperature;
mod trip;

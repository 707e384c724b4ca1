//! The controls against instruments made up by the test: no plant, no server.

mod interlock;
mod limits;
mod phase;
mod strip;

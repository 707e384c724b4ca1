//! The process alone, without controls and without a server: does it agree with the published numbers,
//! and is nothing lost?

mod balance;
mod bench;
mod bounds;
mod crew;
mod fault;
mod known_points;
mod response;
mod series;

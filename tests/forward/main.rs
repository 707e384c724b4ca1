//! Forwarding to a real PostgreSQL, which each test starts for itself: nothing is lost or doubled, whatever ends.

mod arrive;
mod kill;
mod outage;
mod postgres;
mod proxy;
mod refuse;
mod restore;
mod secure;
mod support;

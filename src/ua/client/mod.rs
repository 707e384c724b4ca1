//! Us as a client of other servers: as much as it takes to register with a discovery server.

mod link;

pub use link::{ClientError, Destination, Link};

//! Our OPC UA server, from the wire upwards; each module uses only those before it.

pub mod wire;
pub mod crypto;
pub mod pki;
pub mod status;
pub mod envelope;
pub mod value;
pub mod range;
pub mod aggregate;
pub mod channel;
pub mod endpoint;
pub mod session;
pub mod space;
pub mod event;
pub mod stored;
pub mod structure;
pub mod subscription;
pub mod shutdown;
pub mod service;
pub mod connection;
pub mod claims;
pub mod live;
pub mod diagnostics;
pub mod server;
pub mod reverse;

//! Our OPC UA server, from the wire upwards; each module uses only those before it.

pub mod wire;
pub mod crypto;
pub mod pki;
pub mod status;
pub mod channel;

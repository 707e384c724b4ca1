//! The real program, spoken to byte by byte: what well-meaning clients cannot send, and the answers of
//! every service. Case ids as in the conformance list. Certificates and signatures are the client suites'.

mod capacity;
mod channel;
mod claims;
mod conformance;
mod encoding;
mod events;
mod items;
mod publishing;
mod raw;
mod session;
mod transport;
mod types;
mod values;
mod view;

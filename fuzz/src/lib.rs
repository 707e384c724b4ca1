//! What the fuzzers do with an input, one function for each target. `tests/server/corpora.rs` is made of the same
//! files: it runs them on every input that is kept in `corpus/`.

pub mod certificate;
pub mod frame;
pub mod jwt;
pub mod nodeset;
mod parts;
pub mod request;
mod served;
pub mod toml;

/// A target's name, and what it does with an input: it returns, or panics.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 6] = [
    ("frame", frame::run),
    ("request", request::run),
    ("certificate", certificate::run),
    ("nodeset", nodeset::run),
    ("toml", toml::run),
    ("jwt", jwt::run),
];

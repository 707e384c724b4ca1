//! Bounds on decoding a request body.

use opcua_types::{Context, DecodingOptions, DepthGauge, NamespaceMap, TypeLoaderCollection};

use crate::config::Limits;

/// Nested variants, diagnostic infos and extension objects at most (ENC-01).
const DEPTH: u64 = 32;

/// What encoding and decoding need to know of namespaces and types.
pub struct Types {
    namespaces: NamespaceMap,
    loaders: TypeLoaderCollection,
}

impl Types {
    /// With the standard's types and the server's namespaces.
    pub fn new(namespaces: NamespaceMap) -> Self {
        Self { namespaces, loaders: TypeLoaderCollection::new() }
    }

    /// For encoding.
    pub fn encoding(&self) -> Context<'_> {
        Context::new(&self.namespaces, &self.loaders, DecodingOptions::default())
    }

    /// For decoding a body of so many bytes. The library reserves memory by an array's claimed
    /// length, so the claim is bounded by the body's own size: an element takes at least one byte.
    pub fn decoding(&self, limits: &Limits, body: usize) -> Context<'_> {
        let options = DecodingOptions {
            max_message_size: limits.message_bytes,
            max_chunk_count: limits.chunks,
            max_string_length: limits.string_bytes.min(body),
            max_byte_string_length: limits.string_bytes.min(body),
            max_array_length: limits.array_length.min(body),
            decoding_depth_gauge: DepthGauge::new(DEPTH),
            ..DecodingOptions::default()
        };
        Context::new(&self.namespaces, &self.loaders, options)
    }
}

//! Bounds on decoding a request body.

use std::io::Read;
use std::sync::Arc;

use opcua_types::xml::XmlStreamReader;
use opcua_types::{
    Context, DecodingOptions, DepthGauge, DynEncodable, EncodingResult, Error, NamespaceMap,
    NodeId, TypeLoader, TypeLoaderCollection, TypeLoaderPriority,
};

use crate::config::Limits;

/// Nested variants, diagnostic infos and extension objects at most (ENC-01).
const DEPTH: u64 = 32;

/// What encoding and decoding need to know of namespaces and types.
pub struct Types {
    namespaces: NamespaceMap,
    loaders: TypeLoaderCollection,
}

/// Refuses structures whose body is XML: the server speaks UA Binary, and nothing bounds how deep XML goes.
#[derive(Debug)]
struct NoXml;

impl TypeLoader for NoXml {
    fn load_from_xml(
        &self,
        _: &NodeId,
        _: &mut XmlStreamReader<&mut dyn Read>,
        _: &Context<'_>,
        _: &str,
    ) -> Option<EncodingResult<Box<dyn DynEncodable>>> {
        Some(Err(Error::decoding("structures in XML are not taken")))
    }

    fn load_from_binary(
        &self,
        _: &NodeId,
        _: &mut dyn Read,
        _: &Context<'_>,
        _: Option<usize>,
    ) -> Option<EncodingResult<Box<dyn DynEncodable>>> {
        None
    }

    fn priority(&self) -> TypeLoaderPriority {
        TypeLoaderPriority::Core
    }
}

impl Types {
    /// With the standard's types and the server's namespaces.
    pub fn new(namespaces: NamespaceMap) -> Self {
        let mut loaders = TypeLoaderCollection::new_empty();
        // Before the library's own, which come in their order.
        loaders.add_type_loader(NoXml);
        for loader in &TypeLoaderCollection::new() {
            loaders.add(Arc::clone(loader));
        }
        Self { namespaces, loaders }
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
